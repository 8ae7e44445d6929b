"""Where grey levels part into bone and marrow, and pixels that are no measurement of either."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from ..errors import UserError

Floats = NDArray[np.float64]

FEW = 1e-3  # share of pixels that may be hot or dead ones
BINS = 4096  # of grey levels that are not whole numbers
MOST_LEVELS = 65536
PADDING_LEAST = 0.02  # share of the image from which padding without a gap is told
PADDING_MOST = 0.5  # more of one value is the marrow of a picture in which bone was cut out


@dataclass(frozen=True)
class Levels:
    """Grey levels without outliers.

    Attributes:
        pixels: (rows, columns), those far from all others moved to the nearest of the others.
        low, high: their range. notes: what was done, for people.
    """

    pixels: Floats
    low: float
    high: float
    notes: tuple[str, ...]


def without_outliers(name: str, pixels: Floats, may_be_padded: bool) -> Levels:
    """Find hot and dead pixels and padding, whose values are far from all others.

    A few pixels (FEW), whose gap to the others is as wide as the range of these, are taken as the
    nearest of the others. Many of one value at the corners of the image, with a gap twice as wide,
    are padding around what was imaged.

    Args:
        name: of the image, for messages. pixels: (rows, columns).
        may_be_padded: take padding as it is; False refuses it.

    Raises:
        UserError: padding.
    """
    low, high, notes = float(pixels.min()), float(pixels.max()), []
    inner_low, inner_high = _bulk(pixels)
    for n_far, value, side in (
        (int(np.count_nonzero(pixels < inner_low)), low, "below"),
        (int(np.count_nonzero(pixels > inner_high)), high, "above"),
    ):
        if n_far:
            notes.append(
                f"{n_far} pixel{'s' * (n_far > 1)} of up to {value:g}, far {side} all others "
                f"({inner_low:g} to {inner_high:g}), taken as the nearest of these"
            )
    pixels = np.clip(pixels, inner_low, inner_high)
    for value, sign in ((inner_low, 1.0), (inner_high, -1.0)):
        others = pixels[pixels != value]
        if others.size == 0:
            break
        first, last = float(others.min()), float(others.max())
        gap = first - value if sign > 0 else value - last
        n_same = pixels.size - others.size
        is_far = gap >= 2.0 * (last - first)
        is_told = is_far or (sign > 0 and n_same >= PADDING_LEAST * pixels.size)
        if not is_told or n_same > PADDING_MOST * pixels.size or not _at_corners(pixels == value):
            continue
        share = f"{n_same} pixels ({100 * n_same / pixels.size:.0f} %) from the corners inwards"
        if is_far and not may_be_padded:
            raise UserError(
                f"{name}: {share} are {value:g}, far from all others ({first:g} to {last:g}), as "
                "padding is, so bone there is not known; --crop to what was imaged, or give "
                "--threshold to take them as they are"
            )
        notes.append(
            f"{share} are exactly {value:g}: if nothing was imaged there, --crop them off, or they "
            f"count as measured, for Otsu's threshold too"
        )
    return Levels(pixels, inner_low, inner_high, tuple(notes))


def _bulk(pixels: Floats) -> tuple[float, float]:
    """Lowest and highest value of all pixels but a few that lie far off."""
    flat = pixels.ravel()
    k = min(max(4, int(FEW * flat.size)), flat.size // 4)
    ordered = np.partition(flat, (k, flat.size - 1 - k))
    lows, highs = np.sort(ordered[: k + 1]), np.sort(ordered[flat.size - 1 - k :])
    low, high = float(lows[0]), float(highs[-1])
    for i in range(k - 1, -1, -1):
        if lows[i + 1] - lows[i] >= highs[0] - lows[i + 1] > 0.0:
            low = float(lows[i + 1])
            break
    for i in range(k):
        if highs[i + 1] - highs[i] >= highs[i] - lows[-1] > 0.0:
            high = float(highs[i])
            break
    return low, high


def _at_corners(same: NDArray[np.bool_]) -> bool:
    """Whether nearly all of these pixels hang together with two corners of the image or more."""
    corners = [(0, 0), (0, -1), (-1, 0), (-1, -1)]
    if sum(bool(same[corner]) for corner in corners) < 2:
        return False
    pieces, _ = label(same)
    at = {int(pieces[corner]) for corner in corners} - {0}
    return bool(np.isin(pieces, list(at)).sum() >= 0.9 * same.sum())


def otsu(pixels: Floats, is_whole: bool) -> float:
    """The grey level that parts pixels into two classes of least spread (Otsu 1979).

    Where grey levels are dense, that level is half-way between the means of the two classes. Where
    there are none between the classes, every level there does equally well, and half-way is taken
    too: a level at the rim of such a gap would call a site bone of which a few per cent are.

    Args:
        pixels: of two values at least. is_whole: they are whole numbers, so that each is a class
            of the histogram.
    """
    low, high = float(pixels.min()), float(pixels.max())
    exact = is_whole and high - low < MOST_LEVELS
    n_bins = int(high - low) + 1 if exact else BINS
    edges = (low - 0.5, high + 0.5) if exact else (low, high)
    counts, cuts = np.histogram(pixels, bins=n_bins, range=edges)
    levels = 0.5 * (cuts[1:] + cuts[:-1])
    below, total = np.cumsum(counts)[:-1], pixels.size
    sum_below = np.cumsum(counts * levels)
    above = total - below
    mean_below = sum_below[:-1] / np.maximum(below, 1)
    mean_above = (sum_below[-1] - sum_below[:-1]) / np.maximum(above, 1)
    best = int(np.argmax(below * above * (mean_above - mean_below) ** 2.0))
    return float(0.5 * (mean_below[best] + mean_above[best]))
