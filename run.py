"""Run the simulator: `python run.py --help`. Without arguments it runs the demonstration.

This file must parse under Python 3.6, so that an old Python can say what to type.
"""

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

OLDEST = (3, 12)
NEEDED = ("mesa", "networkx", "numba", "numpy", "pandas", "pydantic", "scipy", "tqdm")
PYTHON = ".venv/bin/python" if sys.platform != "win32" else r".venv\Scripts\python"


def complaint(
    version: "tuple[int, int]", missing: "list[str]", environment: str, folder: str = ".",
    arguments: "tuple[str, ...]" = (), executable: str = "python",
) -> "str | None":  # fmt: skip
    """One line that says what to type, or None if all is well.

    Args:
        version: of the Python that runs this.
        missing: packages that it does not find.
        environment: "absent", "beside" (.venv lies beside run.py) or "active" (and runs this).
        folder: of run.py, as it can be typed here.
        arguments: what the person typed after run.py.
        executable: the Python that runs this.
    """
    if version < OLDEST:
        fault = f"mtor_abm needs Python 3.12 or newer; this is {version[0]}.{version[1]}"
        fault += f" ({executable})"
    elif missing:
        fault = f"run.py does not find {', '.join(missing)}"
    else:
        return None
    python = _typed(Path(folder, PYTHON))
    again = " ".join([python, _typed(Path(folder, "run.py")), *map(_typed, arguments)])
    install = f"{python} -m pip install -e {_typed(folder)} && {again}"
    if environment == "absent" or (version < OLDEST and environment == "active"):
        venv = _typed(Path(folder, ".venv"))
        return f"{fault}; type: python3.12 -m venv --clear {venv} && {install}"
    return f"{fault}; type: {install if environment == 'active' else again}"


def _typed(word: "str | Path") -> str:
    """A word as it is typed for a shell."""
    return shlex.quote(str(word)) if sys.platform != "win32" else str(word)


def start() -> int:
    """Check this Python, then run the command line."""
    here = Path(__file__).resolve().parent
    missing = [name for name in NEEDED if find_spec(name) is None]
    environment = "beside" if (here / PYTHON).exists() else "absent"
    if Path(sys.prefix) == here / ".venv":
        environment = "active"
    folder = "." if here == Path.cwd() else str(here)
    line = complaint(
        sys.version_info[:2], missing, environment, folder, tuple(sys.argv[1:]), sys.executable
    )
    if line is not None:
        print(line, file=sys.stderr)
        return 2
    from mtor_abm.cli import main

    return main()


if __name__ == "__main__":  # worker processes import this file too
    sys.exit(start())
