import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtor_abm.histomorphometry import (
    _hiding,
    bone_measures,
    bone_perimeter_mm,
    bv_tv,
    ct_th_um,
    local_thickness_um,
    mean_local_thickness_um,
    n_per_b_pm,
    strut_breaks,
    struts,
    surface_fraction,
)

DX_UM = 10.0


def plate(width, n=40, start=13):
    bone = np.zeros((n, n), dtype=bool)
    bone[start : start + width] = True
    return bone


def disc(radius, n):
    x = np.arange(n) + 0.5 - n / 2
    return x[:, None] ** 2 + x[None, :] ** 2 < radius**2


def tilted_plates(angle, width, period, n):
    """Parallel plates whose normal makes `angle` with x; lengths in sites."""
    x, y = np.meshgrid(np.arange(n) + 0.5, np.arange(n) + 0.5, indexing="ij")
    return (x * math.cos(angle) + y * math.sin(angle)) % period < width


def test_plate_by_hand():
    m = bone_measures(plate(5), DX_UM)
    assert m.bv_tv == 5 / 40
    # Two walls of 400 um; along an axis the count is read pi/4 of its length.
    assert m.b_pm_mm == pytest.approx(0.8 * math.pi / 4)
    assert m.tb_th_um == pytest.approx(50 * 4 / math.pi)
    assert m.tb_n_per_mm == pytest.approx(0.125 / (0.2 / math.pi))
    assert m.tb_sp_um == pytest.approx((200 / math.pi) * (1 / 0.125 - 1))


def test_edge_of_the_section_is_no_surface():
    assert bone_perimeter_mm(plate(5, start=0), DX_UM) == pytest.approx(0.4 * math.pi / 4)
    assert bone_perimeter_mm(np.ones((7, 9), dtype=bool), DX_UM) == 0.0


@pytest.mark.parametrize("radius", [5.0, 12.3, 30.0])
def test_disc_perimeter_is_that_of_a_circle(radius):
    got = bone_perimeter_mm(disc(radius, 80), DX_UM)
    assert got == pytest.approx(2 * math.pi * radius * DX_UM * 1e-3, rel=0.04)


def test_disc_thickness():
    bone = disc(12.0, 60)
    assert bone_measures(bone, DX_UM).tb_th_um == pytest.approx(120.0, rel=0.04)  # 2 A / P = r
    # The largest circle covers all of a disc but a few sites of its staircase.
    assert mean_local_thickness_um(bone, DX_UM) == pytest.approx(240.0, rel=0.10)


def test_plates_read_right_on_average_over_directions():
    angles = (np.arange(24) + 0.5) * math.pi / 24
    # Two walls every 25 sites: 40,000 x 2 / 25 sites, or 32 mm of perimeter.
    plate_model = [bone_measures(tilted_plates(a, 6.0, 25.0, 200), DX_UM) for a in angles]
    assert np.mean([m.b_pm_mm for m in plate_model]) == pytest.approx(32.0, rel=0.02)
    local = [mean_local_thickness_um(tilted_plates(a, 6.0, 25.0, 100), DX_UM) for a in angles[::4]]
    assert np.allclose(local, 60.0, rtol=0.12)  # a tilted wall of whole sites is uneven


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8])
def test_local_thickness_of_a_plate_is_exact_for_even_and_odd_widths(width):
    bone = plate(width)
    thickness = local_thickness_um(bone, DX_UM)
    assert np.all(thickness[bone] == pytest.approx(10.0 * width))
    assert np.all(thickness[~bone] == 0.0)


def test_local_thickness_of_an_empty_and_a_full_section():
    nothing = np.zeros((5, 6), dtype=bool)
    assert not local_thickness_um(nothing, DX_UM).any()
    assert math.isnan(mean_local_thickness_um(nothing, DX_UM))
    assert np.all(np.isinf(local_thickness_um(~nothing, DX_UM)))


def slow_local_thickness_um(mask, dx_um):
    """Try every circle on every quarter site, in the words of the definition."""
    quarters = np.kron(mask, np.ones((2, 2), dtype=bool))
    places = np.argwhere(np.ones(quarters.shape))
    outside = np.argwhere(~quarters)
    widest = np.zeros(len(places))
    for centre in np.argwhere(quarters):
        radius = np.sqrt(((outside - centre) ** 2).sum(axis=1).min())
        covered = ((places - centre) ** 2).sum(axis=1) < radius**2 - 1e-9
        widest[covered] = np.maximum(widest[covered], radius)
    nx, ny = mask.shape
    return widest.reshape(nx, 2, ny, 2).mean(axis=(1, 3)) * dx_um


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9), st.integers(3, 9), st.floats(0.3, 0.95))
def test_local_thickness_agrees_with_its_slow_twin(seed, nx, ny, density):
    mask = np.random.default_rng(seed).random((nx, ny)) < density
    mask[0, 0] = False
    expected = slow_local_thickness_um(mask, DX_UM)
    assert np.allclose(local_thickness_um(mask, DX_UM), expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20), st.integers(2, 20), st.floats(0.05, 0.95))
