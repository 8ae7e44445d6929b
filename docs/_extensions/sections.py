"""Sections that a directive of a Markdown page makes."""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


def section(directive: SphinxDirective, title: str, markdown: str) -> nodes.section:
    """A section with this title and text, which may be linked to by its title."""
    made = nodes.section("", nodes.title(title, title), ids=[nodes.make_id(title)], names=[title])
    directive.state.document.note_explicit_target(made)
    lines = StringList(markdown.split("\n"), directive.get_source_info()[0])
    directive.state.nested_parse(lines, directive.content_offset, made)
    return made
