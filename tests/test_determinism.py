"""The same seed gives the same bytes, whatever the order of rows, scenarios and jobs.

A drug without effect changes nothing, and a drug changes nothing before its first dose.
"""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from mtor_abm import observe, snapshots
from mtor_abm.cells.population import Population
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.runner.batch import run_study
from mtor_abm.scenario import Scenario

TINY = {
    "run": {"days": 4.0},
    "geometry": {"nx": 32, "ny": 32},
    "inoculum": {"cells": 20, "clusters": 3},
    "osteoclast": {"precursors_per_mm2": 1000.0, "commitment_rate_per_h": 0.1},
    "osteoblast": {"call_rate_per_h": 0.01},
    "tumour": {"vegf_nM_per_s": 0.01},
    "body": {"primary_cells": 1e8},
    "circulating": {"capture_rate_per_h": 1.0},
}
EVERY_DRUG = {
    "rapamycin": "ip", "everolimus": "po", "temsirolimus": "ip", "osi_027": "po", "oxa_01": "po",
    "amd3100": "sc", "opg_fc": "sc", "zoledronate": "sc",
}  # fmt: skip


def scenario(name="vehicle", **tables):
    return Scenario.from_tables(TINY | tables, name=name)


def run(tables, seed=3, steps=96, prepare=None):
    """A model of TINY and these tables after so many steps, with its events."""
    model = MarrowModel(scenario(**tables), seed=seed)
    if prepare:
        prepare(model)
    for _ in range(steps):
        model.step()
    return model


def state(model):
    """Everything a model is, as name -> array; cells in the order of their rows."""
    s = model.surroundings
    parts = {f"layer {name}": getattr(s.world, name) for name in s.world._fields}
    n_fields = len(observe.FIELDS)  # a drug that is given adds fields of its own after these
    for name in ("level", "source", "uptake"):
        parts[f"layer {name}"] = parts[f"layer {name}"][:n_fields]
    for name, tissue in s.tissues.items():
        cells = tissue.population
        for column in (*cells.cells._fields, *cells.signals._fields):
            parts[f"{name} {column}"] = cells.column(column)
        for column, values in cells.extra.items():
            parts[f"{name} {column}"] = values[: cells.n]
    for column, values in model.take_events().items():
        parts[f"event {column}"] = np.asarray(values, dtype=str)
    parts["primary"] = np.array([model.body.cells])
    parts["tally"] = np.array(sorted(s.tally.items()), dtype=str)
    return {name: np.array(values) for name, values in parts.items()}


def differences(one, other):
    """Names of what is not byte for byte the same."""
    assert one.keys() == other.keys()
    return [
        n for n, a in one.items() if a.shape != other[n].shape or a.tobytes() != other[n].tobytes()
    ]


def dosed(dose, start_day=0.0):
    return {
        drug: {"dose_mg_per_kg": dose, "route": route, "every_h": 24.0, "start_day": start_day}
        for drug, route in EVERY_DRUG.items()
    }


def test_same_seed_same_bytes_other_seed_other_marrow(hours):
    steps = hours(96, 3)
    one, again, other = (state(run({}, seed, steps)) for seed in (3, 3, 4))
    assert differences(one, again) == []
    assert "layer ground" in differences(one, other)
    assert "event uid" in differences(one, other) or JIT_IS_OFF


def test_observing_changes_nothing(hours):
    plain = MarrowModel(scenario(), seed=3)
    watched = MarrowModel(scenario(), seed=3)
    watcher = observe.Observer()
    for _ in range(hours(48, 2)):
        plain.step()
        watched.step()
        observe.row(watched)
        watcher.row(watched)
        snapshots.cells_table(watched)
        snapshots.fields_table(watched)
    assert differences(state(plain), state(watched)) == []


def test_a_dose_of_zero_leaves_every_byte_as_it_is(hours):
    steps = hours(96, 3)
    control, treated = run({}, steps=steps), run({"drugs": dosed(0.0)}, steps=steps)
    assert treated.surroundings.fields.level.shape[0] > control.surroundings.fields.level.shape[0]
    rows = [observe.row(model) for model in (control, treated)]
    assert {k: v for k, v in rows[0].items() if rows[1][k] != v and v == v} == {}
    assert differences(state(control), state(treated)) == []


@pytest.mark.parametrize("drug", EVERY_DRUG)
def test_a_drug_changes_nothing_before_its_first_dose_and_something_after(drug, hours):
    first_h, more = hours(48, 1), hours(48, 2)
    models = [MarrowModel(scenario(), seed=3)]
    dose = {"dose_mg_per_kg": 20.0, "route": EVERY_DRUG[drug], "start_day": first_h / 24.0}
    models.append(MarrowModel(scenario(drugs={drug: dose}), seed=3))
    before, after = [], []
    for model in models:
        for _ in range(first_h):
            model.step()
        before.append(state(model))
        for _ in range(more):
            model.step()
        after.append(state(model))
    assert differences(*before) == []
    assert differences(*after) != []


