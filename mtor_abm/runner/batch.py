"""A study: scenarios x seeds, over processes; picks up where it was left.

Each run is a pure function of its scenario and seed, so neither the number of processes nor the
order of runs changes a byte of any table. Complete runs are kept, so a study that was stopped goes
on when it is started again.
"""

import contextlib
import functools
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..compilation import ensure_compiled
from ..provenance import identity
from ..store import (
    MANIFEST,
    DamagedRunError,
    StoreError,
    check_study_folder,
    find_runs,
    foreign_entries,
    read_run,
    run_name,
    write_study,
    write_study_summary,
)
from .in_use import in_use, sweep
from .pool import PlannedRun, carry_out
from .progress import Progress
from .resume import step_reached, take_up
from .single import (
    SECONDS_BETWEEN_CHECKPOINTS,
    Engine,
    MarrowEngine,
    RunResult,
    Schedule,
    Trunk,
)

TRUNKS = ".trunks"  # folder beside the studies
MADE_WITH = {
    "scenario_sha256": "other parameters",
    "seed": "another seed",
    "package_version": "another version of mtor_abm",
    "sources": "other sources of mtor_abm",
}


@dataclass(frozen=True)
class Parting:
    """When the runs of one seed part, and where what they share is kept.

    Attributes:
        day: up to which they are one run, as far as their scenarios allow.
        store: folder of all trunks, by the hash of what determines them.
        trunk_of: scenario and day -> scenario of the trunk.
    """

    day: float
    store: Path
    trunk_of: Callable[[Any, float], Any]

    def plan(self, waiting: Sequence[PlannedRun]) -> tuple[list[PlannedRun], list[PlannedRun]]:
        """Trunks to grow, each once, and the runs that start from them."""
        trunks: dict[Path, PlannedRun] = {}
        runs = []
        shared = {run.scenario.name: run.scenario for run in waiting}
        shared = {name: self.trunk_of(s, self.day) for name, s in shared.items()}
        hashes = {name: s.identity_hash() for name, s in shared.items()}
        for run in waiting:
            scenario = shared[run.scenario.name]
            step = round(self.day * 24.0 / scenario.run.step_h)
            about = identity(hashes[scenario.name], run.seed) | {"step": step}
            digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
            trunk = Trunk(self.store / run_name(digest[:16], run.seed), about)
            runs.append(replace(run, trunk=trunk))
            trunks[trunk.folder] = replace(
                run, scenario=scenario, folder=trunk.folder, action="run", trunk=trunk, until=step
            )
        return list(trunks.values()), runs


@dataclass(frozen=True)
class StudyResult:
    """How a study ended.

    Attributes:
        folder: where it lies.
        runs: one result per planned run, in the order of scenarios, then seeds.
        wall_s: seconds it took.
    """

    folder: Path
    runs: list[RunResult]
    wall_s: float

    @property
    def failed(self) -> list[RunResult]:
        """Runs that failed."""
        return [run for run in self.runs if run.status == "failed"]

    @property
    def n_skipped(self) -> int:
        """Number of runs that were complete before."""
        return sum(run.status == "skipped" for run in self.runs)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "folder": str(self.folder),
            "wall_s": round(self.wall_s, 3),
            "n_failed": len(self.failed),
            "n_skipped": self.n_skipped,
            "runs": [run.as_dict() for run in self.runs],
        }


def plan_study(
    scenarios: Sequence[Any],
    seeds: Sequence[int] | None,
    out: Path,
    force: bool = False,
    resume: bool = False,
    keep_going: bool = False,
) -> list[PlannedRun]:
    """What a study would do; writes nothing.

    Args:
        scenarios: validated scenarios with different names.
        seeds: one run each per scenario; None takes those of the scenario.
        out: folder of the study.
        force: run anew even what is complete.
        resume: do damaged runs again, rather than refuse the study.
        keep_going: leave out runs whose folder cannot be used, rather than refuse the study.

    Raises:
        StoreError: the folder is foreign, a complete run in it is of another identity, or damaged.
    """
    check_study_folder(out)
    names = [scenario.name for scenario in scenarios]
    for name in names:
        if names.count(name) > 1:
            raise StoreError(
                f"scenario {name!r} is given {names.count(name)} times; give each name once"
            )
    planned = []
    for scenario in scenarios:
        mine = scenario.identity_hash()
        for seed in dict.fromkeys(scenario.run.seed_list() if seeds is None else seeds):
            folder = out / run_name(scenario.name, seed)
            wanted = identity(mine, seed)
            action, fault = _action(folder, wanted, force, resume, keep_going)
            planned.append(
                PlannedRun(scenario, seed, folder, action, fault=fault, keep_going=keep_going)
            )
    for scenario in scenarios:
        _refuse_mixed_arm(scenario, out, {run.folder for run in planned}, resume or keep_going)
    return planned


