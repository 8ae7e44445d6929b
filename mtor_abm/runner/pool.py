"""Runs over processes: none depends on another, and one that dies takes no other along."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import platform
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..compilation import ensure_compiled
from ..errors import one_line
from ..provenance import identity, model_fingerprint, provenance
from ..sources import PACKAGE
from ..store import LOG_FILE, SCENARIO_FILE, RunWriter, StoreError
from . import processes
from .children import without_main
from .processes import refuse_other_package, worker_context
from .progress import Progress
from .single import (
    SECONDS_BETWEEN_CHECKPOINTS,
    Engine,
    MarrowEngine,
    RunResult,
    Schedule,
    StoppedError,
    Trunk,
    grow_trunk,
    run_one,
    run_weight,
)

SECONDS_BETWEEN_LOOKS = 0.1
ATTEMPTS_ALONE = 2  # a suspect may have been innocent so far and be unlucky once
ELSEWHERE = "elsewhere"  # the action of a run that another process does
KILLED = (
    "the worker process was killed repeatedly, probably out of memory; use fewer --jobs or a "
    "smaller geometry"
)
NOT_STARTED = (
    "the worker process ended before it began the run: it could not be started (what it said "
    "stands above this line, if it said anything); use --jobs 1"
)
STARTED = 1e-9  # the mark of a run that a process has started; far below one step of any run


@dataclass(frozen=True)
class PlannedRun:
    """One run of a study and what is to be done about it.

    Attributes:
        scenario: its validated parameters.
        seed: its seed.
        folder: where it belongs.
        action: "run", "skip" where it is complete already, "redo" where it is damaged and moved
            aside first, "refused" where its folder cannot be used and the study goes on, or
            "elsewhere" (another shard's).
        trunk: what it shares with other runs, kept or about to be.
        until: of a trunk itself, the step after which the runs part; None for a run.
        fault: why it is done again or refused, in one line.
        keep_going: a disk that refuses this run fails it, and not the study.
        checkpoint_every_s: seconds of work between checkpoints.
    """

    scenario: Any
    seed: int
    folder: Path
    action: str
    trunk: Trunk | None = None
    until: int | None = None
    fault: str | None = None
    keep_going: bool = False
    checkpoint_every_s: float = SECONDS_BETWEEN_CHECKPOINTS

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to do."""
        return self.action in ("run", "redo")

    def carry_out(self, engine: type[Engine], **watch: Any) -> RunResult:
        """Do it, in this process; `watch` are progress and should_stop of `run_one`.

        A trunk whose model fails is not a fault of the study: its runs find out for themselves.

        Raises:
            StoreError: the disk refuses, unless it is to keep going.
            StoppedError: it was asked to stop.
        """
        watch = {"engine": engine, "checkpoint_every_s": self.checkpoint_every_s, **watch}
        try:
            if self.until is None or self.trunk is None:
                return run_one(self.scenario, self.seed, self.folder, trunk=self.trunk, **watch)
            return grow_trunk(self.scenario, self.seed, self.trunk, self.until, **watch)
        except StoppedError:
            raise
        except StoreError as error:
            if not self.keep_going and self.until is None:
                raise
            return self.failed(str(error))
        except Exception as error:
            if self.until is None:
                raise
            return self.failed(one_line(f"{type(error).__name__}: {error}"))

    def failed(self, cause: str) -> RunResult:
        """Its result if it could not be done."""
        return RunResult(self.scenario.name, self.seed, self.folder, "failed", error=cause)

    def weight(self) -> float:
        """Relative cost."""
        whole = run_weight(self.scenario)
        if self.until is None:
            return whole
        return whole * self.until / max(1, Schedule.of(self.scenario).n_steps)


def carry_out(
    waiting: Sequence[PlannedRun],
    jobs: int,
    executor: Executor | None,
    report: Progress,
    engine: type[Engine],
) -> Generator[RunResult]:
    """Results as they come, the longest runs started first."""
    ordered = sorted(waiting, key=lambda run: -run.weight())  # stable
    crew = _Crew(ordered, report, engine)
    if executor is not None:
        with _ctrl_c_noted(crew.stop):
            yield from crew.through(executor)
    elif jobs == 1:
        with _ctrl_c_noted(crew.stop):
            yield from crew.alone()
    else:
        with _ctrl_c_noted(crew.stop):
            yield from crew.through_pools(jobs)


@contextlib.contextmanager
def _ctrl_c_noted(stop: Any) -> Iterator[None]:
    """Turn ctrl-C into a mark that is looked at when it is safe; pressed twice, it acts at once.

    An exception in the midst of the pool's own code can leave one of its locks taken, and then
    nothing ends any more.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told of ctrl-C
        return

    def note(*_: Any) -> None:
        if stop.value:
            raise KeyboardInterrupt
        stop.value = 1

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _trying_again(run: PlannedRun) -> str:
    return f"the worker process of {run.folder.name} died; trying again"


class _Crew:
    """Runs to do, and what is known of each while it is done.

    `fractions` is plain shared memory without a lock, one slot a run: a process that is killed
    while it writes there cannot leave a lock behind.
    """

    def __init__(self, runs: Sequence[PlannedRun], report: Progress, engine: type[Engine]) -> None:
        self.runs = runs
        self.report = report
        self.engine = engine
        self.weights = [run.weight() for run in runs]
        self.fractions = multiprocessing.RawArray("d", max(1, len(runs)))
        self.stop: Any = multiprocessing.RawValue("b", 0)

    def tell(self) -> None:
        """Report the fraction of all work done."""
        total = sum(self.weights)
        done = sum(w * min(f, 1.0) for w, f in zip(self.weights, self.fractions, strict=False))
        self.report.advance(done / total if total else 1.0)

    def alone(self) -> Iterator[RunResult]:
        """One after the other, in this process."""

        def mark(index: int) -> Callable[[float], None]:
            def progress(fraction: float) -> None:
                self.fractions[index] = fraction
                self.tell()

            return progress

        for index, run in enumerate(self.runs):
            try:
                result = run.carry_out(
                    self.engine, progress=mark(index), should_stop=lambda: bool(self.stop.value)
                )
            except StoppedError:
                raise KeyboardInterrupt from None
            yield result
            if self.stop.value:
                raise KeyboardInterrupt

    def through(self, executor: Executor) -> Iterator[RunResult]:
        """By an executor that somebody else made and ends; progress run by run.

        A BrokenExecutor means that the process of a run died. That run is then tried once more
        when no other is in progress: a neighbour may have brought it down.
        """
        lost: list[int] = []
        yield from self._submitted(executor, range(len(self.runs)), lost)
        for i in sorted(lost):
            self.report.say(_trying_again(self.runs[i]))
            lost_again: list[int] = []
            yield from self._submitted(executor, [i], lost_again)
            if lost_again:
                yield self._killed(i)

    def _submitted(
        self, executor: Executor, indices: Sequence[int], lost: list[int]
    ) -> Iterator[RunResult]:
        """What an executor makes of these runs; those it loses are added to `lost`."""
        futures: dict[Future[RunResult], int] = {}
        try:
            for i in indices:
                try:
                    futures[
                        executor.submit(_far_away, self.runs[i], self.engine, model_fingerprint())
                    ] = i
                except BrokenExecutor:
                    lost.append(i)
            yield from self._collect(futures, lost)
        finally:
            for future in futures:
                future.cancel()

    def through_pools(self, jobs: int) -> Iterator[RunResult]:
        """By a pool of processes; after a killed process by a fresh one.

        When a process dies, the pool cannot say which run it had in hand. All runs in hand are
        then suspects and are tried again, each in a pool of its own, so that the innocent finish
        and the culprit is named.
        """
        left = list(range(len(self.runs)))
        while left:
            lost: list[int] = []
            yield from self._pool(left, jobs, lost)
            suspects = [i for i in lost if self.fractions[i] > 0.0]
            for i in suspects:
                self.report.say(_trying_again(self.runs[i]))
                for _ in range(ATTEMPTS_ALONE):
                    lost_again: list[int] = []
                    yield from self._pool([i], 1, lost_again)
                    if not lost_again:
                        break
                else:
                    yield self._killed(i)
            left = [i for i in lost if i not in suspects]
            if left and not suspects:  # processes end before they begin anything: no use
                for i in left:
                    yield self._killed(i, NOT_STARTED)
                return

    def _pool(self, indices: Sequence[int], jobs: int, lost: list[int]) -> Iterator[RunResult]:
        """One pool's work; the runs it loses are added to `lost`."""
        for i in indices:
            self.fractions[i] = 0.0
        ours = self.fractions, self.stop, str(PACKAGE), model_fingerprint()
        pool = ProcessPoolExecutor(
            min(jobs, len(indices)), worker_context(processes.PRELOADED), _enter_worker, ours
        )
        try:
            futures: dict[Future[RunResult], int] = {}
            for i in indices:
                run = self.runs[i]
                try:
                    with without_main(self.engine):
                        future = pool.submit(_work, i, run, self.engine)
                except BrokenProcessPool:
                    lost.append(i)
                except OSError as error:
                    raise StoreError(
                        f"worker processes cannot be started ({error.strerror or error}); use "
                        "fewer --jobs, or --jobs 1"
                    ) from error
                else:
                    futures[future] = i
            yield from self._collect(futures, lost)
        except BaseException:
            self.stop.value = 1  # runs in hand stop after their step and clean up
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _collect(
        self, futures: dict[Future[RunResult], int], lost: list[int]
    ) -> Iterator[RunResult]:
        pending = set(futures)
        while pending:
            done, pending = wait(
                pending, timeout=SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED
            )
            for future in sorted(done, key=lambda future: futures[future]):
                i = futures[future]
                try:
                    result = future.result()
                except BrokenExecutor:
                    lost.append(i)
                    continue
                except StoppedError:
                    continue
                self.fractions[i] = 1.0
                yield result
            if self.stop.value:
                raise KeyboardInterrupt
            self.tell()

    def _killed(self, i: int, cause: str = KILLED) -> RunResult:
        """Record a run whose process dies whenever it is tried; its checkpoint stays."""
        run = self.runs[i]
        if run.until is not None:
            return run.failed(cause)
        with RunWriter(run.folder) as writer:
            writer.write_text(SCENARIO_FILE, run.scenario.to_toml())
            writer.write_text(LOG_FILE, cause + "\n")
            writer.finish(
                {
                    "status": "failed",
                    "error": cause,
                    "scenario": run.scenario.name,
                    "seed": run.seed,
                    "identity": identity(run.scenario.identity_hash(), run.seed),
                    "parameters": run.scenario.resolved(),
                    **provenance(),
                }
            )
        return run.failed(cause)


# ---------------------------------------------------------------------------- within the processes
def _far_away(run: PlannedRun, engine: type[Engine], sources: str, **watch: Any) -> RunResult:
    """One run by somebody else's executor, whose processes may be on other machines."""
    if model_fingerprint() != sources:
        raise StoreError(
            f"{platform.node()} has other sources of mtor_abm, and one study must not mix two; "
            "update it and restart its workers"
        )
    if run.until is None and not run.folder.parent.is_dir():
        raise StoreError(
            f"{platform.node()} does not see {run.folder.parent}; give an --out on a disk that all "
            "machines share, under the same path"
        )
    if engine is MarrowEngine:
        ensure_compiled(lambda line: None)
    return run.carry_out(engine, **watch)


_fractions: Any = None
_stop: Any = None
_of_parent: tuple[str, str]  # folder and fingerprint of its package


def _enter_worker(fractions: Any, stop: Any, package: str, sources: str) -> None:
    """Prepare a process: ctrl-C is the parent's to handle, and no process outlives the parent."""
    global _fractions, _stop, _of_parent
    _fractions, _stop, _of_parent = fractions, stop, (package, sources)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel

        def leave_with_parent() -> None:
            multiprocessing.connection.wait([sentinel])
            os._exit(1)

        threading.Thread(target=leave_with_parent, daemon=True).start()


def _work(index: int, run: PlannedRun, engine: type[Engine]) -> RunResult:
    """One run within a pool's process."""

    def progress(fraction: float) -> None:
        _fractions[index] = max(fraction, STARTED)

    progress(STARTED)
    refuse_other_package(*_of_parent)
    if _stop.value:
        raise StoppedError(run.folder.name)
    return run.carry_out(engine, progress=progress, should_stop=lambda: bool(_stop.value))
