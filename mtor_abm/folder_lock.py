"""A lock on a folder that the system takes back when the process ends, however it ends.

A process that is killed cannot leave it behind, as it could a mark in a file. Where there are no
such locks (Windows, some file systems) nothing is locked and nobody is kept out.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True)
class FolderLock:
    """What may be asked of the lock of an open folder.

    Attributes:
        number: the system's number for the folder; None where it cannot be locked.
    """

    number: int | None

    def share(self) -> None:
        """Hold it together with any number of others."""
        if self.number is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(self.number, fcntl.LOCK_SH)

    def take(self) -> bool | None:
        """Hold it alone, if nobody has it; None if that cannot be told."""
        if self.number is None:
            return None
        try:
            fcntl.flock(self.number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True

    def wait(self) -> None:
        """Hold it alone, once all others let go."""
        if self.number is not None:
            fcntl.flock(self.number, fcntl.LOCK_EX)


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[FolderLock]:
    """The lock of a folder; what is held is given back at the end of the block."""
    number = None
    if fcntl is not None:
        with contextlib.suppress(OSError):
            number = os.open(folder, os.O_RDONLY)
    try:
        yield FolderLock(number)
    finally:
        if number is not None:
            os.close(number)