def _refuse_mixed_arm(scenario: Any, out: Path, planned: set[Path], lenient: bool) -> None:
    """Other seeds of an arm must have been made with the same parameters."""
    wanted = scenario.identity_hash()
    for folder in sorted(out.glob(run_name(scenario.name, 0).replace("0000", "*"))):
        if folder in planned or not (folder / MANIFEST).exists():
            continue
        try:
            run = read_run(folder)
        except DamagedRunError:
            if lenient:
                continue
            raise
        if run.status == "complete" and run.identity.get("scenario_sha256") != wanted:
            raise StoreError(
                f"{folder} was made with other parameters of '{scenario.name}', and one arm must "
                "not mix two; choose another --name, or delete that folder"
            )


def _action(
    folder: Path, wanted: dict[str, Any], force: bool, resume: bool, keep_going: bool
) -> tuple[str, str | None]:
    """Whether to run, to keep what lies there, or to do it again; and why again."""
    try:
        _refuse_foreign(folder)
        if force or not (folder / MANIFEST).exists():
            return "run", None
        run = read_run(folder)
        if run.status != "complete":
            return "run", None
        differing = [key for key, value in wanted.items() if run.identity.get(key) != value]
        if not differing:
            run.verify()
            return "skip", None
    except DamagedRunError as error:
        if resume:
            return "redo", error.what
        if keep_going:
            return "refused", str(error)
        raise
    except StoreError as error:
        if keep_going:
            return "refused", str(error)
        raise
    raise StoreError(
        f"{folder} is complete but was made with {MADE_WITH[differing[0]]}; "
        "choose another --name or --out, or run anew with --force"
    )


def _refuse_foreign(folder: Path) -> None:
    if not folder.is_dir():
        if folder.exists():
            raise StoreError(f"{folder} is a file; move it or choose another --out or --name")
        return
    foreign = foreign_entries(folder)
    if foreign:
        raise StoreError(
            f"{folder} holds {foreign[0]!r}, which no run of mtor_abm writes; "
            "move it or choose another --out or --name"
        )


def run_study(
    scenarios: Sequence[Any],
    seeds: Sequence[int] | None,
    out: Path,
    *,
    jobs: int | None = None,
    force: bool = False,
    resume: bool = False,
    keep_going: bool = False,
    checkpoint_every_s: float = SECONDS_BETWEEN_CHECKPOINTS,
    report: Progress | None = None,
    executor: Executor | None = None,
    engine: type[Engine] = MarrowEngine,
    parting: Parting | None = None,
) -> StudyResult:
    """Run every scenario with every seed, and gather the summaries.

    A run that fails, or whose process is killed, is recorded as failed; the others go on.

    Args:
        scenarios: validated scenarios with different names.
        seeds: one run each per scenario; None takes those of the scenario.
        out: folder of the study, new or one of ours.
        jobs: processes; None takes one per core. With 1 the runs happen in this process.
        force: run anew even what is complete.
        resume: do damaged runs again too, and say what becomes of every run that was begun.
        keep_going: a folder or file of one run that cannot be used fails that run alone.
        checkpoint_every_s: seconds of work between two checkpoints of a run.
        report: told how it goes.
        executor: anything with `submit()` in place of a process pool, e.g. that of a cluster.
        engine: the model and how to observe it.
        parting: when the runs of a seed part; what they share is then grown once.

    Raises:
        StoreError: unusable folder, runs of another identity, full disk.
        KeyboardInterrupt: after stopping; complete runs and checkpoints stay, nothing half-written
            does.
    """
    started = time.perf_counter()
    report = report or Progress()
    out = Path(out)
    planned = [
        replace(run, checkpoint_every_s=checkpoint_every_s)
        for run in plan_study(scenarios, seeds, out, force, resume, keep_going)
    ]
    waiting = [run for run in planned if run.is_waiting]
    jobs = min(jobs or available_cores(), max(1, len(waiting)))
    results = {
        run.folder: RunResult(run.scenario.name, run.seed, run.folder, "skipped")
        for run in planned
        if run.action == "skip"
    }
    n_kept = len(results)
    results |= {
        run.folder: run.failed(run.fault or "") for run in planned if run.action == "refused"
    }
    record = functools.partial(_record_study, out, planned, jobs, time.time(), resume or keep_going)
    sweep(out)
    record(results, "running")
    try:
        with in_use(out):
            take_up(planned, report, resume)
            if waiting and engine is MarrowEngine:
                ensure_compiled(report.say)
            if parting is not None:
                waiting = _grow(parting, waiting, jobs, executor, report, engine)
            n_before = len(results)
            report.begin(len(waiting), n_kept, jobs)
            with contextlib.closing(carry_out(waiting, jobs, executor, report, engine)) as ended:
                for result in ended:
                    results[result.folder] = result
                    report.finished(result, len(results) - n_before, len(waiting))
            write_study_summary(out, report.say if resume or keep_going else None)
    except BaseException as error:
        with contextlib.suppress(StoreError):  # the first fault is the one to tell
            record(results, "interrupted")
        if isinstance(error, KeyboardInterrupt):
            report.say(_what_is_left(out, planned, results))
        raise
    finally:
        report.end()
    record(results, "done")
    ordered = [results[run.folder] for run in planned]
    return StudyResult(out, ordered, time.perf_counter() - started)


