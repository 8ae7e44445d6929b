"""Effects of several arms on one readout in one kind, so that they may share an axis or colours."""

from collections.abc import Mapping
from typing import Any

from ..analysis.arms import Arm, pairs
from ..analysis.statistics import paired_effect
from .study_data import readout

Row = dict[str, Any]


def in_one_kind(arms: Mapping[str, tuple[Arm, Arm]], rows: dict[str, Row]) -> dict[str, Row]:
    """The rows of one readout by arm, all ratios or all differences.

    `compare` gives a ratio where every value is above 0, and else a difference. Where the arms of a
    sweep differ in that, all are made differences, within the same pairs; p stays that of compare.

    Args:
        arms: name of a treated arm -> its control and itself.
        rows: name of a treated arm -> its row of comparison.csv.
    """
    if len({row["effect"] for row in rows.values()}) < 2:
        return rows
    return {name: _as_difference(*arms[name], row) for name, row in rows.items()}


def _as_difference(control: Arm, treated: Arm, row: Row) -> Row:
    if row["effect"] != "ratio":
        return row
    before, after = (readout(runs, row["readout"]) for runs in pairs(control, treated))
    found = paired_effect(before, after, is_signed=True)
    return {**row, "effect": found.kind, "estimate": found.estimate, "ci_low": found.low,
            "ci_high": found.high}  # fmt: skip
