"""Primary endpoints and all other readouts: two families of tests, each adjusted for its number.

A study is run for a few readouts. These are chosen beforehand, few, and adjusted by Holm, so that
any of them below 0.05 can be trusted. All others are looked at to see what else happened, and
adjusted by Benjamini and Hochberg, so that of those below 0.05 about 5 % are false. Readouts that
are the same in every pair are not tested and not counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import UserError
from ..readouts import TIME_TO
from ..validation import suggestion
from .statistics import benjamini_hochberg, holm

#: Unless a scenario or the person names others. BV/TV at the end is told as its change since the
#: start, at which the arms of a comparison are equal.
DEFAULT_PRIMARY = (
    "tumour_area_mm2_final",
    "bv_tv_change_percent",
    "ctx_per_d_mean",
    "vessel_length_mm_per_mm2_final",
)
PRIMARY, OTHER = "primary", "other"
METHODS = {PRIMARY: ("Holm", holm), OTHER: ("Benjamini-Hochberg", benjamini_hochberg)}


def is_named(readout: str, names: Sequence[str]) -> bool:
    """Whether a readout is among the names; `days_to_COLUMN` stands for any threshold."""
    return readout in names or (readout.startswith(TIME_TO) and readout.rpartition("_")[0] in names)


def refuse_unknown(primary: Sequence[str], readouts: Sequence[str]) -> None:
    """See that every endpoint that was asked for is there.

    Raises:
        UserError: one is not among the readouts that are compared.
    """
    for name in primary:
        if not any(is_named(readout, [name]) for readout in readouts):
            raise UserError(
                f"primary endpoint '{name}' is not a readout of these runs; "
                f"{suggestion(name, readouts)}"
            )


def adjust(rows: Sequence[dict[str, Any]], primary: Sequence[str]) -> None:
    """Set `family`, `adjustment` and `p_adjusted` of the rows of one arm."""
    for family, (method, adjusted_for) in METHODS.items():
        of_family = [r for r in rows if is_named(r["readout"], primary) == (family == PRIMARY)]
        p = np.array([row["p"] for row in of_family], dtype=np.float64)
        n = int(np.count_nonzero(~np.isnan(p)))
        for row, adjusted in zip(of_family, adjusted_for(p), strict=True):
            row["family"] = family
            row["p_adjusted"] = float(adjusted)
            row["adjustment"] = "" if np.isnan(adjusted) else f"{method}, {n}"


def in_order(rows: Sequence[Mapping[str, Any]], primary: Sequence[str]) -> list[Mapping[str, Any]]:
    """The primary rows of one arm, in the order in which the endpoints were named."""
    return [row for name in primary for row in rows if is_named(row["readout"], [name])]
