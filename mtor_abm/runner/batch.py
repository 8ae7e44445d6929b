"""A study: scenarios x seeds, over processes; picks up where it was left.

Each run is a pure function of its scenario and seed, so neither the number of processes nor the
order of runs changes a byte of any table. Complete runs are kept, so a study that was stopped goes
on when it is started again.
"""

import contextlib
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
from ..errors import UserError
from ..provenance import identity
from ..store import (
    MANIFEST,
    StoreError,
    check_study_folder,
    ended_run,
    foreign_entries,
    read_run,
    run_name,
    write_study_summary,
)
from ..whole_file import write_file
from .pool import ELSEWHERE, PlannedRun, carry_out
from .progress import Progress
from .record import DONE, INTERRUPTED, RUNNING, record_study
from .shard import Shard
from .single import Engine, MarrowEngine, RunResult, Trunk

TRUNKS = ".trunks"  # folder beside the studies


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
            trunks[trunk.folder] = PlannedRun(
                scenario, run.seed, trunk.folder, "run", trunk, until=step
            )
        return list(trunks.values()), runs


@dataclass(frozen=True)
class StudyResult:
    """How a study, or a shard of it, ended.

    Attributes:
        folder: where it lies.
        runs: one result per planned run of the shard, in the order of scenarios, then seeds.
        wall_s: seconds it took.
        is_gathered: False while runs of other shards are left: summary.csv is not written then.
    """

    folder: Path
    runs: list[RunResult]
    wall_s: float
    is_gathered: bool = True

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
            "runs": [run.as_dict() for run in self.runs],
        }


def plan_study(
    scenarios: Sequence[Any],
    seeds: Sequence[int] | None,
    out: Path,
    force: bool = False,
    shard: Shard | None = None,
) -> list[PlannedRun]:
    """What a study would do; writes nothing.

    The plan of a shard is whole; runs of other shards have the action "elsewhere".

    Args:
        scenarios: validated scenarios with different names.
        seeds: one run each per scenario; None takes those of the scenario.
        out: folder of the study.
        force: run anew even what is complete.
        shard: the share of the plan that this process does; None for all.

    Raises:
        StoreError: the folder is foreign, or a complete run in it is of another identity.
        UserError: force with a shard.
    """
    if force and shard is not None:
        raise UserError(
            "--force with --shard would remove runs that other shards count on; "
            "choose another --name, or delete the folder first"
        )
    check_study_folder(out)
    names = [scenario.name for scenario in scenarios]
    for name in names:
        if names.count(name) > 1:
            raise StoreError(
                f"scenario {name!r} is given {names.count(name)} times; give each name once"
            )
    wanted = [
        PlannedRun(scenario, seed, out / run_name(scenario.name, seed), ELSEWHERE)
        for scenario in scenarios
        for seed in dict.fromkeys(scenario.run.seed_list() if seeds is None else seeds)
    ]
    mine = {run.folder for run in (wanted if shard is None else shard.of(wanted))}
    hashes = {scenario.name: scenario.identity_hash() for scenario in scenarios}

    def action(run: PlannedRun) -> str:
        if run.folder not in mine:
            return ELSEWHERE
        return _action(run.folder, identity(hashes[run.scenario.name], run.seed), force)

    planned = [replace(run, action=action(run)) for run in wanted]
    for scenario in scenarios:
        _refuse_mixed_arm(scenario, out, mine)
    return planned


def _refuse_mixed_arm(scenario: Any, out: Path, planned: set[Path]) -> None:
    """Other seeds of an arm must have been made with the same parameters."""
    wanted = scenario.identity_hash()
    for folder in sorted(out.glob(run_name(scenario.name, 0).replace("0000", "*"))):
        run = None if folder in planned else ended_run(folder)
        if run is None:
            continue
        if run.status == "complete" and run.identity.get("scenario_sha256") != wanted:
            raise StoreError(
                f"{folder} was made with other parameters of '{scenario.name}', and one arm must "
                "not mix two; choose another --name, or delete that folder"
            )


