"""What all figures share: matplotlib, the look of arms, text that fits, the same bytes every time.

Arms differ in colour, which colour-blind readers can tell apart, and in the form of their marks and
lines. There are as many looks as colours; a plot of more arms is another kind of plot.
"""

import io
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import UserError
from ..extras import library
from ..palette import ARM_COLOURS
from ..whole_file import storage_error, write_file

MARK = b"mtor_abm"  # in every file that we draw
DPI = 200
INK, FAINT = "#222222", "#888888"
CAPTION_PT, LEGEND_PT, TITLE_PT = 7, 8, 9
POINTS_PER_INCH = 72.0
LINE = 1.25  # height of a line of text over its size
#: No picture made of pixels is larger; one that would be is drawn with fewer dots an inch.
MOST_WIDE_PX, MOST_HIGH_PX = 3600, 2400
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
# Points on and off, in line widths; for print in grey.
_DASHES = ("-", (0, (3.2, 1.4)), (0, (1, 1.4)), (0, (4.5, 1.5, 1, 1.5)), (0, (2.5, 1)),
           (0, (6, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 1.5)))  # fmt: skip

MOST_ARMS = len(ARM_COLOURS)

RC: dict[str, Any] = {
    "font.size": 8,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "axes.titlesize": TITLE_PT,
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.titlelocation": "left",
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": LEGEND_PT,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "mtor_abm",  # ids of an SVG are random without it
}


@dataclass(frozen=True)
class Look:
    """How an arm looks in every figure of a study: one colour, one mark, one kind of line."""

    colour: str
    marker: str
    dash: Any  # as matplotlib writes it: "-", or where it starts and its points on and off


def looks(arms: Sequence[str]) -> dict[str, Look]:
    """The look of each arm by name; the first, the control, is grey.

    Raises:
        ValueError: more arms than looks, of which two would be drawn alike.
    """
    if len(arms) > MOST_ARMS:
        raise ValueError(f"{len(arms)} arms in one plot, in which {MOST_ARMS} can be told apart")
    return {
        name: Look(*look)
        for name, look in zip(arms, zip(ARM_COLOURS, _MARKERS, _DASHES, strict=True), strict=False)
    }


def matplotlib() -> Any:
    """The library.

    Raises:
        UserError: it is not installed.
    """
    return library("matplotlib", "figures", "a figure")


def new_figure(
    width_in: float, height_in: float, layout: Literal["constrained"] | None = "constrained"
) -> Any:
    """An empty figure; its parts find their places by themselves unless `layout` is None."""
    matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), layout=layout)


def styled() -> Any:
    """A context in which figures are made and saved; it changes nothing outside."""
    return matplotlib().rc_context(RC)


def say_what(figure: Any, text: str) -> None:
    """Write under a figure what its marks and bands are, and of how many arms and runs."""
    told = wrapped(text, 0.97 * figure.get_figwidth(), CAPTION_PT)
    make_room(figure, told.count("\n"), CAPTION_PT)
    figure.supxlabel(told, fontsize=CAPTION_PT, color="#555555", x=0.01, ha="left")


