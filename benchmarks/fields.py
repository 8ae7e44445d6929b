"""Cost and accuracy of one hourly diffusion step: python benchmarks/fields.py [--quick] [--json F].

The task is meant to be honest: trabecular bone (14 % of the sites, a tenth as open) hinders
diffusion, uptake differs from site to site, a few vessel sites are strong sinks, 5 % of the sites
release, and every hour 0.5 % of these move to a neighbouring site, as cells do. The solver starts
from the concentration of the hour before.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from machine import RESULTS, best_of, triad_gb_per_s, write_json
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import spsolve

from mtor_abm.numerics.compiled import reordering_kernel
from mtor_abm.numerics.diffusion import DiffusionSolver, Medium

HOUR_S = 3600.0
DX_UM = 10.0
BONE_FRACTION, BONE_OPENNESS = 0.14, 0.1
SOURCE_FRACTION, MOVED_PER_HOUR = 0.05, 0.005

WARM_UP_HOURS = 2  # start cold and do not count

# (diffusivity um2/s, length sqrt(D / decay) um): spans the fields of the model. Assumed.
FIELDS = [
    (13.0, 45.0),
    (30.0, 100.0),
    (50.0, 400.0),
    (60.0, 60.0),
    (100.0, 45.0),
    (100.0, 100.0),
    (100.0, 400.0),
    (150.0, 200.0),
    (300.0, 400.0),
    (1000.0, 300.0),
    (2000.0, 150.0),
]
# (n, hours, replays)
SIZES = [(100, 20, 5), (200, 20, 5), (2000, 3, 4)]


class Marrow:
    """A random square piece of marrow with one field in it."""

    def __init__(self, n: int, diffusivity: float, length_um: float) -> None:
        """Draw bone, uptake and sources; the same for every field but for their scale."""
        self.rng = np.random.default_rng(1)
        self.n, self.diffusivity = n, diffusivity
        blobs = gaussian_filter(self.rng.standard_normal((n, n)), 4)
        bone = blobs > np.quantile(blobs, 1.0 - BONE_FRACTION)
        decay = diffusivity / length_um**2
        self.openness, self.loss, self.source, self.concentration = np.zeros(
            (4, n + 2, n + 2), dtype=np.float32
        )
        inside = np.s_[1:-1, 1:-1]
        self.openness[inside] = np.where(bone, BONE_OPENNESS, 1.0)
        uptake = 1.0 * (self.rng.random((n, n)) < 0.3) + 10.0 * (self.rng.random((n, n)) < 0.03)
        self.loss[inside] = decay * (0.5 + uptake)
        releases = (self.rng.random((n, n)) < SOURCE_FRACTION) & ~bone
        self.source[inside] = decay * self.rng.random((n, n)) * releases

    def move_some_sources(self) -> None:
        """Let 0.5 % of the sources step to one of the eight neighbouring sites."""
        sites = np.argwhere(self.source > 0.0)
        chosen = self.rng.choice(len(sites), max(1, round(MOVED_PER_HOUR * len(sites))), False)
        old = sites[chosen]
        new = np.clip(old + self.rng.integers(-1, 2, old.shape), 1, self.n)
        released = self.source[tuple(old.T)]
        self.source[tuple(old.T)] = 0.0
        np.add.at(self.source, tuple(new.T), released)

    def solve_directly(self, before: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the step from `before` in double precision, and the solver's true residual."""
        inside = np.s_[1:-1, 1:-1]
        o, k, s = (f[inside].astype(float) for f in (self.openness, self.loss, self.source))
        number = np.arange(o.size).reshape(o.shape)
        one = np.concatenate([number[:-1].ravel(), number[:, :-1].ravel()])
        two = np.concatenate([number[1:].ravel(), number[:, 1:].ravel()])
        a, b = o.ravel()[one], o.ravel()[two]
        w = self.diffusivity / DX_UM**2 * 2.0 * a * b / (a + b)
        coupling = sparse.coo_matrix((np.r_[-w, -w], (np.r_[one, two], np.r_[two, one]))).tocsr()
        diagonal = -np.asarray(coupling.sum(axis=1)).ravel() + 1.0 / HOUR_S + k.ravel()
        matrix = (coupling + sparse.diags(diagonal)).tocsc()
        right = (before[inside].astype(float) / HOUR_S + s).ravel()
        found = self.concentration[inside].astype(float).ravel()
        residual = float(np.linalg.norm(right - matrix @ found) / np.linalg.norm(right))
        return spsolve(matrix, right), residual