def _action(folder: Path, wanted: dict[str, Any], force: bool) -> str:
    """Whether to run, or to keep what lies there."""
    if not folder.is_dir():
        if folder.exists():
            raise StoreError(f"{folder} is a file; move it or choose another --out or --name")
        return "run"
    foreign = foreign_entries(folder)
    if foreign:
        raise StoreError(
            f"{folder} holds {foreign[0]!r}, which no run of mtor_abm writes; "
            "move it or choose another --out or --name"
        )
    if force or not (folder / MANIFEST).exists():
        return "run"
    run = read_run(folder)
    if run.status != "complete":
        return "run"
    differing = [key for key, value in wanted.items() if run.identity.get(key) != value]
    if differing:
        what = {
            "scenario_sha256": "other parameters",
            "seed": "another seed",
            "package_version": "another version of mtor_abm",
            "sources": "other sources of mtor_abm",
        }
        raise StoreError(
            f"{folder} is complete but was made with {what[differing[0]]}; "
            "choose another --name or --out, or run anew with --force"
        )
    run.verify()
    return "skip"


def run_study(
    scenarios: Sequence[Any],
    seeds: Sequence[int] | None,
    out: Path,
    *,
    jobs: int | None = None,
    force: bool = False,
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
        force: run anew even what is complete.
        report: told how it goes.
        executor: anything with `submit()` in place of a process pool, e.g. that of a cluster.
        engine: the model and how to observe it.
        parting: when the runs of a seed part; what they share is then grown once.
        shard: the share of the runs that this process does; None for all.
        texts: further files of the study folder, by name.

    Raises:
        StoreError: unusable folder, runs of another identity, full disk.
        KeyboardInterrupt: after stopping; complete runs stay, nothing half-written does.
    """
    started = time.perf_counter()
    report = report or Progress()
    out = Path(out)
    planned = plan_study(scenarios, seeds, out, force, shard)
    mine = [run for run in planned if run.action != ELSEWHERE]
    waiting = [run for run in planned if run.action == "run"]
    jobs = min(jobs or available_cores(), max(1, len(waiting)))
    results = {
        run.folder: RunResult(run.scenario.name, run.seed, run.folder, "skipped")
        for run in planned
        if run.action == "skip"
    }
    record_study(out, planned, results, RUNNING)
    for name, text in (texts or {}).items():
        write_file(out / name, text)
    try:
        if waiting and engine is MarrowEngine:
            ensure_compiled(report.say)
        if parting is not None:
            trunks, waiting = parting.plan(waiting)
            if trunks:
                report.begin(len(trunks), 0, min(jobs, len(trunks)), "trunk")
                with contextlib.closing(carry_out(trunks, jobs, executor, report, engine)) as grown:
                    for n_grown, result in enumerate(grown, start=1):
                        report.finished(result, n_grown, len(trunks))
                report.end()
        report.begin(len(waiting), len(mine) - len(waiting), jobs)
        n_before = len(results)
        with contextlib.closing(carry_out(waiting, jobs, executor, report, engine)) as ended:
            for result in ended:
                results[result.folder] = result
                report.finished(result, len(results) - n_before, len(waiting))
    except BaseException as error:
        with contextlib.suppress(StoreError):  # the first fault is the one to tell
            record_study(out, planned, results, INTERRUPTED)
        if isinstance(error, KeyboardInterrupt):
            n_left = len(mine) - len(results)
            report.say(
                f"stopped: {len(results)} of {len(mine)} runs complete in {out}; "
                f"the same command runs the other {n_left}"
            )
        raise
    finally:
        report.end()
    # Of several shards the last one sees this, or two that end together: they write the same.
    all_ended = all(ended_run(run.folder) for run in planned if run.action == ELSEWHERE)
    if all_ended:
        write_study_summary(out)
    record_study(out, planned, results, DONE)
    ordered = [results[run.folder] for run in mine]
    return StudyResult(out, ordered, time.perf_counter() - started, all_ended)


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
