"""Numbers of the osteoblast lineage, and the rules that say how fast: stages, matrix, RANKL, OPG.

Where a cell goes is in `osteoblast.py`.
"""

from .. import marrow
from ..numerics.compiled import rule
from ..numerics.response import hill2
from ..parameters import Group, number, tuple_type
from .population import SPECIAL, CellType
from .stroma import immature_output

EMBED = SPECIAL  # the site is full of bone: move on, or stay in it

OSTEOBLAST_TYPE = CellType(
    "osteoblast", marrow.OSTEOBLAST, ("preosteoblast", "osteoblast", "lining", "osteocyte"),
    "osteoblast lineage",
    own={
        "maturity": ("own_a", "preosteoblast: 0..1 of the way; osteocyte: hours of calling left"),
        "rankl": ("own_b", "RANKL presented, lagged, over that of an active lining cell"),
        "opg": ("own_c", "OPG output, lagged, over that of a mature osteoblast"),
    },
)  # fmt: skip
PREOSTEOBLAST, OSTEOBLAST, LINED, OSTEOCYTE = range(4)


# fmt: off
class OsteoblastParameters(Group):
    """Numbers of the osteoblast lineage."""

    coverage: float = number(
        0.85, "1", "68-95 % of bone edge, A(BM)2 source", "found", low=0, high=1,
        what="share of bone surface under lining cells at the start",
    )
    osteocytes_per_mm3: float = number(
        20000.0, "1/mm3", "14000-26000, GitHub source comment", "found", low=0, high=1e5,
        what="osteocyte density",
    )
    osteocyte_spacing_um: float = number(
        60.0, "um", "random close packing of discs of this diameter gives 20000/mm3 in 10 um",
        "computed", low=10, high=100, what="an osteoblast stays in its bone if none is this close",
    )
    recover_rate_per_h: float = number(
        0.05 / 24, "1/h", "bare bone is lined again in weeks", "assumed", low=0, high=0.2,
        what="rate at which a lining cell divides onto bare bone beside it",
    )
    division_rate_per_h: float = number(
        1 / 24, "1/h", "1/d, Moffitt HAL source", "found", low=0, high=0.2,
        what="highest rate at which the lineage spreads over a cavity",
    )
    division_base: float = number(
        0.6, "1", "target T67: reversal takes days, also long after TGF-beta is gone", "fitted",
        low=0, high=1, what="share of that rate without TGF-beta",
    )
    tgfb_half_nM: float = number(
        0.002, "nM", "as MSC", "assumed", low=1e-5, high=1, what="TGF-beta for half the rate"
    )
    maturation_time_h: float = number(
        7 * 24.0, "h", "7-20 d, low end for mouse; Moffitt 14 d", "found", low=1, high=2000,
        what="preosteoblast to osteoblast, untreated",
    )
    late_rate_on_mtorc2: float = number(
        0.5, "1", "Chen J 2015: rictor", "assumed", low=0, high=1,
        what="share of maturation by mTORC2",
    )
    late_rate_on_s6k: float = number(
        1.0, "1", "Chen and Long 2015: late genes need raptor (V1)", "assumed", low=-2, high=1,
        what="share of maturation and matrix that needs S6K",
    )
    late_s6k_half: float = number(
        0.1, "1", "target T29: everolimus IC50 on osteoblast differentiation 13.5 nM", "fitted",
        low=0.001, high=100,
        what="S6K, over the reference, that carries half of that share: small is much in reserve",
    )
    bmp: float = number(
        0.0, "1", "what marrow makes is in the maturation time", "assumed", low=0, high=1,
        what="BMP added to it, 1 saturates",
    )
    bmp_gain: float = number(
        1.0, "1", "doubles the rate; size assumed", "assumed", low=0, high=20,
        what="rise of the maturation rate at saturating added BMP",
    )
    bmp_by_smad: float = number(
        0.5, "1", "Karner 2017: through Smad4 and mTORC1; the shares assumed equal", "assumed",
        low=0, high=1, what="share of BMP's effect through Smad, the rest through mTORC1",
    )
    early_on_mtorc2: float = number(
        0.3, "1", "Sun 2016: SP7 and ALPL fall without Rictor; size assumed", "assumed", low=0,
        high=1, what="share of the early programme that needs mTORC2",
    )
    early_gain: float = number(
        0.2, "1", "Chen and Long 2015: early genes slightly up without raptor", "found", low=-1,
        high=2, what="rise of early commitment without S6K (V1)",
    )
    preosteoblast_death_rate_per_h: float = number(
        0.333 / 24, "1/h", "Moffitt HAL source", "found", low=0, high=1, what="death off bone"
    )
    lifespan_h: float = number(
        15 * 24.0, "h", "12-20 d mouse, Weinstein and Jilka", "recalled", low=1, high=5000,
        what="mean life of an osteoblast",
    )
    death_without_oestrogen: float = number(
        0.3, "1", "oestrogen keeps osteoblasts alive (sign: Khosla 2012)", "assumed", low=0,
        high=5, what="rise of the death rate of osteoblasts without oestrogen",
    )
    apposition_um_per_day: float = number(
        1.7, "um/d", "mouse 1-2 um/d; Moffitt 10 um in 9 d is 1.1", "recalled", low=0, high=5,
        what="matrix laid down by an active osteoblast",
    )
    call_rate_per_h: float = number(
        8e-5, "1/h", "target T67: trabecular turnover 20-30 % a year", "fitted", low=0, high=1,
        what="rate at which an osteocyte calls for remodelling",
    )
    call_time_h: float = number(
        14 * 24.0, "h", "RANKL-on window, Moffitt HAL source", "found", low=1, high=1000,
        what="how long a call lasts",
    )
    call_reach_um: float = number(
        50.0, "um", "canaliculi; recruitment radius 40 um in Moffitt source", "assumed", low=0,
        high=60, what="how far a call reaches",
    )
    rankl_nM_per_s: float = number(
        0.034, "nM/s", "Moffitt HAL source 2.04e-9 M/min for an active lining cell", "found", low=0,
        high=10, what="soluble RANKL of an active lining cell",
    )
    rankl_lining: float = number(
        0.03, "1", "quiet surface", "assumed", low=0, high=2, what="RANKL of a resting lining cell"
    )
    rankl_called: float = number(
        1.0, "1", "definition", "assumed", low=0, high=2,
        what="RANKL of a lining cell that is called",
    )
    rankl_preosteoblast: float = number(
        0.15, "1", "stromal and immature cells present RANKL (Pivonka 2008 places it on OBp)",
        "assumed", low=0, high=2, what="RANKL of a preosteoblast",
    )
    rankl_osteoblast: float = number(
        0.03, "1", "mature cells present less (Pivonka 2008)", "assumed", low=0, high=2,
        what="RANKL of an osteoblast",
    )
    rankl_osteocyte: float = number(
        0.03, "1", "membrane form stays in bone", "assumed", low=0, high=2,
        what="RANKL of an osteocyte",
    )
    pthrp_gain: float = number(
        14.0, "1", "PTH raises RANKL several fold", "assumed", low=0, high=50,
        what="RANKL added at saturating PTHrP",
    )
    pthrp_half_nM: float = number(
        0.05, "nM", "PTH1R EC50 0.1-1 nM in culture, lower in tissue", "assumed", low=1e-4, high=10,
        what="PTHrP for half effect",
    )
    opg_loss_pthrp: float = number(
        0.5, "1", "PTH lowers OPG", "assumed", low=0, high=1,
        what="share of OPG lost at saturating PTHrP",
    )
    rankl_without_oestrogen: float = number(
        0.5, "1", "below the two- to threefold RANKL per cell after menopause (Eghbali-Fatourechi "
        "2003): less oestrogen is left to lose", "assumed", low=0, high=5,
        what="rise of RANKL without oestrogen, over its level before treatment",
    )
    rankl_on_mtorc2: float = number(
        0.6, "1", "Sun 2016: Rictor in the lineage controls RANKL", "assumed", low=0, high=1,
        what="share of RANKL that needs mTORC2",
    )
    rankl_on_s6k: float = number(
        0.4, "1", "Okui 2010: temsirolimus lowers stromal RANKL", "assumed", low=-2, high=1,
        what="share of the RANKL of mature and lining cells that needs S6K",
    )
    rankl_immature_without_s6k: float = number(
        3.0, "1", "target T59: stromal RANKL +60 to +210 % under rapalogs, geometric middle 2.2",
        "fitted", low=0, high=10,
        what="RANKL of preosteoblasts without S6K, over that of the reference cell (V9)",
    )
    opg_nM_per_s: float = number(
        1e-4, "nM/s", "marrow mean near Kd 1 nM", "assumed", low=0, high=1,
        what="OPG of a mature osteoblast or lining cell",
    )
    opg_preosteoblast: float = number(
        0.5, "1", "OPG rises with maturity (sign)", "assumed", low=0, high=2,
        what="OPG of a preosteoblast, over that of a mature cell",
    )
    opg_gain_without_s6k: float = number(
        1.2, "1", "target T59, Hofbauer 2001: OPG of mature cells +120 % under rapamycin",
        "fitted", low=-1, high=10, what="rise of OPG of mature cells without S6K",
    )
    opg_immature_without_s6k: float = number(
        0.56, "1", "target T59, Hofbauer 2001: OPG of immature cells -44 %", "fitted", low=0,
        high=5, what="OPG of immature cells without S6K, over untreated",
    )
    cxcl12_nM_per_s: float = number(
        0.005, "nM/s", "less than CAR cells and endothelium (Greenbaum 2013)", "assumed",
        low=0, high=10, what="CXCL12 made by one preosteoblast or osteoblast",
    )
    secretion_time_h: float = number(
        6.0, "h", "protein turnover", "assumed", low=0.1, high=48, what="lag of RANKL and OPG"
    )
