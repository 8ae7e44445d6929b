"""The figures of a study, except its marrow maps.

Each function takes `StudyData` and gives a figure, or None where the study holds nothing to draw.
"""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..analysis.arms import Arm
from ..analysis.compare import (
    HEADLINES,
    TUMOUR_AREA,
    half_of_last_area_mm2,
    p_text,
    times_to_area,
)
from ..analysis.statistics import mean_band, mean_interval
from ..cells import CELL_TYPES
from ..mtor import SIGNALS
from ..palette import CYCLING, DORMANT, QUIESCENT
from .axes import LEAST_RATIOS, widened
from .canvas import (
    FAINT,
    TITLE_PT,
    Look,
    looks,
    make_room,
    name_lines,
    new_figure,
    say_what,
    wrapped,
    written,
)
from .study_data import StudyData, course, readout
from .words import TITLES, printed_effect

# Columns of the time series that are drawn: what a reader looks for first.
COURSES = (
    "tumour_area_mm2", "n_tumour_dormant", "bv_tv", "n_oc_per_b_pm_per_mm", "n_ob_per_b_pm_per_mm",
    "ctx_per_d", "p1np_per_d", "vessel_length_mm_per_mm2", "s6k_tumour",
)  # fmt: skip
# HEADLINES of `compare` in words, as they stand beside an effect.
WORDS = {
    "tumour_area_mm2_final": "Tumour area at the end",
    "tumour_area_mm2_growth_per_d": "Growth rate of the tumour",
    "days_to_tumour_area_mm2_": "Time to {} mm² of tumour",
    "n_lesions_final": "Lesions at the end",
    "n_tumour_dormant_final": "Dormant tumour cells at the end",
    "n_arrivals_sum": "Cells that arrived from blood",
    "bv_tv_final": "BV/TV at the end",
    "bv_tv_change_percent": "Change of BV/TV",
    "n_oc_per_b_pm_per_mm_mean": "Osteoclasts, N.Oc/B.Pm",
    "ctx_per_d_mean": "Resorption, CTX proxy",
    "p1np_per_d_mean": "Formation, P1NP proxy",
    "vessel_length_mm_per_mm2_final": "Vessel length density at the end",
    "mean_vegf_nM_mean": "VEGF in the marrow",
    "s6k_tumour_mean": "S6K activity, tumour cells",
    "p4ebp1_tumour_mean": "Phosphorylated 4E-BP1, tumour cells",
    "akt_s473_tumour_mean": "AKT phosphorylated at S473, tumour cells",
}
PATHWAY = ("s6k", "p4ebp1", "akt_s473")
# States of a tumour cell in the marrow, from below: state, colour as in the marrow maps.
FATES = (("cycling", CYCLING[1]), ("quiescent", QUIESCENT[1]), ("dormant", DORMANT[1]))
COLUMNS_OF_PANELS = 3


def time_courses(data: StudyData) -> Any:
    """Mean of each arm over days with a band, one panel a quantity."""
    shown = [name for name in COURSES if name in data.columns]
    if not shown:
        return None
    columns = min(COLUMNS_OF_PANELS, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(2.9 * columns, 2.15 * rows + 0.7)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
    for panel in panels.ravel()[len(shown) :]:
        panel.remove()
    look = looks(data.names)
    for place, name in enumerate(shown):
        panel = panels.ravel()[place]
        for arm in data.arms:
            _course(panel, arm, name, look[arm.name])
        panel.set_title(TITLES[name])
        panel.set_ylabel(_quantity(name, data.columns[name]["unit"]))
        panel.set_xlim(left=0.0)
        low, high = panel.get_ylim()
        panel.set_ylim((0.0, high) if low < 0.0 or low < 0.35 * high else widened(low, high))
        if place + columns >= len(shown):
            panel.set_xlabel("time (d)")
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.tick_params(labelbottom=True)
    _legend(figure, data.names, look)
    interval = _interval([len(arm.runs) for arm in data.arms], "run")
    say_what(figure, f"Mean over runs{interval}; {data.counted()}.")
    return figure


def _interval(n_of_arms: Sequence[int], what: str) -> str:
    """What a caption says of intervals over so many runs (or pairs) of each arm."""
    if max(n_of_arms) < 2:
        return f"; one {what} has no interval"
    none = f"; one {what} has none" if min(n_of_arms) < 2 else ""
    return f", with its 95 % interval (Student's t{none})"


def _quantity(name: str, unit: str) -> str:
    """The axis label of a column: what it counts, with its unit."""
    words = {
        "tumour_area_mm2": "area", "bv_tv": "BV/TV", "n_tumour_dormant": "cells",
        "ctx_per_d": "bone resorbed", "p1np_per_d": "matrix laid down",
        "vessel_length_mm_per_mm2": "length density", "s6k_tumour": "activity, share of maximum",
    }  # fmt: skip
    return words.get(name, "per perimeter") + written(unit)


def _course(panel: Any, arm: Arm, column: str, look: Look) -> None:
    days, values = course(arm, column)
    if np.isnan(values).all():
        return
    mean, low, high = mean_band(values)
    panel.fill_between(days, low, high, color=look.colour, alpha=0.18, linewidth=0)
    panel.plot(days, mean, color=look.colour, linestyle=look.dash, label=arm.name)


def _legend(figure: Any, names: Sequence[str], look: dict[str, Look], marks: bool = False) -> None:
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D(
            [], [], color=look[name].colour, linestyle="none" if marks else look[name].dash,
            marker=look[name].marker if marks else None, markersize=5, label=name,
        )
        for name in names
    ]  # fmt: skip
    name_lines(figure, handles)


