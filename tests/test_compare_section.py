"""[compare] of a scenario: it says how results are compared and decides no run."""

import json

import pytest

from mtor_abm import cli
from mtor_abm.errors import UserError
from mtor_abm.scenario import Scenario
from mtor_abm.scenario_files import load

SAID = {"primary": ["bv_tv_change_percent", "ctx_per_d_mean"], "treatment": ["switches.V8"]}


def test_it_changes_neither_identity_nor_text_of_a_scenario_without_it():
    plain = load("rapamycin")
    given = plain.changed({"compare.primary": SAID["primary"], "compare.treatment": ["tumour"]})
    assert given.identity_hash() == plain.identity_hash()
    assert "compare" not in plain.resolved() and "[compare]" not in plain.to_toml()
    assert given.to_toml().replace(
        '[compare]\nprimary = ["bv_tv_change_percent", "ctx_per_d_mean"]\n'
        'treatment = ["tumour"]\n\n', ""
    ) == plain.to_toml()  # fmt: skip


def test_it_reads_back_and_is_inherited(tmp_path):
    (tmp_path / "a.toml").write_text('extends = "vehicle"\n[compare]\nprimary = ["bv_tv_final"]\n')
    child = tmp_path / "b.toml"
    child.write_text('extends = "a"\n[compare]\ntreatment = ["tumour.adhesion", "switches"]\n')
    scenario = load(child)
    assert scenario.compare.primary == ("bv_tv_final",)
    assert scenario.compare.treatment == ("tumour.adhesion", "switches")
    text = tmp_path / "c.toml"
    text.write_text(scenario.to_toml())
    assert load(text).compare == scenario.compare


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"primary": "bv_tv_final"}, r"write \[\"bv_tv_final\"\]"),
        ({"primary": ["bv_tv_final", "bv_tv_final"]}, "twice"),
        ({"primry": []}, "nearest: primary"),
        ({"treatment": ["tumour.adhesin"]}, "treatment has .*adhesin.*nearest: adhesion"),
        ({"treatment": ["title"]}, "not a key of a scenario"),
        ({"treatment": ["run.days.x"]}, "not a key of a scenario"),
    ],
)
def test_a_fault_gets_one_line(said, says):
    with pytest.raises(UserError, match=says):
        Scenario.from_tables({"compare": said})


def test_an_unknown_endpoint_is_told_by_validate_with_the_nearest(tmp_path, capsys):
    path = tmp_path / "a.toml"
    path.write_text('extends = "vehicle"\n[compare]\nprimary = ["tumour_area_mm2_end"]\n')
    assert cli.main(["validate", str(path)]) == 2
    said = capsys.readouterr().err
    assert "[compare] primary has 'tumour_area_mm2_end'" in said and "nearest: tumour_area" in said
    path.write_text(path.read_text().replace("_end", "_final"))
    assert cli.main(["validate", str(path)]) == 0
    path.write_text(path.read_text().replace("tumour_area_mm2_final", "days_to_tumour_area_mm2"))
    assert cli.main(["validate", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out.partition("\n")[2])[0]["valid"]
