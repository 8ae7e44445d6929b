"""Tumour cells in the marrow: growth, quiescence, dormancy, crawling, death, secretion.

States: `cycling`, `quiescent` (no room, or too little oxygen), `dormant` (held by TSP-1 of a
stable vessel). Signals: S = S6K, B = 4E-BP1-P, M2 = mTORC2, X = FOXO; `x~` is x over its untreated
attached value.
"""

import numpy as np

from ..fields import ANGIOGENIC, CXCL12, OPG, OXYGEN, PTHRP, RANKL, TGFB, VEGF
from ..marrow import (
    NO_VESSEL,
    NOBODY,
    OESTROGEN,
    World,
    any_within,
    climb_free,
    is_free,
    look_around,
    pick_free,
)
from ..mtor import Reference, Signals, focal_adhesion
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel, rule, woven_rule
from ..numerics.response import happens, hill2
from ..parameters import Group, number, tuple_type
from .population import DIE, DIVIDE, MOVE, SPECIAL, STAY, Cells, CellType
from .sensing import Receptors
from .settling import apply_moves
from .tissue import Surroundings, Tissue

TUMOUR = CellType(
    "tumour", 1, ("cycling", "quiescent", "dormant"), "tumour cell in the marrow",
    own={
        "emt": ("own_a", "epithelial (0) to mesenchymal (1) score"),
        "pthrp": ("own_b", "PTHrP output over its basal value, lagged"),
        "heading": ("own_c", "direction of the last step of crawling, 1 to 8; 0 for none"),
    },
)  # fmt: skip
CYCLING, QUIESCENT, DORMANT = range(3)
MOBILISE = SPECIAL  # a dormant cell lets go and returns to blood
UNTREATED_CONTACT = 0.3  # contact of the untreated cell of docs/network.md


