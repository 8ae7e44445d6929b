"""Observing: rates are since the observer's own last row, and no observer changes another's."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from mtor_abm.model import MarrowModel
from mtor_abm.observe import COLUMNS, Observer, row
from mtor_abm.readouts import interval_average, summarise
from mtor_abm.scenario import Scenario

TINY = {"run": {"days": 1.0}, "geometry": {"nx": 24, "ny": 24}, "inoculum": {"cells": 0}}
RATES = ("ctx_per_d", "p1np_per_d", "resorbed_um2_per_d", "formed_um2_per_d")


def test_the_first_row_has_no_rate():
    first = Observer().row(MarrowModel(Scenario.from_tables(TINY), seed=1))
    assert all(math.isnan(first[rate]) for rate in RATES)
    assert first["n_arrivals"] == 0.0


def test_two_observers_see_the_same_whenever_they_look():
    model = MarrowModel(Scenario.from_tables(TINY), seed=1)
    often, seldom = Observer(), Observer()
    for observer in (often, seldom):
        observer.row(model)
    site_um2, bone = model.surroundings.lattice.dx_um**2, model.bone_sites_at_start
    for hour, resorbed in enumerate((3.0, 0.0, 6.0), 1):
        model.n_steps_done = hour
        model.surroundings.count("resorbed_sites", resorbed)
        seen = often.row(model)
        assert seen["resorbed_um2_per_d"] == pytest.approx(24.0 * resorbed * site_um2)
    assert seldom.row(model)["ctx_per_d"] == pytest.approx(24.0 * 9.0 / 3.0 / bone)
    assert row(model)["ctx_per_d"] == pytest.approx(24.0 * 9.0 / 3.0 / bone), "since the start"
    assert math.isnan(seldom.row(model)["ctx_per_d"]), "no time has passed"


def test_the_mean_of_a_rate_weighs_each_row_by_its_interval():
    """2 a day for 1 d, then 5 a day for 3 d: 17 in 4 d; the row at 0 has no rate."""
    time_d, rate = np.array([0.0, 1.0, 4.0]), np.array([np.nan, 2.0, 5.0])
    assert interval_average(time_d, rate) == pytest.approx(17.0 / 4.0)
    assert interval_average(time_d, np.array([np.nan, np.nan, 5.0])) == 5.0
    assert math.isnan(interval_average(time_d[:1], rate[:1]))
    columns = {
        "rate": SimpleNamespace(unit="1/d", summary=("mean",), since_last=True),
        "level": SimpleNamespace(unit="1", summary=("mean",)),
    }
    table = summarise(columns, time_d, {"rate": rate, "level": np.array([0.0, 2.0, 2.0])}, {})
    assert table["value"] == pytest.approx([17.0 / 4.0, (1.0 + 6.0) / 4.0])


def test_what_is_counted_since_the_last_row_says_so():
    for name, column in COLUMNS.items():
        assert column.since_last == ("since the last row" in column.meaning or name in RATES)
