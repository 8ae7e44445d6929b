"""A whole run: python benchmarks/run.py [--quick] [--json FILE].

Three figures, each from a process of its own: compiling everything into an empty cache, 28
simulated days of the default tumour (scenario `vehicle`) after that with the peak of memory, and
the cost of a step per site on larger marrows with the same densities. The plain reference is the
same run as uncompiled Python, for a few steps of a small marrow.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import RESULTS, triad_gb_per_s, write_json

DAYS = 28.0
SCENARIO = "vehicle"
SIZES = ((200, 24), (500, 12), (2000, 3))  # sites a side, steps measured
WARM_UP_STEPS = 2
PLAIN_SITES, PLAIN_STEPS = 32, 2


def compile_cold() -> dict[str, float]:
    """Wall and processor seconds to fill the cache that MTOR_ABM_CACHE names."""
    from mtor_abm.compilation import ensure_compiled

    wall = ensure_compiled(lambda line: print(line, file=sys.stderr))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"wall_s": wall, "processor_s": sum(u.ru_utime + u.ru_stime for u in used)}


def marrow(sites: int) -> Any:
    """The scenario on a square of this side, its tumour scaled with the area."""
    from mtor_abm.model import MarrowModel
    from mtor_abm.scenario_files import load
    from mtor_abm.seeding import InoculumParameters

    scenario = load(SCENARIO)
    inoculum = scenario.of(InoculumParameters)
    share = sites * sites / 200**2
    changes = {
        "geometry.nx": sites,
        "geometry.ny": sites,
        "inoculum.cells": max(1, round(inoculum.cells * share)),
        "inoculum.clusters": max(1, round(inoculum.clusters * share)),
    }
    return MarrowModel(scenario.changed(changes), seed=1)


def whole_run(days: float) -> dict[str, float]:
    """Seconds to build and to run; peak memory of the process."""
    started = time.perf_counter()
    model = marrow(200)
    built = time.perf_counter()
    while model.time_h < days * 24.0:
        model.step()
    return {
        "days": days,
        "build_s": built - started,
        "run_s": time.perf_counter() - built,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
        "cells_at_end": float(sum(len(t.population) for t in model.tissues.values())),
    }


def cost_per_site(sites: int, steps: int) -> dict[str, float]:
    """ns per site of the least disturbed step after the first ones."""
    model = marrow(sites)
    least = float("inf")
    for step in range(WARM_UP_STEPS + steps):
        started = time.perf_counter()
        model.step()
        if step >= WARM_UP_STEPS:
            least = min(least, time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return {"ns_per_site_step": least / sites**2 * 1e9, "peak_memory_mb": peak}


def apart(cache: str, what: str, *numbers: float, plain: bool = False) -> dict[str, float]:
    """Run one of the measurements in a process of its own."""
    environment = os.environ | {"MTOR_ABM_CACHE": cache}
    if plain:
        environment["NUMBA_DISABLE_JIT"] = "1"
    command = [sys.executable, __file__, "--part", what, *map(str, numbers)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two days, no 2000^2")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=RESULTS / "run.json")
    arguments = parser.parse_args()
    if arguments.part:
        what, *numbers = arguments.part
        parts = {
            "compile": compile_cold,
            "run": lambda: whole_run(float(numbers[0])),
            "size": lambda: cost_per_site(int(numbers[0]), int(numbers[1])),
        }
        print(json.dumps(parts[what]()))
        return

    days = 2.0 if arguments.quick else DAYS
    sizes = SIZES[:2] if arguments.quick else SIZES
    triad = triad_gb_per_s()
    print(f"memory triad of one core: {triad:.1f} GB/s (float32)")
    with tempfile.TemporaryDirectory() as cache:
        compiling = apart(cache, "compile")
        print(
            f"compiling into an empty cache: {compiling['wall_s']:.1f} s, "
            f"{compiling['processor_s']:.1f} s of processor time over all processes"
        )
        run = apart(cache, "run", days)
        print(
            f"{days:.0f} days of {SCENARIO}, 200 x 200: {run['run_s']:.2f} s after "
            f"{run['build_s']:.2f} s of building, peak {run['peak_memory_mb']:.0f} MB, "
            f"{run['cells_at_end']:.0f} cells at the end"
        )
        by_size = {str(n): apart(cache, "size", n, steps) for n, steps in sizes}
    for n, figures in by_size.items():
        print(
            f"{n:>5s}^2: {figures['ns_per_site_step']:6.1f} ns per site and step, "
            f"peak {figures['peak_memory_mb']:.0f} MB"
        )
    costs = [figures["ns_per_site_step"] for figures in by_size.values()]
    print(f"largest over smallest marrow: {costs[-1] / costs[0]:.2f} times the cost per site")
    plain = apart("", "size", PLAIN_SITES, PLAIN_STEPS, plain=True)
    slow = plain["ns_per_site_step"] * 200**2 * days * 24.0 * 1e-9
    print(
        f"the same rules and solver as uncompiled Python: {plain['ns_per_site_step']:.0f} ns per "
        f"site and step on {PLAIN_SITES} x {PLAIN_SITES}; scaled to this run that is "
        f"{slow / 3600.0:.1f} h"
    )
    write_json(
        arguments.json,
        {
            "triad_gb_per_s": triad,
            "compiling": compiling,
            "run": run,
            "by_size": by_size,
            "uncompiled": plain,
        },
    )
    print(f"written to {arguments.json}")


if __name__ == "__main__":
    main()
