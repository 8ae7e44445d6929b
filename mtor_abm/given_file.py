"""Files that a person names: regular ones, of a size that makes sense, read in one line or refused.

A pipe would wait for ever, a device such as /dev/zero has no end, so neither is opened.
"""

import hashlib
import stat
from pathlib import Path

from .errors import UserError
from .whole_file import open_regular, read_regular

CHUNK_BYTES = 2**20


def refuse_irregular(path: Path, largest_bytes: int | None = None) -> None:
    """See that a path leads to a regular file, no larger than it may be; opens nothing.

    Raises:
        UserError: absent, not reachable, a folder, pipe, socket or device, or too large.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as fault:
        raise _unreadable(path, fault) from None
    if not stat.S_ISREG(found.st_mode):
        what = "Is a directory" if stat.S_ISDIR(found.st_mode) else "is a pipe or a device"
        raise UserError(f"{path}: {what}, not a file; give the path of a file")
    if largest_bytes is not None and found.st_size > largest_bytes:
        raise UserError(
            f"{path}: holds {found.st_size / 1e6:.0f} MB, and at most {largest_bytes / 1e6:.0f} MB "
            "are read; give a smaller file"
        )


def read_given(path: Path, largest_bytes: int) -> bytes:
    """The bytes of such a file.

    Raises:
        UserError: as `refuse_irregular`, or it cannot be read.
    """
    refuse_irregular(path, largest_bytes)
    try:
        return read_regular(path)
    except (OSError, ValueError) as fault:
        raise _unreadable(path, fault) from None


def sha256_of(path: Path) -> str:
    """The sha256 of such a file, however large.

    Raises:
        UserError: as `refuse_irregular`, or it cannot be read.
    """
    refuse_irregular(path)
    try:
        digest = hashlib.sha256()
        with open_regular(path) as file:
            while part := file.read(CHUNK_BYTES):
                digest.update(part)
        return digest.hexdigest()
    except (OSError, ValueError) as fault:
        raise _unreadable(path, fault) from None


def _unreadable(path: Path, fault: Exception) -> UserError:
    reason = getattr(fault, "strerror", None) or "cannot be read"
    return UserError(f"{path}: {reason}; check the path and its permissions")
