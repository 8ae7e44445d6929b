"""Cells in blood: anoikis by the network, ERK by its switch, capture at vessels, arrival."""

import math

import numpy as np
import pytest
from hand_made import NETWORK, NEVER, SURE, change_rates, empty_marrow, one_step, put, rates

from mtor_abm.cells.circulating import (
    CirculatingTissue,
    anoikis_rate,
    arrest_by_integrin,
    capture_rate,
    extravasating_share,
    missing_energy_change,
    starvation_rate,
)
from mtor_abm.fields import CXCL12
from mtor_abm.mtor import Dosage, steady_state

P = rates(
    CirculatingTissue,
    anoikis_rate_per_h=0.6,
    autophagy_protection=0.5,
    erk_weight=1.0,
    capture_rate_per_h=0.05,
    capture_base=0.1,
    capture_on_itgb3=0.5,
    s473_on_erk=0.6,
    energy_use_per_h=0.5,
    autophagy_refill_per_h=0.25,
    starvation_rate_per_h=0.8,
    starvation_half=0.3,
    extravasation=0.8,
    extravasation_s473_half=0.1,
)


def test_rules_by_hand():
    assert anoikis_rate(1.0, 0.0, 0.0, 0.0, P) == pytest.approx(0.6)
    assert anoikis_rate(0.5, 1.0, 0.0, 0.0, P) == pytest.approx(0.15)
    assert anoikis_rate(1.0, 0.0, 0.0, 0.2, P) == pytest.approx(0.6 * 1.2)
    assert anoikis_rate(1.0, 0.0, 1.0, 0.2, P) == pytest.approx(0.6 * 1.08)
    assert anoikis_rate(1.0, 0.0, 0.0, 0.2, P._replace(erk_weight=-1.0)) == pytest.approx(0.48)
    assert anoikis_rate(1.0, 0.0, 0.0, 0.2, P._replace(erk_weight=0.0)) == pytest.approx(0.6)
    assert capture_rate(0.0, P) == pytest.approx(0.005)
    assert capture_rate(1.0, P) == pytest.approx(0.05)
    assert arrest_by_integrin(1.0, P) == 1.0
    assert arrest_by_integrin(0.0, P) == pytest.approx(0.5)
    assert arrest_by_integrin(2.0, P) == pytest.approx(1.5)


def test_energy_store_by_hand():
    """The store goes to what blood supplies; autophagy adds to what is missing."""
    assert missing_energy_change(0.7, 0.3, 0.0, P) == pytest.approx(0.0)
    assert missing_energy_change(0.0, 0.3, 1.0, P) == pytest.approx(0.35)
    assert missing_energy_change(0.4, 0.3, 0.8, P) == pytest.approx(0.5 * 0.3 - 0.25 * 0.8 * 0.4)
    assert starvation_rate(1.0, P) == pytest.approx(0.8)
    assert starvation_rate(0.7, P) == pytest.approx(0.4)
    assert starvation_rate(0.0, P) == pytest.approx(0.8 / (1.0 + (1 / 0.3) ** 4))


def test_extravasation_needs_akt():
    assert extravasating_share(0.0, P) == 0.0
    assert extravasating_share(0.1, P) == pytest.approx(0.4)
    assert extravasating_share(0.3, P) == pytest.approx(0.8 * 81 / 82)
    assert extravasating_share(0.0, P._replace(extravasation_s473_half=0.0)) == 0.8


def detached(dosage=None, **drug):
    """Network of a cell in blood at rest, at the nutrients the tissue gives it."""
    p = rates(CirculatingTissue)
    return steady_state(
        NETWORK, dosage, amino_acids=p.amino_acids, energy=p.energy,
        growth_factor=p.growth_factor, cxcr4=0.0, integrin=0.0, **drug,
    )  # fmt: skip


def half_life_h(state):
    p = rates(CirculatingTissue)
    rate = anoikis_rate(
        state["foxo"], state["autophagy"], state["akt_s473"], state["growth_factor"], p
    )
    return math.log(2) / rate


def test_half_life_in_blood_is_that_of_target_t68():
    """T68: 1.7 h (1 to 2.4)."""
    assert 1.0 <= half_life_h(detached()) <= 2.4


def test_mtorc2_shortens_life_in_blood_when_lost():
    untreated = half_life_h(detached())
    assert half_life_h(detached(kinase1=500 / 22, kinase2=500 / 65)) < untreated
    assert half_life_h(detached(Dosage(rictor=0.0))) < untreated


def blood(n=400, **changes):
    """A marrow with n cells in its blood and no vessel to leave by."""
    s = empty_marrow(24, 24)
    change_rates(s, "circulating", **changes)
    put(s, "circulating", np.full(n, -1))
    for _ in range(60):
        s.tissues["circulating"].signal(s)
    return s


