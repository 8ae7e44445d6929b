"""A run put down half-way: its model and every table so far, so that the rest gives the same bytes.

A checkpoint is one file, written whole: a line of JSON that says what it is and how long, then a
pickle. It is opened only by the sources that wrote it and only if its checksum holds; pickles run
code when they are read, so a checkpoint from a stranger must not be trusted more than a program.
"""

import hashlib
import json
import pickle
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store import FileSoFar
from ..whole_file import write_file

FORMAT = "mtor_abm checkpoint 1"
LONGEST_HEAD = 4096  # bytes; ours have some 300
FASTEST = 1  # level of zlib: a fifth of the size at a third of a second for the default marrow


class UnusableCheckpointError(Exception):
    """A checkpoint that is damaged or of another run; the message says which, in a few words."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stood after `step`.

    Attributes:
        step: steps done; what was to be seen after the last of them has been.
        model: the model.
        rows: of the time series. counts: of events, by kind and cell type.
        files: every table so far.
    """

    step: int
    model: Any
    rows: list[Mapping[str, float]]
    counts: Counter[tuple[str, str]]
    files: dict[str, FileSoFar]


def keep(
    path: Path, checkpoint: Checkpoint, identity: Mapping[str, Any], packed: bool = False
) -> int:
    """Write a checkpoint in place of an older one; return its size in bytes.

    Args:
        path: the file, in a folder that exists.
        checkpoint: what is kept.
        identity: of the run; whoever reads must give the same.
        packed: compress it, for one that is kept long.

    Raises:
        StoreError: the disk refuses; the older one is still there.
    """
    content = pickle.dumps(checkpoint, protocol=pickle.HIGHEST_PROTOCOL)
    if packed:
        content = zlib.compress(content, FASTEST)
    head = {
        "format": FORMAT, "step": checkpoint.step, "identity": dict(identity), "packed": packed,
        "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    line = json.dumps(head) + "\n"
    write_file(path, line, content)
    return len(line) + len(content)


def step_of(path: Path, identity: Mapping[str, Any]) -> int:
    """Step a checkpoint was made after, read from its first line alone.

    Raises:
        UnusableCheckpointError: as `kept`, as far as the first line tells.
    """
    with _opened(path) as file:
        return int(_head(file, identity)["step"])


def step_if_usable(path: Path, identity: Mapping[str, Any]) -> int | None:
    """As `step_of`; None where there is none of use."""
    try:
        return step_of(path, identity)
    except UnusableCheckpointError:
        return None


def kept(path: Path, identity: Mapping[str, Any]) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        UnusableCheckpointError: absent, unreadable, damaged, or of another run or other sources.
    """
    with _opened(path) as file:
        head = _head(file, identity)
        try:
            content = file.read()
        except OSError as error:
            raise UnusableCheckpointError(error.strerror or "unreadable") from error
    if hashlib.sha256(content).hexdigest() != head["sha256"]:
        raise UnusableCheckpointError("damaged")
    if head["packed"]:
        content = zlib.decompress(content)
    found = pickle.loads(content)
    if not isinstance(found, Checkpoint):
        raise UnusableCheckpointError("no checkpoint")
    return found


def kept_if_usable(path: Path, identity: Mapping[str, Any]) -> Checkpoint | None:
    """As `kept`; None where there is none of use."""
    try:
        return kept(path, identity)
    except UnusableCheckpointError:
        return None


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise UnusableCheckpointError("absent") from error
    except OSError as error:
        raise UnusableCheckpointError(error.strerror or "unreadable") from error


def _head(file: Any, identity: Mapping[str, Any]) -> dict[str, Any]:
    try:
        head = json.loads(file.readline(LONGEST_HEAD))
    except (ValueError, OSError) as error:
        raise UnusableCheckpointError("damaged") from error
    keys = {"format", "step", "identity", "packed", "bytes", "sha256"}
    if not isinstance(head, dict) or set(head) != keys or head["format"] != FORMAT:
        raise UnusableCheckpointError("of another format")
    if head["identity"] != dict(identity):
        raise UnusableCheckpointError("of other parameters, another seed or other sources")
    return head
