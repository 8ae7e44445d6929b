"""What travels with the program: scenarios, a scenario to start from, a finished study."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mtor_abm import cli, invocation, scenario_files, shipped
from mtor_abm.analysis.arms import BESIDE_THE_POINT, TREATMENT, flat
from mtor_abm.analysis.compare import compare
from mtor_abm.errors import UserError
from mtor_abm.scenario_files import load

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def wheel(monkeypatch, tmp_path):
    """An empty folder, and the package as a wheel lays it down: scenarios inside, no clone."""
    package = tmp_path / "site-packages" / "mtor_abm"
    package.mkdir(parents=True)
    (package / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.setattr(shipped, "PACKAGE", package)
    monkeypatch.setattr(invocation, "PACKAGE", package)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return package


def test_a_new_scenario_is_valid_as_written_and_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "my_scenario"]) == 0
    said = capsys.readouterr().out
    assert " validate my_scenario.toml\n" in said
    made = load("my_scenario.toml")
    assert made.name == "my_scenario"
    assert set(made.drugs) == {"everolimus"}
    assert made != load("vehicle").changed({"name": "my_scenario"})


def test_a_new_scenario_can_be_compared_with_the_control_that_it_names(tmp_path):
    """It differs by a treatment only, so the day of work in README ends with a comparison."""
    made, control = load(str(shipped.write_scenario(str(tmp_path / "mine")))), load("vehicle")
    before, after = flat(control.resolved()), flat(made.resolved())
    differs = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert any(key.startswith("drugs.everolimus.") for key in differs)
    places = (*TREATMENT, *BESIDE_THE_POINT)
    assert [k for k in differs if not any(k == p or k.startswith(p + ".") for p in places)] == []


def test_what_a_new_scenario_shows_in_comments_is_valid_too(tmp_path):
    path = shipped.write_scenario(tmp_path / "whole")
    text = path.read_text(encoding="utf-8")
    shown = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    assert shown != text
    path.write_text(shown, encoding="utf-8")
    assert load(path).genes["tumour"].PTEN == 0.0
    assert load(path).output.cells_at_days == (7.0, 21.0)


def test_a_new_scenario_overwrites_nothing(tmp_path):
    path = shipped.write_scenario(tmp_path / "mine.toml")
    path.write_text("mine", encoding="utf-8")
    for name in ("mine", "mine.toml"):
        with pytest.raises(UserError, match="exists and is left as it is"):
            shipped.write_scenario(tmp_path / name)
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["", ".", "/", "a\0b", "x" * 300, "/dev/null/a"])
def test_a_name_that_is_none_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError):
        shipped.write_scenario(name)
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_finds_its_scenarios_from_any_folder(wheel):
    assert "vehicle" in scenario_files.scenario_names()
    Path("mine.toml").write_text('extends = "rapamycin"\n', encoding="utf-8")
    assert set(load("mine.toml").drugs) == {"rapamycin"}


def test_scenarios_of_the_current_folder_come_first(wheel):
    Path("scenarios").mkdir()
    Path("scenarios/vehicle.toml").write_text("[run]\ndays = 2.0\n", encoding="utf-8")
    assert load("vehicle").run.days == 2.0
    assert load("rapamycin").run.days == 28.0  # a shipped file extends its own neighbour


def test_a_folder_named_scenarios_beside_a_wheel_is_not_ours(wheel):
    foreign = wheel.parent / "scenarios"
    foreign.mkdir()
    (foreign / "stranger.toml").touch()
    assert "stranger" not in scenario_files.scenario_names()


def test_the_gallery_is_small_and_can_be_compared_and_reported(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert sum(p.stat().st_size for p in shipped.GALLERY.rglob("*") if p.is_file()) < 1e6
    assert cli.main(["gallery"]) == 0
    assert " report outputs/gallery\n" in capsys.readouterr().out
    compared = compare("outputs/gallery/vehicle", ["outputs/gallery/rapamycin"])
    assert {row["n_pairs"] for row in compared.rows} <= {0, 1, 2, 3}
    assert cli.main(["report", "outputs/gallery"]) == 0
    Path("outputs/gallery/note.txt").touch()
    assert shipped.copy_gallery("outputs") == Path("outputs/gallery")  # kept as it is
    assert Path("outputs/gallery/note.txt").exists()


def test_the_gallery_names_no_machine():
    for path in shipped.GALLERY.rglob("*.json"):
        assert re.search(r'"host": "(?!gallery")', path.read_text(encoding="utf-8")) is None


def test_every_file_that_is_no_module_is_in_the_package_data():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    patterns = package["setuptools"]["package-data"]["mtor_abm"]
    named = {path for pattern in patterns for path in invocation.PACKAGE.glob(pattern)}
    there = {
        path
        for path in invocation.PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path.name != "README.md"
    }
    assert there <= named, sorted(there - named)


def test_an_old_python_is_told_in_one_sentence():
    code = (
        "import sys; sys.version_info = (3, 11, 7, 'final', 0)\n"
        "try:\n    import mtor_abm\n"
        "except ImportError as fault: print(fault)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, cwd=ROOT
    )
    assert done.stdout == (
        f"mtor_abm needs Python 3.12 or newer; this is 3.11 ({sys.executable})\n"
    ), done.stderr
