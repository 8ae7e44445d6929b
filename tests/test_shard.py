"""Shards: a plan divided over processes that know nothing of each other."""

import io
import json
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_runner import tables
from toy_marrow import ToyEngine, ToyScenario

from mtor_abm import cli
from mtor_abm.analysis.study_status import RunState, StudyStatus, study_status
from mtor_abm.errors import UserError
from mtor_abm.runner import record
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.in_use import in_use
from mtor_abm.runner.plan import plan_study
from mtor_abm.runner.pool import ELSEWHERE
from mtor_abm.runner.progress import Lines
from mtor_abm.runner.record import began, refresh
from mtor_abm.runner.shard import Shard, parse_shard
from mtor_abm.store import StoreError, read_run
from mtor_abm.study_text import status_text

ARMS = [ToyScenario(), ToyScenario("rapamycin", drug=0.5), ToyScenario("osi", drug=0.2)]


def study(out, shard=None, arms=ARMS, **options):
    share = None if shard is None else parse_shard(shard)
    return run_study(arms, [1, 2, 3], out, jobs=1, engine=ToyEngine, shard=share, **options)


def record_of(out):
    record = json.loads((out / "study.json").read_text())
    assert record.pop("started") > 1.7e9
    return record


def states(out):
    return {name: run["status"] for name, run in record_of(out)["runs"].items()}


@given(n_runs=st.integers(0, 200), count=st.integers(1, 60))
def test_shards_are_disjoint_and_complete(n_runs, count):
    shares = [parse_shard(f"{i}/{count}").of(range(n_runs)) for i in range(1, count + 1)]
    assert sorted(run for share in shares for run in share) == list(range(n_runs))
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    assert all(share == sorted(share) for share in shares)


def test_the_third_of_four_by_hand():
    assert parse_shard(" 3 / 4 ") == Shard(3, 4)
    assert Shard(3, 4).of("abcdefghijk") == ["c", "g", "k"]
    assert Shard(3, 4).of("ab") == []


@settings(max_examples=200)
@given(st.text(max_size=12))
def test_any_text_is_a_shard_or_one_line(text):
    try:
        shard = parse_shard(text)
    except UserError as fault:
        assert "\n" not in str(fault) and "--shard" in str(fault)
    else:
        assert 1 <= shard.number <= shard.count


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("3", "write 3/20"), ("0/4", "give 1/4 to 4/4"), ("5/4", "give 1/4 to 4/4"),
        ("1/0", "give 1 to 100000"), ("-1/4", "write 3/20"), ("1/2/3", "write 3/20"),
    ],
)  # fmt: skip
def test_no_shard(text, cure):
    with pytest.raises(UserError, match=cure):
        parse_shard(text)


def test_the_plan_of_a_shard_is_whole_and_follows_scenarios_then_seeds(tmp_path):
    planned = plan_study(ARMS, [1, 2, 3], tmp_path / "s", shard=Shard(2, 4))
    assert [run.folder.name for run in planned if run.action == "run"] == [
        "vehicle__seed_0002", "rapamycin__seed_0003",
    ]  # fmt: skip
    assert [run.action for run in planned].count("elsewhere") == 7


def test_shards_make_the_study_and_the_last_one_gathers(tmp_path):
    study(tmp_path / "whole")
    out = tmp_path / "s"
    first = study(out, "1/3")
    assert not first.is_gathered and not (out / "summary.csv").exists()
    assert len(states(out)) == 9 and list(states(out).values()).count("complete") == 3
    assert record_of(out)["status"] == "incomplete"
    found = refresh(out)
    assert (found.n_complete, found.n_failed, found.n_left) == (3, 0, 6)
    assert record_of(out)["status"] == "incomplete" and len(states(out)) == 9
    study(out, "3/3")
    assert study(out, "2/3").is_gathered
    assert record_of(out) == record_of(tmp_path / "whole")
    assert tables(out) == tables(tmp_path / "whole")
    (out / "summary.csv").unlink()
    found = refresh(out)
    assert (found.n_complete, found.n_left) == (9, 0)
    assert tables(out) == tables(tmp_path / "whole")
    again = study(out)
    assert again.n_skipped == 9 and again.is_gathered


