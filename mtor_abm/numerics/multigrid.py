"""One geometric multigrid V-cycle for `mass c - div(openness grad c)` on a padded grid.

Everything is in grid units: neighbouring sites exchange `conductance * (difference)`, the harmonic
mean of their openness, and each site loses `mass * c`. A level is an array of nx + 2 rows
of `row_stride(ny)` values, of which the first and those beyond ny are border like the first and
last row, laid out flat, and the levels of one quantity follow each other in one buffer, the finest
first. Conductances across the border and all values in it are zero, so that a sweep may run over a
block of whole rows, border included, as one long loop without edge tests. That, and slices instead
of index arithmetic inside the loops, is what lets the compiler use vector instructions.

Coarsening joins 2 x 2 sites (fewer at the far edge of an odd grid) until one site is left, where
the equation is solved exactly. Corrections are interpolated bilinearly from the centres of the
coarse sites, mirrored at the edges; residuals are restricted by the transpose of it. Each level is
smoothed by a three-step damped Jacobi polynomial before and the same in reverse order after. The
cycle is thereby a symmetric operator and a preconditioner for conjugate gradients (Tatebe 1993;
recalled).

Contrast costs cycles. Measured on 64 x 64 sites with 3 % of them sinks, from a cold start: 4 cycles
where a sink's mass (loss dx^2 / D) is 1, 7 where it is 100, 17 where it is 10,000.
"""

import numpy as np

from .compiled import reordering_kernel, rule

OFFSET, NX, NY, STRIDE, SIZE = range(5)  # columns of the table of levels

# Damping of the three smoothing steps. Computed: of the half dozen triples tried on grids with bone
# obstacles (as in benchmarks/fields.py) this left least; it is no sharp optimum. Three steps rather
# than two mostly spare the third cycle, and the extra step finds its data in cache.
FIRST_DAMPING = np.float32(0.55)
SECOND_DAMPING = np.float32(0.9)
THIRD_DAMPING = np.float32(2.0)

BLOCK_SITES = 24576  # sites per block of rows (96 KiB an array): some of these fit the cache

_ZERO, _QUARTER, _THREE_QUARTERS = np.float32(0.0), np.float32(0.25), np.float32(0.75)
_ONE, _TWO = np.float32(1.0), np.float32(2.0)


LINE = 16  # float32 values in one cache line and one vector register of 64 bytes


@rule
def row_stride(ny):
    """Length of a padded row: a multiple of LINE, so that the rows above and below are aligned."""
    return (ny + 1 + LINE) // LINE * LINE


