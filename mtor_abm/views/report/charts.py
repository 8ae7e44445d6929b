"""Curves as inline SVG: axes with round numbers, bands, lines and steps."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..axes import LEAST_RATIOS, widened
from .markup import DASHES, STYLES, number, text

Place = Callable[[float], float]
WIDTH, HEIGHT = 360.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 22.0, 36.0
BAR_PX = 7.0  # between the bars of two arms' doses
MOST_STROKES = 60  # doses that are drawn one by one


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        style: number of colour and dash.
        x, y: shape (n,); NaN leaves a gap.
        low, high: shape (n,), edges of its band, or None.
        steps: whether y holds until the next x.
    """

    style: int
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    steps: bool = False


def round_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about as many as wanted; steps of 1, 2 or 5 x 10^n."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    raw = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1.0, 2.0, 5.0, 10.0) if m * size >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def day_ticks(days: float) -> list[float]:
    """Ticks for a time axis in days: weeks where that fits."""
    for step in (1, 2, 7, 14, 28, 56, 91, 182):
        if days / step <= 6.5:
            return [float(i * step) for i in range(int(days / step + 1e-9) + 1)]
    return round_ticks(0.0, days)


def log_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """About `most` ticks for ratios on a logarithmic axis from `low` to `high`, both above 0."""
    fine = [m * 10.0**e for e in range(-6, 7) for m in (1.0, 2.0, 5.0)]
    close = [0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0, 4.0]
    thirds = [m * 10.0**e for e in range(-6, 7) for m in (1.0, 3.0)]
    coarse = [10.0**e for e in range(-6, 7)]
    span = high / low
    chosen = close if span < 2.5 else fine if span < 60 else thirds if span < 1000 else coarse
    chosen = [float(f"{t:.6g}") for t in chosen if low * (1 - 1e-9) <= t <= high * (1 + 1e-9)]
    every = max(1, math.ceil(len(chosen) / most))
    start = chosen.index(1.0) % every if 1.0 in chosen else 0
    return chosen[start::every]


@dataclass(frozen=True)
class Axis:
    """A vertical axis.

    Attributes:
        low, high: its ends, in values.
        ticks: values that are written.
        is_log: whether equal factors have equal lengths.
    """

    low: float
    high: float
    ticks: Sequence[float]
    is_log: bool = False

    def share(self, value: float) -> float:
        """Place of a value: 0 at the lower end, 1 at the upper; outside it beyond them."""
        if self.is_log:
            low, high = math.log(self.low), math.log(self.high)
            return (math.log(max(value, 1e-300)) - low) / (high - low)
        return (value - self.low) / (self.high - self.low or 1.0)


#: The axis of shares.
WHOLE = Axis(0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))


def plain_axis(curves: Sequence[Curve], from_zero: bool = True) -> Axis:
    """Round ends around all curves, with 0 unless a change far from 0 would not show."""
    low, high = _range(curves, from_zero)
    ticks = round_ticks(low, high, 4)
    if len(ticks) > 1:
        step = ticks[1] - ticks[0]
        high = max(high, math.ceil(high / step - 1e-9) * step)
        low = min(low, math.floor(low / step + 1e-9) * step)
        ticks = round_ticks(low, high, 4)
    return Axis(low, high, ticks)


def ratio_axis(curves: Sequence[Curve]) -> Axis:
    """A logarithmic axis that holds 1, all lines, and bands up to twice as far from 1."""
    lines = np.concatenate([c.y for c in curves])
    edges = np.concatenate([a for c in curves for a in (c.low, c.high) if a is not None])
    reach = [np.log(v[np.isfinite(v) & (v > 0.0)]) for v in (lines, edges)]
    least, most = (math.log(end) for end in LEAST_RATIOS)
    low, high = min(least, reach[0].min(initial=0.0)), max(most, reach[0].max(initial=0.0))
    low = min(low, max(2.0 * low, float(reach[1].min(initial=0.0))))
    high = max(high, min(2.0 * high, float(reach[1].max(initial=0.0))))
    ends = math.exp(low) / 1.02, math.exp(high) * 1.02
    return Axis(*ends, log_ticks(*ends, most=5), is_log=True)


