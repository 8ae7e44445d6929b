"""What a bone histologist measures on a section, with the ASBMR names (Dempster 2013 [recalled]).

Two families. The plate model (Parfitt 1983 [recalled]) turns area and perimeter into thickness,
number and spacing; it costs microseconds and serves every hour of a run. The local thickness
(Hildebrand and Ruegsegger 1997 [recalled]) asks for the largest circle that fits; it assumes no
shape, costs milliseconds, and serves the start geometry and the last summary.

Masks are boolean (nx, ny) without padding. The edge of the section is no bone surface: bone that
is cut by it counts in the area and gives no perimeter there.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label

from mtor_abm.numerics.compiled import kernel

# A line of random direction crosses 4/pi faces of a square lattice for each step of its length
# (the mean of |cos| + |sin| over all directions) [computed]. Counting faces without this factor
# makes a disc 27 % too long at every resolution. The price: a wall along an axis reads pi/4.
STAIRCASE_TO_LENGTH = math.pi / 4

SMALLEST_STRUT = 5  # sites; smaller pieces of bone are crumbs of a resorption front [assumed]
_EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class BoneMeasures:
    """Plate-model measures of one section; NaN where the section has no bone surface."""

    bv_tv: float  # bone area / tissue area, fraction 0-1
    b_pm_mm: float  # bone perimeter, mm
    tb_th_um: float  # trabecular thickness 2 B.Ar / B.Pm, um
    tb_sp_um: float  # trabecular separation 1 / Tb.N - Tb.Th, um
    tb_n_per_mm: float  # trabecular number (BV/TV) / Tb.Th, 1/mm


def bv_tv(bone: NDArray[np.bool_]) -> float:
    """Bone area over tissue area (fraction, 0-1) of a bone mask (nx, ny); tissue is everything."""
    return float(np.count_nonzero(bone)) / bone.size


def bone_perimeter_mm(bone: NDArray[np.bool_], dx_um: float) -> float:
    """Length (mm) of the border between bone and marrow of a bone mask (nx, ny).

    Counts the faces between a bone and a marrow site, times dx, times pi/4 (STAIRCASE_TO_LENGTH).
    Right on average over directions; a wall along an axis is read pi/4 = 0.785 of its length, a
    wall at 45 degrees 1.11.
    """
    faces = np.count_nonzero(bone[1:] != bone[:-1]) + np.count_nonzero(bone[:, 1:] != bone[:, :-1])
    return float(faces) * dx_um * STAIRCASE_TO_LENGTH * 1e-3


def bone_measures(bone: NDArray[np.bool_], dx_um: float) -> BoneMeasures:
    """Plate-model measures of a bone mask (nx, ny) with sites of dx_um.

    The values are those of the section itself. To extrapolate to a volume as histologists do,
    divide tb_th_um by 1.199 (Parfitt, human iliac bone [recalled]); by 4/pi if it is isotropic.
    """
    fraction = bv_tv(bone)
    perimeter_mm = bone_perimeter_mm(bone, dx_um)
    if perimeter_mm == 0.0:
        return BoneMeasures(fraction, 0.0, math.nan, math.nan, math.nan)
    bone_area_um2 = fraction * bone.size * dx_um**2
    tb_th_um = 2.0 * bone_area_um2 / (perimeter_mm * 1e3)
    tb_n_per_um = fraction / tb_th_um
    return BoneMeasures(
        bv_tv=fraction,
        b_pm_mm=perimeter_mm,
        tb_th_um=tb_th_um,
        tb_sp_um=1.0 / tb_n_per_um - tb_th_um,
        tb_n_per_mm=tb_n_per_um * 1e3,
    )


def n_per_b_pm(n_cells: float, b_pm_mm: float) -> float:
    """Cells per bone perimeter (1/mm): N.Oc/B.Pm, N.Ob/B.Pm; NaN where there is no perimeter."""
    return n_cells / b_pm_mm if b_pm_mm > 0.0 else math.nan


def surface_fraction(covered_mm: float, b_pm_mm: float) -> float:
    """Share of the bone surface that is covered: Oc.S/BS, Ob.S/BS; NaN without perimeter.

    `covered_mm` must be counted as the perimeter is (faces, dx, STAIRCASE_TO_LENGTH): then the
    share lies in 0-1 whatever the direction of the surface.
    """
    return covered_mm / b_pm_mm if b_pm_mm > 0.0 else math.nan


def ct_th_um(bone: NDArray[np.bool_], dx_um: float) -> float:
    """Ct.Th (um): mean depth of bone from the outer face (x = 0) of a bone mask (nx, ny) inwards.

    A line of sites counts up to its first site that is no bone: pores and pits thin the cortex.
    Struts that join it would count: give a mask that ends where the cortex ended at first.
    """
    return float(np.logical_and.accumulate(bone, axis=0).sum(axis=0).mean()) * dx_um


def struts(bone: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number of the connected piece of bone (8 neighbours) each site belongs to; 0 for none.

    Pieces of fewer than SMALLEST_STRUT sites are none.
    """
    pieces, _ = label(bone, structure=_EIGHT)
    pieces[np.bincount(pieces.ravel())[pieces] < SMALLEST_STRUT] = 0
    return pieces


