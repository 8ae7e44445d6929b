"""More arms than lines: primary endpoints as a table of colours, and of a sweep as dose curves."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...analysis.groups import values_of_points
from ...study_text import counted
from ..one_kind import in_one_kind
from ..words import printed_effect
from .charts import Axis, log_ticks, round_ticks
from .compared import meaning_of, meanings
from .heat import level_of, top_of
from .markup import DASHES, STYLES, number, text, unit
from .material import ArmShown, Material

Point = dict[str, str]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360.0, 210.0, 50.0, 14.0, 20.0, 40.0
MOST_LINES = 7
MOST_ROWS = 24
#: A range of values this wide has a logarithmic axis.
WIDE = 10.0


def section(material: Material) -> str:
    """Dose curves where the study is a design, and the table of all arms."""
    points = {arm.label: found for arm, found in _with_points(material)}
    return _curves(material, points) + _table(material, points)


def row_name(material: Material, arm: ArmShown, points: dict[str, Point]) -> str:
    """What tells an arm apart: its values in the design, or else its title."""
    return " · ".join(points[arm.label].values()) if arm.label in points else arm.title


def _with_points(material: Material) -> list[tuple[ArmShown, Point]]:
    known = values_of_points(material.folder)
    return [(arm, known[arm.label]) for arm in material.treated if known.get(arm.label)]


def endpoints(material: Material) -> list[str]:
    """Readouts of the primary endpoints, each once, in order."""
    assert material.comparison is not None
    found = [
        endpoint.readout
        for arm in material.treated
        for endpoint in material.comparison.lead(arm.label).endpoints
    ]
    return list(dict.fromkeys(found))


def _label(material: Material, readout: str) -> str:
    assert material.comparison is not None
    for arm in material.treated:
        for endpoint in material.comparison.lead(arm.label).endpoints:
            if endpoint.readout == readout:
                return endpoint.label
    return readout


# ------------------------------------------------------------------------------------ dose curves
def _curves(material: Material, points: dict[str, Point]) -> str:
    keys = list(dict.fromkeys(k for point in points.values() for k in point))
    values = {key: [point.get(key, "") for point in points.values()] for key in keys}
    numeric = [k for k in keys if all(map(_is_number, values[k])) and len(set(values[k])) > 2]
    if not numeric:
        return ""
    across = max(numeric, key=lambda k: len(set(values[k])))
    others = [k for k in keys if k != across and len(set(values[k])) > 1]
    lines: dict[tuple[str, ...], list[str]] = {}
    for name, point in points.items():
        lines.setdefault(tuple(point[k] for k in others), []).append(name)
    if len(lines) > MOST_LINES:
        lines = {(): list(points)}
        others = []
    known = meanings()
    units, meaning = meaning_of(across, known)
    axis_words = f"{_short_key(across)}{f' ({unit(units)})' if units else ''}"
    figures = [
        _curve(material, readout, across, lines, points, axis_words)
        for readout in endpoints(material)
    ]
    legend = "".join(
        _sample(i, ", ".join(f"{_short_key(k)} {v}" for k, v in zip(others, line, strict=True)))
        for i, line in enumerate(lines)
        if others
    )
    said = (
        ""
        if not others
        else " One line for each value of "
        + " and ".join(f"<code>{text(k)}</code>" for k in others)
        + "."
    )
    return (
        f"<h3>Primary endpoints across the design</h3><p>Effect of each point against its own "
        f"control, against <code>{text(across)}</code> ({text(meaning)}), with 95 % intervals."
        f'{said}</p><p class="legend">{legend}</p><div class="grid four">{"".join(figures)}</div>'
    )


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _short_key(key: str) -> str:
    """The end of a key in words."""
    return text(key.rpartition(".")[2].replace("_", " "))


def _sample(style: int, words: str) -> str:
    return (
        f'<span class="key"><svg class="arm{style}" width="30" height="10" aria-hidden="true">'
        f'<line x1="1" y1="5" x2="29" y2="5" class="line" stroke-dasharray="{DASHES[style]}"/>'
        f"</svg>{words}</span>"
    )


def _curve(
    material: Material, readout: str, across: str, lines: dict[tuple[str, ...], list[str]],
    points: dict[str, Point], axis_words: str,
) -> str:  # fmt: skip
    """One endpoint against one parameter."""
    arms = {arm.label: arm for arm in material.treated}
    rows = {name: material.effect(arms[name], readout) for name in points}
    known = {name: row for name, row in rows.items() if row is not None}
    title = _label(material, readout)
    if not known:
        return ""
    is_ratio = all(row["effect"] == "ratio" for row in known.values())
    known = in_one_kind(
        {name: (material.control_of(arm).arm, arm.arm) for name, arm in arms.items()}, known
    )
    places = {name: float(points[name][across]) for name in known}
    axis = _effect_axis(list(known.values()), is_ratio)
    x_axis = _parameter_axis(list(places.values()))

    def px(value: float) -> float:
        return LEFT + (WIDTH - RIGHT - LEFT) * (0.04 + 0.92 * x_axis.share(value))

    def py(value: float) -> float:
        inside = min(1.0, max(0.0, axis.share(value)))
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * inside

    parts = [f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{text(title)} '
             f'against {text(across)}">']  # fmt: skip
    for tick in axis.ticks:
        parts.append(
            f'<line class="grid" x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{py(tick):.1f}" '
            f'y2="{py(tick):.1f}"/><text class="tick end" x="{LEFT - 6:g}" '
            f'y="{py(tick) + 4:.1f}">{number(tick)}</text>'
        )
    none = 1.0 if is_ratio else 0.0
    parts.append(
        f'<line class="none" x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{py(none):.1f}" '
        f'y2="{py(none):.1f}"/>'
    )
    for tick in x_axis.ticks:
        parts.append(
            f'<text class="tick mid" x="{px(tick):.1f}" y="{HEIGHT - BOTTOM + 16:g}">'
            f"{number(tick)}</text>"
        )
    for style, names in enumerate(lines.values()):
        parts.append(_line(style, [n for n in names if n in known], known, places, px, py))
    row = next(iter(known.values()))
    units = "" if is_ratio else unit(row["unit"])
    told = "× control" if is_ratio else f"difference{f', {units}' if units else ''}"
    parts.append(
        f'<text class="unit" x="2" y="12">{told}</text><text class="unit mid" '
        f'x="{(LEFT + WIDTH) / 2:g}" y="{HEIGHT - 6:g}">{axis_words}</text></svg>'
    )
    return f"<figure><figcaption><b>{text(title)}</b></figcaption>{''.join(parts)}</figure>"


def _line(style: int, names: Sequence[str], rows: Any, places: Any, px: Any, py: Any) -> str:
    """Estimates in rising order of the parameter, joined, with their intervals."""
    style %= STYLES
    order = sorted(names, key=lambda name: places[name])
    at = [(px(places[n]) + 1.5 * style, rows[n]) for n in order]
    path = "L".join(f"{x:.1f} {py(row['estimate']):.1f}" for x, row in at)
    bars = "".join(
        f'<line class="ci arm{style}" x1="{x:.1f}" x2="{x:.1f}" y1="{py(row["ci_low"]):.1f}" '
        f'y2="{py(row["ci_high"]):.1f}"/>'
        for x, row in at
        if math.isfinite(row["ci_low"])
    )
    dots = "".join(
        f'<circle class="dot clear arm{style}" cx="{x:.1f}" cy="{py(row["estimate"]):.1f}" '
        'r="3.2"/>'
        for x, row in at
    )
    joined = f'<path class="line arm{style}" stroke-dasharray="{DASHES[style]}" d="M{path}"/>'
    return (joined if len(at) > 1 else "") + bars + dots


def _effect_axis(rows: Sequence[dict[str, Any]], is_ratio: bool) -> Axis:
    """Holds no effect, all estimates, and intervals up to twice as far."""
    estimates = np.array([row["estimate"] for row in rows], dtype=float)
    ends = np.array([row[k] for row in rows for k in ("ci_low", "ci_high")], dtype=float)
    if is_ratio:
        estimates, ends = np.log(estimates), np.log(np.clip(ends, 1e-9, None))
    ends = ends[np.isfinite(ends)]
    low, high = min(0.0, estimates.min()), max(0.0, estimates.max())
    room = 0.6 * (high - low) or 0.1
    low = max(low - room, min(low, ends.min(initial=low)))
    high = min(high + room, max(high, ends.max(initial=high)))
    if is_ratio:
        low, high = math.exp(low) / 1.03, math.exp(high) * 1.03
        return Axis(low, high, log_ticks(low, high, most=6), is_log=True)
    return Axis(low, high, round_ticks(low, high, 4))


def _parameter_axis(values: Sequence[float]) -> Axis:
    low, high = min(values), max(values)
    if low > 0.0 and high / low >= WIDE:
        return Axis(low, high, sorted(set(values))[:9], is_log=True)
    return Axis(low, high, sorted(set(values)) if len(set(values)) < 7 else round_ticks(low, high))


# ------------------------------------------------------------------------------ the table of arms
def _table(material: Material, points: dict[str, Point]) -> str:
    """Arms by endpoints: each cell an effect, coloured by its size within its column."""
    names = endpoints(material)
    keys = list(dict.fromkeys(k for point in points.values() for k in point))
    effects = {(arm.label, n): material.effect(arm, n) for arm in material.treated for n in names}
    tops = {}
    for name in names:
        found = [row for arm in material.treated if (row := effects[arm.label, name])]
        for kind in ("ratio", "difference"):
            of_kind = np.array([row["estimate"] for row in found if row["effect"] == kind])
            tops[name, kind] = top_of(of_kind, kind == "ratio")
    rows = []
    for arm in material.treated:
        cells = [f'<td class="num">{text(points.get(arm.label, {}).get(k, ""))}</td>' for k in keys]
        cells += [_cell(effects[arm.label, name], tops, name) for name in names]
        rows.append(
            f'<tr data-arm="{text(arm.label)}"><th scope="row">{text(arm.label)}</th>'
            f"<td>{text(arm.control)}</td>{''.join(cells)}</tr>"
        )
    head = [
        "arm",
        "control",
        *(_short_key(k) for k in keys),
        *(text(_label(material, n)) for n in names),
    ]
    heads = "".join(f'<th scope="col">{word}</th>' for word in head)
    top = f'<table class="arms-by-endpoints"><thead><tr>{heads}</tr></thead><tbody>'
    shown = f"{top}{''.join(rows[:MOST_ROWS])}</tbody></table>"
    more = ""
    if len(rows) > MOST_ROWS:
        left = len(rows) - MOST_ROWS
        more = (
            f"<details><summary>{counted(left, 'more arm')}</summary>{top}"
            f"{''.join(rows[MOST_ROWS:])}</tbody></table></details>"
        )
    return (
        f"<h3>Every arm</h3><p>Effects on the primary endpoints with 95 % intervals; blue is below "
        "the control, orange above it, darker the farther within its column; * adjusted p below "
        f'0.05 (Holm, within the arm).</p><div class="scroll" tabindex="0" role="region" '
        f'aria-label="effects of every arm">{shown}</div>{more}'
    )


def _cell(row: dict[str, Any] | None, tops: dict[tuple[str, str], float], name: str) -> str:
    if row is None:
        return '<td class="num dim">–</td>'
    level = level_of(row["estimate"], tops[name, row["effect"]], row["effect"] == "ratio")
    star = " *" if row["p_adjusted"] < 0.05 else ""
    printed = text(printed_effect(row)).replace("× ", "×\u00a0")
    shade = f" d{level}" if level >= 0 else ""
    return f'<td class="num heat{shade}">{printed}{star}</td>'
