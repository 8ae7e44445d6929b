"""Osteoclast culture: precursors, or osteoclasts, on a slice of bone in medium with cytokines.

The slice is seen from the side; cells lie in the medium above it. RANKL is in solution only, so its
signal stays below that of a marrow, where most of it comes by contact.
"""

import math

import numpy as np

from ..cells.osteoclast import OsteoclastTissue, PrecursorTissue, lifespans
from ..cells.osteoclast_rules import mafb
from ..drugs import DRUGS
from ..mtor import lip_share
from ..parameters import number
from ..scenario import Scenario
from .bench import Bench, Readout
from .dish import Dish
from .medium import DrugsInMedium, drugs_nM

SLICE_ROWS = 8  # sites of bone in depth, more than a culture digs
MEDIUM_ROWS = 6  # sites above the slice where cells lie
SPACING = 8  # sites between osteoclasts put on the slice


# fmt: off
class OsteoclastCultureConditions(DrugsInMedium):
    """What is in the dish. The defaults form osteoclasts from precursors, as in target T29."""

    hours: float = number(
        144.0, "h", "6 d, usual time to TRAP+ multinucleate cells", "recalled", low=1, high=2000,
        what="time in culture",
    )
    slice_mm: float = number(
        2.0, "mm", "a culture's worth of cells in a tenth of a second", "assumed", low=0.1, high=20,
        what="length of the bone slice",
    )
    precursors: int = number(
        220, "1", "dense, as plated", "assumed", low=0, high=20000, what="precursors at the start"
    )
    osteoclasts: int = number(
        0, "1", "formation is the default; mature ones for pit and survival assays", "assumed",
        low=0, high=2000, what="osteoclasts of five nuclei at the start",
    )
    mcsf_nM: float = number(
        0.5, "nM", "30 ng/mL of a 60 kDa dimer", "computed", low=0, high=100,
        what="M-CSF in the medium",
    )
    rankl_nM: float = number(
        1.5, "nM", "30-100 ng/mL saturates in culture practice", "recalled", low=0, high=1000,
        what="soluble RANKL in the medium",
    )
    tnf_nM: float = number(
        0.0, "nM", "none added", "assumed", low=0, high=100, what="TNF-alpha in the medium"
    )
    opg_nM: float = number(
        0.0, "nM", "none added", "assumed", low=0, high=1000, what="OPG in the medium"
    )
    on_precursors: float = number(
        1.0, "1", "drugs reach every cell", "assumed", low=0, high=1,
        what="share of the drugs' action in precursors",
    )
    on_osteoclasts: float = number(
        1.0, "1", "drugs reach every cell", "assumed", low=0, high=1,
        what="share of the drugs' action in osteoclasts",
    )
# fmt: on


def measure(
    scenario: Scenario, seed: int, conditions: OsteoclastCultureConditions
) -> dict[str, float]:
    """Culture the cells and count, weigh and dig.

    Returns:
        readout -> value; means over cells are NaN where no such cell is left.
    """
    c = conditions
    dish = _plated(scenario, seed, c)
    s = dish.surroundings
    precursors, osteoclasts = dish.tissues["osteoclast_precursor"], dish.tissues["osteoclast"]
    assert isinstance(precursors, PrecursorTissue)
    assert isinstance(osteoclasts, OsteoclastTissue)
    mineral = float(s.world.mineral.sum())
    placed = osteoclasts.population.n
    cell_hours = 0.0
    for _ in range(round(c.hours / s.dt_h)):
        dish.step()
        cell_hours += osteoclasts.population.n * s.dt_h
    mature = osteoclasts.population.in_state("mature")
    nuclei = osteoclasts.population.column("nuclei")
    died = s.tally.get("deaths_osteoclast", 0.0)
    ever = osteoclasts.population.n + died
    p4ebp1 = precursors.population.column("p4ebp1").astype(np.float64)
    return {
        "n_osteoclasts": float(mature.sum()),
        "n_trap": float(osteoclasts.population.n),
        "nuclei": float(nuclei.sum()),
        "fused": float((s.events.take()["event"] == "fusion").sum()),
        "nuclei_per_osteoclast": _mean(nuclei[mature]),
        "pit_area_um2": (mineral - float(s.world.mineral.sum())) * s.lattice.dx_um**2,
        "surviving_share": osteoclasts.population.n / ever if ever else math.nan,
        "mean_survival_h": cell_hours / placed if placed else math.nan,
        "n_precursors": float(precursors.population.n),
        "s6k": _mean(precursors.population.column("s6k")),
        "s6k_osteoclast": _mean(osteoclasts.population.column("s6k")),
        "lip": _mean(np.array([lip_share(x) for x in p4ebp1])),
        "mafb": _mean(np.array([(1.0 - precursors.rates.lip_knock_in) * mafb(x) for x in p4ebp1])),
    }


