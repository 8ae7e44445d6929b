"""Which arm is the control of which: the one answer for compare, gather, report and figures.

An effect is only as good as its control. A sweep writes design.csv, which names the control of each
of its points; any other study has one control, the first scenario of study.json. Where neither file
tells, nothing is guessed: the control must be named.
"""

import contextlib
import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UserError
from ..runner.study_folder import STUDY_FILE, read_study
from ..runner.sweep import TABLE as DESIGN
from ..validation import suggestion
from ..whole_file import storage_error
from .arms import Arm


@dataclass(frozen=True)
class ArmGroup:
    """A control and the arms that are compared with it.

    Attributes:
        control: the arm that the others are compared with.
        treated: at least one arm, in the order of the study.
    """

    control: Arm
    treated: list[Arm]


@dataclass(frozen=True)
class Grouping:
    """All arms of a study, each with its control.

    Attributes:
        groups: by the order of their controls; a control and its arms stand in one group only.
        loose: arms that are in no group: a control without treated arms, the points of a design
            without a named control, arms that the design does not name.
        origin: what named the controls: "--control", "design.csv" or "study.json".
        notes: what a reader should know, one sentence each.
    """

    groups: list[ArmGroup]
    loose: list[Arm]
    origin: str
    notes: list[str] = field(default_factory=list)

    def control_of(self, name: str) -> Arm | None:
        """Control of a treated arm, by the name of its scenario; None of any other arm."""
        for group in self.groups:
            if any(arm.name == name for arm in group.treated):
                return group.control
        return None


def grouped(study: Path, arms: Sequence[Arm], control: str | None = None) -> Grouping:
    """Every arm of a study with the control that it is to be compared with.

    Args:
        study: its folder.
        arms: all its arms (`arms.arms_of(arms.complete_runs(study)[0])`).
        control: scenario that the person named with --control. In a sweep whose design names
            controls, a control of the design stands for itself and its own points; any other arm,
            in a sweep or not, for all arms but itself. None takes the controls of design.csv, or
            else the first scenario of study.json.

    Raises:
        UserError: no arm is called `control`; neither file tells which arm is the control; or
            design.csv is damaged.
    """
    known = {arm.name: arm for arm in arms}
    if control is not None and control not in known:
        raise UserError(
            f"--control {control} is not an arm of {study}; {suggestion(control, known)}"
        )
    try:
        by_design = _controls_of_design(study)
    except UserError:
        if control is None:
            raise
        by_design = None
    if by_design is not None and control in (None, *by_design.values()):
        return _by_design(study, known, by_design, control)
    base = _first(study, known) if control is None else known[control]
    treated = [arm for arm in arms if arm is not base]
    origin = STUDY_FILE if control is None else "--control"
    if not treated:
        return Grouping([], [base], origin)
    notes = _doubts(base, treated) if control is None else []
    return Grouping([ArmGroup(base, treated)], [], origin, notes)


def _doubts(base: Arm, treated: Sequence[Arm]) -> list[str]:
    """That the first scenario gives drugs and another none, if so: perhaps they are exchanged."""
    untreated = [arm.name for arm in treated if not arm.parameters.get("drugs")]
    if not base.parameters.get("drugs") or not untreated:
        return []
    return [
        f"The control is {base.name}, the first scenario of the study, which gives a drug; "
        f"--control {untreated[0]} takes the arm that gives none."
    ]


def _by_design(
    study: Path, known: dict[str, Arm], named: dict[str, str], control: str | None
) -> Grouping:
    """Groups as design.csv has them (`named`: point -> control), of one control if it is given."""
    controls = {name: base for name, base in named.items() if control in (None, base)}
    groups: dict[str, list[Arm]] = {}
    notes = []
    missing = sorted({base for base in controls.values() if base not in known})
    for name, arm in known.items():
        base = controls.get(name)
        if base in known and base != name:
            groups.setdefault(base, []).append(arm)
    for base in missing:
        points = [name for name in controls if controls[name] == base and name in known]
        if points:
            notes.append(f"No effects of {_some(points)}: the control {base} has no complete run.")
    if not named:
        notes.append(
            f"No effects: {study / DESIGN} does not name a control; name an arm with --control, or "
            'add control = "SCENARIO" to the design.'
        )
    elif control is None:
        odd = [name for name in known if name not in {*controls, *controls.values()}]
        if odd:
            notes.append(f"No effects of {_some(odd)}: {study / DESIGN} does not name them.")
    held = {*groups, *(arm.name for arms in groups.values() for arm in arms)}
    order = list(known)
    return Grouping(
        [ArmGroup(known[base], groups[base]) for base in sorted(groups, key=order.index)],
        [arm for name, arm in known.items() if name not in held],
        DESIGN,
        notes,
    )


@dataclass(frozen=True)
class Point:
    """One point of a sweep, a line of design.csv.

    Attributes:
        name: of its scenario. control: name of its control, None if the design has none.
        values: key of a scenario -> what it is at this point, as text.
    """

    name: str
    control: str | None
    values: dict[str, str]


def points_of(study: Path) -> list[Point] | None:
    """The points of a sweep, in the order of its design; None where the study is no sweep.

    Raises:
        UserError: design.csv is damaged or cannot be read.
    """
    path = study / DESIGN
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(error, path) from error
    except (ValueError, csv.Error):
        rows = []
    if not rows or not all(row.get("name") for row in rows):
        raise UserError(
            f"{path} is damaged, so the control of each point is unknown; repeat the command of "
            "the sweep, which writes it again, or name an arm with --control"
        )
    about = ("point", "name", "control", None)
    return [
        Point(
            row["name"], row.get("control") or None,
            {key: value or "" for key, value in row.items() if key not in about},
        )
        for row in rows
    ]  # fmt: skip


def values_of_points(study: Path) -> dict[str, dict[str, str]]:
    """Name of a point -> the values that vary; empty where design.csv is absent or unreadable."""
    with contextlib.suppress(UserError):
        return {point.name: point.values for point in points_of(study) or ()}
    return {}


def _controls_of_design(study: Path) -> dict[str, str] | None:
    """Point -> its control, as design.csv names them; None where the study is no sweep.

    Empty for a design without controls.
    """
    points = points_of(study)
    if points is None:
        return None
    return {point.name: point.control for point in points if point.control is not None}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _first(study: Path, known: dict[str, Arm]) -> Arm:
    """The first scenario of study.json of which there are runs."""
    if not (study / STUDY_FILE).exists():
        raise UserError(
            f"{study} has no {STUDY_FILE}, which says which arm is the control; name it with "
            f"--control ({', '.join(known)}), or repeat the command that made the study"
        )
    named = next((name for name in read_study(study)["scenarios"] if name in known), None)
    if named is None:
        raise UserError(
            f"{study / STUDY_FILE} does not name a scenario of its runs; name the control "
            f"with --control ({', '.join(known)})"
        )
    return known[named]
