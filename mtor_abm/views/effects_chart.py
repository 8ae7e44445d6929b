"""The forest of effects: every treated arm on the readouts that a reader looks for first."""

import math
from collections.abc import Sequence
from typing import Any

from ..analysis.compare_text import HEADLINES
from .axes import LEAST_RATIOS
from .canvas import FAINT, Look, looks, new_figure, say_what, written
from .chart_parts import interval_words, legend_of_arms, plain_log_ticks
from .study_data import StudyData
from .words import printed_effect

# HEADLINES of `compare` in words, as they stand beside an effect.
TIME_TO_SIZE = "days_to_tumour_area_mm2_"  # start of the name of a readout; the size follows
WORDS = {
    "tumour_area_mm2_final": "Tumour area at the end",
    "tumour_area_mm2_growth_per_d": "Growth rate of the tumour",
    TIME_TO_SIZE: "Time to {} mm² of tumour",
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
#: Readouts that stand together, on one axis of ratios: title, starts of their names. Those that the
#: study named as primary endpoints come first, each on an axis of its own.
PARTS = (
    ("Tumour", ("tumour_", "days_to_", "n_lesions", "n_tumour", "n_arrivals")),
    ("Bone", ("bv_tv", "n_oc_", "ctx_", "p1np_")),
    ("Vessels", ("vessel_", "mean_vegf")),
    ("Signalling in tumour cells", ("s6k_", "p4ebp1_", "akt_")),
)
#: The interval of an effect is drawn no farther than this factor from all estimates.
FARTHEST = 4.0
PRIMARY_TITLE = "Primary endpoints"
_TWO_COLUMNS_FROM = 4  # treated arms
_GAP_IN, _AXIS_IN, _TITLE_IN = 0.1, 0.42, 0.2
_LINE_IN, _CLOSE_LINE_IN = 0.17, 0.13  # one arm; of many


class _Panel:
    """One axis: its title, and the rows of `compare` on it by readout."""

    def __init__(self, title: str, rows: dict[str, list[dict[str, Any]]]) -> None:
        self.title, self.rows = title, rows

    @property
    def is_ratio(self) -> bool:
        return next(iter(self.rows.values()))[0]["effect"] == "ratio"

    def height_in(self, n_arms: int) -> float:
        """Room for its lines, its axis and its title."""
        line = _LINE_IN if n_arms < _TWO_COLUMNS_FROM else _CLOSE_LINE_IN
        lines = (n_arms * line + _GAP_IN) * len(self.rows)
        return lines + _AXIS_IN + _TITLE_IN * bool(self.title)


def forest(data: StudyData) -> Any:
    """Effects of every treated arm with intervals, in parts that each have axes of their own.

    The numbers are those of `compare`. Primary endpoints have an axis each, so that a strong effect
    on one does not squeeze the others; in the other parts ratios share an axis, and every
    difference has its own, in its own unit.
    """
    panels = _panels(data)
    if not panels:
        return None
    order = list(data.effects)
    columns = _columns(panels, len(order))
    heights = [[panel.height_in(len(order)) for panel in column] for column in columns]
    figure = new_figure(8.0 if len(columns) == 1 else 13.0, max(map(sum, heights)) + 0.7)
    look = looks(data.names)
    outer = figure.add_gridspec(1, len(columns))
    for i, (column, high) in enumerate(zip(columns, heights, strict=True)):
        spare = max(map(sum, heights)) - sum(high)
        inner = outer[0, i].subgridspec(
            len(column) + (spare > 0.0), 1, height_ratios=[*high, spare] if spare > 0.0 else high
        )
        for j, panel in enumerate(column):
            _draw(figure.add_subplot(inner[j, 0]), panel, look, order, data)
    legend_of_arms(figure, order, data.titles, look, marks=True)
    n_pairs = [max(row["n_pairs"] for row in rows) for rows in data.effects.values()]
    say_what(
        figure,
        f"Estimate within pairs of runs with the same seed{interval_words(n_pairs, 'pair')}, "
        f"against {data.against}; filled: adjusted p < 0.05.\n{data.counted().capitalize()}.",
    )
    return figure


def _panels(data: StudyData) -> list[_Panel]:
    """Axes from above: primary endpoints, then part by part."""
    rows = [row for of_arm in data.effects.values() for row in headlines(of_arm)]
    primary = [row for row in rows if row.get("family") == "primary"]
    others = [row for row in rows if row.get("family") != "primary"]
    panels: list[_Panel] = []
    for name, of in _by_readout(primary).items():
        for kind in ("ratio", "difference"):
            chosen = [row for row in of if row["effect"] == kind]
            if chosen:
                panels.append(_Panel("" if panels else PRIMARY_TITLE, {name: chosen}))
    for title, starts in PARTS:
        of_part = _by_readout([row for row in others if row["readout"].startswith(starts)])
        found = []
        ratios = {n: [r for r in of if r["effect"] == "ratio"] for n, of in of_part.items()}
        if any(ratios.values()):
            found.append({name: of for name, of in ratios.items() if of})
        for name, of in of_part.items():
            differences = [row for row in of if row["effect"] != "ratio"]
            found += [{name: differences}] if differences else []
        panels += [_Panel("" if i else title, of) for i, of in enumerate(found)]
    return panels


def _columns(panels: list[_Panel], n_arms: int) -> list[list[_Panel]]:
    """One column, or two of nearly one height where there are many arms."""
    if n_arms < _TWO_COLUMNS_FROM or len(panels) < 2:
        return [panels]
    heights = [panel.height_in(n_arms) for panel in panels]

    def longer(cut: int) -> float:
        return max(sum(heights[:cut]), sum(heights[cut:]))

    cut = min(range(1, len(panels)), key=longer)
    if not panels[cut].title:
        part = next(panel.title for panel in reversed(panels[:cut]) if panel.title)
        panels[cut].title = f"{part}, continued"
    return [panels[:cut], panels[cut:]]


def _by_readout(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows of all arms by readout, in the order of HEADLINES, others after them."""
    names = dict.fromkeys(row["readout"] for row in rows)
    order = sorted(names, key=lambda name: head_of(name, len(HEADLINES)))
    return {name: [row for row in rows if row["readout"] == name] for name in order}


def head_of(name: str, otherwise: int) -> int:
    """The place of a readout in HEADLINES, or else what is given."""
    return next((i for i, head in enumerate(HEADLINES) if name.startswith(head)), otherwise)


def headlines(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of HEADLINES and primary endpoints; those that are 0 in both arms are left out."""
    return [
        row
        for row in rows
        if (row["readout"].startswith(HEADLINES) or row.get("family") == "primary")
        and not math.isnan(row["estimate"])
        and (row["control_mean"] != 0.0 or row["treated_mean"] != 0.0)
    ]


def _draw(
    panel: Any, shown: _Panel, look: dict[str, Look], order: list[str], data: StudyData
) -> None:
    """Draw an axis with its effects."""
    _effects_on(panel, shown.rows, look, order)
    if shown.title:
        panel.set_title(shown.title)
    if not shown.is_ratio:
        panel.axvline(0.0, color=FAINT, linewidth=0.8)
        unit = next(iter(shown.rows.values()))[0]["unit"]
        panel.set_xlabel(f"difference, treated minus control{written(unit)}")
        return
    panel.axvline(1.0, color=FAINT, linewidth=0.8)
    panel.set_xscale("log")
    low, high = _ends_of_ratios([row for rows in shown.rows.values() for row in rows])
    panel.set_xlim(low, high)
    plain_log_ticks(panel.xaxis, low, high)
    panel.set_xlabel("ratio, treated over control (log scale)")


def _ends_of_ratios(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Ends of an axis: all estimates, and intervals as far as FARTHEST from these.

    The interval of few pairs may span orders of magnitude; its ends are printed beside it.
    """
    estimates = [row["estimate"] for row in rows]
    low, high = min(estimates), max(estimates)
    ends = [row[key] for row in rows for key in ("ci_low", "ci_high") if row[key] > 0.0]
    low_end, high_end = min([low, *ends]), max([high, *ends])
    low = min(max(low_end, low / FARTHEST), LEAST_RATIOS[0])
    high = max(min(high_end, high * FARTHEST), LEAST_RATIOS[1])
    return low / 1.05, high * 1.05


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
    panel.set_yticks(range(len(by_readout)), [in_words(name) for name in by_readout])
    panel.set_ylim(len(by_readout) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    for line in range(1, len(by_readout)):
        panel.axhline(line - 0.5, color="#e6e6e6", linewidth=0.6, zorder=0)


def in_words(name: str) -> str:
    """What a readout is called beside its effect."""
    place = head_of(name, -1)
    if place < 0:
        return name
    head = HEADLINES[place]
    return WORDS.get(head, head).format(name.removeprefix(head))


def words_without_size(name: str) -> str:
    """What a readout is called where controls differ, and with them the size that a time is to."""
    if name.startswith(TIME_TO_SIZE):
        return "Time to half of the control's final tumour area"
    return in_words(name)
