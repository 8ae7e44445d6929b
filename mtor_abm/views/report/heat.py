"""Heat maps of effects: many arms against time, as one small drawing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .charts import day_ticks
from .markup import number, text

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 380.0, 118.0, 8.0, 6.0, 58.0
ROW = 13.0
#: Steps of colour from far below the control to far above it; page.css has the colours.
LEVELS = 11
MOST_COLUMNS = 48
LONGEST_NAME = 21  # characters that fit before a row
#: A colour scale reaches at least this factor, and no further than the other.
LEAST_FACTOR, MOST_FACTOR = 1.25, 8.0


@dataclass(frozen=True)
class Heat:
    """Effects of several arms against time.

    Attributes:
        names: of the rows.
        days: shape (n,).
        values: shape (rows, n); ratios or differences, NaN where there is none.
        is_ratio: which of them.
        unit: of a difference, escaped.
    """

    names: Sequence[str]
    days: np.ndarray
    values: np.ndarray
    is_ratio: bool
    unit: str


def heat_map(
    heat: Heat, *, days: float, label: str, settling_d: float = 0.0,
    treatment: tuple[float, float] | None = None,
) -> str:  # fmt: skip
    """Rows of colour against time in days, with the scale below."""
    levels, top = _levels(heat)
    columns = np.unique(
        np.linspace(0, len(heat.days) - 1, min(len(heat.days), MOST_COLUMNS)).round().astype(int)
    )
    edges = np.append(heat.days[columns], days)
    right, bottom = WIDTH - RIGHT, TOP + ROW * len(heat.names)

    def px(day: float) -> float:
        return LEFT + (right - LEFT) * day / days

    paths: dict[int, list[str]] = {}
    for row in range(len(heat.names)):
        for i, column in enumerate(columns):
            level = int(levels[row, column])
            wide = px(edges[i + 1]) - px(edges[i])
            if level >= 0 and wide > 0.0:
                x, y = px(edges[i]), TOP + ROW * row
                paths.setdefault(level, []).append(
                    f"M{x:.1f} {y:.1f}h{wide + 0.3:.1f}v{ROW - 1:.0f}h-{wide + 0.3:.1f}z"
                )
    parts = [
        f'<svg class="heat" viewBox="0 0 {WIDTH:g} {bottom + BOTTOM:g}" role="img" '
        f'aria-label="{text(label)}">'
    ]
    parts += [f'<path class="d{level}" d="{"".join(at)}"/>' for level, at in sorted(paths.items())]
    for row, name in enumerate(heat.names):
        parts.append(
            f'<text class="tick end" x="{LEFT - 6:g}" y="{TOP + ROW * row + 10:g}">'
            f"{text(shortened(name))}<title>{text(name)}</title></text>"
        )
    if settling_d > 0.0:
        x = px(min(settling_d, days))
        parts.append(f'<line class="none" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP:g}" y2="{bottom:g}"/>')
    if treatment is not None:
        first, last = (px(min(day, days)) for day in treatment)
        parts.append(f'<path class="treatment" d="M{first:.1f} {bottom + 2:g}H{last:.1f}"/>')
    for day in day_ticks(days):
        parts.append(
            f'<text class="tick mid" x="{px(day):.1f}" y="{bottom + 16:g}">{number(day)}</text>'
        )
    parts.append(
        f'<text class="unit end" x="{LEFT - 6:g}" y="{bottom + 16:g}">time (d)</text>'
        f"{_scale(top, heat, bottom + 30.0, right)}</svg>"
    )
    return "".join(parts)


def shortened(name: str) -> str:
    """A name that fits before a row, its end kept, which tells points of a sweep apart."""
    return name if len(name) <= LONGEST_NAME else "…" + name[-(LONGEST_NAME - 1) :]


def level_of(effect: float, top: float, is_ratio: bool) -> int:
    """Step of colour of an effect, 0 to LEVELS - 1, the middle for none; -1 if it is not known.

    Args:
        effect: a ratio or a difference. top: the effect of the last step (of ratios its factor).
    """
    if not math.isfinite(effect) or (is_ratio and effect <= 0.0):
        return -1
    share = math.log(effect) / math.log(top) if is_ratio else effect / top
    return round((LEVELS - 1) * 0.5 * (1.0 + min(1.0, max(-1.0, share))))


def top_of(values: np.ndarray, is_ratio: bool) -> float:
    """Where a scale of colour ends: the farthest effect within limits."""
    known = values[np.isfinite(values)]
    if is_ratio:
        known = known[known > 0.0]
        reach = float(np.exp(np.abs(np.log(known)).max(initial=0.0)))
        return min(MOST_FACTOR, max(LEAST_FACTOR, reach))
    return float(np.abs(known).max(initial=0.0)) or 1.0


def _levels(heat: Heat) -> tuple[np.ndarray, float]:
    top = top_of(heat.values, heat.is_ratio)
    levels = [[level_of(v, top, heat.is_ratio) for v in row] for row in heat.values]
    return np.array(levels), top


def _scale(top: float, heat: Heat, y: float, right: float) -> str:
    """The colours with the effects at both ends and in the middle."""
    wide = (right - LEFT) / LEVELS
    boxes = "".join(
        f'<rect class="d{i}" x="{LEFT + wide * i:.1f}" y="{y:.1f}" width="{wide + 0.3:.1f}" '
        'height="7"/>'
        for i in range(LEVELS)
    )
    ends = (
        (f"× {1.0 / top:.2g}", "× 1", f"× {top:.2g}")
        if heat.is_ratio
        else (f"−{number(top, 2)}", "0", f"+{number(top, 2)} {heat.unit}")
    )
    places = ((LEFT, "start"), (0.5 * (LEFT + right), "mid"), (right, "end"))
    return boxes + "".join(
        f'<text class="tick {anchor}" x="{x:.1f}" y="{y + 19:.1f}">{said}</text>'
        for (x, anchor), said in zip(places, ends, strict=True)
    )
