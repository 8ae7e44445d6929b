"""Designs: the file, the points, the scenarios, and the study they make."""

import csv
import json
import math
import string
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mtor_abm import cli
from mtor_abm.errors import UserError
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.design import KINDS, Choices, Range, read_design
from mtor_abm.runner.sweep import sweep_of
from mtor_abm.toml_text import to_toml

DOSE = "drugs.rapamycin.dose_mg_per_kg"
DOCS = Path(__file__).resolve().parent.parent / "docs"


def design(**changes):
    tables = {"base": "rapamycin", "kind": "lhs", "n": 8, "vary": {DOSE: {"low": 1, "high": 5}}}
    tables |= changes
    return read_design({k: v for k, v in tables.items() if v is not None}, "d.toml")


def written(folder, **tables):
    path = folder / "d.toml"
    path.write_text(to_toml({"base": "rapamycin", **tables}))
    return path


# ------------------------------------------------------------------------------------------ points
def test_a_grid_by_hand():
    grid = design(kind="grid", n=None, vary={"a.x": [1, 2], "switches.V8": ["A", "B"]})
    assert grid.points() == [
        {"a.x": 1, "switches.V8": "A"}, {"a.x": 1, "switches.V8": "B"},
        {"a.x": 2, "switches.V8": "A"}, {"a.x": 2, "switches.V8": "B"},
    ]  # fmt: skip


def test_values_of_a_range_by_hand():
    assert [Range(1.0, 5.0).at(u, False) for u in (0.0, 0.25, 1.0)] == [1.0, 2.0, 5.0]
    assert Range(0.1, 10.0, log=True).at(0.5, False) == pytest.approx(1.0)
    assert [Range(1, 3).at(u, True) for u in (0, 0.3, 0.34, 0.66, 0.67, 1)] == [1, 1, 2, 2, 3, 3]
    assert [Choices(("a", "b", "c")).at(u, False) for u in (0, 0.34, 0.99, 1)] == list("abcc")


@given(
    low=st.floats(-1e6, 1e6), width=st.floats(1e-6, 1e6), u=st.floats(0, 1), log=st.booleans(),
    whole=st.booleans(),
)  # fmt: skip
def test_no_value_leaves_its_range(low, width, u, log, whole):
    if whole:
        low, width = round(low), math.ceil(width)
    assume(not log or low >= 1e-3)
    rule = Range(low, low + width, log)
    assert low <= rule.at(u, whole) <= low + width
    if whole:
        assert isinstance(rule.at(u, whole), int)


@settings(deadline=None)
@given(n=st.integers(1, 40), d=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_a_latin_hypercube_has_one_point_in_every_stratum(n, d, seed):
    keys = [f"a.x{i}" for i in range(d)]
    one = design(n=n, design_seed=seed, vary={key: {"low": 0, "high": 1} for key in keys})
    points = one.points()
    for key in keys:
        assert sorted(int(point[key] * n) for point in points) == list(range(n))


@settings(deadline=None)
@given(m=st.integers(0, 6), d=st.integers(1, 5), seed=st.integers(0, 1000))
def test_sobol_has_one_point_in_every_stratum_of_each_axis(m, d, seed):
    n = 2**m
    keys = [f"a.x{i}" for i in range(d)]
    vary = {key: {"low": 0, "high": 1} for key in keys}
    points = design(kind="sobol", n=n, design_seed=seed, vary=vary).points()
    for key in keys:
        assert sorted(min(int(point[key] * n), n - 1) for point in points) == list(range(n))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=20)
@given(n=st.integers(2, 5), d=st.integers(1, 5), levels=st.sampled_from([4, 6]))
def test_a_step_of_a_morris_trajectory_changes_one_number(n, d, levels):
    pytest.importorskip("SALib")
    vary = {f"a.x{i}": {"low": 0, "high": 1} for i in range(d)}
    points = design(kind="morris", n=n, levels=levels, vary=vary).unit_points()
    assert points.shape == (n * (d + 1), d)
    assert set(np.round(points * (levels - 1), 9).ravel()) <= set(range(levels))
    steps = np.diff(points.reshape(n, d + 1, d), axis=1)
    assert ((steps != 0).sum(axis=2) == 1).all()
    assert ((steps != 0).sum(axis=1) == 1).all()  # and each number once
    assert np.allclose(np.abs(steps).max(axis=2), levels / 2 / (levels - 1))


@pytest.mark.parametrize("kind", KINDS[1:])
def test_the_same_design_twice_is_equal_and_another_seed_another_one(kind):
    vary = {DOSE: {"low": 1, "high": 5}, "a.x": {"low": 1, "high": 9}, "a.y": ["p", "q"]}
    one, two = (design(kind=kind, n=16, vary=vary).points() for _ in range(2))
    assert one == two
    assert design(kind=kind, n=16, vary=vary, design_seed=2).points() != one


def test_a_longer_sobol_design_begins_like_the_shorter_one():
    short, long = (design(kind="sobol", n=n).points() for n in (8, 32))
    assert long[:8] == short