# ------------------------------------------------------------------------------------------ effects
def forest(data: StudyData) -> Any:
    """Headline effects of every treated arm, with intervals: ratios together, then differences.

    The numbers are those of `compare`. Each difference has an axis of its own, in its own unit.
    """
    rows = {name: _headlines(effects) for name, effects in data.effects.items()}
    readouts = list(dict.fromkeys(row["readout"] for of_arm in rows.values() for row in of_arm))
    by_readout = {
        name: [row for of_arm in rows.values() for row in of_arm if row["readout"] == name]
        for name in readouts
    }
    # a readout that is a ratio in one arm and a difference in another has a line in both parts
    ratios = {n: [r for r in of if r["effect"] == "ratio"] for n, of in by_readout.items()}
    ratios = {name: of for name, of in ratios.items() if of}
    differences = {n: [r for r in of if r["effect"] != "ratio"] for n, of in by_readout.items()}
    differences = {name: of for name, of in differences.items() if of}
    if not ratios and not differences:
        return None
    per_line = 0.2 * max(1, len(rows)) + 0.08
    heights = [per_line * len(ratios) + 0.45] * bool(ratios)
    heights += [per_line + 0.5] * len(differences)
    figure = new_figure(8.0, sum(heights) + 0.8)
    panels = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    look = looks(data.names)
    order = list(rows)
    if ratios:
        _effects_on(panels[0], ratios, look, order)
        panels[0].axvline(1.0, color=FAINT, linewidth=0.8)
        panels[0].set_xscale("log")
        low, high = panels[0].get_xlim()
        panels[0].set_xlim(min(low, LEAST_RATIOS[0]), max(high, LEAST_RATIOS[1]))
        _plain_log_ticks(panels[0])
        panels[0].set_xlabel(f"ratio, treated over {data.control.name} (log scale)")
    for panel, name in zip(panels[bool(ratios) :], differences, strict=True):
        _effects_on(panel, {name: differences[name]}, look, order)
        panel.axvline(0.0, color=FAINT, linewidth=0.8)
        unit = differences[name][0]["unit"]
        panel.set_xlabel(f"difference, treated minus {data.control.name}{written(unit)}")
    _legend(figure, list(data.effects), look, marks=True)
    n_pairs = [max(row["n_pairs"] for row in rows) for rows in data.effects.values()]
    say_what(
        figure,
        f"Estimate within pairs of runs with the same seed{_interval(n_pairs, 'pair')}; filled: "
        f"adjusted p < 0.05 (Holm).\n{data.counted().capitalize()}, control {data.control.name}.",
    )
    return figure


