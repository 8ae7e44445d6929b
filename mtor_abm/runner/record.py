"""What a study says of itself: study.json and summary.csv, both written whole.

Several processes, each with a shard of one plan, may work in one folder. A process vouches only for
the runs it does itself; the state of any other is what its folder shows.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store import (
    RUN_NAME,
    STUDY_FILE,
    StoreError,
    ended_run,
    find_runs,
    write_study,
    write_study_summary,
)
from ..whole_file import storage_error
from .pool import ELSEWHERE, PlannedRun
from .single import RunResult

LEFT, COMPLETE, FAILED = "left", "complete", "failed"  # states of a run in study.json
RUNNING, INTERRUPTED, INCOMPLETE, DONE = (
    "running",
    "interrupted",
    "incomplete",
    "done",
)  # of a study


def record_study(
    out: Path,
    planned: Sequence[PlannedRun],
    results: Mapping[Path, RunResult],
    status: str,
) -> None:
    """Write study.json: all runs of the plan, and those that earlier calls left in the folder.

    Args:
        out: folder of the study.
        planned: the whole plan.
        results: of the runs of this process that have ended.
        status: of this process; while runs of others are left, "done" is written as "incomplete".
    """
    mine = {run.folder.name: run for run in planned if run.action != ELSEWHERE}
    others = {
        run.folder.name: (run.scenario.name, run.seed) for run in planned if run.action == ELSEWHERE
    }

    def look() -> dict[str, Any]:
        runs = _seen(out, others, left_out=mine)
        for name, plan in mine.items():
            result = results.get(plan.folder)
            state = LEFT if result is None else FAILED if result.status == "failed" else COMPLETE
            runs[name] = _entry(plan.scenario.name, plan.seed, state)
        return _content(runs, status)

    _write_until_true(out, look)


@dataclass(frozen=True)
class Gathered:
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


def gather(out: Path) -> Gathered:
    """Write summary.csv of all complete runs, and study.json from what the folders show.

    Raises:
        StoreError: no study, or one whose study.json cannot be read.
    """
    known = _planned_before(out)

    write_study_summary(out)
    seen = _write_until_true(out, lambda: _content(_seen(out, known), DONE))
    states = [entry["status"] for entry in seen["runs"].values()]
    return Gathered(out, *(states.count(state) for state in (COMPLETE, FAILED, LEFT)))


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
    out: Path, planned: Mapping[str, tuple[str, int]], left_out: Mapping[str, Any] | None = None
) -> dict[str, dict[str, Any]]:
    """State of every run of a folder as its manifest tells it; planned ones without are left."""
    runs = {name: _entry(*about, LEFT) for name, about in planned.items()}
    for folder in find_runs(out) if out.is_dir() else []:
        if left_out is not None and folder.name in left_out:
            continue
        run = ended_run(folder)
        if run is not None:
            runs[folder.name] = _entry(run.scenario, run.seed, run.status)
    return runs


def _entry(scenario: str, seed: int, status: str) -> dict[str, Any]:
    return {"scenario": scenario, "seed": seed, "status": status}


def _content(runs: Mapping[str, dict[str, Any]], status: str) -> dict[str, Any]:
    any_left = any(run["status"] == LEFT for run in runs.values())
    if status == DONE and any_left:
        status = INCOMPLETE
    scenarios = list(dict.fromkeys(run["scenario"] for run in runs.values()))
    return {"status": status, "scenarios": scenarios, "runs": dict(sorted(runs.items()))}


def _planned_before(out: Path) -> dict[str, tuple[str, int]]:
    """Runs that study.json lists."""
    path = out / STUDY_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        runs = content["runs"]
        known = {name: (str(run["scenario"]), int(run["seed"])) for name, run in runs.items()}
    except FileNotFoundError as error:
        raise StoreError(
            f"{out} is no study of mtor_abm (no {STUDY_FILE}); give the folder that `run` named"
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path} is damaged; repeat the command that made the study, which writes it anew"
        ) from error
    return {name: about for name, about in known.items() if RUN_NAME.fullmatch(name)}