def _grow(
    parting: Parting, waiting: Sequence[PlannedRun], jobs: int, executor: Executor | None,
    report: Progress, engine: type[Engine],
) -> list[PlannedRun]:  # fmt: skip
    """Grow the trunks; return the runs that start from them."""
    trunks, runs = parting.plan(waiting)
    if trunks:
        report.begin(len(trunks), 0, min(jobs, len(trunks)), "trunk")
        with contextlib.closing(carry_out(trunks, jobs, executor, report, engine)) as grown:
            for n_grown, result in enumerate(grown, start=1):
                report.finished(result, n_grown, len(trunks))
        report.end()
    return runs


def _what_is_left(
    out: Path, planned: Sequence[PlannedRun], results: Mapping[Path, RunResult]
) -> str:
    n_complete = sum(result.status != "failed" for result in results.values())
    left = [run for run in planned if run.folder not in results]
    n_begun = sum(step_reached(run) is not None for run in left)
    return (
        f"stopped: {n_complete} of {len(planned)} runs complete in {out}; the same command runs "
        f"the other {len(planned) - n_complete}"
        + (f", {n_begun} from a checkpoint" * (n_begun > 0))
    )


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _record_study(
    out: Path,
    planned: Sequence[PlannedRun],
    jobs: int,
    started: float,
    lenient: bool,
    results: Mapping[Path, RunResult],
    status: str,
) -> None:
    """Write study.json: all runs in the folder, those of earlier calls included."""
    runs: dict[str, dict[str, Any]] = {}
    mine = {run.folder.name: run for run in planned}
    if out.is_dir():
        for folder in find_runs(out):
            if folder.name not in mine and (folder / MANIFEST).exists():
                try:
                    run = read_run(folder)
                except DamagedRunError:
                    if lenient:
                        continue
                    raise
                runs[folder.name] = {
                    "scenario": run.scenario, "seed": run.seed, "status": run.status,
                }  # fmt: skip
    for name, plan in mine.items():
        result = results.get(plan.folder)
        state = "left" if result is None else "failed" if result.status == "failed" else "complete"
        runs[name] = {
            "scenario": plan.scenario.name, "seed": plan.seed, "status": state,
            "n_steps": Schedule.of(plan.scenario).n_steps,
        }  # fmt: skip
        if result is not None and result.error:
            runs[name]["error"] = result.error
    scenarios = list(dict.fromkeys(run["scenario"] for run in runs.values()))
    about = {
        "status": status, "jobs": jobs, "started": round(started, 3), "scenarios": scenarios,
        "scenario_sha256": {run.scenario.name: run.scenario.identity_hash() for run in planned},
    }  # fmt: skip
    write_study(out, {**about, "runs": dict(sorted(runs.items()))})
