"""Vessels: tips, spacing, sprouting up VEGF, anastomosis, maturation, regression."""

import numpy as np
import pytest
from hand_made import (
    A_SITE_AN_HOUR,
    NEVER,
    SURE,
    UNTREATED,
    change_rates,
    empty_marrow,
    one_step,
    put,
    put_bone,
    rates,
)

from mtor_abm.cells.endothelial import (
    STATE_SPROUT,
    STATE_STABLE,
    STATE_TIP,
    EndothelialTissue,
    angiogenic_level,
    collapse_rate,
    meets_vessel,
    next_tip_site,
    regression_rate,
    share_of_tumour,
    tip_selection_rate,
    tip_speed,
)
from mtor_abm.fields import ANGIOGENIC, CXCL12, VEGF
from mtor_abm.marrow import NO_VESSEL, SPROUT, STABLE, TIP, is_free

R = UNTREATED
P = rates(
    EndothelialTissue,
    tip_rate_per_h=0.05,
    vegf_half_nM=0.3,
    tip_vegf_power=4.0,
    sprout_speed_um_per_h=5.0,
    speed_on_s6k=0.3,
    speed_on_mtorc2=0.3,
    regression_rate_per_h=0.02,
    foxo_death_rate_per_h=0.01,
    anastomosis_length_sites=3.0,
)


def test_rules_by_hand():
    assert tip_selection_rate(0.3, P) == pytest.approx(0.025)
    assert tip_selection_rate(0.03, P) == pytest.approx(0.05 / 10001)
    assert tip_selection_rate(0.0, P) == 0.0
    assert tip_speed(0.3, R.s6k, R.mtorc2, P, R) == pytest.approx(2.5)
    assert tip_speed(0.3, 0.0, R.mtorc2, P, R) == pytest.approx(2.5 * 0.7)
    assert tip_speed(0.3, 0.0, 0.0, P, R) == pytest.approx(2.5 * 0.4)
    assert tip_speed(0.0, R.s6k, R.mtorc2, P, R) == 0.0
    assert regression_rate(0.0, 0.0, P) == pytest.approx(0.02)
    assert regression_rate(0.3, 1.0, P) == pytest.approx(0.02)


def test_other_factors_count_by_their_weight():
    s = empty_marrow()
    site = s.lattice.site(1, 1)
    s.world.level[VEGF, site], s.world.level[ANGIOGENIC, site] = 1.0, 2.0
    p = P._replace(other_weight=0.3)
    assert angiogenic_level(site, s.world, p) == pytest.approx(0.7 + 0.6)
    s.world.level[VEGF, site] = 0.0
    s.world.level[ANGIOGENIC, site] = 1.0
    assert angiogenic_level(site, s.world, p) == pytest.approx(0.3), "what a VEGF block leaves"


def test_collapse_by_hand():
    p = P._replace(collapse_rate_per_h=0.01, survival_half_nM=0.1)
    assert collapse_rate(1.0, 0.0, 0.0, p) == pytest.approx(0.01)
    assert collapse_rate(0.5, 0.0, 0.0, p) == pytest.approx(0.0025)
    assert collapse_rate(1.0, 0.1, 0.0, p) == pytest.approx(0.005)
    assert collapse_rate(1.0, 0.1, 0.4, p) == pytest.approx(0.007), "FOXO takes protection away"
    assert collapse_rate(1.0, 1e9, 1.0, p) == pytest.approx(0.01), "all of it without AKT"
    assert collapse_rate(0.0, 0.0, 1.0, p) == 0.0


def walled_in(s, arteriole=0.0):
    """One stable vessel site with tumour on all sides; returns the site."""
    site = s.lattice.site(4, 4)
    put(s, "endothelial", site, "stable", arteriole=arteriole)
    put(s, "tumour", site + s.world.near)
    assert share_of_tumour(site, s.world) == 1.0
    return site


def test_tumour_closes_a_sinusoid_and_its_place_becomes_free():
    s = empty_marrow()
    still(s, collapse_rate_per_h=SURE)
    site = walled_in(s)
    one_step(s, "endothelial")
    assert s.tissues["endothelial"].population.n == 0
    assert s.world.vessel[site] == NO_VESSEL and is_free(site, s.world)
    assert s.vessels_changed
    log = s.events.take()
    assert (list(log["event"]), list(log["cause"])) == (["death"], ["co_opted"])


def test_arterioles_and_vessels_outside_tumour_stay():
    s = empty_marrow()
    still(s, collapse_rate_per_h=SURE)
    walled_in(s, arteriole=1.0)
    put(s, "endothelial", s.lattice.site(8, 8), "stable")
    one_step(s, "endothelial")
    assert s.tissues["endothelial"].population.n == 2


