"""Drugs from plasma to cells: exchange at perfused vessels, units of action, bone, cell shares."""

from dataclasses import replace

import numpy as np
import pytest
from hand_made import empty_marrow, put_bone

from mtor_abm.delivery import Pharmacy
from mtor_abm.drugs import DRUGS
from mtor_abm.fields import FIELDS, FieldState
from mtor_abm.marrow import blank_world
from mtor_abm.schedule import Schedule
from mtor_abm.sourced import sourced

DAILY = {"every_h": 24.0, "start_day": 0.0}
SCHEDULES = {
    "rapamycin": Schedule(dose_mg_per_kg=1.5, route="ip", **DAILY),
    "osi_027": Schedule(dose_mg_per_kg=50.0, route="po", cells={"tumour": 0.25}, **DAILY),
    "amd3100": Schedule(dose_mg_per_kg=5.0, route="sc", **DAILY),
    "opg_fc": Schedule(dose_mg_per_kg=3.0, route="sc", **DAILY),
    "zoledronate": Schedule(dose_mg_per_kg=0.1, route="sc", start_day=0.0),
}
TISSUES = ("tumour", "osteoblast", "circulating")


def given(*drugs):
    """A pharmacy with these drugs, and an empty marrow with their fields."""
    s = empty_marrow(12, 12)
    pharmacy = Pharmacy({k: SCHEDULES[k] for k in drugs}, s.lattice, 2.0, 1.0, TISSUES)
    s.fields = FieldState(s.lattice, [*s.fields.rows, *pharmacy.field_rows])
    s.world = blank_world(s.lattice, s.fields)
    return s, pharmacy


def test_each_soluble_drug_has_a_field_after_the_others():
    _, pharmacy = given("rapamycin", "zoledronate", "opg_fc")
    assert pharmacy.rows == {"rapamycin": len(FIELDS), "opg_fc": len(FIELDS) + 1}
    assert len(pharmacy.field_rows) == 2
    assert set(pharmacy.bone_units) == {"zoledronate"}


def test_a_drug_comes_through_perfused_vessels_and_no_others():
    s, pharmacy = given("rapamycin")
    row = pharmacy.rows["rapamycin"]
    perfused = s.lattice.layer(np.uint8)
    inlet = s.lattice.site(5, 5)
    perfused[inlet] = 1
    hour = int(pharmacy.plasma_nM["rapamycin"].argmax())
    pharmacy.exchange(s.fields, perfused, hour)
    s.fields.clear()
    rate = pharmacy.field_rows[0].vessel_permeability_per_s
    level = pharmacy.plasma_nM["rapamycin"][hour]
    assert level > 0
    assert s.world.source[row, inlet] == pytest.approx(rate * level, rel=1e-5)
    assert np.count_nonzero(s.world.source[row]) == 1
    s.fields.advance(1e9)
    inside = s.lattice.interior(s.world.level[row])
    assert inside.max() == s.world.level[row, inlet]
    assert 0 < inside.min() <= inside.max() < level * 1.001


def test_units_are_levels_over_half_effects_and_add_up_by_share():
    s, pharmacy = given("rapamycin", "osi_027", "amd3100", "opg_fc")
    for key, row in pharmacy.rows.items():
        s.world.level[row] = {"rapamycin": 2.0, "osi_027": 44.0, "amd3100": 88.0, "opg_fc": 3.0}[
            key
        ]
    pharmacy.act(s.world, 5)
    felt = pharmacy.exposure()
    kr = float(DRUGS["rapamycin"].action.kr_nM)
    osi = DRUGS["osi_027"].action
    for tissue, share in (("tumour", 0.25), ("osteoblast", 1.0)):
        layers = felt[tissue]
        assert layers.rapalog == pytest.approx(2.0 / kr)
        assert layers.kinase1 == pytest.approx(share * 44.0 / float(osi.mtorc1_ic50_nM))
        assert layers.kinase2 == pytest.approx(share * 44.0 / float(osi.mtorc2_ic50_nM))
        assert layers.cxcr4_block == pytest.approx(88.0 / float(DRUGS["amd3100"].action.ic50_nM))
    assert s.world.rankl_trap == pytest.approx(3.0 / float(DRUGS["opg_fc"].action.kd_nM))
    plasma = pharmacy.plasma_nM["rapamycin"][5]
    assert felt["circulating"].rapalog[0] == pytest.approx(plasma / kr), "blood feels plasma"
    s.world.level[:] = 0.0
    pharmacy.act(s.world, 5)
    assert not felt["tumour"].rapalog.any(), "layers are filled anew each step"


def test_bisphosphonate_lies_on_bone_and_speeds_formation():
    s, pharmacy = given("zoledronate")
    put_bone(s, [s.lattice.site(3, 3), s.lattice.site(3, 4)])
    hour = int(pharmacy.bone_units["zoledronate"].argmax())
    units = pharmacy.bone_units["zoledronate"][hour]
    assert units > 0
    pharmacy.act(s.world, hour)
    on_bone = s.world.antiresorptive[s.world.ground == 1]
    assert on_bone == pytest.approx(np.full(2, units), rel=1e-6)
    assert np.count_nonzero(s.world.antiresorptive) == 2
    gain = float(DRUGS["zoledronate"].action.formation_time_divisor) - 1.0
    assert pharmacy.formation_speed == pytest.approx(1 + gain * units / (1 + units))


@pytest.mark.parametrize("first", ["no_gain", "zoledronate"])
def test_two_antiresorptives_each_add_their_own_gain(first, monkeypatch):
    """One that does not speed formation takes nothing from zoledronate but its share of bone."""
    plain = sourced(1.0, "1", "a test", "assumed")
    zoledronate = DRUGS["zoledronate"]
    other = replace(zoledronate, key="no_gain",
                    action=replace(zoledronate.action, formation_time_divisor=plain))  # fmt: skip
    monkeypatch.setitem(DRUGS, "no_gain", other)
    keys = sorted(("no_gain", "zoledronate"), reverse=first == "zoledronate")
    monkeypatch.setitem(SCHEDULES, "no_gain", SCHEDULES["zoledronate"])
    s, pharmacy = given(*keys)
    put_bone(s, [s.lattice.site(3, 3)])
    pharmacy.act(s.world, 24)
    units = pharmacy.bone_units["zoledronate"][24]
    assert units > 0
    gain = float(zoledronate.action.formation_time_divisor) - 1.0
    assert pharmacy.formation_speed == pytest.approx(1 + gain * units / (1 + 2 * units))
    assert s.world.antiresorptive[s.world.ground == 1] == pytest.approx(2 * units, rel=1e-6)


def test_no_drug_no_effect():
    s, pharmacy = given()
    pharmacy.act(s.world, 0)
    assert all(not layer.any() for layers in pharmacy.exposure().values() for layer in layers)
    assert pharmacy.formation_speed == 1.0
    assert not s.world.rankl_trap.any()
