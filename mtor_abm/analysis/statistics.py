"""Arrays in, estimates out. Knows nothing of runs, files or cells.

Arms that share their seeds share their random numbers, so effects are estimated within pairs. The
interval and p of an effect come from one test, Student's t on the pairs' log ratios (or
differences). With the handful of seeds that a study has, an exact sign-flip test cannot fall below
2 / 2**n (0.03 at n = 6, before any adjustment); t can, at the price of its assumption that the
effects of pairs are about normal. Where all pairs have one effect there is no spread for a t, and
the sign-flip test takes its place. Pairs that do not differ at all are not tested.
"""

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats
from scipy.special import stdtr, stdtrit  # Student's t: distribution and quantile

CONFIDENCE = 0.95
T_TEST, SIGN_FLIP, NO_TEST = "paired t", "sign flip", ""

# A spread below this fraction of the mean is rounding, not variation.
ROUNDING = 1e-12


@dataclass(frozen=True)
class PairedEffect:
    """An effect estimated within pairs.

    Attributes:
        kind: "ratio" (treated over control) or "difference" (treated minus control).
        estimate: geometric mean of the ratios, or mean of the differences.
        low, high: 95 % interval by `test`; NaN with fewer than 2 pairs, or where no interval is
            finite (a sign-flip test of fewer than 6 pairs).
        p: two-sided, by `test`; NaN with fewer than 2 pairs, or if no pair differs.
        test: T_TEST, SIGN_FLIP (all pairs have the same effect) or NO_TEST.
        n: pairs used; a pair with a NaN is left out.
        variance_reduction: 1 - variance within pairs / variance without pairing; NaN if neither
            arm varies. 0.75 means that pairing did what 4 times the runs would have done.
        unpaired_over_paired_variance: the same as a factor, 4 in that case; NaN if all pairs have
            one effect, which no number of unpaired runs could match.
    """

    kind: Literal["ratio", "difference"]
    estimate: float
    low: float
    high: float
    p: float
    test: str
    n: int
    variance_reduction: float
    unpaired_over_paired_variance: float


@dataclass(frozen=True)
class MeanGain:
    """The mean of paired differences: `mean`, `low`, `high`, `p` and `test` as in PairedEffect."""

    mean: float
    low: float
    high: float
    p: float
    test: str


def paired_effect(
    control: np.ndarray, treated: np.ndarray, is_signed: bool = False
) -> PairedEffect:
    """Effect of the treatment on one readout, pair by pair.

    A ratio where all values are above 0, else a difference, for which zeros and signs are no
    trouble.

    Args:
        control: shape (n,).
        treated: shape (n,), the same pairs in the same order.
        is_signed: the readout may take either sign, so its effect is a difference in any case.
    """
    control = np.asarray(control, dtype=np.float64)
    treated = np.asarray(treated, dtype=np.float64)
    known = ~(np.isnan(control) | np.isnan(treated))
    control, treated = control[known], treated[known]
    is_ratio = bool(not is_signed and control.size and control.min() > 0.0 and treated.min() > 0.0)
    before, after = (np.log(control), np.log(treated)) if is_ratio else (control, treated)
    found = mean_gain(after - before)
    mean, low, high = found.mean, found.low, found.high
    if is_ratio:
        mean, low, high = (float(np.exp(x)) for x in (mean, low, high))
    return PairedEffect(
        "ratio" if is_ratio else "difference",
        mean,
        low,
        high,
        found.p,
        found.test,
        int(control.size),
        variance_reduction(before, after),
        unpaired_over_paired_variance(before, after),
    )


def mean_gain(gain: np.ndarray) -> MeanGain:
    """Mean of the pairs' differences, shape (n,), with interval and p of one test.

    Student's t; where all differences are equal, the exact sign-flip test (Fisher 1935): p is
    2 / 2**n, and from 6 pairs on, where this is below 0.05, the interval has no width.
    """
    n, nan = gain.size, float("nan")
    if n < 2:
        return MeanGain(*mean_interval(gain), nan, NO_TEST)
    if not _is_constant(gain):
        t = float(gain.mean() / (gain.std(ddof=1) / np.sqrt(n)))
        return MeanGain(*mean_interval(gain), float(2.0 * stdtr(n - 1, -abs(t))), T_TEST)
    mean, p = float(gain.mean()), 2.0 ** (1 - n)
    end = mean if p <= 1.0 - CONFIDENCE else nan
    return MeanGain(mean, end, end, *((p, SIGN_FLIP) if gain.any() else (nan, NO_TEST)))


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and its 95 % interval by Student's t; an interval of NaN with fewer than 2 values."""
    n = values.size
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    mean = float(values.mean())
    if n == 1:
        return mean, float("nan"), float("nan")
    if _is_constant(values):
        return mean, mean, mean
    half = float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2.0) * values.std(ddof=1) / np.sqrt(n))
    return mean, mean - half, mean + half