def aligned_zeros(rows: int, length: int) -> np.ndarray:
    """Return float32 zeros (rows, length), each row starting a cache line; LINE divides length."""
    flat = np.zeros(rows * length + LINE, dtype=np.float32)
    skip = (-flat.ctypes.data // 4) % LINE
    return flat[skip : skip + rows * length].reshape(rows, length)


def table_of_levels(nx: int, ny: int) -> np.ndarray:
    """Return int64 (levels, 5): offset in the buffer, nx, ny, row stride and size of each level."""
    rows = []
    offset = 0
    while True:
        size = (nx + 2) * row_stride(ny)
        rows.append((offset, nx, ny, row_stride(ny), size))
        offset += size
        if nx == 1 and ny == 1:
            return np.array(rows, dtype=np.int64)
        nx, ny = (nx + 1) // 2, (ny + 1) // 2


def buffer_size(levels: np.ndarray) -> int:
    """Sites of all levels together, borders included."""
    return int(levels[-1, OFFSET] + levels[-1, SIZE])


def scratch_size(levels: np.ndarray) -> int:
    """Values that each scratch array of `v_cycle` needs: `early`, `middle`, `late` and `row`."""
    return BLOCK_SITES + 12 * int(levels[0, STRIDE])  # LINE divides both


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
    stride = row_stride(ny)
    if face < ny:
        return stride + 1 + face
    if face < 2 * ny:
        return nx * stride + 1 + (face - ny)
    if face < 2 * ny + nx:
        return (face - 2 * ny + 1) * stride + 1
    return (face - 2 * ny - nx + 1) * stride + ny


@reordering_kernel
def build_inverses(mass, face_x, face_y, openness, fixed_edge, inverse, levels, first_level):
    """Fill the inverse of the diagonal (0 in borders) of the levels from first_level on.

    mass is given on the finest level and filled on the others. With a fixed edge each site at the
    edge also exchanges with the value on its outer face, across half a site.
    """
    for level in range(first_level, levels.shape[0]):
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
        m, v = mass[here:], inverse[here:]
        below, above = face_x[here:], face_x[offset:]
        right, left = face_y[here:], face_y[here - 1 :]
        for i in range(size - 2 * stride):
            diagonal = m[i] + ((below[i] + above[i]) + (right[i] + left[i]))
            v[i] = _ONE / diagonal if diagonal > _ZERO else _ZERO
        if fixed_edge:
            for face in range(2 * (nx + ny)):
                site = offset + edge_site(face, nx, ny)
                inverse[site] = _ONE / (_ONE / inverse[site] + _TWO * openness[site])


@reordering_kernel
def restrict(image, fine, nx, ny, first_row, coarse, X_start, X_stop, row):
    """Write rows X_start to X_stop of the transpose of bilinear interpolation into coarse.

    fine starts with the padded row first_row of a grid of nx x ny sites. Beyond the edge lies the
    mirror image (image 1) or, where the edge is fixed, its negative (-1). `row` is scratch of at
    least ny + 4 values.
    """
    stride, coarse_ny = row_stride(ny), (ny + 1) // 2
    for X in range(X_start, X_stop):
        second = (2 * X + 1 - first_row) * stride
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
        for j in range(stride):
            row[j] = (weight_1 * a[j] + _THREE_QUARTERS * b[j]) + (
                weight_3 * c[j] + weight_4 * d[j]
            )
        row[0] = image * row[1]
        row[ny + 1] = image * row[ny]
        if ny % 2 == 1:
            row[ny + 1] = _ZERO
            row[ny + 2] = _ZERO
        out = coarse[(X + 1) * row_stride(coarse_ny) + 1 :]
        for Y in range(coarse_ny):
            out[Y] = _QUARTER * (row[2 * Y] + row[2 * Y + 3]) + _THREE_QUARTERS * (
                row[2 * Y + 1] + row[2 * Y + 2]
            )


@reordering_kernel
def prolong(image, coarse, nx, ny, fine, x_start, x_stop, row):
    """Add the bilinear interpolation of coarse to rows x_start to x_stop of fine (nx x ny)."""
    stride, coarse_nx, coarse_ny = row_stride(ny), (nx + 1) // 2, (ny + 1) // 2
    coarse_stride = row_stride(coarse_ny)
    for x in range(x_start, x_stop):
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
def descend(image, r, inverse, face_x, face_y, z, nx, ny, coarse_r, early, middle, late, row):
    """Smooth thrice from zero into z and restrict what remains of r, block of rows by block.

    Row i of the second step needs rows i - 1 to i + 1 of the first, and so on; so within a block
    each stage runs one row less far than the one before. `early` and `middle` hold the first and
    second step and `late` diagonal times the latest step, then the remaining residual, of one block
    only: they stay in cache. All carry their last rows over to the next block.
    """
    stride, coarse_nx = row_stride(ny), (nx + 1) // 2
    block = max(BLOCK_SITES // (2 * stride), 2)
    w1, w2, w3 = FIRST_DAMPING, SECOND_DAMPING, THIRD_DAMPING
    early[:stride] = _ZERO
    middle[:stride] = _ZERO
    early_row, middle_row = 0, 0  # the first row that each buffer holds
    early_done, middle_done, z_done, late_done = 0, 0, 0, 0  # the last row of each stage
    for X_start in range(0, coarse_nx, block):
        X_stop = min(X_start + block, coarse_nx)
        early_to, middle_to = min(2 * X_stop + 4, nx + 1), min(2 * X_stop + 3, nx + 1)
        z_to, late_to, late_row = min(2 * X_stop + 2, nx), min(2 * X_stop + 1, nx), 2 * X_start

        here = (early_done + 1) * stride
        rhs, v, new = r[here:], inverse[here:], early[(early_done + 1 - early_row) * stride :]
        for i in range((early_to - early_done) * stride):
            new[i] = w1 * v[i] * rhs[i]

        here, at = (middle_done + 1) * stride, (middle_done + 1 - early_row) * stride
        rhs, v, new = r[here:], inverse[here:], middle[(middle_done + 1 - middle_row) * stride :]
        below, above = face_x[here:], face_x[here - stride :]
        right, left = face_y[here:], face_y[here - 1 :]
        centre, z_below, z_above = early[at:], early[at + stride :], early[at - stride :]
        z_right, z_left = early[at + 1 :], early[at - 1 :]
        weighted = late[(middle_done + 1 - late_row) * stride :]
        inner_to = min(middle_to, nx)  # the border below the last row stays zero
        for i in range((inner_to - middle_done) * stride):
            inflow = below[i] * z_below[i] + above[i] * z_above[i]
            inflow += right[i] * z_right[i] + left[i] * z_left[i]
            total = w2 * (rhs[i] + inflow)
            weighted[i] = (_ONE - w2) * w1 * rhs[i] + total
            new[i] = (_ONE - w2) * centre[i] + v[i] * total
        if middle_to > nx:
            end = (nx + 1 - middle_row) * stride
            middle[end : end + stride] = _ZERO

        here, at = (z_done + 1) * stride, (z_done + 1 - middle_row) * stride
        rhs, v, new = r[here:], inverse[here:], z[here:]
        below, above = face_x[here:], face_x[here - stride :]
        right, left = face_y[here:], face_y[here - 1 :]
        centre, z_below, z_above = middle[at:], middle[at + stride :], middle[at - stride :]
        z_right, z_left = middle[at + 1 :], middle[at - 1 :]
        weighted = late[(z_done + 1 - late_row) * stride :]
        for i in range((z_to - z_done) * stride):
            inflow = below[i] * z_below[i] + above[i] * z_above[i]
            inflow += right[i] * z_right[i] + left[i] * z_left[i]
            total = w3 * (rhs[i] + inflow)
            weighted[i] = (_ONE - w3) * weighted[i] + total
            new[i] = (_ONE - w3) * centre[i] + v[i] * total

        here = (late_done + 1) * stride
        rhs, weighted = r[here:], late[(late_done + 1 - late_row) * stride :]
        below, above = face_x[here:], face_x[here - stride :]
        right, left = face_y[here:], face_y[here - 1 :]
        z_below, z_above, z_right, z_left = (
            z[here + stride :],
            z[here - stride :],
            z[here + 1 :],
            z[here - 1 :],
        )
        for i in range((late_to - late_done) * stride):
            inflow = below[i] * z_below[i] + above[i] * z_above[i]
            inflow += right[i] * z_right[i] + left[i] * z_left[i]
            weighted[i] = rhs[i] - weighted[i] + inflow

        restrict(image, late, nx, ny, late_row, coarse_r, X_start, X_stop, row)
        if X_stop < coarse_nx:
            _carry(early, (inner_to - early_row) * stride, (early_to - inner_to + 1) * stride)
            _carry(middle, (z_to - middle_row) * stride, (middle_to - z_to + 1) * stride)
            _carry(late, (2 * X_stop - late_row) * stride, (inner_to - 2 * X_stop + 1) * stride)
        early_row, middle_row = inner_to, z_to
        early_done, middle_done, z_done, late_done = early_to, inner_to, z_to, late_to


@reordering_kernel
def ascend(image, coarse_z, r, inverse, face_x, face_y, z, nx, ny, early, middle, row):
    """Add the coarse correction to z and smooth thrice, as `descend` block by block.

    Returns the dot product of r and z.
    """
    stride = row_stride(ny)
    block = 2 * max(BLOCK_SITES // (2 * stride), 2)
    w1, w2, w3 = FIRST_DAMPING, SECOND_DAMPING, THIRD_DAMPING
    early[:stride] = _ZERO
    middle[:stride] = _ZERO
    early_row, middle_row, early_done, middle_done, done = 0, 0, 0, 0, 0
    dot = 0.0
    for corrected in range(0, nx, block):
        corrected_to = min(corrected + block, nx)
        early_to, middle_to, done_to = corrected_to - 1, corrected_to - 2, corrected_to - 3
        if corrected_to == nx:
            early_to, middle_to, done_to = nx, nx, nx
            early[(nx + 1 - early_row) * stride : (nx + 2 - early_row) * stride] = _ZERO
            middle[(nx + 1 - middle_row) * stride : (nx + 2 - middle_row) * stride] = _ZERO
        prolong(image, coarse_z, nx, ny, z, corrected, corrected_to, row)

        here = (early_done + 1) * stride
        rhs, v, new = r[here:], inverse[here:], early[(early_done + 1 - early_row) * stride :]
        below, above = face_x[here:], face_x[here - stride :]
        right, left = face_y[here:], face_y[here - 1 :]
        centre, z_below, z_above = z[here:], z[here + stride :], z[here - stride :]
        z_right, z_left = z[here + 1 :], z[here - 1 :]
        for i in range((early_to - early_done) * stride):
            inflow = below[i] * z_below[i] + above[i] * z_above[i]
            inflow += right[i] * z_right[i] + left[i] * z_left[i]
            new[i] = (_ONE - w3) * centre[i] + w3 * v[i] * (rhs[i] + inflow)

        here, at = (middle_done + 1) * stride, (middle_done + 1 - early_row) * stride
        rhs, v, new = r[here:], inverse[here:], middle[(middle_done + 1 - middle_row) * stride :]
        below, above = face_x[here:], face_x[here - stride :]
        right, left = face_y[here:], face_y[here - 1 :]
        centre, z_below, z_above = early[at:], early[at + stride :], early[at - stride :]
        z_right, z_left = early[at + 1 :], early[at - 1 :]
        for i in range((middle_to - middle_done) * stride):
            inflow = below[i] * z_below[i] + above[i] * z_above[i]
            inflow += right[i] * z_right[i] + left[i] * z_left[i]
            new[i] = (_ONE - w2) * centre[i] + w2 * v[i] * (rhs[i] + inflow)

        here, at = (done + 1) * stride, (done + 1 - middle_row) * stride
        rhs, v, new = r[here:], inverse[here:], z[here:]
        below, above = face_x[here:], face_x[here - stride :]
        right, left = face_y[here:], face_y[here - 1 :]
        centre, z_below, z_above = middle[at:], middle[at + stride :], middle[at - stride :]
        z_right, z_left = middle[at + 1 :], middle[at - 1 :]
        part = _ZERO
        for i in range((done_to - done) * stride):
            inflow = below[i] * z_below[i] + above[i] * z_above[i]
            inflow += right[i] * z_right[i] + left[i] * z_left[i]
            value = (_ONE - w1) * centre[i] + w1 * v[i] * (rhs[i] + inflow)
            new[i] = value
            part += value * rhs[i]
        dot += np.float64(part)
        if done_to < nx:
            _carry(early, (middle_to - early_row) * stride, (early_to - middle_to + 1) * stride)
            _carry(middle, (done_to - middle_row) * stride, (middle_to - done_to + 1) * stride)
        early_row, middle_row = middle_to, done_to
        early_done, middle_done, done = early_to, middle_to, done_to
    return dot


@reordering_kernel
def _carry(buffer, start, count):
    """Move count values from start to the front."""
    source = buffer[start:]
    for i in range(count):
        buffer[i] = source[i]


@reordering_kernel
def v_cycle(image, r, z, inverse, face_x, face_y, levels, early, middle, late, row):
    """Apply the V-cycle to r of the finest level, result in z; return the dot product r z.

    image: see `restrict`. r, z, inverse and faces span all levels; r and z of the coarser levels
    are overwritten. The others are scratch, see `scratch_size`.
    """
    last = levels.shape[0] - 1
    for level in range(last):
        start, end = levels[level, OFFSET], levels[level, OFFSET] + levels[level, SIZE]
        descend(
            image,
            r[start:end],
            inverse[start:end],
            face_x[start:end],
            face_y[start:end],
            z[start:end],
            levels[level, NX],
            levels[level, NY],
            r[end:],
            early,
            middle,
            late,
            row,
        )
    only = levels[last, OFFSET] + levels[last, STRIDE] + 1
    z[only] = r[only] * inverse[only]
    dot = 0.0
    for back in range(last):
        level = last - 1 - back
        start, end = levels[level, OFFSET], levels[level, OFFSET] + levels[level, SIZE]
        dot = ascend(
            image,
            z[end:],
            r[start:end],
            inverse[start:end],
            face_x[start:end],
            face_y[start:end],
            z[start:end],
            levels[level, NX],
            levels[level, NY],
            early,
            middle,
            row,
        )
    return dot
