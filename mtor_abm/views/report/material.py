"""What a report is made of: the runs of each arm, and the effects that `compare` finds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...analysis.arms import Arm, arms_of, complete_runs, find_arms, left_out_note
from ...analysis.compare import Comparison, compare_arms, label_beside
from ...errors import UserError
from ...runner.study_folder import STUDY_FILE
from ...store import Run
from ..study_data import values_of


@dataclass(frozen=True)
class ArmShown:
    """One arm on the page.

    Attributes:
        label: what it is called everywhere on the page.
        arm: its runs.
        style: number of its colour and dash, 0 for the control.
    """

    label: str
    arm: Arm
    style: int

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
        return dict(self.first.manifest["parameters"])


@dataclass(frozen=True)
class Material:
    """All that the page shows.

    Attributes:
        name: of the study.
        arms: the control first.
        comparison: every other arm against the control; None with one arm.
        notes: what a reader should know, one sentence each.
    """

    name: str
    arms: list[ArmShown]
    comparison: Comparison | None
    notes: list[str] = field(default_factory=list)

    @property
    def control(self) -> ArmShown:
        """The arm that the others are held against."""
        return self.arms[0]

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
        entry = self.control.first.manifest.get("tables", {}).get(name, {})
        return str(entry.get("unit", "")), str(entry.get("meaning", ""))


def collect(places: Sequence[str | Path], control: str | None = None) -> Material:
    """Read the runs that the places mean and compare their arms.

    Args:
        places: studies, STUDY/SCENARIO or run folders. Of a study, runs that are not complete are
            left out, with a note.
        control: label or scenario of the control arm; None takes the first of the study.

    Raises:
        UserError: nothing there, no such arm, arms that are not comparable, a damaged file.
    """
    notes: list[str] = []
    arms = _arms(places, notes)
    base = _control(arms, control)
    others = [arm for arm in arms if arm is not base]
    comparison = compare_arms(base, others) if others else None
    if comparison is not None:
        notes += comparison.notes
    elif control is None:
        notes.append("One arm only, so there is nothing to compare.")
    shown = [
        ArmShown(label_beside(base, arm), arm, style) for style, arm in enumerate([base, *others])
    ]
    name = base.study.resolve().name
    material = Material(name, shown, comparison, notes)
    _refuse_other_times(material)
    return material


def _arms(places: Sequence[str | Path], notes: list[str]) -> list[Arm]:
    """Arms of all places, those of a study in the order of its scenarios; runs of one are one."""
    by_study: dict[Path, dict[str, Run]] = {}
    for place in map(Path, places):
        if (place / STUDY_FILE).exists():
            found, left_out = complete_runs(place)
            if left_out:
                notes.append(left_out_note(found, left_out))
        else:
            found = [run for arm in find_arms(place) for run in arm.runs.values()]
        for run in found:
            by_study.setdefault(run.folder.resolve().parent, {})[run.folder.name] = run
    return [arm for runs in by_study.values() for arm in arms_of(list(runs.values()))]


def _control(arms: Sequence[Arm], wanted: str | None) -> Arm:
    if wanted is None:
        return arms[0]
    found = [arm for arm in arms if wanted in (arm.name, arm.place)]
    if len(found) != 1:
        have = ", ".join(arm.name if not found else arm.place for arm in arms)
        what = "is no arm here" if not found else "names several arms"
        raise UserError(f"--control {wanted} {what}; choose from {have}")
    return found[0]


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
