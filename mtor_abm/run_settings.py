"""How long and how finely a run goes, which repeats it has, what it writes and is compared for."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field, Strict, field_validator, model_validator

from .errors import UserError
from .events import EVENTS
from .parameters import Group, number
from .validation import clipped, suggestion

HIGHEST_SEED = 2**32 - 1
MOST_SEEDS = 10_000
FITTED_STEP_H = 1.0


def parse_seeds(text: str) -> list[int]:
    """Read "5", "1,3,7", "1-8" or "1-4,9" into seeds, in the order given.

    Raises:
        UserError: not a number, a range that runs backwards, a seed outside 0..4294967295, the same
            seed twice, or more than 10,000 seeds.
    """
    shown = text if len(text) <= 40 else text[:37] + "..."
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        bounds = [first, last] if dash else [first]
        if not all(b.isascii() and b.isdigit() and len(b) <= 10 for b in bounds):
            raise UserError(f"seeds '{shown}' cannot be read; write 1-8, or 1,3,7, or 5")
        low, high = int(bounds[0]), int(bounds[-1])
        if high < low:
            raise UserError(f"seeds '{shown}' run backwards; write {high}-{low}")
        if high > HIGHEST_SEED:
            raise UserError(f"seed {high} is above {HIGHEST_SEED}; give a smaller one")
        if len(seeds) + high - low + 1 > MOST_SEEDS:
            raise UserError(f"seeds '{shown}' are more than {MOST_SEEDS}; give fewer")
        seeds.extend(range(low, high + 1))
    for previous, seed in zip(sorted(seeds), sorted(seeds)[1:], strict=False):
        if previous == seed:
            raise UserError(f"seeds '{shown}' name {seed} twice; give each seed once")
    return seeds


def is_multiple(whole: float, part: float) -> bool:
    """True if `whole` is a whole number of `part`s, to rounding."""
    return math.isclose(whole / part, round(whole / part), rel_tol=0, abs_tol=1e-6)


def falls_on_step(day: float, step_h: float) -> bool:
    """True if a day is the end of a step, to a thousandth of the step."""
    steps = day * 24.0 / step_h
    return math.isclose(steps, round(steps), rel_tol=0, abs_tol=1e-3)


def off_steps(day: float, step_h: float) -> str:
    """Why a day is not possible, and the nearest days that are."""
    below = math.floor(day * 24.0 / step_h)
    near = " or ".join(f"{round(k * step_h / 24.0, 6):.10g}" for k in (below, below + 1))
    return f"which is not the end of a step of run.step_h = {step_h:g}; give {near}"


def step_warning(step_h: float) -> str:
    """What a step above 1 h does to results, and the cure; "" for shorter ones (docs/odd.md)."""
    if step_h <= FITTED_STEP_H:
        return ""
    return (
        f"run.step_h = {step_h:g} changes the results: at 6 h untreated tumours were 60 % smaller "
        "than at 0.25 h, and drug effects differed; give run.step_h = 1, at which the numbers were "
        "fitted"
    )


def step_warnings(scenarios: Iterable[Any]) -> list[str]:
    """`step_warning` once for each step length among scenarios."""
    warnings = (step_warning(scenario.run.step_h) for scenario in scenarios)
    return list(dict.fromkeys(filter(None, warnings)))


class RunParameters(Group):
    """How long, how fine, and which repeats."""

    days: float = number(
        28.0, "d", "usual length of a mouse osteolysis study", "assumed", low=0.01, high=3660.0,
        what="simulated time",
    )  # fmt: skip
    step_h: float = number(
        1.0, "h", "below the 24 h of a cell cycle, above the minutes of the fast network nodes",
        "assumed", low=0.05, high=6.0, what="time step",
    )  # fmt: skip
    seeds: str = Field(
        default="1-4", description="seeds of the repeats: 1-8, or 1,3,7, or 5",
        json_schema_extra={"unit": "1", "source": "a choice", "confidence": "assumed"},
    )  # fmt: skip

    @field_validator("seeds", mode="before")
    @classmethod
    def _one_seed_may_be_a_number(cls, seeds: Any) -> Any:
        return str(seeds) if isinstance(seeds, int) and not isinstance(seeds, bool) else seeds

    @field_validator("seeds")
    @classmethod
    def _seeds_can_be_read(cls, seeds: str) -> str:
        parse_seeds(seeds)
        return seeds

    @model_validator(mode="after")
    def _whole_steps(self) -> "RunParameters":
        if not is_multiple(self.days * 24.0, self.step_h):
            raise UserError(
                f"days = {self.days} is not a whole number of steps of step_h = {self.step_h}; "
                f"give days = {max(1, round(self.days * 24 / self.step_h)) * self.step_h / 24:.10g}"
            )
        return self

    @property
    def n_steps(self) -> int:
        """Number of steps of the run."""
        return round(self.days * 24.0 / self.step_h)

    def seed_list(self) -> list[int]:
        """Seeds of the repeats, in the order given."""
        return parse_seeds(self.seeds)


Days = Annotated[tuple[float, ...], Strict(False)]
Names = Annotated[tuple[str, ...], Strict(False)]

#: Events of events.csv unless others are named: what became of cells. Divisions, the comings of
#: vessel tips and the steps of maturing cells are three quarters of the file; they are counted
#: anyway.
FATES = ("arrival", "shedding", "mobilisation", "death", "dormancy_in", "dormancy_out")


class OutputParameters(Group):
    """What a run writes, and when."""

    every_h: float = number(
        6.0, "h", "a choice: four rows a day", "assumed", low=0.05, high=24.0 * 366,
        what="time between rows of timeseries.csv",
    )  # fmt: skip
    cells_at_days: Days = Field(default=(), description="days at which every cell is written")
    fields_at_days: Days = Field(default=(), description="days at which every field is written")
    columns: Names = Field(
        default=(), description="columns of timeseries.csv beside the time; empty for all. "
        "summary.csv always has all readouts"
    )  # fmt: skip
    events: Names = Field(
        default=FATES, description="events that go to events.csv; true for all, false for no file. "
        "summary.csv counts all of them"
    )  # fmt: skip

    @field_validator("events", mode="before")
    @classmethod
    def _all_or_none(cls, events: Any) -> Any:
        return (tuple(EVENTS) if events else ()) if isinstance(events, bool) else events

    @field_validator("events")
    @classmethod
    def _known_in_order(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        for event in events:
            if event not in EVENTS:
                raise UserError(f"unknown event '{clipped(event)}'; {suggestion(event, EVENTS)}")
        return tuple(event for event in EVENTS if event in events)

    @field_validator("columns")
    @classmethod
    def _each_once(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        for column, n in Counter(columns).items():
            if n > 1:
                raise UserError(f"names '{clipped(column)}' twice; give each column once")
        return columns


class CompareParameters(Group):
    """How its results are compared; it decides no run, and may be changed after them."""

    primary: Names = Field(
        default=(), description="primary endpoints of `compare`, readouts of summary.csv, adjusted "
        "by Holm; empty for tumour area, bone volume, resorption and vessel length at the end"
    )  # fmt: skip
    treatment: Names = Field(
        default=(), description="keys or tables that are the treatment of this scenario beside "
        "drugs and genes, in which it may differ from its control"
    )  # fmt: skip

    @field_validator("primary", "treatment")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"names '{clipped(name)}' twice; give each name once")
        return names

    def given(self) -> dict[str, list[str]]:
        """What is not left empty, ready for JSON."""
        return {key: list(names) for key, names in self.model_dump().items() if names}
