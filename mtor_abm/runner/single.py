"""One run: step, observe, write."""

import math
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..errors import UserError, one_line
from ..provenance import identity, provenance
from ..readouts import count_events, summarise
from ..store import CHECKPOINT, LOG_FILE, SCENARIO_FILE, RunWriter, StoreError, snapshot_name
from .checkpoint import Checkpoint, keep, kept_if_usable

HOURS_PER_DAY = 24.0
SECONDS_BETWEEN_CHECKPOINTS = 30.0  # of work that a killed run may lose; one takes about 0.1 s
EVENTS_PER_CHUNK = 20_000
TIME_COLUMNS = ("time_h", "time_d")  # of the time series, whatever columns are chosen


class Engine(Protocol):
    """What runs: a model and the ways to look at it. Picklable, so a class rather than a module.

    Checkpoints hold the model as `frozen` says: plain values, arrays of numbers and objects of
    classes of this package or of the module of the engine.
    """

    @staticmethod
    def create(scenario: Any, seed: int) -> Any:
        """A model at hour 0 with `step()`, `time_h` and `take_events()`."""

    @staticmethod
    def columns() -> Mapping[str, Any]:
        """Columns of the time series: name -> (name, unit, meaning, summary)."""

    @staticmethod
    def row(model: Any) -> Mapping[str, float]:
        """One row of the time series."""

    @staticmethod
    def cells_table(model: Any) -> Any:
        """One row per cell."""

    @staticmethod
    def fields_table(model: Any) -> Any:
        """One row per site."""

    @staticmethod
    def go_on_under(model: Any, scenario: Any) -> None:
        """Let a model go on under a scenario that differs in nothing that has happened yet."""


class MarrowEngine:
    """The marrow of this package, imported when it is first needed."""

    @staticmethod
    def create(scenario: Any, seed: int) -> Any:
        """The marrow at hour 0."""
        from ..model import MarrowModel
        from ..observe import Observer

        model = MarrowModel(scenario, seed)
        model.observer = Observer()  # goes into checkpoints with the model
        return model

    @staticmethod
    def columns() -> Mapping[str, Any]:
        """Columns of the time series."""
        from ..observe import COLUMNS

        return COLUMNS

    @staticmethod
    def row(model: Any) -> Mapping[str, float]:
        """One row of the time series."""
        row: Mapping[str, float] = model.observer.row(model)
        return row

    @staticmethod
    def cells_table(model: Any) -> Any:
        """One row per cell."""
        from .. import snapshots

        return snapshots.cells_table(model)

    @staticmethod
    def fields_table(model: Any) -> Any:
        """One row per site."""
        from .. import snapshots

        return snapshots.fields_table(model)

    @staticmethod
    def go_on_under(model: Any, scenario: Any) -> None:
        """Other drugs from now on."""
        model.go_on_under(scenario)


@dataclass(frozen=True)
class RunResult:
    """How one run ended.

    Attributes:
        scenario, seed: what ran.
        folder: where it lies.
        status: "done", "skipped" (was complete already) or "failed".
        wall_s: seconds it took; 0 if skipped.
        error: one line if it failed.
        begun_at_step: step of the checkpoint it went on from, 0 for the start.
        warning: one line on what went wrong without harm to its results.
    """

    scenario: str
    seed: int
    folder: Path
    status: str
    wall_s: float = 0.0
    error: str | None = None
    begun_at_step: int = 0
    warning: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**self.__dict__, "folder": str(self.folder)}


class StoppedError(Exception):
    """The run was asked to stop before its end; it has left nothing behind but a checkpoint."""


@dataclass(frozen=True)
class Trunk:
    """What several runs have in common until they part.

    Attributes:
        folder: holds its checkpoint.
        identity: of that checkpoint.
    """

    folder: Path
    identity: dict[str, Any]


