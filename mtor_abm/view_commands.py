"""Commands that show results: figures, report, movie, view.

What holds for the command line as a whole (cli.py) holds here: arguments in, calls out.
"""

import argparse
from collections.abc import Callable


def add_to(command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]) -> None:
    """Add the commands to a parser.

    Args:
        command: name, function and help -> parser of a new command.
        as_json: adds --json to a command.
    """
