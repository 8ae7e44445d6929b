"""A design of virtual experiments: which numbers vary, how far, and at which points.

    base = "rapamycin"        # scenario that is varied
    control = "vehicle"       # optional
    kind = "lhs"              # grid, lhs (Latin hypercube), sobol or morris
    n = 64                    # points; trajectories of a morris design; none for a grid
    seeds = "1-4"             # optional: else those of the base
    design_seed = 1           # optional: another draw of lhs, sobol or morris
    levels = 4                # optional: of a morris design

    [vary]
    "drugs.rapamycin.dose_mg_per_kg" = { low = 0.1, high = 10.0, log = true }
    "switches.V8" = ["A", "B"]

A design follows from its file alone. The cube is sampled by scipy.stats.qmc, morris by SALib (the
extra `sensitivity`).
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import UserError
from ..extras import library
from ..invocation import command
from ..run_settings import parse_seeds
from ..scenario import MODEL
from ..validation import AT_THE_TOP, clipped, shown, suggestion

KINDS = ("grid", "lhs", "sobol", "morris")
KEYS = ("base", "control", "kind", "n", "seeds", "design_seed", "levels", "vary")
SCENARIO_KEYS = {*AT_THE_TOP, *MODEL.tables()}
RANGE_KEYS = ("low", "high", "log")
MOST_POINTS = 20_000
MOST_LEVELS = 100
LARGEST = 1e300

Refuse = Callable[[str], UserError]  # what is wrong -> the same with the name of the file


@dataclass(frozen=True)
class Range:
    """A number between two bounds, evenly spread over them or over their logarithms."""

    low: float
    high: float
    log: bool = False

    def at(self, u: float, whole: bool) -> float | int:
        """The value at u in [0, 1]; with `whole` every whole number has an equal share of u."""
        low, high = (self.low - 0.5, self.high + 0.5) if whole else (self.low, self.high)
        if self.log:
            x = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
        else:
            x = low + u * (high - low)
        x = min(max(x, self.low), self.high)
        return round(x) if whole else x


@dataclass(frozen=True)
class Choices:
    """A few values."""

    values: tuple[Any, ...]

    def at(self, u: float, whole: bool) -> Any:
        """The value at u in [0, 1]; each has an equal share of u."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]


