"""Which arm is the control of which, and that gather holds every arm against its own."""

import csv
import math
import shutil

import pandas as pd
import pytest
from toy_marrow import ToyEngine, ToyScenario

from mtor_abm import cli
from mtor_abm.analysis.arms import Arm, arms_of, complete_runs
from mtor_abm.analysis.gather import gather
from mtor_abm.analysis.groups import grouped
from mtor_abm.errors import UserError
from mtor_abm.runner.batch import run_study
from mtor_abm.store import Run

SLOW, FAST = 0.02, 0.03  # growth per step of the two marrows
STEPS = 48
SWEEP = {
    # name: growth, drug
    "base_p0001": (SLOW, 1.0), "drug_p0001": (SLOW, 0.5), "drug_p0002": (SLOW, 0.25),
    "base_p0003": (FAST, 1.0), "drug_p0003": (FAST, 0.5), "drug_p0004": (FAST, 0.25),
}  # fmt: skip
DESIGN = """point,name,control,toy.growth_per_step,drugs.toy.share
1,drug_p0001,base_p0001,0.02,0.5
2,drug_p0002,base_p0001,0.02,0.25
3,drug_p0003,base_p0003,0.03,0.5
4,drug_p0004,base_p0003,0.03,0.25
"""


def toy_study(out, arms, design=None, seeds=(1, 2, 3)):
    scenarios = [
        ToyScenario(name, growth_per_step=growth, drug=drug)
        for name, (growth, drug) in arms.items()
    ]
    texts = {} if design is None else {"design.csv": design}
    run_study(scenarios, list(seeds), out, jobs=1, engine=ToyEngine, texts=texts)
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return toy_study(tmp_path_factory.mktemp("out") / "sweep", SWEEP, DESIGN)


@pytest.fixture
def sweep(made, tmp_path):
    return shutil.copytree(made, tmp_path / "sweep")


def grouping_of(study, control=None):
    found = grouped(study, arms_of(complete_runs(study)[0]), control)
    return {g.control.name: [arm.name for arm in g.treated] for g in found.groups}, found


def test_each_point_of_a_sweep_has_the_control_that_its_design_names(sweep):
    groups, found = grouping_of(sweep)
    assert groups == {
        "base_p0001": ["drug_p0001", "drug_p0002"],
        "base_p0003": ["drug_p0003", "drug_p0004"],
    }
    assert found.origin == "design.csv" and found.notes == [] and found.loose == []
    assert found.control_of("drug_p0004").name == "base_p0003"
    assert found.control_of("base_p0003") is None


def test_gather_holds_each_arm_against_its_own_control(sweep, tmp_path):
    """The truth is exp(-growth * (1 - drug) * steps), since arms share their luck."""
    gather(sweep, tmp_path / "g")
    table = pd.read_csv(tmp_path / "g" / "effects.csv")
    area = table[table["readout"] == "tumour_area_mm2_final"].set_index("treated")
    assert set(area.index) == {name for name in SWEEP if name.startswith("drug")}
    for name, (growth, drug) in SWEEP.items():
        if name.startswith("drug"):
            truth = math.exp(-growth * (1.0 - drug) * STEPS)
            assert area.loc[name, "estimate"] == pytest.approx(truth, rel=1e-6), name
            assert area.loc[name, "control"] == ("base_p0001" if growth == SLOW else "base_p0003")


def test_a_control_of_the_design_stands_for_its_own_points(sweep):
    groups, found = grouping_of(sweep, "base_p0003")
    assert groups == {"base_p0003": ["drug_p0003", "drug_p0004"]}
    assert [arm.name for arm in found.loose] == ["base_p0001", "drug_p0001", "drug_p0002"]
    groups, _ = grouping_of(sweep, "drug_p0001")  # no control of the design: all against it
    assert list(groups) == ["drug_p0001"] and len(groups["drug_p0001"]) == 5


def test_points_whose_control_is_missing_and_arms_outside_the_design_are_told(sweep):
    for run in sweep.glob("base_p0003__*"):
        shutil.rmtree(run)
    groups, found = grouping_of(sweep)
    assert list(groups) == ["base_p0001"]
    assert any("drug_p0003, drug_p0004: the control base_p0003 has no" in n for n in found.notes)
    (sweep / "design.csv").write_text("\n".join(DESIGN.splitlines()[:3]) + "\n")
    groups, found = grouping_of(sweep)
    assert any("does not name them" in note and "drug_p0003" in note for note in found.notes)
    assert {arm.name for arm in found.loose} == {"drug_p0003", "drug_p0004"}