def name_lines(figure: Any, handles: Sequence[Any]) -> None:
    """A legend above a figure, in as many columns as its width has room for."""
    beside_in = 5.0 * LEGEND_PT / POINTS_PER_INCH  # the line or mark, and the gaps around the text
    room = figure.get_figwidth() - beside_in
    for handle in handles:
        handle.set_label(wrapped(handle.get_label(), room, LEGEND_PT))
    labels = [handle.get_label() for handle in handles]
    widest = max(width_in(line, LEGEND_PT) for label in labels for line in label.split("\n"))
    n_columns = max(1, min(5, len(labels), int(figure.get_figwidth() / (widest + beside_in))))
    lines_each = 1 + max(label.count("\n") for label in labels)
    n_lines = -(-len(labels) // n_columns) * lines_each
    make_room(figure, n_lines - 1, LEGEND_PT * 1.3)  # entries stand further apart than lines
    figure.legend(handles=handles, loc="outside upper left", ncols=n_columns)


def wrapped(text: str, most_in: float, size_pt: float) -> str:
    """Text in lines of at most this width; a word that alone is wider is cut."""
    if "\n" in text:
        return "\n".join(wrapped(line, most_in, size_pt) for line in text.split("\n"))
    n = len(text)
    while True:
        lines = textwrap.wrap(text, n)
        widest = max(width_in(line, size_pt) for line in lines)
        if widest <= most_in or n == 1:
            return "\n".join(lines)
        n = max(1, min(n - 1, int(n * most_in / widest)))


def width_in(line: str, size_pt: float) -> float:
    """Width of a line of text in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    wide, _, _ = text_to_path.get_text_width_height_descent(
        line, FontProperties(size=size_pt), ismath=False
    )
    return float(wide) / POINTS_PER_INCH


def make_room(figure: Any, n_lines: int, size_pt: float) -> None:
    """Make a figure higher by lines of text, so that its panels keep their size."""
    more_in = n_lines * LINE * size_pt / POINTS_PER_INCH
    figure.set_figheight(figure.get_figheight() + more_in)


#: Units as they stand on an axis; all others stand there as they are.
_WRITTEN = {"mm2": "mm²", "um": "µm", "um2/d": "µm²/d", "mm/mm2": "mm/mm²", "1": ""}


def written(unit: str) -> str:
    """A unit of a table as it stands on an axis, in brackets; nothing for a pure number."""
    text = _WRITTEN.get(unit, unit)
    return f" ({text})" if text else ""


def save(figure: Any, path: Path, dpi: int = DPI, n_colours: int | None = None) -> Path:
    """Write a figure whole, as the kind of file that its name says; same figure, same bytes.

    Args:
        figure: to write.
        path: .png, .svg or .pdf.
        dpi: of what is made of pixels; fewer where the picture would be larger than MOST_WIDE_PX x
            MOST_HIGH_PX.
        n_colours: of a PNG: how many it may have, up to 256; None leaves it as it is.

    Raises:
        UserError: a file that is not ours stands there, matplotlib knows no such kind, or the disk
            refuses.
    """
    kind = path.suffix.removeprefix(".").lower()
    told: dict[str, dict[str, Any]] = {
        "png": {"Software": MARK.decode()},
        "svg": {"Creator": MARK.decode(), "Date": None},
        "pdf": {"Creator": MARK.decode(), "CreationDate": None},
    }
    if kind not in told:
        raise UserError(f"{path} cannot be written as .{kind}; use {', '.join(told)}")
    if not path.parent.is_dir():
        raise UserError(f"{path} cannot be written: no folder {path.parent}; make it first")
    refuse_foreign(path)
    content = io.BytesIO()
    wide, high = figure.get_size_inches()
    dots = min(float(dpi), MOST_WIDE_PX / wide, MOST_HIGH_PX / high)
    with styled():
        figure.savefig(content, format=kind, dpi=dots, metadata=told[kind])
    if kind == "png" and n_colours is not None:
        content = _with_palette(content, n_colours)
    written = content.getvalue()
    write_file(path, _with_plain_names(written) if kind == "svg" else written)
    return path


def _with_plain_names(svg: bytes) -> bytes:
    """The same picture with its clips named in their order.

    matplotlib names a clip by a hash of where it lies, and the layout moves it by the last bit of a
    number from one drawing to the next.
    """
    names: dict[bytes, bytes] = {}
    for name in re.findall(rb'<clipPath id="([^"]+)"', svg):
        names.setdefault(name, b"clip%d" % (len(names) + 1))
    if not names:
        return svg
    return re.sub(b"|".join(map(re.escape, names)), lambda found: names[found[0]], svg)


def _with_palette(png: io.BytesIO, n_colours: int) -> io.BytesIO:
    from PIL import Image, PngImagePlugin  # matplotlib needs it too

    told = PngImagePlugin.PngInfo()
    told.add_text("Software", MARK.decode())
    smaller = io.BytesIO()
    # the method that keeps colours which are rare, as those of osteoblasts are
    few = (
        Image.open(png)
        .convert("RGB")
        .quantize(n_colours, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    )
    few.save(smaller, format="png", optimize=True, pnginfo=told)
    return smaller


def refuse_foreign(path: Path) -> None:
    """See that nothing but a picture of ours would be replaced."""
    try:
        if path.exists() and MARK not in path.read_bytes():
            raise UserError(f"{path} was not drawn by mtor_abm; move it or choose another --out")
    except OSError as error:
        raise storage_error(error, path) from error
