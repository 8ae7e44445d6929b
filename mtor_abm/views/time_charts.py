"""Time courses: the arms, and below them what each treatment does, paired by seed."""

from typing import Any

import numpy as np

from ..analysis.arms import Arm
from ..analysis.statistics import mean_band
from .axes import LEAST_RATIOS, ends_of
from .canvas import FAINT, Look, looks, new_figure, say_what, written
from .chart_parts import (
    interval_words,
    legend_of_arms,
    mark_doses,
    mark_start_up,
    marks_in_words,
    plain_log_ticks,
    room_for_doses,
    start_up_of,
)
from .paired import PairedCourse, paired_courses
from .study_data import StudyData, course
from .words import TITLES

# Columns of the time series that are drawn: what a reader looks for first.
COURSES = (
    "tumour_area_mm2", "n_tumour_dormant", "bv_tv", "n_oc_per_b_pm_per_mm", "n_ob_per_b_pm_per_mm",
    "ctx_per_d", "p1np_per_d", "vessel_length_mm_per_mm2", "s6k_tumour",
)  # fmt: skip
COLUMNS_OF_PANELS = 3
FEW_ARMS = 3
_QUANTITIES = {
    "tumour_area_mm2": "area", "bv_tv": "BV/TV", "n_tumour_dormant": "cells",
    "ctx_per_d": "bone resorbed", "p1np_per_d": "matrix laid down",
    "vessel_length_mm_per_mm2": "length density", "s6k_tumour": "activity, share of maximum",
}  # fmt: skip
#: Share of the ends of intervals that may lie outside an axis: a wide one must not hide the rest.
_OUTER = 0.02


def shown_columns(data: StudyData) -> list[str]:
    """Columns of COURSES that every arm has."""
    return [name for name in COURSES if name in data.columns]


def time_courses(data: StudyData) -> Any:
    """Mean of each arm over days with a band, and its paired effect below; a pair a quantity."""
    shown = shown_columns(data)
    if not shown:
        return None
    columns = min(COLUMNS_OF_PANELS, len(shown))
    blocks = -(-len(shown) // columns)
    with_effects = bool(data.comparable)
    heights = [1.7, 1.0] if with_effects else [1.7]
    figure = new_figure(2.9 * columns, blocks * (sum(heights) + 0.3) + 0.9)
    grid = figure.subplots(
        blocks * len(heights), columns, squeeze=False, sharex=True, height_ratios=heights * blocks
    )
    look = looks(data.names)
    # bands of many arms, one over the other, are one grey
    opacity = 0.18 if len(data.arms) <= FEW_ARMS else 0.07
    start_up = start_up_of(data)
    end = max(float(course(arm, shown[0])[0][-1]) for arm in data.arms)
    has_doses = False
    for place in range(blocks * columns):
        row, column = divmod(place, columns)
        panels = grid[row * len(heights) : (row + 1) * len(heights), column]
        if place >= len(shown):
            for panel in panels:
                panel.remove()
            continue
        name = shown[place]
        for arm in data.arms:
            _course(panels[0], arm, name, look[arm.name], opacity)
        panels[0].set_title(TITLES[name], pad=room_for_doses(data.arms))
        panels[0].set_ylabel(_quantity(name, data.columns[name]["unit"]))
        panels[0].set_xlim(0.0, end)
        low, high = panels[0].get_ylim()
        panels[0].set_ylim(ends_of(max(0.0, low), high))  # no quantity here is below 0
        if with_effects:
            _effects(panels[1], data, name, look, opacity)
        for panel in panels:
            mark_start_up(panel, start_up)
            panel.xaxis.get_major_locator().set_params(integer=True)
        has_doses = mark_doses(panels[0], data.arms, look)
        if place + columns >= len(shown):
            panels[-1].set_xlabel("time (d)")
            panels[-1].tick_params(labelbottom=True)
    legend_of_arms(figure, data.names, data.titles, look)
    interval = interval_words([len(arm.runs) for arm in data.arms], "run")
    told = f"Mean over runs{interval}"
    if with_effects:
        pairs = interval_words(
            [max(r["n_pairs"] for r in of) for of in data.effects.values()], "pair"
        )
        told += f"; below, the effect within pairs of runs with the same seed{pairs}"
        told += f", against {data.against}"
    told += f"; {data.counted()}. {marks_in_words(start_up, has_doses)}"
    say_what(figure, told.strip())
    return figure


def _quantity(name: str, unit: str) -> str:
    """The axis label of a column: what it counts, with its unit."""
    return _QUANTITIES.get(name, "per perimeter") + written(unit)


def _course(panel: Any, arm: Arm, column: str, look: Look, opacity: float) -> None:
    days, values = course(arm, column)
    if np.isnan(values).all():
        return
    mean, low, high = mean_band(values)
    panel.fill_between(days, low, high, color=look.colour, alpha=opacity, linewidth=0)
    panel.plot(days, mean, color=look.colour, linestyle=look.dash, label=arm.name)


def _effects(
    panel: Any, data: StudyData, column: str, look: dict[str, Look], opacity: float
) -> None:
    """The paired effect of every treated arm on one column, with its interval."""
    treated = [arm for _, arms in data.comparable for arm in arms]
    courses = paired_courses(data.comparable, column)
    for arm, effect in zip(treated, courses, strict=True):
        days, _ = course(arm, column)
        style = look[arm.name]
        panel.fill_between(
            days, effect.low, effect.high, color=style.colour, alpha=opacity, linewidth=0
        )
        panel.plot(days, effect.mean, color=style.colour, linestyle=style.dash)
    ratio = courses[0].kind == "ratio"
    panel.axhline(courses[0].nothing, color=FAINT, linewidth=0.8, zorder=1)
    low, high = _effect_ends(courses)
    if ratio:
        panel.set_yscale("log")
        plain_log_ticks(panel.yaxis, low, high)
    panel.set_ylim(low, high)
    panel.set_ylabel("ratio" if ratio else "difference")


def _effect_ends(courses: list[PairedCourse]) -> tuple[float, float]:
    """Ends of the axis of effects: means whole, intervals without their few widest times."""
    means = np.concatenate([c.mean for c in courses])
    bands = np.concatenate([b for c in courses for b in (c.low, c.high)])
    means, bands = means[np.isfinite(means)], bands[np.isfinite(bands)]
    nothing = courses[0].nothing
    ends = [nothing, *means]
    if bands.size:
        ends += list(np.quantile(bands, [_OUTER, 1.0 - _OUTER]))
    low, high = float(min(ends)), float(max(ends))
    if courses[0].kind == "ratio":
        low, high = min(low, LEAST_RATIOS[0]), max(high, LEAST_RATIOS[1])
        return low / 1.05, high * 1.05
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin
