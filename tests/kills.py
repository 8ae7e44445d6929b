"""Studies that are killed at random moments and taken up again: is anything lost?

    python tests/kills.py --kills 50            toy runs
    python tests/kills.py --kills 12 --marrow   tiny marrows

A study runs in a process of its own with two workers and a checkpoint after every step. At a random
moment `kill -9` hits it or one of its workers; it is started again with `resume` until all its runs
are complete. Its files must then be those of a study that nobody disturbed. One study after the
other is disturbed until there were enough kills.
"""

import argparse
import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

HERE = Path(__file__).resolve()
LONGEST_S = 120.0  # that one process may take
LONGEST_REST_S = 0.5  # before a kill
JOBS = 2


@dataclass
class Tally:
    """What was done to the studies.

    Attributes:
        parents, workers: number of kills of each. studies: disturbed and found whole.
        continued: runs that went on from a checkpoint, by the step it was made after.
    """

    parents: int = 0
    workers: int = 0
    studies: int = 0
    continued: list[int] = field(default_factory=list)

    @property
    def kills(self):
        return self.parents + self.workers


def survive(n_kills, base, marrow=False, luck=None):
    """Kill at least `n_kills` times; AssertionError if a study ends otherwise than undisturbed."""
    luck = luck or random.Random(1)
    tally = Tally()
    whole = files(undisturbed(base / "whole", marrow))
    while tally.kills < n_kills:
        out = base / f"study_{tally.studies}"
        disturb(out, n_kills, tally, marrow, luck)
        found = files(out)
        odd = [name for name in sorted(whole | found) if whole.get(name) != found.get(name)]
        assert not odd, f"{out}: {odd} differ after {tally}"
        tally.studies += 1
    return tally


def disturb(out, n_kills, tally, marrow, luck):
    """Start a study again and again, and kill it or a worker of it, until it is complete."""
    while True:
        log = out.with_suffix(".log")
        n_told = len(told(log))
        process = start(out, log, marrow)
        try:
            while tally.kills < n_kills and process.poll() is None:
                if luck.random() < 0.8:  # else it is hit while it starts
                    until_at_work(process, out, time.time())
                time.sleep(luck.uniform(0.0, LONGEST_REST_S))
                kill_one(process, tally, luck)
            code = process.wait(LONGEST_S)
        finally:
            process.kill()
        events = told(log)[n_told:]
        tally.continued += [e["begun_at_step"] for e in events if e.get("begun_at_step")]
        assert code in (0, 1, -signal.SIGKILL), log.read_text()[-2000:]
        if code == 0:
            return


def kill_one(process, tally, luck):
    """Kill the study, or one of its workers if it has any and luck says so."""
    if process.poll() is not None:
        return
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        workers = [child for child in children if child.ppid() != process.pid]
        if workers and luck.random() < 0.5:
            luck.choice(workers).kill()
            tally.workers += 1
            return
    except psutil.NoSuchProcess:
        return
    process.kill()
    process.wait()
    tally.parents += 1


def start(out, log, marrow, calm=False):
    """The study in a process of its own; what it tells is appended to `log`."""
    words = [sys.executable, str(HERE), "--study", str(out)]
    words += [*(["--marrow"] if marrow else []), *(["--calm"] if calm else [])]
    with log.open("a") as stream:
        return subprocess.Popen(words, stdout=stream, stderr=stream, start_new_session=True)


def undisturbed(out, marrow):
    """The same study without kills."""
    assert start(out, out.with_suffix(".log"), marrow, calm=True).wait(LONGEST_S) == 0
    return out


def told(log):
    """Events of a log; a line that a kill cut off is none."""
    events = []
    for line in log.read_text().splitlines() if log.exists() else []:
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return [event for event in events if isinstance(event, dict)]


def until_at_work(process, out, since):
    """Wait for a checkpoint made after this time, or for the end of the process."""
    end = time.monotonic() + LONGEST_S
    while process.poll() is None:
        with contextlib.suppress(FileNotFoundError):  # replaced or gone meanwhile
            if any(path.stat().st_mtime > since for path in out.glob("*/checkpoint.bin")):
                return
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def files(study):
    """All bytes of a study by name; of manifests and study.json what must not depend on when."""
    found = {}
    for path in study.rglob("*"):
        name = path.relative_to(study).as_posix()
        if path.name == "manifest.json":
            manifest = json.loads(path.read_text())
            found[name] = [manifest[key] for key in ("status", "identity", "parameters", "files")]
        elif path.name == "study.json":
            record = json.loads(path.read_text())
            found[name] = [record["status"], record["runs"]]
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def run_the_study(out, marrow, calm):
    """What the process does, if `calm` at its own speed; 0 if all runs are complete."""
    from toy_marrow import ToyEngine, ToyOutput, ToyScenario

    from mtor_abm.runner import processes
    from mtor_abm.runner.batch import run_study
    from mtor_abm.runner.progress import JsonLines
    from mtor_abm.runner.single import MarrowEngine
    from mtor_abm.scenario import Scenario

    if marrow:
        tables = {
            "run": {"days": 4.0, "step_h": 1.0},
            "output": {"cells_at_days": [1.0, 3.0], "fields_at_days": [2.0]},
            "geometry": {"nx": 60, "ny": 60},
            "inoculum": {"cells": 40},
        }
        drug = {"drugs": {"rapamycin": {"dose_mg_per_kg": 2.0, "every_h": 24.0}}}
        arms = [
            Scenario.from_tables(tables, name="vehicle"),
            Scenario.from_tables(tables | drug, name="rapamycin"),
        ]
        engine, seeds = MarrowEngine, [1, 2]
    else:
        output = ToyOutput(cells_at_days=(0.5, 1.5), fields_at_days=(1.0,))
        fault = "" if calm else "slow"
        arms = [
            ToyScenario("vehicle", output=output, fault=fault),
            ToyScenario("drug", output=output, fault=fault, drug=0.5),
        ]
        engine, seeds = ToyEngine, [1, 2, 3]
        processes.PRELOADED = ("mtor_abm.runner.single",)  # a toy needs no marrow
    study = run_study(
        arms, seeds, out, jobs=1 if calm else JOBS, resume=True, checkpoint_every_s=0.0,
        report=JsonLines(sys.stdout), engine=engine,
    )  # fmt: skip
    return 1 if study.failed else 0


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--marrow", action="store_true", help="tiny marrows in place of toys")
    parser.add_argument("--luck", type=int, default=1, help="seed of the moments")
    parser.add_argument("--calm", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--study", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.study:
        return run_the_study(args.study, args.marrow, args.calm)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as base:
        tally = survive(args.kills, Path(base), args.marrow, random.Random(args.luck))
    print(
        f"{tally.kills} kills survived ({tally.parents} of studies, {tally.workers} of workers) in "
        f"{tally.studies} studies; {len(tally.continued)} runs went on from a checkpoint; "
        f"{time.monotonic() - started:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
