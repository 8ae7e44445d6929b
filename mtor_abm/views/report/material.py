"""What a report is made of: the runs of each arm, and the effects that `compare` finds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...analysis.arms import Arm, arms_of, complete_runs, find_arms, left_out_note
from ...analysis.compare import Comparison, compare_groups, label_beside
from ...analysis.groups import ArmGroup, Grouping, grouped
from ...errors import UserError
from ...runner.study_folder import find_runs
from ...store import Run
from ..arm_titles import arm_titles, title_of
from ..doses import Doses, doses_of
from ..start_up import out_of_balance_days
from ..study_data import values_of
from .markup import STYLES


@dataclass(frozen=True)
class ArmShown:
    """One arm on the page.

    Attributes:
        label: its short name, that of its scenario.
        arm: its runs.
        style: number of its colour and dash, 0 for the first control; STYLES (none) where there
            are more arms than styles.
        title: what it is, in a few words.
        control: label of the arm it is compared with; "" of a control, or of an arm without one.
    """

    label: str
    arm: Arm
    style: int
    title: str
    control: str = ""

    @property
    def runs(self) -> list[Run]:
        """Runs by rising seed."""
        return list(self.arm.runs.values())

    @property
    def first(self) -> Run:
        """Any run, for what all of them share."""
        return self.arm.first

    @property
    def parameters(self) -> dict[str, Any]:
        """The resolved scenario."""
        given = self.first.manifest.get("parameters")
        return dict(given) if isinstance(given, dict) else {}

    @property
    def doses(self) -> list[Doses]:
        """The drugs that it is given, and when."""
        return doses_of(self.parameters)

    def table(self, name: str) -> dict[str, Any]:
        """One table of the scenario; empty where the manifest has none."""
        given = self.parameters.get(name)
        return dict(given) if isinstance(given, dict) else {}


@dataclass(frozen=True)
class Material:
    """All that the page shows.

    Attributes:
        name: of the study.
        folder: of the study.
        arms: every control before its treated arms.
        comparison: every treated arm against its control; None where there is none.
        notes: what a reader should know, one sentence each.
    """

    name: str
    folder: Path
    arms: list[ArmShown]
    comparison: Comparison | None
    notes: list[str] = field(default_factory=list)

    @property
    def control(self) -> ArmShown:
        """The first control."""
        return self.arms[0]

    @property
    def controls(self) -> list[ArmShown]:
        """Arms that others are compared with; the first arm where nothing is compared."""
        named = {arm.control for arm in self.arms} - {""}
        return [arm for arm in self.arms if arm.label in named] or [self.control]

    @property
    def treated(self) -> list[ArmShown]:
        """Arms whose effects are known."""
        known = set() if self.comparison is None else set(self.comparison.arms)
        return [arm for arm in self.arms if arm.control and arm.label in known]

    @property
    def is_many(self) -> bool:
        """Whether there are more arms than can be told apart as lines."""
        return len(self.arms) > STYLES

    def control_of(self, arm: ArmShown) -> ArmShown:
        """The control of an arm; a control's is itself."""
        return next((other for other in self.arms if other.label == arm.control), arm)

    def rows(self, arm: ArmShown) -> list[dict[str, Any]]:
        """Effects of an arm, as `compare` gives them; none of a control."""
        return [] if self.comparison is None else list(self.comparison.of(arm.label))

    def effect(self, arm: ArmShown, readout: str) -> dict[str, Any] | None:
        """The effect on one readout of an arm."""
        return next((row for row in self.rows(arm) if row["readout"] == readout), None)

    @property
    def groups(self) -> list[tuple[Arm, list[Arm]]]:
        """Each control with its treated arms, in the order of `treated`."""
        by_control: dict[str, list[Arm]] = {}
        for arm in self.treated:
            by_control.setdefault(arm.control, []).append(arm.arm)
        arms = {arm.label: arm.arm for arm in self.arms}
        return [(arms[control], found) for control, found in by_control.items()]

    @property
    def seeds(self) -> list[int]:
        """Seeds that every arm has."""
        first, *others = self.arms
        return [s for s in first.arm.runs if all(s in other.arm.runs for other in others)]

    @property
    def days(self) -> float:
        """Length of the runs, d."""
        return float(self.times_d[-1])

    @property
    def settling_d(self) -> float:
        """First days in which the bone cells of some control are not in balance yet."""
        return max(out_of_balance_days(arm.runs) for arm in self.controls)

    @property
    def treatment_d(self) -> tuple[float, float] | None:
        """First dose of any arm, and one interval after the last of any arm; None without drugs."""
        spans = [doses.span_d for arm in self.arms for doses in arm.doses]
        if not spans:
            return None
        return min(first for first, _ in spans), min(self.days, max(last for _, last in spans))

    @property
    def begun_d(self) -> float:
        """The day by which every treated arm has had its first dose; 0 without drugs."""
        firsts = [min(doses.span_d[0] for doses in arm.doses) for arm in self.arms if arm.doses]
        return max(firsts, default=0.0)

    @property
    def times_d(self) -> np.ndarray:
        """Times of the rows of the control's time series, d."""
        return _days(self.control.first)

    def series(self, arm: ArmShown, column: str) -> np.ndarray | None:
        """One column of all runs of an arm, (runs, times); None if the runs lack it.

        Rows stand for the control's times; a run of other times has no place on the page.
        """
        if any(column not in run.timeseries.columns for run in arm.runs):
            return None
        return values_of(arm.runs, column)

    def column(self, name: str) -> tuple[str, str]:
        """Unit and meaning of a column of the time series, as the control's manifest has them."""
        tables = self.control.first.manifest.get("tables")
        entry = tables.get(name) if isinstance(tables, dict) else None
        entry = entry if isinstance(entry, dict) else {}
        return str(entry.get("unit", "")), str(entry.get("meaning", ""))


