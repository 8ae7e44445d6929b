"""From a grey image to bone on the lattice, and whether the lattice keeps what the image shows."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from ..errors import UserError
from ..histomorphometry import bone_measures, mean_local_thickness_um
from .grey_threshold import otsu, without_outliers
from .images import GreyImage, library

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

EIGHT = np.ones((3, 3), dtype=bool)
LOCAL_UM = 10.0 / 3.0  # local thickness, which is slow, is measured on pixels of no less than this
MOST_LOCAL_PIXELS = 1_500_000  # and on no more of them
FINER_DX_UM = (20.0, 15.0, 12.5, 10.0, 7.5, 6.0, 5.0)  # lattices that are tried as a cure

#: What is measured: key -> (label, unit, what a difference beyond the tolerance does).
MEASURES = {
    "bv_tv": ("BV/TV", "1", "refuse"),
    "tb_th_local_um": ("Tb.Th, local thickness", "um", "refuse"),
    "tb_sp_local_um": ("Tb.Sp, local thickness", "um", "refuse"),
    "tb_th_um": ("Tb.Th, plate model", "um", "warn"),
    "tb_sp_um": ("Tb.Sp, plate model", "um", "warn"),
    "tb_n_per_mm": ("Tb.N, plate model", "1/mm", "warn"),
}


@dataclass(frozen=True)
class GreyLevels:
    """Pixels in which bone is what lies above the threshold.

    Attributes:
        pixels: (rows, columns); dark bone was turned into bright bone.
        pixel_um: size of a pixel. threshold: see above. how: what set it, for people.
        is_binary: there are two grey levels only.
        notes: what was done about pixels that are no measurement, one line each.
    """

    pixels: Floats
    pixel_um: float
    threshold: float
    how: str
    is_binary: bool
    notes: tuple[str, ...] = ()

    @property
    def bone(self) -> Mask:
        """(rows, columns), True in bone."""
        return self.pixels > self.threshold

    def on_sites_of(self, dx_um: float) -> Mask:
        """Bone on square sites (rows, columns): the mean grey of each site against the threshold.

        Between pixels larger than a site, grey is interpolated, so that edges are smooth. What is
        left of the image to the right and below, less than one site, is cut off.
        """
        pillow = library("PIL.Image")
        rows, columns = sites_in(self.pixels.shape, self.pixel_um, dx_um)
        scale = dx_um / self.pixel_um
        how = pillow.Resampling.BOX if scale >= 1.0 else pillow.Resampling.BILINEAR
        # From the threshold, so that single precision does not decide what is bone.
        image = pillow.fromarray((self.pixels - self.threshold).astype(np.float32))
        height, width = self.pixels.shape
        box = (0.0, 0.0, min(columns * scale, width), min(rows * scale, height))
        above = np.asarray(image.resize((columns, rows), how, box=box))
        bone = above > 0.0
        if self.is_binary and scale > 1.0:  # half-full sites: every other one, or bone is lost
            bone |= (above == 0.0) & (np.indices(bone.shape).sum(axis=0) % 2 == 0)
        return bone


def sites_in(shape: tuple[int, ...], pixel_um: float, dx_um: float) -> tuple[int, int]:
    """Whole sites along rows and columns of an image."""
    rows, columns = (int(n * pixel_um / dx_um + 1e-6) for n in shape)
    return rows, columns


def grey_levels(
    image: GreyImage,
    pixels: Floats,
    pixel_um: float,
    threshold: float | None,
    invert: bool,
    smooth_um: float,
) -> GreyLevels:
    """Choose the threshold.

    Args:
        image: for its name, and whether it is black and white already.
        pixels: of it, perhaps cropped.
        pixel_um: size of one.
        threshold: grey level, or None: half-way in a black-and-white image, else Otsu's.
        invert: bone is dark.
        smooth_um: standard deviation of a Gaussian that takes noise away before, 0 for none.

    Raises:
        UserError: one grey level only, a threshold that separates nothing, or padding.
    """
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        raise UserError(f"{image.name}: all pixels are {low:g}; give another image, page or --crop")
    notes: tuple[str, ...] = ()
    if not image.is_binary:
        seen = without_outliers(image.name, pixels, may_be_padded=threshold is not None)
        pixels, low, high, notes = seen.pixels, seen.low, seen.high, seen.notes
    if smooth_um > 0.0:
        pixels = gaussian_filter(pixels, smooth_um / pixel_um, mode="nearest")
    if threshold is not None:
        how = "--threshold"
        if not low <= threshold < high:
            raise UserError(
                f"{image.name}: --threshold {threshold:g} separates nothing, its grey levels are "
                f"{low:g} to {high:g}; give one between, or otsu"
            )
    elif image.is_binary:
        threshold, how = (low + high) / 2.0, "black and white"
    else:
        threshold, how = otsu(pixels, image.is_whole and smooth_um == 0.0), "Otsu"
    sign = -1.0 if invert else 1.0
    is_binary = image.is_binary and smooth_um == 0.0
    how = f"{how}; grey levels {low:g} to {high:g}"
    return GreyLevels(sign * pixels, pixel_um, sign * threshold, how, is_binary, notes)


def labelled_levels(mask: Mask, pixel_um: float, how: str) -> GreyLevels:
    """Bone that labels of the image say, as black and white."""
    return GreyLevels(mask.astype(np.float64), pixel_um, 0.5, how, is_binary=True)


@dataclass(frozen=True)
class Cleaned:
    """A mask without crumbs: (rows, columns), how many pieces of bone and holes went."""

    bone: Mask
    n_islands: int
    n_holes: int


def without_specks(bone: Mask, dx_um: float, area_um2: float) -> Cleaned:
    """Drop pieces of bone and fill holes smaller than an area.

    The noise of a threshold leaves both. In the model each hole would be a pocket of marrow with an
    arteriole of its own.
    """
    islands = _small(bone, EIGHT, area_um2 / dx_um**2)
    bone = bone & ~islands.mask
    holes = _small(~bone, None, area_um2 / dx_um**2)
    return Cleaned(bone | holes.mask, islands.count, holes.count)


@dataclass(frozen=True)
class _Pieces:
    mask: Mask
    count: int


def _small(mask: Mask, joined: Mask | None, smallest: float) -> _Pieces:
    pieces, _ = label(mask, structure=joined)
    small = np.bincount(pieces.ravel()) < smallest
    small[0] = False
    return _Pieces(small[pieces], int(small.sum()))


def measured(bone: Mask, dx_um: float, local: Mask, local_dx_um: float) -> dict[str, float]:
    """The MEASURES of a mask; `local` is the same bone on sites fit for local thickness."""
    plate = bone_measures(bone, dx_um)
    return {
        "bv_tv": plate.bv_tv,
        "tb_th_local_um": mean_local_thickness_um(local, local_dx_um),
        "tb_sp_local_um": mean_local_thickness_um(~local, local_dx_um),
        "tb_th_um": plate.tb_th_um,
        "tb_sp_um": plate.tb_sp_um,
        "tb_n_per_mm": plate.tb_n_per_mm,
    }


def measured_image(levels: GreyLevels, specks_um2: float) -> dict[str, float]:
    """MEASURES of the image at its own resolution; for local thickness not below LOCAL_UM."""
    bone = without_specks(levels.bone, levels.pixel_um, specks_um2).bone
    coarsest = levels.pixel_um * math.sqrt(bone.size / MOST_LOCAL_PIXELS)
    local, local_um = bone, max(levels.pixel_um, LOCAL_UM, coarsest)
    if local_um > levels.pixel_um:
        local = without_specks(levels.on_sites_of(local_um), local_um, specks_um2).bone
    return measured(bone, levels.pixel_um, local, local_um)


def beyond(image: dict[str, float], lattice: dict[str, float], tolerance: float) -> list[str]:
    """Keys of MEASURES that differ by more than the tolerance, relative to the image."""
    return [key for key in MEASURES if not abs(lattice[key] / image[key] - 1.0) <= tolerance]


def refuse_lost_bone(
    levels: GreyLevels, dx_um: float, specks_um2: float, tolerance: float,
    image: dict[str, float], lattice: dict[str, float],
) -> list[str]:  # fmt: skip
    """See that the lattice keeps the bone of the image; return what else is to be told.

    Raises:
        UserError: BV/TV or a local thickness differs by more than the tolerance; names the largest
            dx that would keep it.
    """
    odd = beyond(image, lattice, tolerance)
    lost = [key for key in odd if MEASURES[key][2] == "refuse"]
    if not lost:
        return [
            f"{MEASURES[key][0]} differs by more than {100 * tolerance:g} %: faces of finer pixels "
            "make more perimeter"
            for key in odd
        ]
    told = ", ".join(
        f"{MEASURES[key][0]} {_shown(image[key])} becomes {_shown(lattice[key])}" for key in lost
    )
    for finer_um in (dx for dx in FINER_DX_UM if dx < dx_um):
        bone = without_specks(levels.on_sites_of(finer_um), finer_um, specks_um2).bone
        odd = beyond(image, measured(bone, finer_um, bone, finer_um), tolerance)
        if not any(MEASURES[key][2] == "refuse" for key in odd):
            cure = f"--dx-um {finer_um:g} keeps it"
            break
    else:
        cure = "no lattice down to 5 um keeps it; crop to thicker bone"
    raise UserError(
        f"sites of {dx_um:g} um change the bone: {told}, which is more than {100 * tolerance:g} % "
        f"off; {cure}, or allow more with --tolerance"
    )


def _shown(value: float) -> str:
    return f"{value:.3f}" if value < 1.0 else f"{value:.1f}"