def measure(
    n: int, fields: list[tuple[float, float]], hours: int, replays: int, check: bool
) -> list[dict[str, float]]:
    """Advance all fields hour by hour, in turn as the model does; return the cost of each.

    Each hour is replayed from the same state and its least time counts; the cost is the mean of
    that over the hours. With check, the last hour is compared with the direct solve.
    """
    marrows = [Marrow(n, *field) for field in fields]
    solver = DiffusionSolver(Medium(marrows[0].openness, DX_UM))
    spent = np.full((hours + WARM_UP_HOURS, len(fields)), np.inf)
    iterations, residuals = np.zeros_like(spent), np.zeros_like(spent)
    for hour in range(len(spent)):
        before = [marrow.concentration.copy() for marrow in marrows]
        for _ in range(replays):
            for i, marrow in enumerate(marrows):
                marrow.concentration[:] = before[i]
                started = time.perf_counter()
                outcome = solver.advance(
                    marrow.concentration, marrow.diffusivity, marrow.loss, marrow.source, HOUR_S
                )
                spent[hour, i] = min(spent[hour, i], time.perf_counter() - started)
                iterations[hour, i], residuals[hour, i] = outcome
        if hour + 1 < len(spent):
            for marrow in marrows:
                marrow.move_some_sources()
    rows = []
    for i, (marrow, (diffusivity, length_um)) in enumerate(zip(marrows, fields, strict=True)):
        row = {
            "diffusivity_um2_per_s": diffusivity,
            "length_um": length_um,
            "ns_per_site": float(spent[WARM_UP_HOURS:, i].mean() / n**2 * 1e9),
            "mean_iterations": float(iterations[WARM_UP_HOURS:, i].mean()),
            "worst_relative_residual": float(residuals[WARM_UP_HOURS:, i].max()),
        }
        if check:
            exact, true_residual = marrow.solve_directly(before[i])
            found = marrow.concentration[1:-1, 1:-1].ravel()
            error = np.linalg.norm(found - exact) / np.linalg.norm(exact)
            row["relative_l2_error"] = float(error)
            row["residual_recomputed_in_double"] = true_residual
        rows.append(row)
    return rows


def mean_cost(rows: list[dict[str, float]]) -> float:
    """ns per site, field and hourly step."""
    return float(np.mean([row["ns_per_site"] for row in rows]))


def bytes_per_site(iterations: float) -> float:
    """Bytes of main memory a solve moves per site of a grid far larger than the caches. Computed.

    Counted by hand from the kernels, 4 bytes a value, a value written without being read counted
    twice (the cache fetches it first), coarse levels as a third of the finest.
    """
    assemble = 3 + 3 * 2  # c, loss, source; copy, mass, right-hand side
    start = 5 + 1 + 2 * 2 + (1 + 3 + 3 * 2) / 3  # mass, c, 2 faces, b; b; diagonal, inverse
    descend_and_ascend = (4 + 2 + 1 / 4) + (5 + 1 + 1 / 4)
    direction_and_step = (5 + 1 + 2) + (4 + 2)
    settle = 2 + 1 + 2
    per_iteration = descend_and_ascend * 4 / 3 + direction_and_step
    return 4.0 * (assemble + start + iterations * per_iteration + settle)


@reordering_kernel
def _explicit_substep(c, new, face_x, face_y, loss, source, stride, rate, dt):
    """One forward-Euler step on padded rows; the plain alternative."""
    centre, below, above, right, left = (
        c[stride:],
        c[2 * stride :],
        c,
        c[stride + 1 :],
        c[stride - 1 :],
    )
    w_below, w_above, w_right, w_left = (
        face_x[stride:],
        face_x,
        face_y[stride:],
        face_y[stride - 1 :],
    )
    k, s, out = loss[stride:], source[stride:], new[stride:]
    for i in range(c.size - 2 * stride):
        inflow = w_below[i] * (below[i] - centre[i]) + w_above[i] * (above[i] - centre[i])
        inflow += w_right[i] * (right[i] - centre[i]) + w_left[i] * (left[i] - centre[i])
        out[i] = centre[i] + dt * (rate * inflow - k[i] * centre[i] + s[i])


