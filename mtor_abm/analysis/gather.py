"""The tables of all runs of a study as a few long ones, for R, pandas or a spreadsheet.

    gathered/timeseries.csv   scenario, seed, then the columns of timeseries.csv
    gathered/summary.csv      scenario, seed, then readout, unit, value
    gathered/events.csv       scenario, seed, then the columns of events.csv, if asked for
    gathered/effects.csv      every arm against its control (see `groups`), as comparison.csv

Rows are copied as text with two cells put before them, run after run: of the tables no more than
those of one run are in memory, and of each run only what `compare` reads is kept for the effects.
"""

import functools
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import UserError
from ..runner.record import Standing, refresh
from ..runner.study_folder import find_runs
from ..store import Run, ended_run
from ..tidy_csv import read_csv
from ..whole_file import NewFile, open_regular, storage_error
from . import parquet as parquet_files
from .arms import SAME_AT_START, arms_of, in_short
from .compare import Comparison, compare_groups, write_effects
from .groups import grouped, values_of_points

FOLDER = "gathered"
TABLES = ("timeseries.csv", "summary.csv")
EVENTS = "events.csv"
EFFECTS = "effects.csv"
KEYS = b"scenario,seed,"
KEPT_COLUMNS = ("time_h", *SAME_AT_START)
KEPT_OF_MANIFEST = ("scenario", "seed", "status", "identity", "parameters")


@dataclass(frozen=True)
class Gathered:
    """What was gathered.

    Attributes:
        standing: how many runs of the study are complete, failed or left.
        n_runs: complete runs in the tables.
        rows: path of each table -> its number of rows.
        notes: what a reader should know, one sentence each.
        effects: every arm against its control, None where there is nothing to compare.
        points: of a sweep, treated arm -> what varies -> its value.
    """

    standing: Standing
    n_runs: int
    rows: dict[Path, int]
    notes: list[str]
    effects: Comparison | None = None
    points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether no run of the study failed or is left."""
        return not (self.standing.n_failed or self.standing.n_left)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        rows = {str(path): n for path, n in self.rows.items()}
        about = {"n_runs": self.n_runs, "rows": rows, "notes": self.notes}
        return self.standing.as_dict() | about

    def text(self) -> str:
        """For the terminal: what is there and what is missing, a line per table, then the notes."""
        parts = [f"{self.n_runs} run{'s' * (self.n_runs != 1)} gathered"]
        if self.standing.n_failed:
            parts.append(f"{self.standing.n_failed} failed")
        if self.standing.n_left:
            parts.append(
                f"{self.standing.n_left} left: repeat the command of their shard, or all without it"
            )
        lines = [", ".join(parts)]
        lines += [f"{n:>10} rows  {path}" for path, n in self.rows.items()]
        if self.effects is not None:
            lines.append(self.effects.effects_text(self.points))
        return "\n".join(lines + self.notes)


def gather(
    study: Path, out: Path | None = None, *, events: bool = False, parquet: bool = False,
    control: str | None = None,
) -> Gathered:  # fmt: skip
    """Gather the tables of all complete runs of a study.

    If shards left them behind, summary.csv and study.json of the study are made whole first.

    Args:
        study: its folder.
        out: folder of the tables; None takes `gathered` within the study.
        events: gather events.csv too, by far the largest.
        parquet: write each table as Parquet too, beside the CSV.
        control: scenario of the control arm of the effects; None takes what the study says
            (see `groups.grouped`).

    Raises:
        UserError: no study, no complete run, no arm of the name of the control, runs with other
            columns, a damaged file, a folder that cannot be written to, or pyarrow is missing.
    """
    if parquet:
        parquet_files.ensure_installed()
    standing = refresh(study)
    out = study / FOLDER if out is None else out
    kept: list[Run] = []
    incomplete, eventless = [], []
    parameters: dict[str, Any] = {}  # of each scenario once; all its runs have the same
    with LongTables(out, (*TABLES, EVENTS) if events else TABLES) as tables:
        for folder in find_runs(study):
            run = _complete_run(folder)
            if run is None:
                incomplete.append(folder.name)
                continue
            content = {name: run.content(name) for name in TABLES}
            for name in TABLES:
                tables.add(name, run, content[name])
            if events and EVENTS in run.manifest["files"]:
                tables.add(EVENTS, run, run.content(EVENTS))
            elif events:
                eventless.append(folder.name)
            kept.append(_in_short(run, content, parameters))
        if not kept:
            raise UserError(f"{study} has no complete run; run the study first")
        faults: list[str] = []
        effects = _effects(kept, study, faults, control)
        rows = tables.finish()
    notes = [
        f"Left out of {table}: {in_short(names)}, {why}."
        for names, table, why in (
            (incomplete, "all tables", "not complete"),
            (eventless, EVENTS, "run with output.events = false"),
        )
        if names
    ]
    notes += faults
    effect_rows = [] if effects is None else effects.rows
    rows[write_effects(out / EFFECTS, effect_rows)] = len(effect_rows)
    if parquet:
        rows |= {parquet_files.convert(path): n for path, n in rows.items()}
    return Gathered(standing, len(kept), rows, notes, effects, values_of_points(study))


class LongTables:
    """Long tables while they are written; none appears before all are whole.

    Leaving the `with` block without `finish` leaves nothing behind.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """Prepare to write tables of these names; one of ours in their place is replaced.

        Raises:
            UserError: another file stands there, or the disk refuses.
        """
        self.folder = folder
        self._files: dict[str, NewFile] = {}
        self._first: dict[str, tuple[Path, bytes]] = {}  # whose columns all others must have
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in names:
                _refuse_foreign(folder / name)
            for name in names:
                self._files[name] = NewFile(folder / name, rows=0)
        except OSError as error:
            self._abandon()
            raise storage_error(error, folder) from error

    def add(self, name: str, run: Run, content: bytes) -> None:
        """Append the rows of one run, each with scenario and seed before it.

        Lines are rows: no cell of these tables (numbers, names of things) holds a line break.

        Raises:
            UserError: the run has other columns than the first, or the disk refuses.
        """
        header, _, body = content.partition(b"\n")
        file = self._files[name]
        before = f"{run.scenario},{run.seed},".encode()
        try:
            if name not in self._first:
                self._first[name] = (run.folder, header)
                file.write_bytes(KEYS + header + b"\n")
            elif header != self._first[name][1]:
                _refuse_columns(run.folder / name, header, *self._first[name])
            if body:
                file.write_bytes(before + body[:-1].replace(b"\n", b"\n" + before) + b"\n")
        except OSError as error:
            raise storage_error(error, self.folder / name) from error
        file.rows = (file.rows or 0) + body.count(b"\n")

    def finish(self) -> dict[Path, int]:
        """Give those that a run was added to their names; path -> rows."""
        rows = {}
        for name in self._first:
            file = self._files.pop(name)
            try:
                rows[file.path] = int(file.commit()["rows"])
            except OSError as error:
                raise storage_error(error, self.folder / name) from error
        return rows

    def __enter__(self) -> "LongTables":
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not finished."""
        self._abandon()

    def _abandon(self) -> None:
        for file in self._files.values():
            file.abandon()


@dataclass(frozen=True)
class RunInShort(Run):
    """A run of which only what `compare` reads is in memory.

    Attributes:
        series: the columns KEPT_COLUMNS of its time series, as far as it has them.
        readouts: its summary.
    """

    series: Any
    readouts: Any

    @functools.cached_property
    def timeseries(self) -> Any:
        """The columns that are compared."""
        return self.series

    @functools.cached_property
    def summary(self) -> Any:
        """summary.csv: readout, unit, value."""
        return self.readouts


class RunToCopy(Run):
    """A run whose files are copied as they are, once checked."""

    def content(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            StoreError: no such file, or it differs from what the run wrote.
        """
        return self._content(name)


