"""Drugs as conditions of a culture: one free level per drug of DRUGS that acts from solution."""

from typing import TYPE_CHECKING, Any

from pydantic import create_model

from ..drug_action import half_effects_nM
from ..drugs import DRUGS
from ..parameters import Group, number

_KEYS = tuple(key for key, drug in DRUGS.items() if half_effects_nM(drug.action))

if TYPE_CHECKING:

    class DrugsInMedium(Group):
        """Free level of each drug in the medium, nM; 0 unless given."""

else:
    _LEVELS: dict[str, Any] = {
        f"{key}_nM": (
            float,
            number(
                0.0, "nM", "set by the experiment", "assumed", low=0, high=1e6,
                what=f"free {DRUGS[key].label} in the medium",
            ),
        )
        for key in _KEYS
    }  # fmt: skip
    DrugsInMedium = create_model("DrugsInMedium", __base__=Group, **_LEVELS)
    DrugsInMedium.__doc__ = "Free level of each drug in the medium, nM; 0 unless given."


def drugs_nM(conditions: DrugsInMedium) -> dict[str, float]:  # noqa: N802 (nM is a unit)
    """Free level of each drug that is there, by key."""
    levels = {key: float(getattr(conditions, f"{key}_nM")) for key in _KEYS}
    return {key: free_nM for key, free_nM in levels.items() if free_nM > 0.0}
