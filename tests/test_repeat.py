"""`run --from MANIFEST`: the same run from its manifest alone, with the same bytes."""

import json
import shutil

import pytest
from test_runner import tables

from mtor_abm import cli
from mtor_abm.manifest import sealed
from mtor_abm.runner import batch
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.repeat import recorded
from mtor_abm.scenario import Scenario

MARROW = Scenario.from_tables(
    {
        "title": "Half a day",
        "run": {"days": 0.5, "seeds": "7-9"},
        "output": {"cells_at_days": [0.5]},
        "geometry": {"nx": 40, "ny": 40},
        "inoculum": {"cells": 10, "clusters": 2},
        "genes": {"tumour": {"PTEN": 0.5}},
        "drugs": {"rapamycin": {"dose_mg_per_kg": 2.0, "start_day": 0.25}},
    },
    name="half_a_day",
)
NAME = "half_a_day__seed_0007"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run as somebody else may have made it."""
    out = tmp_path_factory.mktemp("made") / "s"
    run_study([MARROW], [7], out, jobs=1)
    return out / NAME


@pytest.fixture
def alone(run, tmp_path):
    """Its manifest, sent by mail."""
    return shutil.copy(run / "manifest.json", tmp_path / "sent.json")


def edit(path, change):
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(sealed(manifest)))


def repeated(manifest, out, *options):
    return cli.main(["run", "--from", str(manifest), "--out", str(out), *options])


def test_the_manifest_alone_gives_the_same_bytes(run, alone, tmp_path, capsys):
    assert recorded(alone).scenario == MARROW
    assert repeated(alone, tmp_path / "o", "--name", "n") == 0
    said = capsys.readouterr()
    assert f"bytes        all 5 files are those of {alone}" in said.out
    assert said.err.startswith("again: half_a_day, seed 7\n")
    assert tables(tmp_path / "o" / "n" / NAME) == tables(run)
    assert repeated(run, tmp_path / "o", "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["differing"], row["made_otherwise"], row["n_files"]) == ([], [], 5)
    assert tables(tmp_path / "o" / "s_again" / NAME) == tables(run)


def test_other_bytes_by_equal_sources_are_a_failure(alone, tmp_path, capsys):
    edit(alone, lambda m: m["files"]["events.csv"].update(sha256="0" * 64))
    edit(alone, lambda m: m["files"].pop("timeseries.csv"))
    assert repeated(alone, tmp_path / "o") == 1
    out = capsys.readouterr().out
    assert "2 files of 4 differ" in out and ": events.csv, timeseries.csv" in out
    assert "the sources are equal" in out


def test_other_sources_are_said_first_and_excuse_other_bytes(alone, tmp_path, capsys):
    edit(alone, lambda m: m["identity"].update(sources="feedbeef"))
    edit(alone, lambda m: m["versions"].update(numpy="1.0"))
    edit(alone, lambda m: m["files"]["events.csv"].update(sha256="0" * 64))
    assert repeated(alone, tmp_path / "o") == 0
    said = capsys.readouterr()
    first = said.err.splitlines()[0]
    assert "other sources of mtor_abm (feedbeef, here " in first
    assert "numpy (1.0, here " in first and first.endswith("its bytes may differ")
    assert "1 file of 5 differ" in said.out and "other sources of mtor_abm" in said.out


def test_a_run_that_failed_is_repeated_without_comparing(alone, tmp_path, capsys):
    edit(alone, lambda m: m.update(status="failed", error="MemoryError: none left", files={}))
    assert repeated(alone, tmp_path / "o") == 0
    said = capsys.readouterr()
    assert "seed 7, which failed with MemoryError: none left" in said.err
    assert "nothing to compare" in said.out


def test_a_run_made_again_before_is_kept(alone, tmp_path, capsys, monkeypatch):
    assert repeated(alone, tmp_path / "o") == 0
    monkeypatch.setattr(batch, "carry_out", lambda waiting, *_: (_ for _ in waiting))
    assert repeated(alone, tmp_path / "o") == 0
    assert "made before and is kept (--force runs it again)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["vehicle"], "leave out SCENARIO"),
        (["--seeds", "1"], "leave out --seeds"),
        (["-S", "run.days=3"], "leave out -S"),
        (["--days", "3"], "leave out --days"),
    ],
)
def test_what_would_change_the_run_is_refused(alone, tmp_path, capsys, options, words):
    assert repeated(alone, tmp_path / "o", *options) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_run_is_not_repeated_upon_itself(run, capsys):
    before = tables(run)
    assert repeated(run, run.parent.parent, "--name", run.parent.name, "--force") == 2
    assert "holds the run that is to be repeated" in capsys.readouterr().err
    assert tables(run) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m["parameters"]["run"].update(dais=3), "unknown key 'dais'"),
        (lambda m: m["parameters"].update(run=3), "run"),
        (lambda m: m["parameters"]["run"].update(days=[None]), "is damaged (parameters: "),
        (lambda m: m.update(seed=-3), "seed"),
        (lambda m: m["parameters"].update(name="../x"), "../x"),
        (lambda m: m.update(parameters=None), "parameters: missing"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_line(alone, tmp_path, capsys, change, words):
    edit(alone, change)
    assert repeated(alone, tmp_path / "o") == 2
    said = capsys.readouterr()
    assert words in said.err.splitlines()[-1] and "Traceback" not in said.err and not said.out
    assert not list((tmp_path / "o").rglob("*.csv"))


def test_a_manifest_of_another_format_is_one_line(alone, tmp_path, capsys):
    alone.write_text(alone.read_text().replace('"mtor_abm run 2"', '"mtor_abm run 9"'))
    assert repeated(alone, tmp_path / "o") == 2
    assert "this version reads 'mtor_abm run 2'" in capsys.readouterr().err


def test_another_seed_gives_other_bytes(run, alone, tmp_path, capsys):
    """So that equal bytes say something."""
    edit(alone, lambda m: m.update(seed=8, identity=m["identity"] | {"seed": 8}))
    assert repeated(alone, tmp_path / "o") == 1
    said = capsys.readouterr().out
    assert "4 files of 5 differ" in said
