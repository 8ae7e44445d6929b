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


STATISTICS: dict[str, Statistic] = {
    "final": Statistic("{}", "value at the end", lambda _, v: float(v[-1])),
    "mean": Statistic("{}", "mean over time", time_average),
    "max": Statistic("{}", "highest value", lambda _, v: float(v.max())),
    "min": Statistic("{}", "lowest value", lambda _, v: float(v.min())),
    "sum": Statistic("{}", "sum over the rows", lambda _, v: float(v.sum())),
    "auc": Statistic("{} d", "area under the curve", area_under_curve),
    "change_percent": Statistic("%", "change from the first to the last value", change_percent),
    "growth_per_d": Statistic("1/d", "growth rate of the logarithm", growth_per_d),
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
        columns: `observe.COLUMNS`: name -> column with `unit` and `summary`.
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
            value = statistic.compute(time_d[known], values[known]) if known.any() else float("nan")
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
