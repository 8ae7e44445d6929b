"""Studies that were stopped, damaged or killed, and what --resume and status make of them."""

import io
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from kills import survive
from test_checkpoint import stopped
from test_runner import study, tables
from toy_marrow import ToyEngine, ToyScenario

from mtor_abm import cli
from mtor_abm.analysis.study_status import study_status
from mtor_abm.manifest import sealed
from mtor_abm.runner import pool, single
from mtor_abm.runner.batch import StudyResult, run_study
from mtor_abm.runner.in_use import in_use, is_in_use
from mtor_abm.runner.plan import plan_study
from mtor_abm.runner.progress import Lines, Progress
from mtor_abm.runner.study_folder import check_study_folder, find_runs
from mtor_abm.store import CHECKPOINT, MANIFEST, StoreError
from mtor_abm.study_text import status_text

TOY = ToyScenario()
FIRST, SECOND = "vehicle__seed_0001", "vehicle__seed_0002"


def resumed(scenarios, out, **options):
    """A study taken up again, and the lines it told."""
    stream = io.StringIO()
    result = study(scenarios, out, report=Lines(stream), **{"resume": True, **options})
    return result, stream.getvalue().splitlines()


# ---------------------------------------------------------------------------------------- resume
DAMAGES = {
    "no JSON": lambda run: (run / MANIFEST).write_text("{"),
    "empty": lambda run: (run / MANIFEST).write_text(""),
    "not UTF-8": lambda run: (run / MANIFEST).write_bytes(b"\xff\xfe"),
    "no files": lambda run: edit(run, files=3),
    "no checksums": lambda run: edit(run, files={"events.csv": {}}),
    "no identity": lambda run: edit(run, identity=None),
    "table missing": lambda run: (run / "events.csv").unlink(),
    "table changed": lambda run: (run / "summary.csv").write_text("readout,unit,value\n"),
    "snapshot missing": lambda run: shutil.rmtree(run / "cells"),
}


def edit(run, **changes):
    manifest = json.loads((run / MANIFEST).read_text()) | changes
    (run / MANIFEST).write_text(json.dumps(sealed(manifest)))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_refused_then_moved_aside_and_done_again(tmp_path, damage):
    out = tmp_path / "s"
    study([TOY], out)
    whole = tables(out)
    DAMAGES[damage](out / FIRST)
    corrupt = tables(out / FIRST)
    with pytest.raises(StoreError, match="--resume") as refusal:
        study([TOY], out)
    assert FIRST in str(refusal.value)
    assert tables(out / FIRST) == corrupt and not (out / "damaged").exists()
    plan = plan_study([TOY], None, out, resume=True)
    assert [run.action for run in plan] == ["redo", "skip"]
    result, lines = resumed([TOY], out)
    assert [run.status for run in result.runs] == ["done", "skipped"]
    (line,) = [line for line in lines if line.startswith("damaged: ")]
    assert FIRST in line and "damaged/vehicle__seed_0001.1, done again" in line
    assert tables(out / "damaged" / f"{FIRST}.1") == corrupt  # nothing is thrown away
    assert {k: v for k, v in tables(out).items() if not k.startswith("damaged/")} == whole
    assert [folder.name for folder in find_runs(out)] == [FIRST, SECOND]
    (out / FIRST / MANIFEST).write_text("")
    resumed([TOY], out)
    assert sorted(p.name for p in (out / "damaged").iterdir()) == [f"{FIRST}.1", f"{FIRST}.2"]
    (out / "study.json").unlink()
    (out / "summary.csv").unlink()
    check_study_folder(out)


def test_resume_says_what_becomes_of_each_run(tmp_path):
    out = tmp_path / "s"
    arms = [TOY, ToyScenario("crashes", fault="crash")]
    study(arms, out)
    (out / FIRST / CHECKPOINT).write_bytes(b"of a process killed after it wrote the manifest")
    shutil.rmtree(out / SECOND)
    stopped(TOY, out / SECOND, 7, seed=2)
    shutil.rmtree(out / "crashes__seed_0002")
    (out / "crashes__seed_0002").mkdir()
    result, lines = resumed([TOY, ToyScenario("crashes")], out)
    assert set(lines) >= {
        f"{SECOND}: half-done, continues from step 7 of 48",
        "crashes__seed_0001: failed before (ZeroDivisionError: planted), starts again",
        "crashes__seed_0002: half-done, starts again",
        "3 runs on 1 process; 1 complete already, kept",
    }
    assert [run.begun_at_step for run in result.runs] == [0, 7, 0, 0]
    assert not list(out.rglob(CHECKPOINT))
    study([TOY, ToyScenario("crashes")], tmp_path / "whole")
    assert tables(out) == tables(tmp_path / "whole")


