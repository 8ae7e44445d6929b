"""The scenario files that come with the program."""

from pathlib import Path

import pytest

from mtor_abm.scenario import Scenario
from mtor_abm.scenario_files import load

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_scenario_loads_explains_itself_and_survives_writing(file, tmp_path):
    scenario = load(file)
    assert scenario.name == file.stem
    assert scenario.title
    assert scenario.description
    written = tmp_path / "written.toml"
    written.write_text(scenario.to_toml())
    assert load(written) == scenario


def test_no_two_shipped_scenarios_are_the_same_run():
    by_hash: dict[str, list[str]] = {}
    for file in FILES:
        by_hash.setdefault(load(file).identity_hash(), []).append(file.stem)
    assert [names for names in by_hash.values() if len(names) > 1] == [
        ["mouse_osteolytic", "vehicle"]  # vehicle is the untreated base under its study's name
    ]


def test_the_demonstration_arms_differ_in_the_drug_alone():
    vehicle, rapamycin = load(FOLDER / "vehicle.toml"), load(FOLDER / "rapamycin.toml")
    undrugged = Scenario.from_tables(
        {k: v for k, v in _tables(rapamycin).items() if k != "drugs"}, "vehicle"
    )
    assert undrugged.identity_hash() == vehicle.identity_hash()


@pytest.mark.parametrize(
    ("control", "treated", "drug"),
    [
        ("intratibial_breast_vehicle", "intratibial_breast_rapamycin", "rapamycin"),
        ("intratibial_breast_vehicle", "intratibial_breast_osi_027", "osi_027"),
        ("intratibial_breast_vehicle", "intratibial_breast_oxa_01", "oxa_01"),
        ("neuroblastoma_vehicle", "neuroblastoma_rapamycin", "rapamycin"),
        ("oral_squamous_vehicle", "oral_squamous_temsirolimus", "temsirolimus"),
        ("er_positive_human", "bolero2_exemestane", "exemestane"),
        ("bolero2_exemestane", "bolero2_everolimus", "everolimus"),
    ],
)
def test_arms_of_a_cited_paper_differ_in_one_drug(control, treated, drug):
    with_drug = load(FOLDER / f"{treated}.toml")
    tables = _tables(with_drug)
    del tables["drugs"][drug]
    without = Scenario.from_tables(tables, control)
    assert without.identity_hash() == load(FOLDER / f"{control}.toml").identity_hash()


def _tables(scenario):
    import tomllib

    return tomllib.loads(scenario.to_toml())
