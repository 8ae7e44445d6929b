"""The marrow at the start: bone, cavities under repair, vessels, resident cells, injected tumour.

Everything here is drawn from one generator per purpose, keyed by the seed, so that a change of one
purpose (say, more tumour cells) leaves the others as they were.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from . import bone, marrow
from .anatomy import Section, read_section, trabecular_bone, vessel_network, vessels_as_seen
from .cells.endothelial import EndothelialParameters
from .cells.osteoblast_rules import LINED, OSTEOBLAST, OSTEOCYTE, OsteoblastParameters
from .cells.osteoclast_rules import OsteoclastParameters
from .cells.stroma import StromaParameters
from .cells.tissue import Surroundings, Tissue
from .errors import UserError
from .marrow import BONE, MARROW, NO_VESSEL, STABLE
from .parameters import Group, number

_PURPOSES = ("bone", "vessels", "cavities", "cells", "tumour")
PLACEABLE = ("tumour", "osteoclast_precursor", "mesenchymal", "adipocyte", "car")
"""Cell types that a section may place: those that fill one site of open marrow."""
PATCH_SITES = 6  # of bone in one patch of a cavity [assumed]
FOUNDING_TUMOUR = {"emt": 0.3, "pthrp": 1.0}


# fmt: off
class GeometryParameters(Group):
    """Lattice and bone."""

    nx: int = number(
        200, "1", "2 mm at 10 um", "assumed", low=24, high=4000, what="sites along x"
    )
    ny: int = number(200, "1", "2 mm at 10 um", "assumed", low=24, high=4000, what="sites along y")
    dx_um: float = number(
        10.0, "um", "Moffitt HAL bone model source", "found", low=5, high=25,
        what="size of a site; above 14 um vessels need a larger endothelium.area_fraction or "
        "spacing_um, at 5 um some seeds need smaller ones",
    )
    bv_tv: float | None = number(
        0.139, "1", "mouse, n = 6, 0.08-0.20, TIBD ExpData.csv day 0", "computed", low=0.03,
        high=0.4, what="bone volume over tissue volume at the start, cavities counted as marrow",
    )
    tb_th_um: float | None = number(
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
    file: str | None = Field(
        default=None,
        description="section of real bone made by `mtor-abm geometry`; it sets nx, ny and dx_um, "
        "and takes the place of bv_tv, tb_th_um, tb_sp_um and cortex_um",
        json_schema_extra={"unit": "", "source": "a choice", "confidence": "assumed"},
    )
    file_sha256: str | None = Field(
        default=None,
        description="sha256 of that file; left out, the file is taken as it is",
        json_schema_extra={"unit": "", "source": "a choice", "confidence": "assumed"},
    )
# fmt: on

    @model_validator(mode="before")
    @classmethod
    def _as_the_file_says(cls, given: Any) -> Any:
        """Fill in what the file sets; whatever else was given must agree with it."""
        name = given.get("file") if isinstance(given, dict) else None
        if not isinstance(name, str):
            return given
        path = Path(name).absolute()
        section = read_section(path)
        wanted = given.get("file_sha256")
        if isinstance(wanted, str) and wanted != section.sha256:
            raise UserError(
                f"file = {name} has changed: its sha256 is {section.sha256[:16]}..., "
                f"{wanted[:16]}... was used; put the old file back, or leave out file_sha256 "
                "to start from this one"
            )
        fixed: dict[str, Any] = dict(zip(("nx", "ny"), section.bone.shape, strict=True))
        fixed |= {"dx_um": section.dx_um, "cortex_um": 0.0}
        fixed |= dict.fromkeys(("bv_tv", "tb_th_um", "tb_sp_um"))
        for key, value in fixed.items():
            if given.get(key) is not None and given[key] != value:
                raise UserError(
                    f"{key} = {given[key]} conflicts with file = {name}, which "
                    + (f"has {value}" if value else "brings its own bone")
                    + f"; leave out {key}"
                )
        return given | fixed | {"file": str(path), "file_sha256": section.sha256}

    @model_validator(mode="after")
    def _drawn_bone_needs_numbers(self) -> "GeometryParameters":
        if self.file is None and self.file_sha256 is not None:
            raise UserError("file_sha256 is set but file is not; give file too, or leave it out")
        for key in ("bv_tv", "tb_th_um"):
            if self.file is None and getattr(self, key) is None:
                raise UserError(f"{key} is left empty; give a number, or a file")
        return self


def section_of(p: GeometryParameters) -> Section | None:
    """The section of real bone the marrow starts from; None where bone is drawn.

    Raises:
        UserError: its file is gone, or is no longer what it was when the scenario was read.
    """
    if p.file is None:
        return None
    section = read_section(Path(p.file))
    if section.sha256 != p.file_sha256:
        raise UserError(f"{p.file} was changed while it was in use; put the old file back")
    return section


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
    s: Surroundings, p: GeometryParameters, b: bone.BoneParameters, draws: Draws,
    section: Section | None = None,
) -> None:  # fmt: skip
    """Trabeculae, and a cortex if asked for, with the share of cavities of a healthy marrow."""
    if section is not None:
        _lay_out(s, section.bone)
        _mark_cavities(s, section, b.cavities_at_start, draws["cavities"])
        return
    assert p.bv_tv is not None and p.tb_th_um is not None
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
    cortex = np.ones((depth, p.ny), dtype=bool)
    _lay_out(s, np.concatenate([cortex, mask]))
    wanted = round(mask.size * (target - p.bv_tv))
    _dig_cavities(s, wanted, draws["cavities"])


def _lay_out(s: Surroundings, mask: np.ndarray) -> None:
    """Bone where the mask (nx, ny) says."""
    world = s.world
    s.lattice.interior(world.ground)[mask] = BONE
    world.mineral[world.ground == BONE] = 1.0
    bone.count_bone_faces(world)


def _mark_cavities(
    s: Surroundings, section: Section, share: float, rng: np.random.Generator
) -> None:
    """Mark patches of marrow at bone as cavities, `share` of the bone in all.

    An image shows what is mineralised, so a cavity under repair is marrow in it already: none is
    dug, and the bone stays as it was seen.
    """
    world = s.world
    open_to = (world.ground == MARROW) & (world.bone_faces > 0)
    if section.vessel is not None:
        open_to &= ~s.lattice.pad(section.vessel)
    wanted = round(int(section.bone.sum()) * share)
    while wanted > 0:
        surface = np.flatnonzero(open_to)
        if len(surface) == 0:
            return
        site = surface[rng.integers(len(surface))]
        patch = np.array([site, *(site + world.near)])
        taken = patch[open_to[patch]][: min(wanted, PATCH_SITES)]
        world.cavity[taken] = 1
        open_to[taken] = False
        wanted -= len(taken)


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
        taken = patch[exposed[patch]][: min(wanted, PATCH_SITES)]
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


def place_vessels(
    s: Surroundings, p: EndothelialParameters, tissue: Tissue, draws: Draws,
    section: Section | None = None,
) -> None:  # fmt: skip
    """Sinusoids and arterioles, all stable; drawn, unless the section shows vessels."""
    world, lattice = s.world, s.lattice
    solid = (lattice.interior(world.ground) == BONE) | (lattice.interior(world.cavity) == 1)
    seed = int(draws["vessels"].integers(2**31))
    if section is not None and section.vessel is not None:
        network = vessels_as_seen(section.vessel, solid, lattice.dx_um, p.arteriole_share, seed)
    else:
        network = vessel_network(
            solid, lattice.dx_um, p.spacing_um, p.area_fraction, p.arteriole_share, seed
        )
    sites = np.flatnonzero(lattice.pad(network.sites))
    inlets = lattice.pad(network.arteriole)[sites]
    _add(s, tissue, sites, arteriole=inlets.astype(np.float32))
    world.occupant[sites] = 0
    world.vessel[sites] = STABLE


def place_seen(s: Surroundings, section: Section) -> None:
    """Cells where the section shows them, or, under a vessel or another cell, on the nearest site.

    Raises:
        ValueError: more cells than free sites.
    """
    for name in sorted(section.cells):
        room = np.flatnonzero(_free(s.world))
        places = section.cells[name]
        if len(places) > len(room):
            raise ValueError(f"{len(places)} {name} cells find {len(room)} free sites; give fewer")
        x, y = s.lattice.xy_um(room)
        taken = np.zeros(len(room), dtype=bool)
        for x0, y0 in places:
            far = (x - x0) ** 2 + (y - y0) ** 2
            far[taken] = np.inf
            taken[np.argmin(far)] = True
        _add(s, s.tissues[name], room[taken], **(FOUNDING_TUMOUR if name == "tumour" else {}))


def place_residents(s: Surroundings, draws: Draws, seen: Collection[str] = ()) -> None:
    """Osteocytes, lining cells, osteoblasts in cavities, stroma and precursors.

    Types that were `seen` are there already.
    """
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
        if name in seen:
            continue
        room = np.flatnonzero(_free(world) & where)
        count = min(round(density * area), len(room))
        _add(s, tissues[name], np.sort(rng.choice(room, count, replace=False)))


def place_tumour(s: Surroundings, p: InoculumParameters, draws: Draws) -> None:
    """Clusters of tumour cells at random places in the marrow.

    Raises:
        UserError: the marrow has no room for all of them.
    """
    before = s.tissues["tumour"].population.n
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
        _add(s, tissue, np.sort(room[nearest]), **FOUNDING_TUMOUR)
    placed = tissue.population.n - before
    if placed < p.cells:
        raise UserError(
            f"inoculum.cells = {p.cells}, but this marrow has room for {placed}; give fewer cells, "
            "or a larger geometry.nx and ny"
        )


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
