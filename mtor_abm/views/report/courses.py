"""Time courses with bands, and the survival curves of runs and of seeded cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...analysis.compare import TUMOUR_AREA, p_text, times_to_area
from ...analysis.statistics import TimeToEvent, log_rank_p, mean_band
from ...readouts import PROGRESSION
from ...study_text import counted
from ..words import TITLES
from .charts import Curve, chart
from .compared import first_doses
from .markup import key, legend, number, table, text, unit
from .material import ArmShown, Material

#: Columns of the time series that are drawn: label of the axis, "" takes the unit.
COURSES: dict[str, str] = {
    "tumour_area_mm2": "",
    "n_lesions": "lesions",
    "n_tumour_dormant": "cells",
    "bv_tv": "BV/TV",
    "n_oc_per_b_pm_per_mm": "",
    "n_ob_per_b_pm_per_mm": "",
    "ctx_per_d": "",
    "p1np_per_d": "",
    "vessel_length_mm_per_mm2": "",
    "mean_vegf_nM": "",
    "mean_oxygen_mmHg": "",
    "s6k_tumour": "activity",
    "p4ebp1_tumour": "activity",
    "akt_s473_tumour": "activity",
    "n_circulating": "cells",
}


def courses(material: Material) -> tuple[str, dict[str, Any]]:
    """The time courses, and the numbers behind them for page.js: chart -> arms."""
    figures, numbers = [], {}
    marks = first_doses(material)
    for column, axis in COURSES.items():
        title = TITLES[column]
        curves, said = [], []
        for arm in material.arms:
            values = material.series(arm, column)
            if values is None or not np.isfinite(values).any() or not np.nan_to_num(values).any():
                continue
            mean, low, high = mean_band(values)
            curves.append(Curve(arm.style, material.times_d, mean, low, high))
            said.append([arm.label, arm.style, *(_short(a) for a in (mean, low, high))])
        if not curves:
            continue
        units, meaning = material.column(column)
        svg = chart(
            curves, days=material.days, y_unit=text(axis) or unit(units), marks=marks, key=column,
            label=f"{title} against time, one line an arm",
        )  # fmt: skip
        figures.append(
            f"<figure><figcaption><b>{text(title)}</b></figcaption>{svg}"
            f'<p class="readout" hidden></p><p class="dim">{text(meaning)}'
            f" <code>{text(column)}</code></p></figure>"
        )
        numbers[column] = said
    words = (
        f"<p>{_lines_and_bands([len(arm.runs) for arm in material.arms])} A triangle marks an "
        "arm's first dose. Point at a chart, or move the day with the arrow keys, to read its "
        "numbers.</p>"
    )
    body = f'{words}{_legend(material)}<div class="grid">{"".join(figures)}</div>'
    return body, {"days": _short(material.times_d), "charts": numbers}


def _lines_and_bands(n_runs: Sequence[int]) -> str:
    if max(n_runs) == 1:
        return "Line: the only run of an arm; one run has no interval."
    same = min(n_runs) == max(n_runs)
    runs = counted(n_runs[0], "run") if same else f"{min(n_runs)} to {max(n_runs)} runs"
    none = "" if min(n_runs) > 1 else "; none with one run"
    return (
        f"Line: mean over the {runs} of an arm. Band: 95 % interval of that mean (Student's t"
        f"{none}). It shows the spread between seeds, which pairing takes out of the effects above."
    )


def survival(material: Material) -> str:
    """Runs until tumour size and progression, seeded cells until death."""
    figures = [*_to_area(material), *_progression(material), *_seeded(material)]
    if not figures:
        return "<p>No run has a tumour, so there is nothing to survive.</p>"
    return (
        "<p>Kaplan-Meier curves. A run is a seed; one that ends without the event is censored at "
        "its last day. The log-rank p knows nothing of pairs and "
        "is not adjusted here; that of the time to the tumour area is, under Effects.</p>"
        f'{_legend(material)}<div class="grid">{"".join(figures)}</div>'
    )


def _legend(material: Material) -> str:
    return legend((arm.label, arm.style) for arm in material.arms)


def _to_area(material: Material) -> list[str]:
    """Runs whose tumour is below the area that `compare` asks for; one chart a threshold."""
    rows = [] if material.comparison is None else material.comparison.rows
    prefix = f"days_to_{TUMOUR_AREA}_"
    thresholds: dict[float, list[str]] = {}
    for row in rows:
        if row["readout"].startswith(prefix):
            threshold = float(row["readout"].removeprefix(prefix))
            thresholds.setdefault(threshold, []).append(row["treated"])
    figures = []
    for threshold, labels in thresholds.items():
        arms = [a for a in material.arms if a is material.control or a.label in labels]
        times = {arm.label: times_to_area(arm.runs, threshold) for arm in arms}
        figures.append(
            _figure(
                f"Tumour below {threshold:g} mm²", "share of runs",
                f"Time until the tumour area reaches {threshold:g} mm², half the control's mean "
                "area at the end.", arms, times,
            )
        )  # fmt: skip
    return figures


def _progression(material: Material) -> list[str]:
    """Runs without progression, by progression_free_d of their summaries."""
    readout = f"{TUMOUR_AREA}_progression_free_d"
    times = {}
    for arm in material.arms:
        found = [_of_summary(run, readout) for run in arm.runs]
        if any(value is None for value in found):
            return []
        times[arm.label] = TimeToEvent(np.array(found, dtype=float), material.days)
    if not any(t.n_reached for t in times.values()):
        return []
    return [
        _figure(
            "Progression-free", "share of runs",
            f"Time until the tumour area is {PROGRESSION:g} times its lowest so far.",
            material.arms, times,
        )
    ]  # fmt: skip


def _of_summary(run: Any, readout: str) -> float | None:
    row = run.summary[run.summary["readout"] == readout]
    return None if row.empty else float(row["value"].iloc[0])


def _seeded(material: Material) -> list[str]:
    """Tumour cells of the inoculum until they die, all runs of an arm together."""
    times = {}
    for arm in material.arms:
        found = [seeded_cells_d(run, material.days) for run in arm.runs]
        if any(cells is None for cells in found):
            return []
        times[arm.label] = TimeToEvent(np.concatenate(found), material.days)  # type: ignore[arg-type]
    if not any(t.times.size for t in times.values()):
        return []
    return [
        _figure(
            "Seeded tumour cells alive", "share of cells",
            "Time from the start to the death of each cell of the inoculum (its daughters are not "
            "counted), in marrow or blood. Cells of one marrow are not independent, so no p.",
            material.arms, times, with_p=False,
        )
    ]  # fmt: skip


def seeded_cells_d(run: Any, days: float) -> np.ndarray | None:
    """Days until the death of each tumour cell that is there at hour 0; NaN for the living.

    None where that cannot be told: no deaths were written, no cell is there at hour 0, or a
    primary tumour sends others, which would look the same.
    """
    parameters = run.manifest["parameters"]
    written = parameters.get("output", {}).get("events", True)  # runs of before it could be chosen
    if written is not True and "death" not in written:
        return None
    if "events.csv" not in run.manifest["files"] or "n_tumour" not in run.timeseries.columns:
        return None
    if parameters.get("body", {}).get("primary_cells"):
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


def _figure(
    title: str, axis: str, meaning: str, arms: Sequence[ArmShown],
    times: dict[str, TimeToEvent], with_p: bool = True,
) -> str:  # fmt: skip
    curves = []
    for arm in arms:
        found = times[arm.label]
        x, y = found.survival()
        last = y[-1] if len(y) else 1.0
        x = np.concatenate(([0.0], x, [found.horizon]))
        y = np.concatenate(([1.0], y, [last]))
        curves.append(Curve(arm.style, x, y, steps=True))
    svg = chart(curves, days=times[arms[0].label].horizon, y_unit=axis, whole=True,
                label=f"{title} against time, one line an arm")  # fmt: skip
    rows = []
    for arm in arms:
        found, median = times[arm.label], times[arm.label].median()
        p = ""
        if with_p and arm is not arms[0]:
            p = text(p_text(log_rank_p(times[arms[0].label], found)))
        rows.append(
            [
                key(arm.label, arm.style), f"{found.n_reached} of {found.times.size}",
                number(median) if np.isfinite(median) else "not reached", *([p] if with_p else []),
            ]
        )  # fmt: skip
    head = ["arm", "events", "median (d)", *(["log-rank p"] if with_p else [])]
    return (
        f"<figure><figcaption><b>{text(title)}</b></figcaption>{svg}"
        f"{table(head, rows, 'small', title)}"
        f'<p class="dim">{text(meaning)}</p></figure>'
    )


def _short(values: np.ndarray) -> list[float | None]:
    """Four significant digits for page.js; null where there is none."""
    return [float(f"{v:.4g}") if np.isfinite(v) else None for v in values]
