"""One geometric multigrid V-cycle for `mass c - div(openness grad c)` on a padded grid.

Everything is in grid units: neighbouring sites exchange `conductance * (difference)`, the harmonic
mean of their openness, and each site loses `mass * c`. A level is a padded (nx + 2, ny + 2) array
laid out flat in C order, and the levels of one quantity follow each other in one buffer, the finest
first. Conductances across the border and all values in it are zero, so that a sweep may run over a
block of whole rows, border included, as one long loop without edge tests. That, and slices instead
of index arithmetic inside the loops, is what lets the compiler use vector instructions.

Coarsening joins 2 x 2 sites (fewer at the far edge of an odd grid) until one site is left, where
the equation is solved exactly. Corrections are interpolated bilinearly from the centres of the
coarse sites, mirrored at the edges; residuals are restricted by the transpose of it. Each level is
smoothed by a two-step damped Jacobi polynomial before and the same in reverse order after. The
cycle is thereby a symmetric operator and a preconditioner for conjugate gradients (Tatebe 1993;
recalled).
"""

import numpy as np

from .compiled import reordering_kernel

OFFSET, NX, NY, STRIDE, SIZE = range(5)  # columns of the table of levels

# Damping of the two smoothing steps. Computed: the pair of a scan that needed fewest cycles on
# grids with bone obstacles (see benchmarks/fields.py for the setting).
FIRST_DAMPING = np.float32(0.6)
SECOND_DAMPING = np.float32(1.4)

BLOCK_SITES = 4096  # sites per block of rows: a few such arrays fit the first or second cache

_ZERO, _QUARTER, _THREE_QUARTERS = np.float32(0.0), np.float32(0.25), np.float32(0.75)
_HALF, _ONE, _TWO, _FOUR = np.float32(0.5), np.float32(1.0), np.float32(2.0), np.float32(4.0)


def table_of_levels(nx: int, ny: int) -> np.ndarray:
    """Return int64 (levels, 5): offset in the buffer, nx, ny, row stride and size of each level."""
    rows = []
    offset = 0
    while True:
        size = (nx + 2) * (ny + 2)
        rows.append((offset, nx, ny, ny + 2, size))
        offset += size
        if nx == 1 and ny == 1:
            return np.array(rows, dtype=np.int64)
        nx, ny = (nx + 1) // 2, (ny + 1) // 2


def buffer_size(levels: np.ndarray) -> int:
    """Sites of all levels together, borders included."""
    return int(levels[-1, OFFSET] + levels[-1, SIZE])


@reordering_kernel
def build_conductances(openness, face_x, face_y, levels):
    """Fill the conductances of all levels from `openness` of the finest, which spans all levels.

    face_x[i] joins site i to the site one row on, face_y[i] to the next in the row. The openness of
    a coarse site is the geometric mean of the arithmetic and the harmonic mean of its parts, a
    plain estimate of the effective conductivity of a random mixture in two dimensions.
    """
    for level in range(levels.shape[0]):
        offset, nx, ny = levels[level, OFFSET], levels[level, NX], levels[level, NY]
        stride = levels[level, STRIDE]
        for x in range(1, nx + 1):
            start = offset + x * stride + 1
            here, right, below = openness[start:], openness[start + 1 :], openness[start + stride :]
            to_right, to_below = face_y[start:], face_x[start:]
            for j in range(ny - 1):
                to_right[j] = _TWO * here[j] * right[j] / (here[j] + right[j])
            if x < nx:
                for j in range(ny):
                    to_below[j] = _TWO * here[j] * below[j] / (here[j] + below[j])
        if level + 1 == levels.shape[0]:
            break
        next_offset, next_stride = levels[level + 1, OFFSET], levels[level + 1, STRIDE]
        for X in range(levels[level + 1, NX]):
            first = offset + (2 * X + 1) * stride + 1
            second = first + stride if nx >= 2 * X + 2 else first
            upper, lower = openness[first:], openness[second:]
            coarse = openness[next_offset + (X + 1) * next_stride + 1 :]
            for Y in range(levels[level + 1, NY]):
                odd = 2 * Y + 1 if ny >= 2 * Y + 2 else 2 * Y
                a, b, c, d = upper[2 * Y], upper[odd], lower[2 * Y], lower[odd]
                arithmetic = a + b + c + d
                harmonic = _ONE / a + _ONE / b + _ONE / c + _ONE / d
                coarse[Y] = np.sqrt(arithmetic / harmonic)


