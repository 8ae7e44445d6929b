"""Treated against control: arms paired by seed -> effects with intervals.

One row per treated arm and readout, as `effects` has it; `groups` says which control an arm has.
"""

import contextlib
import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..runner.study_folder import find_runs
from ..tidy_csv import csv_text
from ..whole_file import storage_error, write_file
from .arms import (
    Arm,
    arms_of,
    complete_runs,
    find_arm,
    find_arms,
    left_out_note,
    other_differences,
    pairs,
    refuse_incomparable,
)
from .compare_text import Lead, effects_table, heading_of, headlines_first, lead_of, table_text
from .doses import treatment_words
from .effects import COLUMNS, HOURS_PER_DAY, compare_runs
from .endpoints import DEFAULT_PRIMARY, refuse_unknown
from .groups import Grouping, grouped

FILE_NAME = "comparison.csv"
ROWS_SHOWN = 16
MOST_BLOCKS = 8  # arms of which the terminal shows a block each


@dataclass(frozen=True)
class Comparison:
    """Treated arms, each against its control, and the effects.

    Attributes:
        control: name of the control arm; of several, the first.
        rows: one dict per treated arm and readout, keys as in COLUMNS.
        notes: what a reader should know, one sentence each.
        path: comparison.csv, once it is written.
        headings: treated arm -> what was compared, in words.
        primary: treated arm -> its primary endpoints, in order.
    """

    control: str
    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)
    path: Path | None = None
    headings: Mapping[str, str] = field(default_factory=dict)
    primary: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def table(self) -> Any:
        """The rows as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=list(COLUMNS))

    @property
    def arms(self) -> list[str]:
        """Names of the treated arms, in order."""
        return list(dict.fromkeys(row["treated"] for row in self.rows))

    def of(self, arm: str) -> list[dict[str, Any]]:
        """The rows of one treated arm."""
        return [row for row in self.rows if row["treated"] == arm]

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON; what is undefined is null."""

        def plain(value: Any) -> Any:
            return None if isinstance(value, float) and not math.isfinite(value) else value

        return {
            "control": self.control,
            "arms": {
                arm: {
                    "control": self.of(arm)[0]["control"],
                    "compared": self.lead(arm).heading,
                    "warnings": self.lead(arm).warnings,
                    "primary": list(self.primary.get(arm, DEFAULT_PRIMARY)),
                }
                for arm in self.arms
            },
            "rows": [{key: plain(value) for key, value in row.items()} for row in self.rows],
            "notes": self.notes,
            "path": None if self.path is None else str(self.path),
        }

    def lead(self, arm: str, file: str = FILE_NAME) -> Lead:
        """The first block of an arm: what was compared, its primary endpoints, what else differs.

        Args:
            arm: a treated arm. file: where the other readouts can be read, for the last line.
        """
        rows = self.of(arm)
        heading = self.headings.get(arm, f"{arm}, against {rows[0]['control']}")
        differs = rows[0]["differs_in"]
        warnings = [f"the arms differ in more than the treatment: {differs}"] if differs else []
        return lead_of(heading, rows, self.primary.get(arm, DEFAULT_PRIMARY), file, warnings)

    def headlines(self, arm: str, rows_shown: int = ROWS_SHOWN) -> list[dict[str, Any]]:
        """The rows of an arm that a reader looks for first, then the clearest others."""
        rows = sorted(self.of(arm), key=headlines_first)
        shown = [r for r in rows if r["control_mean"] != 0.0 or r["treated_mean"] != 0.0]
        return shown[:rows_shown]

    def text(self, all_readouts: bool = False) -> str:
        """For the terminal: a block for each treated arm, on request with all its readouts.

        Of more arms than can be read so, a line each.
        """
        file = FILE_NAME if self.path is None else self.path.name
        if len(self.arms) > MOST_BLOCKS and not all_readouts:
            return "\n".join([self.effects_text(), *self.notes])
        parts = []
        for arm in self.arms:
            parts.append(self.lead(arm, file).text())
            if all_readouts:
                parts.append(table_text(self.headlines(arm, len(self.rows))))
            parts.append("")
        return "\n".join([*parts, *self.notes]).rstrip("\n")

    def effects_text(self, points: Mapping[str, Mapping[str, str]] | None = None) -> str:
        """A line for each treated arm: its control and the changes of its primary endpoints.

        Args:
            points: of a sweep, what varies: treated arm -> key -> value.
        """
        told = []
        for arm in self.arms:
            control = self.of(arm)[0]["control"]
            values = {k.rpartition(".")[2]: v for k, v in (points or {}).get(arm, {}).items()}
            told.append(({"arm": arm, "control": control, **values}, self.lead(arm)))
        return effects_table(told)


