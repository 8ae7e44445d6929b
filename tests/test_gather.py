"""Long tables of a whole study: every row once, in order, as it was written."""

import json
import shutil

import pandas as pd
import pytest
from toy_marrow import ToyColumn, ToyEngine, ToyOutput, ToyScenario

from mtor_abm import cli
from mtor_abm.analysis import parquet
from mtor_abm.analysis.compare import compare
from mtor_abm.analysis.gather import gather
from mtor_abm.errors import UserError
from mtor_abm.events import EVENT_COLUMNS
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.study_folder import find_runs
from mtor_abm.store import MANIFEST, read_run
from mtor_abm.tidy_csv import csv_text

VEHICLE = ToyScenario("vehicle")
DRUG = ToyScenario("rapamycin", drug=0.5, noise=0.02)
SEEDS = [1, 2, 3]


def study(out, *scenarios, engine=ToyEngine):
    run_study(scenarios or (VEHICLE, DRUG), SEEDS, out, jobs=1, engine=engine)
    return out


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return study(tmp_path_factory.mktemp("out") / "demo")


def by_pandas(folder, name):
    """The plain way: every table read, keys put before it, all of them one below the other."""
    frames = []
    for place in find_runs(folder):
        run = read_run(place)
        frame = run.table(name)
        frame.insert(0, "scenario", run.scenario)
        frame.insert(1, "seed", run.seed)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("name", ["timeseries.csv", "summary.csv", "events.csv"])
def test_long_tables_are_those_that_pandas_makes(demo, tmp_path, name):
    gathered = gather(demo, tmp_path, events=True)
    found = pd.read_csv(tmp_path / name)
    pd.testing.assert_frame_equal(found, by_pandas(demo, name))
    assert gathered.rows[tmp_path / name] == len(found) > 0
    assert gathered.n_runs == 6 and gathered.notes == []


def test_cells_are_copied_as_they_were_written(demo, tmp_path):
    gather(demo, tmp_path)
    lines = (tmp_path / "timeseries.csv").read_text().splitlines()
    of_run = (demo / "vehicle__seed_0002" / "timeseries.csv").read_text().splitlines()
    assert lines[0] == "scenario,seed," + of_run[0]
    assert [line for line in lines if line.startswith("vehicle,2,")] == [
        f"vehicle,2,{line}" for line in of_run[1:]
    ]
    assert not (tmp_path / "events.csv").exists()


def test_effects_are_those_of_compare_with_the_first_scenario_as_control(demo, tmp_path):
    gathered = gather(demo, tmp_path)
    compare(demo / "vehicle", [demo / "rapamycin"], tmp_path)
    effects = (tmp_path / "effects.csv").read_text()
    assert effects == (tmp_path / "comparison.csv").read_text()
    assert effects.count("\n") == gathered.rows[tmp_path / "effects.csv"] + 1 > 5
    table = pd.read_csv(tmp_path / "effects.csv").set_index("readout")
    # log areas: the control varies by 0.01 times its luck, the drug by 0.02 times the same luck,
    # the pairs by the difference, 0.01 times it: (1 + 4) / 1
    worth = table["unpaired_over_paired_variance"]["tumour_area_mm2_final"]
    assert worth == pytest.approx(5.0, rel=1e-4)


def test_runs_that_are_not_complete_are_named(demo, tmp_path):
    shutil.copytree(demo, tmp_path / "s")
    (tmp_path / "s" / "rapamycin__seed_0003" / MANIFEST).unlink()
    study(tmp_path / "s", ToyScenario("crashes", fault="crash"))
    gathered = gather(tmp_path / "s")
    assert gathered.n_runs == 5
    assert gathered.text().startswith("5 runs gathered, 3 failed, 1 left: repeat the command")
    assert not gathered.is_whole and cli.main(["gather", str(tmp_path / "s")]) == 1
    assert gathered.notes == [
        "Left out of all tables: crashes__seed_0001, crashes__seed_0002, crashes__seed_0003 "
        "and 1 more run, not complete.",
        "rapamycin: seed 3 of vehicle alone is left out.",
    ]
    effects = pd.read_csv(tmp_path / "s" / "gathered" / "effects.csv")
    assert set(effects["n_pairs"]) == {2}


def test_arms_that_are_not_comparable_have_a_note_and_no_effects(tmp_path):
    wide = ToyScenario("wide", nx=40)
    gathered = gather(study(tmp_path / "s", VEHICLE, wide, DRUG))
    (note,) = gathered.notes
    assert note.startswith("No effects of wide: ") and "geometry.nx is 20 and 40" in note
    effects = pd.read_csv(tmp_path / "s" / "gathered" / "effects.csv")
    assert set(effects["treated"]) == {"rapamycin"}


