"""From experiments to single measurements: one bench, one set of numbers, one seed.

Measurements that several claims share (the vehicle arm, say) are planned once: a measurement is
known by the hash of all that decides its result.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal
from zlib import crc32

import numpy as np

from .. import sources
from ..assays import BENCHES
from ..errors import UserError
from ..parameters import Group
from ..runner.single import run_weight
from ..scenario import Scenario
from ..scenario_files import load
from ..validation import validated
from .experiment import SCENARIO, Experiment, Settings

Mode = Literal["quick", "full"]
CONDITION = "assay."  # keys of settings that go to the bench, not to the scenario


@dataclass(frozen=True)
class Measurement:
    """One bench, one scenario, one seed.

    Attributes:
        bench: key in BENCHES. scenario, conditions: its numbers. seed: key of all chance.
    """

    bench: str
    scenario: Scenario
    conditions: Group
    seed: int

    @cached_property
    def key(self) -> str:
        """Hash (hex) of all that decides the result, the code included."""
        facts = [
            self.bench, self.scenario.identity_hash(), self.conditions.model_dump(), self.seed,
            code_fingerprint(),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]

    @property
    def weight(self) -> float:
        """Relative cost, for the order of work: the marrow first, small assays last."""
        return run_weight(self.scenario) if self.bench in ("marrow", "cascade") else 0.0

    def carry_out(self) -> dict[str, float]:
        """The readouts."""
        bench = BENCHES[self.bench]
        return bench.measure(self.scenario, self.seed, self.conditions)


@cache
def code_fingerprint() -> str:
    """Hash (16 hex) of every source that can change a measurement."""
    digest = hashlib.sha256()
    for path in sources.of_a_reading():
        digest.update(path.relative_to(sources.PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def measurements(
    experiment: Experiment, mode: Mode, extra: Mapping[str, Any] | None = None,
    sides: Mapping[str, str] | None = None,
) -> dict[str, list[Measurement]]:  # fmt: skip
    """What an experiment measures: arm -> one measurement per seed, seeds 1, 2, ...

    Args:
        experiment: the experiment.
        mode: "quick" or "full".
        extra: settings laid over every arm, last: a mechanism switched off.
        sides: switch -> value for every arm but those that name a side of it themselves: an arm
            that stands for a hypothesis goes on standing for it.

    Raises:
        UserError: a key or value that scenario or bench refuses.
    """
    n = getattr(experiment.seeds, mode)
    return {
        arm: [
            _measurement(
                experiment, arm, mode, drawn(experiment.draw, seed), extra or {}, sides or {}, seed
            )
            for seed in range(1, n + 1)
        ]
        for arm in experiment.arms
    }


def drawn(draw: Mapping[str, tuple[float, float]], seed: int) -> dict[str, float]:
    """Values of one replicate: uniform within their limits, keyed by the seed and the key."""
    return {
        key: float(np.random.default_rng([seed, crc32(key.encode())]).uniform(low, high))
        for key, (low, high) in draw.items()
    }


def _measurement(
    experiment: Experiment, arm: str, mode: Mode, draws: Mapping[str, float],
    extra: Mapping[str, Any], sides: Mapping[str, str], seed: int,
) -> Measurement:  # fmt: skip
    bench = BENCHES[experiment.bench]
    own = dict(experiment.arms[arm])
    file = str(own.pop(SCENARIO, experiment.scenario))
    merged: Settings = {
        **bench.defaults(mode), **experiment.base, **getattr(experiment, mode),
        **{f"switches.{switch}": side for switch, side in sides.items()}, **own, **draws, **extra,
    }  # fmt: skip
    scenario, conditions = _resolved(experiment.bench, file, json.dumps(merged, sort_keys=True))
    return Measurement(experiment.bench, scenario, conditions, seed)


@cache
def _resolved(bench: str, file: str, settings: str) -> tuple[Scenario, Group]:
    """Validated numbers; `settings` is JSON, so that equal arms are worked out once."""
    merged = json.loads(settings)
    scenario = load(file) if file else Scenario.from_tables({})
    mine = {k: v for k, v in merged.items() if not k.startswith(CONDITION)}
    theirs = {k.removeprefix(CONDITION): v for k, v in merged.items() if k.startswith(CONDITION)}
    if mine:
        scenario = scenario.changed(mine)
    kind = BENCHES[bench].conditions
    return scenario, validated(kind, theirs, ("assay",), lambda _: f"bench {bench}")


def all_of(plans: Mapping[str, Mapping[str, list[Measurement]]]) -> list[Measurement]:
    """Every measurement once, the longest first."""
    once = {m.key: m for plan in plans.values() for arm in plan.values() for m in arm}
    return sorted(once.values(), key=lambda m: (-m.weight, m.key))


def checked(experiments: Mapping[str, Experiment]) -> None:
    """Resolve every arm of every experiment in both modes, with its mechanism on and off.

    Raises:
        UserError: naming the claim.
    """
    for claim, experiment in experiments.items():
        for mode in ("quick", "full"):
            for extra in ({}, experiment.mechanism):
                try:
                    measurements(experiment, mode, extra)
                except UserError as fault:
                    raise UserError(f"{claim}, {mode}: {fault}") from None
