"""The effects with their intervals: a forest plot that is a table, and all others below it."""

import math
from typing import Any

from ...analysis.compare import SIGNIFICANT, effect_text, headlines_first, p_text
from ...readouts import EVENTS_PREFIX, STATISTICS
from ...study_text import counted
from ..axes import LEAST_RATIOS
from ..words import TITLES, printed_effect
from .charts import log_ticks
from .markup import STYLES, key, number, table, text, unit
from .material import ArmShown, Material
from .palette import CELL_TYPES
from .pathway import SERIES

Row = dict[str, Any]


def leads(material: Material) -> list[str]:
    """What each treated arm shows, one sentence each, as `compare` says it; escaped."""
    if material.comparison is None:
        return []
    return [
        text(material.comparison.lead(arm.label).text())
        for arm in material.arms[1:]
        if arm.label in material.comparison.arms
    ]


def section(material: Material) -> str:
    """The whole section, without its heading."""
    if material.comparison is None:
        return "<p>There is one arm only; give a second one to see effects.</p>"
    return _how_to_read(material) + _forest(material) + _all(material)


def label_of(material: Material, readout: str) -> tuple[str, str]:
    """A readout in words and the statistic it is, both escaped."""
    if readout.startswith("days_to_"):
        column, _, threshold = readout.removeprefix("days_to_").rpartition("_")
        title = _title(material, column) or column
        units = unit(material.column(column)[0])
        return f"Time to {text(title.lower())} {text(threshold)} {units}", "restricted mean"
    if readout.startswith(EVENTS_PREFIX):
        return text(readout.removeprefix(EVENTS_PREFIX).replace("_", " ")), "events of a run"
    for name in sorted(STATISTICS, key=len, reverse=True):
        if readout.endswith(f"_{name}"):
            column = readout.removesuffix(f"_{name}")
            return text(_title(material, column) or readout), text(STATISTICS[name].meaning)
    return text(readout), ""


def _title(material: Material, column: str) -> str:
    """A column of the time series in a few words."""
    if column in TITLES:
        return TITLES[column]
    for prefix, signal in SERIES.items():
        cell_type = CELL_TYPES.get(column.removeprefix(f"{prefix}_"))
        if cell_type:
            return f"{signal} of {cell_type}s"
    return material.column(column)[1]


def effect(row: Row) -> str:
    """`printed_effect`, escaped, its sign kept beside its number."""
    return text(printed_effect(row)).replace("× ", "×\u00a0")


def _rows(material: Material, arm: ArmShown) -> list[Row]:
    assert material.comparison is not None
    return [row for row in material.comparison.rows if row["treated"] == arm.label]


def _how_to_read(material: Material) -> str:
    pairs = sorted(
        {int(max((r["n_pairs"] for r in _rows(material, a)), default=0)) for a in material.arms[1:]}
    )
    n = " or ".join(map(str, pairs))
    return (
        f"<p><b>Paired by seed.</b> Runs with the same seed share the marrow and the luck of every "
        f"cell, so each effect is estimated within {n} pair{'s' * (n != '1')}: a ratio (treated "
        "over control, geometric mean) where all values are above 0, else a difference (treated "
        "minus control). Bars are 95 % intervals (Student's t on the pairs).</p>"
        "<p><b>Many readouts were looked at.</b> <i>p adj</i> is adjusted among the primary "
        "endpoints (Holm 1979) and among all other readouts that differ in any pair (Benjamini "
        "and Hochberg 1995); an interval is not. A filled dot marks adjusted p below "
        f"{SIGNIFICANT:g}. Seeds are replicates of chance within one set of parameters, "
        "not animals.</p>"
    )


