import json
import math
import shutil

import numpy as np
import pytest
from toy_marrow import ToyColumn, ToyEngine, ToyOutput, ToyRun, ToyScenario

from mtor_abm.analysis import arms as arms_module
from mtor_abm.analysis.compare import COLUMNS, Comparison, compare, sentence
from mtor_abm.errors import UserError
from mtor_abm.manifest import sealed
from mtor_abm.runner.batch import run_study
from mtor_abm.store import MANIFEST
from mtor_abm.tidy_csv import read_csv

VEHICLE = ToyScenario("vehicle")
DRUG = ToyScenario("rapamycin", drug=0.5)
SEEDS = [1, 2, 3, 4]


def study(out, *scenarios, seeds=SEEDS):
    run_study(scenarios, seeds, out, jobs=1, engine=ToyEngine)
    return out


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return study(tmp_path_factory.mktemp("out") / "demo", VEHICLE, DRUG, ToyScenario("placebo"))


def rows(comparison, treated=None):
    return {row["readout"]: row for row in comparison.rows if treated in (None, row["treated"])}


# ----------------------------------------------------------------------------------- the numbers
def test_shared_luck_gives_the_exact_effect(demo, tmp_path):
    """Both arms share their noise, so each pair's ratio is exp(-0.02 * 0.5 * 48) exactly."""
    comparison = compare(demo / "vehicle", [demo / "rapamycin"], tmp_path)
    area = rows(comparison)["tumour_area_mm2_final"]
    truth = np.exp(-0.02 * 0.5 * 48)
    assert area["effect"] == "ratio" and area["n_pairs"] == 4
    # rounding to 9 digits in the tables is the only spread that is left
    assert (area["estimate"], area["ci_low"], area["ci_high"]) == pytest.approx((truth,) * 3)
    assert area["variance_reduction"] == pytest.approx(1.0)
    growth = rows(comparison)["tumour_area_mm2_growth_per_d"]
    assert growth["treated_mean"] - growth["control_mean"] == pytest.approx(-0.24)
    bone = rows(comparison)["bv_tv_mean"]
    assert (bone["estimate"], bone["ci_low"], bone["ci_high"], bone["p"]) == (1, 1, 1, 1)
    assert rows(comparison)["events_division_tumour"]["estimate"] == 1.0


class RareEngine(ToyEngine):
    """Divisions are called rare where the drug is given, so that each arm lacks an event."""

    @staticmethod
    def create(scenario, seed):
        model = ToyEngine.create(scenario, seed)
        take = model.take_events

        def renamed():
            events = take()
            if scenario.drug < 1.0 and len(events["event"]):
                events["event"] = np.full(len(events["event"]), "rare", dtype=object)
            return events

        model.take_events = renamed
        return model


def test_events_that_one_arm_lacks_have_happened_there_0_times(tmp_path):
    out = tmp_path / "s"
    run_study([VEHICLE, DRUG], SEEDS, out, jobs=1, engine=RareEngine)
    found = rows(compare(out / "vehicle", [out / "rapamycin"]))
    rare, division = found["events_rare_tumour"], found["events_division_tumour"]
    assert (rare["control_mean"], division["treated_mean"]) == (0.0, 0.0)
    assert rare["effect"] == "difference" and rare["n_pairs"] == 4
    assert rare["estimate"] == rare["treated_mean"] == -division["estimate"] > 0.0


def test_doubling_times_are_reported_but_not_compared(demo, tmp_path):
    assert "tumour_area_mm2_doubling_d" in (demo / "summary.csv").read_text()
    assert "tumour_area_mm2_doubling_d" not in rows(compare(demo / "vehicle", [demo], tmp_path))


class WiderEngine(ToyEngine):
    """One column more."""

    @staticmethod
    def columns():
        return {**ToyEngine.columns(), "extra": ToyColumn("extra", "1", "one more")}

    @staticmethod
    def row(model):
        return {**ToyEngine.row(model), "extra": 0}


def test_arms_with_other_columns_are_refused(demo, tmp_path):
    run_study([DRUG], SEEDS, tmp_path / "s", jobs=1, engine=WiderEngine)
    with pytest.raises(UserError, match=r"output columns \(extra\) is 4 and 5"):
        compare(demo / "vehicle", [tmp_path / "s"], tmp_path)