class WiderEngine(ToyEngine):
    """One column more."""

    @staticmethod
    def columns():
        return {**ToyEngine.columns(), "extra": ToyColumn("extra", "1", "one more")}

    @staticmethod
    def row(model):
        return {**ToyEngine.row(model), "extra": 0}


def test_runs_with_other_columns_are_refused_and_nothing_is_left(tmp_path):
    study(tmp_path / "s", VEHICLE)
    study(tmp_path / "s", DRUG, engine=WiderEngine)
    # rapamycin comes first by name
    with pytest.raises(UserError, match=r"vehicle__seed_0001.* than rapamycin.*\(extra\)"):
        gather(tmp_path / "s")
    assert list((tmp_path / "s" / "gathered").iterdir()) == []


def test_a_damaged_table_is_refused(demo, tmp_path):
    shutil.copytree(demo, tmp_path / "s")
    (tmp_path / "s" / "vehicle__seed_0002" / "timeseries.csv").write_text("x\n1\n")
    with pytest.raises(UserError, match=r"vehicle__seed_0002/timeseries.csv is not what the run"):
        gather(tmp_path / "s")
    assert list((tmp_path / "s" / "gathered").iterdir()) == []


def test_only_tables_of_ours_are_replaced(demo, tmp_path):
    gather(demo, tmp_path)
    before = (tmp_path / "timeseries.csv").read_bytes()
    gather(demo, tmp_path)
    assert (tmp_path / "timeseries.csv").read_bytes() == before
    (tmp_path / "summary.csv").write_text("my own table\n")
    with pytest.raises(UserError, match=r"summary.csv was not written by gather"):
        gather(demo, tmp_path)
    assert (tmp_path / "summary.csv").read_text() == "my own table\n"


def test_runs_without_events_are_named(tmp_path):
    silent = ToyScenario("silent", output=ToyOutput(events=()))
    gathered = gather(study(tmp_path / "s", silent), events=True)
    assert "events.csv: silent__seed_0001" in gathered.notes[0]
    assert not (tmp_path / "s" / "gathered" / "events.csv").exists()
    gathered = gather(study(tmp_path / "s", VEHICLE), events=True)
    events = pd.read_csv(tmp_path / "s" / "gathered" / "events.csv")
    assert set(events["scenario"]) == {"vehicle"}


def test_parquet_holds_the_same(demo, tmp_path):
    pytest.importorskip("pyarrow")
    gathered = gather(demo, tmp_path, events=True, parquet=True)
    for name in ("timeseries", "summary", "events", "effects"):
        path = tmp_path / f"{name}.parquet"
        expected = pd.read_csv(tmp_path / f"{name}.csv")
        found = pd.read_parquet(path)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
        assert gathered.rows[path] == len(found)
    assert pd.read_parquet(tmp_path / "events.parquet")["uid"].dtype == "int64"


def test_parquet_knows_every_column_of_the_events(tmp_path):
    pytest.importorskip("pyarrow")
    row = {
        "time_h": [1.5], "event": ["death"], "cell_type": ["tumour"], "uid": [2**53 - 1],
        "parent_uid": [2**53 - 2], "clone": [7], "x_um": [None], "y_um": [2.5], "cause": ["NA"],
    }  # fmt: skip
    assert list(row) == list(EVENT_COLUMNS)
    (tmp_path / "events.csv").write_text(csv_text(row))
    found = pd.read_parquet(parquet.convert(tmp_path / "events.csv")).iloc[0]
    assert (found["uid"], found["parent_uid"], found["cause"]) == (2**53 - 1, 2**53 - 2, "NA")
    assert pd.isna(found["x_um"]) and found["y_um"] == 2.5


def test_parquet_without_pyarrow_says_what_to_install(demo, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[parquet\]'"):
        gather(demo, tmp_path / "out", parquet=True)
    assert not (tmp_path / "out").exists()


def test_the_command_prints_tables_and_rows(demo, tmp_path, capsys):
    assert cli.main(["gather", str(demo), "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("6 runs gathered\n        54 rows  ")
    assert cli.main(["gather", str(demo), "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"][str(tmp_path / "timeseries.csv")] == 6 * 9
    assert cli.main(["gather", str(tmp_path)]) == 2
    assert "is not a study of mtor_abm (no study.json)" in capsys.readouterr().err
