"""Commands that hand results to other tools and take images from them: export, geometry.

What holds for the command line as a whole (cli.py) holds here: arguments in, calls out.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import UserError
from .study_commands import OK, print_result


def add_to(command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]) -> None:
    """Add the commands to a parser.

    Args:
        command: name, function and help -> parser of a new command.
        as_json: adds --json to a command.
    """
    _add_export(command, as_json)
    _add_geometry(command, as_json)


def _add_export(
    command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]
) -> None:
    sub = command("export", _export, "export a run for another tool: AnnData, OME, VTK, PhysiCell")
    sub.add_argument("run", type=Path, metavar="RUN", help="e.g. outputs/demo/vehicle__seed_0001")
    sub.add_argument("--to", required=True, metavar="FORMAT",
                     help="h5ad, ome-zarr, ome-tiff, vtk, physicell-csv or parquet")  # fmt: skip
    sub.add_argument("--day", type=float, nargs="+", metavar="D",
                     help="days of its snapshots (default: all)")  # fmt: skip
    sub.add_argument("--out", type=Path, metavar="PATH",
                     help="file or folder to be made (default: named after the run, in exported/ "
                     "of its study)")  # fmt: skip
    sub.add_argument("--force", action="store_true", help="replace an older export")
    as_json(sub)


def _export(args: argparse.Namespace) -> int:
    from .exchange.export import export

    done = export(args.run, args.to, args.day, args.out, force=args.force)
    print_result(done, args.json)
    return OK


def _add_geometry(
    command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]
) -> None:
    sub = command("geometry", _geometry, "make a marrow's bone from an image of a bone section")
    sub.add_argument(
        "image", type=Path, metavar="IMAGE", help="PNG or TIFF: grey, black and white, or labels"
    )
    sub.add_argument("--pixel-um", type=float, metavar="UM",
                     help="size of a pixel (default: as the file says)")  # fmt: skip
    sub.add_argument("--dx-um", type=float, default=10.0, metavar="UM",
                     help="size of a site of the lattice, 5-25 (default: 10)")  # fmt: skip
    sub.add_argument("--threshold", metavar="LEVEL",
                     help="grey level above which there is bone, or otsu (default)")  # fmt: skip
    sub.add_argument("--bone-label", metavar="N[,N]",
                     help="numbers that mean bone, where IMAGE holds labels and not grey "
                     "levels")  # fmt: skip
    sub.add_argument("--invert", action="store_true", help="bone is dark")
    sub.add_argument("--smooth-um", type=float, default=0.0, metavar="UM",
                     help="standard deviation of a Gaussian before the threshold "
                     "(default: 0)")  # fmt: skip
    sub.add_argument("--despeckle", type=float, metavar="UM2",
                     help="drop pieces of bone and fill holes below this area (default: 5 sites; "
                     "0 keeps all)")  # fmt: skip
    sub.add_argument("--crop", metavar="LEFT,TOP,WIDTH,HEIGHT", help="part of the image, in um")
    sub.add_argument("--page", type=int, metavar="N", help="of a stack, counted from 1")
    sub.add_argument("--tolerance", type=float, default=0.1, metavar="SHARE",
                     help="by which BV/TV, Tb.Th and Tb.Sp may change (default: 0.1)")  # fmt: skip
    sub.add_argument("--vessels", type=Path, metavar="IMAGE",
                     help="vessels, bright, same size as IMAGE (default: drawn for each "
                     "seed)")  # fmt: skip
    sub.add_argument("--vessel-label", metavar="N[,N]",
                     help="numbers that mean vessels, in --vessels or else in "
                     "IMAGE")  # fmt: skip
    sub.add_argument("--cells", type=Path, metavar="CELLS.csv",
                     help="x_um,y_um,type: um from the upper left corner of IMAGE")  # fmt: skip
    sub.add_argument("--snap-um", type=float, default=0.0, metavar="UM",
                     help="how far a cell may be moved to a free site (default: 0)")  # fmt: skip
    sub.add_argument("--out", type=Path, default=Path("marrow.npz"), metavar="FILE.npz",
                     help="default: marrow.npz")  # fmt: skip
    as_json(sub)


def _geometry(args: argparse.Namespace) -> int:
    from .exchange.geometry import Request, make_section

    for option in ("smooth_um", "despeckle", "tolerance", "snap_um"):
        value = getattr(args, option)
        if value is not None and not 0.0 <= value < 1e9:
            name = option.replace("_", "-")
            raise UserError(f"--{name} {value:g} is not 0 or more; give a number from 0 on")
    made = make_section(
        Request(
            args.image, args.out, args.pixel_um, args.dx_um, _threshold(args.threshold),
            args.invert, args.smooth_um, args.despeckle, _crop(args.crop), args.page,
            args.tolerance, args.vessels, args.cells, args.snap_um,
            _labels("--bone-label", args.bone_label), _labels("--vessel-label", args.vessel_label),
            is_grey=args.threshold is not None,
        )
    )  # fmt: skip
    print_result(made, args.json)
    return OK


def _threshold(text: str | None) -> float | None:
    from .exchange.cell_table import decimal

    if text is None or text.lower() == "otsu":
        return None
    level = decimal(text)
    if level is None:
        raise UserError(f"--threshold '{text[:40]}' is not a grey level; give a number, or otsu")
    return level


def _labels(option: str, text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}(,\d{1,9})*", text, re.ASCII):
        raise UserError(f"{option} '{text[:40]}' is not a label; give whole numbers, e.g. 1 or 1,3")
    return tuple(sorted({int(part) for part in text.split(",")}))


def _crop(text: str | None) -> Any:
    from .exchange.cell_table import decimal

    if text is None:
        return None
    numbers = [decimal(part.strip()) for part in text.split(",")]
    if len(numbers) != 4 or not all(n is not None and abs(n) < 1e9 for n in numbers):
        raise UserError(f"--crop '{text[:40]}' cannot be read; give LEFT,TOP,WIDTH,HEIGHT in um")
    return tuple(numbers)