@dataclass(frozen=True)
class Schedule:
    """Which steps of a run are looked at."""

    n_steps: int
    observe_every: int
    cells_at: Mapping[int, float]
    fields_at: Mapping[int, float]

    @classmethod
    def of(cls, scenario: Any) -> "Schedule":
        """Turn the hours and days of a scenario into whole steps."""
        step_h = scenario.run.step_h
        n_steps = round(scenario.run.days * HOURS_PER_DAY / step_h)

        def steps(days: Any) -> dict[int, float]:
            at = {round(day * HOURS_PER_DAY / step_h): float(day) for day in days}
            return {step: day for step, day in at.items() if 0 <= step <= n_steps}

        return cls(
            n_steps,
            max(1, round(scenario.output.every_h / step_h)),
            steps(scenario.output.cells_at_days),
            steps(scenario.output.fields_at_days),
        )

    def observes(self, step: int) -> bool:
        """True at the start, every so often, and at the end."""
        return step % self.observe_every == 0 or step == self.n_steps


def run_one(
    scenario: Any,
    seed: int,
    folder: Path,
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
    engine: type[Engine] = MarrowEngine,
    trunk: Trunk | None = None,
    checkpoint_every_s: float = SECONDS_BETWEEN_CHECKPOINTS,
) -> RunResult:
    """Run one scenario with one seed and write it to `folder`.

    A run that was interrupted continues from its checkpoint; one without may start from the
    checkpoint of a trunk. Either gives the bytes of a run from hour 0.

    A fault of the model is caught: the folder then holds scenario.toml, run.log with the traceback
    and a manifest with the status "failed".

    Args:
        scenario: validated parameters.
        seed: key of all chance in the run.
        folder: new folder, or one of ours to be overwritten.
        progress: called with the fraction done, in [0, 1], after each step.
        should_stop: asked after each step.
        engine: the model and how to observe it.
        trunk: what the run shares with others up to some step, if that was kept.
        checkpoint_every_s: seconds of work between checkpoints.

    Raises:
        StoreError: the disk refuses; nothing is left behind but a checkpoint.
        StoppedError: `should_stop` said so; nothing is left behind but a checkpoint.
    """
    started = time.perf_counter()
    manifest: dict[str, Any] = {
        "status": "complete",
        "scenario": scenario.name,
        "seed": seed,
        "identity": identity(scenario.identity_hash(), seed),
        "parameters": scenario.resolved(),
    }

    def finish(writer: RunWriter, **more: Any) -> float:
        wall_s = time.perf_counter() - started
        about = {
            **manifest, **more, "wall_s": round(wall_s, 3), **provenance(),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }  # fmt: skip
        writer.finish(about)
        return wall_s

    begun = _begun(scenario, seed, folder, engine, trunk)
    with RunWriter(folder) as writer:
        track = Track(writer, scenario, engine)
        try:
            writer.write_text(SCENARIO_FILE, scenario.to_toml())
            track.begin(seed, begun)
            n_before, begun = track.step, None  # and the tables of the checkpoint may go
            put_down = Habit(folder / CHECKPOINT, manifest["identity"], checkpoint_every_s)
            track.follow(track.schedule.n_steps, progress, should_stop, put_down)
            track.close()
            return RunResult(
                scenario.name, seed, folder, "done",
                finish(
                    writer, n_steps=track.step, begun_at_step=n_before, tables=track.dictionary()
                ),
                begun_at_step=n_before, warning=put_down.warning,
            )  # fmt: skip
        except (StoreError, StoppedError):
            raise
        except Exception as error:
            cause = (
                str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            )
            cause = one_line(cause)
            writer.discard()
            writer.forget_checkpoint()
            writer.write_text(SCENARIO_FILE, scenario.to_toml())
            writer.write_text(LOG_FILE, f"{track.where()}\n\n{traceback.format_exc()}")
            wall_s = finish(writer, status="failed", error=cause, n_steps=track.step)
            return RunResult(scenario.name, seed, folder, "failed", wall_s, cause)


