"""The mTOR network against the check table of its draft, its feedback, and its slow node."""

import math

import numpy as np
import pytest

from mtor_abm.mtor import (
    Dosage,
    NetworkParameters,
    NetworkRates,
    advance_network,
    ampk,
    blank_signals,
    focal_adhesion,
    lip_share,
    mtorc1_activity,
    mtorc2_activity,
    next_integrity,
    pi3k,
    redd1,
    reference,
    relief_of_tsc,
    s473_level,
    settle_s6k,
    steady_state,
    vegf_output,
)
from mtor_abm.parameters import kernel_values

# the table takes V2 = A, and was made before the loop through FAK
P = kernel_values(NetworkRates, NetworkParameters(vegf_foxo=0.35, fak_on_tsc=0.0))
WITH_FAK = P._replace(fak_on_tsc=NetworkParameters().fak_on_tsc)
UNTREATED = {"growth_factor": 0.6, "cxcr4": 0.3, "integrin": 0.3}
RAPALOG = {"rapalog": 20 / 0.5}  # 20 nM free, half effect 0.5 nM
OSI_027 = {"kinase1": 500 / 22, "kinase2": 500 / 65}  # 500 nM free over its two IC50
BLOOD = {"growth_factor": 0.2, "cxcr4": 0.0, "integrin": 0.0}

# PI3K, T308, S473, TSC, mTORC1, S6K, 4E-BP1-P, FOXO, HIF, VEGF, autophagy (check table)
TABLE = {
    "untreated": ({}, Dosage(), (0.47, 0.47, 0.45, 0.52, 0.58, 0.71, 0.66, 0.36, 0.01, 0.10, 0.15)),
    "rapalog": (
        RAPALOG, Dosage(), (0.73, 0.78, 0.74, 0.16, 0.87, 0.05, 0.49, 0.18, 0.01, 0.09, 0.20),
    ),
    "rapalog, mTORC2 30 % left": (
        RAPALOG, Dosage(rictor=0.3),
        (0.73, 0.78, 0.22, 0.35, 0.72, 0.04, 0.43, 0.70, 0.01, 0.07, 0.22),
    ),
    "OSI-027": (
        OSI_027, Dosage(), (0.73, 0.78, 0.09, 0.43, 0.03, 0.00, 0.00, 0.94, 0.00, 0.03, 0.35),
    ),
    "rictor knock-out": (
        {}, Dosage(rictor=0.0), (0.52, 0.54, 0.00, 0.68, 0.46, 0.56, 0.50, 1.0, 0.01, 0.06, 0.19),
    ),
    "CXCL12 high": (
        {"cxcr4": 1.0}, Dosage(),
        (0.61, 0.64, 0.60, 0.29, 0.76, 0.87, 0.84, 0.24, 0.01, 0.13, 0.08),
    ),
    "hypoxia": (
        {"oxygen": 0.15}, Dosage(),
        (0.63, 0.67, 0.63, 0.88, 0.29, 0.31, 0.26, 0.22, 0.46, 0.22, 0.47),
    ),
    "hypoxia on vitronectin": (
        {"oxygen": 0.15, "integrin": 1.0}, Dosage(),
        (0.57, 0.60, 0.57, 0.89, 0.69, 0.81, 0.78, 0.26, 0.81, 0.64, 0.21),
    ),
    "detached in blood": (
        BLOOD, Dosage(), (0.28, 0.21, 0.23, 0.90, 0.10, 0.05, 0.04, 0.68, 0.00, 0.03, 0.32),
    ),
    "detached under OSI-027": (
        BLOOD | OSI_027, Dosage(),
        (0.28, 0.21, 0.03, 0.93, 0.00, 0.00, 0.00, 0.99, 0.00, 0.03, 0.35),
    ),
    "starved": (
        {"amino_acids": 0.1, "energy": 0.2}, Dosage(),
        (0.73, 0.78, 0.74, 0.72, 0.02, 0.00, 0.00, 0.17, 0.00, 0.04, 0.88),
    ),
}  # fmt: skip
COLUMNS = ("akt_t308", "akt_s473", "mtorc1", "s6k", "p4ebp1", "foxo", "hif", "vegf", "autophagy")


