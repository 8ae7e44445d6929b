"""The effect of a treatment against time: arm and control paired by seed at every row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..analysis.arms import Arm, pairs
from ..analysis.statistics import mean_band
from .study_data import values_of

#: A ratio needs values above 0 in every pair; a share of the times may lack it (before a tumour).
LEAST_KNOWN = 0.5


@dataclass(frozen=True)
class PairedCourse:
    """An effect at every time, estimated within pairs as `analysis.statistics.paired_effect` does.

    Attributes:
        kind: "ratio" (treated over control, geometric mean) or "difference" (treated - control).
        mean, low, high: shape (times,); NaN where there is none, and no interval with one pair.
        n_pairs: seeds that both arms have.
    """

    kind: Literal["ratio", "difference"]
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n_pairs: int

    @property
    def nothing(self) -> float:
        """The value that says "no effect"."""
        return 1.0 if self.kind == "ratio" else 0.0


def is_ratio(values: Sequence[np.ndarray]) -> bool:
    """Whether arms can be told as ratios: nothing below 0, and above 0 at half the times or more.

    Times at which any value is 0 or absent then have no ratio.
    """
    least = np.minimum.reduce([np.nanmin(_filled(v), axis=0) for v in values])
    known = least[np.isfinite(least)]
    return bool(known.size and known.min() >= 0.0 and (known > 0.0).mean() >= LEAST_KNOWN)


def paired_course(
    control: np.ndarray, treated: np.ndarray, kind: Literal["ratio", "difference"]
) -> PairedCourse:
    """The effect at every time and its 95 % interval (Student's t on the pairs).

    Args:
        control: shape (pairs, times). treated: the same pairs in the same order.
        kind: of the effect; a ratio has no value where one of the pairs is not above 0.
    """
    if kind == "ratio":
        positive = ((control > 0.0) & (treated > 0.0)).all(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.where(positive, np.log(treated) - np.log(control), np.nan)
        mean, low, high = (np.exp(band) for band in mean_band(gain))
    else:
        mean, low, high = mean_band(treated - control)
    return PairedCourse(kind, mean, low, high, control.shape[0])


def paired_courses(groups: Sequence[tuple[Arm, Sequence[Arm]]], column: str) -> list[PairedCourse]:
    """The effect on one column of every treated arm against its own control, in one kind for all.

    Args:
        groups: a control and the arms that it controls.
        column: of the time series of all of them.
    """
    found = []
    for control, arms in groups:
        for arm in arms:
            befores, afters = pairs(control, arm)
            found.append((values_of(befores, column), values_of(afters, column)))
    signed = not is_ratio([values for pair in found for values in pair])
    return [paired_course(*pair, "difference" if signed else "ratio") for pair in found]


def _filled(values: np.ndarray) -> np.ndarray:
    """Infinity where a column has no value at all, so that the least of it stays unknown."""
    return np.where(np.isnan(values).all(axis=0), np.inf, values)
