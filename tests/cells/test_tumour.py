"""Tumour cells: rules with answers known by hand, then single cells in a marrow made by hand."""

import math
from itertools import pairwise

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

from mtor_abm.cells.population import CAUSE, DIVIDE, MOVE
from mtor_abm.cells.tumour import TumourTissue, can_push, daughter_site, pushed_site
from mtor_abm.cells.tumour_rules import (
    CYCLING,
    DORMANT,
    QUIESCENT,
    chemotactic_share,
    company,
    crawl_speed,
    cxcr4_growth,
    death_rate,
    division_rate,
    dormancy_entry_rate,
    dormancy_exit_rate,
    emt_change,
    lone_death_rate,
    mobilisation_rate,
    persistent_share,
    pthrp_target,
    traction,
)
from mtor_abm.fields import ANGIOGENIC, CXCL12, OPG, OXYGEN, PTHRP, RANKL, TGFB, VEGF
from mtor_abm.marrow import look_around

P = rates(
    TumourTissue,
    division_rate_per_h=0.03,
    division_oxygen_half_mmHg=4.0,
    death_rate_per_h=1e-5,
    hypoxia_death_rate_per_h=0.02,
    hypoxia_death_half_mmHg=0.8,
    foxo_death_rate_per_h=1e-4,
    crawl_speed_um_per_h=10.0,
    speed_on_s6k=0.5,
    speed_on_mtorc2=0.3,
    adhesion=1.5,
    chemotactic_index=0.4,
    chemotaxis_contrast=0.02,
    dormancy_entry_rate_per_h=0.02,
    dormancy_exit_rate_per_h=0.001,
    dormancy_exit_tip_rate_per_h=0.01,
    dormancy_neighbours_max=1.0,
    tsp1=1.0,
    pthrp_gain=3.0,
    emt_rate_per_h=0.02,
    emt_on_tgfb=0.4,
    emt_on_s6k=0.3,
    emt_on_mtorc2=0.3,
    met_rate_per_h=0.02,
)
R = UNTREATED


def quiet_marrow(**changes):
    """A marrow full of oxygen in which tumour cells do nothing unless a rate is raised."""
    s = empty_marrow()
    s.world.level[OXYGEN] = 20.0
    still = dict.fromkeys(
        ("division_rate_per_h", "death_rate_per_h", "hypoxia_death_rate_per_h",
         "foxo_death_rate_per_h", "crawl_speed_um_per_h", "dormancy_entry_rate_per_h",
         "dormancy_exit_rate_per_h", "dormancy_exit_tip_rate_per_h", "lone_death_rate_per_h"),
        NEVER,
    )  # fmt: skip
    change_rates(s, "tumour", **(still | changes))
    return s


def test_division_rate_is_a_product_of_oxygen_translation_and_growth_factors():
    assert division_rate(4.0, 1.0, R.p4ebp1, P, R) == pytest.approx(0.03 * 0.5)
    assert division_rate(12.0, 0.5, R.p4ebp1, P, R) == pytest.approx(0.03 * 0.75 * 0.7)
    assert division_rate(4.0, 0.0, 0.0, P, R) == pytest.approx(0.03 * 0.5 * 0.25 * 0.4)
    assert division_rate(0.0, 1.0, R.p4ebp1, P, R) == 0.0


def test_death_rate_by_hypoxia_foxo_and_autophagy():
    assert death_rate(0.0, 0.0, 0.0, P) == pytest.approx(1e-5 + 0.02)
    assert death_rate(0.8, 0.0, 0.0, P) == pytest.approx(1e-5 + 0.01)
    assert death_rate(0.8, 1.0, 1.0, P) == pytest.approx(1e-5 + 0.5 * (0.01 + 1e-4))
    assert death_rate(1e6, 0.0, 0.0, P) == pytest.approx(1e-5)


def test_crawl_speed_by_both_complexes_and_adhesion():
    assert crawl_speed(R.s6k, R.mtorc2, 0.3, 0, 0.0, P, R) == pytest.approx(10.0)
    assert crawl_speed(0.0, R.mtorc2, 0.3, 0, 0.0, P, R) == pytest.approx(5.0)
    assert crawl_speed(R.s6k, R.mtorc2, 0.0, 0, 0.0, P, R) == pytest.approx(5.0)
    assert crawl_speed(R.s6k, 0.0, 0.3, 0, 0.0, P, R) == pytest.approx(7.0)
    assert crawl_speed(R.s6k, R.mtorc2, 0.3, 2, 0.0, P, R) == pytest.approx(10 / 4)
    assert crawl_speed(R.s6k, R.mtorc2, 0.3, 2, 1.0, P, R) == pytest.approx(10 / 1.9)