@pytest.mark.parametrize("condition", TABLE)
def test_network_reproduces_the_check_table_to_two_decimals(condition):
    inputs, dosage, (pi3k_wanted, t308, s473, tsc_wanted, *others) = TABLE[condition]
    state = steady_state(P, dosage, **inputs)
    felt = UNTREATED | inputs
    pi3k_now = pi3k(
        felt["growth_factor"], felt["cxcr4"], felt["integrin"], state["s6k"], dosage.pten, P
    )
    assert pi3k_now == pytest.approx(pi3k_wanted, abs=0.006)
    for name, wanted in zip(COLUMNS, (t308, s473, *others), strict=True):
        assert state[name] == pytest.approx(wanted, abs=0.006), name
    if condition != "starved":  # TSC2 seen through mTORC1 = (1 - TSC (1 - vI IN)) / (1 + TORKi/I1)
        lifted = state["mtorc1"] * (1.0 + felt.get("kinase1", 0.0))
        tsc = (1.0 - lifted) / (1.0 - P.vitronectin_bypass * felt["integrin"])
        assert tsc == pytest.approx(tsc_wanted, abs=0.006)


def test_steady_state_solves_the_equations_of_the_table():
    """The slow twin: the equations as written there, iterated with heavy damping."""

    def hill(x, half, power):
        return x**power / (half**power + x**power)

    def unit_hill(x, half, power):
        return hill(x, half, power) * (1 + half**power)

    for inputs in ({}, {"rapalog": 3.0, "oxygen": 0.2}, {"kinase1": 2.0, "kinase2": 0.5}):
        growth_factor, c4, contact = 0.6, 0.3, 0.3
        theta = inputs.get("rapalog", 0.0) / (1 + inputs.get("rapalog", 0.0))
        t1, t2 = 1 / (1 + inputs.get("kinase1", 0.0)), 1 / (1 + inputs.get("kinase2", 0.0))
        s = 0.5
        for _ in range(2000):
            f = 1 - 0.71 * unit_hill(s, 0.48, 2)
            drive = 1 - (1 - 0.88 * growth_factor * f) * (1 - 0.29 * c4) * (1 - 0.22 * contact)
            pi3k_now = drive * (1 + 1.17) / (drive + 1.17)
            t308 = unit_hill(pi3k_now, 0.69, 2)
            m2 = (0.14 + 0.86 * pi3k_now * 1.95 / (pi3k_now + 0.95)) * t2
            s473 = m2 * pi3k_now * 1.94 / (pi3k_now + 0.94)
            akt = t308 * (0.46 + 0.54 * s473)
            redd = 1 / (1 + (inputs.get("oxygen", 1.0) / 0.35) ** 4)
            amp = 1 / (1 + (1 / 0.3) ** 4)
            tsc = 1 - unit_hill(akt, 0.39, 2) * (1 - 0.87 * redd) * (1 - 0.81 * amp)
            m1 = unit_hill(1.0, 0.3, 3) * (1 - tsc * (1 - 0.65 * contact)) * t1
            s += 0.05 * (unit_hill(m1, 0.51, 2) * (1 - 0.97 * theta) - s)
        state = steady_state(P, **inputs)
        twin = {"s6k": s, "mtorc1": m1, "mtorc2": m2, "akt_s473": s473, "akt_t308": t308}
        for name, value in twin.items():
            assert state[name] == pytest.approx(value, abs=2e-6), (name, inputs)


@pytest.mark.parametrize("condition", TABLE)
def test_the_loop_through_fak_leaves_the_untreated_cell_and_moves_others_little(condition):
    inputs, dosage, _ = TABLE[condition]
    before, after = (steady_state(p, dosage, **inputs) for p in (P, WITH_FAK))
    for name in COLUMNS:
        most = 1e-4 if condition == "untreated" else 0.035
        assert after[name] == pytest.approx(before[name], abs=most), name


def test_fak_feeds_s6k_back_on_itself():
    """Gan 2006: what takes S6K takes FAK, so that mTORC1 gives way further than without it."""
    for drug in ({"rapalog": 1.0}, {"kinase1": 1.0}, {"oxygen": 0.15}):
        alone, looped = (steady_state(p, **drug)["mtorc1"] for p in (P, WITH_FAK))
        assert looped < alone - 0.001, drug
    attached, detached = (steady_state(WITH_FAK, integrin=c)["s6k"] for c in (0.3, 0.0))
    assert detached < 0.85 * attached
    no_contact = WITH_FAK._replace(vitronectin_bypass=0.0, w_integrin=0.0)
    assert steady_state(no_contact, integrin=0.0)["s6k"] == pytest.approx(
        steady_state(no_contact)["s6k"]
    )


