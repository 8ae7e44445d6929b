"""The mTOR network of one cell, one step.

Nodes are activities in 0..1, named as in docs/network.md. Fast nodes (PI3K
to FOXO, tens of minutes) are at their steady state within an hourly step; only the integrity of
mTORC2 (`c2`, hours to days under a rapalog) and the secreted VEGF (6 h) carry memory. The main loop
of the fast nodes, S6K -| IRS1, is solved by damped fixed-point sweeps warm-started from the last
hour, with a fixed number of sweeps so that the loop over cells vectorises. A second, weaker loop
runs the other way: S6K makes focal adhesions, whose FAK holds TSC2 off mTORC1.
"""

from typing import NamedTuple

import numpy as np

from .numerics.compiled import making_kernel, woven_rule
from .numerics.response import hill2, unit_hill2
from .parameters import Group, number, tuple_type

LIP_HALF = 0.4  # 4E-BP1-P at which half of C/EBP-beta is made as LIP [assumed]
_SET = "random search over 15 bands of which the signs of 10 are published; value itself assumed"


# fmt: off
class NetworkParameters(Group):
    """Weights (w), half points (k) and feedback strengths of the mTOR network."""

    w_growth_factor: float = number(
        0.88, "1", _SET, "assumed", low=0, high=1, what="growth factors on PI3K"
    )
    w_cxcr4: float = number(0.29, "1", _SET, "assumed", low=0, high=1, what="CXCR4 on PI3K")
    w_integrin: float = number(
        0.22, "1", _SET, "assumed", low=0, high=1, what="alphavbeta3 contact on PI3K"
    )
    feedback_half: float = number(
        0.48, "1", _SET, "assumed", low=0.01, high=5, what="S6K for half feedback on IRS1"
    )
    feedback_strength: float = number(
        0.71, "1", _SET, "assumed", low=0, high=1, what="share of growth factor input S6K can block"
    )
    pi3k_half: float = number(
        1.17, "1", _SET, "assumed", low=0.01, high=10,
        what="input for half PI3K",
    )
    pi3k_without_pten: float = number(
        0.25, "1", "sign: PTEN takes PIP3 away", "assumed", low=0.01, high=1,
        what="input for half PI3K without PTEN, over that with it",
    )
    t308_half: float = number(
        0.69, "1", _SET, "assumed", low=0.01, high=5, what="PI3K for half AKT T308"
    )
    s473_half: float = number(
        0.94, "1", _SET, "assumed", low=0.01, high=5, what="PI3K for half AKT S473"
    )
    mtorc2_half: float = number(
        0.95, "1", _SET, "assumed", low=0.01, high=5, what="PI3K for half of inducible mTORC2"
    )
    mtorc2_base: float = number(
        0.14, "1", _SET, "assumed", low=0, high=1, what="mTORC2 activity without PI3K"
    )
    akt_base: float = number(
        0.46, "1", _SET, "assumed", low=0, high=1, what="AKT activity by T308 alone"
    )
    tsc_half: float = number(
        0.39, "1", _SET, "assumed", low=0.01, high=5, what="AKT that halves TSC2"
    )
    redd1_on_tsc: float = number(
        0.87, "1", _SET, "assumed", low=0, high=1, what="REDD1 (hypoxia) restores TSC2"
    )
    ampk_on_tsc: float = number(
        0.81, "1", _SET, "assumed", low=0, high=1, what="AMPK (low energy) restores TSC2"
    )
    vitronectin_bypass: float = number(
        0.65, "1", "sign: Pola 2013 (alphavbeta3-ILK keeps mTORC1 on in hypoxia); " + _SET,
        "assumed", low=0, high=1,
        what="integrin contact relieves mTORC1 of TSC2",
    )
    fak_on_tsc: float = number(
        0.2, "1",
        "sign: Gan 2006 (FAK binds TSC2 and lifts it off S6K); size kept small, since " + _SET,
        "assumed", low=0, high=1,
        what="share of the bypass that needs focal adhesions, and so S6K on FAK",
    )
    s6k_attached: float = number(
        0.7108337, "1",
        "S6K of the untreated attached cell of this network, so that its state stays as it is",
        "computed", low=0.01, high=1,
        what="S6K at which FAK and paxillin are phosphorylated as in the untreated cell",
    )
    s6k_half: float = number(
        0.51, "1", _SET, "assumed", low=0.01, high=5, what="mTORC1 for half S6K"
    )
    p4ebp1_half: float = number(
        0.59, "1", _SET, "assumed", low=0.01, high=5, what="mTORC1 for half 4E-BP1-P"
    )
    rapalog_on_s6k: float = number(
        0.97, "1", "target T47: rapamycin abolishes pS6; search as for the others", "fitted", low=0,
        high=1,
        what="share of S6K a saturating rapalog blocks",
    )
    rapalog_on_4ebp1: float = number(
        0.48, "1", "target T47: rapamycin lowers p4E-BP1 in part; search as for the others",
        "fitted", low=0, high=1,
        what="share of 4E-BP1-P a saturating rapalog blocks",
    )
    foxo_half: float = number(
        0.34, "1", _SET, "assumed", low=0.01, high=5, what="AKT S473 that halves FOXO"
    )
    amino_acid_half: float = number(
        0.3, "1", _SET, "assumed", low=0.01, high=5, what="amino acids for half mTORC1"
    )
    energy_half: float = number(
        0.3, "1", _SET, "assumed", low=0.01, high=5, what="energy that halves AMPK"
    )
    hypoxia_half: float = number(
        0.35, "1", "10 mmHg over 28 mmHg, Jiang 1996: half HIF at 1.5-2% O2", "recalled", low=0.01,
        high=5,
        what="normalised oxygen that halves REDD1",
    )
    hif_base: float = number(
        0.29, "1", _SET, "assumed", low=0, high=1, what="HIF made without 4E-BP1-P"
    )
    autophagy_base: float = number(
        0.35, "1", _SET, "assumed", low=0, high=1, what="autophagy freed by mTORC1 loss alone"
    )
    mtorc1_on_autophagy: float = number(
        1.0, "1", "sign: Kim 2011 (mTORC1 blocks ULK1); that it can do so wholly is assumed",
        "assumed", low=0, high=1,
        what="share of autophagy that full mTORC1 suppresses",
    )
    rapalog_on_autophagy: float = number(
        0.5, "1", "sign: Thoreen 2009 (rapamycin frees less autophagy than a kinase inhibitor)",
        "assumed", low=0, high=1,
        what="share of the hold of mTORC1 on autophagy that a saturating rapalog lifts",
    )
    hypoxia_on_autophagy: float = number(
        0.5, "1", "hypoxia alone frees less than starvation does", "assumed", low=0, high=1,
        what="autophagy called by full REDD1, over that called by full AMPK",
    )
    mtorc2_assembly_per_h: float = number(
        1 / 24, "1/h", "Sarbassov 2006, prolonged rapamycin", "recalled", low=0, high=1,
        what="mTORC2 reassembly",
    )
    rapalog_capture_per_h: float = number(
        1 / 12, "1/h", "Sarbassov 2006, prolonged rapamycin", "recalled", low=0, high=1,
        what="capture of new mTOR by a rapalog in susceptible cells",
    )
    susceptible: float = number(
        0.0, "1", "0 in about 80 % of cell types, 1 in 20 % (OXA-01 AACR 2009 abstract); switch V6",
        "found", low=0, high=1,
        what="how far a rapalog dissolves mTORC2",
    )
    secretion_time_h: float = number(
        6.0, "h", "protein turnover", "assumed", low=0.1, high=48, what="lag of secreted outputs"
    )
    vegf_on_4ebp1: float = number(
        0.75, "1", "sign: Guba 2002 (rapamycin lowers VEGF of tumours)", "assumed", low=0, high=1,
        what="share of VEGF whose translation needs 4E-BP1-P",
    )
    vegf_without_hif: float = number(
        0.15, "1", "some VEGF is made in normal oxygen", "assumed", low=0, high=1,
        what="share of VEGF transcribed without HIF",
    )
    vegf_foxo: float = number(
        0.0, "1", "switch V2: 0.35 (A) or 0 (B, Dillenburg-Pilla 2015)", "assumed", low=0, high=1,
        what="share of VEGF that FOXO blocks",
    )
