"""The page of the command line, from the parser that reads it."""

import argparse
from collections.abc import Iterator

from docutils import nodes
from sections import section
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mtor_abm.cli import command_parser

PROGRAM = "run.py"


class Commands(SphinxDirective):
    """One section a command: what it does, how it is called, its arguments and options."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        self.env.note_reread()  # the parser is no file whose date could be looked at
        parser = command_parser(PROGRAM)
        (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        return [section(self, name, as_markdown(sub)) for name, sub in commands.choices.items()]


def as_markdown(parser: argparse.ArgumentParser) -> str:
    """Description, usage and arguments of one command."""
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=96)
    usage = parser.format_usage().removeprefix("usage: ").strip()
    lines = [parser.description or "", "", "```text", usage, "```", "", *_arguments(parser)]
    return "\n".join(lines)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        value = "" if action.nargs == 0 else action.metavar or action.dest
        names = [f"{name} {value}".strip() for name in action.option_strings] or [value]
        if "--help" not in action.option_strings:
            told = (action.help or "") % (vars(action) | {"prog": parser.prog})
            yield f"- {', '.join(f'`{name}`' for name in names)}: {told}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
