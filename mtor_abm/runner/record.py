"""What a study says of itself: study.json and summary.csv, both written whole.

Several processes, each with a shard of one plan, may work in one folder. A process vouches only for
the runs it does itself; the state of any other is what its folder shows.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store import Run, StoreError, ended_run, parts_of_run_name
from .in_use import is_in_use
from .pool import ELSEWHERE, PlannedRun
from .single import RunResult, Schedule
from .study_folder import (
    SUMMARY,
    UNTOLD,
    find_runs,
    read_study,
    write_study,
    write_study_summary,
)

LEFT, COMPLETE, FAILED = "left", "complete", "failed"  # states of a run in study.json
RUNNING, INTERRUPTED, INCOMPLETE, DONE = (
    "running",
    "interrupted",
    "incomplete",
    "done",
)  # of a study


@dataclass(frozen=True)
class Record:
    """How one call to run a study, or a shard of it, is recorded.

    Attributes:
        out: folder of the study.
        planned: the whole plan.
        jobs: processes of this call.
        started: when work began in the folder, seconds since the epoch; see `began`.
        lenient: a damaged run of another call or shard is left, and no error.
    """

    out: Path
    planned: Sequence[PlannedRun]
    jobs: int
    started: float
    lenient: bool = False

    def write(self, results: Mapping[Path, RunResult], status: str) -> None:
        """Write study.json: all runs of the plan, and those that earlier calls left in the folder.

        Args:
            results: of the runs of this process that have ended.
            status: of this process; while runs of others are left, "done" becomes "incomplete".
        """
        mine = {run.folder.name: run for run in self.planned if run.action != ELSEWHERE}
        others = {run.folder.name: _entry(run) for run in self.planned if run.action == ELSEWHERE}
        earlier = self._earlier()
        scenarios = {run.scenario.name: run.scenario for run in self.planned}
        about = {
            "jobs": self.jobs,
            "started": round(self.started, 3),
            "scenarios": _in_order(earlier["scenarios"], list(scenarios)),
            "scenario_sha256": earlier["scenario_sha256"]
            | {name: scenario.identity_hash() for name, scenario in scenarios.items()},
            "compare": _declared(earlier["compare"], scenarios),
        }

        def look() -> dict[str, Any]:
            runs = _seen(self.out, others, mine, self.lenient)
            for name, plan in mine.items():
                runs[name] = _entry(plan, results.get(plan.folder))
            return _content(runs, status, about)

        _write_until_true(self.out, look)

    def all_others_ended(self) -> bool:
        """Whether no run of another shard is left."""
        others = (run.folder for run in self.planned if run.action == ELSEWHERE)
        return all(ended_run(folder, self.lenient) for folder in others)

    def _earlier(self) -> Mapping[str, Any]:
        """What earlier calls wrote, as far as it can be read."""
        try:
            return read_study(self.out)
        except StoreError:
            return UNTOLD


def _in_order(earlier: list[str], mine: list[str]) -> list[str]:
    """Scenarios of all calls, the control first: that of the first call, which later ones add to.

    A first call of one scenario has no control yet: `run rapamycin` and then `run vehicle
    rapamycin` has vehicle as its control.
    """
    is_open = len(earlier) == 1 and earlier[0] in mine[1:]
    return list(dict.fromkeys([*mine, *earlier] if is_open else [*earlier, *mine]))


def _declared(earlier: Mapping[str, Any], scenarios: Mapping[str, Any]) -> dict[str, Any]:
    """[compare] of every scenario that has one; what this call says replaces what was said."""
    kept = {name: said for name, said in earlier.items() if name not in scenarios}
    mine = {name: scenario.compare.given() for name, scenario in scenarios.items()}
    return kept | {name: said for name, said in mine.items() if said}


def began(out: Path) -> float:
    """Now, or when the first of those began who are at work in this folder already."""
    now = time.time()
    if is_in_use(out):
        with contextlib.suppress(StoreError):
            return min(now, read_study(out)["started"])
    return now


@dataclass(frozen=True)
class Standing:
    """What a study folder holds.

    Attributes:
        folder: of the study. n_complete, n_failed, n_left: its runs by state.
    """

    folder: Path
    n_complete: int
    n_failed: int
    n_left: int

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**self.__dict__, "folder": str(self.folder)}


def refresh(out: Path) -> Standing:
    """Make study.json and summary.csv what the folders show, as shards may have left them.

    A study where both are so already is not written to.

    Raises:
        StoreError: no study, or one whose study.json or a run cannot be read.
    """
    before = read_study(out)
    about = {key: before[key] for key in before if key not in ("status", "runs")}

    def look() -> dict[str, Any]:
        return _content(_seen(out, _begun(out) | before["runs"]), DONE, about)

    seen = look()
    if seen != before or not (out / SUMMARY).exists():
        write_study_summary(out)
        seen = _write_until_true(out, look)
    states = [entry["status"] for entry in seen["runs"].values()]
    return Standing(out, *(states.count(state) for state in (COMPLETE, FAILED, LEFT)))


def _begun(out: Path) -> dict[str, dict[str, Any]]:
    """Runs by their folders: one that an earlier call left half-done is in no later plan."""
    begun = {}
    for folder in find_runs(out):
        scenario, seed = parts_of_run_name(folder.name)
        begun[folder.name] = {"scenario": scenario, "seed": seed}
    return begun


def _write_until_true(out: Path, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Write what is seen until it is what is seen after writing.

    Another process may end a run, and write so, between our look and our writing. Whoever writes
    last looks last, and so what stays is true.
    """
    written = None
    while (seen := look()) != written:
        write_study(out, seen)
        written = seen
    return seen


