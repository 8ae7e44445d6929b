"""The first days of a run, in which its bone cells are not yet in balance.

A run may begin with osteoblasts that have nothing to fill and without osteoclasts. Until these have
gone and those have come, formation and resorption show how the run began, not what a treatment or a
tumour does. Plots over time mark these days; a run that begins in balance has none.
"""

from collections.abc import Sequence

import numpy as np

from ..analysis.effects import HOURS_PER_DAY
from ..store import Run

OSTEOCLASTS, OSTEOBLASTS = "n_oc_per_b_pm_per_mm", "n_ob_per_b_pm_per_mm"
#: More than so many times the osteoblasts of later days are left over from the start [assumed].
LEFT_OVER = 2.0
#: What a caption or a legend says of the marked days.
WORDS = "start-up, in which bone cells are not yet in balance"


def out_of_balance_days(runs: Sequence[Run]) -> float:
    """Days from the start until bone cells are in balance, in the mean over these runs; 0 if none.

    They last until the first osteoclast is there and osteoblasts per bone surface have come down
    to LEFT_OVER times their median in the second half of the run. A run in which one of the two
    never happens is not judged by it: a treatment may remove every osteoclast.

    Args:
        runs: of the control arm; all with the same times.
    """
    table = runs[0].timeseries
    if not {OSTEOCLASTS, OSTEOBLASTS} <= set(table.columns):
        return 0.0
    days = table["time_h"].to_numpy(float) / HOURS_PER_DAY
    osteoclasts, osteoblasts = (
        np.mean([run.timeseries[name].to_numpy(float) for run in runs], axis=0)
        for name in (OSTEOCLASTS, OSTEOBLASTS)
    )
    later = np.median(osteoblasts[days >= days[-1] / 2.0])
    ends = (osteoclasts > 0.0, osteoblasts <= LEFT_OVER * later)
    return max((float(days[reached.argmax()]) for reached in ends if reached.any()), default=0.0)
