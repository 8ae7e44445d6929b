"""The command `geometry`: from an image of a bone section to the file that a marrow starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import invocation
from ..anatomy import Section, read_section, section_bytes, vessel_network
from ..cells.endothelial import EndothelialParameters
from ..errors import UserError
from ..histomorphometry import SMALLEST_STRUT
from ..seeding import GeometryParameters
from ..study_text import counted
from ..version import VERSION
from ..whole_file import storage_error, write_file
from .bone_mask import (
    MEASURES,
    GreyLevels,
    grey_levels,
    labelled_levels,
    measured,
    measured_image,
    refuse_lost_bone,
    sites_in,
    without_specks,
)
from .cell_table import Frame, Placed, pixel_notes, placed, read_cells
from .image_scale import PIXEL_UM
from .images import GreyImage, read_grey
from .label_image import labelled, refuse_labels
from .vessel_mask import Vessels, vessel_sites

TOLERANCE = 0.1
DX_UM = 10.0
MUCH_BONE = 0.6  # BV/TV above which the picture may be a negative [assumed]
OF_BONE = (
    "give --bone-label N (or N,M) for those that are bone, --threshold 0 if all but 0 are, or "
    "--threshold otsu if they are grey levels"
)
MOSTLY_ARTERIOLES = 0.2  # share of vessel sites

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        image: of bone. out: the file to write.
        pixel_um: size of a pixel, or None: as the image says.
        dx_um: size of a site.
        threshold: grey level, or None: Otsu's.
        invert: bone is dark. smooth_um: Gaussian before the threshold, standard deviation.
        despeckle_um2: pieces and holes below go; None takes SMALLEST_STRUT sites.
        crop_um: left, top, width, height; None takes all.
        page: of a stack. tolerance: largest relative change of a measure.
        vessels: image of vessels. cells: table. snap_um: see `cell_table.placed`.
        bone_labels: numbers that mean bone in an image of labels; None: it shows grey levels.
        vessel_labels: the same for vessels, in `vessels` or, without it, in `image`.
        is_grey: the image shows grey levels, however much it looks like labels.
    """

    image: Path
    out: Path
    pixel_um: float | None = None
    dx_um: float = DX_UM
    threshold: float | None = None
    invert: bool = False
    smooth_um: float = 0.0
    despeckle_um2: float | None = None
    crop_um: tuple[float, float, float, float] | None = None
    page: int | None = None
    tolerance: float = TOLERANCE
    vessels: Path | None = None
    cells: Path | None = None
    snap_um: float = 0.0
    bone_labels: tuple[int, ...] | None = None
    vessel_labels: tuple[int, ...] | None = None
    is_grey: bool = False

    @property
    def specks_um2(self) -> float:
        """Area below which a piece or a hole is a speck."""
        given = self.despeckle_um2
        return SMALLEST_STRUT * self.dx_um**2 if given is None else given


@dataclass(frozen=True)
class Made:
    """A section that was made.

    Attributes:
        path: of its file. section: what is in it.
        lines: what to tell, label and text. notes: what to look at, one line each.
    """

    path: Path
    section: Section
    lines: Sequence[tuple[str, str]]
    notes: Sequence[str]

    @property
    def command(self) -> str:
        """How a run starts from it."""
        without = ["-S", "inoculum.cells=0"] if "tumour" in self.section.cells else []
        return invocation.command("run", "vehicle", "-S", f"geometry.file={self.path}", *without)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "file": str(self.path), **self.section.about, "notes": list(self.notes),
            "run": self.command,
        }  # fmt: skip

    def text(self) -> str:
        """For people."""
        image, lattice = (self.section.about["measured"][k] for k in ("image", "lattice"))
        table = [f"  {'measure':24}{'unit':6}{'image':>9}{'lattice':>9}{'change':>9}"]
        for key, (label, unit, _) in MEASURES.items():
            a, b = image[key], lattice[key]
            digits = 4 if unit == "1" else 1 if unit == "um" else 3
            table.append(
                f"  {label:24}{unit:6}{a:9.{digits}f}{b:9.{digits}f}{100 * (b / a - 1):+8.1f}%"
            )
        told = [f"{label:13}{what}" for label, what in self.lines]
        told += [f"{'note':13}{note}" for note in self.notes]
        ends = [("file", str(self.path)), ("run", self.command)]
        return "\n".join([*told, *table, *(f"{label:13}{what}" for label, what in ends)])


