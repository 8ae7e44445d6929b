"""Vessels of an image as the model has them: lines of sites, one endothelial segment each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from ..errors import UserError
from .images import library

Mask = NDArray[np.bool_]

EIGHT = np.ones((3, 3), dtype=bool)
MOST_IN_BONE = 0.1  # of the vessel sites; edges blur that much, beyond it two images do not fit


@dataclass(frozen=True)
class Vessels:
    """Vessels on the lattice.

    Attributes:
        sites: (rows, columns), True on a vessel, never in bone.
        n_pieces: connected networks; each gets an arteriole.
        n_in_bone: sites that were left out since bone is there.
    """

    sites: Mask
    n_pieces: int
    n_in_bone: int


def vessel_sites(name: str, seen: Mask, pixel_um: float, dx_um: float, bone: Mask) -> Vessels:
    """The centre lines of the vessels of an image, on the sites of a lattice.

    In the section of the model a vessel is a line of segments of 10 um without a lumen, so a vessel
    that is wider in the image becomes its centre line (thinning of Zhang and Suen 1984, by
    scikit-image); thin and slanting ones stay connected.

    Args:
        name: of the image, for messages.
        seen: (rows, columns) of pixels, True on vessels.
        pixel_um, dx_um: size of a pixel and of a site.
        bone: (rows, columns) of sites.

    Raises:
        UserError: no vessel, or many of them in bone.
    """
    thin = library("skimage.morphology").skeletonize
    if dx_um >= pixel_um:
        lines = np.argwhere(thin(seen))
        at = np.minimum((lines + 0.5) * pixel_um / dx_um, np.array(bone.shape) - 0.5)
        inside = ((lines + 0.5) * pixel_um < np.array(bone.shape) * dx_um).all(axis=1)
        sites = np.zeros(bone.shape, dtype=bool)
        sites[tuple(at[inside].astype(np.int64).T)] = True
    else:
        of_row, of_column = (((np.arange(n) + 0.5) * dx_um / pixel_um).astype(int)
                             for n in bone.shape)  # fmt: skip
        sites = seen[np.ix_(of_row, of_column)]
    sites = np.asarray(thin(sites), dtype=bool)
    n_sites, n_in_bone = int(sites.sum()), int((sites & bone).sum())
    if n_sites == 0:
        raise UserError(f"{name}: shows no vessel; leave out --vessels to have them drawn")
    if n_in_bone > MOST_IN_BONE * n_sites:
        raise UserError(
            f"{name}: {n_in_bone} of {n_sites} vessel sites lie in bone; give the mask that "
            "belongs to the image (vessels bright), or check --threshold and --invert"
        )
    sites = sites & ~bone
    return Vessels(sites, int(label(sites, structure=EIGHT)[1]), n_in_bone)
