"""The effects with their intervals: a forest plot that is a table, and all others below it."""

import math
import re
from collections.abc import Sequence
from typing import Any

from ...analysis.compare_text import SIGNIFICANT, effect_text, headlines_first, p_text
from ...analysis.endpoints import PRIMARY
from ...readouts import EVENTS_PREFIX, STATISTICS
from ...study_text import counted
from ..axes import LEAST_RATIOS
from ..words import TITLES, printed_effect
from . import design
from .charts import Axis, log_ticks, round_ticks
from .markup import STYLES, key, number, table, text, unit
from .material import ArmShown, Material
from .palette import CELL_TYPES
from .pathway import SERIES

Row = dict[str, Any]

#: So many arms have each a line for all their readouts; more are folded into one.
MOST_OPEN = 3
#: Headings of the forest plot, and how the names of their readouts begin.
SUBJECTS: dict[str, tuple[str, ...]] = {
    "Tumour": ("tumour_", "days_to_", "n_lesions", "n_tumour", "n_dormant", "dormant", "n_arriv",
               "n_circulating", "n_shed", "n_clones", "clon"),
    "Bone": ("bv_tv", "n_oc", "n_ob", "oc_", "ob_", "ctx", "p1np", "n_mesenchymal", "bone"),
    "Vessels and supply": ("vessel", "mean_", "perfus", "hypox"),
    "Signalling": ("s6k", "p4ebp1", "akt", "mtorc", "foxo", "hif", "autophagy"),
}  # fmt: skip
OTHER_SUBJECT = "Others"


def leads(material: Material) -> str:
    """What each treated arm shows, as `compare` says it: its primary endpoints, in a small table.

    Of more arms than can be told apart, one sentence; their effects stand under Effects.
    """
    if not material.treated:
        return ""
    if material.is_many:
        controls = ", ".join(arm.label for arm in material.controls)
        return (
            f"<p>{counted(len(material.treated), 'arm')}, each against its own control "
            f"({text(controls)}), at day {number(material.days)}; "
            f"{counted(len(material.seeds), 'pair')} by seed (chance, not animals).</p>"
        )
    return "".join(_lead(material, arm) for arm in material.treated)


def _lead(material: Material, arm: ArmShown) -> str:
    assert material.comparison is not None
    lead = material.comparison.lead(arm.label)
    rows = "".join(
        f'<tr class="{"clear" if e.is_clear else ""}"><th scope="row">{text(e.label)}</th>'
        f'<td class="num">{printed(f"{e.change}  {e.interval}")}</td>'
        f'<td>{printed(e.values)}</td><td class="num">{text(e.p)}</td></tr>'
        for e in lead.endpoints
    )
    warnings = "".join(f'<p class="warning">{text(w)}</p>' for w in lead.warnings)
    heading = lead.heading[:1].upper() + lead.heading[1:]
    return (
        f'<div class="lead"><p class="arm{arm.style}">{text(heading)}</p>{warnings}'
        f"<table>{rows}</table><p>{text(lead.ending)}</p></div>"
    )


def printed(words: str) -> str:
    """Words of the terminal with the signs of print, escaped."""
    plain = re.sub(r"-(?=\d)", "−", words.replace("->", "→"))
    return text(plain).replace("mm2", "mm²")


def section(material: Material) -> str:
    """The whole section, without its heading."""
    if material.comparison is None:
        return "<p>There is one arm only; give a second one to see effects.</p>"
    if not material.treated:
        return "<p>No arm can be compared with a control here; the notes above say why.</p>"
    if material.is_many:
        return design.section(material) + _how_to_read(material) + _all(material)
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


