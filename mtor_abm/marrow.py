"""The marrow as kernels see it: flat layers over the lattice, and fields, in one named tuple."""

from typing import NamedTuple

import numpy as np

from .fields import FieldState
from .numerics.compiled import rule, woven_rule
from .numerics.lattice import Lattice

SMALL_LAYERS = ("cavity", "bone_faces", "occupant", "vessel", "perfused", "alarm")

# ground
MARROW, BONE, WALL = 0, 1, 2
# occupant: code of the cell type; lining cells are flat and have a code of their own, since an
# osteoclast may lift them off
NOBODY, TUMOUR, PRECURSOR, OSTEOCLAST, MESENCHYMAL, OSTEOBLAST, ADIPOCYTE, CAR, LINING = range(9)
OSTEOCYTE = 11  # in BONE sites only
OESTROGEN = 0  # place in World.serum
# Steps of a cell to one of the 8 nearest sites, four at a distance of 1 site and four of root 2
MEAN_STEP = (1.0 + 2.0**0.5) / 2.0  # mean length, sites
MEAN_SQUARE_STEP = 1.5  # mean square, sites^2
# vessel
NO_VESSEL, STABLE, SPROUT, TIP = 0, 1, 2, 3


class World(NamedTuple):
    """Layers of the marrow, each flat over (nx + 2) * (ny + 2) sites unless said otherwise.

    Rules read them all; only the apply step of the cell type that owns a layer writes it.
    """

    ground: np.ndarray  # uint8: MARROW, BONE or WALL
    mineral: (
        np.ndarray
    )  # float32, 0..1: bone left in a BONE site, or laid down so far in a MARROW site
    cavity: np.ndarray  # uint8: 1 where bone was resorbed and not yet formed again
    bone_faces: np.ndarray  # uint8, 0..4: faces shared with bone
    occupant: np.ndarray  # uint8: code of the cell type that fills the site, 0 if none
    vessel: (
        np.ndarray
    )  # uint8: NO_VESSEL, STABLE, SPROUT or TIP (a layer of its own: sprouts are thin)
    perfused: np.ndarray  # uint8: 1 where blood flows
    root: np.ndarray  # int64: founder tip of a blind sprout, 0 for the open network
    membrane_rankl: np.ndarray  # float32: RANKL on the cell at the site, relative, from 0
    rankl_trap: np.ndarray  # float32: sum of free trap over Kd
    antiresorptive: np.ndarray  # float32: bisphosphonate bound to bone, dose over half effect
    alarm: np.ndarray  # uint8: 1 near an osteocyte that calls for remodelling
    bone_pool: np.ndarray  # float32: growth factors freed from bone and still waiting, sites' worth
    serum: np.ndarray  # float64 (1,): hormones in blood over their level before treatment
    level: np.ndarray  # float32 (n_fields, n_sites)
    source: np.ndarray  # float32 (n_fields, n_sites), written by the release step only
    uptake: np.ndarray  # float32 (n_fields, n_sites), written by the release step only
    ticket: np.ndarray  # uint64: lowest claim on a site in the settle step
    faces: np.ndarray  # int64 (4,): offsets of the sites that share a face
    near: np.ndarray  # int64 (8,): offsets of the nearest sites


def blank_world(lattice: Lattice, fields: FieldState) -> World:
    """A marrow without bone, vessels or cells, walled in."""
    layer = lattice.layer
    ground = np.where(lattice.inside(), MARROW, WALL).astype(np.uint8)
    floats = {
        name: layer(np.float32)
        for name in (
            "mineral", "membrane_rankl", "rankl_trap", "antiresorptive", "bone_pool",
        )
    }  # fmt: skip
    small = {n: layer(np.uint8) for n in SMALL_LAYERS}
    return World(
        ground=ground,
        root=layer(np.int64),
        serum=np.ones(1),
        level=fields.level,
        source=fields.source,
        uptake=fields.uptake,
        ticket=layer(np.uint64, np.iinfo(np.uint64).max),
        faces=lattice.faces(),
        near=lattice.neighbours(),
        **small,
        **floats,
    )


@woven_rule
def is_free(site, world):
    """A cell may enter a marrow site that holds neither a cell nor a vessel."""
    # `&`, not `and`: three loads cost less than a branch that the processor guesses wrong
    return (
        (world.ground[site] == MARROW)
        & (world.occupant[site] == NOBODY)
        & (world.vessel[site] == NO_VESSEL)
    )


