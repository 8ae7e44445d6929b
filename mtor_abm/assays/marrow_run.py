"""The whole marrow as a bench: one run, and the readouts of its summary."""

import math
from collections import Counter
from typing import Any

import numpy as np
from pydantic import Field

from .. import observe
from ..model import MarrowModel
from ..observe import COLUMNS
from ..parameters import Group, number
from ..readouts import STATISTICS, count_events, first_crossing, summarise
from ..run_settings import Days
from ..scenario import Scenario
from .bench import Bench, Readout


# fmt: off
class MarrowConditions(Group):
    """What to read from a run besides its summary."""

    at_days: Days = Field(
        default=(), description="days at which every column is read: bv_tv_day14 and so on"
    )
    burden_mm2: float = number(
        0.1, "mm2", "lesion of the review's S0-1", "assumed", low=1e-4, high=100,
        what="tumour area that counts as a lesion grown out, for time_to_burden_d",
    )
# fmt: on


def measure(scenario: Scenario, seed: int, conditions: MarrowConditions) -> dict[str, float]:
    """Run the marrow to its end and condense it.

    Returns:
        readout -> value: those of a run's summary.csv (`readouts.summarise`), `COLUMN_dayN` for
        each day asked for, `time_to_burden_d` (the end of the run where it is not reached), and
        where dormant cells lie at the end.
    """
    model = MarrowModel(scenario, seed)
    every = max(1, round(scenario.output.every_h / scenario.run.step_h))
    n_steps = scenario.run.n_steps
    look_at = {round(day * 24.0 / scenario.run.step_h): day for day in conditions.at_days}
    observer = observe.Observer()
    counts: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, float]] = []
    seen: dict[float, dict[str, float]] = {}
    for step in range(n_steps + 1):
        if step:
            model.step()
        count_events(counts, model.take_events())
        if step % every == 0 or step == n_steps or step in look_at:
            rows.append(observer.row(model))
        if step in look_at:
            seen[look_at[step]] = rows[-1]
    series = {name: np.array([row[name] for row in rows]) for name in COLUMNS}
    table = summarise(COLUMNS, series["time_d"], series, counts)
    values = dict(zip(table["readout"], map(float, table["value"]), strict=True))
    for day, row in seen.items():
        values |= {f"{name}_day{day:g}": float(row[name]) for name in COLUMNS}
    crossed = first_crossing(series["time_d"], series["tumour_area_mm2"], conditions.burden_mm2)
    reached = not np.isnan(crossed)
    values["time_to_burden_d"] = crossed if reached else scenario.run.days
    values["reached_burden"] = float(reached)
    return values | _places_of_dormancy(model)


def _places_of_dormancy(model: MarrowModel) -> dict[str, float]:
    """Where dormant tumour cells lie at the end beside those that cycle; NaN where there are none.

    Beside a vessel is a gap of 0, any vessel, as in the column `dormant_gap_um`.
    """
    look = observe.Look(model)
    cells = look.cells("tumour")
    site, dormant = cells.column("site"), cells.in_state("dormant")
    beside = look.gap_um[site] == 0.0
    shares = [float(dormant[w].mean()) if w.any() else math.nan for w in (beside, ~beside)]
    return {
        "dormant_nearer_than_cycling_um": look.gap_of(site[cells.in_state("cycling")])
        - look.gap_of(site[dormant]),
        "dormant_excess_at_vessel": shares[0] - shares[1],
    }


def _readouts() -> dict[str, Readout]:
    found = {
        f"{name}_{statistic}": Readout(
            STATISTICS[statistic].unit.format(column.unit).strip(),
            f"{column.meaning}: {STATISTICS[statistic].meaning}",
        )
        for name, column in COLUMNS.items()
        for statistic in column.summary
    }
    found["time_to_burden_d"] = Readout("d", "time to the tumour area `burden_mm2`, or the end")
    found["reached_burden"] = Readout("1", "1 if the tumour area reached `burden_mm2`")
    found["dormant_nearer_than_cycling_um"] = Readout(
        "um", "how much nearer to a vessel dormant tumour cells are than cycling ones, at the end"
    )
    found["dormant_excess_at_vessel"] = Readout(
        "1", "share of tumour cells beside a vessel that are dormant, less that share elsewhere"
    )
    return found


def _defaults(mode: str) -> dict[str, Any]:
    """A smaller marrow for a first answer; the default length either way."""
    if mode == "quick":
        return {
            "geometry.nx": 100, "geometry.ny": 100, "run.days": 16.0,
            "inoculum.cells": 12, "inoculum.clusters": 2, "output.every_h": 12.0,
        }  # fmt: skip
    return {
        "geometry.nx": 140, "geometry.ny": 140, "run.days": 28.0,
        "inoculum.cells": 24, "inoculum.clusters": 4, "output.every_h": 12.0,
    }  # fmt: skip


MARROW = Bench(
    key="marrow",
    label="the whole marrow",
    conditions=MarrowConditions,
    readouts=_readouts(),
    measure=measure,
    more=rf"({'|'.join(COLUMNS)})_day[0-9.]+|events_[a-z_]+",
    defaults=_defaults,
)