def test_more_shards_than_runs(tmp_path):
    result = study(tmp_path / "s", "10/12")
    assert result.runs == [] and set(states(tmp_path / "s").values()) == {"left"}


def test_shards_at_once_in_one_folder(tmp_path):
    out = tmp_path / "s"
    faults = []

    def work(number):
        try:
            study(out, f"{number}/4")
        except BaseException as fault:  # a thread would swallow it
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    study(tmp_path / "whole")
    assert record_of(out) == record_of(tmp_path / "whole")
    assert tables(out) == tables(tmp_path / "whole")


def test_what_another_shard_ends_while_this_one_writes_is_not_lost(tmp_path, monkeypatch):
    """Between a look and the writing of what was seen, the other shard ends and writes."""
    out = tmp_path / "s"
    study(out, "1/2", ARMS[:1])
    write = record.write_study
    late = []

    def slow_write(folder, content):
        if content["status"] == "incomplete" and not late:
            late.append(content)
            study(out, "2/2", ARMS[:1])  # it sees all, says "done", and is overwritten
            assert record_of(out)["status"] == "done"
        write(folder, content)

    monkeypatch.setattr(record, "write_study", slow_write)
    study(out, "1/2", ARMS[:1])
    assert late and record_of(out)["status"] == "done"
    assert set(states(out).values()) == {"complete"}
    assert (out / "summary.csv").exists()


def test_no_shard_speaks_for_the_runs_of_another(tmp_path):
    out = tmp_path / "s"
    arms = [ToyScenario(), ToyScenario("crashes", fault="crash")]
    study(out, "2/2", arms)
    before = states(out)
    assert sorted(before.values()) == ["complete", "failed", "failed", "left", "left", "left"]
    disk_full = [ToyScenario(fault="full disk"), ToyScenario("crashes", fault="crash")]
    with pytest.raises(StoreError, match="no space"):
        study(out, "1/2", disk_full)
    assert states(out) == before and record_of(out)["status"] == "interrupted"
    found = refresh(out)
    assert (found.n_complete, found.n_failed, found.n_left) == (1, 2, 3)


def test_a_manifest_that_goes_between_two_looks_is_no_fault(tmp_path, monkeypatch):
    out = tmp_path / "s"
    study(out, None, ARMS[:1])

    def goes(folder):
        (folder / "manifest.json").unlink()
        return read_run(folder)

    monkeypatch.setattr("mtor_abm.store.read_run", goes)
    assert refresh(out).n_left == 3


def test_a_shard_resumes_its_own_runs_and_no_others(tmp_path):
    out = tmp_path / "s"
    study(out, "1/3")
    study(out, "2/3")
    study(tmp_path / "whole")
    for name in ("vehicle__seed_0001", "vehicle__seed_0002"):  # the first shard's, the second's
        (out / name / "manifest.json").write_text("{")
    (out / "vehicle__seed_0003").mkdir()  # the third shard's, half-done
    stream = io.StringIO()
    result = study(out, "1/3", resume=True, report=Lines(stream))
    assert [run.status for run in result.runs] == ["done", "skipped", "skipped"]
    assert not result.is_gathered and record_of(out)["status"] == "incomplete"
    assert states(out)["vehicle__seed_0002"] == states(out)["vehicle__seed_0003"] == "left"
    told = stream.getvalue()
    assert "vehicle__seed_0001.1, done again" in told
    assert "vehicle__seed_0002" not in told and "vehicle__seed_0003" not in told
    assert [path.name for path in (out / "damaged").iterdir()] == ["vehicle__seed_0001.1"]
    assert study(out, "2/3", resume=True).n_skipped == 2
    assert study(out, "3/3", resume=True).is_gathered
    found = {name: content for name, content in tables(out).items() if "damaged" not in name}
    assert found == tables(tmp_path / "whole")
    assert record_of(out) == record_of(tmp_path / "whole")


def test_status_of_a_study_done_in_shards(tmp_path):
    out = tmp_path / "s"
    study(out, "1/3")
    status = study_status(out)
    assert (status.recorded, status.in_progress) == ("incomplete", False)
    assert (status.counts["done"], status.counts["to do"]) == (3, 6)
    assert status.seconds_left > 0.0  # the steps of runs of other shards are known
    assert "a shard has ended, others are left" in status_text(status)
    study(out, "2/3")
    study(out, "3/3")
    status = study_status(out)
    assert status.recorded == "done" and status.counts["done"] == 9
    assert "shard" not in status_text(status)


