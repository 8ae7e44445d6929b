"""Tube formation: no VEGF no tubes, length by what was grown, drugs in endothelium."""

import pytest

from mtor_abm.assays.tube import TUBE, TubeConditions
from mtor_abm.scenario import Scenario

DEFAULTS = Scenario.from_tables()


def measure(changes=None, seed=1, **conditions):
    settings = DEFAULTS.changed(changes) if changes else DEFAULTS
    return TUBE.measure(settings, seed, TubeConditions(**conditions))


def test_no_vegf_no_tubes():
    found = measure(vegf_nM=0.0)
    assert found["network_length_mm_per_mm2"] == found["tips"] == found["joins"] == 0.0


def test_vegf_stays_nearly_uniform():
    assert measure()["vegf_nM"] == pytest.approx(1.0, abs=0.1)


def test_tips_that_do_not_move_leave_only_themselves():
    """Each new tip is one site of 10 um in 0.36 mm2; without speed nothing follows it."""
    found = measure({"endothelium.sprout_speed_um_per_h": 0.0, "endothelium.vegf_half_nM": 0.01,
                     "endothelium.regression_rate_per_h": 0.0,
                     "endothelium.foxo_death_rate_per_h": 0.0})  # fmt: skip
    assert found["tips"] > 0.0
    assert found["network_length_mm_per_mm2"] == pytest.approx(found["tips"] * 0.01 / 0.36)


def test_drug_and_knock_out_reach_the_endothelium():
    assert measure(rapamycin_nM=20.0)["s6k"] < 0.1 * measure()["s6k"]
    assert measure({"genes.endothelial.RICTOR": 0.0})["mtorc2"] == 0.0
    assert measure({"genes.tumour.RICTOR": 0.0}) == measure()


def test_every_readout_is_given():
    assert set(measure(hours=1.0)) == set(TUBE.readouts)
