"""When an arm is given its drugs, read from the parameters of its runs alone.

A drug of the user's own need not be known on the machine that draws the picture, so nothing here
looks a drug up.
"""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from ..dosing import MOST_DOSES, doses_within
from ..schedule import Schedule

HOURS_PER_DAY = 24.0


@dataclass(frozen=True)
class Doses:
    """One drug of one arm.

    Attributes:
        drug: its name in the scenario.
        schedule: as the scenario gives it.
        days: of each dose, d, rising; all before the end of the run.
    """

    drug: str
    schedule: Schedule
    days: np.ndarray

    @property
    def span_d(self) -> tuple[float, float]:
        """First dose, and one interval after the last (a single dose: its own day twice), d."""
        interval = (self.schedule.every_h or 0.0) / HOURS_PER_DAY
        return float(self.days[0]), float(self.days[-1]) + interval


def doses_of(parameters: Mapping[str, Any]) -> list[Doses]:
    """The drugs that a run is given; one whose entry cannot be read is left out.

    Args:
        parameters: of a manifest.
    """
    found = []
    drugs = parameters.get("drugs")
    end = _days(parameters)
    for drug, given in drugs.items() if isinstance(drugs, Mapping) else ():
        with contextlib.suppress(ValidationError, TypeError, ValueError):
            schedule = Schedule.model_validate(given)
            days = _dose_days(schedule, end)
            if days.size:
                found.append(Doses(str(drug), schedule, days))
    return found


def _dose_days(schedule: Schedule, end: float) -> np.ndarray:
    """Days of the doses before the end of the run and before the stop."""
    stop = min(end, math.inf if schedule.stop_day is None else schedule.stop_day)
    if not schedule.start_day < stop:
        return np.empty(0)
    if schedule.every_h is None:
        return np.array([schedule.start_day])
    step = schedule.every_h / HOURS_PER_DAY
    n = min(MOST_DOSES, doses_within(schedule.start_day, stop, schedule.every_h))
    return schedule.start_day + step * np.arange(n)


def _days(parameters: Mapping[str, Any]) -> float:
    run = parameters.get("run")
    days = run.get("days") if isinstance(run, Mapping) else None
    return float(days) if isinstance(days, int | float) and math.isfinite(days) else 0.0
