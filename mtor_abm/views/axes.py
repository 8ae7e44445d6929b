"""How far an axis reaches at least, so that next to nothing does not look like much."""

#: Ends of an axis of ratios, whatever stands on it.
LEAST_RATIOS = (0.8, 1.25)
#: Least span of an axis that does not start at 0, as a share of the value in its middle.
LEAST_SPAN = 0.1
#: An axis starts at 0 where the lowest value is below this share of the highest.
FROM_ZERO = 0.35


def widened(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis, moved apart until it has its least span."""
    middle = 0.5 * (low + high)
    half = 0.5 * max(high - low, LEAST_SPAN * abs(middle))
    return middle - half, middle + half


def ends_of(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis for values from `low` to `high`: from 0, unless that hides what changes.

    Values that all lie above FROM_ZERO of the highest, as BV/TV does, have an axis of their own
    range.
    """
    if low < FROM_ZERO * high:
        return min(0.0, low), high
    return widened(low, high)
