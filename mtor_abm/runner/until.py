"""Paired seeds until an effect is known well enough: a fixed-width rule (Chow and Robbins 1965).

After every batch of seeds the 95 % interval of the effect of each treated arm against the first
scenario is looked at; when none is wider than asked for, or the limit is reached, no more are run.

Whoever looks again and again stops more often when the spread happens to look small, so the
interval at the end covers the truth a little less often than 95 %; the guarantee holds only in the
limit of narrow widths. Two choices keep this small: the first look has FIRST_LOOK pairs, and each
batch is a quarter of the pairs so far, at least LEAST_BATCH, so that there are few looks (12 up to
100 pairs) and at most a quarter more runs than needed. Batches do not depend on the number of
processes, so neither does the result.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..analysis.effects import effect_on
from ..catalogue import listing
from ..errors import UserError
from ..events import EVENTS
from ..readouts import EVENTS_PREFIX, compared_readouts
from ..run_settings import HIGHEST_SEED
from ..store import Run, read_run
from ..validation import nearest
from .batch import StudyResult, run_study
from .progress import Progress
from .single import Engine, MarrowEngine

FIRST_LOOK = 8
LEAST_BATCH = 4
BATCH_SHARE = 4  # a batch is this part of the pairs so far


@dataclass(frozen=True)
class Goal:
    """How well which effect is to be known.

    Attributes:
        readout: of summary.csv.
        half_width: of the 95 % interval as `compare` prints it: of a ratio in units of the control
            (0.1 is x 0.7 [0.6, 0.8]), of a difference in the unit of the readout.
    """

    readout: str
    half_width: float

    @classmethod
    def parse(cls, text: str, engine: type[Engine] = MarrowEngine) -> "Goal":
        """Read READOUT=WIDTH.

        Raises:
            UserError: no such form, no width above 0, or no readout that is compared.
        """
        readout, equals, width = (part.strip() for part in text.partition("="))
        try:
            half_width = float(width)
        except ValueError:
            half_width = math.nan
        if not equals or not 0.0 < half_width < math.inf:
            raise UserError(
                f"--until-ci '{text[:80]}' does not give a positive half width; "
                "write READOUT=WIDTH, e.g. tumour_area_mm2_final=0.1"
            )
        known = known_readouts(engine)
        if readout not in known:
            near = ", ".join(nearest(readout, known)) or "see docs/tables.md"
            raise UserError(f"--until-ci: unknown readout '{readout[:80]}'; nearest: {near}")
        return cls(readout, half_width)


@dataclass(frozen=True)
class Look:
    """What one look at one treated arm shows.

    Attributes:
        treated: name of the arm.
        n_pairs: pairs in which the readout is defined.
        effect: "ratio" or "difference". estimate: of the effect.
        half_width: of its 95 % interval; NaN with fewer than 2 pairs.
    """

    treated: str
    n_pairs: int
    effect: str
    estimate: float
    half_width: float

    def text(self) -> str:
        """For one line."""
        start = "x " if self.effect == "ratio" else ""
        wide = "no interval" if math.isnan(self.half_width) else f"+- {self.half_width:.3g}"
        return f"{self.treated} {start}{self.estimate:.3g} {wide} ({self.n_pairs} pairs)"

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON; what is undefined is null."""
        return {k: None if v != v else v for k, v in self.__dict__.items()}


@dataclass(frozen=True)
class SequentialResult:
    """How a study with a goal ended.

    Attributes:
        study: all its runs.
        goal: what was asked for. reached: whether it was reached.
        n_seeds: pairs run. looks: the last look at each treated arm.
    """

    study: StudyResult
    goal: Goal
    reached: bool
    n_seeds: int
    looks: list[Look]

    def text(self) -> str:
        """For the terminal."""
        met = "reached" if self.reached else "not reached"
        found = "; ".join(look.text() for look in self.looks)
        return (
            f"interval     half width {self.goal.half_width:g} {met} with {self.n_seeds} seeds: "
            f"{self.goal.readout} of {found}"
        )

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return self.study.as_dict() | {
            "until_ci": self.goal.__dict__,
            "reached": self.reached,
            "n_seeds": self.n_seeds,
            "looks": [look.as_dict() for look in self.looks],
        }


