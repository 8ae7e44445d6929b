"""Whether a process is at work on a study.

Its lock is shared, so that several processes may add to one study; it keeps nobody out.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..folder_lock import folder_lock
from ..whole_file import is_partial
from .study_folder import STUDY_FILE, SUMMARY


@contextlib.contextmanager
def in_use(study: Path) -> Iterator[None]:
    """Mark the study as being worked on."""
    with folder_lock(study) as lock:
        lock.share()
        yield


def is_in_use(study: Path) -> bool | None:
    """Whether some process on this machine works on the study; None if that cannot be told."""
    with folder_lock(study) as lock:
        is_free = lock.take()
        return None if is_free is None else not is_free


def sweep(study: Path) -> None:
    """Remove what killed processes left half-written beside the runs; never fails."""
    if is_in_use(study) is not False:
        return
    for name in (STUDY_FILE, SUMMARY):
        for path in study.glob(f".{name}.*"):
            if is_partial(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()