@dataclass(frozen=True)
class Design:
    """What is varied, and how.

    Attributes:
        base, control: names or paths of scenarios.
        kind: "grid", "lhs", "sobol" or "morris".
        n: points, or trajectories of a morris design; 0 for a grid.
        seeds: of every point, as `parse_seeds` reads them; None takes those of the base.
        design_seed: key of the draw.
        levels: of a morris design.
        vary: key of a scenario -> what it takes.
    """

    base: str
    control: str | None
    kind: str
    n: int
    seeds: str | None
    design_seed: int
    levels: int
    vary: Mapping[str, Range | Choices]

    def points(self, whole: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Values of each point, in the order of the design.

        Args:
            whole: keys that take whole numbers.

        Raises:
            UserError: SALib is missing, or the design has too many points.
        """
        if self.kind == "grid":
            lists = [rule.values for rule in self.vary.values() if isinstance(rule, Choices)]
            return [dict(zip(self.vary, row, strict=True)) for row in itertools.product(*lists)]
        return [
            {
                key: rule.at(float(u), key in whole)
                for (key, rule), u in zip(self.vary.items(), row, strict=True)
            }
            for row in self.unit_points()
        ]

    def unit_points(self) -> np.ndarray:
        """The points in the unit cube, float64 (n_points, n_varied); of all but a grid.

        Raises:
            UserError: SALib is missing.
        """
        d, chance = len(self.vary), np.random.default_rng(self.design_seed)
        if self.kind == "morris":
            problem = {"num_vars": d, "names": list(self.vary), "bounds": [[0.0, 1.0]] * d}
            draw = _morris().sample(problem, self.n, num_levels=self.levels, seed=self.design_seed)
            return np.asarray(draw, dtype=np.float64)
        from scipy.stats import qmc

        if self.kind == "sobol":
            return np.asarray(qmc.Sobol(d, rng=chance).random_base2(int(math.log2(self.n))))
        return np.asarray(qmc.LatinHypercube(d, rng=chance).random(self.n))


def read_design(tables: Mapping[str, Any], label: str) -> Design:
    """A design from the content of its file.

    Args:
        tables: as TOML gives them. label: names the file in errors.

    Raises:
        UserError: the first fault found. A sobol design whose n is not a power of two is refused,
            since scipy's points are balanced only then.
    """

    def refuse(what: str) -> UserError:
        return UserError(f"{label}: {what}")

    if not {"base", "kind", "vary"} & tables.keys() and SCENARIO_KEYS & tables.keys():
        raise refuse(f"this is a scenario, not a design; run it with {command('run', label)}")
    for key in tables:
        if key not in KEYS:
            raise refuse(f"unknown key '{clipped(key)}'; {suggestion(key, KEYS)}")

    def text(key: str, cure: str) -> str | None:
        value = tables.get(key)
        if value is not None and not (isinstance(value, str) and value):
            raise refuse(f"{key} = {shown(value)} is not a name; {cure}")
        return value

    def count(key: str, default: int | None, low: int, high: int) -> int:
        value = tables.get(key, default)
        if value is None:
            raise refuse(f"no {key} is given; add {key} = 64")
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise refuse(
                f"{key} = {shown(value)} lies outside {low}..{high}; give a whole number within"
            )
        return value

    kind = text("kind", 'write kind = "lhs"')
    if kind not in KINDS:
        given = "no kind is given" if kind is None else f"kind = {shown(kind)} is not known"
        raise refuse(f"{given}; give {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    base = text("base", 'write base = "rapamycin"')
    if base is None:
        raise refuse('no base is given; add base = "rapamycin", the scenario that is varied')
    for key, users in (("n", KINDS[1:]), ("design_seed", KINDS[1:]), ("levels", ("morris",))):
        if key in tables and kind not in users:
            raise refuse(f"{key} has no use in a {kind}; leave it out")
    n = 0 if kind == "grid" else count("n", None, 2 if kind == "morris" else 1, MOST_POINTS)
    if kind == "sobol" and n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        raise refuse(
            f"n = {n} is not a power of two, and the points of sobol are balanced only then; "
            f"give {below} or {2 * below}"
        )
    seeds = tables.get("seeds")
    if seeds is not None and (isinstance(seeds, bool) or not isinstance(seeds, str | int)):
        raise refuse(f'seeds = {shown(seeds)} cannot be read; write "1-8", "1,3,7" or 5')
    levels = count("levels", 4, 2, MOST_LEVELS)
    if levels % 2:
        raise refuse(f"levels = {levels} is odd; give an even number, as Morris advises")
    vary = tables.get("vary")
    if not isinstance(vary, Mapping) or not vary:
        raise refuse("nothing varies; add [vary] and below it a line KEY = VALUES")
    rules = {key: _rule(key, value, kind, levels, refuse) for key, value in _flat(vary).items()}
    design = Design(
        base, text("control", 'write control = "vehicle"'), kind, n,
        None if seeds is None else _seeds(str(seeds), refuse),
        count("design_seed", 1, 0, 2**32 - 1), levels, rules,
    )  # fmt: skip
    n_points = (
        math.prod(len(rule.values) for rule in rules.values() if isinstance(rule, Choices))
        if kind == "grid"
        else n * (len(rules) + 1 if kind == "morris" else 1)
    )
    if n_points > MOST_POINTS:
        raise refuse(f"the design has {n_points} points; give at most {MOST_POINTS}")
    return design


def _seeds(text: str, refuse: Refuse) -> str:
    try:
        parse_seeds(text)
    except UserError as fault:
        raise refuse(str(fault)) from None
    return text


def _flat(vary: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Keys with dots: `tumour.adhesion = ...` reads in TOML as a table in a table."""
    flat: dict[str, Any] = {}
    for key, value in vary.items():
        is_range = isinstance(value, Mapping) and ({"low", "high"} & set(value) or not value)
        if isinstance(value, Mapping) and not is_range:
            flat |= _flat(value, f"{above}{key}.")
        else:
            flat[f"{above}{key}"] = value
    return flat


def _rule(key: str, value: Any, kind: str, levels: int, refuse: Refuse) -> Range | Choices:
    """What one line of [vary] allows."""
    place = f"[vary] {key[:80]} = {shown(value)}"
    if isinstance(value, list):
        repeated = [item for i, item in enumerate(value) if item in value[:i]]
        if not value or repeated:
            raise refuse(
                f"{place} {'is empty' if not value else f'has {shown(repeated[0])} twice'}; "
                "list each value once"
            )
        if kind == "morris" and len(value) > levels:
            raise refuse(
                f"{place} has more choices than levels = {levels}; "
                f"give levels = {len(value) + len(value) % 2}"
            )
        return Choices(tuple(value))
    if not isinstance(value, Mapping):
        raise refuse(f"{place} does not vary; write [1.0, 2.0] or {{ low = 1.0, high = 2.0 }}")
    if kind == "grid":
        raise refuse(f"{place} has no values for a grid; list them: [1.0, 2.0, 4.0]")
    for word in value:
        if word not in RANGE_KEYS:
            raise refuse(f"{place}: unknown key '{word[:80]}'; {suggestion(word, RANGE_KEYS)}")
    low, high = (_bound(value.get(bound), place, refuse) for bound in ("low", "high"))
    log = value.get("log", False)
    if not isinstance(log, bool):
        raise refuse(f"{place}: log = {shown(log)} is neither; give true or false")
    if not low < high:
        raise refuse(f"{place}: low must be below high; swap them")
    if log and low <= 0.0:
        raise refuse(f"{place}: a logarithm needs low above 0; give a higher low or log = false")
    return Range(low, high, log)


def _bound(value: Any, place: str, refuse: Refuse) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(f"{place} needs two numbers; write {{ low = 1.0, high = 2.0 }}")
    if not abs(value) <= LARGEST:
        raise refuse(f"{place} is not finite; give low and high within ±{LARGEST:g}")
    return float(value)


def _morris() -> Any:
    return library("SALib.sample.morris", "sensitivity", "a morris design")