# --------------------------------------------------------------------------------- file and faults
WORDS = st.text(string.ascii_letters + "._ \n", max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.sampled_from(["low", "high", "log"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["base", "control", "kind", "n", "seeds", "design_seed", "levels", "vary", "vari"]
)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(KINDS), n=st.integers(-1, 9) | st.none(),
    changes=st.dictionaries(KEYS, VALUES, max_size=3),
    vary=st.dictionaries(WORDS, VALUES, max_size=3),
)  # fmt: skip
def test_any_file_is_a_design_or_one_line_that_names_it(kind, n, changes, vary):
    try:
        found = design(**{"kind": kind, "n": n, "vary": vary or {"a.x": [1, 2]}, **changes})
    except UserError as fault:
        assert str(fault).startswith("d.toml: ") and "\n" not in str(fault)
        return
    if found.kind != "morris" or "SALib" in sys.modules:
        assert all(list(point) == list(found.vary) for point in found.points())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kynd": "lhs"}, "unknown key 'kynd'; nearest: kind"),
        ({"kind": "random"}, 'kind = "random" is not known; give grid, lhs, sobol or morris'),
        ({"kind": None}, "no kind is given"),
        ({"base": None}, "no base is given; add base ="),
        ({"base": 3}, "base = 3 is not a name"),
        ({"n": None}, "no n is given; add n = 64"),
        ({"n": 0}, "n = 0 lies outside 1..20000"),
        ({"n": 2.5}, "n = 2.5 lies outside"),
        ({"kind": "grid"}, "n has no use in a grid"),
        ({"kind": "grid", "n": None}, "has no values for a grid; list them"),
        ({"levels": 4}, "levels has no use in a lhs"),
        ({"kind": "morris", "levels": 5}, "levels = 5 is odd"),
        ({"kind": "morris", "vary": {"a.x": list("abcde")}}, "more choices than levels = 4; "
         "give levels = 6"),
        ({"kind": "morris", "n": 10_001}, "the design has 20002 points; give at most 20000"),
        ({"kind": "sobol", "n": 48}, "n = 48 is not a power of two, .* give 32 or 64"),
        ({"seeds": "4-1"}, "run backwards; write 1-4"),
        ({"seeds": [1]}, "cannot be read"),
        ({"vary": {}}, r"nothing varies; add \[vary\]"),
        ({"vary": {DOSE: 3}}, "does not vary; write"),
        ({"vary": {DOSE: []}}, "is empty; list each value once"),
        ({"vary": {DOSE: [1, 2, 1.0]}}, "has 1.0 twice"),
        ({"vary": {DOSE: {"low": 1}}}, "needs two numbers"),
        ({"vary": {DOSE: {"low": 5, "high": 1}}}, "low must be below high; swap them"),
        ({"vary": {DOSE: {"low": 0, "high": 1, "log": True}}}, "a logarithm needs low above 0"),
        ({"vary": {DOSE: {"low": 1, "high": 2, "lg": True}}}, "unknown key 'lg'; nearest: log"),
        ({"vary": {DOSE: {"low": 1, "high": math.inf}}}, "is not finite"),
    ],
)  # fmt: skip
def test_a_wrong_design_gets_one_line(changes, expected):
    with pytest.raises(UserError, match=rf"^d\.toml: .*{expected}"):
        design(**changes)


@pytest.mark.parametrize(
    ("vary", "expected"),
    [
        ({"tumour.adhesio": [1, 2]}, "point 0001: .*unknown key 'adhesio'; nearest: adhesion"),
        ({"tumor.adhesion": [1, 2]}, "unknown table 'tumor'; nearest: tumour"),
        ({"run.days.x": [1, 2]}, "no number or switch of this name"),
        ({"tumour": [1, 2]}, "is a table; write one of its keys, e.g. tumour."),
        ({DOSE: [1.0, -2.0]}, r"point 0002: .*dose_mg_per_kg = -2.0 lies outside 0..1000 mg/kg"),
        ({"switches.V8": ["A", "C"]}, 'point 0002: .*V8 = "C" is not one of its values'),
        ({"drugs.everolimus.dose_mg_per_kg": [1]}, "does not give this drug .it gives: rapamycin"),
        ({"name": ["a", "b"]}, "does not affect a run"),
        ({"run.seeds": ["1", "2"]}, "does not affect a run"),
    ],
)
def test_a_wrong_key_or_value_gets_one_line(tmp_path, vary, expected):
    with pytest.raises(UserError, match=expected) as fault:
        sweep_of(written(tmp_path, kind="grid", vary=vary))
    assert "d.toml" in str(fault.value)


def test_a_varied_key_cannot_be_overridden_too(tmp_path):
    path = written(tmp_path, kind="grid", vary={DOSE: [1.0, 2.0]})
    with pytest.raises(UserError, match="varies this key; leave one of them out"):
        sweep_of(path, [f"{DOSE}=3"])
    assert sweep_of(path, ["run.days=4"]).scenarios[0].run.days == 4.0


def test_morris_without_salib_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.sample.morris", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[sensitivity\]'"):
        design(kind="morris").points()