def _begun(
    scenario: Any, seed: int, folder: Path, engine: type[Engine], trunk: Trunk | None
) -> Checkpoint | None:
    """Where the run may begin: its own last checkpoint, the end of the trunk, or None: hour 0."""
    own = kept_if_usable(folder / CHECKPOINT, identity(scenario.identity_hash(), seed), engine)
    if own is not None or trunk is None:
        return own
    found = kept_if_usable(trunk.folder / CHECKPOINT, trunk.identity, engine)
    if found is not None:
        engine.go_on_under(found.model, scenario)
    return found


@dataclass
class Habit:
    """When and where a run saves a checkpoint.

    Attributes:
        path: of the file. identity: of the run. every_s: seconds of work between two.
        warning: why the last one could not be saved; the run goes on without.
    """

    path: Path
    identity: Mapping[str, Any]
    every_s: float
    warning: str | None = None
    _last: float = field(default_factory=time.perf_counter)

    def is_due(self) -> bool:
        """Whether enough work was done since the last, or since the start."""
        return time.perf_counter() - self._last >= self.every_s

    def is_worth_it(self) -> bool:
        """Whether a run that is stopped now should keep what it has done since the last."""
        return time.perf_counter() - self._last >= self.every_s / 10.0

    def put_down(self, checkpoint: Checkpoint) -> None:
        """Write it, if the disk takes it."""
        self.warning = None
        try:
            keep(self.path, checkpoint, self.identity)
        except (StoreError, TypeError) as error:
            self.warning = one_line(f"no checkpoint could be saved: {error}")
        self._last = time.perf_counter()


def grow_trunk(
    scenario: Any,
    seed: int,
    trunk: Trunk,
    until: int,
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    should_stop: Callable[[], bool] = lambda: False,
    engine: type[Engine] = MarrowEngine,
    checkpoint_every_s: float = SECONDS_BETWEEN_CHECKPOINTS,
) -> RunResult:
    """Run what several runs share, and leave a checkpoint of its end.

    Args:
        scenario: what they share. seed: key of all chance. trunk: where the checkpoint goes.
        until: step they part after.
        progress, should_stop, engine, checkpoint_every_s: as `run_one`.

    Raises:
        as `run_one`. A fault of the model is raised too: the arms meet it again, each for itself.
    """
    started = time.perf_counter()
    begun = kept_if_usable(trunk.folder / CHECKPOINT, trunk.identity, engine)
    if begun is not None and begun.step == until:
        return RunResult(scenario.name, seed, trunk.folder, "skipped")
    with RunWriter(trunk.folder) as writer:
        track = Track(writer, scenario, engine)
        track.begin(seed, begun)
        begun = None
        habit = Habit(trunk.folder / CHECKPOINT, trunk.identity, checkpoint_every_s)
        track.follow(until, progress, should_stop, habit)
        keep(trunk.folder / CHECKPOINT, track.checkpoint(), trunk.identity, packed=True)
    wall_s = time.perf_counter() - started
    return RunResult(scenario.name, seed, trunk.folder, "done", wall_s)