def test_turning_and_mirroring_change_nothing(seed, nx, ny, density):
    bone = np.random.default_rng(seed).random((nx, ny)) < density
    bone[0, 0], bone[-1, -1] = True, False
    m = bone_measures(bone, DX_UM)
    thickness = local_thickness_um(bone, DX_UM)
    for turned, turn in (
        (np.rot90(bone), np.rot90),
        (bone[::-1], np.flipud),
        (bone.T, np.transpose),
    ):
        assert bone_measures(turned, DX_UM) == m
        assert np.allclose(local_thickness_um(turned, DX_UM), turn(thickness))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 15), st.integers(2, 15))
def test_perimeter_agrees_with_a_walk_over_all_faces(seed, nx, ny):
    bone = np.random.default_rng(seed).random((nx, ny)) < 0.5
    faces = 0
    for x in range(nx):
        for y in range(ny):
            for i, j in ((x + 1, y), (x, y + 1)):
                faces += i < nx and j < ny and bone[x, y] != bone[i, j]
    assert bone_perimeter_mm(bone, DX_UM) == pytest.approx(faces * 0.01 * math.pi / 4)
    assert bone_perimeter_mm(~bone, DX_UM) == bone_perimeter_mm(bone, DX_UM)
    assert bv_tv(bone) + bv_tv(~bone) == pytest.approx(1.0)


def test_plate_model_of_no_bone_is_nan():
    m = bone_measures(np.zeros((4, 4), dtype=bool), DX_UM)
    assert (m.bv_tv, m.b_pm_mm) == (0.0, 0.0)
    assert math.isnan(m.tb_th_um) and math.isnan(m.tb_sp_um) and math.isnan(m.tb_n_per_mm)


def test_ratios_per_perimeter():
    assert n_per_b_pm(6, 1.5) == 4.0
    assert surface_fraction(0.3, 1.5) == pytest.approx(0.2)
    assert math.isnan(n_per_b_pm(6, 0.0))
    assert math.isnan(surface_fraction(0.0, 0.0))


def test_ct_th_is_the_mean_depth_of_whole_bone_from_the_outer_face():
    cortex = np.ones((10, 4), dtype=bool)
    assert ct_th_um(cortex, 10.0) == 100.0
    cortex[6:, 0] = False  # resorbed from within: 60 um are left
    cortex[3, 1] = False  # a pore: bone behind it does not count, 30 um
    assert ct_th_um(cortex, 10.0) == pytest.approx((60.0 + 30.0 + 100.0 + 100.0) / 4)
    assert ct_th_um(~np.ones((5, 5), dtype=bool), 10.0) == 0.0


def bars():
    """Two struts of 3 x 20 sites, apart."""
    bone = np.zeros((30, 12), dtype=bool)
    bone[5:25, 1:4] = bone[5:25, 7:10] = True
    return bone


def test_struts_are_pieces_of_bone_and_crumbs_are_none():
    bone = bars()
    bone[0, 0] = bone[1, 1] = True  # a crumb of 2 sites, joined by a corner
    pieces = struts(bone)
    assert len(np.unique(pieces[pieces > 0])) == 2
    assert pieces[0, 0] == 0
    assert np.array_equal(pieces > 0, bars())


def test_strut_breaks_count_perforations_and_losses():
    start = struts(bars())
    bone = bars()
    assert strut_breaks(start, bone) == 0
    bone[10:12, 2] = False  # a hole that leaves a bridge
    assert strut_breaks(start, bone) == 0
    bone[10:12, 1:4] = False  # cut through
    assert strut_breaks(start, bone) == 1
    bone[18, 1:4] = False
    assert strut_breaks(start, bone) == 2
    bone[:, 7:10] = False  # the other one is gone
    assert strut_breaks(start, bone) == 3
    assert strut_breaks(start, bars()) == 0, "formed again"
    assert strut_breaks(start, np.zeros_like(bone)) == 2


def test_new_bone_between_struts_breaks_none():
    bone = bars()
    bone[15, 4:7] = True
    assert strut_breaks(struts(bars()), bone) == 0
    assert strut_breaks(struts(np.zeros((5, 5), dtype=bool)), np.ones((5, 5), dtype=bool)) == 0


@pytest.mark.parametrize("squared", [1, 2, 5, 13, 25, 50, 101])
def test_a_circle_is_hidden_exactly_if_all_its_sites_lie_in_the_neighbours(squared):
    hiding = _hiding(200)
    x, y = np.mgrid[-20:21, -20:21]
    inside = x**2 + y**2 < squared
    for row, (across, up) in enumerate([(1, 0), (1, 1)]):
        from_neighbour = (x - across) ** 2 + (y - up) ** 2
        for other in range(1, 200):
            lies_within = bool((from_neighbour[inside] < other).all())
            assert lies_within == (other > hiding[row, squared]), (across, up, other)