def _forest(material: Material) -> str:
    assert material.comparison is not None
    shown: dict[str, list[tuple[ArmShown, Row]]] = {}
    for arm in material.arms[1:]:
        for row in material.comparison.headlines(arm.label):
            shown.setdefault(row["readout"], [])
    for readout, entries in shown.items():
        for arm in material.arms[1:]:
            entries += [(arm, row) for row in _rows(material, arm) if row["readout"] == readout]
    ratios, differences = (_of_kind(shown, kind) for kind in ("ratio", "difference"))
    several = len(material.arms) > 2
    parts = []
    if ratios:
        low, high = _ratio_range([row for rows in ratios.values() for _, row in rows])
        axis = _ratio_axis(low, high)
        body = "".join(_group(material, k, v, (low, high), several) for k, v in ratios.items())
        parts.append(
            "<h3>Ratios</h3>" + _forest_table("treated over control, logarithmic axis", axis, body)
        )
    if differences:
        body = "".join(_group(material, k, v, None, several) for k, v in differences.items())
        axis = (
            '<svg width="100%" height="18" aria-hidden="true">'
            '<text class="tick mid" x="50%" y="13">0</text></svg>'
        )
        parts.append(
            "<h3>Differences</h3>"
            + _forest_table("treated minus control; each row on its own scale", axis, body)
        )
    return "".join(parts)


def _of_kind(shown: dict[str, list[tuple[ArmShown, Row]]], kind: str) -> Any:
    """The entries with that kind of effect; arms of one readout may differ in it, where one ends
    at 0 and has no ratio, and then stand on the axis of their own kind."""
    kept = {name: [e for e in rows if e[1]["effect"] == kind] for name, rows in shown.items()}
    return {name: rows for name, rows in kept.items() if rows}


def _forest_table(what: str, axis: str, body: str) -> str:
    return (
        '<table class="forest"><thead><tr><th scope="col">readout</th><th scope="col" '
        'class="num">control</th><th scope="col" class="num">treated</th><th scope="col" '
        f'class="plot"><span class="unit">{what}</span>{axis}</th><th scope="col">effect '
        '[95 % interval]</th><th scope="col" class="num">p adj</th></tr></thead>'
        f"{body}</table>"
    )


def _group(
    material: Material, readout: str, entries: list[tuple[ArmShown, Row]],
    range_: tuple[float, float] | None, several: bool,
) -> str:  # fmt: skip
    meaning, statistic = label_of(material, readout)
    units = unit(entries[0][1]["unit"])
    words = (
        f'<span class="what">{meaning}</span><br><span class="dim">{statistic}'
        f"{f', {units}' if units else ''}<br><code>{text(readout)}</code></span>"
    )
    half = _half_width([row for _, row in entries])
    out = []
    if several:
        out.append(f'<tr class="named"><th scope="rowgroup" colspan="6">{words}</th></tr>')
    for i, (arm, row) in enumerate(entries):
        first = key(arm.label, arm.style) if several else words
        plot = _ratio_plot(row, arm, range_) if range_ else _difference_plot(row, arm, half)
        out.append(
            f'<tr class="{"more" if several or i else "first"}" data-readout="{text(readout)}" '
            f'data-arm="{text(arm.label)}"><th scope="row">{first}</th>'
            f'<td class="num" data-label="control">{number(row["control_mean"])}</td>'
            f'<td class="num" data-label="treated">{number(row["treated_mean"])}</td>'
            f'<td class="plot">{plot}</td><td class="effect">{effect(row)}'
            f"{f' {units}' if units and row['effect'] == 'difference' else ''}</td>"
            f'<td class="num" data-label="p adj">{text(p_text(row["p_adjusted"]))}</td></tr>'
        )
    return f"<tbody>{''.join(out)}</tbody>"


def _ratio_range(rows: list[Row]) -> tuple[float, float]:
    """Of the axis: all intervals, but no further than 4 times beyond all estimates."""
    estimates = [row["estimate"] for row in rows if row["estimate"] > 0.0]
    widest = min(0.8, *estimates) / 4.0, max(1.25, *estimates) * 4.0
    ends = [row[k] for row in rows for k in ("ci_low", "ci_high") if row[k] > 0.0]
    least, most = LEAST_RATIOS
    low, high = min([least, *estimates, *ends]), max([most, *estimates, *ends])
    return max(low / 1.08, widest[0]), min(high * 1.08, widest[1])


