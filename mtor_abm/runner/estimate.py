"""What runs will need: processor time, memory and disk; and whether a lattice fits into memory.

The coefficients were measured with `vehicle` on one x86-64 machine (docs/performance.md). How far
they hold on another was not measured; they grow with the number of cells.
"""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Faults
from ..events import EVENTS

STEP_S_PER_SITE = 3.5e-7  # 28 days of vehicle, 200 x 200: 9.3 s (docs/performance.md)
START_S_PER_SITE = 5.5e-5  # the same run: 2.2 s before its first step
PROCESS_BYTES = 290 * 2**20  # a process with the compiled model: peak of a run of 60 x 60
BYTES_PER_SITE = 400  # arrays of a marrow of 200 x 200 to 1000 x 1000: 393 to 403
BYTES_PER_SITE_AND_DRUG = 21  # what rapamycin adds to them
RUN_FILE_BYTES = 41_000  # manifest, scenario.toml and summary.csv
# events.csv of 21 days of vehicle, 200 x 200: 342 to 409 kB with the usual events; all are 4 times
# as many
EVENT_BYTES_PER_SITE_AND_DAY = 0.45
ALL_EVENTS = 4
ROW_BYTES = 780  # of timeseries.csv with all columns
CELL_BYTES_PER_SITE = 80  # cells/day_*.csv of a growing tumour: 39 to 117
FIELD_BYTES_PER_SITE = 125  # fields/day_*.csv
CHECKPOINT_BYTES_PER_SITE = 500  # 20 MB for 200 x 200, while the run lasts

CGROUPS = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Cost:
    """About what one run needs.

    Attributes:
        core_s: seconds of one core, once the program is compiled.
        memory_bytes: of its process at the peak.
        disk_bytes: of its folder when it has ended.
        checkpoint_bytes: more while it runs.
    """

    core_s: float
    memory_bytes: int
    disk_bytes: int
    checkpoint_bytes: int


@dataclass(frozen=True)
class Limit:
    """Bytes that can still be used, and who sets this limit, in words."""

    n_bytes: int
    words: str
    cure: str


def cost(scenario: Any) -> Cost | None:
    """About what a run of a scenario needs; None where it has no lattice."""
    geometry = getattr(scenario, "groups", {}).get("geometry")
    if geometry is None:
        return None
    sites, output, run = geometry.nx * geometry.ny, scenario.output, scenario.run
    rows = 1 + math.floor(run.days * 24.0 / output.every_h)
    snapshots = (
        len(output.cells_at_days) * CELL_BYTES_PER_SITE
        + len(output.fields_at_days) * FIELD_BYTES_PER_SITE
    )
    n_kinds = len(output.events)
    events = 0.0 if n_kinds == 0 else EVENT_BYTES_PER_SITE_AND_DAY * sites * run.days
    events *= ALL_EVENTS if n_kinds == len(EVENTS) else 1
    return Cost(
        sites * (START_S_PER_SITE + run.n_steps * STEP_S_PER_SITE),
        PROCESS_BYTES + marrow_bytes(sites, len(scenario.drugs)),
        RUN_FILE_BYTES + rows * ROW_BYTES + sites * snapshots + round(events),
        sites * CHECKPOINT_BYTES_PER_SITE,
    )


def marrow_bytes(sites: int, n_drugs: int) -> int:
    """Bytes of all arrays of a marrow."""
    return sites * (BYTES_PER_SITE + BYTES_PER_SITE_AND_DRUG * n_drugs)


