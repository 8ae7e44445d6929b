"""The pages under api/: modules as sections, docstrings read as the Markdown that they are."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mtor_abm.catalogue import parameter_rows
from mtor_abm.dictionary import numbers_table
from mtor_abm.parameters import Group

HEADINGS = ("Args:", "Attributes:", "Raises:", "Returns:")
ENTRY = re.compile(r" {4}([\w*.]+(?:, [\w*.]+)*): (.*)")


class Modules(SphinxDirective):
    """One section a module, named in its lines in the order in which they are best read."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The sections."""
        return [self._section(name) for name in self.content if name]

    def _section(self, name: str) -> nodes.section:
        section = nodes.section("", nodes.title("", "", nodes.literal("", name)), ids=[name])
        self.state.document.note_explicit_target(section)
        block = StringList(["```{eval-rst}", f".. automodule:: {name}", "```"], self.get_location())
        self.state.nested_parse(block, self.content_offset, section)
        return section


class Markdown(SphinxDirective):
    """Content in Markdown within a text that is none."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The content, parsed."""
        inner = new_document(self.get_location(), self.state.document.settings)
        MystParser().parse("\n".join(self.content), inner)
        return inner.children


def as_markdown(docstring: Sequence[str]) -> Iterator[str]:
    """The docstring with its headings in bold and its `name: meaning` as items of a list."""
    within = ""
    for line in docstring:
        if line in HEADINGS:
            within = line
            yield from (f"**{line}**", "")
        elif within and (entry := ENTRY.fullmatch(line)):
            yield f"- `{entry[1]}`: {entry[2]}"
        elif within:
            yield line.removeprefix("    " if within == "Returns:" else "      ")
            within = within if line.startswith("    ") or not line else ""
        else:
            yield line


def _say_in_markdown(app: Sphinx, what: str, name: str, it: Any, options: Any, lines: list[str]) -> None:
    text = list(as_markdown(lines))
    if isinstance(it, type) and issubclass(it, Group):
        text += ["", numbers_table(parameter_rows(it, ""))]
    if _is_tuple_of_numbers(it):
        text = ["Numbers of a group of parameters, as a flat tuple for kernels."]
    if any(text):
        lines[:] = [".. markdown::", "", *(f"   {line}" for row in text for line in row.split("\n"))]


def _is_tuple_of_numbers(it: Any) -> bool:
    return isinstance(it, type) and issubclass(it, tuple) and (it.__doc__ or "").startswith(it.__name__ + "(")


def _sign(app: Sphinx, what: str, name: str, it: Any, *rest: Any) -> tuple[str, str] | None:
    """Groups and tuples of numbers are described by a table; a signature would say it again."""
    if isinstance(it, type) and (issubclass(it, Group) or _is_tuple_of_numbers(it)):
        return "", ""
    return None


def _skip(app: Sphinx, what: str, name: str, it: Any, skip: bool, options: Any) -> bool | None:
    """Fields of a named tuple stand in its docstring; "Alias for field number 0" says nothing."""
    return True if type(it).__name__ == "_tuplegetter" else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("modules", Modules)
    app.add_directive("markdown", Markdown)
    app.connect("autodoc-process-docstring", _say_in_markdown)
    app.connect("autodoc-process-signature", _sign)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
