"""How this program was started, so that a command that it prints can be typed as it stands.

A person may have typed `mtor-abm`, `.venv/bin/python run.py` or `python -m mtor_abm`, here or from
another folder, or may have called the package from a script or a notebook. Every hint goes through
`command`, which writes it the way it was started, with paths quoted for the shell.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM = "mtor-abm"
PACKAGE = Path(__file__).resolve().parent
WINDOWS = sys.platform == "win32"


def command(*words: str | os.PathLike[str]) -> str:
    """A command line of this program that can be typed in the current folder.

    Args:
        words: what follows the program, e.g. "report", Path("outputs/my study").
    """
    return joined([*program(), *map(str, words)])


def pip_install(extra: str) -> str:
    """The command line that adds an extra to this installation, be it a clone or a wheel."""
    clone = clone_folder()
    if clone is None:
        return joined([*python(), "-m", "pip", "install", f"mtor_abm[{extra}]"])
    place = "." if clone == Path.cwd() else str(_from_here(clone))
    return joined([*python(), "-m", "pip", "install", "-e", f"{place}[{extra}]"])


def joined(words: list[str]) -> str:
    """Words as one line for the shell of this machine."""
    return subprocess.list2cmdline(words) if WINDOWS else shlex.join(words)


def program() -> list[str]:
    """The words that start this program from the current folder."""
    started = Path(sys.argv[0] or "-c")
    if started.name.removesuffix(".exe") == PROGRAM:
        return _script(started)
    if started.name == "run.py" and _is(started, PACKAGE.parent / "run.py"):
        return [*python(), sys.argv[0]]
    if started == PACKAGE / "__main__.py":
        return [*python(), "-m", "mtor_abm"]
    beside = Path(sys.executable).parent / (PROGRAM + ".exe" * WINDOWS)
    if beside.is_file():  # a script or a notebook calls the package
        return _script(beside)
    run_py = PACKAGE.parent / "run.py"
    return [*python(), *([str(_from_here(run_py))] if run_py.is_file() else ["-m", "mtor_abm"])]


def python() -> list[str]:
    """The interpreter in use: as it was typed if this still finds it, else its path."""
    typed = sys.orig_argv[0] if sys.orig_argv else ""
    if "/" not in typed and os.sep not in typed:
        typed = typed if _found_as(typed) else "python"
        if _found_as(typed):
            return [typed]
    elif not Path(typed).is_absolute() and _is_path(Path(typed), Path(sys.executable)):
        return [typed]
    return [str(_from_here(Path(sys.executable)))]


def clone_folder() -> Path | None:
    """The clone whose package this is, or None if it was installed from a wheel."""
    folder = PACKAGE.parent
    return folder if (folder / "pyproject.toml").is_file() else None


def _script(path: Path) -> list[str]:
    """The installed command: by its name where the shell finds this very one."""
    found = shutil.which(PROGRAM)
    if found is not None and _is(Path(found), path):
        return [PROGRAM]
    return [str(_from_here(path))]


def _found_as(name: str) -> bool:
    """Whether the shell finds the interpreter in use under this name.

    By its path, not by the file behind it: a link in an environment and the interpreter that it
    links to are one file, and only the first finds the environment's libraries.
    """
    found = shutil.which(name) if name else None
    return found is not None and _is_path(Path(found), Path(sys.executable))


def _is_path(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()


def _is(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _from_here(path: Path) -> Path:
    """A path as short as it can be typed in the current folder, without climbing."""
    path, here = path.absolute(), Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