def _seen(
    out: Path, known: Mapping[str, Any], left_out: Iterable[str] = (), lenient: bool = False
) -> dict[str, dict[str, Any]]:
    """State of every run of a folder as its manifest tells it; known ones without are left.

    One that failed without leaving a manifest, since the disk refused it, stays failed.
    """
    runs = {
        name: entry if "error" in entry else {**entry, "status": LEFT}
        for name, entry in known.items()
    }
    skipped = set(left_out)
    for folder in find_runs(out) if out.is_dir() else []:
        if folder.name in skipped:
            continue
        run = ended_run(folder, lenient)
        if run is not None:
            runs[folder.name] = _ended(run, known.get(folder.name, {}))
    return runs


def _entry(run: PlannedRun, result: RunResult | None = None) -> dict[str, Any]:
    """A run of the plan, as its result tells."""
    status = LEFT if result is None else FAILED if result.status == "failed" else COMPLETE
    entry = {
        "scenario": run.scenario.name,
        "seed": run.seed,
        "status": status,
        "n_steps": Schedule.of(run.scenario).n_steps,
    }
    return entry | ({"error": result.error} if result is not None and result.error else {})


def _ended(run: Run, known: Mapping[str, Any]) -> dict[str, Any]:
    """A run as its manifest tells; how many steps it was to take, only the plan knows."""
    entry = {"scenario": run.scenario, "seed": run.seed, "status": run.status}
    if n_steps := known.get("n_steps", run.manifest.get("n_steps")):
        entry["n_steps"] = n_steps
    if run.status != COMPLETE and run.manifest.get("error"):
        entry["error"] = run.manifest["error"]
    return entry


def _content(
    runs: Mapping[str, dict[str, Any]], status: str, about: Mapping[str, Any]
) -> dict[str, Any]:
    any_left = any(run["status"] == LEFT for run in runs.values())
    if status == DONE and any_left:
        status = INCOMPLETE
    there = {run["scenario"]: None for run in runs.values()}
    # In the order in which they were given: the first is the control of `gather`.
    scenarios = [name for name in dict.fromkeys([*about["scenarios"], *there]) if name in there]
    return {
        "status": status, **about, "scenarios": scenarios, "runs": dict(sorted(runs.items())),
    }  # fmt: skip
