"""Fields of soluble factors: one implicit time step of diffusion, loss and release.

    (c_new - c_old) / dt = div(D grad c_new) - loss c_new + source        (backward Euler)

in two dimensions, D = diffusivity * openness(x), harmonic means on the faces, so that the operator
is symmetric. First order in time and never oscillating; second order in space where openness is
smooth. Solved by conjugate gradients in single precision, started from the old concentration and
preconditioned with one multigrid V-cycle (multigrid.py).

What is left of the error after the solve is then spent so that two laws hold whatever the
tolerance: no concentration is negative (clipped at zero), and matter is conserved to rounding (all
concentrations multiplied by the one factor, very near 1, that makes gains equal losses).

Arrays are float32, C-contiguous, shape (nx + 2, ny + 2), indexed [x, y]; the outermost sites are a
border and no part of the domain.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import reordering_kernel
from .multigrid import (
    BLOCK_SITES,
    NX,
    NY,
    SIZE,
    STRIDE,
    aligned_zeros,
    buffer_size,
    build_conductances,
    build_inverses,
    edge_site,
    scratch_size,
    table_of_levels,
    v_cycle,
)

Field = NDArray[np.float32]

MIRROR = None  # the boundary through which nothing flows

SMALLEST_SIDE = 8
LARGEST_INPUT = np.float32(1e30)  # far from overflow of squares and sums in single precision

_ZERO, _ONE, _TWO = np.float32(0.0), np.float32(1.0), np.float32(2.0)

# How a solve ended, as the kernel says it.
_SOLVED, _BAD_INPUT, _STALLED = 0, 1, 2


class Outcome(NamedTuple):
    """What one solve took.

    iterations: conjugate-gradient steps, each with one V-cycle.
    relative_residual: ||b - A c|| / ||b|| at the end.
    """

    iterations: int
    relative_residual: float


class Medium:
    """Where diffusion happens: openness of every site, shared by all fields.

    openness: (nx + 2, ny + 2) float32 in (0, 1]: diffusivity in the site over that in open marrow.
    dx_um: side of a site in um.
    Raises ValueError for a wrong shape or type, or for openness outside (0, 1].
    """

    def __init__(self, openness: Field, dx_um: float = 10.0) -> None:
        """Build the conductances of all levels."""
        if openness.ndim != 2 or min(openness.shape) < SMALLEST_SIDE + 2:
            raise ValueError(
                f"openness has shape {openness.shape}; needed is (nx + 2, ny + 2) "
                f"with nx and ny at least {SMALLEST_SIDE}"
            )
        if not (math.isfinite(dx_um) and dx_um > 0.0):
            raise ValueError(f"dx_um is {dx_um}; it must be above 0")
        self.shape: tuple[int, int] = (openness.shape[0], openness.shape[1])
        self.dx_um = float(dx_um)
        self.levels = table_of_levels(self.shape[0] - 2, self.shape[1] - 2)
        self.openness, self.face_x, self.face_y = aligned_zeros(3, buffer_size(self.levels))
        self.update(openness)

    def update(self, openness: Field) -> None:
        """Take over a changed openness (bone resorbed or formed)."""
        _check_field("openness", openness, self.shape)
        inside = openness[1:-1, 1:-1]
        lowest, highest = float(inside.min()), float(inside.max())
        if not (lowest > 0.0 and highest <= 1.0):
            raise ValueError(
                f"openness spans {lowest:g} to {highest:g}; it must be above 0 and at most 1"
            )
        rows, columns = self.shape
        stride = int(self.levels[0, STRIDE])
        fine = self.openness[: rows * stride].reshape(rows, stride)
        fine[1:-1, 1 : columns - 1] = inside
        build_conductances(self.openness, self.face_x, self.face_y, self.levels)


class DiffusionSolver:
    """Advances fields in one medium; its work arrays serve all fields, one after the other.

    tolerance: relative residual at which a solve ends.
    max_iterations: more than this is an error.
    """

    def __init__(self, medium: Medium, tolerance: float = 1e-4, max_iterations: int = 60) -> None:
        """Allocate the work arrays."""
        if not 1e-6 <= tolerance < 1.0:
            raise ValueError(f"tolerance is {tolerance:g}; single precision allows 1e-6 to below 1")
        self.medium = medium
        self.tolerance = float(tolerance)
        self.max_iterations = int(max_iterations)
        self._work = aligned_zeros(3, medium.face_x.size)
        self._finest = aligned_zeros(3, int(medium.levels[0, SIZE]))
        self._scratch = aligned_zeros(4, scratch_size(medium.levels))

    def advance(
        self,
        concentration: Field,
        diffusivity_um2_per_s: float,
        loss_per_s: Field,
        source_per_s: Field,
        dt_s: float,
        boundary: float | None = MIRROR,
    ) -> Outcome:
        """Advance one field by dt_s, in place.

        concentration: any unit, >= 0. On return its border holds what lies beyond the edge: the
            mirror image, or the fixed concentration.
        diffusivity_um2_per_s: in open marrow, above 0.
        loss_per_s: decay + uptake + permeability of vessels, 1/s, >= 0.
        source_per_s: release, concentration units per second, >= 0.
        boundary: MIRROR (no flux), or the concentration held at the outer faces of the domain.
        Raises FloatingPointError for an input that is negative, not finite or above 1e30, and for
        a solve that does not converge; ValueError for a wrong shape, type or scalar.
        """
        medium = self.medium
        for name, array in (
            ("concentration", concentration),
            ("loss_per_s", loss_per_s),
            ("source_per_s", source_per_s),
        ):
            _check_field(name, array, medium.shape)
        if not (math.isfinite(diffusivity_um2_per_s) and diffusivity_um2_per_s > 0.0):
            raise ValueError(
                f"diffusivity_um2_per_s is {diffusivity_um2_per_s}; it must be above 0"
            )
        if not (math.isfinite(dt_s) and dt_s > 0.0):
            raise ValueError(f"dt_s is {dt_s}; it must be above 0")
        if boundary is not None and not 0.0 <= boundary <= LARGEST_INPUT:
            raise ValueError(f"boundary is {boundary}; it must be MIRROR or a concentration >= 0")
        status, iterations, relative_residual = _advance(
            concentration.reshape(-1),
            loss_per_s.reshape(-1),
            source_per_s.reshape(-1),
            float(diffusivity_um2_per_s) / medium.dx_um**2,
            float(dt_s),
            -1.0 if boundary is None else float(boundary),
            medium.openness,
            medium.face_x,
            medium.face_y,
            medium.levels,
            self._work,
            self._finest,
            self._scratch,
            self.tolerance,
            self.max_iterations,
        )
        if status == _BAD_INPUT:
            raise FloatingPointError(
                _describe_bad_input(
                    concentration=concentration, loss_per_s=loss_per_s, source_per_s=source_per_s
                )
            )
        if status == _STALLED:
            raise FloatingPointError(
                f"diffusion did not converge: relative residual {relative_residual:.3g} after "
                f"{iterations} iterations, wanted {self.tolerance:g}; shorten dt_s or check "
                f"diffusivity_um2_per_s ({diffusivity_um2_per_s:g}) and loss_per_s"
            )
        return Outcome(iterations, relative_residual)


def _check_field(name: str, array: Field, shape: tuple[int, int]) -> None:
    if array.shape != shape or array.dtype != np.float32 or not array.flags.c_contiguous:
        raise ValueError(
            f"{name} is {array.dtype} of shape {array.shape}; "
            f"needed is C-contiguous float32 of shape {shape}"
        )


def _describe_bad_input(**fields: Field) -> str:
    """One line that names the first offending value."""
    for name, padded in fields.items():
        inside = padded[1:-1, 1:-1]
        bad = ~((inside >= 0.0) & (inside <= LARGEST_INPUT))
        if bad.any():
            x, y = (int(i) for i in np.argwhere(bad)[0])
            return (
                f"{name} is {inside[x, y]} at site ({x}, {y}) and bad at {int(bad.sum())} sites; "
                f"it must be finite, >= 0 and at most {LARGEST_INPUT:g}"
            )
    return "diffusion met a value out of the range of single precision; rescale the units"


@reordering_kernel
def _fill_border(c, nx, ny, boundary):
    """Set the border to the mirror image (boundary < 0) or to the fixed concentration."""
    stride = ny + 2
    for x in range(1, nx + 1):
        c[x * stride] = c[x * stride + 1] if boundary < 0.0 else boundary
        c[x * stride + ny + 1] = c[x * stride + ny] if boundary < 0.0 else boundary
    end = (nx + 1) * stride
    for y in range(stride):
        c[y] = c[stride + y] if boundary < 0.0 else boundary
        c[end + y] = c[end - stride + y] if boundary < 0.0 else boundary


@reordering_kernel
def _assemble(c, loss, source, copy, mass, rhs, nx, ny, stride, rate, dt):
    """Write a copy of c, mass and right-hand side in grid units (divided by rate = D / dx^2).

    Returns the number of bad values, the sum of c / dt + source and the square of rhs.
    """
    loss_scale = np.float32(1.0 / rate)
    step_mass = np.float32(1.0 / (dt * rate))
    bad = 0.0
    sum_c = 0.0
    sum_source = 0.0
    square = 0.0
    for x in range(1, nx + 1):
        outer, inner = x * (ny + 2) + 1, x * stride + 1
        c_, k_, s_ = c[outer:], loss[outer:], source[outer:]
        copy_, m_, b_ = copy[inner:], mass[inner:], rhs[inner:]
        bad_here = _ZERO
        for j in range(ny):
            copy_[j] = c_[j]
            m_[j] = step_mass + loss_scale * k_[j]
            b_[j] = step_mass * c_[j] + loss_scale * s_[j]
            usable = (
                (c_[j] >= _ZERO)
                & (k_[j] >= _ZERO)
                & (s_[j] >= _ZERO)
                & (c_[j] <= LARGEST_INPUT)
                & (k_[j] <= LARGEST_INPUT)
                & (s_[j] <= LARGEST_INPUT)
            )
            bad_here += _ZERO if usable else _ONE
        bad += np.float64(bad_here)
        for j in range(ny):
            sum_c += np.float64(c_[j])
            sum_source += np.float64(s_[j])
            square += np.float64(b_[j]) * np.float64(b_[j])
    return bad, sum_c / dt + sum_source, square


@reordering_kernel
def _start(rhs, mass, c, face_x, face_y, diagonal, inverse, stride, size, scale):
    """Build the diagonal and its inverse, and replace rhs by scale (rhs - A c).

    By differences of c, which round less than diagonal c does. Returns the square of the new rhs.
    """
    b, m, d, v = rhs[stride:], mass[stride:], diagonal[stride:], inverse[stride:]
    below, above, right, left = face_x[stride:], face_x, face_y[stride:], face_y[stride - 1 :]
    centre, c_below, c_right, c_left = c[stride:], c[2 * stride :], c[stride + 1 :], c[stride - 1 :]
    n = size - 2 * stride
    total = 0.0
    for start in range(0, n, BLOCK_SITES):
        part = _ZERO
        stop = min(start + BLOCK_SITES, n)
        for i in range(np.uint64(start), np.uint64(stop)):
            inflow = below[i] * (c_below[i] - centre[i]) + above[i] * (c[i] - centre[i])
            inflow += right[i] * (c_right[i] - centre[i]) + left[i] * (c_left[i] - centre[i])
            value = scale * (b[i] - m[i] * centre[i] + inflow)
            b[i] = value
            part += value * value
            conductance = m[i] + ((below[i] + above[i]) + (right[i] + left[i]))
            d[i] = conductance
            v[i] = _ONE / conductance if conductance > _ZERO else _ZERO
        total += np.float64(part)
    return total


@reordering_kernel
def _direct(beta, z, p, ap, diagonal, face_x, face_y, stride, size):
    """Set p = z + beta p and ap = A p; return the dot product of the two."""
    d, new = diagonal[stride:], ap[stride:]
    below, above, right, left = face_x[stride:], face_x, face_y[stride:], face_y[stride - 1 :]
    centre, p_below, p_right, p_left = p[stride:], p[2 * stride :], p[stride + 1 :], p[stride - 1 :]
    n = size - 2 * stride
    total = 0.0
    done = 0
    for start in range(0, n, BLOCK_SITES):
        stop = min(start + BLOCK_SITES, n)
        reach = min(stop + 2 * stride, size)
        for i in range(np.uint64(done), np.uint64(reach)):
            p[i] = z[i] + beta * p[i]
        done = reach
        part = _ZERO
        for i in range(np.uint64(start), np.uint64(stop)):
            inflow = below[i] * p_below[i] + above[i] * p[i]
            inflow += right[i] * p_right[i] + left[i] * p_left[i]
            value = d[i] * centre[i] - inflow
            new[i] = value
            part += value * centre[i]
        total += np.float64(part)
    return total


@reordering_kernel
def _take_step(alpha, alpha_c, p, ap, c, r, nx, ny, stride, size):
    """Set c += alpha_c p and r -= alpha ap; return the square of r."""
    for x in range(1, nx + 1):
        c_, p_ = c[x * (ny + 2) + 1 :], p[x * stride + 1 :]
        for j in range(ny):
            c_[j] += alpha_c * p_[j]
    total = 0.0
    for start in range(0, size, BLOCK_SITES):
        part = _ZERO
        stop = min(start + BLOCK_SITES, size)
        for i in range(np.uint64(start), np.uint64(stop)):
            value = r[i] - alpha * ap[i]
            r[i] = value
            part += value * value
        total += np.float64(part)
    return total


@reordering_kernel
def _settle_balance(c, loss, nx, ny, dt, gained, boundary, rate, openness, stride):
    """Clip c at zero, then scale it so that gains equal losses; all sums in double precision."""
    sum_c = 0.0
    sum_loss = 0.0
    for x in range(1, nx + 1):
        start = x * (ny + 2) + 1
        c_, k_ = c[start:], loss[start:]
        for j in range(ny):
            value = c_[j] if c_[j] > _ZERO else _ZERO
            c_[j] = value
            sum_c += np.float64(value)
            sum_loss += np.float64(value) * np.float64(k_[j])
    lost = sum_c / dt + sum_loss
    if boundary >= 0.0:
        for i in range(2 * (nx + ny)):
            site = edge_site(i, nx, ny)
            value = c[site // stride * (ny + 2) + site % stride]
            lost += 2.0 * rate * np.float64(openness[site]) * np.float64(value)
    if lost > 0.0:
        excess = np.float32(gained / lost - 1.0)
        for x in range(1, nx + 1):
            start = x * (ny + 2) + 1
            c_ = c[start:]
            for j in range(ny):
                c_[j] += excess * c_[j]


@reordering_kernel
def _advance(
    c,
    loss,
    source,
    rate,
    dt,
    boundary,
    openness,
    face_x,
    face_y,
    levels,
    work,
    finest,
    scratch,
    tolerance,
    max_iterations,
):
    """Return (status, iterations, relative residual); boundary < 0 means mirror; see `advance`."""
    nx, ny, stride, size = levels[0, NX], levels[0, NY], levels[0, STRIDE], levels[0, SIZE]
    r, z, inverse = work[0], work[1], work[2]
    early, middle, late, row = scratch[0], scratch[1], scratch[2], scratch[3]
    p, ap, diagonal = finest[0], finest[1], finest[2]
    fine_r, fine_x, fine_y = r[:size], face_x[:size], face_y[:size]

    mass, start = z, p  # these two are free until the first V-cycle
    bad, gained, square_inside = _assemble(
        c, loss, source, start, mass, r, nx, ny, stride, rate, dt
    )
    if bad > 0.0:
        return _BAD_INPUT, 0, np.inf
    fixed = boundary >= 0.0
    square_b = square_inside
    if fixed:
        for face in range(2 * (nx + ny)):  # half a site lies between a centre and its outer face
            site = edge_site(face, nx, ny)
            before = np.float64(r[site])
            r[site] += _TWO * openness[site] * np.float32(boundary)
            square_b += np.float64(r[site]) ** 2 - before**2
            gained += 2.0 * rate * np.float64(openness[site]) * boundary
    if square_b == 0.0:
        _fill_border(c, nx, ny, boundary)
        return _SOLVED, 0, 0.0
    if fixed:
        for face in range(2 * (nx + ny)):
            site = edge_site(face, nx, ny)
            r[site] -= _TWO * openness[site] * start[site]
    # Solve for the change in units of the mean right-hand side: squares can neither under- nor
    # overflow, whatever the unit of concentration.
    unit = np.sqrt(square_b / (nx * ny))
    scale = np.float32(1.0 / unit)
    square = _start(fine_r, mass, start, fine_x, fine_y, diagonal, inverse, stride, size, scale)
    if fixed:
        for face in range(2 * (nx + ny)):
            site = edge_site(face, nx, ny)
            diagonal[site] += _TWO * openness[site]
            inverse[site] = _ONE / diagonal[site]
    image = -_ONE if fixed else _ONE
    # A fixed boundary adds large terms to b in a few sites, and 1e-4 of those would be a lax
    # demand on the inside; they count for a fiftieth.
    reference = max(square_inside, square_b / 2500.0)
    target = tolerance * tolerance * nx * ny * (reference / square_b)
    iterations = 0
    old_dot = 1.0
    if square > target:
        build_inverses(mass, face_x, face_y, openness, fixed, inverse, levels, 1)
    while square > target and iterations < max_iterations:
        dot = v_cycle(image, r, z, inverse, face_x, face_y, levels, early, middle, late, row)
        beta = np.float32(dot / old_dot) if iterations > 0 else _ZERO
        curvature = _direct(beta, z, p, ap, diagonal, fine_x, fine_y, stride, size)
        if not curvature > 0.0:
            break
        alpha = dot / curvature
        square = _take_step(
            np.float32(alpha), np.float32(alpha * unit), p, ap, c, fine_r, nx, ny, stride, size
        )
        old_dot = dot
        iterations += 1
    relative_residual = np.sqrt(square / (nx * ny))
    if not square <= target:
        return _STALLED, iterations, relative_residual
    _settle_balance(c, loss, nx, ny, dt, gained, boundary, rate, openness, stride)
    _fill_border(c, nx, ny, boundary)
    return _SOLVED, iterations, relative_residual
