"""Effects over the doses of a sweep."""

from dataclasses import dataclass
from typing import Any

from ..analysis.groups import values_of_points
from .canvas import FAINT, MOST_ARMS, Look, looks, new_figure, say_what, wrapped, written
from .chart_parts import interval_words, legend_of_arms, plain_log_ticks
from .effects_chart import TIME_TO_SIZE, headlines, words_without_size
from .one_kind import in_one_kind
from .study_data import StudyData


@dataclass(frozen=True)
class DesignDoses:
    """The doses of a design.

    Attributes:
        key: the parameter that is the dose, or that varies most.
        points: what else varies, in words -> (value of `key`, name of the arm), rising.
    """

    key: str
    points: dict[str, list[tuple[float, str]]]


def dose_curves(data: StudyData) -> Any:
    """Effects over dose, a line for each combination of what else varies; None without doses."""
    doses = doses_of_design(data)
    if doses is None:
        return None
    rows = {name: headlines(of) for name, of in data.effects.items()}
    shown = _curves_shown(rows)
    if not shown:
        return None
    columns = min(3, len(shown))
    lines = -(-len(shown) // columns)
    figure = new_figure(3.3 * columns, 2.3 * lines + 0.9)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    look = looks(["control", *doses.points])  # grey is the control's
    for place, panel in enumerate(panels):
        if place >= len(shown):
            panel.remove()
            continue
        _curve(panel, shown[place], doses, data, look)
        panel.set_title(wrapped(words_without_size(shown[place]), 3.0, 9))
        if place + columns >= len(shown):
            panel.set_xlabel(_dose_words(doses.key))
    if len(doses.points) > 1:
        legend_of_arms(figure, list(doses.points), {n: n for n in doses.points}, look)
    n_pairs = [max(row["n_pairs"] for row in of) for of in rows.values() if of]
    say_what(
        figure,
        f"Estimate within pairs of runs with the same seed{interval_words(n_pairs, 'pair')}, "
        f"against {data.against}; filled: adjusted p < 0.05. {data.counted().capitalize()}.",
    )
    return figure


def doses_of_design(data: StudyData) -> DesignDoses | None:
    """The doses of a sweep, if it varies a dose (or else a number) in at least three values."""
    known = values_of_points(data.folder)
    table = {name: values for name, values in known.items() if name in data.effects}
    varied = list(next(iter(table.values()), {}))
    numeric = [
        key for key in varied if all(_number(row[key]) is not None for row in table.values())
    ]
    many = [key for key in numeric if len({row[key] for row in table.values()}) >= 3]
    if not many:
        return None
    key = next((k for k in many if k.rpartition(".")[2].startswith("dose_")), many[0])
    points: dict[str, list[tuple[float, str]]] = {}
    for name, row in table.items():
        rest = ", ".join(f"{k} = {row[k]}" for k in varied if k != key)
        points.setdefault(rest, []).append((float(row[key]), name))
    if len(points) >= MOST_ARMS or max(map(len, points.values())) < 3:
        return None  # what else varies is not a few combinations: a heat map shows it
    return DesignDoses(key, {rest: sorted(of) for rest, of in points.items()})


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _dose_words(key: str) -> str:
    """The axis of a parameter: "everolimus, dose (mg/kg)"."""
    drug, _, last = key.removeprefix("drugs.").rpartition(".")
    units = {"dose_mg_per_kg": "one dose (mg/kg)", "dose_mg": "one dose (mg)",
             "every_h": "time between doses (h)"}  # fmt: skip
    return f"{drug}, {units[last]}" if last in units else key


def _curves_shown(rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Readouts with a panel: the primary endpoints, or the first, and what follows, up to nine."""
    names = dict.fromkeys(
        TIME_TO_SIZE if row["readout"].startswith(TIME_TO_SIZE) else row["readout"]
        for of in rows.values()
        for row in sorted(of, key=lambda row: row.get("family") != "primary")
    )
    return list(names)[:9]


def _curve(
    panel: Any, readout_name: str, doses: DesignDoses, data: StudyData, look: dict[str, Look]
) -> None:
    """The effects on one readout, with their intervals."""
    held = {
        name: row
        for name, of in data.effects.items()
        for row in headlines(of)
        if row["readout"].startswith(readout_name)
    }
    found = in_one_kind(data.controlled, held)
    ratio = all(row["effect"] == "ratio" for row in found.values())
    every = sorted({dose for points in doses.points.values() for dose, _ in points})
    is_log = every[0] > 0.0 and every[-1] / every[0] >= 5.0
    for place, (rest, points) in enumerate(doses.points.items()):
        style = look[rest]
        line = [(dose, found[name]) for dose, name in points if name in found]
        aside = 0.012 * (place - 0.5 * (len(doses.points) - 1))  # so that no interval hides another
        x = [
            dose * (every[-1] / every[0]) ** aside
            if is_log
            else dose + aside * (every[-1] - every[0])
            for dose, _ in line
        ]
        panel.plot(
            x, [row["estimate"] for _, row in line], color=style.colour, linestyle=style.dash
        )
        for at, (_, row) in zip(x, line, strict=True):
            panel.plot([at, at], [row["ci_low"], row["ci_high"]], color=style.colour, linewidth=1.0)
            panel.plot(
                at, row["estimate"], marker=style.marker, color=style.colour, markersize=5,
                markerfacecolor=style.colour if row["p_adjusted"] < 0.05 else "white",
            )  # fmt: skip
    panel.axhline(1.0 if ratio else 0.0, color=FAINT, linewidth=0.8, zorder=0)
    if is_log:
        panel.set_xscale("log")
        panel.set_xticks(every, [f"{dose:g}" for dose in every])
        panel.minorticks_off()
    if ratio:
        panel.set_yscale("log")
        plain_log_ticks(panel.yaxis, *panel.get_ylim())
    unit = next((row["unit"] for row in found.values() if row is not None), "")
    panel.set_ylabel("ratio to control" if ratio else f"difference{written(unit)}")