def make_section(request: Request) -> Made:
    """Read the images and the table, lay them on the lattice, measure, check and write.

    Raises:
        UserError: an image or table that cannot be used, or bone that the lattice would lose.
    """
    _refuse_foreign(request.out)
    image = read_grey(request.image, request.page, as_labels=request.bone_labels is not None)
    pixel_um, scale = _scale(request, image)
    rows, columns = _cropped(request, image, pixel_um)
    levels = _levels(request, image, pixel_um, (rows, columns))
    frame = _frame(request, image, pixel_um, rows, columns)
    seen = levels.on_sites_of(request.dx_um)
    cleaned = without_specks(seen, request.dx_um, request.specks_um2)
    bone = cleaned.bone
    _refuse_one_tissue(image, levels, bone)
    of_image = measured_image(levels, request.specks_um2)
    of_lattice = measured(bone, request.dx_um, bone, request.dx_um)
    notes = [*image.notes, *levels.notes]
    notes += refuse_lost_bone(
        levels, request.dx_um, request.specks_um2, request.tolerance, of_image, of_lattice
    )
    notes += _bone_notes(request, of_lattice)
    vessels = _vessels(request, image, pixel_um, (rows, columns), bone)
    upright = _upright(bone)
    vessel = None if vessels is None else _upright(vessels.sites)
    cells = Placed({}, 0, 0)
    if request.cells is not None:
        table = read_cells(request.cells)
        cells = placed(request.cells, table, frame, upright, vessel, request.snap_um)
        notes += pixel_notes(table, image.pixels.shape, pixel_um)
    about = {
        "made_by": f"mtor_abm {VERSION}",
        "image": {"file": image.name, "sha256": image.sha256, "pixels": list(image.pixels.shape),
                  "page": request.page},
        "pixel_um": pixel_um, "scale_from": scale,
        "crop_um": None if request.crop_um is None else list(request.crop_um),
        "threshold": -levels.threshold if request.invert else levels.threshold,
        "threshold_from": levels.how,
        "bone_labels": request.bone_labels, "vessel_labels": request.vessel_labels,
        "bone_is": "dark" if request.invert else "bright", "smooth_um": request.smooth_um,
        "despeckle_um2": request.specks_um2,
        "dropped": {"islands": cleaned.n_islands, "holes": cleaned.n_holes},
        "lattice": {"nx": frame.nx, "ny": frame.ny, "dx_um": request.dx_um},
        "tolerance": request.tolerance,
        "measured": {"image": of_image, "lattice": of_lattice},
        "vessels": None if vessels is None else {
            "sites": int(vessels.sites.sum()), "networks": vessels.n_pieces,
            "left_out_in_bone": vessels.n_in_bone,
        },
        "cells": {name: len(places) for name, places in cells.cells.items()},
        "cells_moved": cells.n_moved, "cells_off_lattice": cells.n_outside,
    }  # fmt: skip
    for part, path in (("vessels", request.vessels), ("cells", request.cells)):
        about[f"{part}_file"] = None if path is None else path.name
    section = Section(request.dx_um, upright, vessel, cells.cells, about)
    content = section_bytes(section)
    if request.out.exists() and request.out.read_bytes() != content:
        notes.append(f"another {request.out.name} was replaced; runs begun from it cannot go on")
    try:
        request.out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, request.out.parent) from error
    write_file(request.out, content)
    notes += _vessel_notes(section, vessels)
    written = read_section(request.out)
    return Made(request.out, written, _lines(request, about, image), notes)


def _upright(mask: Mask) -> Mask:
    """(rows, columns) from the upper left as (nx, ny) from the lower left: figures look alike."""
    return np.ascontiguousarray(mask[::-1].T)


def _refuse_foreign(out: Path) -> None:
    """A section may be replaced; any other file stays, e.g. the image itself."""
    if out.suffix != ".npz":
        raise UserError(f"--out {out} does not end in .npz; give e.g. --out marrow.npz")
    if out.exists():
        try:
            read_section(out)
        except UserError:
            raise UserError(
                f"{out} exists and was not written by geometry; give another --out"
            ) from None


