"""Drug-on against drug-off: arms paired by seed -> effects with intervals.

One row per treated arm and readout. Where every value is above 0 the effect is the ratio treated /
control (geometric mean over the pairs), else the difference. p is adjusted for the number of
readouts of the arm (Holm). One more row compares the time until the tumour reaches a size.
"""

import contextlib
import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import UserError
from ..readouts import EVENTS_PREFIX, first_crossing, is_compared
from ..store import Run
from ..tidy_csv import csv_text
from ..whole_file import storage_error, write_file
from .arms import Arm, find_arm, find_arms, pairs, refuse_incomparable
from .groups import Grouping
from .statistics import (
    PairedEffect,
    TimeToEvent,
    holm,
    log_rank_p,
    mean_interval,
    paired_effect,
    unpaired_over_paired_variance,
    variance_reduction,
)

FILE_NAME = "comparison.csv"
TUMOUR_AREA = "tumour_area_mm2"
SIGNED = "_change_percent"  # end of the name of a readout that may be positive or negative
HOURS_PER_DAY = 24.0
SIGNIFICANT = 0.05
ROWS_SHOWN = 16
# What a reader looks for first, in this order; the terminal shows these, then the clearest others.
HEADLINES = (
    "tumour_area_mm2_final",
    "tumour_area_mm2_growth_per_d",
    "days_to_tumour_area_mm2_",
    "n_lesions_final",
    "n_tumour_dormant_final",
    "n_arrivals_sum",
    "bv_tv_final",
    "bv_tv_change_percent",
    "n_oc_per_b_pm_per_mm_mean",
    "ctx_per_d_mean",
    "p1np_per_d_mean",
    "vessel_length_mm_per_mm2_final",
    "mean_vegf_nM_mean",
    "s6k_tumour_mean",
    "p4ebp1_tumour_mean",
    "akt_s473_tumour_mean",
)

# name -> (unit, meaning); the data dictionary of comparison.csv.
COLUMNS: dict[str, tuple[str, str]] = {
    "control": ("", "scenario of the control arm"),
    "treated": ("", "scenario of the treated arm"),
    "readout": ("", "readout of summary.csv, or days_to_... for a time to a threshold"),
    "unit": ("", "unit of the means, the medians and of a difference"),
    "control_mean": ("unit", "mean over the paired control runs; of times: restricted mean"),
    "treated_mean": ("unit", "mean over the paired treated runs; of times: restricted mean"),
    "effect": ("", "ratio (treated/control) or difference (treated - control)"),
    "estimate": ("1 or unit", "geometric mean of the ratios, or mean difference, over the pairs"),
    "ci_low": ("1 or unit", "lower end of the 95 % interval; empty with one pair"),
    "ci_high": ("1 or unit", "upper end of the 95 % interval; empty with one pair"),
    "p": ("1", "two-sided; paired t, of times: log-rank"),
    "p_adjusted": ("1", "p adjusted for the readouts of this arm (Holm)"),
    "n_pairs": ("1", "pairs of runs in which the readout is defined"),
    "variance_reduction": ("1", "1 - variance within pairs / variance without pairing"),
    "unpaired_over_paired_variance": (
        "1",
        "(var(treated) + var(control)) / var(effect of a pair), on the scale of the effect (of a "
        "ratio: logarithms): so many times the runs would be needed with independent seeds; empty "
        "if all pairs have one effect",
    ),
    "control_median": ("d", "of times: Kaplan-Meier median; empty if fewer than half reach it"),
    "treated_median": ("d", "of times: Kaplan-Meier median; empty if fewer than half reach it"),
    "control_reached": ("1", "of times: control runs that reach the threshold"),
    "treated_reached": ("1", "of times: treated runs that reach the threshold"),
}


@dataclass(frozen=True)
class Comparison:
    """A control, its treated arms and the effects.

    Attributes:
        control: name of the control arm.
        rows: one dict per treated arm and readout, keys as in COLUMNS.
        notes: what a reader should know, one sentence each.
        path: comparison.csv.
    """

    control: str
    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)
    path: Path | None = None

    @property
    def table(self) -> Any:
        """The rows as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=list(COLUMNS))

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON; what is undefined is null."""

        def plain(value: Any) -> Any:
            return None if isinstance(value, float) and not math.isfinite(value) else value

        return {
            "control": self.control,
            "rows": [{key: plain(value) for key, value in row.items()} for row in self.rows],
            "notes": self.notes,
            "path": None if self.path is None else str(self.path),
        }

    def headlines(self, arm: str, rows_shown: int = ROWS_SHOWN) -> list[dict[str, Any]]:
        """The rows of an arm that a reader looks for first, then the clearest others."""
        rows = sorted((r for r in self.rows if r["treated"] == arm), key=headlines_first)
        shown = [r for r in rows if r["control_mean"] != 0.0 or r["treated_mean"] != 0.0]
        return shown[:rows_shown]

    def text(self, rows_shown: int = ROWS_SHOWN) -> str:
        """For the terminal: per treated arm a sentence and a table, headlines first."""
        parts = []
        for arm in dict.fromkeys(row["treated"] for row in self.rows):
            rows = [row for row in self.rows if row["treated"] == arm]
            shown = self.headlines(arm, rows_shown)
            parts.append(sentence(self.control, arm, rows))
            parts.append(_aligned(shown))
            if len(rows) > rows_shown:
                parts.append(f"  and {len(rows) - len(shown)} more readouts in the file")
            parts.append("")
        return "\n".join(parts + self.notes)