def _headlines(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of HEADLINES in their order; those that are 0 in both arms are left out."""
    return [
        row
        for head in HEADLINES
        for row in rows
        if row["readout"].startswith(head)
        and not math.isnan(row["estimate"])
        and (row["control_mean"] != 0.0 or row["treated_mean"] != 0.0)
    ]


def _effects_on(
    panel: Any, by_readout: dict[str, list[dict[str, Any]]], look: dict[str, Look], order: list[str]
) -> None:
    step = 0.8 / max(1, len(order))
    for line, rows in enumerate(by_readout.values()):
        for row in rows:
            y = line + step * (order.index(row["treated"]) - 0.5 * (len(order) - 1))
            style = look[row["treated"]]
            if not math.isnan(row["ci_low"]):
                panel.plot([row["ci_low"], row["ci_high"]], [y, y], color=style.colour, zorder=2)
            filled = row["p_adjusted"] < 0.05
            panel.plot(
                row["estimate"], y, marker=style.marker, color=style.colour, markersize=5,
                markerfacecolor=style.colour if filled else "white", zorder=3,
            )  # fmt: skip
            panel.annotate(
                printed_effect(row), (1.0, y), (6, 0),
                xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
                color=style.colour, fontsize=7,
            )  # fmt: skip
    panel.set_yticks(range(len(by_readout)), [_in_words(name) for name in by_readout])
    panel.set_ylim(len(by_readout) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    for line in range(1, len(by_readout)):
        panel.axhline(line - 0.5, color="#e6e6e6", linewidth=0.6, zorder=0)


def _in_words(name: str) -> str:
    head = next(head for head in HEADLINES if name.startswith(head))
    return WORDS.get(head, head).format(name.removeprefix(head))


def _plain_log_ticks(panel: Any) -> None:
    """0.5 and 2 rather than powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    low, high = panel.get_xlim()
    subs = (1.0,) if high / low > 300.0 else (1.0, 2.0, 5.0)
    near_one = MaxNLocator(nbins=6, steps=(1, 2, 5, 10))
    panel.xaxis.set_major_locator(LogLocator(subs=subs) if high / low > 3.0 else near_one)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())


# -------------------------------------------------------------------------------------------- fates
def fates(data: StudyData) -> Any:
    """Runs whose tumour has not yet reached a size (Kaplan-Meier), and what its cells are doing."""
    if TUMOUR_AREA not in data.columns:
        return None
    states = [
        (state, colour) for state, colour in FATES if f"n_tumour_{state}" in data.columns
    ]  # fmt: skip
    threshold = half_of_last_area_mm2(list(data.control.runs.values()))
    if not threshold > 0.0:
        return None
    n_arms = len(data.arms)
    wide = max(2, n_arms) if states else 1
    figure = new_figure(max(5.5, 2.5 * wide), 2.9 + 2.4 * bool(states))
    grid = figure.add_gridspec(1 + bool(states), wide, height_ratios=[1.1, 1.0][: 1 + bool(states)])
    look = looks(data.names)
    survival = figure.add_subplot(grid[0, :])
    any_left = _survival(survival, data, look, threshold)
    title = f"Time until the tumour covers {threshold:g} mm², half of the control's end"
    survival.set_title(wrapped(title, figure.get_figwidth() - 0.7, TITLE_PT))
    if states:
        first = None
        titles = [
            wrapped(name, figure.get_figwidth() / wide - 0.45, TITLE_PT) for name in data.names
        ]
        make_room(figure, max(title.count("\n") for title in titles), TITLE_PT)
        for i, (arm, title) in enumerate(zip(data.arms, titles, strict=True)):
            panel = figure.add_subplot(grid[1, i], sharey=first)
            first = first or panel
            _fate_of_cells(panel, arm, states, is_first=i == 0)
            panel.set_title(title)
    name_lines(figure, survival.get_legend_handles_labels()[0])
    told = ["Ticks: runs that did not get there by the end."] * any_left
    told += ["Below: mean share of tumour cells in each state."] * bool(states)
    say_what(figure, f"{' '.join(told)}\n{data.counted().capitalize()}.".lstrip())
    return figure


def _survival(panel: Any, data: StudyData, look: dict[str, Look], threshold: float) -> bool:
    """Draw the curves; returns whether some runs never got there, which have a tick."""
    any_left = False
    p_of = {
        name: row["p"]
        for name, rows in data.effects.items()
        for row in rows
        if row["readout"] == f"days_to_{TUMOUR_AREA}_{threshold:g}"
    }
    for arm in data.arms:
        times = times_to_area(list(arm.runs.values()), threshold)
        drops, shares = times.survival()
        kept = drops < times.horizon + 1e-9
        days = np.concatenate(([0.0], drops[kept], [times.horizon]))
        last = shares[kept][-1] if kept.any() else 1.0
        height = np.concatenate(([1.0], shares[kept], [last]))
        style = look[arm.name]
        p = p_of.get(arm.name, math.nan)
        told = f"{arm.name}: {times.n_reached} of {len(arm.runs)} reach it"
        told += "" if math.isnan(p) else f", log-rank p {p_text(p)}"
        panel.step(
            days, height, where="post", color=style.colour, linestyle=style.dash, label=told
        )  # fmt: skip
        if times.n_reached < len(arm.runs):
            any_left = True
            panel.plot(times.horizon, last, marker="|", color=style.colour, markersize=9)
    panel.set(xlabel="time (d)", ylabel="share of runs below it", ylim=(-0.03, 1.05))
    panel.set_xlim(0.0, 1.01 * times.horizon)
    panel.xaxis.get_major_locator().set_params(integer=True)
    return any_left


