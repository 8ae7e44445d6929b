"""What an experiment is: data in `experiments/*.toml`, one table per claim.

Adding a claim is one table there: arms that differ in a few numbers, a readout of a bench,
contrasts between arms with what is expected of each, and the numbers that switch the mechanism off.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Strict, field_validator, model_validator

from ..assays import BENCHES
from ..errors import UserError
from ..parameters import Group
from ..switches import SWITCHES
from ..validation import KeyPath, suggestion, validated
from .review import claims

EXPERIMENTS = Path(__file__).resolve().parent / "experiments"
SCENARIO = "scenario"  # key of an arm that starts from a scenario file instead of the defaults

Value = bool | int | float | str | list[Any]
Settings = dict[str, Value]
Interval = Annotated[tuple[float, float], Strict(False)]
Names = Annotated[tuple[str, ...], Strict(False)]

Kind = Literal["effect", "trend", "interaction", "correlation", "auc", "level"]
Expectation = Literal["up", "down", "not up", "not down", "same", "within", "above", "below"]
DIRECTIONS: Mapping[str, tuple[str, ...]] = {
    "effect": ("up", "down", "not up", "not down", "same"),
    "trend": ("up", "down"),
    "interaction": ("up", "down", "not up", "not down"),
    "correlation": ("up", "down"),
    "auc": ("up", "down"),
    "level": ("within", "above", "below"),
}
PLACES = {"interaction": 4}


class Contrast(Group):
    """One comparison and what is expected of it.

    Attributes:
        kind: effect (treated against control, paired by seed), trend (rank correlation with the
            order of the arms, within each seed), interaction ((a11 - a10) - (a01 - a00)),
            correlation and auc (over the replicates of one arm), level (mean of one arm).
        readout: of the bench. control, treated: arms of an effect. arms: of a trend or interaction
            (a00, a10, a01, a11). arm: of a level, correlation or auc. against: readout or drawn key
            that the readout is correlated with; the score of an auc.
        expect: up, down, not up, not down or same; within, above or below for a level. What is not
            down has its interval above no effect, or not further below it than the margin.
        size: published magnitude of the effect; its interval must overlap this one.
        limits: of a level. margin: what counts as no effect, as a share (0.1 is 10 %).
        scale: "ratio" unless values may be 0 or negative, "difference" forces it.
        above: of an auc, the readout beyond which a replicate counts as an event.
    """

    kind: Kind = "effect"
    readout: str
    control: str = ""
    treated: str = ""
    arms: Names = ()
    arm: str = ""
    against: str = ""
    expect: Expectation
    size: Interval | None = None
    limits: Interval | None = None
    margin: float = Field(default=0.05, gt=0, le=1)
    scale: Literal["ratio", "difference"] = "ratio"
    above: float = 0.5

    @model_validator(mode="after")
    def _complete(self) -> "Contrast":
        if self.expect not in DIRECTIONS[self.kind]:
            raise UserError(
                f'expect = "{self.expect}" does not suit kind = "{self.kind}"; give '
                + " or ".join(DIRECTIONS[self.kind])
            )
        if self.kind == "effect" and not (self.control and self.treated):
            raise UserError("an effect needs control and treated")
        if self.kind == "trend" and len(self.arms) < 3:
            raise UserError("a trend needs at least 3 arms, in the order of the dose")
        if self.kind == "interaction" and len(self.arms) != 4:
            raise UserError("an interaction needs 4 arms: a00, a10, a01, a11")
        if self.kind in ("correlation", "auc") and not self.against:
            raise UserError(f"kind {self.kind} needs against")
        if self.kind == "level" and self.limits is None:
            raise UserError("a level needs limits = [low, high]")
        for name in ("size", "limits"):
            bounds = getattr(self, name)
            if bounds is not None and bounds[0] > bounds[1]:
                raise UserError(f"{name} = {list(bounds)} runs backwards")
        return self

    def arm_names(self) -> tuple[str, ...]:
        """Arms it reads."""
        return tuple(filter(None, (self.control, self.treated, self.arm, *self.arms)))

    def sentence(self) -> str:
        """What it says, in words: `migrated, high over control: down`."""
        match self.kind:
            case "effect":
                what = f"{self.readout}, {self.treated} against {self.control}"
            case "trend":
                what = f"{self.readout} over {', '.join(self.arms)}"
            case "interaction":
                what = f"{self.readout}, interaction of {self.arms[1]} and {self.arms[2]}"
            case "level":
                what = f"{self.readout} of {self.arm or 'all arms'}"
            case _:
                what = f"{self.readout} with {self.against}"
        bounds = self.limits or self.size
        limits = f" [{bounds[0]:g}, {bounds[1]:g}]" if bounds else ""
        return f"{what}: {self.expect}{limits}"


class Seeds(Group):
    """Number of replicates, by mode."""

    quick: int = Field(default=5, ge=2, le=1000)
    full: int = Field(default=10, ge=2, le=10_000)


class Experiment(Group):
    """The virtual experiment of one claim.

    Attributes:
        bench: key in BENCHES.
        scenario: file whose settings all arms start from; empty for the defaults.
        base: settings common to all arms: scenario keys, `assay.KEY` for conditions of the bench.
        quick, full: further settings of that mode.
        arms: name -> settings. An arm may start from its own `scenario`.
        draw: key -> (low, high); each replicate draws its own value, the same in all arms.
        contrasts: all must hold.
        mechanism: settings that switch the mechanism off; the claim must then stop holding.
        where: code of the mechanism. switches: disputes that bear on the claim.
        seeds: replicates. note: how it differs from the evidence table's experiment, and why.
    """

    bench: str
    scenario: str = ""
    base: Settings = Field(default_factory=dict)
    quick: Settings = Field(default_factory=dict)
    full: Settings = Field(default_factory=dict)
    arms: dict[str, Settings]
    draw: dict[str, Interval] = Field(default_factory=dict)
    contrasts: Annotated[tuple[Contrast, ...], Strict(False)]
    mechanism: Settings = Field(default_factory=dict)
    where: Names = ()
    switches: Names = ()
    seeds: Seeds = Seeds()
    note: str = ""

    @field_validator("contrasts", "seeds", mode="before")
    @classmethod
    def _from_table(cls, value: Any) -> Any:
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Experiment":
        bench = BENCHES.get(self.bench)
        if bench is None:
            raise UserError(f"bench '{self.bench}' is unknown; {suggestion(self.bench, BENCHES)}")
        if not self.contrasts:
            raise UserError("at least one contrast is needed")
        for contrast in self.contrasts:
            for arm in contrast.arm_names():
                if arm not in self.arms:
                    raise UserError(f"arm '{arm}' is unknown; {suggestion(arm, self.arms)}")
            names = [contrast.readout]
            if contrast.against and contrast.against not in self.draw:
                names.append(contrast.against)
            for readout in names:
                if not bench.gives(readout):
                    near = suggestion(readout, bench.readouts)
                    raise UserError(f"bench {bench.key} has no readout '{readout}'; {near}")
        for switch in self.switches:
            if switch not in SWITCHES:
                raise UserError(f"switch '{switch}' is unknown; {suggestion(switch, SWITCHES)}")
        return self


@cache
def experiments() -> dict[str, Experiment]:
    """All experiments by claim, in the order of the review.

    Raises:
        UserError: a file that cannot be read, an unknown or repeated claim, or a table that is no
            experiment; one line with file, claim and cure.
    """
    found: dict[str, Experiment] = {}
    for path in sorted(EXPERIMENTS.glob("*.toml")):
        for claim, experiment in read_experiments(path).items():
            if claim in found:
                raise UserError(f"{path.name}: claim {claim} has an experiment already")
            found[claim] = experiment
    return {claim: found[claim] for claim in claims() if claim in found}


def read_experiments(path: Path) -> dict[str, Experiment]:
    """Experiments of one file, by claim; errors as `experiments`."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UserError(f"{path.name}: not TOML: {fault}") from None
    found = {}
    for claim, table in tables.items():
        if claim not in claims():
            raise UserError(
                f"{path.name}: no claim is called '{claim}'; {suggestion(claim, claims())}"
            )
        found[claim] = _experiment(claim, table, path)
    return found


def _experiment(claim: str, table: Any, path: Path) -> Experiment:
    def where(_: KeyPath) -> str:
        return f"{path.name}, {claim}"

    if not isinstance(table, Mapping):
        raise UserError(f"{where(())}: not a table")
    ready = dict(table)
    contrasts = ready.get("contrasts", ())
    if not isinstance(contrasts, list):
        raise UserError(f'{where(())}: contrasts are tables; write [["{claim}".contrasts]]')
    ready["contrasts"] = tuple(
        validated(Contrast, contrast, (claim, f"contrasts[{i}]"), where)
        for i, contrast in enumerate(contrasts)
    )
    if "seeds" in ready:
        ready["seeds"] = validated(Seeds, ready["seeds"], (claim, "seeds"), where)
    return validated(Experiment, ready, (claim,), where)
