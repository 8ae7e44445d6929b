"""Compile once, in processes of their own, before anything runs.

A process that has just compiled a kernel may round the last bit differently from one that loads it
from the cache, since the compiler inlines across kernels in the first and links in the second. So
no process that computes results ever compiles: two children do, side by side, and it loads. And no
two processes compile into one cache at once, since each would link what it finds of the other's.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .folder_lock import folder_lock
from .numerics import compiled

WORKER = "mtor_abm.runner.warm"  # run as a module with the name of a share
SHARES = ("fields", "cells")  # about equal work
_IN_CHILD = "MTOR_ABM_COMPILING"


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def ensure_compiled(say: Callable[[str], None] = _to_stderr) -> float:
    """Compile all kernels unless that was done before; return the seconds it took.

    Args:
        say: told before and after, since compiling takes a while.

    Raises:
        RuntimeError: a child failed; the message is its last line.
    """
    if compiled.JIT_IS_OFF or os.environ.get(_IN_CHILD):
        return 0.0
    if compiled.CACHE_FOLDER is None:
        say(
            f"no folder for compiled code can be written under {compiled.cache_root()}, so every "
            "process compiles for itself; MTOR_ABM_CACHE names another place"
        )
        return 0.0
    mark = warm_mark(compiled.CACHE_FOLDER)
    if mark.exists():
        return 0.0
    started = time.perf_counter()
    with _alone(compiled.CACHE_FOLDER, say):
        if not mark.exists():
            say("compiling, once for this version ...")
            compile_shares(SHARES)
            mark.touch()
            say(
                f"compiled in {time.perf_counter() - started:.1f} s; kept in "
                f"{compiled.CACHE_FOLDER}"
            )
    return time.perf_counter() - started


@contextlib.contextmanager
def _alone(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other process compiles into the folder, and keep others out."""
    with folder_lock(folder) as lock:
        if lock.take() is False:
            say("another process is compiling; waiting for it ...")
            lock.wait()
        yield


def warm_mark(folder: Path) -> Path:
    """The file that says: these sources, where they lie, are compiled for this processor."""
    import llvmlite.binding  # type: ignore[import-untyped]

    processor = llvmlite.binding.get_host_cpu_name()
    return folder / f"warm-{processor}-{compiled.place_fingerprint()}"


def compile_shares(shares: tuple[str, ...]) -> None:
    """Let one child per share compile it, all at once, and wait for them."""
    path = os.pathsep.join(
        filter(None, (str(compiled.PACKAGE.parent), os.environ.get("PYTHONPATH")))
    )
    environment = os.environ | {_IN_CHILD: "1", "PYTHONPATH": path}
    children = [
        subprocess.Popen(
            [sys.executable, "-m", WORKER, share],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    try:
        for child in children:
            _, complaint = child.communicate()
            if child.returncode != 0:
                last = (complaint.strip().splitlines() or ["no message"])[-1]
                raise RuntimeError(f"compiling failed: {last}")
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
                child.wait()
