"""A file that is either whole or not there, and errors of the disk in one line."""

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from .errors import UserError
from .folder_lock import fcntl
from .tidy_csv import csv_text, n_rows

PARTIAL = ".partial"
NEW_FOR_S = 60.0


class StoreError(UserError):
    """The disk refuses, or holds something that is not what it should be. One line, with a cure."""


def storage_error(error: OSError, path: Path) -> StoreError:
    """Say what the operating system refused, and what to do about it."""
    causes = {
        errno.ENOSPC: "no space left on the device; free some space or choose another --out",
        errno.EDQUOT: "the disk quota is used up; free some space or choose another --out",
        errno.EFBIG: "the file would exceed the size limit (ulimit -f); raise it",
        errno.EACCES: "permission denied; choose another --out or change the folder's permissions",
        errno.EPERM: "permission denied; choose another --out or change the folder's permissions",
        errno.EROFS: "the file system is read-only; choose another --out",
        errno.ENOTDIR: "a part of this path is a file, not a folder; choose another --out",
        errno.EEXIST: "a file stands where a folder is needed; move it or choose another --out",
        errno.EISDIR: "a folder stands where a file is needed; move it or choose another --out",
        errno.ENOENT: "there is no such folder, or it went while in use (is another process "
        "writing the same study?); make the folder first",
        errno.ENAMETOOLONG: "the path is too long; choose a shorter one",
        errno.EMFILE: "too many open files; raise the limit (ulimit -n) or use fewer --jobs",
        errno.ENFILE: "too many open files on this machine; close some programs",
        errno.EINVAL: "it is not a regular file; move it or choose another --out",
        errno.EIO: "the disk reports an input/output error; check it, or choose another --out",
    }
    cause = causes.get(error.errno or 0, f"{error.strerror or error}; choose another --out")
    return StoreError(f"{path}: {cause}")


def open_regular(path: Path) -> IO[bytes]:
    """Open a file of ours to read; a pipe or a device, which could hang or never end, is refused.

    Raises:
        OSError: as `open`, or it is not a regular file.
    """
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(number, "rb")


def read_regular(path: Path) -> bytes:
    """The content of a file of ours, read as `open_regular` opens it."""
    with open_regular(path) as file:
        return file.read()


def is_partial(name: str) -> bool:
    """Whether this is the name of a file that was never finished."""
    return re.fullmatch(r"\..+\.\d+" + re.escape(PARTIAL), name) is not None


class NewFile:
    """A file that appears under its name only when it is whole.

    Attributes:
        path: final path.
        rows: rows written so far, or None if it is not a table.
    """

    def __init__(self, path: Path, rows: int | None = None) -> None:
        """Open the temporary file beside `path`, in a folder that exists."""
        self.path = path
        self.rows = rows
        # not the id of the process: two on different machines that share the disk may have the same
        self._partial = path.with_name(f".{path.name}.{secrets.randbits(64)}{PARTIAL}")
        self._hash = hashlib.sha256()
        self._n_bytes = 0
        _sweep_once(path.parent)
        self._file: IO[bytes] = self._partial.open("wb")
        _lock(self._file)

    def write(self, text: str) -> None:
        """Append a text."""
        self.write_bytes(text.encode("utf-8"))

    def write_bytes(self, content: bytes) -> None:
        """Append bytes."""
        self._file.write(content)
        self._hash.update(content)
        self._n_bytes += len(content)

    def append(self, table: Mapping[str, Any]) -> None:
        """Append the rows of a table; the first call writes the header."""
        self.write(csv_text(table, header=self.rows is None))
        self.rows = (self.rows or 0) + n_rows(table)

    def so_far(self) -> bytes:
        """What was written until now."""
        self._file.flush()
        return self._partial.read_bytes()

    def commit(self) -> dict[str, Any]:
        """Give the file its name; return its entry in the manifest."""
        self._file.flush()
        os.fsync(self._file.fileno())  # or the name may survive a power cut and the content not
        self._file.close()
        self._partial.replace(self.path)
        sync(self.path.parent)
        entry = {"sha256": self._hash.hexdigest(), "bytes": self._n_bytes}
        return entry if self.rows is None else {**entry, "rows": self.rows}

    def abandon(self) -> None:
        """Remove the temporary file; never fails."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)


_swept: set[Path] = set()


def _sweep_once(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder, once; never fails.

    Who writes a file holds its lock, which the system takes back when the process ends, however it
    ends. A file that is quite new may be about to be locked.
    """
    if folder in _swept or fcntl is None:
        return
    _swept.add(folder)
    with contextlib.suppress(OSError):
        for path in folder.glob(f".*{PARTIAL}"):
            if is_partial(path.name) and time.time() - path.stat().st_mtime > NEW_FOR_S:
                with contextlib.suppress(OSError), open_regular(path) as file:
                    fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()


def _lock(file: IO[bytes]) -> None:
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync(place: Path) -> None:
    """Have the disk keep a file, or the names in a folder; not every system can."""
    with contextlib.suppress(OSError):
        number = os.open(place, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def write_file(path: Path, *parts: str | bytes) -> None:
    """Write one file whole, or not at all.

    Args:
        path: the file, in a folder that exists.
        parts: its content, one after the other; texts become UTF-8.

    Raises:
        StoreError: full disk, no permission and the like; no temporary file is left.
    """
    try:
        file = NewFile(path)
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        for part in parts:
            file.write_bytes(part.encode("utf-8") if isinstance(part, str) else part)
        file.commit()
    except OSError as error:
        file.abandon()
        raise storage_error(error, path) from error
    except BaseException:
        file.abandon()
        raise


def json_text(value: Any) -> str:
    """JSON as it stands in our files."""
    return json.dumps(value, indent=1, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """A numpy scalar, a path or a tuple-like as JSON knows it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