def test_vegf_keeps_a_vessel_within_tumour():
    s = empty_marrow()
    still(s, collapse_rate_per_h=1.0, survival_half_nM=1e-6)
    walled_in(s)
    s.world.level[VEGF] = 1.0
    for _ in range(20):
        one_step(s, "endothelial")
    assert s.tissues["endothelial"].population.n == 1


def vessel_row(s, y=2, state="stable"):
    """A vessel along x at this y; returns its sites."""
    sites = np.array([s.lattice.site(x, y) for x in range(s.lattice.nx)])
    put(s, "endothelial", sites, state)
    return sites


def vegf_up(s):
    """VEGF that rises with y, the same at every x."""
    _, y = s.lattice.xy_um(np.arange(s.lattice.n_sites))
    s.world.level[VEGF] = np.maximum(y, 0.0) * 0.1


def still(s, **changes):
    names = ("tip_rate_per_h", "sprout_speed_um_per_h", "maturation_rate_per_h",
             "regression_rate_per_h", "foxo_death_rate_per_h")  # fmt: skip
    change_rates(s, "endothelial", **(dict.fromkeys(names, NEVER) | changes))


def test_a_tip_grows_from_the_vessel_up_vegf():
    s = empty_marrow(9, 16)
    still(s, tip_rate_per_h=SURE)
    origin = s.lattice.site(4, 2)
    put(s, "endothelial", origin, "stable")
    vegf_up(s)
    one_step(s, "endothelial")
    vessels = s.tissues["endothelial"].population
    assert list(vessels.column("state")) == [STATE_STABLE, STATE_TIP]
    tip = vessels.column("site")[1]
    assert tip - origin in set(s.world.near)
    assert s.world.level[VEGF, tip] > s.world.level[VEGF, origin]
    assert (s.world.vessel[origin], s.world.vessel[tip]) == (STABLE, TIP)
    assert s.world.root[tip] == vessels.column("uid")[1]
    assert vessels.column("length")[1] == 1
    assert s.vessels_changed
    log = s.events.take()
    assert (list(log["event"]), log["uid"][0]) == (["sprout"], vessels.column("uid")[1])


def test_a_tip_leaves_a_stalk_of_its_own_root():
    s = empty_marrow(9, 24)
    still(s, tip_rate_per_h=SURE)
    put(s, "endothelial", s.lattice.site(4, 2), "stable")
    vegf_up(s)
    one_step(s, "endothelial")
    still(s, sprout_speed_um_per_h=A_SITE_AN_HOUR, vegf_half_nM=1e-6)
    vessels = s.tissues["endothelial"].population
    for _ in range(6):
        one_step(s, "endothelial")
    assert list(vessels.column("state")) == [STATE_STABLE, *[STATE_SPROUT] * 6, STATE_TIP]
    assert list(vessels.column("length")) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert len(set(s.world.root[vessels.column("site")[1:]])) == 1
    rows = (vessels.column("site") % s.lattice.padded[1]) - 1
    assert list(rows) == list(range(2, 10)), "straight up the gradient"


def test_layers_are_right_when_the_columns_have_to_grow():
    """64 cells fill the first columns; the tip that comes next makes them move."""
    s = empty_marrow(64, 16)
    still(s, tip_rate_per_h=SURE, tip_spacing_um=0.0)
    vessel_row(s)
    vegf_up(s)
    assert len(s.tissues["endothelial"].cells.uid) == 64
    one_step(s, "endothelial")
    vessels = s.tissues["endothelial"].population
    assert vessels.n > 64
    layer = np.array([STABLE, SPROUT, TIP])[vessels.column("state")]
    assert np.array_equal(s.world.vessel[vessels.column("site")], layer)


def test_no_tip_near_another_tip():
    s = empty_marrow(40, 12)
    still(s, tip_rate_per_h=SURE, tip_spacing_um=40.0)
    sites = vessel_row(s)
    vegf_up(s)
    put(s, "endothelial", sites[10] + 1, "tip")
    s.tissues["endothelial"].begin()
    s.tissues["endothelial"].decide(s)
    wants = s.tissues["endothelial"].population.column("target") >= 0
    x = np.arange(40)
    assert np.array_equal(wants[:40], (x - 10) ** 2 + 1 > 16)


@pytest.mark.parametrize(("rows", "sprouts"), [(1, True), (2, False)])
def test_no_tip_where_vessels_lie_dense(rows, sprouts):
    """In a disc of 40 um one row of vessel is 9 sites of 49, below a quarter; two are above."""
    s = empty_marrow(40, 12)
    still(s, tip_rate_per_h=SURE, tip_spacing_um=40.0)
    sites = vessel_row(s)
    vegf_up(s)
    if rows == 2:
        put(s, "endothelial", sites + 2, "stable")
    s.tissues["endothelial"].begin()
    s.tissues["endothelial"].decide(s)
    wants = s.tissues["endothelial"].population.column("target") >= 0
    assert wants[20] == sprouts


