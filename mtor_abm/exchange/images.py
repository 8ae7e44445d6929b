"""Grey images and their scale, from PNG, TIFF and what else Pillow reads (extra `images`)."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import extras
from ..errors import UserError
from ..given_file import sha256_of
from .image_scale import PIXEL_UM, of_print
from .tiff_planes import UPRIGHT, Picture, page_index, read_tiff

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
ORIENTATION = 0x0112  # EXIF
VOLUMES = (
    (0, b"\x89HDF", "HDF5 (ilastik, Imaris)"), (128, b"DICM", "DICOM"),
    (0, b"CTDATA-HEADER", "Scanco (ISQ)"), (0, b"NRRD", "NRRD"), (344, b"n+1", "NIfTI"),
    (344, b"ni1", "NIfTI"), (0, b"\x1f\x8b", "gzip"), (0, b"PK\3\4", "zip"),
    (0, b"ZISRAWFILE", "Zeiss (CZI)"), (0, b"ObjectType", "MetaImage"),
)  # fmt: skip
#: Modes of Pillow whose numbers are grey, colours that may be equal, or indices of a palette.
_MODES = ("1", "L", "LA", "I", "I;16", "I;16L", "I;16B", "I;16N", "F", "RGB", "RGBA", "P", "PA")


@dataclass(frozen=True)
class GreyImage:
    """One grey picture, as it is in its file.

    Attributes:
        name: of the file. sha256: of the file.
        pixels: (rows, columns) float64, the upper left corner first.
        pixel_um: size of a pixel if the file tells, else None. scale_source: where it tells.
        is_whole: the numbers are stored as whole ones. notes: what else is to be told.
    """

    name: str
    sha256: str
    pixels: NDArray[np.float64]
    pixel_um: float | None
    scale_source: str
    is_whole: bool
    notes: tuple[str, ...] = ()

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


def read_grey(path: Path, page: int | None = None, *, as_labels: bool = False) -> GreyImage:
    """Read one picture.

    Args:
        path: PNG, TIFF (ImageJ and OME too) and what else Pillow reads.
        page: of a stack, counted from 1 through all its pictures.
        as_labels: numbers as they are stored; a palette only colours them.

    Raises:
        UserError: unreadable, no image, colours, pixels without a value, or a stack without `page`.
    """
    pillow, _ = library("PIL.Image"), library("tifffile")
    sha256 = sha256_of(path)
    with path.open("rb") as file:
        begins = file.read(512)
    is_tiff = begins[:4] in TIFF_STARTS
    _refuse_volume(path, begins)
    with _faults_told(path, pillow):
        picture = (read_tiff if is_tiff else _other)(path, page, as_labels)
    grey = _one_channel(path, picture)
    _refuse_holes(path, grey)
    scale, source = picture.scale
    if scale is not None and not PIXEL_UM[0] <= scale <= PIXEL_UM[1]:
        scale, source = None, f"{scale:.4g} um a pixel by {source}, which is not plausible"
    notes = () if picture.orientation == UPRIGHT else (
        f"its orientation tag ({picture.orientation}) is not applied, as in ImageJ: --crop and "
        "--cells count from the upper left corner of the picture as it is stored",
    )  # fmt: skip
    is_whole = np.asarray(picture.pixels).dtype.kind in "bui"
    return GreyImage(path.name, sha256, grey, scale, source, is_whole, notes)


def _refuse_volume(path: Path, begins: bytes) -> None:
    """Files of scanners and other programs that hold volumes are known by how they begin."""
    for at, mark, kind in VOLUMES:
        if begins[at : at + len(mark)] == mark:
            raise UserError(
                f"{path}: is a file of {kind}, which is not read; save one section of it as TIFF "
                "(Fiji does: File > Save As > Tiff)"
            )


@contextmanager
def _faults_told(path: Path, pillow: Any) -> Iterator[None]:
    """Whatever a decoder raises over a damaged file becomes one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            yield
    except UserError:
        raise
    except (pillow.DecompressionBombWarning, pillow.DecompressionBombError, MemoryError):
        raise UserError(f"{path}: too many pixels; crop it or save it smaller") from None
    except pillow.UnidentifiedImageError:
        raise UserError(f"{path}: is not an image that can be read; give a PNG or TIFF") from None
    except Exception as fault:  # decoders raise whatever they like over a damaged file
        what = str(fault) or type(fault).__name__
        raise UserError(f"{path}: damaged image ({what[:80]}); save it again as PNG") from None


def _other(path: Path, page: int | None, as_labels: bool) -> Picture:
    """A picture that Pillow reads."""
    pillow = library("PIL.Image")
    with pillow.open(path) as image:
        if (n_pages := getattr(image, "n_frames", 1)) > 1 or page not in (None, 1):
            image.seek(page_index(path, n_pages, page))
        scale = of_print(image.info.get("dpi"))
        orientation = image.getexif().get(ORIENTATION, UPRIGHT)
        if image.mode == "YCbCr":
            image = image.convert("RGB")
        if image.mode not in _MODES:
            raise UserError(f"{path}: its colours are stored as {image.mode}; save it as grey")
        has_palette = image.mode in ("P", "PA")
        if has_palette and not as_labels:
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        pixels, clear = np.asarray(image), image.info.get("transparency")
        if image.mode in ("1", "L", "I", "I;16", "RGB") and clear is not None:
            _refuse_transparent(path, _is_colour(pixels, clear))
        has_alpha = image.mode in ("LA", "RGBA")
    return Picture(pixels, has_alpha, scale, int(orientation), has_palette)


def _is_colour(pixels: Any, colour: Any) -> NDArray[np.bool_]:
    """Where the picture has the one value that its file declares transparent."""
    same = pixels == np.asarray(colour)
    return same.all(axis=-1) if pixels.ndim == 3 else same


def _refuse_transparent(path: Path, clear: NDArray[np.bool_]) -> None:
    if clear.any():
        raise UserError(
            f"{path}: {np.count_nonzero(clear)} pixels are transparent, so bone there is not "
            "known; crop to what was imaged, or fill them in"
        )


def _one_channel(path: Path, picture: Picture) -> NDArray[np.float64]:
    """(rows, columns) of a picture that may have equal colours and an opaque alpha."""
    pixels = np.asarray(picture.pixels)
    if pixels.dtype.kind not in "buif":
        raise UserError(f"{path}: pixels of type {pixels.dtype}; save it as 8 or 16 bit grey")
    if picture.has_alpha:
        most = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
        _refuse_transparent(path, pixels[..., -1] != most)
        pixels = pixels[..., :-1]
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    if pixels.ndim != 2:
        if picture.has_palette:
            cure = "give --bone-label N if its palette colours labels, or make it grey"
        else:
            cure = "make a grey or black-and-white picture of bone first (one channel, or a mask)"
        raise UserError(f"{path}: in colour; {cure}")
    return pixels.astype(np.float64)


def _refuse_holes(path: Path, pixels: NDArray[np.float64]) -> None:
    if pixels.size == 0:
        raise UserError(f"{path}: has no pixels; give another image")
    holes = np.count_nonzero(~np.isfinite(pixels))
    if holes:
        raise UserError(
            f"{path}: {holes} pixels have no value (NaN); crop to what was imaged, or fill them in"
        )
