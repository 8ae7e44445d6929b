import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mtor_abm.analysis.statistics import (
    TimeToEvent,
    benjamini_hochberg,
    holm,
    log_rank_p,
    mean_gain,
    mean_interval,
    paired_effect,
    unpaired_over_paired_variance,
    variance_reduction,
)
from mtor_abm.readouts import first_crossing

positive = st.floats(1e-6, 1e6)
pairs = st.lists(st.tuples(positive, positive), min_size=2, max_size=12)
p_values = st.lists(st.floats(0.0, 1.0) | st.just(float("nan")), max_size=12)


# ---------------------------------------------------------------------------------- paired effects
def test_a_signed_readout_is_compared_by_its_difference_whatever_its_sign():
    control, treated = np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 8.0])
    assert paired_effect(control, treated).kind == "ratio"
    signed = paired_effect(control, treated, is_signed=True)
    assert signed.kind == "difference" and signed.estimate == pytest.approx(7.0 / 3.0)


def test_a_ratio_known_by_hand():
    """Log ratios ln 2 and ln 8: mean ln 4, sd ln 4 / sqrt 2, so half an interval is t * ln 2."""
    effect = paired_effect(np.array([1.0, 1.0]), np.array([2.0, 8.0]))
    t = 12.7062047362  # 0.975 quantile of Student's t with 1 degree of freedom
    assert effect.kind == "ratio" and effect.n == 2
    assert effect.estimate == pytest.approx(4.0)
    assert effect.low == pytest.approx(4.0 / 2.0**t)
    assert effect.high == pytest.approx(4.0 * 2.0**t)
    # t = ln 4 / ln 2 = 2 with 1 degree of freedom (Cauchy): p = 1 - 2 atan(2) / pi
    assert effect.p == pytest.approx(1.0 - 2.0 * np.arctan(2.0) / np.pi)


@pytest.mark.parametrize("control", [[0.0, 1.0, 2.0], [-1.0, 1.0, 2.0]])
def test_a_difference_where_a_ratio_has_no_meaning(control):
    effect = paired_effect(np.array(control), np.array(control) + np.array([1.0, 2.0, 3.0]))
    assert (effect.kind, effect.estimate) == ("difference", 2.0)
    half = 4.30265272991 / np.sqrt(3.0)  # 0.975 quantile of t with 2 degrees, sd 1
    assert (effect.low, effect.high) == pytest.approx((2.0 - half, 2.0 + half))


def test_identical_arms_are_exactly_the_same_and_not_tested():
    values = np.array([0.1, 0.7, 0.3])
    effect = paired_effect(values, values.copy())
    assert (effect.kind, effect.estimate, effect.test) == ("ratio", 1.0, "")
    assert np.isnan([effect.p, effect.low, effect.high]).all() and effect.variance_reduction == 1.0
    many = paired_effect(np.arange(1.0, 9.0), np.arange(1.0, 9.0))
    assert (many.low, many.high) == (1.0, 1.0) and np.isnan(many.p)


def test_all_zero_readouts_differ_by_nothing():
    effect = paired_effect(np.zeros(4), np.zeros(4))
    assert (effect.kind, effect.estimate, effect.test) == ("difference", 0, "")
    assert np.isnan(effect.p) and np.isnan(effect.variance_reduction)


@pytest.mark.parametrize("value", [0.0, 2.0])
def test_one_pair_that_is_equal_has_no_p(value):
    """It was 1.0, of a test that nobody can make with one pair."""
    effect = paired_effect(np.array([value]), np.array([value]))
    assert np.isnan([effect.low, effect.high, effect.p]).all() and effect.test == ""


def test_one_pair_has_an_estimate_and_nothing_more():
    effect = paired_effect(np.array([2.0]), np.array([1.0]))
    assert (effect.estimate, effect.n) == (0.5, 1)
    assert np.isnan([effect.low, effect.high, effect.p, effect.variance_reduction]).all()


def test_no_pair_at_all_is_nan():
    effect = paired_effect(np.array([np.nan]), np.array([1.0]))
    assert effect.n == 0 and np.isnan([effect.estimate, effect.low, effect.p]).all()


def test_pairs_with_nan_are_left_out():
    control, treated = np.array([1.0, np.nan, 2.0, 3.0]), np.array([2.0, 5.0, 2.0, np.nan])
    assert paired_effect(control, treated) == paired_effect(control[[0, 2]], treated[[0, 2]])


def test_equal_gains_in_all_pairs_are_tested_by_flipping_signs():
    """2 / 2**n: all + and all - of 2**n patterns. Below 0.05, from 6 pairs on, it has an interval,
    since any other mean than theirs would be refused."""
    effect = paired_effect(np.array([1.0, 3.0, 7.0]), np.array([2.0, 6.0, 14.0]))
    assert effect.estimate == pytest.approx(2.0) and effect.test == "sign flip"
    assert effect.p == 2 / 2**3 and np.isnan([effect.low, effect.high]).all()
    five, six = (mean_gain(np.full(n, 3.0)) for n in (5, 6))
    assert five.p == 2 / 32 and np.isnan(five.low)
    assert six.p == 2 / 64 and (six.low, six.high) == (3.0, 3.0)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12))
