"""Commands that show results: figures, report, movie, view.

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
    _add_report(command, as_json)


def _add_report(
    command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]
) -> None:
    sub = command("report", _report, "write a study as one page of HTML that opens from disk")
    sub.add_argument("places", nargs="+", metavar="STUDY|RUN",
                     help="e.g. outputs/demo, outputs/demo/vehicle, or run folders")  # fmt: skip
    sub.add_argument("--control", metavar="ARM",
                     help="arm that the others are held against (default: the first)")  # fmt: skip
    sub.add_argument("--out", type=Path, metavar="FILE",
                     help="the page (default: report.html in the study)")  # fmt: skip
    as_json(sub)


def _report(args: argparse.Namespace) -> int:
    from .views.report import write_report

    report = write_report(args.places, args.control, args.out)
    print_json(report.as_dict()) if args.json else print(report.text())
    return OK