def test_crawling_is_fastest_at_the_optimum_of_focal_adhesion():
    assert traction(0.7, P) == 1.0
    assert traction(1.4, P) == traction(0.35, P) == pytest.approx(0.8)
    assert traction(0.0, P) == 0.0
    contacts = (0.0, 0.3, 0.7, 1.4, 4.0)
    speeds = [crawl_speed(R.s6k, R.mtorc2, c, 0, 0.0, P, R) for c in contacts]
    assert speeds[0] < speeds[1] < speeds[2] > speeds[3] > speeds[4]
    # half the S6K makes half the adhesion, so half the contact does the same
    assert crawl_speed(0.5 * R.s6k, R.mtorc2, 0.6, 0, 0.0, P, R) == pytest.approx(
        crawl_speed(R.s6k, R.mtorc2, 0.3, 0, 0.0, P, R)
    )


def test_persistence_needs_mtorc2():
    p = P._replace(persistence=0.4, persistence_on_mtorc2=0.7)
    assert persistent_share(R.mtorc2, p, R) == pytest.approx(0.4)
    assert persistent_share(0.0, p, R) == pytest.approx(0.12)
    assert persistent_share(9.0 * R.mtorc2, p, R) == 1.0


def test_a_persistent_cell_goes_straight_on_until_it_is_blocked():
    s = quiet_marrow(
        crawl_speed_um_per_h=A_SITE_AN_HOUR, persistence=1.0, persistence_on_mtorc2=0.0
    )
    home = s.tissues["tumour"].population
    step = int(s.world.near[6])
    start = s.lattice.site(1, 4)
    put_bone(s, start + 4 * step + s.world.near)  # a wall of bone four steps ahead ...
    put(s, "tumour", start, heading=7.0)  # headings count the nearest sites from 1
    path = [start]
    for _ in range(6):
        one_step(s, "tumour")
        path.append(int(home.cells.site[0]))
    turns = [b - a for a, b in pairwise(path)]
    assert turns[:2] == [step, step], "... lets it go straight on twice,"
    assert turns[2] != step, "then it must turn"
    assert set(turns) <= set(s.world.near.tolist())
    assert s.world.near[int(home.cells.own_c[0]) - 1] == turns[-1], "and heads another way"


def walked_um_per_h(speed, dt_h, hours=60):
    """Speed along the path of lone tumour cells in an open marrow."""
    s = empty_marrow(150, 150)
    s.dt_h = dt_h
    s.world.level[OXYGEN] = 20.0
    still = ("division_rate_per_h", "death_rate_per_h", "hypoxia_death_rate_per_h",
             "foxo_death_rate_per_h", "lone_death_rate_per_h", "persistence")  # fmt: skip
    change_rates(s, "tumour", crawl_speed_um_per_h=speed, **dict.fromkeys(still, NEVER))
    starts = [s.lattice.site(x, y) for x in range(15, 150, 30) for y in range(15, 150, 30)]
    put(s, "tumour", starts)
    tissue = s.tissues["tumour"]
    path = 0.0
    move = tissue._move

    def counted(around):
        nonlocal path
        before = tissue.population.column("site").copy()
        move(around)
        x, y = s.lattice.xy_um(tissue.population.column("site"))
        x0, y0 = s.lattice.xy_um(before)
        path += float(np.hypot(x - x0, y - y0).sum())

    tissue._move = counted
    for _ in range(round(hours / dt_h)):
        one_step(s, "tumour")
    return path / len(starts) / hours