def test_rapalog_lifts_the_feedback_and_raises_akt():
    treated, untreated = steady_state(P, **RAPALOG), steady_state(P)
    assert treated["s6k"] < 0.1 * untreated["s6k"]
    assert treated["akt_t308"] > 1.5 * untreated["akt_t308"]
    assert treated["akt_s473"] > 1.5 * untreated["akt_s473"]
    without_feedback = P._replace(feedback_strength=0.0)
    assert steady_state(without_feedback, **RAPALOG)["akt_s473"] == pytest.approx(
        steady_state(without_feedback)["akt_s473"]
    )


def test_pten_loss_quarters_the_half_point_of_pi3k():
    drive = 1 - (1 - 0.88 * 0.5) * 1.0 * 1.0  # no S6K, no CXCR4, no contact
    assert pi3k(0.5, 0.0, 0.0, 0.0, 1.0, P) == pytest.approx(drive * 2.17 / (drive + 1.17))
    quarter = 1.17 / 4
    assert pi3k(0.5, 0.0, 0.0, 0.0, 0.0, P) == pytest.approx(
        drive * (1 + quarter) / (drive + quarter)
    )
    assert pi3k(0.5, 0.0, 0.0, 0.0, 2.0, P) == pi3k(0.5, 0.0, 0.0, 0.0, 1.0, P)


@pytest.mark.parametrize(
    ("rule", "arguments", "answer"),
    [
        (redd1, (0.35, P), 0.5),
        (redd1, (0.7, P), 1 / 17),
        (redd1, (0.0, P), 1.0),
        (ampk, (0.3, P), 0.5),
        (ampk, (0.9, P), 1 / 82),
        (mtorc2_activity, (0.0, 1.0, 0.0, 1.0, P), 0.14),
        (mtorc2_activity, (1.0, 1.0, 0.0, 1.0, P), 1.0),
        (mtorc2_activity, (1.0, 0.5, 1.0, 0.5, P), 0.125),
        (s473_level, (0.8, 1.0, P), 0.8),
        (s473_level, (0.8, 0.0, P), 0.0),
        (mtorc1_activity, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, P), 1.0),
        (mtorc1_activity, (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, P), 0.0),
        (mtorc1_activity, (0.0, 0.65, 0.0, 0.0, 1.0, 0.0, 1.0, P), 0.65),
        (focal_adhesion, (0.3, 0.2, 0.8), 0.075),
        (relief_of_tsc, (1.0, 0.0, P), 0.65),
        (relief_of_tsc, (1.0, 0.0, P._replace(fak_on_tsc=0.2)), 0.65 * 0.8),
        (relief_of_tsc, (0.5, 2 * P.s6k_attached, P._replace(fak_on_tsc=1.0)), 0.65),
        (relief_of_tsc, (1.0, 2 * P.s6k_attached, P._replace(fak_on_tsc=1.0)), 1.0),
        (mtorc1_activity, (1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, P), 0.13),
        (mtorc1_activity, (1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, P), 0.19),
        (mtorc1_activity, (1.0, 0.0, 0.0, 0.0, 1.0, 3.0, 0.5, P), 0.125),
        (mtorc1_activity, (1.0, 0.0, 0.0, 0.0, 0.3, 0.0, 1.0, P), (1 + 0.027) / 2),
        (vegf_output, (1.0, 1.0, 0.0, P), 1.0),
        (vegf_output, (0.0, 0.0, 1.0, P), 0.15 * 0.25 * 0.65),
        (lip_share, (0.4,), 0.5),
        (lip_share, (0.8,), 0.8),
        (settle_s6k, (0.3, 0.6), 0.5),
    ],
)
def test_rules_known_by_hand(rule, arguments, answer):
    assert rule(*arguments) == pytest.approx(answer)


def test_integrity_falls_only_in_susceptible_cells_and_comes_back():
    theta = 1.0
    assert next_integrity(1.0, theta, 0.0, P, 1.0) == 1.0
    under = 1.0
    for _ in range(2000):
        under = next_integrity(under, theta, 1.0, P, 1.0)
    gain, loss = P.mtorc2_assembly_per_h, P.rapalog_capture_per_h
    assert under == pytest.approx(gain / (gain + loss)) == pytest.approx(1 / 3)
    after = under
    for _ in range(24):
        after = next_integrity(after, 0.0, 1.0, P, 1.0)
    # implicit steps of dC/dt = (1 - C)/24 h: the gap shrinks by 1/(1 + 1/24) each hour
    assert 1 - after == pytest.approx((1 - under) * (24 / 25) ** 24)
    fine = under
    for _ in range(24 * 100):
        fine = next_integrity(fine, 0.0, 1.0, P, 0.01)
    assert 1 - fine == pytest.approx((1 - under) * math.exp(-1.0), rel=3e-4)


