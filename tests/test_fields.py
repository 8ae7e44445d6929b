"""Fields on a lattice: how vessels, cells, loss and bone set their levels. (Solver: physics/.)"""

import numpy as np
import pytest
from hand_made import empty_marrow

from mtor_abm.fields import BONE_OPENNESS, FIELDS, MCSF, OXYGEN, TGFB


def test_rows_follow_the_table():
    assert [f.key for f in FIELDS][OXYGEN] == "oxygen"
    assert [f.key for f in FIELDS][MCSF] == "mcsf"
    assert len({f.key for f in FIELDS}) == len(FIELDS)


def test_a_uniform_source_settles_at_source_over_loss():
    s = empty_marrow(12, 12)
    s.fields.clear()
    s.world.source[TGFB] += 1e-4
    s.fields.advance(1e9)
    loss = s.fields.rows[TGFB].loss_per_s
    inside = s.lattice.interior(s.world.level[TGFB])
    assert inside == pytest.approx(np.full((12, 12), 1e-4 / loss), rel=1e-3)


def test_an_exchange_alone_brings_the_level_of_blood():
    s = empty_marrow(12, 12)
    everywhere = np.full(s.lattice.n_sites, 5.0, dtype=np.float32)
    s.fields.set_exchange(MCSF, everywhere, np.float32(0.7))
    s.fields.clear()
    s.fields.advance(1e9)
    loss = s.fields.rows[MCSF].loss_per_s
    inside = s.lattice.interior(s.world.level[MCSF])
    assert inside == pytest.approx(np.full((12, 12), 0.7 * 5 / (5 + loss)), rel=1e-3)


def test_clear_forgets_cells_and_keeps_vessels():
    s = empty_marrow()
    site = s.lattice.site(4, 4)
    vessel = s.lattice.layer(np.float32)
    vessel[site] = 4.0
    s.fields.set_exchange(OXYGEN, vessel, np.float32(20.0))
    s.world.source[:] = 9.0
    s.world.uptake[:] = 9.0
    s.fields.clear()
    assert np.count_nonzero(s.world.source) == 1
    assert s.world.source[OXYGEN, site] == 80.0
    for row, p in enumerate(s.fields.rows):
        extra = 4.0 if row == OXYGEN else 0.0
        assert s.world.uptake[row, site] == pytest.approx(p.loss_per_s + extra)


def test_bone_slows_what_spreads():
    """A wall of bone between source and far side: less gets through than through marrow."""
    assert 0 < BONE_OPENNESS < 1
    through = []
    for walled in (False, True):
        s = empty_marrow(24, 12)
        wall = s.lattice.layer(bool)
        if walled:
            wall[[s.lattice.site(x, y) for x in (10, 11, 12) for y in range(12)]] = True
        s.fields.set_bone(wall)
        s.fields.clear()
        s.world.source[TGFB, [s.lattice.site(4, y) for y in range(12)]] += 1.0
        s.fields.advance(1e9)
        through.append(float(s.world.level[TGFB, s.lattice.site(20, 6)]))
    assert 0 < through[1] < 0.8 * through[0]


def test_a_long_step_conserves_what_is_made_and_lost():
    s = empty_marrow(16, 16)
    s.fields.clear()
    s.world.source[TGFB, s.lattice.site(3, 5)] += 2.0
    s.fields.advance(1e9)
    lost = float(s.lattice.interior(s.world.level[TGFB]).sum()) * s.fields.rows[TGFB].loss_per_s
    assert lost == pytest.approx(2.0, rel=2e-3)
