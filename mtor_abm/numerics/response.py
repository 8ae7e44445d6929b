"""Dose-response curves and the one place where a rate becomes a probability."""

import math

from .compiled import rule


@rule
def hill(x, half, power):
    """x^n / (half^n + x^n), in 0..1; x and half share a unit, x >= 0, half > 0."""
    if x <= 0.0:
        return 0.0
    if power == 1.0:
        return x / (half + x)
    if power == 2.0:
        return x * x / (half * half + x * x)
    xn = x**power
    return xn / (half**power + xn)


@rule
def hill2(x, half):
    """x^2 / (half^2 + x^2): the Hill curve of power 2, without a call to pow."""
    return x * x / (half * half + x * x)


@rule
def unit_hill2(x, half):
    """Hill curve of power 2 scaled to be 1 at x = 1: `hn` in docs/network.md."""
    return hill2(x, half) * (1.0 + half * half)


@rule
def probability(rate_per_h, dt_h):
    """Probability that an event of this rate happens within dt: 1 - exp(-rate dt)."""
    if rate_per_h <= 0.0:
        return 0.0
    return 1.0 - math.exp(-rate_per_h * dt_h)


@rule
def takes_step(draw, steps_per_h, dt_h, moves):
    """True if a cell that has made so many moves in this step of the run makes one more.

    The mean number of moves within dt is steps_per_h * dt_h, whatever dt, for draws uniform in
    [0, 1): the whole part is certain, the rest is drawn.
    """
    return draw < steps_per_h * dt_h - moves


@rule
def happens(draw, rate_per_h, dt_h):
    """True if an event of this rate happens within dt, for draw uniform in [0, 1).

    1 - exp(-x) never exceeds x, so that most draws are settled without an exponential.
    """
    return draw < rate_per_h * dt_h and draw < probability(rate_per_h, dt_h)
