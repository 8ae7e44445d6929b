"""What figures of a study are drawn from: its complete runs by arm, and the effects of `compare`.

Units and meanings of columns are those that each run wrote into its manifest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.arms import Arm, arms_of, complete_runs, left_out_note
from ..analysis.compare import grouped_effects
from ..analysis.effects import HOURS_PER_DAY
from ..analysis.groups import ArmGroup, grouped
from ..store import Run
from .arm_titles import arm_titles
from .canvas import MOST_ARMS


@dataclass(frozen=True)
class StudyData:
    """A study as figures need it.

    Attributes:
        folder: of the study.
        groups: each control with the arms that are compared with it.
        loose: arms without a control.
        effects: name of a treated arm that is comparable -> its rows, as `compare` gives them.
        notes: what a reader should know, one sentence each.
    """

    folder: Path
    groups: list[ArmGroup]
    loose: list[Arm]
    effects: dict[str, list[dict[str, Any]]]
    notes: list[str] = field(default_factory=list)

    @property
    def arms(self) -> list[Arm]:
        """All arms: every control, its treated arms after it, then those without a control."""
        held = [arm for group in self.groups for arm in (group.control, *group.treated)]
        return [*held, *self.loose]

    @property
    def controls(self) -> list[Arm]:
        """The arms that others are compared with, at least one: a lone arm stands for itself."""
        return [group.control for group in self.groups] or self.loose[:1]

    @property
    def names(self) -> list[str]:
        """Names of all arms, in their order."""
        return [arm.name for arm in self.arms]

    @cached_property
    def titles(self) -> dict[str, str]:
        """What each arm is called, by its name."""
        return arm_titles(self.arms)

    @property
    def controlled(self) -> dict[str, tuple[Arm, Arm]]:
        """Name of every comparable arm -> its control and itself."""
        return {arm.name: (control, arm) for control, arms in self.comparable for arm in arms}

    @property
    def comparable(self) -> list[tuple[Arm, list[Arm]]]:
        """Each control with those of its arms that have effects."""
        pairs = [
            (group.control, [arm for arm in group.treated if arm.name in self.effects])
            for group in self.groups
        ]
        return [(control, arms) for control, arms in pairs if arms]

    @property
    def against(self) -> str:
        """What effects are against, in words."""
        if len(self.groups) == 1:
            return self.titles[self.groups[0].control.name]
        return "the control of each arm"

    @property
    def columns(self) -> dict[str, dict[str, str]]:
        """Columns of the time series that every arm has: name -> unit and meaning."""
        told: dict[str, dict[str, str]] = self.arms[0].first.manifest.get("tables", {})
        written = set.intersection(*(set(arm.first.timeseries.columns) for arm in self.arms))
        return {name: about for name, about in told.items() if name in written}

    def counted(self) -> str:
        """How many arms, runs and pairs there are, in words."""
        sizes = [len(arm.runs) for arm in self.arms]
        named = [f"{n} run{'s' * (n != 1)}" for n in sizes]
        if len(set(sizes)) == 1:
            runs = f"{named[0]} each"
        elif len(sizes) > MOST_ARMS:
            runs = f"{min(sizes)} to {max(sizes)} runs each"
        else:
            runs = ", ".join(f"{a.name}: {n}" for a, n in zip(self.arms, named, strict=True))
        n_arms = len(self.arms)
        return f"{n_arms} arm{'s' * (n_arms != 1)}, {runs}{self._pairs()}"

    def _pairs(self) -> str:
        if not self.effects:
            return ""
        n = {max(row["n_pairs"] for row in rows) for rows in self.effects.values()}
        told = f"{min(n)} to {max(n)}" if len(n) > 1 else f"{n.pop()}"
        return f"; {told} pair{'s' * (told != '1')} by seed"


def study_data(study: Path, control: str | None = None) -> StudyData:
    """Read a study.

    Args:
        study: its folder.
        control: scenario of the control arm; None takes the control of each arm that the study
            names, see `analysis.groups`.

    Raises:
        UserError: no study, no complete run, no such arm, a study without a named control, or a
            damaged file.
    """
    runs, left_out = complete_runs(study)
    notes = [left_out_note(runs, left_out)] if left_out else []
    grouping = grouped(study, arms_of(runs), control)
    effects, told = grouped_effects(grouping)
    return StudyData(study, grouping.groups, grouping.loose, effects, notes + told)


def course(arm: Arm, column: str) -> tuple[np.ndarray, np.ndarray]:
    """A column of all runs of an arm: days, shape (n,), and values, shape (n_runs, n).

    Runs of one arm have one scenario, so they share their times.
    """
    days = arm.first.timeseries["time_h"].to_numpy(float) / HOURS_PER_DAY
    return days, values_of(list(arm.runs.values()), column)


def values_of(runs: Sequence[Run], column: str) -> np.ndarray:
    """A column of the time series of runs, shape (n_runs, n)."""
    return np.array([run.timeseries[column].to_numpy(float) for run in runs])


def readout(runs: Sequence[Run], name: str) -> np.ndarray:
    """One readout of summary.csv over runs, NaN where it is absent."""
    values = []
    for run in runs:
        of_run = dict(zip(run.summary["readout"], run.summary["value"], strict=True))
        values.append(float(of_run.get(name, np.nan)))
    return np.array(values)
