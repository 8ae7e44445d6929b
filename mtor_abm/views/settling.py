"""How long a marrow takes to settle: the first days, in which bone cells are out of balance.

A run begins with osteoblasts that its surroundings do not keep and without osteoclasts, so the
first days show the start and not the biology. Pictures shade them.
"""

from collections.abc import Sequence

import numpy as np

from ..store import Run
from .study_data import values_of

#: A run has settled by then, whatever its readouts say, d.
LONGEST_D = 14.0
#: A change is told from the drift of a marrow in balance if it is at least this factor.
OUT_OF_BALANCE = 2.0
#: Share of that change that has passed when the marrow is called settled.
SHARE_PASSED = 0.9
OSTEOBLASTS = "n_ob_per_b_pm_per_mm"
OSTEOCLASTS = "n_oc_per_b_pm_per_mm"
HOURS_PER_DAY = 24.0


def settling_days(runs: Sequence[Run]) -> float:
    """Days until the bone cells of untreated runs have left the state they were placed in.

    That is the later of two days, each of the mean over the runs and within the first 14 days:
    the day by which osteoblasts have passed nine tenths of their fall (if they fall to half or
    less), and the day on which osteoclasts first exist (if there are none at the start). 0 where
    neither holds, so a run that begins in balance has no such days.
    """
    days = runs[0].timeseries["time_h"].to_numpy(float) / HOURS_PER_DAY
    first = days <= LONGEST_D
    found = [0.0]
    for column, rule in ((OSTEOBLASTS, _fallen), (OSTEOCLASTS, _appeared)):
        if all(column in run.timeseries.columns for run in runs):
            mean = values_of(runs, column).mean(axis=0)[first]
            found.append(rule(days[first], mean))
    return max(found)


def settling_words(days: float) -> str:
    """The caption of the shaded days; empty if there are none."""
    if days <= 0.0:
        return ""
    return (
        f"Shaded in grey: the first {days:.3g} days, in which the bone cells of the control still "
        "settle from the state they were placed in; changes common to all arms there are of the "
        "start, not of the tumour or a drug."
    )


def _fallen(days: np.ndarray, mean: np.ndarray) -> float:
    start, lowest = mean[0], np.nanmin(mean, initial=np.inf)
    if not start > 0.0 or lowest > start / OUT_OF_BALANCE:
        return 0.0
    passed = mean <= start - SHARE_PASSED * (start - lowest)
    return float(days[np.argmax(passed)])


def _appeared(days: np.ndarray, mean: np.ndarray) -> float:
    if mean[0] != 0.0 or not (mean > 0.0).any():
        return 0.0
    return float(days[np.argmax(mean > 0.0)])
