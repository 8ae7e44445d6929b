"""Runs that are put down and taken up again, and runs that share a trunk: the same bytes."""

import hashlib
import json
import os
import pickle
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_runner import tables
from toy_marrow import ToyEngine, ToyOutput, ToyScenario, toy_trunk

from mtor_abm.provenance import identity
from mtor_abm.runner import checkpoint, single
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.checkpoint import FORMAT, OLDER, UnusableCheckpointError, kept, step_of
from mtor_abm.runner.frozen import UnreadableError, freeze, thaw
from mtor_abm.runner.plan import Parting
from mtor_abm.runner.single import MarrowEngine, StoppedError, run_one
from mtor_abm.scenario import Scenario
from mtor_abm.store import CHECKPOINT, read_run

TOY = ToyScenario(output=ToyOutput(cells_at_days=(0.5, 1.5), fields_at_days=(1.0,)))
MARROW = Scenario.from_tables(
    {
        "run": {"days": 1.0},
        "output": {"every_h": 6.0, "cells_at_days": [0.5], "fields_at_days": [0.25]},
        "geometry": {"nx": 48, "ny": 48},
        "inoculum": {"cells": 12, "clusters": 2},
        "body": {"primary_cells": 1e8},
        "drugs": {"rapamycin": {"dose_mg_per_kg": 2.0, "every_h": 12.0, "start_day": 0.25}},
    },
    name="toy",
)


def stopped(scenario, folder, after, engine=ToyEngine, seed=1):
    """A run that put down a checkpoint after each step and was stopped after this many."""
    seen = []
    with pytest.raises(StoppedError):
        run_one(
            scenario, seed, folder, engine=engine, checkpoint_every_s=0.0,
            progress=seen.append, should_stop=lambda: len(seen) >= after,
        )  # fmt: skip
    assert [path.name for path in folder.iterdir()] == [CHECKPOINT]


@given(after=st.integers(1, 47), again=st.integers(1, 47), chunk=st.sampled_from([1, 7, 20_000]))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_a_run_put_down_at_any_steps_gives_the_bytes_of_one_that_was_not(
    tmp_path_factory, after, again, chunk
):
    base = tmp_path_factory.mktemp("put_down")
    whole = run_one(TOY, 1, base / "a", engine=ToyEngine).folder
    folder = base / "b"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(single, "EVENTS_PER_CHUNK", chunk)
        stopped(TOY, folder, after)
        if after + again < 48:
            stopped(TOY, folder, again)  # as many steps further
            after += again
        result = run_one(TOY, 1, folder, engine=ToyEngine)
    assert (result.status, result.begun_at_step) == ("done", after)
    assert tables(folder) == tables(whole)
    assert read_run(folder).manifest["files"] == read_run(whole).manifest["files"]
    read_run(folder).verify()


def test_the_marrow_goes_on_with_the_same_bytes(tmp_path):
    whole = run_one(MARROW, 3, tmp_path / "a").folder
    folder = tmp_path / "b"
    stopped(MARROW, folder, 7, engine=MarrowEngine, seed=3)
    assert run_one(MARROW, 3, folder).begun_at_step == 7
    assert tables(folder) == tables(whole)
    assert len(tables(whole)) == 6  # scenario, three tables, two snapshots


def test_what_is_no_checkpoint_of_this_run_is_not_opened(tmp_path, monkeypatch):
    """Nothing of a wrong file gets as far as `thaw`."""
    whole = tables(run_one(TOY, 1, tmp_path / "a", engine=ToyEngine).folder)
    folder = tmp_path / "b"
    mine = identity(TOY.identity_hash(), 1)

    def told(reason):
        with pytest.raises(UnusableCheckpointError, match=reason):
            kept(folder / CHECKPOINT, mine)
        result = run_one(TOY, 1, folder, engine=ToyEngine)
        assert (result.status, result.begun_at_step) == ("done", 0)
        assert tables(folder) == whole

    stopped(TOY, folder, 9)
    path = folder / CHECKPOINT
    assert step_of(path, mine) == 9
    content = path.read_bytes()
    head = content.index(b"\n")

    def never(*_):
        raise AssertionError("opened")

    monkeypatch.setattr(checkpoint, "thaw", never)
    for damaged, reason in (
        (content[:-1], "damaged"),
        (content[:-1] + bytes([content[-1] ^ 1]), "damaged"),
        (content[head + 1 :], "damaged"),
        (b"", "damaged"),
        (b"{}\n", "of another format"),
        (content.replace(b"checkpoint 2", b"checkpoint 9", 1), "of another format"),
        (content.replace(b"checkpoint 2", b"checkpoint 1", 1), "of an older version"),
        (content.replace(b'"step": 9', b'"step": []', 1), "damaged"),
    ):
        folder.mkdir(exist_ok=True)
        path.write_bytes(damaged)
        told(reason)
    stopped(TOY.but(noise=0.02), folder, 9)
    told("of other parameters")
    told("absent")


