"""Standard output and standard error that may be closed, full, or read by someone who leaves.

Work is not given up because nobody listens: progress on standard error is dropped where it cannot
be written. A fault of standard output is remembered as its own, so that no other is taken for it.
"""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import Any


class Patient:
    """A stream whose faults are nobody's concern: from the first on nothing more is written."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._is_gone = stream is None

    def write(self, text: str) -> int:
        """Write, if that is still possible."""
        if not self._is_gone:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._is_gone = True
        return len(text)

    def flush(self) -> None:
        """Flush, if that is still possible."""
        if not self._is_gone:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._is_gone = True

    def isatty(self) -> bool:
        """Whether a person looks on."""
        return not self._is_gone and bool(self._stream.isatty())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Watched:
    """A stream that remembers its own fault.

    Attributes:
        fault: what went wrong with it, None while it works.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        """Write."""
        with self._remembered():
            if self._stream is None:
                raise OSError(errno.EBADF, "standard output is closed")
            return int(self._stream.write(text))

    def flush(self) -> None:
        """Flush."""
        with self._remembered():
            if self._stream is not None:
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _remembered(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.fault = error
            raise


@contextlib.contextmanager
def patient_streams() -> Iterator[Watched]:
    """Put `Watched` in place of standard output and `Patient` in place of standard error.

    Numbers of closed streams are occupied, so that no file that is opened next gets one of them and
    whatever is printed with it.
    """
    _fill_gaps()
    before = sys.stdout, sys.stderr
    for stream in before:  # a terminal may know neither Greek nor odd file names
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    watched = Watched(sys.stdout)
    sys.stdout, sys.stderr = watched, Patient(sys.stderr)
    try:
        yield watched
    finally:
        for stream, number in zip(before, (1, 2), strict=True):
            _drain(stream, number)
        sys.stdout, sys.stderr = before


def _fill_gaps() -> None:
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                os.open(os.devnull, os.O_RDWR)


def _drain(stream: Any, number: int) -> None:
    """Write what is left; if that fails, throw it away, or Python complains of it as it ends."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            stream.flush()
