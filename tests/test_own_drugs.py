"""Drugs of files outside the package, each in a process of its own: DRUGS is filled at import."""

import json
import os
import subprocess
import sys

import pytest

from mtor_abm import cli
from mtor_abm.drugs import DRUGS
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.shipped import copy_gallery

ROW = """
from dataclasses import replace
from mtor_abm.drugs import find_drug
twin = replace(find_drug("osi_027"), key="twin", label="a twin")
DRUGS = (twin,)
"""
compiled = pytest.mark.skipif(JIT_IS_OFF, reason="whole runs take half a minute in plain Python")
SMALL = (
    "--seeds 1 --days 1 --jobs 1 --quiet -S geometry.nx=40 -S geometry.ny=40 "
    "-S inoculum.cells=20 -S drugs.{}.start_day=0"
)


def run_py(folder, command, drugs="drugs.py"):
    """The command line in this folder, its file of drugs named, as a user types it."""
    environment = os.environ | {"MTOR_ABM_DRUGS": str(folder / drugs) if drugs else ""}
    return subprocess.run(
        [sys.executable, "-m", "mtor_abm", *command.split()],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip


def with_drugs(folder, text):
    (folder / "drugs.py").write_text(text)
    return run_py(folder, "list drugs")


@compiled
def test_a_drug_of_a_file_acts_as_one_of_the_package(tmp_path):
    """A twin of OSI-027 gives OSI-027's tables, apart from the columns that carry its name."""
    (tmp_path / "drugs.py").write_text(ROW)
    for key in ("osi_027", "twin"):
        (tmp_path / f"{key}_arm.toml").write_text(
            f'extends = "vehicle"\n[drugs.{key}]\ndose_mg_per_kg = 50.0\nroute = "po"\n'
        )
        done = run_py(tmp_path, f"run {key}_arm.toml --name {key} {SMALL.format(key)}")
        assert done.returncode == 0, done.stderr

    def columns(key):
        path = tmp_path / "outputs" / key / f"{key}_arm__seed_0001" / "timeseries.csv"
        header, *lines = path.read_text().splitlines()
        rows = zip(*(line.split(",") for line in lines), strict=True)
        return dict(zip(header.split(","), rows, strict=True))

    osi, twin = columns("osi_027"), columns("twin")
    named = ("plasma_osi_027_nM", "plasma_twin_nM")
    assert twin[named[1]] == osi[named[0]] != osi[named[1]]
    assert {k: v for k, v in twin.items() if k not in named} == {
        k: v for k, v in osi.items() if k not in named
    }


@compiled
def test_the_file_counts_among_the_sources_of_a_run(tmp_path):
    """A run made with one version of the file is not kept for another."""
    (tmp_path / "drugs.py").write_text(ROW)
    (tmp_path / "arm.toml").write_text(
        'extends = "vehicle"\n[drugs.twin]\ndose_mg_per_kg = 50.0\nroute = "po"\n'
    )
    command = f"run arm.toml --name s {SMALL.format('twin')}"
    assert run_py(tmp_path, command).returncode == 0
    manifest = json.loads((tmp_path / "outputs/s/arm__seed_0001/manifest.json").read_text())
    assert list(manifest["own_drugs_sha256"]) == ["drugs.py"]
    again = run_py(tmp_path, command)
    assert again.returncode == 0 and "0 runs done, 1 complete before" in again.stdout
    (tmp_path / "drugs.py").write_text(ROW + "\n# other bytes\n")
    other = run_py(tmp_path, command)
    assert other.returncode == 2 and "other sources of mtor_abm" in other.stderr


def test_without_a_file_there_are_the_drugs_of_the_package(tmp_path):
    done = run_py(tmp_path, "list drugs", drugs=None)
    assert done.returncode == 0 and "osi_027" in done.stdout and "twin" not in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "has no DRUGS"),
        ("DRUGS = (1,)", "which is not a Drug"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("sign = (", "SyntaxError"),
        (ROW.replace('"twin"', '"Twin 2"'), "cannot name columns"),
        (ROW.replace('"twin"', '"osi_027"'), "there is a drug 'osi_027' already"),
        (ROW.replace("(twin,)", "(twin, twin)"), "there is a drug 'twin' already"),
        (ROW.replace('"a twin")', '"a twin", kinetics={})'), "why_not entry for mouse and human"),
        (
            "from mtor_abm.sourced import sourced\n"
            + ROW.replace('"a twin")', '"a", molar_mass=sourced(-1.0, "g/mol", "x", "assumed"))'),
            "has molar_mass = -1",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path, text, said):
    done = with_drugs(tmp_path, text)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and said in done.stderr and "drugs.py" in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = run_py(tmp_path, "list drugs", drugs="nowhere.py")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "nowhere.py" in done.stderr


@pytest.mark.parametrize("command", ["compare", "report", "figures", "gather", "status"])
def test_a_finished_study_is_read_where_its_drug_is_unknown(command, tmp_path, monkeypatch, capsys):
    """As on a machine without the file of drugs: here the table lacks what the study gave."""
    if command == "figures":
        pytest.importorskip("matplotlib")
    study = copy_gallery(tmp_path)
    monkeypatch.delitem(DRUGS, "rapamycin")
    places = [f"{study}/vehicle", f"{study}/rapamycin"] if command == "compare" else [str(study)]
    assert cli.main([command, *places]) == 0, capsys.readouterr().err
    if command == "report":
        assert "rapamycin" in (study / "report.html").read_text(encoding="utf-8")


def test_an_unknown_drug_says_where_drugs_of_ones_own_are_named(tmp_path, capsys):
    (tmp_path / "arm.toml").write_text('extends = "vehicle"\n[drugs.newmtor]\ndose_mg = 1.0\n')
    assert cli.main(["validate", str(tmp_path / "arm.toml")]) == 2
    said = capsys.readouterr().err
    assert "unknown drug 'newmtor'" in said
    assert "MTOR_ABM_DRUGS names a file of your own drugs" in said