# fmt: off
class TumourParameters(Group):
    """Numbers of the tumour cell in the marrow."""

    division_rate_per_h: float = number(
        0.0385, "1/h", "target T20: growth; ln 2 / 18 h, fast end of cycles of 18-36 h", "fitted",
        low=0, high=0.2, what="highest division rate",
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
    translated = 0.25 + 0.75 * p4ebp1 / ref.p4ebp1
    return p.division_rate_per_h * oxygenated * translated * (0.4 + 0.6 * growth_factor)


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
    """Lack of oxygen kills, autophagy spares half; FOXO adds a little in attached cells."""
    short = 1.0 - hill2(oxygen_mmHg, p.hypoxia_death_half_mmHg)
    stress = p.hypoxia_death_rate_per_h * short + p.foxo_death_rate_per_h * foxo
    return p.death_rate_per_h + stress * (1.0 - 0.5 * autophagy)


@rule
def traction(adhesion, p):
    """Focal adhesions pull a cell along; too many hold it (DiMilla 1993). 1 at the optimum."""
    a = adhesion / p.adhesion_optimum
    return 2.0 * a / (1.0 + a * a)


@rule
def crawl_rate(s6k, mtorc2, integrin, n_touching, emt, p, ref, step_um):
    """Sites per hour: focal adhesions (S6K on FAK, paxillin) and mTORC2 (actin) drive crawling."""
    drive = 1.0 - p.speed_on_s6k - p.speed_on_mtorc2
    adhesion = focal_adhesion(integrin, s6k, ref.s6k)
    drive += p.speed_on_s6k * traction(adhesion, p) / traction(UNTREATED_CONTACT, p)
    drive += p.speed_on_mtorc2 * mtorc2 / ref.mtorc2
    return p.crawl_speed_um_per_h / step_um * drive / cadherin_hold(n_touching, emt, p)


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
    return 1.0 + p.adhesion * (1.0 - 0.7 * emt) * n_touching


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
    return min(1.0, p.chemotactic_index * cxcr4 / 0.3 * carried * seen)


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
    """CXCR4 signal carries part of division where switch V4 says so (Richert 2009).

    0.3 is the signal of the untreated cell of docs/network.md.
    """
    return 1.0 - p.growth_on_cxcr4 * (1.0 - min(1.0, cxcr4 / 0.3))


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


@woven_rule
def pushed_site(site, direction, reach, code, world):
    """First free site along a row of tumour cells, up to `reach` sites away; -1 if none.

    A vessel is a tube that cells are shoved past, not a wall: the row goes on behind it.
    """
    there = site
    for _ in range(reach):
        there += world.near[direction]
        empty_vessel = (world.vessel[there] != NO_VESSEL) & (world.occupant[there] == NOBODY)
        if world.occupant[there] != code and not empty_vessel:
            return there if is_free(there, world) else -1
    return -1


@woven_rule
def can_push(site, reach, code, world):
    """True if a row of tumour cells in any direction ends in a free site within reach."""
    for direction in range(8):
        if pushed_site(site, direction, reach, code, world) >= 0:
            return True
    return False


@rule
def daughter_site(site, draw, reach, code, world):
    """Where a daughter can go: a free nearest site, else behind a row of pushed neighbours."""
    there = pick_free(site, draw, world)
    if there >= 0:
        return there
    first = int(draw * 8.0)
    for k in range(8):
        there = pushed_site(site, (first + k) % 8, reach, code, world)
        if there >= 0:
            return there
    return -1


@kernel
def decide_tumour(
    n: int, cells: Cells, signals: Signals, world: World, p: TumourRates, ref: Reference,
    cxcr4_block: np.ndarray, disc: np.ndarray, disc_reach: int, tgfbr2: float, cxcl12_kd_nM: float,
    step_um: float, seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Each tumour cell reads its neighbourhood and writes what it means to do."""
    code = 1
    oestrogen = float(world.serum[OESTROGEN])
    for i in range(n):
        site = cells.site[i]
        luck = luck_of(seed, cells.uid[i], step)
        state = cells.state[i]
        cells.intent[i] = STAY
        cells.target[i] = -1
        oxygen = float(world.level[OXYGEN, site])
        tgfb = float(world.level[TGFB, site])
        s6k = float(signals.s6k[i])
        p4ebp1 = float(signals.p4ebp1[i])
        mtorc2 = float(signals.mtorc2[i])
        emt = float(cells.own_a[i])
        bound = tgfbr2 * tgfb / (tgfb + p.pthrp_tgfb_half_nM)
        cells.own_a[i] = emt + dt_h * emt_change(emt, bound, s6k, mtorc2, p, ref)

        n_touching, n_free, stable, tip = look_around(site, code, world)
        lethal = death_rate(oxygen, float(signals.foxo[i]), float(signals.autophagy[i]), p)
        alone = n_touching == 0 and not any_within(site, disc, disc_reach, code, world)
        if state != DORMANT:
            lethal += lone_death_rate(alone, p)
        if happens(uniform_from(luck, 10), lethal, dt_h):
            cells.intent[i] = DIE
            cells.cause[i] = 2 if oxygen < 3.0 * p.hypoxia_death_half_mmHg else 1
            continue

        if state == DORMANT:
            leave = dormancy_exit_rate(stable, tip, p)
            if happens(uniform_from(luck, 11), leave, dt_h):
                cells.next_state[i] = CYCLING
                continue
            let_go = mobilisation_rate(float(cxcr4_block[site]), stable, p)
            if let_go > 0.0 and happens(uniform_from(luck, 18), let_go, dt_h):
                cells.intent[i] = MOBILISE
            continue
        enter = dormancy_entry_rate(stable, n_touching, p)
        if enter > 0.0 and happens(uniform_from(luck, 12), enter, dt_h):
            cells.next_state[i] = DORMANT
            continue

        reach = int(p.push_reach_sites)
        cycles = oxygen > p.quiescence_oxygen_mmHg and (
            n_free > 0 or can_push(site, reach, code, world)
        )
        cells.next_state[i] = CYCLING if cycles else QUIESCENT
        if cycles:
            grow = division_rate(oxygen, float(signals.growth_factor[i]), p4ebp1, p, ref)
            grow *= oestrogen_drive(er_activity(oestrogen, s6k, p, ref), p)
            grow *= company(alone, p)
            grow *= cxcr4_growth(float(signals.cxcr4[i]), p)
            if happens(uniform_from(luck, 14), grow, dt_h):
                cells.intent[i] = DIVIDE
                cells.target[i] = daughter_site(site, uniform_from(luck, 13), reach, code, world)
                continue
        if n_free > 0:
            crawl = crawl_rate(
                s6k, mtorc2, float(signals.integrin[i]), n_touching, emt, p, ref, step_um
            )
            if happens(uniform_from(luck, 15), crawl, dt_h):
                cells.target[i] = crawl_target(
                    site, luck, int(cells.own_c[i]), float(signals.cxcr4[i]), s6k, mtorc2, world, p,
                    ref, cxcl12_kd_nM,
                )  # fmt: skip
                if cells.target[i] >= 0:
                    cells.intent[i] = MOVE


@rule
def crawl_target(site, luck, heading, cxcr4, s6k, mtorc2, world, p, ref, cxcl12_kd_nM):
    """A step up CXCL12 with the chemotactic share, else straight on, else anywhere free."""
    up = climb_free(site, CXCL12, world)
    if up >= 0:
        here = float(world.level[CXCL12, site])
        there = float(world.level[CXCL12, up])
        contrast = there / (there + cxcl12_kd_nM) - here / (here + cxcl12_kd_nM)
        share = chemotactic_share(cxcr4, contrast, s6k, mtorc2, p, ref)
        if uniform_from(luck, 16) < share:
            return up
    if heading > 0 and is_free(site + world.near[heading - 1], world):
        if uniform_from(luck, 18) < persistent_share(mtorc2, p, ref):
            return site + world.near[heading - 1]
    return pick_free(site, uniform_from(luck, 17), world)


@kernel
def release_tumour(
    n: int, cells: Cells, signals: Signals, world: World, p: TumourRates, ref: Reference,
    pthlh: float, tgfbr2: float, ackr3: float, tnfsf11: float, tnfrsf11b: float, dt_h: float,
    lag_h: float,
) -> None:  # fmt: skip
    """Secretion of PTHrP, VEGF and its like, OPG, RANKL; uptake of oxygen and CXCL12; by row."""
    lag = 1.0 - np.exp(-dt_h / lag_h)
    for i in range(n):
        site = cells.site[i]
        tgfb = float(world.level[TGFB, site])
        bound = tgfbr2 * tgfb / (tgfb + p.pthrp_tgfb_half_nM)
        wanted = pthrp_target(bound, float(signals.p4ebp1[i]), p, ref)
        cells.own_b[i] += (wanted - cells.own_b[i]) * lag
        active = 1.0
        if cells.state[i] == DORMANT:
            active = 0.2  # assumed: a resting cell makes and uses a fifth
        world.source[PTHRP, site] += active * pthlh * p.pthrp_nM_per_s * cells.own_b[i]
        world.source[VEGF, site] += active * p.vegf_nM_per_s * signals.vegf[i]
        world.source[OPG, site] += active * tnfrsf11b * tumour_opg(float(signals.s6k[i]), p, ref)
        world.source[RANKL, site] += active * tnfsf11 * p.rankl_nM_per_s
        others = angiogenic_output(float(signals.hif[i]), p)
        world.source[ANGIOGENIC, site] += active * p.angiogenic_nM_per_s * others
        world.uptake[OXYGEN, site] += active * p.oxygen_use_per_s
        world.uptake[CXCL12, site] += ackr3 * p.cxcr7_uptake_per_s


class TumourTissue(Tissue):
    """Tumour cells in the marrow."""

    kind = TUMOUR
    parameters = TumourParameters
    rates_type = TumourRates
    genes_used = ("ITGB3", "CXCR4", "ACKR3", "PTHLH", "TGFBR2", "TNFSF11", "TNFRSF11B")

    def receptors(self) -> Receptors:
        """IGF-1, TGF-beta and CXCL12 reach the network of a tumour cell."""
        p = self.rates
        return Receptors(
            base=p.igf_base,
            igf1=p.igf1_weight,
            tgfb=p.tgfb_weight * self.genes.TGFBR2,
            cxcr4=self.genes.CXCR4,
        )

    def release(self, s: Surroundings) -> None:
        """PTHrP, VEGF; uptake of oxygen and CXCL12."""
        release_tumour(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, self.genes.PTHLH, self.genes.TGFBR2, self.genes.ACKR3, self.genes.TNFSF11,
            self.genes.TNFRSF11B, s.dt_h, s.network.secretion_time_h,
        )  # fmt: skip

    def decide(self, s: Surroundings) -> None:
        """Die, rest, sleep, wake, divide or crawl."""
        reach = s.lattice.reach(self.rates.company_um)
        decide_tumour(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.exposure[self.kind.name].cxcr4_block, s.lattice.disc(reach), reach,
            self.genes.TGFBR2, s.sensing.cxcl12_kd_nM, s.lattice.dx_um, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Move, divide, change state, bury."""
        before = self.population.column("state").copy()
        changed = self.take_up_states(s)
        after = self.population.column("state")
        s.events.add(s.time_h, "dormancy_in", self.population, changed[after[changed] == DORMANT])
        s.events.add(s.time_h, "dormancy_out", self.population, changed[before[changed] == DORMANT])
        moved = self.rows_that(MOVE)
        steps = self.cells.target[moved] - self.cells.site[moved]
        self.cells.own_c[moved] = 1 + np.argmax(s.world.near == steps[:, None], axis=1)
        apply_moves(self.population.n, self.cells, s.world, MOVE)
        mothers = self.dividing()
        emt = self.cells.own_a[mothers]
        pthrp = self.cells.own_b[mothers]
        self.divide(s, mothers, emt=emt, pthrp=pthrp)
        self._mobilise(s)
        self.bury(s)

    def _mobilise(self, s: Surroundings) -> None:
        """Hand the cells that let go over to the blood, with their identity and network."""
        rows = self.rows_that(MOBILISE)
        if len(rows) == 0:
            return
        s.events.add(s.time_h, "mobilisation", self.population, rows)
        s.count("mobilised", len(rows))
        cells, blood = self.cells, s.tissues["circulating"].population
        new = blood.add(
            uid=cells.uid[rows],
            parent=cells.parent[rows],
            clone=cells.clone[rows],
            site=np.full(len(rows), -1),
            emt=cells.own_a[rows],
        )
        blood.copy_signals(new, rows, self.population)
        s.world.occupant[cells.site[rows]] = 0
        gone = np.zeros(self.population.n, dtype=bool)
        gone[rows] = True
        self.population.remove(gone)
