"""The Python interface: what it offers, how lazily, and that a study is run, read and compared."""

import ast
import inspect
import os
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mtor_abm as ma
from mtor_abm import api, cli
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.runner.children import without_main
from mtor_abm.shipped import GALLERY

ROOT = Path(__file__).resolve().parent.parent
SCREEN = 40  # lines
SMALL = {
    "geometry.nx": 24, "geometry.ny": 24, "inoculum.cells": 3, "inoculum.clusters": 1,
    "output.cells_at_days": [0.25],
}  # fmt: skip
TREATED = SMALL | {"drugs.rapamycin.start_day": 0}


def in_python(code, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Six hours of two arms, two seeds each."""
    out = tmp_path_factory.mktemp("api")
    return ma.run(
        ["vehicle", "rapamycin"],
        2,
        days=0.25,
        changes=TREATED,
        jobs=1,
        out=out,
        name="s",
        quiet=True,
    )


def test_importing_the_package_imports_nothing_heavy(tmp_path):
    code = (
        "import sys, mtor_abm as ma; dir(ma); ma.__version__\n"
        "print(sorted({'numpy', 'numba', 'pandas', 'pydantic', 'mesa'} & set(sys.modules)))"
    )
    assert in_python(code, tmp_path).stdout == "[]\n"


def test_every_name_is_there_and_listed():
    assert dir(ma) == sorted(ma.__all__)
    assert all(getattr(ma, name) is not None for name in ma.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        _ = ma.nosuch


def test_scenario_is_the_function_whoever_imports_the_module_of_that_name(tmp_path):
    code = (
        "import mtor_abm.scenario, mtor_abm as ma\n"
        "from mtor_abm.scenario import Scenario\n"
        "print(isinstance(ma.scenario('vehicle'), Scenario), ma.Scenario is Scenario)"
    )
    assert in_python(code, tmp_path).stdout == "True True\n"


@pytest.mark.parametrize("name", [n for n in ma.__all__ if inspect.isfunction(getattr(ma, n))])
def test_help_fits_a_screen(name):
    text = pydoc.plain(pydoc.render_doc(getattr(ma, name)))
    assert text.count("\n") <= SCREEN
    assert max(map(len, text.splitlines())) <= 220  # the signature is one line


@pytest.mark.parametrize(
    "name", [n for n, v in vars(ma.Study).items() if not n.startswith("_") and n not in ("name",)]
)
def test_every_part_of_a_study_is_documented_in_less_than_a_screen(name):
    assert 0 < inspect.getdoc(getattr(ma.Study, name)).count("\n") + 1 <= SCREEN / 2


def test_a_study_and_a_scenario_show_themselves_in_a_few_lines(study):
    vehicle = ma.scenario("vehicle")
    for shown in (repr(study), repr(vehicle), repr(vehicle.changed({"title": "x" * 500}))):
        assert shown.count("\n") <= 4
        assert max(map(len, shown.splitlines())) <= 100
    assert "runs 4 complete" in repr(study)
    assert "Vehicle: osteolytic tumour" in repr(vehicle)


def test_frozen_settings_say_how_to_change_them():
    vehicle = ma.scenario("vehicle")
    with pytest.raises(AttributeError, match=r'scenario.changed\({"TABLE.days": 7}\)'):
        vehicle.run.days = 7
    assert vehicle.changed({"run.days": 7.0}).run.days == 7.0
    assert vehicle.run.days == 28.0


def test_tables_hold_scenario_and_seed(study):
    keys = [("vehicle", 1), ("vehicle", 2), ("rapamycin", 1), ("rapamycin", 2)]
    for table in (study.timeseries, study.summary, study.events, study.cells(0.25), study.runs):
        assert list(table.columns[:2]) == ["scenario", "seed"]
        assert set(zip(table["scenario"], table["seed"], strict=True)) <= set(keys)
    assert list(zip(study.summary["scenario"], study.summary["seed"], strict=True)) == keys
    assert list(zip(study.runs["scenario"], study.runs["seed"], strict=True)) == keys
    assert set(study.runs["status"]) == {"complete"}
    assert (study.scenarios, study.seeds) == (["vehicle", "rapamycin"], [1, 2])


def test_tables_are_those_of_the_files(study):
    folder = study.folder / "rapamycin__seed_0002"
    series = pd.read_csv(folder / "timeseries.csv")
    ours = study.timeseries.query("scenario == 'rapamycin' and seed == 2")
    assert ours["tumour_area_mm2"].tolist() == series["tumour_area_mm2"].tolist()
    long = pd.read_csv(folder / "summary.csv").set_index("readout")
    row = study.summary.query("scenario == 'rapamycin' and seed == 2").iloc[0]
    assert row["bv_tv_final"] == long.loc["bv_tv_final", "value"]
    assert study.summary.attrs["units"]["tumour_area_mm2_final"] == "mm2"
    cells = study.cells(0.25).query("scenario == 'rapamycin' and seed == 2")
    assert len(cells) == len(pd.read_csv(next((folder / "cells").iterdir())))
    assert set(cells["day"]) == {0.25}


def test_a_day_that_was_not_recorded_names_those_that_were(study):
    with pytest.raises(ma.UserError, match=r"recorded cells on day 3; recorded days: 0.25"):
        study.cells(3)
    with pytest.raises(ma.UserError, match=r"recorded days: none. Run it with .*fields_at_days"):
        study.fields()


def test_it_is_the_study_of_the_command_line(study, tmp_path, capsys):
    changes = [word for key, value in SMALL.items() for word in ("-S", f"{key}={value}")]
    arguments = ["--days", "0.25", "--seeds", "1", "--jobs", "1", "--name", "s", "-q"]
    code = cli.main(["run", "vehicle", *arguments, *changes, "--out", str(tmp_path)])
    assert code == 0, capsys.readouterr()
    for path in (study.folder / "vehicle__seed_0001").rglob("*.csv"):
        assert path.read_bytes() == (tmp_path / "s" / path.relative_to(study.folder)).read_bytes()
    again = ma.load(tmp_path / "s")
    assert again.summary.equals(study.summary.iloc[:1])


def test_a_study_is_kept_when_it_is_run_again(study):
    again = ma.run(
        ["vehicle", "rapamycin"], 2, days=0.25, changes=TREATED, jobs=1, out=study.folder.parent,
        name="s", quiet=True,
    )  # fmt: skip
    assert again.result.n_skipped == 4


def test_scenarios_may_be_given_as_such(tmp_path):
    small = ma.scenario("rapamycin").changed(TREATED | {"name": "small", "run.days": 0.5})
    study = ma.run(small, [5], changes={"run.days": 0.25}, jobs=1, out=tmp_path, quiet=True)
    assert (study.scenarios, study.seeds) == (["small"], [5])
    assert study.timeseries["time_d"].max() == 0.25
    with pytest.raises(ma.UserError, match="'small' is taken by small"):
        ma.run([small, small], 1, out=tmp_path)


def test_a_comparison_is_a_table(study):
    table = ma.compare(study, control="vehicle")
    assert set(table["control"]) == {"vehicle"}
    assert set(table["treated"]) == {"rapamycin"}
    assert not (study.folder / "comparison.csv").exists()
    assert table.attrs["text"].startswith("rapamycin")
    one = ma.compare(study, primary="bv_tv_final")
    assert one.loc[one["family"] == "primary", "readout"].tolist() == ["bv_tv_final"]
    turned = ma.compare(str(study.folder), control="rapamycin")
    assert set(turned["treated"]) == {"vehicle"}
    primary = ma.compare(study, primary=["bv_tv_final"])  # it was taken and not looked at
    assert list(primary["readout"][primary["family"] == "primary"]) == ["bv_tv_final"]
    with pytest.raises(ma.UserError, match="primary endpoint 'bv_tv_end' is not"):
        ma.compare(study, primary=["bv_tv_end"])
    with pytest.raises(ma.UserError, match="is not an arm"):
        ma.compare(study, control="nosuch")


def test_the_gallery_is_reported_and_drawn(tmp_path):
    study = ma.load(GALLERY)
    assert study.report(tmp_path / "page.html") == tmp_path / "page.html"
    pytest.importorskip("matplotlib")
    assert study.plot().get_axes()
    with pytest.raises(ma.UserError, match="no figure is called 'pathways'; nearest: pathway"):
        study.plot("pathways")


def test_a_study_that_is_none_is_said_at_once(tmp_path):
    with pytest.raises(ma.UserError, match="is not a study of mtor_abm"):
        ma.load(tmp_path)


def test_a_sweep_is_a_study(tmp_path):
    design = tmp_path / "doses.toml"
    design.write_text(
        'base = "rapamycin"\ncontrol = "vehicle"\nkind = "grid"\nseeds = "1"\n[vary]\n'
        '"drugs.rapamycin.dose_mg_per_kg" = [1.0, 3.0]\n'
    )
    study = ma.sweep(design, changes=TREATED | {"run.days": 0.25}, jobs=1, out=tmp_path, quiet=True)
    assert study.name == "doses"
    assert len(study.runs) == 3
    assert (study.folder / "design.csv").exists()


@pytest.mark.parametrize(
    ("given", "seeds"),
    [(3, [1, 2, 3]), ([4, 2], [4, 2]), ("1-2,9", [1, 2, 9]), (range(2, 4), [2, 3]), (None, None),
     (np.int64(2), [1, 2]), (np.array([7, 8]), [7, 8])],
)  # fmt: skip
def test_seeds(given, seeds):
    assert api.seed_list(given) == seeds


@pytest.mark.parametrize("given", [0, -1, 1.5, True, [1, 1], [1.5], "a", [], {}])
def test_seeds_that_are_none_are_refused(given):
    with pytest.raises(ma.UserError, match="seed"):
        api.seed_list(given)


@pytest.mark.parametrize("given", [[], (), 3, None, [3], ["vehicle", None]])
def test_scenarios_that_are_none_are_refused(given, tmp_path):
    with pytest.raises(ma.UserError, match="are not scenarios"):
        ma.run(given, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_change_without_a_form_in_toml_is_refused():
    assert api.overrides({"a.b": np.float64(2.5), "c": (1, 2), "d": "x y"}, 3) == [
        "a.b=2.5", "c=[1, 2]", 'd="x y"', "run.days=3",
    ]  # fmt: skip
    with pytest.raises(ma.UserError, match=r"a\.b = <object .* is a object"):
        api.overrides({"a.b": object()})


@pytest.mark.skipif(JIT_IS_OFF, reason="whole runs as plain Python take minutes")
def test_the_page_on_python_can_be_typed_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    known: dict = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), known)
    assert list(known["study"].summary["scenario"]) == ["vehicle"] * 2 + ["rapamycin_high"] * 2
    assert known["model"].time_h == 24.0
    functions = {name for name in ma.__all__ if inspect.isfunction(getattr(ma, name))}
    assert functions <= set(re.findall(r"`ma\.(\w+)\(", page))


PLAIN = f"""
import mtor_abm as ma

print("once")
study = ma.run("vehicle", 2, days=0.25, changes={SMALL!r}, jobs=2, quiet=True, out="o")
print(study.runs["status"].tolist())
"""


def test_a_plain_script_without_the_main_idiom_works_with_several_processes(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text(PLAIN)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["once", "['complete', 'complete']"], done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_defined_in_the_main_script_keeps_it(monkeypatch):
    main = sys.modules["__main__"]

    class Engine:
        pass

    Engine.__module__ = "__main__"
    with without_main(Engine):
        assert sys.modules["__main__"] is main
    with without_main(len), pytest.raises(ZeroDivisionError), without_main():
        assert sys.modules["__main__"] is not main
        _ = 1 / 0
    assert sys.modules["__main__"] is main


def test_every_pool_of_processes_hides_the_main_script():
    for path in (ROOT / "mtor_abm").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "ProcessPoolExecutor(" in text:
            calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.With)]
            assert any("without_main" in ast.unparse(w.items[0]) for w in calls), path
