"""The single cell: the network's own steady state, the rules of a tumour cell, seeds as cells."""

import math

import numpy as np
import pytest

from mtor_abm.assays.single_cell import CELL, CellConditions, factor, varied_inputs, varied_network
from mtor_abm.mtor import NetworkParameters, NetworkRates, steady_state
from mtor_abm.parameters import kernel_values
from mtor_abm.scenario import Scenario

DEFAULTS = Scenario.from_tables()
NETWORK = kernel_values(NetworkRates, DEFAULTS.of(NetworkParameters))
UNTREATED_NM = 4.0 * 0.3 / 0.7  # CXCL12 that occupies 0.3 of CXCR4, Kd 4 nM


def measure(settings=DEFAULTS, seed=1, **conditions):
    conditions = {"variation": 0.0, "cxcl12_nM": UNTREATED_NM} | conditions
    return CELL.measure(settings, seed, CellConditions(**conditions))


def test_untreated_cell_is_the_reference():
    found = measure()
    for node, value in steady_state(NETWORK).items():
        if node in found:
            assert found[node] == pytest.approx(value, abs=2e-3)
    assert found["speed_um_per_h"] == pytest.approx(10.0, rel=1e-3)
    assert found["pthrp"] == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize(
    ("conditions", "inputs"),
    [
        ({"osi_027_nM": 44.0}, {"kinase1": 2.0, "kinase2": 44.0 / 65.0}),
        ({"amd3100_nM": 44.0}, {"cxcr4": 0.15}),
        ({"amino_acids": 0.1, "energy": 0.2}, {"amino_acids": 0.1, "energy": 0.2}),
        ({"integrin": 1.0, "oxygen_mmHg": 4.2}, {"integrin": 1.0, "oxygen": 0.15}),
        ({"cell": "tumour", "growth_factor": 0.0, "tgfb_nM": 0.001}, {"growth_factor": 0.175}),
    ],
)
def test_conditions_reach_the_network(conditions, inputs):
    found, wanted = measure(**conditions), steady_state(NETWORK, **inputs)
    for node in ("s6k", "p4ebp1", "akt_s473", "foxo", "autophagy"):
        assert found[node] == pytest.approx(wanted[node], abs=2e-3)


def test_emt_settles_where_drive_and_way_back_balance():
    """Untreated without TGF-beta: drive 0.6 against 1 on the way back: 0.6 / 1.6."""
    assert measure()["emt"] == pytest.approx(0.6 / 1.6, abs=1e-3)


def test_genes_of_the_cell_type_count():
    knocked_out = DEFAULTS.changed({"genes.endothelial.RICTOR": 0.0})
    assert measure(knocked_out, cell="endothelial")["mtorc2"] == 0.0
    assert measure(knocked_out)["mtorc2"] > 0.5
    assert math.isnan(measure(cell="endothelial")["speed_um_per_h"])


def test_a_seed_is_a_cell_alike_in_all_arms():
    assert measure(seed=5, variation=0.2) == measure(seed=5, variation=0.2)
    assert measure(seed=5, variation=0.2)["s6k"] != measure(seed=6, variation=0.2)["s6k"]
    assert factor(5, "energy", 0.2) != factor(5, "integrin", 0.2)
    factors = np.array([factor(seed, "energy", 0.2) for seed in range(400)])
    assert np.log(factors).std() == pytest.approx(0.2, rel=0.15)
    assert np.median(factors) == pytest.approx(1.0, abs=0.03)


def test_only_assumed_numbers_of_the_network_vary():
    varied = varied_network(DEFAULTS, 3, 0.2)
    confidence = {row["key"]: row["confidence"] for row in NetworkParameters.rows()}
    for key in NetworkRates._fields:
        same = getattr(varied, key) == getattr(NETWORK, key)
        assert same == (confidence[key] != "assumed" or getattr(NETWORK, key) == 0.0)


def test_every_readout_is_given():
    assert set(measure()) == set(CELL.readouts)


def test_a_cell_at_a_limit_needs_no_kernel_of_its_own():
    """Whole numbers among the floats of a tuple would be another type, compiled anew."""
    for seed in range(20):
        assert all(type(value) is float for value in varied_network(DEFAULTS, seed, 1.0))
        inputs = varied_inputs(CellConditions(variation=1.0, cxcl12_nM=1e4), seed)
        assert all(type(value) is float for value in inputs.values())