def compare(
    control: str | Path,
    treated: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    threshold_mm2: float | None = None,
    interval: Literal["t", "bca"] = "t",
    test: Literal["t", "sign_flip"] = "t",
) -> Comparison:
    """Compare treated arms with a control and write comparison.csv.

    Args:
        control: STUDY/SCENARIO, a folder with runs of one scenario, or a run folder.
        treated: the same; a study folder stands for all its scenarios but the control.
        out: folder for comparison.csv; None takes that of the control's study.
        threshold_mm2: tumour area whose time is compared; None takes half the control's mean
            area at the end.
        interval: see `statistics.paired_effect`.
        test: see `statistics.paired_effect`.

    Raises:
        UserError: arms that are absent, failed, or not comparable; a folder that refuses.
    """
    base = find_arm(control)
    arms: list[Arm] = []
    for place in treated:
        found = find_arms(place)
        several = len(found) > 1
        arms += [arm for arm in found if not (several and arm.folders() & base.folders())]
    if not arms:
        raise UserError("no treated arm is given; name at least one beside the control")
    for i, arm in enumerate(arms):
        if any(arm.folders() & other.folders() for other in arms[:i]):
            raise UserError(f"{arm.place} is given twice; give each arm once")
    comparison = compare_arms(base, arms, threshold_mm2=threshold_mm2, interval=interval, test=test)
    path = (base.study if out is None else Path(out)) / FILE_NAME
    lost = sorted(_arms_in(path) - {row["treated"] for row in comparison.rows})
    notes = list(comparison.notes)
    if lost:
        notes.append(f"{path} held {', '.join(lost)} as well before; --out DIR keeps both.")
    return replace(comparison, notes=notes, path=write_effects(path, comparison.rows))


def _arms_in(path: Path) -> set[str]:
    """Treated arms of a comparison that is there already."""
    with (
        contextlib.suppress(OSError, ValueError, csv.Error),
        path.open(encoding="utf-8", newline="") as file,
    ):
        return {row["treated"] for row in csv.DictReader(file) if row.get("treated")}
    return set()


def compare_arms(
    base: Arm,
    arms: Sequence[Arm],
    *,
    threshold_mm2: float | None = None,
    interval: Literal["t", "bca"] = "t",
    test: Literal["t", "sign_flip"] = "t",
) -> Comparison:
    """Compare treated arms with a control; arguments as in `compare`, nothing is written.

    Raises:
        UserError: arms that are not comparable.
    """
    for arm in arms:
        refuse_incomparable(base, arm)
    rows, notes = [], []
    for arm in arms:
        befores, afters = pairs(base, arm)
        label = label_beside(base, arm)
        for name, has, lacks in ((base.name, base, arm), (label, arm, base)):
            left_out = sorted(set(has.runs) - set(lacks.runs))
            if left_out:
                which = ", ".join(map(str, left_out))
                notes.append(f"{label}: seeds {which} of {name} alone are left out.")
        if len(befores) == 1:
            notes.append(f"{label}: one pair only, so there is no interval and no p.")
        effects = compare_runs(label, befores, afters, threshold_mm2, interval, test)
        rows += [effect | {"control": base.name} for effect in effects]
    return Comparison(base.name, rows, notes)


def effects_of(base: Arm, arms: Sequence[Arm]) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """Rows of every arm that can be compared with the control, by name; a note on each other."""
    effects, notes = {}, []
    for arm in arms:
        try:
            refuse_incomparable(base, arm)
        except UserError as fault:
            notes.append(f"No effects of {arm.name}: {fault}.")
            continue
        rows = compare_runs(arm.name, *pairs(base, arm))
        effects[arm.name] = [row | {"control": base.name} for row in rows]
    return effects, notes


def grouped_effects(
    grouping: Grouping,
) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """Rows of every treated arm against its own control, by name; what a reader should know."""
    effects: dict[str, list[dict[str, Any]]] = {}
    notes = list(grouping.notes)
    for group in grouping.groups:
        found, faults = effects_of(group.control, group.treated)
        effects |= found
        notes += faults
    return effects, notes


