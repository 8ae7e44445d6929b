"""Survival: runs until a tumour size and until progression, seeded cells until their death.

A panel from which nothing can be read (nobody reaches the event, or everybody does before the first
dose) is a line of text instead.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...analysis.compare_text import p_text
from ...analysis.effects import TUMOUR_AREA, times_to_area
from ...analysis.statistics import TimeToEvent
from ...readouts import PROGRESSION, progression_free_d
from .charts import WHOLE, Curve, chart
from .courses import arm_legend, dose_bars
from .markup import STYLES, key, number, table, text
from .material import ArmShown, Material

Times = dict[str, TimeToEvent]  # label of an arm -> its times


def section(material: Material) -> str:
    """Runs until tumour size and progression, seeded cells until death."""
    found = [*_to_area(material), *_progression(material), *_seeded(material)]
    figures = [body for body, is_panel in found if is_panel]
    lines = "".join(f"<p>{body}</p>" for body, is_panel in found if not is_panel)
    if not found:
        return "<p>No run has a tumour, so there is nothing to survive.</p>"
    if not figures:
        return lines
    if material.is_many:
        return f"{lines}<details><summary>Times, arm by arm</summary>{''.join(figures)}</details>"
    return (
        "<p>Kaplan-Meier curves. A run is a seed; one that ends without the event is censored at "
        f'its last day.</p>{arm_legend(material)}<div class="grid">{"".join(figures)}</div>{lines}'
    )


def _to_area(material: Material) -> list[tuple[str, bool]]:
    """Runs whose tumour is below the area that `compare` asks for; one chart a threshold."""
    prefix = f"days_to_{TUMOUR_AREA}_"
    thresholds: dict[tuple[str, float], list[ArmShown]] = {}
    for arm in material.treated:
        for row in material.rows(arm):
            if row["readout"].startswith(prefix):
                threshold = float(row["readout"].removeprefix(prefix))
                thresholds.setdefault((arm.control, threshold), []).append(arm)
    found = []
    for (_, threshold), treated in thresholds.items():
        arms = [material.control_of(treated[0]), *treated]
        times = {arm.label: times_to_area(arm.runs, threshold) for arm in arms}
        tests = {arm.label: _tested(material, arm, f"{prefix}{threshold:g}") for arm in treated}
        title = f"Tumour below {threshold:g} mm²"
        found.append(
            _panel_or_line(
                material, title, "share of runs",
                f"Time until the tumour area reaches {threshold:g} mm², half the control's mean "
                "area at the end. The p is that of comparison.csv, not adjusted.",
                arms, times, tests,
            )
        )  # fmt: skip
    return found


def _tested(material: Material, arm: ArmShown, readout: str) -> str:
    """The p of a time as `compare` gives it, and what test it is."""
    row = material.effect(arm, readout)
    if row is None or not np.isfinite(row["p"]):
        return "–"
    return f"{text(p_text(row['p']))} ({text(row.get('test', ''))})"


def _progression(material: Material) -> list[tuple[str, bool]]:
    """Runs without progression, counted from the day by which every treated arm has begun."""
    start = material.begun_d
    if start >= material.days:
        return []
    times: Times = {}
    for arm in material.arms:
        values = material.series(arm, TUMOUR_AREA)
        if values is None or not np.nan_to_num(values).any():
            return []
        later = material.times_d >= start - 1e-9
        days = material.times_d[later]
        found = [progression_free_d(days - start, area[later]) for area in values]
        times[arm.label] = TimeToEvent(np.array(found), float(days[-1] - start))
    since = f"day {number(start)}, by which every treated arm has begun," if start else "the start"
    return [
        _panel_or_line(
            material, "Progression-free" + (f", from day {number(start)}" if start else ""),
            "share of runs",
            f"Time from {since} until the tumour area is {PROGRESSION:g} times its lowest since "
            "then.", material.arms, times, {}, start,
        )
    ]  # fmt: skip


def _seeded(material: Material) -> list[tuple[str, bool]]:
    """Tumour cells of the inoculum until they die, all runs of an arm together."""
    times: Times = {}
    for arm in material.arms:
        found = [seeded_cells_d(run, material.days) for run in arm.runs]
        if any(cells is None for cells in found):
            return []
        times[arm.label] = TimeToEvent(np.concatenate(found), material.days)  # type: ignore[arg-type]
    if not any(t.times.size for t in times.values()):
        return []
    return [
        _panel_or_line(
            material, "Seeded tumour cells alive", "share of cells",
            "Time from the start to the death of each cell of the inoculum (its daughters are not "
            "counted), in marrow or blood. Cells of one marrow are not independent, so no p.",
            material.arms, times, {},
        )
    ]  # fmt: skip


def seeded_cells_d(run: Any, days: float) -> np.ndarray | None:
    """Days until the death of each tumour cell that is there at hour 0; NaN for the living.

    None where that cannot be told: no deaths were written, no cell is there at hour 0, or a
    primary tumour sends others, which would look the same.
    """
    parameters = run.manifest.get("parameters")
    tables = parameters if isinstance(parameters, dict) else {}
    output, body = (t if isinstance(t := tables.get(n), dict) else {} for n in ("output", "body"))
    written = output.get("events", True)  # runs of before it could be chosen
    if written is not True and "death" not in (written or ()):
        return None
    if "events.csv" not in run.manifest["files"] or "n_tumour" not in run.timeseries.columns:
        return None
    if body.get("primary_cells"):
        return None
    n = int(run.timeseries["n_tumour"].iloc[0])
    if n == 0:
        return None
    events = run.events
    founder = events["uid"] == events["clone"]
    of_tumour = events["cell_type"].isin(("tumour", "circulating"))
    deaths = events.loc[founder & of_tumour & (events["event"] == "death"), "time_h"]
    out = np.full(n, np.nan)
    out[: len(deaths)] = np.sort(deaths.to_numpy(float)) / 24.0
    out[out > days] = np.nan
    return out


def _panel_or_line(
    material: Material, title: str, axis: str, meaning: str, arms: Sequence[ArmShown],
    times: Times, tests: dict[str, str], start: float = 0.0,
) -> tuple[str, bool]:  # fmt: skip
    """A panel, or where it would hold no information a sentence; and which of them it is."""
    why = _nothing_to_see(material, arms, times, start)
    if why:
        return f"<b>{text(title)}</b>: {text(why)} {text(meaning)}", False
    return _figure(material, title, axis, meaning, arms, times, tests, start), True


def _nothing_to_see(
    material: Material, arms: Sequence[ArmShown], times: Times, start: float
) -> str:
    """Why a survival curve would say nothing; "" where it says something."""
    if not any(times[arm.label].n_reached for arm in arms):
        return "no run or cell has the event before the end."
    medians = [times[arm.label].median() for arm in arms]
    if not np.isfinite(medians).any():
        shares = {a.label: 100.0 * (1.0 - _share(times[a.label])) for a in arms}
        left = ", ".join(f"{share:.0f} % in {label}" for label, share in shares.items())
        if len(arms) > STYLES:
            left = f"{min(shares.values()):.0f} to {max(shares.values()):.0f} % of an arm"
        return f"the median is reached in no arm; without the event at the end: {left}."
    first = material.treatment_d[0] - start if material.treatment_d else 0.0
    if first > 0.0 and all(
        t.n_reached == t.times.size and t.times.max() <= first for t in times.values()
    ):
        last = max(float(t.times.max()) for t in times.values())
        return f"every arm has the event by day {last:.3g}, before the first dose."
    return ""


def _share(times: TimeToEvent) -> float:
    """Share of those that have the event."""
    return times.n_reached / max(1, times.times.size)


def _figure(
    material: Material, title: str, axis: str, meaning: str, arms: Sequence[ArmShown],
    times: Times, tests: dict[str, str], start: float,
) -> str:  # fmt: skip
    curves = []
    for arm in arms:
        found = times[arm.label]
        x, y = found.survival()
        last = y[-1] if len(y) else 1.0
        x = start + np.concatenate(([0.0], x, [found.horizon]))
        y = np.concatenate(([1.0], y, [last]))
        curves.append(Curve(arm.style, x, y, steps=True))
    svg = "" if material.is_many else chart(
        curves, days=material.days, y_unit=axis, axis=WHOLE, doses=dose_bars(material),
        settling_d=material.settling_d, label=f"{title} against time, one line an arm",
    )  # fmt: skip
    rows = []
    for arm in arms:
        found, median = times[arm.label], times[arm.label].median()
        name = key(arm.label, arm.style)
        rows.append(
            [
                name, f"{found.n_reached} of {found.times.size}",
                number(median) if np.isfinite(median) else "not reached",
                *([tests.get(arm.label, "")] if tests else []),
            ]
        )  # fmt: skip
    after = f" after day {number(start)}" if start else ""
    head = ["arm", "events", f"median (d{after})", *(["p"] if tests else [])]
    return (
        f"<figure><figcaption><b>{text(title)}</b></figcaption>{svg}"
        f"{table(head, rows, 'small', title)}"
        f'<p class="dim">{text(meaning)}</p></figure>'
    )