def test_p_is_adjusted_for_the_readouts_of_the_arm(demo, tmp_path):
    comparison = compare(demo / "vehicle", [demo / "rapamycin"], tmp_path)
    p = [row["p"] for row in comparison.rows]
    smallest = min(comparison.rows, key=lambda row: row["p"])
    assert smallest["p_adjusted"] == pytest.approx(smallest["p"] * len(p))
    assert all(row["p_adjusted"] >= row["p"] for row in comparison.rows)


def test_time_to_a_threshold(tmp_path):
    """Without noise the area doubles at ln 2 / 0.02 h, and never at a fourth of that growth."""
    steady = [ToyScenario("a", noise=0.0), ToyScenario("b", noise=0.0, drug=0.25)]
    study(tmp_path / "s", *steady)
    arms = tmp_path / "s" / "a", [tmp_path / "s" / "b"]
    row = rows(compare(*arms, threshold_mm2=0.2))["days_to_tumour_area_mm2_0.2"]
    doubling = np.log(2.0) / 0.02 / 24.0
    # the series has a row every 6 h; linear between rows is a little late on a curve that bends up
    assert row["control_median"] == pytest.approx(doubling, abs=0.01)
    assert row["control_mean"] == pytest.approx(doubling, abs=0.01)
    assert np.isnan(row["treated_median"]) and row["treated_mean"] == 2.0
    assert (row["control_reached"], row["treated_reached"]) == (4, 0)
    assert row["estimate"] == pytest.approx(2.0 - doubling, abs=0.01)
    assert row["p"] == pytest.approx(0.0082, abs=1e-4)  # chi2 7: (4 - 2)^2 / (4 * 16/64 * 4/7)
    assert (
        rows(compare(*arms, threshold_mm2=0.11))["days_to_tumour_area_mm2_0.11"]["treated_reached"]
        == 4
    )
    # left out, it is half the control's last area: 0.1 exp(0.02 * 48) / 2
    assert "days_to_tumour_area_mm2_0.131" in rows(compare(*arms))


def test_arms_without_any_tumour_have_no_time_row(tmp_path):
    healthy = ToyScenario("a", start_area_mm2=0.0)
    study(tmp_path / "s", healthy, healthy.but(name="b"))
    found = rows(compare(tmp_path / "s" / "a", [tmp_path / "s" / "b"]))
    assert not any(name.startswith("days_to") for name in found)
    area = found["tumour_area_mm2_final"]
    assert (area["effect"], area["estimate"], area["p"]) == ("difference", 0.0, 1.0)


def test_one_pair_says_that_it_has_no_interval(tmp_path):
    study(tmp_path / "s", VEHICLE, DRUG, seeds=[7])
    comparison = compare(tmp_path / "s" / "vehicle", [tmp_path / "s" / "rapamycin"])
    assert np.isnan(rows(comparison)["tumour_area_mm2_final"]["ci_low"])
    assert "one pair only" in comparison.text() and "nan" not in comparison.text()
    json.dumps(comparison.as_dict(), allow_nan=False)


# ---------------------------------------------------------------------------- choosing the arms
def test_ways_to_name_an_arm(demo, tmp_path):
    by_name = compare(f"{demo}/vehicle", [f"{demo}/rapamycin"], tmp_path).rows
    assert (
        compare(demo / "vehicle__seed_0001", [demo / "rapamycin"], tmp_path).rows[0]["n_pairs"] == 1
    )
    alone = study(tmp_path / "alone", DRUG)
    elsewhere = compare(demo / "vehicle", [alone], tmp_path).rows
    assert [row["estimate"] for row in elsewhere] == [row["estimate"] for row in by_name]
    assert {row["treated"] for row in elsewhere} == {str(alone / "rapamycin")}
    whole = compare(demo / "vehicle", [demo], tmp_path)
    assert list(dict.fromkeys(row["treated"] for row in whole.rows)) == ["placebo", "rapamycin"]
    assert all(row["p"] == 1.0 for row in rows(whole, "placebo").values())


