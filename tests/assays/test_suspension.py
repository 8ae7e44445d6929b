"""Suspension: survival against the exponential of the rule's rate, autophagy, chronic drug."""

import math

import pytest

from mtor_abm.assays.suspension import SUSPENSION, SuspensionConditions
from mtor_abm.cells.circulating import CirculatingParameters, CirculatingRates, anoikis_rate
from mtor_abm.mtor import NetworkParameters, NetworkRates, steady_state
from mtor_abm.parameters import kernel_values
from mtor_abm.scenario import Scenario

DEFAULTS = Scenario.from_tables()
FED = {"circulating.starvation_rate_per_h": 0.0}


def measure(changes=None, seed=1, **conditions):
    return SUSPENSION.measure(
        DEFAULTS.changed(FED | (changes or {})), seed, SuspensionConditions(**conditions)
    )


def rate_of_the_rule():
    """Anoikis of the network at rest in blood, worked out without a dish."""
    p = kernel_values(CirculatingRates, DEFAULTS.of(CirculatingParameters))
    network = kernel_values(NetworkRates, DEFAULTS.of(NetworkParameters))
    state = steady_state(
        network, amino_acids=p.amino_acids, energy=p.energy, growth_factor=p.growth_factor,
        cxcr4=0.0, integrin=0.0,
    )  # fmt: skip
    return anoikis_rate(state["foxo"], state["autophagy"], state["akt_s473"], p.growth_factor, p)


def test_survival_is_the_exponential_of_the_rate():
    """20000 cells: the share alive lies within 4 binomial standard errors of exp(-rate t)."""
    found, n = measure(n_cells=20_000, hours=8.0), 20_000
    rate = rate_of_the_rule()
    for hour in (1, 2, 4, 8):
        alive = math.exp(-rate * hour)
        error = (alive * (1.0 - alive) / n) ** 0.5
        assert found[f"survival_{hour}h"] == pytest.approx(alive, abs=4 * error + 0.01 * alive)
    assert found["half_life_h"] == pytest.approx(math.log(2.0) / rate, rel=0.03)
    assert found["log2_half_life"] == pytest.approx(math.log2(found["half_life_h"]))


def test_without_anoikis_nobody_dies():
    found = measure({"circulating.anoikis_rate_per_h": 0.0}, n_cells=500)
    assert found["survival_final"] == 1.0
    assert found["half_life_h"] > 1000.0


def test_the_store_settles_between_supply_and_autophagy():
    """At rest use x (supply - E) + refill x autophagy x (1 - E) = 0."""
    poor = {"circulating.energy": 0.2, "circulating.anoikis_rate_per_h": 0.0}
    alone = measure(poor | {"circulating.autophagy_refill_per_h": 0.0}, n_cells=50, hours=100.0)
    helped = measure(poor, n_cells=50, hours=100.0)
    assert alone["energy"] == pytest.approx(0.2, abs=0.02)
    autophagy = helped["autophagy"]
    at_rest = (0.5 * 0.2 + 0.5 * autophagy) / (0.5 + 0.5 * autophagy)
    assert helped["energy"] == pytest.approx(at_rest, abs=0.02)


def test_a_chronic_rapalog_dissolves_mtorc2_only_where_susceptible():
    drug = {"rapamycin_nM": 20.0, "pretreat_h": 240.0, "n_cells": 50}
    kept = measure({"switches.V6": "A"}, **drug)
    lost = measure({"switches.V6": "B"}, **drug)
    acute = measure({"switches.V6": "B"}, **(drug | {"pretreat_h": 0.0, "hours": 2.0}))
    assert lost["akt_s473"] < 0.6 * kept["akt_s473"]
    assert acute["akt_s473"] > 0.9 * kept["akt_s473"]


def test_knock_out_in_circulating_cells_alone_is_enough():
    assert measure({"genes.circulating.RICTOR": 0.0}, n_cells=50)["foxo"] == pytest.approx(1.0)
    assert measure({"genes.tumour.RICTOR": 0.0}, n_cells=50)["foxo"] < 0.8


def test_every_readout_is_given():
    assert set(measure(n_cells=50)) == set(SUSPENSION.readouts)
