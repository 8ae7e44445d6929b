"""Compile once, in processes of their own, before anything runs.

A process that has just compiled a kernel may round the last bit differently from one that loads it
from the cache, since the compiler inlines across kernels in the first and links in the second. So
no process that computes results ever compiles: two children do, side by side, and it loads. And no
two processes compile into one cache at once, since each would link what it finds of the other's.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import UserError, one_line
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
        UserError: a child failed, e.g. for want of space, or there is no place for compiled code.
    """
    if compiled.JIT_IS_OFF or os.environ.get(_IN_CHILD):
        return 0.0
    folder, why = compiled.CACHE_FOLDER, compiled.WHY_NOT_THE_USUAL_PLACE
    if folder is None:
        raise UserError(
            f"compiled code cannot be kept ({why}), nor in a temporary folder; name a folder that "
            "can be written with MTOR_ABM_CACHE"
        )
    mark = warm_mark(folder)
    if _is_whole(folder, mark):
        return 0.0
    started = time.perf_counter()
    if why:
        say(
            f"compiled code cannot be kept ({why}), so it is compiled again every time; "
            "MTOR_ABM_CACHE names another place"
        )
    with _alone(folder, say):
        if not _is_whole(folder, mark):
            say("compiling, once for this version ...")
            _empty(folder)
            try:
                compile_shares(SHARES)
                mark.write_text(json.dumps(_compiled_files(folder)))
            except (OSError, RuntimeError) as error:
                raise UserError(
                    f"{one_line(str(error))}; compiled code goes to {folder}, MTOR_ABM_CACHE names "
                    "another place"
                ) from error
            say(f"compiled in {time.perf_counter() - started:.1f} s; kept in {folder}")
    return time.perf_counter() - started


def _is_whole(folder: Path, mark: Path) -> bool:
    """Whether all is there that was compiled: what is missing would be compiled by whoever runs."""
    try:
        told = json.loads(mark.read_text())
    except (OSError, ValueError):
        return False
    there = _compiled_files(folder)
    return isinstance(told, dict) and all(there.get(name) == size for name, size in told.items())


def _compiled_files(folder: Path) -> dict[str, int]:
    """Name -> bytes of every file of machine code."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*.nbc")
    }


def _empty(folder: Path) -> None:
    """Remove a cache that lost a part: new code would be linked with what is left of the old."""
    for place in folder.iterdir():
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)


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


def _optimised() -> list[str]:
    """The flags (-O, -OO) that decide which code this process asks for."""
    return ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []


def compile_shares(shares: tuple[str, ...]) -> None:
    """Let one child per share compile it, all at once, and wait for them."""
    path = os.pathsep.join(
        filter(None, (str(compiled.PACKAGE.parent), os.environ.get("PYTHONPATH")))
    )
    environment = os.environ | {_IN_CHILD: "1", "PYTHONPATH": path}
    children = [
        subprocess.Popen(
            [sys.executable, *_optimised(), "-m", WORKER, share],
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
