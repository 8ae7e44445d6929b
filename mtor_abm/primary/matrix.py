"""Matrix and basement membrane: MMP-9 digests them, stroma lays them down again.

What is left of a barrier is a share 0..1 per site. A site lets cells through once its strength,
that share times density or thickness over what is passable, falls below 1; in the world of the
cells a site that does not is a wall.
"""

from typing import NamedTuple

import numpy as np

from ..fields import FIELDS, FieldParameters
from ..marrow import MARROW, NOBODY, WALL, World
from ..numerics.compiled import kernel, rule

MMP9 = len(FIELDS)  # row of MMP-9 in the fields of a strip
OPEN, MATRIX, MEMBRANE, VESSEL = 0, 1, 2, 3  # what a site of the strip is made of


class Mmp9Field(FieldParameters):
    """Row of MMP-9 in the fields of a strip; its numbers stand in [primary]."""


class Barrier(NamedTuple):
    """Layers of a strip, each flat over its sites."""

    kind: np.ndarray  # uint8: OPEN, MATRIX, MEMBRANE or VESSEL
    left: np.ndarray  # float32 0..1: share not digested
    strength: np.ndarray  # float32: of the whole barrier, in units of what is passable


@rule
def mmp9_output(s6k, p4ebp1, p, ref):
    """S6K1 and 4E-BP1 raise MMP-9 (Zhou and Wong 2006); over the untreated cell's."""
    base = 1.0 - p.mmp9_on_s6k - p.mmp9_on_4ebp1
    return base + p.mmp9_on_s6k * s6k / ref.s6k + p.mmp9_on_4ebp1 * p4ebp1 / ref.p4ebp1


@rule
def left_after(left, mmp9_nM, digestion_per_h, repair_per_h, dt_h):
    """Digestion by MMP-9 against repair: implicit step, dm/dt = r (1 - m) - k MMP9 m."""
    gain = repair_per_h * dt_h
    return (left + gain) / (1.0 + gain + digestion_per_h * mmp9_nM * dt_h)


@kernel
def digest(barrier: Barrier, world: World, p, dt_h: float) -> None:
    """Digest and repair every barrier site, then open or close it; nobody is walled in."""
    for site in range(barrier.kind.shape[0]):
        kind = barrier.kind[site]
        if kind != MATRIX and kind != MEMBRANE:
            continue
        digestion = p.matrix_digestion_per_h
        if kind == MEMBRANE:
            digestion = p.membrane_digestion_per_h
        left = left_after(
            float(barrier.left[site]), float(world.level[MMP9, site]), digestion, p.repair_per_h,
            dt_h,
        )  # fmt: skip
        barrier.left[site] = left
        through = left * barrier.strength[site] < 1.0 or world.occupant[site] != NOBODY
        world.ground[site] = MARROW if through else WALL
