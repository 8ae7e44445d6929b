"""From readouts to an effect with its interval, and from that to a verdict. Knows no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from ..analysis.statistics import CONFIDENCE, mean_interval
from .experiment import Contrast

Verdict = Literal["holds", "opposite", "no effect", "other size", "inconclusive", "not tested"]
VERDICTS: dict[str, str] = {
    "holds": "every interval excludes no effect in the expected direction and meets any size given",
    "opposite": "an interval excludes no effect in the other direction",
    "no effect": "an interval lies wholly within the margin around no effect",
    "other size": "the direction is right, the published size is missed",
    "inconclusive": "an interval spans no effect: more replicates are needed",
    "not tested": "a context claim, or no measurement",
}
RHO_MARGIN = 0.1  # a rank correlation within this of 0 is none [assumed]

Arms = Mapping[str, Sequence[Mapping[str, float]]]  # arm -> readouts of each replicate


@dataclass(frozen=True)
class Estimate:
    """An effect with its 95 % interval.

    Attributes:
        scale: "ratio", "difference", "correlation", "auc" or "level".
        value, low, high: estimate and interval; NaN with fewer than 2 usable replicates.
        n: usable replicates.
        none: value that stands for no effect; NaN for a level.
        margin: half width of what counts as no effect, on a log scale for a ratio.
    """

    scale: str
    value: float
    low: float
    high: float
    n: int
    none: float
    margin: float

    def text(self) -> str:
        """E.g. "x 0.42 [0.31, 0.55]" or "-0.12 [-0.2, -0.05]"."""
        mark = {"ratio": "x ", "correlation": "rho ", "auc": "AUC "}.get(self.scale, "")
        if np.isnan(self.value):
            return "-"
        return f"{mark}{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def estimate(contrast: Contrast, arms: Arms, draws: Mapping[str, Sequence[float]]) -> Estimate:
    """The effect that a contrast asks for.

    Args:
        contrast: what to compare.
        arms: arm -> readouts of its replicates, the same seeds in the same order.
        draws: drawn key -> its value in each replicate.
    """

    def column(arm: str) -> np.ndarray:
        return np.array([r.get(contrast.readout, np.nan) for r in arms[arm]], dtype=np.float64)

    match contrast.kind:
        case "effect":
            return _paired(column(contrast.control), column(contrast.treated), contrast)
        case "interaction":
            a00, a10, a01, a11 = (column(arm) for arm in contrast.arms)
            return _interaction(a00, a10, a01, a11, contrast)
        case "trend":
            return _trend(np.array([column(arm) for arm in contrast.arms]))
        case "level":
            names = [contrast.arm] if contrast.arm else list(arms)
            value, low, high, n = _mean(np.concatenate([column(arm) for arm in names]))
            return Estimate("level", value, low, high, n, float("nan"), 0.0)
        case _:
            names = [contrast.arm] if contrast.arm else list(arms)
            x = np.concatenate([column(arm) for arm in names])
            y = np.concatenate([_against(contrast.against, arms[a], draws) for a in names])
            known = ~(np.isnan(x) | np.isnan(y))
            if contrast.kind == "correlation":
                return _correlation(x[known], y[known])
            return _auc(x[known] > contrast.above, y[known])


def _against(
    name: str, replicates: Sequence[Mapping[str, float]], draws: Mapping[str, Sequence[float]]
) -> np.ndarray:
    if name in draws:
        return np.asarray(draws[name], dtype=np.float64)[: len(replicates)]
    return np.array([r.get(name, np.nan) for r in replicates], dtype=np.float64)


def _mean(values: np.ndarray) -> tuple[float, float, float, int]:
    known = values[~np.isnan(values)]
    mean, low, high = mean_interval(known)
    if known.size == 1:
        low = high = float("nan")
    return mean, low, high, int(known.size)


def _ratio(logs: np.ndarray, contrast: Contrast) -> Estimate:
    """Geometric mean of ratios, given as logarithms."""
    value, low, high, n = _mean(logs)
    value, low, high = (float(np.exp(v)) for v in (value, low, high))
    return Estimate("ratio", value, low, high, n, 1.0, float(np.log1p(contrast.margin)))


def _difference(differences: np.ndarray, control: np.ndarray, contrast: Contrast) -> Estimate:
    """Mean difference; what counts as none is a share of the control."""
    value, low, high, n = _mean(differences)
    size = float(np.abs(control).mean()) if control.size else 0.0
    return Estimate("difference", value, low, high, n, 0.0, contrast.margin * size)


def _paired(control: np.ndarray, treated: np.ndarray, contrast: Contrast) -> Estimate:
    known = ~(np.isnan(control) | np.isnan(treated))
    control, treated = control[known], treated[known]
    if contrast.scale == "ratio":
        if control.size and control.min() > 0.0 and treated.min() > 0.0:
            return _ratio(np.log(treated) - np.log(control), contrast)
        if contrast.size is not None and control.size > 1:
            return _ratio_of_means(control, treated, contrast)
    return _difference(treated - control, control, contrast)


def _ratio_of_means(control: np.ndarray, treated: np.ndarray, contrast: Contrast) -> Estimate:
    """A published ratio is met or missed by a ratio, also where single values are 0.

    Interval by linearisation: of treated - ratio x control within pairs (Cochran 1977).
    """
    mean, margin, nan = float(control.mean()), float(np.log1p(contrast.margin)), float("nan")
    if mean <= 0.0:
        return Estimate("ratio", nan, nan, nan, int(control.size), 1.0, margin)
    ratio = float(treated.mean()) / mean
    _, low, high, n = _mean((treated - ratio * control) / mean)
    return Estimate("ratio", ratio, max(ratio + low, 1e-9), max(ratio + high, 1e-9), n, 1.0, margin)


def _interaction(
    a00: np.ndarray, a10: np.ndarray, a01: np.ndarray, a11: np.ndarray, contrast: Contrast
) -> Estimate:
    all_four = np.array([a00, a10, a01, a11])
    all_four = all_four[:, ~np.isnan(all_four).any(axis=0)]
    if contrast.scale == "ratio" and all_four.size and all_four.min() > 0.0:
        a00, a10, a01, a11 = np.log(all_four)
        return _ratio((a11 - a10) - (a01 - a00), contrast)
    a00, a10, a01, a11 = all_four
    return _difference((a11 - a10) - (a01 - a00), a00, contrast)


def _trend(values: np.ndarray) -> Estimate:
    """Mean over seeds of the rank correlation with the order of the arms; constant counts as 0."""
    order = np.arange(values.shape[0])
    rho = []
    for seed in values.T[~np.isnan(values.T).any(axis=1)]:
        moved = np.ptp(seed) > 0.0
        rho.append(float(stats.spearmanr(order, seed).statistic) if moved else 0.0)
    value, low, high, n = _mean(np.array(rho))
    return Estimate("correlation", value, max(low, -1.0), min(high, 1.0), n, 0.0, RHO_MARGIN)


def _correlation(x: np.ndarray, y: np.ndarray) -> Estimate:
    """Spearman's rho; interval by Fisher's z with the variance of Bonett and Wright (2000)."""
    n = int(x.size)
    if n < 4 or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        value = 0.0 if n >= 4 else float("nan")
        return Estimate("correlation", value, float("nan"), float("nan"), n, 0.0, RHO_MARGIN)
    rho = float(stats.spearmanr(x, y).statistic)
    half = float(stats.norm.ppf(0.5 + CONFIDENCE / 2.0)) * np.sqrt((1.0 + rho**2 / 2.0) / (n - 3))
    z = np.arctanh(np.clip(rho, -0.999999, 0.999999))
    low, high = float(np.tanh(z - half)), float(np.tanh(z + half))
    return Estimate("correlation", rho, low, high, n, 0.0, RHO_MARGIN)


def _auc(event: np.ndarray, score: np.ndarray) -> Estimate:
    """Chance that an event has the higher score; interval by Hanley and McNeil (1982)."""
    with_event, without = score[event], score[~event]
    n1, n2 = with_event.size, without.size
    nan = float("nan")
    if n1 == 0 or n2 == 0:
        return Estimate("auc", nan, nan, nan, int(score.size), 0.5, 0.05)
    auc = float(stats.mannwhitneyu(with_event, without).statistic / (n1 * n2))
    q1, q2 = auc / (2.0 - auc), 2.0 * auc**2 / (1.0 + auc)
    spread = auc * (1 - auc) + (n1 - 1) * (q1 - auc**2) + (n2 - 1) * (q2 - auc**2)
    half = float(stats.norm.ppf(0.5 + CONFIDENCE / 2.0)) * np.sqrt(max(spread, 0.0) / (n1 * n2))
    return Estimate("auc", auc, max(0.0, auc - half), min(1.0, auc + half), n1 + n2, 0.5, 0.05)


def judged(contrast: Contrast, found: Estimate) -> Verdict:
    """What an estimate says of the expectation."""
    if np.isnan(found.low) or np.isnan(found.high):
        return "inconclusive"
    if contrast.kind == "level":
        return _judged_level(contrast, found)
    low, high, none = found.low, found.high, found.none
    if found.scale == "ratio":
        low, high, none = float(np.log(low)), float(np.log(high)), 0.0
    negligible = none - found.margin <= low and high <= none + found.margin
    if contrast.expect == "same":
        if negligible:
            return "holds"
        apart = low > none + found.margin or high < none - found.margin
        return "opposite" if apart else "inconclusive"
    if contrast.expect.startswith("not "):
        return _judged_not(contrast.expect, low - none, high - none, found.margin)
    if negligible:
        return "no effect"
    if low <= none <= high:
        return "inconclusive"
    if (low > none) != (contrast.expect == "up"):
        return "opposite"
    if contrast.size is not None:
        least, most = contrast.size
        if found.high < least or found.low > most:
            return "other size"
    return "holds"


def _judged_not(expect: str, low: float, high: float, margin: float) -> Verdict:
    """An interval around 0 against one side: the margin is what may be lost at most."""
    if expect == "not up":
        low, high = -high, -low
    if low > -margin:
        return "holds"
    return "opposite" if high < -margin else "inconclusive"


def _judged_level(contrast: Contrast, found: Estimate) -> Verdict:
    assert contrast.limits is not None
    least, most = contrast.limits
    inside = least <= found.low and found.high <= most
    outside = found.high < least or found.low > most
    if contrast.expect == "above":
        inside, outside = found.low > most, found.high < least
    elif contrast.expect == "below":
        inside, outside = found.high < least, found.low > most
    if inside:
        return "holds"
    if outside:
        return "other size" if contrast.expect == "within" else "opposite"
    return "inconclusive"


def lost(on: Estimate, off: Estimate, verdict_off: Verdict) -> bool:
    """Whether an effect that stopped holding is gone, and not just spread wider.

    A ratio and a difference (where a value is 0) cannot be held against each other.
    """
    if verdict_off in ("no effect", "opposite"):
        return True
    return on.scale == off.scale and (off.high < on.low or off.low > on.high)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """A claim holds if all its contrasts do; else the gravest of the others speaks."""
    for grave in ("not tested", "opposite", "no effect", "other size", "inconclusive"):
        if grave in verdicts:
            return grave
    return "holds"
