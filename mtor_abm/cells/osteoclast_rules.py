"""Numbers of the osteoclast lineage, and how fast it goes: RANKL, commitment, death, digging.

RANKL acts by contact and as soluble form, both less OPG. Where a cell goes is in `osteoclast.py`.
"""

import numpy as np

from .. import marrow
from ..fields import OPG, RANKL
from ..marrow import OSTEOCLAST, contact_rankl
from ..mtor import lip_share
from ..numerics.chance import standard_normal
from ..numerics.compiled import rule
from ..numerics.response import hill2
from ..parameters import Group, number, tuple_type
from .draws import OSTEOCLAST_LIFESPAN
from .population import SPECIAL, CellType

FOOTPRINT = 5  # sites [found: Moffitt HAL source, 5 precursors; A(BM)2 3-5 sites]
FUSE, FOUND = SPECIAL, SPECIAL + 1  # what a committed precursor can do on bone
GROW = SPECIAL  # an osteoclast spreads to one more site

PRECURSOR = CellType(
    "osteoclast_precursor", marrow.PRECURSOR, ("monocyte", "committed"),
    "osteoclast precursor",
)  # fmt: skip
OSTEOCLAST_TYPE = CellType(
    "osteoclast", OSTEOCLAST, ("mononuclear", "mature"), "osteoclast",
    own={
        "nuclei": ("own_a", "precursors fused into the cell"),
        "life_left_h": ("own_b", "hours it would still live at the pace of an untreated cell"),
        "part": ("own_c", "part of the footprint its intent is about"),
    },
    extra={"footprint": (FOOTPRINT, np.int64, -1), "dig": (FOOTPRINT, np.int64, -1)},
)  # fmt: skip
MONOCYTE, COMMITTED = range(2)
MONONUCLEAR, MATURE = range(2)


