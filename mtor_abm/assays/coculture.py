"""Co-culture: osteoclast precursors with stroma on a slice of bone, with what a tumour makes.

The tumour is there as cells among them, or only as its conditioned medium: the levels that tumour
cells reach in a dish of their own. RANKL and M-CSF of the medium hold, and stroma presents its own
RANKL by contact. The rest follows from the cells; the medium is changed every two days.
"""

import math

import numpy as np

from ..drugs import DRUGS
from ..parameters import number
from ..scenario import Scenario
from .bench import Bench, Readout
from .dish import Dish
from .medium import DrugsInMedium, drugs_nM

SLICE_ROWS = 8  # sites of bone in depth, more than a culture digs
MEDIUM_ROWS = 16  # sites above the slice where cells lie
CHANGE_H = 48  # the medium is changed every two days, as in culture practice [recalled]
CONDITIONING_H = 48  # tumour cells condition their medium for two days [recalled]
SECRETED = ("opg", "pthrp", "tnf", "tgfb", "igf1")
BONE_CELLS = ("osteoclast_precursor", "osteoclast", "osteoblast", "mesenchymal", "adipocyte")


# fmt: off
class CocultureConditions(DrugsInMedium):
    """What is in the dish. The defaults are the marrow culture of target T33 without its tumour."""

    hours: float = number(
        168.0, "h", "7 d, usual time to TRAP+ multinucleate cells", "recalled", low=1, high=2000,
        what="time in culture",
    )
    slice_mm: float = number(
        1.6, "mm", "some ten osteoclasts", "assumed", low=0.1, high=20,
        what="length of the bone slice",
    )
    precursors: int = number(
        220, "1", "as in the osteoclast culture", "assumed", low=0, high=20000, what="at the start"
    )
    mesenchymal: int = number(
        60, "1", "stroma of a marrow culture", "assumed", low=0, high=20000, what="at the start"
    )
    preosteoblasts: int = number(
        30, "1", "stroma of a marrow culture", "assumed", low=0, high=20000, what="at the start"
    )
    tumour_cells: int = number(
        0, "1", "none: the control of target T33", "assumed", low=0, high=20000,
        what="tumour cells in the dish at the start",
    )
    conditioned_share: float = number(
        0.0, "1", "none", "assumed", low=0, high=1,
        what="share of the medium that comes from a tumour culture",
    )
    mcsf_nM: float = number(
        0.1, "nM", "low, so that stroma matters", "assumed", low=0, high=100, what="M-CSF"
    )
    rankl_nM: float = number(
        0.8, "nM", "low, so that stroma matters", "assumed", low=0, high=1000,
        what="soluble RANKL in the medium",
    )
    opg_nM: float = number(
        0.0, "nM", "none added", "assumed", low=0, high=1000, what="OPG in the medium"
    )
    on_tumour: float = number(
        1.0, "1", "drugs reach every cell", "assumed", low=0, high=1,
        what="share of the drugs' action in tumour cells",
    )
    on_bone_cells: float = number(
        1.0, "1", "drugs reach every cell", "assumed", low=0, high=1,
        what="share of the drugs' action in osteoclasts, their precursors and stroma",
    )
# fmt: on


def measure(scenario: Scenario, seed: int, conditions: CocultureConditions) -> dict[str, float]:
    """Culture the cells together and count.

    Returns:
        readout -> value; levels are means over the dish at the end.
    """
    c = conditions
    base = {"mcsf": c.mcsf_nM, "rankl": c.rankl_nM, "opg": c.opg_nM}
    medium = dict(base)
    if c.conditioned_share:
        for key, level in conditioned(scenario, seed, c).items():
            medium[key] = medium.get(key, 0.0) + c.conditioned_share * level
    dish = _plated(scenario, seed, c, medium)
    s = dish.surroundings
    mineral = float(s.world.mineral.sum())
    for hour in range(round(c.hours / s.dt_h)):
        if hour and hour * s.dt_h % CHANGE_H == 0:
            for key in _changing(c):
                dish.level(key)[:] = medium.get(key, 0.0)
        dish.step()
    osteoclasts = dish.tissues["osteoclast"].population
    ever = osteoclasts.n + s.tally.get("deaths_osteoclast", 0.0)
    return {
        "n_osteoclasts": float(osteoclasts.in_state("mature").sum()),
        "n_trap": float(osteoclasts.n),
        "nuclei": float(osteoclasts.column("nuclei").sum(dtype=np.float64)),
        "fused": float((s.events.take()["event"] == "fusion").sum()),
        "pit_area_um2": (mineral - float(s.world.mineral.sum())) * s.lattice.dx_um**2,
        "surviving_share": osteoclasts.n / ever if ever else math.nan,
        "n_tumour": float(dish.tissues["tumour"].population.n),
        "rankl_presented": _mean(dish.tissues["osteoblast"].population.column("rankl")),
    } | {f"{key}_nM": _mean(dish.level(key)) for key in ("opg", "pthrp", "tnf")}


