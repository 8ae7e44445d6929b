"""Settle rival claims on a site: the lowest keyed random number wins.

A claim's ticket is a hash of seed, uid and step, so the winner does not depend on the order of
cells or of types.
"""

import numpy as np

from ..marrow import World
from ..numerics.chance import hashed
from ..numerics.compiled import kernel, rule
from .draws import CLAIM
from .population import MOVE, STAY, Cells

_FREE = np.uint64(0xFFFFFFFFFFFFFFFF)


@rule
def has_moved(i, cells):
    """Whether a cell made its move of this step; its intent is then open for a further one."""
    moved = cells.intent[i] == MOVE
    cells.intent[i] = STAY
    cells.target[i] = -1
    return moved


@kernel
def claim(n: int, cells: Cells, world: World, seed: int, step: int) -> None:
    """Each cell with a target puts its ticket there if it is the lowest so far."""
    for i in range(n):
        target = cells.target[i]
        if target >= 0 and cells.intent[i] != STAY:
            ticket = hashed(seed, cells.uid[i], step, CLAIM)
            world.ticket[target] = min(world.ticket[target], ticket)


@kernel
def award(n: int, cells: Cells, world: World, seed: int, step: int) -> None:
    """Cells whose ticket was beaten stay where they are this step."""
    for i in range(n):
        target = cells.target[i]
        if target >= 0 and cells.intent[i] != STAY:
            if world.ticket[target] != hashed(seed, cells.uid[i], step, CLAIM):
                cells.intent[i] = STAY


@kernel
def clear_claims(n: int, cells: Cells, world: World) -> None:
    """Take the tickets away again."""
    for i in range(n):
        if cells.target[i] >= 0:
            world.ticket[cells.target[i]] = _FREE


@kernel
def apply_moves(n: int, cells: Cells, world: World, move: int) -> None:
    """Move the winners; their target is free, since nobody else could claim it."""
    for i in range(n):
        if cells.intent[i] == move:
            world.occupant[cells.target[i]] = world.occupant[cells.site[i]]
            world.occupant[cells.site[i]] = 0
            cells.site[i] = cells.target[i]
