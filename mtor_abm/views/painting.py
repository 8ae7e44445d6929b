"""The marrow as pixels, painted from the tables of cells and of sites.

Bone has smooth outlines, vessels are tubes along lines that join neighbouring sites of vessel, and
cells are discs on their sites. The model holds every vessel as 10 um wide and every fat cell on one
site; they are drawn with the widths below, so that they can be seen. At one pixel a site, sites are
squares and nothing is smoothed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import binary_erosion, gaussian_filter1d
from scipy.sparse import csr_array

from ..palette import (
    BONE,
    CAVITY,
    CELL_COLOURS,
    CLONE_COLOURS,
    COLOURS,
    MARROW,
    OSTEOCLAST,
    OTHER_CLONES,
    RESIDENT_COLOURS,
    SPROUT,
    VESSEL,
)

UM_PER_MM = 1000.0
FEWEST_PIXELS = 3  # below it a cell fills its square
BONE_EDGE, VESSEL_LUMEN, NUCLEUS, FAT_EDGE = "#8d7f5f", "#eeb3b0", "#0d2f52", "#d9a92c"
TUMOUR_GROUND = "#e3dcf0"

# Radii of what is drawn, in sites.
CELL, RESIDENT, FLAT_CELL, LACUNA, FAT_CELL = 0.5, 0.38, 0.28, 0.25, 1.5
VESSEL_WALL, VESSEL_INSIDE, SPROUT_RADIUS = 0.7, 0.36, 0.42
_RADIUS_OF = {"fat cell": FAT_CELL, "bone lining cell": FLAT_CELL, "osteocyte": LACUNA}
#: Rounds by which the line of a vessel is smoothed, and how far it may leave its site, in sites.
SMOOTHINGS, FARTHEST = 3, 0.5
_DOTS_PER_SITE = 3  # dots that make up a tube, along it

_COLOURS_OF_STATES = tuple(dict.fromkeys((
    *COLOURS.values(), *(colour for _, colour in CELL_COLOURS.values()), OSTEOCLAST[1],
    *(colour for _, colour in RESIDENT_COLOURS.values()),
    BONE_EDGE, VESSEL_LUMEN, NUCLEUS, FAT_EDGE, TUMOUR_GROUND, OTHER_CLONES,
)))  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """One marrow at one time: the tables of `snapshots`, or of them the columns that are painted.

    Attributes:
        title: what stands above the picture.
        cells: cell_type, state, x_um, y_um, n_sites; clone, where clones are painted.
        sites: x_um, y_um, bone, cavity, vessel; every site once.
        when: day and seed, which stand before the measures.
    """

    title: str
    cells: pd.DataFrame
    sites: pd.DataFrame
    when: str = ""

    @property
    def dx_um(self) -> float:
        """Size of a site: half of it lies before the first centre."""
        return 2.0 * float(self.sites["x_um"].min())

    @property
    def tumour_mm2(self) -> float:
        """Area of the tumour cells in the marrow."""
        return float(
            (self.cells["cell_type"] == "tumour").sum() * (self.dx_um / UM_PER_MM) ** 2
        )  # fmt: skip

    def caption(self) -> str:
        """Title, then when it is with the tumour's area and BV/TV."""
        return f"{self.title}\n{self.when + ': ' if self.when else ''}{self.measures()}"

    def measures(self) -> str:
        """The tumour's area and BV/TV, as precise for a small tumour as for a large one."""
        return f"tumour {self.tumour_mm2:.3g} mm², BV/TV {self.sites['bone'].mean():.3f}"


def painted(
    snapshot: Snapshot, pixels: int = 1, clones: Mapping[int, str] | None = None
) -> np.ndarray:
    """The marrow as a picture: uint8, shape (ny * pixels, nx * pixels, 3); see `paint`."""
    picture, colours = paint(snapshot, pixels, clones)
    return colours[picture]


