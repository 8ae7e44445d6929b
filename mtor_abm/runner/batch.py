"""A study: scenarios x seeds, over processes; picks up where it was left.

Each run is a pure function of its scenario and seed, so neither the number of processes nor the
order of runs changes a byte of any table. Complete runs are kept, so a study that was stopped goes
on when it is started again.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..compilation import ensure_compiled
from ..folder_lock import folder_lock
from ..run_settings import step_warnings
from ..store import StoreError, ended_run
from ..whole_file import write_file
from .in_use import in_use, is_in_use, sweep
from .plan import Parting, plan_study
from .pool import ELSEWHERE, PlannedRun, carry_out
from .progress import Progress
from .record import DONE, INTERRUPTED, RUNNING, Record, began
from .resume import step_reached, take_up
from .shard import Shard
from .single import SECONDS_BETWEEN_CHECKPOINTS, Engine, MarrowEngine, RunResult
from .study_folder import read_study, write_study_summary


@dataclass(frozen=True)
class Grown:
    """What the runs of a study had in common and was done once.

    Attributes:
        n_trunks: grown now. n_runs: that went on from these.
        wall_s: seconds they took. saved_s: seconds the runs would have taken for it, beyond that.
    """

    n_trunks: int
    n_runs: int
    wall_s: float
    saved_s: float


@dataclass(frozen=True)
class StudyResult:
    """How a study, or a shard of it, ended.

    Attributes:
        folder: where it lies.
        runs: one result per planned run of the shard, in the order of scenarios, then seeds.
        wall_s: seconds it took.
        is_gathered: False while runs of other shards are left: summary.csv is not written then.
        grown: the shared starts, simulated once for several runs.
    """

    folder: Path
    runs: list[RunResult]
    wall_s: float
    is_gathered: bool = True
    grown: Grown | None = None

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
            "is_gathered": self.is_gathered,
            "grown": None if self.grown is None else dict(self.grown.__dict__),
            "runs": [run.as_dict() for run in self.runs],
        }


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
    shard: Shard | None = None,
    texts: Mapping[str, str] | None = None,
) -> StudyResult:
    """Run every scenario with every seed, and gather the summaries.

    A run that fails, or whose process is killed, is recorded as failed; the others go on. Several
    shards may work in one folder at once; the one that ends last gathers.

    Args:
        scenarios: validated scenarios with different names.
        seeds: one run each per scenario; None takes those of the scenario.
        out: folder of the study, new or one of ours.
        jobs: processes; None takes one per core. With 1 the runs happen in this process.
        force: run again even what is complete.
        resume: repeat damaged runs too, and list every interrupted run.
        keep_going: a folder or file of one run that cannot be used fails that run alone.
        checkpoint_every_s: seconds of work between two checkpoints of a run.
        report: told how it goes.
        executor: anything with `submit()` in place of a process pool, e.g. that of a cluster.
        engine: the model and how to observe it.
        parting: when the runs of a seed part; what they share is then simulated once.
        shard: the share of the runs that this process does; None for all.
        texts: further files of the study folder, by name.

    Raises:
        StoreError: unusable folder, runs of another identity, full disk.
        KeyboardInterrupt: after stopping; complete runs and checkpoints stay, nothing half-written
            does.
    """
    started = time.perf_counter()
    report = report or Progress()
    out = Path(out)
    grown = None
    planned = [
        replace(run, checkpoint_every_s=checkpoint_every_s)
        for run in plan_study(
            scenarios,
            seeds,
            out,
            force,
            shard,
            resume,
            keep_going,
            engine,
            elsewhere=executor is not None,
        )
    ]
    mine = [run for run in planned if run.action != ELSEWHERE]
    waiting = [run for run in mine if run.is_waiting]
    jobs = min(jobs or available_cores(), max(1, len(waiting)))
    results = {
        run.folder: RunResult(run.scenario.name, run.seed, run.folder, "skipped")
        for run in mine
        if run.action == "skip"
    }
    n_kept = len(results)
    results |= {run.folder: run.failed(run.fault or "") for run in mine if run.action == "refused"}
    lenient = resume or keep_going
    record = Record(out, planned, jobs, began(out), lenient)
    if shard is None:  # other shards may be writing, on machines whose locks we do not see
        sweep(out)
    at_work = contextlib.ExitStack()
    with _admitted(out, scenarios):
        record.write(results, RUNNING)
        at_work.enter_context(in_use(out))
    try:
        with at_work:
            for name, text in (texts or {}).items():
                write_file(out / name, text)
            for warning in step_warnings(scenarios):
                report.say(f"warning: {warning}")
            take_up(mine, report, resume)
            if waiting and engine is MarrowEngine:
                ensure_compiled(report.say)
            if parting is not None:
                waiting, grown = _grow(parting, waiting, jobs, executor, report, engine)
            n_before = len(results)
            report.begin(len(waiting), n_kept, jobs)
            with contextlib.closing(carry_out(waiting, jobs, executor, report, engine)) as ended:
                for result in ended:
                    results[result.folder] = result
                    report.finished(result, len(results) - n_before, len(waiting))
            # Of several shards the last one sees this, or two that end together: they write alike.
            is_gathered = record.all_others_ended()
            if is_gathered:
                write_study_summary(out, report.say if lenient else None)
    except BaseException as error:
        with contextlib.suppress(StoreError):  # the first fault is the one to tell
            _add_ended(mine, results)
            record.write(results, INTERRUPTED)
        if isinstance(error, KeyboardInterrupt):
            report.say(_what_is_left(out, mine, results))
        raise
    finally:
        report.end()
    record.write(results, DONE)
    ordered = [results[run.folder] for run in mine]
    return StudyResult(out, ordered, time.perf_counter() - started, is_gathered, grown)


@contextlib.contextmanager
def _admitted(out: Path, scenarios: Sequence[Any]) -> Iterator[None]:
    """One process after the other looks at a study that it is about to enter, and enters it.

    Raises:
        StoreError: another is at work there on a scenario of this name with other parameters.
    """
    with contextlib.suppress(OSError):
        out.parent.mkdir(parents=True, exist_ok=True)
    with folder_lock(out.parent) as lock:
        with contextlib.suppress(OSError):
            lock.wait()
        if is_in_use(out):
            theirs = read_study(out)["scenario_sha256"]
            for scenario in scenarios:
                if theirs.get(scenario.name, scenario.identity_hash()) != scenario.identity_hash():
                    raise StoreError(
                        f"another process is running '{scenario.name}' with other parameters in "
                        f"{out}; choose another --name, or wait for it"
                    )
        yield


def _grow(
    parting: Parting, waiting: Sequence[PlannedRun], jobs: int, executor: Executor | None,
    report: Progress, engine: type[Engine],
) -> tuple[list[PlannedRun], Grown | None]:  # fmt: skip
    """Grow the trunks; return the runs that start from them, and what that saves."""
    trunks, runs = parting.plan(waiting)
    seconds: dict[Path, float] = {}
    if trunks:
        report.begin(len(trunks), 0, min(jobs, len(trunks)), "trunk")
        with contextlib.closing(carry_out(trunks, jobs, executor, report, engine)) as grown:
            for n_grown, result in enumerate(grown, start=1):
                report.finished(result, n_grown, len(trunks))
                seconds[result.folder] = result.wall_s
        report.end()
    trunk_of_runs = [run.trunk.folder for run in runs if run.trunk is not None]
    used = {folder: trunk_of_runs.count(folder) for folder in seconds}
    if not used:
        return runs, None
    saved_s = sum((n - 1) * seconds[folder] for folder, n in used.items())
    return runs, Grown(len(used), sum(used.values()), sum(seconds.values()), saved_s)


def _add_ended(planned: Sequence[PlannedRun], results: dict[Path, RunResult]) -> None:
    """Add runs that ended in their processes after the last one that was reported."""
    for run in planned:
        if run.folder in results:
            continue
        ended = ended_run(run.folder, lenient=True)
        if ended is not None and ended.status == "complete":
            wall_s = float(ended.manifest.get("wall_s", 0.0))
            results[run.folder] = RunResult(run.scenario.name, run.seed, run.folder, "done", wall_s)


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
