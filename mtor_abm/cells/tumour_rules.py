"""Numbers of the tumour cell, and how fast it goes: growth, death, crawling, dormancy, secretion.

States: `cycling`, `quiescent` (no room, or too little oxygen), `dormant` (held by TSP-1 of a
stable vessel). Signals: S = S6K, B = 4E-BP1-P, M2 = mTORC2, X = FOXO; `x~` is x over its untreated
attached value. Where a cell goes is in `tumour.py`.
"""

from .. import marrow
from ..mtor import UNTREATED_INPUTS, focal_adhesion
from ..numerics.compiled import rule
from ..numerics.response import hill2
from ..parameters import Group, number, tuple_type
from .population import SPECIAL, CellType

TUMOUR = CellType(
    "tumour", marrow.TUMOUR, ("cycling", "quiescent", "dormant"), "tumour cell in the marrow",
    own={
        "emt": ("own_a", "epithelial (0) to mesenchymal (1) score"),
        "pthrp": ("own_b", "PTHrP output over its basal value, lagged"),
        "heading": ("own_c", "direction of the last step of crawling, 1 to 8; 0 for none"),
    },
)  # fmt: skip
CYCLING, QUIESCENT, DORMANT = range(3)
MOBILISE = SPECIAL  # a dormant cell lets go and returns to blood
UNTREATED_CONTACT, UNTREATED_CXCR4 = UNTREATED_INPUTS["integrin"], UNTREATED_INPUTS["cxcr4"]


