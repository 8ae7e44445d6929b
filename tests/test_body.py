"""The primary tumour: growth, shedding by S6K, 4E-BP1-P and mTORC2, resection."""

import math

import numpy as np
import pytest
from hand_made import empty_marrow

from mtor_abm.body import BodyParameters, PrimaryTumour
from mtor_abm.mtor import Dosage

QUIET = {"primary_cells": 1e6, "shedding_rate_per_h": 0.0}


def primary(dosage=None, settle=80, **numbers):
    """A primary whose network has come to rest, and its surroundings."""
    s = empty_marrow()
    body = PrimaryTumour(BodyParameters(**(QUIET | numbers)), dosage or Dosage())
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


def test_shedding_by_the_complexes():
    s, wild = primary(shedding_rate_per_h=1e-9, settle=80)
    assert wild.shedding_per_h(s) == pytest.approx(1e-9, rel=1e-3)
    s, neither = primary(Dosage(raptor=0.0, rictor=0.0), shedding_rate_per_h=1e-9)
    assert neither.shedding_per_h(s) == pytest.approx(1e-9 * 0.2 * 0.3, rel=1e-3)


def test_shed_cells_are_poisson_and_begin_their_own_clones():
    s, body = primary(
        shedding_rate_per_h=1e-5, circulating_share=0.2, primary_growth_rate_per_h=0.0, settle=0
    )
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
    mean = 1e6 * body.shedding_per_h(s) * 0.2
    assert np.mean(counts) == pytest.approx(mean, abs=4 * (mean / 500) ** 0.5)
    assert np.var(counts) == pytest.approx(mean, rel=0.3)
    blood = s.tissues["circulating"].population
    assert s.tally["shed"] == blood.n == sum(counts)
    assert (blood.column("site") == -1).all()
    assert np.array_equal(blood.column("clone"), blood.column("uid"))
    assert len(set(blood.column("uid"))) == blood.n
    assert blood.column("s6k") == pytest.approx(np.full(blood.n, body.signals.s6k[0]))


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
    s, _ = primary(primary_cells=0.0, shedding_rate_per_h=1.0, settle=5)
    assert s.tissues["circulating"].population.n == 0
