"""The lattice: flat site indices with a border, and tables of neighbour offsets.

Sites are numbered row by row over an array of shape (nx + 2, ny + 2); the outermost ring is a wall.
A rule only ever adds an offset to a site, so it never tests for edges and never sees ix or iy.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Lattice:
    """A padded rectangular lattice.

    Attributes:
        nx, ny: interior sites along x and y.
        dx_um: distance between sites, um.
    """

    nx: int
    ny: int
    dx_um: float

    @property
    def padded(self) -> tuple[int, int]:
        """Shape of a layer with its border: (nx + 2, ny + 2)."""
        return (self.nx + 2, self.ny + 2)

    @property
    def n_sites(self) -> int:
        """Number of sites, border included: length of a flat layer."""
        return (self.nx + 2) * (self.ny + 2)

    @property
    def area_mm2(self) -> float:
        """Area of the interior."""
        return self.nx * self.ny * self.site_area_mm2

    @property
    def site_area_mm2(self) -> float:
        """Area of one site."""
        return (self.dx_um * 1e-3) ** 2

    def inside(self) -> np.ndarray:
        """Flat bool layer, True in the interior."""
        mask = np.zeros(self.padded, dtype=bool)
        mask[1:-1, 1:-1] = True
        return mask.ravel()

    def layer(self, dtype: type, fill: float = 0) -> np.ndarray:
        """New flat layer of shape (n_sites,)."""
        return np.full(self.n_sites, fill, dtype=dtype)

    def interior(self, layer: np.ndarray) -> np.ndarray:
        """View of a flat layer as its (nx, ny) interior."""
        return layer.reshape(self.padded)[1:-1, 1:-1]

    def pad(self, interior: np.ndarray, fill: float = 0) -> np.ndarray:
        """Flat layer from an (nx, ny) array, the border filled."""
        out = np.full(self.padded, fill, dtype=interior.dtype)
        out[1:-1, 1:-1] = interior
        return out.ravel()

    def site(self, ix: int, iy: int) -> int:
        """Flat index of interior site (ix, iy), both from 0."""
        return (ix + 1) * (self.ny + 2) + iy + 1

    def xy_um(self, site: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centre of flat sites in um from the corner of the interior."""
        ix, iy = np.divmod(np.asarray(site), self.ny + 2)
        return (ix - 0.5) * self.dx_um, (iy - 0.5) * self.dx_um

    def reach(self, distance_um: float) -> int:
        """Whole sites in a distance, at most what tells left from right on this lattice."""
        return min(int(distance_um / self.dx_um + 1e-9), min(self.nx, self.ny) // 2 - 1)

    def faces(self) -> np.ndarray:
        """Offsets of the 4 neighbours that share a face, int64."""
        stride = self.ny + 2
        return np.array([-stride, -1, 1, stride], dtype=np.int64)

    def neighbours(self) -> np.ndarray:
        """Offsets of the 8 nearest sites, int64."""
        return self.disc(1.5)

    def disc(self, radius: float) -> np.ndarray:
        """Offsets within a radius (in sites), nearest first, the site itself left out, int64.

        Beyond a radius of 1.5 an offset can leave the array or wrap around near an edge, so a
        kernel walks there in steps of the 8 neighbours or checks bounds and the wall.
        """
        return _disc(self.ny + 2, radius)


@cache
def _disc(stride: int, radius: float) -> np.ndarray:
    """See Lattice.disc; kernels ask for it each hour and only read it."""
    r = int(radius)
    steps = [
        (dx * dx + dy * dy, dx, dy)
        for dx in range(-r, r + 1)
        for dy in range(-r, r + 1)
        if 0 < dx * dx + dy * dy <= radius * radius
    ]
    return np.array([dx * stride + dy for _, dx, dy in sorted(steps)], dtype=np.int64)
