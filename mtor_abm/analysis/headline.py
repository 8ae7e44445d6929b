"""The headline effects of rapamycin: a small marrow, with and without the drug, paired by seed.

The audit for artefacts and the sensitivity screen ask what these four effects rest on, so they must
mean the same effects and the same marrow.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model import MarrowModel
from ..observe import COLUMNS, Observer
from ..readouts import summarise
from ..scenario import Scenario
from ..scenario_files import load

CONTROL, TREATED = "vehicle", "rapamycin"  # scenarios

# The marrow is large enough to hold two tumours, trabeculae and vessels between them, and small
# enough for thousands of runs; tumours start at 30 cells so that two weeks bring all four effects.
SMALL: Mapping[str, Any] = {
    "geometry.nx": 72,
    "geometry.ny": 72,
    "inoculum.cells": 60,
    "inoculum.clusters": 2,
    "run.days": 14.0,
    "output.every_h": 24.0,
}


@dataclass(frozen=True)
class Headline:
    """One effect of the drug.

    Attributes:
        key: its name in tables.
        label: a phrase for people.
        unit: of the effect.
        readout: readout of a run (`readouts.summarise`) that both arms give.
        sign: direction that the shipped scenario expects, +1 or -1.
        floor: if above 0, the effect is ln((treated + floor) / (control + floor)), in the unit of
            the readout; else treated - control.
    """

    key: str
    label: str
    unit: str
    readout: str
    sign: int
    floor: float = 0.0

    def effect(self, control: Mapping[str, float], treated: Mapping[str, float]) -> float:
        """The effect, from the readouts of the two arms."""
        a, b = control[self.readout], treated[self.readout]
        return math.log((b + self.floor) / (a + self.floor)) if self.floor > 0.0 else b - a


HEADLINES = (
    # The floors are one site: its area, and a length of vessel of one site in the small marrow.
    Headline("tumour_area", "tumour area, ln of the ratio", "1", "tumour_area_mm2_final", -1, 1e-4),
    Headline("bv_tv", "change of BV/TV, difference", "%", "bv_tv_change_percent", +1),
    Headline(
        "vessels", "vessel length density, ln of the ratio", "1", "vessel_length_mm_per_mm2_final",
        -1, 0.02,
    ),
    Headline(
        "osteoclasts", "mean N.Oc/B.Pm, difference", "1/mm", "n_oc_per_b_pm_per_mm_mean", -1
    ),
)  # fmt: skip


def arm(name: str, changes: Mapping[str, Any] | None = None) -> Scenario:
    """A shipped scenario in the small marrow, with further changes (`Scenario.changed`).

    What is said of drugs holds in the treated arm only.
    """
    given = changes or {}
    mine = {k: v for k, v in given.items() if name == TREATED or not k.startswith("drugs.")}
    return load(name).changed({**SMALL, **mine})


def follow(
    model: MarrowModel, before_step: Callable[[MarrowModel], None] | None = None
) -> dict[str, float]:
    """Run a model to the end of its scenario, in memory.

    Args:
        model: at hour 0.
        before_step: called before each step.

    Returns:
        Readouts as in summary.csv, name -> value.
    """
    run, output = model.settings.run, model.settings.output
    every = round(output.every_h / run.step_h)
    observer = Observer()
    rows = [observer.row(model)]
    for step in range(1, run.n_steps + 1):
        if before_step is not None:
            before_step(model)
        model.step()
        model.take_events()
        if step % every == 0 or step == run.n_steps:
            rows.append(observer.row(model))
    series = {name: np.array([r[name] for r in rows]) for name in COLUMNS}
    table = summarise(COLUMNS, series["time_d"], series, {})
    return dict(zip(table["readout"], table["value"], strict=True))


def effects(control: Mapping[str, float], treated: Mapping[str, float]) -> dict[str, float]:
    """All headline effects of one pair of runs."""
    return {headline.key: headline.effect(control, treated) for headline in HEADLINES}


def fresh_luck(model: MarrowModel, key: int) -> MarrowModel:
    """The same marrow at its start, with other luck from now on; key 0 leaves it as it is."""
    if key:
        model.surroundings.seed = (model.surroundings.seed + key * 0x9E3779B1) % 2**53
    return model