def test_no_tips_without_vegf():
    s = empty_marrow(9, 9)
    still(s, tip_rate_per_h=SURE)
    vessel_row(s)
    one_step(s, "endothelial")
    assert s.tissues["endothelial"].population.n == 9


def test_tips_keep_out_of_bone_and_of_the_wall():
    s = empty_marrow(9, 9)
    vegf_up(s)
    site = s.lattice.site(4, 4)
    put_bone(s, [s.lattice.site(x, 5) for x in (3, 4)])
    assert next_tip_site(site, s.world, P) == s.lattice.site(5, 5)
    s.world.level[VEGF, s.lattice.site(8, 8) + 1] = 1e9  # in the wall
    assert next_tip_site(s.lattice.site(8, 8), s.world, P) == s.lattice.site(7, 8)


def test_meeting_another_vessel():
    s = empty_marrow(9, 12)
    tip = s.lattice.site(4, 4)
    put(s, "endothelial", tip, "tip")
    s.world.root[tip] = 77
    assert not meets_vessel(tip, 77, 5.0, P, s.world)
    beside = s.lattice.site(5, 5)
    put(s, "endothelial", beside, "sprout")
    s.world.root[beside] = 77
    assert not meets_vessel(tip, 77, 5.0, P, s.world), "its own stalk"
    s.world.root[beside] = 88
    assert meets_vessel(tip, 77, 1.0, P, s.world), "another sprout"
    s.world.root[beside] = 0
    assert not meets_vessel(tip, 77, 2.0, P, s.world), "too short to rejoin the first network"
    assert meets_vessel(tip, 77, 3.0, P, s.world)


def test_anastomosis_and_maturation():
    s = empty_marrow(9, 16)
    still(s)
    vessel_row(s, 8)
    tip = s.lattice.site(4, 7)
    row = put(s, "endothelial", tip, "tip", length=4.0)
    s.world.root[tip] = 77
    one_step(s, "endothelial")
    cells = s.tissues["endothelial"].cells
    assert cells.state[row] == STATE_SPROUT
    assert s.world.vessel[tip] == SPROUT
    assert list(s.events.take()["event"]) == ["anastomosis"]
    still(s, maturation_rate_per_h=SURE)
    one_step(s, "endothelial")
    assert cells.state[row] == STATE_SPROUT, "no flow, no maturation"
    s.world.perfused[tip] = 1
    one_step(s, "endothelial")
    assert cells.state[row] == STATE_STABLE
    assert s.world.root[tip] == 0
    assert list(s.events.take()["event"]) == ["maturation"]


def test_only_immature_vessels_without_flow_regress():
    s = empty_marrow(9, 16)
    still(s, regression_rate_per_h=SURE)
    stable, fed, starved = (s.lattice.site(x, 4) for x in (1, 4, 7))
    put(s, "endothelial", stable, "stable")
    put(s, "endothelial", [fed, starved], "sprout")
    s.world.perfused[fed] = 1
    s.world.root[starved] = 5
    one_step(s, "endothelial")
    assert set(s.tissues["endothelial"].population.column("site")) == {stable, fed}
    assert s.world.vessel[starved] == NO_VESSEL
    assert s.world.root[starved] == 0
    log = s.events.take()
    assert (list(log["event"]), list(log["cause"])) == (["death"], ["no_vegf"])


def test_vessels_take_up_vegf_and_make_cxcl12():
    s = empty_marrow()
    site = s.lattice.site(4, 4)
    put(s, "endothelial", site, "stable")
    s.tissues["endothelial"].release(s)
    p = s.tissues["endothelial"].rates
    assert s.world.uptake[VEGF, site] == pytest.approx(p.vegf_uptake_per_s)
    assert s.world.source[CXCL12, site] == pytest.approx(p.cxcl12_nM_per_s)
    assert np.count_nonzero(s.world.source) == np.count_nonzero(s.world.uptake) == 1


@pytest.mark.parametrize("dt_h", [0.5, 1.0, 5.0])
def test_a_tip_grows_as_fast_as_it_is_asked_whatever_the_step(dt_h):
    """At saturating VEGF 12.07 um/h are 1 site an hour; drawn by halves, 10 h scatter by 2.2."""
    grown = []
    for seed in range(8):
        s = empty_marrow(9, 30, seed=seed)
        s.dt_h = dt_h
        still(s, sprout_speed_um_per_h=A_SITE_AN_HOUR, vegf_half_nM=1e-6)
        put(s, "endothelial", s.lattice.site(4, 2), "tip", length=5.0)
        vegf_up(s)
        for _ in range(round(10 / dt_h)):
            one_step(s, "endothelial")
        vessels = s.tissues["endothelial"].population
        assert (s.world.vessel > 0).sum() == vessels.n
        assert vessels.in_state("tip").sum() == 1
        grown.append(vessels.n - 1)
    assert np.mean(grown) == pytest.approx(10, abs=2.0 if dt_h < 1 else 0.0)