def compare(
    control: str | Path,
    treated: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    primary: Sequence[str] = (),
    threshold_mm2: float | None = None,
    despite_differences: bool = False,
    force: bool = False,
) -> Comparison:
    """Compare treated arms with a control and write comparison.csv.

    Args:
        control: STUDY/SCENARIO, a folder with runs of one scenario, or a run folder.
        treated: the same; a study folder stands for all its scenarios but the control.
        out: folder for comparison.csv; None takes that of the control's study.
        primary: primary endpoints, readouts of summary.csv; none takes those of the scenarios
            ([compare] primary), or else DEFAULT_PRIMARY.
        threshold_mm2: tumour area whose time is compared, above 0; None takes half the control's
            mean area at the end.
        despite_differences: compare arms that differ in more than the treatment, and say in what.
        force: replace a comparison.csv of other arms.

    Raises:
        UserError: arms that are absent, failed, or not comparable; an endpoint that is unknown; a
            comparison.csv of other arms; a folder that cannot be written to.
    """
    base = find_arm(control)
    arms: list[Arm] = []
    for place in treated:
        found = find_arms(place)
        several = len(found) > 1
        arms += [arm for arm in found if not (several and arm.folders() & base.folders())]
    if not arms:
        raise UserError("no treated arm is given; name at least one after the control")
    for i, arm in enumerate(arms):
        if any(arm.folders() & other.folders() for other in arms[:i]):
            raise UserError(f"{arm.place} is given twice; give each arm once")
    comparison = compare_arms(
        base, arms, primary=primary, threshold_mm2=threshold_mm2,
        despite_differences=despite_differences,
    )  # fmt: skip
    return written(comparison, base.study if out is None else Path(out), force)


def compare_study(
    study: str | Path,
    control: str | None = None,
    out: str | Path | None = None,
    *,
    force: bool = False,
    **how: Any,
) -> Comparison:
    """Compare all arms of a study, each with its own control, and write comparison.csv.

    Args:
        study: its folder.
        control: scenario of the control; None takes those that the study names (see `groups`).
        out: folder for comparison.csv; None takes the study.
        force: replace a comparison.csv of other arms.
        how: `primary`, `threshold_mm2` and `despite_differences` of `compare`.

    Raises:
        UserError: as `compare`; nothing to compare; a control that must be named.
    """
    comparison = comparison_of(study, control, **how)
    return written(comparison, Path(study if out is None else out), force)


def comparison_of(study: str | Path, control: str | None = None, **how: Any) -> Comparison:
    """The same without a file."""
    folder = Path(study)
    if not folder.is_dir() or not find_runs(folder):
        find_arm(folder)  # which says if nothing is there at all
        raise UserError(
            f"{folder} is one arm; name a treated arm after it, or give the whole study "
            f"({folder.parent})"
        )
    runs, left_out = complete_runs(folder)
    grouping = grouped(folder, arms_of(runs), control)
    comparison = compare_groups(grouping, **how)
    if not comparison.rows:
        alone = f"It has one arm only ({', '.join(arm.name for arm in grouping.loose)})."
        why = " ".join(comparison.notes) or alone
        raise UserError(f"{folder} has nothing to compare: {why}")
    notes = [left_out_note(runs, left_out)] if left_out else []
    return replace(comparison, notes=[*notes, *comparison.notes])


def written(comparison: Comparison, folder: Path, force: bool = False) -> Comparison:
    """Write comparison.csv; one of the same arms is replaced.

    Args:
        comparison: what to write. folder: where. force: replace one of other arms too.

    Raises:
        UserError: one of other arms, or another file, stands there; the disk refuses.
    """
    path = folder / FILE_NAME
    held = set() if force else _arms_in(path)
    mine = {(row["control"], row["treated"]) for row in comparison.rows}
    if held and held != mine:
        raise UserError(
            f"{path} holds another comparison ({_listed(held)}); this one ({_listed(mine)}) would "
            "replace it: give --out DIR to keep both, or --force"
        )
    return replace(comparison, path=write_effects(path, comparison.rows))


def _listed(arms: Iterable[tuple[str, str]]) -> str:
    """Controls and treated arms in words."""
    by_control: dict[str, list[str]] = {}
    for control, treated in sorted(arms):
        by_control.setdefault(control, []).append(treated)
    return "; ".join(f"{', '.join(names)} against {base}" for base, names in by_control.items())


