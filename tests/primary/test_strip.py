"""The strip of the rim: its layout, who passes, who leaves, and what stroma gives."""

import math

import numpy as np
import pytest
from hand_made import DEFAULTS, UNTREATED, empty_marrow

from mtor_abm.cells.sensing import Exposure
from mtor_abm.fields import CXCL12, FIELDS, IGF1, TGFB
from mtor_abm.marrow import WALL
from mtor_abm.primary import PrimaryParameters, Strip
from mtor_abm.primary.matrix import MATRIX, MEMBRANE, MMP9, OPEN, VESSEL

ROWS = [DEFAULTS.fields[field.key] for field in FIELDS]
SMALL = {"length_sites": 12, "tumour_sites": 4, "stroma_sites": 3, "settle_days": 0.0}
CLOSED = {"mmp9_nM_per_s": 0.0, "membrane_thickness_um": 9.0, "barrier_spread": 0.0}
THIN = {"membrane_thickness_um": 0.0, "matrix_density": 0.0}


def strip(seed=1, tumour=None, **numbers):
    s = empty_marrow(seed=seed)
    home = s.tissues["tumour"]
    if tumour:
        home.numbers = home.numbers.model_copy(update=tumour)
    return Strip(PrimaryParameters(**(SMALL | numbers)), home, ROWS, s)


def where(rim):
    """Kind of site under each tumour cell."""
    return rim.barrier.kind[rim.rim.population.column("site")]


def test_layers_from_vessel_to_vessel():
    rim = strip()
    kinds = rim.surroundings.lattice.interior(rim.barrier.kind)
    expected = [VESSEL, *[OPEN] * 4, MEMBRANE, *[MATRIX] * 3, VESSEL]
    assert (kinds == np.array(expected)).all()
    assert rim.rim.population.n == 12 * 4
    assert (where(rim) == OPEN).all()
    assert rim.length_mm == pytest.approx(0.12)
    for name in ("caf", "tam"):
        sites = rim.surroundings.tissues[name].population.column("site")
        assert (rim.barrier.kind[sites] == MATRIX).all()


def test_no_cell_passes_a_whole_membrane():
    rim = strip(**CLOSED)
    for _ in range(30):
        rim.step()
    assert rim.breached_share() == 0.0
    assert rim.n_shed == 0
    assert rim.rim.population.n > 0
    assert (where(rim) == OPEN).all()


def test_without_barriers_cells_cross_and_leave_and_none_is_lost_on_the_way():
    rim = strip(tumour={"crawl_speed_um_per_h": 100.0, "division_rate_per_h": 0.0}, **THIN)
    cells, s = rim.rim.population, rim.surroundings
    for _ in range(40):
        rim.step()
    assert rim.breached_share() == 1.0
    assert rim.n_shed > 0
    assert cells.n == 48 - s.tally.get("deaths_tumour", 0.0) - rim.n_shed
    occupied = np.flatnonzero(s.world.occupant == 1)
    assert np.array_equal(occupied, np.sort(cells.column("site")))
    assert len(rim.leavers) == min(rim.n_shed, 64)


def test_rate_of_leaving_is_that_of_crawling_into_the_vessel():
    rim = strip(vessel_entry_share=0.5, **CLOSED)
    cells, s = rim.rim.population, rim.surroundings
    keep = np.zeros(cells.n, dtype=bool)
    keep[:2] = True
    s.world.occupant[cells.column("site")] = 0
    cells.remove(~keep)
    last = s.lattice.ny - 2
    cells.cells.site[:2] = [s.lattice.site(3, last), s.lattice.site(8, last - 1)]
    s.world.occupant[cells.column("site")] = 1
    cells.signals.s6k[:2], cells.signals.mtorc2[:2] = UNTREATED.s6k, UNTREATED.mtorc2
    cells.signals.integrin[:2] = 0.3
    rim.surroundings.seed = 5
    before = rim.shed_per_h
    rim._let_go()
    # 10 um/h in steps of 12.07 um on average (8 neighbours, 10 or 14.1 um away); half of the steps
    # of the cell at the vessel lead into it
    expected = 1.0 - math.exp(-0.5 * 10.0 / (5.0 * (1.0 + math.sqrt(2.0))))
    share_of_an_hour = 1.0 - math.exp(-1.0 / 24.0)
    assert before == 0.0
    assert rim.shed_per_h == pytest.approx(expected * share_of_an_hour)