@dataclass(frozen=True)
class DoseBar:
    """When one arm is under one drug.

    Attributes:
        style: of the arm.
        days: of the doses.
        end: one interval after the last dose, d.
        words: what the bar stands for.
    """

    style: int
    days: np.ndarray
    end: float
    words: str


def chart(
    curves: Sequence[Curve], *, days: float, y_unit: str, label: str, axis: Axis | None = None,
    doses: Sequence[DoseBar] = (), settling_d: float = 0.0, key: str = "", height: float = HEIGHT,
    nothing: float | None = None,
) -> str:  # fmt: skip
    """A chart against time in days.

    Args:
        curves: lines, the first lowest.
        days: end of the time axis.
        y_unit: stands above the vertical axis, already escaped.
        label: what a screen reader says.
        axis: the vertical one; None takes `plain_axis`.
        doses: bars at the foot of the plot, one an arm and drug.
        settling_d: first days that are shaded.
        key: name under which the script finds the numbers of the chart.
        height: of the drawing.
        nothing: a value that has a dashed line, that of no effect.
    """
    axis = plain_axis(curves) if axis is None else axis
    right, bottom = WIDTH - RIGHT, height - BOTTOM

    def px(x: float) -> float:
        return LEFT + (right - LEFT) * x / days

    def py(y: float) -> float:
        return bottom - (bottom - TOP) * min(9.0, max(-9.0, axis.share(y)))

    parts = [
        f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{text(label)}" '
        f'data-chart="{text(key)}" data-frame="{LEFT:g} {right:g} {TOP:g} {bottom:g} {days:g} '
        f'{axis.low:.6g} {axis.high:.6g}">'
    ]
    if settling_d > 0.0:
        wide = px(min(settling_d, days)) - LEFT
        parts.append(
            f'<rect class="settling" x="{LEFT:g}" y="{TOP:g}" width="{wide:.1f}" '
            f'height="{bottom - TOP:g}"/>'
        )
    for tick in axis.ticks:
        parts.append(
            f'<line class="grid" x1="{LEFT:g}" x2="{right:g}" y1="{py(tick):.1f}" '
            f'y2="{py(tick):.1f}"/><text class="tick end" x="{LEFT - 6:g}" '
            f'y="{py(tick) + 4:.1f}">{_tick(tick)}</text>'
        )
    if nothing is not None:
        parts.append(
            f'<line class="none" x1="{LEFT:g}" x2="{right:g}" y1="{py(nothing):.1f}" '
            f'y2="{py(nothing):.1f}"/>'
        )
    for day in day_ticks(days):
        parts.append(
            f'<line class="axis" x1="{px(day):.1f}" x2="{px(day):.1f}" y1="{bottom:g}" '
            f'y2="{bottom + 4:g}"/><text class="tick mid" x="{px(day):.1f}" '
            f'y="{bottom + 16:g}">{number(day)}</text>'
        )
    parts.append(
        f'<line class="axis" x1="{LEFT:g}" x2="{right:g}" y1="{bottom:g}" y2="{bottom:g}"/>'
        f'<text class="unit mid" x="{(LEFT + right) / 2:g}" y="{height - 4:g}">time (d)</text>'
        f'<text class="unit" x="2" y="12">{y_unit}</text>'
    )
    for i, bar in enumerate(doses):
        parts.append(_dose_bar(bar, px, bottom - 3.0 - BAR_PX * i, days))
    wide, high_px = right - LEFT, bottom - TOP
    parts.append(
        f'<svg class="clip" x="{LEFT:g}" y="{TOP:g}" width="{wide:g}" height="{high_px:g}" '
        f'viewBox="{LEFT:g} {TOP:g} {wide:g} {high_px:g}">'
    )
    parts += [_band(curve, px, py) for curve in curves if curve.low is not None]
    parts.append("</svg>")
    parts += [_line(curve, px, py) for curve in curves]
    return "".join(parts) + "</svg>"