def _how_to_read(material: Material) -> str:
    n_of = sorted({int(max(r["n_pairs"] for r in material.rows(a))) for a in material.treated})
    n = " or ".join(map(str, n_of))
    return (
        "<p>Runs with the same seed begin with the same marrow and the same random numbers, so "
        f"each effect is estimated within {n} pair{'s' * (n != '1')}: a ratio (treated over "
        "control, geometric mean) where all values are above 0, else a difference. Bars are 95 % "
        "intervals. <i>p adj</i> is adjusted by Holm among the primary endpoints, which were "
        "chosen beforehand, and by Benjamini and Hochberg among all others; a filled dot is "
        f"p adj below {SIGNIFICANT:g}. Seeds are replicates of chance within one set of "
        "parameters, not animals.</p>"
    )


def _forest(material: Material) -> str:
    """The primary endpoints first, each on its own axis; the other headlines by subject."""
    shown: dict[str, None] = {}
    for arm in material.treated:
        found = [row for row in material.rows(arm) if row["family"] == PRIMARY]
        found += material.comparison.headlines(arm.label) if material.comparison else []
        shown |= dict.fromkeys(row["readout"] for row in found)
    first = design.endpoints(material)
    others: dict[str, list[str]] = {}
    for readout in shown:
        if readout not in first:
            others.setdefault(subject_of(readout), []).append(readout)
    parts = [f"<h3>Primary endpoints</h3>{_forest_table(material, first, own_axes=True)}"]
    more = "".join(
        f"<h3>{subject}</h3>{_forest_table(material, others[subject], own_axes=False)}"
        for subject in [*SUBJECTS, OTHER_SUBJECT]
        if subject in others
    )
    if more:
        n = counted(sum(map(len, others.values())), "other readout")
        open_ = " open" if len(material.treated) == 1 else ""
        parts.append(f"<details{open_}><summary>Forest plot of {n}</summary>{more}</details>")
    return "".join(parts)


def subject_of(readout: str) -> str:
    """The heading under which a readout stands."""
    for subject, starts in SUBJECTS.items():
        if readout.startswith(starts):
            return subject
    return OTHER_SUBJECT


def _forest_table(material: Material, readouts: Sequence[str], own_axes: bool) -> str:
    """Readouts of one subject: an axis of ratios for each or for all, repeated at each readout.

    Differences have a scale of their own in any case: units differ.
    """
    entries = {
        name: [(arm, row) for arm in material.treated if (row := material.effect(arm, name))]
        for name in readouts
    }
    all_rows = [row for of in entries.values() for _, row in of]
    body = "".join(
        _readout(material, name, of, all_rows if not own_axes else [row for _, row in of])
        for name, of in entries.items()
        if of
    )
    return (
        '<table class="forest"><thead><tr><th scope="col">readout</th><th scope="col" '
        'class="num">control</th><th scope="col" class="num">treated</th><th scope="col" '
        'class="plot"></th><th scope="col">effect [95 % interval]</th><th scope="col" '
        f'class="num">p adj</th></tr></thead>{body}</table>'
    )


def _readout(
    material: Material, readout: str, entries: list[tuple[ArmShown, Row]],
    on_axis: list[Row],
) -> str:  # fmt: skip
    """One readout: its arms with a ratio above those with a difference, each with its axis."""
    meaning, statistic = label_of(material, readout)
    units = unit(entries[0][1]["unit"])
    words = (
        f'<span class="what">{meaning}</span> <span class="dim">{statistic}'
        f"{f', {units}' if units else ''}</span> <code>{text(readout)}</code>"
    )
    out = [f'<tr class="named"><th scope="rowgroup" colspan="6">{words}</th></tr>']
    for kind in ("ratio", "difference"):
        of_kind = [(arm, row) for arm, row in entries if row["effect"] == kind]
        if not of_kind:
            continue
        if kind == "ratio":
            axis = _ratio_axis([row for row in on_axis if row["effect"] == kind])
        else:
            axis = _difference_axis([row for _, row in of_kind])
        for i, (arm, row) in enumerate(of_kind):
            is_last = i == len(of_kind) - 1
            out.append(_arm_row(readout, arm, row, axis, units, is_last))
    return f"<tbody>{''.join(out)}</tbody>"


