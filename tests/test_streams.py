"""Streams that are closed, full or left by their reader, faults of the system, odd environments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mtor_abm.runner.study_folder import find_runs
from mtor_abm.store import read_run

HERE = Path(__file__).resolve().parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")

# The command line with a toy study in place of `list`: two runs, a line for each.
TOY = f"""
import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
from pathlib import Path
from toy_marrow import ToyEngine, ToyScenario
from mtor_abm import cli
from mtor_abm.runner import processes
from mtor_abm.runner.batch import run_study
from mtor_abm.runner.progress import choose
processes.PRELOADED = ("mtor_abm.runner.single",)
def study(args):
    done = run_study([ToyScenario()], [1, 2, 3], Path(args.kind), jobs=JOBS,
                     report=choose(verbose=True), engine=ToyEngine)
    print(f"{{len(done.runs)}} runs done")
    return 0
if __name__ == "__main__":
    cli._list = study
    sys.exit(cli.main(["list", sys.argv[1]]))
"""


def toy(tmp_path, redirection="", jobs=1, **environment):
    """A toy study by the command line, in a shell; its code, output and complete runs."""
    script = tmp_path / "toy.py"
    script.write_text(TOY.replace("JOBS", str(jobs)))
    out = tmp_path / "s"
    line = f"set -o pipefail; '{sys.executable}' '{script}' '{out}' {redirection}"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=120,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"} | environment,
    )  # fmt: skip
    runs = [folder for folder in find_runs(out) if read_run(folder).status == "complete"]
    return done, len(runs)


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        ("2>&1 | head -n 1", 0, ""), ("2>&1 | true", 0, ""), ("| true", 0, "3/3"),
        ("2>&-", 0, ""), (">&-", 2, "standard output is closed"),
        (">&- 2>&- <&-", 2, ""), ("> /dev/full", 2, "No space left"), ("2> /dev/full", 0, ""),
    ],
)  # fmt: skip
def test_all_runs_are_done_whoever_listens(tmp_path, redirection, code, said):
    if "/dev/full" in redirection and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    done, n_complete = toy(tmp_path, redirection)
    assert (done.returncode, n_complete) == (code, 3)
    assert said in done.stderr and "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_temporary_folder_with_a_long_name_is_no_trouble(tmp_path):
    """The path of a socket may have 107 bytes."""
    place = tmp_path / ("x" * 100)
    place.mkdir()
    done, n_complete = toy(tmp_path, jobs=2, TMPDIR=str(place))
    assert (done.returncode, n_complete) == (0, 3), done.stderr


def test_workers_run_the_package_of_their_parent(tmp_path):
    """Not another checkout, be it the working folder or the one that is installed."""
    other = tmp_path / "other" / "mtor_abm"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise SystemExit('the other package')")
    script = tmp_path / "toy.py"
    script.write_text(TOY.replace("JOBS", "2"))
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "s")], cwd=other.parent, text=True,
        capture_output=True, timeout=120,
        env=os.environ | {"PYTHONPATH": str(other.parent), "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    assert done.returncode == 0 and len(find_runs(tmp_path / "s")) == 3, done.stderr


def test_workers_with_another_package_are_refused():
    from mtor_abm.runner import processes
    from mtor_abm.sources import PACKAGE
    from mtor_abm.store import StoreError

    processes.refuse_other_package(str(PACKAGE), processes.model_fingerprint())
    for package, sources in (("/other/mtor_abm", processes.model_fingerprint()),
                             (str(PACKAGE), "0" * 16)):  # fmt: skip
        with pytest.raises(StoreError, match="worker processes import mtor_abm from"):
            processes.refuse_other_package(package, sources)


def faulty(tmp_path, body, **options):
    """The command line with this in place of `list`."""
    script = tmp_path / "faulty.py"
    script.write_text(
        f"import sys, os; sys.path.insert(0, {str(HERE.parent)!r})\nfrom mtor_abm import cli\n"
        f"def fault(args):\n    {body}\ncli._list = fault\nsys.exit(cli.main(['list']))\n"
    )
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, **options
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("open('/no/such/file')", "error: /no/such/file: there is no such folder"),
        (f"open('/{'x' * 300}')", "xxx: the path is too long"),
        ("raise OSError(24, 'Too many open files')", "error: too many open files; raise"),
        ("raise BrokenPipeError(32, 'Broken pipe')", "error: the system refused: Broken pipe"),
        ("import tempfile; d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d); os.getcwd()",
         "error: the working folder no longer exists"),
    ],
)  # fmt: skip
def test_a_fault_of_the_system_is_told_as_what_it_is(tmp_path, body, said):
    done = faulty(tmp_path, body)
    assert done.returncode == 2 and said in done.stderr
    assert len(done.stderr.splitlines()) == 1
