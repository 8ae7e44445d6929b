"""What a drug does to a cell: the kinds of action, and the half effects by which drugs add up.

Drugs of one action add by their potency: each is expressed as its free concentration over its own
half-effect concentration ("units"), and the units are summed (`delivery.Pharmacy.act`). A kernel
then reads one number per action, whatever drugs were given; what it does with the number stands
with the network (mtor.py, docs/network.md) and the cells.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .sourced import Sourced


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
    """Rests on bone until resorbed, then harms the osteoclast that resorbs it.

    How much it slows resorption and shortens life stands with the osteoclast
    (`bisphosphonate_slowing`, `bisphosphonate_lifespan`).
    """

    half_dose_mg_per_kg: Sourced
    formation_time_divisor: Sourced
    bone_half_life_h: Sourced


@dataclass(frozen=True)
class AromataseInactivator:
    """Destroys the enzyme that makes oestrogen after menopause; new enzyme is made slowly.

    `half_nM` is the free concentration that halves the enzyme in the long run, `turnover_h` the
    mean life of the enzyme without the drug.
    """

    half_nM: Sourced
    turnover_h: Sourced


Action = (
    Rapalog | KinaseInhibitor | Cxcr4Antagonist | RanklTrap | Antiresorptive | AromataseInactivator
)

NETWORK_ACTIONS = (Rapalog, KinaseInhibitor, Cxcr4Antagonist)
"""Actions inside cells: these, and no others, may be limited to some cell types."""


def half_effects_nM(action: Action) -> dict[str, float]:  # noqa: N802
    """Name of the units -> half-effect concentration (nM) of one action.

    rapalog: KR; kinase1, kinase2: IC50 on mTORC1, mTORC2; cxcr4: IC50; trap: Kd; aromatase: half
    inactivation. Antiresorptives act from bone, not from a concentration, and have none.
    """
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
        case AromataseInactivator():
            return {"aromatase": float(action.half_nM)}
        case Antiresorptive():
            return {}


def oestrogen_left(
    action: AromataseInactivator, free_nM: npt.NDArray[np.float64], step_h: float
) -> npt.NDArray[np.float64]:
    """Serum oestrogen over its level before the first dose, 0..1, one value a step.

    Oestrogen follows the enzyme within hours, so it is the share of enzyme E that is left:
    turnover dE/dt = 1 - E (1 + free/half), solved exactly for the level of each step.

    Args:
        action: the drug's numbers.
        free_nM: shape (n,), free drug in plasma at each step.
        step_h: time between values, h.
    """
    units = free_nM / float(action.half_nM)
    settled = 1.0 / (1.0 + units)
    kept = np.exp(-(1.0 + units) * step_h / float(action.turnover_h))
    left = np.ones(len(free_nM))
    for i in range(1, len(free_nM)):
        left[i] = settled[i - 1] + (left[i - 1] - settled[i - 1]) * kept[i - 1]
    return left
