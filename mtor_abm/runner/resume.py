"""Taking a study up again: what becomes of each run that was begun before."""

import contextlib
import os
from collections.abc import Sequence

from ..provenance import identity
from ..store import CHECKPOINT, MANIFEST, StoreError, read_run
from .checkpoint import UnusableCheckpointError, step_if_usable, step_of
from .pool import PlannedRun
from .progress import Progress
from .single import Schedule
from .study_folder import move_aside


def take_up(planned: Sequence[PlannedRun], report: Progress, aloud: bool) -> None:
    """Move damaged runs aside; say, if `aloud`, what becomes of each run that was begun.

    Complete runs are counted by the first line of the study and not named here.

    Raises:
        StoreError: a damaged run cannot be moved.
    """
    for run in planned:
        if run.action == "skip":
            with contextlib.suppress(OSError):  # of a process killed between manifest and this
                (run.folder / CHECKPOINT).unlink(missing_ok=True)
            continue
        if run.action == "redo":
            report.say(f"damaged: {run.fault}; moved to {move_aside(run.folder)}, done again")
        elif run.action == "refused":
            report.say(f"left out: {run.fault}")
        elif run.folder.exists() and (aloud or _has_unusable_checkpoint(run)):
            report.say(f"{run.folder.name}: {_what_lies_there(run)}")


def _has_unusable_checkpoint(run: PlannedRun) -> bool:
    return os.path.lexists(run.folder / CHECKPOINT) and step_reached(run) is None


def step_reached(run: PlannedRun) -> int | None:
    """Step of the run's checkpoint, or None if there is none from which it can continue."""
    wanted = identity(run.scenario.identity_hash(), run.seed)
    return step_if_usable(run.folder / CHECKPOINT, wanted)


def _where_it_begins(run: PlannedRun) -> str:
    wanted = identity(run.scenario.identity_hash(), run.seed)
    try:
        step = step_of(run.folder / CHECKPOINT, wanted)
    except UnusableCheckpointError as error:
        return "starts again" + ("" if error.is_absent else f", since its checkpoint is {error}")
    return f"continues from step {step} of {Schedule.of(run.scenario).n_steps}"


def _what_lies_there(run: PlannedRun) -> str:
    done_again = _where_it_begins(run)
    if not (run.folder / MANIFEST).exists():
        return f"half-done, {done_again}"
    with contextlib.suppress(StoreError):
        before = read_run(run.folder)
        if before.status == "failed":
            return f"failed before ({before.manifest.get('error', 'no reason')}), {done_again}"
    return f"complete, {done_again} (--force)"
