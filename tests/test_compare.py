import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from toy_marrow import ToyColumn, ToyEngine, ToyOutput, ToyRun, ToyScenario

from mtor_abm import cli
from mtor_abm.analysis import arms as arms_module
from mtor_abm.analysis.arms import Arm, other_differences
from mtor_abm.analysis.compare import compare, compare_study
from mtor_abm.analysis.effects import COLUMNS
from mtor_abm.errors import UserError
from mtor_abm.manifest import sealed
from mtor_abm.run_settings import CompareParameters
from mtor_abm.runner.batch import run_study
from mtor_abm.scenario_files import load
from mtor_abm.store import MANIFEST, Run
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
    assert growth["treated_mean"] - growth["control_mean"] == pytest.approx(-0.24, abs=1e-3)
    bone = rows(comparison)["bv_tv_mean"]
    assert bone["estimate"] == 1 and bone["test"] == "" and np.isnan(bone["p"])
    assert area["test"] == "paired t on log ratios"
    assert area["treated_mean"] / area["control_mean"] == pytest.approx(area["estimate"])
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


def test_primary_endpoints_and_others_are_two_families(demo, tmp_path):
    """Readouts that no pair differs in have no p and count in neither."""
    names = "tumour_area_mm2_auc", "tumour_area_mm2_final", "bv_tv_mean"
    found = compare(demo / "vehicle", [demo / "rapamycin"], tmp_path, primary=names).rows
    primary = {row["readout"]: row for row in found if row["family"] == "primary"}
    assert set(primary) == set(names)
    tested = [row for row in primary.values() if row["test"]]
    assert len(tested) == 2 and {row["adjustment"] for row in tested} == {"Holm, 2"}
    assert primary["bv_tv_mean"]["adjustment"] == "" and np.isnan(
        primary["bv_tv_mean"]["p_adjusted"]
    )
    least = min(tested, key=lambda row: row["p"])
    assert least["p_adjusted"] == pytest.approx(2 * least["p"])
    others = [row for row in found if row["family"] == "other" and row["test"]]
    assert {row["adjustment"] for row in others} == {f"Benjamini-Hochberg, {len(others)}"}
    most = max(others, key=lambda row: row["p"])
    assert most["p_adjusted"] == pytest.approx(most["p"])


def test_endpoints_of_the_scenario_hold_and_may_change_without_a_run(tmp_path):
    """study.json has what the last call said; the runs are kept, byte for byte."""

    def arms(*primary):
        said = CompareParameters(primary=primary, treatment=("toy.drug",))
        return [VEHICLE.but(compare=said), DRUG.but(compare=said)]

    out = study(tmp_path / "s", *arms("tumour_area_mm2_auc"))
    before = {p: p.read_bytes() for p in out.glob("*__*/*") if p.is_file()}

    def primaries():
        comparison = compare_study(out)
        return [row["readout"] for row in comparison.rows if row["family"] == "primary"]

    assert primaries() == ["tumour_area_mm2_auc"]
    study(out, *arms("tumour_area_mm2_growth_per_d", "days_to_tumour_area_mm2"))
    assert {p: p.read_bytes() for p in before} == before
    assert primaries() == ["tumour_area_mm2_growth_per_d", "days_to_tumour_area_mm2_0.137"]
    study(out, *arms())
    assert primaries() == ["tumour_area_mm2_final"]
    (out / "study.json").unlink()  # then the runs tell what they were made with
    rows = compare(out / "vehicle", [out / "rapamycin"]).rows
    assert [row["readout"] for row in rows if row["family"] == "primary"] == ["tumour_area_mm2_auc"]


