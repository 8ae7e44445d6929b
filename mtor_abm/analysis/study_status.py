"""How far a study is, read from its folder alone: while it runs, or after it was stopped."""

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..provenance import identity
from ..runner.checkpoint import step_if_usable
from ..runner.in_use import is_in_use
from ..runner.study_folder import find_runs, read_study
from ..store import CHECKPOINT, LOG_FILE, SCENARIO_FILE, StoreError, ended_run, parts_of_run_name
from ..whole_file import read_regular

STATES = ("done", "running", "half-done", "failed", "damaged", "to do")


@dataclass(frozen=True)
class RunState:
    """Where one run stands.

    Attributes:
        name: of its folder.
        scenario, seed: what it runs.
        state: one of STATES; "half-done" was begun and nobody is at it now.
        n_steps: steps it takes, None if unknown.
        step: steps done, as far as is kept: of a half-done or running one those of its checkpoint.
        s_per_step: wall seconds per step of a run that is done, else None.
        error: why it failed or is damaged, in one line.
        log: of a run that failed: its run.log, with the traceback.
    """

    name: str
    scenario: str
    seed: int
    state: str
    n_steps: int | None = None
    step: int = 0
    s_per_step: float | None = None
    error: str | None = None
    log: str | None = None


@dataclass(frozen=True)
class StudyStatus:
    """Where a study stands.

    Attributes:
        folder: of the study.
        in_progress: whether a process on this machine is at it; None if that cannot be told.
        jobs: processes of the last call.
        recorded: what that call left in study.json: "done", "interrupted", "incomplete" if runs
            of other shards are left, or "running" if it is at it or was killed.
        runs: one state per run, sorted by name.
    """

    folder: Path
    in_progress: bool | None
    jobs: int
    recorded: str
    runs: list[RunState]

    @property
    def counts(self) -> dict[str, int]:
        """Number of runs in each of STATES."""
        found = Counter(run.state for run in self.runs)
        return {state: found[state] for state in STATES}

    @property
    def seconds_left(self) -> float | None:
        """Time for what is running, half-done and to do, by the mean step of the runs done.

        None if no run is done yet. What runs keep only in memory counts as not done. Of shards at
        once each has its own processes; the runs in hand then tell how many there are.
        """
        left = [
            run.n_steps - run.step
            for run in self.runs
            if run.state in ("running", "half-done", "to do") and run.n_steps is not None
        ]
        if not left:
            return 0.0
        speeds = [run.s_per_step for run in self.runs if run.s_per_step is not None]
        if not speeds:
            return None
        at_once = max(self.jobs, self.counts["running"])
        return sum(speeds) / len(speeds) * max(sum(left) / at_once, *left)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        seconds = self.seconds_left
        return {
            "folder": str(self.folder),
            "in_progress": self.in_progress,
            "recorded": self.recorded,
            "jobs": self.jobs,
            "counts": self.counts,
            "seconds_left": None if seconds is None else round(seconds, 1),
            "runs": [run.__dict__ for run in self.runs],
        }


def study_status(study: Path) -> StudyStatus:
    """Look at a study: what lies there and what its last call planned; writes nothing.

    Raises:
        StoreError: no such folder, no study, or its study.json cannot be read.
    """
    record = read_study(study)
    # Before the runs: one that ends meanwhile is then seen as done and not as left behind.
    in_progress = is_in_use(study)
    names = {folder.name for folder in find_runs(study)} | set(record["runs"])
    runs = [_state(study / name, record, in_progress is True) for name in sorted(names)]
    jobs = max(1, record["jobs"])
    return StudyStatus(study, in_progress, jobs, str(record["status"]), runs)


def _state(folder: Path, record: Mapping[str, Any], in_progress: bool) -> RunState:
    entry = record["runs"].get(folder.name, {})
    scenario, seed = parts_of_run_name(folder.name)
    n_steps = entry.get("n_steps")

    def state(state: str, **more: Any) -> RunState:
        return RunState(folder.name, scenario, seed, state, **{"n_steps": n_steps, **more})

    try:
        run = ended_run(folder)
    except StoreError as error:
        return state("damaged", error=str(error))
    if run is not None:
        step = int(run.manifest.get("n_steps", 0))
        if run.status != "complete":
            why = run.manifest.get("error")
            return state("failed", step=step, error=why, log=_log(folder))
        here = step - int(run.manifest.get("begun_at_step", 0))
        speed = float(run.manifest.get("wall_s", 0.0)) / here if here > 0 else None
        return state("done", step=step, n_steps=step, s_per_step=speed)
    if entry.get("error"):
        return state("failed", error=entry["error"], log=_log(folder))
    if not folder.exists():
        return state("to do")
    reached = _reached(folder, record, scenario, seed)
    return state("running" if in_progress and _is_touched(folder, record) else "half-done",
                 step=reached)  # fmt: skip


def _log(folder: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return read_regular(folder / LOG_FILE).decode("utf-8")
    return None


def _reached(folder: Path, record: Mapping[str, Any], scenario: str, seed: int) -> int:
    wanted = identity(record["scenario_sha256"].get(scenario, ""), seed)
    return step_if_usable(folder / CHECKPOINT, wanted) or 0


def _is_touched(folder: Path, record: Mapping[str, Any]) -> bool:
    """Whether the call that is at it has taken this run up: a run begins with its scenario."""
    try:
        written = (folder / SCENARIO_FILE).stat().st_mtime
    except OSError:
        return False
    return written >= float(record["started"])