def shuffle_rows(model, seed=0):
    """Put the rows of every population in another order."""
    draws = np.random.default_rng(seed)
    for tissue in model.tissues.values():
        cells: Population = tissue.population
        order = draws.permutation(cells.n)
        for column in (*cells.cells, *cells.signals, *cells.extra.values()):
            column[: cells.n] = column[order]


def by_uid(model):
    """The state with cells sorted by identity and events by time, kind and identity."""
    parts = state(model)
    for name, tissue in model.tissues.items():
        order = np.argsort(tissue.population.column("uid"))
        for part in parts:
            if part.startswith(f"{name} "):
                parts[part] = parts[part][order]
    keys = [parts[f"event {k}"] for k in ("uid", "cell_type", "event", "time_h")]
    order = np.lexsort(keys)
    return {k: v[order] if k.startswith("event ") else v for k, v in parts.items()}


def test_the_order_of_rows_does_not_matter(hours):
    """Shuffled at every step. Exempt: which of an osteoclast's nuclei came first is not kept."""
    plain, shuffled = (MarrowModel(scenario(drugs=dosed(2.0)), seed=3) for _ in range(2))
    for step in range(hours(96, 3)):
        shuffle_rows(shuffled, step)
        plain.step()
        shuffled.step()
    assert differences(by_uid(plain), by_uid(shuffled)) == []


def files(folder):
    """sha256 of every table of a study, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.csv"))
    }


@pytest.mark.skipif(JIT_IS_OFF, reason="the runner is the same with kernels as plain Python")
def test_files_do_not_depend_on_jobs_nor_on_the_order_of_scenarios(tmp_path):
    arms = [
        scenario(
            "vehicle", output={"every_h": 6.0, "cells_at_days": [1.0], "fields_at_days": [2.0]}
        ),
        scenario("rapamycin", drugs={"rapamycin": dosed(2.0)["rapamycin"]}),
    ]
    arms = [arm.changed({"run.days": 2.0}) for arm in arms]
    first = run_study(arms, [1, 2], tmp_path / "a", jobs=1)
    second = run_study(arms[::-1], [2, 1], tmp_path / "b", jobs=2)
    assert not first.failed and not second.failed
    one, other = files(tmp_path / "a"), files(tmp_path / "b")
    assert one == other
    assert sum(name.endswith("timeseries.csv") for name in one) == 4
    assert sum("/cells/" in name for name in one) >= 2


TWIN = """
import json, sys
import numpy as np
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.scenario import Scenario
tables, steps = json.loads(sys.argv[1])
model = MarrowModel(Scenario.from_tables(tables), seed=3)
for _ in range(steps):
    model.step()
signals = {
    f"{n} {c}": t.population.column(c)
    for n, t in model.tissues.items() for c in ("s6k", "p4ebp1", "akt_s473", "site", "uid")
}
events = {f"event {k}": np.asarray(v, dtype=str) for k, v in model.take_events().items()}
w = model.surroundings.world
np.savez(sys.argv[2], off=JIT_IS_OFF, level=w.level, mineral=w.mineral, ground=w.ground,
         occupant=w.occupant, vessel=w.vessel, **signals, **events)
"""


@pytest.mark.skipif(JIT_IS_OFF, reason="compares both ways itself")
def test_with_jit_off_the_same_events_and_fields_to_rounding(tmp_path):
    steps = 12
    tables = TINY | {
        "geometry": {"nx": 32, "ny": 32},
        "primary": {"length_sites": 16, "settle_days": 0.5},  # days of it take minutes uncompiled
        "drugs": {"rapamycin": dosed(2.0)["rapamycin"], "osi_027": dosed(20.0)["osi_027"]},
    }
    runs = []
    for name, off in (("on", "0"), ("off", "1")):
        subprocess.run(
            [sys.executable, "-c", TWIN, json.dumps([tables, steps]), str(tmp_path / name)],
            env=os.environ | {"NUMBA_DISABLE_JIT": off},
            check=True,
        )
        runs.append(np.load(tmp_path / f"{name}.npz"))
    on, off = runs
    assert not on["off"] and off["off"]
    assert set(on.files) == set(off.files)
    assert len(on["event uid"]) > 0
    for name in on.files:
        if name == "off":
            continue
        if on[name].dtype.kind == "f":
            scale = np.abs(on[name]).max(axis=-1, keepdims=True, initial=1e-12)
            assert np.allclose(on[name] / scale, off[name] / scale, rtol=0, atol=2e-4), name
        else:
            assert np.array_equal(on[name], off[name]), name
