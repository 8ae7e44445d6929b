"""Whether a process is at work on a study: a lock that the system takes back when the process ends.

The lock is shared, so that several processes may add to one study; it keeps nobody out. A process
that is killed cannot leave it behind, as it could a mark in a file.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..whole_file import is_partial
from .study_folder import STUDY_FILE, SUMMARY

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def in_use(study: Path) -> Iterator[None]:
    """Mark the study as being worked on."""
    with _opened(study) as folder:
        if folder is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(folder, fcntl.LOCK_SH)
        yield


def is_in_use(study: Path) -> bool | None:
    """Whether some process on this machine works on the study; None if that cannot be told."""
    with _opened(study) as folder:
        if folder is None:
            return None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return None
        return False


def sweep(study: Path) -> None:
    """Remove what killed processes left half-written beside the runs; never fails."""
    if is_in_use(study) is not False:
        return
    for name in (STUDY_FILE, SUMMARY):
        for path in study.glob(f".{name}.*"):
            if is_partial(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """A folder as the system's number for it, or None."""
    number = None
    if fcntl is not None:
        with contextlib.suppress(OSError):
            number = os.open(folder, os.O_RDONLY)
    try:
        yield number
    finally:
        if number is not None:
            os.close(number)