def collect(places: Sequence[str | Path], control: str | None = None) -> Material:
    """Read the runs that the places mean and compare every arm with its control.

    Args:
        places: studies, STUDY/SCENARIO or run folders. Of a study, runs that are not complete are
            left out, with a note.
        control: label or scenario of the control arm; None takes the controls that the study
            names, and of several places the first that is given.

    Raises:
        UserError: nothing there, no such arm, arms that are not comparable, a damaged file, a
            control that has to be named.
    """
    notes: list[str] = []
    paths = [Path(place) for place in places]
    grouping = _grouping(paths, _arms(paths, notes), control)
    comparison = compare_groups(grouping) if grouping.groups else None
    notes += grouping.notes if comparison is None else comparison.notes
    shown = _shown(grouping)
    if len(shown) == 1:
        notes.append("One arm only, so there is nothing to compare.")
    study = shown[0].arm.study
    material = Material(study.resolve().name, study, shown, comparison, notes)
    _refuse_other_times(material)
    return material


def _arms(places: Sequence[Path], notes: list[str]) -> list[Arm]:
    """Arms of all places, those of a study in the order of its scenarios; runs of one are one."""
    by_study: dict[Path, dict[str, Run]] = {}
    for place in places:
        if _is_study(place):
            found, left_out = complete_runs(place)
            if left_out:
                notes.append(left_out_note(found, left_out))
        else:
            found = [run for arm in find_arms(place) for run in arm.runs.values()]
        for run in found:
            by_study.setdefault(run.folder.resolve().parent, {})[run.folder.name] = run
    return [arm for runs in by_study.values() for arm in arms_of(list(runs.values()))]


def _is_study(place: Path) -> bool:
    return place.is_dir() and bool(find_runs(place))


def _grouping(places: Sequence[Path], arms: list[Arm], control: str | None) -> Grouping:
    """Who is compared with whom: as the study says, or all with the first that is given."""
    if len(places) == 1 and _is_study(places[0]):
        return grouped(places[0], arms, control)
    if control is not None:
        base = _named(arms, control)
    elif _is_study(places[0]):
        of_first = [arm for arm in arms if arm.study.resolve() == places[0].resolve()]
        found = grouped(places[0], of_first)
        base = found.groups[0].control if found.groups else found.loose[0]
    else:
        base = arms[0]
    others = [arm for arm in arms if arm is not base]
    groups = [ArmGroup(base, others)] if others else []
    return Grouping(groups, [] if others else [base], "--control")


def _named(arms: Sequence[Arm], wanted: str) -> Arm:
    found = [arm for arm in arms if wanted in (arm.name, arm.place)]
    if len(found) != 1:
        have = ", ".join(arm.name if not found else arm.place for arm in arms)
        what = "is not an arm here" if not found else "names several arms"
        raise UserError(f"--control {wanted} {what}; choose from {have}")
    return found[0]


def _shown(grouping: Grouping) -> list[ArmShown]:
    """All arms with their labels, titles and styles, every control before its arms."""
    order: list[tuple[Arm, str, str]] = []  # arm, label, label of its control
    for group in grouping.groups:
        base = group.control
        order.append((base, base.name, ""))
        order += [(arm, label_beside(base, arm), base.name) for arm in group.treated]
    order += [(arm, arm.name, "") for arm in grouping.loose]
    arms = [arm for arm, _, _ in order]
    if max(Counter(arm.name for arm in arms).values()) == 1:
        titles = arm_titles(arms)
        named = [titles[arm.name] for arm in arms]
    else:  # of several studies
        named = [f"{title_of(_parameters(arm), arm.name)} ({label})" for arm, label, _ in order]
    styles = range(len(order)) if len(order) <= STYLES else [STYLES] * len(order)
    return [
        ArmShown(label, arm, style, title, control)
        for style, ((arm, label, control), title) in zip(
            styles, zip(order, named, strict=True), strict=True
        )
    ]


def _parameters(arm: Arm) -> dict[str, Any]:
    given = arm.first.manifest.get("parameters")
    return given if isinstance(given, dict) else {}


def _refuse_other_times(material: Material) -> None:
    times = material.times_d
    for arm in material.arms:
        for run in arm.runs:
            if not np.array_equal(_days(run), times):
                raise UserError(
                    f"{run.folder} has rows at other times than {material.control.first.folder}; "
                    "run both with the same run.days and output.every_h"
                )


def _days(run: Run) -> np.ndarray:
    return np.asarray(run.timeseries["time_h"].to_numpy(float)) / 24.0
