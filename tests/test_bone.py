"""Bone: what it stores, how it is taken and laid down, and the count of faces."""

import math

import numpy as np
import pytest
from hand_made import DEFAULTS, empty_marrow, put_bone

from mtor_abm.bone import (
    BoneParameters,
    BoneRates,
    count_bone_faces,
    formed,
    release_from_pool,
    resorbed,
)
from mtor_abm.fields import IGF1, TGFB
from mtor_abm.marrow import BONE, MARROW, WALL
from mtor_abm.parameters import kernel_values

P = kernel_values(BoneRates, DEFAULTS.of(BoneParameters))


def test_faces_of_a_plus_shaped_piece():
    s = empty_marrow()
    here = s.lattice.site(4, 4)
    put_bone(s, [here, *(here + s.world.faces)])
    assert s.world.bone_faces[here] == 4
    assert list(s.world.bone_faces[here + s.world.faces]) == [1, 1, 1, 1]
    diagonal = s.lattice.site(5, 5)
    assert s.world.bone_faces[diagonal] == 2


def test_the_wall_has_no_faces():
    s = empty_marrow()
    edge = [s.lattice.site(0, y) for y in range(9)] + [s.lattice.site(x, 8) for x in range(1, 9)]
    put_bone(s, edge)
    wall = s.world.ground == WALL
    assert not s.world.bone_faces[wall].any()
    resorbed(s.world, np.array(edge))
    assert not s.world.bone_faces[wall].any()
    formed(s.world, np.array(edge))
    assert not s.world.bone_faces[wall].any()


def test_resorbing_and_forming_keep_the_count_of_faces():
    s = empty_marrow(16, 16)
    draws = np.random.default_rng(1)
    inside = np.flatnonzero(s.lattice.inside())
    put_bone(s, draws.choice(inside, 120, replace=False))
    for _ in range(30):
        bone, marrow = (np.flatnonzero(s.world.ground == kind) for kind in (BONE, MARROW))
        resorbed(s.world, draws.choice(bone, 6, replace=False))
        formed(s.world, draws.choice(marrow, 5, replace=False))
        kept = s.world.bone_faces[inside].copy()
        count_bone_faces(s.world)
        assert np.array_equal(kept, s.world.bone_faces[inside])
    assert (s.world.ground == BONE).sum() == 120 - 30


def test_a_resorbed_site_is_a_cavity_that_leaks_its_store():
    s = empty_marrow()
    site = s.lattice.site(4, 4)
    put_bone(s, [site])
    s.world.antiresorptive[site] = 2.0
    resorbed(s.world, np.array([site]))
    world = s.world
    assert (world.ground[site], world.cavity[site], world.mineral[site]) == (MARROW, 1, 0.0)
    assert world.bone_pool[site] == 1.0
    assert world.antiresorptive[site] == 0.0
    formed(world, np.array([site]))
    assert (world.ground[site], world.cavity[site], world.mineral[site]) == (BONE, 0, 1.0)


def test_everything_stored_is_released_in_the_end():
    """Sum of source x time is what one site stores; it leaks exponentially."""
    s = empty_marrow()
    site = s.lattice.site(4, 4)
    s.world.bone_pool[site] = 1.0
    tgfb = igf1 = 0.0
    for hour in range(1, 600):
        s.world.source[:] = 0.0
        release_from_pool(s.world, P, 1.0)
        tgfb += float(s.world.source[TGFB, site]) * 3600.0
        igf1 += float(s.world.source[IGF1, site]) * 3600.0
        left = math.exp(-hour / P.release_time_h)
        assert s.world.bone_pool[site] == pytest.approx(left if left > 1e-6 else 0.0, rel=1e-4)
    assert tgfb == pytest.approx(P.stored_share * P.tgfb_stored_nM, rel=1e-4)
    assert igf1 == pytest.approx(P.stored_share * P.igf_stored_nM, rel=1e-4)
    assert s.world.bone_pool[site] == 0.0
