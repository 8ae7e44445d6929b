"""Gathering a large study: python benchmarks/gather.py [--quick] [--json FILE].

One run of `vehicle` and one of `rapamycin` are made, then their tables are copied under other
seeds until there are 1,000 runs, each with a valid manifest. Figures: seconds and peak memory of
`gather`, and beside it, in the same call, of the plain way: read every timeseries.csv with pandas,
put scenario and seed beside it, concatenate, write. Each in a process of its own, after the files
were just written and so mostly in the memory of the system.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import RESULTS, triad_gb_per_s, write_json

N_RUNS = 1000
DAYS = 28.0
ARMS = ("vehicle", "rapamycin")


def fabricate(study: Path, n_runs: int, days: float) -> None:
    """Two real runs, and copies of them that pass for runs of other seeds."""
    from mtor_abm.runner.batch import run_study
    from mtor_abm.runner.progress import choose
    from mtor_abm.runner.study_folder import write_study, write_study_summary
    from mtor_abm.scenario_files import load_all
    from mtor_abm.store import read_run, run_name

    scenarios = load_all(list(ARMS), [f"run.days={days:g}"])
    run_study(scenarios, [1], study, jobs=1, report=choose())
    for arm in ARMS:
        run = read_run(study / run_name(arm, 1))
        for seed in range(2, n_runs // len(ARMS) + 1):
            folder = study / run_name(arm, seed)
            folder.mkdir()
            for name in run.manifest["files"]:
                shutil.copy(run.folder / name, folder / name)
            about = run.manifest | {"seed": seed, "identity": run.identity | {"seed": seed}}
            (folder / "manifest.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    write_study(study, {"status": "done", "scenarios": list(ARMS), "runs": {}})
    write_study_summary(study)


def gathered(study: Path) -> None:
    """Series, summaries and effects."""
    from mtor_abm.analysis.gather import gather

    gather(study)


def gathered_with_events(study: Path) -> None:
    """The same with the events."""
    from mtor_abm.analysis.gather import gather

    gather(study, study / "with_events", events=True)


def plain(study: Path) -> None:
    """What a reader would type: only the time series, and no check of any sha256."""
    import pandas as pd

    frames = {}
    for path in sorted(study.glob("*__seed_*/timeseries.csv")):
        scenario, _, seed = path.parent.name.partition("__seed_")
        frames[scenario, int(seed)] = pd.read_csv(path)
    pd.concat(frames, names=["scenario", "seed"]).to_csv(study / "plain.csv")


WAYS = {"gather": gathered, "gather --events": gathered_with_events, "plain pandas": plain}


def apart(way: str, study: Path) -> dict[str, float]:
    """Wall seconds, imports included, and peak MB of a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, __file__, "--part", way, str(study)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return {"wall_s": time.perf_counter() - started, "peak_mb": float(done.stdout)}


def peak_mb() -> float:
    """Highest memory of this program; ru_maxrss would count its parent's before the fork."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024.0
    raise RuntimeError("this benchmark needs Linux: no VmHWM in /proc/self/status")


def size_mb(study: Path, name: str) -> float:
    """Megabytes of all files of this name."""
    return sum(path.stat().st_size for path in study.glob(f"*__seed_*/{name}")) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 runs of 4 days")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, default=RESULTS / "gather.json")
    arguments = parser.parse_args()
    if arguments.part:
        WAYS[arguments.part[0]](Path(arguments.part[1]))
        print(peak_mb())
        return

    n_runs, days = (100, 4.0) if arguments.quick else (N_RUNS, DAYS)
    triad = triad_gb_per_s()
    print(f"memory triad of one core: {triad:.1f} GB/s (float32)")
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        fabricate(study, n_runs, days)
        series, events = (size_mb(study, f"{table}.csv") for table in ("timeseries", "events"))
        print(f"{n_runs} runs of {days:g} days: series {series:.0f} MB, events {events:.0f} MB")
        figures = {way: apart(way, study) for way in WAYS}
    for way, figure in figures.items():
        print(f"{way:<16} {figure['wall_s']:6.1f} s, peak {figure['peak_mb']:5.0f} MB")
    write_json(
        arguments.json,
        {"triad_gb_per_s": triad, "runs": n_runs, "days": days, "series_mb": series,
         "events_mb": events, **figures},
    )  # fmt: skip
    print(f"written to {arguments.json}")


if __name__ == "__main__":
    main()
