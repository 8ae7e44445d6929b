"""Test claims: measure, estimate, judge; with mechanisms off; under the other side of a dispute."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import UserError
from ..switches import SWITCHES, default_of, values_of
from ..validation import suggestion
from .experiment import Contrast, Experiment, experiments
from .plan import Measurement, Mode, all_of, drawn, measurements
from .readings import Notebook, carry_out
from .review import Claim
from .verdict import Estimate, Verdict, estimate, judged, lost, together

Report = Callable[[int, int], None]
FAULT = "measurement failed"


@dataclass(frozen=True)
class Finding:
    """What the model says of one claim.

    Attributes:
        claim: the statement. verdict: see VERDICTS.
        contrasts: (contrast, estimate, verdict) of each comparison.
        seconds: time of the claim's measurements, shared ones included.
        n_seeds: replicates. reason: why it was not tested, or "".
    """

    claim: Claim
    verdict: Verdict
    contrasts: tuple[tuple[Contrast, Estimate, Verdict], ...] = ()
    seconds: float = 0.0
    n_seeds: int = 0
    reason: str = ""

    @property
    def telling(self) -> tuple[Contrast, Estimate, Verdict] | None:
        """The comparison that decided: the first with the verdict of the whole."""
        for contrast in self.contrasts:
            if contrast[2] == self.verdict:
                return contrast
        return self.contrasts[0] if self.contrasts else None

    def as_dict(self) -> dict[str, Any]:
        """One row, ready for CSV and JSON."""
        telling = self.telling
        row: dict[str, Any] = {
            "id": self.claim.id, "section": self.claim.section, "kind": self.claim.kind,
            "statement": self.claim.statement, "verdict": self.verdict, "scale": "", "effect": None,
            "low": None, "high": None, "n_seeds": self.n_seeds, "tested": "",
            "expected": self.claim.expected, "n_contrasts": len(self.contrasts),
            "n_held": sum(v == "holds" for _, _, v in self.contrasts),
            "seconds": round(self.seconds, 2), "reason": self.reason,
        }  # fmt: skip
        if telling is not None:
            contrast, found, _ = telling
            row |= {
                "scale": found.scale, "effect": found.value, "low": found.low, "high": found.high,
                "tested": contrast.sentence(),
            }  # fmt: skip
        return row


@dataclass
class Bookings:
    """Measurements planned for several questions, taken together and then read."""

    notebook: Notebook
    mode: Mode
    plans: dict[Any, dict[str, list[Measurement]]] = field(default_factory=dict)

    def book(
        self, name: Any, experiment: Experiment, extra: Mapping[str, Any],
        sides: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Plan an experiment with settings laid over it, and sides taken in disputes."""
        self.plans[name] = measurements(experiment, self.mode, extra, sides)

    def take(self, jobs: int | None, report: Report) -> None:
        """Carry out all that is planned."""
        carry_out(all_of(self.plans), self.notebook, jobs, report)

    def finding(self, name: Any, claim: Claim, experiment: Experiment) -> Finding:
        """Judge one of the planned experiments."""
        plan = self.plans[name]
        readings = {arm: [self.notebook.readings[m.key] for m in ms] for arm, ms in plan.items()}
        faults = [r.error for rs in readings.values() for r in rs if r.error]
        if faults:
            return Finding(claim, "not tested", reason=f"{FAULT}: {faults[0]}")
        arms = {arm: [r.readouts for r in rs] for arm, rs in readings.items()}
        n = getattr(experiment.seeds, self.mode)
        values = [drawn(experiment.draw, seed) for seed in range(1, n + 1)]
        draws = {key: [v[key] for v in values] for key in experiment.draw}
        contrasts = []
        for contrast in experiment.contrasts:
            found = estimate(contrast, arms, draws)
            contrasts.append((contrast, found, judged(contrast, found)))
        verdict = together([verdict for _, _, verdict in contrasts])
        reason = ""
        if claim.kind == "doubtful":  # measured and shown, but nothing is claimed
            verdict, reason = "not tested", _why_not(claim)
        seconds = sum(r.seconds for rs in readings.values() for r in rs)
        return Finding(claim, verdict, tuple(contrasts), seconds, n, reason)


