"""The pictures in a TIFF, counted through all its stacks, and the facts of each one.

A picture has a page of its own, or is a part of a larger one: ImageJ and tifffile may write a whole
stack under a single page. Pixel size, orientation and colours are those of the picture asked
for, whatever the others in the file say.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import extras
from ..errors import UserError
from .image_scale import UM, UNKNOWN, Scale, of_ome, of_resolution, square

MOST_PIXELS = 200_000_000
WITHOUT_CODECS = (1, 8, 32773, 32946, 34925)  # none, deflate, PackBits and LZMA: tifffile's own
FAX = (2, 3, 4)  # CCITT, for 1 bit
FLOAT_PREDICTOR = 3
GREY, COLOURS, PALETTE = (0, 1), (2, 6), 3  # photometric: white or black is 0; RGB, YCbCr; palette
UPRIGHT = 1


@dataclass(frozen=True)
class Picture:
    """A picture as it is stored.

    Attributes:
        pixels: (rows, columns) or (rows, columns, samples), the upper left corner first.
        has_alpha: its last sample is opacity. scale: of its pixels. orientation: EXIF's number.
        has_palette: its numbers are, or were, indices of colours.
    """

    pixels: Any
    has_alpha: bool
    scale: Scale
    orientation: int
    has_palette: bool = False


@dataclass(frozen=True)
class _Plane:
    """Where a picture lies: part `part` of `n_parts` of a page, which belongs to a series."""

    page: Any
    series: Any
    part: int
    n_parts: int


def read_tiff(path: Path, page: int | None, as_labels: bool) -> Picture:
    """Read one picture of a TIFF.

    Args:
        path: of the file. page: which picture, counted from 1; needed where there are several.
        as_labels: numbers as they are stored, without palette and without turning white into 0.

    Raises:
        UserError: no such page, too large, a compression or colours that cannot be read.
    """
    tifffile = extras.library("tifffile", "images", "an image")
    with _silent(), tifffile.TiffFile(path) as tif:
        planes = _planes(tif)
        chosen = planes[page_index(path, len(planes), page)]
        _refuse_compression(path, tifffile, chosen.page)
        photometric = int(chosen.page.photometric)
        if int(chosen.page.compression) in FAX:
            pixels = _fax(path, chosen.page)
        else:
            pixels = _pixels(path, chosen)
            if not as_labels:
                pixels = _as_seen(path, chosen.page, pixels, photometric)
        extra = [int(kind) for kind in chosen.page.extrasamples or ()]
        n_samples = pixels.shape[2] if pixels.ndim == 3 else 1
        has_alpha = bool(extra and extra[-1] in (1, 2)) or (n_samples == 4 and photometric == 2)
        if (extra and not has_alpha) or len(extra) > 1:
            raise UserError(
                f"{path}: has {n_samples} channels; save the one that shows bone as grey"
            )
        tag = chosen.page.tags.get("Orientation")
        return Picture(
            pixels, has_alpha, _scale(path, tif, chosen),
            UPRIGHT if tag is None else int(tag.value), photometric == PALETTE,
        )  # fmt: skip


def page_index(path: Path, n_pages: int, page: int | None) -> int:
    """Index of the page to read.

    Raises:
        UserError: there is no such page, or several and none was chosen.
    """
    if page is None and n_pages > 1:
        raise UserError(f"{path}: a stack of {n_pages} pages; give --page 1 to {n_pages}")
    if not 1 <= (page or 1) <= n_pages:
        which = "one page" if n_pages == 1 else f"{n_pages} pages"
        cure = "leave out --page" if n_pages == 1 else f"give --page 1 to {n_pages}"
        raise UserError(f"{path}: has {which}, not {page}; {cure}")
    return (page or 1) - 1


@contextmanager
def _silent() -> Iterator[None]:
    """Without what tifffile logs over a damaged file, which is told in one line instead."""
    log = logging.getLogger("tifffile")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)


def _planes(tif: Any) -> list[_Plane]:
    """All pictures in the order of the file, without the lower levels of a pyramid."""
    found = []
    for series in tif.series:
        pages = [p for p in series.pages if p is not None and p.parent is tif]
        if not pages:
            continue
        rows_and_columns = int(np.prod([pages[0].imagewidth, pages[0].imagelength], dtype=np.int64))
        n_samples = max(int(pages[0].samplesperpixel), 1)
        n_planes = int(np.prod(series.shape, dtype=np.int64)) // (rows_and_columns * n_samples)
        if n_planes > len(pages) == 1:
            found += [_Plane(pages[0].aspage(), series, k, n_planes) for k in range(n_planes)]
        else:
            found += [_Plane(page.aspage(), series, 0, 1) for page in pages]
    found.sort(key=lambda plane: _place(plane.page.index))
    return found


def _place(index: Any) -> tuple[int, ...]:
    return tuple(index) if isinstance(index, tuple) else (int(index),)


def _pixels(path: Path, chosen: _Plane) -> Any:
    """(rows, columns) or (rows, columns, samples) as stored."""
    page = chosen.page
    rows, columns, n_samples = page.imagelength, page.imagewidth, page.samplesperpixel
    if rows * columns > MOST_PIXELS:
        raise UserError(f"{path}: too many pixels; crop it or save it smaller")
    if chosen.n_parts == 1:
        stored = page.asarray()
    else:
        whole = chosen.series.asarray(out="memmap")
        stored = np.asarray(whole.reshape(chosen.n_parts, -1)[chosen.part])
    planar = int(page.planarconfig) == 2 and n_samples > 1
    shape = (n_samples, rows, columns) if planar else (rows, columns, n_samples)
    pixels = stored.reshape(shape)
    if planar:
        pixels = np.moveaxis(pixels, 0, -1)
    return pixels[..., 0] if n_samples == 1 else pixels


def _fax(path: Path, page: Any) -> Any:
    """Black and white compressed as by fax machines, which Pillow reads, imagecodecs does not."""
    with extras.library("PIL.Image", "images", "an image").open(path) as image:
        image.seek(_place(page.index)[0])
        return np.asarray(image)


def _as_seen(path: Path, page: Any, pixels: Any, photometric: int) -> Any:
    """Numbers as the grey or the colours that they stand for."""
    if photometric == PALETTE:
        colours = np.asarray(page.colormap)
        return np.moveaxis(colours[:, pixels] >> 8, 0, -1).astype(np.uint8)
    if photometric not in (*GREY, *COLOURS):
        raise UserError(
            f"{path}: its colours are stored as {getattr(page.photometric, 'name', photometric)}; "
            "save it as 8 or 16 bit grey"
        )
    if photometric == GREY[0]:
        return ~pixels if pixels.dtype == bool else pixels.max() - pixels
    return pixels


def _refuse_compression(path: Path, tifffile: Any, page: Any) -> None:
    """Tell a missing library from a fault of the file."""
    code, name = int(page.compression), getattr(page.compression, "name", str(page.compression))
    if code in (*WITHOUT_CODECS, *FAX) and int(page.predictor or 1) != FLOAT_PREDICTOR:
        return
    extras.library("imagecodecs", "images", f"{path}, a TIFF compressed by {name},")
    if code not in tifffile.TIFF.DECOMPRESSORS:
        raise UserError(
            f"{path}: is compressed by {name}, which cannot be read; save it without compression"
        )


def _scale(path: Path, tif: Any, chosen: _Plane) -> Scale:
    if tif.ome_metadata:
        series = [s for s in tif.series if s.kind == "ome"]
        if chosen.series in series:
            told = of_ome(path, tif.ome_metadata, series.index(chosen.series), len(series))
            if told != UNKNOWN:
                return told
    # ImageJ writes one scale, at the first page; of other files each page has its own
    tags = (tif.pages[0] if tif.is_imagej else chosen.page).tags
    x, y = (tags[k].value if k in tags else None for k in ("XResolution", "YResolution"))
    if not x or not y or not x[0] or not x[1] or not y[0] or not y[1]:
        return UNKNOWN
    unit = str((tif.imagej_metadata or {}).get("unit", "")).strip().lower()
    if unit in UM:
        across, down = UM[unit] * x[1] / x[0], UM[unit] * y[1] / y[0]
        return square(path, across, down), "its ImageJ metadata"
    code = int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 2
    if code not in (2, 3):
        return None, "none in the file (its resolution has no unit)"
    length = UM["inch" if code == 2 else "cm"]
    across, down = length * x[1] / x[0], length * y[1] / y[0]
    return of_resolution(path, across, down, "its resolution tags")
