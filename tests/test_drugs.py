"""The table DRUGS, the exposure of regimens and the rules of action, against published numbers."""

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from mtor_abm.dosing import PlasmaCurve, Regimen, plasma_table
from mtor_abm.drug_action import AromataseInactivator, half_effects_nM, oestrogen_left
from mtor_abm.drug_kinetics import SaturableTwoCompartments
from mtor_abm.drugs import DRUGS, describe, find_drug
from mtor_abm.mtor import NetworkParameters, NetworkRates, steady_state
from mtor_abm.parameters import kernel_values
from mtor_abm.sourced import Sourced

HOURS = np.arange(672.0)
WAYS = [
    (drug.key, species, route)
    for drug in DRUGS.values()
    for species, kinetics in drug.kinetics.items()
    for route in kinetics.routes
]
LINEAR_WAYS = [
    way
    for way in WAYS
    if not isinstance(DRUGS[way[0]].kinetics[way[1]].disposition, SaturableTwoCompartments)
]


def curve(key, species, route, **schedule):
    return PlasmaCurve(Regimen(key, route, species, **schedule))


def human_everolimus(dose_mg=10.0, n_doses=60):
    return curve("everolimus", "human", "po", dose_mg=dose_mg, n_doses=n_doses)


def test_everolimus_steady_state_is_the_published_curve():
    since_h = np.linspace(0.0, 23.9, 50)
    published = 38.0 * np.exp(-0.28 * since_h) + 23.0 * np.exp(-0.0231 * since_h)
    found = human_everolimus().total_ng_per_ml(59 * 24.0 + since_h)
    np.testing.assert_allclose(found, published, rtol=1e-5)
    trough = human_everolimus().total_ng_per_ml(np.nextafter(59 * 24.0, 0.0))
    assert trough == pytest.approx(13.2, rel=0.01)
    assert human_everolimus().free_nM(59 * 24.0) == pytest.approx(0.0159 * 61.0 * 1.04, rel=0.01)


def test_human_sirolimus_half_life_and_peak_time():
    sirolimus = curve("rapamycin", "human", "po", dose_mg=6.0, n_doses=1)
    early, late = sirolimus.total_ng_per_ml([500.0, 562.0])
    assert 62.0 * np.log(2.0) / np.log(early / late) == pytest.approx(62.0, rel=0.01)
    fine_h = np.arange(0.0, 10.0, 0.05)
    assert fine_h[np.argmax(sirolimus.total_ng_per_ml(fine_h))] == pytest.approx(1.4, abs=0.4)


def test_mouse_rapamycin_trough_and_half_life():
    rapamycin = curve("rapamycin", "mouse", "ip", dose_mg_per_kg=1.5, n_doses=14)
    assert 5.0 <= rapamycin.total_ng_per_ml(np.nextafter(13 * 24.0, 0.0)) <= 20.0
    a, b = rapamycin.total_ng_per_ml([350.0, 360.0])
    assert 6.0 <= 10.0 * np.log(2.0) / np.log(a / b) <= 15.0


def test_temsirolimus_parent_and_sirolimus_match_the_label():
    weekly = curve("temsirolimus", "human", "iv", dose_mg=25.0, n_doses=1)
    fine_h = np.arange(0.0, 1500.0, 0.05)
    parent, product = weekly.parent_ng_per_ml(fine_h), weekly.metabolite_ng_per_ml(fine_h)
    parent_area, product_area = np.trapezoid(parent, fine_h), np.trapezoid(product, fine_h)
    assert parent[0] == pytest.approx(585.0, rel=1e-3)
    assert parent_area == pytest.approx(1627.0, rel=0.01)
    assert product_area / parent_area == pytest.approx(2.7, rel=0.01)
    mean_residence_h = np.trapezoid(parent * fine_h, fine_h) / parent_area
    assert 25e3 / parent_area * mean_residence_h == pytest.approx(172.0, rel=0.01)
    late_h = np.array([600.0, 654.6])
    a, b = weekly.metabolite_ng_per_ml(late_h)
    assert a / b == pytest.approx(2.0, rel=0.01)
    np.testing.assert_allclose(
        weekly.free_nM(late_h),
        0.05e3 * (weekly.parent_ng_per_ml(late_h) / 1030.3 + np.array([a, b]) / 914.2),
        rtol=1e-12,
    )


def test_opg_fc_blocks_nearly_all_rankl_at_both_doses_of_canon_2008():
    for dose in (0.3, 3.0):
        trap = curve("opg_fc", "mouse", "sc", dose_mg_per_kg=dose, n_doses=11, every_h=56.0)
        kd_nM = half_effects_nM(trap.regimen.drug.action)["trap"]
        left = 1.0 / (1.0 + trap.free_nM(HOURS[24:]) / kd_nM)
        assert left.max() < 0.01


