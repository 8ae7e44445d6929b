"""Benches that run a small marrow: fates add up, and a loop that is cut gains nothing."""

import numpy as np
import pytest

from mtor_abm.assays.loop_gain import LOOP_GAIN
from mtor_abm.assays.marrow_run import MARROW
from mtor_abm.assays.single_arrivals import SINGLE_ARRIVALS, ArrivalConditions, beside_sinusoids
from mtor_abm.marrow import STABLE, is_free
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.scenario import Scenario

pytestmark = pytest.mark.skipif(JIT_IS_OFF, reason="half days of a marrow take minutes")

SMALL = {"geometry.nx": 40, "geometry.ny": 40, "run.days": 0.5, "output.every_h": 6.0}
FATES = ("growing", "small", "solitary", "lost")


def small(**changes):
    return Scenario.from_tables({}).changed(SMALL | changes)


def test_arrivals_stand_free_beside_sinusoids():
    model = MarrowModel(small(**{"inoculum.cells": 0}), 1)
    sites = beside_sinusoids(model, 20, 1)
    world = model.surroundings.world
    assert len(np.unique(sites)) == 20
    assert all(is_free(site, world) for site in sites)
    assert ((world.vessel[sites[:, None] + world.near] == STABLE).any(axis=1)).all()
    assert np.array_equal(sites, beside_sinusoids(model, 20, 1))


@pytest.mark.parametrize(("rate", "lost"), [(0.0, 0.0), (1.0, 1.0)])
def test_fates_add_up_and_follow_the_rate_of_lone_death(rate, lost):
    scenario = small(**{
        "tumour.lone_death_rate_per_h": rate, "tumour.dormancy_entry_rate_per_h": 0.0,
        "tumour.division_rate_per_h": 0.0, "tumour.crawl_speed_um_per_h": 0.0,
        "tumour.death_rate_per_h": 0.0, "tumour.foxo_death_rate_per_h": 0.0,
        "tumour.hypoxia_death_rate_per_h": 0.0, "tumour.company_um": 10.0,
    })  # fmt: skip
    found = SINGLE_ARRIVALS.measure(scenario, 1, ArrivalConditions(n_cells=12))
    assert sum(found[fate] for fate in FATES) == pytest.approx(1.0)
    assert found["n_founders"] == 12
    assert found["lost"] == pytest.approx(lost, abs=0.2), "two that touch are not alone"
    assert found["growing"] == 0.0


def test_a_loop_cut_beforehand_gains_nothing():
    found = LOOP_GAIN.measure(small(**{"bone.stored_share": 0.0}), 1, LOOP_GAIN.conditions())
    assert found == {"gain": 0.0, "amplification": 1.0}


@pytest.mark.parametrize(("entry_per_h", "excess"), [(1.0, 1.0), (0.0, 0.0)])
def test_dormant_cells_are_held_against_the_other_tumour_cells(entry_per_h, excess):
    """Single cells that fall asleep at once on a vessel; then none that can."""
    scenario = small(**{
        "tumour.dormancy_entry_rate_per_h": entry_per_h, "run.days": 1.0,
        "tumour.dormancy_exit_rate_per_h": 0.0, "tumour.dormancy_exit_tip_rate_per_h": 0.0,
        "tumour.lone_death_rate_per_h": 0.0, "inoculum.cells": 30, "inoculum.clusters": 30,
        "tumour.crawl_speed_um_per_h": 0.0,  # awake cells do not come to vessels later
    })  # fmt: skip
    found = MARROW.measure(scenario, 1, MARROW.conditions())
    assert set(found) >= {"dormant_nearer_than_cycling_um", "dormant_excess_at_vessel"}
    assert np.isnan(found["dormant_nearer_than_cycling_um"]) == (excess == 0.0)
    assert found["dormant_excess_at_vessel"] == pytest.approx(excess, abs=0.5 * excess)
    if excess:
        assert found["dormant_nearer_than_cycling_um"] >= 0.0