def explicit_ns_per_site(n: int, diffusivity: float) -> tuple[float, float]:
    """Cost of an hour by forward Euler: ns per site, scaled from 200 measured substeps."""
    marrow = Marrow(n, diffusivity, 150.0)
    medium = Medium(marrow.openness, DX_UM)
    stride, size = int(medium.levels[0, 3]), int(medium.levels[0, 4])

    def laid_out(field: np.ndarray) -> np.ndarray:
        rows = np.zeros((n + 2, stride), dtype=np.float32)
        rows[:, : n + 2] = field
        return rows.ravel()

    a, b = laid_out(marrow.concentration), laid_out(marrow.concentration)
    faces = medium.face_x[:size], medium.face_y[:size]
    rest = laid_out(marrow.loss), laid_out(marrow.source), stride
    rate = diffusivity / DX_UM**2
    substeps = HOUR_S / (0.25 / rate)  # the limit of stability
    numbers = np.float32(rate), np.float32(0.25 / rate)

    def run() -> None:
        for _ in range(100):
            _explicit_substep(a, b, *faces, *rest, *numbers)
            _explicit_substep(b, a, *faces, *rest, *numbers)

    run()
    return best_of(5, run) / 200.0 * substeps / n**2 * 1e9, substeps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer fields and hours, no 2000^2")
    parser.add_argument("--json", type=Path, default=RESULTS / "fields.json")
    arguments = parser.parse_args()
    quick = arguments.quick

    triad = triad_gb_per_s()
    print(f"memory triad of one core: {triad:.1f} GB/s (float32)")
    measure(16, FIELDS[:1], 1, 1, check=False)  # compile

    print("\n200 x 200, warm start, tolerance 1e-4")
    print("     D   length   ns/site  iterations  residual  in double  error vs direct")
    rows = measure(200, FIELDS[::4] if quick else FIELDS, 4 if quick else 20, 5, check=True)
    for row in rows:
        print(
            f"{row['diffusivity_um2_per_s']:6.0f} {row['length_um']:8.0f} "
            f"{row['ns_per_site']:9.2f} {row['mean_iterations']:11.2f} "
            f"{row['worst_relative_residual']:9.1e} {row['residual_recomputed_in_double']:10.1e} "
            f"{row['relative_l2_error']:16.1e}"
        )
    mean = mean_cost(rows)
    print(f"mean {mean:.2f} ns per site, field and hourly step")

    print("\nby size, three fields")
    sizes = {}
    for n, hours, replays in SIZES[:2] if quick else SIZES:
        of_size = measure(n, FIELDS[::5], hours, replays, check=False)
        cost, iterations = mean_cost(of_size), np.mean([row["mean_iterations"] for row in of_size])
        bound = bytes_per_site(float(iterations)) / (triad * 4.0 / 3.0)  # triad moves 16, counts 12
        sizes[str(n)] = {
            "ns_per_site": cost,
            "mean_iterations": float(iterations),
            "memory_bound_ns_per_site": bound,
        }
        print(
            f"{n:5d}^2 {cost:7.2f} ns/site, {iterations:.2f} iterations; were all arrays in main "
            f"memory, its traffic alone would take {bound:.1f} ns"
        )
    if not quick:
        ratio = sizes["2000"]["ns_per_site"] / sizes["200"]["ns_per_site"]
        print(f"2000^2 costs {ratio:.2f} times as much per site as 200^2")
    explicit, substeps = explicit_ns_per_site(200, 100.0)
    print(
        f"\nexplicit scheme, D 100 um2/s: {explicit:.0f} ns per site and hour "
        f"(200 substeps measured, scaled to the {substeps:.0f} that stability demands)"
    )
    write_json(
        arguments.json,
        {
            "triad_gb_per_s": triad,
            "mean_ns_per_site_field_step_200": mean,
            "fields_200": rows,
            "by_size": sizes,
            "explicit_ns_per_site_hour": explicit,
            "explicit_substeps_scaled_to": substeps,
        },
    )
    print(f"written to {arguments.json}")


if __name__ == "__main__":
    main()
