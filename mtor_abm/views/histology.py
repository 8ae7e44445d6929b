"""The marrow as a section under the microscope, painted from the tables of cells and of sites.

`python -m mtor_abm.views.histology OUT.png --scenario vehicle rapamycin --seed 1 --day 21` runs the
scenarios and draws them side by side; `--run` reads run folders instead. Bone and vessels are drawn
with smooth outlines, cells as discs on their sites; at one pixel a site, nothing is smoothed.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import binary_erosion, gaussian_filter1d
from scipy.sparse import csr_array

from ..errors import UserError
from ..model import MarrowModel
from ..palette import (
    BONE,
    CAVITY,
    CELL_COLOURS,
    CLONE_COLOURS,
    COLOURS,
    MARROW,
    OSTEOCLAST,
    OTHER_CLONES,
    SPROUT,
    VESSEL,
)
from ..scenario_files import load
from ..snapshots import cells_table, fields_table
from ..store import SNAPSHOTS, Run, read_run, snapshot_name
from .canvas import INK, new_figure, refuse_foreign, save, styled

UM_PER_MM = 1000.0
BAR_UM = 500.0
PANEL_INCHES, TITLE_INCHES, GAP_INCHES = 5.2, 0.5, 0.08
DPI = 150
N_COLOURS = 256  # a picture of flat colours needs no more, and its file is a third as large
PIXELS_PER_SITE = 5  # enough for round cells; less where pictures must be made quickly
FEWEST_PIXELS = 3  # below it a cell fills its square

BONE_EDGE, LACUNA, NUCLEUS = "#8d7f5f", "#6e6147", "#0d2f52"
TUMOUR_GROUND = "#e3dcf0"
_COLOURS_OF_STATES = (
    *COLOURS.values(), *(colour for _, colour in CELL_COLOURS.values()), OSTEOCLAST[1],
    BONE_EDGE, LACUNA, NUCLEUS, TUMOUR_GROUND, OTHER_CLONES,
)  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """One marrow at one time: the tables of `snapshots`, or of them the columns that are painted.

    Attributes:
        title: what stands above the picture.
        cells: cell_type, state, x_um, y_um, n_sites; clone, where clones are painted.
        sites: x_um, y_um, bone, cavity, vessel; every site once.
    """

    title: str
    cells: pd.DataFrame
    sites: pd.DataFrame

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
        """Title with the tumour's area and BV/TV."""
        return f"{self.title}\n{self.measures()}"

    def measures(self) -> str:
        """The tumour's area and BV/TV, as precise for a small tumour as for a large one."""
        return f"tumour {self.tumour_mm2:.3g} mm², BV/TV {self.sites['bone'].mean():.3f}"


def simulated(scenario: str, seed: int, day: float) -> Snapshot:
    """Run a scenario up to a day.

    Raises:
        UserError: no such scenario, or the day lies outside its run.
    """
    chosen = load(scenario)
    if not 0.0 <= day <= chosen.run.days:
        raise UserError(f"--day {day:g} lies outside 0..{chosen.run.days:g} d of {chosen.name}")
    model = MarrowModel(chosen, seed=seed)
    for _ in range(round(day * 24.0 / chosen.run.step_h)):
        model.step()
    title = f"{chosen.name}, seed {seed}, day {day:g}"
    return Snapshot(title, cells_table(model), fields_table(model))


def recorded_days(run: Run) -> list[float]:
    """Days, rising, of which a run holds both its cells and its sites."""
    return sorted(set.intersection(*(set(run.days_of(kind)) for kind in SNAPSHOTS)))


def recorded(folder: Path, day: float | None = None) -> Snapshot:
    """Read a day of a run from its folder; None takes the last one written.

    Raises:
        UserError: no run there, or it holds no cells and fields of that day.
    """
    run = read_run(folder)
    days = recorded_days(run)
    if not days or (day is not None and day not in days):
        held = ", ".join(f"{d:g}" for d in days) or "none"
        raise UserError(
            f"{folder} holds no cells and fields of day {'any' if day is None else f'{day:g}'} "
            f"(days it holds: {held}); run it with -S output.cells_at_days=[DAY] and "
            "-S output.fields_at_days=[DAY]"
        )
    day = days[-1] if day is None else day
    cells, sites = (run.table(snapshot_name(kind, day)) for kind in SNAPSHOTS)
    return Snapshot(f"{run.scenario}, seed {run.seed}, day {day:g}", cells, sites)


