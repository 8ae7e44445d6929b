"""Cells of a section from a table: x_um, y_um from the upper left corner, and type."""

import csv
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..given_file import read_given
from ..seeding import PLACEABLE
from ..validation import suggestion

LARGEST_TABLE_BYTES = 200_000_000
PIXELS_FROM = (5, 2.0)  # cells, and um a pixel, from which places in pixels are noticed
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
COLUMNS = ("x_um", "y_um", "type")
#: Cell types of the model that a table cannot place, and how they come to be there.
ELSEWHERE = {
    "osteoblast": "the model places osteoblasts in cavities and osteocytes in bone; leave them out",
    "osteoclast": "osteoclasts form in the run; place osteoclast_precursor",
    "endothelial": "give vessels by --vessels",
    "circulating": "these cells are in blood; leave them out",
}
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """A row of the table: its line in the file, place from the upper left corner, type."""

    line: int
    x_um: float
    y_um: float
    type: str


@dataclass(frozen=True)
class Frame:
    """Where the lattice lies in the image.

    Attributes:
        width_um, height_um: of the whole image.
        left_um, top_um: of the lattice's upper left corner.
        nx, ny, dx_um: of the lattice.
    """

    width_um: float
    height_um: float
    left_um: float
    top_um: float
    nx: int
    ny: int
    dx_um: float


@dataclass(frozen=True)
class Placed:
    """Cells in their places: type -> (n, 2) um from the lower left corner of the lattice.

    `n_outside` lie in the image but not on the lattice, `n_moved` were moved to a free site.
    """

    cells: Mapping[str, Floats]
    n_outside: int
    n_moved: int