def test_a_design_without_control_has_no_effects_unless_one_is_named(sweep, tmp_path):
    rows = list(csv.reader(DESIGN.splitlines()))
    text = "\n".join(",".join(row[:2] + row[3:]) for row in rows) + "\n"
    (sweep / "design.csv").write_text(text)
    groups, found = grouping_of(sweep)
    assert groups == {} and "does not name a control" in found.notes[0] and len(found.loose) == 6
    gathered = gather(sweep, tmp_path / "g")
    assert any("does not name a control" in note for note in gathered.notes)
    assert grouping_of(sweep, "base_p0001")[0].keys() == {"base_p0001"}


@pytest.mark.parametrize("content", [b"", b"point\n1\n", b"\xff\xfe\x00", b"name\n,\n"])
def test_a_damaged_design_is_an_error_and_no_guess(sweep, content):
    (sweep / "design.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"damaged.*--control"):
        grouping_of(sweep)
    assert "base_p0001" in grouping_of(sweep, "base_p0001")[0]


def test_without_a_design_the_first_scenario_is_the_control(tmp_path):
    arms = {"zero": (SLOW, 1.0), "a": (SLOW, 0.5)}  # not the alphabetical order
    study = toy_study(tmp_path / "s", arms)
    groups, found = grouping_of(study)
    assert groups == {"zero": ["a"]} and found.origin == "study.json"
    assert grouping_of(study, "a")[0] == {"a": ["zero"]}
    with pytest.raises(UserError, match=r"--control zerro is not an arm.*nearest: zero"):
        grouping_of(study, "zerro")


def test_the_control_of_a_study_made_in_several_calls(tmp_path):
    """That of the first call that has one, to which later ones add arms."""
    out = tmp_path / "s"
    zero, half = {"zero": (SLOW, 1.0)}, {"half": (SLOW, 0.5)}
    toy_study(out, half)
    toy_study(out, {**zero, **half})  # the control was forgotten, and is named first now
    assert grouping_of(out)[0] == {"zero": ["half"]}
    toy_study(out, {"other": (SLOW, 0.3)})
    assert grouping_of(out)[0] == {"zero": ["half", "other"]}


def test_a_control_that_gives_a_drug_while_another_arm_gives_none_is_pointed_out(tmp_path):
    drug, none = (
        Arm(name, tmp_path, {1: Run(tmp_path / name, {"parameters": {"drugs": drugs}})})
        for name, drugs in (("rapamycin", {"rapamycin": {}}), ("vehicle", {}))
    )
    (tmp_path / "study.json").write_text('{"runs": {}, "scenarios": ["rapamycin", "vehicle"]}')
    note = grouped(tmp_path, [drug, none]).notes[0]
    assert note.endswith("--control vehicle takes the arm that gives none.")
    assert grouped(tmp_path, [drug, none], "rapamycin").notes == []


def test_a_study_that_lost_study_json_asks_for_the_control_and_is_taken_up_again(tmp_path):
    arms = {"zero": (SLOW, 1.0), "a": (SLOW, 0.5)}
    study = toy_study(tmp_path / "s", arms)
    gather(study)
    (study / "comparison.csv").write_text("")
    (study / "study.json").unlink()
    with pytest.raises(UserError, match=r"no study.json.*--control \(a, zero\)"):
        grouping_of(study)
    assert grouping_of(study, "zero")[0] == {"zero": ["a"]}
    toy_study(study, arms)  # the command that made it
    assert grouping_of(study)[0] == {"zero": ["a"]}


def test_a_control_that_is_no_arm_leaves_no_table(sweep, tmp_path, capsys):
    out = tmp_path / "g"
    assert cli.main(["gather", str(sweep), "--out", str(out), "--control", "base"]) == 2
    assert "--control base is not an arm" in capsys.readouterr().err
    assert list(out.iterdir()) == []
    assert cli.main(["gather", str(sweep), "--out", str(out), "--control", "base_p0001"]) == 0
    assert set(pd.read_csv(out / "effects.csv")["treated"]) == {"drug_p0001", "drug_p0002"}