def paint(
    snapshot: Snapshot, pixels: int = 1, clones: Mapping[int, str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The marrow as numbers of colours, which are painted faster than the colours; row 0 at y = 0.

    Args:
        snapshot: what to paint.
        pixels: along each side of a site. Below FEWEST_PIXELS nothing is smoothed, and only
            tumour cells and osteoblasts are painted.
        clones: clone -> colour of its cells; None paints tumour cells by their state.

    Returns:
        uint8 (ny * pixels, nx * pixels), and the colours, uint8 (n, 3).
    """
    colours = [*_COLOURS_OF_STATES, *(clones or {}).values()]
    number = {colour: i for i, colour in enumerate(colours)}
    sites, cells, dx = snapshot.sites, snapshot.cells, snapshot.dx_um
    column, row = _place(sites, dx)
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    vessel = np.zeros(shape, dtype=np.int64)
    vessel[row, column] = sites["vessel"]

    def outlined(where: pd.Series) -> np.ndarray:
        mask = np.zeros(shape, dtype=bool)
        mask[row[where], column[where]] = True
        return _outlined(mask, pixels)

    picture = np.full(
        (shape[0] * pixels, shape[1] * pixels), number[COLOURS[MARROW]], dtype=np.uint8
    )
    bone = outlined(sites["bone"] == 1)
    if pixels < FEWEST_PIXELS:
        picture[bone] = number[COLOURS[BONE]]
        picture[outlined(sites["cavity"] == 1)] = number[COLOURS[CAVITY]]
        for label, least in ((VESSEL, 1), (SPROUT, 2)):
            picture[outlined(sites["vessel"] >= least)] = number[COLOURS[label]]
    else:
        residents = _groups(cells, RESIDENT_COLOURS)
        _residents(picture, residents, dx, pixels, number, in_bone=False)
        picture[bone] = number[COLOURS[BONE]]
        picture[bone & ~binary_erosion(bone, border_value=1)] = number[BONE_EDGE]
        picture[outlined(sites["cavity"] == 1)] = number[COLOURS[CAVITY]]
        _residents(picture, residents, dx, pixels, number, in_bone=True)
        # what lies between the cells of a dense tumour is tumour
        tumour = np.zeros(shape, dtype=bool)
        column, row = _place(cells[cells["cell_type"] == "tumour"], dx)
        tumour[row, column] = True
        picture[_outlined(tumour, pixels)] = number[TUMOUR_GROUND]
        _vessels(picture, vessel, pixels, number)
    for chosen, colour in _coloured_cells(cells, clones):
        _cells(picture, chosen, dx, pixels, number[colour], CELL)
    if pixels >= FEWEST_PIXELS:
        _osteoclasts(picture, cells, dx, bone, pixels, number)
    return picture, np.array([rgb(colour) for colour in colours], dtype=np.uint8)


def largest_clones(snapshots: Sequence[Snapshot]) -> dict[int, str]:
    """Colour of the clones with most tumour cells over all these snapshots, the largest first."""
    tumours = [s.cells.loc[s.cells["cell_type"] == "tumour", "clone"] for s in snapshots]
    count = pd.concat(tumours).value_counts()
    # equal sizes in the order of their founders, not in that of rows
    order = sorted(count.index, key=lambda clone: (-count[clone], clone))
    return dict(zip(map(int, order), CLONE_COLOURS, strict=False))


def rgb(colour: str) -> tuple[int, ...]:
    """Red, green and blue, 0..255, of "#rrggbb"."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


# ------------------------------------------------------------------------------------------- cells
def _groups(
    cells: pd.DataFrame, named: Mapping[tuple[str, tuple[str, ...]], tuple[str, str]]
) -> list[tuple[pd.DataFrame, str, str]]:
    """Cells of each kind, its label and its colour."""
    return [
        (cells[(cells["cell_type"] == kind) & cells["state"].isin(states)], label, colour)
        for (kind, states), (label, colour) in named.items()
    ]


def _coloured_cells(
    cells: pd.DataFrame, clones: Mapping[int, str] | None
) -> list[tuple[pd.DataFrame, str]]:
    """Tumour cells and osteoblasts with their colours, the later over the earlier."""
    if clones is None:
        return [(chosen, colour) for chosen, _, colour in _groups(cells, CELL_COLOURS)]
    others = {key: look for key, look in CELL_COLOURS.items() if key[0] != "tumour"}
    groups = [(chosen, colour) for chosen, _, colour in _groups(cells, others)]
    tumour = cells[cells["cell_type"] == "tumour"]
    groups.append((tumour[~tumour["clone"].isin(list(clones))], OTHER_CLONES))
    return groups + [(tumour[tumour["clone"] == clone], c) for clone, c in clones.items()]


def _residents(
    picture: np.ndarray, groups: Sequence[tuple[pd.DataFrame, str, str]], dx_um: float,
    pixels: int, number: Mapping[str, int], in_bone: bool,
) -> None:  # fmt: skip
    """Paint stroma, fat and precursors, or the cells on and in bone."""
    for chosen, label, colour in groups:
        if label.startswith(("osteocyte", "bone lining")) != in_bone:
            continue
        radius = _RADIUS_OF.get(label, RESIDENT)
        if radius > CELL:
            _cells(picture, chosen, dx_um, pixels, number[FAT_EDGE], radius)
            radius -= 1.0 / pixels
        _cells(picture, chosen, dx_um, pixels, number[colour], radius)


def _osteoclasts(
    picture: np.ndarray, cells: pd.DataFrame, dx_um: float, bone: np.ndarray, pixels: int,
    number: Mapping[str, int],
) -> None:  # fmt: skip
    """Paint each osteoclast as a disc of its size that rests on the bone: bone covers part of it.

    Those with several nuclei show some.
    """
    chosen = cells[cells["cell_type"] == "osteoclast"]
    at = np.stack(_place(chosen, dx_um)) + 0.5
    radius = np.sqrt(chosen["n_sites"].to_numpy(float) / np.pi) + 0.3
    _discs(picture, at, radius, pixels, number[OSTEOCLAST[1]], spared=bone)
    mature = (chosen["state"] == "mature").to_numpy()
    for turn in np.arange(3) * 2.0 * np.pi / 3.0:
        aside = 0.5 * radius[mature] * np.array([[np.cos(turn)], [np.sin(turn)]])
        _discs(picture, at[:, mature] + aside, 0.28, pixels, number[NUCLEUS], spared=bone)


def _cells(
    picture: np.ndarray, cells: pd.DataFrame, dx_um: float, pixels: int, colour: int, radius: float
) -> None:
    """Paint a disc on the site of each cell, or fill the site where pixels are few."""
    column, row = _place(cells, dx_um)
    if pixels < FEWEST_PIXELS:
        for i, j in np.ndindex(pixels, pixels):
            picture[row * pixels + i, column * pixels + j] = colour
    else:
        _discs(picture, np.stack([column, row]) + 0.5, radius, pixels, colour)


def _place(table: pd.DataFrame, dx_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of the site of each line; what lies outside the marrow is left out."""
    known = table[table["x_um"].notna()]
    column, row = (np.floor(known[axis].to_numpy(float) / dx_um) for axis in ("x_um", "y_um"))
    return column.astype(np.int64), row.astype(np.int64)


# ----------------------------------------------------------------------------------------- vessels
def _vessels(
    picture: np.ndarray, vessel: np.ndarray, pixels: int, number: Mapping[str, int]
) -> None:
    """Paint vessels as tubes, and sprouts as thinner cords that join the vessels they grew from."""
    node, edges = vessel_lines(vessel)
    sprouting = vessel[vessel > 0] >= 2
    cord = sprouting[edges].any(axis=1)
    share = np.arange(_DOTS_PER_SITE + 1) / _DOTS_PER_SITE

    def dots(alone: np.ndarray, of: np.ndarray) -> np.ndarray:
        start, stop = node[of[:, 0]], node[of[:, 1]]
        along = start[:, None, :] + share[:, None] * (stop - start)[:, None, :]
        return np.concatenate([node[alone], along.reshape(-1, 2)]).T

    sprouts = dots(sprouting, edges[cord])
    _discs(picture, sprouts, SPROUT_RADIUS, pixels, number[COLOURS[SPROUT]])
    tubes = dots(~sprouting, edges[~cord])
    _discs(picture, tubes, VESSEL_WALL, pixels, number[COLOURS[VESSEL]])
    _discs(picture, tubes, VESSEL_INSIDE, pixels, number[VESSEL_LUMEN])


def vessel_lines(vessel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines that join neighbouring sites of vessel.

    Two sites that touch by a corner are joined unless a third one joins them. Lines are smoothed
    within half a site of where the model has them; their free ends stay.

    Args:
        vessel: (ny, nx), above 0 where there is a vessel.

    Returns:
        Places x, y of the sites, in sites, shape (n, 2), in the order of `vessel > 0`; and pairs
        of their numbers, shape (m, 2).
    """
    there = np.pad(vessel > 0, 1)
    row, column = np.nonzero(there)
    place = np.cumsum(there.ravel()).reshape(there.shape) - 1
    found = []
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        joined = there[row + down, column + across]
        if down and across:
            joined &= ~there[row, column + across] & ~there[row + down, column]
        starts, stops = (row[joined], column[joined]), (row[joined] + down, column[joined] + across)
        found.append(np.stack([place[starts], place[stops]], axis=1))
    edges = np.concatenate(found)
    at = np.stack([column, row], axis=1) - 0.5  # centres, without the padding
    return _smoothed(at, edges), edges


def _smoothed(at: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Each point half-way to the mean of its neighbours, several times."""
    n = len(at)
    both = np.concatenate([edges, edges[:, ::-1]])
    degree = np.bincount(both[:, 0], minlength=n)
    moves = degree >= 2
    new = at.copy()
    for _ in range(SMOOTHINGS):
        total = np.stack(
            [np.bincount(both[:, 0], new[both[:, 1], axis], n) for axis in (0, 1)], axis=1
        )
        new[moves] = 0.5 * new[moves] + 0.5 * total[moves] / degree[moves, None]
    return np.asarray(at + np.clip(new - at, -FARTHEST, FARTHEST))


# ------------------------------------------------------------------------------------------ pixels
def _discs(
    picture: np.ndarray, at: np.ndarray, radius: Any, pixels: int, colour: int,
    spared: np.ndarray | None = None,
) -> None:  # fmt: skip
    """Paint discs; `at` (2, n) x and y, and `radius`, one or n, in sites; `spared` pixels stay."""
    if not at.size:
        return
    x, y = pixels * at - 0.5  # on the scale of the numbers of pixels
    r = np.broadcast_to(pixels * np.asarray(radius, dtype=float), x.shape)
    column, row = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    reach = int(np.ceil(r.max()))
    for down, across in np.ndindex(2 * reach + 1, 2 * reach + 1):
        i, j = row + down - reach, column + across - reach
        inside = (i - y) ** 2 + (j - x) ** 2 <= r**2
        inside &= (i >= 0) & (i < picture.shape[0]) & (j >= 0) & (j < picture.shape[1])
        i, j = i[inside], j[inside]
        if spared is not None:
            free = ~spared[i, j]
            i, j = i[free], j[free]
        picture[i, j] = colour


def _outlined(mask: np.ndarray, pixels: int, level: float = 0.5) -> np.ndarray:
    """A mask of sites as pixels, its steps rounded off by a Gaussian of half a site."""
    if pixels < FEWEST_PIXELS or not mask.any():
        return mask.repeat(pixels, axis=0).repeat(pixels, axis=1)
    down, across = (_smoothing(n, pixels) for n in mask.shape)
    soft = (across @ (down @ mask.astype(np.float32)).T).T
    return np.asarray(soft > level)


@lru_cache(maxsize=16)
def _smoothing(n: int, pixels: int) -> Any:
    """Pixels along an axis of n sites as weighted means of sites: blowing up, then smoothing.

    Both at once is several times as fast as smoothing the pixels, which held up the live view.
    """
    fine = np.repeat(np.eye(n, dtype=np.float32), pixels, axis=0)
    return csr_array(gaussian_filter1d(fine, sigma=0.5 * pixels, axis=0, truncate=3.0))