# fmt: on


NetworkRates = tuple_type("NetworkRates", NetworkParameters, __name__)

#: What each stored activity is. These are the columns every cell carries, float32, 0..1.
SIGNALS = {
    "s6k": "S6K activity (S)",
    "p4ebp1": "phosphorylated 4E-BP1 (B)",
    "akt_s473": "AKT phosphorylated at S473",
    "akt_t308": "AKT phosphorylated at T308",
    "mtorc1": "mTORC1 activity (M1)",
    "mtorc2": "mTORC2 activity (M2)",
    "mtorc2_integrity": "share of mTORC2 assembled (C2)",
    "foxo": "FOXO activity (X)",
    "hif": "HIF activity",
    "autophagy": "autophagy",
    "vegf": "VEGF output, lagged",
    "growth_factor": "growth factor input (GF)",
    "cxcr4": "CXCR4 input: occupancy x expression (C4)",
    "integrin": "alphavbeta3 contact input (IN)",
    "oxygen": "oxygen over its reference, at most 1 (O2)",
    "rapalog": "rapalog exposure, free nM over half effect",
    "kinase1": "mTORC1 kinase inhibitor, free nM over IC50",
    "kinase2": "mTORC2 kinase inhibitor, free nM over IC50",
}


#: Inputs of the untreated attached cell of docs/network.md.
UNTREATED_INPUTS = {"growth_factor": 0.6, "cxcr4": 0.3, "integrin": 0.3, "oxygen": 1.0}


