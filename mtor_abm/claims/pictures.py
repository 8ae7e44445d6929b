"""One figure per claim: each replicate of each arm, and the effect with its interval.

Needs matplotlib (`pip install mtor_abm[figures]`).
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .experiment import Contrast
from .study import Finding
from .verdict import Estimate

GREY, BLUE, ORANGE = "0.6", "#0072B2", "#D55E00"  # safe for colour-blind readers
Replicates = Mapping[str, Sequence[Mapping[str, float]]]


def draw(finding: Finding, arms: Replicates, path: Path) -> None:
    """Draw the contrast that decided the verdict.

    Args:
        finding: with at least one contrast. arms: arm -> readouts of its replicates.
        path: .png or .svg.

    Raises:
        ImportError: matplotlib is missing.
    """
    from matplotlib.figure import Figure

    telling = finding.telling
    assert telling is not None
    contrast, found, verdict = telling
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 1))
    _replicates(left, contrast, arms)
    _effect(right, found, verdict)
    figure.suptitle(
        "\n".join(textwrap.wrap(f"{finding.claim.id}: {finding.claim.statement}", 90)), fontsize=8
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _replicates(panel: Any, contrast: Contrast, arms: Replicates) -> None:
    names = contrast.arm_names() or tuple(arms)
    values = np.array(
        [[r.get(contrast.readout, np.nan) for r in arms[name]] for name in names], dtype=float
    )
    panel.plot(np.arange(len(names)), values, color=GREY, lw=0.7, marker="o", ms=3)
    panel.plot(np.arange(len(names)), np.nanmean(values, axis=1), "_", color=BLUE, ms=24, mew=2)
    panel.set_xticks(np.arange(len(names)), names, rotation=20, ha="right", fontsize=7)
    panel.set_xlim(-0.5, len(names) - 0.5)
    panel.set_ylabel(contrast.readout, fontsize=8)
    panel.tick_params(axis="y", labelsize=7)


def _effect(panel: Any, found: Estimate, verdict: str) -> None:
    panel.errorbar(
        [0], [found.value], [[found.value - found.low], [found.high - found.value]], fmt="o",
        color=BLUE if verdict == "holds" else ORANGE, capsize=4,
    )  # fmt: skip
    if not np.isnan(found.none):
        panel.axhline(found.none, color=GREY, lw=0.8, ls="--")
    if found.scale == "ratio" and found.low > 0:
        panel.set_yscale("log")
    panel.set_xticks([])
    panel.set_title(verdict, fontsize=8)
    panel.set_ylabel(f"{found.scale}, 95 % interval", fontsize=8)
    panel.tick_params(axis="y", labelsize=7)


def draw_all(
    findings: Sequence[Finding], arms_of: Callable[[Finding], Replicates], folder: Path
) -> list[Path]:
    """A figure for every claim that was tested; returns their paths."""
    drawn = []
    for finding in findings:
        if finding.telling is not None:
            path = folder / f"{finding.claim.id}.png"
            draw(finding, arms_of(finding), path)
            drawn.append(path)
    return drawn