def _scale(request: Request, image: GreyImage) -> tuple[float, str]:
    """Size of a pixel and who says so."""
    low, high = PIXEL_UM
    given = request.pixel_um
    if given is None and image.pixel_um is None:
        raise UserError(
            f"{request.image}: the size of its pixels is not known ({image.scale_source}); give "
            "--pixel-um"
        )
    if given is None:
        assert image.pixel_um is not None
        return image.pixel_um, image.scale_source
    if not low <= given <= high:
        raise UserError(f"--pixel-um {given:g} lies outside {low:g}..{high:g} um; give um, not mm")
    if image.pixel_um is not None and abs(given / image.pixel_um - 1.0) > 0.01:
        return given, f"--pixel-um; {image.scale_source} would be {image.pixel_um:.4g} um"
    return given, "--pixel-um"


def _cropped(request: Request, image: GreyImage, pixel_um: float) -> tuple[slice, slice]:
    """Rows and columns of the image that are used."""
    height, width = image.pixels.shape
    if request.crop_um is None:
        return slice(0, height), slice(0, width)
    left, top, wide, high = request.crop_um
    whole_um = (width * pixel_um, height * pixel_um)
    slack = 0.5 * pixel_um
    if (
        min(left, top) < 0.0 or min(wide, high) <= 0.0
        or left + wide > whole_um[0] + slack or top + high > whole_um[1] + slack
    ):  # fmt: skip
        raise UserError(
            f"--crop {left:g},{top:g},{wide:g},{high:g} um leaves the image of {whole_um[0]:g} x "
            f"{whole_um[1]:g} um; give LEFT,TOP,WIDTH,HEIGHT in um within it"
        )
    x0, y0 = round(left / pixel_um), round(top / pixel_um)
    x1, y1 = round((left + wide) / pixel_um), round((top + high) / pixel_um)
    return slice(y0, max(y1, y0 + 1)), slice(x0, max(x1, x0 + 1))


def _frame(
    request: Request, image: GreyImage, pixel_um: float, rows: slice, columns: slice
) -> Frame:
    """Where the lattice lies.

    Raises:
        UserError: it would be smaller or larger than the model takes.
    """
    limits = {row["key"]: row for row in GeometryParameters.rows()}
    low, high = limits["dx_um"]["low"], limits["dx_um"]["high"]
    if not low <= request.dx_um <= high:
        raise UserError(f"--dx-um {request.dx_um:g} lies outside {low}..{high} um; give one within")
    size = (rows.stop - rows.start, columns.stop - columns.start)
    ny, nx = sites_in(size, pixel_um, request.dx_um)
    least, most = limits["nx"]["low"], limits["nx"]["high"]
    if min(nx, ny) < least or max(nx, ny) > most:
        cure = "check --pixel-um, or give a wider section" if min(nx, ny) < least else (
            "check --pixel-um, or crop it with --crop LEFT,TOP,WIDTH,HEIGHT")  # fmt: skip
        raise UserError(
            f"{request.image}: {size[1] * pixel_um:g} x {size[0] * pixel_um:g} um are {nx} x {ny} "
            f"sites of {request.dx_um:g} um, and a lattice has {least} to {most} a side; {cure}"
        )
    height, width = image.pixels.shape
    return Frame(
        width * pixel_um, height * pixel_um, columns.start * pixel_um, rows.start * pixel_um,
        nx, ny, request.dx_um,
    )  # fmt: skip


def _levels(
    request: Request, image: GreyImage, pixel_um: float, crop: tuple[slice, slice]
) -> GreyLevels:
    """Bone by its labels, or by a threshold on its grey levels.

    Raises:
        UserError: labels were given for an image of grey levels, or the other way round.
    """
    labels = request.bone_labels
    if labels is None:
        if request.threshold is None and not request.is_grey:
            refuse_labels(image, OF_BONE)
        return grey_levels(
            image, image.pixels[crop], pixel_um, request.threshold, request.invert,
            request.smooth_um,
        )  # fmt: skip
    if request.threshold is not None or request.is_grey or request.invert or request.smooth_um:
        raise UserError(
            "--bone-label says what is bone; leave out --threshold, --invert and --smooth-um"
        )
    bone = labelled(image, labels, "--bone-label")[crop]
    return labelled_levels(bone, pixel_um, f"label {', '.join(map(str, labels))}")


def _refuse_one_tissue(image: GreyImage, levels: GreyLevels, bone: Mask) -> None:
    if bone.all() or not bone.any():
        what = "bone" if bone.all() else "marrow"
        raise UserError(
            f"{image.name}: all of it is {what} at the threshold {abs(levels.threshold):g} "
            f"({levels.how}); check --threshold (bone is brighter), give --invert if bone is "
            "dark, or --crop"
        )