class Signals(NamedTuple):
    """Columns of SIGNALS for one population, each float32 of shape (capacity,)."""

    s6k: np.ndarray
    p4ebp1: np.ndarray
    akt_s473: np.ndarray
    akt_t308: np.ndarray
    mtorc1: np.ndarray
    mtorc2: np.ndarray
    mtorc2_integrity: np.ndarray
    foxo: np.ndarray
    hif: np.ndarray
    autophagy: np.ndarray
    vegf: np.ndarray
    growth_factor: np.ndarray
    cxcr4: np.ndarray
    integrin: np.ndarray
    oxygen: np.ndarray
    rapalog: np.ndarray
    kinase1: np.ndarray
    kinase2: np.ndarray


class Dosage(NamedTuple):
    """Gene dosage of one cell type: 1 wild type, 0 knock-out."""

    raptor: float = 1.0
    rictor: float = 1.0
    pten: float = 1.0
    susceptible: float = 0.0


class Reference(NamedTuple):
    """Outputs of an untreated attached cell; `x~` in the rules is x over these."""

    s6k: float
    p4ebp1: float
    mtorc2: float


@woven_rule
def redd1(oxygen, p):
    """Hypoxia induces REDD1 (Brugarolas 2004), half at `hypoxia_half`, steep (power 4)."""
    r = oxygen / p.hypoxia_half
    r2 = r * r
    return 1.0 / (1.0 + r2 * r2)


@woven_rule
def ampk(energy, p):
    """Low energy activates AMPK, half at `energy_half`, steep (power 4)."""
    r = energy / p.energy_half
    r2 = r * r
    return 1.0 / (1.0 + r2 * r2)


@woven_rule
def pi3k(growth_factor, cxcr4, integrin, s6k, pten, p):
    """Receptors raise PI3K, independently; S6K blocks IRS1; PTEN loss lowers the half point."""
    irs1 = 1.0 - p.feedback_strength * unit_hill2(s6k, p.feedback_half)
    quiet = (1.0 - p.w_growth_factor * growth_factor * irs1) * (1.0 - p.w_cxcr4 * cxcr4)
    drive = 1.0 - quiet * (1.0 - p.w_integrin * integrin)
    half = p.pi3k_half * (p.pi3k_without_pten + (1.0 - p.pi3k_without_pten) * min(pten, 1.0))
    return drive * (1.0 + half) / (drive + half)


