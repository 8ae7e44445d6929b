"""Effects of several arms on one readout in one kind, so that they may share an axis or colours."""

from typing import Any

import numpy as np

from ..analysis.arms import pairs
from ..analysis.statistics import mean_interval
from .study_data import StudyData, readout


def in_one_kind(data: StudyData, rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows of one readout by arm, all ratios or all differences.

    `compare` gives a ratio where every value is above 0, and else a difference. Where the arms of a
    sweep differ in that, all are made differences, within the same pairs; p stays that of compare.
    """
    if len({row["effect"] for row in rows.values()}) < 2:
        return rows
    return {name: _as_difference(data, name, row) for name, row in rows.items()}


def _as_difference(data: StudyData, name: str, row: dict[str, Any]) -> dict[str, Any]:
    if row["effect"] != "ratio":
        return row
    control, arm = next(
        (control, arm) for control, arms in data.comparable for arm in arms if arm.name == name
    )
    before, after = (readout(runs, row["readout"]) for runs in pairs(control, arm))
    gain = (after - before)[~np.isnan(after - before)]
    mean, low, high = mean_interval(gain)
    return {**row, "effect": "difference", "estimate": mean, "ci_low": low, "ci_high": high}