def test_osi_027_mean_free_level_in_mice_is_about_500_nM():  # noqa: N802
    osi = curve("osi_027", "mouse", "po", dose_mg_per_kg=50.0, n_doses=28)
    assert 400.0 < osi.free_nM(HOURS[600:]).mean() < 700.0


def test_denosumab_matches_the_published_equations():
    denosumab = curve("denosumab", "human", "sc", dose_mg=120.0, n_doses=1)

    def flow(_, y):  # OpenBoneMin, with its own units: ng, mL, h
        cp = y[1] / 2340.0
        return [
            -0.00592 * y[0],
            0.00592 * y[0] + 18.67 * y[2] / 1324.0 - (18.67 + 2.75 + 3110.0 / (188.0 + cp)) * cp,
            18.67 * cp - 18.67 * y[2] / 1324.0,
        ]

    run = solve_ivp(
        flow, (0, 4000), [0.729 * 120e6, 0, 0], "DOP853", np.arange(0, 4000, 50.0), rtol=1e-11
    )
    found = denosumab.total_ng_per_ml(run.t)
    np.testing.assert_allclose(found, run.y[1] / 2340.0, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(denosumab.free_nM(run.t), found / 147.0, rtol=1e-12)


def test_amd3100_half_lives():
    for species, dose, half_life_h in (("human", 0.24, 4.0), ("mouse", 5.0, 1.0)):
        amd = curve("amd3100", species, "sc", dose_mg_per_kg=dose, n_doses=1)
        a, b = amd.total_ng_per_ml([20.0, 20.0 + half_life_h])
        assert a / b == pytest.approx(2.0, rel=0.01)


def test_zoledronate_gathers_on_bone_and_has_no_field():
    weekly = curve("zoledronate", "mouse", "sc", dose_mg_per_kg=0.1, n_doses=4, every_h=168.0)
    on_bone = weekly.bone_mg_per_kg(np.array([0.0, 503.0, 504.0, 504.0 + 8760.0]))
    np.testing.assert_allclose(on_bone[0], 0.1)
    assert on_bone[2] - on_bone[1] == pytest.approx(0.1, rel=1e-3)
    assert on_bone[3] / on_bone[2] == pytest.approx(0.5, rel=1e-12)
    assert not weekly.regimen.drug.is_field
    assert curve("opg_fc", "mouse", "sc", dose_mg=0.1, n_doses=1).bone_mg_per_kg(5.0) == 0.0


def test_mg_and_mg_per_kg_are_the_same_dose():
    by_mass = curve("rapamycin", "mouse", "ip", dose_mg=0.06, n_doses=3, body_mass_kg=0.02)
    per_kg = curve("rapamycin", "mouse", "ip", dose_mg_per_kg=3.0, n_doses=3)
    np.testing.assert_allclose(
        by_mass.total_ng_per_ml(HOURS), per_kg.total_ng_per_ml(HOURS), rtol=1e-12
    )
    human = curve("everolimus", "human", "po", dose_mg_per_kg=0.125, n_doses=3, body_mass_kg=80.0)
    expected = human_everolimus(10.0, 3).total_ng_per_ml(HOURS)
    np.testing.assert_allclose(human.total_ng_per_ml(HOURS), expected, rtol=1e-12)


def test_dose_times_and_stop_day():
    regimen = Regimen(
        "rapamycin", "ip", "mouse", dose_mg_per_kg=1.0, start_day=2, stop_day=5, every_h=24
    )
    assert regimen.dose_times_h().tolist() == [48.0, 72.0, 96.0]  # none on the stop day itself
    thrice_weekly = Regimen(
        "opg_fc", "sc", "mouse", dose_mg_per_kg=1.0, stop_day=7, every_h=168.0 / 3.0
    )
    assert thrice_weekly.dose_count == 3


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_way_of_giving_every_drug(way):
    key, species, route = way
    given_ = {"n_doses": 3, "start_day": 1.0, "dose_mg_per_kg": 1.0}
    active = curve(key, species, route, **given_)
    t_h = np.arange(0.0, 200.0, 0.5)
    total, free = active.total_ng_per_ml(t_h), active.free_nM(t_h)
    assert np.all(total[t_h < 24.0] == 0.0) and np.all(free[t_h < 24.0] == 0.0)
    assert np.all(total[t_h > 24.0] > 0.0) and np.all(np.isfinite(free))
    assert np.all(free <= total / float(DRUGS[key].molar_mass) * 1e3 * 1.2 + 1e-12)

    nothing = curve(key, species, route, **(given_ | {"dose_mg_per_kg": 0.0}))
    for column in (nothing.total_ng_per_ml(t_h), nothing.free_nM(t_h), nothing.bone_mg_per_kg(t_h)):
        assert column.tobytes() == np.zeros_like(t_h).tobytes()


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_value_depends_on_its_hour_only(way):
    key, species, route = way
    active = curve(key, species, route, dose_mg_per_kg=1.0, n_doses=20, start_day=0.3)
    whole = active.free_nM(HOURS)
    for part in (slice(0, 1), slice(0, 7), slice(3, 200), slice(600, 672), slice(None, None, 5)):
        assert active.free_nM(HOURS[part]).tobytes() == whole[part].tobytes()
    again = curve(key, species, route, dose_mg_per_kg=1.0, n_doses=20, start_day=0.3)
    scalars = [again.free_nM(hour) for hour in HOURS[::29]]
    assert np.array(scalars).tobytes() == np.ascontiguousarray(whole[::29]).tobytes()
    square = active.free_nM(HOURS.reshape(28, 24))
    assert square.shape == (28, 24) and square.tobytes() == whole.tobytes()


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_later_doses_leave_earlier_bytes_alone(way):
    key, species, route = way
    one, many = (
        curve(key, species, route, dose_mg_per_kg=1.0, n_doses=n_doses, every_h=31.0)
        for n_doses in (1, 9)
    )
    assert one.free_nM(HOURS[:31]).tobytes() == many.free_nM(HOURS[:31]).tobytes()
    assert one.free_nM(HOURS[31]) < many.free_nM(HOURS[33])


@given(
    way=st.sampled_from(LINEAR_WAYS),
    dose=st.floats(1e-3, 1e3),
    factor=st.floats(0.0, 100.0),
    n_doses=st.integers(1, 40),
    every_h=st.floats(0.5, 700.0),
    start_day=st.floats(0.0, 20.0),
)
@settings(max_examples=80, deadline=None)
def test_linear_in_dose_causal_and_never_negative(way, dose, factor, n_doses, every_h, start_day):
    key, species, route = way
    schedule = {"n_doses": n_doses, "every_h": every_h, "start_day": start_day}
    one = curve(key, species, route, dose_mg_per_kg=dose, **schedule).free_nM(HOURS)
    many = curve(key, species, route, dose_mg_per_kg=dose * factor, **schedule).free_nM(HOURS)
    np.testing.assert_allclose(
        many, factor * one, rtol=1e-9, atol=1e-12 * factor * one.max() + 1e-300
    )
    assert np.all(one >= 0.0)
    assert np.all(one[start_day * 24.0 > HOURS] == 0.0)


def test_regimens_superpose():
    whole = curve("rapamycin", "mouse", "ip", dose_mg_per_kg=2.0, n_doses=6)
    first = curve("rapamycin", "mouse", "ip", dose_mg_per_kg=2.0, n_doses=2)
    rest = curve("rapamycin", "mouse", "ip", dose_mg_per_kg=2.0, n_doses=4, start_day=2.0)
    np.testing.assert_allclose(
        whole.free_nM(HOURS), first.free_nM(HOURS) + rest.free_nM(HOURS), rtol=1e-10
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"drug_key": "rapamicin"}, "unknown drug 'rapamicin'; did you mean rapamycin"),
        ({"drug_key": "OSI-27"}, "did you mean osi_027"),
        ({"drug_key": "zzz"}, "choose from rapamycin"),
        ({"species": "rat"}, "species 'rat' is unknown; choose from mouse, human"),
        ({"drug_key": "denosumab"}, "does not bind mouse RANKL; use opg_fc"),
        ({"route": "sc"}, "no route 'sc' in the mouse; choose from ip, iv, po"),
        ({"dose_mg_per_kg": -1.0}, "dose_mg_per_kg is -1; it must be finite and at least 0"),
        ({"dose_mg_per_kg": float("nan")}, "dose_mg_per_kg is nan"),
        ({"dose_mg_per_kg": None}, "either dose_mg_per_kg or dose_mg"),
        ({"dose_mg": 1.0}, "either dose_mg_per_kg or dose_mg"),
        ({"stop_day": 5.0}, "either stop_day or n_doses"),
        ({"n_doses": None}, "either stop_day or n_doses"),
        ({"n_doses": 0}, "n_doses is 0; it must be finite and at least 1"),
        ({"n_doses": float("inf")}, "n_doses is inf; it must be finite"),
        ({"n_doses": 2.5}, "n_doses is 2.5; it must be a whole number"),
        ({"n_doses": 200_000}, "exceed 100000; raise every_h"),
        ({"n_doses": None, "stop_day": 2.0, "start_day": 3.0}, "above start_day"),
        ({"start_day": -1.0}, "start_day is -1"),
        ({"every_h": 0.0}, "every_h is 0; it must be finite and above 0"),
        ({"body_mass_kg": 0.0}, "body_mass_kg is 0"),
    ],
)
def test_impossible_regimens_are_refused_in_one_line(changes, message):
    valid = {
        "drug_key": "rapamycin",
        "route": "ip",
        "species": "mouse",
        "dose_mg_per_kg": 1.5,
        "n_doses": 3,
    }
    Regimen(**valid)
    with pytest.raises(ValueError) as refusal:
        Regimen(**(valid | changes))
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_everolimus_10_mg_a_day_inhibits_s6k_by_56_percent_at_most():
    """Target T49 (Fukudo): S6K of blood cells of patients."""
    peak = curve("everolimus", "human", "po", dose_mg=10.0, n_doses=28).free_nM(HOURS).max()
    kr_nM = half_effects_nM(DRUGS["everolimus"].action)["rapalog"]
    network = kernel_values(NetworkRates, NetworkParameters())
    left = steady_state(network, rapalog=peak / kr_nM)["s6k"] / steady_state(network)["s6k"]
    assert 1.0 - left == pytest.approx(0.56, abs=0.005)


