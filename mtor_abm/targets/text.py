"""The table of targets for a terminal."""

from collections.abc import Sequence

import numpy as np

from .evaluate import Judged
from .target import AGREE_Z, Point, Verdict

HEADER = ("target", "what", "observed", "simulated (95 %)", "z", "agrees")


def targets_text(judged: Sequence[Judged]) -> str:
    """One line a point, then notes and fitted numbers of each target."""
    rows = [
        (target.target.id, v.point.label, _observed(v.point), _simulated(v), _z(v), _agrees(v))
        for target in judged
        for v in target.verdicts
    ]
    widths = [max(len(row[i]) for row in (HEADER, *rows)) for i in range(len(HEADER))]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
             for row in (HEADER, *rows)]  # fmt: skip
    lines.append("")
    for target in judged:
        fitted = ", ".join(target.fitted) or "nothing"
        note = f"; {target.target.note}" if target.target.note else ""
        lines.append(f"{target.target.id}  fitted to it: {fitted}{note} ({target.seconds:.0f} s)")
    points = [v for target in judged for v in target.verdicts]
    scored = [v.z for v in points if not np.isnan(v.z)]
    agree = sum(v.agrees is True for v in points)
    lines.append("")
    rms = f", root mean square z {float(np.sqrt(np.mean(np.square(scored)))):.2f}" if scored else ""
    lines.append(
        f"{agree} of {len(points)} points agree (|z| at most {AGREE_Z:g}){rms}; z divides by the "
        "published error and the standard error of the simulated mean"
    )
    return "\n".join(lines)


def _observed(point: Point) -> str:
    unit = "" if point.unit == "1" else f" {point.unit}"
    if point.value is None:
        assert point.limits is not None
        return f"{point.limits[0]:g}..{point.limits[1]:g}{unit}"
    if point.error is None:
        return f"{point.value:g}{unit}"
    if point.ratio:
        return f"{point.value:g} (x/ {np.exp(point.error):.3g}){unit}"
    return f"{point.value:g} +- {point.error:.3g}{unit}"


def _simulated(v: Verdict) -> str:
    if v.n == 0:
        return "undefined"
    return f"{v.mean:.3g} ({v.low:.3g} to {v.high:.3g})"


def _z(v: Verdict) -> str:
    return "" if np.isnan(v.z) else f"{v.z:+.1f}"


def _agrees(v: Verdict) -> str:
    return "not known" if v.agrees is None else "yes" if v.agrees else "NO"
