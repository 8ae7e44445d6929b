"""The first days out of balance are those that a person would mark, and a mended run has none."""

from types import SimpleNamespace

import pandas as pd
import pytest

from mtor_abm.views.start_up import out_of_balance_days


def run(osteoclasts, osteoblasts):
    """A run of one row a day."""
    table = pd.DataFrame(
        {
            "time_h": [24.0 * day for day in range(len(osteoclasts))],
            "n_oc_per_b_pm_per_mm": osteoclasts,
            "n_ob_per_b_pm_per_mm": osteoblasts,
        }
    )
    return SimpleNamespace(timeseries=table)


@pytest.mark.parametrize(
    ("osteoclasts", "osteoblasts", "days"),
    [
        ([1.0] * 9, [0.5] * 9, 0.0),
        ([0, 0, 0, 1, 1, 1, 1, 1, 1], [0.5] * 9, 3.0),  # no osteoclast before day 3
        ([1.0] * 9, [4, 3, 2, 1.1, 1, 0.5, 0.5, 0.5, 2.5], 4.0),  # 1 is twice the median of 0.5
        ([0.0] * 9, [0.5] * 9, 0.0),  # a treatment may remove every osteoclast
        ([0, 0, 1, 1, 1, 2, 3, 4, 5], [0.5] * 9, 2.0),  # more of them later is the tumour's doing
    ],
)
def test_days_end_with_the_first_osteoclast_and_the_last_surplus_osteoblast(
    osteoclasts, osteoblasts, days
):
    assert out_of_balance_days([run(osteoclasts, osteoblasts)]) == days


def test_it_is_the_mean_over_runs_that_is_judged():
    first = run([0, 0, 1, 1, 1], [0.5] * 5)
    assert out_of_balance_days([first, run([0, 0, 0, 0, 1], [0.5] * 5)]) == 2.0


def test_runs_without_bone_cells_have_none():
    plain = SimpleNamespace(timeseries=pd.DataFrame({"time_h": [0.0, 1.0]}))
    assert out_of_balance_days([plain]) == 0.0