def run_claims(
    wanted: Sequence[Claim],
    mode: Mode,
    notebook: Notebook,
    jobs: int | None = None,
    report: Report = lambda done, of: None,
    variant: Mapping[str, str] | None = None,
) -> list[Finding]:
    """The verdict on each claim.

    Args:
        wanted: claims. mode: "quick" or "full". notebook: keeps readings.
        jobs: processes; None for all cores. report: told (measurements done, of how many).
        variant: switch -> value, for every arm that names no side of the switch itself.

    Raises:
        UserError: an experiment that cannot be planned.
    """
    tests = experiments()
    bookings = Bookings(notebook, mode)
    for claim in wanted:
        if claim.id in tests:
            bookings.book(claim.id, tests[claim.id], {}, variant)
    bookings.take(jobs, report)
    return [
        bookings.finding(claim.id, claim, tests[claim.id])
        if claim.id in tests
        else Finding(claim, "not tested", reason=_why_not(claim))
        for claim in wanted
    ]


def _why_not(claim: Claim) -> str:
    if claim.kind == "context":
        return f"context: {claim.model_element}"
    if claim.kind == "doubtful":
        return f"doubtful: {claim.expected}"
    return "no experiment yet"


@dataclass(frozen=True)
class Mutation:
    """A claim with its mechanism on and off.

    Attributes:
        on, off: findings. verdict: "specific" if a contrast is lost with the mechanism, "not
            specific" if all still hold, "undecided" if one stops holding but the effect may be as
            it was; "does not hold" if there is nothing to lose, "no mechanism named".
    """

    on: Finding
    off: Finding | None

    @property
    def verdict(self) -> str:
        """See the class."""
        if self.on.verdict != "holds":
            return "does not hold"
        if self.off is None:
            return "no mechanism named"
        if self.off.verdict == "holds":
            return "not specific"
        return "specific" if self.n_lost else "undecided"

    @property
    def n_lost(self) -> int:
        """Contrasts that held and are lost: no effect, the opposite, or intervals that part."""
        if self.off is None:
            return 0
        pairs = zip(self.on.contrasts, self.off.contrasts, strict=False)
        return sum(
            before == "holds" and after != "holds" and lost(found, left, after)
            for (_, found, before), (_, left, after) in pairs
        )


def mutate(
    wanted: Sequence[Claim],
    mode: Mode,
    notebook: Notebook,
    jobs: int | None = None,
    report: Report = lambda done, of: None,
) -> list[Mutation]:
    """Each claim with its mechanism switched off: it must stop holding. Arguments as run_claims."""
    tests = {claim: e for claim, e in experiments().items() if claim in {c.id for c in wanted}}
    bookings = Bookings(notebook, mode)
    for claim, experiment in tests.items():
        bookings.book((claim, "on"), experiment, {})
        if experiment.mechanism:
            bookings.book((claim, "off"), experiment, experiment.mechanism)
    bookings.take(jobs, report)
    return [
        Mutation(
            bookings.finding((claim.id, "on"), claim, tests[claim.id]),
            bookings.finding((claim.id, "off"), claim, tests[claim.id])
            if tests[claim.id].mechanism
            else None,
        )
        for claim in wanted
        if claim.id in tests
    ]


def parse_variant(texts: Sequence[str]) -> dict[str, str]:
    """Read "V8=B" into {"V8": "B"}.

    Raises:
        UserError: no such switch or value.
    """
    variant = {}
    for text in texts:
        switch, _, value = text.partition("=")
        if switch not in SWITCHES:
            raise UserError(
                f"--variant {text[:40]} is not a switch; write e.g. V8=B; "
                f"{suggestion(switch, SWITCHES)}"
            )
        if switch in variant:
            raise UserError(f"--variant {switch} is given twice; give one value")
        if value not in values_of(switch):
            known = " or ".join(f"{switch}={value}" for value in values_of(switch))
            raise UserError(f"--variant {text[:40]}: give {known}")
        variant[switch] = value
    return variant


