"""The marrow at the start: bone, cavities under repair, vessels, resident cells, injected tumour.

Everything here is drawn from one generator per purpose, keyed by the seed, so that a change of one
purpose (say, more tumour cells) leaves the others as they were.
"""

import numpy as np
from pydantic import Field

from . import bone, marrow
from .anatomy import trabecular_bone, vessel_network
from .cells.endothelial import EndothelialParameters
from .cells.osteoblast_rules import LINED, OSTEOBLAST, OSTEOCYTE, OsteoblastParameters
from .cells.osteoclast_rules import OsteoclastParameters
from .cells.stroma import StromaParameters
from .cells.tissue import Surroundings, Tissue
from .marrow import BONE, MARROW, NO_VESSEL, STABLE
from .parameters import Group, number

_PURPOSES = ("bone", "vessels", "cavities", "cells", "tumour")


# fmt: off
class GeometryParameters(Group):
    """Lattice and bone."""

    nx: int = number(
        200, "1", "2 mm at 10 um", "assumed", low=24, high=4000, what="sites along x"
    )
    ny: int = number(200, "1", "2 mm at 10 um", "assumed", low=24, high=4000, what="sites along y")
    dx_um: float = number(
        10.0, "um", "Moffitt HAL bone model source", "found", low=5, high=25, what="size of a site"
    )
    bv_tv: float = number(
        0.139, "1", "mouse, n = 6, 0.08-0.20, TIBD ExpData.csv day 0", "computed", low=0.03,
        high=0.4, what="bone volume over tissue volume at the start, cavities counted as marrow",
    )
    tb_th_um: float = number(
        50.0, "um", "mouse trabecula", "recalled", low=20, high=300, what="trabecular thickness"
    )
    tb_sp_um: float | None = Field(
        default=None,
        description="trabecular separation; left out, it follows from the other two (plate model)",
        json_schema_extra={"unit": "um", "source": "Parfitt 1983", "confidence": "recalled"},
    )
    cortex_um: float = number(
        0.0, "um", "most sections lie inside the cortex", "assumed", low=0, high=2000,
        what="thickness of a cortex along the edge x = 0; the other measures are of the rest",
    )
# fmt: on


def cortex_sites(p: GeometryParameters) -> int:
    """Lines of sites along x that the cortex takes."""
    return round(p.cortex_um / p.dx_um)


# fmt: off
class InoculumParameters(Group):
    """Tumour cells put into the marrow (intratibial or intracardiac injection)."""

    cells: int = number(
        36, "1", "a few clusters in 4 mm2", "assumed", low=0, high=1_000_000, what="injected cells"
    )
    clusters: int = number(
        6, "1", "a few clusters in 4 mm2", "assumed", low=1, high=10_000,
        what="clusters they lie in; as many as cells for single cells",
    )
    day: float = number(
        0.0, "d", "injected at the start, unless the marrow is to come to rest first", "assumed",
        low=0, high=10_000, what="day of injection",
    )
# fmt: on


class Draws:
    """One generator per purpose, keyed by the run's seed."""

    def __init__(self, seed: int) -> None:
        children = np.random.SeedSequence([seed, 20180825]).spawn(len(_PURPOSES))
        self._generators = {
            purpose: np.random.Generator(np.random.PCG64(child))
            for purpose, child in zip(_PURPOSES, children, strict=True)
        }

    def __getitem__(self, purpose: str) -> np.random.Generator:
        return self._generators[purpose]


def place_bone(
    s: Surroundings, p: GeometryParameters, b: bone.BoneParameters, draws: Draws
) -> None:
    """Trabeculae, and a cortex if asked for, with the share of cavities of a healthy marrow."""
    target = min(p.bv_tv * (1.0 + b.cavities_at_start), 0.45)
    depth = cortex_sites(p)
    if depth > p.nx // 2:
        raise ValueError(
            f"geometry.cortex_um = {p.cortex_um:g} um fills more than half of the section; give at "
            f"most {p.nx // 2 * p.dx_um:g} um or raise geometry.nx"
        )
    mask = trabecular_bone(
        (p.nx - depth, p.ny), p.dx_um, target, p.tb_th_um, p.tb_sp_um,
        int(draws["bone"].integers(2**31)),
    )  # fmt: skip
    world = s.world
    s.lattice.interior(world.ground)[:depth] = BONE
    s.lattice.interior(world.ground)[depth:][mask] = BONE
    world.mineral[world.ground == BONE] = 1.0
    bone.count_bone_faces(world)
    wanted = round(mask.size * (target - p.bv_tv))
    _dig_cavities(s, wanted, draws["cavities"])


def _dig_cavities(s: Surroundings, wanted: int, rng: np.random.Generator) -> None:
    """Take surface sites out of the bone, in patches, as remodelling had been at work."""
    world = s.world
    exposed = (world.ground == BONE) & _beside_marrow(world)
    while wanted > 0:
        surface = np.flatnonzero(exposed)
        if len(surface) == 0:
            return
        site = surface[rng.integers(len(surface))]
        patch = np.array([site, *(site + world.near)])
        taken = patch[exposed[patch]][: min(wanted, 6)]
        bone.resorbed(world, taken)
        world.bone_pool[taken] = 0.0
        exposed[taken] = False
        for offset in world.faces:
            exposed[taken + offset] = world.ground[taken + offset] == BONE
        wanted -= len(taken)


