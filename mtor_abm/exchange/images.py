"""Grey images and their scale, from PNG, TIFF and what else Pillow reads (extra `images`).

The scale of a file is believed only if it says so in a length: OME metadata, ImageJ's unit, or
pixels per inch or centimetre. What screens and cameras write there by habit (72 per inch) gives
pixels no section has, and is not taken.
"""

import hashlib
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from .. import extras
from ..errors import UserError

PIXEL_UM = (0.05, 100.0)  # what a section of bone may be imaged with
MOST_PIXELS = 200_000_000
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
UM = {
    "nm": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00b5m": 1.0, "micron": 1.0, "microns": 1.0,
    "micrometer": 1.0, "mm": 1e3, "cm": 1e4, "inch": 25400.0,
}  # fmt: skip


@dataclass(frozen=True)
class GreyImage:
    """One grey picture, as it is in its file.

    Attributes:
        name: of the file. sha256: of the file.
        pixels: (rows, columns) float64, the upper left corner first.
        pixel_um: size of a pixel if the file tells, else None. scale_source: where it tells.
    """

    name: str
    sha256: str
    pixels: NDArray[np.float64]
    pixel_um: float | None
    scale_source: str

    @property
    def is_binary(self) -> bool:
        """Whether there are two values at most."""
        first = self.pixels.flat[0]
        others = self.pixels[self.pixels != first]
        return others.size == 0 or bool((others == others.flat[0]).all())


def library(name: str) -> Any:
    """A module of the extra `images`.

    Raises:
        UserError: it is not installed.
    """
    return extras.library(name, "images", "an image")


def read_grey(path: Path, page: int | None = None) -> GreyImage:
    """Read one picture.

    Args:
        path: PNG, TIFF (ImageJ and OME too) and what else Pillow reads.
        page: of a stack, counted from 1.

    Raises:
        UserError: unreadable, no image, colours, pixels without a value, or a stack without `page`.
    """
    pillow, _ = library("PIL.Image"), library("tifffile")
    try:
        raw = path.read_bytes()
    except OSError as fault:
        reason = fault.strerror or "cannot be read"
        raise UserError(f"{path}: {reason}; check the path and its permissions") from None
    is_tiff = raw[:4] in TIFF_STARTS
    with _faults_told(path, pillow):
        pixels, scale, source = (_tiff if is_tiff else _other)(path, raw, page)
    grey = _one_channel(path, pixels)
    _refuse_holes(path, grey)
    if scale is not None and not PIXEL_UM[0] <= scale <= PIXEL_UM[1]:
        scale, source = None, f"{source} say {scale:.4g} um a pixel, which no section has"
    return GreyImage(path.name, hashlib.sha256(raw).hexdigest(), grey, scale, source)


@contextmanager
def _faults_told(path: Path, pillow: Any) -> Iterator[None]:
    """Whatever a decoder raises, or logs, over a damaged file becomes one line."""
    log = logging.getLogger("tifffile")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            yield
    except UserError:
        raise
    except (pillow.DecompressionBombWarning, pillow.DecompressionBombError, MemoryError):
        raise UserError(f"{path}: too many pixels; crop it or save it smaller") from None
    except pillow.UnidentifiedImageError:
        raise UserError(f"{path}: no image that can be read; give a PNG or TIFF") from None
    except Exception as fault:  # decoders raise whatever they like over a damaged file
        what = str(fault) or type(fault).__name__
        raise UserError(f"{path}: damaged image ({what[:80]}); save it anew as PNG") from None
    finally:
        log.setLevel(level)


def _other(path: Path, raw: bytes, page: int | None) -> tuple[Any, float | None, str]:
    """Pixels, scale and its source of a file that Pillow reads."""
    pillow = library("PIL.Image")
    with pillow.open(io.BytesIO(raw)) as image:
        if (n_pages := getattr(image, "n_frames", 1)) > 1 or page not in (None, 1):
            image.seek(_page(path, n_pages, page))
        dpi = image.info.get("dpi")
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        pixels = np.asarray(image)
    if not dpi or not float(dpi[0]) > 0.0:
        return pixels, None, "none in the file"
    _refuse_oblong(path, 1.0 / float(dpi[0]), 1.0 / float(dpi[1]))
    return pixels, UM["inch"] / float(dpi[0]), f"its {float(dpi[0]):g} pixels per inch"


