"""Seeds are added until an interval is narrow enough, no matter on how many processes."""

import io
import json

import numpy as np
import pytest
from scipy import stats
from toy_marrow import ToyEngine, ToyScenario

from mtor_abm import cli
from mtor_abm.errors import UserError
from mtor_abm.runner import until as until_module
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.progress import Lines
from mtor_abm.runner.study_folder import find_runs
from mtor_abm.runner.until import Goal, next_seeds, run_until

READOUT = "tumour_area_mm2_final"
STEPS = 48
MOST_LOOKS = 15  # in one test; 12 take a call to 100 seeds
CONTROL = ToyScenario("vehicle", noise=0.01)
TREATED = ToyScenario("rapamycin", noise=0.03, drug=0.5)  # pairs differ by 0.02 times their luck


@pytest.fixture(autouse=True)
def no_endless_looking(monkeypatch):
    """A broken limit must fail a test, and not keep it at work for ever."""
    looks = iter(range(MOST_LOOKS))

    def counted(*args, **options):
        assert next(looks, None) is not None, f"more than {MOST_LOOKS} looks"
        return run_study(*args, **options)

    monkeypatch.setattr(until_module, "run_study", counted)


def until(width, out, *arms, **options):
    given = {"seeds": None, "max_seeds": 100, "jobs": 1} | options
    seeds = given.pop("seeds")
    arms = arms or (CONTROL, TREATED)
    return run_until(Goal(READOUT, width), arms, seeds, out, engine=ToyEngine, **given)


def half_width_by_hand(n):
    """Of the ratio over seeds 1 to n, from the luck that the toy draws."""
    luck = [
        sum(np.random.default_rng((seed, step)).standard_normal() for step in range(STEPS))
        for seed in range(1, n + 1)
    ]
    gain = 0.02 * np.array(luck) - 0.02 * 0.5 * STEPS
    half = stats.t.ppf(0.975, n - 1) * stats.sem(gain)
    low, high = np.exp(gain.mean() - half), np.exp(gain.mean() + half)
    return (high - low) / 2.0


def test_it_stops_at_the_first_look_that_is_narrow_enough(tmp_path):
    looks = [8, 12, 16, 20, 25, 31, 38]
    widths = {n: half_width_by_hand(n) for n in looks}
    goal = 0.5 * (widths[20] + widths[25])
    n_expected = next(n for n in looks if widths[n] <= goal)
    assert 8 < n_expected <= 25
    told = io.StringIO()
    ended = until(goal, tmp_path / "s", report=Lines(told))
    assert (ended.reached, ended.n_seeds) == (True, n_expected)
    assert ended.looks[0].half_width == pytest.approx(widths[n_expected], rel=1e-6)
    assert ended.looks[0].estimate == pytest.approx(np.exp(-0.48), rel=0.2)
    assert len(find_runs(tmp_path / "s")) == len(ended.study.runs) == 2 * n_expected
    assert [run.scenario for run in ended.study.runs] == ["vehicle"] * n_expected + [
        "rapamycin"
    ] * n_expected
    seen = [line.split(" seeds:")[0] for line in told.getvalue().splitlines() if " seeds:" in line]
    assert seen == [str(n) for n in looks if n <= n_expected]
    assert f"+- {widths[8]:.3g} (8 pairs)" in told.getvalue()


def test_the_limit_ends_it(tmp_path):
    ended = until(1e-6, tmp_path / "s", max_seeds=10)
    assert (ended.reached, ended.n_seeds, ended.looks[0].n_pairs) == (False, 10, 10)
    assert "not reached with 10 seeds" in ended.text()
    assert json.loads(json.dumps(ended.as_dict()))["reached"] is False


def test_every_arm_has_to_be_known_well_enough(tmp_path):
    sure = ToyScenario("sure", noise=0.01, drug=0.5)  # the luck of the control: no spread at all
    assert until(0.01, tmp_path / "a", CONTROL, sure).n_seeds == 8
    assert until(0.01, tmp_path / "b", CONTROL, sure, TREATED, max_seeds=12).n_seeds == 12