ENZYME = AromataseInactivator(
    Sourced(2.0, "nM", "by hand", "assumed"), Sourced(50.0, "h", "by hand", "assumed")
)


def test_oestrogen_follows_the_enzyme_that_a_constant_level_destroys():
    free = np.full(801, 6.0)  # three half effects: a quarter is left, four times as fast
    left = oestrogen_left(ENZYME, free, 0.5)
    hours = 0.5 * np.arange(801)
    np.testing.assert_allclose(left, 0.25 + 0.75 * np.exp(-4.0 * hours / 50.0), rtol=1e-12)


def test_oestrogen_recovers_with_the_turnover_of_the_enzyme():
    free = np.where(np.arange(401) < 200, 1e9, 0.0)
    left = oestrogen_left(ENZYME, free, 1.0)
    assert left[199] < 1e-6
    np.testing.assert_allclose(left[200:], 1.0 - np.exp(-np.arange(201) / 50.0), atol=1e-6)
    assert np.array_equal(oestrogen_left(ENZYME, np.zeros(5), 1.0), np.ones(5))


def test_exemestane_25_mg_a_day_takes_85_to_95_percent_of_oestrogen():
    """Label of exemestane: within days, and by half of that for a dose a fifth as large."""
    action = DRUGS["exemestane"].action
    free = curve("exemestane", "human", "po", dose_mg=25.0, n_doses=28).free_nM(HOURS)
    left = oestrogen_left(action, free, 1.0)
    assert 0.05 < left[336:].min() <= left[336:].max() < 0.15
    assert left[96] < 0.2
    fifth = oestrogen_left(action, free / 5.0, 1.0)
    assert 0.3 < fifth[336:].mean() < 0.5