def read_cells(path: Path) -> list[Cell]:
    """Read the table; columns may stand in any order, others are not looked at.

    Raises:
        UserError: unreadable, a column is missing, a value is not a number, an unknown type.
    """
    content = read_given(path, LARGEST_TABLE_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as fault:
        raise UserError(f"{path}: is not CSV ({fault}); save it as CSV with commas") from None
    head = [name.strip() for name in rows[0]] if rows else []
    for column in COLUMNS:
        if head.count(column) != 1:
            held = ", ".join(head)[:80] or "nothing"
            raise UserError(
                f"{path}: its first line must name {column} once, and has {held}; write "
                "x_um,y_um,type"
            )
    places = [head.index(column) for column in COLUMNS]
    cells = []
    for line, row in enumerate(rows[1:], start=2):
        if not any(value.strip() for value in row):
            continue
        if len(row) != len(head):
            raise UserError(f"{path}: line {line} has {len(row)} values for {len(head)} columns; "
                            "correct it")  # fmt: skip
        x, y, kind = (row[place].strip() for place in places)
        cells.append(Cell(line, _um(path, line, "x_um", x), _um(path, line, "y_um", y),
                          _known(path, line, kind)))  # fmt: skip
    return cells


def _um(path: Path, line: int, column: str, text: str) -> float:
    value = decimal(text)
    if value is None:
        raise UserError(f"{path}: line {line}: {column} = '{text[:40]}' is not a number; give um")
    return value


def decimal(text: str) -> float | None:
    """The number that a text spells in plain digits, e.g. -1.5e3; None for anything else.

    `float` reads 4_00 and Arabic digits as well, which in a table are a slip.
    """
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def _known(path: Path, line: int, name: str) -> str:
    if name in PLACEABLE:
        return name
    cure = ELSEWHERE.get(name) or suggestion(name[:40], PLACEABLE)
    raise UserError(f"{path}: line {line}: type '{name[:40]}' cannot be placed; {cure}")


def placed(
    path: Path, table: list[Cell], frame: Frame, bone: Mask, vessel: Mask | None, snap_um: float
) -> Placed:
    """Cells on sites of the lattice, no two on one, none in bone or on a vessel.

    Args:
        path: of the table, for messages.
        table: its rows. frame: where the lattice lies.
        bone, vessel: (nx, ny), from the lower left corner.
        snap_um: how far a cell may be moved to a free site.

    Raises:
        UserError: cells outside the image, or on sites that are taken; with their number.
    """
    beyond = [
        cell for cell in table
        if not (0.0 <= cell.x_um <= frame.width_um and 0.0 <= cell.y_um <= frame.height_um)
    ]  # fmt: skip
    if beyond:
        raise UserError(
            f"{path}: {len(beyond)} of {len(table)} cells lie outside the image, 0..."
            f"{frame.width_um:g} x 0...{frame.height_um:g} um (first: line {beyond[0].line}); give "
            "um from its upper left corner, not pixels"
        )
    taken = bone.copy() if vessel is None else bone | vessel
    waiting: list[tuple[Cell, float, float]] = []
    cells: dict[str, list[tuple[float, float]]] = {}
    n_outside = 0
    for cell in table:
        x = cell.x_um - frame.left_um
        y = frame.ny * frame.dx_um - (cell.y_um - frame.top_um)
        i, j = _site_of(x, y, frame)
        if not (0 <= i < frame.nx and 0 <= j < frame.ny):
            n_outside += 1
        elif taken[i, j]:
            waiting.append((cell, x, y))
        else:
            taken[i, j] = True
            cells.setdefault(cell.type, []).append(_within(x, y, frame))
    if waiting and snap_um <= 0.0:
        n_in_bone = sum(bool(bone[_site_of(x, y, frame)]) for _, x, y in waiting)
        raise UserError(
            f"{path}: {n_in_bone} of {len(table)} cells lie in bone and {len(waiting) - n_in_bone} "
            f"on a vessel or on the site of another cell (first: line {waiting[0][0].line}); check "
            f"that image and table fit, or give --snap-um {1.5 * frame.dx_um:g} to move them to "
            "the nearest free site within that"
        )
    homeless = []
    for cell, x, y in waiting:
        site = _nearest_free(taken, x, y, frame.dx_um, snap_um)
        if site is None:
            homeless.append(cell)
            continue
        taken[site] = True
        middle = ((site[0] + 0.5) * frame.dx_um, (site[1] + 0.5) * frame.dx_um)
        cells.setdefault(cell.type, []).append(middle)
    if homeless:
        raise UserError(
            f"{path}: {len(homeless)} of {len(table)} cells find no free site within {snap_um:g} "
            f"um (first: line {homeless[0].line}); check that image and table fit, or give a "
            "larger --snap-um"
        )
    return Placed({k: np.array(v) for k, v in sorted(cells.items())}, n_outside, len(waiting))


def pixel_notes(table: list[Cell], shape: tuple[int, ...], pixel_um: float) -> list[str]:
    """Tell that the places of all cells would fit the image in pixels, far off in its corner."""
    least, from_um = PIXELS_FROM
    rows, columns = shape
    if len(table) < least or pixel_um < from_um:
        return []
    if any(cell.x_um > columns or cell.y_um > rows for cell in table):
        return []
    return [
        f"all {len(table)} cells lie within {columns} x {rows} um of the upper left corner, and "
        f"the image has {columns} x {rows} pixels: if their places are in pixels, multiply them "
        f"by {pixel_um:g}"
    ]


def _site_of(x: float, y: float, frame: Frame) -> tuple[int, int]:
    """The site of a place; the four edges of the lattice belong to it."""
    i, j = _site(x, y, frame.dx_um)
    return i - (x == frame.nx * frame.dx_um), j - (y == frame.ny * frame.dx_um)


def _within(x: float, y: float, frame: Frame) -> tuple[float, float]:
    """The place itself, or where it lies on the far edge the middle of the last site."""
    wide, high = frame.nx * frame.dx_um, frame.ny * frame.dx_um
    half = 0.5 * frame.dx_um
    return (wide - half if x == wide else x), (high - half if y == high else y)


def _site(x: float, y: float, dx_um: float) -> tuple[int, int]:
    return math.floor(x / dx_um), math.floor(y / dx_um)


def _nearest_free(
    taken: Mask, x: float, y: float, dx_um: float, reach_um: float
) -> tuple[int, int] | None:
    """The free site whose centre is nearest, within reach; None if there is none."""
    n = math.ceil(reach_um / dx_um) + 1
    i0, j0 = _site(x, y, dx_um)
    low_i, low_j = max(i0 - n, 0), max(j0 - n, 0)
    free = np.argwhere(~taken[low_i : i0 + n + 1, low_j : j0 + n + 1]) + np.array([low_i, low_j])
    far = np.hypot((free[:, 0] + 0.5) * dx_um - x, (free[:, 1] + 0.5) * dx_um - y)
    if far.size == 0 or far.min() > reach_um:
        return None
    i, j = free[np.argmin(far)]
    return int(i), int(j)
