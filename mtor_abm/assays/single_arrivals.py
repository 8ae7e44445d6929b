"""Single cells that have just left the blood, and what becomes of each.

A marrow without tumour into which cells are put one by one beside sinusoids, as they arrive; at the
end each founder is lost, alone, resting or the mother of a growing colony.
"""

from typing import Any

import numpy as np

from ..marrow import STABLE, is_free
from ..model import MarrowModel
from ..observe import LESION_CELLS
from ..parameters import Group, number
from ..scenario import Scenario
from .bench import Bench, Readout

FIRST_UID = 150_000_000  # above the founders of a run, which are type and place


# fmt: off
class ArrivalConditions(Group):
    """How many cells arrive."""

    n_cells: int = number(
        40, "1", "sparse: one in ten lies within 50 um of another", "assumed", low=1, high=10_000,
        what="single cells put beside sinusoids at the start",
    )
# fmt: on


def measure(scenario: Scenario, seed: int, conditions: ArrivalConditions) -> dict[str, float]:
    """Put the cells in, run to the end and count the fate of each.

    Returns:
        shares of the founders: `growing` (a colony of at least LESION_CELLS cells descends from
        it), `small` (2 to LESION_CELLS - 1), `solitary` (one cell), `lost` (none); and of those
        that live, `dormant`: all cells dormant.
    """
    model = MarrowModel(scenario.changed({"inoculum.cells": 0}), seed)
    tissue = model.tissues["tumour"]
    sites = beside_sinusoids(model, conditions.n_cells, seed)
    uids = FIRST_UID + np.arange(len(sites))
    tissue.population.add(uid=uids, site=sites, emt=0.3, pthrp=1.0)
    model.surroundings.world.occupant[sites] = tissue.kind.code
    for _ in range(scenario.run.n_steps):
        model.step()
    clones, sizes = np.unique(tissue.population.column("clone"), return_counts=True)
    resting = tissue.population.in_state("dormant")
    asleep = {
        clone: bool(resting[tissue.population.column("clone") == clone].all()) for clone in clones
    }
    n = max(len(sites), 1)
    return {
        "growing": float((sizes >= LESION_CELLS).sum() / n),
        "small": float(((sizes > 1) & (sizes < LESION_CELLS)).sum() / n),
        "solitary": float((sizes == 1).sum() / n),
        "lost": 1.0 - len(clones) / n,
        "dormant": float(sum(asleep.values()) / n),
        "n_founders": float(len(sites)),
    }


def beside_sinusoids(model: Any, wanted: int, seed: int) -> np.ndarray:
    """Free sites beside stable vessels, drawn without replacement, rising; (n,) int64."""
    s = model.surroundings
    world = s.world
    vessel = np.flatnonzero(world.vessel == STABLE)
    room = np.unique(vessel[:, None] + world.near)
    room = np.array([site for site in room if is_free(site, world)], dtype=np.int64)
    rng = np.random.default_rng((seed, 21))
    return np.sort(rng.choice(room, min(wanted, len(room)), replace=False))


def _defaults(mode: str) -> dict[str, Any]:
    side, days = (160, 21.0) if mode == "quick" else (200, 28.0)
    return {"geometry.nx": side, "geometry.ny": side, "run.days": days}


SINGLE_ARRIVALS = Bench(
    key="single_arrivals",
    label="single cells beside sinusoids, and their fate",
    conditions=ArrivalConditions,
    readouts={
        "growing": Readout("1", f"share of arrivals with a colony of {LESION_CELLS} cells or more"),
        "small": Readout("1", f"share with 2 to {LESION_CELLS - 1} descendants"),
        "solitary": Readout("1", "share that is one cell still"),
        "lost": Readout("1", "share without a living descendant"),
        "dormant": Readout("1", "share of arrivals that live and are all dormant"),
        "n_founders": Readout("1", "cells put in"),
    },
    measure=measure,
    defaults=_defaults,
)