def test_every_number_of_every_drug_has_unit_source_and_confidence():
    for drug in DRUGS.values():
        told = describe(drug)
        json.dumps(told)
        assert len(told["numbers"]) >= 8
        for number in told["numbers"]:
            assert number["unit"] and len(number["source"]) > 5
            assert number["confidence"] in {"found", "computed", "recalled", "assumed", "fitted"}
            assert np.isfinite(number["value"]) and number["value"] > 0.0


def test_every_species_is_either_carried_or_explained():
    for drug in DRUGS.values():
        assert set(drug.kinetics) | set(drug.why_not) == {"mouse", "human"}
        assert not set(drug.kinetics) & set(drug.why_not)


def test_a_sourced_number_is_a_float_and_survives_copies():
    mass = find_drug("rapamycin").molar_mass
    for twin in (pickle.loads(pickle.dumps(mass)), copy.deepcopy(mass)):
        assert isinstance(twin, Sourced) and (twin, twin.unit) == (914.2, "g/mol")
    assert type(mass * 2.0) is float


def test_plasma_table_has_units_in_its_names():
    table = plasma_table({"everolimus": human_everolimus()}, HOURS)
    assert list(table) == ["plasma_everolimus_ng_per_ml", "free_everolimus_nM"]
    assert table["free_everolimus_nM"].shape == HOURS.shape