# fmt: off
class TumourParameters(Group):
    """Numbers of the tumour cell in the marrow."""

    one_whole = (
        ("speed_on_s6k", "speed_on_mtorc2"), ("chemotaxis_on_s6k", "chemotaxis_on_mtorc2"),
    )

    division_rate_per_h: float = number(
        0.0385, "1/h", "target T20: growth; ln 2 / 18 h, fast end of cycles of 18-36 h", "fitted",
        low=0, high=0.2, what="highest division rate",
    )
    division_without_4ebp1: float = number(
        0.25, "1", "cap-dependent translation carries most of the cell cycle (sign: Dowling 2010)",
        "assumed", low=0, high=1, what="share of the division rate left without 4E-BP1-P",
    )
    division_without_growth_factor: float = number(
        0.4, "1", "transformed cells divide in poor medium", "assumed", low=0, high=1,
        what="share of the division rate left without growth factors",
    )
    division_oxygen_half_mmHg: float = number(
        3.0, "mmHg", "2-10 mmHg, Casciari 1992; Anderson 2005", "recalled", low=0.1, high=40,
        what="pO2 for half the division rate",
    )
    quiescence_oxygen_mmHg: float = number(
        1.5, "mmHg", "about 0.2 % O2", "assumed", low=0, high=20,
        what="pO2 below which a cell rests",
    )
    death_rate_per_h: float = number(
        2.6e-5, "1/h", "TIBD fit 6.3e-4 1/d", "found", low=0, high=0.1, what="death without stress"
    )
    hypoxia_death_rate_per_h: float = number(
        0.02, "1/h", "half-life 35 h without oxygen", "assumed", low=0, high=1,
        what="death rate without oxygen and autophagy",
    )
    hypoxia_death_half_mmHg: float = number(
        0.8, "mmHg", "necrosis near 0.1 % O2", "assumed", low=0.01, high=20,
        what="pO2 for half the hypoxic death rate",
    )
    autophagy_protection: float = number(
        0.5, "1", "autophagy carries cells through lack of oxygen (sign)", "assumed", low=0, high=1,
        what="share of deaths by stress that full autophagy prevents",
    )
    foxo_death_rate_per_h: float = number(
        1e-4, "1/h", "small: attached cells survive FOXO", "assumed", low=0, high=0.1,
        what="death rate with FOXO fully on",
    )
    oestrogen_dependence: float = number(
        0.0, "1", "MDA-MB-231 and 4T1 lack oestrogen receptors (ESR1)", "recalled", low=0, high=1,
        what="share of division that needs the oestrogen receptor",
    )
    er_on_s6k: float = number(
        0.0, "1", "Yamnik 2009: S6K1 phosphorylates ER at S167; 0 is a sensitive line", "recalled",
        low=0, high=1,
        what="share of receptor activity that S6K keeps up without oestrogen (resistance)",
    )
    lone_death_rate_per_h: float = number(
        0.0035, "1/h", "of cells in liver 83 % were left on day 3, 36 % on day 13 (Luzzi 1998)",
        "recalled", low=0, high=1, what="death of a cell with no tumour cell near, added",
    )
    company_um: float = number(
        50.0, "um", "reach of what cells secrete for each other", "assumed", low=10, high=500,
        what="distance within which a tumour cell keeps another company",
    )
    lone_division: float = number(
        0.1, "1", "cells alone hardly divide (Luzzi 1998; Allee effect); size assumed", "assumed",
        low=0, high=1, what="share of the division rate left to a cell with none near",
    )
    push_reach_sites: int = number(
        3, "1", "a dividing cell shoves neighbours some cell diameters aside", "assumed", low=1,
        high=20, what="how far a daughter can be placed",
    )
    crawl_speed_um_per_h: float = number(
        10.0, "um/h", "MDA-MB-231 5-20 um/h in 3D", "recalled", low=0, high=100, what="crawl speed"
    )
    speed_on_s6k: float = number(
        0.5, "1", "switch V8; Dillenburg-Pilla 2015", "assumed", low=0, high=1,
        what="share of speed by S6K",
    )
    speed_on_mtorc2: float = number(
        0.3, "1", "switch V8; Li 2012", "assumed", low=0, high=1, what="share of speed by mTORC2"
    )
    adhesion_optimum: float = number(
        0.7, "1", "biphasic: DiMilla 1993; between the contact of marrow (0.3) and of bone (1), "
        "so that the untreated speed at bone stays what it was", "assumed", low=0.01, high=100,
        what="focal adhesion (contact x S6K~) of the fastest crawling",
    )
    persistence: float = number(
        0.2, "1", "persistence time below an hour at 10 um/h", "assumed", low=0, high=1,
        what="share of steps that go on in the direction of the last one, untreated",
    )
    persistence_on_mtorc2: float = number(
        0.7, "1", "sign: Jacinto 2004 and Sarbassov 2004 (mTORC2 orders actin)", "assumed", low=0,
        high=1, what="share of persistence by mTORC2",
    )
    adhesion: float = number(
        1.5, "1", "cadherin contact slows crawling; gives compact colonies", "assumed", low=0,
        high=20, what="slowing by each touching tumour cell",
    )
    cadherin_lost_by_emt: float = number(
        0.7, "1", "EMT swaps E- for N-cadherin (sign)", "assumed", low=0, high=1,
        what="share of that hold lost by a mesenchymal cell",
    )
    chemotactic_index: float = number(
        0.4, "1", "typical index 0.1-0.6", "assumed", low=0, high=1,
        what="share of steps up CXCL12 at full signal",
    )
    chemotaxis_on_s6k: float = number(
        0.35, "1", "both complexes carry direction (Dillenburg-Pilla 2015); switch V8", "assumed",
        low=0, high=1, what="share of direction by S6K",
    )
    chemotaxis_on_mtorc2: float = number(
        0.35, "1", "both complexes carry direction (Dillenburg-Pilla 2015); switch V8", "assumed",
        low=0, high=1, what="share of direction by mTORC2",
    )
    chemotaxis_contrast: float = number(
        0.02, "1", "cells resolve 1-2 % difference of occupancy", "recalled", low=1e-4, high=1,
        what="occupancy difference over one site for half the index",
    )
    dormancy_entry_rate_per_h: float = number(
        0.25 / 24, "1/h", "target T20: growth; lower half of 0.1-2/d", "fitted", low=0, high=1,
        what="entry to dormancy on TSP-1 of a stable vessel",
    )
    dormancy_neighbours_max: int = number(
        1, "1", "Ghajar 2013 describes single cells; a cluster escapes the niche", "assumed", low=0,
        high=8, what="touching tumour cells above which the niche does not hold",
    )
    dormancy_exit_rate_per_h: float = number(
        0.01 / 24, "1/h", "0.01/d: mouse scale 100 d", "assumed", low=0, high=1,
        what="exit from dormancy on a stable vessel",
    )
    dormancy_exit_tip_rate_per_h: float = number(
        0.3 / 24, "1/h", "0.3/d: Ghajar 2013, sprouting tips wake cells", "assumed", low=0, high=1,
        what="exit from dormancy beside a sprouting tip",
    )
    dormant_activity: float = number(
        0.2, "1", "a resting cell makes and uses little", "assumed", low=0, high=1,
        what="secretion and oxygen use of a dormant cell, over those of another",
    )
    anchoring_on_cxcr4: float = number(
        1.0, "1", "switch V4; Price 2016: CXCR4 block releases dormant cells", "assumed", low=0,
        high=1, what="share of the hold on a dormant cell that CXCR4 gives",
    )
    mobilisation_rate_per_h: float = number(
        0.1, "1/h", "stem cells leave within hours of plerixafor", "assumed", low=0, high=10,
        what="rate at which a dormant cell whose CXCR4 is blocked goes back into blood",
    )
    growth_on_cxcr4: float = number(
        0.0, "1", "switch V4; CXCR4 also feeds PI3K, which is not counted here", "assumed", low=0,
        high=1, what="share of division that needs CXCR4 signal directly",
    )
    tsp1: float = number(
        1.0, "1", "dosage of THBS1 in stable vessels (1 wild type)", "assumed", low=0, high=2,
        what="strength of the dormancy niche",
    )
    pthrp_nM_per_s: float = number(
        4e-3, "nM/s", "target T13: time course of bone loss", "fitted", low=0, high=1,
        what="PTHrP made by one cell",
    )
    pthrp_gain: float = number(
        3.0, "1", "2-10 fold, Yin 1999", "recalled", low=0, high=20,
        what="PTHrP added at saturating TGF-beta",
    )
    pthrp_without_4ebp1: float = number(
        0.5, "1", "its translation needs 4E-BP1-P in part", "assumed", low=0, high=1,
        what="share of PTHrP made without 4E-BP1-P",
    )
    pthrp_tgfb_half_nM: float = number(
        0.001, "nM", "as the growth response to TGF-beta", "assumed", low=1e-5, high=1,
        what="TGF-beta for half the PTHrP gain",
    )
    vegf_nM_per_s: float = number(
        2e-3, "nM/s", "0.2-1 nM within a large colony", "assumed", low=0, high=1,
        what="VEGF made by one cell at full output",
    )
    opg_nM_per_s: float = number(
        0.0, "nM/s", "none in an osteolytic line; neuroblastoma makes it (Hartwich 2013)",
        "assumed", low=0, high=1, what="OPG made by one cell",
    )
    opg_gain_without_s6k: float = number(
        1.2, "1", "sign: Hartwich 2013 (rapamycin raises OPG); size as mature osteoblasts",
        "assumed", low=-1, high=10, what="rise of OPG of tumour cells without S6K",
    )
    rankl_nM_per_s: float = number(
        0.0, "nM/s", "most lines leave RANKL to the host", "assumed", low=0, high=10,
        what="soluble RANKL made by one cell",
    )
    oxygen_use_per_s: float = number(
        0.6, "1/s", "6.25e-17 mol/cell/s (Casciari 1992), first order near 15 mmHg", "computed",
        low=0, high=10, what="use of oxygen by one cell",
    )
    angiogenic_without_hif: float = number(
        0.15, "1", "as VEGF (`signalling.vegf_without_hif`)", "assumed", low=0, high=1,
        what="share of FGF-2 and PDGF made without HIF",
    )
    angiogenic_nM_per_s: float = number(
        1e-3, "nM/s", "as VEGF, which is translated to about half", "assumed", low=0, high=1,
        what="FGF, PDGF and TGF-alpha made by one cell at full output, as VEGF",
    )
    cxcr7_uptake_per_s: float = number(
        0.01, "1/s", "makes 2-3 fold local depletion", "assumed", low=0, high=1,
        what="CXCL12 scavenged by CXCR7 (ACKR3) of one cell",
    )
    igf_base: float = number(
        0.4, "1", "growth factors of serum and stroma; targets T03, T20", "fitted", low=0, high=1,
        what="growth factor input without bone's",
    )
    igf1_weight: float = number(
        0.8, "1", "target T03: share of growth that needs resorption", "fitted", low=0, high=1,
        what="weight of IGF-1",
    )
    tgfb_weight: float = number(
        0.35, "1", "TIBD fit: TGF-beta dependent part of growth exceeds the basal", "assumed",
        low=0, high=1, what="weight of TGF-beta in growth factor input",
    )
    emt_rate_per_h: float = number(
        0.02, "1/h", "days", "assumed", low=0, high=1, what="rate of EMT at full drive"
    )
    emt_on_tgfb: float = number(
        0.4, "1", "Lamouille 2012", "assumed", low=0, high=1, what="weight of TGF-beta in EMT"
    )
    emt_on_s6k: float = number(
        0.3, "1", "switch V3b; Gulhati 2011", "assumed", low=0, high=1, what="weight of S6K in EMT"
    )
    emt_on_mtorc2: float = number(
        0.3, "1", "Lamouille 2012", "assumed", low=0, high=1, what="weight of mTORC2 in EMT"
    )
    met_rate_per_h: float = number(
        0.02, "1/h", "days", "assumed", low=0, high=1, what="rate of the way back (MET)"
    )
