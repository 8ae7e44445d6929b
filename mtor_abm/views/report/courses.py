"""Time courses: every arm with its band, and below it the effect, paired by seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...analysis.doses import drug_words
from ...analysis.groups import values_of_points
from ...analysis.statistics import mean_band
from ...study_text import counted
from .. import start_up
from ..paired import PairedCourse, paired_courses
from ..words import TITLES
from .charts import Curve, DoseBar, chart, plain_axis, ratio_axis
from .design import row_name
from .heat import Heat, heat_map
from .markup import key, number, text, unit
from .material import ArmShown, Material

#: Columns of the time series that are drawn: label of the axis, "" takes the unit.
COURSES: dict[str, str] = {
    "tumour_area_mm2": "",
    "bv_tv": "BV/TV",
    "ctx_per_d": "",
    "vessel_length_mm_per_mm2": "",
    "n_oc_per_b_pm_per_mm": "",
    "n_ob_per_b_pm_per_mm": "",
    "n_lesions": "lesions",
    "n_tumour_dormant": "cells",
    "p1np_per_d": "",
    "mean_vegf_nM": "",
    "mean_oxygen_mmHg": "",
    "s6k_tumour": "activity",
    "p4ebp1_tumour": "activity",
    "akt_s473_tumour": "activity",
    "n_circulating": "cells",
}
#: So many stand open; the others are folded.
OPEN = 6
#: Their changes are small beside their values, so their axis does not begin at 0.
NOT_FROM_ZERO = ("bv_tv",)
EFFECT_HEIGHT = 150.0


def section(material: Material) -> tuple[str, dict[str, Any]]:
    """The time courses, and the numbers behind them for the script: chart -> arms."""
    drawn = [
        c for c in COURSES if any(_values(material, arm, c) is not None for arm in material.arms)
    ]
    if not drawn:
        return "<p>These runs hold none of the columns that are drawn here.</p>", {}
    if material.is_many:
        return _many(material, drawn), {}
    numbers: dict[str, Any] = {}
    figures = [_figure(material, column, numbers) for column in drawn]
    body = f"<p>{_words(material)}</p>{arm_legend(material)}{_grid(figures[:OPEN])}"
    body += _folded([TITLES[c] for c in drawn[OPEN:]], _grid(figures[OPEN:]))
    return body, {"days": _short(material.times_d), "charts": numbers}


def arm_legend(material: Material) -> str:
    """Samples of the lines of all arms, with their titles."""
    arms = "".join(key(arm.title, arm.style) for arm in material.arms)
    return f'<p class="legend">{arms}</p>'


def dose_bars(material: Material) -> list[DoseBar]:
    """When each arm is treated, for the foot of every plot against time."""
    return [
        DoseBar(
            arm.style, doses.days, doses.span_d[1],
            f"{arm.title}: {drug_words(doses.drug, doses.schedule.model_dump(), material.days)}",
        )
        for arm in material.arms
        for doses in arm.doses
    ]  # fmt: skip


def _words(material: Material) -> str:
    words = _lines_and_bands([len(arm.runs) for arm in material.arms])
    if material.treated:
        words += (
            " Below it, the effect of each treated arm at every time: each run against the "
            "control run of its own seed, with the 95 % interval of that effect."
        )
    if dose_bars(material):
        words += " A bar at the foot of a plot is the time under treatment, a stroke a dose."
    if material.settling_d > 0.0:
        words += f" Grey: the first {number(material.settling_d)} days ({text(start_up.WORDS)})."
    return f"{words} Point at a chart, or move the day with the arrow keys, to read its numbers."


def _lines_and_bands(n_runs: Sequence[int]) -> str:
    if max(n_runs) == 1:
        return "Line: the only run of an arm; one run has no interval."
    same = min(n_runs) == max(n_runs)
    runs = counted(n_runs[0], "run") if same else f"{min(n_runs)} to {max(n_runs)} runs"
    none = "" if min(n_runs) > 1 else "; none with one run"
    return (
        f"Line: mean over the {runs} of an arm. Band: 95 % interval of that mean (Student's t"
        f"{none}); it contains the spread between seeds, which pairing removes."
    )


def _values(material: Material, arm: ArmShown, column: str) -> np.ndarray | None:
    """A column of all runs of an arm, unless there is nothing to see in it."""
    values = material.series(arm, column)
    if values is None or not np.isfinite(values).any() or not np.nan_to_num(values).any():
        return None
    return values


def _figure(material: Material, column: str, numbers: dict[str, Any]) -> str:
    """One column: the arms, and the effects below them."""
    title, days = TITLES[column], material.times_d
    curves, said = [], []
    for arm in material.arms:
        values = _values(material, arm, column)
        if values is not None:
            mean, low, high = mean_band(values)
            curves.append(Curve(arm.style, days, mean, low, high))
            said.append([arm.label, arm.style, *(_short(a) for a in (mean, low, high))])
    numbers[column] = said
    units, meaning = material.column(column)
    svg = chart(
        curves, days=material.days, y_unit=text(COURSES[column]) or unit(units), key=column,
        axis=plain_axis(curves, column not in NOT_FROM_ZERO), doses=dose_bars(material),
        settling_d=material.settling_d, label=f"{title} against time, one line an arm",
    )  # fmt: skip
    return (
        f"<figure><figcaption><b>{text(title)}</b></figcaption>{_panel(svg)}"
        f"{_effects(material, column, numbers)}"
        f'<p class="dim">{text(meaning)} <code>{text(column)}</code></p></figure>'
    )


def _panel(svg: str) -> str:
    return f'<div class="panel-of">{svg}<p class="readout" hidden></p></div>'


def _effects(material: Material, column: str, numbers: dict[str, Any]) -> str:
    """The effect of each treated arm against time; nothing where no arm is compared."""
    groups = material.groups
    runs = [
        run for control, arms in groups for arm in (control, *arms) for run in arm.runs.values()
    ]
    if not groups or any(column not in run.timeseries.columns for run in runs):
        return ""
    order = [arm for _, arms in groups for arm in arms]
    shown = {id(arm.arm): arm for arm in material.treated}
    effects = [
        (shown[id(arm)], effect)
        for arm, effect in zip(order, paired_courses(groups, column), strict=True)
        if np.isfinite(effect.mean).any()
    ]
    if not effects:
        return ""
    kind = effects[0][1].kind
    curves = [Curve(a.style, material.times_d, e.mean, e.low, e.high) for a, e in effects]
    name = f"effect:{column}"
    numbers[name] = [[a.label, a.style, *(_short(v) for v in (e.mean, e.low, e.high))]
                     for a, e in effects]  # fmt: skip
    told = "treated over control" if kind == "ratio" else _difference(material, column)
    svg = chart(
        curves, days=material.days, y_unit=told, key=name, height=EFFECT_HEIGHT,
        axis=ratio_axis(curves) if kind == "ratio" else plain_axis(curves),
        nothing=effects[0][1].nothing, settling_d=material.settling_d,
        doses=dose_bars(material),
        label=f"effect on {TITLES[column]} against time, {kind}, paired by seed",
    )  # fmt: skip
    return _panel(svg)


def _difference(material: Material, column: str) -> str:
    units = text(COURSES[column]) or unit(material.column(column)[0])
    return f"treated minus control{f', {units}' if units else ''}"


def _grid(figures: Sequence[str]) -> str:
    return f'<div class="grid">{"".join(figures)}</div>' if figures else ""


def _folded(titles: Sequence[str], body: str) -> str:
    if not titles:
        return ""
    return (
        f"<details><summary>{counted(len(titles), 'more time course')}: "
        f"{text(', '.join(titles))}</summary>{body}</details>"
    )


# --------------------------------------------------------------------------- more arms than lines
def _many(material: Material, columns: Sequence[str]) -> str:
    """Heat maps: one row an arm, its effect against time as a colour."""
    figures, titles, points = [], [], values_of_points(material.folder)
    for column in columns:
        if any(material.series(arm, column) is None for arm in material.arms):
            continue
        order = [arm for _, arms in material.groups for arm in arms]
        shown = {id(arm.arm): arm for arm in material.treated}
        effects = paired_courses(material.groups, column) if order else []
        if not effects or not any(np.isfinite(e.mean).any() for e in effects):
            continue
        rows = [
            (row_name(material, shown[id(arm)], points), effect)
            for arm, effect in zip(order, effects, strict=True)
        ]
        figures.append(_heat(material, column, rows))
        titles.append(TITLES[column])
    if not figures:
        return "<p>No arm has a control here, so there is no effect to draw.</p>"
    words = (
        "One row an arm: its effect against its own control at every time, mean over the pairs. "
        "Blue is lower than the control, orange higher; the scale stands under each map."
    )
    keys = list(dict.fromkeys(key for point in points.values() for key in point))
    if keys:
        words += f" Rows are named by <code>{text(' · '.join(keys))}</code>."
    if material.settling_d > 0.0:
        words += (
            f" Left of the dashed line, the first {number(material.settling_d)} days "
            f"({text(start_up.WORDS)})."
        )
    if material.treatment_d is not None:
        first, last = material.treatment_d
        words += f" Treatment, the bar at the foot: day {number(first)} to {number(last)} at most."
    open_ = 3
    return f'<p>{words}</p><div class="grid">{"".join(figures[:open_])}</div>' + _folded(
        titles[open_:], _grid(figures[open_:])
    )


def _heat(material: Material, column: str, rows: Sequence[tuple[str, PairedCourse]]) -> str:
    units = unit(material.column(column)[0])
    heat = Heat(
        [title for title, _ in rows], material.times_d,
        np.array([effect.mean for _, effect in rows]), rows[0][1].kind == "ratio", units,
    )  # fmt: skip
    svg = heat_map(
        heat, days=material.days, settling_d=material.settling_d,
        treatment=material.treatment_d, label=f"effect on {TITLES[column]} against time",
    )  # fmt: skip
    return f"<figure><figcaption><b>{text(TITLES[column])}</b></figcaption>{svg}</figure>"


def _short(values: np.ndarray) -> list[float | None]:
    """Four significant digits for the script; null where there is none."""
    return [float(f"{v:.4g}") if np.isfinite(v) else None for v in values]
