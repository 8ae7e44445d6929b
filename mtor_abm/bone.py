"""Bone mineral: what osteoclasts take, what osteoblasts lay down, what bone stores and frees.

A BONE site holds mineral 0..1 that is left; a MARROW site at a cavity holds what has been laid down
so far. A resorbed site becomes marrow with a cavity mark, and its growth factors go into a pool
that empties over a day or so into the TGF-beta and IGF-1 fields.
"""

import numpy as np

from .fields import IGF1, TGFB
from .marrow import BONE, MARROW, WALL, World
from .numerics.compiled import kernel
from .parameters import Group, number, tuple_type


# fmt: off
class BoneParameters(Group):
    """What bone stores and how it is turned over without a tumour."""

    tgfb_stored_nM: float = number(
        36.0, "nM", "450 ng/g (Mohan and Baylink 1991; Hauschka 1986) x 2 g/cm3 / 25 kDa",
        "computed", low=0, high=1000, what="TGF-beta in one site of bone",
    )
    igf_stored_nM: float = number(
        358.0, "nM", "IGF-1 85 and IGF-2 1260 ng/g (Mohan and Baylink 1991) x 2 g/cm3 / 7.5 kDa",
        "computed", low=0, high=1e4, what="IGF-1 and IGF-2 in one site of bone, as IGF-1",
    )
    stored_share: float = number(
        1.0, "1", "1 is normal bone; 0 is bone without growth factors", "assumed", low=0, high=10,
        what="factor on the stored growth factors",
    )
    release_time_h: float = number(
        24.0, "h", "1-5 d; Moffitt HAL source 3 d", "assumed", low=1, high=240,
        what="time over which freed growth factors leak out",
    )
    cavities_at_start: float = number(
        0.02, "1", "remodelling space of a healthy marrow, set to its own steady state", "assumed",
        low=0, high=0.3, what="share of bone that is being remodelled at the start",
    )
# fmt: on


BoneRates = tuple_type("BoneRates", BoneParameters, __name__)


@kernel
def release_from_pool(world: World, p: BoneRates, dt_h: float) -> None:
    """Growth factors freed from bone leak out and become active (Yin 1999; Mundy 2002)."""
    share = 1.0 - np.exp(-dt_h / p.release_time_h)
    per_second = share / (dt_h * 3600.0) * p.stored_share
    for site in range(world.bone_pool.shape[0]):
        pool = float(world.bone_pool[site])
        if pool > 0.0:
            world.source[TGFB, site] += pool * per_second * p.tgfb_stored_nM
            world.source[IGF1, site] += pool * per_second * p.igf_stored_nM
            left = pool * (1.0 - share)
            world.bone_pool[site] = left if left > 1e-6 else 0.0


@kernel
def count_bone_faces(world: World) -> None:
    """Recount, for every marrow or bone site, the faces it shares with bone."""
    faces = world.faces
    reach = faces[3]
    for site in range(reach, world.ground.shape[0] - reach):
        if world.ground[site] == WALL:
            continue
        count = 0
        for offset in faces:
            if world.ground[site + offset] == BONE:
                count += 1
        world.bone_faces[site] = count


def resorbed(world: World, sites: np.ndarray) -> None:
    """Turn BONE sites into marrow: cavity mark, store freed, faces of the neighbours recounted."""
    world.ground[sites] = MARROW
    world.cavity[sites] = 1
    world.mineral[sites] = 0.0
    world.antiresorptive[sites] = 0.0
    world.bone_pool[sites] += 1.0
    _add_faces(world, sites, -1)


def formed(world: World, sites: np.ndarray) -> None:
    """Turn filled MARROW sites into bone."""
    world.ground[sites] = BONE
    world.cavity[sites] = 0
    world.mineral[sites] = 1.0
    _add_faces(world, sites, 1)


def _add_faces(world: World, sites: np.ndarray, change: int) -> None:
    """Change the count of bone faces beside these sites; the wall has none."""
    for offset in world.faces:
        beside = sites + offset
        beside = beside[world.ground[beside] != WALL]
        np.add.at(world.bone_faces, beside, np.array(change).astype(np.uint8))  # -1 wraps to 255
