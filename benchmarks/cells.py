"""Cost of a full cell-step: python benchmarks/cells.py [--quick] [--json FILE].

A full cell-step is sense, network, decide, settle and apply of one cell, as a step of the model has
them; release and diffusion are timed elsewhere (run.py, fields.py). The marrow is 500 x 500 sites
with 50,000 tumour cells among the residents (vessels, osteoblast lineage, stroma), all of which are
counted. The plain reference runs the same rules as uncompiled Python on a small marrow.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import RESULTS, triad_gb_per_s, write_json

from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.scenario import Scenario

PHASES = {
    "signal": "sense and network",
    "begin": "decide",
    "decide": "decide",
    "claim": "settle",
    "award": "settle",
    "clear": "settle",
    "apply": "apply",
}
WARM_UP_STEPS = 2
GOAL_PER_S = 5e6


class Stopwatch:
    """Seconds by (phase, tissue) since the last start."""

    def __init__(self) -> None:
        """Start empty."""
        self.spent: dict[tuple[str, str], float] = {}

    def time(self, key: tuple[str, str], method: Callable[..., Any]) -> Callable[..., Any]:
        """The same method, timed."""

        def timed(*args: Any) -> Any:
            started = time.perf_counter()
            out = method(*args)
            self.spent[key] = self.spent.get(key, 0.0) + time.perf_counter() - started
            return out

        return timed

    def watch(self, model: MarrowModel) -> None:
        """Time every phase of every tissue of a model."""
        for name, tissue in model.tissues.items():
            for method, phase in PHASES.items():
                setattr(tissue, method, self.time((phase, name), getattr(tissue, method)))


def marrow(sites: int, tumour_cells: int) -> MarrowModel:
    """A square marrow with this many tumour cells, a cluster for each 100 of them."""
    tables = {
        "geometry": {"nx": sites, "ny": sites},
        "inoculum": {"cells": tumour_cells, "clusters": max(1, tumour_cells // 100)},
    }
    return MarrowModel(Scenario.from_tables(tables), seed=1)


def measure(sites: int, tumour_cells: int, steps: int) -> dict[str, Any]:
    """The least disturbed of some steps: cells, ns per cell by phase, and by tissue."""
    model = marrow(sites, tumour_cells)
    watch = Stopwatch()
    watch.watch(model)
    least, best = float("inf"), {}
    for step in range(WARM_UP_STEPS + steps):
        counts = {name: tissue.population.n for name, tissue in model.tissues.items()}
        watch.spent = {}
        model.step()
        if step >= WARM_UP_STEPS and sum(watch.spent.values()) / sum(counts.values()) < least:
            n = sum(counts.values())
            least = sum(watch.spent.values()) / n
            best = {
                "cells": counts,
                "ns_per_cell": {
                    phase: sum(t for (p, _), t in watch.spent.items() if p == phase) / n * 1e9
                    for phase in dict.fromkeys(PHASES.values())
                },
                "ns_per_cell_by_tissue": {
                    name: sum(t for (_, k), t in watch.spent.items() if k == name)
                    / counts[name]
                    * 1e9
                    for name in counts
                    if counts[name]
                },
                "million_cell_steps_per_s": 1e-6 / least,
            }
    return best


def plain_reference() -> dict[str, Any]:
    """The same rules uncompiled, in a process of its own."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, __file__, "--plain"], env=environment, capture_output=True, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer cells and steps")
    parser.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=RESULTS / "cells.json")
    arguments = parser.parse_args()
    if arguments.plain:
        assert JIT_IS_OFF
        print(json.dumps(measure(48, 150, 1)))
        return

    triad = triad_gb_per_s()
    print(f"memory triad of one core: {triad:.1f} GB/s (float32)")
    best = measure(200, 8_000, 4) if arguments.quick else measure(500, 50_000, 12)
    n = sum(best["cells"].values())
    print(f"{n} cells, {best['cells']['tumour']} of them tumour; ns per cell, least of the steps")
    for phase, cost in best["ns_per_cell"].items():
        print(f"  {phase:18s} {cost:8.1f}")
    print("all phases, ns per cell of a type")
    for name, cost in best["ns_per_cell_by_tissue"].items():
        print(f"  {name:22s} {cost:8.1f}   ({best['cells'][name]} cells)")
    speed = best["million_cell_steps_per_s"]
    print(f"{speed:.2f} million full cell-steps a second on one core (goal {GOAL_PER_S / 1e6:.0f})")
    plain = plain_reference()
    slow = plain["million_cell_steps_per_s"]
    print(
        f"the same rules as uncompiled Python: {slow * 1e6:.0f} cell-steps a second, measured on "
        f"{sum(plain['cells'].values())} cells and taken to hold for {n}: "
        f"{speed / slow:.0f} times slower"
    )
    write_json(arguments.json, {"triad_gb_per_s": triad, "compiled": best, "uncompiled": plain})
    print(f"written to {arguments.json}")


if __name__ == "__main__":
    main()