def refuse_too_large(scenarios: Iterable[Any]) -> None:
    """Refuse a lattice that cannot fit into the memory that this machine has left.

    Raises:
        UserError: a line for each scenario that needs more for a single run.
    """
    limit, faults = available_memory(), Faults()
    for scenario in scenarios:
        needed = cost(scenario)
        if needed is None or limit is None or needed.memory_bytes <= limit.n_bytes:
            continue
        geometry = scenario.groups["geometry"]
        left = limit.n_bytes - PROCESS_BYTES
        side = math.isqrt(max(0, left) // marrow_bytes(1, len(scenario.drugs)))
        smaller = f"give nx and ny of at most about {side // 10 * 10}, or " if side >= 24 else ""
        faults.note(
            f"scenario '{scenario.name}': [geometry] nx = {geometry.nx}, ny = {geometry.ny} needs "
            f"about {in_bytes(needed.memory_bytes)} of memory, and {in_bytes(limit.n_bytes)} "
            f"{limit.words}; {smaller}{limit.cure}"
        )
    faults.raise_any("these scenarios")


def available_memory() -> Limit | None:
    """The narrowest limit on the memory of a further process; None if none is known."""
    limits = [limit for limit in (_of_machine(), *_of_cgroups(), _of_process()) if limit]
    return min(limits, key=lambda limit: limit.n_bytes, default=None)


def _of_machine() -> Limit | None:
    try:
        lines = MEMINFO.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None  # not Linux
    kib = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    if not kib:
        return None
    return Limit(
        int(kib[0]) * 1024, "are free on this machine", "close other programs, or use a larger one"
    )


def _of_cgroups() -> list[Limit]:
    """Limits of a container or batch job (cgroup version 2 or 1), from its own up to the root."""
    limits = []
    for folder, limit_name, use_name in _cgroup_folders():
        limit, used = _number(folder / limit_name), _number(folder / use_name)
        if limit is None or used is None or limit >= 2**60:  # version 1 writes "none" as 2^63
            continue
        free = limit - max(0, used - _cache(folder / "memory.stat"))
        limits.append(
            Limit(max(0, free), "are left in this container or batch job", "ask for more memory")
        )
    return limits


def _cgroup_folders() -> list[tuple[Path, str, str]]:
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            base, names = CGROUPS, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            base = CGROUPS / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        own = base / path.lstrip("/")
        levels = [own, *(above for above in own.parents if above.is_relative_to(base))]
        folders += [(level, *names) for level in levels]
    return folders


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _cache(path: Path) -> int:
    """Bytes of file cache, which the system gives back when memory is short."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))


def _of_process() -> Limit | None:
    """The limit on address space (`ulimit -v`), of which this process already has a part."""
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        return None
    if soft == resource.RLIM_INFINITY:
        return None
    left = soft - pages * os.sysconf("SC_PAGE_SIZE")
    return Limit(
        max(0, left) + PROCESS_BYTES,  # the process itself is counted in what a run needs
        "are allowed (ulimit -v)",
        "raise the limit",
    )


def totals_text(scenarios: Sequence[Any], jobs: int) -> str:
    """What runs of these scenarios (one entry for each run) will need, for a terminal."""
    costs = [needed for scenario in scenarios if (needed := cost(scenario)) is not None]
    if not costs:
        return ""
    jobs = max(1, min(jobs, len(costs)))
    memory = max(needed.memory_bytes for needed in costs)
    core_s = sum(needed.core_s for needed in costs)
    wall_s = max(core_s / jobs, max(needed.core_s for needed in costs))
    disk = sum(needed.disk_bytes for needed in costs)
    meanwhile = jobs * max(needed.checkpoint_bytes for needed in costs)
    lines = [
        f"time         about {in_time(wall_s)} on {jobs} process{'es' * (jobs > 1)}, "
        f"{in_time(core_s)} of one core (without compiling, which happens once)",
        f"memory       about {in_bytes(memory)} for each process, {in_bytes(memory * jobs)} in all",
        f"disk         about {in_bytes(disk)}, and up to {in_bytes(meanwhile)} more for "
        "checkpoints while it runs",
    ]
    limit = available_memory()
    if limit is not None and memory * jobs > limit.n_bytes:
        fit = max(1, limit.n_bytes // memory)
        lines.append(
            f"note         only {in_bytes(limit.n_bytes)} {limit.words}; give --jobs {fit}"
        )
    return "\n".join(lines)


def in_bytes(n: float) -> str:
    """Bytes in words, two digits: "6.7 GB"."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n >= size:
            return f"{n / size:.2g} {unit}" if n < 99.5 * size else f"{n / size:.0f} {unit}"
    return f"{n:.0f} bytes"


def in_time(seconds: float) -> str:
    """A time in words, two digits: "40 s", "3.5 h", "2 days"."""
    for size, unit in ((2 * 86400.0, "days"), (5400.0, "h"), (90.0, "min")):
        if seconds >= size:
            value = seconds / {"days": 86400.0, "h": 3600.0, "min": 60.0}[unit]
            return f"{value:.2g} {unit}" if value < 99.5 else f"{value:.0f} {unit}"
    return f"{max(seconds, 1.0):.0f} s"
