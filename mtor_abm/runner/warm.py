"""Compile once, before any process is started, so that all of them find the cache full."""

import time
from collections.abc import Callable
from pathlib import Path

from ..numerics import compiled

TINY_SITES = 24
TINY_HOURS = 6.0


def warm_up_if_cold(say: Callable[[str], None]) -> float:
    """Compile all kernels unless that was done before; return the seconds it took.

    Args:
        say: told before and after, since compiling takes a while.
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
    seconds = warm_up()
    mark.touch()
    say(f"compiled in {seconds:.1f} s; kept in {compiled.CACHE_FOLDER}")
    return seconds


def warm_mark(folder: Path) -> Path:
    """The file that says: everything is compiled for this kind of processor."""
    import llvmlite.binding  # type: ignore[import-untyped]

    return folder / f"warm-{llvmlite.binding.get_host_cpu_name()}"


def warm_up() -> float:
    """Run a tiny marrow with everything in it, so that every kernel is compiled; return seconds."""
    from .. import observe
    from ..model import MarrowModel
    from ..scenario import Scenario

    started = time.perf_counter()
    scenario = Scenario.from_tables(
        {
            "run": {"days": TINY_HOURS / 24.0},
            "geometry": {"nx": TINY_SITES, "ny": TINY_SITES},
        },
        name="warm_up",
    )
    model = MarrowModel(scenario, 1)
    while model.time_h < TINY_HOURS:
        model.step()
    observe.row(model)
    observe.cells_table(model)
    observe.fields_table(model)
    return time.perf_counter() - started
