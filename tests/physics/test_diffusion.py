"""The diffusion solver against what is known by hand, by analysis and by a direct sparse solve."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.linalg import spsolve
from scipy.special import k0

from mtor_abm.numerics import multigrid
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.numerics.diffusion import MIRROR, DiffusionSolver, Medium
from mtor_abm.numerics.multigrid import (
    aligned_zeros,
    buffer_size,
    build_inverses,
    scratch_size,
    table_of_levels,
    v_cycle,
)

HOUR_S = 3600.0
STEADY_S = 1e12  # a time step so long that what is left is the steady state
SHAPES = [(8, 8), (10, 10), (9, 16), (17, 11), (8, 41)]
if not JIT_IS_OFF:
    SHAPES += [(37, 53), (64, 64), (100, 250), (200, 200)]


# --- the slow readable twin --------------------------------------------------------------------


def harmonic_mean(a, b):
    return 2.0 * a * b / (a + b)


def operator(c, openness, loss, diffusivity, dt, dx, boundary):
    """A c of (1/dt + loss) c - div(D grad c), with zero beyond a fixed boundary."""
    rate = diffusivity / dx**2
    out = (1.0 / dt + loss) * c
    flow_x = rate * harmonic_mean(openness[:-1], openness[1:]) * (c[:-1] - c[1:])
    flow_y = rate * harmonic_mean(openness[:, :-1], openness[:, 1:]) * (c[:, :-1] - c[:, 1:])
    out[:-1] += flow_x
    out[1:] -= flow_x
    out[:, :-1] += flow_y
    out[:, 1:] -= flow_y
    if boundary is not MIRROR:
        out += edge_conductance(openness, rate) * c
    return out


def edge_conductance(openness, rate):
    """1/s: flow through the outer faces of a site per concentration difference."""
    faces = np.zeros(openness.shape)
    faces[0] += 1.0
    faces[-1] += 1.0
    faces[:, 0] += 1.0
    faces[:, -1] += 1.0
    return 2.0 * rate * openness * faces


def right_side(c_old, openness, source, diffusivity, dt, dx, boundary):
    b = c_old / dt + source
    if boundary is not MIRROR:
        b = b + edge_conductance(openness, diffusivity / dx**2) * boundary
    return b


def sparse_matrix(openness, loss, diffusivity, dt, dx, boundary):
    """The same operator written down a second way, face by face."""
    nx, ny = openness.shape
    number = np.arange(nx * ny).reshape(nx, ny)
    one = np.concatenate([number[:-1].ravel(), number[:, :-1].ravel()])
    two = np.concatenate([number[1:].ravel(), number[:, 1:].ravel()])
    o = openness.ravel()
    rate = diffusivity / dx**2
    w = rate * harmonic_mean(o[one], o[two])
    rows = np.concatenate([one, two, one, two])
    columns = np.concatenate([two, one, one, two])
    laplacian = sparse.coo_matrix((np.concatenate([-w, -w, w, w]), (rows, columns)))
    diagonal = 1.0 / dt + loss
    if boundary is not MIRROR:
        diagonal = diagonal + edge_conductance(openness, rate)
    return (laplacian + sparse.diags(diagonal.ravel())).tocsc()


# --- problems ----------------------------------------------------------------------------------


@dataclass
class Problem:
    openness: np.ndarray
    concentration: np.ndarray
    loss: np.ndarray
    source: np.ndarray
    diffusivity: float = 100.0
    dt: float = HOUR_S
    dx: float = 10.0
    boundary: float | None = MIRROR

    def turned(self, turn):
        fields = (self.openness, self.concentration, self.loss, self.source)
        return Problem(*map(turn, fields), self.diffusivity, self.dt, self.dx, self.boundary)

    def in_double(self):
        """The same problem as the solver sees it (rounded to float32), for the twin."""
        o, c, k, s = (
            f.astype(np.float32).astype(float)
            for f in (self.openness, self.concentration, self.loss, self.source)
        )
        return o, c, k, s

    def solve(self, tolerance=1e-4):
        """Return the new concentration without its border (float64) and the outcome."""
        c = padded(self.concentration)
        solver = DiffusionSolver(Medium(padded(self.openness), self.dx), tolerance)
        outcome = solver.advance(
            c, self.diffusivity, padded(self.loss), padded(self.source), self.dt, self.boundary
        )
        return c[1:-1, 1:-1].astype(float), outcome

    def solve_directly(self):
        o, c, k, s = self.in_double()
        rest = (self.diffusivity, self.dt, self.dx, self.boundary)
        b = right_side(c, o, s, *rest)
        return spsolve(sparse_matrix(o, k, *rest), b.ravel()).reshape(o.shape)


def padded(inside):
    out = np.full((inside.shape[0] + 2, inside.shape[1] + 2), np.nan, dtype=np.float32)
    out[1:-1, 1:-1] = inside  # the border is no part of the domain: NaN there must do no harm
    return out


def marrow(shape, seed=0, length_um=150.0, diffusivity=100.0, boundary=MIRROR):
    """Bone obstacles, scattered uptake, a few strong sinks (vessels), few sources."""
    rng = np.random.default_rng(seed)
    blobs = rng.standard_normal(shape)
    for axis in (0, 1):
        blobs = blobs + np.roll(blobs, 1, axis) + np.roll(blobs, -1, axis)
    openness = np.where(blobs > np.quantile(blobs, 0.85), 0.1, 1.0)
    decay = diffusivity / length_um**2
    loss = decay * (0.5 + (rng.random(shape) < 0.3) + 10.0 * (rng.random(shape) < 0.03))
    source = decay * rng.random(shape) * (rng.random(shape) < 0.05)
    source[shape[0] // 2, shape[1] // 2] = decay
    start = rng.random(shape) * 0.1
    return Problem(openness, start, loss, source, diffusivity, boundary=boundary)


def relative_error(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


# --- accuracy ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("boundary", [MIRROR, 0.0, 0.5])
@pytest.mark.parametrize(
    ("diffusivity", "length_um"), [(13.0, 45.0), (100.0, 400.0), (2000.0, 150.0)]
)
def test_agrees_with_sparse_direct_solve(shape, boundary, diffusivity, length_um):
    problem = marrow(shape, 1, length_um, diffusivity, boundary)
    found, outcome = problem.solve()
    assert relative_error(found, problem.solve_directly()) < 1e-3
    assert outcome.relative_residual <= 1e-4
    assert outcome.iterations <= 12  # from a rough start


def test_stated_residual_is_that_of_the_twin():
    problem = marrow((16, 19), 2)
    found, outcome = problem.solve(tolerance=1e-3)
    o, c, k, s = problem.in_double()
    rest = (problem.diffusivity, problem.dt, problem.dx, problem.boundary)
    b = right_side(c, o, s, *rest)
    true_residual = np.linalg.norm(b - operator(found, o, k, *rest)) / np.linalg.norm(b)
    assert 1e-5 < outcome.relative_residual < 1e-3
    assert true_residual == pytest.approx(outcome.relative_residual, rel=0.05)


def test_point_source_is_bessel_k0():
    n, length_um, reach = (41, 40.0, 3.0) if JIT_IS_OFF else (161, 100.0, 4.0)
    diffusivity, dx = 100.0, 10.0
    shape = (n, n)
    source = np.zeros(shape)
    source[n // 2, n // 2] = 1.0
    loss = np.full(shape, diffusivity / length_um**2)
    problem = Problem(np.ones(shape), np.zeros(shape), loss, source, diffusivity, STEADY_S, dx)
    found, _ = problem.solve(tolerance=1e-6)
    x, y = np.indices(shape) - n // 2
    r = dx * np.hypot(x, y)
    ring = (r > 4.0 * dx) & (r < reach * length_um)
    expected = dx**2 / (2.0 * math.pi * diffusivity) * k0(r[ring] / length_um)
    assert np.abs(found[ring] / expected - 1.0).max() < 0.03


def cosine_mode(n, waves, dt, loss):
    wave = np.cos(math.pi * waves * (np.arange(n) + 0.5) / n)
    start = 1.0 + 0.5 * wave[:, None] * np.ones(n)
    zero = np.zeros((n, n))
    return wave, Problem(zero + 1.0, start, zero + loss, zero, 50.0, dt)


@pytest.mark.parametrize("waves", [1, 3])
def test_cosine_mode_decays_as_the_scheme_says(waves):
    n, loss = 24, 1e-4
    wave, problem = cosine_mode(n, waves, HOUR_S, loss)
    found, _ = problem.solve(tolerance=1e-6)
    decay = loss + 4.0 * 50.0 / 10.0**2 * math.sin(math.pi * waves / (2 * n)) ** 2
    mean = 1.0 / (1.0 + HOUR_S * loss)
    amplitude = 0.5 / (1.0 + HOUR_S * decay)
    assert found == pytest.approx((mean + amplitude * wave)[:, None] * np.ones(n), rel=2e-5)


def test_first_order_in_time():
    n, loss, total_s = 16, 0.0, 16.0
    wave, problem = cosine_mode(n, 2, total_s, loss)
    exact = 0.5 * math.exp(-total_s * 4.0 * 50.0 / 10.0**2 * math.sin(2 * math.pi / (2 * n)) ** 2)
    errors = []
    for steps in (4, 8, 16):
        c = padded(problem.concentration)
        solver = DiffusionSolver(Medium(padded(problem.openness)), 1e-6)
        for _ in range(steps):
            solver.advance(c, 50.0, padded(problem.loss), padded(problem.source), total_s / steps)
        amplitude = 2.0 * np.mean(c[1:-1, 1:-1] * wave[:, None])
        errors.append(abs(amplitude - exact))
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.2)
    assert errors[1] / errors[2] == pytest.approx(2.0, abs=0.2)


def test_second_order_in_space():
    """Steady c = 2 + cos(pi x) cos(pi y), openness 0.6 + 0.3 cos(pi x), loss 30/s, side 1 um."""
    errors = []
    for n in (8, 16, 32):
        x = ((np.arange(n) + 0.5) / n)[:, None] * np.ones(n)
        y = x.T
        pi = math.pi
        openness = 0.6 + 0.3 * np.cos(pi * x)
        exact = 2.0 + np.cos(pi * x) * np.cos(pi * y)
        slope = (-pi * np.sin(pi * x) * np.cos(pi * y)) * (-0.3 * pi * np.sin(pi * x))
        divergence = slope - openness * 2.0 * pi**2 * np.cos(pi * x) * np.cos(pi * y)
        source = 30.0 * exact - divergence
        assert source.min() > 0.0
        problem = Problem(openness, exact, 30.0 + 0.0 * x, source, 1.0, STEADY_S, 1.0 / n)
        found, _ = problem.solve(tolerance=1e-6)
        errors.append(np.sqrt(np.mean((found - exact) ** 2)))
    assert errors[0] / errors[1] > 3.6
    assert errors[1] / errors[2] > 3.6


def test_between_fixed_edges_and_a_sink_the_profile_is_linear():
    """A long strip with a sink along its middle: straight lines, away from its ends.

    From an outer face to the sink it is half a site and eight links: conductance 1 / 8.5.
    """
    nx, ny = 17, 97
    zero = np.zeros((nx, ny))
    loss = zero.copy()
    loss[nx // 2] = 1.0  # = D / dx^2, so the sink takes 1 x c in grid units
    problem = Problem(zero + 1.0, zero, loss, zero, 100.0, STEADY_S, 10.0, 3.0)
    found, _ = problem.solve(tolerance=1e-6)
    from_end = np.minimum(np.arange(nx), np.arange(nx)[::-1])
    at_sink = 3.0 * (2.0 / 8.5) / (1.0 + 2.0 / 8.5)
    line = 3.0 + (at_sink - 3.0) * (from_end + 0.5) / 8.5
    assert found[:, 44:53] == pytest.approx(line[:, None] * np.ones(9), abs=1e-5)


# --- conservation, sign, symmetry --------------------------------------------------------------


@pytest.mark.parametrize("boundary", [MIRROR, 0.0, 0.7])
@pytest.mark.parametrize("tolerance", [1e-1, 1e-4])
def test_matter_is_balanced_to_rounding_whatever_the_tolerance(boundary, tolerance):
    problem = marrow((21, 14), 3, boundary=boundary)
    found, _ = problem.solve(tolerance)
    o, c, k, s = problem.in_double()
    gained = s.sum() * problem.dt
    lost = (k * found).sum() * problem.dt
    edge, exchanged = 0.0, 0.0
    if boundary is not MIRROR:
        conductance = edge_conductance(o, problem.diffusivity / problem.dx**2) * problem.dt
        edge = (conductance * (boundary - found)).sum()
        exchanged = (conductance * (boundary + found)).sum()  # rounding is that of both ways
    turnover = c.sum() + gained + lost + exchanged
    assert abs(found.sum() - (c.sum() + gained - lost + edge)) < 1e-7 * turnover


rough = st.integers(0, 2**32 - 1)


@settings(max_examples=10 if JIT_IS_OFF else 150, deadline=None)
@given(
    rough,
    st.integers(8, 12),
    st.integers(8, 13),
    st.sampled_from([MIRROR, 0.0, 1e-3, 5.0]),
    st.floats(-2.0, 4.0),
)
def test_never_negative_and_never_stalls_on_rough_input(seed, nx, ny, boundary, log_diffusivity):
    rng = np.random.default_rng(seed)
    shape = (nx, ny)

    def spread(low, high):
        return 10.0 ** rng.uniform(low, high, shape) * (rng.random(shape) < 0.5)

    openness = 10.0 ** rng.uniform(-2.0, 0.0, shape)
    fields = spread(-9.0, 2.0), spread(-8.0, 2.0), spread(-12.0, 0.0)
    problem = Problem(openness, *fields, 10.0**log_diffusivity, boundary=boundary)
    found, _ = problem.solve()
    assert np.isfinite(found).all()
    assert found.min() >= 0.0


def test_operator_is_symmetric_and_positive():
    rng = np.random.default_rng(4)
    problem = marrow((13, 10), 4, boundary=1.0)
    o, _, k, _ = problem.in_double()
    rest = (problem.diffusivity, problem.dt, problem.dx, problem.boundary)
    x, y = rng.standard_normal((2, 13, 10))
    forth, back = np.sum(x * operator(y, o, k, *rest)), np.sum(y * operator(x, o, k, *rest))
    assert forth == pytest.approx(back, rel=1e-12)
    assert np.sum(x * operator(x, o, k, *rest)) > 0.0
    assert sparse_matrix(o, k, *rest) @ x.ravel() == pytest.approx(
        operator(x, o, k, *rest).ravel(), rel=1e-10
    )


class Cycle:
    """The V-cycle of one operator as a function from right-hand side to correction."""

    def __init__(self, openness, mass, fixed=False):
        self.shape = openness.shape
        self.levels = table_of_levels(*self.shape)
        medium = Medium(padded(openness))
        self.faces = medium.face_x, medium.face_y
        self.mass, self.inverse, self.r, self.z = aligned_zeros(4, buffer_size(self.levels))
        self.inside(self.mass)[:] = mass
        self.image = np.float32(-1 if fixed else 1)
        build_inverses(self.mass, *self.faces, medium.openness, fixed, self.inverse, self.levels, 0)

    def inside(self, buffer, level=0):
        offset, nx, ny, stride, size = self.levels[level]
        rows = buffer[offset : offset + size].reshape(nx + 2, stride)
        return rows[1:-1, 1 : ny + 1]

    def __call__(self, right):
        self.inside(self.r)[:] = right
        scratch = aligned_zeros(4, scratch_size(self.levels))
        dot = v_cycle(self.image, self.r, self.z, self.inverse, *self.faces, self.levels, *scratch)
        out = self.inside(self.z).astype(float)
        assert dot == pytest.approx(np.sum(out * right), rel=1e-3)
        return out


@pytest.mark.parametrize("shape", [(16, 16), (13, 10), (8, 21)])
@pytest.mark.parametrize("fixed", [False, True])
def test_v_cycle_is_symmetric_and_positive(shape, fixed):
    rng = np.random.default_rng(5)
    cycle = Cycle(marrow(shape, 5).openness, 0.01 * rng.random(shape), fixed)
    x, y = rng.standard_normal((2, *shape))
    scale = np.sqrt(np.sum(x * cycle(x)) * np.sum(y * cycle(y)))
    assert np.sum(x * cycle(y)) == pytest.approx(np.sum(y * cycle(x)), abs=1e-5 * scale)
    assert np.sum(x * cycle(x)) > 0.0


def test_v_cycle_does_not_depend_on_where_blocks_of_rows_end(monkeypatch):
    """The turned grid has rows of another length, so its blocks end elsewhere."""
    shape = (41, 8200)  # rows so long that a block has only a few
    if JIT_IS_OFF:
        shape = (13, 20)
        monkeypatch.setattr(multigrid, "BLOCK_SITES", 64)
    rng = np.random.default_rng(6)
    openness, mass = marrow(shape, 6).openness, 0.01 * rng.random(shape)
    right = rng.standard_normal(shape)
    here = Cycle(openness, mass)(right)
    turned_back = Cycle(openness.T, mass.T)(right.T).T
    assert turned_back == pytest.approx(here, abs=1e-5 * np.abs(here).max())


def test_coarse_levels_hold_the_whole_mass():
    rng = np.random.default_rng(7)
    mass = rng.random((13, 22))
    cycle = Cycle(np.ones((13, 22)), mass)
    for level in range(len(cycle.levels)):
        assert cycle.inside(cycle.mass, level).sum() == pytest.approx(mass.sum(), rel=1e-5)


@pytest.mark.parametrize(
    "turn", [np.flipud, np.fliplr, np.rot90, np.transpose], ids=["flip x", "flip y", "turn", "swap"]
)
@pytest.mark.parametrize("boundary", [MIRROR, 0.3])
def test_turned_problem_has_turned_solution(turn, boundary):
    problem = marrow((16, 16), 6, boundary=boundary)
    here, _ = problem.solve()
    there, _ = problem.turned(lambda field: turn(field).copy()).solve()
    assert there == pytest.approx(turn(here), rel=2e-5)


# --- behaviour ---------------------------------------------------------------------------------


def test_border_holds_what_lies_beyond_the_edge():
    problem = marrow((9, 11), 7)
    c = padded(problem.concentration)
    k, s = padded(problem.loss), padded(problem.source)
    solver = DiffusionSolver(Medium(padded(problem.openness)))
    solver.advance(c, 100.0, k, s, HOUR_S)
    assert np.array_equal(c, np.pad(c[1:-1, 1:-1], 1, mode="edge"))
    solver.advance(c, 100.0, k, s, HOUR_S, boundary=0.25)
    assert np.array_equal(c, np.pad(c[1:-1, 1:-1], 1, constant_values=0.25))


def test_same_bytes_whatever_was_solved_before():
    problem, other = marrow((12, 15), 8), marrow((12, 15), 9, 45.0, 13.0, 0.2)
    solver = DiffusionSolver(Medium(padded(problem.openness)))
    results = []
    for _ in range(2):
        for task in (problem, other):
            c = padded(task.concentration)
            k, s = padded(task.loss), padded(task.source)
            solver.advance(c, task.diffusivity, k, s, HOUR_S, task.boundary)
            results.append(c.tobytes())
    assert results[:2] == results[2:]


def test_updated_medium_equals_a_new_one():
    before, after = marrow((14, 9), 10).openness, marrow((14, 9), 11).openness
    medium = Medium(padded(before))
    medium.update(padded(after))
    fresh = Medium(padded(after))
    assert np.array_equal(medium.face_x, fresh.face_x)
    assert np.array_equal(medium.face_y, fresh.face_y)
    assert not np.array_equal(medium.face_x, Medium(padded(before)).face_x)


@pytest.mark.parametrize("unit", [1e-24, 1e-12, 1e12])
def test_unit_of_concentration_does_not_matter(unit):
    problem = marrow((10, 12), 12)
    plain, outcome = problem.solve()
    problem.concentration = problem.concentration * unit
    problem.source = problem.source * unit
    scaled, scaled_outcome = problem.solve()
    assert scaled / unit == pytest.approx(plain, rel=1e-4)
    assert outcome.iterations == scaled_outcome.iterations


def test_nothing_stays_nothing():
    problem = marrow((8, 8), 13)
    problem.concentration[:] = 0.0
    problem.source[:] = 0.0
    found, outcome = problem.solve()
    assert not found.any()
    assert outcome == (0, 0.0)


@pytest.mark.parametrize("name", ["concentration", "loss_per_s", "source_per_s"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 2e30])
def test_bad_value_is_named_with_its_site(name, value):
    problem = marrow((9, 8), 14)
    fields = {
        "concentration": padded(problem.concentration),
        "loss_per_s": padded(problem.loss),
        "source_per_s": padded(problem.source),
    }
    fields[name][1 + 4, 1 + 7] = value
    solver = DiffusionSolver(Medium(padded(problem.openness)))
    with pytest.raises(FloatingPointError, match=rf"^{name} is .* at site \(4, 7\)"):
        solver.advance(diffusivity_um2_per_s=100.0, dt_s=HOUR_S, **fields)


def test_solve_that_does_not_converge_says_so():
    problem = marrow((16, 16), 15)
    solver = DiffusionSolver(Medium(padded(problem.openness)), 1e-6, max_iterations=1)
    fields = padded(problem.concentration), 100.0, padded(problem.loss), padded(problem.source)
    with pytest.raises(FloatingPointError, match=r"did not converge.*after 1 iterations"):
        solver.advance(*fields, HOUR_S)


def test_unusable_arguments_are_refused():
    good = padded(np.ones((8, 8)))
    solver = DiffusionSolver(Medium(good))
    with pytest.raises(ValueError, match="loss_per_s is float64"):
        solver.advance(good, 100.0, good.astype(float), good, HOUR_S)
    with pytest.raises(ValueError, match=r"concentration is .*shape"):
        solver.advance(good[:-1], 100.0, good, good, HOUR_S)
    with pytest.raises(ValueError, match="diffusivity_um2_per_s is 0"):
        solver.advance(good, 0.0, good, good, HOUR_S)
    with pytest.raises(ValueError, match="dt_s is nan"):
        solver.advance(good, 100.0, good, good, math.nan)
    with pytest.raises(ValueError, match="boundary is -1"):
        solver.advance(good, 100.0, good, good, HOUR_S, -1.0)
    with pytest.raises(ValueError, match="openness spans"):
        Medium(padded(np.zeros((8, 8))))
    with pytest.raises(ValueError, match="at least 8"):
        Medium(padded(np.ones((7, 8))))
    with pytest.raises(ValueError, match="tolerance is 1e-09"):
        DiffusionSolver(Medium(good), 1e-9)
