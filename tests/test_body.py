"""The primary tumour: growth, shedding at the rate of its rim, resection."""

import math

import numpy as np
import pytest
from hand_made import change_rates, empty_marrow

from mtor_abm.body import BodyParameters, PrimaryTumour
from mtor_abm.mtor import Dosage, Signals
from mtor_abm.primary import PrimaryParameters
from mtor_abm.primary.strip import Leaver

QUIET = {"primary_cells": 1e6, "shedding_rate_per_h": 0.0}


class SteadyRim:
    """Stands for a strip that sheds at a given rate, three cells again and again."""

    parameters = PrimaryParameters(untreated_shed_per_d_per_mm=50.0)

    def __init__(self, shed_per_d_per_mm=50.0):
        self.shed_per_d_per_mm = shed_per_d_per_mm
        width = len(Signals._fields)
        self.leavers = [Leaver(np.full(width, x, np.float32), x) for x in (0.1, 0.2, 0.3)]
        self.doses = []
        self.steps = 0

    def dose(self, drug):
        self.doses.append(drug)

    def step(self):
        self.steps += 1


def primary(dosage=None, settle=80, rim=None, **numbers):
    """A primary whose network has come to rest, and its surroundings."""
    s = empty_marrow()
    body = PrimaryTumour(BodyParameters(**(QUIET | numbers)), dosage or Dosage(), rim)
    for _ in range(settle):
        body.step(s)
    body.cells = body.parameters.primary_cells
    return s, body


def test_untreated_growth_is_its_rate_and_stops_at_its_limit():
    s, body = primary(primary_growth_rate_per_h=0.01, primary_cells_max=1e12)
    for _ in range(100):
        body.step(s)
    assert body.cells == pytest.approx(1e6 * math.exp(1.0), rel=1e-3)
    s, body = primary(primary_growth_rate_per_h=0.1, primary_cells_max=2e6)
    for _ in range(2000):
        body.step(s)
    assert body.cells == pytest.approx(2e6, rel=1e-3)


def test_without_raptor_a_quarter_of_growth_is_left():
    s, body = primary(Dosage(raptor=0.0), primary_growth_rate_per_h=0.01, primary_cells_max=1e12)
    for _ in range(100):
        body.step(s)
    assert body.cells == pytest.approx(1e6 * math.exp(0.25), rel=1e-3)


def test_growth_goes_by_the_tumour_cell_s_own_number():
    s, body = primary(Dosage(raptor=0.0), primary_growth_rate_per_h=0.01, primary_cells_max=1e12)
    change_rates(s, "tumour", division_without_4ebp1=0.6)
    for _ in range(100):
        body.step(s)
    assert body.cells == pytest.approx(1e6 * math.exp(0.6), rel=1e-3)


def test_shedding_is_in_proportion_to_what_the_rim_lets_go():
    body = primary(shedding_rate_per_h=1e-9, settle=0)[1]
    for rate, share in ((50.0, 1.0), (25.0, 0.5), (0.0, 0.0)):
        assert body.shedding_per_h(SteadyRim(rate)) == pytest.approx(1e-9 * share)


def test_the_rim_feels_the_drug_in_blood():
    s, body = primary(rim=SteadyRim(), settle=0)
    s.exposure["circulating"].rapalog[:] = 7.0
    s.exposure["circulating"].kinase2[:] = 3.0
    body.step(s)
    assert body.rim.steps == 1
    drug = body.rim.doses[-1]
    assert (drug.rapalog, drug.kinase1, drug.kinase2) == (7.0, 0.0, 3.0)


def test_shed_cells_are_poisson_and_begin_their_own_clones():
    s, body = primary(
        shedding_rate_per_h=1e-5, circulating_share=0.2, primary_growth_rate_per_h=0.0, settle=0,
        rim=SteadyRim(),
    )  # fmt: skip
    for _ in range(80):
        body.step(s)
    s.tissues["circulating"].population.remove(
        np.ones(s.tissues["circulating"].population.n, dtype=bool)
    )
    s.tally.clear()
    counts = []
    for s.step in range(1000, 1500):
        before = s.tissues["circulating"].population.n
        body.step(s)
        counts.append(s.tissues["circulating"].population.n - before)
    mean = 1e6 * 1e-5 * 0.2
    assert np.mean(counts) == pytest.approx(mean, abs=4 * (mean / 500) ** 0.5)
    assert np.var(counts) == pytest.approx(mean, rel=0.3)
    blood = s.tissues["circulating"].population
    assert s.tally["shed"] == blood.n == sum(counts)
    assert (blood.column("site") == -1).all()
    assert np.array_equal(blood.column("clone"), blood.column("uid"))
    assert len(set(blood.column("uid"))) == blood.n
    # each is like one of the last that left the rim, network and EMT score alike
    models = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    assert set(blood.column("s6k")) == set(models)
    assert np.array_equal(blood.column("emt"), blood.column("s6k"))
    shares = [(blood.column("emt") == model).mean() for model in models]
    assert shares == pytest.approx([1 / 3] * 3, abs=4 * (2 / 9 / blood.n) ** 0.5)


def test_resection_ends_it():
    s, body = primary(resection_day=1.0, settle=0)
    for s.step in range(23):
        body.step(s)
    assert body.cells > 0
    s.step = 23
    body.step(s)
    assert body.cells == 0.0
    body.step(s)
    assert body.cells == 0.0


def test_an_empty_body_sheds_nothing():
    s, _ = primary(primary_cells=0.0, shedding_rate_per_h=1.0, settle=5, rim=SteadyRim())
    assert s.tissues["circulating"].population.n == 0
