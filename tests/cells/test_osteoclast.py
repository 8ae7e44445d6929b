"""Osteoclast lineage: RANKL, commitment, the front, resorption to the site, fusion, death."""

import numpy as np
import pytest
from hand_made import (
    DEFAULTS,
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

from mtor_abm.cells.osteoclast import (
    OsteoclastTissue,
    PrecursorTissue,
    free_front,
    front_site,
    lifespans,
)
from mtor_abm.cells.osteoclast_rules import (
    COMMITTED,
    FOOTPRINT,
    MATURE,
    MONONUCLEAR,
    commitment_rate,
    mafb,
    open_programme,
    rankl_signal,
    resorption_per_h,
    starvation_rate,
    tgfb_death_rate,
    without_s6k,
)
from mtor_abm.fields import MCSF, OPG, RANKL, TGFB, TNF
from mtor_abm.marrow import BONE, MARROW, OESTROGEN, OSTEOCLAST

R = UNTREATED
P = rates(
    OsteoclastTissue,
    rankl_half_nM=0.4,
    membrane_share=0.8,
    opg_kd_nM=1.0,
    commitment_rate_per_h=0.01,
    signal_half=0.35,
    mcsf_half_nM=0.05,
    commitment_without_s6k=1.0,
    mafb_brake=0.1,
    programme_without_s6k=0.0,
    lip_knock_in=0.0,
    tnf_half_nM=0.1,
    tnf_gain=1.0,
    tnf_survival=0.5,
    starvation_rate_per_h=0.02,
    survival_half=0.1,
    death_without_s6k=1.0,
    resorption_um_per_day=10.0,
    resorption_base=0.3,
    resorption_on_s6k=0.6,
    bisphosphonate_slowing=1.0,
    lifespan_h=300.0,
    lifespan_sd_h=60.0,
)


def slab(s, x):
    """Bone from column x on to the far wall."""
    nx, ny = s.lattice.nx, s.lattice.ny
    put_bone(s, [s.lattice.site(i, j) for i in range(x, nx) for j in range(ny)])


def test_rankl_signal_of_contact_and_solution_less_opg():
    s = empty_marrow()
    site, world = s.lattice.site(4, 4), s.world
    assert rankl_signal(site, world, P) == 0.0
    world.level[RANKL, site] = 0.4
    assert rankl_signal(site, world, P) == pytest.approx(0.2 * 0.5)
    world.membrane_rankl[site + 1] = 0.25
    assert rankl_signal(site, world, P) == pytest.approx(0.8 * 0.5 + 0.1)
    world.level[OPG, site] = 3.0  # a quarter stays free
    assert rankl_signal(site, world, P) == pytest.approx(0.8 * 0.125 + 0.2 * 0.1 / 0.5)
    world.level[OPG, site] = 0.0
    world.rankl_trap[site] = 3.0
    assert rankl_signal(site, world, P) == pytest.approx(0.8 * 0.125 + 0.2 * 0.1 / 0.5)
    world.rankl_trap[site] = 0.0
    world.membrane_rankl[site + 1] = 1.0
    world.level[RANKL, site] = 1e9
    assert rankl_signal(site, world, P) == pytest.approx(1.0)


def test_commitment_needs_rankl_and_mcsf_and_tnf_raises_the_signal():
    full = commitment_rate(0.35, 0.05, 0.0, R.s6k, R.p4ebp1, P, R)
    assert full == pytest.approx(0.01 * 0.5 * 0.5)
    assert commitment_rate(0.0, 0.05, 5.0, R.s6k, R.p4ebp1, P, R) == 0.0  # TNF alone does nothing
    assert commitment_rate(0.35, 0.0, 0.0, R.s6k, R.p4ebp1, P, R) == 0.0
    with_tnf = commitment_rate(0.175, 0.05, 0.1, R.s6k, R.p4ebp1, P, R)  # 0.175 x 1.5
    assert with_tnf == pytest.approx(0.01 * 0.5 * 0.75**2 / (1 + 0.75**2))
    restrained = P._replace(commitment_without_s6k=1.5, mafb_brake=0.0, programme_without_s6k=0.1)
    assert commitment_rate(0.35, 0.05, 0.0, 0.0, 0.0, restrained, R) == pytest.approx(1.5 * full)


def test_mafb_holds_back_the_more_the_less_s6k_there_is():
    """B = 0.4 is half LIP, so half MafB; without 4E-BP1-P all is LAP."""
    assert mafb(0.4) == pytest.approx(0.5) and mafb(0.0) == 1.0
    untreated = mafb(R.p4ebp1)
    assert open_programme(R.s6k, R.p4ebp1, P, R) == pytest.approx(1.0)
    assert open_programme(0.1 * R.s6k, R.p4ebp1, P, R) == pytest.approx(1.1 * 0.1 / 0.2)
    assert open_programme(R.s6k, 0.0, P, R) == pytest.approx(1.1 / (1.0 + 0.1 / untreated))
    assert open_programme(0.0, R.p4ebp1, P, R) == 0.0


@pytest.mark.parametrize(("gene", "knock_in"), [(0.0, 0.0), (1.0, 1.0)])
def test_without_lap_the_programme_does_not_feel_mtorc1(gene, knock_in):
    """C/EBP-beta null and LIP knock-in cells make no MafB (Smink 2009)."""
    name = "osteoclast_precursor"
    settings = DEFAULTS.changed({"osteoclast.lip_knock_in": knock_in, f"genes.{name}.CEBPB": gene})
    tissue = PrecursorTissue(settings.of(PrecursorTissue.parameters), settings.genes[name])
    p = tissue.rates
    full = open_programme(R.s6k, R.p4ebp1, p, R)
    assert open_programme(0.05 * R.s6k, 0.1, p, R) == pytest.approx(full)
    assert full == pytest.approx(1.0 + p.mafb_brake)


def test_a_precursor_that_leaves_the_marrow_says_so():
    s = empty_marrow()
    put(s, "osteoclast_precursor", [s.lattice.site(2, 2), s.lattice.site(6, 6)])
    change_rates(s, "osteoclast_precursor", precursor_lifetime_h=1.0 / SURE)
    one_step(s)
    log = s.events.take()
    assert list(log["event"]) == ["death"] * 2
    assert list(log["cause"]) == ["left_marrow"] * 2
    assert s.tissues["osteoclast_precursor"].population.n == 0 and not s.world.occupant.any()


def test_monocytes_that_touch_a_tumour_cell_make_tnf():
    s = empty_marrow()
    put(s, "osteoclast_precursor", [s.lattice.site(2, 2), s.lattice.site(6, 6)])
    put(s, "tumour", [s.lattice.site(3, 3)])
    s.tissues["osteoclast_precursor"].release(s)
    rate = s.tissues["osteoclast_precursor"].rates.tnf_nM_per_s
    assert s.world.source[TNF, s.lattice.site(2, 2)] == pytest.approx(rate)
    assert s.world.source[TNF].sum() == pytest.approx(rate)


def test_death_resorption_and_lifespan_by_hand():
    assert without_s6k(R.s6k, P, R) == 1.0
    assert without_s6k(0.0, P, R) == 2.0
    assert starvation_rate(0.0, 0.0, R.s6k, P, R) == pytest.approx(0.02)
    assert starvation_rate(0.1, 0.0, R.s6k, P, R) == pytest.approx(0.01)
    assert starvation_rate(0.1, 0.0, 0.0, P, R) == pytest.approx(0.02)
    assert starvation_rate(0.0, 0.1, R.s6k, P, R) == pytest.approx(0.015)  # TNF at half effect
    assert tgfb_death_rate(1.0, P) == 0.0  # off unless a scenario asks for it
    killing = P._replace(tgfb_death_rate_per_h=0.03, tgfb_half_nM=0.002)
    assert tgfb_death_rate(0.0, killing) == 0.0
    assert tgfb_death_rate(0.002, killing) == pytest.approx(0.015)
    assert resorption_per_h(1.0, R.s6k, 0.0, P, R, 10.0) == pytest.approx(1 / 24)
    assert resorption_per_h(0.0, R.s6k, 0.0, P, R, 10.0) == pytest.approx(0.3 / 24)
    assert resorption_per_h(1.0, 0.0, 0.0, P, R, 10.0) == pytest.approx(0.4 / 24)
    assert resorption_per_h(1.0, R.s6k, 1.0, P, R, 10.0) == pytest.approx(1 / 24 / 1.5)
    assert resorption_per_h(1.0, R.s6k, 0.0, P, R, 5.0) == pytest.approx(2 / 24)


def test_lifespans_are_normal_and_cut():
    lives = lifespans(np.arange(4000), P, 1)
    assert lives.mean() == pytest.approx(300.0, abs=4 * 60 / 4000**0.5)
    assert lives.std() == pytest.approx(60.0, rel=0.05)
    wide = P._replace(lifespan_sd_h=1e5)
    assert set(lifespans(np.arange(50), wide, 1)) == {150.0, 600.0}


def test_front_prefers_a_pit_already_begun_then_the_most_exposed_bone():
    s = empty_marrow()
    here = s.lattice.site(4, 4)
    down, up = s.lattice.site(4, 5), s.lattice.site(4, 3)
    assert front_site(here, s.world) == -1
    put_bone(s, [down, up, s.lattice.site(4, 2)])  # up is covered from behind, down stands alone
    assert front_site(here, s.world) == down
    s.world.mineral[up] = 0.5
    assert front_site(here, s.world) == up


def test_free_front_finds_bone_surface_that_is_free_or_lined():
    s = empty_marrow()
    here = s.lattice.site(4, 4)
    footprint = np.array([here, -1, -1, -1, -1])
    assert free_front(footprint, s.world) == -1, "no bone"
    put_bone(s, [s.lattice.site(4, 6)])
    ground = s.lattice.site(4, 5)
    assert free_front(footprint, s.world) == ground
    put(s, "tumour", ground)
    assert free_front(footprint, s.world) == -1, "a tumour cell holds it"
    s.world.occupant[ground] = 0
    put(s, "osteoblast", ground, "lining")
    assert free_front(footprint, s.world) == ground, "a lining cell can be lifted"


def digging(nuclei=3.0, **changes):
    """One osteoclast with one part before a slab of bone, fully fed with RANKL, immortal."""
    s = empty_marrow(20, 9)
    slab(s, 6)
    change_rates(s, "osteoclast", **({"starvation_rate_per_h": NEVER} | changes))
    put(s, "osteoclast", s.lattice.site(5, 4), nuclei=nuclei, life_left_h=1e9)
    s.world.level[RANKL] = 1e9
    s.world.membrane_rankl[:] = 1.0
    return s


def test_one_part_takes_one_site_of_bone_in_exactly_its_time():
    """10 um/d at full signal: a site of 10 um is gone after 24 h, and no site before."""
    s = digging(resorption_um_per_day=10.0)
    front = s.lattice.site(6, 4)
    for hour in range(1, 24):
        one_step(s, "osteoclast")
        assert s.world.mineral[front] == pytest.approx(1.0 - hour / 24.0, abs=1e-5)
        assert s.world.ground[front] == BONE
    one_step(s, "osteoclast")
    assert s.world.ground[front] == MARROW
    assert s.world.cavity[front] == 1
    assert s.world.bone_pool[front] == 1.0
    assert s.tally["resorbed_sites"] == 1
    assert s.bone_changed


def test_ten_days_of_digging_take_ten_sites():
    """A part that follows its front takes one site a day; moving on costs it an hour at a site."""
    s = digging(resorption_um_per_day=10.0, nuclei_max=3.0)
    tissue = s.tissues["osteoclast"]
    tissue.cells.own_a[0] = max(tissue.rates.nuclei_to_resorb, 1.0)
    change_rates(s, "osteoclast", nuclei_to_resorb=1.0)
    tissue.cells.own_a[0] = 1.0  # one nucleus: it stays on one site
    before = int((s.world.ground == BONE).sum())
    for _ in range(10 * 25):
        one_step(s, "osteoclast")
        assert np.count_nonzero(tissue.population.extra["footprint"][0] >= 0) == 1
    assert before - int((s.world.ground == BONE).sum()) == pytest.approx(10, abs=1)


def test_an_osteoclast_below_its_nuclei_does_not_dig():
    s = digging(nuclei=1.0, nuclei_to_resorb=3.0)
    for _ in range(30):
        one_step(s, "osteoclast")
    assert s.tissues["osteoclast"].cells.state[0] == MONONUCLEAR
    assert not s.tally
    s.tissues["osteoclast"].cells.own_a[0] = 3.0
    for _ in range(25):
        one_step(s, "osteoclast")
    assert s.tissues["osteoclast"].cells.state[0] == MATURE
    assert s.tally["resorbed_sites"] >= 1


def test_bisphosphonate_slows_digging_and_shortens_life():
    s = digging(resorption_um_per_day=10.0, bisphosphonate_slowing=1.0, nuclei_max=1.0,
                nuclei_to_resorb=1.0, bisphosphonate_lifespan=10.0)  # fmt: skip
    s.tissues["osteoclast"].cells.own_a[0] = 1.0
    s.tissues["osteoclast"].cells.own_b[0] = 1e4
    front = s.lattice.site(6, 4)
    s.world.antiresorptive[s.world.ground == BONE] = 1.0
    for _ in range(12):
        one_step(s, "osteoclast")
    assert s.world.mineral[front] == pytest.approx(1.0 - 12 / 24 / 1.5, abs=1e-5)
    cell = s.tissues["osteoclast"].population
    assert cell.column("age_h")[0] == 12.0, "its age is its age"
    assert cell.column("life_left_h")[0] == pytest.approx(1e4 - 12 - 12 * 10.0 / FOOTPRINT)


def test_it_spreads_to_as_many_sites_as_it_has_nuclei():
    for nuclei, sites in ((1.0, 1), (3.0, 3), (9.0, FOOTPRINT)):
        s = digging(nuclei=nuclei, resorption_um_per_day=0.0)
        for _ in range(8):
            one_step(s, "osteoclast")
        parts = s.tissues["osteoclast"].population.extra["footprint"][0]
        parts = parts[parts >= 0]
        assert len(set(parts)) == len(parts) == sites
        assert set(np.flatnonzero(s.world.occupant == OSTEOCLAST)) == set(parts)


def precursors(**changes):
    """A marrow in which precursors live for ever and stand still unless a rate is raised."""
    s = empty_marrow(12, 12)
    still = {"precursor_motility_um2_per_min": NEVER, "precursor_lifetime_h": 1e12,
             "commitment_rate_per_h": NEVER, "fusion_rate_per_h": NEVER}  # fmt: skip
    change_rates(s, "osteoclast_precursor", **(still | changes))
    change_rates(s, "osteoclast", starvation_rate_per_h=NEVER)
    return s


def test_a_precursor_commits_only_where_rankl_is():
    s = precursors(commitment_rate_per_h=SURE)
    near, far = s.lattice.site(2, 2), s.lattice.site(9, 9)
    put(s, "osteoclast_precursor", [near, far])
    s.world.level[MCSF] = 1.0
    s.world.membrane_rankl[near] = 1.0
    one_step(s, "osteoclast_precursor")
    assert list(s.tissues["osteoclast_precursor"].population.column("state")) == [COMMITTED, 0]
    assert list(s.events.take()["event"]) == ["commitment"]


def test_a_committed_precursor_founds_an_osteoclast_on_bone_and_lifts_the_lining_cell():
    s = precursors(fusion_rate_per_h=SURE)
    put_bone(s, [s.lattice.site(5, y) for y in range(12)])
    start, surface = s.lattice.site(3, 5), [s.lattice.site(4, y) for y in range(12)]
    put(s, "osteoblast", surface, "lining")
    put(s, "osteoclast_precursor", start, "committed")
    mother = int(s.tissues["osteoclast_precursor"].cells.uid[0])
    one_step(s, "osteoclast_precursor", "osteoclast", "osteoblast")
    osteoclasts = s.tissues["osteoclast"].population
    assert s.tissues["osteoclast_precursor"].population.n == 0
    assert osteoclasts.n == 1
    assert osteoclasts.column("nuclei")[0] == 1
    assert osteoclasts.column("parent")[0] == mother
    seat = osteoclasts.column("site")[0]
    assert seat in surface
    assert s.world.occupant[seat] == OSTEOCLAST
    assert s.world.occupant[start] == 0
    assert s.tissues["osteoblast"].population.n == 11
    log = s.events.take()
    deaths = log["event"] == "death"
    assert sorted(log["cause"][deaths]) == ["fused", "retraction"]


def test_a_committed_precursor_fuses_with_an_osteoclast_it_touches():
    s = precursors(fusion_rate_per_h=SURE)
    put_bone(s, [s.lattice.site(5, y) for y in range(12)])
    seat = s.lattice.site(4, 5)
    put(s, "osteoclast", seat, nuclei=2.0, life_left_h=1e9)
    put(s, "osteoclast_precursor", [seat - 1, s.lattice.site(3, 5)], "committed")
    one_step(s, "osteoclast_precursor")
    assert s.tissues["osteoclast"].population.column("nuclei")[0] == 3, "one at a time at a site"
    one_step(s, "osteoclast_precursor")
    assert s.tissues["osteoclast"].population.column("nuclei")[0] == 4
    assert s.tissues["osteoclast_precursor"].population.n == 0
    change_rates(s, "osteoclast", nuclei_max=4.0)
    put(s, "osteoclast_precursor", seat - 1, "committed")
    one_step(s, "osteoclast_precursor")
    assert s.tissues["osteoclast"].population.column("nuclei")[0] == 4, "no more than nuclei_max"


def test_an_osteoclast_dies_at_its_lifespan_and_without_rankl():
    s = digging(resorption_um_per_day=0.0, death_without_s6k=1.0)
    tissue = s.tissues["osteoclast"]
    tissue.cells.own_b[0] = 5.0
    for _ in range(6):
        assert tissue.population.n == 1
        one_step(s, "osteoclast")
    one_step(s, "osteoclast")
    assert tissue.population.n == 0
    assert not (s.world.occupant == OSTEOCLAST).any()
    assert list(s.events.take()["cause"]) == ["lifespan"]

    s = digging(starvation_rate_per_h=SURE)
    s.world.level[RANKL] = 0.0
    s.world.membrane_rankl[:] = 0.0
    one_step(s, "osteoclast")
    assert s.tissues["osteoclast"].population.n == 0
    assert list(s.events.take()["cause"]) == ["no_rankl"]

    s = digging(tgfb_death_rate_per_h=SURE)
    s.world.level[TGFB] = 0.0
    one_step(s, "osteoclast")
    assert s.tissues["osteoclast"].population.n == 1
    s.world.level[TGFB] = 1.0
    one_step(s, "osteoclast")
    assert s.tissues["osteoclast"].population.n == 0
    assert list(s.events.take()["cause"]) == ["tgfb"]


def test_life_is_half_as_long_without_s6k():
    s = digging(resorption_um_per_day=0.0, death_without_s6k=1.0)
    tissue = s.tissues["osteoclast"]
    tissue.cells.own_b[0] = 10.0
    tissue.population.signals.s6k[0] = 0.0
    hours = 0
    while tissue.population.n:
        one_step(s, "osteoclast")
        hours += 1
    assert hours == 7  # 12 of 10 h are used up after 6 h; what is left is read before it shrinks


def hours_lived(life_h, s6k_of, oestrogen_of=lambda hour: 1.0):
    """Hours an osteoclast lives whose S6K and serum oestrogen are given hour by hour."""
    s = digging(resorption_um_per_day=0.0, death_without_s6k=1.0, lifespan_without_oestrogen=2.0)
    tissue = s.tissues["osteoclast"]
    tissue.cells.own_b[0] = life_h
    hour = 0
    while tissue.population.n:
        tissue.population.signals.s6k[0] = s6k_of(hour)
        s.world.serum[OESTROGEN] = oestrogen_of(hour)
        one_step(s, "osteoclast")
        hour += 1
    return hour


def test_an_hour_without_s6k_costs_two_hours_of_life_and_no_more():
    """Death shows in the second step after the last hour of life is used up (see above)."""
    on, off = R.s6k, 0.0
    assert hours_lived(230.0, lambda hour: on) == 232
    assert hours_lived(230.0, lambda hour: off if hour == 200 else on) == 231
    daily = hours_lived(230.0, lambda hour: off if hour % 24 == 0 else on)
    assert daily == pytest.approx(230.0 * 24 / 25, abs=2), "an hour off a day: the clock gains 1/24"


def test_a_spell_without_oestrogen_lengthens_life_by_that_spell_alone():
    """At half the pace for the first 100 h, 50 of 230 h are used: 180 h are left."""
    spell = hours_lived(230.0, lambda hour: R.s6k, lambda hour: 0.0 if hour < 100 else 1.0)
    assert spell == pytest.approx(280.0, abs=2)


@pytest.mark.parametrize("dt_h", [0.5, 2.0, 6.0])
def test_precursors_walk_as_far_as_their_motility_says_whatever_the_step(dt_h):
    """Mean square path 4 D t: 4 x 0.5 x 60 x 24 = 2880 um2 in a day, here of 400 walkers.

    Walkers that start 50 um apart get into each other's way seldom; the scatter of the mean is 5 %.
    """
    s = empty_marrow(110, 110)
    s.dt_h = dt_h
    change_rates(s, "osteoclast_precursor", precursor_motility_um2_per_min=0.5, precursor_bias=0.0,
                 precursor_lifetime_h=1e12, commitment_rate_per_h=NEVER)  # fmt: skip
    starts = [s.lattice.site(x, y) for x in range(7, 107, 5) for y in range(7, 107, 5)]
    put(s, "osteoclast_precursor", starts)
    for _ in range(round(24 / dt_h)):
        one_step(s, "osteoclast_precursor")
    x, y = s.lattice.xy_um(s.tissues["osteoclast_precursor"].population.column("site"))
    x0, y0 = s.lattice.xy_um(np.array(starts))
    assert float(((x - x0) ** 2 + (y - y0) ** 2).mean()) == pytest.approx(2880.0, rel=0.25)