@dataclass(frozen=True)
class HypothesisSet:
    """One side taken in every dispute, and how the claims fare.

    Attributes:
        choice: switch -> value. held: claims that hold, of `n`.
        low, high: 95 % interval of `held` when the claims that bear on a dispute are resampled.
    """

    choice: dict[str, str]
    held: int
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Disputes:
    """Every hypothesis set scored.

    Attributes:
        findings: (claim, its switches' values as sorted pairs) -> finding.
        sets: best first. probability: switch -> value -> share of resamples in which a best set
            takes this side.
    """

    findings: dict[tuple[str, tuple[tuple[str, str], ...]], Finding]
    sets: list[HypothesisSet]
    probability: dict[str, dict[str, float]]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each side of each dispute.

        `held`, `low` and `high` are of the set with this side and the defaults elsewhere,
        `held_best` of the best set with this side.
        """
        default = {switch: default_of(switch) for switch in self.probability}
        rows = []
        for switch, shares in self.probability.items():
            for value, share in shares.items():
                alone = next(s for s in self.sets if s.choice == default | {switch: value})
                best = next(s for s in self.sets if s.choice[switch] == value)
                rows.append(
                    {
                        "switch": switch, "value": value, "is_default": value == default[switch],
                        "n": alone.n, "held": alone.held, "low": alone.low, "high": alone.high,
                        "held_best": best.held, "share": share,
                    }
                )  # fmt: skip
        return rows


def settle_disputes(
    wanted: Sequence[Claim],
    mode: Mode,
    notebook: Notebook,
    jobs: int | None = None,
    report: Report = lambda done, of: None,
    n_resamples: int = 2000,
) -> Disputes:
    """Which sides, taken together, agree with most claims, and how sure that is.

    A claim is tested under every combination of the switches its experiment names, so every set of
    sides is scored exactly without running each: the claims it does not bear on stay as they are.
    The uncertainty is that of the choice of claims: they are drawn with replacement.

    Returns:
        all sets of the switches that at least one claim names, best first.
    """
    tests = {claim: e for claim, e in experiments().items() if claim in {c.id for c in wanted}}
    bearing = {claim: e for claim, e in tests.items() if e.switches}
    named = [s for s in SWITCHES if any(s in e.switches for e in bearing.values())]
    bookings = Bookings(notebook, mode)
    for claim, experiment in bearing.items():
        for choice in _choices(experiment.switches):
            bookings.book((claim, choice), experiment, {}, dict(choice))
    bookings.take(jobs, report)
    by_id = {claim.id: claim for claim in wanted}
    findings = {
        name: bookings.finding(name, by_id[name[0]], tests[name[0]]) for name in bookings.plans
    }
    sets = list(_choices(tuple(named)))
    held = np.zeros((len(sets), len(bearing)))
    for i, choice in enumerate(sets):
        sides = dict(choice)
        for j, (claim, experiment) in enumerate(bearing.items()):
            mine = tuple(sorted((s, sides[s]) for s in experiment.switches))
            held[i, j] = findings[claim, mine].verdict == "holds"
    return _scored(sets, held, findings, named, n_resamples)


def _choices(switches: Sequence[str]) -> list[tuple[tuple[str, str], ...]]:
    """Every combination of values, each as sorted (switch, value) pairs."""
    ordered = sorted(switches)
    return [
        tuple(zip(ordered, values, strict=True))
        for values in itertools.product(*(values_of(switch) for switch in ordered))
    ]


def _scored(
    sets: list[tuple[tuple[str, str], ...]], held: np.ndarray, findings: dict[Any, Finding],
    named: list[str], n_resamples: int,
) -> Disputes:  # fmt: skip
    n = held.shape[1]
    rng = np.random.default_rng(0)
    weights = rng.multinomial(n, np.full(n, 1.0 / n), size=n_resamples) if n else np.zeros((1, 0))
    counts = weights @ held.T  # (resamples, sets)
    best = counts >= counts.max(axis=1, keepdims=True)
    probability = {
        switch: {
            value: float(best[:, [dict(c)[switch] == value for c in sets]].any(axis=1).mean())
            for value in values_of(switch)
        }
        for switch in named
    }
    scored = [
        HypothesisSet(
            dict(choice), int(held[i].sum()), n,
            float(np.percentile(counts[:, i], 2.5)), float(np.percentile(counts[:, i], 97.5)),
        )
        for i, choice in enumerate(sets)
    ]  # fmt: skip
    scored.sort(key=lambda s: -s.held)
    return Disputes(findings, scored, probability)
