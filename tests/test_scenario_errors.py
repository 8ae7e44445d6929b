"""All faults of a scenario are told at once, each in one line, few and short enough to read."""

import json
import pickle

import pytest
from scenario_samples import SMALL

from mtor_abm import cli
from mtor_abm.errors import MOST_FAULTS, UserError
from mtor_abm.scenario import Scenario
from mtor_abm.scenario_files import load, load_all

MANY = """\
extend = "vehicle"
name = "CON"

[run]
days = "x"

[tumour]
divison_rate = 1
adhesion = 99.0

[tumor]

[drugs.everolimus]
dose_mg_per_kg = 3.0
route = "oral"
at_days = [7, 9]

[output]
every_h = 2.5
"""


def refused(path, *overrides, **how):
    with pytest.raises(UserError) as caught:
        load(path, overrides, **how)
    return [line.removeprefix(f"{path}: ") for line in caught.value.faults]


@pytest.fixture
def many(tmp_path):
    path = tmp_path / "many.toml"
    path.write_text(MANY)
    return path


def test_every_wrong_key_and_value_of_a_file_is_told_at_once(many):
    told = refused(many)
    assert told[:4] == [
        "unknown key 'extend'; nearest: extends",
        "unknown table 'tumor'; nearest: tumour",
        'name = "CON" is reserved by Windows and cannot name a folder there; choose another name',
        '[run] days = "x" is text, not a number; give a number in d',
    ]
    assert told[4].startswith("[drugs.everolimus] unknown key 'at_days'; lists of days are not ")
    assert told[5] == '[drugs.everolimus] route = "oral" is not one of its values; give "po"'
    assert told[6].startswith("[tumour] unknown key 'divison_rate'; nearest: division_rate_per_h")
    assert told[7] == "[tumour] adhesion = 99.0 lies outside 0..20; give a value within"
    assert len(told) == 8  # every_h does not fit a run whose length cannot be read: not told yet