def label_beside(base: Arm, arm: Arm) -> str:
    """What an arm is called beside its control: its scenario, or its place in another study."""
    return arm.name if arm.study.resolve() == base.study.resolve() else arm.place


def compare_runs(
    label: str,
    control: Sequence[Run],
    treated: Sequence[Run],
    threshold_mm2: float | None = None,
    interval: Literal["t", "bca"] = "t",
    test: Literal["t", "sign_flip"] = "t",
) -> list[dict[str, Any]]:
    """Rows of one treated arm; the two sequences are paired in their order."""
    units: dict[str, str] = {}
    befores, afters = (_readouts(runs, units) for runs in (control, treated))
    rows = []
    for readout, unit in units.items():
        if not is_compared(readout):
            continue
        before, after = (_column(values, readout) for values in (befores, afters))
        known = ~(np.isnan(before) | np.isnan(after))
        if not known.any():
            continue
        effect = paired_effect(before, after, interval, test, readout.endswith(SIGNED))
        rows.append(
            _row(
                treated=label, readout=readout, unit=unit,
                control_mean=float(before[known].mean()), treated_mean=float(after[known].mean()),
                effect=effect.kind, estimate=effect.estimate, ci_low=effect.low,
                ci_high=effect.high, p=effect.p, n_pairs=effect.n,
                variance_reduction=effect.variance_reduction,
                unpaired_over_paired_variance=effect.unpaired_over_paired_variance,
            )
        )  # fmt: skip
    rows += _time_to_threshold(label, control, treated, threshold_mm2)
    adjusted = holm(np.array([row["p"] for row in rows]))
    for row, p_adjusted in zip(rows, adjusted, strict=True):
        row["p_adjusted"] = float(p_adjusted)
    return rows


def effect_on(readout: str, control: Sequence[Run], treated: Sequence[Run]) -> PairedEffect:
    """The effect on one readout of summary.csv; the two sequences are paired in their order."""
    before, after = (_column(_readouts(runs, {}), readout) for runs in (control, treated))
    return paired_effect(before, after, is_signed=readout.endswith(SIGNED))


def _readouts(runs: Sequence[Run], units: dict[str, str]) -> list[dict[str, float]]:
    """Readouts of each run; their units are added to `units` in order of appearance."""
    out = []
    for run in runs:
        summary = run.summary
        units.update(zip(summary["readout"], summary["unit"], strict=True))
        out.append(dict(zip(summary["readout"], summary["value"].astype(float), strict=True)))
    return out


def _column(values: Sequence[dict[str, float]], readout: str) -> np.ndarray:
    """One readout over the runs; events that a run does not list have happened 0 times."""
    absent = 0.0 if readout.startswith(EVENTS_PREFIX) else float("nan")
    return np.array([of_run.get(readout, absent) for of_run in values])


def _time_to_threshold(
    label: str, control: Sequence[Run], treated: Sequence[Run], threshold: float | None
) -> list[dict[str, Any]]:
    """The row of the time to a tumour area; none where the control never has a tumour."""
    if TUMOUR_AREA not in control[0].timeseries.columns:
        return []
    if threshold is None:
        threshold = half_of_last_area_mm2(control)
    if not threshold > 0.0:
        return []
    before, after = (times_to_area(runs, threshold) for runs in (control, treated))
    mean, low, high = mean_interval(after.truncated - before.truncated)
    return [
        _row(
            treated=label, readout=f"days_to_{TUMOUR_AREA}_{threshold:g}", unit="d",
            control_mean=before.restricted_mean(), treated_mean=after.restricted_mean(),
            effect="difference", estimate=mean, ci_low=low, ci_high=high,
            p=log_rank_p(before, after), n_pairs=len(control),
            variance_reduction=variance_reduction(before.truncated, after.truncated),
            unpaired_over_paired_variance=unpaired_over_paired_variance(
                before.truncated, after.truncated
            ),
            control_median=before.median(), treated_median=after.median(),
            control_reached=before.n_reached, treated_reached=after.n_reached,
        )
    ]  # fmt: skip


def half_of_last_area_mm2(control: Sequence[Run]) -> float:
    """The threshold unless one is given: half the mean tumour area at the end, to 3 digits."""
    last = float(np.mean([run.timeseries[TUMOUR_AREA].iloc[-1] for run in control]))
    return float(f"{0.5 * last:.3g}")


