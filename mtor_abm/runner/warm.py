"""Compile once, before any run, so that every process finds the cache full.

Two processes share the work, which is the compiler's. The second one leaves out the fields and goes
through the cell types from the last to the first, until the two meet; whatever one has compiled
the other takes from the cache. If the second cannot help, the first compiles everything.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..numerics import compiled

TINY_SITES = 32
TINY_HOURS = 6.0

# One drug of each kind of action, a tumour, and a primary tumour that sheds into the blood.
EVERYTHING: dict[str, Any] = {
    "run": {"days": TINY_HOURS / 24.0},
    "geometry": {"nx": TINY_SITES, "ny": TINY_SITES},
    "body": {"primary_cells": 1e9},
    "drugs": {
        "rapamycin": {"dose_mg_per_kg": 1.5, "route": "ip", "every_h": 24.0, "start_day": 0.0},
        "zoledronate": {"dose_mg_per_kg": 0.1, "route": "sc", "every_h": 168.0, "start_day": 0.0},
    },
}


def warm_up_if_cold(say: Callable[[str], None], processes: int = 2) -> float:
    """Compile all kernels unless that was done before; return the seconds it took.

    Args:
        say: told before and after, since compiling takes a while.
        processes: 2 to share the work, where there are 2 cores; 1 to do it here.
    """
    if compiled.JIT_IS_OFF:
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
    second = multiprocessing.get_context("spawn").Process(target=_compile_cells, daemon=True)
    if min(processes, os.cpu_count() or 1) > 1:
        second.start()
    try:
        warm_up()
    finally:
        if second.pid is not None:
            second.terminate()  # all it could still add has been compiled here by now
            second.join()
    mark.touch()
    seconds = time.perf_counter() - started
    say(f"compiled in {seconds:.1f} s; kept in {compiled.CACHE_FOLDER}")
    return seconds


def warm_mark(folder: Path) -> Path:
    """The file that says: everything is compiled for this kind of processor."""
    import llvmlite.binding  # type: ignore[import-untyped]

    return folder / f"warm-{llvmlite.binding.get_host_cpu_name()}"


def warm_up() -> float:
    """Run a tiny marrow with everything in it, so that every kernel is compiled; return seconds."""
    from .. import observe

    started = time.perf_counter()
    _compile_fields()
    model = _tiny_marrow()
    while model.time_h < TINY_HOURS:
        model.step()
    observe.row(model)
    observe.cells_table(model)
    observe.fields_table(model)
    return time.perf_counter() - started


def _scenario() -> Any:
    from ..scenario import Scenario

    return Scenario.from_tables(EVERYTHING, name="warm_up")


def _tiny_marrow() -> Any:
    from ..model import MarrowModel

    return MarrowModel(_scenario(), 1)


def _compile_fields() -> None:
    """The fields alone; a marrow would first compile what the second process is at."""
    from ..fields import FIELDS, FieldState
    from ..numerics.lattice import Lattice

    rows = _scenario().fields
    fields = FieldState(Lattice(TINY_SITES, TINY_SITES, 10.0), [rows[f.key] for f in FIELDS])
    fields.clear()
    fields.source[:] = 1e-6
    fields.advance(3600.0)


def _compile_cells() -> None:
    """The second process: everything but the fields, cell types in reverse."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is the first one's to handle
    from ..fields import FieldState

    setattr(FieldState, "advance", lambda self, dt_s: None)  # noqa: B010 (this process only)
    model = _tiny_marrow()
    tissues = model.tissues
    for name in list(tissues)[::-1]:
        tissues[name] = tissues.pop(name)
    model.step()