def test_an_endpoint_that_is_not_there_is_refused_with_the_nearest(demo, tmp_path):
    with pytest.raises(UserError, match=r"'tumour_area_mm2_finale' is not.*nearest: tumour_area"):
        compare_study(demo, out=tmp_path, primary=["tumour_area_mm2_finale"])
    said = CompareParameters(primary=("bv_tv_men",))
    with pytest.raises(UserError, match=r"primary has 'bv_tv_men'.*nearest: bv_tv_mean"):
        study(tmp_path / "s", VEHICLE.but(compare=said))


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
    # without noise all pairs gain alike: 2 of 16 patterns of signs, and no finite interval
    assert (row["p"], row["test"]) == (2 / 16, "sign flip on restricted times")
    assert np.isnan([row["ci_low"], row["ci_high"]]).all()
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
    assert (area["effect"], area["estimate"], area["test"]) == ("difference", 0.0, "")


def test_interval_and_p_of_a_time_come_from_one_test(tmp_path):
    """It was a paired interval beside the p of an unpaired log-rank test."""
    study(tmp_path / "s", VEHICLE, DRUG.but(noise=0.02), seeds=[1, 2, 3, 4, 5])
    arms = tmp_path / "s" / "vehicle", [tmp_path / "s" / "rapamycin"]
    row = rows(compare(*arms, threshold_mm2=0.15))["days_to_tumour_area_mm2_0.15"]
    assert row["test"] == "paired t on restricted times"
    area = rows(compare(*arms))["tumour_area_mm2_final"]  # its pairs differ in their ratios
    assert area["treated_mean"] / area["control_mean"] == pytest.approx(area["estimate"])
    t = stats.t.ppf(0.975, 4)
    spread = (row["ci_high"] - row["ci_low"]) / 2 / t
    assert row["p"] == pytest.approx(2 * stats.t.sf(abs(row["estimate"]) / spread, 4))


def test_one_pair_says_that_it_has_no_interval(tmp_path):
    study(tmp_path / "s", VEHICLE, DRUG, seeds=[7])
    comparison = compare(tmp_path / "s" / "vehicle", [tmp_path / "s" / "rapamycin"])
    assert np.isnan(rows(comparison)["tumour_area_mm2_final"]["ci_low"])
    assert "One pair only, so there is no interval and no p" in comparison.text()
    assert "1 pair by seed" in comparison.text() and "nan" not in comparison.text()
    assert all(np.isnan(row["p"]) and row["test"] == "" for row in comparison.rows)
    json.dumps(comparison.as_dict(), allow_nan=False)


# ---------------------------------------------------------------------------- choosing the arms
def test_ways_to_name_an_arm(demo, tmp_path):
    by_name = compare(f"{demo}/vehicle", [f"{demo}/rapamycin"], tmp_path).rows
    assert (
        compare(demo / "vehicle__seed_0001", [demo / "rapamycin"], tmp_path).rows[0]["n_pairs"] == 1
    )
    alone = study(tmp_path / "alone", DRUG)
    elsewhere = compare(demo / "vehicle", [alone], tmp_path / "e").rows
    assert [row["estimate"] for row in elsewhere] == [row["estimate"] for row in by_name]
    assert {row["treated"] for row in elsewhere} == {str(alone / "rapamycin")}
    whole = compare(demo / "vehicle", [demo], tmp_path / "w")
    assert list(dict.fromkeys(row["treated"] for row in whole.rows)) == ["placebo", "rapamycin"]
    assert all(row["test"] == "" for row in rows(whole, "placebo").values())


