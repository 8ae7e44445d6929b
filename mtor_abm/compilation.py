"""Compile once, in processes of their own, before anything runs.

A process that has just compiled a kernel may round the last bit differently from one that loads it
from the cache, since the compiler inlines across kernels in the first and links in the second. So
no process that computes results ever compiles: two children do, side by side, and it loads.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
    say("compiling, once for this version ...")
    started = time.perf_counter()
    compile_shares(SHARES)
    mark.touch()
    seconds = time.perf_counter() - started
    say(f"compiled in {seconds:.1f} s; kept in {compiled.CACHE_FOLDER}")
    return seconds


def warm_mark(folder: Path) -> Path:
    """The file that says: everything is compiled for this kind of processor."""
    import llvmlite.binding  # type: ignore[import-untyped]

    return folder / f"warm-{llvmlite.binding.get_host_cpu_name()}"


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
