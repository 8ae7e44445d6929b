"""What made a result: versions, sources, commit and machine."""

import functools
import hashlib
import importlib.metadata
import os
import platform
import subprocess
from typing import Any

from . import own_drugs, sources
from .version import VERSION

PACKAGE = sources.PACKAGE
LIBRARIES = ("numpy", "numba", "mesa", "pandas", "scipy", "pydantic")


@functools.cache
def model_fingerprint() -> str:
    """Hash of the sources that decide what a run holds (16 hex).

    Narrower than the fingerprint of numba's cache: an edit of the comparison or of the command
    line does not make finished runs out of date.
    """
    digest = hashlib.sha256()
    for path in sources.of_a_run(PACKAGE):
        name = path.relative_to(PACKAGE).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    for path in own_drugs.files():  # outside the package, and yet a source
        digest.update(own_drugs.content(path) + b"\0")
    return digest.hexdigest()[:16]


def identity(scenario_hash: str, seed: int) -> dict[str, Any]:
    """What decides every byte of a run's tables; two runs with equal identity are the same run."""
    return {
        "scenario_sha256": scenario_hash,
        "seed": seed,
        "package_version": VERSION,
        "sources": model_fingerprint(),
    }


@functools.cache
def provenance() -> dict[str, Any]:
    """Versions, commit and machine, as the manifest holds them."""
    versions = {"mtor_abm": VERSION, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            versions[library] = ""
    drugs = {
        path.name: hashlib.sha256(own_drugs.content(path)).hexdigest() for path in own_drugs.files()
    }
    return {
        "versions": versions,
        "sources": model_fingerprint(),
        **({"own_drugs_sha256": drugs} if drugs else {}),
        "git": git_state(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "host": platform.node(),
        "n_cores": os.cpu_count(),
    }


def git_state() -> dict[str, Any] | None:
    """Commit and dirty flag of the sources, or None outside a clone of this package."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(PACKAGE), *words],
            capture_output=True, text=True, timeout=10, check=True, stdin=subprocess.DEVNULL,
        ).stdout.strip()  # fmt: skip

    try:
        git("ls-files", "--error-unmatch", "version.py")  # not merely inside another repository
        return {
            "commit": git("rev-parse", "HEAD"),
            "dirty": bool(git("status", "--porcelain", "--", ".")),
        }
    except (OSError, subprocess.SubprocessError):
        return None