@woven_rule
def mtorc2_activity(pi3k_now, integrity, kinase2, rictor, p):
    """PI3K activates mTORC2 above a base; rictor and assembly limit it, kinase inhibitors block it.

    More rictor than wild type raises it to at most 1, all mTORC2 at work.
    """
    induced = pi3k_now * (1.0 + p.mtorc2_half) / (pi3k_now + p.mtorc2_half)
    active = p.mtorc2_base + (1.0 - p.mtorc2_base) * induced
    return min(active * integrity * rictor / (1.0 + kinase2), 1.0)


@woven_rule
def s473_level(mtorc2, pi3k_now, p):
    """MTORC2 phosphorylates AKT at S473 (Sarbassov 2005), at the membrane, so with PI3K."""
    return mtorc2 * pi3k_now * (1.0 + p.s473_half) / (pi3k_now + p.s473_half)


@woven_rule
def focal_adhesion(integrin, s6k, s6k_attached):
    """S6K phosphorylates FAK and paxillin, so that contacts become focal adhesions (Liu 2008)."""
    return integrin * s6k / s6k_attached


@woven_rule
def relief_of_tsc(integrin, s6k, p):
    """Contact bypasses TSC2: by ILK, and by FAK, which binds TSC2 (Gan 2006), once S6K made it."""
    adhesion = focal_adhesion(integrin, s6k, p.s6k_attached)
    contact = integrin + p.fak_on_tsc * (adhesion - integrin)
    return min(p.vitronectin_bypass * contact, 1.0)


@woven_rule
def mtorc1_activity(akt, relief, redd1_now, ampk_now, amino_acids, kinase1, raptor, p):
    """AKT lifts the brake TSC2; REDD1 and AMPK restore it; adhesion bypasses it (`relief`).

    More raptor than wild type raises it to at most 1, all mTORC1 at work.
    """
    lifted = unit_hill2(akt, p.tsc_half)
    tsc = 1.0 - lifted * (1.0 - p.redd1_on_tsc * redd1_now) * (1.0 - p.ampk_on_tsc * ampk_now)
    fed = amino_acids * amino_acids * amino_acids
    half = p.amino_acid_half * p.amino_acid_half * p.amino_acid_half
    nutrient = fed * (1.0 + half) / (fed + half)
    return min(nutrient * (1.0 - tsc * (1.0 - relief)) * raptor / (1.0 + kinase1), 1.0)


@woven_rule
def fast_nodes(
    growth_factor, cxcr4, integrin, redd1_now, ampk_now, amino_acids,
    theta, kinase1, kinase2, dosage, integrity, s6k, p,
):  # fmt: skip
    """One sweep through the fast nodes from a guess of S6K.

    Returns (T308, mTORC2, S473, mTORC1, S6K).
    """
    pi3k_now = pi3k(growth_factor, cxcr4, integrin, s6k, dosage.pten, p)
    t308 = unit_hill2(pi3k_now, p.t308_half)
    mtorc2 = mtorc2_activity(pi3k_now, integrity, kinase2, dosage.rictor, p)
    s473 = s473_level(mtorc2, pi3k_now, p)
    akt = t308 * (p.akt_base + (1.0 - p.akt_base) * s473)
    relief = relief_of_tsc(integrin, s6k, p)
    mtorc1 = mtorc1_activity(
        akt, relief, redd1_now, ampk_now, amino_acids, kinase1, dosage.raptor, p
    )
    s6k_new = unit_hill2(mtorc1, p.s6k_half) * (1.0 - p.rapalog_on_s6k * theta)
    return t308, mtorc2, s473, mtorc1, s6k_new


@woven_rule
def settle_s6k(guess, answer):
    """Damped fixed-point step: the loop's slope is negative, near -0.5, so go two thirds."""
    return guess + (answer - guess) * (1.0 / 1.5)


SWEEPS = 2
LANES = 32  # cells that go through the network side by side