def test_only_shared_seeds_are_paired_and_the_others_named(demo, tmp_path):
    some = study(tmp_path / "s", DRUG, seeds=[3, 4, 5])
    comparison = compare(demo / "vehicle", [some], tmp_path)
    assert comparison.rows[0]["n_pairs"] == 2
    assert "seeds 1, 2 of vehicle alone are left out" in comparison.notes[0]
    assert (
        "seeds 5 of rapamycin alone" in comparison.notes[1] or "seeds 5 of " in comparison.notes[1]
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"run": ToyRun(days=3.0)}, "run.days is 2.0 and 3.0"),
        ({"run": ToyRun(step_h=0.5)}, "run.step_h is 1.0 and 0.5"),
        ({"output": ToyOutput(every_h=12.0)}, "output.every_h"),
        ({"nx": 40}, "geometry.nx is 20 and 40"),
        ({"start_area_mm2": 0.2}, "tumour_area_mm2 at the start of seed 1"),
    ],
)
def test_arms_that_differ_in_more_than_treatment_are_refused(demo, tmp_path, change, says):
    other = study(tmp_path / "s", DRUG.but(**change))
    with pytest.raises(UserError) as caught:
        compare(demo / "vehicle", [other], tmp_path)
    assert "not comparable" in str(caught.value) and says in str(caught.value)
    assert not (tmp_path / "comparison.csv").exists()


def edited(folder, **changes):
    """Change entries of the manifests of all runs in a study."""
    for path in folder.glob(f"*/{MANIFEST}"):
        manifest = json.loads(path.read_text())
        manifest["identity"].update(changes)
        path.write_text(json.dumps(sealed(manifest)))


@pytest.mark.parametrize("key", ["package_version", "sources"])
def test_arms_made_by_different_versions_are_refused(demo, tmp_path, key):
    other = study(tmp_path / "s", DRUG)
    edited(other, **{key: "other"})
    with pytest.raises(UserError, match=r"not comparable.* and other"):
        compare(demo / "vehicle", [other], tmp_path)


def test_other_refusals_name_the_place_and_the_cure(demo, tmp_path):
    refused = [
        (demo / "vehicle", [demo / "vehicle"], "given twice"),
        (demo / "vehicle", [demo / "rapamycin", demo / "rapamycin__seed_0001"], "given twice"),
        (demo / "vehicle", [demo / "aspirin"], "it has placebo, rapamycin, vehicle"),
        (demo, [demo / "vehicle"], "holds 3 scenarios"),
        (demo / "vehicle", [], "no treated arm"),
        (demo / "vehicle", [tmp_path / "none" / "a"], "does not exist"),
        (demo / "vehicle", [tmp_path], "holds no runs"),
        (demo / "vehicle", [demo / "study.json"], "is a file"),
        (demo / "vehicle", [study(tmp_path / "far", DRUG, seeds=[8, 9])], "none in common"),
    ]
    for control, treated, says in refused:
        with pytest.raises(UserError, match=says):
            compare(control, treated, tmp_path)


def test_failed_half_written_and_mixed_arms_are_refused(demo, tmp_path):
    failed = study(tmp_path / "s", DRUG.but(fault="crash"))
    with pytest.raises(UserError, match=r"failed \(ZeroDivisionError: planted"):
        compare(demo / "vehicle", [failed], tmp_path)
    half = study(tmp_path / "h", DRUG)
    (half / "rapamycin__seed_0002" / MANIFEST).unlink()
    with pytest.raises(UserError, match="half-written"):
        compare(demo / "vehicle", [half], tmp_path)
    mixed = study(tmp_path / "m", DRUG, seeds=[1])
    other = study(tmp_path / "n", DRUG.but(drug=0.1), seeds=[2])
    shutil.copytree(other / "rapamycin__seed_0002", mixed / "rapamycin__seed_0002")
    with pytest.raises(UserError, match="differ in scenario_sha256"):
        compare(demo / "vehicle", [mixed], tmp_path)


# ------------------------------------------------------------------------------------ the output
def test_the_file_holds_the_table_and_replaces_only_its_own(demo, tmp_path):
    comparison = compare(demo / "vehicle", [demo / "rapamycin"], tmp_path / "new")
    table = read_csv(comparison.path.read_bytes())
    assert list(table.columns) == list(COLUMNS) == list(comparison.table.columns)
    assert len(table) == len(comparison.rows)
    np.testing.assert_allclose(table["estimate"], comparison.table["estimate"], rtol=1e-8)
    first = comparison.path.read_bytes()
    compare(demo / "vehicle", [demo / "rapamycin"], tmp_path / "new")
    assert comparison.path.read_bytes() == first
    comparison.path.write_text("my own numbers\n")
    with pytest.raises(UserError, match="not written by compare"):
        compare(demo / "vehicle", [demo / "rapamycin"], tmp_path / "new")
    assert comparison.path.read_text() == "my own numbers\n"


