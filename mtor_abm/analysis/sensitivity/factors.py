"""Which numbers a sensitivity screen varies, and how far.

Every number of the model that is "assumed" or "recalled" is a factor, by 30 % up and down or to its
stated limits where those are nearer; `TIED` numbers have bounds of their own. Left out are numbers
that are 0 by default (30 % of nothing is nothing) and those that say how a study is made rather
than how a marrow works.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...fields import FIELDS
from ...parameters import Group
from ...scenario import GROUPS
from ..headline import SMALL, TREATED

GUESSES = ("assumed", "recalled")
SPAN = 0.30
#: Spacing and area of the first vessels: a connected network has both only within these bounds.
TIED: Mapping[str, tuple[float, float]] = {
    "endothelium.spacing_um": (72.0, 88.0),
    "endothelium.area_fraction": (0.13, 0.17),
    "tumour.speed_on_s6k": (0.35, 0.61),  # with the next at most 1
    "tumour.speed_on_mtorc2": (0.21, 0.39),
    "stroma.bone_fate_base": (0.14, 0.22),  # with the next at most 1
    "stroma.bone_fate_mtorc2": (0.42, 0.78),
}
LEVELS = 4  # of the Morris design
N_CHANCE = 4
CHANCE = "chance"  # confidence of the factors that stand for luck

#: Chosen by who plans a study.
DESIGN = frozenset({*SMALL, "run.days", "run.step_h", "output.every_h"})


@dataclass(frozen=True)
class Factor:
    """One number that is varied.

    Attributes:
        key: as in a scenario file, e.g. "tumour.adhesion"; "chance.1" for luck.
        default, low, high: its value and bounds, in `unit`.
        whole: True if it counts something.
        confidence: "assumed", "recalled" or "chance".
        what: what it does.
    """

    key: str
    default: float
    low: float
    high: float
    unit: str
    whole: bool
    confidence: str
    what: str

    def value(self, number: float) -> float | int:
        """The number as the scenario takes it."""
        return round(number) if self.whole else float(number)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)


def bounds(
    default: float, low: float | None, high: float | None, span: float = SPAN
) -> tuple[float, float]:
    """30 % down and up, or the stated limits where nearer."""
    a, b = sorted((default * (1.0 - span), default * (1.0 + span)))
    return max(a, -float("inf") if low is None else low), min(
        b, float("inf") if high is None else high
    )


def group_factors(
    table: str, group: type[Group], left_out: frozenset[str] = DESIGN
) -> list[Factor]:
    """Factors of one table of a scenario file, in the order of their lines."""
    factors = []
    for row in group.rows():
        key, default = f"{table}.{row['key']}", row["default"]
        kind = group.model_fields[row["key"]].annotation
        if kind not in (int, float) or row["confidence"] not in GUESSES or key in left_out:
            continue
        low, high = TIED.get(key) or bounds(float(default), row["low"], row["high"])
        if high > low:
            factors.append(
                Factor(
                    key, float(default), low, high, row["unit"], kind is int, row["confidence"],
                    row["what"],
                )
            )  # fmt: skip
    return factors


def exposure(dose: float) -> Factor:
    """How much rapamycin acts: its dose stands for free fraction over KR and clearance."""
    return Factor(
        f"drugs.{TREATED}.dose_mg_per_kg", dose, dose * (1.0 - SPAN), dose * (1.0 + SPAN),
        "mg/kg", False, "recalled",
        "free rapamycin over its half effect: the dose stands for free fraction, KR and clearance",
    )  # fmt: skip


def chance_factors(count: int = N_CHANCE) -> list[Factor]:
    """Factors that change nothing but luck: what they seem to do is what luck alone does."""
    return [
        Factor(
            f"{CHANCE}.{i + 1}", 0.0, 0.0, LEVELS - 1.0, "1", True, CHANCE,
            "nothing but luck: the yardstick for all others",
        )
        for i in range(count)
    ]  # fmt: skip


def all_factors(dose: float) -> list[Factor]:
    """Every factor of the model, the drug's exposure and chance."""
    tables: list[tuple[str, type[Group]]] = [
        *GROUPS.items(),
        *((f"fields.{f.key}", f.parameters) for f in FIELDS),
    ]
    found = [factor for table, group in tables for factor in group_factors(table, group)]
    return [*found, exposure(dose), *chance_factors()]


def changes(factors: Sequence[Factor], numbers: Sequence[float]) -> dict[str, Any]:
    """What to change in a scenario for one point of the design; chance is not in it."""
    return {
        f.key: f.value(x) for f, x in zip(factors, numbers, strict=True) if f.confidence != CHANCE
    }


def luck(factors: Sequence[Factor], numbers: Sequence[float]) -> int:
    """Key of luck at one point of the design: 0 where all chance factors are at level 0."""
    key = 0
    for f, x in zip(factors, numbers, strict=True):
        if f.confidence == CHANCE:
            key = key * LEVELS + int(f.value(x))
    return key


def by_key(factors: Sequence[Factor]) -> Mapping[str, Factor]:
    """Factors by name."""
    return {factor.key: factor for factor in factors}