# Rows of the block that holds the signals of LANES cells.
(
    S6K, P4EBP1, AKT_S473, AKT_T308, MTORC1, MTORC2, INTEGRITY, FOXO, HIF, AUTOPHAGY, VEGF,
    GROWTH_FACTOR, CXCR4, INTEGRIN, OXYGEN, RAPALOG, KINASE1, KINASE2,
) = range(len(SIGNALS))  # fmt: skip


@woven_rule
def advance_lane(lane, block, dosage, amino_acids, ampk_now, lag, p, dt_h):
    """Bring the network of the one cell in this lane of the block to this hour."""
    theta = block[RAPALOG, lane] / (1.0 + block[RAPALOG, lane])
    redd1_now = redd1(block[OXYGEN, lane], p)
    integrity = block[INTEGRITY, lane]
    s6k = block[S6K, lane]
    t308 = mtorc2 = s473 = mtorc1 = 0.0
    for _ in range(SWEEPS):
        t308, mtorc2, s473, mtorc1, answer = fast_nodes(
            block[GROWTH_FACTOR, lane], block[CXCR4, lane], block[INTEGRIN, lane], redd1_now,
            ampk_now, amino_acids, theta, block[KINASE1, lane], block[KINASE2, lane], dosage,
            integrity, s6k, p,
        )  # fmt: skip
        s6k = settle_s6k(s6k, answer)
    p4ebp1 = unit_hill2(mtorc1, p.p4ebp1_half) * (1.0 - p.rapalog_on_4ebp1 * theta)
    foxo = p.foxo_half * p.foxo_half / (p.foxo_half * p.foxo_half + s473 * s473)
    hif = redd1_now * (p.hif_base + (1.0 - p.hif_base) * p4ebp1)
    stress = max(ampk_now, p.hypoxia_on_autophagy * redd1_now)
    freed = 1.0 - p.mtorc1_on_autophagy * mtorc1 * (1.0 - p.rapalog_on_autophagy * theta)
    block[S6K, lane] = s6k
    block[P4EBP1, lane] = p4ebp1
    block[AKT_S473, lane] = s473
    block[AKT_T308, lane] = t308
    block[MTORC1, lane] = mtorc1
    block[MTORC2, lane] = mtorc2
    block[INTEGRITY, lane] = next_integrity(integrity, theta, dosage.susceptible, p, dt_h)
    block[FOXO, lane] = foxo
    block[HIF, lane] = hif
    block[AUTOPHAGY, lane] = freed * (p.autophagy_base + (1.0 - p.autophagy_base) * stress)
    block[VEGF, lane] += (vegf_output(hif, p4ebp1, foxo, p) - block[VEGF, lane]) * lag


@woven_rule
def load(block, row, column, first, used):
    """Copy part of a column into a row of the block."""
    for lane in range(used):
        block[row, lane] = column[first + lane]


@woven_rule
def store(block, row, column, first, used):
    """Copy a row of the block back into its column."""
    for lane in range(used):
        column[first + lane] = block[row, lane]


