"""Images whose numbers are labels, not grey levels: 1 bone, 2 marrow, or one number a piece."""

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .images import GreyImage, library

Mask = NDArray[np.bool_]

FEW = 16  # values; a grey picture has more, a segmentation into tissues seldom has as many
SMALL = 32  # a number below may be a label, grey levels of a picture are spread more widely
AREA = 0.1  # share of a value's pixels that have only their like around them, if it fills areas
PATCH_PIXELS = 1000  # side of the part that is searched for patches
MOST_VALUES = 2**20


def refuse_labels(image: GreyImage, cure: str) -> None:
    """See that the numbers of an image may be grey levels.

    Labels are whole numbers: a few small ones (three or more, or two without 0, e.g. 1 and 2), a
    few larger ones that all fill areas (grey at the edges of black and white does not), or many of
    which each fills one patch, as where every piece of bone has a number of its own.

    Args:
        image: of which to judge. cure: what to do if they are labels.

    Raises:
        UserError: they are labels.
    """
    values = _values(image)
    if values is None:
        return
    n = len(values)
    if n == 2:
        are_labels = values[0] > 0 and values[1] < SMALL
    elif n <= FEW:
        are_labels = n > 2 and (values[-1] < SMALL or _all_fill_areas(image.pixels, values))
    else:
        are_labels = _one_patch_each(image.pixels)
    if are_labels:
        shown = ", ".join(map(str, values[:6])) + (", ..." if n > 6 else "")
        raise UserError(
            f"{image.name}: holds {n} numbers ({shown}), which look like labels of tissues or "
            f"pieces, not grey levels; {cure}"
        )


def labelled(image: GreyImage, labels: tuple[int, ...], option: str) -> Mask:
    """(rows, columns), True where the image has one of these labels.

    Raises:
        UserError: not whole numbers, or a label that the image does not have; names the option.
    """
    values = _values(image)
    if values is None:
        raise UserError(f"{image.name}: its numbers are not labels; leave out {option}")
    missing = [label for label in labels if label not in values]
    if missing:
        shown = ", ".join(map(str, values[:12])) + (", ..." if len(values) > 12 else "")
        raise UserError(
            f"{image.name}: has no label {missing[0]}; give {option} one of those it has: {shown}"
        )
    return np.isin(image.pixels, labels)


def _values(image: GreyImage) -> list[int] | None:
    """The whole numbers that occur, in order; None if they are not such."""
    pixels = image.pixels
    low, high = float(pixels.min()), float(pixels.max())
    if high - low >= MOST_VALUES or not (image.is_whole or bool((pixels == np.rint(pixels)).all())):
        return None
    counts = np.bincount((pixels - low).astype(np.int64).ravel())
    return [int(low) + int(k) for k in np.flatnonzero(counts)]


def _all_fill_areas(pixels: NDArray[np.float64], values: list[int]) -> bool:
    """Whether every value is more than a rim between others."""
    inner = pixels[1:-1, 1:-1]
    around = (pixels[:-2, 1:-1], pixels[2:, 1:-1], pixels[1:-1, :-2], pixels[1:-1, 2:])
    amid = np.logical_and.reduce([inner == other for other in around])
    return all((amid & (inner == v)).sum() > AREA * (inner == v).sum() for v in values)


def _one_patch_each(pixels: NDArray[np.float64]) -> bool:
    """Whether each number but the commonest fills about one patch (in the middle of the image)."""
    part = pixels[tuple(slice(max(0, (n - PATCH_PIXELS) // 2), (n + PATCH_PIXELS) // 2)
                        for n in pixels.shape)].astype(np.int64)  # fmt: skip
    numbers, counts = np.unique(part, return_counts=True)
    around = numbers[np.argmax(counts)]
    patches = library("skimage.measure").label(part, background=int(around), connectivity=2)
    return len(numbers) > 2 and int(patches.max()) <= 1.3 * (len(numbers) - 1)
