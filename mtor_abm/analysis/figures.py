"""Pictures of the marrow: `python -m mtor_abm.analysis.figures OUT.png --scenario NAME --day 21`.

A picture is drawn from the same two tables that a run writes (cells/ and fields/), either read from
run folders (`--run`) or taken from models that are run here (`--scenario`). One panel a run.
matplotlib is needed here and nowhere else: `pip install -e ".[figures]"`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UserError
from ..model import MarrowModel
from ..scenario_files import load
from ..snapshots import cells_table, fields_table
from ..store import read_run

UM_PER_MM = 1000.0
BAR_UM = 500.0
PANEL_INCHES = 5.2

# What is painted, the later over the earlier: label, colour. Apart for the colour-blind too.
MARROW, BONE, CAVITY = "marrow", "bone", "cavity under repair"
VESSEL, SPROUT = "vessel", "sprouting vessel"
COLOURS = {
    MARROW: "#fbf7f0",
    BONE: "#b9b3a6",
    CAVITY: "#e4d9b8",
    VESSEL: "#e39aa2",
    SPROUT: "#c4161c",
}
CELL_COLOURS: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {
    ("osteoblast", ("preosteoblast", "osteoblast")): ("osteoblast, young or at work", "#1b7837"),
    ("tumour", ("cycling",)): ("tumour, cycling", "#6a3d9a"),
    ("tumour", ("quiescent",)): ("tumour, quiescent", "#b79fd3"),
    ("tumour", ("dormant",)): ("tumour, dormant", "#101010"),
}
OSTEOCLAST_COLOUR = "#1f78b4"


@dataclass(frozen=True)
class Snapshot:
    """One marrow at one time: the tables of `snapshots`."""

    title: str
    cells: pd.DataFrame
    sites: pd.DataFrame

    @property
    def dx_um(self) -> float:
        """Size of a site: half of it lies before the first centre."""
        return 2.0 * float(self.sites["x_um"].min())

    def caption(self) -> str:
        """Title with the tumour's area and BV/TV."""
        tumour_mm2 = (self.cells["cell_type"] == "tumour").sum() * (self.dx_um / UM_PER_MM) ** 2
        bone = self.sites["bone"].mean()
        return f"{self.title}\ntumour {tumour_mm2:.2f} mm$^2$, BV/TV {bone:.3f}"


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
    title = f"{chosen.name}, day {day:g}"
    return Snapshot(title, cells_table(model), fields_table(model))


def recorded(folder: Path, day: float | None) -> Snapshot:
    """Read a day of a run from its folder; None takes the last one written.

    Raises:
        UserError: no run there, or it holds no cells and fields of that day.
    """
    run = read_run(folder)
    files = {kind: sorted((folder / kind).glob("day_*.csv")) for kind in ("cells", "fields")}
    days = {float(f.stem.removeprefix("day_")) for f in files["cells"]}
    days &= {float(f.stem.removeprefix("day_")) for f in files["fields"]}
    if not days or (day is not None and day not in days):
        held = ", ".join(f"{d:g}" for d in sorted(days)) or "none"
        raise UserError(
            f"{folder} holds no cells and fields of day {'any' if day is None else f'{day:g}'} "
            f"(days it holds: {held}); run it with -S output.cells_at_days=[DAY] and "
            "-S output.fields_at_days=[DAY]"
        )
    day = max(days) if day is None else day
    tables = {kind: pd.read_csv(folder / kind / f"day_{day:06.2f}.csv") for kind in files}
    return Snapshot(f"{run.scenario}, day {day:g}", tables["cells"], tables["fields"])


def painted(snapshot: Snapshot) -> np.ndarray:
    """The colour of every site, float (ny, nx, 3), row 0 at y = 0; osteoclasts are left out."""
    sites, dx = snapshot.sites, snapshot.dx_um
    column, row = _place(sites, dx)
    picture = np.empty((row.max() + 1, column.max() + 1, 3))
    picture[:] = _rgb(COLOURS[MARROW])
    for label, where in (
        (BONE, sites["bone"] == 1),
        (CAVITY, sites["cavity"] == 1),
        (VESSEL, sites["vessel"] == 1),
        (SPROUT, sites["vessel"] >= 2),
    ):
        picture[row[where], column[where]] = _rgb(COLOURS[label])
    for (cell_type, states), (_, colour) in CELL_COLOURS.items():
        cells = snapshot.cells
        chosen = cells[(cells["cell_type"] == cell_type) & cells["state"].isin(states)]
        column, row = _place(chosen, dx)
        picture[row, column] = _rgb(colour)
    return picture