# fmt: on


OsteoblastRates = tuple_type("OsteoblastRates", OsteoblastParameters, __name__)


@rule
def late_by_s6k(s6k, p, ref):
    """The late programme needs mTORC1/S6K (Chen and Long 2015), of which there is a reserve."""
    enough = s6k / ref.s6k * (1.0 + p.late_s6k_half) / (s6k / ref.s6k + p.late_s6k_half)
    return max(0.0, 1.0 - p.late_rate_on_s6k + p.late_rate_on_s6k * enough)


@rule
def late_by_mtorc2(mtorc2, p, ref):
    """The late programme needs mTORC2 (Chen J 2015; Sun 2016)."""
    return 1.0 - p.late_rate_on_mtorc2 + p.late_rate_on_mtorc2 * mtorc2 / ref.mtorc2


@rule
def maturation_rate(s6k, mtorc2, p, ref):
    """Both complexes drive maturation, 1/h; BMP adds to it by Smad and by mTORC1 (Karner 2017)."""
    by_s6k = late_by_s6k(s6k, p, ref)
    added = p.bmp * p.bmp_gain * (p.bmp_by_smad + (1.0 - p.bmp_by_smad) * by_s6k)
    return (by_s6k + added) * late_by_mtorc2(mtorc2, p, ref) / p.maturation_time_h


