"""Cells as columns: a population is a struct of arrays, one row per cell.

Rows keep their order: the dead are squeezed out, daughters are appended in the order of their
mothers. Loops read columns through the named tuples `cells` (identity and the type's own columns)
and `signals`; Mesa sees the same rows through lazy views (`mesa_compat.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..events import CAUSES
from ..mtor import Signals, blank_signals
from ..numerics.compiled import kernel

# What a cell means to do, column `intent`; every type uses the same codes.
STAY, MOVE, DIVIDE, DIE, SPECIAL = 0, 1, 2, 3, 4

CAUSE = {name: code for code, name in enumerate(CAUSES)}


class Cells(NamedTuple):
    """Columns every population has, each of shape (capacity,)."""

    uid: np.ndarray  # int64, identity for life
    parent: np.ndarray  # int64, uid of the mother, 0 for founders
    clone: np.ndarray  # int64, uid of the founder of the lineage
    site: np.ndarray  # int64, flat site; -1 outside the marrow
    state: np.ndarray  # uint8, index into the type's states
    age_h: np.ndarray  # float32
    intent: np.ndarray  # uint8, what the cell decided this step
    target: np.ndarray  # int64, site the intent is about, or -1
    cause: np.ndarray  # uint8, index into CAUSES
    next_state: np.ndarray  # uint8, state after this step
    own_a: np.ndarray  # float32, meaning given by the type (`CellType.own`)
    own_b: np.ndarray  # float32, likewise
    own_c: np.ndarray  # float32, likewise


@dataclass(frozen=True)
class CellType:
    """A row of CELL_TYPES.

    Attributes:
        name: key in scenarios and tables.
        code: value in the occupant layer; 0 is no cell.
        states: names of states, in the order of their codes.
        own: what the type keeps in the columns own_a, own_b, own_c, name -> (column, meaning).
        label: a phrase for people.
        extra: arrays with several values a cell, name -> (values, dtype, fill).
    """

    name: str
    code: int
    states: tuple[str, ...]
    label: str
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    extra: Mapping[str, tuple[int, type, int]] = field(default_factory=dict)

    def state(self, name: str) -> int:
        """Code of a state."""
        return self.states.index(name)


class Population:
    """All cells of one type.

    Attributes:
        kind: the CellType.
        n: living cells; rows 0..n-1 of every column are valid.
        cells: Cells, columns of identity and decision.
        signals: Signals, columns of the mTOR network.
    """

    def __init__(self, kind: CellType, capacity: int = 64) -> None:
        self.kind = kind
        self.n = 0
        self.changes = 0  # counts births and deaths, so that a view can tell if its row moved
        self.cells = _blank_cells(capacity)
        self.signals = blank_signals(capacity)
        self.extra: dict[str, np.ndarray] = {
            name: np.full((capacity, width), fill, dtype=dtype)
            for name, (width, dtype, fill) in kind.extra.items()
        }

    def __len__(self) -> int:
        return self.n

    def column(self, name: str) -> np.ndarray:
        """Rows in use of a column, by its name in Cells, Signals or `CellType.own`; a view."""
        if name in self.kind.own:
            name = self.kind.own[name][0]
        source: Any = self.cells if name in Cells._fields else self.signals
        return getattr(source, name)[: self.n]

    def in_state(self, name: str) -> np.ndarray:
        """Bool mask of the rows in a state."""
        return self.column("state") == self.kind.state(name)

    def reserve(self, extra: int) -> None:
        """Make room for `extra` more cells, doubling so that appends cost O(1) each."""
        needed = self.n + extra
        capacity = len(self.cells.uid)
        if needed <= capacity:
            return
        grown = max(needed, 2 * capacity)
        self.cells = Cells(*(_grow(c, self.n, grown) for c in self.cells))
        self.signals = Signals(*(_grow(c, self.n, grown) for c in self.signals))
        self.extra = {name: _grow(c, self.n, grown) for name, c in self.extra.items()}

    def add(self, **columns: Any) -> slice:
        """Append cells; unnamed columns start at zero (own columns too), mTORC2 assembled.

        Args:
            columns: arrays of equal length (scalars spread) by column name; `uid` and `site`
                are required.

        Returns:
            The rows they took.
        """
        count = len(columns["uid"])
        self.reserve(count)
        rows = slice(self.n, self.n + count)
        for column in (*self.cells, *self.signals):
            column[rows] = 0
        for name, (_, _, fill) in self.kind.extra.items():
            self.extra[name][rows] = fill
        self.signals.mtorc2_integrity[rows] = 1.0
        self.cells.target[rows] = -1
        self.cells.clone[rows] = columns["uid"]
        for name, values in columns.items():
            if name in self.kind.own:
                name = self.kind.own[name][0]
            source: Any = self.cells if name in Cells._fields else self.signals
            getattr(source, name)[rows] = values
        self.n += count
        self.changes += count
        return rows

    def copy_signals(self, rows: slice, mothers: np.ndarray, source: "Population") -> None:
        """Let new cells inherit the network state of their mothers."""
        for mine, theirs in zip(self.signals, source.signals, strict=True):
            mine[rows] = theirs[mothers]

    def remove(self, dead: np.ndarray) -> None:
        """Squeeze out the rows where the bool mask `dead` (n,) is set; order is kept."""
        if not dead.any():
            return
        keep = np.flatnonzero(~dead)
        stays = int(np.argmax(dead))  # rows before the first of the dead
        for column in (*self.cells, *self.signals):
            squeeze(column, keep, stays)
        for column in self.extra.values():
            column[: len(keep)] = column[keep]
        self.changes += self.n - len(keep)
        self.n = len(keep)


@kernel
def squeeze(column: np.ndarray, keep: np.ndarray, stays: int) -> None:
    """Bring the rows `keep` (int64, rising) to the front; the first `stays` are there already."""
    for row in range(stays, keep.shape[0]):
        column[row] = column[keep[row]]


def _blank_cells(capacity: int) -> Cells:
    kinds: dict[str, Any] = dict.fromkeys(Cells._fields, np.float32)
    kinds |= dict.fromkeys(("uid", "parent", "clone", "site", "target"), np.int64)
    kinds |= dict.fromkeys(("state", "intent", "cause", "next_state"), np.uint8)
    return Cells(**{name: np.zeros(capacity, dtype=kind) for name, kind in kinds.items()})


def _grow(column: np.ndarray, n: int, capacity: int) -> np.ndarray:
    grown = np.zeros((capacity, *column.shape[1:]), dtype=column.dtype)
    grown[:n] = column[:n]
    return grown