def _on_log_axis(value: float, low: float, high: float) -> float:
    """Place of a ratio, per cent of the width; beyond the axis at its end."""
    share = math.log(value / low) / math.log(high / low) if value > 0.0 else 0.0
    return 100.0 * min(1.0, max(0.0, share))


def _ratio_axis(low: float, high: float) -> str:
    ticks = "".join(
        f'<text class="tick mid" x="{_on_log_axis(t, low, high):.2f}%" y="13">{t:g}</text>'
        for t in log_ticks(low, high)
        if 3.0 < _on_log_axis(t, low, high) < 97.0
    )
    return f'<svg width="100%" height="18" aria-hidden="true">{ticks}</svg>'


def _ratio_plot(row: Row, arm: ArmShown, range_: tuple[float, float]) -> str:
    low, high = range_
    grid = "".join(
        f'<line class="{"none" if t == 1.0 else "grid"}" x1="{_on_log_axis(t, low, high):.2f}%" '
        f'x2="{_on_log_axis(t, low, high):.2f}%" y1="0" y2="100%"/>'
        for t in log_ticks(low, high)
    )
    ends = [
        _on_log_axis(row[k], low, high) if math.isfinite(row[k]) else None
        for k in ("ci_low", "estimate", "ci_high")
    ]
    return _bar(grid, ends, row, arm)


def _half_width(rows: list[Row]) -> float:
    ends = [abs(row[k]) for row in rows for k in ("estimate", "ci_low", "ci_high")]
    return max([x for x in ends if math.isfinite(x)], default=0.0) * 1.1 or 1.0


def _difference_plot(row: Row, arm: ArmShown, half: float) -> str:
    grid = '<line class="none" x1="50%" x2="50%" y1="0" y2="100%"/>'
    ends = [
        50.0 + 50.0 * row[k] / half if math.isfinite(row[k]) else None
        for k in ("ci_low", "estimate", "ci_high")
    ]
    return _bar(grid, ends, row, arm)


def _bar(grid: str, ends: list[float | None], row: Row, arm: ArmShown) -> str:
    low, middle, high = ends
    style = arm.style % STYLES
    bar = ""
    if low is not None and high is not None:
        bar = f'<line class="ci arm{style}" x1="{low:.2f}%" x2="{high:.2f}%" y1="50%" y2="50%"/>'
        bar += "".join(_arrow(end, style) for end in (low, high) if end in (0.0, 100.0))
    clear = "clear" if row["p_adjusted"] < SIGNIFICANT else "open"
    dot = (
        "" if middle is None
        else f'<circle class="dot {clear} arm{style}" cx="{middle:.2f}%" cy="50%" r="5"/>'
    )  # fmt: skip
    return (
        f'<svg width="100%" height="30" role="img" aria-label="{text(effect_text(row))}">'
        f"{grid}{bar}{dot}</svg>"
    )


def _arrow(end: float, style: int) -> str:
    """The end of an interval that goes on beyond the axis."""
    turn = "M0 -5L-8 0L0 5Z" if end == 0.0 else "M0 -5L8 0L0 5Z"
    return (
        f'<svg x="{end:g}%" y="50%" overflow="visible"><path class="beyond arm{style}" '
        f'd="{turn}"/></svg>'
    )


def _all(material: Material) -> str:
    parts = []
    for arm in material.arms[1:]:
        rows = sorted(_rows(material, arm), key=headlines_first)
        cells = [
            [
                f"<code>{text(row['readout'])}</code>",
                ": ".join(filter(None, label_of(material, row["readout"]))),
                unit(row["unit"]), number(row["control_mean"]), number(row["treated_mean"]),
                effect(row), text(p_text(row["p"])), text(p_text(row["p_adjusted"])),
                f"{row['n_pairs']:g}",
            ]
            for row in rows
        ]  # fmt: skip
        head = ["readout", "meaning", "unit", "control", "treated", "effect [95 % interval]", "p",
                "p adj", "pairs"]  # fmt: skip
        parts.append(
            f"<details><summary>All {counted(len(rows), 'readout')} of "
            f"{text(arm.label)}</summary>"
            + table(head, cells, "numbers", f"all readouts of {arm.label}")
            + "</details>"
        )
    return "".join(parts)