@woven_rule
def look_around(site, code, world):
    """What a cell finds on the 8 nearest sites, in one pass.

    Returns:
        How many hold a cell of type `code`; how many are free; whether a stable vessel, and whether
        a sprouting tip, lies on one of them or on the site itself.
    """
    n_touching = 0
    n_free = 0
    stable = world.vessel[site] == STABLE
    tip = world.vessel[site] == TIP
    for k in range(8):
        there = site + world.near[k]
        n_touching += world.occupant[there] == code
        n_free += is_free(there, world)
        stable |= world.vessel[there] == STABLE
        tip |= world.vessel[there] == TIP
    return n_touching, n_free, stable, tip


@rule
def steps_per_h(speed_um_per_h, step_um):
    """Steps to a nearest site in an hour, 1/h, that make up a speed along the path."""
    return speed_um_per_h / (MEAN_STEP * step_um)


@rule
def pick_free(site, draw, world):
    """A free site among the 8 nearest, each equally likely for draw in [0, 1); -1 if none."""
    n_free = 0
    for offset in world.near:
        if is_free(site + offset, world):
            n_free += 1
    if n_free == 0:
        return -1
    wanted = int(draw * n_free)
    for offset in world.near:
        if is_free(site + offset, world):
            if wanted == 0:
                return site + offset
            wanted -= 1
    return -1


@rule
def climb_free(site, row, world):
    """The free nearest site with the highest level of a field, if above the level here; else -1."""
    best = world.level[row, site]
    chosen = -1
    for offset in world.near:
        there = site + offset
        if world.level[row, there] > best and is_free(there, world):
            best = world.level[row, there]
            chosen = there
    return chosen


@rule
def contact_rankl(site, world):
    """Strongest RANKL presented on the surface of a neighbour (or here), relative, from 0."""
    best = world.membrane_rankl[site]
    for offset in world.near:
        best = max(best, world.membrane_rankl[site + offset])
    return best


@rule
def touches(site, code, world):
    """True if a cell of this type fills one of the 8 nearest sites."""
    for offset in world.near:
        if world.occupant[site + offset] == code:
            return True
    return False


@rule
def reaches(site, offset, reach, world):
    """True if site + offset lies in the lattice, for an offset of up to `reach` sites a side."""
    there = site + offset
    if there < 0 or there >= world.ground.shape[0]:
        return False
    stride = world.faces[3]  # the face offsets are -stride, -1, 1, stride
    shift = there % stride - site % stride
    return -reach <= shift <= reach and world.ground[there] != WALL


@rule
def any_within(site, disc, reach, code, world):
    """True if a cell of this type fills a site of the disc around `site`."""
    for offset in disc:
        if reaches(site, offset, reach, world) and world.occupant[site + offset] == code:
            return True
    return False


@rule
def nearest_within(site, disc, reach, code, world):
    """Offset to the nearest site of the disc that a cell of this type fills; 0 if none."""
    for offset in disc:
        if reaches(site, offset, reach, world) and world.occupant[site + offset] == code:
            return offset
    return 0


@rule
def step_towards(site, offset, reach, world):
    """The free nearest site in the direction of an offset of up to `reach` sites; -1 if taken."""
    stride = world.faces[3]
    rows = (offset + reach) // stride  # sites along x, since along y it is at most `reach`
    columns = offset - rows * stride
    there = site + np.sign(rows) * stride + np.sign(columns)
    return there if is_free(there, world) else -1


@rule
def any_vessel_within(site, disc, reach, state, world):
    """True if a vessel of this state lies on the disc around `site`."""
    for offset in disc:
        if reaches(site, offset, reach, world) and world.vessel[site + offset] == state:
            return True
    return False


@rule
def vessel_share_within(site, disc, reach, world):
    """Share of the sites of the disc around `site` that are vessel, 0..1; 0 for an empty disc."""
    count = 0
    for offset in disc:
        if reaches(site, offset, reach, world):
            count += world.vessel[site + offset] != NO_VESSEL
    return count / max(len(disc), 1)


@rule
def takes_lining(site, world):
    """A marrow site at bone that is free, or held only by a flat lining cell."""
    return (
        world.ground[site] == MARROW
        and world.bone_faces[site] > 0
        and world.vessel[site] == NO_VESSEL
        and (world.occupant[site] == NOBODY or world.occupant[site] == LINING)
    )
