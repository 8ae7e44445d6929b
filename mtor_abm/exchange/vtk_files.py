"""Fields and cells as VTK files, for ParaView and pyvista (needs pyvista, the extra `vtk`).

fields_day_003.00.vti   image data: one cell of the grid a site, levels and masks
cells_day_003.00.vtp    points: one a cell, with type, state and activities
fields.pvd cells.pvd    the days as a series in time (d): open these in ParaView
provenance.json         also in the field data of every file
"""

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from ..errors import UserError
from ..extras import library
from ..store import day_label
from .recorded import (
    CELL_CODES,
    CELLS,
    FIELD_TABLES,
    SETTING,
    Grid,
    Recorded,
    days_text,
    levels_of,
    masks_of,
    write_provenance,
)


def write_vtk(recorded: Recorded, folder: Path) -> list[str]:
    """The chosen days of a run: .vti of those with fields, .vtp of those with cells.

    Returns:
        What is in it, a sentence each.

    Raises:
        UserError: no such days, or pyvista is missing.
    """
    days = recorded.chosen_of_each()
    if not any(days.values()):
        raise UserError(
            f"{recorded.run.folder} has no snapshots; run its scenario "
            f"again under another --name with -S {SETTING[CELLS]}=[DAY,...] and "
            f"-S {SETTING[FIELD_TABLES]}=[DAY,...]"
        )
    pyvista = library("pyvista", "vtk", "vtk")
    about = recorded.provenance()
    for day in days[FIELD_TABLES]:
        image = _image(pyvista, recorded.sites(day))
        _save(_label(image, about, day), folder / f"fields_day_{day_label(day)}.vti")
    for day in days[CELLS]:
        points = _points(pyvista, recorded.cells(day))
        _save(_label(points, about, day), folder / f"cells_day_{day_label(day)}.vtp")
    notes = []
    for kind, suffix in ((FIELD_TABLES, "vti"), (CELLS, "vtp")):
        if days[kind]:
            (folder / f"{kind}.pvd").write_text(_series(kind, suffix, days[kind]), encoding="utf-8")
            notes.append(f"{kind} of {days_text(days[kind])}")
        else:
            notes.append(
                f"no {kind} of these days: the run was not asked for them ({SETTING[kind]})"
            )
    write_provenance(folder, about)
    return notes


def _image(pyvista: Any, sites: pd.DataFrame) -> Any:
    """One cell of the grid a site; VTK wants x fastest, as rows of an (ny, nx) image are."""
    grid = Grid.of(sites)
    image = pyvista.ImageData(
        dimensions=(grid.nx + 1, grid.ny + 1, 1), spacing=(grid.dx_um, grid.dx_um, grid.dx_um)
    )
    for level in levels_of(sites):
        pixels = grid.image(sites, sites[level.column], np.float32)
        image.cell_data[level.column] = pixels.ravel()
    for name, mask in masks_of(grid, sites, None).items():
        image.cell_data[name] = mask.ravel()
    return image


def _points(pyvista: Any, cells: pd.DataFrame) -> Any:
    """A vertex a cell that has a place; type as text and as the number that masks use."""
    placed = cells[cells["x_um"].notna()]
    xyz = np.column_stack([placed["x_um"], placed["y_um"], np.zeros(len(placed))])
    points = pyvista.PolyData(xyz.astype(np.float64))
    points.point_data["cell_type_code"] = placed["cell_type"].map(CELL_CODES).to_numpy(np.uint8)
    for name in placed.columns.drop(["x_um", "y_um"]):
        column = placed[name]
        text = name in ("cell_type", "state")
        points.point_data[name] = column.to_numpy(dtype=str) if text else column.to_numpy()
    return points


def _label(data: Any, about: dict[str, Any], day: float) -> Any:
    """The same with provenance and time in its field data; TimeValue is VTK's own name for it."""
    data.field_data["TimeValue"] = np.array([day])
    data.field_data["length_unit"] = ["um"]
    for name, value in about.items():
        data.field_data[name] = [str(value)]
    data.field_data["cell_type_codes"] = [json.dumps(CELL_CODES)]
    return data


def _save(data: Any, path: Path) -> None:
    """Write one file; VTK itself only murmurs when the disk refuses."""
    data.save(path)
    if not (path.exists() and path.stat().st_size):
        raise UserError(f"{path.name} could not be written; is the disk full? choose another --out")


def _series(kind: str, suffix: str, days: tuple[float, ...]) -> str:
    """A .pvd file: which file shows which day."""
    files = "".join(
        f'    <DataSet timestep="{day:.10g}" file={quoteattr(name)}/>\n'
        for day, name in ((day, f"{kind}_day_{day_label(day)}.{suffix}") for day in days)
    )
    return (
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n  <Collection>\n'
        f"{files}  </Collection>\n</VTKFile>\n"
    )
