"""Studies: python benchmarks/studies.py [--quick] [--json FILE].

Five figures. Two workers against the same runs one after the other; what a run costs beside its
own work (runs that do nothing); the time until a study of 1,000 runs begins; a checkpoint of the
default scenario beside the run it belongs to; four arms that share 60 days at rest and 10 days of
growth against four whole runs. The plain reference is a loop over `run_one`, or over the models
themselves.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import RESULTS, write_json

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

DAYS = 28.0
REST, GROWTH = 60.0, 10.0
TREATED = (7.0, 18.0)  # the shorter, the more is shared
ARMS = ("vehicle", "rapamycin", "osi_027", "opg_fc")


def two_workers(folder: Path, days: float, n_runs: int, rounds: int) -> dict[str, float]:
    """Efficiency of two workers: one run after the other, over twice the time by two.

    Two processes take a second to start, which few runs feel and many do not.
    """
    from mtor_abm.runner.batch import run_study
    from mtor_abm.runner.single import run_one
    from mtor_abm.scenario_files import load

    scenario = load("vehicle").changed({"run.days": days})
    alone, together = [], []
    for turn in range(rounds):
        started = time.perf_counter()
        for seed in range(1, n_runs + 1):
            run_one(scenario, seed, folder / f"alone{turn}" / f"vehicle__seed_000{seed}")
        alone.append(time.perf_counter() - started)
        started = time.perf_counter()
        run_study([scenario], range(1, n_runs + 1), folder / f"together{turn}", jobs=2)
        together.append(time.perf_counter() - started)
    return {
        "runs": n_runs, "one_by_one_s": min(alone), "two_workers_s": min(together),
        "efficiency": min(alone) / (2.0 * min(together)),
    }  # fmt: skip


def dispatch(folder: Path, n_runs: int) -> dict[str, float]:
    """Milliseconds a run costs beside its work, with the loop over `run_one` beside it."""
    from toy_marrow import ToyEngine, ToyRun, ToyScenario

    from mtor_abm.runner.batch import run_study
    from mtor_abm.runner.single import run_one

    scenario = ToyScenario(run=ToyRun(days=0.25))
    seeds = range(1, n_runs + 1)
    started = time.perf_counter()
    for seed in seeds:
        run_one(scenario, seed, folder / "loop" / f"vehicle__seed_{seed:04d}", engine=ToyEngine)
    loop_s = time.perf_counter() - started
    started = time.perf_counter()
    study = run_study([scenario], seeds, folder / "pool", jobs=2, engine=ToyEngine)
    pool_s = time.perf_counter() - started
    own_s = sum(run.wall_s for run in study.runs)
    return {
        "runs": n_runs, "loop_ms_a_run": 1e3 * loop_s / n_runs,
        "study_ms_a_run": 1e3 * pool_s / n_runs,
        "beside_work_ms_a_run": 1e3 * max(0.0, 2.0 * pool_s - own_s) / n_runs,
    }  # fmt: skip


def start(folder: Path) -> dict[str, float]:
    """Seconds until the first of 1,000 runs has begun."""
    from toy_marrow import ToyEngine

    from mtor_abm.runner.batch import run_study
    from mtor_abm.runner.progress import Progress
    from mtor_abm.scenario_files import load_all

    class BegunError(Exception):
        """The first run reports."""

    class Watch(Progress):
        def advance(self, fraction: float) -> None:
            if fraction > 0.0:
                raise BegunError

        def finished(self, result: Any, n_done: int, n_runs: int) -> None:
            raise BegunError

    started = time.perf_counter()
    try:
        run_study(load_all(["vehicle", "rapamycin"]), range(1, 501), folder, jobs=2, report=Watch())
    except BegunError:
        return {"first_run_reports_after_s": time.perf_counter() - started}
    raise RuntimeError(f"no run of {ToyEngine.__name__} began")


def checkpoints(folder: Path, days: float) -> dict[str, float]:
    """Seconds and megabytes of a checkpoint at the end of a run, and its share of the run."""
    from mtor_abm.model import MarrowModel
    from mtor_abm.provenance import identity
    from mtor_abm.runner.checkpoint import keep
    from mtor_abm.runner.single import SECONDS_BETWEEN_CHECKPOINTS, MarrowEngine, Track
    from mtor_abm.scenario_files import load
    from mtor_abm.store import RunWriter

    scenario = load("vehicle").changed({"run.days": days})
    started = time.perf_counter()
    MarrowModel(scenario, 1)
    with RunWriter(folder / "vehicle__seed_0001") as writer:
        track = Track(writer, scenario, MarrowEngine)
        track.begin(1, None)
        while track.step < track.schedule.n_steps:
            track.model.step()
            track.step += 1
            track._look()
        run_s = time.perf_counter() - started
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            size = keep(folder / "checkpoint.bin", track.checkpoint(), identity("", 1))
            seconds.append(time.perf_counter() - started)
        packed = keep(folder / "packed.bin", track.checkpoint(), identity("", 1), packed=True)
    return {
        "seconds": min(seconds), "megabytes": size / 1e6, "packed_megabytes": packed / 1e6,
        "run_s": run_s, "share_of_30_s_of_run": min(seconds) / SECONDS_BETWEEN_CHECKPOINTS,
    }  # fmt: skip


def branching(folder: Path, scale: float, treated: float) -> dict[str, float]:
    """Four arms with shared rest and growth, against the four from the start."""
    from mtor_abm.branching import branch_of, trunk_of
    from mtor_abm.runner.batch import run_study
    from mtor_abm.runner.plan import Parting
    from mtor_abm.scenario_files import load

    rest, parting, end = (
        round(days * scale * 24.0) / 24.0 for days in (REST, REST + GROWTH, REST + GROWTH + treated)
    )
    changes = {"run.days": end, "inoculum.day": rest}
    grown = load("vehicle").changed(changes)
    arms = [branch_of(grown, load(name).changed(changes), parting) for name in ARMS]
    started = time.perf_counter()
    run_study(arms, [1], folder / "whole", jobs=1)
    whole_s = time.perf_counter() - started
    started = time.perf_counter()
    shared = Parting(parting, folder / "trunks", trunk_of)
    run_study(arms, [1], folder / "branched", jobs=1, parting=shared)
    branched_s = time.perf_counter() - started
    for arm in arms:
        run = f"{arm.name}__seed_0001"
        for table in ("timeseries.csv", "events.csv", "summary.csv"):
            pair = [(folder / kind / run / table).read_bytes() for kind in ("whole", "branched")]
            if pair[0] != pair[1]:
                raise RuntimeError(f"{run}/{table} differs between the two")
    return {
        "days_at_rest": rest, "days_of_growth": parting - rest, "days_treated": end - parting,
        "whole_s": whole_s, "branched_s": branched_s, "share": branched_s / whole_s,
    }  # fmt: skip


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the days, once")
    parser.add_argument("--json", type=Path, default=RESULTS / "studies.json")
    args = parser.parse_args()
    scale, rounds = (0.1, 1) if args.quick else (1.0, 2)
    days = float(max(1, round(DAYS * scale)))
    from mtor_abm.compilation import ensure_compiled

    ensure_compiled()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for key, figures in (
            ("two workers, 2 runs", lambda: two_workers(folder / "two", days, 2, rounds)),
            ("two workers, 6 runs", lambda: two_workers(folder / "six", days, 6, 1)),
            ("dispatch", lambda: dispatch(folder / "dispatch", 200)),
            ("start of 1,000 runs", lambda: start(folder / "start")),
            ("checkpoint", lambda: checkpoints(folder / "checkpoint", days)),
            ("branching, 7 days treated", lambda: branching(folder / "short", scale, TREATED[0])),
            ("branching, 18 days treated", lambda: branching(folder / "long", scale, TREATED[1])),
        ):
            found[key] = figures()
            print(key, ", ".join(f"{name} {value:.3g}" for name, value in found[key].items()))
    write_json(args.json, found)


if __name__ == "__main__":
    main()