def _arm_row(
    readout: str, arm: ArmShown, row: Row, axis: Axis, units: str, is_last: bool
) -> str:  # fmt: skip
    told = f" {units}" if units and row["effect"] == "difference" else ""
    return (
        f'<tr class="more" data-readout="{text(readout)}" data-arm="{text(arm.label)}">'
        f'<th scope="row">{key(arm.title, arm.style)}</th>'
        f'<td class="num" data-label="control">{number(row["control_mean"])}</td>'
        f'<td class="num" data-label="treated">{number(row["treated_mean"])}</td>'
        f'<td class="plot">{_plot(row, arm, axis)}{_ticks(axis) if is_last else ""}</td>'
        f'<td class="effect">{effect(row)}{told}</td>'
        f'<td class="num" data-label="p adj">{text(p_text(row["p_adjusted"]))}</td></tr>'
    )


def _ratio_axis(rows: list[Row]) -> Axis:
    low, high = _ratio_range(rows)
    return Axis(low, high, log_ticks(low, high, most=6), is_log=True)


def _difference_axis(rows: list[Row]) -> Axis:
    ends = [abs(row[k]) for row in rows for k in ("estimate", "ci_low", "ci_high")]
    half = max([x for x in ends if math.isfinite(x)], default=0.0) * 1.1 or 1.0
    return Axis(-half, half, round_ticks(-half, half, 4))


def _ratio_range(rows: list[Row]) -> tuple[float, float]:
    """Of the axis: all intervals, but no further than 4 times beyond all estimates."""
    estimates = [row["estimate"] for row in rows if row["estimate"] > 0.0]
    widest = min(0.8, *estimates) / 4.0, max(1.25, *estimates) * 4.0
    ends = [row[k] for row in rows for k in ("ci_low", "ci_high") if row[k] > 0.0]
    least, most = LEAST_RATIOS
    low, high = min([least, *estimates, *ends]), max([most, *estimates, *ends])
    return max(low / 1.08, widest[0]), min(high * 1.08, widest[1])


def _place(value: float, axis: Axis) -> float:
    """Place of a value, per cent of the width; beyond the axis at its end."""
    return 100.0 * min(1.0, max(0.0, axis.share(value)))


def _ticks(axis: Axis) -> str:
    """The numbers of an axis; a ratio has the sign of one."""
    ticks = "".join(
        f'<text class="tick mid" x="{_place(t, axis):.2f}%" y="13">{_tick(t, axis)}</text>'
        for t in axis.ticks
        if 4.0 < _place(t, axis) < 96.0
    )
    return f'<svg class="ticks" width="100%" height="18" aria-hidden="true">{ticks}</svg>'


def _tick(value: float, axis: Axis) -> str:
    if axis.is_log:
        return f"×\u00a0{value:g}"
    return f"{'+' if value > 0.0 else ''}{number(value)}"


def _plot(row: Row, arm: ArmShown, axis: Axis) -> str:
    nothing = 1.0 if axis.is_log else 0.0
    grid = "".join(
        f'<line class="{"none" if t == nothing else "grid"}" x1="{_place(t, axis):.2f}%" '
        f'x2="{_place(t, axis):.2f}%" y1="0" y2="100%"/>'
        for t in dict.fromkeys([*axis.ticks, nothing])
    )
    ends = [
        _place(row[k], axis) if math.isfinite(row[k]) else None
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
        f'<svg width="100%" height="26" role="img" aria-label="{text(effect_text(row))}">'
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
    """All readouts of every arm, folded: the headlines first."""
    parts = []
    for arm in material.treated:
        rows = sorted(material.rows(arm), key=headlines_first)
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
            f"{text(arm.title)}</summary>"
            + table(head, cells, "numbers", f"all readouts of {arm.title}")
            + "</details>"
        )
    if len(parts) > MOST_OPEN:
        return f"<details><summary>All readouts, arm by arm</summary>{''.join(parts)}</details>"
    return "".join(parts)
