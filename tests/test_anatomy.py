import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation, label

from mtor_abm.anatomy import (
    distance_to_vessel_um,
    perfused,
    trabecular_bone,
    vessel_network,
)
from mtor_abm.histomorphometry import bone_measures, mean_local_thickness_um

DX_UM = 10.0
EIGHT = np.ones((3, 3))


def mouse_bone(seed, n=200):
    return trabecular_bone((n, n), DX_UM, 0.139, 50.0, 300.0, seed)


def slow_flood(mask, start):
    """Sites of the mask that are 8-connected to the start, one neighbour at a time."""
    seen = {tuple(s) for s in np.argwhere(mask & start)}
    todo = list(seen)
    while todo:
        x, y = todo.pop()
        for i in (x - 1, x, x + 1):
            for j in (y - 1, y, y + 1):
                inside = 0 <= i < mask.shape[0] and 0 <= j < mask.shape[1]
                if inside and mask[i, j] and (i, j) not in seen:
                    seen.add((i, j))
                    todo.append((i, j))
    reached = np.zeros_like(mask)
    for site in seen:
        reached[site] = True
    return reached


# Bone


@pytest.mark.parametrize("seed", range(8))
def test_mouse_bone_meets_its_targets(seed):
    bone = mouse_bone(seed)
    m = bone_measures(bone, DX_UM)
    assert abs(m.bv_tv - 0.139) <= 0.5 / bone.size
    assert m.tb_th_um == pytest.approx(50.0, rel=0.15)
    assert m.tb_sp_um == pytest.approx(300.0, rel=0.30)


def test_local_thickness_of_mouse_bone_is_near_the_target_on_average():
    thickness = [mean_local_thickness_um(mouse_bone(seed), DX_UM) for seed in range(8)]
    assert np.mean(thickness) == pytest.approx(50.0, rel=0.15)


@settings(max_examples=12, deadline=None)
@given(
    bv_tv=st.floats(0.08, 0.40),
    tb_th_sites=st.floats(2.5, 7.0),
    shape=st.tuples(st.integers(120, 220), st.integers(120, 220)),
    seed=st.integers(0, 2**63),
)
def test_bone_meets_any_compatible_targets(bv_tv, tb_th_sites, shape, seed):
    tb_th_um = tb_th_sites * DX_UM
    bone = trabecular_bone(shape, DX_UM, bv_tv, tb_th_um, None, seed)
    assert bone.shape == shape
    assert np.count_nonzero(bone) == round(bv_tv * bone.size)
    assert bone_measures(bone, DX_UM).tb_th_um == pytest.approx(tb_th_um, rel=0.25)
    for mask, joined in ((bone, EIGHT), (~bone, None)):
        pieces, _ = label(mask, structure=joined)
        assert np.bincount(pieces.ravel())[1:].min() >= tb_th_sites**2


def test_struts_follow_the_long_axis():
    """More surface faces look along x than along y: struts run along y."""
    across, along = 0, 0
    for seed in range(6):
        bone = mouse_bone(seed)
        across += np.count_nonzero(bone[1:] != bone[:-1])
        along += np.count_nonzero(bone[:, 1:] != bone[:, :-1])
    assert across > 1.2 * along


def test_scale_of_the_lattice_does_not_change_the_bone():
    fine = trabecular_bone((400, 400), 5.0, 0.139, 50.0, None, 1)
    assert bone_measures(fine, 5.0).tb_th_um == pytest.approx(50.0, rel=0.15)


def test_same_seed_same_marrow_other_seed_another():
    bone = mouse_bone(5, n=120)
    assert np.array_equal(bone, mouse_bone(5, n=120))
    assert not np.array_equal(bone, mouse_bone(6, n=120))
    one, same = (vessel_network(bone, DX_UM, 70.0, 0.15, 0.05, 5) for _ in range(2))
    other = vessel_network(bone, DX_UM, 70.0, 0.15, 0.05, 6)
    assert np.array_equal(one.sites, same.sites)
    assert np.array_equal(one.arteriole, same.arteriole)
    assert not np.array_equal(one.sites, other.sites)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bv_tv": 0.0}, "bv_tv is 0.0"),
        ({"bv_tv": 0.9}, "bv_tv is 0.9"),
        ({"bv_tv": float("nan")}, "bv_tv is nan"),
        ({"tb_th_um": 12.0}, "tb_th_um is 12.0 um"),
        ({"tb_sp_um": 150.0}, "leave gaps of 310 um"),
        ({"tb_sp_um": 450.0}, "give 217 to 403 um"),
        ({"tb_sp_um": float("nan")}, "tb_sp_um is nan"),
        ({"shape": (0, 10)}, "shape"),
        ({"dx_um": 0.0}, "dx_um"),
        ({"shape": (12, 12), "bv_tv": 0.05, "tb_sp_um": None}, "enlarge the lattice"),
    ],
)
def test_bone_that_cannot_be_is_refused(change, words):
    wanted = {
        "shape": (100, 100),
        "dx_um": DX_UM,
        "bv_tv": 0.139,
        "tb_th_um": 50.0,
        "tb_sp_um": 300.0,
        "seed": 0,
    }
    with pytest.raises(ValueError, match=words) as caught:
        trabecular_bone(**(wanted | change))
    assert "\n" not in str(caught.value)


# Vessels


@pytest.mark.parametrize("seed", range(4))
def test_vessels_are_fed_and_clear_of_bone(seed):
    bone = mouse_bone(seed)
    net = vessel_network(bone, DX_UM, 70.0, 0.15, 0.05, seed)
    assert not np.any(net.sites & bone)
    assert not np.any(net.arteriole & ~net.sites)
    assert np.array_equal(slow_flood(net.sites, net.arteriole), net.sites)
    beside_bone = net.sites & binary_dilation(bone, EIGHT)
    assert np.count_nonzero(beside_bone) < 0.01 * np.count_nonzero(net.sites)
    # Every pocket of marrow has its own inlet.
    pockets, n_pockets = label(~bone)
    assert set(np.unique(pockets[net.arteriole])) == set(range(1, n_pockets + 1))