# fmt: on


TumourRates = tuple_type("TumourRates", TumourParameters, __name__)


@rule
def division_rate(oxygen_mmHg, growth_factor, p4ebp1, p, ref):
    """Oxygen, growth factors, 4E-BP1-P raise division; mTORC2 does not (Dillenburg-Pilla 2015)."""
    oxygenated = oxygen_mmHg / (oxygen_mmHg + p.division_oxygen_half_mmHg)
    unfed = p.division_without_growth_factor
    fed = unfed + (1.0 - unfed) * growth_factor
    return p.division_rate_per_h * oxygenated * translated_growth(p4ebp1, p, ref) * fed


@rule
def translated_growth(p4ebp1, p, ref):
    """Cap-dependent translation carries most of the cell cycle (Dowling 2010); 1 if untreated."""
    return p.division_without_4ebp1 + (1.0 - p.division_without_4ebp1) * p4ebp1 / ref.p4ebp1


@rule
def er_activity(oestrogen, s6k, p, ref):
    """Oestrogen activates its receptor; where cells resist its loss S6K does (Yamnik 2009)."""
    return oestrogen + (1.0 - oestrogen) * p.er_on_s6k * min(s6k / ref.s6k, 1.0)


@rule
def oestrogen_drive(er, p):
    """The oestrogen receptor drives division of ER-positive cells (exemestane label)."""
    return 1.0 - p.oestrogen_dependence * (1.0 - er)


