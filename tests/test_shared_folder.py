"""Two processes in one study, a full disk, links, and files of a person among the runs."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kills import files
from test_runner import study
from toy_marrow import ToyRun, ToyScenario

from mtor_abm.errors import UserError
from mtor_abm.runner.study_folder import find_runs
from mtor_abm.store import CHECKPOINT

FIRST = "vehicle__seed_0001"
CODE = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from mtor_abm.runner.batch import run_study
from toy_marrow import ToyEngine, ToyRun, ToyScenario
scenarios = [ToyScenario(name, ToyRun(days={days}), fault={fault!r}) for name in {names!r}]
run_study(scenarios, [1, 2], Path({out!r}), jobs=1, engine=ToyEngine, checkpoint_every_s=0.05)
"""


def started(out, names, days=2.0, fault=""):
    """A process that runs a study of toys."""
    tests = str(Path(__file__).parent)
    code = CODE.format(tests=tests, out=str(out), names=names, days=days, fault=fault)
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)


def test_two_processes_in_one_study_lose_nothing(tmp_path):
    """Both may do one run at once; then one may end in one line, and --resume makes it whole."""
    names = ["vehicle", "rapamycin"]
    assert started(tmp_path / "alone", names).wait(60) == 0
    both = [started(tmp_path / "both", names) for _ in range(2)]
    for process in both:
        said = process.communicate(timeout=60)[1].strip().splitlines()
        assert process.returncode == 0 or re.match(r"mtor_abm\.\S+Error: /", said[-1])
    again = study([ToyScenario(name) for name in names], tmp_path / "both", resume=True)
    assert {run.status for run in again.runs} <= {"done", "skipped"}
    shutil.rmtree(tmp_path / "both" / "damaged", ignore_errors=True)  # what it moved aside
    assert files(tmp_path / "both") == files(tmp_path / "alone")


def test_a_second_study_of_one_name_with_another_length_is_refused(tmp_path):
    process = started(tmp_path / "s", ["vehicle"], days=1000.0, fault="slow")
    try:
        end = time.monotonic() + 60.0
        while not (tmp_path / "s" / FIRST / CHECKPOINT).exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        with pytest.raises(UserError, match="another process is running 'vehicle'"):
            study([ToyScenario("vehicle", ToyRun(days=5.0))], tmp_path / "s")
    finally:
        process.kill()
        process.wait()


def test_files_of_a_person_stop_nothing_and_stay(tmp_path):
    study([ToyScenario()], tmp_path)
    mine = [tmp_path / FIRST / ".DS_Store", tmp_path / FIRST / "notes.txt", tmp_path / "notes.txt"]
    for path in mine:
        path.write_text("mine")
    again = study([ToyScenario()], tmp_path, resume=True)
    assert [run.status for run in again.runs] == ["skipped", "skipped"]
    assert [path.read_text() for path in mine] == ["mine"] * 3


def test_a_run_folder_that_is_a_link_is_never_written_through(tmp_path):
    study([ToyScenario()], tmp_path / "other")
    before = files(tmp_path / "other")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / FIRST).symlink_to(tmp_path / "other" / FIRST)
    with pytest.raises(UserError, match="link"):
        study([ToyScenario(growth_per_step=0.05)], tmp_path / "mine", force=True)
    assert files(tmp_path / "other") == before


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 400 kB, where the machine lets one be made."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)]
    may = sys.platform == "linux" and os.geteuid() == 0
    if not may or subprocess.run(words, capture_output=True).returncode != 0:
        pytest.skip("no disk of a given size can be made here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_study_on_a_full_disk_says_so_and_goes_on_when_there_is_room(small_disk, tmp_path):
    study([ToyScenario()], tmp_path / "roomy")
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(b"x" * 4096)
                file.flush()
        except OSError:
            pass
    try:
        told = [run.error for run in study([ToyScenario()], small_disk / "s").runs]
        assert all("no space left" in error.lower() for error in told)
    except UserError as fault:  # not even the folder of the study could be made
        assert "no space left" in str(fault) and "\n" not in str(fault)
    if (small_disk / "s").exists():
        assert not any((run / "manifest.json").exists() for run in find_runs(small_disk / "s"))
    filler.unlink()
    assert [run.status for run in study([ToyScenario()], small_disk / "s").runs] == ["done"] * 2
    assert files(small_disk / "s") == files(tmp_path / "roomy")
