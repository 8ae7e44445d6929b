"""A calibration target: what was observed, and where the model's number for it comes from.

A target has one or more points. A point that gives a value with an error is judged by z, which
divides by the published error and the standard error of the simulated mean; one that gives a
direction or a range by whether the model's mean lies in the range.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..analysis.statistics import mean_interval
from ..scenario import Scenario


class Source(Protocol):
    """Where the values of a point come from: runs of the marrow, or seeds for small experiments."""

    seeds: Sequence[int]

    def course(self, arm: str) -> "Course":
        """The time series of an arm, by seed."""


@dataclass(frozen=True)
class Course:
    """Time series of one arm.

    Attributes:
        time_d: shape (n_rows,), days.
        columns: name -> shape (n_seeds, n_rows), seeds in the order of the source.
        events: name `event_celltype` -> shape (n_seeds,), how often it happened.
        sites: name -> one array a seed, layers of the last snapshot of fields; {} without one.
    """

    time_d: np.ndarray
    columns: dict[str, np.ndarray]
    events: dict[str, np.ndarray]
    sites: dict[str, list[np.ndarray]]

    def at(self, column: str, day: float) -> np.ndarray:
        """Value of a column on a day, one a seed, linear between rows."""
        return np.array([np.interp(day, self.time_d, row) for row in self.columns[column]])

    def relative(self, column: str, day: float) -> np.ndarray:
        """Value on a day over the value at the start, one a seed."""
        return self.at(column, day) / self.columns[column][:, 0]


#: From the source of a point to its values, one a seed.
type Simulate = Callable[[Source], np.ndarray]


@dataclass(frozen=True)
class Arm:
    """One scenario that targets share.

    Attributes:
        base: scenario file.
        changes: values to change in it.
        quick: further changes for a quick look.
    """

    base: str
    changes: dict[str, object]
    quick: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """One observed number and the model's counterpart.

    Attributes:
        label: what it is.
        unit: "1" for a pure number.
        simulate: source -> one value a seed.
        value: observed, or None where only a range or a direction is known.
        error: standard error or deviation of it, as published; None if none is given.
        limits: range that agrees, for a point without a value.
        ratio: judge the logarithm; `error` is then that of the natural logarithm.
        note: what `error` or `limits` is.
    """

    label: str
    unit: str
    simulate: Simulate
    value: float | None = None
    error: float | None = None
    limits: tuple[float, float] | None = None
    ratio: bool = False
    note: str = ""


@dataclass(frozen=True)
class Target:
    """One row of the table of calibration targets.

    Attributes:
        id: row in evidence/calibration_targets.csv.
        arms: names of the runs it reads; none for small experiments.
        points: see Point.
        note: how the model's experiment differs from the published one.
    """

    id: str
    points: tuple[Point, ...]
    arms: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """A point judged.

    Attributes:
        mean, low, high: simulated, with the 95 % interval of the mean over seeds.
        spread: standard deviation over seeds (of the logarithm for a ratio).
        z: (simulated - observed) / sqrt(error^2 + spread^2 / n), with the error of the observed
            value and the standard error of the simulated mean: how much the seeds scatter makes
            agreement no easier than it makes the mean uncertain. NaN without a published error.
            For a point judged by finite limits they lie at |z| = 2.
        agrees: |z| at most 2, or the simulated mean within the limits; None if neither is known.
        n: seeds with a value.
    """

    point: Point
    mean: float
    low: float
    high: float
    spread: float
    z: float
    agrees: bool | None
    n: int


AGREE_Z = 2.0


def judge(point: Point, values: np.ndarray) -> Verdict:
    """Compare simulated values, one a seed, with what was observed; NaN values are left out."""
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    scaled = np.log(np.maximum(values, 1e-300)) if point.ratio else values
    mean, low, high = mean_interval(scaled)
    spread = float(scaled.std(ddof=1)) if scaled.size > 1 else float("nan")
    z = float("nan")
    agrees: bool | None = None
    if point.value is not None:
        observed = math.log(point.value) if point.ratio else point.value
        if point.error and scaled.size:
            of_mean = spread / math.sqrt(scaled.size) if scaled.size > 1 else 0.0
            z = (mean - observed) / math.hypot(point.error, of_mean)
            agrees = abs(z) <= AGREE_Z
    elif point.limits is not None and scaled.size:
        low_limit, high_limit = point.limits
        middle, half = (low_limit + high_limit) / 2.0, (high_limit - low_limit) / 2.0
        simulated = float(values.mean())
        agrees = low_limit <= simulated <= high_limit
        if math.isfinite(half) and half > 0.0:  # the limits are where |z| is AGREE_Z
            z = AGREE_Z * (simulated - middle) / half
    if point.ratio:
        mean, low, high = (float(np.exp(x)) for x in (mean, low, high))
    return Verdict(point, mean, low, high, spread, z, agrees, int(values.size))


def scenario_of(name: str, arm: Arm, quick: bool) -> Scenario:
    """The scenario of an arm under its own name."""
    from ..scenario_files import load

    changes = {"output.events": False, **arm.changes, **(arm.quick if quick else {}), "name": name}
    return load(arm.base).changed(changes)
