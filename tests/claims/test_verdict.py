import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtor_abm.claims.experiment import Contrast
from mtor_abm.claims.verdict import Estimate, estimate, judged, lost, together


def replicates(*values, readout="x"):
    return [{readout: v} for v in values]


def effect(expect="down", **more):
    return Contrast(readout="x", control="c", treated="t", expect=expect, **more)


def verdict_of(contrast, **arms):
    return judged(contrast, estimate(contrast, {a: replicates(*v) for a, v in arms.items()}, {}))


def test_ratio_is_geometric_and_its_interval_that_of_student():
    arms = {"c": replicates(1.0, 1.0, 1.0), "t": replicates(0.5, 0.25, 0.5)}
    found = estimate(effect(), arms, {})
    logs = np.log([0.5, 0.25, 0.5])
    half = 4.302652729911275 * logs.std(ddof=1) / math.sqrt(3)  # t quantile, 2 degrees of freedom
    assert found.scale == "ratio" and found.none == 1.0 and found.n == 3
    assert found.value == pytest.approx(math.exp(logs.mean()))
    assert found.low == pytest.approx(math.exp(logs.mean() - half))
    assert found.high == pytest.approx(math.exp(logs.mean() + half))


def test_zeros_turn_a_ratio_into_a_difference():
    found = estimate(effect(), {"c": replicates(2, 3, 4), "t": replicates(0, 1, 1)}, {})
    assert found.scale == "difference"
    assert found.value == pytest.approx(-7 / 3)


@pytest.mark.parametrize(
    ("expect", "treated", "verdict"),
    [
        ("down", (0.5, 0.55, 0.6), "holds"),
        ("up", (0.5, 0.55, 0.6), "opposite"),
        ("up", (1.5, 1.55, 1.6), "holds"),
        ("down", (0.5, 1.0, 2.0), "inconclusive"),
        ("down", (1.01, 1.011, 1.012), "no effect"),  # beyond chance, but negligible
        ("same", (1.01, 1.011, 1.012), "holds"),
        ("same", (0.5, 0.55, 0.6), "opposite"),
        ("same", (0.8, 1.0, 1.25), "inconclusive"),
    ],
)
def test_verdicts_on_an_effect(expect, treated, verdict):
    assert verdict_of(effect(expect), c=(1, 1, 1), t=treated) == verdict


def test_a_published_ratio_is_compared_with_a_ratio_also_beside_zeros():
    arms = {"c": replicates(4.0, 5.0, 6.0), "t": replicates(0.0, 1.0, 1.0)}
    contrast = effect("down", size=(0.0, 0.3))
    found = estimate(contrast, arms, {})
    assert (found.scale, found.value) == ("ratio", pytest.approx(2.0 / 15.0))
    rest = np.array([0.0, 1.0, 1.0]) - found.value * np.array([4.0, 5.0, 6.0])
    half = 4.302652729911275 * rest.std(ddof=1) / math.sqrt(3) / 5.0
    assert found.high == pytest.approx(found.value + half)
    assert judged(contrast, found) == "holds"
    assert judged(effect("down", size=(0.6, 0.8)), found) == "other size"


@pytest.mark.parametrize(
    ("expect", "treated", "verdict"),
    [
        ("not down", (1.2, 1.3, 1.25), "holds"),
        ("not down", (0.99, 1.0, 1.01), "holds"),  # within the margin of 5 %
        ("not down", (0.9, 1.0, 0.95), "inconclusive"),
        ("not down", (0.5, 0.51, 0.5), "opposite"),
        ("not up", (0.5, 0.51, 0.5), "holds"),
        ("not up", (1.2, 1.3, 1.25), "opposite"),
    ],
)
def test_one_side_may_be_excluded_without_asking_for_the_other(expect, treated, verdict):
    assert verdict_of(effect(expect), c=(1.0, 1.0, 1.0), t=treated) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict", "gone"),
    [
        (0.98, 1.02, "no effect", True),
        (1.2, 1.5, "opposite", True),
        (0.3, 1.4, "inconclusive", False),  # wider, not gone
        (0.8, 1.1, "inconclusive", True),  # parted from what it was
        (0.7, 0.8, "other size", True),
    ],
)
def test_an_effect_is_lost_when_it_is_gone_and_not_when_it_is_only_unsure(low, high, verdict, gone):
    on = Estimate("ratio", 0.5, 0.4, 0.6, 5, 1.0, 0.05)
    off = Estimate("ratio", (low + high) / 2, low, high, 5, 1.0, 0.05)
    assert lost(on, off, verdict) == gone
    other = Estimate("difference", -12.0, -25.0, -2.0, 5, 0.0, 0.05)
    assert lost(on, other, verdict) == (verdict in ("no effect", "opposite"))


