"""Dose-response curves and probabilities with answers known by hand."""

import math

import pytest

from mtor_abm.numerics.response import happens, hill, hill2, probability, unit_hill2


@pytest.mark.parametrize(
    ("x", "half", "power", "answer"),
    [
        (0.0, 1.0, 3.0, 0.0), (-1.0, 1.0, 1.0, 0.0), (2.0, 2.0, 1.0, 0.5), (2.0, 2.0, 5.0, 0.5),
        (3.0, 1.0, 1.0, 0.75), (3.0, 1.0, 2.0, 0.9), (2.0, 1.0, 3.0, 8 / 9), (1e9, 1.0, 4.0, 1.0),
    ],
)  # fmt: skip
def test_hill(x, half, power, answer):
    assert hill(x, half, power) == pytest.approx(answer)


def test_the_two_short_forms():
    for x in (0.0, 0.2, 1.0, 5.0):
        assert hill2(x, 0.7) == pytest.approx(hill(x, 0.7, 2.0))
        assert unit_hill2(x, 0.7) == pytest.approx(hill(x, 0.7, 2.0) * 1.49)
    assert unit_hill2(1.0, 0.123) == pytest.approx(1.0)


def test_probability_of_a_rate():
    assert probability(0.0, 1.0) == 0.0
    assert probability(-1.0, 1.0) == 0.0
    assert probability(math.log(2), 1.0) == pytest.approx(0.5)
    assert probability(1e9, 1.0) == 1.0
    halves = 1 - (1 - probability(0.3, 0.5)) ** 2
    assert probability(0.3, 1.0) == pytest.approx(halves), "two half steps make a step"


def test_what_happens_is_what_its_probability_says():
    for rate in (-1.0, 0.0, 1e-6, 1e-3, 0.3, 2.0, 50.0):
        likely = probability(rate, 0.5)
        for draw in (
            0.0,
            1e-13,
            0.5 * likely,
            0.999999 * likely,
            1.000001 * likely,
            0.14,
            1 - 1e-9,
        ):
            assert happens(draw, rate, 0.5) == (draw < likely)
    assert not happens(0.14, 0.3, 0.5), "0.14 < 0.15 = rate x dt, but above 1 - exp(-0.15)"
