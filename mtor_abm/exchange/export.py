"""The command `export`: one run, written for another tool."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..invocation import joined
from .placing import ZARR_MARK, whole
from .recorded import EXPORT_FORMAT, PROVENANCE_FILE, Recorded

FOLDER = "exported"


@dataclass(frozen=True)
class Format:
    """A format that a run can be written in.

    Attributes:
        module, function: what writes it: (recorded, path) -> sentences on what is in it.
        ending: of the name. mark: of a folder, the file that shows it is an export; "" for a file.
        opens: how to open it; paths are quoted as a shell or Python wants them.
        sign: text in the mark, or in the file, by which it is known as an export.
    """

    module: str
    function: str
    ending: str
    mark: str
    opens: str
    sign: str = EXPORT_FORMAT


FORMATS = {
    "h5ad": Format("h5ad", "write_h5ad", ".h5ad", "", "anndata.read_h5ad({text})"),
    "ome-zarr": Format("ome", "write_ome_zarr", ".ome.zarr", ZARR_MARK, "napari {path}"),
    "ome-tiff": Format("ome", "write_ome_tiff", ".ome.tif", "", "Fiji, QuPath, napari {path}"),
    "vtk": Format(
        "vtk_files", "write_vtk", "_vtk", PROVENANCE_FILE, "paraview {fields}"
    ),
    "physicell-csv": Format(
        "physicell", "write_physicell", "_physicell.csv", "", "pandas.read_csv({text})",
        "mtor_abm_version",
    ),
    "parquet": Format(
        "parquet_folder", "write_parquet", "_parquet", PROVENANCE_FILE,
        "pandas.read_parquet({timeseries})",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Exported:
    """What was written: where, what is in it (a sentence each), how to open it."""

    path: Path
    to: str
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {"path": str(self.path), "format": self.to, "notes": self.notes}

    def text(self) -> str:
        """For the terminal."""
        opens = FORMATS[self.to].opens.format(
            path=joined([str(self.path)]),
            fields=joined([str(self.path / "fields.pvd")]),
            text=repr(str(self.path)),
            timeseries=repr(str(self.path / "timeseries.parquet")),
        )
        rows = [(self.to, str(self.path)), *(("", note) for note in self.notes), ("open it", opens)]
        return "\n".join(f"{key:<14}{value}" for key, value in rows)


def export(
    run: Path,
    to: str,
    days: Sequence[float] | None = None,
    out: Path | None = None,
    *,
    force: bool = False,
) -> Exported:
    """Write one run in the format of another tool, whole or not at all.

    Args:
        run: its folder. to: a key of FORMATS. days: of its snapshots; None takes all.
        out: the file or folder to be made; None names it after the run, in `exported` of its study.
        force: replace an older export.

    Raises:
        UserError: no such run, format or day, a library is missing, something stands in the way.
    """
    if to not in FORMATS:
        raise UserError(f"--to {to} is not a format; choose one of {', '.join(FORMATS)}")
    chosen = FORMATS[to]
    recorded = Recorded.of(run, days)
    if out is None:
        name = "_day_".join([run.resolve().name, *(f"{day:g}" for day in recorded.days or ())])
        study = run.resolve().parent if run.name in ("", "..") else run.parent
        out = study / FOLDER / f"{name}{chosen.ending}"
    elif not out.suffix.startswith(suffix := Path(f"run{chosen.ending}").suffix):
        raise UserError(
            f"{out} does not end in {suffix}, by which other tools know the format; give "
            f"{out}{chosen.ending} as --out"
        )
    with whole(out, chosen.mark, chosen.sign, force=force) as place:
        notes = _writer(chosen)(recorded, place)
    return Exported(out, to, notes)


def _writer(chosen: Format) -> Callable[[Recorded, Path], list[str]]:
    """The function; its module is imported only now, with the libraries that it asks for."""
    from importlib import import_module

    writer: Callable[[Recorded, Path], list[str]] = getattr(
        import_module(f".{chosen.module}", __package__), chosen.function
    )
    return writer
