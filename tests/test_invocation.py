"""Commands that the program prints can be typed as they stand, wherever it was started."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mtor_abm import invocation

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Pretend that the program was started in `tmp_path` by these words."""

    def start(*words, python=None, on_path=()):
        executable = Path(python or sys.executable)
        if not executable.is_absolute():
            executable = tmp_path / executable
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "orig_argv", list(words))
        monkeypatch.setattr(sys, "executable", str(executable))
        monkeypatch.setattr(sys, "argv", [words[-1]])
        monkeypatch.setattr("shutil.which", lambda name: dict(on_path).get(name))

    return start


def executable_file(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    path.chmod(0o755)
    return path


def test_run_py_is_called_as_it_was_typed(started, monkeypatch, tmp_path):
    (tmp_path / "clone" / "mtor_abm").mkdir(parents=True)
    (tmp_path / "clone" / "run.py").touch()
    monkeypatch.setattr(invocation, "PACKAGE", tmp_path / "clone" / "mtor_abm")
    started("clone/.venv/bin/python", "clone/run.py", python="clone/.venv/bin/python")
    assert invocation.command("list") == "clone/.venv/bin/python clone/run.py list"


def test_an_interpreter_on_the_path_is_called_by_its_name(started):
    python = sys.executable
    started("python", str(invocation.PACKAGE / "__main__.py"), on_path={"python": python}.items())
    assert invocation.command("list") == "python -m mtor_abm list"


def test_another_interpreter_of_that_name_is_not_meant(started):
    main = str(invocation.PACKAGE / "__main__.py")
    started("python", main, on_path={"python": "/somewhere/else/python"}.items())
    assert invocation.command("list") == f"{shlex.quote(sys.executable)} -m mtor_abm list"


def test_the_installed_command_is_called_by_its_name_where_the_shell_finds_it(started, tmp_path):
    script = executable_file(tmp_path / "env" / "bin" / "mtor-abm")
    started(str(script), on_path={"mtor-abm": str(script)}.items())
    assert invocation.command("list") == "mtor-abm list"
    started(str(script))  # typed with its path
    assert invocation.command("list") == "env/bin/mtor-abm list"


def test_a_script_is_told_the_command_of_its_environment(started, tmp_path):
    executable_file(tmp_path / "env" / "bin" / "mtor-abm")
    started("python", "analysis.py", python="env/bin/python")
    assert invocation.command("report", Path("outputs/my study")) == (
        "env/bin/mtor-abm report 'outputs/my study'"
    )


def test_an_extra_of_a_clone_and_of_a_wheel(started, monkeypatch, tmp_path):
    python = sys.executable
    started("python", "x.py", on_path={"python": python}.items())
    monkeypatch.setattr(invocation, "PACKAGE", tmp_path / "my clone" / "mtor_abm")
    assert invocation.pip_install("h5ad") == "python -m pip install 'mtor_abm[h5ad]'"
    (tmp_path / "my clone").mkdir()
    (tmp_path / "my clone" / "pyproject.toml").touch()
    assert invocation.pip_install("h5ad") == "python -m pip install -e 'my clone[h5ad]'"
    monkeypatch.chdir(tmp_path / "my clone")
    assert invocation.pip_install("h5ad") == "python -m pip install -e '.[h5ad]'"


@pytest.mark.parametrize("start", [[str(ROOT / "run.py")], ["-m", "mtor_abm"]])
def test_what_is_printed_works_when_typed(start, tmp_path):
    """The hint of a wrong command is typed, in a folder with a space in its name."""
    here = tmp_path / "my studies"
    here.mkdir()
    if start[0] == "-m":
        here = ROOT  # where `-m` finds the package
    said = subprocess.run(
        [sys.executable, *start, "run", "--frob"], capture_output=True, text=True, cwd=here
    ).stderr
    hint = said.rpartition(" see ")[2]
    assert hint.endswith(" --help\n"), said
    done = subprocess.run(hint, shell=True, capture_output=True, text=True, cwd=here)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_module_says_run_py_to_a_person():
    """Hints go through `command`; docstrings may name a command in words."""
    told = [
        f"{path.name}:{number}"
        for path in invocation.PACKAGE.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"python run\.py |(see|type:?|with) run\.py ", line)
    ]
    assert told == []
