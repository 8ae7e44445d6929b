"""Run what the targets need, each run once, and judge every point."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..catalogue import listing
from ..compilation import ensure_compiled
from ..drugs import DRUGS
from ..errors import UserError
from ..runner.batch import run_study
from ..runner.plan import OtherRunError
from ..runner.progress import Progress
from ..scenario import Scenario
from ..sourced import sourced_numbers
from ..store import Run, read_run, run_name, snapshot_name
from ..tidy_csv import csv_text
from ..validation import suggestion
from ..whole_file import storage_error, write_file
from . import TARGETS, Target
from .marrow import ARMS
from .target import Course, Verdict, judge, scenario_of

STUDY, RUNS = "targets", "runs"
FILE_NAME = "targets.csv"
SEEDS = {"quick": 3, "usual": 4, "full": 12}

#: The data dictionary of targets.csv: name -> (unit, meaning).
COLUMNS: dict[str, tuple[str, str]] = {
    "target": ("", "row in evidence/calibration_targets.csv"),
    "point": ("", "what was measured"),
    "unit": ("", 'unit of the values, "1" for a pure number'),
    "observed": ("as unit", "published value; empty where only a range or direction is known"),
    "error": ("as unit", "published error; of the natural logarithm where ratio is 1"),
    "observed_low": ("as unit", "lower limit that agrees, for a point without a value"),
    "observed_high": ("as unit", "upper limit that agrees"),
    "ratio": ("1", "1 if z is that of the logarithm"),
    "simulated": ("as unit", "mean over seeds (geometric for a ratio)"),
    "low": ("as unit", "lower end of the 95 % interval of the mean"),
    "high": ("as unit", "upper end"),
    "spread": ("as unit", "standard deviation over seeds (of the logarithm for a ratio)"),
    "z": ("1", "simulated less observed over the root of error squared plus spread squared / n"),
    "agrees": ("1", "1 if z is within 2, or the simulated mean within the limits"),
    "n": ("1", "seeds with a value"),
    "note": ("", "what the error or the limits are"),
    "fitted": ("", "numbers of the model fitted to this target"),
    "seconds": ("s", "time of its runs; a run that several targets share counts in each"),
}


@dataclass(frozen=True)
class Judged:
    """One target with its verdicts.

    Attributes:
        target: see Target.
        verdicts: one a point.
        fitted: keys of the numbers of the model whose source names this target.
        seconds: processor time of what it needed.
    """

    target: Target
    verdicts: tuple[Verdict, ...]
    fitted: tuple[str, ...]
    seconds: float


class Results:
    """Where points read from: the finished runs of a study, or just its seeds."""

    def __init__(self, study: Path, seeds: Sequence[int]) -> None:
        self.study = study
        self.seeds = seeds
        self._courses: dict[str, Course] = {}

    def runs(self, arm: str) -> list[Run]:
        """Runs of an arm in the order of the seeds."""
        return [read_run(self.study / run_name(arm, seed)) for seed in self.seeds]

    def course(self, arm: str) -> Course:
        """Time series of an arm; read once."""
        if arm not in self._courses:
            self._courses[arm] = _course(self.runs(arm))
        return self._courses[arm]

    def seconds(self, arm: str) -> float:
        """Wall time of the runs of an arm."""
        return sum(float(run.manifest["wall_s"]) for run in self.runs(arm))


def _course(runs: list[Run]) -> Course:
    tables = [run.timeseries for run in runs]
    columns = {name: np.array([table[name] for table in tables]) for name in tables[0]}
    summaries = [dict(zip(r.summary["readout"], r.summary["value"], strict=True)) for r in runs]
    names = {n for s in summaries for n in s if n.startswith("events_")}
    events = {
        n.removeprefix("events_"): np.array([s.get(n, 0.0) for s in summaries]) for n in names
    }
    events.setdefault("death_osteoclast", np.zeros(len(runs)))
    sites: dict[str, list[np.ndarray]] = {}
    days = runs[0].manifest["parameters"]["output"]["fields_at_days"]
    if days:
        for run in runs:
            table = run.table(snapshot_name("fields", days[-1]))
            for name in table:
                sites.setdefault(name, []).append(table[name].to_numpy())
    return Course(columns["time_d"][0], columns, events, sites)


def fitted_numbers() -> dict[str, tuple[str, ...]]:
    """Target -> keys of the model's numbers whose source names it ("target T13")."""
    found: dict[str, list[str]] = {}
    rows = [(r["name"], r["source"]) for r in listing("parameters")]
    for drug in DRUGS.values():
        rows += [(f"{drug.key}: {name}", number.source) for name, number in sourced_numbers(drug)]
    for name, source in rows:
        for words in re.findall(r"\btargets? ((?:T\d\d(?:, | and )?)+)", source):
            for target in re.findall(r"T\d\d", words):
                found.setdefault(target, []).append(name)
    return {target: tuple(dict.fromkeys(names)) for target, names in found.items()}


