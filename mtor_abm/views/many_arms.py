"""Figures of a study with more arms than lines can be told apart: heat maps.

Arms are the rows of a heat map. Effects are against the control that the design names.
"""

import math
from typing import Any

import numpy as np

from ..analysis.compare_text import HEADLINES
from ..cells import CELL_TYPES
from ..mtor import SIGNALS
from .canvas import (
    CAPTION_PT,
    LINE,
    POINTS_PER_INCH,
    new_figure,
    say_what,
    width_in,
    wrapped,
    written,
)
from .chart_parts import doses_in, start_up_of
from .effects_chart import TIME_TO_SIZE, head_of, headlines, words_without_size
from .fates_chart import states_in
from .one_kind import in_one_kind
from .pathway_chart import PATHWAY
from .start_up import WORDS
from .study_data import StudyData, course, readout
from .time_charts import shown_columns
from .words import TITLES

#: Rows of a heat map that have a name each; of more, the first and the last are named.
MOST_NAMED = 60
MOST_NAMED_WHOLE = 24  # with names of several lines
MOST_PANELS = 5
NAME_IN = 2.8  # room for the names of arms
ROWS_HIGH_IN = 9.0
_PANEL_IN = 1.75
_EFFECTS, _LEVELS = "PuOr", "viridis"
#: Columns of the time series in a heat map, the first that all arms have.
HEAT_COURSES = (
    "tumour_area_mm2", "bv_tv", "ctx_per_d", "vessel_length_mm_per_mm2", "s6k_tumour",
)  # fmt: skip


# --------------------------------------------------------------------------------------- heat maps
def time_map(data: StudyData) -> Any:
    """Mean over runs of the chief quantities: an arm a row, days across."""
    shown = [name for name in shown_columns(data) if name in HEAT_COURSES][:MOST_PANELS]
    if not shown:
        return None
    figure, panels = _rows(data, len(shown))
    start_up, has_doses = start_up_of(data), False
    for panel, name in zip(panels, shown, strict=True):
        days = course(data.arms[0], name)[0]
        values = np.array([_mean(course(arm, name)[1]) for arm in data.arms])
        image = panel.imshow(
            values, aspect="auto", cmap=_LEVELS, interpolation="nearest",
            extent=(0.0, float(days[-1]), len(values) - 0.5, -0.5),
        )  # fmt: skip
        panel.set_title(wrapped(TITLES[name], _PANEL_IN - 0.1, 9))
        panel.xaxis.get_major_locator().set_params(integer=True)
        has_doses = _mark_first_doses(panel, data)
        if start_up > 0.0:
            panel.axvline(start_up, color="white", linewidth=1.0, linestyle=":", gid="start-up")
        panel.set_xlabel("time (d)")
        unit = written(data.columns[name]["unit"]).strip()
        figure.colorbar(image, ax=panel, location="bottom", aspect=14, label=unit)
    told = " White marks: first dose." * has_doses
    told += f" Dotted line, day {start_up:.3g}: end of the {WORDS}." * (start_up > 0.0)
    say_what(figure, f"Mean over runs, an arm a row; {data.counted()}.{told}")
    return figure


def _mark_first_doses(panel: Any, data: StudyData) -> bool:
    """Mark in each row when its first dose is given; whether there is any."""
    first = {
        row: min(float(drug.days[0]) for drug in given)
        for row, arm in enumerate(data.arms)
        if (given := doses_in(arm))
    }
    panel.plot(
        list(first.values()), list(first), color="white", marker="|", markersize=5, linewidth=0,
        gid="doses",
    )  # fmt: skip
    return bool(first)


def effects_map(data: StudyData) -> Any:
    """Effects of every treated arm: an arm a row, a readout a column.

    Colours of a column reach from no effect to its strongest one, so that each can be read.
    """
    order = [arm.name for arm in data.arms if arm.name in data.effects]
    cells = _effects_by_column(data)
    names = list(cells)
    if not names:
        return None
    values = np.array([[_strength(cells[name].get(arm)) for name in names] for arm in order])
    largest = np.nanmax(np.abs(np.where(np.isfinite(values), values, np.nan)), axis=0)
    shares = values / np.where(largest > 0.0, largest, 1.0)
    figure, (panel,) = _rows(data, 1, names=order, panel_in=0.52 * len(names), head_in=1.6)
    image = panel.imshow(
        shares, aspect="auto", cmap=_EFFECTS, vmin=-1.0, vmax=1.0, interpolation="nearest"
    )
    panel.set_xticks(range(len(names)), [wrapped(n, 1.5, 8) for n in names], rotation=90)
    panel.xaxis.tick_top()
    panel.tick_params(axis="x", length=0)
    if len(order) <= MOST_NAMED:
        for i, name in enumerate(order):
            for j, column in enumerate(names):
                row = cells[column].get(name)
                if row is not None:
                    panel.text(
                        j, i, _short_effect(row), ha="center", va="center", fontsize=6,
                        color="white" if abs(shares[i, j]) > 0.65 else "black",
                        fontweight="bold" if row["p_adjusted"] < 0.05 else "normal",
                    )  # fmt: skip
    bar = figure.colorbar(image, ax=panel, location="bottom", aspect=40, shrink=0.6, pad=0.03)
    bar.set_ticks([-1.0, 0.0, 1.0], labels=["strongest decrease", "none", "strongest increase"])
    say_what(
        figure,
        f"Effects within pairs of runs with the same seed, against {data.against}: × ratios, and "
        f"differences with a sign; bold: adjusted p < 0.05. Colours are scaled within a column. "
        f"{data.counted().capitalize()}.",
    )
    return figure


