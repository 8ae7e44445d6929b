"""The pages under api/: modules as sections, docstrings read as the Markdown that they are."""

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

from docutils import nodes
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser
from pydantic_core import PydanticUndefined
from sections import section
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import stringify_signature

from mtor_abm.catalogue import parameter_rows
from mtor_abm.dictionary import numbers_table
from mtor_abm.parameters import Group

PACKAGE = "mtor_abm"
HEADINGS = ("Args:", "Attributes:", "Raises:", "Returns:")
ENTRY = re.compile(r" {4}([\w*.]+(?:, [\w*.]+)*): (.*)")


class Modules(SphinxDirective):
    """One section a module, named in its lines in the order in which they are best read."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The sections."""
        block = "```{eval-rst}\n.. automodule:: %s\n```"
        return [section(self, name, block % name) for name in self.content if name]


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


def _say_in_markdown(
    app: Sphinx, what: str, name: str, it: Any, options: Any, lines: list[str]
) -> None:
    text = list(as_markdown(lines))
    if _is_tuple_of_numbers(it):
        text = ["Numbers of a group of parameters, as a flat tuple for kernels."]
    elif isinstance(it, type):
        text += ["", _kind_of(it)]
    if _is_group(it):
        rows = [row for row in parameter_rows(it, "") if row["value"] is not PydanticUndefined]
        text += ["", *numbers_table(rows).split("\n")] if rows else []
    if any(text):
        lines[:] = [".. markdown::", "", *(f"   {line}" for line in text)]


def _sign(
    app: Sphinx, what: str, name: str, it: Any, options: Any, arguments: str | None, result: Any
) -> tuple[str, Any] | None:
    """Groups and tuples of numbers have none; a default of a dataclass is shown if it is short."""
    if _is_group(it) or _is_tuple_of_numbers(it):
        return "", ""
    if not (isinstance(it, type) and is_dataclass(it)):
        return None
    asked = inspect.signature(it)
    shown = [
        p.replace(default=LEFT_OUT) if _is_long(p.default) else p for p in asked.parameters.values()
    ]
    told = stringify_signature(
        asked.replace(parameters=shown, return_annotation=inspect.Signature.empty),
        unqualified_typehints=True,
    )
    return told, None


class _LeftOut:
    def __repr__(self) -> str:
        return "..."


LEFT_OUT = _LeftOut()


def _is_long(default: Any) -> bool:
    text = repr(default)
    return default is not inspect.Parameter.empty and (text[0] == "<" or len(text) > 40)


def _skip(app: Sphinx, what: str, name: str, it: Any, skip: bool, options: Any) -> bool | None:
    """What libraries add: their words on the fields of a named tuple and on a pydantic class."""
    return True if type(it).__name__ == "_tuplegetter" or name == "model_config" else None


def _is_group(it: Any) -> bool:
    return isinstance(it, type) and issubclass(it, Group)


def _is_tuple_of_numbers(it: Any) -> bool:
    """A named tuple that was given no docstring."""
    is_tuple = isinstance(it, type) and issubclass(it, tuple)
    return is_tuple and (it.__doc__ or "").startswith(f"{it.__name__}(")


def _kind_of(it: type) -> str:
    """What of ours a class builds on."""
    ours = [b for b in it.__bases__ if b.__module__.startswith(PACKAGE) and b.__name__[0] != "_"]
    names = ", ".join(f"{{py:class}}`~{b.__module__}.{b.__qualname__}`" for b in ours)
    return f"A kind of {names}." if ours else ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("modules", Modules)
    app.add_directive("markdown", Markdown)
    app.connect("autodoc-process-docstring", _say_in_markdown)
    app.connect("autodoc-process-signature", _sign)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
