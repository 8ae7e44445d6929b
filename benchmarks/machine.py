"""The machine a benchmark ran on: description, memory triad, best-of timing, JSON.

Every benchmark prints its figures beside the triad of the same run, so that figures from different
machines, or from a machine busy with other work, can be compared.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numba
import numpy as np

from mtor_abm.numerics.compiled import reordering_kernel

RESULTS = Path(__file__).resolve().parent / "results"


@reordering_kernel
def _triad(a, b, c, factor):
    for i in range(a.size):
        a[i] = b[i] + factor * c[i]


def best_of(repeats: int, task: Callable[[], Any]) -> float:
    """Least wall time of `repeats` calls in s: the one least disturbed by other work."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - started)
    return best


def triad_gb_per_s(megabytes_per_array: float = 96.0, repeats: int = 12) -> float:
    """Memory bandwidth of one core in GB/s: a = b + f c, three float32 arrays.

    Counted as in STREAM (McCalpin 1995; recalled): 12 bytes an element, without the read of `a`
    that a cache makes before it writes.
    """
    n = int(megabytes_per_array * 1e6 / 4)
    a, b, c = np.zeros(n, np.float32), np.ones(n, np.float32), np.ones(n, np.float32)
    _triad(a[:16], b[:16], c[:16], np.float32(0.5))
    return 12.0 * n / best_of(repeats, lambda: _triad(a, b, c, np.float32(0.5))) / 1e9


def cpu_name() -> str:
    """Model name of the processor, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe() -> dict[str, Any]:
    """What ran the benchmark: processor, cores, load, versions and date."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "load_average_1_min": load,
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "date_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """Write the machine and the figures to path, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    text = json.dumps({"machine": describe(), **figures}, indent=2, allow_nan=False)
    partial.write_text(text + "\n")
    partial.replace(path)
