"""Osteoblast lineage: maturation, apposition, RANKL and OPG by stage and drug, embedding."""

import numpy as np
import pytest
from hand_made import (
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

from mtor_abm.bone import resorbed
from mtor_abm.cells.osteoblast import OsteoblastTissue, nearest_open_cavity, surface_beside
from mtor_abm.cells.osteoblast_rules import (
    LINED,
    OSTEOBLAST,
    OSTEOCYTE,
    PREOSTEOBLAST,
    apposition_per_h,
    early_expression,
    late_by_s6k,
    late_expression,
    maturation_rate,
    opg_target,
    rankl_target,
    spread_rate,
    stage_rankl,
)
from mtor_abm.fields import MCSF, OPG, PTHRP, RANKL, TGFB
from mtor_abm.marrow import BONE, LINING, MARROW
from mtor_abm.marrow import OSTEOBLAST as OSTEOBLAST_CODE
from mtor_abm.marrow import OSTEOCYTE as OSTEOCYTE_CODE

R = UNTREATED
P = rates(
    OsteoblastTissue,
    maturation_time_h=168.0,
    late_rate_on_mtorc2=0.5,
    late_rate_on_s6k=1.0,
    late_s6k_half=0.5,
    bmp=0.0,
    bmp_gain=1.0,
    bmp_by_smad=0.5,
    early_on_mtorc2=0.3,
    apposition_um_per_day=1.1,
    division_rate_per_h=0.04,
    division_base=0.2,
    tgfb_half_nM=0.002,
    early_gain=0.2,
    rankl_lining=0.03,
    rankl_called=1.0,
    rankl_preosteoblast=0.15,
    rankl_osteoblast=0.04,
    rankl_osteocyte=0.02,
    pthrp_gain=14.0,
    pthrp_half_nM=0.05,
    rankl_on_mtorc2=0.6,
    rankl_on_s6k=0.4,
    rankl_immature_without_s6k=3.0,
    opg_loss_pthrp=0.5,
    opg_gain_without_s6k=1.2,
    opg_immature_without_s6k=0.56,
)


def test_the_late_programme_needs_both_complexes():
    assert maturation_rate(R.s6k, R.mtorc2, P, R) == pytest.approx(1 / 168)
    assert maturation_rate(0.0, R.mtorc2, P, R) == 0.0
    assert maturation_rate(R.s6k, 0.0, P, R) == pytest.approx(0.5 / 168)
    assert apposition_per_h(R.s6k, R.mtorc2, P, R, 10.0) == pytest.approx(1.1 / 24 / 10)
    assert late_by_s6k(R.s6k / 2, P, R) == pytest.approx(0.75)  # 0.5 x 1.5 / (0.5 + 0.5)
    assert apposition_per_h(R.s6k / 2, 0.0, P, R, 10.0) == pytest.approx(1.1 / 24 / 10 * 0.375)
    assert apposition_per_h(0.0, R.mtorc2, P, R, 10.0) == 0.0


def test_bmp_acts_half_by_smad_and_half_by_mtorc1():
    """Karner 2017: without S6K the Smad half of what BMP adds is left, and nothing else."""
    given = P._replace(bmp=1.0)
    assert maturation_rate(R.s6k, R.mtorc2, given, R) == pytest.approx(2 / 168)
    assert maturation_rate(0.0, R.mtorc2, given, R) == pytest.approx(0.5 / 168)
    assert maturation_rate(0.0, 0.0, given, R) == pytest.approx(0.25 / 168)
    assert maturation_rate(R.s6k, R.mtorc2, P._replace(bmp=0.5), R) == pytest.approx(1.5 / 168)


def test_programmes_without_raptor_and_without_rictor():
    """Target T58: raptor loss takes late genes, raises early ones; rictor loss takes both."""
    assert early_expression(PREOSTEOBLAST, R.s6k, R.mtorc2, P, R) == pytest.approx(1.0)
    assert early_expression(PREOSTEOBLAST, 0.0, R.mtorc2, P, R) == pytest.approx(1.2)
    assert early_expression(PREOSTEOBLAST, R.s6k, 0.0, P, R) == pytest.approx(0.7)
    assert late_expression(OSTEOBLAST, 0.0, R.s6k, R.mtorc2, P, R) == pytest.approx(1.0)
    assert late_expression(OSTEOBLAST, 0.0, 0.0, R.mtorc2, P, R) == 0.0
    assert late_expression(OSTEOBLAST, 0.0, R.s6k, 0.0, P, R) == pytest.approx(0.5)
    assert late_expression(PREOSTEOBLAST, 0.25, R.s6k, R.mtorc2, P, R) == pytest.approx(0.25)


def test_programmes_of_a_tissue_are_means_over_its_young_cells():
    s = empty_marrow()
    tissue = s.tissues["osteoblast"]
    assert np.isnan(tissue.programmes(s)).all()
    put(s, "osteoblast", [s.lattice.site(2, 2)], state="preosteoblast", maturity=0.4)
    put(s, "osteoblast", [s.lattice.site(4, 4)], state="osteoblast")
    put(s, "osteoblast", [s.lattice.site(6, 6)], state="lining")
    assert tissue.programmes(s) == pytest.approx([0.75, 0.7])


def test_spreading_follows_tgfb_and_rises_a_little_without_s6k():
    assert spread_rate(0.0, R.s6k, P, R) == pytest.approx(0.04 * 0.2)
    assert spread_rate(0.002, R.s6k, P, R) == pytest.approx(0.04 * 0.6)
    assert spread_rate(0.002, 0.0, P, R) == pytest.approx(0.04 * 0.6 * 1.2)
    assert spread_rate(0.002, 2 * R.s6k, P, R) == pytest.approx(0.04 * 0.6)


def test_rankl_by_stage_pthrp_and_complexes():
    by_stage = {PREOSTEOBLAST: 0.15, OSTEOBLAST: 0.04, LINED: 0.03, OSTEOCYTE: 0.02}
    for state, wanted in by_stage.items():
        assert stage_rankl(state, False, P) == wanted
    assert stage_rankl(LINED, True, P) == 1.0
    assert rankl_target(LINED, 0.03, 0.0, R.s6k, R.mtorc2, P, R) == pytest.approx(0.03)
    assert rankl_target(LINED, 0.03, 0.05, R.s6k, R.mtorc2, P, R) == pytest.approx(0.03 * 8)
    assert rankl_target(LINED, 0.03, 0.0, 0.0, R.mtorc2, P, R) == pytest.approx(0.03 * 0.6)
    assert rankl_target(LINED, 0.03, 0.0, R.s6k, 0.0, P, R) == pytest.approx(0.03 * 0.4)
    assert rankl_target(LINED, 0.03, 0.0, 0.0, 0.0, P, R) == pytest.approx(0.03 * 0.24)
    assert rankl_target(PREOSTEOBLAST, 0.15, 0.0, 0.0, R.mtorc2, P, R) == pytest.approx(0.45)
    assert rankl_target(LINED, 1.0, 1e9, R.s6k, R.mtorc2, P, R) == 1.5, (
        "the most a surface can carry"
    )


def test_opg_signs_of_target_t59():
    """Hofbauer 2001: rapamycin raises OPG of mature cells by 120 % and lowers immature by 44 %."""
    mature, immature = (
        opg_target(LINED, 0.0, R.s6k, P, R),
        opg_target(PREOSTEOBLAST, 0, R.s6k, P, R),
    )
    assert mature == 1.0
    assert opg_target(OSTEOBLAST, 0.0, 0.0, P, R) == pytest.approx(2.2 * mature)
    assert opg_target(PREOSTEOBLAST, 0.0, 0.0, P, R) == pytest.approx(0.56 * immature)
    assert opg_target(LINED, 0.05, R.s6k, P, R) == pytest.approx(0.75 * mature)
    assert opg_target(LINED, 0.0, 2 * R.s6k, P, R) == mature


def ledge(s, x=5):
    """Bone from column x to the far wall; returns the sites of the marrow column at it."""
    nx, ny = s.lattice.nx, s.lattice.ny
    put_bone(s, [s.lattice.site(i, j) for i in range(x, nx) for j in range(ny)])
    return np.array([s.lattice.site(x - 1, j) for j in range(ny)])


def cavity_at(s, sites):
    """Bone whose sites have just been resorbed, with no growth factor left in them."""
    sites = np.atleast_1d(sites)
    resorbed(s.world, sites)
    s.world.bone_pool[sites] = 0.0


def test_one_osteoblast_fills_one_site_in_its_time():
    """1.1 um/d over 10 um: 218.2 h; the step that decides to embed comes after the site is full."""
    s = empty_marrow(10, 9)
    ledge(s)
    site = s.lattice.site(5, 4)
    cavity_at(s, site)
    change_rates(s, "osteoblast", apposition_um_per_day=1.1, lifespan_h=1e12)
    put(s, "osteoblast", site, "osteoblast")
    hours = 0
    while s.world.ground[site] != BONE:
        one_step(s, "osteoblast")
        hours += 1
        if hours == 100:
            assert s.world.mineral[site] == pytest.approx(100 * 1.1 / 240, rel=1e-4)
    assert hours == 219 + 1
    assert s.tally["laid_sites"] == pytest.approx(1.0, rel=1e-4)  # the layer is float32
    assert s.tally["formed_sites"] == 1
    assert s.world.cavity[site] == 0
    assert s.world.mineral[site] == 1.0
    assert s.bone_changed


def test_no_matrix_without_s6k():
    s = empty_marrow(10, 9)
    ledge(s)
    site = s.lattice.site(5, 4)
    cavity_at(s, site)
    change_rates(s, "osteoblast", lifespan_h=1e12, late_rate_on_s6k=1.0)
    row = put(s, "osteoblast", site, "osteoblast")
    s.tissues["osteoblast"].population.signals.s6k[row] = 0.0
    for _ in range(20):
        one_step(s, "osteoblast")
    assert s.world.mineral[site] == 0.0


def full_site(s, osteocyte_near):
    """An osteoblast on a site that is full, with or without an osteocyte two sites into bone."""
    ledge(s)
    site = s.lattice.site(5, 4)
    cavity_at(s, site)
    change_rates(s, "osteoblast", lifespan_h=1e12, osteocyte_spacing_um=40.0)
    if osteocyte_near:
        deep = s.lattice.site(7, 4)
        put(s, "osteoblast", deep, "osteocyte")
        s.world.occupant[deep] = OSTEOCYTE_CODE
    put(s, "osteoblast", site, "osteoblast")
    s.world.mineral[site] = 1.0
    return site


def test_an_osteoblast_far_from_osteocytes_stays_in_its_bone():
    s = empty_marrow(10, 9)
    site = full_site(s, osteocyte_near=False)
    one_step(s, "osteoblast")
    cells = s.tissues["osteoblast"].cells
    assert s.world.ground[site] == BONE
    assert (cells.site[0], cells.state[0]) == (site, OSTEOCYTE)
    assert s.world.occupant[site] == OSTEOCYTE_CODE


def test_an_osteoblast_near_an_osteocyte_moves_on():
    s = empty_marrow(10, 9)
    site = full_site(s, osteocyte_near=True)
    one_step(s, "osteoblast")
    cells = s.tissues["osteoblast"].cells
    assert s.world.ground[site] == BONE
    assert s.world.occupant[site] == 0
    assert cells.site[1] - site in set(s.world.near)
    assert s.world.bone_faces[cells.site[1]] > 0, "it prefers the surface"
    assert s.world.occupant[cells.site[1]] == OSTEOBLAST_CODE
    one_step(s, "osteoblast")
    assert cells.state[1] == LINED
    assert s.world.occupant[cells.site[1]] == LINING


def test_an_osteoblast_with_nowhere_to_go_is_buried_and_leaves_no_trace():
    s = empty_marrow(10, 9)
    site = full_site(s, osteocyte_near=True)
    around = site + s.world.near
    put(s, "adipocyte", around[s.world.ground[around] == MARROW])
    one_step(s, "osteoblast")
    assert s.tissues["osteoblast"].population.n == 1, "only the osteocyte is left"
    assert s.world.ground[site] == BONE
    assert s.world.occupant[site] == 0
    log = s.events.take()
    assert list(log["cause"][log["event"] == "death"]) == ["embedded"]


def test_a_lining_cell_wakes_when_its_bone_is_lost():
    s = empty_marrow(10, 9)
    surface = ledge(s, 9)  # one column of bone
    change_rates(s, "osteoblast", division_rate_per_h=NEVER, recover_rate_per_h=NEVER)
    put(s, "osteoblast", surface[[1, 7]], "lining")
    cavity_at(s, s.lattice.site(9, 1))
    one_step(s, "osteoblast")
    assert list(s.tissues["osteoblast"].population.column("state")) == [PREOSTEOBLAST, LINED]
    assert s.world.occupant[surface[1]] == OSTEOBLAST_CODE


def test_lining_cells_cover_a_cavity():
    s = empty_marrow(12, 9)
    surface = ledge(s, 5)
    pit = np.array([s.lattice.site(5, y) for y in (3, 4, 5)])
    cavity_at(s, pit)
    put(s, "osteoblast", surface[[1, 2, 6, 7]], "lining")
    change_rates(s, "osteoblast", division_rate_per_h=SURE, recover_rate_per_h=NEVER)
    for _ in range(4):
        one_step(s, "osteoblast")
    assert set(s.world.occupant[pit]) == {OSTEOBLAST_CODE}
    at = s.tissues["osteoblast"].population.column("site")
    assert len(set(at)) == len(at), "one cell a site"


def test_bare_bone_is_lined_again():
    s = empty_marrow(12, 9)
    surface = ledge(s, 5)
    put(s, "osteoblast", surface[4], "lining")
    change_rates(s, "osteoblast", recover_rate_per_h=SURE)
    for _ in range(8):
        one_step(s, "osteoblast")
    assert set(s.world.occupant[surface]) == {LINING}
    assert set(s.tissues["osteoblast"].population.column("state")) == {LINED}


def test_a_preosteoblast_matures_on_a_cavity_and_dies_off_bone():
    s = empty_marrow(10, 9)
    ledge(s)
    site = s.lattice.site(5, 4)
    cavity_at(s, site)
    change_rates(s, "osteoblast", maturation_time_h=10.0, division_rate_per_h=NEVER)
    put(s, "osteoblast", site, "preosteoblast")
    for hour in range(1, 11):
        assert s.tissues["osteoblast"].cells.state[0] == PREOSTEOBLAST, hour
        one_step(s, "osteoblast")
    one_step(s, "osteoblast")
    assert s.tissues["osteoblast"].cells.state[0] == OSTEOBLAST

    s = empty_marrow()
    change_rates(s, "osteoblast", preosteoblast_death_rate_per_h=SURE)
    put(s, "osteoblast", s.lattice.site(4, 4), "preosteoblast")
    one_step(s, "osteoblast")
    assert s.tissues["osteoblast"].population.n == 0
    assert s.world.occupant[s.lattice.site(4, 4)] == 0
    assert list(s.events.take()["cause"]) == ["no_bone"]


def test_a_preosteoblast_seeks_a_cavity_then_tgfb():
    s = empty_marrow(10, 9)
    ledge(s)
    pit = s.lattice.site(5, 4)
    cavity_at(s, pit)
    change_rates(s, "osteoblast", preosteoblast_death_rate_per_h=NEVER)
    start = s.lattice.site(2, 4)
    put(s, "osteoblast", start, "preosteoblast")
    s.world.level[TGFB, start + s.world.faces[3]] = 1.0
    one_step(s, "osteoblast")
    assert s.tissues["osteoblast"].cells.site[0] == s.lattice.site(3, 4)
    assert nearest_open_cavity(s.lattice.site(4, 4), 0.5, s.world) == pit
    put(s, "endothelial", pit, "stable")
    assert nearest_open_cavity(s.lattice.site(4, 4), 0.5, s.world) == -1
    assert s.world.bone_faces[surface_beside(s.lattice.site(3, 4), s.world)] > 0
    assert surface_beside(s.lattice.site(1, 4), s.world) == -1


def test_osteocytes_call_and_lining_cells_in_reach_answer():
    s = empty_marrow(20, 9)
    surface = ledge(s, 10)
    put(s, "osteoblast", surface[[4]], "lining")
    put(s, "osteoblast", s.lattice.site(12, 4), "osteocyte")
    change_rates(
        s, "osteoblast", call_rate_per_h=SURE, call_time_h=5.0, call_reach_um=30.0,
        recover_rate_per_h=NEVER,
    )  # fmt: skip
    tissue = s.tissues["osteoblast"]
    tissue.release(s)
    assert not s.world.alarm.any()
    one_step(s, "osteoblast")
    tissue.release(s)
    assert s.world.alarm[surface[4]] == 1, "three sites away"
    assert s.world.alarm[surface[4] - 2 * s.world.faces[3]] == 0
    change_rates(s, "osteoblast", call_rate_per_h=NEVER)
    for _ in range(5):
        one_step(s, "osteoblast")
    tissue.release(s)
    assert not s.world.alarm.any(), "the call is over after call_time_h"


def test_secretion_comes_to_its_target():
    s = empty_marrow(10, 9)
    surface = ledge(s)
    put(s, "osteoblast", surface[4], "lining")
    tissue = s.tissues["osteoblast"]
    p = tissue.rates
    for _ in range(200):
        s.world.source[:] = 0.0
        s.world.membrane_rankl[:] = 0.0
        tissue.release(s)
    at = surface[4]
    assert s.world.source[RANKL, at] == pytest.approx(p.rankl_nM_per_s * p.rankl_lining, rel=1e-4)
    assert s.world.source[OPG, at] == pytest.approx(p.opg_nM_per_s, rel=1e-4)
    assert s.world.source[MCSF, at] == pytest.approx(s.tissues["mesenchymal"].rates.mcsf_nM_per_s)
    assert s.world.membrane_rankl[at] == pytest.approx(p.rankl_lining, rel=1e-4)
    s.world.level[PTHRP] = 1e9
    for _ in range(200):
        s.world.membrane_rankl[:] = 0.0
        tissue.release(s)
    raised = min(1.5, p.rankl_lining * (1 + p.pthrp_gain))
    assert s.world.membrane_rankl[at] == pytest.approx(raised, rel=1e-4)
