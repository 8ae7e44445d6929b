"""A limit on what may hang, for tests that run in the main thread of a system with alarms."""

import contextlib
import signal
import threading


class Waited(BaseException):
    """It took too long; no `except Exception` may swallow this."""


@contextlib.contextmanager
def in_time(seconds):
    """Raise Waited after so many whole seconds where signals allow to interrupt."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_):
        raise Waited

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
