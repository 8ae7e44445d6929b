"""Carry out measurements over processes and keep what was read, so that no work is done twice."""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..compilation import ensure_compiled
from ..errors import UserError, one_line
from ..runner.children import without_main
from ..runner.processes import worker_context
from .plan import Measurement, code_fingerprint

READINGS = "readings.jsonl"


@dataclass(frozen=True)
class Reading:
    """What one measurement gave.

    Attributes:
        readouts: name -> value; empty if it failed. seconds: wall time. error: one line, or "".
    """

    readouts: dict[str, float]
    seconds: float
    error: str = ""


class Notebook:
    """Readings by key, kept in a file of one JSON line each; a torn line is left out.

    Args:
        folder: where `readings.jsonl` lies, or None to keep them in memory only.
    """

    def __init__(self, folder: Path | None) -> None:
        self.path = None if folder is None else folder / READINGS
        self.readings: dict[str, Reading] = {}
        if self.path is not None and self.path.exists():
            for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    row = json.loads(line)
                    if row["code"] == code_fingerprint():
                        self.readings[row["key"]] = Reading(row["readouts"], row["seconds"])
                except (json.JSONDecodeError, KeyError, TypeError):
                    continue

    def note(self, key: str, reading: Reading) -> None:
        """Keep a reading; one that failed is not written, so that it is tried again."""
        self.readings[key] = reading
        if self.path is None or reading.error:
            return
        row = {
            "key": key, "code": code_fingerprint(), "seconds": round(reading.seconds, 4),
            "readouts": reading.readouts,
        }  # fmt: skip
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as fault:
            raise UserError(f"{self.path} cannot be written: {fault.strerror}") from None


def carry_out(
    wanted: Sequence[Measurement],
    notebook: Notebook,
    jobs: int | None = None,
    report: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Take every measurement that the notebook has not, the first in the list first.

    Args:
        wanted: measurements, each once.
        notebook: takes the readings as they come.
        jobs: processes; None for all cores.
        report: told (measurements done, of how many) after each.
    """
    open_ones = [m for m in wanted if m.key not in notebook.readings]
    report(0, len(open_ones))
    if not open_ones:
        return
    ensure_compiled()
    for done, (key, reading) in enumerate(_taken(open_ones, jobs or os.cpu_count() or 1), 1):
        notebook.note(key, reading)
        report(done, len(open_ones))


def _taken(wanted: Sequence[Measurement], jobs: int) -> Iterator[tuple[str, Reading]]:
    if jobs == 1 or len(wanted) == 1:
        for measurement in wanted:
            yield measurement.key, _take(measurement)
        return
    pool = ProcessPoolExecutor(min(jobs, len(wanted)), mp_context=worker_context())
    try:
        with without_main():
            at_work = {pool.submit(_take, m): m.key for m in wanted}
        for future in as_completed(at_work):
            yield at_work[future], future.result()
    except BrokenProcessPool:
        raise UserError(
            "a process of the pool was killed (memory?); what was read is kept, run again or "
            "with fewer --jobs"
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _take(measurement: Measurement) -> Reading:
    started = time.perf_counter()
    try:
        readouts: dict[str, Any] = measurement.carry_out()
        return Reading({k: float(v) for k, v in readouts.items()}, time.perf_counter() - started)
    except Exception as fault:  # one measurement must not take the others along
        what = str(fault) if isinstance(fault, UserError) else f"{type(fault).__name__}: {fault}"
        return Reading({}, time.perf_counter() - started, one_line(what))