# ------------------------------------------------------------------------------------------- paint
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
        pixels: along each side of a site. At 1 nothing is smoothed, and osteoclasts are left out.
        clones: clone -> colour of its cells; None paints tumour cells by their state.

    Returns:
        uint8 (ny * pixels, nx * pixels), and the colours, uint8 (n, 3).
    """
    colours = [*_COLOURS_OF_STATES, *(clones or {}).values()]
    number = {colour: i for i, colour in enumerate(colours)}
    sites, dx = snapshot.sites, snapshot.dx_um
    column, row = _place(sites, dx)
    shape = (int(row.max()) + 1, int(column.max()) + 1)

    def layer(where: pd.Series) -> np.ndarray:
        mask = np.zeros(shape, dtype=bool)
        mask[row[where], column[where]] = True
        return mask

    picture = np.full(
        (shape[0] * pixels, shape[1] * pixels), number[COLOURS[MARROW]], dtype=np.uint8
    )
    bone = _outlined(layer(sites["bone"] == 1), pixels)
    picture[bone] = number[COLOURS[BONE]]
    if pixels >= FEWEST_PIXELS:
        picture[bone & ~binary_erosion(bone, border_value=1)] = number[BONE_EDGE]
    picture[_outlined(layer(sites["cavity"] == 1), pixels)] = number[COLOURS[CAVITY]]
    for label, least in ((VESSEL, 1), (SPROUT, 2)):
        vessels = _outlined(layer(sites["vessel"] >= least), pixels, level=0.36)
        picture[vessels] = number[COLOURS[label]]
    if pixels >= FEWEST_PIXELS:  # what lies between the cells of a dense tumour is tumour
        tumour = np.zeros(shape, dtype=bool)
        column, row = _place(snapshot.cells[snapshot.cells["cell_type"] == "tumour"], dx)
        tumour[row, column] = True
        picture[_outlined(tumour, pixels)] = number[TUMOUR_GROUND]
    for chosen, colour in _coloured_cells(snapshot.cells, clones):
        _stamp(picture, chosen, dx, pixels, number[colour])
    if pixels >= FEWEST_PIXELS:
        osteocytes = snapshot.cells[snapshot.cells["state"] == "osteocyte"]
        _stamp(picture, osteocytes, dx, pixels, number[LACUNA], radius=0.22)
        _osteoclasts(picture, snapshot, bone, pixels, number)
    return picture, np.array([_rgb(colour) for colour in colours], dtype=np.uint8)


def largest_clones(snapshots: Sequence[Snapshot]) -> dict[int, str]:
    """Colour of the clones with most tumour cells over all these snapshots, the largest first."""
    tumours = [s.cells.loc[s.cells["cell_type"] == "tumour", "clone"] for s in snapshots]
    count = pd.concat(tumours).value_counts()
    # equal sizes in the order of their founders, not in that of rows
    order = sorted(count.index, key=lambda clone: (-count[clone], clone))
    return dict(zip(map(int, order), CLONE_COLOURS, strict=False))


def _coloured_cells(
    cells: pd.DataFrame, clones: Mapping[int, str] | None
) -> list[tuple[pd.DataFrame, str]]:
    groups = []
    for (cell_type, states), (_, colour) in CELL_COLOURS.items():
        if clones is None or cell_type != "tumour":
            chosen = (cells["cell_type"] == cell_type) & cells["state"].isin(states)
            groups.append((cells[chosen], colour))
    if clones is not None:
        tumour = cells[cells["cell_type"] == "tumour"]
        groups.append((tumour[~tumour["clone"].isin(list(clones))], OTHER_CLONES))
        groups += [(tumour[tumour["clone"] == clone], colour) for clone, colour in clones.items()]
    return groups


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


def _stamp(
    picture: np.ndarray, cells: pd.DataFrame, dx_um: float, pixels: int, colour: int,
    radius: float = 0.5,
) -> None:  # fmt: skip
    """Paint a disc on the site of each cell; `radius` in sites."""
    column, row = _place(cells, dx_um)
    along = (np.arange(pixels) + 0.5) / pixels - 0.5
    inside = along[:, None] ** 2 + along**2 <= radius**2
    if pixels < FEWEST_PIXELS:
        inside[:] = True
    for i, j in np.argwhere(inside):
        picture[row * pixels + i, column * pixels + j] = colour


def _osteoclasts(
    picture: np.ndarray,
    snapshot: Snapshot,
    bone: np.ndarray,
    pixels: int,
    number: Mapping[str, int],
) -> None:
    """Paint each osteoclast as a disc of its size that rests on the bone: bone covers part of it.

    Those with several nuclei show some.
    """
    cells = snapshot.cells[snapshot.cells["cell_type"] == "osteoclast"]
    column, row = _place(cells, snapshot.dx_um)
    for i, j, n, state in zip(row, column, cells["n_sites"], cells["state"], strict=True):
        middle = np.array([i + 0.5, j + 0.5]) * pixels - 0.5
        radius = pixels * (np.sqrt(n / np.pi) + 0.3)
        _disc(picture, middle, radius, number[OSTEOCLAST[1]], bone)
        for turn in np.arange(3 * (state == "mature")) * 2.0 * np.pi / 3.0:
            at = middle + 0.5 * radius * np.array([np.sin(turn), np.cos(turn)])
            _disc(picture, at, 0.28 * pixels, number[NUCLEUS], bone)


def _disc(
    picture: np.ndarray, middle: np.ndarray, radius: float, colour: int, but: np.ndarray
) -> None:
    """Paint a disc; `middle` and `radius` in pixels; pixels in the mask `but` stay as they are."""
    low = np.maximum(np.floor(middle - radius).astype(int), 0)
    high = np.ceil(middle + radius).astype(int) + 1
    window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    part, covered = picture[window], but[window]
    y, x = (np.arange(n) + a - m for n, a, m in zip(part.shape, low, middle, strict=False))
    part[(y[:, None] ** 2 + x**2 <= radius**2) & ~covered] = colour


def _place(table: pd.DataFrame, dx_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of the site of each line; what lies outside the marrow is left out."""
    known = table[table["x_um"].notna()]
    column, row = (np.floor(known[axis].to_numpy(float) / dx_um) for axis in ("x_um", "y_um"))
    return column.astype(np.int64), row.astype(np.int64)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