def test_interval_and_p_of_a_gain_agree(values):
    """An interval without 0 and a p below 0.05 are one statement."""
    gain = mean_gain(np.array(values))
    if gain.test == "":
        assert not any(values) and np.isnan(gain.p)
    elif np.isnan(gain.low):
        assert gain.test == "sign flip" and gain.p > 0.05
    else:
        assert (gain.low > 0.0 or gain.high < 0.0) == (gain.p < 0.05) or gain.p == pytest.approx(
            0.05, rel=1e-6
        )


@given(pairs)
def test_swapping_the_arms_inverts_the_ratio(values):
    control, treated = np.array(values).T
    forth, back = paired_effect(control, treated), paired_effect(treated, control)
    assert forth.estimate * back.estimate == pytest.approx(1.0)
    assert forth.p == pytest.approx(back.p, nan_ok=True) and forth.test == back.test
    if np.isnan(forth.low):  # equal gains in fewer than 6 pairs
        assert forth.test != "paired t" and np.isnan(back.high)
        return
    assert forth.low * back.high == pytest.approx(1.0, rel=1e-6)
    assert forth.low <= forth.estimate * (1 + 1e-12) and forth.estimate <= forth.high * (1 + 1e-12)


@given(pairs, st.floats(1e-3, 1e3))
def test_a_ratio_does_not_depend_on_the_unit(values, factor):
    control, treated = np.array(values).T
    a, b = paired_effect(control, treated), paired_effect(control * factor, treated * factor)
    assert b.estimate == pytest.approx(a.estimate, rel=1e-9)


def test_p_and_interval_agree_with_scipy():
    rng = np.random.default_rng(1)
    control, treated = rng.lognormal(size=(2, 7))
    effect = paired_effect(control, treated)
    reference = stats.ttest_rel(np.log(treated), np.log(control))
    assert effect.p == pytest.approx(reference.pvalue)
    interval = reference.confidence_interval()
    assert np.log([effect.low, effect.high]) == pytest.approx([interval.low, interval.high])


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """2,000 studies of 6 pairs: a 95 % interval misses in 5 %, give or take 1.5 (3 sd)."""
    rng = np.random.default_rng(2)
    truth = np.log(0.5)
    gains = truth + 0.3 * rng.standard_normal((2000, 6))
    intervals = np.array([mean_interval(gain)[1:] for gain in gains])
    missed = np.mean((intervals[:, 0] > truth) | (intervals[:, 1] < truth))
    assert 0.035 < missed < 0.065


# ------------------------------------------------------------------------------ pairing and Holm
def test_pairing_saves_what_the_arms_share():
    luck = np.array([1.0, 2.0, 3.0, 4.0])
    assert variance_reduction(luck, luck + 1.0) == 1.0
    assert variance_reduction(luck, -luck) == pytest.approx(1.0 - 4.0 / 2.0)
    assert variance_reduction(np.array([1.0, 2, 1, 2]), np.array([1.0, 1, 2, 2])) == pytest.approx(
        0
    )
    assert np.isnan(variance_reduction(np.ones(3), np.full(3, 2.0)))


def test_what_pairing_is_worth_known_by_hand():
    """Variances 1 and 4, and 1 of the differences: five times the runs without pairing."""
    before, after = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    assert unpaired_over_paired_variance(before, after) == pytest.approx(5.0)
    assert unpaired_over_paired_variance(before, -before) == pytest.approx(0.5)  # pairing harms
    assert np.isnan(unpaired_over_paired_variance(before, before + 3.0))
    assert np.isnan(unpaired_over_paired_variance(before[:1], after[:1]))
    effect = paired_effect(np.exp(before), np.exp(after))  # on the scale of the effect: logarithms
    assert effect.unpaired_over_paired_variance == pytest.approx(5.0)


def test_holm_by_hand():
    """Smallest first: 0.01 * 3, 0.03 * 2 and then 0.04 * 1, which may not fall below 0.06."""
    assert holm(np.array([0.04, 0.01, np.nan, 0.03])) == pytest.approx(
        [0.06, 0.03, np.nan, 0.06], nan_ok=True
    )
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).size == 0


@given(p_values)
def test_holm_between_p_and_bonferroni(values):
    p = np.array(values)
    adjusted = holm(p)
    assert np.array_equal(np.isnan(p), np.isnan(adjusted))
    known = ~np.isnan(p)
    p, adjusted = p[known], adjusted[known]
    assert (adjusted >= p).all() and (adjusted <= np.minimum(1.0, p.size * p)).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def test_benjamini_hochberg_by_hand():
    """Largest first: 0.9, then min(0.9, 0.04 * 4/3), min(that, 0.03 * 4/2), min(that, 0.01 * 4)."""
    p = np.array([0.04, 0.01, np.nan, 0.9, 0.03])
    assert benjamini_hochberg(p) == pytest.approx(
        [0.16 / 3, 0.04, np.nan, 0.9, 0.16 / 3], nan_ok=True
    )
    assert benjamini_hochberg(np.array([0.02])).tolist() == [0.02]
    assert np.isnan(benjamini_hochberg(np.full(2, np.nan))).all()
    assert benjamini_hochberg(np.array([])).size == 0


