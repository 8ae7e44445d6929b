"""Manifests and run folders that are not what a run wrote: seen by whoever reads them."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_runner import study
from toy_marrow import ToyOutput, ToyScenario

from mtor_abm.analysis.gather import gather
from mtor_abm.manifest import (
    MANIFEST,
    OLDER_FORMAT,
    SEAL,
    SNAPSHOT_NAME,
    SNAPSHOTS,
    DamagedRunError,
    read_manifest,
    sealed,
    snapshot_name,
)
from mtor_abm.store import StoreError, read_run

TOY = ToyScenario()
ONE, TWO = "vehicle__seed_0001", "vehicle__seed_0002"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "s"
    study([TOY, ToyScenario("drug", drug=0.5)], out)
    return out


@pytest.fixture
def out(made, tmp_path):
    shutil.copytree(made, tmp_path / "s")
    return tmp_path / "s"


@given(step_h=st.sampled_from([0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0]), step=st.integers(0, 100_000))
def test_every_snapshot_has_a_name_that_a_run_may_have(step_h, step):
    kind, _, name = snapshot_name("cells", step * step_h / 24.0).partition("/")
    assert kind in SNAPSHOTS and SNAPSHOT_NAME.fullmatch(name)


def test_snapshots_at_any_hour_are_read_back(tmp_path):
    """Days that two decimals cannot tell: a run with them is whole, not damaged."""
    hours = (7, 8, 36)
    days = tuple(hour / 24.0 for hour in hours)
    study([ToyScenario(output=ToyOutput(cells_at_days=days))], tmp_path)
    run = read_run(tmp_path / ONE)
    assert [len(run.table(snapshot_name("cells", day))) > 0 for day in days] == [True] * 3
    assert sorted(path.name for path in (tmp_path / ONE / "cells").iterdir()) == [
        "day_000.291667.csv", "day_000.333333.csv", "day_001.50.csv",
    ]  # fmt: skip


def forged(path, **changes):
    """A manifest changed by someone who knows how to seal it."""
    content = {k: v for k, v in json.loads(path.read_text()).items() if k != SEAL}
    path.write_text(json.dumps(sealed(content | changes)))


def test_any_digit_of_a_manifest_that_changes_is_seen(made, tmp_path):
    """Every digit, one after the other."""
    text = (made / ONE / MANIFEST).read_text()
    path = tmp_path / MANIFEST
    places = [i for i, letter in enumerate(text) if letter.isdigit()]
    assert len(places) > 300
    for i in places:
        path.write_text(text[:i] + str((int(text[i]) + 1) % 10) + text[i + 1 :])
        with pytest.raises(StoreError):
            read_manifest(path)
    path.write_text(text)
    read_manifest(path)


def test_a_copied_run_counts_no_seed_twice(out):
    shutil.copytree(out / ONE, out / "vehicle__seed_0003")
    with pytest.raises(DamagedRunError, match="copied or renamed"):
        gather(out)
    with pytest.raises(DamagedRunError, match="copied or renamed"):
        read_run(out / "vehicle__seed_0003")
    shutil.copytree(out / ONE, out / "elsewhere")  # not the name of another run
    assert read_run(out / "elsewhere").seed == 1


def test_exchanged_seeds_and_arms_are_damage_that_resume_mends(out):
    whole = {name: (out / name / "summary.csv").read_bytes() for name in (ONE, TWO)}
    (out / ONE).rename(out / "x")
    (out / TWO).rename(out / ONE)
    (out / "x").rename(out / TWO)
    with pytest.raises(DamagedRunError, match="--resume"):
        study([TOY], out)
    result = study([TOY], out, resume=True)
    assert [run.status for run in result.runs] == ["done", "done"]
    assert {name: (out / name / "summary.csv").read_bytes() for name in whole} == whole


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": "a\nb"}, {"scenario": "=HYPERLINK(1)"}, {"scenario": ""}, {"seed": True},
        {"seed": -1}, {"seed": 1.0}, {"status": "done"}, {"identity": {}}, {"parameters": {}},
        {"parameters": {"run": 3}}, {"files": {"../evil.csv": {"sha256": "0" * 64, "bytes": 1}}},
        {"files": {"events.csv": {"sha256": "0", "bytes": 1}}},
        {"files": {"events.csv": {"sha256": "0" * 64, "bytes": "1"}}},
        {"begun_at_step": "x"}, {"n_steps": [1]}, {"wall_s": "long"}, {"error": 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_that_no_run_writes_is_damaged_even_if_it_is_sealed(out, changes):
    forged(out / ONE / MANIFEST, **changes)
    with pytest.raises(DamagedRunError):
        read_run(out / ONE)


def test_an_identity_of_another_seed_is_damage(out):
    identity = json.loads((out / ONE / MANIFEST).read_text())["identity"]
    forged(out / ONE / MANIFEST, identity=identity | {"seed": 7})
    with pytest.raises(DamagedRunError, match="identity of another"):
        read_run(out / ONE)


def test_runs_of_the_version_before_are_still_read(out):
    path = out / ONE / MANIFEST
    content = {k: v for k, v in json.loads(path.read_text()).items() if k != SEAL}
    path.write_text(json.dumps(content | {"format": OLDER_FORMAT}))
    assert read_run(out / ONE).seed == 1
    path.write_text(json.dumps(content))  # of this version, and without a seal
    with pytest.raises(DamagedRunError, match="changed after"):
        read_run(out / ONE)


def test_arms_whose_names_look_alike_may_share_a_study(tmp_path):
    """The name of one matched a pattern made from the other: every 0000 stood for anything."""
    study([ToyScenario("dose_10001", drug=0.9)], tmp_path / "s")
    result = study([ToyScenario("dose_10000", drug=0.8)], tmp_path / "s")
    assert [run.status for run in result.runs] == ["done", "done"]