def _complete_run(folder: Path) -> RunToCopy | None:
    """The run, or None if it failed or is half-written."""
    run = ended_run(folder)
    if run is None or run.status != "complete":
        return None
    return RunToCopy(folder, run.manifest)


def _in_short(run: Run, content: dict[str, bytes], parameters: dict[str, Any]) -> RunInShort:
    """What the comparison needs; parameters of one hash are kept once for all runs."""
    about = {key: run.manifest[key] for key in KEPT_OF_MANIFEST}
    digest = f"{run.scenario} {run.identity.get('scenario_sha256')}"
    about["parameters"] = parameters.setdefault(digest, about["parameters"])
    import pandas as pd

    columns = content["timeseries.csv"].partition(b"\n")[0].decode().split(",")
    series = pd.read_csv(
        io.BytesIO(content["timeseries.csv"]), usecols=[c for c in KEPT_COLUMNS if c in columns]
    )
    return RunInShort(run.folder, about, series, read_csv(content["summary.csv"]))


def _effects(
    runs: Sequence[Run], study: Path, notes: list[str], control: str | None
) -> Comparison | None:
    """Every arm against its control; why there is no effect is added to the notes."""
    try:
        grouping = grouped(study, arms_of(runs), control)
    except UserError as fault:
        if control is not None:
            raise
        notes.append(f"No effects: {fault}.")
        return None
    found = compare_groups(grouping)
    notes += found.notes
    return found if found.rows else None


def _refuse_foreign(path: Path) -> None:
    """See that nothing but a table of ours would be replaced."""
    if not path.exists():
        return
    with open_regular(path) as file:
        if file.read(len(KEYS)) != KEYS:
            raise UserError(f"{path} was not written by gather; move it or choose another --out")


def _refuse_columns(path: Path, header: bytes, first_folder: Path, first: bytes) -> None:
    odd = sorted(set(header.decode().split(",")) ^ set(first.decode().split(",")))
    which = ", ".join(odd[:3]) or "their order"
    raise UserError(
        f"{path} has other columns than {first_folder.name} ({which}), so they make no one "
        "table; re-run the older one with --force"
    )