def test_resume_refuses_other_parameters_all_the_same(tmp_path):
    study([TOY], tmp_path / "s")
    for options in ({"resume": True}, {"resume": True, "keep_going": True}):
        with pytest.raises(StoreError, match="other parameters; choose another --name"):
            study([TOY.but(drug=0.3)], tmp_path / "s", **options)
    assert study([TOY.but(drug=0.3)], tmp_path / "s", force=True, resume=True).n_skipped == 0


def test_a_damaged_run_of_another_call_stops_nothing_that_is_resumed(tmp_path):
    out = tmp_path / "s"
    run_study([TOY], [1, 2, 3], out, jobs=1, engine=ToyEngine)
    (out / "vehicle__seed_0003" / MANIFEST).write_text("{")
    with pytest.raises(StoreError, match="vehicle__seed_0003"):
        study([TOY], out)
    result, lines = resumed([TOY], out)
    assert result.n_skipped == 2
    assert [line for line in lines if line.startswith("left out of summary.csv")]
    seeds = {line.split(",")[1] for line in (out / "summary.csv").read_text().splitlines()[1:]}
    assert seeds == {"1", "2"}


COMMANDS = {
    "run": ["run", "vehicle"],
    "branch": ["branch", "vehicle", "--at", "10d", "--arms", "vehicle", "rapamycin"],
    "sweep": ["sweep", "docs/dose_sweep.toml"],
    "until": ["run", "vehicle", "rapamycin", "--until-ci", "tumour_area_mm2_final=0.1"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_runs_a_study_can_resume_and_keep_going(tmp_path, monkeypatch, command):
    monkeypatch.chdir(Path(__file__).parent.parent)
    told = []

    def noted(scenarios, seeds, out, **options):
        told.append((options["resume"], options["keep_going"]))
        return StudyResult(out, [], 0.0)

    monkeypatch.setattr("mtor_abm.runner.batch.run_study", noted)
    monkeypatch.setattr("mtor_abm.runner.until.run_study", noted)
    words = [*COMMANDS[command], "--out", str(tmp_path), "-q"]
    for options in ([], ["--resume"], ["--keep-going"]):
        assert cli.main([*words, *options]) == 0
    assert told == [(False, False), (True, False), (False, True)]


@pytest.mark.parametrize("command", ["run", "branch"])
def test_a_dry_run_says_which_runs_are_damaged(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(Path(__file__).parent.parent)
    (tmp_path / "s" / FIRST).mkdir(parents=True)
    (tmp_path / "s" / FIRST / MANIFEST).write_text("{")
    words = [*COMMANDS[command], "--seeds", "1-2", "--out", str(tmp_path), "--name", "s"]
    assert cli.main([*words, "--dry-run"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert cli.main([*words, "--dry-run", "--resume"]) == 0
    assert "1 damaged, to be done again" in capsys.readouterr().out
    assert cli.main([*words, "--dry-run", "--keep-going"]) == 0
    assert "left out     " in capsys.readouterr().out


# ------------------------------------------------------------------------------------- keep going
@pytest.mark.parametrize("jobs", [1, 2])
def test_keep_going_fails_only_the_run_that_the_disk_refuses(tmp_path, jobs):
    out = tmp_path / "s"
    foreign = out / SECOND / "thesis.docx"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("precious")
    arms = [ToyScenario("fills", fault="full disk"), TOY]
    with pytest.raises(StoreError, match="thesis"):
        study(arms, out, jobs=jobs)
    stream = io.StringIO()
    result = study(arms, out, jobs=jobs, keep_going=True, report=Lines(stream))
    ends = {run.folder.name: run.status for run in result.runs}
    assert ends == {
        "fills__seed_0001": "failed", "fills__seed_0002": "failed", FIRST: "done",
        SECOND: "failed",
    }  # fmt: skip
    assert foreign.read_text() == "precious"
    told = stream.getvalue()
    assert "FAILED fills__seed_0001: somewhere: no space left" in told
    assert f"left out: {out / SECOND} holds 'thesis.docx'" in told
    errors = {run.name: run.error for run in study_status(out).runs if run.state == "failed"}
    assert set(errors) == {"fills__seed_0001", "fills__seed_0002", SECOND}
    assert "no space left" in errors["fills__seed_0001"] and "thesis" in errors[SECOND]
    foreign.unlink()
    assert not study([TOY, ToyScenario("fills")], out).failed


def test_keep_going_leaves_a_damaged_run_out_of_the_summary(tmp_path):
    out = tmp_path / "s"
    study([TOY], out)
    (out / FIRST / "summary.csv").write_text("")
    result = study([TOY], out, keep_going=True)
    assert [run.status for run in result.runs] == ["failed", "skipped"]
    lines = (out / "summary.csv").read_text().splitlines()[1:]
    assert {line.split(",")[1] for line in lines} == {"2"}


# ----------------------------------------------------------------------------------------- ctrl-C
class AfterSteps(Lines):
    """Presses ctrl-C once, some time into a run."""

    def __init__(self, stream, fraction):
        super().__init__(stream)
        self.fraction = fraction

    def advance(self, fraction):
        if fraction > self.fraction:
            self.fraction = 2.0
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_in_one_process_keeps_the_work_of_the_run_in_hand(tmp_path, monkeypatch):
    monkeypatch.setattr(single.Habit, "is_worth_it", lambda habit: True)  # as after long work
    out, stream = tmp_path / "s", io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        study([TOY], out, report=AfterSteps(stream, 0.25))
    assert [path.name for path in (out / FIRST).iterdir()] == [CHECKPOINT]
    line = stream.getvalue().splitlines()[-1]
    assert line.startswith("stopped: 0 of 2 runs complete")
    assert line.endswith("the same command runs the other 2, 1 from a checkpoint")
    (first, second) = study_status(out).runs
    assert (first.state, second.state) == ("half-done", "to do") and first.step > 20
    assert study([TOY], out).runs[0].begun_at_step == first.step
    study([TOY], tmp_path / "whole")
    assert tables(out) == tables(tmp_path / "whole")


@pytest.mark.parametrize("attempts", [0, 1])
def test_a_run_whose_process_is_lost_goes_on_from_its_checkpoint(tmp_path, monkeypatch, attempts):
    monkeypatch.setattr(pool, "ATTEMPTS_ALONE", attempts)
    out = tmp_path / "s"
    dies = TOY.but(fault="die once", notes=str(tmp_path))
    (plan,) = plan_study([dies], [1], out)
    crew = pool._Crew([replace(plan, checkpoint_every_s=0.0)], Progress(), ToyEngine)
    (result,) = crew.through_pools(1)
    if attempts == 0:  # given up, and yet not lost
        assert "killed repeatedly" in result.error
        stream = io.StringIO()
        (result,) = run_study(
            [dies], [1], out, jobs=1, resume=True, engine=ToyEngine, report=Lines(stream)
        ).runs
        first = stream.getvalue().splitlines()[0]
        assert "killed repeatedly" in first and "continues from step 10 of 48" in first
    assert (result.status, result.begun_at_step) == ("done", 10)
    study([TOY], tmp_path / "whole")
    assert tables(out / FIRST) == tables(tmp_path / "whole" / FIRST)


# ----------------------------------------------------------------------------------------- status
def test_status_of_a_study_that_was_stopped(tmp_path):
    out = tmp_path / "s"
    run_study(
        [TOY, ToyScenario("crashes", fault="crash")], [1, 2, 3, 4], out, jobs=1, engine=ToyEngine
    )
    for seed, wall_s in ((1, 4.8), (2, 14.4)):
        edit(out / f"vehicle__seed_000{seed}", wall_s=wall_s)
    edit(out / SECOND, begun_at_step=24)  # so those 14.4 s were for 24 steps
    for seed in (3, 4):
        shutil.rmtree(out / f"vehicle__seed_000{seed}")
    stopped(TOY, out / "vehicle__seed_0003", 12, seed=3)
    for seed in (2, 3):
        shutil.rmtree(out / f"crashes__seed_000{seed}")
    (out / "crashes__seed_0004" / MANIFEST).write_text("{")
    record = json.loads((out / "study.json").read_text()) | {"jobs": 2}
    for run in record["runs"].values():
        run.pop("error", None)
    (out / "study.json").write_text(json.dumps(record))
    status = study_status(out)
    assert status.in_progress is False
    assert status.counts == {
        "done": 2, "running": 0, "half-done": 1, "failed": 1, "damaged": 1, "to do": 3,
    }  # fmt: skip
    by_name = {run.name: run for run in status.runs}
    assert (by_name["vehicle__seed_0003"].step, by_name["vehicle__seed_0003"].n_steps) == (12, 48)
    assert by_name["crashes__seed_0001"].error == "ZeroDivisionError: planted"
    # 0.1 and 0.6 s a step; 36 + 3 x 48 steps left, on two processes
    assert status.seconds_left == pytest.approx(0.35 * 180 / 2)
    text = status_text(status)
    assert "half-done    vehicle__seed_0003: step 12 of 48 is kept" in text
    assert "failed       crashes__seed_0001: ZeroDivisionError: planted" in text
    assert "about 31 s of work" in text
    assert json.loads(json.dumps(status.as_dict()))["counts"]["to do"] == 3


CODE = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from mtor_abm.runner.batch import run_study
from toy_marrow import ToyEngine, ToyRun, ToyScenario
quick, slow = ToyScenario("quick"), ToyScenario("slow", ToyRun(days=1000.0), fault="slow")
run_study([quick, slow], [1, 2], Path({out!r}), jobs=1, engine=ToyEngine, checkpoint_every_s=0.05)
"""


def test_status_of_a_study_in_progress_from_another_process(tmp_path):
    out = tmp_path / "s"
    # The longest run is started first, so the quick ones are made before.
    study([ToyScenario("quick")], out)
    code = CODE.format(tests=str(Path(__file__).parent), out=str(out))
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        end = time.monotonic() + 60.0
        while not (out / "slow__seed_0001" / CHECKPOINT).exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        status = study_status(out)
        assert status.in_progress is True
        assert [run.state for run in status.runs] == ["done", "done", "running", "to do"]
        assert 0 < status.runs[2].step < status.runs[2].n_steps == 24_000
        assert status.seconds_left is not None and status.seconds_left > 0.0
        assert "slow__seed_0001: step" in status_text(status)
    finally:
        process.kill()
        process.wait()
    status = study_status(out)
    assert status.in_progress is False
    assert [run.state for run in status.runs] == ["done", "done", "half-done", "to do"]


def test_a_lock_keeps_nobody_out_and_ends_with_its_holder(tmp_path):
    assert is_in_use(tmp_path) is False
    with in_use(tmp_path), in_use(tmp_path):
        assert is_in_use(tmp_path) is True
    assert is_in_use(tmp_path) is False
    assert is_in_use(tmp_path / "absent") is None


def test_what_a_killed_process_left_beside_the_runs_is_swept_away(tmp_path):
    study([TOY], tmp_path)
    whole = sorted(path.name for path in tmp_path.iterdir())
    for name in (".study.json.123.partial", ".summary.csv.123.partial"):
        (tmp_path / name).write_text("{")
    with in_use(tmp_path):  # it may be another process that is writing
        study([TOY], tmp_path)
        assert len(list(tmp_path.iterdir())) == len(whole) + 2
    study([TOY], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == whole


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"runs": 3}'])
def test_what_is_no_study_has_no_status(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "study.json").write_text(content)
    assert cli.main(["status", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and str(tmp_path) in said.err


# ------------------------------------------------------------------------------------------ kills
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
def test_kills_at_random_moments_lose_nothing(tmp_path):
    tally = survive(10, tmp_path)  # python tests/kills.py --kills 30 takes 51 s
    assert tally.kills >= 10 and tally.parents and tally.workers and tally.continued
