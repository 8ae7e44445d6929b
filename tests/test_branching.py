"""A branch is the run from the start, to the last bit; what cannot branch is refused."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_runner import tables

from mtor_abm.branching import branch_of, day_of, trunk_of
from mtor_abm.errors import UserError
from mtor_abm.model import MarrowModel
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.plan import Parting
from mtor_abm.scenario import Scenario

SMALL = {
    "run": {"days": 1.0, "seeds": "1"},
    "output": {"every_h": 4.0, "cells_at_days": [1.0], "fields_at_days": [1.0]},
    "geometry": {"nx": 48, "ny": 48},
    "inoculum": {"cells": 20, "clusters": 2},
}
RAPAMYCIN = {"dose_mg_per_kg": 2.0, "every_h": 12.0, "start_day": 0.25, "stop_day": 0.75}


def scenario(name, drugs=None, **tables):
    return Scenario.from_tables({**SMALL, **tables, "drugs": drugs or {}}, name=name)


LATE = {"start_day": 10.0, "stop_day": None}


GROWN = scenario("vehicle", {"opg_fc": {"dose_mg_per_kg": 3.0, "route": "sc"}})
ARMS = {
    "vehicle": {},
    "rapamycin": {"rapamycin": RAPAMYCIN},
    "osi_027": {"osi_027": {"dose_mg_per_kg": 25.0, "route": "po", "every_h": 24.0}},
    "zoledronate": {"zoledronate": {"dose_mg_per_kg": 0.1, "route": "sc"}},
    "exemestane": {"exemestane": {"dose_mg": 25.0, "species": "human", "route": "po"}},
    "amd3100": {"amd3100": {"dose_mg_per_kg": 5.0, "route": "sc", "every_h": 4.0}},
}


def test_branches_are_the_runs_from_the_start_to_the_last_bit(tmp_path):
    arms = [branch_of(GROWN, scenario(name, drugs), 0.5) for name, drugs in ARMS.items()]
    run_study(arms, None, tmp_path / "whole", jobs=1)
    parting = Parting(0.5, tmp_path / "trunks", trunk_of)
    study = run_study(arms, None, tmp_path / "branched", jobs=1, parting=parting)
    assert {run.begun_at_step for run in study.runs} == {12}
    assert len(list((tmp_path / "trunks").iterdir())) == 1
    assert tables(tmp_path / "branched") == tables(tmp_path / "whole")


def test_a_drug_changes_no_byte_before_its_first_dose(tmp_path):
    rows = {}
    for name, drugs in ARMS.items():
        arm = branch_of(GROWN, scenario(name, drugs), 0.5)
        study = run_study([arm], None, tmp_path / name, jobs=1)
        lines = (study.runs[0].folder / "timeseries.csv").read_text().splitlines()
        rows[name] = lines[1:]
    early = {name: lines[:4] for name, lines in rows.items()}  # hours 0, 4, 8, 12
    assert all(lines == early["vehicle"] for lines in early.values())
    assert rows["osi_027"][-1] != rows["vehicle"][-1]  # so the lines can tell


def test_a_drug_given_at_day_10_leaves_every_table_as_it_was_before_day_10(tmp_path):
    days = [5.0, 10.0, 11.0]
    longer = {
        "run": {"days": 11.0, "seeds": "1"},
        "output": {"every_h": 6.0, "cells_at_days": days, "fields_at_days": days, "events": True},
    }
    of = {}
    for name, drugs in (("vehicle", {}), ("rapamycin", {"rapamycin": RAPAMYCIN | LATE})):
        arm = scenario(name, drugs, **longer)
        folder = run_study([arm], None, tmp_path / name, jobs=1).runs[0].folder
        of[name] = {
            path.relative_to(folder).as_posix(): pd.read_csv(path, dtype=str, keep_default_na=False)
            for path in folder.rglob("*.csv")
        }
    plain, treated = of["vehicle"], of["rapamycin"]
    assert set(plain) == set(treated) and len(plain) == 3 + 2 * len(days)
    for name in plain:
        if "day_05" in name or "day_10" in name:  # the field of a drug is one column more
            extra = treated[name][sorted(set(treated[name]) - set(plain[name]))]
            assert list(extra) == (["rapamycin"] if name.startswith("fields") else [])
            assert (extra == "0").all(axis=None)
            pd.testing.assert_frame_equal(treated[name].drop(columns=extra.columns), plain[name])
    for name in ("timeseries.csv", "events.csv"):
        early = [
            table[name][table[name]["time_h"].astype(float) <= 240.0] for table in (plain, treated)
        ]
        assert len(early[0]) > 40
        pd.testing.assert_frame_equal(*early)
    for name in ("timeseries.csv", "cells/day_011.00.csv"):  # so the tables can tell
        assert not treated[name].equals(plain[name])


def test_drugs_of_an_arm_are_moved_to_the_day_of_parting():
    branch = branch_of(GROWN, scenario("rapamycin", ARMS["rapamycin"]), 0.5)
    assert branch.name == "rapamycin"
    assert branch.drugs["rapamycin"].start_day == 0.5
    assert branch.drugs["rapamycin"].stop_day == 1.0  # as long as before
    assert branch.drugs["opg_fc"] == GROWN.drugs["opg_fc"]
    assert trunk_of(branch, 0.5).drugs == GROWN.drugs
    assert trunk_of(branch, 0.5).identity_hash() == GROWN.identity_hash()
    assert set(trunk_of(branch, 0.6).drugs) == {"opg_fc", "rapamycin"}


@pytest.mark.parametrize(
    ("arm", "day", "message"),
    [
        (scenario("a", genes={"tumour": {"RPTOR": 0.0}}), 0.5,
         r"differs from 'vehicle' in genes\.tumour\.RPTOR \(0\.0 for 1\.0\), which acts from"),
        (scenario("a", switches={"V8": "B"}), 0.5, r"in switches\.V8 \(B for A\)"),
        (scenario("a", {"opg_fc": {"dose_mg_per_kg": 9.0, "route": "sc"}}), 0.5,
         "gives opg_fc otherwise than 'vehicle' does"),
        (scenario("a"), 1.0, r"day 1 is not within the run \(1 d\)"),
        (scenario("a"), 0.0, "day 0 is not within the run"),
    ],
)  # fmt: skip
def test_what_cannot_branch_is_refused(arm, day, message):
    with pytest.raises(UserError, match=message):
        branch_of(GROWN, arm, day)


def test_a_model_refuses_another_past():
    model = MarrowModel(GROWN, 1)
    for _ in range(3):
        model.step()
    with pytest.raises(UserError, match=r"drugs\.rapamycin .* acts before day 0\.125"):
        model.go_on_under(scenario("a", {**GROWN.tables()["drugs"], "rapamycin": {
            "dose_mg_per_kg": 2.0, "start_day": 0.0}}))  # fmt: skip
    with pytest.raises(UserError, match=r"tumour\.adhesion"):
        model.go_on_under(GROWN.changed({"tumour.adhesion": 2.0}))


@given(st.floats(0.0, 1e4))
def test_days_and_hours_read_alike(value):
    assert day_of(f"{value!r}d") == day_of(f"{value!r}") == value
    assert day_of(f"{value!r}h") == value / 24.0


@pytest.mark.parametrize("text", ["", "d", "x", "-1d", "nan", "inf", "10w"])
def test_no_time(text):
    with pytest.raises(UserError, match=r"is not a valid time; use e.g. 10d or 240h"):
        day_of(text)
