"""What a run looks like on disk.

    outputs/<study>/study.json                   the mark of a study folder
    outputs/<study>/summary.csv                  all runs: scenario, seed, readout, unit, value
    outputs/<study>/damaged/                     runs that were damaged and moved aside
    outputs/<study>/<scenario>__seed_0001/       one run
        scenario.toml                            resolved
        timeseries.csv  events.csv  summary.csv
        cells/day_014.00.csv  fields/day_014.00.csv
        checkpoint.bin                           of a running or interrupted run
        manifest.json                            written last; without it a run is half-written

Every file is written under a temporary name beside its final one and renamed when whole. A folder
that holds anything which is not ours is never written to and never emptied.
"""

import contextlib
import functools
import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .manifest import (
    CHECKPOINT,
    LOG_FILE,
    MANIFEST,
    RUN_FILES,
    RUN_NAME,
    SCENARIO_FILE,
    SNAPSHOT_NAME,
    SNAPSHOTS,
    DamagedRunError,
    damaged,
    day_label,
    read_manifest,
    refuse_other_place,
    sealed,
    snapshot_name,
)
from .tidy_csv import read_csv
from .whole_file import (
    NewFile,
    StoreError,
    is_partial,
    json_text,
    read_regular,
    storage_error,
    write_file,
)

LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

__all__ = [
    "CHECKPOINT", "LOG_FILE", "MANIFEST", "RUN_FILES", "RUN_NAME", "SCENARIO_FILE", "SNAPSHOTS",
    "SNAPSHOT_NAME", "DamagedRunError", "FileSoFar", "Run", "RunWriter", "StoreError",
    "clear_run", "day_label", "ended_run", "foreign_entries", "is_litter", "parts_of_run_name",
    "read_manifest", "read_run", "run_name", "snapshot_name",
]  # fmt: skip


def run_name(scenario: str, seed: int) -> str:
    """Name of a run's folder.

    Raises:
        StoreError: a scenario name that cannot be part of a folder name.
    """
    name = f"{scenario}__seed_{seed:04d}"
    if not RUN_NAME.fullmatch(name):
        raise StoreError(
            f"scenario name {scenario!r} with seed {seed} cannot name a folder; use letters, "
            "digits, _ . + - and seeds from 0"
        )
    return name


def parts_of_run_name(name: str) -> tuple[str, int]:
    """Scenario and seed of a run's folder, by its name alone; the inverse of `run_name`."""
    scenario, _, seed = name.rpartition("__seed_")
    return scenario, int(seed)


# ------------------------------------------------------------------------------------------- write
@dataclass(frozen=True)
class FileSoFar:
    """What a run has written to one file until now.

    Attributes:
        content: its bytes. rows: of a table, None for a text. open: more rows may follow.
    """

    content: bytes
    rows: int | None
    open: bool


