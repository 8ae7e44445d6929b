"""A study on a Dask cluster: a real scheduler and real workers, started here."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from test_runner import tables, until
from toy_marrow import ToyEngine, ToyRun, ToyScenario

from mtor_abm import cli, invocation
from mtor_abm.errors import UserError
from mtor_abm.runner import cluster as cluster_module
from mtor_abm.runner import pool
from mtor_abm.runner.batch import run_study
from mtor_abm.store import StoreError, read_run

ROOT = Path(__file__).resolve().parent.parent


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(folder, log, *words, path=(ROOT, ROOT / "tests"), **environment):
    """A process of the cluster, in a process group of its own."""
    # the last entry: where distributed lies if it is not in this environment's own folder
    python_path = os.pathsep.join([*map(str, path), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", *words], stdout=log, stderr=log, start_new_session=True,
        cwd=folder,  # not here: -m puts the folder it starts in first
        env=os.environ | {"PYTHONPATH": python_path, "NUMBA_DISABLE_JIT": "1", **environment},
    )  # fmt: skip


class Cluster:
    """A scheduler and its workers; ended with all their children."""

    def __init__(self, folder):
        self.folder = folder
        self.log = (folder / "cluster.log").open("w")
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.processes = []
        self._start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard",
            "--port", self.address.rpartition(":")[2],
            DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
        )  # fmt: skip

    def worker(self, *options, **how):
        return self._start(
            "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-dashboard",
            "--local-directory", str(self.folder / "scratch"), *options, **how,
        )  # fmt: skip

    def _start(self, *words, **how):
        process = start(self.folder, self.log, *words, **how)
        self.processes.append(process)
        return process

    def end(self):
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()
        self.log.close()


@pytest.fixture
def cluster(tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "cluster").mkdir()
    one = Cluster(tmp_path / "cluster")
    yield one
    one.end()


def study(arms, out, executor=None, seeds=(1, 2)):
    return run_study(arms, seeds, out, jobs=1, engine=ToyEngine, executor=executor)


def statuses(result):
    return {run.folder.name: run.status for run in result.runs}


def test_workers_that_die_cost_no_run_but_the_culprit(cluster, tmp_path):
    """One worker is killed from outside and not replaced; one run kills its worker every time."""
    slow = ToyScenario("slow", ToyRun(days=8.0), fault="slow")  # 2 s each
    arms = [slow, ToyScenario("sound")]
    doomed = ToyScenario("doomed", fault="die", notes=str(tmp_path))
    victim = cluster.worker("--no-nanny")
    cluster.worker()  # its nanny starts it anew
    with cluster_module.cluster(cluster.address) as executor:
        executor._client.wait_for_workers(2, timeout=60)

        def kill():
            until(lambda: len(list((tmp_path / "s").glob("slow*/scenario.toml"))) == 2)
            os.kill(victim.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        first = study(arms, tmp_path / "s", executor)
        killer.join()
        assert victim.wait() == -signal.SIGKILL
        second = study([*arms, doomed, ToyScenario("late")], tmp_path / "s", executor, seeds=(1,))
    assert set(statuses(first).values()) == {"done"}
    assert statuses(second) == {
        "slow__seed_0001": "skipped", "sound__seed_0001": "skipped",
        "doomed__seed_0001": "failed", "late__seed_0001": "done",
    }  # fmt: skip
    assert "killed repeatedly" in second.failed[0].error
    assert read_run(tmp_path / "s" / "doomed__seed_0001").status == "failed"
    study(arms, tmp_path / "local")
    study([ToyScenario("late")], tmp_path / "local", seeds=(1,))
    of_all = {k: v for k, v in tables(tmp_path / "s").items() if not k.startswith("doomed")}
    assert of_all == tables(tmp_path / "local")


def test_leaving_by_a_fault_stops_the_runs_in_hand(cluster, tmp_path):
    cluster.worker("--no-nanny")
    endless = ToyScenario("slow", ToyRun(days=1000.0), fault="slow")

    def interrupt():
        until(lambda: list((tmp_path / "s").glob("slow*/scenario.toml")))
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt), cluster_module.cluster(cluster.address) as executor:
        study([endless], tmp_path / "s", executor)
    folder = tmp_path / "s" / "slow__seed_0001"
    assert not (folder / "scenario.toml").exists()  # put down by the worker, not half-written
    assert [path.name for path in folder.parent.glob("*__seed_*/*")] in ([], ["checkpoint.bin"])


def test_a_cluster_that_cannot_do_it_is_told_in_one_line(cluster, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cluster_module, "SECONDS_FOR_A_WORKER", 0.5)
    arguments = ["run", "vehicle", "--scheduler", cluster.address, "--out", str(tmp_path / "o")]
    arguments += ["--days", "0.25"]

    def refusal():
        assert cli.main(arguments) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1, said
        return said

    until(lambda: "no Dask scheduler answers" not in refusal())
    assert "it has no workers; start some: dask worker tcp://127.0.0.1:" in refusal()
    other = tmp_path / "other"
    shutil.copytree(ROOT / "mtor_abm", other / "mtor_abm")
    with (other / "mtor_abm" / "mtor.py").open("a") as file:
        file.write("\n# edited\n")
    stranger = cluster.worker("--no-nanny", path=(other,))
    monkeypatch.setattr(cluster_module, "SECONDS_FOR_A_WORKER", 30.0)
    assert "has other sources of mtor_abm (" in refusal()
    stranger.kill()
    stranger.wait()
    assert not (tmp_path / "o").exists()


def test_a_study_without_workers_ends(cluster, tmp_path, monkeypatch):
    only = cluster.worker("--no-nanny")
    monkeypatch.setattr(cluster_module, "SECONDS_FOR_A_WORKER", 20.0)
    with (
        pytest.raises(UserError, match=r"no worker for 2 s; complete runs are kept"),
        cluster_module.cluster(cluster.address) as executor,
    ):
        monkeypatch.setattr(cluster_module, "SECONDS_FOR_A_WORKER", 2.0)
        only.kill()
        study([ToyScenario()], tmp_path / "s", executor)


def test_no_scheduler_is_told_in_one_line(monkeypatch, capsys, tmp_path):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster_module, "SECONDS_TO_ANSWER", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    no_address = "is not the address of a Dask scheduler; give e.g. tcp://host:8786"
    for wrong, told in (
        (address, f"--scheduler {address}: no Dask scheduler answers"),
        ("nonsense://x", f"--scheduler 'nonsense://x' {no_address}"),
        ("not an address", f"--scheduler 'not an address' {no_address}"),
        ("", f"--scheduler '' {no_address}"),
    ):
        assert cli.main(["run", "vehicle", "--scheduler", wrong, "--out", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert told in said and said.count("\n") == 1


def test_without_the_library_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    arguments = ["run", "vehicle", "--scheduler", "tcp://x:1", "--out", str(tmp_path)]
    assert cli.main(arguments) == 2
    assert invocation.pip_install("dask") in capsys.readouterr().err
    assert cli.main([*arguments, "--jobs", "2"]) == 2
    assert "--jobs has no effect with --scheduler" in capsys.readouterr().err


# ------------------------------------------------------------------ any executor of somebody else's
def test_a_broken_executor_fails_its_runs_and_not_the_study(tmp_path):
    doomed = ToyScenario("doomed", fault="die", notes=str(tmp_path))
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        result = study([doomed], tmp_path / "s", executor, seeds=(1,))
    assert statuses(result) == {"doomed__seed_0001": "failed"}


def test_other_sources_or_another_disk_stop_the_study(tmp_path, monkeypatch):
    with ThreadPoolExecutor(1) as executor:
        asked = []

        def alternating():
            asked.append(0)
            return str(len(asked) % 2)

        monkeypatch.setattr(pool, "model_fingerprint", alternating)
        with pytest.raises(StoreError, match="has other sources of mtor_abm"):
            study([ToyScenario()], tmp_path / "s", executor, seeds=(1,))
        monkeypatch.undo()
        elsewhere = pool.PlannedRun(ToyScenario(), 1, tmp_path / "far" / "a__seed_0001", "run")
        with pytest.raises(StoreError, match=r"does not see .*far; give an --out on a disk"):
            pool._far_away(elsewhere, ToyEngine, pool.model_fingerprint())
    assert not (tmp_path / "far").exists()