def test_processes_and_interruptions_change_nothing(tmp_path):
    goal = half_width_by_hand(12)
    one = until(goal, tmp_path / "one")
    two = until(goal, tmp_path / "two", jobs=2)
    again = until(goal, tmp_path / "one")
    assert one.looks == two.looks == again.looks
    assert one.n_seeds == two.n_seeds == again.n_seeds
    assert again.study.n_skipped == len(again.study.runs)
    summaries = [(tmp_path / name / "summary.csv").read_bytes() for name in ("one", "two")]
    assert summaries[0] == summaries[1]


def test_pairs_with_a_failed_run_do_not_count(tmp_path):
    fails = ToyScenario("fails", fault="crash")
    ended = until(0.1, tmp_path / "s", CONTROL, fails)
    assert (ended.n_seeds, ended.reached, ended.looks[0].n_pairs) == (8, False, 0)
    assert len(ended.study.failed) == 8
    assert "no interval (0 pairs)" in ended.text() and ended.as_dict()["looks"][0][
        "half_width"
    ] is None  # fmt: skip


def test_batches_grow_by_a_quarter_up_to_the_limit():
    assert next_seeds(range(1, 9), 100) == [9, 10, 11, 12]
    assert next_seeds(range(1, 41), 100) == list(range(41, 51))
    assert next_seeds([5, 3], 5) == [6, 7, 8]
    assert next_seeds([2**32 - 2], 9) == [2**32 - 1]
    assert next_seeds(range(100), 100) == []


def test_wrong_requests_get_one_line(tmp_path):
    assert Goal.parse(f"{READOUT}=0.1") == Goal(READOUT, 0.1)
    assert Goal.parse("events_division_tumour = 3").half_width == 3.0
    for text, said in {
        "tumour_area_mm2_finl=0.1": "nearest: tumour_area_mm2_final",
        "tumour_area_mm2_doubling_d=0.1": "unknown readout",  # defined only in what grows
        "events_division_tumor=1": "nearest: events_division_tumour",
        READOUT: "write READOUT=WIDTH",
        f"{READOUT}=0": "does not give a positive half width",
        f"{READOUT}=nan": "does not give a positive half width",
    }.items():
        with pytest.raises(UserError, match=said):
            Goal.parse(text)
    with pytest.raises(UserError, match="1 scenario has no effect"):
        until(0.1, tmp_path / "s", CONTROL)
    with pytest.raises(UserError, match="names 3 seeds and --max-seeds is 2"):
        until(0.1, tmp_path / "s", seeds=[1, 2, 3], max_seeds=2)
    assert not (tmp_path / "s").exists()


def test_a_shard_cannot_look_at_all_runs(tmp_path, capsys):
    arguments = ["run", "vehicle", "rapamycin", "--until-ci", f"{READOUT}=0.1", "--shard", "1/2"]
    assert cli.main([*arguments, "--out", str(tmp_path), "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: --until-ci looks at all runs") and said.count("\n") == 1
    assert "leave out --shard" in said and list(tmp_path.iterdir()) == []


def test_the_first_scenario_stays_the_first_of_the_study(tmp_path):
    """It is the control of `gather`, which reads study.json; by name it would be the second."""
    until(1e-6, tmp_path / "s", max_seeds=12)
    assert json.loads((tmp_path / "s" / "study.json").read_text())["scenarios"] == [
        "vehicle", "rapamycin",
    ]  # fmt: skip


def test_it_resumes_past_a_damaged_run(tmp_path):
    first = until(1e-6, tmp_path / "s", max_seeds=12)
    (tmp_path / "s" / "vehicle__seed_0010" / "manifest.json").write_text("{")
    again = until(1e-6, tmp_path / "s", max_seeds=12, resume=True)
    assert again.looks == first.looks and again.study.n_skipped == 23