@pytest.mark.parametrize("dt_h", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("speed", [5.0, 10.0, 40.0])
def test_a_cell_walks_as_fast_as_it_is_asked_whatever_the_step(speed, dt_h):
    """25 cells walk 60 h: some 1,240 steps at 10 um/h, whose lengths and number scatter by 2 %."""
    assert walked_um_per_h(speed, dt_h) == pytest.approx(speed, rel=0.08)


def test_chemotactic_share_needs_a_gradient_and_the_receptor():
    assert chemotactic_share(0.3, 0.02, R.s6k, R.mtorc2, P, R) == pytest.approx(0.4 * 0.5)
    assert chemotactic_share(0.3, 0.02, 0.0, 0.0, P, R) == pytest.approx(0.4 * 0.5 * 0.3)
    assert chemotactic_share(0.0, 0.02, R.s6k, R.mtorc2, P, R) == 0.0
    assert chemotactic_share(0.3, 0.0, R.s6k, R.mtorc2, P, R) == 0.0
    assert chemotactic_share(1.0, 1e9, 2 * R.s6k, 2 * R.mtorc2, P, R) == 1.0


def test_dormancy_rates():
    assert dormancy_entry_rate(True, 1, P) == 0.02
    assert dormancy_entry_rate(True, 2, P) == 0.0
    assert dormancy_entry_rate(False, 0, P) == 0.0
    assert dormancy_entry_rate(True, 0, P._replace(tsp1=0.5)) == 0.01
    assert dormancy_exit_rate(True, True, P) == 0.01
    assert dormancy_exit_rate(True, False, P) == 0.001
    assert dormancy_exit_rate(False, False, P) == 0.01


def test_pthrp_and_emt_targets():
    assert pthrp_target(0.0, R.p4ebp1, P, R) == pytest.approx(1.0)
    assert pthrp_target(1.0, R.p4ebp1, P, R) == pytest.approx(4.0)
    assert pthrp_target(1.0, 0.0, P, R) == pytest.approx(2.0)
    assert emt_change(0.0, 1.0, R.s6k, R.mtorc2, P, R) == pytest.approx(0.02)
    assert emt_change(0.5, 0.0, R.s6k, R.mtorc2, P, R) == pytest.approx(0.02 * 0.3 - 0.01)
    assert emt_change(1.0, 1.0, R.s6k, R.mtorc2, P, R) == pytest.approx(-0.02)


def test_a_daughter_takes_the_only_free_place():
    s = quiet_marrow(division_rate_per_h=SURE)
    centre = s.lattice.site(4, 4)
    ring = centre + s.world.near
    put_bone(s, np.delete(ring, 5))
    put(s, "tumour", centre)
    one_step(s, "tumour")
    cells = s.tissues["tumour"].cells
    assert s.tissues["tumour"].population.n == 2
    assert cells.site[1] == ring[5]
    assert (cells.parent[1], cells.clone[1]) == (cells.uid[0], cells.clone[0])
    assert cells.uid[1] not in (0, cells.uid[0])
    assert s.world.occupant[ring[5]] == 1
    log = s.events.take()
    assert list(log["event"]) == ["division"]
    assert log["uid"][0] == cells.uid[1]


def test_free_places_are_equally_likely():
    s = quiet_marrow()
    centre = s.lattice.site(4, 4)
    blocked = centre + s.world.near[:5]
    put_bone(s, blocked)
    hits = [daughter_site(centre, (k + 0.5) / 300, 3, 1, s.world) for k in range(300)]
    sites, counts = np.unique(hits, return_counts=True)
    assert set(sites) == set(centre + s.world.near[5:])
    assert set(counts) == {100}


def test_one_look_around_counts_neighbours_free_sites_and_vessels():
    s = quiet_marrow()
    centre = s.lattice.site(4, 4)
    ring = centre + s.world.near
    put(s, "tumour", ring[:2])
    put(s, "mesenchymal", ring[2])
    put_bone(s, ring[3:4])
    put(s, "endothelial", ring[4], "stable")
    assert look_around(centre, 1, s.world) == (2, 3, True, False)
    put(s, "endothelial", ring[5], "tip")
    assert look_around(centre, 1, s.world) == (2, 2, True, True)
    s.world.vessel[ring] = 0
    assert look_around(centre, 1, s.world) == (2, 4, False, False)
    put(s, "endothelial", centre, "tip")
    assert look_around(centre, 1, s.world) == (2, 4, False, True), "its own site counts"


def test_a_crowded_cell_pushes_a_row_of_neighbours_up_to_its_reach():
    s = quiet_marrow()
    world, site = s.world, s.lattice.site(1, 4)
    put(s, "tumour", [site, *(site + world.near)])
    along = int(np.flatnonzero(world.near == world.faces[3])[0])  # towards growing x
    assert pushed_site(site, along, 3, 1, world) == s.lattice.site(3, 4)
    assert pushed_site(site, along, 1, 1, world) == -1
    assert can_push(site, 3, 1, world)
    assert not can_push(site, 1, 1, world), "the nearest sites are all taken"
    put(s, "tumour", s.lattice.site(3, 4))
    assert pushed_site(site, along, 2, 1, world) == -1
    assert pushed_site(site, along, 3, 1, world) == s.lattice.site(4, 4)
    put_bone(s, [s.lattice.site(4, 4)])
    assert pushed_site(site, along, 8, 1, world) == -1, "bone cannot be pushed"
    against = int(np.flatnonzero(world.near == world.faces[0])[0])
    assert pushed_site(site, against, 8, 1, world) == -1, "nor can the wall"


def test_a_row_is_shoved_past_a_vessel_but_nothing_lands_on_it():
    s = empty_marrow()
    world, site = s.world, s.lattice.site(1, 4)
    along = int(np.flatnonzero(world.near == world.faces[3])[0])
    put(s, "tumour", site)
    put(s, "endothelial", [s.lattice.site(2, y) for y in range(9)], "stable")
    assert pushed_site(site, along, 1, 1, world) == -1
    assert pushed_site(site, along, 2, 1, world) == s.lattice.site(3, 4)
    put(s, "car", s.lattice.site(2, 4))
    assert pushed_site(site, along, 3, 1, world) == -1, "a cell on the vessel is in the way"


def test_a_lone_cell_dies_more_and_divides_less():
    p = P._replace(lone_death_rate_per_h=0.01, lone_division=0.2)
    assert (lone_death_rate(True, p), lone_death_rate(False, p)) == (0.01, 0.0)
    assert (company(True, p), company(False, p)) == (0.2, 1.0)


@pytest.mark.parametrize(("state", "distance", "survivors"), [
    ("cycling", 0, 0), ("dormant", 0, 1), ("cycling", 1, 2), ("cycling", 3, 2), ("cycling", 4, 0),
])  # fmt: skip
def test_who_is_lost_alone(state, distance, survivors):
    s = quiet_marrow(lone_death_rate_per_h=SURE, company_um=30.0)
    put(s, "tumour", s.lattice.site(4, 4), state)
    if distance:
        put(s, "tumour", s.lattice.site(4, 4 + distance))
    one_step(s, "tumour")
    assert s.tissues["tumour"].population.n == survivors


def test_a_lone_cell_waits_with_dividing():
    for share, expected in ((0.0, 1), (1.0, 2)):
        s = quiet_marrow(division_rate_per_h=SURE, lone_division=share)
        put(s, "tumour", s.lattice.site(4, 4))
        one_step(s, "tumour")
        assert s.tissues["tumour"].population.n == expected


def test_a_cell_without_room_or_oxygen_rests_and_wakes():
    s = quiet_marrow(division_rate_per_h=SURE)
    s.world.level[OXYGEN] = 1.0
    put(s, "tumour", s.lattice.site(4, 4))
    one_step(s, "tumour")
    assert s.tissues["tumour"].population.n == 1
    assert s.tissues["tumour"].cells.state[0] == QUIESCENT
    s.world.level[OXYGEN] = 20.0
    one_step(s, "tumour")
    assert s.tissues["tumour"].cells.state[0] == CYCLING
    assert s.tissues["tumour"].population.n == 2

    s = quiet_marrow(division_rate_per_h=SURE)
    centre = s.lattice.site(4, 4)
    put_bone(s, centre + s.world.near)
    put(s, "tumour", centre)
    one_step(s, "tumour")
    assert s.tissues["tumour"].population.n == 1
    assert s.tissues["tumour"].cells.state[0] == QUIESCENT


def test_dormancy_begins_on_a_stable_vessel_and_ends_beside_a_tip():
    s = quiet_marrow(dormancy_entry_rate_per_h=SURE, division_rate_per_h=SURE)
    site = s.lattice.site(4, 4)
    put(s, "tumour", [site, s.lattice.site(8, 8)])
    put(s, "endothelial", site + 1, "stable")
    one_step(s, "tumour")
    cells = s.tissues["tumour"].cells
    assert cells.state[0] == DORMANT
    assert cells.state[1] == CYCLING
    assert s.tissues["tumour"].population.n == 3, "the cell off the vessel divided, the other not"
    log = s.events.take()
    assert list(log["uid"][log["event"] == "dormancy_in"]) == [cells.uid[0]]

    change_rates(
        s, "tumour", dormancy_exit_tip_rate_per_h=SURE, dormancy_entry_rate_per_h=NEVER,
        division_rate_per_h=NEVER,
    )  # fmt: skip
    one_step(s, "tumour")
    assert cells.state[0] == DORMANT, "held by the stable vessel"
    put(s, "endothelial", site - 1, "tip")
    one_step(s, "tumour")
    assert cells.state[0] == CYCLING
    log = s.events.take()
    assert list(log["uid"][log["event"] == "dormancy_out"]) == [cells.uid[0]]


def test_a_cluster_escapes_the_niche():
    s = quiet_marrow(dormancy_entry_rate_per_h=SURE)
    a, b, c = (s.lattice.site(4, y) for y in (3, 4, 5))
    put(s, "tumour", [a, b, c])
    put(s, "endothelial", [s.lattice.site(5, 4)], "stable")
    one_step(s, "tumour")
    states = s.tissues["tumour"].population.column("state")
    assert list(states == DORMANT) == [True, False, True], "the middle cell touches two others"


def test_cxcr4_holds_and_feeds_by_weights_of_its_own():
    p = P._replace(anchoring_on_cxcr4=0.5, mobilisation_rate_per_h=0.2, growth_on_cxcr4=0.4)
    assert mobilisation_rate(0.0, True, p) == 0.0
    assert mobilisation_rate(3.0, True, p) == pytest.approx(0.2 * 0.5 * 0.75)
    assert mobilisation_rate(3.0, False, p) == 0.0
    assert cxcr4_growth(0.3, p) == cxcr4_growth(0.9, p) == 1.0
    assert cxcr4_growth(0.15, p) == pytest.approx(0.8)
    assert cxcr4_growth(0.0, p._replace(growth_on_cxcr4=0.0)) == 1.0


def test_a_cxcr4_antagonist_sends_dormant_cells_back_into_blood():
    """Only a dormant cell at a stable vessel lets go; it keeps its identity and its network."""
    s = quiet_marrow(mobilisation_rate_per_h=SURE, anchoring_on_cxcr4=1.0)
    beside, afar = s.lattice.site(4, 4), s.lattice.site(8, 8)
    put(s, "tumour", [beside, afar], "dormant")
    put(s, "endothelial", beside + 1, "stable")
    one_step(s)
    assert s.tissues["tumour"].population.n == 2, "no drug, no release"
    traveller = s.tissues["tumour"].population.column("uid")[0]
    s.tissues["tumour"].population.signals.s6k[0] = 0.123
    s.exposure["tumour"].cxcr4_block[:] = 50.0
    s.events.take()
    one_step(s)
    blood = s.tissues["circulating"].population
    assert blood.n == 1 and s.tissues["tumour"].population.n == 1
    assert blood.column("uid")[0] == blood.column("clone")[0] == traveller
    assert blood.column("site")[0] == -1
    assert blood.column("s6k")[0] == pytest.approx(0.123)
    assert s.world.occupant[beside] == 0
    assert list(s.events.take()["event"]) == ["mobilisation"]
    assert s.tally["mobilised"] == 1


def test_without_weight_on_anchoring_the_antagonist_releases_nobody():
    s = quiet_marrow(mobilisation_rate_per_h=SURE, anchoring_on_cxcr4=0.0)
    site = s.lattice.site(4, 4)
    put(s, "tumour", site, "dormant")
    put(s, "endothelial", site + 1, "stable")
    s.exposure["tumour"].cxcr4_block[:] = 50.0
    one_step(s)
    assert s.tissues["circulating"].population.n == 0


def test_hypoxia_kills_and_names_the_cause():
    s = quiet_marrow(hypoxia_death_rate_per_h=SURE)
    s.world.level[OXYGEN] = 0.5
    site = s.lattice.site(4, 4)
    put(s, "tumour", site)
    one_step(s, "tumour")
    assert s.tissues["tumour"].population.n == 0
    assert s.world.occupant[site] == 0
    log = s.events.take()
    assert list(log["event"]) == ["death"]
    assert list(log["cause"]) == ["hypoxia"]
    assert CAUSE["hypoxia"] == 2


def test_a_cell_crawls_up_cxcl12():
    s = quiet_marrow(crawl_speed_um_per_h=A_SITE_AN_HOUR, chemotactic_index=1e6)
    site = s.lattice.site(4, 4)
    row = put(s, "tumour", site)
    s.tissues["tumour"].population.signals.cxcr4[row] = 0.3
    s.world.level[CXCL12, site + 1] = 1.0
    s.world.level[CXCL12, site - 1] = 0.5
    one_step(s, "tumour")
    cells = s.tissues["tumour"].cells
    assert cells.site[0] == site + 1
    assert s.world.occupant[site] == 0
    assert s.world.occupant[site + 1] == 1
    s.tissues["tumour"].population.signals.cxcr4[row] = 0.0
    s.world.level[CXCL12] = 0.0
    places = set()
    for _ in range(60):
        before = cells.site[0]
        one_step(s, "tumour")
        assert cells.site[0] - before in set(s.world.near)
        places.add(int(cells.site[0]))
    assert len(places) > 8, "without a gradient it wanders"


def test_a_cell_that_touches_eight_others_stays():
    s = quiet_marrow(crawl_speed_um_per_h=A_SITE_AN_HOUR)
    centre = s.lattice.site(4, 4)
    put(s, "tumour", [centre, *(centre + s.world.near)])
    tissue = s.tissues["tumour"]
    tissue.begin()
    tissue.decide(s)
    assert tissue.cells.intent[0] != MOVE
    assert tissue.cells.intent[0] != DIVIDE


def test_secretion_and_uptake_of_one_cell():
    s = empty_marrow()
    site, far = s.lattice.site(2, 2), s.lattice.site(6, 6)
    put(s, "tumour", site, pthrp=1.0)
    put(s, "tumour", far, "dormant", pthrp=1.0)
    tissue = s.tissues["tumour"]
    tissue.population.signals.vegf[:2] = 0.5
    tissue.population.signals.hif[:2] = 0.4
    tissue.release(s)
    p, world = tissue.rates, s.world
    for at, active in ((site, 1.0), (far, 0.2)):
        assert world.source[PTHRP, at] == pytest.approx(active * p.pthrp_nM_per_s)
        assert world.source[VEGF, at] == pytest.approx(active * 0.5 * p.vegf_nM_per_s)
        others = active * (0.15 + 0.85 * 0.4) * p.angiogenic_nM_per_s
        assert world.source[ANGIOGENIC, at] == pytest.approx(others)
        assert world.uptake[OXYGEN, at] == pytest.approx(active * p.oxygen_use_per_s)
        assert world.uptake[CXCL12, at] == pytest.approx(p.cxcr7_uptake_per_s)
    assert np.count_nonzero(world.source) == 6


def test_a_tumour_that_makes_opg_makes_more_without_s6k():
    s = empty_marrow()
    site, blocked = s.lattice.site(2, 2), s.lattice.site(6, 6)
    put(s, "tumour", [site, blocked])
    change_rates(s, "tumour", opg_nM_per_s=2e-5, opg_gain_without_s6k=1.2, rankl_nM_per_s=3e-4)
    tissue = s.tissues["tumour"]
    tissue.population.signals.s6k[1] = 0.0
    tissue.release(s)
    assert s.world.source[OPG, site] == pytest.approx(2e-5)
    assert s.world.source[OPG, blocked] == pytest.approx(2.2 * 2e-5)
    assert s.world.source[RANKL, site] == s.world.source[RANKL, blocked] == pytest.approx(3e-4)


def test_pthrp_follows_tgfb_with_its_lag():
    s = empty_marrow()
    put(s, "tumour", s.lattice.site(2, 2), pthrp=1.0)
    tissue = s.tissues["tumour"]
    s.world.level[TGFB] = 1e9  # every receptor bound
    for hour in range(1, 10):
        tissue.release(s)
        wanted = 1.0 + tissue.rates.pthrp_gain * (1 - math.exp(-hour / 6.0))
        assert tissue.population.column("pthrp")[0] == pytest.approx(wanted, rel=1e-5)


def test_genes_silence_secretion_and_receptors():
    s = empty_marrow()
    tissue = s.tissues["tumour"]
    silent = type(tissue)(
        tissue.numbers,
        tissue.genes.model_copy(update=dict.fromkeys(("PTHLH", "ACKR3", "CXCR4", "TGFBR2"), 0.0)),
    )
    s.tissues["tumour"] = silent
    put(s, "tumour", s.lattice.site(2, 2), pthrp=1.0)
    silent.release(s)
    assert not s.world.source[PTHRP].any()
    assert not s.world.uptake[CXCL12].any()
    assert silent.receptors().cxcr4 == 0.0
    assert silent.receptors().tgfb == 0.0