def _plated(scenario: Scenario, seed: int, c: OsteoclastCultureConditions) -> Dish:
    """The slice with its cells in the medium."""
    dx_um: float = scenario.groups["geometry"].dx_um  # type: ignore[attr-defined]
    nx = max(10, round(c.slice_mm * 1000.0 / dx_um))
    bone = np.zeros((nx, SLICE_ROWS + MEDIUM_ROWS), dtype=bool)
    bone[:, :SLICE_ROWS] = True
    share = {"osteoclast_precursor": c.on_precursors, "osteoclast": c.on_osteoclasts}
    dish = Dish(
        scenario, seed, nx, bone.shape[1],
        medium={"mcsf": c.mcsf_nM, "rankl": c.rankl_nM, "tnf": c.tnf_nM, "opg": c.opg_nM},
        drugs_nM=drugs_nM(c), tissues=("osteoclast_precursor", "osteoclast"), bone_mask=bone,
        shares=dict.fromkeys(DRUGS, share),
    )  # fmt: skip
    if c.osteoclasts:
        spots = np.arange(SPACING // 2, nx, SPACING)[: c.osteoclasts]
        sites = np.array([dish.lattice.site(int(x), SLICE_ROWS) for x in spots])
        rows = dish.place("osteoclast", sites, state="mature", nuclei=5.0)
        cells = dish.tissues["osteoclast"].population
        rates = dish.tissues["osteoclast"].rates
        cells.column("life_left_h")[rows] = lifespans(cells.column("uid")[rows], rates, seed)
    if c.precursors:
        dish.place("osteoclast_precursor", dish.free_sites(c.precursors))
    return dish


def _mean(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64)) if len(values) else math.nan


OSTEOCLAST_CULTURE = Bench(
    key="osteoclasts",
    label="osteoclast culture on a slice of bone",
    conditions=OsteoclastCultureConditions,
    readouts={
        "n_osteoclasts": Readout("1", "N.Oc: TRAP+ multinucleate osteoclasts at the end"),
        "n_trap": Readout("1", "TRAP+ cells on bone, mononuclear ones too"),
        "nuclei": Readout("1", "nuclei in the osteoclasts alive at the end"),
        "fused": Readout("1", "precursors that fused into osteoclasts, those that died too"),
        "nuclei_per_osteoclast": Readout("1", "nuclei of a multinucleate osteoclast"),
        "pit_area_um2": Readout("um2", "bone resorbed, in the section"),
        "surviving_share": Readout("1", "osteoclasts alive over all there ever were"),
        "mean_survival_h": Readout("h", "mean time alive of the osteoclasts put in, until the end"),
        "n_precursors": Readout("1", "precursors left"),
        "s6k": Readout("1", "S6K of precursors"),
        "s6k_osteoclast": Readout("1", "S6K of osteoclasts"),
        "lip": Readout("1", "LIP share of the C/EBP-beta of precursors"),
        "mafb": Readout("1", "MafB of precursors: what is not LIP, 0 without LAP"),
    },
    measure=measure,
)
