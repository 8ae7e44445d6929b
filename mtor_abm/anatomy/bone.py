"""A random section of trabecular bone with a wanted BV/TV, Tb.Th and Tb.Sp.

Struts are the walls of an irregular honeycomb (a Voronoi diagram), stretched along y, bent by a
smooth warp, with some walls missing. Two sums fix the measures. The length of struts per area is
made (BV/TV) / Tb.Th, and the sites nearest to the struts become bone until BV/TV is reached: then
the struts must be about Tb.Th thick, and the gaps between them follow from the plate model.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from scipy.spatial import Voronoi

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# All of these were chosen by eye against the look of mouse metaphyseal sections [assumed].
ELONGATION = 1.5  # height of a honeycomb cell over its width: struts follow the long axis, y
KEPT_SHARE = 0.62  # of the honeycomb's walls; the rest are gaps between plates and rods
ACROSS_PENALTY = 0.5  # 0: walls across y go missing as often as walls along it; 1: always first
JITTER = 0.26  # of the honeycomb's pitch
WARP = 0.16  # bend of the walls, of the pitch
UNEVEN = 0.14  # standard deviation of the relative thickness along struts
ROUNDING = 0.2  # width of the smoothing that fills sharp corners, of Tb.Th
SAMPLES_PER_SITE = 4  # points along a strut

# Struts overlap at their joints and are rounded at their ends, so that they come out a little
# thicker than area over length, the more so the denser they lie. With this much more length per
# BV/TV the plate model's Tb.Th is met [measured, see docs/decisions/0003-anatomy.md].
OVERLAP = 0.43

TRIALS = 20  # honeycombs drawn before a section is called too small

PLATE_MISMATCH = 0.30  # largest relative distance of Tb.Sp from the plate model that is accepted
BV_TV_RANGE = (0.03, 0.45)  # outside, struts are specks or the marrow is pores [assumed]
THINNEST_SITES = 2.0  # a strut must be at least two sites thick to have a smooth surface [assumed]


class Honeycomb(NamedTuple):
    """Points along candidate struts, best struts first, in sites; (n,) each."""

    x: Floats
    y: Floats


def plate_tb_sp_um(bv_tv: float, tb_th_um: float) -> float:
    """Tb.Sp (um) of parallel plates: Tb.Th (1 / BV/TV - 1). Parfitt 1983 [recalled]."""
    return tb_th_um * (1.0 / bv_tv - 1.0)


def trabecular_bone(
    shape: tuple[int, int],
    dx_um: float,
    bv_tv: float,
    tb_th_um: float,
    tb_sp_um: float | None,
    seed: int,
) -> Mask:
    """Bone mask (nx, ny), True in bone, the same for the same seed.

    shape     sites (nx, ny) of dx_um (um)
    bv_tv     bone area over tissue area, 0.03-0.45; met to one site
    tb_th_um  thickness by the plate model (2 B.Ar / B.Pm), at least 2 dx; met within 15 % where
              the section is several Tb.Sp wide; the mean local thickness lies a little above it
    tb_sp_um  follows from the other two by the plate model, and is only checked against it (30 %);
              None asks for whatever the plate model says
    seed      whole number >= 0

    No piece of bone and no hole is smaller than Tb.Th squared. Raises ValueError for measures that
    exclude each other or a section too small to hold them.
    """
    _check_measures(shape, dx_um, bv_tv, tb_th_um, tb_sp_um)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    th_sites = tb_th_um / dx_um
    length_per_area = (1.0 + OVERLAP * bv_tv) * bv_tv / th_sites
    # Walls of a honeycomb of pitch p have length 2 / p per area [computed].
    pitch = 2.0 * KEPT_SHARE / length_per_area
    n_points = round(length_per_area * shape[0] * shape[1] * SAMPLES_PER_SITE)
    for _ in range(TRIALS):  # a small section may by chance lie between all walls
        walls = _honeycomb(shape, pitch, rng)
        if 0 < n_points <= walls.x.size:
            break
    else:
        raise ValueError(
            f"a section of {shape[0]} x {shape[1]} sites is too small for trabeculae "
            f"{pitch:.0f} sites apart: enlarge the lattice, or lower tb_th_um or raise bv_tv"
        )
    distance = _distance_to_points(shape, walls.x[:n_points], walls.y[:n_points])
    unevenness = 1.0 + UNEVEN * _smooth_noise(shape, 3.0 * th_sites, rng)
    # Smoothing fills the sharp corners where struts meet.
    depth = gaussian_filter(distance, ROUNDING * th_sites) / np.clip(unevenness, 0.5, 1.5)
    n_bone = round(bv_tv * distance.size)
    return _nearest_without_specks(depth, n_bone, smallest=th_sites**2)


def _check_measures(
    shape: tuple[int, int], dx_um: float, bv_tv: float, tb_th_um: float, tb_sp_um: float | None
) -> None:
    if min(shape) < 1 or not dx_um > 0.0:
        raise ValueError(f"shape {shape} and dx_um {dx_um} must be above 0")
    low, high = BV_TV_RANGE
    if not low <= bv_tv <= high:
        raise ValueError(f"bv_tv is {bv_tv}; trabecular bone is drawn for {low} to {high}")
    if not tb_th_um >= THINNEST_SITES * dx_um:
        raise ValueError(
            f"tb_th_um is {tb_th_um} um; struts need {THINNEST_SITES:.0f} sites of {dx_um} um: "
            "thicken them or refine the lattice"
        )
    plate = plate_tb_sp_um(bv_tv, tb_th_um)
    if tb_sp_um is not None and not abs(tb_sp_um - plate) <= PLATE_MISMATCH * plate:
        least, most = (1.0 - PLATE_MISMATCH) * plate, (1.0 + PLATE_MISMATCH) * plate
        raise ValueError(
            f"tb_sp_um is {tb_sp_um} um, but bv_tv {bv_tv} and tb_th_um {tb_th_um} um leave gaps "
            f"of {plate:.0f} um (Tb.Th (1 / BV/TV - 1)): give {least:.0f} to {most:.0f} um, "
            "or change one of the other two"
        )


def _honeycomb(shape: tuple[int, int], pitch: float, rng: np.random.Generator) -> Honeycomb:
    """Points on the walls of a stretched, bent, jittered honeycomb, in order of survival."""
    stretch = np.sqrt(ELONGATION)
    width, height = shape[0] * stretch, shape[1] / stretch  # the section before the stretch
    margin = 3.0 * pitch
    xs = np.arange(-margin, width + margin, pitch)
    ys = np.arange(-margin, height + margin, pitch * np.sqrt(3.0) / 2.0)
    centres = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1)
    centres[:, 1::2, 0] += pitch / 2.0
    centres = centres.reshape(-1, 2) + rng.uniform(0.0, pitch, 2)
    centres += rng.normal(0.0, JITTER * pitch / np.sqrt(2.0), centres.shape)

    diagram = Voronoi(centres)
    ends = np.array([pair for pair in diagram.ridge_vertices if min(pair) >= 0])
    start, stop = diagram.vertices[ends[:, 0]], diagram.vertices[ends[:, 1]]
    near = np.all((start > -margin) & (start < [width + margin, height + margin]), axis=1)
    near &= np.all((stop > -margin) & (stop < [width + margin, height + margin]), axis=1)
    start, along = start[near], (stop - start)[near]
    length = np.hypot(along[:, 0], along[:, 1])
    across = np.abs(along[:, 0]) / np.maximum(length, 1e-9)
    survival = rng.random(length.size) * (1.0 - ACROSS_PENALTY * across)
    order = np.argsort(-survival)
    start, along, length = start[order], along[order], length[order]

    # Points evenly spaced along every wall, wall after wall.
    n_on_wall = np.ceil(2.0 * SAMPLES_PER_SITE * length).astype(np.int64)
    wall = np.repeat(np.arange(length.size), n_on_wall)
    place = np.arange(wall.size) - np.repeat(np.cumsum(n_on_wall) - n_on_wall, n_on_wall)
    points = start[wall] + along[wall] * (place / n_on_wall[wall])[:, None]
    points += _warp(points, pitch, rng)
    x, y = points[:, 0] / stretch, points[:, 1] * stretch

    # The stretch and the warp spread points unevenly: thin them to equal arc length.
    step = np.hypot(np.diff(x, append=x[-1:]), np.diff(y, append=y[-1:]))
    step[np.diff(wall, append=-1) != 0] = 0.0
    step[(x < 0) | (x >= shape[0]) | (y < 0) | (y >= shape[1])] = 0.0
    tick = np.floor(np.cumsum(step) * SAMPLES_PER_SITE)
    kept = np.diff(tick, prepend=0.0) > 0.0
    return Honeycomb(x[kept], y[kept])


def _warp(points: Floats, pitch: float, rng: np.random.Generator) -> Floats:
    """Smooth displacement (n, 2) of points (n, 2): plane waves of one to 2.5 pitches."""
    n_waves = 8
    angle = rng.uniform(0.0, 2.0 * np.pi, n_waves)
    wave = 2.0 * np.pi / (pitch * rng.uniform(0.9, 2.5, n_waves))
    phase = rng.uniform(0.0, 2.0 * np.pi, n_waves)
    push = rng.normal(0.0, WARP * pitch / np.sqrt(n_waves / 2.0), (n_waves, 2))
    bend = np.zeros_like(points)
    for a, k, p, amplitude in zip(angle, wave, phase, push, strict=True):
        bend += np.sin(k * (points @ np.array([np.cos(a), np.sin(a)])) + p)[:, None] * amplitude
    return bend


def _distance_to_points(shape: tuple[int, int], x: Floats, y: Floats) -> Floats:
    """Distance (sites) from the centre of every site (nx, ny) to about the nearest point.

    The nearest site that holds a point is exact, the point in it is the last one: the error stays
    below half a site, and smooths the staircase that whole sites would give.
    """
    i, j = x.astype(np.int64), y.astype(np.int64)
    free = np.ones(shape, dtype=bool)
    free[i, j] = False
    at_x, at_y = np.zeros(shape), np.zeros(shape)
    at_x[i, j], at_y[i, j] = x, y
    near_i, near_j = distance_transform_edt(free, return_distances=False, return_indices=True)
    centre_x = np.arange(shape[0])[:, None] + 0.5
    centre_y = np.arange(shape[1])[None, :] + 0.5
    return np.hypot(at_x[near_i, near_j] - centre_x, at_y[near_i, near_j] - centre_y)


def _smooth_noise(shape: tuple[int, int], width: float, rng: np.random.Generator) -> Floats:
    """Gaussian noise (nx, ny) of mean 0 and deviation about 1 that varies over `width` sites."""
    # The deviation of white noise after a Gaussian filter is 1 / (2 sqrt(pi) width) [computed].
    noise = gaussian_filter(rng.normal(size=shape), width, mode="wrap")
    return noise * (2.0 * np.sqrt(np.pi) * width)


def _nearest_without_specks(depth: Floats, n_bone: int, smallest: float) -> Mask:
    """The n_bone sites of least depth, with pieces and holes below `smallest` sites undone.

    What is undone changes the area, so the threshold is sought again until nothing small is left.
    """
    depth = depth.copy()
    n_rounds = 50
    for _ in range(n_rounds):
        bone = np.zeros(depth.shape, dtype=bool)
        bone.flat[np.argpartition(depth, n_bone - 1, axis=None)[:n_bone]] = True
        specks = _small_pieces(bone, smallest, np.ones((3, 3)))
        holes = _small_pieces(~bone, smallest, None)
        if not (specks.any() or holes.any()):
            return bone
        depth[specks] = np.inf
        depth[holes] = -np.inf
    raise ValueError(
        f"{depth.shape[0]} x {depth.shape[1]} sites hold no {n_bone} sites of bone without pieces "
        f"below {smallest:.0f} sites: enlarge the lattice, lower tb_th_um or change the seed"
    )


def _small_pieces(mask: Mask, smallest: float, joined: Floats | None) -> Mask:
    pieces, _ = label(mask, structure=joined)
    small = np.bincount(pieces.ravel()) < smallest
    small[0] = False
    return small[pieces]
