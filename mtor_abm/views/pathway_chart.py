"""Activity of the mTOR pathway by cell type and arm."""

import textwrap
from typing import Any

import numpy as np

from ..analysis.arms import Arm
from ..analysis.statistics import mean_interval
from ..cells import CELL_TYPES
from ..mtor import SIGNALS
from .canvas import looks, new_figure, say_what
from .chart_parts import interval_words, legend_of_arms
from .study_data import StudyData, readout

PATHWAY = ("s6k", "p4ebp1", "akt_s473")


def pathway(data: StudyData) -> Any:
    """Activity of S6K, 4E-BP1 and AKT by cell type and arm, averaged over the run."""
    labels = {tissue.kind.name: tissue.kind.label for tissue in CELL_TYPES}
    signals = [s for s in PATHWAY if any(f"{s}_{cell}" in data.columns for cell in labels)]
    kinds = [c for c in labels if any(f"{s}_{c}" in data.columns for s in signals)]
    # cells that were nowhere there have no activity to show
    kinds = [c for c in kinds if any(_known(arm, f"{signals[0]}_{c}_mean") for arm in data.arms)]
    if not kinds:
        return None
    height = (0.17 * len(data.arms) + 0.14) * len(kinds) + 1.3
    figure = new_figure(8.4, height)
    panels = figure.subplots(1, len(signals), sharey=True, squeeze=False)[0]
    look = looks(data.names)
    step = 0.75 / len(data.arms)
    for panel, signal in zip(panels, signals, strict=True):
        for line, kind in enumerate(kinds):
            for i, arm in enumerate(data.arms):
                values = readout(list(arm.runs.values()), f"{signal}_{kind}_mean")
                mean, low, high = mean_interval(values[~np.isnan(values)])
                y = line + step * (i - 0.5 * (len(data.arms) - 1))
                style = look[arm.name]
                panel.plot([low, high], [y, y], color=style.colour)
                panel.plot(mean, y, marker=style.marker, color=style.colour, markersize=4.5)
        for line in range(1, len(kinds)):
            panel.axhline(line - 0.5, color="#e6e6e6", linewidth=0.6, zorder=0)
        panel.set_xlim(0.0, 1.0)
        panel.set_xlabel("activity, share of maximum")
        title = SIGNALS[signal].partition(" (")[0]
        panel.set_title(title[0].upper() + title[1:])
        panel.tick_params(axis="y", length=0)
    # a label may go on after a colon
    names = ["\n".join(textwrap.wrap(labels[kind].partition(":")[0], 22)) for kind in kinds]
    panels[0].set_yticks(range(len(kinds)), names)
    panels[0].set_ylim(len(kinds) - 0.5, -0.5)
    legend_of_arms(figure, data.names, data.titles, look, marks=True)
    interval = interval_words([len(arm.runs) for arm in data.arms], "run")
    say_what(figure, f"Mean over cells, time and runs{interval}; {data.counted()}.")
    return figure


def _known(arm: Arm, name: str) -> bool:
    return bool((~np.isnan(readout(list(arm.runs.values()), name))).any())