def fates_bars(data: StudyData) -> Any:
    """States of tumour cells at the end: an arm a row."""
    states = states_in(data)
    if not states:
        return None
    figure, (panel,) = _rows(data, 1, panel_in=4.5)
    names = data.names
    counts = np.array(
        [[course(arm, f"n_tumour_{state}")[1][:, -1].mean() for state, _ in states]
         for arm in data.arms]
    )  # fmt: skip
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0.0)
    start = np.zeros(len(names))
    for (state, colour), share in zip(states, shares.T, strict=True):
        panel.barh(range(len(names)), share, left=start, color=colour, label=state, height=0.85)
        start += share
    panel.set_ylim(len(names) - 0.5, -0.5)
    panel.set(xlim=(0.0, 1.0), xlabel="share of tumour cells at the end")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside upper right", ncols=len(states))
    say_what(figure, f"Mean over runs; {data.counted()}.")
    return figure


def pathway_map(data: StudyData) -> Any:
    """Activity of S6K, 4E-BP1 and AKT by cell type: an arm a row, a cell type a column."""
    labels = {tissue.kind.name: tissue.kind.label.partition(":")[0] for tissue in CELL_TYPES}
    signals = [s for s in PATHWAY if any(f"{s}_{cell}" in data.columns for cell in labels)]
    values = {
        (signal, cell): np.array(
            [_mean(readout(list(arm.runs.values()), f"{signal}_{cell}_mean")) for arm in data.arms]
        )
        for signal in signals
        for cell in labels
    }
    cells = [c for c in labels if any(np.isfinite(values[s, c]).any() for s in signals)]
    if not cells:
        return None
    figure, panels = _rows(data, len(signals), panel_in=0.3 * len(cells) + 0.3, head_in=1.6)
    for panel, signal in zip(panels, signals, strict=True):
        image = panel.imshow(
            np.stack([values[signal, cell] for cell in cells], axis=1),
            aspect="auto", cmap=_LEVELS, vmin=0.0, vmax=1.0, interpolation="nearest",
        )  # fmt: skip
        panel.set_xticks(
            range(len(cells)), [wrapped(labels[c], 1.4, 8) for c in cells], rotation=90
        )
        title = SIGNALS[signal].partition(" (")[0]
        panel.set_title(title[0].upper() + title[1:])
    figure.colorbar(
        image, ax=list(panels), location="bottom", aspect=40, label="activity, share of maximum"
    )
    say_what(figure, f"Mean over cells, time and runs; {data.counted()}.")
    return figure


def _rows(
    data: StudyData, n_panels: int, names: list[str] | None = None,
    panel_in: float = _PANEL_IN, head_in: float = 0.4,
) -> tuple[Any, Any]:  # fmt: skip
    """A figure whose panels share rows, one an arm, with the names of the arms on the left."""
    names = data.names if names is None else names
    labels = {name: wrapped(data.titles[name], NAME_IN, CAPTION_PT) for name in names}
    if len(names) > MOST_NAMED_WHOLE:
        labels = {name: _cut(data.titles[name]) for name in names}
    lines = max(label.count("\n") + 1 for label in labels.values())
    row = 0.06 + lines * LINE * CAPTION_PT / POINTS_PER_INCH
    high = min(ROWS_HIGH_IN, max(1.2, row * len(names)))
    figure = new_figure(NAME_IN + panel_in * n_panels + 0.5, high + head_in + 1.1)
    panels = figure.subplots(1, n_panels, sharey=True, squeeze=False)[0]
    shown = range(len(names)) if len(names) <= MOST_NAMED else (0, len(names) - 1)
    panels[0].set_yticks(list(shown), [labels[names[i]] for i in shown], fontsize=CAPTION_PT)
    for panel in panels:
        panel.tick_params(axis="y", length=0)
    return figure, panels


def _cut(title: str) -> str:
    """A title that fits beside a row; its end, which tells points of a design apart, stays."""
    if width_in(title, CAPTION_PT) <= NAME_IN:
        return title
    while width_in(f"... {title}", CAPTION_PT) > NAME_IN:
        title = title[1:]
    return f"... {title}"


def _mean(values: np.ndarray) -> Any:
    """Mean over runs, NaN where none is known."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def _effects_by_column(data: StudyData) -> dict[str, dict[str, dict[str, Any]]]:
    """Readout in words -> arm -> its effect, each readout in one kind, in the order of a forest."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for arm, rows in data.effects.items():
        for row in headlines(rows):
            readout = TIME_TO_SIZE if row["readout"].startswith(TIME_TO_SIZE) else row["readout"]
            found.setdefault(readout, {})[arm] = row
    order = sorted(found, key=lambda name: head_of(name, len(HEADLINES)))
    return {words_without_size(name): in_one_kind(data.controlled, found[name]) for name in order}


def _strength(row: dict[str, Any] | None) -> float:
    """An effect on a scale on which none is 0: the logarithm of a ratio, or the difference."""
    if row is None:
        return math.nan
    if row["effect"] == "ratio":
        return math.log(row["estimate"]) if row["estimate"] > 0.0 else math.nan
    return float(row["estimate"])


def _short_effect(row: dict[str, Any]) -> str:
    value = row["estimate"]
    return f"×{value:.3g}" if row["effect"] == "ratio" else f"{value:+.2g}".replace("-", "−")