@making_kernel
def advance_network(n, signals, dosage, amino_acids, energy, p, dt_h):
    """Bring the network of n cells to this hour; inputs and outputs are columns of `signals`.

    The columns are worked on in blocks of LANES cells: within one small array the compiler can see
    that no two rows overlap, which it cannot for 18 columns, and so uses vector instructions.

    Args:
        n: number of cells; rows 0..n-1 are used.
        signals: Signals; the input columns (growth_factor, cxcr4, integrin, oxygen, rapalog,
            kinase1, kinase2) are read, the others written.
        dosage: Dosage of the cell type.
        amino_acids, energy: availability, 0..1.
        p: NetworkRates.
        dt_h: step, h.
    """
    ampk_now = ampk(energy, p)
    lag = 1.0 - np.exp(-dt_h / p.secretion_time_h)
    block = np.zeros((KINASE2 + 1, LANES))
    for first in range(0, n, LANES):
        used = min(LANES, n - first)
        load(block, S6K, signals.s6k, first, used)
        load(block, INTEGRITY, signals.mtorc2_integrity, first, used)
        load(block, VEGF, signals.vegf, first, used)
        load(block, GROWTH_FACTOR, signals.growth_factor, first, used)
        load(block, CXCR4, signals.cxcr4, first, used)
        load(block, INTEGRIN, signals.integrin, first, used)
        load(block, OXYGEN, signals.oxygen, first, used)
        load(block, RAPALOG, signals.rapalog, first, used)
        load(block, KINASE1, signals.kinase1, first, used)
        load(block, KINASE2, signals.kinase2, first, used)
        for lane in range(LANES):
            advance_lane(lane, block, dosage, amino_acids, ampk_now, lag, p, dt_h)
        store(block, S6K, signals.s6k, first, used)
        store(block, P4EBP1, signals.p4ebp1, first, used)
        store(block, AKT_S473, signals.akt_s473, first, used)
        store(block, AKT_T308, signals.akt_t308, first, used)
        store(block, MTORC1, signals.mtorc1, first, used)
        store(block, MTORC2, signals.mtorc2, first, used)
        store(block, INTEGRITY, signals.mtorc2_integrity, first, used)
        store(block, FOXO, signals.foxo, first, used)
        store(block, HIF, signals.hif, first, used)
        store(block, AUTOPHAGY, signals.autophagy, first, used)
        store(block, VEGF, signals.vegf, first, used)


@woven_rule
def vegf_output(hif, p4ebp1, foxo, p):
    """HIF transcribes VEGF, 4E-BP1-P lets it be translated (Guba 2002), FOXO may block it (V2)."""
    translated = 1.0 - p.vegf_on_4ebp1 + p.vegf_on_4ebp1 * p4ebp1
    return hypoxic_transcription(hif, p) * translated * (1.0 - p.vegf_foxo * foxo)


@woven_rule
def hypoxic_transcription(hif, p):
    """HIF transcribes VEGF; some of it is made without."""
    return p.vegf_without_hif + (1.0 - p.vegf_without_hif) * hif


@woven_rule
def next_integrity(integrity, theta, susceptible, p, dt_h):
    """A rapalog captures newly made mTOR and so dissolves mTORC2 in susceptible cell types.

    Prolonged rapamycin, Sarbassov 2006; implicit step of dC/dt = a (1 - C) - b C.
    """
    gain = p.mtorc2_assembly_per_h * dt_h
    loss = p.rapalog_capture_per_h * theta * susceptible * dt_h
    return (integrity + gain) / (1.0 + gain + loss)


@woven_rule
def lip_share(p4ebp1):
    """4E-BP1-P raises the short LIP isoform of C/EBP-beta over LAP (Smink 2009)."""
    return hill2(p4ebp1, LIP_HALF)


def blank_signals(capacity: int) -> Signals:
    """Signals of `capacity` cells at zero, mTORC2 fully assembled."""
    columns = {name: np.zeros(capacity, dtype=np.float32) for name in Signals._fields}
    columns["mtorc2_integrity"][:] = 1.0
    return Signals(**columns)


def steady_state(
    p: NetworkRates,
    dosage: Dosage | None = None,
    *,
    amino_acids: float = 1.0,
    energy: float = 1.0,
    **inputs: float,
) -> dict[str, float]:
    """Steady state of one cell with constant inputs, for checks and in-silico assays.

    Args:
        p: NetworkRates.
        dosage: gene dosage, wild type if None.
        amino_acids, energy: availability, 0..1.
        inputs: input columns of SIGNALS; unnamed ones take the untreated attached values
            UNTREATED_INPUTS and no drug.

    Returns:
        Every column of SIGNALS as float.
    """
    signals = blank_signals(1)
    for name, value in (UNTREATED_INPUTS | inputs).items():
        getattr(signals, name)[0] = value
    for _ in range(400):
        advance_network(1, signals, dosage or Dosage(), amino_acids, energy, p, 1.0)
    return {name: float(getattr(signals, name)[0]) for name in Signals._fields}


def reference(p: NetworkRates) -> Reference:
    """Outputs of the untreated attached cell that the rules compare with."""
    state = steady_state(p)
    return Reference(state["s6k"], state["p4ebp1"], state["mtorc2"])