def test_cells_in_blood_die_at_the_rate_of_their_network():
    s = blood(2000, starvation_rate_per_h=NEVER)
    tissue = s.tissues["circulating"]
    p = tissue.rates
    state = {name: float(tissue.population.column(name)[0]) for name in ("foxo", "autophagy",
             "akt_s473", "growth_factor")}  # fmt: skip
    rate = anoikis_rate(state["foxo"], state["autophagy"], state["akt_s473"], p.growth_factor, p)
    one_step(s, "circulating")
    alive = math.exp(-rate)
    assert tissue.population.n / 2000 == pytest.approx(
        alive, abs=4 * (alive * (1 - alive) / 2000) ** 0.5
    )
    log = s.events.take()
    assert len(log["event"]) == 2000 - tissue.population.n
    assert set(log["cause"]) == {"anoikis"}
    assert np.isnan(log["x_um"]).all()


def test_the_store_runs_down_and_cells_without_autophagy_starve():
    """After 12 h at 0.5/h the store has come within 0.3 % of what blood supplies."""
    s = blood(500, anoikis_rate_per_h=NEVER, starvation_rate_per_h=NEVER, energy=0.2,
              autophagy_refill_per_h=NEVER)  # fmt: skip
    tissue = s.tissues["circulating"]
    for _ in range(12):
        one_step(s, "circulating")
    assert tissue.population.column("missing_energy") == pytest.approx(0.8, rel=0.003)
    change_rates(s, "circulating", starvation_rate_per_h=SURE)
    one_step(s, "circulating")
    assert tissue.population.n == 0
    assert set(s.events.take()["cause"]) == {"starvation"}


def test_a_cell_enters_beside_a_perfused_vessel_and_keeps_its_clone():
    s = blood(1, anoikis_rate_per_h=NEVER, starvation_rate_per_h=NEVER, capture_rate_per_h=SURE,
              extravasation=1.0, extravasation_s473_half=0.0)  # fmt: skip
    door = s.lattice.site(12, 12)
    s.doors = np.array([door])
    s.world.vessel[door] = 1
    traveller = {name: int(s.tissues["circulating"].population.column(name)[0]) for name in ("uid",
                 "clone")}  # fmt: skip
    s.tissues["circulating"].population.column("emt")[:] = 0.625
    one_step(s, "circulating")
    guests = s.tissues["tumour"].population
    assert guests.column("emt")[0] == 0.625
    assert s.tissues["circulating"].population.n == 0
    assert guests.n == 1
    assert guests.column("site")[0] - door in set(s.world.near)
    assert guests.column("parent")[0] == traveller["uid"]
    assert guests.column("clone")[0] == traveller["clone"]
    assert s.world.occupant[guests.column("site")[0]] == 1
    assert list(s.events.take()["event"]) == ["arrival"]


def test_no_vessel_or_no_extravasation_no_arrival():
    for share, doors in ((1.0, 0), (0.0, 1)):
        s = blood(50, anoikis_rate_per_h=NEVER, starvation_rate_per_h=NEVER,
                  capture_rate_per_h=SURE, extravasation=share)  # fmt: skip
        s.doors = np.full(doors, s.lattice.site(12, 12))
        one_step(s, "circulating")
        assert s.tissues["tumour"].population.n == 0
        if doors:
            assert s.tissues["circulating"].population.n == 0, "who stops enters or dies"
            assert set(s.events.take()["cause"]) == {"extravasation"}
        else:
            assert s.tissues["circulating"].population.n == 50


def captured(cxcr4=1.0, block=0.0, cxcl12=1e9):
    """How many of 1000 cells stop within the hour at 1000 doors far from each other."""
    s = empty_marrow(100, 100)
    change_rates(s, "circulating", anoikis_rate_per_h=NEVER, capture_rate_per_h=0.5,
                 capture_base=0.1, extravasation=1.0, starvation_rate_per_h=NEVER,
                 extravasation_s473_half=0.0)  # fmt: skip
    tissue = s.tissues["circulating"]
    tissue.genes = tissue.genes.model_copy(update={"CXCR4": cxcr4})
    put(s, "circulating", np.full(1000, -1))
    s.doors = np.array([s.lattice.site(x, y) for x in range(1, 99, 3) for y in range(1, 99, 3)])
    s.world.level[CXCL12] = cxcl12
    s.exposure["circulating"].cxcr4_block[:] = block
    tissue.begin()
    tissue.decide(s)
    return int((tissue.population.column("target") >= 0).sum())


def test_cxcr4_and_its_antagonist_set_how_many_stop():
    def expected(signal):
        return 1000 * (1 - math.exp(-0.5 * (0.1 + 0.9 * signal)))

    def close(signal):
        return pytest.approx(expected(signal), abs=4 * (0.25 * 1000) ** 0.5)

    assert captured() == close(1.0)
    assert captured(block=1.0) == close(0.5)
    assert captured(cxcr4=0.0) == close(0.0)
    assert captured(cxcl12=0.0) == close(0.0)