def chosen(ids: Sequence[str]) -> list[Target]:
    """The targets named, or all of them.

    Raises:
        UserError: no such target.
    """
    for name in ids:
        if name.upper() not in TARGETS:
            raise UserError(f"no target is called '{name[:40]}'; {suggestion(name, TARGETS)}")
    wanted = {name.upper() for name in ids}
    return [target for key, target in TARGETS.items() if not wanted or key in wanted]


def judge_targets(
    ids: Sequence[str],
    out: Path,
    effort: str = "usual",
    jobs: int | None = None,
    report: Progress | None = None,
) -> list[Judged]:
    """Run what is needed and judge the targets; writes OUT/targets/targets.csv.

    Args:
        ids: rows of the table of targets; none for all.
        out: folder of all studies.
        effort: "quick", "usual" or "full": 3, 4 or 12 seeds.
        jobs: processes; None takes one a core.
        report: told how it goes.

    Raises:
        UserError: no such target, a folder that is not ours, or a run that failed.
    """
    targets = chosen(ids)
    seeds = list(range(1, SEEDS[effort] + 1))
    quick = effort == "quick"
    study = out / STUDY / RUNS
    ensure_compiled((report or Progress()).say)
    names = list(dict.fromkeys(arm for target in targets for arm in target.arms))
    scenarios = [scenario_of(name, ARMS[name], quick) for name in names]
    if scenarios:
        _run(scenarios, seeds, study, jobs, report)
    source = Results(study, seeds)
    fitted = fitted_numbers()
    judged = []
    for target in targets:
        started = time.perf_counter()
        verdicts = tuple(judge(point, point.simulate(source)) for point in target.points)
        seconds = time.perf_counter() - started + sum(source.seconds(arm) for arm in target.arms)
        judged.append(Judged(target, verdicts, fitted.get(target.id, ()), seconds))
    _write(out / STUDY, csv_text(table(judged)))
    return judged


def _write(folder: Path, text: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / FILE_NAME, text)
    except OSError as error:
        raise storage_error(error, folder / FILE_NAME) from error


def _run(
    scenarios: list[Scenario], seeds: list[int], study: Path, jobs: int | None,
    report: Progress | None,
) -> None:  # fmt: skip
    """Run what is not there yet; damaged runs, and those of other sources, are run again."""
    try:
        done = run_study(scenarios, seeds, study, jobs=jobs, report=report, resume=True)
    except OtherRunError:
        done = run_study(scenarios, seeds, study, jobs=jobs, report=report, force=True)
    if done.failed:
        run = done.failed[0]
        raise UserError(f"{run.folder.name} failed: {run.error}; see {run.folder}")


def table(judged: Sequence[Judged]) -> dict[str, list[Any]]:
    """One row a point; columns as in COLUMNS."""
    rows: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for target in judged:
        for row in as_rows(target):
            for name, column in rows.items():
                value = row[name]
                if isinstance(value, (list, tuple)):
                    value = " ".join(value)
                column.append(float("nan") if value is None else value)
    return rows


def as_rows(judged: Judged) -> list[dict[str, Any]]:
    """Rows of one target, ready for JSON."""
    rows = []
    for v in judged.verdicts:
        limits = v.point.limits or (None, None)
        rows.append(
            {
                "target": judged.target.id,
                "point": v.point.label,
                "unit": v.point.unit,
                "observed": v.point.value,
                "error": v.point.error,
                "observed_low": limits[0],
                "observed_high": limits[1],
                "ratio": v.point.ratio,
                "simulated": _known(v.mean),
                "low": _known(v.low),
                "high": _known(v.high),
                "spread": _known(v.spread),
                "z": _known(v.z),
                "agrees": v.agrees,
                "n": v.n,
                "note": v.point.note,
                "fitted": list(judged.fitted),
                "seconds": round(judged.seconds, 1),
            }
        )
    return rows


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