def test_arms_that_a_new_comparison_drops_from_the_file_are_named(demo, tmp_path):
    compare(demo / "vehicle", [demo / "rapamycin", demo / "placebo"], tmp_path)
    again = compare(demo / "vehicle", [demo / "placebo"], tmp_path)
    assert any("held rapamycin as well before; --out DIR keeps both" in n for n in again.notes)
    assert not any("as well before" in n for n in compare(demo / "vehicle", [demo], tmp_path).notes)


def test_a_study_that_is_not_there_is_named_with_the_nearest(demo):
    with pytest.raises(UserError, match=rf"{demo.name}x does not exist; nearest: {demo.name}"):
        compare(demo.parent / f"{demo.name}x", [demo / "rapamycin"])


def test_without_out_the_file_lies_in_the_study_of_the_control(tmp_path):
    out = study(tmp_path / "s", VEHICLE, DRUG, seeds=[1, 2])
    assert compare(out / "vehicle", [out / "rapamycin"]).path == out / "comparison.csv"
    study(out, VEHICLE, DRUG, seeds=[1, 2])  # the study is still a study with it
    with pytest.raises(UserError, match="file"):
        compare(out / "vehicle", [out / "rapamycin"], out / "study.json")


def test_the_text_is_aligned_and_clearest_first(demo, tmp_path):
    text = compare(demo / "vehicle", [demo / "rapamycin", demo / "placebo"], tmp_path).text()
    lines = text.splitlines()
    assert lines[0].startswith(
        "rapamycin against vehicle, 4 pairs of runs: the tumour ends 38.1 % smaller, x 0.619 ["
    )
    assert "placebo against vehicle, 4 pairs of runs: the tumour ends the same; 0 of" in text
    head = lines[1]
    start = head.index("effect")
    table = [line for line in lines[2:] if line.startswith("  tumour")]
    assert table and all(line[start : start + 2] in ("x ", "+0", "-0") for line in table[:3])
    assert all(len(line) <= 110 for line in table)


def test_flat_tables():
    assert arms_module.flat({"a": {"b": 1, "c": {"d": 2}}, "e": 3}) == {
        "a.b": 1, "a.c.d": 2, "e": 3,
    }  # fmt: skip


def _row(**values):
    plain = dict.fromkeys(("control_reached", "treated_reached", "p"), math.nan)
    return {"n_pairs": 4, "effect": "ratio", "p_adjusted": 0.3, "control_mean": 1.0, **plain,
            "treated_mean": 0.7, "readout": "tumour_area_mm2_final", "unit": "mm2",
            "estimate": 0.7, "ci_low": 0.4, "ci_high": 1.2, **values}  # fmt: skip


def test_sentence_claims_no_more_than_the_interval():
    assert "the tumour at the end cannot be told apart, x 0.7 [0.4, 1.2];" in sentence(
        "vehicle", "drug", [_row()]
    )
    clear = _row(readout="bv_tv_final", p_adjusted=0.01)
    told = sentence("vehicle", "drug", [_row(ci_high=0.9), clear])
    assert "ends 30 % smaller, x 0.7 [0.4, 0.9]; 1 of 2 readouts differ" in told
    assert told.endswith("(adjusted p < 0.05), its size not among them.")
    told = sentence("vehicle", "drug", [_row(ci_high=0.9, p_adjusted=0.02)])
    assert told.endswith("1 of 1 readouts differ (adjusted p < 0.05).")


def test_a_time_that_some_runs_never_reach_says_so():
    late = _row(readout="days_to_tumour_area_mm2_0.1", effect="difference", control_reached=4)
    for reached, said in ((1, ", 4 and 1 of 4 got there"), (4, "")):
        row = late | {"treated_reached": reached}
        text = Comparison("vehicle", [row | {"treated": "drug"}]).text()
        assert (", 4 and" in text) == bool(said) and said in text
