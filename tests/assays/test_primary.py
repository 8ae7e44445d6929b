"""The rim as a bench: from an intact membrane, with what is known at its limits."""

import numpy as np
import pytest

from mtor_abm.assays.primary import PRIMARY, PrimaryConditions, intact_strip
from mtor_abm.scenario import Scenario

SMALL = {
    "primary.length_sites": 10, "primary.tumour_sites": 4, "primary.stroma_sites": 3,
}  # fmt: skip
ONE_DAY = PrimaryConditions(days=1.0)


def scenario(**changes):
    return Scenario.from_tables().changed(SMALL | changes)


def test_starts_from_an_intact_membrane_whatever_the_scenario_settles():
    strip = intact_strip(scenario(**{"primary.settle_days": 3.0}), 1)
    assert (strip.barrier.left == 1.0)[strip.barrier.kind > 0].all()
    assert strip.n_shed == 0


def test_without_mmp9_nothing_is_digested_breached_or_shed():
    changes = {"primary.mmp9_nM_per_s": 0.0, "primary.membrane_thickness_um": 5.0}
    found = PRIMARY.measure(scenario(**changes), 1, ONE_DAY)
    assert found["mmp9_nM"] == 0.0
    assert found["membrane_left"] == found["matrix_left"] == 1.0
    assert found["breached_share"] == found["shed_per_d_per_mm"] == found["invaded_per_mm"] == 0.0


def test_readouts_are_those_declared_and_repeat():
    found = PRIMARY.measure(scenario(), 3, ONE_DAY)
    assert found.keys() == PRIMARY.readouts.keys()
    assert all(np.isfinite(list(found.values())))
    assert found == PRIMARY.measure(scenario(), 3, ONE_DAY)


def test_drugs_in_the_medium_and_genes_act_on_mmp9_by_its_weights():
    untreated = PRIMARY.measure(scenario(), 1, ONE_DAY)
    rapalog = PRIMARY.measure(scenario(), 1, PrimaryConditions(days=1.0, rapamycin_nM=100.0))
    dual = PRIMARY.measure(scenario(), 1, PrimaryConditions(days=1.0, osi_027_nM=1e5))
    assert rapalog["s6k"] < 0.1 * untreated["s6k"]
    assert rapalog["akt_s473"] > untreated["akt_s473"]
    assert dual["mmp9_nM"] < rapalog["mmp9_nM"] < untreated["mmp9_nM"]
    # without either arm only the place of the cells differs, not what each makes
    only_base = {"primary.mmp9_on_s6k": 0.0, "primary.mmp9_on_4ebp1": 0.0}
    a, b = (
        PRIMARY.measure(scenario(**only_base), 1, PrimaryConditions(days=1.0, osi_027_nM=dose))
        for dose in (0.0, 1e5)
    )
    assert a["mmp9_nM"] == pytest.approx(b["mmp9_nM"], rel=0.25)
