"""The Boyden chamber: random crawling drifts nowhere, a gradient draws, drugs are nominal."""

import numpy as np
import pytest

from mtor_abm.assays.boyden import BOYDEN, BoydenConditions
from mtor_abm.scenario import Scenario

DEFAULTS = Scenario.from_tables()


def measure(changes=None, seed=1, **conditions):
    settings = DEFAULTS.changed(changes) if changes else DEFAULTS
    return BOYDEN.measure(settings, seed, BoydenConditions(**conditions))


def test_without_chemokine_cells_drift_nowhere():
    """Net way of 8 x 200 random walkers: mean 0 within 4 standard errors."""
    ways = [measure(seed=seed, cxcl12_nM=0.0)["displacement_um"] for seed in range(8)]
    error = np.std(ways, ddof=1) / len(ways) ** 0.5
    assert abs(np.mean(ways)) < 4.0 * error
    assert measure(cxcl12_nM=30.0)["displacement_um"] > 20.0


def test_cells_that_cannot_crawl_stay():
    found = measure({"tumour.crawl_speed_um_per_h": 0.0})
    assert found["migrated"] == found["speed_um_per_h"] == found["displacement_um"] == 0.0
    assert found["chemotactic_index"] == found["persistence"] == 0.0


def test_speed_is_that_of_the_rule():
    """Lone cells at untreated speed walk 10 um/h, in steps of 12.07 um on average."""
    found = measure(
        {"tumour.adhesion": 0.0, "tumour.speed_on_s6k": 0.0, "tumour.speed_on_mtorc2": 0.0},
        cxcl12_nM=0.0, n_cells=50,
    )  # fmt: skip
    assert found["speed_um_per_h"] == pytest.approx(10.0, rel=0.05)


def test_drug_levels_are_nominal():
    """A nominal level acts as that level times the free share."""
    bound = measure(rapamycin_nM=10.0, free_share=0.1)
    assert bound == measure(rapamycin_nM=1.0, free_share=1.0)
    assert bound["s6k"] > measure(rapamycin_nM=10.0, free_share=1.0)["s6k"]


def test_the_line_and_the_time_count():
    near, far = (measure(line_um=line, cxcl12_nM=30.0)["migrated"] for line in (20.0, 80.0))
    assert near > far
    assert measure(cxcl12_nM=30.0, hours=6.0)["migrated"] < near


def test_founders_only_are_counted():
    """Division fills the chamber with daughters; the share beyond the line stays a share."""
    found = measure({"tumour.division_rate_per_h": 0.2}, cxcl12_nM=30.0, hours=48.0)
    assert 0.0 <= found["migrated_share"] <= 1.0
    assert found["migrated"] <= 200


def test_every_readout_is_given():
    assert set(measure(hours=1.0)) == set(BOYDEN.readouts)
