"""What a cell feels: local fields, contact and drugs become inputs of its mTOR network.

One loop serves every cell type; the types differ only in their row of `Receptors`.
"""

from typing import NamedTuple

import numpy as np

from ..fields import CXCL12, IGF1, MCSF, OXYGEN, TGFB, TNF, VEGF
from ..marrow import World, contact_rankl
from ..mtor import Signals
from ..numerics.compiled import kernel, rule, woven_rule
from ..parameters import Group, number, tuple_type


# fmt: off
class SensingParameters(Group):
    """Levels at which receptors are half occupied, shared by all cell types."""

    oxygen_reference_mmHg: float = number(
        28.0, "mmHg", "HIF half point 10 mmHg over `hypoxia_half` 0.35", "computed", low=1,
        high=160, what="pO2 at which a cell feels full oxygen",
    )
    cxcl12_kd_nM: float = number(
        4.0, "nM", "CXCL12-CXCR4 Kd 1-10 nM", "recalled", low=0.1, high=100,
        what="CXCR4 half occupancy",
    )
    igf1_half_nM: float = number(
        0.5, "nM", "EC50 for growth 0.5-5 nM, low end", "recalled", low=0.01, high=50,
        what="IGF-1 for half effect",
    )
    tgfb_half_nM: float = number(
        0.001, "nM", "EC50 1-50 pM, low end", "recalled", low=1e-5, high=1,
        what="TGF-beta for half effect",
    )
    vegf_half_nM: float = number(
        0.3, "nM", "about 10 ng/mL for endothelial response", "recalled", low=0.01, high=10,
        what="VEGF for half effect",
    )
    mcsf_half_nM: float = number(
        0.1, "nM", "culture practice 10-30 ng/mL saturates", "assumed", low=0.001, high=10,
        what="M-CSF for half effect",
    )
    tnf_half_nM: float = number(
        0.1, "nM", "5 ng/mL of trimer; culture practice 10-50 ng/mL saturates", "assumed",
        low=0.001, high=10, what="TNF-alpha for half effect",
    )
    matrix_contact: float = number(
        0.3, "1", "untreated value of the network's input IN", "assumed", low=0, high=1,
        what="alphavbeta3 contact in marrow matrix; 1 at bone (vitronectin)",
    )
# fmt: on


Sensing = tuple_type("Sensing", SensingParameters, __name__)


class Receptors(NamedTuple):
    """What one cell type listens to: weights 0..1 in its growth factor input, and expression."""

    base: float  # growth factors of blood and stroma that are always there
    igf1: float = 0.0
    tgfb: float = 0.0
    vegf: float = 0.0
    mcsf: float = 0.0
    tnf: float = 0.0
    rankl: float = 0.0
    cxcr4: float = 0.0
    integrin: float = 1.0


class Exposure(NamedTuple):
    """Drug at each site, one number per action: sum over drugs of free nM over half effect."""

    rapalog: np.ndarray  # float32 (n_sites,)
    kinase1: np.ndarray
    kinase2: np.ndarray
    cxcr4_block: np.ndarray


@rule
def occupancy(level, half):
    """Share of receptors occupied: simple binding."""
    return level / (half + level)


@woven_rule
def unmet_by(weight, row, half, site, world):
    """Chance that a growth factor leaves PI3K alone; one without receptor is not even read."""
    if weight == 0.0:
        return 1.0
    return 1.0 - min(1.0, weight) * occupancy(world.level[row, site], half)


@woven_rule
def growth_factor_input(site, world, receptors, p):
    """Growth factors add as independent chances to activate the receptor arm of PI3K."""
    unmet = 1.0 - receptors.base
    unmet *= unmet_by(receptors.igf1, IGF1, p.igf1_half_nM, site, world)
    unmet *= unmet_by(receptors.tgfb, TGFB, p.tgfb_half_nM, site, world)
    unmet *= unmet_by(receptors.vegf, VEGF, p.vegf_half_nM, site, world)
    unmet *= unmet_by(receptors.mcsf, MCSF, p.mcsf_half_nM, site, world)
    unmet *= unmet_by(receptors.tnf, TNF, p.tnf_half_nM, site, world)
    if receptors.rankl > 0.0:
        unmet *= 1.0 - min(1.0, receptors.rankl * contact_rankl(site, world))
    return 1.0 - unmet


@kernel
def sense(
    n: int, site: np.ndarray, signals: Signals, world: World, exposure: Exposure,
    receptors: Receptors, p: Sensing,
) -> None:  # fmt: skip
    """Fill the input columns of the network for n cells that stand in the marrow."""
    for i in range(n):
        s = site[i]
        signals.growth_factor[i] = growth_factor_input(s, world, receptors, p)
        bound = occupancy(world.level[CXCL12, s], p.cxcl12_kd_nM)
        signals.cxcr4[i] = min(1.0, receptors.cxcr4 * bound / (1.0 + exposure.cxcr4_block[s]))
        contact = p.matrix_contact
        if world.bone_faces[s] > 0:
            contact = 1.0
        signals.integrin[i] = min(1.0, receptors.integrin * contact)
        signals.oxygen[i] = min(world.level[OXYGEN, s] / p.oxygen_reference_mmHg, 1.0)
        signals.rapalog[i] = exposure.rapalog[s]
        signals.kinase1[i] = exposure.kinase1[s]
        signals.kinase2[i] = exposure.kinase2[s]
