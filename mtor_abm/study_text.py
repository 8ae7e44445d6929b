"""What the command line says about a study: its name, its plan, its outcome."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .analysis.doses import drug_words
from .analysis.study_status import STATES, StudyStatus
from .errors import UserError
from .invocation import command
from .run_settings import step_warning, step_warnings
from .runner.batch import StudyResult, available_cores
from .runner.estimate import cost, totals_text
from .runner.pool import ELSEWHERE, PlannedRun
from .runner.record import INCOMPLETE
from .runner.repeat import Recorded
from .runner.single import RunResult
from .scenario import Scenario
from .validation import folder_name_fault

LONGEST_NAME = 60


def study_name(scenarios: Sequence[Scenario], given: str | None) -> str:
    """Folder name of a study: as given, or made of the scenarios' names.

    Raises:
        UserError: the given name is not a plain folder name.
    """
    if given is not None:
        fault = folder_name_fault(given, LONGEST_NAME, not_first=".-")
        if fault:
            raise UserError(f"--name '{given[:80]}' {fault}; --out gives the parent folder")
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
            "gives": doses_text(run.scenario),
            "warning": step_warning(run.scenario.run.step_h) or None,
            "estimate": None if (needed := cost(run.scenario)) is None else asdict(needed),
        }
        for run in planned
    ]


def doses_text(scenario: Scenario) -> str:
    """What a scenario gives, in words: "everolimus 3 mg/kg i.p. once, on day 0"; "" for nothing."""
    days = scenario.run.days
    return " + ".join(
        drug_words(drug, schedule.model_dump(), days) for drug, schedule in scenario.drugs.items()
    )


def plan_text(
    planned: Sequence[PlannedRun], folder: Path, notes: Mapping[str, str] | None = None,
    jobs: int | None = None,
) -> str:  # fmt: skip
    """The plan for a terminal: a line per scenario with its doses, the total, and what it needs.

    Args:
        planned: all runs.
        folder: of the study.
        notes: on scenarios, by name.
        jobs: processes; None takes one per core.
    """
    lines = []
    for name in dict.fromkeys(run.scenario.name for run in planned):
        runs = [run for run in planned if run.scenario.name == name]
        settings = runs[0].scenario.run
        kept = sum(run.action == "skip" for run in runs)
        others = sum(run.action == ELSEWHERE for run in runs)
        damaged = sum(run.action == "redo" for run in runs)
        refused = [run for run in runs if run.action == "refused"]
        lines.append(
            f"{name:<28} {counted(len(runs), 'seed')}, {counted(settings.days, 'day')}, "
            f"{counted(settings.n_steps, 'step')} each"
            + (f"; {kept} complete already" if kept else "")
            + (f"; {damaged} damaged, to be done again" if damaged else "")
            + (f"; {others} of other shards" if others else "")
            + (f"; {notes[name]}" if notes and name in notes else "")
            + (f"; {doses}" if (doses := doses_text(runs[0].scenario)) else "")
        )
        lines += [f"left out     {run.fault}" for run in refused]
    waiting = [run for run in planned if run.is_waiting]
    n_steps = sum(run.scenario.run.n_steps for run in waiting)
    lines.append(
        f"would run {counted(len(waiting), 'run')}, {counted(n_steps, 'step')}, into {folder}"
    )
    lines += [f"warning: {text}" for text in step_warnings(run.scenario for run in planned)]
    lines += totals_text([run.scenario for run in waiting], jobs or available_cores()).splitlines()
    return "\n".join(lines)


def outcome(study: StudyResult, table: str | None = None) -> str:
    """How a study ended and where its files lie; with several arms, how to compare them.

    Args:
        study: what ran. table: file in its folder that says which arms belong together, if any.
    """
    n_done = sum(run.status == "done" for run in study.runs)
    parts = [f"{counted(n_done, 'run')} done"]
    if study.n_skipped:
        parts.append(f"{study.n_skipped} complete before")
    if study.failed:
        parts.append(f"{len(study.failed)} failed")
    lines = [f"{', '.join(parts)} in {study.wall_s:.1f} s"]
    if study.grown is not None:
        grown = study.grown
        lines.append(
            f"shared start {counted(grown.n_trunks, 'trunk')} simulated once in "
            f"{grown.wall_s:.1f} s for {counted(grown.n_runs, 'run')}: {grown.saved_s:.1f} s saved"
        )
    lines += [f"failed       {run.folder}: {run.error}" for run in study.failed]
    lines.append(f"files        {study.folder}")
    if not study.is_gathered:
        lines.append(f"gather       {command('gather', study.folder)}   # once all shards ended")
        return "\n".join(lines)
    arms = list(dict.fromkeys(run.scenario for run in study.runs))
    if table is not None:
        lines.append(f"design       {study.folder / table}")
        lines.append(f"effects      {command('gather', study.folder)}   # of each point")
    elif len(arms) > 1:
        lines.append(f"compare      {command('compare', study.folder)}")
    return "\n".join(lines)


def repeated_row(before: Recorded, differing: Sequence[str]) -> dict[str, Any]:
    """How a run made again compares with its manifest, ready for JSON."""
    return {
        "manifest": str(before.path),
        "failed_before": before.failed_with,
        "made_otherwise": before.made_otherwise(),
        "n_files": len(before.manifest["files"]),
        "differing": list(differing),
    }


def repeated(before: Recorded, again: RunResult, differing: Sequence[str]) -> str:
    """The same for a terminal."""
    if again.status == "skipped":
        how = "was made before and is kept (--force runs it again)"
    else:
        how = f"made in {again.wall_s:.1f} s"
    lines = [f"again        {again.folder}, {how}"]
    n_files = len(before.manifest["files"])
    if before.failed_with is not None:
        lines.append("bytes        nothing to compare: the run of the manifest failed")
    elif not differing:
        lines.append(f"bytes        all {n_files} files are those of {before.path}")
    else:
        lines.append(
            f"bytes        {counted(len(differing), 'file')} of {n_files} differ from "
            f"{before.path}: {', '.join(differing)}"
        )
        others = before.other_identity()
        lines.append(f"why          {'other ' + ', '.join(others) if others else 'unknown: the '
                     'sources are equal'}")  # fmt: skip
    return "\n".join(lines)


def status_text(status: StudyStatus) -> str:
    """A study's state for a terminal: a line per scenario, failures, time left."""
    at_it = {True: "in progress", False: "not running here", None: "perhaps in progress"}
    lines = [
        f"{status.folder}  {at_it[status.in_progress]}, {counted(status.jobs, 'process', 'es')}"
        + ("; a shard has ended, others are left" * (status.recorded == INCOMPLETE))
    ]
    for scenario in dict.fromkeys(run.scenario for run in status.runs):
        runs = [run for run in status.runs if run.scenario == scenario]
        counts = Counter(run.state for run in runs)
        told = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
        lines.append(f"{scenario:<28} {told}")
    for run in status.runs:
        if run.state in ("running", "half-done"):
            kept = (
                f"step {run.step} of {run.n_steps or '?'} is kept" if run.step else "nothing kept"
            )
            lines.append(f"{run.state:<12} {run.name}: {kept}")
        elif run.error:
            lines.append(f"{run.state:<12} {run.name}: {run.error}")
            lines += [f"             | {line}" for line in (run.log or "").splitlines()]
    seconds = status.seconds_left
    if seconds is None:
        lines.append("time left    unknown until a run is done")
    elif seconds > 0.0:
        lines.append(f"time left    about {_duration(seconds)} of work at the last speed")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def counted(n: float, what: str, plural: str = "s") -> str:
    """`1 seed`, `2 seeds`, `0.5 days`."""
    return f"{n if isinstance(n, int) else format(n, 'g')} {what}{'' if n == 1 else plural}"