def mean_band(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over runs and its 95 % interval at every time; runs without a value are left out.

    Args:
        values: shape (runs, times).

    Returns:
        Mean, low and high, each (times,).
    """
    found = [mean_interval(column[~np.isnan(column)]) for column in values.T]
    mean, low, high = np.array(found).reshape(-1, 3).T
    return mean, low, high


def variance_reduction(before: np.ndarray, after: np.ndarray) -> float:
    """1 - var(after - before) / (var(before) + var(after)); NaN if nothing varies."""
    if before.size < 2:
        return float("nan")
    unpaired = float(before.var(ddof=1) + after.var(ddof=1))
    if unpaired == 0.0 or (_is_constant(before) and _is_constant(after)):
        return float("nan")
    return 1.0 - float((after - before).var(ddof=1)) / unpaired


def unpaired_over_paired_variance(before: np.ndarray, after: np.ndarray) -> float:
    """(var(before) + var(after)) / var(after - before): what common random numbers are worth.

    So many times the runs are needed for the same interval if arms do not share their seeds. Below
    1 if pairing harms; NaN with fewer than 2 pairs, or if all of them differ alike.
    """
    gain = after - before
    if gain.size < 2 or _is_constant(gain):
        return float("nan")
    return float((before.var(ddof=1) + after.var(ddof=1)) / gain.var(ddof=1))


def holm(p: np.ndarray) -> np.ndarray:
    """p adjusted for their number (Holm 1979): step down, monotone, at most 1; NaN stays NaN.

    Controls the chance of any false alarm whatever the dependence, and is never weaker than
    Bonferroni.
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return adjusted


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """p adjusted for their number (Benjamini and Hochberg 1995): those below 0.05 are called.

    Of the calls 5 % are expected to be false, for independent or positively dependent tests. NaN
    stays NaN and does not count.
    """
    p = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(p)
    adjusted = np.full(p.shape, np.nan)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p[known])
    return adjusted


@dataclass(frozen=True)
class TimeToEvent:
    """Times of one arm until something happens, seen up to a horizon.

    Attributes:
        times: shape (n,), NaN where it had not happened by the horizon.
        horizon: when watching ended; the same for all.
    """

    times: np.ndarray
    horizon: float

    @property
    def n_reached(self) -> int:
        """Number of times that are known."""
        return int(np.count_nonzero(~np.isnan(self.times)))

    @property
    def truncated(self) -> np.ndarray:
        """Times, the horizon standing for those not reached; their mean is the restricted mean."""
        return np.where(np.isnan(self.times), self.horizon, self.times)

    def censored(self) -> stats.CensoredData:
        """The same for SciPy."""
        return stats.CensoredData.right_censored(self.truncated, np.isnan(self.times))

    def survival(self) -> tuple[np.ndarray, np.ndarray]:
        """Kaplan-Meier: times of drops and the fraction that has not reached from then on."""
        if self.times.size == 0:
            return np.empty(0), np.empty(0)
        curve = stats.ecdf(self.censored()).sf
        return curve.quantiles, curve.probabilities

    def median(self) -> float:
        """First time at which half have reached; NaN if fewer than half do by the horizon."""
        quantiles, probabilities = self.survival()
        below = np.flatnonzero(probabilities <= 0.5 + ROUNDING)
        return float(quantiles[below[0]]) if below.size else float("nan")

    def restricted_mean(self) -> float:
        """Mean time up to the horizon: the area under the Kaplan-Meier curve."""
        return float(self.truncated.mean()) if self.times.size else float("nan")


def log_rank_p(control: TimeToEvent, treated: TimeToEvent) -> float:
    """Two-sided log-rank p (Mantel 1966).

    1 if neither arm has a single event or all times are equal. It knows nothing of pairs, which
    makes it cautious here.
    """
    if control.times.size == 0 or treated.times.size == 0:
        return float("nan")
    if control.n_reached + treated.n_reached == 0 or np.array_equal(
        np.sort(control.truncated), np.sort(treated.truncated)
    ):
        return 1.0
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        p = float(stats.logrank(control.censored(), treated.censored()).pvalue)
    return 1.0 if np.isnan(p) else p


def _is_constant(values: np.ndarray) -> bool:
    """Whether the values differ by no more than rounding."""
    return bool(np.ptp(values) <= ROUNDING * max(1e-300, float(np.abs(values).max())))
