"""The lattice: indices, borders, neighbours and discs, against plain coordinates."""

import numpy as np
import pytest
from hand_made import empty_marrow

from mtor_abm.marrow import reaches
from mtor_abm.numerics.lattice import Lattice

LATTICE = Lattice(nx=7, ny=5, dx_um=10.0)


def test_sites_and_coordinates_go_both_ways():
    seen = set()
    for ix in range(7):
        for iy in range(5):
            site = LATTICE.site(ix, iy)
            assert LATTICE.inside()[site]
            x, y = LATTICE.xy_um(np.array([site]))
            assert (x[0], y[0]) == (ix * 10 + 5, iy * 10 + 5)
            seen.add(site)
    assert len(seen) == 35 == LATTICE.inside().sum()
    assert LATTICE.n_sites == 9 * 7


def test_areas():
    assert LATTICE.site_area_mm2 == pytest.approx(1e-4)
    assert LATTICE.area_mm2 == pytest.approx(35e-4)


def test_pad_and_interior_are_inverse():
    picture = np.arange(35).reshape(7, 5)
    padded = LATTICE.pad(picture, fill=-1)
    assert np.array_equal(LATTICE.interior(padded), picture)
    assert (padded == -1).sum() == 63 - 35
    LATTICE.interior(padded)[2, 3] = 99
    assert padded[LATTICE.site(2, 3)] == 99, "a view, not a copy"


def test_offsets_lead_to_neighbours():
    here = LATTICE.site(3, 2)
    faces = {LATTICE.site(3 + dx, 2 + dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))}
    assert set(here + LATTICE.faces()) == faces
    near = {LATTICE.site(3 + dx, 2 + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)} - {here}
    assert set(here + LATTICE.neighbours()) == near
    stride = LATTICE.padded[1]
    assert list(LATTICE.faces()) == [-stride, -1, 1, stride]


@pytest.mark.parametrize(("radius", "count"), [(1.0, 4), (1.5, 8), (2.0, 12), (3.0, 28), (4.0, 48)])
def test_a_disc_has_its_points_nearest_first(radius, count):
    lattice = Lattice(40, 40, 10.0)
    disc = lattice.disc(radius)
    assert len(set(disc)) == len(disc) == count
    x, y = lattice.xy_um(lattice.site(20, 20) + disc)
    far = np.hypot(x - 205, y - 205) / 10.0
    assert far.max() <= radius
    assert (np.diff(far) >= -1e-9).all()


def test_a_disc_near_an_edge_does_not_wrap_around():
    s = empty_marrow(12, 12)
    disc = s.lattice.disc(3.0)
    for ix, iy in ((0, 0), (0, 11), (11, 0), (11, 11), (0, 5), (5, 0), (6, 6)):
        site = s.lattice.site(ix, iy)
        found = {int(site + o) for o in disc if reaches(site, o, 3, s.world)}
        wanted = {
            s.lattice.site(x, y) for x in range(12) for y in range(12)
            if 0 < (x - ix) ** 2 + (y - iy) ** 2 <= 9
        }  # fmt: skip
        assert found == wanted, (ix, iy)
