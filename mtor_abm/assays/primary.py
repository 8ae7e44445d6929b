"""The rim of the primary tumour as a bench: who breaches matrix and membrane and is shed.

The strip of `primary/` from an intact membrane on, under constant levels of drug.
"""

import numpy as np

from ..assembly import gather, rim_of
from ..delivery import add_action, blank_exposure
from ..drugs import DRUGS
from ..fields import FIELDS, TGFB, VEGF, FieldState
from ..numerics.lattice import Lattice
from ..parameters import number
from ..primary import Strip
from ..primary.matrix import MATRIX, MEMBRANE, MMP9, OPEN
from ..scenario import Scenario
from ..switch_effects import after_switches
from .bench import Bench, Readout
from .medium import DrugsInMedium, drugs_nM

STRIP = ("tumour",)  # the tissue whose numbers and genes the strip takes over


# fmt: off
class PrimaryConditions(DrugsInMedium):
    """Time and drug; barriers, stroma and genes are set in [primary], [tumour] and [genes]."""

    days: float = number(
        9.0, "d", "membrane opens within days, shedding is steady after two weeks", "assumed",
        low=1, high=200, what="time from an intact membrane on, drug from the start",
    )
# fmt: on


def intact_strip(scenario: Scenario, seed: int) -> Strip:
    """A strip whose membrane and matrix are whole."""
    settings = after_switches(scenario.changed({"primary.settle_days": 0.0}))
    lattice = Lattice(8, 8, settings.groups["geometry"].dx_um)  # type: ignore[attr-defined]
    fields = FieldState(lattice, [settings.fields[f.key] for f in FIELDS])  # type: ignore[misc]
    around = gather(
        settings, lattice, fields, {name: blank_exposure(lattice) for name in STRIP}, seed, STRIP
    )
    return rim_of(settings, around)


def measure(scenario: Scenario, seed: int, conditions: PrimaryConditions) -> dict[str, float]:
    """Let the strip live for `days`.

    Returns:
        readout -> value: shed cells per day, all else as the mean of daily looks.
    """
    rim = intact_strip(scenario, seed)
    lattice = rim.surroundings.lattice
    drug = blank_exposure(lattice)
    for key, free_nM in drugs_nM(conditions).items():
        add_action(drug, DRUGS[key].action, np.float32(free_nM), 1.0)
    rim.dose(drug)
    n_days = round(conditions.days)
    looks = []
    for _ in range(n_days):
        for _ in range(round(24.0 / rim.surroundings.dt_h)):
            rim.step()
        looks.append(_look(rim))
    means = {name: float(np.mean([look[name] for look in looks])) for name in looks[0]}
    return means | {"shed_per_d_per_mm": rim.n_shed / n_days / rim.length_mm}


def _look(rim: Strip) -> dict[str, float]:
    cells, s, kind = rim.rim.population, rim.surroundings, rim.barrier.kind
    tumour = s.lattice.inside() & (kind == OPEN)

    def mean(name: str) -> float:
        return float(cells.column(name).mean(dtype=np.float64))

    def level(row: int, where: np.ndarray) -> float:
        return float(s.world.level[row][where].mean(dtype=np.float64))

    return {
        "breached_share": rim.breached_share(),
        "membrane_left": rim.left_of(MEMBRANE),
        "matrix_left": rim.left_of(MATRIX),
        "invaded_per_mm": float((kind[cells.column("site")] != OPEN).sum()) / rim.length_mm,
        "emt": mean("emt"),
        "s6k": mean("s6k"),
        "akt_s473": mean("akt_s473"),
        "akt_t308": mean("akt_t308"),
        "growth_factor": mean("growth_factor"),
        "mmp9_nM": level(MMP9, kind == MEMBRANE),
        "vegf_nM": level(VEGF, tumour),
        "tgfb_nM": level(TGFB, tumour),
    }


PRIMARY = Bench(
    key="primary",
    label="the rim of the primary tumour",
    conditions=PrimaryConditions,
    readouts={
        "shed_per_d_per_mm": Readout("1/(d mm)", "cells shed per day and millimetre of rim"),
        "breached_share": Readout("1", "share of the basement membrane that lets cells through"),
        "membrane_left": Readout("1", "share of the basement membrane not digested"),
        "matrix_left": Readout("1", "share of the matrix not digested"),
        "invaded_per_mm": Readout("1/mm", "tumour cells in membrane and matrix"),
        "emt": Readout("1", "EMT score, mean over tumour cells"),
        "s6k": Readout("1", "S6K activity, mean over tumour cells"),
        "akt_s473": Readout("1", "AKT phosphorylated at S473, mean over tumour cells"),
        "akt_t308": Readout("1", "AKT phosphorylated at T308, mean over tumour cells"),
        "growth_factor": Readout("1", "growth factor input, mean over tumour cells"),
        "mmp9_nM": Readout("nM", "MMP-9 at the membrane"),
        "vegf_nM": Readout("nM", "VEGF in the tumour"),
        "tgfb_nM": Readout("nM", "active TGF-beta in the tumour"),
    },
    measure=measure,
)