@rule
def early_by_s6k(s6k, p, ref):
    """Early genes rise a little without raptor (Chen and Long 2015; V1)."""
    return 1.0 + p.early_gain * max(0.0, 1.0 - s6k / ref.s6k)


@rule
def early_expression(state, s6k, mtorc2, p, ref):
    """RUNX2, SP7 and ALPL over those of an untreated preosteoblast; half in mature cells."""
    by_mtorc2 = 1.0 - p.early_on_mtorc2 + p.early_on_mtorc2 * mtorc2 / ref.mtorc2
    stage = 1.0 if state == PREOSTEOBLAST else 0.5  # assumed
    return stage * early_by_s6k(s6k, p, ref) * by_mtorc2


@rule
def late_expression(state, maturity, s6k, mtorc2, p, ref):
    """BGLAP, IBSP and COL1A1 over those of an untreated osteoblast; they rise with maturity."""
    stage = maturity if state == PREOSTEOBLAST else 1.0
    return stage * late_by_s6k(s6k, p, ref) * late_by_mtorc2(mtorc2, p, ref)


@rule
def spread_rate(tgfb_nM, s6k, p, ref):
    """TGF-beta calls the lineage onto the reversal surface; early genes rise without S6K (V1)."""
    called = p.division_base + (1.0 - p.division_base) * hill2(tgfb_nM, p.tgfb_half_nM)
    return p.division_rate_per_h * called * early_by_s6k(s6k, p, ref)


@rule
def apposition_per_h(s6k, mtorc2, p, ref, step_um):
    """Matrix of an active osteoblast, sites per hour; needs S6K and mTORC2 like maturation."""
    programme = late_by_s6k(s6k, p, ref) * late_by_mtorc2(mtorc2, p, ref)
    return p.apposition_um_per_day / 24.0 / step_um * programme


@rule
def stage_rankl(state, called, p):
    """RANKL by stage, over that of an active lining cell."""
    if state == PREOSTEOBLAST:
        return p.rankl_preosteoblast
    if state == OSTEOBLAST:
        return p.rankl_osteoblast
    if state == OSTEOCYTE:
        return p.rankl_osteocyte
    return p.rankl_called if called else p.rankl_lining


@rule
def rise_without_oestrogen(rise, oestrogen):
    """Loss of oestrogen raises RANKL of the lineage (Eghbali-Fatourechi 2003) and its death."""
    return 1.0 + rise * (1.0 - oestrogen)


@rule
def rankl_target(state, stage, pthrp_nM, s6k, mtorc2, p, ref):
    """PTHrP raises RANKL; mTORC2 carries it (Sun 2016), mTORC1/S6K too where cells are mature.

    Under rapalogs RANKL falls in mature cells (Okui 2010) and rises in immature ones (Hofbauer
    2001; V9).
    """
    driven = 1.0 + p.pthrp_gain * pthrp_nM / (pthrp_nM + p.pthrp_half_nM)
    by_mtorc2 = 1.0 - p.rankl_on_mtorc2 + p.rankl_on_mtorc2 * mtorc2 / ref.mtorc2
    by_s6k = 1.0 - p.rankl_on_s6k + p.rankl_on_s6k * min(s6k / ref.s6k, 1.5)
    if state == PREOSTEOBLAST:
        by_s6k = immature_output(s6k, p.rankl_immature_without_s6k, ref)
    return min(1.5, stage * driven * by_mtorc2 * by_s6k)


@rule
def opg_target(state, pthrp_nM, s6k, p, ref):
    """Rapalogs raise OPG of mature cells and lower that of immature ones (Hofbauer 2001; V9)."""
    lowered = 1.0 - p.opg_loss_pthrp * pthrp_nM / (pthrp_nM + p.pthrp_half_nM)
    if state == PREOSTEOBLAST:
        return lowered * p.opg_preosteoblast * immature_output(s6k, p.opg_immature_without_s6k, ref)
    return lowered * (1.0 + p.opg_gain_without_s6k * max(0.0, 1.0 - s6k / ref.s6k))
