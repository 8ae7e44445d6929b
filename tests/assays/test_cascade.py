"""The whole cascade as a bench: steps counted apart, and what is known where one is cut."""

import math

import pytest

from mtor_abm.assays.cascade import CASCADE
from mtor_abm.scenario import Scenario

SMALL = {
    "geometry.nx": 32, "geometry.ny": 32, "run.days": 0.5, "output.every_h": 12.0,
    "inoculum.cells": 6, "inoculum.clusters": 1, "body.primary_cells": 1e9,
    "primary.length_sites": 10, "primary.tumour_sites": 4, "primary.stroma_sites": 3,
    "primary.settle_days": 1.0, "primary.membrane_thickness_um": 0.0, "primary.matrix_density": 0.0,
}  # fmt: skip


def measure(seed=1, **changes):
    scenario = Scenario.from_tables().changed(SMALL | changes)
    return CASCADE.measure(scenario, seed, CASCADE.conditions())


@pytest.fixture(scope="module")
def whole():
    return measure()


def test_readouts_are_those_declared_and_repeat(whole):
    assert whole.keys() == CASCADE.readouts.keys()
    assert whole["shed_per_d"] > 0
    again = measure()
    for name, value in whole.items():
        assert again[name] == pytest.approx(value, rel=0, abs=0, nan_ok=True), name


def test_without_a_primary_nothing_enters_by_blood():
    found = measure(**{"body.primary_cells": 0.0})
    assert found["shed_per_d"] == found["arrivals"] == found["seeded_cells"] == 0.0
    assert math.isnan(found["life_in_blood_h"])
    assert math.isnan(found["arrivals_per_100_h_in_blood"])
    assert found["log10_shed"] == pytest.approx(math.log10(0.5))
    assert found["burden_mm2"] > 0


def test_later_steps_leave_earlier_ones_alone(whole):
    cut = measure(**{"circulating.capture_rate_per_h": 0.0})
    assert cut["shed_per_d"] == whole["shed_per_d"]
    assert cut["arrivals"] == cut["seeded_cells"] == 0.0
    deadly = measure(**{"circulating.anoikis_rate_per_h": 10.0})
    assert deadly["shed_per_d"] == whole["shed_per_d"]
    assert deadly["life_in_blood_h"] < 0.5 * whole["life_in_blood_h"]


def test_every_shed_cell_that_is_caught_is_counted_as_arrived_and_seeded():
    sure = {
        "circulating.capture_rate_per_h": 10.0, "circulating.capture_base": 1.0,
        "circulating.extravasation": 1.0, "circulating.extravasation_s473_half": 0.0,
        "circulating.anoikis_rate_per_h": 0.0, "circulating.starvation_rate_per_h": 0.0,
        "tumour.division_rate_per_h": 0.0, "tumour.death_rate_per_h": 0.0,
        "tumour.hypoxia_death_rate_per_h": 0.0, "tumour.foxo_death_rate_per_h": 0.0,
    }  # fmt: skip
    found = measure(seed=2, **sure, **{"body.primary_cells": 1e8})  # of seed 1 none is shed
    assert found["arrivals"] > 0
    assert found["seeded_cells"] == found["arrivals"]
    assert found["arrived_share"] > 0.8
    assert found["divisions_per_d"] == 0.0