class Track:
    """What a run has shown so far, on its way to the writer."""

    def __init__(self, writer: RunWriter, scenario: Any, engine: type[Engine]) -> None:
        self.writer = writer
        self.scenario = scenario
        self.engine = engine
        self.schedule = Schedule.of(scenario)
        self.model: Any = None
        self.step = 0
        self.rows: list[Mapping[str, float]] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.waiting: list[Mapping[str, np.ndarray]] = []
        self.n_waiting = 0

    def begin(self, seed: int, begun: Checkpoint | None) -> None:
        """Start at hour 0, or where a checkpoint was made."""
        if begun is None:
            self.model = self.engine.create(self.scenario, seed)
            self._look()
            return
        self.model = begun.model
        self.step, self.rows, self.counts = begun.step, begun.rows, begun.counts
        files = {name: file for name, file in begun.files.items() if name != SCENARIO_FILE}
        self.writer.take_up(files)

    def follow(
        self, until: int, progress: Callable[[float], None], should_stop: Callable[[], bool],
        habit: Habit,
    ) -> None:  # fmt: skip
        """Run on until this step is done."""
        while self.step < until:
            if should_stop():
                if habit.is_worth_it():
                    habit.put_down(self.checkpoint())
                raise StoppedError(self.where())
            self.model.step()
            self.step += 1
            self._look()
            progress(self.step / self.schedule.n_steps)
            if habit.is_due() and self.step < until:
                habit.put_down(self.checkpoint())

    def checkpoint(self) -> Checkpoint:
        """Where the run stands."""
        self._flush_events()
        return Checkpoint(self.step, self.model, self.rows, self.counts, self.writer.so_far())

    def close(self) -> None:
        """Write what is written at the end."""
        self._flush_events()
        self._write_series()

    def where(self) -> str:
        """One line that says how far the run came."""
        hours = self.step * self.scenario.run.step_h
        return (
            f"{self.scenario.name}: after step {self.step} of {self.schedule.n_steps} ({hours:g} h)"
        )

    def dictionary(self) -> dict[str, dict[str, str]]:
        """Unit and meaning of each column of the time series."""
        return {
            name: {"unit": column.unit, "meaning": column.meaning}
            for name, column in self.engine.columns().items()
        }

    def _look(self) -> None:
        model = self.model
        self._take_events(model)
        if self.schedule.observes(self.step):
            self.rows.append(dict(self.engine.row(model)))
        if self.step in self.schedule.cells_at:
            name = snapshot_name("cells", self.schedule.cells_at[self.step])
            self.writer.write_table(name, self.engine.cells_table(model))
        if self.step in self.schedule.fields_at:
            name = snapshot_name("fields", self.schedule.fields_at[self.step])
            self.writer.write_table(name, self.engine.fields_table(model))

    def _take_events(self, model: Any) -> None:
        """Count the new events; keep those to be written until there are enough for one write."""
        chunk = model.take_events()
        count_events(self.counts, chunk)
        wanted = self.scenario.output.events
        if not wanted:
            return
        is_wanted = np.isin(chunk["event"].astype(str), wanted)
        n = int(is_wanted.sum())
        if n or not self.waiting:
            self.waiting.append({name: column[is_wanted] for name, column in chunk.items()})
            self.n_waiting += n
            if self.n_waiting >= EVENTS_PER_CHUNK:
                self._flush_events()

    def _flush_events(self) -> None:
        """Write what waits. An empty chunk only lends its column names: its types mean nothing."""
        if not self.waiting:
            return
        chunks = [chunk for chunk in self.waiting if len(chunk["event"])] or self.waiting[:1]
        table = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
        self.writer.append("events.csv", table)
        self.waiting, self.n_waiting = [], 0

    def _write_series(self) -> None:
        names = list(self.engine.columns())
        if set(self.rows[0]) != set(names):
            odd = sorted(set(self.rows[0]) ^ set(names))
            raise ValueError(f"row and COLUMNS of the time series disagree on {', '.join(odd)}")
        series = {name: np.array([row[name] for row in self.rows]) for name in names}
        wanted = self.scenario.output.columns or names
        written = {k: v for k, v in series.items() if k in TIME_COLUMNS or k in wanted}
        self.writer.write_table("timeseries.csv", written)
        steps = [s for s in range(self.schedule.n_steps + 1) if self.schedule.observes(s)]
        time_d = np.array(steps) * self.scenario.run.step_h / HOURS_PER_DAY
        columns = self.engine.columns()
        self.writer.write_table("summary.csv", summarise(columns, time_d, series, self.counts))


def run_weight(scenario: Any) -> float:
    """Relative cost of a run: its number of steps times its number of sites, if it says so."""
    n_steps = Schedule.of(scenario).n_steps
    geometry = getattr(scenario, "groups", {}).get("geometry")
    n_sites = math.prod(getattr(geometry, key, 1) for key in ("nx", "ny"))
    return float(n_steps * n_sites)