@pytest.mark.parametrize(
    ("spacing_um", "fraction"), [(60.0, 0.18), (70.0, 0.15), (80.0, 0.12), (100.0, 0.10)]
)
def test_spacing_and_area_fraction(spacing_um, fraction):
    bone = mouse_bone(3)
    net = vessel_network(bone, DX_UM, spacing_um, fraction, 0.05, 3)
    n_sites = np.count_nonzero(net.sites)
    assert n_sites / np.count_nonzero(~bone) == pytest.approx(fraction, rel=0.02)
    assert np.count_nonzero(net.arteriole) == round(0.05 * n_sites)
    between = mean_local_thickness_um(~bone & ~net.sites, DX_UM)
    assert between == pytest.approx(spacing_um, rel=0.15)


def test_marrow_lies_within_reach_of_oxygen():
    for seed in range(4):
        bone = mouse_bone(seed)
        net = vessel_network(bone, DX_UM, 70.0, 0.15, 0.05, seed)
        distance = distance_to_vessel_um(net.sites, DX_UM)[~bone]
        assert np.mean(distance <= 100.0) > 0.999
        assert np.median(distance) <= 30.0


def test_arterioles_lie_nearer_to_bone_than_other_vessels():
    bone = mouse_bone(2)
    net = vessel_network(bone, DX_UM, 70.0, 0.15, 0.05, 2)
    from_bone = distance_to_vessel_um(bone, DX_UM)
    sinusoid = net.sites & ~net.arteriole
    assert from_bone[net.arteriole].mean() < 0.6 * from_bone[sinusoid].mean()


def test_every_pocket_of_marrow_has_vessels_of_its_own():
    bone = np.zeros((60, 60), dtype=bool)
    bone[20] = True  # a wall
    bone[40:46, 40:46] = True
    bone[42:44, 42:44] = False  # four sites of marrow locked in bone
    net = vessel_network(bone, DX_UM, 60.0, 0.17, 0.03, 0)
    for pocket in (np.s_[:20], np.s_[21:], np.s_[42:44, 42:44]):
        assert net.sites[pocket].any()
        assert net.arteriole[pocket].any()
    assert np.array_equal(slow_flood(net.sites, net.arteriole), net.sites)


def test_vessels_do_not_slip_between_bone_sites_that_touch_at_a_corner():
    bone = np.eye(40, dtype=bool)  # a diagonal wall, 8-connected only
    net = vessel_network(bone, DX_UM, 60.0, 0.18, 0.05, 1)
    above, below = np.triu(net.sites, 1), np.tril(net.sites, -1)
    assert above.any() and below.any()
    assert not np.any(binary_dilation(above, EIGHT) & below)
    assert np.array_equal(slow_flood(above, net.arteriole), above)
    assert np.array_equal(slow_flood(below, net.arteriole), below)


def test_no_bone_and_no_marrow():
    free = np.zeros((50, 50), dtype=bool)
    net = vessel_network(free, DX_UM, 70.0, 0.15, 0.05, 0)
    assert np.array_equal(perfused(net.sites, net.arteriole), net.sites)
    solid = vessel_network(~free, DX_UM, 70.0, 0.15, 0.05, 0)
    assert not solid.sites.any() and not solid.arteriole.any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"spacing_um": 20.0}, "spacing_um is 20.0 um"),
        ({"area_fraction": 0.0}, "area_fraction is 0.0"),
        ({"area_fraction": 1.5}, "area_fraction is 1.5"),
        ({"arteriole_share": 0.0}, "arteriole_share is 0.0"),
        ({"area_fraction": 0.02}, "fills 0.1.. to 0.2"),
        ({"area_fraction": 0.6}, "change one of the two"),
    ],
)
def test_vessels_that_cannot_be_are_refused(change, words):
    wanted = {"spacing_um": 70.0, "area_fraction": 0.15, "arteriole_share": 0.05, "seed": 0}
    with pytest.raises(ValueError, match=words):
        vessel_network(mouse_bone(0, n=80), DX_UM, **(wanted | change))


def test_perfused_by_hand():
    vessel = np.array(
        [
            [1, 0, 0, 0, 1],
            [0, 1, 0, 0, 1],
            [0, 0, 0, 0, 0],
            [0, 0, 1, 1, 1],
        ],
        dtype=bool,
    )
    inlet = np.zeros_like(vessel)
    inlet[0, 0] = True  # feeds (1, 1) over the corner
    inlet[2, 4] = True  # lies on no vessel, feeds nothing
    expected = np.zeros_like(vessel)
    expected[0, 0] = expected[1, 1] = True
    assert np.array_equal(perfused(vessel, inlet), expected)
    assert not perfused(vessel, np.zeros_like(inlet)).any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.7))
def test_perfused_agrees_with_a_flood(seed, density):
    rng = np.random.default_rng(seed)
    vessel = rng.random((14, 11)) < density
    inlet = rng.random(vessel.shape) < 0.05
    assert np.array_equal(perfused(vessel, inlet), slow_flood(vessel, inlet))


def test_distance_to_vessel_by_hand():
    vessel = np.zeros((4, 5), dtype=bool)
    assert np.all(np.isinf(distance_to_vessel_um(vessel, DX_UM)))
    vessel[0, 0] = True
    distance = distance_to_vessel_um(vessel, DX_UM)
    assert distance[0, 0] == 0.0
    assert distance[3, 4] == pytest.approx(50.0)