# fmt: off
class OsteoclastParameters(Group):
    """Numbers of precursors and osteoclasts."""

    precursors_per_mm2: float = number(
        200.0, "1/mm2", "monocytes able to become osteoclasts", "assumed", low=0, high=5000,
        what="density of precursors that blood keeps up",
    )
    precursor_lifetime_h: float = number(
        240.0, "h", "10 d in marrow", "assumed", low=1, high=5000, what="mean stay of a precursor"
    )
    precursor_motility_um2_per_min: float = number(
        0.3, "um2/min", "Moffitt HAL source 0.1 x 3.0", "found", low=0, high=10,
        what="random motility",
    )
    precursor_bias: float = number(
        0.5, "1", "precursors gather where RANKL is", "assumed", low=0, high=1,
        what="share of steps up soluble RANKL",
    )
    commitment_rate_per_h: float = number(
        0.032, "1/h", "0.1-1 per day; Moffitt HAL source 1/4320 min; upper end by target T13",
        "fitted", low=0, high=1,
        what="highest rate of commitment and fusion",
    )
    fusion_rate_per_h: float = number(
        0.1, "1/h", "fusion in contact takes hours", "assumed", low=0, high=5,
        what="fusion with an osteoclast in contact",
    )
    rankl_half_nM: float = number(
        0.4, "nM", "10-20 ng/mL in culture", "recalled", low=0.001, high=10,
        what="free soluble RANKL for half its signal",
    )
    membrane_share: float = number(
        0.8, "1", "Asano 2019; Xiong 2018: soluble form not needed for normal bone", "recalled",
        low=0, high=1, what="share of the RANKL signal by contact",
    )
    signal_half: float = number(
        0.35, "1", "quiet bone lies well below, an active site above", "assumed", low=0.01, high=1,
        what="RANKL signal for half commitment (Hill 2)",
    )
    opg_kd_nM: float = number(
        1.0, "nM", "Lemaire 2004 k2/k1 = 1000 pM", "computed", low=1e-3, high=100,
        what="OPG that halves free RANKL",
    )
    mcsf_half_nM: float = number(
        0.05, "nM", "receptor EC50 near 0.1 nM", "assumed", low=0.001, high=10,
        what="M-CSF for half commitment",
    )
    mafb_brake: float = number(
        0.055, "1", "target T29: everolimus IC50 on osteoclast number 7.7-10.5 nM", "fitted", low=0,
        high=10, what="hold of untreated MafB on the programme that S6K drives; 0 is none (V3)",
    )
    programme_without_s6k: float = number(
        0.02, "1", "RANKL reaches NFATc1 by NF-kB too", "assumed", low=0, high=1,
        what="osteoclast programme left without S6K, before MafB",
    )
    commitment_without_s6k: float = number(
        1.0, "1", "no way but MafB's: rapamycin does nothing without LAP (Smink 2009)", "assumed",
        low=0, high=3, what="commitment left without S6K by other ways than MafB's (V3)",
    )
    lip_knock_in: float = number(
        0.0, "1", "wild type by definition", "computed", low=0, high=1,
        what="share of C/EBP-beta that cannot be made as LAP: 1 is the LIP knock-in of Smink 2009",
    )
    tnf_nM_per_s: float = number(
        0.005, "nM/s", "a cluster of ten reaches 0.1 nM, its half effect", "assumed", low=0,
        high=10, what="TNF-alpha of a monocyte that touches a tumour cell",
    )
    tnf_half_nM: float = number(
        0.1, "nM", "5 ng/mL of trimer; culture practice 10-50 ng/mL saturates", "assumed",
        low=0.001, high=10, what="TNF-alpha for half effect on commitment and survival",
    )
    tnf_gain: float = number(
        1.0, "1", "sign: Lam 2000; target T33: osteoclasts x 1.70 with tumour", "fitted",
        low=0, high=20, what="rise of the RANKL signal at saturating TNF-alpha",
    )
    tnf_survival: float = number(
        0.5, "1", "Glantschnig 2003 gives the sign", "assumed", low=0, high=1,
        what="share of starvation that saturating TNF-alpha prevents",
    )
    founding_distance_um: float = number(
        90.0, "um", "one osteoclast per pit; precursors gather round it", "assumed", low=0,
        high=100, what="precursors this close to an osteoclast go to it rather than found another",
    )
    nuclei_to_resorb: int = number(
        3, "1", "multinucleate cells resorb; 3-5", "found", low=1, high=20,
        what="nuclei needed to resorb",
    )
    nuclei_max: int = number(
        10, "1", "5-20 in vivo", "recalled", low=1, high=100, what="most nuclei of one osteoclast"
    )
    lifespan_h: float = number(
        14 * 24.0, "h", "14 d, Moffitt HAL source", "found", low=1, high=2000, what="mean lifespan"
    )
    lifespan_sd_h: float = number(
        2.3 * 24.0, "h", "SD 2.3 d, Moffitt HAL source", "found", low=0, high=500,
        what="spread of the lifespan",
    )
    starvation_rate_per_h: float = number(
        0.0289, "1/h", "half-life 24 h without RANKL or M-CSF", "recalled", low=0, high=1,
        what="death without RANKL",
    )
    survival_half: float = number(
        0.1, "1", "survival needs less RANKL than formation", "assumed", low=0.001, high=1,
        what="RANKL signal for half survival",
    )
    death_without_s6k: float = number(
        0.5, "1", "sign: Glantschnig 2003; target T29: the IC50 on number lies above that on pits",
        "fitted", low=-1, high=10, what="rise of death without S6K",
    )
    tgfb_death_rate_per_h: float = number(
        0.0, "1/h", "none, as the review says nothing of it; Lemaire 2004: D_A = 0.7/d. In culture "
        "TGF-beta kills or keeps osteoclasts, by dose and by what else is there", "assumed",
        low=0, high=1, what="death of osteoclasts at saturating TGF-beta, added",
    )
    tgfb_half_nM: float = number(
        0.002, "nM", "as MSC and the osteoblast lineage", "assumed", low=1e-5, high=1,
        what="TGF-beta for half that rate",
    )
    lifespan_without_oestrogen: float = number(
        1.3, "1", "oestrogen promotes apoptosis of osteoclasts (sign: Khosla 2012)",
        "assumed", low=1, high=5,
        what="lifespan without oestrogen, over that at its level before treatment",
    )
    resorption_um_per_day: float = number(
        10.0, "um/d", "Moffitt 10; A(BM)2 7-14", "found", low=0, high=50, what="speed of the front"
    )
    resorption_base: float = number(
        0.3, "1", "unstimulated activity", "assumed", low=0, high=1, what="activity without RANKL"
    )
    resorption_on_s6k: float = number(
        0.8, "1", "target T29: everolimus IC50 on pits 0.6-4.0 nM", "fitted",
        low=0, high=1, what="share of the activity that needs S6K",
    )
    bisphosphonate_lifespan: float = number(
        1.0, "1", "Moffitt HAL source: lifespan x 1/(1 + dose/0.1)", "found", low=0, high=100,
        what="loss of lifespan per bisphosphonate eaten",
    )
    bisphosphonate_slowing: float = number(
        1.0, "1", "Moffitt HAL source: resorption time x 2 at full dose", "found", low=0, high=10,
        what="slowing of resorption at a saturating dose",
    )
# fmt: on


OsteoclastRates = tuple_type("OsteoclastRates", OsteoclastParameters, __name__)


@rule
def rankl_signal(site, world, p):
    """RANKL not bound by OPG or a drug, by contact (most of it) and as soluble form, 0..1."""
    decoy = 1.0 + float(world.level[OPG, site]) / p.opg_kd_nM + float(world.rankl_trap[site])
    soluble = float(world.level[RANKL, site]) / decoy
    contact = min(1.0, float(contact_rankl(site, world)) * 2.0 / decoy)
    dissolved = soluble / (soluble + p.rankl_half_nM)
    return p.membrane_share * contact + (1.0 - p.membrane_share) * dissolved


