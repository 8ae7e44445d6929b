"""One run: step, observe, write."""

import math
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..errors import UserError, one_line
from ..provenance import identity, provenance
from ..readouts import count_events, summarise
from ..store import LOG_FILE, SCENARIO_FILE, RunWriter, StoreError, snapshot_name

HOURS_PER_DAY = 24.0
EVENTS_PER_CHUNK = 20_000


class Engine(Protocol):
    """What runs: a model and the ways to look at it. Picklable, so a class rather than a module."""

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


class MarrowEngine:
    """The marrow of this package, imported when it is first needed."""

    @staticmethod
    def create(scenario: Any, seed: int) -> Any:
        """The marrow at hour 0."""
        from ..model import MarrowModel

        return MarrowModel(scenario, seed)

    @staticmethod
    def columns() -> Mapping[str, Any]:
        """Columns of the time series."""
        from ..observe import COLUMNS

        return COLUMNS

    @staticmethod
    def row(model: Any) -> Mapping[str, float]:
        """One row of the time series."""
        from .. import observe

        return observe.row(model)

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


@dataclass(frozen=True)
class RunResult:
    """How one run ended.

    Attributes:
        scenario, seed: what ran.
        folder: where it lies.
        status: "done", "skipped" (was complete already) or "failed".
        wall_s: seconds it took; 0 if skipped.
        error: one line if it failed.
    """

    scenario: str
    seed: int
    folder: Path
    status: str
    wall_s: float = 0.0
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**self.__dict__, "folder": str(self.folder)}


class StoppedError(Exception):
    """The run was asked to stop before its end; it has left nothing behind."""


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
) -> RunResult:
    """Run one scenario with one seed and write it to `folder`.

    A fault of the model is caught: the folder then holds scenario.toml, run.log with the traceback
    and a manifest with the status "failed".

    Args:
        scenario: validated parameters.
        seed: key of all chance in the run.
        folder: new folder, or one of ours to be written anew.
        progress: called with the fraction done, in [0, 1], after each step.
        should_stop: asked after each step.
        engine: the model and how to observe it.

    Raises:
        StoreError: the disk refuses; nothing is left behind.
        StoppedError: `should_stop` said so; nothing is left behind.
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

    with RunWriter(folder) as writer:
        track = _Track(writer, scenario, engine)
        try:
            writer.write_text(SCENARIO_FILE, scenario.to_toml())
            track.follow(seed, progress, should_stop)
            return RunResult(
                scenario.name, seed, folder, "done",
                finish(writer, n_steps=track.step, tables=track.dictionary()),
            )  # fmt: skip
        except (StoreError, StoppedError):
            raise
        except Exception as error:
            cause = (
                str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            )
            cause = one_line(cause)
            writer.discard()
            writer.write_text(SCENARIO_FILE, scenario.to_toml())
            writer.write_text(LOG_FILE, f"{track.where()}\n\n{traceback.format_exc()}")
            wall_s = finish(writer, status="failed", error=cause, n_steps=track.step)
            return RunResult(scenario.name, seed, folder, "failed", wall_s, cause)


class _Track:
    """What a run has shown so far, on its way to the writer."""

    def __init__(self, writer: RunWriter, scenario: Any, engine: type[Engine]) -> None:
        self.writer = writer
        self.scenario = scenario
        self.engine = engine
        self.schedule = Schedule.of(scenario)
        self.step = 0
        self.rows: list[Mapping[str, float]] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.waiting: list[Mapping[str, np.ndarray]] = []
        self.n_waiting = 0

    def follow(
        self, seed: int, progress: Callable[[float], None], should_stop: Callable[[], bool]
    ) -> None:
        """Run from hour 0 to the end and write all tables."""
        model = self.engine.create(self.scenario, seed)
        self._look(model)
        while self.step < self.schedule.n_steps:
            if should_stop():
                raise StoppedError(self.where())
            model.step()
            self.step += 1
            self._look(model)
            progress(self.step / self.schedule.n_steps)
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

    def _look(self, model: Any) -> None:
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
        """Keep the new events in memory until there are enough for one write."""
        chunk = model.take_events()
        n = len(chunk["event"])
        count_events(self.counts, chunk)
        if self.scenario.output.events and (n or not self.waiting):
            self.waiting.append(chunk)
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
        self.writer.write_table("timeseries.csv", series)
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