def strut_breaks(at_start: NDArray[np.int32], bone: NDArray[np.bool_]) -> int:
    """Breaks of the struts of `at_start` (from `struts`) in the bone mask of today.

    A strut in k pieces has k - 1 breaks, one that is gone has one. Sites formed since join pieces.
    """
    sites = np.flatnonzero(bone)  # a few thousand: all else is done on these
    now = struts(bone).ravel()[sites]
    then = at_start.ravel()[sites]
    both = (then > 0) & (now > 0)
    n_now = int(now.max(initial=0)) + 1
    pairs = np.unique(then[both].astype(np.int64) * n_now + now[both])
    pieces = np.bincount(pairs // n_now, minlength=int(at_start.max()) + 1)
    known = np.bincount(at_start.ravel())[1:] > 0
    return int(np.abs(pieces[1:][known] - 1).sum())


def local_thickness_um(mask: NDArray[np.bool_], dx_um: float) -> NDArray[np.float64]:
    """Diameter (um) of the largest circle inside the mask that covers each site; 0 outside.

    Of a bone mask (nx, ny) the mean over the bone is Tb.Th, of its inverse Tb.Sp. Circles may reach
    beyond the edge of the section. Infinite everywhere if the mask has no outside.
    Each site is split in four, so that walls of an even and an odd number of sites are both exact.
    Source: Hildebrand and Ruegsegger 1997 [recalled].
    """
    if mask.all():
        return np.full(mask.shape, np.inf)
    quarters = np.repeat(np.repeat(mask, 2, axis=0), 2, axis=1)
    radius = distance_transform_edt(quarters)
    squared = np.rint(radius**2).astype(np.int64)
    free = np.tile(np.arange(radius.shape[1] + 1, dtype=np.int32), (radius.shape[0], 1))
    widest = np.zeros_like(radius)
    _paint_largest_circles(
        radius, squared, np.argsort(-radius, axis=None), _hiding(int(squared.max())), free, widest
    )
    nx, ny = mask.shape
    # The radius in half-sites is the diameter in sites.
    return widest.reshape(nx, 2, ny, 2).mean(axis=(1, 3)) * dx_um


def mean_local_thickness_um(mask: NDArray[np.bool_], dx_um: float) -> float:
    """Mean local thickness over the mask (um): Tb.Th of bone, Tb.Sp of marrow; NaN if empty."""
    return float(local_thickness_um(mask, dx_um)[mask].mean()) if mask.any() else math.nan


def _hiding(largest: int) -> NDArray[np.int64]:
    """What a neighbour's squared radius must exceed to hide a circle, shape (2, largest + 1).

    The sites of the open circle of squared radius s all lie in that of a site beside it (row 0) or
    diagonally beside it (row 1), if that one's squared radius exceeds the value at s. Whole numbers
    of sites are compared, as in the tables of Remy and Thiel 2005 [recalled].
    """
    n = math.isqrt(largest) + 1
    x, y = np.mgrid[:n, :n]
    inside = x**2 + y**2 < largest
    x, y = x[inside], y[inside]
    length = x**2 + y**2
    out = np.zeros((2, largest + 1), np.int64)
    # the farthest site of a circle from a neighbour's centre lies on the other side
    for row, farther in zip(out, (2 * x + 1, 2 * (x + y) + 2), strict=True):
        np.maximum.at(row, length + 1, length + farther)
        np.maximum.accumulate(row, out=row)
    return out


@kernel
def _paint_largest_circles(radius, squared, widest_first, hiding, free, widest):  # type: ignore[no-untyped-def]
    """Raise `widest` (nx, ny) under the open circle of every site to that circle's radius.

    `widest_first` holds the sites by falling radius, so that a site keeps what is painted on it;
    `free` (nx, ny + 1), at first y in every row, leads from there to the first site that has no
    paint. A circle then costs its rows and what is new in it, not its area, and one that lies
    within a neighbour's costs nothing.
    """
    nx, ny = radius.shape
    for site in widest_first:
        x, y = site // ny, site % ny
        r = radius[x, y]
        if r == 0.0:
            break
        hidden = False
        for i in range(max(x - 1, 0), min(x + 2, nx)):
            for j in range(max(y - 1, 0), min(y + 2, ny)):
                is_diagonal = 1 if i != x and j != y else 0
                if squared[i, j] > hiding[is_diagonal, squared[x, y]] and (i != x or j != y):
                    hidden = True
        if hidden:
            continue
        reach = int(r)
        for i in range(max(x - reach, 0), min(x + reach + 1, nx)):
            across = squared[x, y] - (i - x) ** 2
            if across <= 0:
                continue
            half = math.ceil(math.sqrt(across)) - 1
            last = min(y + half, ny - 1)
            j = _first_free(free[i], max(y - half, 0))
            while j <= last:
                widest[i, j] = r
                free[i, j] = j + 1
                j = _first_free(free[i], j + 1)


@kernel
def _first_free(free, j):  # type: ignore[no-untyped-def]
    """The first site from j on without paint, shortening the way to it (path halving)."""
    while free[j] != j:
        free[j] = free[free[j]]
        j = free[j]
    return j