# -------------------------------------------------------------------------------------------- draw
def figure_of(
    snapshots: Sequence[Snapshot],
    by_clone: bool = False,
    rows: int = 1,
    note: str = "",
    pixels: int = PIXELS_PER_SITE,
) -> Any:
    """A figure with one panel a snapshot, row by row, a scale bar in each, and a legend.

    Args:
        snapshots: at least one; all marrows of one size.
        by_clone: paint tumour cells by clone, not by state.
        rows: of panels.
        note: a line that stands above the legend.
        pixels: along each side of a site.

    Raises:
        UserError: matplotlib is absent.
    """
    columns = -(-len(snapshots) // rows)
    across, up = (max(float(s.sites[axis].max()) for s in snapshots) for axis in ("x_um", "y_um"))
    panel_up = PANEL_INCHES * up / across
    clones = largest_clones(snapshots) if by_clone else None
    wide = (PANEL_INCHES + GAP_INCHES) * columns + GAP_INCHES
    per_row = max(2, int(wide / 2.1))
    with styled():
        handles = legend(clones)
        under = 0.25 + 0.2 * (-(-len(handles) // per_row) + bool(note))
        high = (panel_up + TITLE_INCHES) * rows + under
        figure = new_figure(wide, high, layout=None)
        for i, snapshot in enumerate(snapshots):
            left = GAP_INCHES + (PANEL_INCHES + GAP_INCHES) * (i % columns)
            low = high - (panel_up + TITLE_INCHES) * (i // columns + 1)
            panel = figure.add_axes(
                (left / wide, low / high, PANEL_INCHES / wide, panel_up / high)
            )  # fmt: skip
            show(panel, snapshot, pixels, clones)
        figure.legend(
            handles=handles, loc="lower center", ncols=per_row, fontsize=9, title=note or None,
            title_fontsize=9, borderaxespad=0.3,
        )  # fmt: skip
    return figure


def draw(snapshots: Sequence[Snapshot], path: Path, by_clone: bool = False) -> None:
    """Draw `figure_of` these snapshots into a PNG, SVG or PDF file.

    Raises:
        UserError: matplotlib is absent, or the file cannot be written.
    """
    save(figure_of(snapshots, by_clone), path, DPI, n_colours=N_COLOURS)


def show(
    panel: Any, snapshot: Snapshot, pixels: int, clones: Mapping[int, str] | None = None
) -> Any:
    """Fill a panel with the picture, the scale bar and the caption; returns the image."""
    picture = painted(snapshot, pixels, clones)
    width, height = (n / pixels * snapshot.dx_um for n in (picture.shape[1], picture.shape[0]))
    image = panel.imshow(
        picture, origin="lower", extent=(0.0, width, 0.0, height), interpolation="antialiased"
    )
    bar = scale_bar_um(width)
    left, low = width - bar - 0.035 * width, 0.035 * height
    ground = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 3}
    panel.text(
        left + bar / 2, low + 0.02 * height, f"{bar:g} µm", ha="center", va="bottom", fontsize=10,
        bbox=ground,
    )  # fmt: skip
    panel.plot([left, left + bar], [low, low], color=INK, linewidth=4, solid_capstyle="butt")
    panel.set_title(snapshot.caption(), fontsize=11, loc="center")
    panel.set(xticks=[], yticks=[], xlim=(0.0, width), ylim=(0.0, height))
    for spine in panel.spines.values():
        spine.set_visible(True)
    return image


def scale_bar_um(width_um: float) -> float:
    """A round length, at most a quarter of the picture and at most BAR_UM."""
    lengths = (BAR_UM, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0)
    return next((length for length in lengths if length <= width_um / 4.0), lengths[-1])


def legend(clones: Mapping[int, str] | None = None) -> list[Any]:
    """A patch for everything that is painted."""
    from matplotlib.patches import Patch

    cells = list(CELL_COLOURS.items())
    pairs = [*COLOURS.items()]
    pairs += [pair for (kind, _), pair in cells if clones is None or kind != "tumour"]
    pairs.append(OSTEOCLAST)
    if clones is not None:
        pairs += [(f"tumour clone {i}", c) for i, c in enumerate(clones.values(), start=1)]
        pairs.append(("other tumour clones", OTHER_CLONES))
    return [Patch(facecolor=c, edgecolor="#777777", linewidth=0.5, label=n) for n, c in pairs]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw one picture; exit code 2 with one line if it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m mtor_abm.views.histology")
    parser.add_argument("picture", type=Path, metavar="OUT.png")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--scenario", nargs="+", help="scenarios to run, one panel each")
    source.add_argument("--run", nargs="+", type=Path, help="run folders to read, one panel each")
    parser.add_argument("--seed", type=int, default=1, help="of --scenario (default 1)")
    parser.add_argument("--day", type=float, help="with --run: default the last one written")
    parser.add_argument("--clones", action="store_true", help="a colour a clone, not a state")
    args = parser.parse_args(arguments)
    try:
        refuse_foreign(args.picture)  # before a scenario is run
        if args.scenario:
            day = 21.0 if args.day is None else args.day
            snapshots = [simulated(name, args.seed, day) for name in args.scenario]
        else:
            snapshots = [recorded(folder, args.day) for folder in args.run]
        draw(snapshots, args.picture, args.clones)
    except UserError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    print(args.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