def test_only_shared_seeds_are_paired_and_the_others_named(demo, tmp_path):
    some = study(tmp_path / "s", DRUG, seeds=[3, 4, 5])
    comparison = compare(demo / "vehicle", [some], tmp_path)
    assert comparison.rows[0]["n_pairs"] == 2
    assert "seeds 1, 2 of vehicle alone are left out" in comparison.notes[0]
    assert (
        "seed 5 of" in comparison.notes[1] and "rapamycin alone is left out" in comparison.notes[1]
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
        (demo / "vehicle", [tmp_path], "has no runs"),
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


def test_a_comparison_of_other_arms_is_replaced_on_request_only(demo, tmp_path):
    path = compare(demo / "vehicle", [demo / "rapamycin", demo / "placebo"], tmp_path).path
    before = path.read_bytes()
    for control, treated in (("vehicle", "placebo"), ("rapamycin", "vehicle")):
        with pytest.raises(UserError, match=r"another.*placebo, rapamycin against vehicle"):
            compare(demo / control, [demo / treated], tmp_path)
    assert path.read_bytes() == before
    compare_study(demo, "vehicle", tmp_path)  # the same arms
    compare(demo / "rapamycin", [demo / "vehicle"], tmp_path, force=True)
    assert path.read_bytes() != before


def test_a_study_that_is_not_there_is_named_with_the_nearest(demo):
    with pytest.raises(UserError, match=rf"{demo.name}x does not exist; nearest: {demo.name}"):
        compare(demo.parent / f"{demo.name}x", [demo / "rapamycin"])


def test_without_out_the_file_lies_in_the_study_of_the_control(tmp_path):
    out = study(tmp_path / "s", VEHICLE, DRUG, seeds=[1, 2])
    assert compare(out / "vehicle", [out / "rapamycin"]).path == out / "comparison.csv"
    study(out, VEHICLE, DRUG, seeds=[1, 2])  # the study is still a study with it
    with pytest.raises(UserError, match="file"):
        compare(out / "vehicle", [out / "rapamycin"], out / "study.json")


def test_the_text_begins_with_the_endpoints(demo, tmp_path):
    comparison = compare(demo / "vehicle", [demo / "rapamycin", demo / "placebo"], tmp_path)
    lines = comparison.text().splitlines()
    assert lines[0] == "rapamycin, against vehicle, at day 2; 4 pairs by seed (chance, not animals)"
    change = "tumour area -38 % [-38, -38] 0.274 -> 0.17 mm2 p <0.001"
    assert lines[1].split() == change.split()
    assert lines[2] == (
        "One primary endpoint, not adjusted. "
        "3 of 3 other readouts differ (FDR 5 %): comparison.csv."
    )
    start = lines.index("")
    assert "the same in every pair" in lines[start + 2]
    assert lines[start + 3].startswith("No primary endpoint differs in any pair. No other readout")
    table = comparison.text(all_readouts=True)
    assert "bv_tv_mean" in table and "bv_tv_mean" not in comparison.text()
    told = comparison.as_dict()["arms"]["rapamycin"]
    assert told["compared"] == lines[0] and told["control"] == "vehicle"


def test_flat_tables():
    assert arms_module.flat({"a": {"b": 1, "c": {"d": 2}}, "e": 3}) == {
        "a.b": 1, "a.c.d": 2, "e": 3,
    }  # fmt: skip


# -------------------------------------------------------------------------- what is no treatment
@pytest.fixture(scope="module")
def confounded(tmp_path_factory):
    """Two drugs, and a marrow that grows faster."""
    fast = DRUG.but(name="fast", growth_per_step=0.03)
    return study(tmp_path_factory.mktemp("out") / "c", VEHICLE, DRUG, fast)


def test_arms_that_differ_in_what_is_no_treatment_are_refused(confounded, tmp_path):
    """Growth x 1.5 under a drug that halves it was compared without a word."""
    with pytest.raises(
        UserError, match=r"not comparable: toy.growth_per_step is 0.02 and 0.03.*--despite-diff"
    ):
        compare(confounded / "vehicle", [confounded / "fast"], tmp_path)
    whole = compare_study(confounded, out=tmp_path)
    assert whole.arms == ["rapamycin"]
    assert any("No effects of fast" in note and "growth_per_step" in note for note in whole.notes)


def test_on_request_they_are_compared_and_the_difference_is_named(confounded, tmp_path):
    arms = str(confounded / "vehicle"), str(confounded / "fast")
    assert cli.main(["compare", *arms, "--out", str(tmp_path), "--despite-differences"]) == 0
    table = read_csv((tmp_path / "comparison.csv").read_bytes())
    assert set(table["differs_in"]) == {"toy.growth_per_step=0.02/0.03"}
    comparison = compare(*arms[:1], arms[1:], tmp_path, despite_differences=True)
    warning = "the arms differ in more than the treatment: toy.growth_per_step=0.02/0.03"
    assert f"\n  {warning}\n" in comparison.text()
    assert comparison.as_dict()["arms"]["fast"]["warnings"] == [warning]


def test_other_marrows_are_never_compared(demo, tmp_path):
    other = study(tmp_path / "s", DRUG.but(nx=40))
    with pytest.raises(UserError, match=r"geometry.nx is 20 and 40"):
        compare(demo / "vehicle", [other], tmp_path, despite_differences=True)


def test_shipped_arms_differ_from_their_control_in_treatment_only():
    """Every scenario that extends a vehicle: drugs and genes, and nothing else."""

    def arm(name):
        run = Run(Path(name), {"parameters": load(name).resolved()})
        return Arm(name, Path(), {1: run})

    for control, treated in (
        ("vehicle", ("rapamycin", "opg_fc", "zoledronate", "osi_027", "tumour_rictor_ko",
                     "tumour_raptor_ko", "tumour_pten_loss", "endothelial_rictor_ko")),
        ("bolero2_exemestane", ("bolero2_everolimus",)),
        ("seeding", ("cxcr4_block_before_seeding", "cxcr4_block_after_seeding")),
        ("intratibial_breast_vehicle", ("intratibial_breast_rapamycin",)),
        ("neuroblastoma_vehicle", ("neuroblastoma_rapamycin",)),
        ("oral_squamous_vehicle", ("oral_squamous_temsirolimus",)),
    ):  # fmt: skip
        for name in treated:
            assert other_differences(arm(control), arm(name)) == [], name
    changed = [key for key, *_ in other_differences(arm("vehicle"), arm("neuroblastoma_vehicle"))]
    assert "tumour.opg_nM_per_s" in changed


# ---------------------------------------------------------------------------------- a whole study
def test_a_study_is_compared_with_the_control_that_it_names(tmp_path):
    out = study(tmp_path / "s", VEHICLE.but(name="zero"), DRUG)
    comparison = compare_study(out)
    assert comparison.control == "zero" and comparison.arms == ["rapamycin"]
    assert compare_study(out, "rapamycin", force=True).arms == ["zero"]
    with pytest.raises(UserError, match="one arm; name a treated arm"):
        compare_study(out / "zero")
    with pytest.raises(UserError, match=r"nothing to compare: It has one arm only \(rapamycin\)"):
        compare_study(study(tmp_path / "alone", DRUG))
    with pytest.raises(UserError, match="does not exist"):
        compare_study(tmp_path / "none" / "a")


def test_the_command_takes_a_study_or_arms(demo, tmp_path, capsys):
    out = ["--out", str(tmp_path)]
    assert cli.main(["compare", str(demo), *out]) == 0
    said = capsys.readouterr().out
    assert said.startswith("rapamycin, against vehicle, at day 2; 4 pairs by seed")
    assert cli.main(["compare", str(demo), "--control", "rapamycin", *out]) == 2
    assert "holds another comparison" in capsys.readouterr().err
    assert (
        cli.main(["compare", str(demo), "--control", "rapamycin", "--force", "--json", *out]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert set(told["arms"]) == {"vehicle", "placebo"}
    arms = [str(demo / "vehicle"), str(demo / "rapamycin")]
    assert cli.main(["compare", *arms, "--control", "vehicle", *out]) == 2
    assert "--control names the control of one study" in capsys.readouterr().err
    primary = ["--primary", "bv_tv_mean, tumour_area_mm2_auc", "--threshold", "0.2", "--all"]
    assert cli.main(["compare", *arms, *primary, "--force", *out]) == 0
    said = capsys.readouterr().out
    assert "days_to_tumour_area_mm2_0.2" in said and "\n  bv_tv_mean " in said
    assert cli.main(["compare", *arms, "--threshold", "-1", "--force", *out]) == 2
    assert "give mm2 above 0" in capsys.readouterr().err