@rule
def death_rate(oxygen_mmHg, foxo, autophagy, p):
    """Lack of oxygen kills, autophagy spares some; FOXO adds a little in attached cells."""
    short = 1.0 - hill2(oxygen_mmHg, p.hypoxia_death_half_mmHg)
    stress = p.hypoxia_death_rate_per_h * short + p.foxo_death_rate_per_h * foxo
    return p.death_rate_per_h + stress * (1.0 - p.autophagy_protection * autophagy)


@rule
def traction(adhesion, p):
    """Focal adhesions pull a cell along; too many hold it (DiMilla 1993). 1 at the optimum."""
    a = adhesion / p.adhesion_optimum
    return 2.0 * a / (1.0 + a * a)


@rule
def crawl_speed(s6k, mtorc2, integrin, n_touching, emt, p, ref):
    """Speed in um/h: focal adhesions (S6K on FAK, paxillin) and mTORC2 (actin) drive crawling."""
    drive = 1.0 - p.speed_on_s6k - p.speed_on_mtorc2
    adhesion = focal_adhesion(integrin, s6k, ref.s6k)
    drive += p.speed_on_s6k * traction(adhesion, p) / traction(UNTREATED_CONTACT, p)
    drive += p.speed_on_mtorc2 * mtorc2 / ref.mtorc2
    return p.crawl_speed_um_per_h * drive / cadherin_hold(n_touching, emt, p)


@rule
def lone_death_rate(alone, p):
    """Few of the single cells that leave the blood live on (Luzzi 1998); company protects."""
    return p.lone_death_rate_per_h if alone else 0.0


@rule
def company(alone, p):
    """Share of the division rate: cells alone hardly divide (Luzzi 1998)."""
    return p.lone_division if alone else 1.0