def _arms_in(path: Path) -> set[tuple[str, str]]:
    """Controls and treated arms of a comparison that is there already."""
    with (
        contextlib.suppress(OSError, ValueError, csv.Error),
        path.open(encoding="utf-8", newline="") as file,
    ):
        rows = list(csv.DictReader(file))
        return {(row["control"], row["treated"]) for row in rows if row.get("treated")}
    return set()


def compare_groups(grouping: Grouping, **how: Any) -> Comparison:
    """Compare the arms of each group with their control; arms that cannot be have a note.

    Args:
        grouping: of a study. how: `primary`, `threshold_mm2`, `despite_differences` of `compare`.

    Raises:
        UserError: an endpoint that was asked for is unknown.
    """
    whole = Comparison("", [], list(grouping.notes))
    for group in grouping.groups:
        comparable = []
        for arm in group.treated:
            try:
                refuse_incomparable(group.control, arm, how.get("despite_differences", False))
                comparable.append(arm)
            except UserError as fault:
                whole.notes.append(f"No effects of {arm.name}: {fault}.")
        if comparable:
            whole = _joined(whole, compare_arms(group.control, comparable, **how))
    return whole


def _joined(first: Comparison, more: Comparison) -> Comparison:
    return Comparison(
        first.control or more.control, [*first.rows, *more.rows], [*first.notes, *more.notes],
        None, {**first.headings, **more.headings}, {**first.primary, **more.primary},
    )  # fmt: skip


def compare_arms(
    base: Arm,
    arms: Sequence[Arm],
    *,
    primary: Sequence[str] = (),
    threshold_mm2: float | None = None,
    despite_differences: bool = False,
) -> Comparison:
    """Compare treated arms with a control; arguments as in `compare`, nothing is written.

    Raises:
        UserError: arms that are not comparable, an endpoint that is unknown.
    """
    for arm in arms:
        refuse_incomparable(base, arm, despite_differences)
    if threshold_mm2 is not None and not 0.0 < threshold_mm2 < math.inf:
        raise UserError(f"threshold {threshold_mm2:g} is not an area; give mm2 above 0")
    found = Comparison(base.name, [])
    for arm in arms:
        found = _joined(found, _compare_arm(base, arm, primary, threshold_mm2))
    return found


def _compare_arm(
    base: Arm, arm: Arm, asked: Sequence[str], threshold_mm2: float | None
) -> Comparison:
    befores, afters = pairs(base, arm)
    label = label_beside(base, arm)
    notes = []
    for name, has, lacks in ((base.name, base, arm), (label, arm, base)):
        left_out = sorted(set(has.runs) - set(lacks.runs))
        if left_out:
            which = f"seed{'s' * (len(left_out) > 1)} {', '.join(map(str, left_out))}"
            verb = "are" if len(left_out) > 1 else "is"
            notes.append(f"{label}: {which} of {name} alone {verb} left out.")
    primary = tuple(asked) or primary_of(base, arm)
    rows = compare_runs(label, befores, afters, threshold_mm2, primary)
    if asked or primary is not DEFAULT_PRIMARY:
        refuse_unknown(primary, [row["readout"] for row in rows])
    differs = "; ".join(f"{key}={a}/{b}" for key, a, b in other_differences(base, arm))
    heading = heading_of(
        label,
        treatment_words(base.parameters, arm.parameters),
        list(arm.parameters.get("drugs") or ()),
        base.name,
        float(afters[0].timeseries["time_h"].iloc[-1]) / HOURS_PER_DAY,
        len(befores),
    )
    rows = [row | {"control": base.name, "differs_in": differs} for row in rows]
    return Comparison(base.name, rows, notes, None, {label: heading}, {label: primary})


def primary_of(base: Arm, arm: Arm) -> tuple[str, ...]:
    """Primary endpoints of an arm: its scenario's, or its control's, or DEFAULT_PRIMARY."""
    said = arm.declared.get("primary") or base.declared.get("primary")
    return tuple(said) if said else DEFAULT_PRIMARY


def grouped_effects(
    grouping: Grouping,
) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """Rows of every treated arm against its own control, by name; what a reader should know."""
    found = compare_groups(grouping)
    return {arm: found.of(arm) for arm in found.arms}, found.notes


def label_beside(base: Arm, arm: Arm) -> str:
    """What an arm is called beside its control: its scenario, or its place in another study."""
    return arm.name if arm.study.resolve() == base.study.resolve() else arm.place


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
