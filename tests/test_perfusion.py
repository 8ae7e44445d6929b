"""Blood flows where vessels join an arteriole; it brings oxygen and precursors."""

import numpy as np
import pytest
from hand_made import DEFAULTS, change_rates, empty_marrow, put, put_bone

from mtor_abm.errors import UserError
from mtor_abm.fields import FIELDS, OXYGEN, TGFB, VEGF, VegfField
from mtor_abm.perfusion import Perfusion
from mtor_abm.scenario import Scenario


def field_rows(**changed):
    """Numbers of all fields, those named replaced."""
    return [changed.get(f.key, DEFAULTS.fields[f.key]) for f in FIELDS]


def plumbed():
    """Two vessels along x; only the first has an inlet."""
    s = empty_marrow(12, 12)
    fed = np.array([s.lattice.site(x, 3) for x in range(12)])
    cut = np.array([s.lattice.site(x, 8) for x in range(12)])
    put(s, "endothelial", fed, "stable", arteriole=(np.arange(12) == 0).astype(np.float32))
    put(s, "endothelial", cut, "stable")
    return s, fed, cut, Perfusion(field_rows())


def test_flow_needs_a_connection_to_an_arteriole():
    s, fed, cut, perfusion = plumbed()
    perfusion.update(s)
    assert s.world.perfused[fed].all()
    assert not s.world.perfused[cut].any()
    assert np.array_equal(s.doors, fed[1:])  # cells do not leave through the arteriole
    bridge = np.array([s.lattice.site(6, y) for y in range(4, 8)])
    put(s, "endothelial", bridge, "sprout")
    perfusion.update(s)
    assert s.world.perfused[cut].all()
    assert s.world.perfused.sum() == 28


def test_oxygen_comes_from_perfused_sites_only():
    s, fed, cut, perfusion = plumbed()
    perfusion.update(s)
    oxygen = perfusion.oxygen
    s.fields.clear()
    rate = oxygen.vessel_permeability_per_s
    assert s.world.source[OXYGEN, fed[0]] == pytest.approx(rate * oxygen.arteriole_level)
    assert s.world.source[OXYGEN, fed[1:]] == pytest.approx(rate * oxygen.vessel_level)
    assert s.world.uptake[OXYGEN, fed] == pytest.approx(rate + oxygen.loss_per_s)
    assert not s.world.source[OXYGEN, cut].any()
    s.fields.advance(1e9)
    assert s.world.level[OXYGEN, fed[0]] == s.world.level[OXYGEN].max() < oxygen.arteriole_level


def test_any_field_may_cross_the_vessels():
    s, fed, cut, _ = plumbed()
    leaky = VegfField(vessel_permeability_per_s=0.5, vessel_level=2.0)
    Perfusion(field_rows(vegf=leaky)).update(s)
    s.fields.clear()
    assert s.world.source[VEGF, fed] == pytest.approx(0.5 * 2.0)
    assert s.world.uptake[VEGF, fed] == pytest.approx(0.5 + leaky.loss_per_s)
    assert not s.world.source[VEGF, cut].any()
    assert not s.world.source[TGFB].any(), "no other field does"


def test_a_level_in_blood_without_a_way_out_of_it_is_refused():
    with pytest.raises(UserError, match="vessel_level = 2 has no effect"):
        Scenario.from_tables({"fields": {"vegf": {"vessel_level": 2.0}}})


def test_precursors_come_in_at_the_rate_that_keeps_their_density():
    s, fed, _, perfusion = plumbed()
    perfusion.update(s)
    tissue = s.tissues["osteoclast_precursor"]
    p = tissue.numbers
    wanted = p.precursors_per_mm2 * s.lattice.area_mm2 / p.precursor_lifetime_h
    came, steps = 0, 4000
    for s.step in range(steps):
        perfusion.replenish(s)
        sites = tissue.population.column("site")
        if len(sites):
            came += len(sites)
            assert (s.world.occupant[sites] == tissue.kind.code).all()
            assert all(np.isin(site + s.world.near, fed).any() for site in sites)
        s.world.occupant[sites] = 0
        tissue.population.remove(np.ones(len(sites), dtype=bool))
    assert came == pytest.approx(wanted * steps, abs=4 * (wanted * steps) ** 0.5 + 1)


def test_nobody_comes_in_through_full_marrow_or_without_flow():
    s, _, _, perfusion = plumbed()
    change_rates(s, "osteoclast_precursor", precursors_per_mm2=5000.0)
    for s.step in range(200):
        perfusion.replenish(s)
    assert s.tissues["osteoclast_precursor"].population.n == 0, "no doors yet"
    perfusion.update(s)
    inside = s.lattice.inside() & (s.world.vessel == 0)
    put_bone(s, np.flatnonzero(inside))
    for s.step in range(200):
        perfusion.replenish(s)
    assert s.tissues["osteoclast_precursor"].population.n == 0


def test_a_blind_sprout_carries_no_blood():
    """It hangs on a fed vessel but has no way out; opened (root 0), it flows."""
    s, fed, _, perfusion = plumbed()
    stalk = np.array([s.lattice.site(6, y) for y in (4, 5)])
    put(s, "endothelial", stalk, "sprout")
    s.world.root[stalk] = 77
    perfusion.update(s)
    assert not s.world.perfused[stalk].any()
    assert s.world.perfused[fed].all()
    s.world.root[stalk] = 0
    perfusion.update(s)
    assert s.world.perfused[stalk].all()