def _bone_notes(request: Request, lattice: Mapping[str, float]) -> list[str]:
    notes = []
    if lattice["bv_tv"] > MUCH_BONE:
        notes.append(f"BV/TV is {lattice['bv_tv']:.2f}; if bone is dark in the image, --invert")
    if lattice["tb_th_local_um"] < 2.0 * request.dx_um:
        notes.append("struts are less than two sites thick; a smaller --dx-um keeps them smooth")
    return notes


def _vessels(
    request: Request, image: GreyImage, pixel_um: float, crop: tuple[slice, slice], bone: Mask
) -> Vessels | None:
    """Vessels of their own image, which must lie on that of bone pixel by pixel, or its labels."""
    labels = request.vessel_labels
    if request.vessels is None and labels is None:
        return None
    path, page = request.vessels, request.page if request.page != 1 else None
    if path is None:
        path, page = request.image, request.page
    other = read_grey(path, page, as_labels=labels is not None)
    if other.pixels.shape != image.pixels.shape:
        a, b = ("{1} x {0}".format(*i.pixels.shape) for i in (other, image))
        raise UserError(
            f"{path}: has {a} pixels and {image.name} {b}; give two pictures of the "
            "same section and size"
        )
    if labels is not None:
        seen = labelled(other, labels, "--vessel-label")[crop]
    else:
        refuse_labels(other, "give --vessel-label N for those that are vessels")
        seen = grey_levels(other, other.pixels[crop], pixel_um, None, False, 0.0).bone
    return vessel_sites(other.name, seen, pixel_um, request.dx_um, bone)


def _vessel_notes(section: Section, vessels: Vessels | None) -> list[str]:
    """What vessels will mean for a run."""
    p = EndothelialParameters()
    if vessels is not None:
        share = vessels.n_pieces / max(int(vessels.sites.sum()), 1)
        if share <= MOSTLY_ARTERIOLES:
            return []
        return [
            f"{vessels.n_pieces} separate vessels each need an arteriole: {100 * share:.0f} % of "
            "the vessel sites or more; join them in the mask if they are one network"
        ]
    try:
        vessel_network(
            section.bone, section.dx_um, p.spacing_um, p.area_fraction, p.arteriole_share, seed=1
        )
    except ValueError as fault:
        return [f"vessels drawn with the default [endothelium] do not fit: {fault}"]
    return []


def _lines(request: Request, about: Mapping[str, Any], image: GreyImage) -> list[tuple[str, str]]:
    rows, columns = image.pixels.shape
    dropped, lattice, seen = about["dropped"], about["lattice"], about["vessels"]
    nx, ny, dx = lattice["nx"], lattice["ny"], lattice["dx_um"]
    of_vessels = about["vessels_file"] or f"labels of {image.name}"
    how_bone = about["threshold_from"]
    if request.bone_labels is None:
        side = "below" if request.invert else "above"
        how_bone = f"{side} {about['threshold']:g} ({how_bone})"
    lines = [
        ("image", f"{image.name}, {columns} x {rows} pixels of {about['pixel_um']:g} um "
         f"({about['scale_from']})"),
        ("bone", f"{how_bone}; {counted(dropped['islands'], 'piece')} and "
         f"{counted(dropped['holes'], 'hole')} "
         f"below {about['despeckle_um2']:g} um2 dropped"),
        ("lattice", f"{nx} x {ny} sites of {dx:g} um, {nx * dx / 1e3:g} x {ny * dx / 1e3:g} mm"),
        ("vessels", "none given: drawn for each seed" if seen is None else
         f"{seen['sites']} sites in {seen['networks']} networks ({of_vessels}); "
         f"{seen['left_out_in_bone']} more in bone left out"),
    ]  # fmt: skip
    if request.cells is not None:
        counts = ", ".join(f"{n} {name}" for name, n in about["cells"].items()) or "none"
        lines.append(("cells", f"{counts}; {about['cells_moved']} moved to a free site, "
                      f"{about['cells_off_lattice']} outside the lattice left out"))  # fmt: skip
        lines.append(("", "the table counts from the upper left corner, y downwards; tables of a "
                      "run from the lower left, y upwards"))  # fmt: skip
    return lines
