"""Pictures of the marrow as a section under the microscope, with legend and scale.

`python -m mtor_abm.views.histology OUT.png --scenario vehicle rapamycin --seed 1 --day 21` runs the
scenarios and draws them side by side; `--run` reads run folders instead.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..model import MarrowModel
from ..palette import (
    CELL_COLOURS,
    COLOURS,
    MARROW,
    OSTEOCLAST,
    OTHER_CLONES,
    RESIDENT_COLOURS,
)
from ..scenario_files import load
from ..snapshots import cells_table, fields_table
from ..store import SNAPSHOTS, Run, read_run, snapshot_name
from .arm_titles import title_of
from .canvas import INK, new_figure, refuse_foreign, save, styled, wrapped
from .painting import Snapshot, largest_clones, painted

BAR_UM = 500.0
PANEL_INCHES, GAP_INCHES = 5.2, 0.08
TITLE_PT, TITLE_LINE_INCHES, BAR_INCHES = 11, 0.2, 0.3
DPI = 150
LEGEND_PT, LEGEND_COLUMN_INCHES = 9, 3.4
LEAST_PIXELS, MOST_PIXELS = 900, 2400  # of a side of a panel
MOST_PER_SITE = 16  # of a small marrow
MOST_PER_ROW = 4
N_COLOURS = 256  # a picture of flat colours needs no more, and its file is a third as large
PIXELS_PER_SITE = 6  # enough for round cells; less where pictures must be made quickly
#: What a legend says of the ground on which cells lie.
GROUND_SAYS = "haematopoietic marrow, not modelled cell by cell"
ENLARGED = {"fat cell": "fat cell (drawn enlarged)"}


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
    title = title_of(chosen.resolved(), chosen.name)
    return Snapshot(title, cells_table(model), fields_table(model), when_of(day, seed))


def recorded_days(run: Run) -> list[float]:
    """Days, rising, of which a run holds both its cells and its sites."""
    return sorted(set.intersection(*(set(run.days_of(kind)) for kind in SNAPSHOTS)))


def recorded(folder: Path, day: float | None = None) -> Snapshot:
    """Read a day of a run from its folder; None takes the last one written.

    Raises:
        UserError: no run there, or it has no cells and fields of that day.
    """
    run = read_run(folder)
    days = recorded_days(run)
    if not days or (day is not None and day not in days):
        held = ", ".join(f"{d:g}" for d in days) or "none"
        raise UserError(
            f"{folder} has no cells and fields of day {'any' if day is None else f'{day:g}'} "
            f"(days it holds: {held}); run it with -S output.cells_at_days=[DAY] and "
            "-S output.fields_at_days=[DAY]"
        )
    day = days[-1] if day is None else day
    cells, sites = (run.table(snapshot_name(kind, day)) for kind in SNAPSHOTS)
    title = title_of(run.manifest["parameters"], run.scenario)
    return Snapshot(title, cells, sites, when_of(day, run.seed))


def when_of(day: float, seed: int) -> str:
    """Day and seed of a picture, in words."""
    return f"day {day:g}, seed {seed}"


# -------------------------------------------------------------------------------------------- draw
def figure_of(
    snapshots: Sequence[Snapshot],
    by_clone: bool = False,
    rows: int = 1,
    note: str = "",
    pixels: int = PIXELS_PER_SITE,
) -> Any:
    """A figure with one panel a snapshot, row by row, each with a scale bar below, and a legend.

    Args:
        snapshots: at least one; all marrows of one size.
        by_clone: paint tumour cells by clone, not by state.
        rows: of panels.
        note: a line that stands above the legend.
        pixels: along each side of a site, fewer where the marrow has very many sites.

    Raises:
        UserError: matplotlib is absent.
    """
    columns = -(-len(snapshots) // rows)
    across, up = (max(float(s.sites[axis].max()) for s in snapshots) for axis in ("x_um", "y_um"))
    panel_across = PANEL_INCHES * min(1.0, across / up)
    panel_up = PANEL_INCHES * min(1.0, up / across)
    pixels = min(pixels_for(s, pixels) for s in snapshots)
    clones = largest_clones(snapshots) if by_clone else None
    wide = (PANEL_INCHES + GAP_INCHES) * columns + GAP_INCHES
    per_row = max(2, int(wide / LEGEND_COLUMN_INCHES))
    with styled():
        captions = [caption_of(snapshot) for snapshot in snapshots]
        head = 0.1 + TITLE_LINE_INCHES * max(1 + caption.count("\n") for caption in captions)
        row_up = panel_up + head + BAR_INCHES
        handles = legend(clones)
        told = wrapped(note, wide - 0.4, LEGEND_PT) if note else ""
        lines = -(-len(handles) // per_row) + (told.count("\n") + 1 if told else 0)
        high = row_up * rows + 0.2 + 0.19 * lines
        figure = new_figure(wide, high, layout=None)
        for i, snapshot in enumerate(snapshots):
            left = GAP_INCHES + (PANEL_INCHES + GAP_INCHES) * (i % columns)
            left += 0.5 * (PANEL_INCHES - panel_across)
            low = high - row_up * (i // columns + 1) + BAR_INCHES
            panel = figure.add_axes((left / wide, low / high, panel_across / wide, panel_up / high))
            show(panel, snapshot, pixels, clones)
        figure.legend(
            handles=handles, loc="lower center", ncols=per_row, fontsize=LEGEND_PT,
            title=told or None, title_fontsize=LEGEND_PT, borderaxespad=0.3,
        )  # fmt: skip
    return figure


def rows_of(n: int) -> int:
    """Rows of panels for n pictures: at most MOST_PER_ROW in a row, rows of nearly one length."""
    return -(-n // (3 if n <= 3 else MOST_PER_ROW))


def pixels_for(snapshot: Snapshot, wanted: int = PIXELS_PER_SITE) -> int:
    """Pixels along each side of a site: more of a small marrow, whose cells are drawn large.

    The longer side of a picture has at most MOST_PIXELS.
    """
    longest = max(float(snapshot.sites[axis].max()) for axis in ("x_um", "y_um"))
    n_sites = longest / snapshot.dx_um + 0.5
    wanted = max(wanted, min(MOST_PER_SITE, int(LEAST_PIXELS / n_sites)))
    return max(1, min(wanted, int(MOST_PIXELS / n_sites)))


def caption_of(snapshot: Snapshot) -> str:
    """The caption of a panel, in lines that fit above it."""
    return wrapped(snapshot.caption(), PANEL_INCHES, TITLE_PT)


def draw(snapshots: Sequence[Snapshot], path: Path, by_clone: bool = False) -> None:
    """Draw `figure_of` these snapshots into a PNG, SVG or PDF file.

    Raises:
        UserError: matplotlib is absent, or the file cannot be written.
    """
    figure = figure_of(snapshots, by_clone, rows=rows_of(len(snapshots)))
    save(figure, path, DPI, n_colours=N_COLOURS)


def show(
    panel: Any, snapshot: Snapshot, pixels: int, clones: Mapping[int, str] | None = None
) -> Any:
    """Fill a panel with the picture, the scale bar and the caption; returns the image."""
    picture = painted(snapshot, pixels, clones)
    width, height = (n / pixels * snapshot.dx_um for n in (picture.shape[1], picture.shape[0]))
    image = panel.imshow(
        picture, origin="lower", extent=(0.0, width, 0.0, height), interpolation="antialiased"
    )
    _scale_bar(panel, width)
    panel.set_title(caption_of(snapshot), fontsize=TITLE_PT, loc="center")
    panel.set(xticks=[], yticks=[], xlim=(0.0, width), ylim=(0.0, height))
    for spine in panel.spines.values():
        spine.set_visible(True)
    return image


def _scale_bar(panel: Any, width_um: float) -> None:
    """A bar below the right corner of a panel, where it hides nothing; its length on its left."""
    from matplotlib.transforms import blended_transform_factory, offset_copy

    bar = scale_bar_um(width_um)
    below = offset_copy(
        blended_transform_factory(panel.transData, panel.transAxes),
        fig=panel.figure, y=-0.5 * BAR_INCHES, units="inches",
    )  # fmt: skip
    panel.plot(
        [width_um - bar, width_um], [0.0, 0.0], color=INK, linewidth=4, solid_capstyle="butt",
        transform=below, clip_on=False,
    )  # fmt: skip
    panel.text(
        width_um - bar - 0.01 * width_um, 0.0, f"{bar:g} µm", ha="right", va="center",
        fontsize=10, transform=below,
    )  # fmt: skip


def scale_bar_um(width_um: float) -> float:
    """A round length, at most a quarter of the picture and at most BAR_UM."""
    lengths = (BAR_UM, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0)
    return next((length for length in lengths if length <= width_um / 4.0), lengths[-1])


def legend_pairs(clones: Mapping[int, str] | None = None) -> list[tuple[str, str]]:
    """Label and colour of everything that is painted."""
    pairs = [(GROUND_SAYS if name == MARROW else name, colour) for name, colour in COLOURS.items()]
    pairs += [(ENLARGED.get(name, name), colour) for name, colour in RESIDENT_COLOURS.values()]
    pairs += [pair for (kind, _), pair in CELL_COLOURS.items() if kind != "tumour"]
    pairs.append(OSTEOCLAST)
    if clones is None:
        return pairs + [pair for (kind, _), pair in CELL_COLOURS.items() if kind == "tumour"]
    pairs += [(f"tumour clone {i}", c) for i, c in enumerate(clones.values(), start=1)]
    return [*pairs, ("other tumour clones", OTHER_CLONES)]


def legend(clones: Mapping[int, str] | None = None) -> list[Any]:
    """A patch for everything that is painted."""
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=colour, edgecolor="#777777", linewidth=0.5, label=label)
        for label, colour in legend_pairs(clones)
    ]


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