@rule
def cadherin_hold(n_touching, emt, p):
    """Cadherins slow a cell by each neighbour of its kind; EMT takes most of them away."""
    return 1.0 + p.adhesion * (1.0 - p.cadherin_lost_by_emt * emt) * n_touching


@rule
def persistent_share(mtorc2, p, ref):
    """Share of steps straight on: mTORC2 orders actin (Jacinto 2004; Sarbassov 2004)."""
    ordered = 1.0 - p.persistence_on_mtorc2 + p.persistence_on_mtorc2 * mtorc2 / ref.mtorc2
    return min(1.0, p.persistence * ordered)


@rule
def chemotactic_share(cxcr4, contrast, s6k, mtorc2, p, ref):
    """Share of steps up CXCL12: both mTOR complexes carry direction (Dillenburg-Pilla 2015).

    A cell compares occupied receptors over its length, so the share falls again at high CXCL12.
    """
    carried = 1.0 - p.chemotaxis_on_s6k - p.chemotaxis_on_mtorc2
    carried += p.chemotaxis_on_s6k * s6k / ref.s6k + p.chemotaxis_on_mtorc2 * mtorc2 / ref.mtorc2
    seen = contrast / (contrast + p.chemotaxis_contrast)
    return min(1.0, p.chemotactic_index * cxcr4 / UNTREATED_CXCR4 * carried * seen)


@rule
def dormancy_entry_rate(touches_stable, n_touching, p):
    """Adhesion to TSP-1 of a stable vessel keeps single tumour cells quiescent (Ghajar 2013)."""
    if touches_stable and n_touching <= p.dormancy_neighbours_max:
        return p.dormancy_entry_rate_per_h * p.tsp1
    return 0.0


@rule
def dormancy_exit_rate(touches_stable, touches_tip, p):
    """Sprouting tips wake dormant cells (Ghajar 2013); off the vessel nothing holds them."""
    if touches_tip:
        return p.dormancy_exit_tip_rate_per_h
    if touches_stable:
        return p.dormancy_exit_rate_per_h
    return p.dormancy_exit_tip_rate_per_h


@rule
def mobilisation_rate(cxcr4_block, touches_stable, p):
    """A CXCR4 antagonist releases a dormant cell from its niche at a sinusoid (Price 2016)."""
    if not touches_stable:
        return 0.0
    let_go = p.anchoring_on_cxcr4 * cxcr4_block / (1.0 + cxcr4_block)
    return p.mobilisation_rate_per_h * let_go


@rule
def cxcr4_growth(cxcr4, p):
    """CXCR4 signal carries part of division where switch V4 says so (Richert 2009)."""
    return 1.0 - p.growth_on_cxcr4 * (1.0 - min(1.0, cxcr4 / UNTREATED_CXCR4))


@rule
def pthrp_target(tgfb_bound, p4ebp1, p, ref):
    """TGF-beta raises PTHrP (Yin 1999); its translation needs 4E-BP1-P."""
    free = p.pthrp_without_4ebp1
    return (1.0 + p.pthrp_gain * tgfb_bound) * (free + (1.0 - free) * p4ebp1 / ref.p4ebp1)


@rule
def tumour_opg(s6k, p, ref):
    """Rapamycin raises the OPG that tumour cells secrete (Hartwich 2013); nM/s."""
    return p.opg_nM_per_s * (1.0 + p.opg_gain_without_s6k * max(0.0, 1.0 - s6k / ref.s6k))


@rule
def angiogenic_output(hif, p):
    """HIF transcribes FGF-2 and PDGF too, taken as it does VEGF; translation is left out."""
    return p.angiogenic_without_hif + (1.0 - p.angiogenic_without_hif) * hif


@rule
def emt_change(emt, tgfb_bound, s6k, mtorc2, p, ref):
    """TGF-beta, mTORC1 (RhoA/Rac1, Gulhati 2011) and mTORC2 (Lamouille 2012) drive EMT; 1/h."""
    drive = p.emt_on_tgfb * tgfb_bound
    drive += p.emt_on_s6k * s6k / ref.s6k + p.emt_on_mtorc2 * mtorc2 / ref.mtorc2
    return p.emt_rate_per_h * drive * (1.0 - emt) - p.met_rate_per_h * emt