class Trap:
    """What makes a pickle run a program when it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


@pytest.mark.parametrize("form", [OLDER, FORMAT])
def test_a_checkpoint_from_a_stranger_runs_no_code(tmp_path, form):
    """Its head is right in everything: identity and checksum can be made by anyone."""
    folder, mark = tmp_path / "a", tmp_path / "code_was_run"
    stopped(TOY, folder, 9)
    mine = identity(TOY.identity_hash(), 1)
    content = pickle.dumps(Trap(str(mark)))
    head = {"format": form, "step": 9, "identity": mine, "packed": False, "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip
    (folder / CHECKPOINT).write_bytes(json.dumps(head).encode() + b"\n" + content)
    result = run_one(TOY, 1, folder, engine=ToyEngine)
    assert (result.status, result.begun_at_step) == ("done", 0)
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["subprocess:Popen", "mtor_abm.cli:Parser", "mtor_abm.runner.pool:PlannedRun",
             "mtor_abm.__main__:x", "builtins:type"],
)  # fmt: skip
def test_only_classes_of_the_model_are_looked_up(name):
    nodes = [["object", name, [1]], ["dict", []]]
    text = json.dumps({"root": [0], "nodes": nodes}).encode()
    with pytest.raises(UnreadableError, match="is not a class"):
        thaw(len(text).to_bytes(8, "little") + text, checkpoint.decides_a_run)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
ARRAYS = st.sampled_from(["<f4", "<f8", "<i8", "|u1", "|b1", "<U3"]).flatmap(
    lambda dtype: st.lists(st.integers(0, 1), max_size=6).map(lambda v: np.array(v, dtype=dtype))
)


@settings(max_examples=50, deadline=None)
@given(st.recursive(
    PLAIN | ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner)
    | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_what_is_frozen_is_thawed_to_the_same_bytes(value):
    assert freeze(thaw(freeze(value), lambda module: False)) == freeze(value)
    assert type(thaw(freeze(value), lambda module: False)) is type(value)


def test_what_is_one_object_stays_one_object():
    shared, circle = np.asfortranarray(np.arange(6.0).reshape(2, 3)), []
    circle.append(circle)
    value = [shared, shared, circle, Counter("aab"), defaultdict(list, {1: [2]}), np.float32(0.1),
             np.array(["a", None], dtype=object), frozenset({1}), {2}, np.int64]  # fmt: skip
    a, b, c, *rest = thaw(freeze(value), lambda module: False)
    assert a is b and np.array_equal(a, shared) and a.flags.f_contiguous and a.flags.writeable
    assert c[0] is c
    assert rest[0] == Counter("aab") and rest[1][7] == [] and rest[1][1] == [2]
    assert type(rest[2]) is np.float32 and rest[2] == np.float32(0.1)
    assert rest[3].tolist() == ["a", None] and rest[4:] == [frozenset({1}), {2}, np.int64]


@pytest.mark.parametrize("value", [len, lambda: 0, object(), open, defaultdict(len)])
def test_what_has_no_place_in_a_checkpoint_is_refused(value):
    with pytest.raises(TypeError):
        freeze({"a": [value]})


def test_no_checkpoint_is_left_by_a_run_that_ends_well_or_badly(tmp_path):
    done = run_one(TOY, 1, tmp_path / "a", engine=ToyEngine, checkpoint_every_s=0.0)
    failed = run_one(
        TOY.but(fault="crash"), 1, tmp_path / "b", engine=ToyEngine,
        checkpoint_every_s=0.0,
    )  # fmt: skip
    assert (done.status, failed.status) == ("done", "failed")
    assert not list(tmp_path.rglob(CHECKPOINT))


# ----------------------------------------------------------------------------------------- trunks
ARMS = [TOY.but(name=n, drug=d, drug_from_step=24) for n, d in (("vehicle", 1.0), ("drug", 0.2))]


def branched(out, store, arms=ARMS, **options):
    parting = Parting(1.0, store, toy_trunk)
    return run_study(arms, None, out, engine=ToyEngine, parting=parting, **({"jobs": 1} | options))


@pytest.mark.parametrize("jobs", [1, 2])
def test_arms_that_share_a_trunk_are_those_run_from_the_start(tmp_path, jobs):
    run_study(ARMS, None, tmp_path / "whole", jobs=1, engine=ToyEngine)
    study = branched(tmp_path / "shared", tmp_path / "trunks", jobs=jobs)
    assert [run.begun_at_step for run in study.runs] == [24] * 4
    assert tables(tmp_path / "shared") == tables(tmp_path / "whole")
    assert len(list((tmp_path / "trunks").iterdir())) == 2  # one a seed, not one an arm
    again = branched(tmp_path / "again", tmp_path / "trunks", [ARMS[1].but(drug=0.7)])
    assert [run.begun_at_step for run in again.runs] == [24] * 2


def test_a_trunk_that_is_damaged_or_cannot_grow_costs_time_only(tmp_path):
    run_study(ARMS, None, tmp_path / "whole", jobs=1, engine=ToyEngine)
    branched(tmp_path / "first", tmp_path / "trunks")
    for path in (tmp_path / "trunks").rglob(CHECKPOINT):
        path.write_bytes(path.read_bytes()[:-5])
    branched(tmp_path / "second", tmp_path / "trunks")
    assert tables(tmp_path / "second") == tables(tmp_path / "whole")
    crashing = [arm.but(fault="crash") for arm in ARMS]
    study = branched(tmp_path / "third", tmp_path / "other", crashing)
    assert [run.status for run in study.failed] == ["failed"] * 4
    assert "after step 10 of 48" in (study.failed[0].folder / "run.log").read_text()
