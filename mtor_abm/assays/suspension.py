"""Tumour cells in suspension: nothing to hold on to, in blood or in a medium as poor as blood.

Survival by the rules of circulating cells alone; there is no marrow to enter.
"""

import math

import numpy as np

from ..parameters import number
from ..scenario import Scenario
from .bench import Bench, Readout
from .dish import Dish
from .medium import DrugsInMedium, drugs_nM

LOOKS_H = (1, 2, 4, 8)


# fmt: off
class SuspensionConditions(DrugsInMedium):
    """Cells, time, and the drug they met before they came loose."""

    n_cells: int = number(
        1000, "1", "claim S1.2-1: shed 1000 cells", "assumed", low=1, high=1_000_000,
        what="cells at the start",
    )
    hours: float = number(
        12.0, "h", "several half-lives", "assumed", low=1, high=240, what="time in suspension"
    )
    pretreat_h: float = number(
        0.0, "h", "drug added as the cells come loose", "assumed", low=0, high=2000,
        what="time under the drugs while still attached, for a chronic drug",
    )
# fmt: on


def measure(scenario: Scenario, seed: int, conditions: SuspensionConditions) -> dict[str, float]:
    """Detach cells, follow them for `hours`.

    Returns:
        readout -> value. The half-life is ln 2 over deaths per cell-hour; without a death it is
        that of half a death.
    """
    settings = scenario.changed({"genes.tumour": scenario.genes["circulating"].model_dump()})
    dish = Dish(settings, seed, 32, 32, tissues=("tumour", "circulating"))
    _detach(dish, conditions)
    cells = dish.tissues["circulating"].population
    dt_h = dish.surroundings.dt_h
    alive = [cells.n]
    seen = dict.fromkeys(MEANS, 0.0)
    for _ in range(round(conditions.hours / dt_h)):
        dish.step()
        alive.append(cells.n)
        for name in MEANS:
            seen[name] += float(cells.column(name).sum(dtype=np.float64))
    start, lived_h = alive[0], sum(alive[:-1]) * dt_h
    deaths = start - alive[-1]
    # deaths happen within a step with probability 1 - exp(-rate dt): turn the share into a rate
    per_step = max(deaths, 0.5) / (lived_h / dt_h)
    rate_per_h = -math.log1p(-min(per_step, 1.0 - 1e-9)) / dt_h
    half_life_h = math.log(2.0) / rate_per_h
    counted = max(sum(alive[1:]), 1)
    found = {name: total / counted for name, total in seen.items()}
    steps = {hour: round(hour / dt_h) for hour in LOOKS_H}
    return found | {
        "half_life_h": half_life_h,
        "log2_half_life": math.log2(half_life_h),
        "energy": 1.0 - found["missing_energy"],
        "survival_final": alive[-1] / start,
    } | {
        f"survival_{hour}h": alive[step] / start if step < len(alive) else math.nan
        for hour, step in steps.items()
    }  # fmt: skip


def _detach(dish: Dish, conditions: SuspensionConditions) -> None:
    """Attached cells under the drugs for a while, then the same networks in suspension."""
    s, drugs = dish.surroundings, drugs_nM(conditions)
    attached = dish.tissues["tumour"]
    rows = dish.place("tumour", dish.free_sites(1))
    dish.dose(drugs)
    for _ in range(round(conditions.pretreat_h / s.dt_h)):
        attached.signal(s)
    detached = dish.tissues["circulating"].population
    count = conditions.n_cells
    uids = 1_000_000 + np.arange(count)
    new = detached.add(uid=uids, clone=uids, site=np.full(count, -1))
    detached.copy_signals(new, np.full(count, rows.start), attached.population)
    attached.population.remove(np.ones(attached.population.n, dtype=bool))


MEANS = {
    "akt_s473": "AKT phosphorylated at S473, mean over cells and hours",
    "foxo": "FOXO activity, mean over cells and hours",
    "autophagy": "autophagy, mean over cells and hours",
    "missing_energy": "energy missing from the store, mean over cells and hours",
}

SUSPENSION = Bench(
    key="suspension",
    label="tumour cells in suspension",
    conditions=SuspensionConditions,
    readouts={
        "half_life_h": Readout("h", "half-life of the cells"),
        "log2_half_life": Readout("1", "base-2 logarithm of the half-life in hours"),
        "survival_final": Readout("1", "share alive at the end"),
        "energy": Readout("1", "energy store, 1 is full, mean over cells and hours"),
    }
    | {f"survival_{hour}h": Readout("1", f"share alive after {hour} h") for hour in LOOKS_H}
    | {name: Readout("1", meaning) for name, meaning in MEANS.items()},
    measure=measure,
)