def times_to_area(runs: Sequence[Run], threshold: float) -> TimeToEvent:
    """Days until each run's tumour area reaches the threshold, mm2."""
    days = [run.timeseries["time_h"].to_numpy(float) / HOURS_PER_DAY for run in runs]
    crossings = [
        first_crossing(time_d, run.timeseries[TUMOUR_AREA].to_numpy(float), threshold)
        for run, time_d in zip(runs, days, strict=True)
    ]
    return TimeToEvent(np.array(crossings), float(days[0][-1]))


def _row(**values: Any) -> dict[str, Any]:
    """A row in the order of COLUMNS; what it does not say is NaN."""
    return {name: values.get(name, float("nan")) for name in COLUMNS}


def write_effects(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write effects as a table; replace one of ours, but nothing else.

    Raises:
        UserError: another file stands there, or the disk refuses.
    """
    header = ",".join(COLUMNS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.read_bytes().startswith(b"control,treated,readout,"):
            raise UserError(f"{path} was not written by compare; move it or choose another --out")
    except OSError as error:
        raise storage_error(error, path.parent) from error
    table = {name: [row[name] for row in rows] for name in COLUMNS}
    write_file(path, csv_text(table) if rows else header + "\n")
    return path


# ---------------------------------------------------------------------------------- for a terminal
def headlines_first(row: dict[str, Any]) -> tuple[int, float, float, str]:
    """Order of the rows: HEADLINES, then by adjusted p, then by p; what has none comes last."""
    name = row["readout"]
    rank = next((i for i, head in enumerate(HEADLINES) if name.startswith(head)), len(HEADLINES))
    p_adjusted, p = (2.0 if math.isnan(row[key]) else row[key] for key in ("p_adjusted", "p"))
    return rank, p_adjusted, p, name


def sentence(control: str, arm: str, rows: Sequence[dict[str, Any]]) -> str:
    """What the arm shows, in words."""
    n_pairs = max(row["n_pairs"] for row in rows)
    clear = [row for row in rows if row["p_adjusted"] < SIGNIFICANT]
    start = f"{arm} against {control}, {n_pairs} pair{'s' * (n_pairs != 1)} of runs: "
    counted = f"{len(clear)} of {len(rows)} readouts differ (adjusted p < {SIGNIFICANT:g})"
    area = next((r for r in rows if r["readout"] == f"{TUMOUR_AREA}_final"), None)
    if area is None or (area["control_mean"] == 0.0 and area["treated_mean"] == 0.0):
        return start + counted + "."
    nothing = 1.0 if area["effect"] == "ratio" else 0.0
    if area["estimate"] == nothing:
        change = "ends the same"
    elif area["ci_low"] <= nothing <= area["ci_high"]:
        change = f"at the end cannot be told apart, {effect_text(area)}"
    elif area["effect"] == "ratio":
        larger = "smaller" if area["estimate"] < 1.0 else "larger"
        change = f"ends {100.0 * abs(area['estimate'] - 1.0):.3g} % {larger}, {effect_text(area)}"
    else:
        change = f"ends {effect_text(area)} {area['unit']} different"
    among = ", its size not among them" if clear and not area["p_adjusted"] < SIGNIFICANT else ""
    return f"{start}the tumour {change}; {counted}{among}."


def _aligned(rows: Sequence[dict[str, Any]]) -> str:
    """A table with aligned columns."""
    head = ("readout", "unit", "control", "treated", "effect [95 % interval]", "p adj")
    body = [
        (
            row["readout"], str(row["unit"]), _short(row["control_mean"]),
            _short(row["treated_mean"]), effect_text(row) + _reached(row),
            p_text(row["p_adjusted"]),
        )
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    return "\n".join(
        "  " + "  ".join(
            cell.ljust(width) if i in (0, 1, 4) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (head, *body)
    )  # fmt: skip


def effect_text(row: dict[str, Any]) -> str:
    """An estimate with its interval; x marks a ratio, a sign a difference."""
    pattern = "x {:.3g}" if row["effect"] == "ratio" else "{:+.3g}"
    text = pattern.format(row["estimate"])
    if math.isnan(row["ci_low"]):
        return text
    inner = "{:.3g}, {:.3g}" if row["effect"] == "ratio" else "{:+.3g}, {:+.3g}"
    return f"{text} [{inner.format(row['ci_low'], row['ci_high'])}]"


def _reached(row: dict[str, Any]) -> str:
    """Of a time: how many runs of either arm got there, if not all did; the end counts else."""
    counts = [row["control_reached"], row["treated_reached"]]
    if any(map(math.isnan, counts)) or min(counts) >= row["n_pairs"]:
        return ""
    return f", {counts[0]:g} and {counts[1]:g} of {row['n_pairs']:g} got there"


def _short(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def p_text(value: float) -> str:
    """A p with three decimals; a dash where there is none."""
    if math.isnan(value):
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"
