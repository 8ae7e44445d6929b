"""The screen: a Morris design over all guessed numbers, evaluated, kept on disk, and analysed.

Each evaluation is vehicle and rapamycin at one point of the design, over the same seeds: its four
numbers are the headline effects there. Evaluations are appended to a file as they end and are never
done twice; the design follows from the factors and the number of trajectories alone.

Needs SALib (the extra `sensitivity`).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from ...compilation import ensure_compiled
from ...errors import UserError
from ...extras import library
from ...model import MarrowModel
from ...runner.children import without_main
from ...whole_file import write_file
from ..headline import CONTROL, HEADLINES, SMALL, TREATED, arm, effects, follow, fresh_luck
from .factors import CHANCE, LEVELS, Factor, all_factors, changes, luck

DESIGN_SEED = 20180825
DESIGN_FILE = "design.json"
EVALUATIONS_FILE = "evaluations.csv"
IDLE_FILE = "idle.json"
_HEADER = ",".join(("evaluation", *(headline.key for headline in HEADLINES)))

Point = tuple[int, dict[str, Any], int]  # number of the evaluation, changes, key of luck
Settings = dict[str, Any]
Outcome = dict[str, float]


@dataclass(frozen=True)
class Design:
    """What is evaluated.

    Attributes:
        factors: all factors, idle ones left out.
        points: float64 (trajectories x (n_factors + 1), n_factors), value of each factor.
        trajectories: paths through the box of bounds; each changes every factor once.
        seeds: seeds of the pairs behind each evaluation.
        settings: what the small marrow is.
    """

    factors: tuple[Factor, ...]
    points: np.ndarray
    trajectories: int
    seeds: tuple[int, ...]
    settings: Settings

    def identity(self) -> str:
        """Tells whether evaluations on disk are of this design (16 hex)."""
        about = [f.as_dict() for f in self.factors], self.settings, self.seeds, self.trajectories
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        digest.update(np.round(self.points, 12).tobytes())
        return digest.hexdigest()[:16]

    def at(self, evaluation: int) -> Point:
        """What is to be computed for one row of `points`."""
        numbers = self.points[evaluation]
        return evaluation, changes(self.factors, numbers), luck(self.factors, numbers)


def problem(factors: Sequence[Factor]) -> dict[str, Any]:
    """The factors in the words of SALib."""
    return {
        "num_vars": len(factors),
        "names": [f.key for f in factors],
        "bounds": [[f.low, f.high] for f in factors],
    }


def morris_design(
    factors: Sequence[Factor], trajectories: int, seeds: Sequence[int], settings: Settings
) -> Design:
    """Trajectories through the bounds of all factors (Morris 1991), the same for the same call.

    Raises:
        UserError: SALib is not installed.
    """
    sample = _salib("sample").sample
    points = sample(problem(factors), trajectories, num_levels=LEVELS, seed=DESIGN_SEED)
    return Design(tuple(factors), points, trajectories, tuple(seeds), dict(settings))


def analysed(design: Design, outcomes: np.ndarray) -> dict[str, np.ndarray]:
    """Morris measures of one effect over the whole range of each factor.

    Args:
        design: of n factors. outcomes: float64 (n_evaluations,), the effect at each point.

    Returns:
        mu, mu_star, sigma (unit of the effect per range low to high) and mu_star_conf (half width
        of the 95 % bootstrap interval of mu_star), each float64 (n,).
    """
    result = _salib("analyze").analyze(
        problem(design.factors), design.points, outcomes, num_levels=LEVELS, seed=DESIGN_SEED
    )
    names = ("mu", "mu_star", "sigma", "mu_star_conf")
    return {name: np.asarray(result[name], dtype=np.float64) for name in names}


def evaluate(point: Point, seeds: tuple[int, ...], settings: Settings) -> Outcome:
    """The headline effects at one point, mean over seeds."""
    _, changed, key = point
    sums = dict.fromkeys((headline.key for headline in HEADLINES), 0.0)
    for seed in seeds:
        pair = [
            follow(fresh_luck(MarrowModel(arm(name, {**settings, **changed}), seed), key))
            for name in (CONTROL, TREATED)
        ]
        for name, value in effects(*pair).items():
            sums[name] += value / len(seeds)
    return sums


def is_idle(factor: Factor, seed: int, settings: Settings, base: Outcome) -> bool:
    """True if a run comes out the same in every readout with the factor at either bound.

    Args:
        factor: to be tried alone. seed, settings: of the run.
        base: readouts of the treated arm with all factors at their defaults.
    """
    for bound in (factor.low, factor.high):
        scenario = arm(TREATED, {**settings, factor.key: factor.value(bound)})
        got = follow(MarrowModel(scenario, seed))
        if any(not _same(got[name], base[name]) for name in base):
            return False
    return True


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def run_screen(
    folder: Path,
    trajectories: int,
    seeds: Sequence[int],
    *,
    jobs: int = 1,
    resume: bool = False,
    settings: Settings | None = None,
    factors: Sequence[Factor] | None = None,
    model: Callable[[Point, tuple[int, ...], Settings], Outcome] = evaluate,
    say: Callable[[str], None] = print,
) -> tuple[Design, np.ndarray, list[Factor]]:
    """Find the idle factors, lay out the design, evaluate what is not on disk yet.

    Args:
        folder: keeps the design and the evaluations.
        trajectories: 2 or more; cost is trajectories x (factors + 1) x seeds x 2 runs.
        seeds: of the pairs behind each evaluation.
        jobs: processes.
        resume: continue with what `folder` holds; without it the folder must hold no screen.
        settings: changes of the small marrow, e.g. fewer days.
        factors: by default all guesses of the model, less those that change nothing here; those
            that are given are all varied.
        model: what is evaluated.
        say: told how far it is.

    Returns:
        The design, effects float64 (n_evaluations, n_headlines), and the idle factors.

    Raises:
        UserError: SALib is missing, or the folder holds another screen.
    """
    settings = {**SMALL, **(settings or {})}
    _salib("sample")
    folder.mkdir(parents=True, exist_ok=True)
    if not resume and (folder / DESIGN_FILE).exists():
        raise UserError(f"{folder}: holds a screen; add --resume to go on, or give another --out")
    idle: frozenset[str] = frozenset()
    if factors is None:
        factors = all_factors(arm(TREATED).drugs[TREATED].dose_mg_per_kg or 0.0)
        idle = _idle(folder, factors, seeds[0], settings, jobs, say)
    active = [f for f in factors if f.key not in idle]
    design = morris_design(active, trajectories, seeds, settings)
    _keep_design(folder, design)
    outcomes = np.full((len(design.points), len(HEADLINES)), np.nan)
    done = _read(folder / EVALUATIONS_FILE)
    for number, values in done.items():
        outcomes[number] = values
    left = [n for n in range(len(outcomes)) if n not in done]
    say(f"{len(active)} factors, {len(idle)} idle; {len(left)} of {len(outcomes)} to evaluate")
    with (folder / EVALUATIONS_FILE).open("a", encoding="utf-8") as file:
        if file.tell() == 0:
            file.write(_HEADER + "\n")
        tasks = [(design.at(n), design.seeds, design.settings) for n in left]
        for n_done, (index, outcome) in enumerate(_each(model, tasks, jobs), start=1):
            number = left[index]
            row = [float(outcome[headline.key]) for headline in HEADLINES]
            outcomes[number] = row
            file.write(",".join([str(number), *(repr(v) for v in row)]) + "\n")
            file.flush()
            if n_done % 20 == 0 or n_done == len(left):
                say(f"{n_done} of {len(left)} evaluated")
    return design, outcomes, [f for f in factors if f.key in idle]


def _idle(
    folder: Path,
    factors: Sequence[Factor],
    seed: int,
    settings: Settings,
    jobs: int,
    say: Callable[[str], None],
) -> frozenset[str]:
    """Keys of the factors that change nothing here; kept, since finding them takes a while."""
    about = json.dumps([[f.as_dict() for f in factors], seed, settings], sort_keys=True)
    asked = hashlib.sha256(about.encode()).hexdigest()[:16]
    path = folder / IDLE_FILE
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["asked"] == asked:
            return frozenset(kept["idle"])
    say(f"looking which of {len(factors)} numbers do nothing in this marrow")
    base = follow(MarrowModel(arm(TREATED, settings), seed))
    tried = [f for f in factors if f.confidence != CHANCE]
    tasks = [(f, seed, settings, base) for f in tried]
    found = dict(_each(is_idle, tasks, jobs))
    idle = [f.key for i, f in enumerate(tried) if found[i]]
    write_file(path, json.dumps({"asked": asked, "idle": idle}, indent=1) + "\n")
    return frozenset(idle)


def _keep_design(folder: Path, design: Design) -> None:
    path = folder / DESIGN_FILE
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["identity"] != design.identity():
            raise UserError(
                f"{folder}: holds a screen of other numbers or another size; give another --out"
            )
        return
    about = {
        "identity": design.identity(),
        "trajectories": design.trajectories,
        "seeds": list(design.seeds),
        "settings": design.settings,
        "factors": [f.as_dict() for f in design.factors],
    }
    write_file(path, json.dumps(about, indent=1) + "\n")


def _read(path: Path) -> dict[int, list[float]]:
    """Evaluations on disk; a last line that was cut off is done again."""
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole, encoding="utf-8")
    rows = [line.split(",") for line in whole.splitlines()[1:]]
    return {int(row[0]): [float(value) for value in row[1:]] for row in rows}


def _each[T](
    task: Callable[..., T], arguments: Sequence[tuple[Any, ...]], jobs: int
) -> Iterator[tuple[int, T]]:
    """(index, result) of each call as it ends; over processes if there is more than one job."""
    ensure_compiled()
    if jobs == 1:
        for i, given in enumerate(arguments):
            yield i, task(*given)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        with without_main(task):
            futures = {pool.submit(task, *given): i for i, given in enumerate(arguments)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _salib(part: str) -> Any:
    """SALib.sample.morris or SALib.analyze.morris."""
    return library(f"SALib.{part}.morris", "sensitivity", "the sensitivity screen")
