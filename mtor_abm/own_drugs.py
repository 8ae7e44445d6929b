"""Drugs of your own, outside the package: Python files named by MTOR_ABM_DRUGS, each with `DRUGS`.

    DRUGS = (Drug(key="azd8055", ...),)          # as the rows of mtor_abm/drugs.py

`drugs.py` takes their rows at import, so that every part of the package and every process of a
study knows them: scenarios, fields, columns, cultures, exports. Their bytes count among the sources
of a run (provenance.py). Several files are set apart as in PATH.
"""

import os
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import UserError

VARIABLE = "MTOR_ABM_DRUGS"


def files() -> list[Path]:
    """The files that the environment names, in its order."""
    return [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]


def content(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{VARIABLE} names {path}, which cannot be read from {Path.cwd()} "
            f"({error.strerror}); give its whole path"
        ) from None


def rows() -> Iterator[tuple[Path, Any]]:
    """Each file with each row of its DRUGS; what a row is, the table of drugs knows.

    Raises:
        UserError: a file cannot be read, ends with an error, or has no DRUGS.
    """
    for path in files():
        content(path)
        try:
            found = runpy.run_path(str(path))
        except Exception as error:
            raise UserError(
                f"{VARIABLE}: {path} ends with {type(error).__name__}: {error}; correct it, or "
                f"unset {VARIABLE}"
            ) from error
        drugs = found.get("DRUGS")
        if not isinstance(drugs, tuple | list):
            raise UserError(f"{VARIABLE}: {path} has no DRUGS; write DRUGS = (Drug(...),)")
        yield from ((path, drug) for drug in drugs)