# --------------------------------------------------------------------------------------- scenarios
def test_points_are_scenarios_and_a_dose_sweep_has_one_control(tmp_path):
    path = written(tmp_path, kind="grid", control="vehicle", vary={DOSE: [0.5, 5.0]})
    sweep = sweep_of(path)
    assert [s.name for s in sweep.scenarios] == ["vehicle", "rapamycin_p0001", "rapamycin_p0002"]
    doses = [s.drugs["rapamycin"].dose_mg_per_kg for s in sweep.scenarios[1:]]
    assert doses == [0.5, 5.0] and not sweep.scenarios[0].drugs
    assert list(csv.DictReader(sweep.texts["design.csv"].splitlines())) == [
        {"point": "1", "name": "rapamycin_p0001", "control": "vehicle", DOSE: "0.5"},
        {"point": "2", "name": "rapamycin_p0002", "control": "vehicle", DOSE: "5"},
    ]
    again = tmp_path / "again.toml"
    again.write_text(sweep.texts["design.toml"])
    assert sweep_of(again).scenarios == sweep.scenarios


def test_a_number_of_the_marrow_varies_in_the_control_too(tmp_path):
    vary = {DOSE: [0.5, 5.0], "inoculum.cells": [50, 100], "switches.V8": ["A", "B"]}
    sweep = sweep_of(written(tmp_path, kind="grid", control="vehicle", vary=vary))
    by_name = {s.name: s for s in sweep.scenarios}
    assert len(by_name) == 8 + 4
    for row in sweep.rows:
        treated, control = by_name[row["name"]], by_name[row["control"]]
        assert treated.drugs["rapamycin"].dose_mg_per_kg == row[DOSE]
        assert treated.groups["inoculum"] == control.groups["inoculum"]
        assert treated.groups["inoculum"].cells == row["inoculum.cells"]
        assert treated.switches == control.switches and row["switches.V8"] == treated.switches.V8
        assert not control.drugs


def test_whole_numbers_stay_whole_and_equal_points_run_once(tmp_path):
    vary = {"inoculum.cells": {"low": 10, "high": 12}}
    sweep = sweep_of(written(tmp_path, kind="lhs", n=30, vary=vary))
    cells = [row["inoculum.cells"] for row in sweep.rows]
    assert sorted(cells) == [10] * 10 + [11] * 10 + [12] * 10
    assert len(sweep.scenarios) == 3
    for row in sweep.rows:
        scenario = next(s for s in sweep.scenarios if s.name == row["name"])
        assert scenario.groups["inoculum"].cells == row["inoculum.cells"]


def test_a_dry_run_of_the_shipped_design(tmp_path, capsys):
    shipped = str(DOCS / "dose_sweep.toml")
    assert cli.main(["sweep", shipped, "--dry-run", "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "rapamycin_p0012" in text and f"{DOSE} = 5.0" in text
    assert f"would run 56 runs, 37632 steps, into {tmp_path}/dose_sweep" in text
    arguments = ["sweep", shipped, "--seeds", "1", "--dry-run", "--json", "--shard", "1/2"]
    assert cli.main([*arguments, "--out", str(tmp_path)]) == 0
    actions = [row["action"] for row in json.loads(capsys.readouterr().out)]
    assert actions == ["run", "elsewhere"] * 7
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_is_a_study_that_goes_on(tmp_path, capsys, monkeypatch):
    vary = {DOSE: {"low": 0.5, "high": 5.0, "log": True}}
    path = written(tmp_path, kind="sobol", n=2, seeds="3", control="vehicle", vary=vary)
    small = ["-S", "geometry.nx=60", "-S", "geometry.ny=60", "--days", "0.25", "--jobs", "1", "-q"]
    small += ["-S", "output.every_h=6", "-S", "drugs.rapamycin.start_day=0"]
    arguments = ["sweep", str(path), "--out", str(tmp_path / "o"), *small]
    assert cli.main(arguments) == 0
    out = tmp_path / "o" / "d"
    text = capsys.readouterr().out
    assert "3 runs done" in text and f"design       {out / 'design.csv'}\n" in text
    assert f" gather {out} " in text.splitlines()[-1]
    assert sorted(p.name for p in out.iterdir()) == [
        "design.csv", "design.toml", "rapamycin_p0001__seed_0003", "rapamycin_p0002__seed_0003",
        "study.json", "summary.csv", "vehicle__seed_0003",
    ]  # fmt: skip
    table = list(csv.DictReader((out / "design.csv").open()))
    assert [row["name"] for row in table] == ["rapamycin_p0001", "rapamycin_p0002"]
    path.write_text(path.read_text().replace("n = 2", "n = 4"))
    assert cli.main(arguments) == 0
    assert "2 runs done, 3 complete before" in capsys.readouterr().out
    assert len(list(csv.DictReader((out / "design.csv").open()))) == 4
    with pytest.raises(UserError):
        run_study(sweep_of(path).scenarios, [3], out, jobs=1)  # the marrow is not the small one