def test_published_size_must_be_met():
    arms = {"c": (1, 1, 1), "t": (0.5, 0.55, 0.6)}
    assert verdict_of(effect(size=(0.55, 0.9)), **arms) == "holds"
    assert verdict_of(effect(size=(0.9, 0.95)), **arms) == "other size"
    assert verdict_of(effect(size=(0.1, 0.2)), **arms) == "other size"


def test_equal_arms_are_no_effect_and_one_replicate_says_nothing():
    assert verdict_of(effect(), c=(0, 0, 0), t=(0, 0, 0)) == "no effect"
    assert verdict_of(effect(), c=(1,), t=(0.1,)) == "inconclusive"
    assert verdict_of(effect(), c=(1, 1), t=(float("nan"), 0.5)) == "inconclusive"


def test_trend_is_the_rank_correlation_within_each_seed():
    contrast = Contrast(kind="trend", readout="x", arms=("a", "b", "c"), expect="down")
    down = {"a": replicates(3, 9), "b": replicates(2, 8), "c": replicates(1, 7)}
    found = estimate(contrast, down, {})
    assert (found.value, found.low, found.high) == (-1, -1, -1)
    assert judged(contrast, found) == "holds"
    flat = {arm: replicates(5, 5) for arm in "abc"}
    assert judged(contrast, estimate(contrast, flat, {})) == "no effect"


def test_interaction_is_the_difference_of_differences():
    contrast = Contrast(
        kind="interaction", readout="x", arms=("n", "a", "b", "ab"), expect="up", scale="difference"
    )
    arms = {"n": replicates(1, 1), "a": replicates(2, 3), "b": replicates(4, 4),
            "ab": replicates(9, 10)}  # fmt: skip
    found = estimate(contrast, arms, {})
    assert found.value == pytest.approx(4.0)  # (9-2)-(4-1) and (10-3)-(4-1)
    assert judged(contrast, found) == "holds"


def test_correlation_and_auc_over_replicates():
    draws = {"k": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}
    arms = {"a": replicates(1, 2, 3, 4, 5, 6, 8, 7)}
    contrast = Contrast(kind="correlation", readout="x", against="k", arm="a", expect="up")
    found = estimate(contrast, arms, draws)
    assert found.value == pytest.approx(1 - 6 * 2 / (8 * 63))  # Spearman by hand
    assert judged(contrast, found) == "holds"
    contrast = Contrast(kind="auc", readout="x", against="k", arm="a", expect="up", above=6.5)
    assert estimate(contrast, arms, draws).value == 1.0
    contrast = contrast.model_copy(update={"above": 0.5})
    assert math.isnan(estimate(contrast, arms, draws).value)  # all are events


@pytest.mark.parametrize(
    ("expect", "limits", "verdict"),
    [
        ("within", (0.5, 1.5), "holds"),
        ("within", (1.0, 1.5), "inconclusive"),
        ("within", (2.0, 3.0), "other size"),
        ("above", (0.5, 0.5), "holds"),
        ("above", (2.0, 2.0), "opposite"),
        ("below", (2.0, 2.0), "holds"),
        ("below", (0.5, 0.5), "opposite"),
    ],
)
def test_verdicts_on_a_level(expect, limits, verdict):
    contrast = Contrast(kind="level", readout="x", arm="a", expect=expect, limits=limits)
    assert verdict_of(contrast, a=(0.99, 1.0, 1.01)) == verdict


def test_a_claim_holds_only_if_all_its_contrasts_do():
    assert together(["holds", "holds"]) == "holds"
    assert together(["holds", "inconclusive"]) == "inconclusive"
    assert together(["no effect", "opposite", "holds"]) == "opposite"


positive = st.lists(st.floats(0.01, 100.0), min_size=3, max_size=8)


@given(positive, positive)
def test_exchanging_the_arms_turns_the_verdict(control, treated):
    n = min(len(control), len(treated))
    there = verdict_of(effect("down"), c=control[:n], t=treated[:n])
    back = verdict_of(effect("up"), c=treated[:n], t=control[:n])
    assert there == back


@given(st.floats(-5, 5), st.floats(0, 3), st.sampled_from(["up", "down", "same"]))
def test_every_estimate_has_one_verdict_and_holds_excludes_opposite(value, half, expect):
    found = Estimate("difference", value, value - half, value + half, 5, 0.0, 0.1)
    verdict = judged(effect(expect), found)
    other = judged(effect({"up": "down", "down": "up", "same": "same"}[expect]), found)
    if expect != "same" and verdict in ("holds", "opposite"):
        assert {verdict, other} == {"holds", "opposite"}
    else:
        assert verdict == other
