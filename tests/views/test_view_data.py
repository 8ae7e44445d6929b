"""What pictures and page share: effects against time, days of doses."""

import numpy as np
import pytest
from scipy import stats

from mtor_abm.views.doses import doses_of
from mtor_abm.views.paired import is_ratio, paired_course


# ---------------------------------------------------------------------------------- paired effects
def test_a_course_of_ratios_is_the_geometric_mean_of_the_pairs():
    control, treated = np.array([[1.0, 2.0], [2.0, 2.0]]), np.array([[1.0, 1.0], [2.0, 1.5]])
    found = paired_course(control, treated, "ratio")
    logs = np.log([0.5, 0.75])
    half = stats.t.ppf(0.975, 1) * logs.std(ddof=1) / np.sqrt(2)
    assert found.mean == pytest.approx([1.0, np.exp(logs.mean())])
    assert found.low[1] == pytest.approx(np.exp(logs.mean() - half))
    assert found.high[1] == pytest.approx(np.exp(logs.mean() + half))
    assert (found.nothing, found.n_pairs) == (1.0, 2)


def test_pairs_that_overlap_as_groups_differ_as_pairs():
    """What unpaired bands hide: every treated run lies 1 below its own control."""
    control = np.array([[10.0], [20.0], [30.0]])
    found = paired_course(control, control - [[1.0], [1.1], [0.9]], "difference")
    assert found.mean == pytest.approx([-1.0]) and found.high[0] < 0.0


def test_one_pair_has_no_interval_and_zeros_no_ratio():
    found = paired_course(np.array([[0.0, 2.0]]), np.array([[0.0, 3.0]]), "ratio")
    assert np.isnan(found.mean[0]) and found.mean[1] == pytest.approx(1.5)
    assert np.isnan(found.low).all()


@pytest.mark.parametrize(
    ("values", "ratio"),
    [
        ([[1.0, 2.0, 3.0, 4.0]], True),
        ([[0.0, 2.0, 3.0, 4.0]], True),  # no tumour yet
        ([[0.0, 0.0, 0.0, 4.0]], False),
        ([[-1.0, 2.0, 3.0, 4.0]], False),
        ([[np.nan, 2.0, 3.0, 4.0]], True),  # a rate at hour 0
        ([[np.nan] * 4], False),
    ],
)
def test_a_column_is_told_as_ratios_where_its_values_allow(values, ratio):
    assert is_ratio([np.array(values)]) is ratio


# ------------------------------------------------------------------------------------------ doses
def given(days=14.0, **drug):
    schedule = {"dose_mg_per_kg": 1.0, **drug}
    return doses_of({"run": {"days": days}, "drugs": {"nobody_knows_me": schedule}})


def test_doses_need_no_list_of_drugs():
    (found,) = given(every_h=56.0, start_day=7.0, stop_day=14.0)
    assert found.drug == "nobody_knows_me"
    assert found.days == pytest.approx([7.0, 7.0 + 7 / 3, 7.0 + 14 / 3])
    assert found.span_d == pytest.approx((7.0, 14.0))
    assert given(start_day=2.0)[0].days.tolist() == [2.0]  # every_h left out: once
    assert len(given(days=5.0, every_h=24.0)[0].days) == 5  # none at the end of the run


@pytest.mark.parametrize(
    "parameters",
    [
        {}, {"drugs": None}, {"drugs": 7}, {"drugs": {"x": None}}, {"drugs": {"x": {}}},
        {"drugs": {"x": {"dose_mg": "much"}}}, {"run": 3, "drugs": {"x": {"dose_mg": 1.0}}},
        {"run": {"days": "ten"}, "drugs": {"x": {"dose_mg": 1.0}}},
    ],
)  # fmt: skip
def test_what_cannot_be_read_gives_no_doses(parameters):
    assert doses_of(parameters) == []
