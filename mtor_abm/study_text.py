"""What the command line says about a study: its name, its plan, its outcome."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import UserError
from .runner.batch import StudyResult
from .runner.pool import PlannedRun
from .scenario import Scenario

LONGEST_NAME = 60


def study_name(scenarios: Sequence[Scenario], given: str | None) -> str:
    """Folder name of a study: as given, or made of the scenarios' names.

    Raises:
        UserError: the given name is no plain folder name.
    """
    if given is not None:
        plain = all(c.isascii() and (c.isalnum() or c in "._-") for c in given)
        if not plain or not given or given[0] in ".-" or len(given) > LONGEST_NAME:
            raise UserError(
                f"--name '{given[:80]}' cannot name a folder; give 1 to {LONGEST_NAME} letters, "
                "digits, '_', '-' or '.', and a parent folder with --out"
            )
        return given
    joined = "_vs_".join(scenario.name for scenario in scenarios)
    if len(joined) <= LONGEST_NAME:
        return joined
    return f"{scenarios[0].name[:40]}_and_{len(scenarios) - 1}_more"


def plan_rows(planned: Sequence[PlannedRun]) -> list[dict[str, Any]]:
    """One row per planned run, ready for JSON."""
    return [
        {
            "scenario": run.scenario.name,
            "seed": run.seed,
            "action": run.action,
            "fault": run.fault,
            "days": run.scenario.run.days,
            "n_steps": run.scenario.run.n_steps,
            "folder": str(run.folder),
        }
        for run in planned
    ]


def plan_text(planned: Sequence[PlannedRun], folder: Path) -> str:
    """The plan for a terminal: a line per scenario and the total."""
    lines = []
    for name in dict.fromkeys(run.scenario.name for run in planned):
        runs = [run for run in planned if run.scenario.name == name]
        settings = runs[0].scenario.run
        kept = sum(run.action == "skip" for run in runs)
        damaged = sum(run.action == "redo" for run in runs)
        refused = [run for run in runs if run.action == "refused"]
        lines.append(
            f"{name:<28} {_count(len(runs), 'seed')}, {settings.days:g} days, "
            f"{settings.n_steps} steps each"
            + (f"; {kept} complete already" if kept else "")
            + (f"; {damaged} damaged, to be done again" if damaged else "")
        )
        lines += [f"left out     {run.fault}" for run in refused]
    waiting = [run for run in planned if run.is_waiting]
    n_steps = sum(run.scenario.run.n_steps for run in waiting)
    lines.append(f"would run {_count(len(waiting), 'run')}, {n_steps} steps, into {folder}")
    return "\n".join(lines)


def outcome(study: StudyResult) -> str:
    """How a study ended and where its files lie; with several arms, how to compare them."""
    n_done = sum(run.status == "done" for run in study.runs)
    parts = [f"{_count(n_done, 'run')} done"]
    if study.n_skipped:
        parts.append(f"{study.n_skipped} complete before")
    if study.failed:
        parts.append(f"{len(study.failed)} failed")
    lines = [f"{', '.join(parts)} in {study.wall_s:.1f} s"]
    lines += [f"failed       {run.folder}: {run.error}" for run in study.failed]
    lines.append(f"files        {study.folder}")
    arms = list(dict.fromkeys(run.scenario for run in study.runs))
    if len(arms) > 1:
        places = " ".join(str(study.folder / arm) for arm in arms)
        lines.append(f"compare      python run.py compare {places}")
    return "\n".join(lines)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
