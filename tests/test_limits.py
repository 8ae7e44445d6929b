"""Scenarios with values at their limits end cleanly, or are refused in one line.

A fixed sample; MTOR_ABM_LIMITS=400 tries that many.
"""

import os
import random
from contextlib import suppress

import numpy as np
import pytest
from invariants import check_all

from mtor_abm.errors import UserError
from mtor_abm.genes import Genes
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.observe import Observer
from mtor_abm.scenario import CELLS, GROUPS, MODEL, Scenario

TRIALS = int(os.environ.get("MTOR_ABM_LIMITS", "40"))
STEPS = 5
MARROW = {
    "run": {"days": 2.0},
    "geometry": {"nx": 30, "ny": 30},
    "inoculum": {"cells": 15, "clusters": 3},
    "osteoclast": {"precursors_per_mm2": 1000.0},
    "drugs": {"rapamycin": {"dose_mg_per_kg": 1.5, "route": "ip", "every_h": 24.0}},
}
LEFT_OUT = (
    "nx",
    "ny",
    "dx_um",
    "file",
    "file_sha256",
    "settle_days",
)  # images, and what takes long


def limits():
    """Every parameter with the values at its limits, by dotted key."""
    tables = {**GROUPS, **{f"fields.{key}": group for key, group in MODEL.fields.items()}}
    for table, group in tables.items():
        for row in group.rows():
            ends = [end for end in (row["low"], row["high"]) if end is not None]
            if ends and row["key"] not in LEFT_OUT:
                yield f"{table}.{row['key']}", ends


LIMITS = dict(limits())


def at_limits(rng):
    """An accepted scenario with some values at their limits; those that contradict are left out."""
    scenario = Scenario.from_tables(MARROW)
    genes = [f"genes.{cell}.{gene}" for cell in CELLS for gene in Genes.model_fields]
    for key in rng.sample(sorted(LIMITS), rng.choice((1, 3, 10, 40))) + rng.sample(genes, 3):
        value = rng.choice(LIMITS.get(key, (0.0, 2.0)))
        with suppress(UserError):
            scenario = scenario.changed({key: value})
    if rng.random() < 0.3:
        step_h = rng.choice((0.05, 6.0))
        scenario = scenario.changed({"run.step_h": step_h, "output.every_h": 6.0})
    return scenario


@pytest.mark.skipif(JIT_IS_OFF, reason="hundreds of hours in plain Python take minutes")
@pytest.mark.parametrize("number", range(TRIALS))
def test_a_scenario_at_its_limits_ends_cleanly_or_is_refused(number):
    scenario = at_limits(random.Random(number))
    try:
        model = MarrowModel(scenario, seed=1)
    except UserError as fault:
        assert all(line.isprintable() for line in fault.faults)
        return
    observer = Observer()
    observer.row(model)
    check_all(model)
    for _ in range(STEPS):
        model.step()
        check_all(model)
    row = observer.row(model)
    assert not any(np.isinf(value) for value in row.values())
    for share in ("bv_tv", "perfused_share", "s6k_tumour", "p4ebp1_tumour"):
        assert not row[share] < 0.0 and not row[share] > 1.0, share