def test_chronic_rapalog_takes_s473_from_susceptible_cells_only():
    kept = steady_state(P, **RAPALOG)
    lost = steady_state(P, Dosage(susceptible=1.0), **RAPALOG)
    assert lost["mtorc2_integrity"] == pytest.approx(1 / (1 + 2 * 40 / 41), abs=1e-5)
    assert lost["akt_s473"] / kept["akt_s473"] == pytest.approx(lost["mtorc2_integrity"], rel=2e-3)


def test_vegf_lags_by_its_secretion_time():
    signals = blank_signals(1)
    for name, value in (UNTREATED | {"oxygen": 1.0}).items():
        getattr(signals, name)[0] = value
    for _ in range(60):
        advance_network(1, signals, Dosage(), 1.0, 1.0, P, 1.0)
    high = steady_state(P, oxygen=0.15, integrin=1.0)["vegf"]
    signals.oxygen[0], signals.integrin[0] = 0.15, 1.0
    for _ in range(20):  # the fast nodes come to rest; then start the lag from a known level
        advance_network(1, signals, Dosage(), 1.0, 1.0, P, 1.0)
    signals.vegf[0] = 0.0
    for hour in range(1, 13):
        advance_network(1, signals, Dosage(), 1.0, 1.0, P, 1.0)
        assert signals.vegf[0] == pytest.approx(high * (1 - math.exp(-hour / 6.0)), rel=1e-3)


def test_activities_stay_within_0_and_1_for_any_inputs():
    n = 3000
    draws = np.random.default_rng(3)
    signals = blank_signals(n)
    for name in ("growth_factor", "cxcr4", "integrin", "oxygen"):
        getattr(signals, name)[:] = draws.random(n)
    for name in ("rapalog", "kinase1", "kinase2"):
        getattr(signals, name)[:] = 10.0 ** draws.uniform(-3, 3, n)
    dosage = Dosage(1.0, 1.0, 0.0, 1.0)
    for _ in range(8):
        advance_network(n, signals, dosage, float(draws.random()), float(draws.random()), P, 1.0)
        for name in ("s6k", "p4ebp1", "akt_s473", "akt_t308", "mtorc1", "mtorc2", "foxo", "hif",
                     "autophagy", "vegf", "mtorc2_integrity"):  # fmt: skip
            values = getattr(signals, name)
            assert values.min() >= 0.0, name
            assert values.max() <= 1.0 + 1e-6, name


def test_hourly_sweeps_follow_a_change_within_some_hours():
    """Two warm-started sweeps an hour come within 1 % of the new steady state in six hours."""
    goal = steady_state(P, **RAPALOG)
    signals = blank_signals(1)
    for name, value in (UNTREATED | {"oxygen": 1.0}).items():
        getattr(signals, name)[0] = value
    for _ in range(60):
        advance_network(1, signals, Dosage(), 1.0, 1.0, P, 1.0)
    signals.rapalog[0] = RAPALOG["rapalog"]
    for _ in range(6):
        advance_network(1, signals, Dosage(), 1.0, 1.0, P, 1.0)
    for name in ("s6k", "mtorc1", "akt_s473"):
        assert getattr(signals, name)[0] == pytest.approx(goal[name], rel=0.01)


def test_reference_is_the_untreated_attached_cell():
    """GF 0.6, C4 0.3, IN 0.3, O2 1, no drug: the values of docs/network.md, to its digits."""
    assert reference(P) == pytest.approx((0.71, 0.66, 0.70), abs=0.005)


@pytest.mark.parametrize("gene", ["raptor", "rictor", "pten"])
def test_a_doubled_gene_saturates(gene):
    """Activities stay in 0..1, and more of a gene never does less of what it is for."""
    for inputs in ({}, {"growth_factor": 1.0, "cxcr4": 1.0, "integrin": 1.0}, {"oxygen": 0.0}):
        wild, doubled = steady_state(P, **inputs), steady_state(P, Dosage(**{gene: 2.0}), **inputs)
        assert all(0.0 <= value <= 1.0 for value in doubled.values())
        if gene != "pten":
            made = {"raptor": "mtorc1", "rictor": "mtorc2"}[gene]
            assert doubled[made] >= wild[made]
