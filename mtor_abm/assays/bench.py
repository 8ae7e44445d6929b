"""What every bench has in common: conditions in, readouts out.

A bench is one way to measure the model: the whole marrow, a culture dish, a Boyden chamber, a
single cell. All are built from the rules of the cells; none has rules of its own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..parameters import Group
from ..scenario import Scenario


@dataclass(frozen=True)
class Readout:
    """One number a bench gives: its unit ("1" for a pure number) and one phrase."""

    unit: str
    meaning: str


@dataclass(frozen=True)
class Bench:
    """One way to measure the model.

    Attributes:
        key: name in experiments, e.g. "boyden".
        label: one phrase for people.
        conditions: its own numbers (duration, cells, drug in the medium), with unit and source.
        readouts: name -> Readout of everything `measure` gives.
        measure: (scenario, seed, conditions) -> one value per readout; the same three give the
            same numbers. NaN where a readout is undefined in this run.
        more: pattern of further names `measure` gives if the conditions ask for them.
        defaults: settings of the scenario that suit the bench, by mode ("quick", "full").
    """

    key: str
    label: str
    conditions: type[Group]
    readouts: dict[str, Readout]
    measure: Callable[[Scenario, int, Any], dict[str, float]]
    more: str = ""
    defaults: Callable[[str], dict[str, Any]] = lambda mode: {}

    def gives(self, readout: str) -> bool:
        """Whether `measure` can give this readout."""
        return readout in self.readouts or bool(self.more and re.fullmatch(self.more, readout))
