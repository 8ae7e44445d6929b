import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from toy_marrow import LARGE_UID, START_AREA_MM2, ToyEngine, ToyOutput, ToyRun, ToyScenario

from mtor_abm import compilation, readouts
from mtor_abm.errors import UserError
from mtor_abm.runner import plan, progress, single
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.plan import plan_study
from mtor_abm.runner.single import StoppedError, run_one
from mtor_abm.store import StoreError, read_run

QUIET = ToyScenario(noise=0.0)


def tables(folder):
    """sha256 of every file that must not depend on when or where it was made."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("manifest.json", "study.json")
    }


def study(scenarios, out, **options):
    return run_study(scenarios, None, out, engine=ToyEngine, **{"jobs": 1, **options})


def test_a_study_says_once_that_its_step_changes_the_results(tmp_path):
    told = io.StringIO()
    coarse = [QUIET.but(name=name, run=ToyRun(step_h=2.0)) for name in "ab"]
    study(coarse, tmp_path / "coarse", report=progress.Lines(told))
    study([QUIET], tmp_path / "fine", report=progress.Lines(told))
    assert told.getvalue().count("warning: run.step_h = 2 changes the results") == 1
    assert told.getvalue().count("run.step_h") == 2  # in the warning and in its cure


# -------------------------------------------------------------------------------------- one run
def test_one_run_holds_what_was_asked_for(tmp_path):
    result = run_one(QUIET, 1, tmp_path / "vehicle__seed_0001", engine=ToyEngine)
    assert (result.status, result.error) == ("done", None)
    run = read_run(result.folder)
    run.verify()
    assert run.timeseries["time_h"].tolist() == [0, 6, 12, 18, 24, 30, 36, 42, 48]
    assert run.timeseries["tumour_area_mm2"].iloc[-1] == pytest.approx(
        START_AREA_MM2 * np.exp(0.02 * 48), rel=1e-8
    )
    assert run.table("cells/day_001.00.csv")["uid"].tolist() == [0, 1, 2]
    values = run.summary.set_index("readout")["value"]
    assert values["tumour_area_mm2_final"] == pytest.approx(0.1 * np.exp(0.96), rel=1e-8)
    assert values["tumour_area_mm2_growth_per_d"] == pytest.approx(0.48, rel=1e-8)
    assert values["n_cells_max"] == 48
    assert values["events_division_tumour"] == len(run.events) > 0
    units = run.summary.set_index("readout")["unit"]
    assert units["tumour_area_mm2_auc"] == "mm2 d"
    manifest = run.manifest
    assert manifest["n_steps"] == 48 and manifest["parameters"]["run"]["days"] == 2.0
    assert manifest["versions"]["numpy"] == np.__version__
    assert manifest["tables"]["tumour_area_mm2"]["unit"] == "mm2"


def test_the_end_is_observed_even_between_two_rows(tmp_path):
    scenario = QUIET.but(run=ToyRun(days=0.5), output=ToyOutput(every_h=5.0, events=()))
    run = read_run(run_one(scenario, 1, tmp_path / "a", engine=ToyEngine).folder)
    assert run.timeseries["time_h"].tolist() == [0, 5, 10, 12]
    assert "events.csv" not in run.manifest["files"]  # but they are counted all the same
    assert "events_division_tumour" in set(run.summary["readout"])


def test_a_run_writes_the_columns_and_events_that_were_asked_for(tmp_path):
    whole = read_run(run_one(ToyScenario(), 1, tmp_path / "a", engine=ToyEngine).folder)
    chosen = ToyScenario(output=ToyOutput(columns=("n_cells",), events=("death",)))
    some = read_run(run_one(chosen, 1, tmp_path / "b", engine=ToyEngine).folder)
    assert list(some.timeseries.columns) == ["time_h", "n_cells"]
    pd.testing.assert_frame_equal(some.timeseries, whole.timeseries[["time_h", "n_cells"]])
    assert len(whole.events) > 0 and len(some.events) == 0  # the toy has divisions only
    assert list(some.events.columns) == list(whole.events.columns)
    pd.testing.assert_frame_equal(some.summary, whole.summary)


def test_an_unknown_column_is_refused_before_anything_is_written(tmp_path):
    wrong = ToyScenario(output=ToyOutput(columns=("n_cell",)))
    with pytest.raises(UserError, match=r"'vehicle': \[output\] columns has 'n_cell'.*n_cells"):
        run_study([wrong], [1], tmp_path / "s", engine=ToyEngine)
    assert not (tmp_path / "s").exists()


def test_events_arrive_in_chunks_without_loss(tmp_path, monkeypatch):
    whole = read_run(run_one(ToyScenario(), 1, tmp_path / "a", engine=ToyEngine).folder)
    monkeypatch.setattr(single, "EVENTS_PER_CHUNK", 2)
    parts = read_run(run_one(ToyScenario(), 1, tmp_path / "b", engine=ToyEngine).folder)
    assert whole.events["uid"].tolist() == [LARGE_UID + h for h in whole.events["time_h"]]
    files = ("events.csv", "summary.csv")
    assert [whole.manifest["files"][f] for f in files] == [
        parts.manifest["files"][f] for f in files
    ]


def test_a_crash_is_recorded_and_not_raised(tmp_path):
    folder = tmp_path / "vehicle__seed_0001"
    result = run_one(QUIET.but(fault="crash"), 1, folder, engine=ToyEngine)
    assert result.status == "failed" and result.error == "ZeroDivisionError: planted"
    log = (folder / "run.log").read_text()
    assert "after step 10 of 48 (10 h)" in log and "Traceback" in log
    assert read_run(folder).status == "failed"
    assert sorted(tables(folder)) == ["run.log", "scenario.toml"]


def test_a_run_that_is_stopped_leaves_nothing(tmp_path):
    folder = tmp_path / "vehicle__seed_0001"
    seen = []
    with pytest.raises(StoppedError, match="after step 5 of 48"):
        run_one(
            QUIET, 1, folder, engine=ToyEngine,
            progress=seen.append, should_stop=lambda: len(seen) == 5,
        )  # fmt: skip
    assert seen == [n / 48 for n in range(1, 6)]
    assert not folder.exists()


# ------------------------------------------------------------------------------------- readouts
def test_statistics_of_a_column_known_by_hand():
    t = np.array([0.0, 1.0, 3.0])
    v = np.array([2.0, 4.0, 0.0])
    by_hand = {"final": 0, "mean": 7 / 3, "max": 4, "min": 0, "sum": 6, "auc": 7,
               "change_percent": -100}  # fmt: skip
    for name, value in by_hand.items():
        assert readouts.STATISTICS[name].compute(t, v) == pytest.approx(value), name
    doubled = 3.0 * 2.0 ** (t / 5.0)
    assert readouts.doubling_d(t, doubled) == pytest.approx(5.0)
    assert np.isnan(readouts.doubling_d(t, doubled[::-1]))
    assert readouts.growth_per_d(t, doubled) == pytest.approx(np.log(2) / 5)
    assert np.isnan(readouts.growth_per_d(t, v))  # only two values above 0
    assert np.isnan(readouts.change_percent(t, np.array([0.0, 1.0, 2.0])))
    assert readouts.time_average(t[:1], v[:1]) == 2.0


def test_progression_is_a_rise_over_the_lowest_area_so_far():
    t = np.array([0.0, 10.0, 20.0, 30.0])
    shrank = np.array([4.0, 1.0, 1.2, 1.68])  # never above its start, yet 1.68 times its low
    assert readouts.progressed(t, shrank) == 1.0
    assert readouts.progression_free_d(t, shrank) == pytest.approx(25.0)
    assert readouts.progressed(t, np.array([1.0, 1.1, 1.3, 1.43])) == 0.0
    assert np.isnan(readouts.progression_free_d(t, np.array([1.0, 1.1, 1.3, 1.43])))
    new_lesion = np.array([0.0, 0.0, 0.1, 0.1])
    assert readouts.progressed(t, new_lesion) == 1.0
    assert readouts.progressed(t, np.zeros(4)) == 0.0


# --------------------------------------------------------------------------------------- studies
def test_the_number_of_processes_and_the_order_change_no_byte(tmp_path):
    arms = [ToyScenario(), ToyScenario("rapamycin", drug=0.5)]
    study(arms, tmp_path / "one")
    study(arms[::-1], tmp_path / "two", jobs=2)
    with ThreadPoolExecutor(2) as executor:
        study(arms, tmp_path / "other", executor=executor)
    one = tables(tmp_path / "one")
    assert len(one) == 4 * 5 + 1
    assert tables(tmp_path / "two") == one == tables(tmp_path / "other")


def test_a_study_that_was_done_is_kept_and_a_damaged_run_is_named(tmp_path):
    out = tmp_path / "s"
    assert [run.status for run in study([ToyScenario()], out).runs] == ["done", "done"]
    again = study([ToyScenario(), ToyScenario("other", drug=0.1)], out)
    assert [run.status for run in again.runs] == ["skipped", "skipped", "done", "done"]
    record = json.loads((out / "study.json").read_text())
    assert record["status"] == "done" and record["scenarios"] == ["vehicle", "other"]
    assert study([ToyScenario()], out, force=True).n_skipped == 0
    assert len(json.loads((out / "study.json").read_text())["runs"]) == 4
    (out / "vehicle__seed_0002" / "timeseries.csv").write_text("x")
    with pytest.raises(StoreError, match="vehicle__seed_0002"):
        study([ToyScenario()], out)


def test_half_written_and_failed_runs_are_done_again(tmp_path):
    out = tmp_path / "s"
    study([ToyScenario()], out)
    whole = tables(out)
    (out / "vehicle__seed_0001" / "manifest.json").unlink()
    assert [run.action for run in plan_study([ToyScenario()], None, out)] == ["run", "skip"]
    assert [run.status for run in study([ToyScenario()], out).runs] == ["done", "skipped"]
    assert tables(out) == whole
    failing = study([ToyScenario("crashes", fault="crash")], out)
    assert [run.status for run in failing.failed] == ["failed", "failed"]
    assert [run.status for run in study([ToyScenario("crashes")], out).runs] == ["done", "done"]


def test_other_parameters_or_sources_in_the_same_place_are_refused(tmp_path, monkeypatch):
    out = tmp_path / "s"
    study([ToyScenario()], out)
    before = tables(out)
    with pytest.raises(StoreError, match="other parameters; choose another --name"):
        study([ToyScenario(drug=0.3)], out)
    monkeypatch.setattr(
        plan, "identity", lambda h, s: {"scenario_sha256": h, "seed": s, "sources": "edited"}
    )
    with pytest.raises(StoreError, match="other sources"):
        plan_study([ToyScenario()], None, out)
    assert tables(out) == before


def test_unusable_requests_write_nothing(tmp_path):
    with pytest.raises(StoreError, match="given 2 times"):
        study([ToyScenario(), ToyScenario()], tmp_path / "s")
    foreign = tmp_path / "f" / "vehicle__seed_0001"
    foreign.mkdir(parents=True)
    (foreign / "thesis.docx").write_text("x")
    with pytest.raises(StoreError, match="thesis"):
        study([ToyScenario()], tmp_path / "f", force=True)
    assert sorted(p.name for p in tmp_path.rglob("*")) == [
        "f", "thesis.docx", "vehicle__seed_0001",
    ]  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_stops_the_study(tmp_path, jobs):
    arms = [ToyScenario("fills", fault="full disk"), ToyScenario()]
    with pytest.raises(StoreError, match="no space left"):
        study(arms, tmp_path / "s", jobs=jobs)
    assert not list((tmp_path / "s").rglob("*.partial"))
    assert not (tmp_path / "s" / "fills__seed_0001").exists()
    assert json.loads((tmp_path / "s" / "study.json").read_text())["status"] == "interrupted"


def test_a_killed_process_costs_only_its_own_run(tmp_path):
    arms = [
        ToyScenario("unlucky", fault="die once", notes=str(tmp_path)),
        ToyScenario("doomed", fault="die", notes=str(tmp_path)),
        ToyScenario("sound"),
    ]
    told = io.StringIO()
    result = run_study(
        arms, [1, 2], tmp_path / "s", jobs=2, engine=ToyEngine, report=progress.Lines(told)
    )
    assert {run.folder.name: run.status for run in result.runs} == {
        "unlucky__seed_0001": "done", "unlucky__seed_0002": "done",
        "doomed__seed_0001": "failed", "doomed__seed_0002": "failed",
        "sound__seed_0001": "done", "sound__seed_0002": "done",
    }  # fmt: skip
    assert "killed" in result.failed[0].error and "trying again" in told.getvalue()
    assert read_run(tmp_path / "s" / "doomed__seed_0001").status == "failed"
    study([ToyScenario("unlucky")], tmp_path / "alone")
    assert tables(tmp_path / "s" / "unlucky__seed_0001") == tables(
        tmp_path / "alone" / "unlucky__seed_0001"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_what_is_complete_and_nothing_else(tmp_path, jobs):
    code = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from mtor_abm.runner.batch import run_study
        from mtor_abm.runner.progress import JsonLines
        from toy_marrow import ToyEngine, ToyScenario
        if __name__ == "__main__":
            arms = [ToyScenario(), ToyScenario("slow", fault="slow", growth_per_step=0.01)]
            try:
                run_study(arms, list(range(1, 7)), Path("s"), jobs={jobs}, engine=ToyEngine,
                          report=JsonLines(sys.stderr))
            except KeyboardInterrupt:
                sys.exit(130)
        """
    )
    (tmp_path / "go.py").write_text(code)
    process = subprocess.Popen(
        [sys.executable, "go.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    watchdog = threading.Timer(60.0, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.start()
    told = []
    for line in process.stderr:
        told.append(json.loads(line))
        if sum(event["event"] == "run" for event in told) == 7:
            break
    time.sleep(0.1)  # well into a slow run
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes of the group
    rest = process.stderr.read()
    assert process.wait() == 130, rest
    watchdog.cancel()
    told += [json.loads(line) for line in rest.splitlines()]
    folders = sorted((tmp_path / "s").glob("*__seed_*"))
    assert 7 <= len(folders) < 12
    for folder in folders:
        read_run(folder).verify()
    assert not list(tmp_path.rglob("*.partial"))
    message = next(event["text"] for event in told if event["event"] == "message")
    assert f"{len(folders)} of 12 runs complete" in message
    record = json.loads((tmp_path / "s" / "study.json").read_text())
    assert record["status"] == "interrupted"
    assert sum(run["status"] == "left" for run in record["runs"].values()) == 12 - len(folders)


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at /proc")
def test_no_process_outlives_a_killed_parent(tmp_path):
    code = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from mtor_abm.runner.batch import run_study
        from toy_marrow import ToyEngine, ToyRun, ToyScenario
        if __name__ == "__main__":
            slow = ToyScenario("slow", ToyRun(days=100.0), fault="slow")
            run_study([slow], [1, 2], Path("s"), jobs=2, engine=ToyEngine)
        """
    )
    (tmp_path / "go.py").write_text(code)
    process = subprocess.Popen([sys.executable, "go.py"], cwd=tmp_path, start_new_session=True)
    until(lambda: len(list(tmp_path.glob("s/*/scenario.toml"))) == 2)
    assert len(group(process.pid)) >= 3
    process.kill()
    process.wait()
    until(lambda: not group(process.pid))


def until(condition, seconds=30.0):
    """Wait for something that will be; fail if it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def group(leader):
    """Living processes of a process group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of_group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(of_group) == leader and state not in "ZX":
            found.append(path.parent.name)
    return found


def test_compiling_is_announced_and_done_once(tmp_path, monkeypatch):
    calls, told = [], []
    monkeypatch.setattr(compilation, "compile_shares", calls.append)
    monkeypatch.setattr(compilation.compiled, "JIT_IS_OFF", False)
    monkeypatch.setattr(compilation.compiled, "CACHE_FOLDER", tmp_path)
    compilation.ensure_compiled(told.append)
    compilation.ensure_compiled(told.append)
    assert calls == [compilation.SHARES]
    assert [line.split()[0] for line in told] == ["compiling,", "compiled"]
    monkeypatch.setattr(compilation.compiled, "CACHE_FOLDER", None)
    with pytest.raises(UserError, match="MTOR_ABM_CACHE"):
        compilation.ensure_compiled(told.append)
    monkeypatch.setattr(compilation.compiled, "JIT_IS_OFF", True)
    assert compilation.ensure_compiled(told.append) == 0.0 and len(told) == 2


def test_of_two_that_begin_cold_one_compiles_and_the_other_waits(tmp_path, monkeypatch):
    """Else each would link against what the other has left so far, and round as that happens."""
    calls, told = [], []

    def compile_slowly(shares):
        calls.append(shares)
        until(lambda: any("waiting" in line for line in told))

    monkeypatch.setattr(compilation, "compile_shares", compile_slowly)
    monkeypatch.setattr(compilation.compiled, "JIT_IS_OFF", False)
    monkeypatch.setattr(compilation.compiled, "CACHE_FOLDER", tmp_path)
    with ThreadPoolExecutor(2) as pool:
        seconds = list(pool.map(lambda _: compilation.ensure_compiled(told.append), range(2)))
    assert len(calls) == 1 and min(seconds) > 0.0
    assert sorted(line.split()[0] for line in told) == ["another", "compiled", "compiling,"]


def test_a_share_that_fails_does_not_pass_for_done(tmp_path, monkeypatch):
    monkeypatch.setattr(compilation.compiled, "JIT_IS_OFF", False)
    monkeypatch.setattr(compilation.compiled, "CACHE_FOLDER", tmp_path)
    monkeypatch.setattr(compilation, "SHARES", ("fields_of_gold",))
    with pytest.raises(UserError, match="compiling failed: KeyError: 'fields_of_gold'"):
        compilation.ensure_compiled(lambda line: None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(compilation.compiled.JIT_IS_OFF, reason="nothing is compiled")
def test_nothing_is_left_to_compile_in_a_run():
    """Else a worker would compile in the middle of a run, and its bytes might differ."""
    code = """
from numba.core.event import install_recorder
with install_recorder("numba:compile") as compiled:
    from mtor_abm.model import MarrowModel
    from mtor_abm.runner import warm
    from mtor_abm.scenario import Scenario
    warm.warm_up()
    model = MarrowModel(Scenario.from_tables(warm.EVERYTHING | {"run": {"days": 30.0}}), 2)
    for _ in range(720):
        model.step()
names = [event.data["dispatcher"].py_func.__name__ for _, event in compiled.buffer]
print("compiled:", sorted(set(names)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "compiled: []"


# -------------------------------------------------------------------------------------- progress
def test_longest_runs_start_first(tmp_path):
    arms = [ToyScenario(f"d{days:g}", ToyRun(days=days)) for days in (1.0, 5.0, 2.0)]
    stream = io.StringIO()
    study(arms, tmp_path / "s", report=progress.Lines(stream, verbose=True))
    order = [line.split("__")[0] for line in stream.getvalue().splitlines() if "__" in line]
    assert order == ["d5", "d5", "d2", "d2", "d1", "d1"]


def test_progress_forms(tmp_path):
    def told(**form):
        stream = io.StringIO()
        study([QUIET], tmp_path / "s", force=True, report=progress.choose(stream=stream, **form))
        return stream.getvalue()

    assert told(quiet=True) == ""
    assert told() == "2 runs on 1 process\n"
    assert told(verbose=True).count("done in") == 2
    events = [json.loads(line) for line in told(as_json=True).splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "begin" and kinds[-1] == "end" and kinds.count("run") == 2
    percents = [event["percent"] for event in events if event["event"] == "progress"]
    assert percents == sorted(set(percents)) and percents[-1] == 100
    failing = io.StringIO()
    study([QUIET.but(name="c", fault="crash")], tmp_path / "s", report=progress.Lines(failing))
    assert "FAILED c__seed_0001: ZeroDivisionError: planted" in failing.getvalue()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_live_line_ends_and_keeps_other_lines(tmp_path):
    stream = Terminal()
    report = progress.choose(stream=stream)
    assert isinstance(report, progress.Bar)
    study([QUIET.but(fault="crash")], tmp_path / "s", report=report)
    assert stream.getvalue().startswith("2 runs on 1 process\n")
    assert "FAILED vehicle__seed_0002" in stream.getvalue()
