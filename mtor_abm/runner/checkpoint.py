"""A run saved half-way: its model and every table so far, so that the rest gives the same bytes.

A checkpoint is one file, written whole: a line of JSON that says what it is and how long, then the
state of the run as plain values and arrays (`frozen`). Reading it runs nothing that it says: a
study folder may come from a stranger. It is used only by the sources that wrote it and only if its
checksum holds. The pickles of older versions are not opened.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..sources import decides_a_run
from ..store import FileSoFar
from ..whole_file import open_regular, write_file
from .frozen import UnreadableError, freeze, thaw

FORMAT = "mtor_abm checkpoint 2"
OLDER = "mtor_abm checkpoint 1"  # a pickle, which could run code
LONGEST_HEAD = 4096  # bytes; ours have some 300
FASTEST = 1  # level of zlib: a fifth of the size at a third of a second for the default marrow


class UnusableCheckpointError(Exception):
    """A checkpoint that is absent, damaged or of another run; the message says why, in a few words.

    Attributes:
        is_absent: there is none at all.
    """

    def __init__(self, why: str, is_absent: bool = False) -> None:
        """Say why."""
        super().__init__(why)
        self.is_absent = is_absent


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
    files = {name: vars(file) for name, file in checkpoint.files.items()}
    content = freeze({**vars(checkpoint), "files": files})
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
    """Step a checkpoint was made after; its checksum is looked at, its content is not.

    Raises:
        UnusableCheckpointError: as `kept`, as far as that tells.
    """
    head, _ = _read(path, identity)
    return int(head["step"])


def step_if_usable(path: Path, identity: Mapping[str, Any]) -> int | None:
    """As `step_of`; None where there is none of use."""
    try:
        return step_of(path, identity)
    except UnusableCheckpointError:
        return None


def kept(path: Path, identity: Mapping[str, Any], engine: type | None = None) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: the file. identity: of the run.
        engine: what runs; classes of its own module are allowed beside those of the model.

    Raises:
        UnusableCheckpointError: absent, unreadable, damaged, or of another run or other sources.
    """
    head, content = _read(path, identity)
    own = {kind.__module__ for kind in engine.__mro__} - {"builtins"} if engine else set()
    try:
        if head["packed"]:
            content = zlib.decompress(content)
        told = thaw(content, lambda module: module in own or decides_a_run(module))
        files = {name: FileSoFar(**file) for name, file in told.pop("files").items()}
        found = Checkpoint(**told, files=files)
    except (UnreadableError, zlib.error, TypeError, AttributeError, KeyError) as error:
        raise UnusableCheckpointError(f"damaged ({error})") from error
    if found.step != head["step"]:
        raise UnusableCheckpointError("damaged")
    return found


def kept_if_usable(
    path: Path, identity: Mapping[str, Any], engine: type | None = None
) -> Checkpoint | None:
    """As `kept`; None where there is none of use."""
    try:
        return kept(path, identity, engine)
    except UnusableCheckpointError:
        return None


def _read(path: Path, identity: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Its first line and the rest, if it is of this run and its checksum holds."""
    try:
        with open_regular(path) as file:
            head = _head(file.readline(LONGEST_HEAD), identity)
            content = file.read()
    except FileNotFoundError as error:
        raise UnusableCheckpointError("absent", is_absent=True) from error
    except OSError as error:
        raise UnusableCheckpointError(error.strerror or "unreadable") from error
    if hashlib.sha256(content).hexdigest() != head["sha256"]:
        raise UnusableCheckpointError("damaged")
    return head, content


def _head(line: bytes, identity: Mapping[str, Any]) -> dict[str, Any]:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableCheckpointError("damaged") from error
    if isinstance(head, dict) and head.get("format") == OLDER:
        raise UnusableCheckpointError("of an older version of mtor_abm")
    kinds = {"format": str, "step": int, "identity": dict, "packed": bool, "bytes": int,
             "sha256": str}  # fmt: skip
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise UnusableCheckpointError("of another format")
    if set(head) != set(kinds) or not all(type(head[k]) is kind for k, kind in kinds.items()):
        raise UnusableCheckpointError("damaged")
    if head["identity"] != dict(identity):
        raise UnusableCheckpointError("of other parameters, another seed or other sources")
    return head