def _dose_bar(bar: DoseBar, px: Place, y: float, days: float) -> str:
    """A thin line while an arm is treated, and a stroke at each dose (a bar alone beyond 60)."""
    start, end = px(float(bar.days[0])), px(min(bar.end, days))
    strokes = bar.days if len(bar.days) <= MOST_STROKES else bar.days[:1]
    ticks = "".join(f"M{px(float(day)):.1f} {y - 3:.1f}v5" for day in strokes)
    return (
        f'<path class="doses arm{bar.style % STYLES}" d="M{start:.1f} {y:.1f}H{end:.1f}{ticks}">'
        f"<title>{text(bar.words)}</title></path>"
    )


def _range(curves: Sequence[Curve], from_zero: bool) -> tuple[float, float]:
    """Of the axis: 0, all lines, and their bands up to twice the reach of the lines.

    Without 0, the lines alone and half their span at either end, which bands may fill.

    Bands of few runs are wide and may pass below 0 where no value can; they are cut at the frame.
    """
    lines = np.concatenate([c.y for c in curves]) if curves else np.zeros(1)
    bands = [a for c in curves for a in (c.low, c.high) if a is not None]
    lines = lines[np.isfinite(lines)]
    if lines.size and not from_zero:
        low, high = widened(float(lines.min()), float(lines.max()))
        room = 0.5 * (high - low)
        edges = np.concatenate([*bands, lines])
        edges = edges[np.isfinite(edges)]
        return max(low - room, min(low, edges.min())), min(high + room, max(high, edges.max()))
    low, high = (min(0.0, lines.min()), max(0.0, lines.max())) if lines.size else (0.0, 0.0)
    if bands:
        edges = np.concatenate(bands)
        edges = edges[np.isfinite(edges)]
        high = max(high, min(float(edges.max(initial=0.0)), 2.0 * high))
        low = min(low, max(float(edges.min(initial=0.0)), 2.0 * low))
    return float(low), float(high) if high > low else float(low) + 1.0


def _runs_of(known: np.ndarray) -> list[slice]:
    """Stretches in which all is known."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], known.astype(np.int8), [0]))))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _line(curve: Curve, px: Place, py: Place) -> str:
    style = curve.style % STYLES
    known = np.isfinite(curve.y)
    paths = []
    for part in _runs_of(known):
        x, y = curve.x[part], curve.y[part]
        points = [f"{px(a):.1f} {py(b):.1f}" for a, b in zip(x, y, strict=True)]
        if curve.steps:
            across = [f"H{px(a):.1f}V{py(b):.1f}" for a, b in zip(x[1:], y[1:], strict=True)]
            paths.append(f"M{points[0]}" + "".join(across))
        else:
            paths.append("M" + "L".join(points))
    return (
        f'<path class="line arm{style}" stroke-dasharray="{DASHES[style]}" d="{"".join(paths)}"/>'
    )


def _band(curve: Curve, px: Place, py: Place) -> str:
    assert curve.low is not None and curve.high is not None
    known = np.isfinite(curve.low) & np.isfinite(curve.high)
    paths = []
    for part in _runs_of(known):
        there = zip(curve.x[part], curve.high[part], strict=True)
        back = zip(curve.x[part][::-1], curve.low[part][::-1], strict=True)
        points = [f"{px(a):.1f} {py(b):.1f}" for a, b in (*there, *back)]
        paths.append("M" + "L".join(points) + "Z")
    return f'<path class="band arm{curve.style % STYLES}" d="{"".join(paths)}"/>'


def _tick(value: float) -> str:
    """A tick; powers of ten beyond five digits are spelt with e."""
    return f"{value:g}".replace("-", "−")
