"""The whole cascade in one run, each step counted apart from the others.

A primary tumour sheds cells into blood; they die there or arrive in the marrow, grow, call vessels
and osteoclasts. Each readout is a rate per what entered its step, so that an earlier step changes a
later one as little as can be.
"""

import math
from collections import Counter
from typing import Any

import numpy as np

from ..marrow import BONE, NO_VESSEL
from ..model import MarrowModel
from ..parameters import Group, number
from ..readouts import count_events
from ..scenario import Scenario
from .bench import Bench, Readout


# fmt: off
class CascadeConditions(Group):
    """What is added to a scenario so that every step has cells to act on."""

    none_stands_for: float = number(
        0.5, "1", "half a cell where the count is 0, the usual correction", "assumed", low=0,
        high=1, what="count that stands for none, so that logarithms exist",
    )
# fmt: on


def measure(scenario: Scenario, seed: int, conditions: CascadeConditions) -> dict[str, float]:
    """Run the marrow with its primary to the end.

    Returns:
        readout -> value. A rate of a step that no cell entered is NaN.
    """
    model = MarrowModel(scenario, seed)
    s = model.surroundings
    tumour, blood = s.tissues["tumour"].population, s.tissues["circulating"].population
    vessels_before = int((s.world.vessel != NO_VESSEL).sum())
    founders = tumour.column("uid").copy()
    events: Counter[tuple[str, str]] = Counter()
    tally: Counter[str] = Counter()
    hours_in_blood = hours_in_marrow = hours_dormant = 0.0
    for _ in range(scenario.run.n_steps):
        hours_in_blood += blood.n * s.dt_h
        hours_in_marrow += tumour.n * s.dt_h
        hours_dormant += float(tumour.in_state("dormant").sum()) * s.dt_h
        model.step()
        count_events(events, model.take_events())
        for name, amount in s.tally.items():
            tally[name] += round(amount)
        s.tally.clear()
    none, days, area = conditions.none_stands_for, scenario.run.days, s.lattice.area_mm2

    def log10(count: float) -> float:
        return math.log10(max(count, none))

    def per(count: float, of: float) -> float:
        return count / of if of > 0.0 else math.nan

    shed, arrivals = tally["shed"], tally["arrivals"]
    bone_sites = int((s.world.ground == BONE).sum())
    clones = tumour.column("clone")
    seeded = int((~np.isin(clones, founders)).sum())
    vessel_sites = int((s.world.vessel != NO_VESSEL).sum())
    return {
        "shed_per_d": shed / days,
        "log10_shed": log10(shed),
        "life_in_blood_h": per(hours_in_blood, shed),
        "arrivals": float(arrivals),
        "log10_arrivals": log10(arrivals),
        "arrivals_per_100_h_in_blood": per(100.0 * arrivals, hours_in_blood),
        "arrived_share": per(arrivals, shed),
        "divisions_per_d": per(24.0 * events["division", "tumour"], hours_in_marrow),
        "dormant_share": per(hours_dormant, hours_in_marrow),
        "wakings_per_d": per(24.0 * events["dormancy_out", "tumour"], hours_dormant),
        "sprouts_per_d_per_mm2": events["sprout", "endothelial"] / days / area,
        "vessel_growth_percent": 100.0 * (vessel_sites / max(vessels_before, 1) - 1.0),
        "resorbed_um2_per_d": tally["resorbed_sites"] * s.lattice.dx_um**2 / days,
        "burden_mm2": tumour.n * s.lattice.site_area_mm2,
        "log10_burden": log10(tumour.n),
        "seeded_cells": float(seeded),
        "log10_seeded": log10(seeded),
        "emt_in_marrow": float(tumour.column("emt").mean()) if tumour.n else math.nan,
        "bone_lost_percent": 100.0 * (1.0 - bone_sites / max(model.bone_sites_at_start, 1)),
    }


def _defaults(mode: str) -> dict[str, Any]:
    """A primary that sheds, and a lesion on its way, so that late steps have cells to act on."""
    if mode == "quick":
        return {
            "geometry.nx": 90, "geometry.ny": 90, "run.days": 10.0, "inoculum.cells": 300,
            "inoculum.clusters": 1, "body.primary_cells": 1e8, "primary.length_sites": 40,
            "primary.settle_days": 12.0,
        }  # fmt: skip
    return {
        "geometry.nx": 120, "geometry.ny": 120, "run.days": 14.0, "inoculum.cells": 300,
        "inoculum.clusters": 1, "body.primary_cells": 1e8,
    }  # fmt: skip


CASCADE = Bench(
    key="cascade",
    label="the whole cascade from the primary to the lesion",
    conditions=CascadeConditions,
    readouts={
        "shed_per_d": Readout("1/d", "detachment: cells shed into blood that are followed"),
        "log10_shed": Readout("1", "logarithm of the cells shed"),
        "life_in_blood_h": Readout("h", "survival: hours in blood per cell shed"),
        "arrivals": Readout("1", "cells that entered the marrow"),
        "log10_arrivals": Readout("1", "logarithm of the cells that entered the marrow"),
        "arrivals_per_100_h_in_blood": Readout("1", "arrival: entries per 100 hours in blood"),
        "arrived_share": Readout("1", "share of shed cells that entered the marrow"),
        "divisions_per_d": Readout("1/d", "growth: divisions per tumour cell and day"),
        "dormant_share": Readout("1", "share of tumour cell hours spent dormant"),
        "wakings_per_d": Readout("1/d", "ends of dormancy per dormant cell and day"),
        "sprouts_per_d_per_mm2": Readout("1/(d mm2)", "angiogenesis: new sprouts"),
        "vessel_growth_percent": Readout("%", "angiogenesis: vessel sites gained"),
        "resorbed_um2_per_d": Readout("um2/d", "osteolysis: bone resorbed"),
        "bone_lost_percent": Readout("%", "bone lost"),
        "burden_mm2": Readout("mm2", "tumour area in the marrow at the end"),
        "log10_burden": Readout("1", "logarithm of the tumour cells in the marrow at the end"),
        "seeded_cells": Readout("1", "tumour cells in the marrow at the end that came by blood"),
        "log10_seeded": Readout("1", "logarithm of the tumour cells that came by blood"),
        "emt_in_marrow": Readout("1", "EMT score of tumour cells in the marrow at the end"),
    },
    measure=measure,
    defaults=_defaults,
)
