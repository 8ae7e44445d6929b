"""What a drug does to a cell: the rule of each kind of action, and how drugs add up.

Drugs of one action add by their potency: each is expressed as its free concentration over its own
half-effect concentration ("units"), and the units are summed. A kernel then reads one number per
action, whatever drugs were given, and calls the rule with a half-effect of 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .numerics.compiled import rule
from .sourced import Sourced


@rule
def rapalog_occupancy(free_nM: float, kr_nM: float) -> float:
    """Share of mTORC1 held by rapalog-FKBP12, theta = free/(free + KR) (docs/network.md)."""
    units = free_nM / kr_nM
    return units / (1.0 + units)


@rule
def kinase_left(free_nM: float, ic50_nM: float) -> float:
    """Share of kinase activity an ATP competitor leaves, 1/(1 + free/IC50) (docs/network.md)."""
    return 1.0 / (1.0 + free_nM / ic50_nM)


@rule
def antagonised(c4: float, drug_nM: float, ic50_nM: float) -> float:
    """CXCR4 signal left under an antagonist, C4/(1 + drug/IC50) (docs/network.md)."""
    return c4 / (1.0 + drug_nM / ic50_nM)


@rule
def free_rankl(rankl: float, trap_nM: float, kd_nM: float) -> float:
    """RANKL not held by a trap in excess over it, RANKL/(1 + trap/Kd) (mass action)."""
    return rankl / (1.0 + trap_nM / kd_nM)


@rule
def osteoclast_lifespan_factor(bone_mg_per_kg: float, half_mg_per_kg: float) -> float:
    """Osteoclast lifespan on dosed bone, 1/(1 + dose/half) of normal (Moffitt HAL bone model)."""
    return 1.0 / (1.0 + bone_mg_per_kg / half_mg_per_kg)


@dataclass(frozen=True)
class Rapalog:
    """Holds mTORC1 with FKBP12; half effect at `kr_nM` free."""

    kr_nM: Sourced


@dataclass(frozen=True)
class KinaseInhibitor:
    """Competes with ATP on mTORC1 (`mtorc1_ic50_nM`) and mTORC2 (`mtorc2_ic50_nM`)."""

    mtorc1_ic50_nM: Sourced
    mtorc2_ic50_nM: Sourced


@dataclass(frozen=True)
class Cxcr4Antagonist:
    """Keeps CXCL12 from CXCR4; half effect at `ic50_nM` free."""

    ic50_nM: Sourced


@dataclass(frozen=True)
class RanklTrap:
    """Binds RANKL; `kd_nM` is the free trap that leaves half of the RANKL free."""

    kd_nM: Sourced


@dataclass(frozen=True)
class Antiresorptive:
    """Rests on bone until resorbed, then harms the osteoclast that resorbs it."""

    half_dose_mg_per_kg: Sourced
    resorption_time_factor: Sourced
    formation_time_divisor: Sourced
    bone_half_life_h: Sourced


Action = Rapalog | KinaseInhibitor | Cxcr4Antagonist | RanklTrap | Antiresorptive


class ActionUnits(NamedTuple):
    """Summed potency-scaled free drug (pure numbers >= 0), one array per action, equal shapes.

    rapalog: sum of free/KR; kinase1, kinase2: free/IC50 on mTORC1, mTORC2; cxcr4: free/IC50;
    trap: free/Kd. Antiresorptives act from bone, not from a concentration, and have no column.
    """

    rapalog: npt.NDArray[Any]
    kinase1: npt.NDArray[Any]
    kinase2: npt.NDArray[Any]
    cxcr4: npt.NDArray[Any]
    trap: npt.NDArray[Any]

    @classmethod
    def zeros(
        cls, shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.float64
    ) -> "ActionUnits":
        """Arrays of zeros, to be filled by `sum_units`."""
        return cls(*(np.zeros(shape, dtype) for _ in cls._fields))


def half_effects_nM(action: Action) -> dict[str, float]:  # noqa: N802
    """Column of `ActionUnits` -> half-effect concentration (nM) of one action; {} without one."""
    match action:
        case Rapalog():
            return {"rapalog": float(action.kr_nM)}
        case KinaseInhibitor():
            return {
                "kinase1": float(action.mtorc1_ic50_nM),
                "kinase2": float(action.mtorc2_ic50_nM),
            }
        case Cxcr4Antagonist():
            return {"cxcr4": float(action.ic50_nM)}
        case RanklTrap():
            return {"trap": float(action.kd_nM)}
        case Antiresorptive():
            return {}


def sum_units(
    exposures: Iterable[tuple[Action, npt.NDArray[Any]]], out: ActionUnits
) -> ActionUnits:
    """Overwrite `out` with the summed units of several drugs, added in the order given.

    Args:
        exposures: (action, local free concentration in nM) of each drug; the arrays have the
            shape of `out`.
        out: see `ActionUnits.zeros`; all zero afterwards where no drug acts.
    """
    for column in out:
        column.fill(0)
    for action, free_nM in exposures:
        for name, half_nM in half_effects_nM(action).items():
            column = getattr(out, name)
            column += free_nM / half_nM
    return out
