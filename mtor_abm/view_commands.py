"""Commands that show results: figures, report, movie, view.

What holds for the command line as a whole (cli.py) holds here: arguments in, calls out.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from .study_commands import OK, print_result


def add_to(command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]) -> None:
    """Add the commands to a parser.

    Args:
        command: name, function and help -> parser of a new command.
        as_json: adds --json to a command.
    """
    _add_report(command, as_json)
    _add_figures(command, as_json)
    _add_movie(command, as_json)
    _add_view(command)


def _add_report(
    command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]
) -> None:
    sub = command("report", _report, "write a study as one page of HTML that opens from disk")
    sub.add_argument("places", nargs="+", metavar="STUDY|RUN",
                     help="e.g. outputs/demo, outputs/demo/vehicle, or run folders")  # fmt: skip
    sub.add_argument("--control", metavar="ARM",
                     help="control that the other arms are compared with (default: the "
                     "first)")  # fmt: skip
    sub.add_argument("--out", type=Path, metavar="FILE",
                     help="the page (default: report.html in the study)")  # fmt: skip
    as_json(sub)


def _report(args: argparse.Namespace) -> int:
    from .views.report import write_report

    report = write_report(args.places, args.control, args.out)
    print_result(report, args.json)
    return OK


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
    print_result(drawn, args.json)
    return OK


def _add_movie(
    command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]
) -> None:
    sub = command("movie", _movie, "film the marrow of a run, as MP4 or GIF")
    sub.add_argument("run", type=Path, metavar="RUN",
                     help="folder of a run, e.g. outputs/demo/vehicle__seed_0001")  # fmt: skip
    sub.add_argument("--arms", action="store_true",
                     help="the same seed of all arms of the study, side by side in "
                     "step")  # fmt: skip
    sub.add_argument("--fps", type=float, default=8.0, metavar="N",
                     help="frames a second (default: 8)")  # fmt: skip
    sub.add_argument("--to", choices=("mp4", "gif"), help="default: mp4 (extra: movie), else gif")
    sub.add_argument("--out", type=Path, metavar="FILE",
                     help="default: a file in STUDY/figures")  # fmt: skip
    as_json(sub)


def _movie(args: argparse.Namespace) -> int:
    from .views.film import film

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    filmed = film(args.run, with_arms=args.arms, fps=args.fps, kind=args.to, out=args.out, say=say)
    print_result(filmed, args.json)
    return OK


def _add_view(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command("view", _view, "show a scenario live in the browser (extra: live)")
    sub.add_argument("scenario", metavar="SCENARIO", help="name of a scenario, or a TOML file")
    sub.add_argument("-S", "--set", action="append", default=[], metavar="key=value",
                     help="override a value, e.g. -S geometry.nx=100")  # fmt: skip
    sub.add_argument("--seed", type=int, default=1, help="of the first model (default: 1)")
    sub.add_argument("--port", type=int, default=8765, help="on this machine (default: 8765)")
    sub.add_argument("--no-browser", action="store_true", help="only say the address")


def _view(args: argparse.Namespace) -> int:
    from .views.live import serve

    return serve(
        args.scenario, args.set, args.seed, args.port, not args.no_browser,
        say=lambda line: print(line, flush=True),
    )  # fmt: skip