def _beside_marrow(world: marrow.World) -> np.ndarray:
    is_marrow = world.ground == MARROW
    beside = np.zeros_like(is_marrow)
    for offset in world.faces:
        beside |= np.roll(is_marrow, -offset)
    return beside


def place_vessels(s: Surroundings, p: EndothelialParameters, tissue: Tissue, draws: Draws) -> None:
    """Sinusoids and arterioles, all stable."""
    world, lattice = s.world, s.lattice
    solid = (lattice.interior(world.ground) == BONE) | (lattice.interior(world.cavity) == 1)
    network = vessel_network(
        solid, lattice.dx_um, p.spacing_um, p.area_fraction, p.arteriole_share,
        int(draws["vessels"].integers(2**31)),
    )  # fmt: skip
    sites = np.flatnonzero(lattice.pad(network.sites))
    inlets = lattice.pad(network.arteriole)[sites]
    _add(s, tissue, sites, arteriole=inlets.astype(np.float32))
    world.occupant[sites] = 0
    world.vessel[sites] = STABLE


def place_residents(s: Surroundings, draws: Draws) -> None:
    """Osteocytes, lining cells, osteoblasts in cavities, stroma and precursors."""
    world, rng = s.world, draws["cells"]
    tissues = s.tissues
    lineage = tissues["osteoblast"]
    ob = lineage.numbers
    assert isinstance(ob, OsteoblastParameters)

    in_bone = np.flatnonzero(world.ground == BONE)
    per_site = ob.osteocytes_per_mm3 * (s.lattice.dx_um * 1e-3) ** 3
    chosen = in_bone[rng.random(len(in_bone)) < per_site]
    _add(s, lineage, chosen, state=OSTEOCYTE)
    world.occupant[chosen] = marrow.OSTEOCYTE

    free = _free(world)
    cavities = np.flatnonzero(free & (world.cavity == 1) & (world.bone_faces > 0))
    _add(s, lineage, cavities, state=OSTEOBLAST)
    world.mineral[cavities] = rng.random(len(cavities)).astype(np.float32)
    surface = np.flatnonzero(_free(world) & (world.bone_faces > 0))
    lined = surface[rng.random(len(surface)) < ob.coverage]
    _add(s, lineage, lined, state=LINED)
    world.occupant[lined] = marrow.LINING

    stroma = tissues["car"].numbers
    assert isinstance(stroma, StromaParameters)
    oc = tissues["osteoclast_precursor"].numbers
    assert isinstance(oc, OsteoclastParameters)
    perivascular = np.zeros(len(free), dtype=bool)
    for offset in world.near:
        perivascular |= np.roll(world.vessel == STABLE, -offset)
    area = s.lattice.area_mm2
    for name, density, where in (
        ("car", stroma.car_per_mm2, perivascular),
        ("mesenchymal", stroma.mesenchymal_per_mm2, perivascular),
        ("adipocyte", stroma.adipocyte_per_mm2, ~perivascular),
        ("osteoclast_precursor", oc.precursors_per_mm2, np.ones(len(free), dtype=bool)),
    ):
        room = np.flatnonzero(_free(world) & where)
        count = min(round(density * area), len(room))
        _add(s, tissues[name], np.sort(rng.choice(room, count, replace=False)))


def place_tumour(s: Surroundings, p: InoculumParameters, draws: Draws) -> None:
    """Clusters of tumour cells at random places in the marrow."""
    rng = draws["tumour"]
    tissue = s.tissues["tumour"]
    centres = rng.random(p.clusters)
    for k in range(p.clusters):
        count = p.cells // p.clusters + (1 if k < p.cells % p.clusters else 0)
        room = np.flatnonzero(_free(s.world))
        if count == 0 or len(room) == 0:
            continue
        x, y = s.lattice.xy_um(room)
        x0, y0 = s.lattice.xy_um(room[int(centres[k] * len(room))])
        nearest = np.argsort((x - x0) ** 2 + (y - y0) ** 2, kind="stable")[:count]
        _add(s, tissue, np.sort(room[nearest]), emt=0.3, pthrp=1.0)


def _free(world: marrow.World) -> np.ndarray:
    return (world.ground == MARROW) & (world.occupant == 0) & (world.vessel == NO_VESSEL)


def founder_uids(code: int, places: np.ndarray) -> np.ndarray:
    """Identity of founders: their type and place, so that it does not depend on other types."""
    return (code * 100_000_000 + places).astype(np.int64)


def _add(s: Surroundings, tissue: Tissue, sites: np.ndarray, **columns: object) -> None:
    """Put founders on these sites."""
    uids = founder_uids(tissue.kind.code, sites)
    tissue.population.add(uid=uids, site=sites, **columns)
    s.world.occupant[sites] = tissue.kind.code
