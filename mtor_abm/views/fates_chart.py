"""When tumours reach a size, and what tumour cells are doing."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..analysis.arms import Arm
from ..analysis.compare_text import p_text
from ..analysis.effects import TUMOUR_AREA, half_of_last_area_mm2, times_to_area
from ..analysis.groups import ArmGroup
from ..palette import CYCLING, DORMANT, QUIESCENT
from .canvas import TITLE_PT, Look, looks, make_room, name_lines, new_figure, say_what, wrapped
from .chart_parts import mark_doses, mark_start_up, marks_in_words, room_for_doses, start_up_of
from .study_data import StudyData, course

# States of a tumour cell in the marrow, from below: state, colour as in the marrow maps.
FATES = (("cycling", CYCLING[1]), ("quiescent", QUIESCENT[1]), ("dormant", DORMANT[1]))


PANELS_PER_ROW = 4


def fates(data: StudyData) -> Any:
    """Runs whose tumour has not yet reached a size (Kaplan-Meier), and what its cells are doing.

    Each control has a panel of its own with its arms, since the size is half of its own end.
    """
    if TUMOUR_AREA not in data.columns:
        return None
    parts = [
        ([group.control, *group.treated], threshold)
        for group in data.groups or [ArmGroup(data.controls[0], [])]
        if (threshold := half_of_last_area_mm2(list(group.control.runs.values()))) > 0.0
    ]
    if not parts:
        return None
    states = states_in(data)
    across = min(PANELS_PER_ROW, max(2, len(data.arms))) if states else 1
    rows = -(-len(data.arms) // across) if states else 0
    wide_in = max(5.5, 2.5 * across)
    figure = new_figure(wide_in, 2.3 * len(parts) + 2.2 * rows + 0.7)
    grid = figure.add_gridspec(
        len(parts) + rows, 1, height_ratios=[1.1] * len(parts) + [1.0] * rows
    )
    look = looks(data.names)
    start_up = start_up_of(data)
    handles, any_left, has_doses = [], False, False
    for place, (arms, threshold) in enumerate(parts):
        panel = figure.add_subplot(grid[place, 0])
        lines, left = _survival(panel, arms, data, look, threshold)
        handles += lines
        any_left |= left
        title = f"Time until the tumour covers {threshold:g} mm², half of the control's end"
        if len(parts) > 1:
            title += f": {data.titles[arms[0].name]}"
        panel.set_title(wrapped(title, wide_in - 0.7, TITLE_PT), pad=room_for_doses(arms))
        mark_start_up(panel, start_up)
        has_doses |= mark_doses(panel, arms, look)
    if states:
        has_doses |= _all_fates(figure, grid, len(parts), across, data, states, look)
    name_lines(figure, handles)
    told = ["Ticks: runs that do not reach it by the end."] * any_left
    told += ["Below: mean share of tumour cells in each state."] * bool(states)
    told.append(marks_in_words(start_up, has_doses))
    say_what(figure, f"{' '.join(filter(None, told))}\n{data.counted().capitalize()}.".lstrip())
    return figure


def states_in(data: StudyData) -> list[tuple[str, str]]:
    """States of tumour cells that all arms count, with their colours."""
    return [pair for pair in FATES if f"n_tumour_{pair[0]}" in data.columns]


def _all_fates(
    figure: Any, grid: Any, below: int, across: int, data: StudyData,
    states: Sequence[tuple[str, str]], look: dict[str, Look],
) -> bool:  # fmt: skip
    """A panel of the states of tumour cells for each arm; whether any arm is treated."""
    room = figure.get_figwidth() / across - 0.45
    titles = [wrapped(data.titles[name], room, TITLE_PT) for name in data.names]
    first, has_doses = None, False
    for start in range(0, len(data.arms), across):
        most = max(title.count("\n") for title in titles[start : start + across])
        make_room(figure, most, TITLE_PT)
        row = grid[below + start // across, 0].subgridspec(1, across)
        for column, arm in enumerate(data.arms[start : start + across]):
            panel = figure.add_subplot(row[0, column], sharey=first)
            _fate_of_cells(panel, arm, states, has_legend=first is None, has_ticks=column == 0)
            first = first or panel
            panel.set_title(titles[start + column], pad=room_for_doses([arm]))
            has_doses |= mark_doses(panel, [arm], look)
    return has_doses


def _survival(
    panel: Any, arms: Sequence[Arm], data: StudyData, look: dict[str, Look], threshold: float
) -> tuple[list[Any], bool]:
    """Draw the curves; returns them, and whether some runs never reach it, which have a tick."""
    lines, any_left = [], False
    row_of = {
        name: row
        for name, rows in data.effects.items()
        for row in rows
        if row["readout"] == f"days_to_{TUMOUR_AREA}_{threshold:g}"
    }
    for arm in arms:
        times = times_to_area(list(arm.runs.values()), threshold)
        drops, shares = times.survival()
        kept = drops < times.horizon + 1e-9
        days = np.concatenate(([0.0], drops[kept], [times.horizon]))
        last = shares[kept][-1] if kept.any() else 1.0
        height = np.concatenate(([1.0], shares[kept], [last]))
        style = look[arm.name]
        told = f"{data.titles[arm.name]}: {times.n_reached} of {len(arm.runs)} reach it"
        told += _tested(row_of.get(arm.name))
        lines += panel.step(
            days, height, where="post", color=style.colour, linestyle=style.dash, label=told
        )  # fmt: skip
        if times.n_reached < len(arm.runs):
            any_left = True
            panel.plot(times.horizon, last, marker="|", color=style.colour, markersize=9)
    panel.set(xlabel="time (d)", ylabel="share of runs below it", ylim=(-0.03, 1.05))
    panel.set_xlim(0.0, 1.01 * times.horizon)
    panel.xaxis.get_major_locator().set_params(integer=True)
    return lines, any_left


def _tested(row: dict[str, Any] | None) -> str:
    """The p of comparison.csv for a time, with the test that it comes from."""
    if row is None or math.isnan(row["p"]):
        return ""
    p = p_text(row["p"])
    return f"; p {p if p.startswith('<') else f'= {p}'} ({row.get('test') or 'log-rank'})"


def _fate_of_cells(
    panel: Any, arm: Arm, states: Sequence[tuple[str, str]], has_legend: bool, has_ticks: bool
) -> None:
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
    if has_ticks:
        panel.set_ylabel("share of tumour cells")
    else:
        panel.tick_params(labelleft=False)
    if has_legend:
        panel.legend(
            loc="lower left", fontsize=7, frameon=True, framealpha=0.85, edgecolor="none",
            reverse=True,
        )  # fmt: skip
