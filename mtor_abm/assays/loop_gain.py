"""The vicious cycle, closed and cut: how many tumour cells come round through bone.

Gain is tumour area with the growth factors of bone less tumour area with none in bone, over the
area at the start: the cells that the loop adds for each cell it began with. Above 1 the loop more
than replaces what drives it.
"""

from typing import Any

from ..model import MarrowModel
from ..parameters import Group
from ..scenario import Scenario
from .bench import Bench, Readout


class LoopConditions(Group):
    """None: all is set by the scenario."""


def measure(scenario: Scenario, seed: int, conditions: LoopConditions) -> dict[str, float]:
    """Run the marrow twice, the second time with bone that stores no growth factors."""
    start, closed = _cells(scenario, seed)
    _, cut = _cells(scenario.changed({"bone.stored_share": 0.0}), seed)
    return {
        "gain": (closed - cut) / start,
        "amplification": closed / cut if cut else float("nan"),
    }


def _cells(scenario: Scenario, seed: int) -> tuple[float, float]:
    """Tumour cells at the start and at the end."""
    model = MarrowModel(scenario, seed)
    tumour = model.tissues["tumour"].population
    start = tumour.n
    for _ in range(scenario.run.n_steps):
        model.step()
    return float(max(start, 1)), float(tumour.n)


def _defaults(mode: str) -> dict[str, Any]:
    side, cells = (100, 12) if mode == "quick" else (140, 24)
    return {
        "geometry.nx": side, "geometry.ny": side, "run.days": 21.0 if mode == "quick" else 28.0,
        "inoculum.cells": cells, "inoculum.clusters": cells // 6,
    }  # fmt: skip


LOOP_GAIN = Bench(
    key="loop_gain",
    label="the vicious cycle, closed and cut at the growth factors of bone",
    conditions=LoopConditions,
    readouts={
        "gain": Readout("1", "tumour cells added by the loop for each cell at the start"),
        "amplification": Readout("1", "tumour with the loop over tumour without"),
    },
    measure=measure,
    defaults=_defaults,
)