def test_a_shard_begins_when_the_first_of_those_at_work_began(tmp_path):
    study(tmp_path, "1/2")
    record = json.loads((tmp_path / "study.json").read_text())
    (tmp_path / "study.json").write_text(json.dumps(record | {"started": 12.5}))
    with in_use(tmp_path):
        assert began(tmp_path) == 12.5
    assert began(tmp_path) > 1.7e9


def test_runs_in_hand_of_several_shards_share_the_time_left(tmp_path):
    def state(name, **more):
        return RunState(name, "vehicle", 1, more.pop("state"), n_steps=10, **more)

    runs = [state("a", state="done", s_per_step=1.0)]
    runs += [state(name, state="running") for name in "bcd"]
    runs += [state(name, state="to do") for name in "efg"]
    assert StudyStatus(tmp_path, True, 1, "running", runs).seconds_left == 20.0  # 60 steps by three
    assert StudyStatus(tmp_path, True, 6, "running", runs).seconds_left == 10.0


def test_a_later_call_keeps_the_order_of_scenarios(tmp_path):
    study(tmp_path, None, [ToyScenario("vehicle"), ToyScenario("drug", drug=0.5)])
    later = [ToyScenario("also", drug=0.2), ToyScenario("drug", drug=0.5), ToyScenario("vehicle")]
    study(tmp_path, None, later)
    assert record_of(tmp_path)["scenarios"] == ["vehicle", "drug", "also"]
    (tmp_path / "summary.csv").unlink()
    refresh(tmp_path)
    assert record_of(tmp_path)["scenarios"] == ["vehicle", "drug", "also"]


def test_gather_writes_nothing_beside_a_study_that_is_whole(tmp_path):
    study(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    refresh(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_run_that_the_disk_refused_stays_failed(tmp_path):
    full = [ToyScenario("fills", fault="full disk")]
    study(tmp_path, None, full, keep_going=True)
    before = record_of(tmp_path)
    assert refresh(tmp_path).n_failed == 3
    assert record_of(tmp_path) == before
    assert "no space" in before["runs"]["fills__seed_0001"]["error"]


def test_shards_of_other_parameters_do_not_mix(tmp_path):
    out = tmp_path / "s"
    study(out, "1/2")
    with pytest.raises(StoreError, match="must not mix two"):
        study(out, "2/2", [arm.but(noise=0.5) for arm in ARMS])
    with pytest.raises(UserError, match="--force with --shard"):
        study(out, "1/2", force=True)
    assert list(states(out).values()).count("complete") == 5


def test_two_files_of_one_name_and_process_do_not_meet(tmp_path):
    from mtor_abm.whole_file import NewFile

    one, two = NewFile(tmp_path / "study.json"), NewFile(tmp_path / "study.json")
    one.write("one")
    two.write("two")
    one.commit()
    two.commit()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["two"]


def test_gather_names_what_is_no_study(tmp_path, capsys):
    assert cli.main(["gather", str(tmp_path)]) == 2
    assert "is not a study of mtor_abm" in capsys.readouterr().err
    (tmp_path / "study.json").write_text("{")
    assert cli.main(["gather", str(tmp_path)]) == 2
    assert "is damaged; repeat the command" in capsys.readouterr().err


def test_gather_on_the_command_line(tmp_path, capsys):
    out = tmp_path / "s"
    study(out, "1/2", ARMS[:1])
    assert cli.main(["gather", str(out)]) == 1
    assert capsys.readouterr().out.startswith("2 runs gathered, 1 left: repeat the command")
    study(out, "2/2", ARMS[:1])
    assert cli.main(["gather", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_complete"] == 3


def test_a_dry_run_of_a_shard(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(Path(__file__).parent.parent)
    arguments = ["run", "vehicle", "--seeds", "1-5", "--out", str(tmp_path), "--shard", "2/3"]
    assert cli.main([*arguments, "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "5 seeds" in text and "3 of other shards" in text and "would run 2 runs" in text
    assert cli.main([*arguments[:-1], "4/3", "--dry-run"]) == 2
    assert "--shard '4/3' is not one of 3" in capsys.readouterr().err
    assert ELSEWHERE not in text