def test_values_that_contradict_one_another_are_told_together(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(
        "[output]\nevery_h = 2.5\ncells_at_days = [99, 98, 1, 1]\n[inoculum]\nday = 40\n"
        "[drugs.rapamycin]\ndose_mg_per_kg = 1\nstart_day = 50\nroute = 'sc'\n"
        "[drugs.everolimus]\ndose_mg_per_kg = 1\nstart_day = 51\n[genes.car]\nRPTOR = 0.5\n"
    )
    told = "\n".join(refused(path))
    for part in (
        "every_h = 2.5 is not a whole number", "has day 99.0", "has day 98.0", "has day 1.0 twice",
        "[inoculum] day = 40", "RPTOR = 0.5 has no effect", "start_day = 50", "start_day = 51",
        'route = "sc" is not known for the mouse; give "ip" or "iv" or "po"',
    ):  # fmt: skip
        assert part in told, part
    assert told.count("\n") == 8


def test_what_a_misspelt_key_was_to_give_is_not_missed_as_well(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("[drugs.rapamycin]\ndose = 3\n")
    assert len(refused(path)) == 1
    path.write_text("extends = 'vehicel'\n[drugs.rapamycin]\nstart_day = 3\nroot = 'ip'\n")
    told = refused(path)  # its dose may be in the parent, which was not found
    assert told[0].startswith('extends = "vehicel": unknown scenario')
    assert told[1:] == ["[drugs.rapamycin] unknown key 'root'; nearest: route"]


def test_faults_of_the_file_and_of_the_command_line_are_told_together(many):
    told = refused(many, "run.dais=3", "x")
    assert told[0].startswith("-S x: not of the form key=value")
    assert "-S run.dais=3: [run] unknown key 'dais'; nearest: days" in told
    assert len(told) == 10


def test_several_files_are_told_together_and_a_single_fault_is_one_line(many, tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text("[run]\ndas = 3\n")
    with pytest.raises(UserError) as caught:
        load_all([many, other])
    assert caught.value.faults[-1] == f"{other}: [run] unknown key 'das'; nearest: days"
    assert len(caught.value.faults) == 9
    for command in ("validate", "run"):
        assert cli.main([command, str(many), str(other)]) == 2
        said = capsys.readouterr()
        lines = said.err.splitlines()
        assert len(lines) == 9 and all(line.startswith("error: ") for line in lines)
    assert cli.main(["describe", str(other)]) == 2
    assert capsys.readouterr().err == f"error: {other}: [run] unknown key 'das'; nearest: days\n"
    assert cli.main(["validate", str(other), str(many), "--json"]) == 2
    verdicts = json.loads(capsys.readouterr().out)
    assert [len(v["errors"]) for v in verdicts] == [1, 8]
    assert verdicts[1]["error"] == "\n".join(verdicts[1]["errors"])


def test_from_python_too_and_they_can_be_sent_to_another_process():
    with pytest.raises(UserError) as caught:
        Scenario.from_tables({"run": {"days": -1, "step_h": 9}, "tumor": {}})
    assert len(caught.value.faults) == 3
    assert str(caught.value).count("\n") == 2
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.faults == caught.value.faults
    with pytest.raises(UserError) as caught:
        Scenario.from_tables().changed({"run.days": -1, "run.step_h": 9})
    assert len(caught.value.faults) == 2


def test_a_thousand_faults_are_counted_and_quickly():
    keys = {f"k{i}": 1 for i in range(20_000)}
    for tables in (
        keys,
        {"tumour": keys},
        {"drugs": keys},
        {"output": {"cells_at_days": ["x"] * 999}},
    ):
        with pytest.raises(UserError) as caught:
            Scenario.from_tables(tables)
        assert len(caught.value.faults) == MOST_FAULTS + 1
        assert "more errors are not listed" in caught.value.faults[-1]


@pytest.mark.parametrize(
    ("tables", "cure"),
    [
        ({"run": {"extends": "vehicle"}}, "extends must stand above the first table"),
        ({"drugs": {"everolimus": {"dose_mg": 1, "route": "intraperitoneal"}}}, 'give "ip"'),
        ({"drugs": {"everolimus": {"dose_mg": 1, "route": "iv"}}}, 'give "po" or "ip"'),
        ({"drugs": {"denosumab": {"dose_mg": 1, "species": "human", "route": "po"}}}, 'give "sc"'),
        ({"drugs": {"everolimus": {"dose_mg": 1, "species": "mice"}}}, 'give "mouse"'),
        ({"drugs": {"sirolimus": {"dose_mg": 1}}}, "nearest: rapamycin"),
        ({"drugs": {"everolimus": {"dose_mg": 1, "days_on": 5}}}, "days on and days off are not"),
        ({"drugs": {"everolimus": {"dose_mg": 1, "start_day": [7, 9]}}}, "lists of days are not"),
        ({"drugs": {"everolimus": {"dose_mg": 1, "stop_when": "x"}}}, "is not supported yet"),
        ({"drugs": {"everolimus": [{"dose_mg": 1}, {"dose_mg": 2}]}}, "with single brackets"),
        ({"genes": {"osteoclasts": {"RPTOR": 0}}}, "nearest: osteoclast"),
        ({"genes": {"tumour": {"raptor": 0}}}, "nearest: RPTOR"),
        ({"tumors": {}}, "nearest: tumour"),
        ({"mTOR": {}}, "nearest: signalling"),
        ({"run": {"duration": 3}}, "nearest: days"),
        ({"vary": {"run.days": [1, 2]}}, "this is a design, not a scenario; run it with"),
    ],
)  # fmt: skip
def test_what_people_type_gets_the_name_that_is_meant(tables, cure):
    with pytest.raises(UserError) as caught:
        Scenario.from_tables(tables)
    assert len(caught.value.faults) == 1
    assert cure in str(caught.value)


def test_a_scenario_is_no_design_and_a_design_no_scenario(tmp_path, capsys):
    scenario, design = tmp_path / "scenario.toml", tmp_path / "design.toml"
    scenario.write_text("extends = 'vehicle'\n[run]\ndays = 3\n")
    design.write_text("base = 'vehicle'\nkind = 'grid'\n[vary]\n'run.days' = [1, 2]\n")
    assert cli.main(["sweep", str(scenario)]) == 2
    said = capsys.readouterr().err
    assert "this is a scenario, not a design; run it with" in said
    assert said.endswith(f"run {scenario}\n")
    assert cli.main(["run", str(design)]) == 2
    assert capsys.readouterr().err.endswith(f"sweep {design}\n")


@pytest.mark.parametrize("text", ["", "# only a remark\n", "[run]\n[tumour]\n"])
def test_a_file_that_sets_nothing_is_refused(tmp_path, text):
    path = tmp_path / "blank.toml"
    path.write_text(text)
    (told,) = refused(path, vocabulary=SMALL)
    assert told.startswith("sets nothing, and would run 28 days of the defaults; write e.g.")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (".".join("a" * 1000) + " = 1", "a key of more than 20 parts"),
        ("[" + " . ".join(["a"] * 30) + "]", "a key of more than 20 parts"),
        (".".join(['"a b"'] * 1000) + " = 1", "nested too deeply"),
        ("x = " + "{a = " * 60 + "1" + "}" * 60, "nested too deeply"),
        ("x = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_deep_nesting_is_refused(tmp_path, text, told):
    path = tmp_path / "deep.toml"
    path.write_text(text)
    assert refused(path)[0].startswith(told)


def test_large_lists_are_checked_in_time(tmp_path):
    path = tmp_path / "large.toml"
    days = [i / 24 for i in range(50_000)]  # each the end of a step
    path.write_text(f"[run]\ndays = 2100.0\n[output]\ncells_at_days = {days}\n")
    assert len(load(path).output.cells_at_days) == 50_000  # took minutes when it was quadratic
    path.write_text(f"[output]\ncolumns = {[f'c{i}' for i in range(50_000)]}\n")
    assert cli.main(["validate", str(path)]) == 2


@pytest.mark.parametrize("name", ["CON", "nul.1", "Com9", "a.", "a/b", "-a", "", "x" * 81])
def test_a_name_that_some_system_refuses_names_no_folder(name):
    with pytest.raises(UserError, match="name a folder"):
        Scenario.from_tables({"name": name})