def _fate_of_cells(panel: Any, arm: Arm, states: Sequence[tuple[str, str]], is_first: bool) -> None:
    counts = [course(arm, f"n_tumour_{state}") for state, _ in states]
    days = counts[0][0]
    values = np.array([count for _, count in counts])  # (states, runs, times)
    total = values.sum(axis=0)
    shares = np.divide(values, total, out=np.full_like(values, np.nan), where=total > 0.0)
    known = ~np.isnan(shares).all(axis=(0, 1))
    mean = np.nanmean(shares[:, :, known], axis=1)
    panel.stackplot(
        days[known], mean, colors=[c for _, c in states], labels=[s for s, _ in states], linewidth=0
    )
    panel.set(xlabel="time (d)", ylim=(0.0, 1.0))
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.set_xlim(days[0], days[-1])
    if is_first:
        panel.set_ylabel("share of tumour cells")
        panel.legend(
            loc="lower left", fontsize=7, frameon=True, framealpha=0.85, edgecolor="none",
            reverse=True,
        )  # fmt: skip
    else:
        panel.tick_params(labelleft=False)


# ------------------------------------------------------------------------------------------ pathway
def pathway(data: StudyData) -> Any:
    """Activity of S6K, 4E-BP1 and AKT by cell type and arm, averaged over the run."""
    labels = {tissue.kind.name: tissue.kind.label for tissue in CELL_TYPES}
    signals = [s for s in PATHWAY if any(f"{s}_{cell}" in data.columns for cell in labels)]
    kinds = [c for c in labels if any(f"{s}_{c}" in data.columns for s in signals)]
    # cells that were nowhere there have no activity to show
    kinds = [c for c in kinds if any(_known(arm, f"{signals[0]}_{c}_mean") for arm in data.arms)]
    if not kinds:
        return None
    height = (0.17 * len(data.arms) + 0.14) * len(kinds) + 1.3
    figure = new_figure(8.4, height)
    panels = figure.subplots(1, len(signals), sharey=True, squeeze=False)[0]
    look = looks(data.names)
    step = 0.75 / len(data.arms)
    for panel, signal in zip(panels, signals, strict=True):
        for line, kind in enumerate(kinds):
            for i, arm in enumerate(data.arms):
                values = readout(list(arm.runs.values()), f"{signal}_{kind}_mean")
                mean, low, high = mean_interval(values[~np.isnan(values)])
                y = line + step * (i - 0.5 * (len(data.arms) - 1))
                style = look[arm.name]
                panel.plot([low, high], [y, y], color=style.colour)
                panel.plot(mean, y, marker=style.marker, color=style.colour, markersize=4.5)
        for line in range(1, len(kinds)):
            panel.axhline(line - 0.5, color="#e6e6e6", linewidth=0.6, zorder=0)
        panel.set_xlim(0.0, 1.0)
        panel.set_xlabel("activity, share of maximum")
        title = SIGNALS[signal].partition(" (")[0]
        panel.set_title(title[0].upper() + title[1:])
        panel.tick_params(axis="y", length=0)
    # a label may go on after a colon
    names = ["\n".join(textwrap.wrap(labels[kind].partition(":")[0], 22)) for kind in kinds]
    panels[0].set_yticks(range(len(kinds)), names)
    panels[0].set_ylim(len(kinds) - 0.5, -0.5)
    _legend(figure, data.names, look, marks=True)
    interval = _interval([len(arm.runs) for arm in data.arms], "run")
    say_what(figure, f"Mean over cells, time and runs{interval}; {data.counted()}.")
    return figure


def _known(arm: Arm, name: str) -> bool:
    return bool((~np.isnan(readout(list(arm.runs.values()), name))).any())


FIGURES = {
    "time_courses": time_courses,
    "effects": forest,
    "fates": fates,
    "pathway": pathway,
}
