"""A population against a plain list of records."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtor_abm.cells.population import CellType, Population

KIND = CellType(
    "moss", 3, ("dry", "wet"), "test", own={"height": ("own_a", "mm")},
    extra={"roots": (2, np.int64, -1)},
)  # fmt: skip


def test_new_cells_start_with_the_documented_values():
    cells = Population(KIND, capacity=2)
    rows = cells.add(uid=np.array([5, 6]), site=np.array([10, 11]), height=1.5, state=1)
    assert (rows.start, rows.stop, len(cells)) == (0, 2, 2)
    assert list(cells.column("height")) == [1.5, 1.5]
    assert list(cells.column("clone")) == [5, 6], "founders begin their own lineage"
    assert list(cells.column("parent")) == [0, 0]
    assert list(cells.column("target")) == [-1, -1]
    assert list(cells.column("mtorc2_integrity")) == [1.0, 1.0]
    assert list(cells.in_state("wet")) == [True, True]
    assert (cells.extra["roots"][:2] == -1).all()


def test_a_reused_row_keeps_nothing_of_the_dead():
    cells = Population(KIND, capacity=4)
    cells.add(uid=np.arange(4), site=np.arange(4), height=9.0, age_h=7.0)
    cells.extra["roots"][:4] = 8
    cells.signals.s6k[:4] = 0.5
    cells.remove(np.array([False, True, True, True]))
    row = cells.add(uid=np.array([50]), site=np.array([1]))
    assert cells.column("height")[row] == 0.0
    assert cells.column("age_h")[row] == 0.0
    assert cells.column("s6k")[row] == 0.0
    assert (cells.extra["roots"][row] == -1).all()


def test_daughters_inherit_signals():
    cells = Population(KIND)
    cells.add(uid=np.arange(3), site=np.arange(3))
    cells.signals.s6k[:3] = [0.1, 0.2, 0.3]
    new = cells.add(uid=np.array([7, 8]), site=np.array([7, 8]))
    cells.copy_signals(new, np.array([2, 0]), cells)
    assert cells.column("s6k")[new] == pytest.approx([0.3, 0.1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(1, 40), st.floats(0, 1)), max_size=30), st.integers(0, 99))
def test_births_and_deaths_against_a_list(history, seed):
    """A whole number is so many births, a share is the chance of death of each cell."""
    draws = np.random.default_rng(seed)
    cells, twin, born, changes = Population(KIND, capacity=1), [], 0, 0
    for event in history:
        if isinstance(event, int):
            uids = np.arange(born, born + event)
            born += event
            cells.add(uid=uids, site=uids * 2, height=uids / 2)
            cells.extra["roots"][cells.n - event : cells.n, 1] = uids
            twin += [(int(u), int(u) * 2, u / 2, int(u)) for u in uids]
            changes += event
        else:
            dead = draws.random(len(twin)) < event
            cells.remove(dead)
            twin = [cell for cell, gone in zip(twin, dead, strict=True) if not gone]
            changes += int(dead.sum())
        assert len(cells) == len(twin)
        assert cells.changes == changes
        columns = (cells.column("uid"), cells.column("site"), cells.column("height"),
                   cells.extra["roots"][: cells.n, 1])  # fmt: skip
        assert [tuple(row) for row in zip(*(c.tolist() for c in columns), strict=True)] == twin