@reordering_kernel
def edge_site(face, nx, ny):
    """Flat index of the site behind one of the 2 (nx + ny) outer faces; corners have two faces."""
    stride = ny + 2
    if face < ny:
        return stride + 1 + face
    if face < 2 * ny:
        return nx * stride + 1 + (face - ny)
    if face < 2 * ny + nx:
        return (face - 2 * ny + 1) * stride + 1
    return (face - 2 * ny - nx + 1) * stride + ny


@reordering_kernel
def build_diagonals(mass, face_x, face_y, openness, fixed_edge, diagonal, inverse, levels):
    """From `mass` of the finest level fill mass, diagonal and its inverse (0 in borders) of all.

    With a fixed edge each site at the edge also exchanges with the value on its outer face, across
    half a site.
    """
    for level in range(levels.shape[0]):
        offset, nx, ny = levels[level, OFFSET], levels[level, NX], levels[level, NY]
        stride, size = levels[level, STRIDE], levels[level, SIZE]
        if level > 0:
            fine_offset, fine_stride = levels[level - 1, OFFSET], levels[level - 1, STRIDE]
            fine_nx, fine_ny = levels[level - 1, NX], levels[level - 1, NY]
            for X in range(nx):
                first = fine_offset + (2 * X + 1) * fine_stride + 1
                upper, lower = mass[first:], mass[first + fine_stride :]
                keep = _ONE if fine_nx >= 2 * X + 2 else _ZERO  # a lone last row has no partner
                coarse = mass[offset + (X + 1) * stride + 1 :]
                for Y in range(fine_ny // 2):
                    coarse[Y] = (
                        upper[2 * Y] + upper[2 * Y + 1] + keep * (lower[2 * Y] + lower[2 * Y + 1])
                    )
                if fine_ny % 2 == 1:
                    coarse[ny - 1] = upper[fine_ny - 1] + keep * lower[fine_ny - 1]
        here = offset + stride
        m, d, v = mass[here:], diagonal[here:], inverse[here:]
        below, above = face_x[here:], face_x[offset:]
        right, left = face_y[here:], face_y[here - 1 :]
        for i in range(size - 2 * stride):
            d[i] = m[i] + ((below[i] + above[i]) + (right[i] + left[i]))
        if fixed_edge:
            for face in range(2 * (nx + ny)):
                site = offset + edge_site(face, nx, ny)
                diagonal[site] += _TWO * openness[site]
        for i in range(size - 2 * stride):
            v[i] = _ONE / d[i] if d[i] > _ZERO else _ZERO


@reordering_kernel
def smooth(damping, r, inverse, face_x, face_y, z, out, stride, size):
    """Write one damped Jacobi step from z into out; return the dot product of r and out."""
    n = size - 2 * stride
    keep = _ONE - damping
    rhs, v, new = r[stride:], inverse[stride:], out[stride:]
    below, above, right, left = face_x[stride:], face_x, face_y[stride:], face_y[stride - 1 :]
    centre, z_below, z_right, z_left = z[stride:], z[2 * stride :], z[stride + 1 :], z[stride - 1 :]
    total = 0.0
    for start in range(0, n, BLOCK_SITES):
        part = _ZERO
        stop = min(start + BLOCK_SITES, n)
        for i in range(np.uint64(start), np.uint64(stop)):
            inflow = below[i] * z_below[i] + above[i] * z[i]
            inflow += right[i] * z_right[i] + left[i] * z_left[i]
            value = keep * centre[i] + damping * v[i] * (rhs[i] + inflow)
            new[i] = value
            part += value * rhs[i]
        total += np.float64(part)
    return total


@reordering_kernel
def first_smooth(damping, r, inverse, out, size):
    """The damped Jacobi step from zero."""
    for i in range(size):
        out[i] = damping * inverse[i] * r[i]


@reordering_kernel
def residual(r, diagonal, face_x, face_y, z, out, stride, size):
    """Write r - A z into out."""
    rhs, d, new = r[stride:], diagonal[stride:], out[stride:]
    below, above, right, left = face_x[stride:], face_x, face_y[stride:], face_y[stride - 1 :]
    centre, z_below, z_right, z_left = z[stride:], z[2 * stride :], z[stride + 1 :], z[stride - 1 :]
    for i in range(size - 2 * stride):
        inflow = below[i] * z_below[i] + above[i] * z[i]
        inflow += right[i] * z_right[i] + left[i] * z_left[i]
        new[i] = rhs[i] - d[i] * centre[i] + inflow


@reordering_kernel
def restrict(image, fine, nx, ny, coarse, row):
    """Write the transpose of bilinear interpolation of fine (nx, ny padded) into coarse.

    Beyond the edge lies the mirror image (image 1) or, where the edge is fixed, its negative (-1).
    `row` is scratch of at least ny + 4 values.
    """
    stride, coarse_nx, coarse_ny = ny + 2, (nx + 1) // 2, (ny + 1) // 2
    for X in range(coarse_nx):
        second = (2 * X + 1) * stride
        has_third, has_fourth = nx >= 2 * X + 2, nx >= 2 * X + 3
        first = second - stride if X > 0 else second
        third = second + stride if has_third else second
        fourth = third + stride if has_fourth else third
        weight_1 = _QUARTER if X > 0 else image * _QUARTER
        weight_3 = _THREE_QUARTERS if has_third else _ZERO
        weight_4 = _ZERO
        if has_third:
            weight_4 = _QUARTER if has_fourth else image * _QUARTER
        a, b, c, d = fine[first:], fine[second:], fine[third:], fine[fourth:]
        for j in range(ny + 2):
            row[j] = (weight_1 * a[j] + _THREE_QUARTERS * b[j]) + (
                weight_3 * c[j] + weight_4 * d[j]
            )
        row[0] = image * row[1]
        row[ny + 1] = image * row[ny]
        if ny % 2 == 1:
            row[ny + 1] = _ZERO
            row[ny + 2] = _ZERO
        out = coarse[(X + 1) * (coarse_ny + 2) + 1 :]
        for Y in range(coarse_ny):
            out[Y] = _QUARTER * (row[2 * Y] + row[2 * Y + 3]) + _THREE_QUARTERS * (
                row[2 * Y + 1] + row[2 * Y + 2]
            )


@reordering_kernel
def prolong(image, coarse, nx, ny, fine, row):
    """Add the bilinear interpolation of coarse to fine (nx, ny padded)."""
    stride, coarse_nx, coarse_ny = ny + 2, (nx + 1) // 2, (ny + 1) // 2
    coarse_stride = coarse_ny + 2
    for x in range(nx):
        X = x // 2
        beside = X - 1 + 2 * (x % 2)
        neighbour = min(max(beside, 0), coarse_nx - 1)
        weight = _QUARTER if beside == neighbour else image * _QUARTER
        near, far = coarse[(X + 1) * coarse_stride :], coarse[(neighbour + 1) * coarse_stride :]
        for J in range(coarse_stride):
            row[J] = _THREE_QUARTERS * near[J] + weight * far[J]
        row[0] = image * row[1]
        row[coarse_ny + 1] = image * row[coarse_ny]
        here, right = row[1:], row[2:]
        out = fine[(x + 1) * stride + 1 :]
        for Y in range(ny // 2):
            out[2 * Y] += _THREE_QUARTERS * here[Y] + _QUARTER * row[Y]
            out[2 * Y + 1] += _THREE_QUARTERS * here[Y] + _QUARTER * right[Y]
        if ny % 2 == 1:
            out[ny - 1] += _THREE_QUARTERS * row[coarse_ny] + _QUARTER * row[coarse_ny - 1]


@reordering_kernel
def v_cycle(image, r, z, spare, diagonal, inverse, face_x, face_y, levels, row):
    """Apply the V-cycle to r of the finest level, result in z; return the dot product r z.

    image: see `restrict`. All arrays span all levels; those of r, z and spare on the coarser levels
    are overwritten.
    """
    last = levels.shape[0] - 1
    for level in range(last):
        offset, stride, size = levels[level, OFFSET], levels[level, STRIDE], levels[level, SIZE]
        end = offset + size
        r_, v_, z_, s_ = r[offset:end], inverse[offset:end], z[offset:end], spare[offset:end]
        fx, fy = face_x[offset:end], face_y[offset:end]
        first_smooth(FIRST_DAMPING, r_, v_, s_, size)
        smooth(SECOND_DAMPING, r_, v_, fx, fy, s_, z_, stride, size)
        residual(r_, diagonal[offset:end], fx, fy, z_, s_, stride, size)
        restrict(image, s_, levels[level, NX], levels[level, NY], r[end:], row)
    only = levels[last, OFFSET] + levels[last, STRIDE] + 1
    z[only] = r[only] * inverse[only]
    dot = 0.0
    for back in range(last):
        level = last - 1 - back
        offset, stride, size = levels[level, OFFSET], levels[level, STRIDE], levels[level, SIZE]
        end = offset + size
        r_, v_, z_, s_ = r[offset:end], inverse[offset:end], z[offset:end], spare[offset:end]
        fx, fy = face_x[offset:end], face_y[offset:end]
        prolong(image, z[end:], levels[level, NX], levels[level, NY], z_, row)
        smooth(SECOND_DAMPING, r_, v_, fx, fy, z_, s_, stride, size)
        dot = smooth(FIRST_DAMPING, r_, v_, fx, fy, s_, z_, stride, size)
    return dot