def run_until(
    goal: Goal,
    scenarios: Sequence[Any],
    seeds: Sequence[int] | None,
    out: Path,
    *,
    max_seeds: int,
    report: Progress | None = None,
    engine: type[Engine] = MarrowEngine,
    **how: Any,
) -> SequentialResult:
    """Run paired seeds until the goal is reached.

    Args:
        goal: how well which effect is to be known.
        scenarios: the control, then the treated arms.
        seeds: those of the first look; None takes 1 to 8. The next ones follow the highest.
        out: folder of the study.
        max_seeds: seeds after which to stop in any case.
        report: told how it goes, and what each look shows.
        engine, how: as `run_study`.

    Raises:
        UserError: fewer than two scenarios, or more seeds than `max_seeds` to begin with.
        StoreError, KeyboardInterrupt: as `run_study`; the same call goes on where it stopped and
            ends with the same seeds.
    """
    report = report or Progress()
    batch = first_seeds(scenarios, seeds, max_seeds)
    done: list[int] = []
    studies: list[StudyResult] = []
    while True:
        studies.append(run_study(scenarios, batch, out, report=report, engine=engine, **how))
        done += batch
        runs = {
            (run.scenario, run.seed): read_run(run.folder)
            for study in studies
            for run in study.runs
            if run.status != "failed"
        }
        looks = [_look(goal, scenarios[0].name, arm.name, runs, done) for arm in scenarios[1:]]
        reached = all(look.half_width <= goal.half_width for look in looks)
        report.say(f"{len(done)} seeds: {'; '.join(look.text() for look in looks)}")
        batch = next_seeds(done, max_seeds)
        if reached or not batch or not any(look.n_pairs for look in looks):
            break
    order = {scenario.name: i for i, scenario in enumerate(scenarios)}
    all_runs = sorted((r for s in studies for r in s.runs), key=lambda run: order[run.scenario])
    whole = StudyResult(out, all_runs, sum(study.wall_s for study in studies))
    return SequentialResult(whole, goal, reached, len(done), looks)


def first_seeds(scenarios: Sequence[Any], seeds: Sequence[int] | None, max_seeds: int) -> list[int]:
    """Seeds of the first look.

    Raises:
        UserError: as `run_until`.
    """
    if len(scenarios) < 2:
        raise UserError(
            f"--until-ci with {len(scenarios)} scenario has no effect to look at; "
            "give the control first, then a treated arm"
        )
    if seeds is None:
        return list(range(1, min(FIRST_LOOK, max_seeds) + 1))
    if len(seeds) > max_seeds:
        raise UserError(
            f"--seeds names {len(seeds)} seeds and --max-seeds is {max_seeds}; give a higher limit"
        )
    return list(seeds)


def next_seeds(done: Sequence[int], max_seeds: int) -> list[int]:
    """The seeds after these; none once the limit is reached."""
    n = min(max(LEAST_BATCH, len(done) // BATCH_SHARE), max_seeds - len(done))
    first = max(done) + 1
    return list(range(first, min(first + n, HIGHEST_SEED + 1)))


def known_readouts(engine: type[Engine]) -> list[str]:
    """Names of all readouts on which `compare` estimates an effect."""
    names = compared_readouts(engine.columns())
    cells = [cell["name"] for cell in listing("cells")]
    return names + [f"{EVENTS_PREFIX}{event}_{cell}" for event in EVENTS for cell in cells]


def _look(
    goal: Goal, control: str, treated: str, runs: Mapping[tuple[str, int], Run], seeds: list[int]
) -> Look:
    """The effect on the pairs that are complete."""
    pairs = [
        (runs[control, seed], runs[treated, seed])
        for seed in seeds
        if (control, seed) in runs and (treated, seed) in runs
    ]
    effect = effect_on(goal.readout, [a for a, _ in pairs], [b for _, b in pairs])
    return Look(treated, effect.n, effect.kind, effect.estimate, (effect.high - effect.low) / 2.0)
