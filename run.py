"""Run the simulator: `python run.py --help`. Without arguments it runs the demonstration.

This file must parse under Python 3.6, so that an old Python can say what to type.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

OLDEST = (3, 12)
NEEDED = ("mesa", "networkx", "numba", "numpy", "pandas", "pydantic", "scipy", "tqdm")
PYTHON = ".venv/bin/python" if sys.platform != "win32" else r".venv\Scripts\python"


def complaint(
    version: "tuple[int, int]", missing: "list[str]", has_environment: bool
) -> "str | None":
    """One line that says what to type, or None if all is well.

    Args:
        version: of the Python that runs this.
        missing: packages that it does not find.
        has_environment: whether .venv lies beside run.py.
    """
    install = f"{PYTHON} -m pip install -e . && {PYTHON} run.py"
    if version < OLDEST:
        cure = f"{PYTHON} run.py" if has_environment else f"python3.12 -m venv .venv && {install}"
        this = ".".join(map(str, version))
        return f"run.py needs Python 3.12 or newer and this is {this}; type: {cure}"
    if missing:
        cure = install if has_environment else f"python -m venv .venv && {install}"
        return f"run.py does not find {', '.join(missing)}; type: {cure}"
    return None


def start() -> int:
    """Check this Python, then run the command line."""
    here = Path(__file__).resolve().parent
    missing = [name for name in NEEDED if find_spec(name) is None]
    line = complaint(sys.version_info[:2], missing, (here / PYTHON).exists())
    if line is not None:
        print(line, file=sys.stderr)
        return 2
    from mtor_abm.cli import main

    return main()


if __name__ == "__main__":  # worker processes import this file too
    sys.exit(start())
