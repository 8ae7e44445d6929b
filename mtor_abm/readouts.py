"""From a time series to the readouts of a run: the list is declared here, once.

A column of the time series names the statistics that make sense for it (`Column.summary`); each
gives one readout, `<column>_<statistic>`. Events are counted by kind and cell type:
`events_<event>_<cell_type>`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

EVENTS_PREFIX = "events_"
TIME_TO = "days_to_"  # of `compare`: a column and, after it, the threshold that is reached
PROGRESSION = 1.44  # 20 % in diameter over the nadir, squared (RECIST 1.1 [recalled])


@dataclass(frozen=True)
class Statistic:
    """One way to condense a column.

    Attributes:
        unit: pattern of the readout's unit; {} stands for the unit of the column.
        meaning: one phrase for the data dictionary.
        compute: (time_d, values), both of shape (n,) and n >= 1, -> float; NaN if undefined.
        compared: whether `compare` estimates an effect on it.
    """

    unit: str
    meaning: str
    compute: Callable[[np.ndarray, np.ndarray], float]
    compared: bool = True


def area_under_curve(time_d: np.ndarray, values: np.ndarray) -> float:
    """Trapezoid integral over days."""
    return float(np.trapezoid(values, time_d))


def time_average(time_d: np.ndarray, values: np.ndarray) -> float:
    """Mean over time; the value itself where no time has passed."""
    span = float(time_d[-1] - time_d[0])
    return area_under_curve(time_d, values) / span if span > 0.0 else float(values[-1])


def interval_average(time_d: np.ndarray, values: np.ndarray) -> float:
    """Mean over time of what is given per interval: each value weighs the time since the last row.

    Intervals without a value (NaN) are left out; NaN if none has one.
    """
    lasted = np.diff(time_d, prepend=time_d[0])
    known = ~np.isnan(values) & (lasted > 0.0)
    return float(np.average(values[known], weights=lasted[known])) if known.any() else float("nan")


def change_percent(time_d: np.ndarray, values: np.ndarray) -> float:
    """Last value against the first, in per cent of the first; NaN if the first is 0."""
    if values[0] == 0.0:
        return float("nan")
    return float(100.0 * (values[-1] - values[0]) / values[0])


def growth_per_d(time_d: np.ndarray, values: np.ndarray) -> float:
    """Slope of ln(value) against days by least squares, over the times with a value above 0.

    NaN with fewer than 3 such times.
    """
    grown = values > 0.0
    if np.count_nonzero(grown) < 3:
        return float("nan")
    t = time_d[grown] - time_d[grown].mean()
    log_value = np.log(values[grown])
    return float(t @ (log_value - log_value.mean()) / (t @ t))


def doubling_d(time_d: np.ndarray, values: np.ndarray) -> float:
    """Days to double at the mean growth rate; NaN if it does not grow."""
    rate = growth_per_d(time_d, values)
    return float(np.log(2.0) / rate) if rate > 0.0 else float("nan")


def first_crossing(time: np.ndarray, values: np.ndarray, threshold: float) -> float:
    """First time at which a series reaches a threshold from below; NaN if it never does.

    Linear between rows; rows with NaN are left out. A series that starts there has crossed at its
    first time.
    """
    known = ~np.isnan(values)
    time, values = time[known], values[known]
    reached = np.flatnonzero(values >= threshold)
    if reached.size == 0:
        return float("nan")
    i = int(reached[0])
    if i == 0:
        return float(time[0])
    share = (threshold - values[i - 1]) / (values[i] - values[i - 1])
    return float(time[i - 1] + share * (time[i] - time[i - 1]))


def progression_free_d(time_d: np.ndarray, values: np.ndarray) -> float:
    """Days until the value is PROGRESSION times its lowest so far; NaN if it never is."""
    lowest = np.minimum.accumulate(values)
    grown = np.full(len(values), np.inf)  # anything after nothing is a new lesion
    np.divide(values, lowest, out=grown, where=lowest > 0.0)
    grown[values <= 0.0] = 1.0
    return first_crossing(time_d, grown, PROGRESSION)


def progressed(time_d: np.ndarray, values: np.ndarray) -> float:
    """1 if there was progression by the last time, else 0."""
    return float(not np.isnan(progression_free_d(time_d, values)))


STATISTICS: dict[str, Statistic] = {
    "final": Statistic("{}", "value at the end", lambda _, v: float(v[-1])),
    "mean": Statistic("{}", "mean over time", time_average),
    "max": Statistic("{}", "highest value", lambda _, v: float(v.max())),
    "min": Statistic("{}", "lowest value", lambda _, v: float(v.min())),
    "sum": Statistic("{}", "sum over the rows", lambda _, v: float(v.sum())),
    "auc": Statistic("{} d", "area under the curve", area_under_curve),
    "change_percent": Statistic("%", "change from the first to the last value", change_percent),
    "growth_per_d": Statistic("1/d", "growth rate of the logarithm", growth_per_d),
    "progressed": Statistic("1", f"1 if ever {PROGRESSION:g} times its low", progressed),
    # Not compared: undefined without an event
    "progression_free_d": Statistic(
        "d", f"time until {PROGRESSION:g} times its low", progression_free_d, compared=False
    ),
    # Not compared: undefined without growth, so the pairs that shrank would silently drop out.
    "doubling_d": Statistic("d", "doubling time at that rate", doubling_d, compared=False),
}


def summarise(
    columns: Mapping[str, Any],
    time_d: np.ndarray,
    series: Mapping[str, np.ndarray],
    events: Mapping[tuple[str, str], int],
) -> dict[str, list[Any]]:
    """The tidy table readout, unit, value of one run.

    Args:
        columns: `observe.COLUMNS`: name -> column with `unit`, `summary` and, for what is counted
            since the last row, `since_last`.
        time_d: shape (n,), days since the start.
        series: name -> shape (n,); NaN rows of a column are left out.
        events: (event, cell_type) -> count.
    """
    table: dict[str, list[Any]] = {"readout": [], "unit": [], "value": []}

    def add(readout: str, unit: str, value: float) -> None:
        table["readout"].append(readout)
        table["unit"].append(unit)
        table["value"].append(value)

    for name, column in columns.items():
        for statistic_name in column.summary:
            statistic = STATISTICS[statistic_name]
            values = np.asarray(series[name], dtype=np.float64)
            known = ~np.isnan(values)
            if statistic_name == "mean" and getattr(column, "since_last", False):
                value = interval_average(time_d, values)
            elif known.any():
                value = statistic.compute(time_d[known], values[known])
            else:
                value = float("nan")
            add(f"{name}_{statistic_name}", statistic.unit.format(column.unit).strip(), value)
    for (event, cell_type), count in sorted(events.items()):
        add(f"{EVENTS_PREFIX}{event}_{cell_type}".rstrip("_"), "1", float(count))
    return table


def count_events(counts: Counter[tuple[str, str]], chunk: Mapping[str, Iterable[Any]]) -> None:
    """Add a chunk of events (columns `event` and `cell_type`) to the counts."""
    counts.update(zip(map(str, chunk["event"]), map(str, chunk["cell_type"]), strict=True))


def is_compared(readout: str) -> bool:
    """Whether `compare` estimates an effect on this readout."""
    return not any(readout.endswith("_" + name) for name, s in STATISTICS.items() if not s.compared)


def compared_readouts(columns: Mapping[str, Any]) -> list[str]:
    """Readouts of these columns on which `compare` estimates an effect; events come on top."""
    return [
        f"{name}_{statistic}"
        for name, column in columns.items()
        for statistic in column.summary
        if STATISTICS[statistic].compared
    ]
