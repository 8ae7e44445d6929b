"""The effects of one treated arm: a row for each readout, from runs that are paired.

Where every value is above 0 the effect is the ratio treated / control (geometric mean over the
pairs, and so are the means of the arms), else the difference. Each row has one test, named in it,
to which interval and p belong; `endpoints` says how p is adjusted. One more row compares the time
until the tumour reaches a size.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..readouts import EVENTS_PREFIX, TIME_TO, first_crossing, is_compared
from ..store import Run
from .compare_text import SIGNED
from .endpoints import DEFAULT_PRIMARY, adjust
from .statistics import (
    PairedEffect,
    TimeToEvent,
    mean_gain,
    paired_effect,
    unpaired_over_paired_variance,
    variance_reduction,
)

TUMOUR_AREA = "tumour_area_mm2"
HOURS_PER_DAY = 24.0
SCALES = {"ratio": "log ratios", "difference": "differences"}  # what a test is made on

# name -> (unit, meaning); the data dictionary of comparison.csv.
COLUMNS: dict[str, tuple[str, str]] = {
    "control": ("", "scenario of the control arm"),
    "treated": ("", "scenario of the treated arm"),
    "readout": ("", "readout of summary.csv, or days_to_... for a time to a threshold"),
    "unit": ("", "unit of the means, the medians and of a difference"),
    "control_mean": (
        "unit",
        "mean over the paired control runs: geometric where the effect is a ratio, else "
        "arithmetic; of times: restricted mean",
    ),
    "treated_mean": ("unit", "the same of the treated runs"),
    "effect": ("", "ratio (treated/control) or difference (treated - control)"),
    "estimate": (
        "1 or unit",
        "geometric mean of the ratios, or mean difference, over the pairs: treated_mean over "
        "control_mean, or their difference",
    ),
    "ci_low": (
        "1 or unit",
        "lower end of the 95 % interval by `test`; empty where there is none (one pair)",
    ),
    "ci_high": ("1 or unit", "upper end of the same interval"),
    "p": ("1", "two-sided, by `test`; empty with one pair, or where no pair differs"),
    "test": (
        "",
        "what interval and p come from: paired t on log ratios, on differences or on restricted "
        "times; sign flip where all pairs have the same effect; empty if nothing was tested",
    ),
    "p_adjusted": ("1", "p adjusted within the family of this arm"),
    "family": ("", "primary (endpoints chosen beforehand) or other"),
    "adjustment": (
        "",
        "how p is adjusted, and for how many tests: Holm (primary) or Benjamini-Hochberg (other); "
        "readouts without p are not counted",
    ),
    "n_pairs": ("1", "pairs of runs in which the readout is defined"),
    "variance_reduction": ("1", "1 - variance within pairs / variance without pairing"),
    "unpaired_over_paired_variance": (
        "1",
        "(var(treated) + var(control)) / var(effect of a pair), on the scale of the effect (of a "
        "ratio: logarithms): so many times the runs would be needed with independent seeds; empty "
        "if all pairs have one effect",
    ),
    "control_median": ("d", "of times: Kaplan-Meier median; empty if fewer than half reach it"),
    "treated_median": ("d", "of times: Kaplan-Meier median; empty if fewer than half reach it"),
    "control_reached": ("1", "of times: control runs that reach the threshold"),
    "treated_reached": ("1", "of times: treated runs that reach the threshold"),
    "differs_in": (
        "",
        "parameters in which the arms differ although they are no treatment (compared on request "
        "only), as key=control/treated; empty if none",
    ),
}
TEXT_COLUMNS = ("control", "treated", "readout", "unit", "effect", "test", "family", "adjustment",
                "differs_in")  # fmt: skip


def compare_runs(
    label: str,
    control: Sequence[Run],
    treated: Sequence[Run],
    threshold_mm2: float | None = None,
    primary: Sequence[str] = DEFAULT_PRIMARY,
) -> list[dict[str, Any]]:
    """Rows of one treated arm; the two sequences are paired in their order."""
    units: dict[str, str] = {}
    befores, afters = (_readouts(runs, units) for runs in (control, treated))
    rows = []
    for readout, unit in units.items():
        if not is_compared(readout):
            continue
        before, after = (_column(values, readout) for values in (befores, afters))
        known = ~(np.isnan(before) | np.isnan(after))
        if not known.any():
            continue
        effect = paired_effect(before, after, readout.endswith(SIGNED))
        means = (_mean(values[known], effect.kind) for values in (before, after))
        rows.append(
            _row(
                treated=label, readout=readout, unit=unit,
                **dict(zip(("control_mean", "treated_mean"), means, strict=True)),
                effect=effect.kind, estimate=effect.estimate, ci_low=effect.low,
                ci_high=effect.high, p=effect.p, test=_test(effect.test, SCALES[effect.kind]),
                n_pairs=effect.n, variance_reduction=effect.variance_reduction,
                unpaired_over_paired_variance=effect.unpaired_over_paired_variance,
            )
        )  # fmt: skip
    rows += _time_to_threshold(label, control, treated, threshold_mm2)
    adjust(rows, primary)
    return rows


def effect_on(readout: str, control: Sequence[Run], treated: Sequence[Run]) -> PairedEffect:
    """The effect on one readout of summary.csv; the two sequences are paired in their order."""
    before, after = (_column(_readouts(runs, {}), readout) for runs in (control, treated))
    return paired_effect(before, after, readout.endswith(SIGNED))


def _mean(values: np.ndarray, effect: str) -> float:
    """The mean to which the effect belongs: of ratios the geometric one."""
    return float(np.exp(np.log(values).mean()) if effect == "ratio" else values.mean())


def _test(test: str, scale: str) -> str:
    return f"{test} on {scale}" if test else ""


def _readouts(runs: Sequence[Run], units: dict[str, str]) -> list[dict[str, float]]:
    """Readouts of each run; their units are added to `units` in order of appearance."""
    out = []
    for run in runs:
        summary = run.summary
        units.update(zip(summary["readout"], summary["unit"], strict=True))
        out.append(dict(zip(summary["readout"], summary["value"].astype(float), strict=True)))
    return out


def _column(values: Sequence[dict[str, float]], readout: str) -> np.ndarray:
    """One readout over the runs; events that a run does not list have happened 0 times."""
    absent = 0.0 if readout.startswith(EVENTS_PREFIX) else float("nan")
    return np.array([of_run.get(readout, absent) for of_run in values])


def _time_to_threshold(
    label: str, control: Sequence[Run], treated: Sequence[Run], threshold: float | None
) -> list[dict[str, Any]]:
    """The row of the time to a tumour area; none where the control never has a tumour.

    A run that does not reach it counts with the length of the runs (restricted mean time).
    """
    if TUMOUR_AREA not in control[0].timeseries.columns:
        return []
    if threshold is None:
        threshold = half_of_last_area_mm2(control)
    if not threshold > 0.0:
        return []
    before, after = (times_to_area(runs, threshold) for runs in (control, treated))
    gain = mean_gain(after.truncated - before.truncated)
    return [
        _row(
            treated=label, readout=f"{TIME_TO}{TUMOUR_AREA}_{threshold:g}", unit="d",
            control_mean=before.restricted_mean(), treated_mean=after.restricted_mean(),
            effect="difference", estimate=gain.mean, ci_low=gain.low, ci_high=gain.high,
            p=gain.p, test=_test(gain.test, "restricted times"), n_pairs=len(control),
            variance_reduction=variance_reduction(before.truncated, after.truncated),
            unpaired_over_paired_variance=unpaired_over_paired_variance(
                before.truncated, after.truncated
            ),
            control_median=before.median(), treated_median=after.median(),
            control_reached=before.n_reached, treated_reached=after.n_reached,
        )
    ]  # fmt: skip


def half_of_last_area_mm2(control: Sequence[Run]) -> float:
    """The threshold unless one is given: half the mean tumour area at the end, to 3 digits."""
    last = float(np.mean([run.timeseries[TUMOUR_AREA].iloc[-1] for run in control]))
    return float(f"{0.5 * last:.3g}")


def times_to_area(runs: Sequence[Run], threshold: float) -> TimeToEvent:
    """Days until each run's tumour area reaches the threshold, mm2."""
    days = [run.timeseries["time_h"].to_numpy(float) / HOURS_PER_DAY for run in runs]
    crossings = [
        first_crossing(time_d, run.timeseries[TUMOUR_AREA].to_numpy(float), threshold)
        for run, time_d in zip(runs, days, strict=True)
    ]
    return TimeToEvent(np.array(crossings), float(days[0][-1]))


def _row(**values: Any) -> dict[str, Any]:
    """A row in the order of COLUMNS; what it does not say is empty."""
    empty = {name: "" if name in TEXT_COLUMNS else float("nan") for name in COLUMNS}
    return empty | values
