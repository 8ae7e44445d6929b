"""The snapshots of a run as other tools want them: cells in space, levels and masks as images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.gather import RunToCopy
from ..cells import CELL_TYPES
from ..drugs import DRUGS
from ..errors import UserError
from ..fields import FIELDS
from ..palette import (
    BONE,
    CAR_CELL,
    CAVITY,
    COLOURS,
    CYCLING,
    FAT_CELL,
    MONOCYTE,
    MSC,
    OSTEOBLAST,
    OSTEOCLAST,
    SPROUT,
    VESSEL,
)
from ..snapshots import SITE_COLUMNS
from ..store import read_run, snapshot_name
from ..version import VERSION
from ..whole_file import json_text

EXPORT_FORMAT = "mtor_abm export 1"
PROVENANCE_FILE = "provenance.json"  # of exports that are a folder of files
CELLS, FIELD_TABLES = "cells", "fields"
SETTING = {CELLS: "output.cells_at_days", FIELD_TABLES: "output.fields_at_days"}

#: Number of a cell type in masks; 0 is no cell.
CELL_CODES = {kind.kind.name: int(kind.kind.code) for kind in CELL_TYPES}
VESSEL_CELL, FLAT_STATE = "endothelial", "lining"  # may share their site with another cell
#: Masks made of a snapshot: name -> what each value means; 0 is none of these.
MASKS: dict[str, dict[int, str]] = {
    "bone": {1: "bone", 2: "cavity: bone was resorbed and not yet formed again"},
    "vessel": {1: "stable", 2: "sprout", 3: "tip"},
    "perfused": {1: "blood flows"},
    "cell_type": {
        code: name for name, code in CELL_CODES.items() if name not in (VESSEL_CELL, "circulating")
    },
}
#: Colours of these values in viewers of labels, as on the map of the report.
MASK_COLOURS: dict[str, dict[int, str]] = {
    "bone": {1: COLOURS[BONE], 2: COLOURS[CAVITY]},
    "vessel": {1: COLOURS[VESSEL], 2: COLOURS[SPROUT], 3: COLOURS[SPROUT]},
    "perfused": {1: COLOURS[VESSEL]},
    "cell_type": {
        CELL_CODES[name]: colour
        for name, colour in (
            ("tumour", CYCLING[1]), ("osteoclast_precursor", MONOCYTE),
            ("osteoclast", OSTEOCLAST[1]), ("mesenchymal", MSC), ("osteoblast", OSTEOBLAST[1]),
            ("adipocyte", FAT_CELL), ("car", CAR_CELL),
        )
    },
}  # fmt: skip
_LEVELS = {f"{field.key}_{field.unit}": (field.label, field.unit) for field in FIELDS} | {
    f"{drug.key}_nM": (f"{drug.label}, free", "nM") for drug in DRUGS.values()
}


@dataclass(frozen=True)
class Grid:
    """The sites of a section: nx x ny squares of dx_um, the first one centred at dx_um / 2."""

    nx: int
    ny: int
    dx_um: float

    @classmethod
    def of(cls, sites: pd.DataFrame) -> "Grid":
        """The grid of a table of all sites."""
        dx_um = 2.0 * float(sites["x_um"].min())
        nx, ny = (round(float(sites[axis].max()) / dx_um + 0.5) for axis in ("x_um", "y_um"))
        return cls(nx, ny, dx_um)

    def image(self, table: pd.DataFrame, values: Any, dtype: type) -> np.ndarray:
        """Values of the rows of a table as an image (ny, nx), row 0 at the lowest y, 0 elsewhere.

        Rows without a place (cells in blood) are left out.
        """
        placed = table["x_um"].notna().to_numpy()
        column, row = (
            np.floor(table[axis].to_numpy()[placed] / self.dx_um).astype(np.int64)
            for axis in ("x_um", "y_um")
        )
        out: np.ndarray = np.zeros((self.ny, self.nx), dtype=dtype)
        out[row, column] = np.asarray(values)[placed]
        return out


@dataclass(frozen=True)
class Level:
    """A field or drug: its column in the tables, what it is, its unit."""

    column: str
    label: str
    unit: str

    @property
    def title(self) -> str:
        """Name of a channel, with its unit."""
        return f"{self.label} ({self.unit})"


@dataclass(frozen=True)
class Recorded:
    """A complete run whose snapshots are to be handed over.

    Attributes:
        run: the run. days: the days asked for, or None for all that there are.
    """

    run: RunToCopy
    days: tuple[float, ...] | None = None

    @classmethod
    def of(cls, folder: Path, days: Sequence[float] | None = None) -> "Recorded":
        """Open the run in `folder`.

        Raises:
            UserError: there is none, or it failed.
        """
        run = read_run(folder)
        if run.status != "complete":
            raise UserError(
                f"{folder} is a run that {run.status}, so its tables may end early; run it again"
            )
        return cls(
            RunToCopy(run.folder, run.manifest), None if days is None else tuple(sorted(set(days)))
        )

    def held(self, kind: str) -> tuple[float, ...]:
        """All days of which the run holds `cells` or `fields`, in order."""
        return tuple(self.run.days_of(kind))

    def chosen(self, kind: str) -> tuple[float, ...]:
        """The days asked for, all of them held.

        Raises:
            UserError: the run holds none, or not one that was asked for.
        """
        held = self.held(kind)
        setting = SETTING[kind]
        if not held:
            raise UserError(
                f"{self.run.folder} has no {kind} of any day; run its scenario again under "
                f"another --name with -S {setting}=[DAY,...]"
            )
        for day in self.days or ():
            if day not in held:
                raise UserError(
                    f"{self.run.folder} has no {kind} of day {day:g}, only of {days_text(held)}; "
                    f"choose one of these, or run its scenario again with -S {setting}=[{day:g}]"
                )
        return held if self.days is None else self.days

    def chosen_of_each(self) -> dict[str, tuple[float, ...]]:
        """Kind of snapshot -> the days asked for that it has; a day of either kind will do.

        Raises:
            UserError: a day asked for is held by neither.
        """
        held = {kind: self.held(kind) for kind in SETTING}
        if self.days is None:
            return held
        for day in self.days:
            if not any(day in days for days in held.values()):
                either = sorted(set().union(*held.values()))
                settings = " and ".join(f"-S {setting}=[{day:g}]" for setting in SETTING.values())
                raise UserError(
                    f"{self.run.folder} has no snapshots of day {day:g}, only of "
                    f"{days_text(either) if either else 'no day'}; run its scenario again with "
                    f"{settings}"
                )
        return {kind: tuple(d for d in self.days if d in days) for kind, days in held.items()}

    def cells(self, day: float) -> pd.DataFrame:
        """All cells of one day, columns as in docs/tables.md."""
        return self.run.table(snapshot_name(CELLS, day))

    def sites(self, day: float) -> pd.DataFrame:
        """All sites of one day, columns as in docs/tables.md."""
        return self.run.table(snapshot_name(FIELD_TABLES, day))

    def provenance(self) -> dict[str, Any]:
        """What made this result, flat: texts and whole numbers. `scenario_toml` runs it again."""
        identity = self.run.identity
        return {
            "format": EXPORT_FORMAT,
            "scenario": self.run.scenario,
            "seed": self.run.seed,
            "run_version": str(identity.get("package_version", "")),
            "run_sources": str(identity.get("sources", "")),
            "scenario_sha256": str(identity.get("scenario_sha256", "")),
            "exported_by": f"mtor_abm {VERSION}",
            "scenario_toml": self.run.content("scenario.toml").decode(),
        }

    def tables_sha256(self, names: Sequence[str]) -> dict[str, str]:
        """Table -> its sha256 in the manifest."""
        return {name: self.run.manifest["files"][name]["sha256"] for name in names}


def levels_of(sites: pd.DataFrame) -> list[Level]:
    """The fields and drugs of a table of sites, in the order of its columns."""
    columns = [name for name in sites.columns if name not in SITE_COLUMNS]
    return [Level(name, *_LEVELS.get(name, (name, ""))) for name in columns]


def masks_of(grid: Grid, sites: pd.DataFrame, cells: pd.DataFrame | None) -> dict[str, np.ndarray]:
    """The masks that these tables allow, each uint8 of shape (ny, nx); see MASKS.

    A cell is the site of its centre, also an osteoclast that covers several. Vessels run through
    sites of other cells, so their cells are in the mask `vessel` alone; an osteoclast on a lining
    cell hides it.
    """
    masks = {
        "bone": grid.image(sites, np.where(sites["cavity"] == 1, 2, sites["bone"]), np.uint8),
        "vessel": grid.image(sites, sites["vessel"], np.uint8),
        "perfused": grid.image(sites, sites["perfused"], np.uint8),
    }
    if cells is not None:
        drawn = cells[cells["cell_type"] != VESSEL_CELL]
        drawn = drawn.sort_values("state", key=lambda s: s != FLAT_STATE, kind="stable")
        masks["cell_type"] = grid.image(drawn, drawn["cell_type"].map(CELL_CODES), np.uint8)
    return masks


def write_provenance(folder: Path, about: dict[str, Any]) -> None:
    """Write provenance.json, last: it names the files of the export, as only these are ours."""
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    text = json_text(about | {"files": files})
    (folder / PROVENANCE_FILE).write_text(text, encoding="utf-8")


def days_text(days: Sequence[float]) -> str:
    """E.g. "days 1, 2, 3"."""
    return f"day{'s' * (len(days) != 1)} " + ", ".join(f"{day:g}" for day in days)
