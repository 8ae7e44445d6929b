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
    _add_figures(command, as_json)


def _add_figures(
    command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]
) -> None:
    sub = command("figures", _figures, "draw the figures of a study, each as PNG and SVG")
    sub.add_argument("study", type=Path, metavar="STUDY", help="its folder, e.g. outputs/demo")
    sub.add_argument("--control", metavar="ARM",
                     help="scenario that others are compared with (default: the study's "
                     "first)")  # fmt: skip
    sub.add_argument("--out", type=Path, metavar="DIR",
                     help="where the pictures go (default: STUDY/figures)")  # fmt: skip
    as_json(sub)


def _figures(args: argparse.Namespace) -> int:
    from .views.figures import draw_figures

    drawn = draw_figures(args.study, args.control, args.out)
    print_json(drawn.as_dict()) if args.json else print(drawn.text())
    return OK
