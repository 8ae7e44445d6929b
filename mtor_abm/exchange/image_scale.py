"""The size of a pixel, as far as a file can be believed about it.

OME and ImageJ metadata say how large the specimen was. A resolution in pixels per inch or
centimetre is that of a microscope in some TIFFs, and that of a printer or a screen in most files:
where it is one that printers, screens and scanners use, and in every PNG or JPEG, it is not taken.
"""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..errors import UserError

Scale = tuple[float | None, str]
"""Size of a pixel in um, or None; and where it comes from, or why it is not known."""

PIXEL_UM = (0.05, 100.0)  # what a section of bone may be imaged with
UM = {
    "pm": 1e-6, "å": 1e-4, "nm": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "\\u00b5m": 1.0,
    "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "micrometre": 1.0, "mm": 1e3, "cm": 1e4,
    "dm": 1e5, "m": 1e6, "thou": 25.4, "in": 25400.0, "inch": 25400.0, "inches": 25400.0,
}  # fmt: skip
#: Pixels per inch that printers, screens, cameras and flat-bed scanners use.
PRINT_DPI = (
    72, 75, 90, 96, 100, 120, 144, 150, 180, 192, 200, 220, 240, 250, 300, 350, 360, 400, 450, 500,
    600, 720, 800, 900, 1000, 1200, 1440, 1600, 1800, 2000, 2400, 2880, 3200, 3600, 4000, 4800,
    6400, 9600,
)  # fmt: skip
UNKNOWN: Scale = (None, "none in the file")


def of_resolution(path: Path, across_um: float, down_um: float, source: str) -> Scale:
    """The scale that the resolution tags of a TIFF give, unless it is one of PRINT_DPI."""
    dpi = UM["inch"] / across_um
    if any(abs(dpi / habit - 1.0) < 1e-3 for habit in PRINT_DPI):
        return None, f"its {dpi:.0f} pixels per inch are a resolution of prints and screens"
    return square(path, across_um, down_um), source


def of_print(dpi: Any) -> Scale:
    """What a PNG or JPEG says: how large it is to be printed, which is not a scale of bone."""
    try:
        value = float(dpi[0])
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError):
        return UNKNOWN
    if not 0.0 < value < 1e9:
        return UNKNOWN
    return None, f"its {value:.0f} pixels per inch are for prints and screens"


def square(path: Path, across_um: float, down_um: float) -> float:
    """The size of square pixels.

    Raises:
        UserError: they are not square.
    """
    if not abs(across_um / down_um - 1.0) <= 0.01:
        raise UserError(
            f"{path}: its pixels are {across_um / down_um:.3g} times as wide as high; resample it "
            "to square pixels"
        )
    return across_um


def of_ome(path: Path, xml: str, series: int, n_series: int) -> Scale:
    """The scale of one image of an OME file.

    Args:
        path: of the file, for messages.
        xml: its metadata.
        series: which image, from 0. n_series: how many there are.

    Raises:
        UserError: pixels that are not square.
    """
    images = [e for e in ElementTree.fromstring(xml).iter() if _name(e) == "Pixels"]
    if len(images) != n_series:  # some were left out, so which one is which is not known
        if len({_sizes(pixels) for pixels in images}) != 1:
            return None, "its OME metadata gives several, of images that are not in the file"
        series = 0
    told = _sizes(images[series])
    if None in told:
        return UNKNOWN
    lengths = []
    for value, unit in (told[:2], told[2:]):
        if str(unit).lower() not in UM:
            return None, f"its OME metadata gives it in {str(unit)[:20]}, which is not a length"
        lengths.append(UM[str(unit).lower()] * float(str(value)))
    if not min(lengths) > 0.0:
        return None, "its OME metadata gives none above 0"
    return square(path, *lengths), "its OME metadata"


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _sizes(pixels: Any) -> tuple[str | None, ...]:
    """Size and unit along x, then along y."""
    told: list[str | None] = []
    for axis in "XY":
        told += [pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm")]
    return tuple(told)