@given(p_values)
def test_benjamini_hochberg_against_its_definition_and_holm(values):
    """The least of p_(j) * m / j over j >= i; never above Holm's."""
    p = np.array(values)
    adjusted = benjamini_hochberg(p)
    assert np.array_equal(np.isnan(p), np.isnan(adjusted))
    known = np.sort(p[~np.isnan(p)])
    m = known.size
    by_hand = [min([1.0, *(known[j] * m / (j + 1) for j in range(i, m))]) for i in range(m)]
    assert np.sort(adjusted[~np.isnan(p)]) == pytest.approx(by_hand)
    assert (adjusted[~np.isnan(p)] <= holm(p)[~np.isnan(p)] + 1e-12).all()


# ------------------------------------------------------------------------------- time to an event
def test_kaplan_meier_by_hand():
    arm = TimeToEvent(np.array([1.0, 2.0, 2.0, np.nan, 5.0, np.nan]), 10.0)
    times, survival = arm.survival()
    at = dict(zip(times.tolist(), survival.tolist(), strict=True))
    assert at == pytest.approx({1.0: 5 / 6, 2.0: 3 / 6, 5.0: 2 / 6, 10.0: 2 / 6})
    assert arm.median() == 2.0
    assert arm.n_reached == 4
    area = 1.0 * 1 + 1.0 * 5 / 6 + 3.0 * 3 / 6 + 5.0 * 2 / 6
    assert arm.restricted_mean() == pytest.approx(area)


def test_a_median_that_is_never_reached_is_nan():
    assert np.isnan(TimeToEvent(np.array([1.0, np.nan, np.nan]), 9.0).median())
    assert np.isnan(TimeToEvent(np.array([]), 9.0).median())
    assert TimeToEvent(np.array([np.nan, np.nan]), 9.0).restricted_mean() == 9.0


def test_log_rank_against_the_sum_over_event_times():
    """Observed minus expected events and hypergeometric variance, added up by hand."""
    a = TimeToEvent(np.array([1.0, 3.0, 4.0, np.nan]), 8.0)
    b = TimeToEvent(np.array([2.0, 5.0, 7.0, np.nan]), 8.0)
    excess = variance = 0.0
    for t in sorted([1.0, 3.0, 4.0, 2.0, 5.0, 7.0]):
        n_a, n_b = (np.count_nonzero(arm.truncated >= t) for arm in (a, b))
        happened = float(t in a.times.tolist())
        excess += happened - n_a / (n_a + n_b)
        variance += n_a * n_b / (n_a + n_b) ** 2
    assert log_rank_p(a, b) == pytest.approx(2 * stats.norm.sf(abs(excess) / np.sqrt(variance)))


def test_log_rank_at_its_edges():
    never = TimeToEvent(np.full(3, np.nan), 5.0)
    soon = TimeToEvent(np.array([1.0, 1.5, 2.0]), 5.0)
    assert log_rank_p(never, never) == 1.0
    assert log_rank_p(soon, soon) == 1.0
    assert log_rank_p(soon, never) < 0.05
    assert log_rank_p(TimeToEvent(np.full(3, 1.0), 5.0), TimeToEvent(np.full(3, 1.0), 5.0)) == 1.0
    assert np.isnan(log_rank_p(TimeToEvent(np.array([]), 5.0), soon))


@settings(max_examples=50)
@given(st.lists(st.floats(0.0, 10.0) | st.just(float("nan")), min_size=1, max_size=8),
       st.lists(st.floats(0.0, 10.0) | st.just(float("nan")), min_size=1, max_size=8))  # fmt: skip
def test_log_rank_is_a_probability_and_symmetric(a, b):
    left, right = TimeToEvent(np.array(a), 10.0), TimeToEvent(np.array(b), 10.0)
    p = log_rank_p(left, right)
    assert 0.0 <= p <= 1.0
    assert log_rank_p(right, left) == pytest.approx(p)


def test_first_crossing_by_hand():
    t = np.array([0.0, 1.0, 2.0, 3.0])
    assert first_crossing(t, np.array([1.0, 1.0, 3.0, 0.0]), 2.0) == 1.5
    assert first_crossing(t, np.array([5.0, 1.0, 3.0, 9.0]), 2.0) == 0.0
    assert first_crossing(t, np.array([1.0, np.nan, 3.0, 9.0]), 2.0) == 1.0
    assert np.isnan(first_crossing(t, np.array([0.0, 1.0, 1.0, 1.9]), 2.0))
