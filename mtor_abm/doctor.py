"""Whether this machine can run the simulator: versions, cores, cache, a short self-test."""

import time
from collections.abc import Callable
from typing import Any

from .compilation import ensure_compiled
from .errors import one_line
from .numerics import compiled
from .provenance import provenance
from .runner.batch import available_cores
from .runner.warm import warm_up


def examine(say: Callable[[str], None]) -> dict[str, Any]:
    """Look at the machine and run a tiny marrow for a few hours.

    Args:
        say: told when kernels have to be compiled first, since that takes a while.
    """
    facts = provenance()
    folder = compiled.CACHE_FOLDER
    report: dict[str, Any] = {
        "versions": facts["versions"],
        "platform": facts["platform"],
        "cores": available_cores(),
        "commit": facts["git"],
        "cache_folder": None if folder is None else str(folder),
        "jit": not compiled.JIT_IS_OFF,
        "compiled_in_s": 0.0,
        "self_test_s": 0.0,
    }
    try:
        report["compiled_in_s"] = round(ensure_compiled(say), 2)
        started = time.perf_counter()
        warm_up()
        report["self_test_s"] = round(time.perf_counter() - started, 2)
        report["self_test"] = "ok"
    except Exception as fault:  # whatever breaks is what the person asked to be told
        report["self_test"] = f"failed: {one_line(f'{type(fault).__name__}: {fault}')}"
    return report


def as_text(report: dict[str, Any]) -> str:
    """The report for a terminal, one fact a line."""
    commit = report["commit"]
    cache = report["cache_folder"] or "none (MTOR_ABM_CACHE names a place)"
    lines = [f"{name:<12} {version}" for name, version in report["versions"].items()]
    lines += [
        f"{'platform':<12} {report['platform']}",
        f"{'cores':<12} {report['cores']}",
        f"{'commit':<12} {commit['commit'] + ' (edited)' * commit['dirty'] if commit else 'none'}",
        f"{'cache':<12} {cache}",
        f"{'compiled':<12} {_compiled(report)}",
        f"{'self-test':<12} {report['self_test']} in {report['self_test_s']} s",
    ]
    return "\n".join(lines)


def _compiled(report: dict[str, Any]) -> str:
    if not report["jit"]:
        return "no, NUMBA_DISABLE_JIT is set: every run is slow"
    if report["cache_folder"] is None:
        return "by every process for itself"
    seconds = report["compiled_in_s"]
    return f"now, in {seconds} s" if seconds else "before"