def draw(snapshots: Sequence[Snapshot], path: Path) -> None:
    """Draw one panel a snapshot, with legend and scale bar, into a PNG, PDF or SVG file.

    Raises:
        UserError: matplotlib is absent, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            'figures need matplotlib; type: .venv/bin/python -m pip install -e ".[figures]"'
        ) from error
    size = (PANEL_INCHES * len(snapshots), PANEL_INCHES + 1.1)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(snapshots), squeeze=False)[0]
    for panel, snapshot in zip(panels, snapshots, strict=True):
        _draw_panel(panel, snapshot)
    columns = 3 if len(snapshots) == 1 else 5
    figure.legend(
        handles=_legend(), loc="outside lower center", ncols=columns, frameon=False, fontsize=8
    )
    try:
        figure.savefig(path, dpi=150, bbox_inches="tight")
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be written: {error}") from error


def _draw_panel(panel: Any, snapshot: Snapshot) -> None:
    dx = snapshot.dx_um
    picture = painted(snapshot)
    height, width = picture.shape[0] * dx, picture.shape[1] * dx
    extent = (0.0, width, 0.0, height)
    panel.imshow(picture, origin="lower", extent=extent, interpolation="nearest")
    big = snapshot.cells[snapshot.cells["cell_type"] == "osteoclast"]
    from matplotlib.collections import EllipseCollection

    across = 2.0 * dx * np.sqrt(big["n_sites"].to_numpy(dtype=float) / np.pi)
    where = big[["x_um", "y_um"]].to_numpy(dtype=float)
    panel.add_collection(
        EllipseCollection(
            across, across, np.zeros(len(big)), units="xy", offsets=where,
            offset_transform=panel.transData, facecolor=OSTEOCLAST_COLOUR,
        )
    )  # fmt: skip
    bar = min(BAR_UM, width / 4)
    left, low = width - bar - 0.03 * width, 0.03 * height
    panel.plot([left, left + bar], [low, low], color="black", linewidth=3, solid_capstyle="butt")
    ground = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
    middle, above = left + bar / 2, low + 0.012 * height
    panel.text(middle, above, f"{bar:g} um", ha="center", va="bottom", bbox=ground)
    panel.set_title(snapshot.caption(), fontsize=10)
    panel.set(xticks=[], yticks=[])
    panel.set(xlim=(0.0, width), ylim=(0.0, height))


def _legend() -> list[Any]:
    from matplotlib.patches import Patch

    pairs = [*COLOURS.items(), *CELL_COLOURS.values(), ("osteoclast", OSTEOCLAST_COLOUR)]
    return [Patch(facecolor=c, edgecolor="#888888", linewidth=0.5, label=n) for n, c in pairs]


def _place(table: pd.DataFrame, dx_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of the site of each line."""
    column, row = (np.floor(table[axis].to_numpy() / dx_um) for axis in ("x_um", "y_um"))
    return column.astype(np.int64), row.astype(np.int64)


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw one picture; exit code 2 with one line if it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m mtor_abm.analysis.figures")
    parser.add_argument("picture", type=Path, metavar="OUT.png")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--scenario", nargs="+", help="scenarios to run, one panel each")
    source.add_argument("--run", nargs="+", type=Path, help="run folders to read, one panel each")
    parser.add_argument("--seed", type=int, default=1, help="of --scenario (default 1)")
    parser.add_argument("--day", type=float, help="with --run: default the last one written")
    args = parser.parse_args(arguments)
    try:
        if args.scenario:
            day = 21.0 if args.day is None else args.day
            snapshots = [simulated(name, args.seed, day) for name in args.scenario]
        else:
            snapshots = [recorded(folder, args.day) for folder in args.run]
        draw(snapshots, args.picture)
    except UserError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    print(args.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