def _changing(c: CocultureConditions) -> tuple[str, ...]:
    """Fields the cells change; what comes with conditioned medium is in excess and holds."""
    held = ("pthrp",) if c.conditioned_share else ()
    return tuple(key for key in SECRETED if key not in held)


def conditioned(scenario: Scenario, seed: int, c: CocultureConditions) -> dict[str, float]:
    """Levels (nM) that a dense tumour culture reaches, by field key."""
    dish = Dish(
        scenario, seed, 20, 20, drugs_nM=drugs_nM(c), diffusing=SECRETED, tissues=("tumour",),
        shares={key: {"tumour": c.on_tumour} for key in DRUGS},
    )  # fmt: skip
    dish.place("tumour", dish.free_sites(100))
    dish.run(CONDITIONING_H)
    return {key: _mean(dish.level(key)) for key in SECRETED}


def _plated(
    scenario: Scenario, seed: int, c: CocultureConditions, medium: dict[str, float]
) -> Dish:
    """The slice with its cells in the medium."""
    dx_um: float = scenario.groups["geometry"].dx_um  # type: ignore[attr-defined]
    bone = np.zeros((max(10, round(c.slice_mm * 1000.0 / dx_um)), SLICE_ROWS + MEDIUM_ROWS), bool)
    bone[:, :SLICE_ROWS] = True
    shares = dict.fromkeys(BONE_CELLS, c.on_bone_cells) | {"tumour": c.on_tumour}
    dish = Dish(
        scenario, seed, bone.shape[0], bone.shape[1], medium=medium, drugs_nM=drugs_nM(c),
        diffusing=_changing(c), tissues=(*BONE_CELLS, "tumour"), bone_mask=bone,
        shares=dict.fromkeys(DRUGS, shares),
    )  # fmt: skip
    for name, count in (
        ("osteoclast_precursor", c.precursors), ("mesenchymal", c.mesenchymal),
        ("osteoblast", c.preosteoblasts), ("tumour", c.tumour_cells),
    ):  # fmt: skip
        if count:
            dish.place(name, dish.free_sites(count, name))
    return dish


def _mean(level: np.ndarray) -> float:
    return float(level.mean(dtype=np.float64)) if level.size else math.nan


COCULTURE = Bench(
    key="coculture",
    label="osteoclast precursors and stroma with tumour cells or their conditioned medium",
    conditions=CocultureConditions,
    readouts={
        "n_osteoclasts": Readout("1", "N.Oc: TRAP+ multinucleate osteoclasts at the end"),
        "n_trap": Readout("1", "TRAP+ cells on bone, mononuclear ones too"),
        "nuclei": Readout("1", "nuclei in the osteoclasts alive at the end"),
        "fused": Readout("1", "precursors that fused into osteoclasts, those that died too"),
        "pit_area_um2": Readout("um2", "bone resorbed less bone formed, in the section"),
        "surviving_share": Readout("1", "osteoclasts alive over all there ever were"),
        "n_tumour": Readout("1", "tumour cells at the end"),
        "rankl_presented": Readout(
            "1", "RANKL of the osteoblast lineage; 1 is an active lining cell"
        ),
        "opg_nM": Readout("nM", "OPG in the medium"),
        "pthrp_nM": Readout("nM", "PTHrP in the medium"),
        "tnf_nM": Readout("nM", "TNF-alpha in the medium"),
    },
    measure=measure,
)