def _tiff(path: Path, raw: bytes, page: int | None) -> tuple[Any, float | None, str]:
    """Pixels, scale and its source of a TIFF."""
    tifffile = library("tifffile")
    with tifffile.TiffFile(io.BytesIO(raw)) as tif:
        chosen = tif.pages[_page(path, len(tif.pages), page)]
        if int(np.prod(chosen.shape)) > MOST_PIXELS:
            raise UserError(f"{path}: too many pixels; crop it or save it smaller")
        pixels = chosen.asarray()
        if chosen.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
            pixels = pixels.max() - pixels if pixels.dtype != bool else ~pixels
        if "S" in chosen.axes and chosen.axes.index("S") == 0:  # planes before rows
            pixels = np.moveaxis(pixels, 0, -1)
        return pixels, *_tiff_scale(path, tif, chosen)


def _tiff_scale(path: Path, tif: Any, page: Any) -> tuple[float | None, str]:
    if tif.ome_metadata:
        found = _ome_scale(path, tif.ome_metadata)
        if found is not None:
            return found, "its OME metadata"
    tags = page.tags
    x, y = (tags[k].value if k in tags else None for k in ("XResolution", "YResolution"))
    if not x or not y or not x[0] or not x[1] or not y[0] or not y[1]:
        return None, "none in the file"
    unit = str((tif.imagej_metadata or {}).get("unit", "")).strip().lower()
    source = "its ImageJ metadata"
    if unit not in UM:
        code = int(tags["ResolutionUnit"].value) if "ResolutionUnit" in tags else 2
        unit, source = {2: "inch", 3: "cm"}.get(code, ""), "its resolution tags"
    if unit not in UM:
        return None, "none in the file (its resolution has no unit)"
    across, down = UM[unit] * x[1] / x[0], UM[unit] * y[1] / y[0]
    _refuse_oblong(path, across, down)
    return across, source


def _ome_scale(path: Path, text: str) -> float | None:
    for element in ElementTree.fromstring(text).iter():
        if element.tag.rpartition("}")[2] == "Pixels" and "PhysicalSizeX" in element.attrib:
            sizes = []
            for axis in "XY":
                unit = element.get(f"PhysicalSize{axis}Unit", "µm")
                if unit not in UM or f"PhysicalSize{axis}" not in element.attrib:
                    return None
                sizes.append(UM[unit] * float(element.attrib[f"PhysicalSize{axis}"]))
            _refuse_oblong(path, *sizes)
            return sizes[0]
    return None


def _refuse_oblong(path: Path, across: float, down: float) -> None:
    if not abs(across / down - 1.0) <= 0.01:
        raise UserError(
            f"{path}: its pixels are {across / down:.3g} times as wide as high; resample it to "
            "square pixels"
        )


def _page(path: Path, n_pages: int, page: int | None) -> int:
    """Index of the page to read."""
    if page is None and n_pages > 1:
        raise UserError(f"{path}: a stack of {n_pages} pages; give --page 1 to {n_pages}")
    if not 1 <= (page or 1) <= n_pages:
        raise UserError(f"{path}: has {n_pages} pages; give --page 1 to {n_pages}")
    return (page or 1) - 1


def _one_channel(path: Path, pixels: Any) -> NDArray[np.float64]:
    """(rows, columns) of an array that may have equal colours and an opaque alpha."""
    pixels = np.asarray(pixels)
    if pixels.dtype.kind not in "buif":
        raise UserError(f"{path}: pixels of type {pixels.dtype}; save it as 8 or 16 bit grey")
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        opaque = pixels[..., -1] == (np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1)
        if not opaque.all():
            raise UserError(
                f"{path}: {np.count_nonzero(~opaque)} pixels are transparent, so bone there is not "
                "known; crop to what was imaged, or fill them in"
            )
        pixels = pixels[..., :-1]
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    if pixels.ndim != 2:
        raise UserError(
            f"{path}: in colour; make a grey or black-and-white picture of bone first (e.g. one "
            "channel, or a segmentation)"
        )
    return pixels.astype(np.float64)


def _refuse_holes(path: Path, pixels: NDArray[np.float64]) -> None:
    if pixels.size == 0:
        raise UserError(f"{path}: has no pixels; give another image")
    holes = np.count_nonzero(~np.isfinite(pixels))
    if holes:
        raise UserError(
            f"{path}: {holes} pixels have no value (NaN); crop to what was imaged, or fill them in"
        )
