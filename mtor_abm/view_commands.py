"""Commands that show and hand over results: figures, report, movie, view, export, geometry.

What holds for the command line as a whole (cli.py) holds here: arguments in, calls out.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from .study_commands import OK, print_json


def add_to(command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]) -> None:
    """Add the commands to a parser.

    Args:
        command: name, function and help -> parser of a new command.
        as_json: adds --json to a command.
    """
    _add_export(command, as_json)


def _add_export(
    command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]
) -> None:
    sub = command("export", _export, "write a run for another tool: AnnData, OME, VTK, PhysiCell")
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
    print_json(done.as_dict()) if args.json else print(done.text())
    return OK
