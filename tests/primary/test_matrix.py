"""MMP-9 against matrix and membrane: rules known by hand, then layers made by hand."""

import numpy as np
import pytest
from hand_made import UNTREATED as R

from mtor_abm.fields import FIELDS, FieldState
from mtor_abm.marrow import MARROW, WALL, blank_world
from mtor_abm.numerics.lattice import Lattice
from mtor_abm.parameters import kernel_values
from mtor_abm.primary import PrimaryParameters
from mtor_abm.primary.matrix import (
    MATRIX,
    MEMBRANE,
    MMP9,
    VESSEL,
    Barrier,
    Mmp9Field,
    digest,
    left_after,
    mmp9_output,
)
from mtor_abm.primary.numbers import PrimaryRates

P = kernel_values(PrimaryRates, PrimaryParameters())._replace(
    mmp9_on_s6k=0.35,
    mmp9_on_4ebp1=0.35,
    membrane_digestion_per_h=0.1,
    matrix_digestion_per_h=0.4,
    repair_per_h=0.02,
)


def test_mmp9_by_s6k_and_4ebp1():
    assert mmp9_output(R.s6k, R.p4ebp1, P, R) == pytest.approx(1.0)
    assert mmp9_output(0.0, R.p4ebp1, P, R) == pytest.approx(0.65)
    assert mmp9_output(R.s6k, 0.0, P, R) == pytest.approx(0.65)
    assert mmp9_output(0.0, 0.0, P, R) == pytest.approx(0.3)
    twice = P._replace(mmp9_on_s6k=0.7, mmp9_on_4ebp1=0.1)
    assert mmp9_output(0.5 * R.s6k, R.p4ebp1, twice, R) == pytest.approx(0.65)


def test_digestion_goes_to_repair_over_repair_and_digestion():
    left = 1.0
    for _ in range(2000):
        left = left_after(left, 2.0, 0.1, 0.05, 1.0)
    assert left == pytest.approx(0.05 / (0.05 + 0.2))
    assert left_after(1.0, 0.0, 0.1, 0.05, 1.0) == 1.0
    assert left_after(1.0, 1.0, 0.25, 0.0, 1.0) == pytest.approx(0.8)
    alone = 1.0
    for _ in range(1000):  # exp(-k t) in fine steps
        alone = left_after(alone, 1.0, 0.1, 0.0, 0.01)
    assert alone == pytest.approx(np.exp(-1.0), rel=1e-3)


def layers(kinds, strength):
    """A world of one row of sites with these kinds, and its barrier."""
    lattice = Lattice(8, 8, 10.0)
    fields = FieldState(
        lattice, [Mmp9Field(diffusivity_um2_per_s=1.0, loss_per_s=1.0)] * (len(FIELDS) + 1)
    )
    world = blank_world(lattice, fields)
    sites = np.array([lattice.site(1, k) for k in range(len(kinds))])
    kind = lattice.layer(np.uint8)
    kind[sites] = kinds
    barrier = Barrier(
        kind, lattice.layer(np.float32, 1.0), lattice.layer(np.float32, strength)
    )  # fmt: skip
    return world, barrier, sites


def test_each_barrier_is_digested_at_its_own_rate_and_a_vessel_is_not():
    world, barrier, sites = layers([MEMBRANE, MATRIX, VESSEL, MATRIX], 3.0)
    world.level[MMP9, sites] = [1.0, 1.0, 1.0, 0.0]
    digest(barrier, world, P, 1.0)
    membrane = 1.02 / 1.12
    matrix = 1.02 / 1.42
    assert barrier.left[sites] == pytest.approx([membrane, matrix, 1.0, 1.0])


def test_a_barrier_opens_below_the_passable_strength_and_closes_again():
    world, barrier, sites = layers([MEMBRANE, MEMBRANE], 2.0)
    world.ground[sites] = MARROW
    barrier.left[sites] = [0.45, 0.55]
    digest(barrier, world, P, 1.0)
    assert list(world.ground[sites]) == [MARROW, WALL]
    barrier.left[sites] = [0.55, 0.45]
    digest(barrier, world, P, 1.0)
    assert list(world.ground[sites]) == [WALL, MARROW]


def test_nobody_is_walled_in():
    world, barrier, sites = layers([MATRIX, MATRIX], 2.0)
    world.occupant[sites[0]] = 1
    digest(barrier, world, P, 1.0)
    assert list(world.ground[sites]) == [MARROW, WALL]
