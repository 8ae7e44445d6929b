"""Processes of a pool that leave the person's own script alone.

A fresh process of `multiprocessing` runs the parent's main script once more, so that it knows what
was defined there. A script that starts a study without `if __name__ == "__main__"` would then start
it again in every process. Our processes need nothing of that script: they import what they run.
"""

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any


@contextlib.contextmanager
def without_main(*used: Any) -> Iterator[None]:
    """While this lasts, processes that are started do not run the main script.

    Args:
        used: functions and classes that the processes are to use. If one was defined in the main
            script itself, nothing is hidden, since they need it then.
    """
    main = sys.modules["__main__"]
    if any(getattr(thing, "__module__", "") == "__main__" for thing in used):
        yield
        return
    sys.modules["__main__"] = ModuleType("__main__")  # no file, no spec: nothing to run
    try:
        yield
    finally:
        sys.modules["__main__"] = main