def test_stroma_makes_what_its_numbers_say():
    rim = strip(caf_growth_factor_nM_per_s=2e-3, tam_growth_factor_nM_per_s=1e-3,
                tumour_growth_factor_nM_per_s=5e-4, caf_tgfb_nM_per_s=1e-4, tam_tgfb_nM_per_s=2e-4,
                tumour_tgfb_nM_per_s=0.0, caf_cxcl12_nM_per_s=0.3, length_sites=40)  # fmt: skip
    s = rim.surroundings
    n_caf, n_tam = (s.tissues[name].population.n for name in ("caf", "tam"))
    assert 4 <= n_caf + n_tam <= 40  # 18 % of 120 sites
    assert n_caf > 0
    assert n_tam > 0
    s.fields.clear()
    for tissue in s.tissues.values():
        tissue.release(s)
    made = s.world.source.sum(axis=1)
    n = rim.rim.population.n
    assert made[IGF1] == pytest.approx(2e-3 * n_caf + 1e-3 * n_tam + 5e-4 * n, rel=1e-4)
    assert made[TGFB] == pytest.approx(1e-4 * n_caf + 2e-4 * n_tam, rel=1e-4)
    assert made[CXCL12] == pytest.approx(0.3 * n_caf, rel=1e-4)
    assert made[MMP9] == pytest.approx(n * rim.parameters.mmp9_nM_per_s * 0.3, rel=1e-4)


def test_growth_factors_of_stroma_reach_the_network_and_a_drug_does_too():
    with_stroma, without = strip(), strip(caf_share=0.0, tam_share=0.0)
    dosed = strip()
    dosed.dose(Exposure(0.0, 20.0, 20.0, 0.0))
    for _ in range(8):
        for rim in (with_stroma, without, dosed):
            rim.step()
    mean = {
        name: [rim.rim.population.column(name).mean() for rim in (with_stroma, without, dosed)]
        for name in ("growth_factor", "s6k", "akt_s473")
    }
    assert mean["growth_factor"][0] > mean["growth_factor"][1] + 0.05
    assert mean["s6k"][0] > mean["s6k"][1]
    assert mean["akt_s473"][0] > mean["akt_s473"][1]
    assert mean["s6k"][2] < 0.1 * mean["s6k"][0]


def test_dosage_in_the_primary_multiplies_the_tumours_own():
    rim = strip(raptor=0.5, rictor=0.0)
    assert (rim.rim.dosage.raptor, rim.rim.dosage.rictor) == (0.5, 0.0)
    assert strip().rim.dosage.raptor == 1.0


def test_the_same_seed_gives_the_same_strip_and_settling_is_not_counted():
    one, two, other = strip(**THIN, settle_days=1.0), strip(**THIN, settle_days=1.0), strip(2)
    assert one.n_shed == 0
    assert one.surroundings.step == 0
    for _ in range(10):
        one.step()
        two.step()
    for mine, theirs in zip(one.rim.population.signals, two.rim.population.signals, strict=True):
        assert mine.tobytes() == theirs.tobytes()
    assert np.array_equal(one.rim.population.column("site"), two.rim.population.column("site"))
    assert not np.array_equal(one.barrier.strength, other.barrier.strength)


def test_vessels_are_walls():
    rim = strip(**THIN)
    assert (rim.surroundings.world.ground[rim.barrier.kind == VESSEL] == WALL).all()