@rule
def best_signal(parts, world, p):
    """RANKL signal of a multinucleate cell: the strongest over its parts."""
    best = 0.0
    for part in range(parts.shape[0]):
        if parts[part] >= 0:
            best = max(best, rankl_signal(parts[part], world, p))
    return best


@rule
def mafb(p4ebp1):
    """LAP, all C/EBP-beta that is not LIP, makes MafB: 1 - L (Smink 2009; Smink and Leutz 2010)."""
    return 1.0 - lip_share(p4ebp1)


@rule
def open_programme(s6k, p4ebp1, p, ref):
    """Share of the osteoclast programme that runs, over untreated wild type.

    MafB binds c-Fos, Mitf and NFATc1 and takes them off their genes (Kim 2007); S6K sets how much
    of them there is (Glantschnig 2003). So a little MafB holds back much where S6K is low, and
    without MafB the programme runs whatever S6K does: C/EBP-beta null and LIP knock-in cells do
    not answer rapamycin (Smink 2009).
    """
    driven = p.programme_without_s6k + (1.0 - p.programme_without_s6k) * s6k / ref.s6k
    held = p.mafb_brake * (1.0 - p.lip_knock_in) * mafb(p4ebp1) / mafb(ref.p4ebp1)
    return (1.0 + p.mafb_brake) * driven / (driven + held)


@rule
def commitment_rate(signal, mcsf_nM, tnf_nM, s6k, p4ebp1, p, ref):
    """RANKL with M-CSF commits precursors, TNF-alpha the more so (Lam 2000), against MafB."""
    left = p.commitment_without_s6k
    grown = mcsf_nM / (mcsf_nM + p.mcsf_half_nM)
    raised = signal * (1.0 + p.tnf_gain * tnf_nM / (tnf_nM + p.tnf_half_nM))
    return (
        p.commitment_rate_per_h * hill2(raised, p.signal_half) * grown
        * open_programme(s6k, p4ebp1, p, ref) * max(0.0, left + (1.0 - left) * s6k / ref.s6k)
    )  # fmt: skip


@rule
def starvation_rate(signal, tnf_nM, s6k, p, ref):
    """Osteoclasts die within days without RANKL or TNF-alpha, sooner without mTORC1/S6K.

    M-CSF, RANKL and TNF-alpha keep them alive through mTORC1/S6K (Glantschnig 2003).
    """
    unfed = 1.0 - hill2(signal, p.survival_half)
    unfed *= 1.0 - p.tnf_survival * tnf_nM / (tnf_nM + p.tnf_half_nM)
    return p.starvation_rate_per_h * unfed * without_s6k(s6k, p, ref)


@rule
def tgfb_death_rate(tgfb_nM, p):
    """TGF-beta kills osteoclasts, where a scenario says so (Lemaire 2004)."""
    return p.tgfb_death_rate_per_h * tgfb_nM / (tgfb_nM + p.tgfb_half_nM)


@rule
def without_s6k(s6k, p, ref):
    """Death rises as S6K falls: 1 + c (1 - S~)."""
    return 1.0 + p.death_without_s6k * max(0.0, 1.0 - s6k / ref.s6k)


@rule
def ageing(oestrogen, s6k, p, ref):
    """Without S6K osteoclasts age faster, without oestrogen more slowly (Khosla 2012).

    Hours of its lifespan that a cell uses up in an hour: the pace of its clock now, so that what
    it has lived through stays as it was.
    """
    longer = 1.0 + (p.lifespan_without_oestrogen - 1.0) * (1.0 - oestrogen)
    return without_s6k(s6k, p, ref) / longer


@rule
def resorption_per_h(signal, s6k, bound_drug, p, ref, step_um):
    """Sites of bone a part takes per hour: RANKL and S6K drive it, bisphosphonate slows it."""
    driven = p.resorption_base + (1.0 - p.resorption_base) * signal
    carried = 1.0 - p.resorption_on_s6k * max(0.0, 1.0 - s6k / ref.s6k)
    slowed = 1.0 + p.bisphosphonate_slowing * bound_drug / (1.0 + bound_drug)
    return p.resorption_um_per_day / 24.0 / step_um * driven * carried / slowed


@rule
def drawn_lifespan(seed, uid, p):
    """Lifespan of an osteoclast: normal, cut at half and twice the mean (Moffitt HAL source)."""
    life = p.lifespan_h + p.lifespan_sd_h * standard_normal(seed, uid, 0, OSTEOCLAST_LIFESPAN)
    return min(max(life, 0.5 * p.lifespan_h), 2.0 * p.lifespan_h)
