"""Rows of the time series: what is measured on a model at one moment.

A column is one function with its name, unit and meaning (`@column`); everything else, the data
dictionary included, follows from COLUMNS. Observing only reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from .cells import CELL_TYPES
from .cells.osteoblast_rules import OSTEOBLAST, PREOSTEOBLAST
from .drugs import DRUGS
from .fields import CXCL12, FIELDS, OPG, OXYGEN, RANKL
from .histomorphometry import (
    STAIRCASE_TO_LENGTH,
    bone_measures,
    bone_perimeter_mm,
    ct_th_um,
    n_per_b_pm,
    strut_breaks,
    surface_fraction,
)
from .marrow import BONE, MARROW, NO_VESSEL, OESTROGEN, OSTEOCLAST, STABLE
from .mtor import SIGNALS

WALLED_IN = 4  # tumour cells beside a site that lies within tumour [assumed]
LESION_CELLS = 10  # smallest connected group of tumour cells that counts as a lesion [assumed]
EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class Column:
    """One column of the time series.

    Attributes:
        name: with its unit.
        unit: "1" for a pure number.
        meaning: one phrase.
        summary: statistics of it that summary.csv reports (see readouts.STATISTICS).
        since_last: True for what is counted since the last row, rates too; its mean over time
            weighs each row by the time since the one before.
        value: view -> number; the view is a `Look` at the model.
    """

    name: str
    unit: str
    meaning: str
    summary: tuple[str, ...]
    since_last: bool
    value: Callable[["Look"], float]


COLUMNS: dict[str, Column] = {}


def column(
    name: str, unit: str, meaning: str, *summary: str, since_last: bool = False
) -> Callable[[Any], Any]:
    """Register a function `Look -> number` as a column."""

    def register(value: Callable[["Look"], float]) -> Callable[["Look"], float]:
        COLUMNS[name] = Column(name, unit, meaning, summary, since_last, value)
        return value

    return register


@dataclass(frozen=True)
class Moment:
    """How far a model had come: its time, h, and its tallies since the start."""

    time_h: float = 0.0
    tally: Mapping[str, float] = field(default_factory=dict)


START = Moment()


class Look:
    """One look at a model, with what several columns need worked out once.

    Args:
        model: a MarrowModel.
        earlier: moment since which rates and counts are taken.
    """

    def __init__(self, model: Any, earlier: Moment = START) -> None:
        self.model = model
        self.s = model.surroundings
        self.world = self.s.world
        self.lattice = self.s.lattice
        bone = self.lattice.interior(self.world.ground) == BONE
        depth = model.cortex_sites
        self.cortex, self.trabecular = bone[:depth], bone[depth:]
        self.measures = bone_measures(self.trabecular, self.lattice.dx_um)
        self.b_pm_mm = self.measures.b_pm_mm
        if depth:  # cells work on the inner face of the cortex too
            self.b_pm_mm = bone_perimeter_mm(bone, self.lattice.dx_um)
        self.since_h = model.time_h - earlier.time_h
        self.tally = {
            name: total - earlier.tally.get(name, 0.0) for name, total in self.s.tally.items()
        }

    def cells(self, name: str) -> Any:
        """Population of a type."""
        return self.s.tissues[name].population

    def per_day(self, tally: str) -> float:
        """Rate of a tally since the last look; NaN where no time has passed."""
        return self.since(tally) / self.since_h * 24.0 if self.since_h > 0 else float("nan")

    def since(self, tally: str) -> float:
        """A tally since the last look."""
        return self.tally.get(tally, 0.0)

    def in_marrow(self) -> np.ndarray:
        """Flat mask of marrow sites."""
        return self.world.ground == MARROW

    def site_um2(self) -> float:
        """Area of a site."""
        return self.lattice.dx_um**2

    @cached_property
    def gap_um(self) -> np.ndarray:
        """Gap between each site and the nearest vessel, flat; 0 beside or on a vessel."""
        vessels = self.lattice.interior(self.world.vessel) > 0
        if not vessels.any():
            return np.full(self.lattice.n_sites, np.nan)
        sites = np.maximum(distance_transform_edt(~vessels) - 1.0, 0.0)
        return self.lattice.pad(sites * self.lattice.dx_um)

    def gap_of(self, sites: np.ndarray) -> float:
        """Median gap of these sites to the nearest vessel; NaN without any."""
        return float(np.median(self.gap_um[sites])) if len(sites) else float("nan")

    def beside(self, layer: np.ndarray) -> np.ndarray:
        """How many of the 8 nearest sites of each site are set in a flat mask."""
        ones = layer.astype(np.int64)
        return np.sum([np.roll(ones, -int(k)) for k in self.world.near], axis=0)

    def osteoblasts_at_work(self) -> int:
        """Osteoblasts on bone, lining cells left out."""
        return int(self.cells("osteoblast").in_state("osteoblast").sum())


@column("time_h", "h", "time since the start")
def _time_h(v: Look) -> float:
    return v.model.time_h


@column("time_d", "d", "time since the start")
def _time_d(v: Look) -> float:
    return v.model.time_h / 24.0


@column("tumour_area_mm2", "mm2", "area of tumour cells in the marrow", "final", "auc",
        "growth_per_d", "doubling_d", "progressed", "progression_free_d")  # fmt: skip
def _tumour_area(v: Look) -> float:
    return v.cells("tumour").n * v.lattice.site_area_mm2


@column("n_lesions", "1", f"connected groups of at least {LESION_CELLS} tumour cells", "final")
def _n_lesions(v: Look) -> float:
    return len(_lesion_sizes(v))


def _lesion_sizes(v: Look) -> np.ndarray:
    """Cells of each lesion."""
    occupied = np.zeros(v.lattice.n_sites, dtype=bool)
    occupied[v.cells("tumour").column("site")] = True
    pieces, _ = label(v.lattice.interior(occupied), structure=EIGHT)
    sizes = np.bincount(pieces.ravel())[1:]
    return sizes[sizes >= LESION_CELLS]


@column("lesion_radius_um", "um", "radius of a disc as large as the mean lesion", "final", "max")
def _lesion_radius(v: Look) -> float:
    sizes = _lesion_sizes(v)
    if len(sizes) == 0:
        return 0.0
    return float(np.sqrt(sizes.mean() * v.site_um2() / np.pi))


@column("hypoxic_share", "1", "share of tumour cells below the pO2 of half HIF (about 10 mmHg)",
        "mean", "final")  # fmt: skip
def _hypoxic(v: Look) -> float:
    oxygen = v.cells("tumour").column("oxygen")
    return float((oxygen < v.s.network.hypoxia_half).mean()) if len(oxygen) else 0.0


@column("anoxic_area_mm2", "mm2", "marrow whose pO2 is too low for tumour cells to divide",
        "final")  # fmt: skip
def _anoxic(v: Look) -> float:
    p: Any = v.s.tissues["tumour"].numbers
    low = v.world.level[OXYGEN] < p.quiescence_oxygen_mmHg
    return int((low & v.in_marrow()).sum()) * v.lattice.site_area_mm2


@column("dormant_gap_um", "um", "median gap between dormant tumour cells and the nearest vessel",
        "final")  # fmt: skip
def _dormant_gap(v: Look) -> float:
    cells = v.cells("tumour")
    return v.gap_of(cells.column("site")[cells.in_state("dormant")])


@column("dormant_nearer_um", "um", "how much nearer to a vessel dormant cells are than free marrow",
        "final")  # fmt: skip
def _dormant_nearer(v: Look) -> float:
    cells = v.cells("tumour")
    anywhere = v.gap_of(np.flatnonzero(v.in_marrow() & (v.world.vessel == 0)))
    return anywhere - v.gap_of(cells.column("site")[cells.in_state("dormant")])


@column("ki67_at_vessel", "1", "share of tumour cells beside a stable vessel that cycle",
        "mean", "final")  # fmt: skip
def _ki67_at_vessel(v: Look) -> float:
    cells = v.cells("tumour")
    near = v.beside(v.world.vessel == STABLE)[cells.column("site")] > 0
    cycling = cells.in_state("cycling")[near]
    return float(cycling.mean()) if len(cycling) else float("nan")


@column("vegf_tumour", "1", "VEGF output of a tumour cell, mean", "mean", "final")
def _vegf_tumour(v: Look) -> float:
    values = v.cells("tumour").column("vegf")
    return float(values.mean(dtype=np.float64)) if len(values) else float("nan")


@column("tumour_vessels_mm_per_mm2", "mm/mm2", "vessel length within tumour over its area",
        "mean", "final")  # fmt: skip
def _tumour_vessels(v: Look) -> float:
    occupied = np.zeros(v.lattice.n_sites, dtype=bool)
    occupied[v.cells("tumour").column("site")] = True
    within = occupied | (v.beside(occupied) >= WALLED_IN)
    area_mm2 = int(within.sum()) * v.lattice.site_area_mm2
    length_mm = int((within & (v.world.vessel > 0)).sum()) * v.lattice.dx_um * 1e-3
    return length_mm / area_mm2 if area_mm2 else float("nan")


@column("n_clones", "1", "lineages of tumour cells alive in the marrow", "final")
def _n_clones(v: Look) -> float:
    return len(np.unique(v.cells("tumour").column("clone")))


@column("bv_tv", "1", "BV/TV, bone volume over tissue volume", "final", "min", "change_percent")
def _bv_tv(v: Look) -> float:
    return v.measures.bv_tv


@column("tb_th_um", "um", "Tb.Th, trabecular thickness, plate model", "final")
def _tb_th(v: Look) -> float:
    return v.measures.tb_th_um


@column("tb_sp_um", "um", "Tb.Sp, trabecular separation, plate model", "final")
def _tb_sp(v: Look) -> float:
    return v.measures.tb_sp_um


@column("tb_n_per_mm", "1/mm", "Tb.N, trabecular number, plate model", "final")
def _tb_n(v: Look) -> float:
    return v.measures.tb_n_per_mm


@column("ct_th_um", "um", "Ct.Th, cortical thickness; empty without geometry.cortex_um", "final")
def _ct_th(v: Look) -> float:
    return ct_th_um(v.cortex, v.lattice.dx_um) if len(v.cortex) else float("nan")


@column("n_strut_breaks", "1", "fracture proxy: trabeculae broken or lost since the start", "final")
def _n_strut_breaks(v: Look) -> float:
    return strut_breaks(v.model.struts_at_start, v.trabecular)


@column("b_pm_mm", "mm", "B.Pm, bone perimeter, inner face of the cortex included")
def _b_pm(v: Look) -> float:
    return v.b_pm_mm


@column("n_oc_per_b_pm_per_mm", "1/mm", "N.Oc/B.Pm, multinucleate osteoclasts per bone perimeter",
        "mean", "max")  # fmt: skip
def _n_oc(v: Look) -> float:
    return n_per_b_pm(int(v.cells("osteoclast").in_state("mature").sum()), v.b_pm_mm)


@column("n_ob_per_b_pm_per_mm", "1/mm", "N.Ob/B.Pm, osteoblasts at work per bone perimeter", "mean")
def _n_ob(v: Look) -> float:
    return n_per_b_pm(v.osteoblasts_at_work(), v.b_pm_mm)


def _surface_of(v: Look, sites: np.ndarray) -> float:
    """Share of the bone perimeter whose faces border these marrow sites."""
    faces = int(v.world.bone_faces[sites].sum())
    covered_mm = faces * v.lattice.dx_um * 1e-3 * STAIRCASE_TO_LENGTH
    return surface_fraction(covered_mm, v.b_pm_mm)


@column("oc_s_bs", "1", "Oc.S/BS, share of the bone surface under osteoclasts", "mean")
def _oc_s_bs(v: Look) -> float:
    covered = (v.world.occupant == OSTEOCLAST) & v.in_marrow()
    return _surface_of(v, np.flatnonzero(covered))


@column("ob_s_bs", "1", "Ob.S/BS, share of the bone surface under osteoblasts at work", "mean")
def _ob_s_bs(v: Look) -> float:
    cells = v.cells("osteoblast")
    return _surface_of(v, cells.column("site")[cells.in_state("osteoblast")])


@column("cavity_area_mm2", "mm2", "bone resorbed and not yet formed again", "final")
def _cavity(v: Look) -> float:
    return int(v.world.cavity.sum()) * v.lattice.site_area_mm2


@column("resorbed_um2_per_d", "um2/d", "bone resorbed per day since the last row", "mean",
        since_last=True)  # fmt: skip
def _resorbed(v: Look) -> float:
    return v.per_day("resorbed_sites") * v.site_um2()


@column("formed_um2_per_d", "um2/d", "bone formed per day since the last row", "mean",
        since_last=True)  # fmt: skip
def _formed(v: Look) -> float:
    return v.per_day("formed_sites") * v.site_um2()


@column("ctx_per_d", "1/d", "CTX proxy: bone resorbed per day over the bone at the start", "mean",
        since_last=True)  # fmt: skip
def _ctx(v: Look) -> float:
    return v.per_day("resorbed_sites") / max(v.model.bone_sites_at_start, 1)


@column("p1np_per_d", "1/d", "P1NP proxy: matrix laid down per day over the bone at the start",
        "mean", since_last=True)  # fmt: skip
def _p1np(v: Look) -> float:
    return v.per_day("laid_sites") / max(v.model.bone_sites_at_start, 1)


@column(
    "bsap_per_mm", "1/mm", "BSAP proxy: preosteoblasts and osteoblasts per bone perimeter", "mean"
)
def _bsap(v: Look) -> float:
    state = v.cells("osteoblast").column("state")
    count = int(((state == OSTEOBLAST) | (state == PREOSTEOBLAST)).sum())
    return n_per_b_pm(count, v.b_pm_mm)


@column("p1np_over_ctx", "1", "matrix laid down over bone resorbed since the last row", "mean",
        since_last=True)  # fmt: skip
def _p1np_over_ctx(v: Look) -> float:
    resorbed = v.since("resorbed_sites")
    return v.since("laid_sites") / resorbed if resorbed > 0 else float("nan")


@column("serum_opg_nM", "nM", "serum OPG proxy: OPG where blood leaves the marrow", "mean", "final")
def _serum_opg(v: Look) -> float:
    blood = v.world.perfused > 0
    return float(v.world.level[OPG][blood].mean(dtype=np.float64)) if blood.any() else 0.0


@column("rankl_over_opg", "1", "RANKL/OPG, total over total in the section", "mean")
def _rankl_over_opg(v: Look) -> float:
    rankl, opg = (float(v.world.level[row].sum(dtype=np.float64)) for row in (RANKL, OPG))
    return rankl / opg if opg > 0 else float("nan")


@column("oestrogen", "1", "oestrogen in serum over its level before treatment")
def _oestrogen(v: Look) -> float:
    return float(v.world.serum[OESTROGEN])


@column("ob_early_programme", "1", "RUNX2, SP7, ALPL of preosteoblasts and osteoblasts, over an "
        "untreated preosteoblast", "mean")  # fmt: skip
def _early_programme(v: Look) -> float:
    return float(v.s.tissues["osteoblast"].programmes(v.s)[0])


@column("ob_late_programme", "1", "BGLAP, IBSP, COL1A1 of preosteoblasts and osteoblasts, over an "
        "untreated osteoblast", "mean")  # fmt: skip
def _late_programme(v: Look) -> float:
    return float(v.s.tissues["osteoblast"].programmes(v.s)[1])


@column("vessel_length_mm_per_mm2", "mm/mm2", "vessel length density: vessel sites x their size",
        "final", "max")  # fmt: skip
def _vessel_length(v: Look) -> float:
    sites = int((v.world.vessel > 0).sum())
    return sites * v.lattice.dx_um * 1e-3 / v.lattice.area_mm2


@column("perfused_share", "1", "share of vessel sites through which blood flows", "mean")
def _perfused(v: Look) -> float:
    vessels = v.world.vessel > 0
    return float(v.world.perfused[vessels].mean()) if vessels.any() else 0.0


@column("n_circulating", "1", "tumour cells in blood", "mean")
def _n_circulating(v: Look) -> float:
    return v.cells("circulating").n


@column("n_shed", "1", "cells shed by the primary tumour since the last row", "sum",
        since_last=True)  # fmt: skip
def _n_shed(v: Look) -> float:
    return v.since("shed")


@column("n_arrivals", "1", "circulating cells that entered the marrow since the last row", "sum",
        since_last=True)  # fmt: skip
def _n_arrivals(v: Look) -> float:
    return v.since("arrivals")


@column("n_mobilised", "1", "dormant cells that went back into blood since the last row", "sum",
        since_last=True)  # fmt: skip
def _n_mobilised(v: Look) -> float:
    return v.since("mobilised")


@column("n_circulating_deaths", "1", "tumour cells that died in blood since the last row", "sum",
        since_last=True)  # fmt: skip
def _n_circulating_deaths(v: Look) -> float:
    return v.since("deaths_circulating")


@column("perivascular_cxcl12_nM", "nM", "CXCL12, mean over marrow sites beside stable vessels",
        "mean")  # fmt: skip
def _perivascular_cxcl12(v: Look) -> float:
    beside = np.zeros(v.lattice.n_sites, dtype=bool)
    for offset in v.world.near:
        beside |= np.roll(v.world.vessel == STABLE, offset)
    beside &= v.in_marrow() & (v.world.vessel == NO_VESSEL)
    return float(v.world.level[CXCL12][beside].mean(dtype=np.float64)) if beside.any() else 0.0


@column("cxcl12_at_tumour_nM", "nM", "CXCL12, mean over tumour cells", "mean")
def _cxcl12_at_tumour(v: Look) -> float:
    site = v.cells("tumour").column("site")
    return float(v.world.level[CXCL12][site].mean(dtype=np.float64)) if len(site) else float("nan")


@column(
    "cxcl12_slope_at_tumour", "1",
    "relative rise of CXCL12 from a tumour cell to its highest neighbour site, mean", "mean",
)  # fmt: skip
def _cxcl12_slope(v: Look) -> float:
    site = v.cells("tumour").column("site")
    if len(site) == 0:
        return float("nan")
    level = v.world.level[CXCL12]
    here = level[site]
    highest = level[site[:, None] + v.world.near].max(axis=1)
    return float((np.maximum(highest - here, 0.0) / np.maximum(here, 1e-9)).mean())


@column("n_tumour_deaths", "1", "tumour cells that died in the marrow since the last row", "sum",
        since_last=True)  # fmt: skip
def _n_tumour_deaths(v: Look) -> float:
    return v.since("deaths_tumour")


@column("primary_cells", "1", "cells of the primary tumour", "final")
def _primary(v: Look) -> float:
    return v.model.body.cells


def _register_counts() -> None:
    for tissue in CELL_TYPES:
        kind = tissue.kind
        if kind.name == "circulating":
            continue
        compared = ("final",) if kind.name in ("osteoclast", "adipocyte", "mesenchymal") else ()

        def count(v: Look, name: str = kind.name) -> float:
            return v.cells(name).n

        column(f"n_{kind.name}", "1", f"{kind.label}: number", *compared)(count)
        if len(kind.states) == 1:
            continue
        for state in kind.states:

            def count_in(v: Look, name: str = kind.name, state: str = state) -> float:
                return int(v.cells(name).in_state(state).sum())

            kept = ("final",) if (kind.name, state) in COMPARED_STATES else ()
            column(f"n_{kind.name}_{state}", "1", f"{kind.label}: number {state}", *kept)(count_in)


COMPARED_STATES = {("tumour", "dormant"), ("endothelial", "tip"), ("endothelial", "sprout")}


def _register_fields() -> None:
    for row, kind in enumerate(FIELDS):

        def mean(v: Look, row: int = row) -> float:
            return float(v.world.level[row][v.in_marrow()].mean(dtype=np.float64))

        column(
            f"mean_{kind.key}_{kind.unit}",
            kind.unit,
            f"{kind.label}, mean over the marrow",
            "mean",
        )(mean)


def _register_signals() -> None:
    for tissue in CELL_TYPES:
        if not tissue.signals_matter:
            continue
        for signal in ("s6k", "p4ebp1", "akt_s473"):

            def mean(v: Look, name: str = tissue.kind.name, signal: str = signal) -> float:
                values = v.cells(name).column(signal)
                return float(values.mean(dtype=np.float64)) if len(values) else float("nan")

            column(
                f"{signal}_{tissue.kind.name}", "1",
                f"{SIGNALS[signal]}, mean over cells ({tissue.kind.label.partition(':')[0]})",
                "mean",
            )(mean)  # fmt: skip


def _register_drugs() -> None:
    for key, drug in DRUGS.items():

        def plasma(v: Look, key: str = key) -> float:
            curve = v.model.pharmacy.plasma_nM.get(key)
            return (
                float(curve[min(v.model.n_steps_done, len(curve) - 1)])
                if curve is not None
                else 0.0
            )

        column(f"plasma_{key}_nM", "nM", f"{drug.label}, free in plasma")(plasma)


_register_counts()
_register_fields()
_register_signals()
_register_drugs()


def row(model: Any, earlier: Moment = START) -> dict[str, float]:
    """One row of the time series, in the order of COLUMNS.

    Args:
        model: a MarrowModel; nothing in it changes.
        earlier: moment since which rates and counts are taken, by default the start of the run.
            An `Observer` keeps that of its last row.

    Returns:
        Value by column. A rate at the moment itself is NaN: no time has passed.
    """
    look = Look(model, earlier)
    return {name: column.value(look) for name, column in COLUMNS.items()}


class Observer:
    """Takes row after row; rates and counts are those since its own last row.

    Any number of observers may look at one model: none changes what another sees.
    """

    def __init__(self) -> None:
        self.last = START

    def row(self, model: Any) -> dict[str, float]:
        """The next row; rates are NaN in one at hour 0."""
        values = row(model, self.last)
        self.last = Moment(model.time_h, dict(model.surroundings.tally))
        return values