class RunWriter:
    """A run while it is written. Leaving the `with` block by an exception removes the run.

    Its last checkpoint, if there is one, stays: whoever runs it again continues from there.

    Raises:
        StoreError: on entering, if the folder holds something that is not ours; in any method, if
            the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare to write the run `folder`; an older run of ours in its place is removed."""
        self.folder = Path(folder)
        self.files: dict[str, dict[str, Any]] = {}
        self._open: dict[str, NewFile] = {}
        self._finished = False
        try:
            clear_run(self.folder)
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, self.folder) from error

    def write_text(self, name: str, text: str) -> None:
        """Write one text file."""
        self._do(name, lambda file: file.write(text))
        self._close(name)

    def write_table(self, name: str, table: Mapping[str, Any]) -> None:
        """Write one table whole."""
        self.append(name, table)
        self._close(name)

    def append(self, name: str, table: Mapping[str, Any]) -> None:
        """Append rows to a table that stays open until `finish`."""
        self._do(name, lambda file: file.append(table))

    def so_far(self) -> dict[str, FileSoFar]:
        """All that was written until now, by name."""
        try:
            closed = {
                name: FileSoFar((self.folder / name).read_bytes(), entry.get("rows"), False)
                for name, entry in self.files.items()
            }
            return closed | {
                name: FileSoFar(file.so_far(), file.rows, True) for name, file in self._open.items()
            }
        except OSError as error:
            raise storage_error(error, self.folder) from error

    def take_up(self, files: Mapping[str, FileSoFar]) -> None:
        """Write again what was written when a checkpoint was made."""
        for name, so_far in files.items():

            def put(file: NewFile, so_far: FileSoFar = so_far) -> None:
                file.write_bytes(so_far.content)
                file.rows = so_far.rows

            self._do(name, put)
            if not so_far.open:
                self._close(name)

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Close all tables, then write the manifest: from then on the run is over.

        A complete run needs no checkpoint any more; one that failed may go on from it.
        """
        for name in list(self._open):
            self._close(name)
        files = dict(sorted(self.files.items()))
        write_file(self.folder / MANIFEST, json_text(sealed({**manifest, "files": files})))
        self._finished = True
        if manifest.get("status") == "complete":
            self.forget_checkpoint()

    def forget_checkpoint(self) -> None:
        """Remove the checkpoint: the run is complete, or would fail again; never fails."""
        with contextlib.suppress(OSError):
            (self.folder / CHECKPOINT).unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove what was written, so that nothing is left or writing starts again; never fails."""
        for file in self._open.values():
            file.abandon()
        self._open.clear()
        self.files.clear()
        with contextlib.suppress(OSError, StoreError):
            clear_run(self.folder)
            self.folder.rmdir()

    def __enter__(self) -> "RunWriter":
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the run unless it was finished."""
        if not self._finished:
            self.discard()

    def _do(self, name: str, action: Any) -> None:
        path = self.folder / name
        try:
            if name not in self._open:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._open[name] = NewFile(path)
            action(self._open[name])
        except OSError as error:
            raise storage_error(error, path) from error

    def _close(self, name: str) -> None:
        try:
            self.files[name] = self._open[name].commit()
        except OSError as error:
            raise storage_error(error, self.folder / name) from error
        del self._open[name]


def clear_run(folder: Path) -> None:
    """Remove the files of an older or half-written run of ours; folder and checkpoint stay.

    Raises:
        StoreError: something in the folder is not ours; then nothing is removed.
        OSError: the system refuses.
    """
    if folder.is_symlink():
        raise StoreError(
            f"{folder} is a link, and a run is written to a folder of its own; remove the link"
        )
    if not folder.exists():
        return
    foreign = foreign_entries(folder)
    if foreign:
        raise StoreError(
            f"{folder} holds {foreign[0]!r}, which no run of mtor_abm writes; "
            "move it or choose another --out or --name"
        )
    # The manifest goes first: whatever happens next, the rest cannot pass for a complete run.
    # The checkpoint of a half-written run stays for whoever goes on with it.
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name != MANIFEST):
        if entry.name == CHECKPOINT or is_litter(entry.name):
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _may_stand(name: str) -> bool:
    """Whether a file of this name may stand among snapshots."""
    return is_litter(name) or is_partial(name) or SNAPSHOT_NAME.fullmatch(name) is not None


def is_litter(name: str) -> bool:
    """Whether a name is of a file that a system leaves in any folder a person opens."""
    return name in LITTER or name.startswith(("._", ".nfs", ".fuse_hidden"))


def foreign_entries(folder: Path) -> list[str]:
    """Names within a run folder that are not ours, sorted."""
    foreign = []
    for entry in folder.iterdir():
        if is_litter(entry.name) and not entry.is_dir():
            continue
        if entry.name in SNAPSHOTS and entry.is_dir() and not entry.is_symlink():
            foreign += [
                f"{entry.name}/{inner.name}"
                for inner in entry.iterdir()
                if inner.is_dir()
                or not (
                    is_litter(inner.name)
                    or SNAPSHOT_NAME.fullmatch(inner.name)
                    or is_partial(inner.name)
                )
            ]
        elif entry.is_dir() or not (entry.name in RUN_FILES or is_partial(entry.name)):
            foreign.append(entry.name)
    return sorted(foreign)


# -------------------------------------------------------------------------------------------- read
@dataclass(frozen=True)
class Run:
    """A run on disk. Tables are read when asked for, and checked against the manifest then.

    Attributes:
        folder: where it lies.
        manifest: content of manifest.json.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return str(self.manifest["scenario"])

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return int(self.manifest["seed"])

    @property
    def status(self) -> str:
        """The manifest's status: "complete" or "failed"."""
        return str(self.manifest["status"])

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the bytes of its tables: see `provenance.identity`."""
        return dict(self.manifest["identity"])

    def days_of(self, kind: str) -> list[float]:
        """Days, rising, of which it holds this kind of SNAPSHOTS."""
        names = [name for name in self.manifest["files"] if name.startswith(f"{kind}/")]
        return sorted(float(name.removeprefix(f"{kind}/day_")[: -len(".csv")]) for name in names)

    def table(self, name: str) -> Any:
        """One table as a DataFrame, e.g. "cells/day_014.00.csv".

        Raises:
            StoreError: no such table, or it differs from what was written.
        """
        content = self._content(name)
        try:
            return read_csv(content)
        except ValueError as error:
            raise StoreError(f"{self.folder / name} is not a readable table: {error}") from error

    @functools.cached_property
    def timeseries(self) -> Any:
        """timeseries.csv."""
        return self.table("timeseries.csv")

    @functools.cached_property
    def events(self) -> Any:
        """events.csv."""
        return self.table("events.csv")

    @functools.cached_property
    def summary(self) -> Any:
        """summary.csv: readout, unit, value."""
        return self.table("summary.csv")

    def verify(self) -> None:
        """Compare every file with the manifest.

        Raises:
            StoreError: one is missing or changed.
        """
        for name in self.manifest["files"]:
            self._content(name)

    def _content(self, name: str) -> bytes:
        path = self.folder / name
        entry = self.manifest["files"].get(name)
        if entry is None:
            have = ", ".join(sorted(self.manifest["files"]))
            raise StoreError(f"{self.folder} has no {name}; it holds {have}")
        try:
            content = read_regular(path)
        except FileNotFoundError as error:
            raise damaged(f"{path} is missing") from error
        except OSError as error:
            raise damaged(f"{path} cannot be read ({error.strerror})") from error
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise damaged(
                f"{path} is not what the run wrote ({len(content)} bytes, {entry['bytes']} "
                "expected, or other content)"
            )
        return content


def read_run(folder: str | Path) -> Run:
    """Open a run.

    Raises:
        DamagedRunError: its manifest is damaged, or of another run than its folder's name says.
        StoreError: there is none, it is half-written, foreign or unreadable.
    """
    folder = Path(folder)
    try:
        if not folder.exists():
            raise StoreError(f"{folder} does not exist; give the folder of a run")
        if not folder.is_dir():
            raise StoreError(f"{folder} is a file; give the folder of a run")
        if not os.path.lexists(folder / MANIFEST):
            if foreign_entries(folder):
                within = sorted(e.name for e in folder.iterdir() if RUN_NAME.fullmatch(e.name))
                cure = f"; give one of its runs, e.g. {folder / within[0]}" if within else ""
                raise StoreError(f"{folder} is not a run of mtor_abm (no {MANIFEST}){cure}")
            raise StoreError(
                f"{folder} is half-written (no {MANIFEST}); run the study again (--resume: it goes "
                "on from its last checkpoint)"
            )
    except OSError as error:
        raise storage_error(error, folder) from error
    manifest = read_manifest(folder / MANIFEST)
    refuse_other_place(folder, manifest)
    return Run(folder, manifest)


def ended_run(folder: Path, lenient: bool = False) -> Run | None:
    """The run in this folder if it has ended; None if not, or if another process restarts it.

    Args:
        folder: of the run. lenient: a damaged run is one that has not ended, and no error.

    Raises:
        DamagedRunError: its manifest is damaged.
        StoreError: its manifest is unreadable or of another format.
    """
    if not os.path.lexists(folder / MANIFEST):
        return None
    try:
        return read_run(folder)
    except StoreError as error:
        if not os.path.lexists(folder / MANIFEST):  # it went between two looks
            return None
        if lenient and isinstance(error, DamagedRunError):
            return None
        raise
