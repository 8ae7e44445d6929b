"""Pages that read well on a code host, unbuilt, and become a site.

- A link to a file outside docs/ goes to its page.
- A page that stands for such a file (docs/contributing.md: one line with a link) shows the file.
- The list of links on a page named index.md is the navigation: a group for each heading.
"""

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {
    ROOT / "README.md": DOCS / "readme.md",
    ROOT / "CHANGELOG.md": DOCS / "changelog.md",
    ROOT / "CONTRIBUTING.md": DOCS / "contributing.md",
    ROOT / "LICENSE": DOCS / "licence.md",
    ROOT / "mtor_abm/evidence/README.md": DOCS / "evidence.md",
    DOCS / "decisions": DOCS / "decisions/index.md",
}
STANDS_FOR = {page: file for file, page in PAGES.items() if file.is_file()}
LINK = re.compile(r"(\]\()([^)#:\s]+)(?=[)#])")
LISTED = re.compile(r"^- \[[^\]]+\]\(([^)#:\s]+)\.(?:md|ipynb)\)", flags=re.MULTILINE)


def relinked(text: str, written_in: Path, shown_in: Path) -> str:
    """The text of a file in folder `written_in` with links that work from a page in `shown_in`."""

    def target(link: re.Match[str]) -> str:
        file = (written_in / link[2]).resolve()
        if not file.exists():
            return link[0]
        return link[1] + Path(os.path.relpath(PAGES.get(file, file), shown_in)).as_posix()

    return LINK.sub(target, text)


def navigation(index: str) -> str:
    """Hidden tables of contents, one for each second-level heading of a page that lists links."""
    blocks = []
    for part in re.split(r"^## ", index, flags=re.MULTILINE):
        heading, _, body = part.partition("\n")
        pages = LISTED.findall(body)
        caption = f":caption: {heading}\n" if blocks or not part.startswith("# ") else ""
        if pages:
            blocks.append("\n".join(["```{toctree}", f":hidden:\n{caption}", *pages, "```"]))
    return "\n\n".join(blocks)


def _page(app: Sphinx, page: str, text: list[str]) -> None:
    shown = Path(app.env.doc2path(page)).resolve()
    file = STANDS_FOR.get(shown, shown)
    if file != shown:
        app.env.note_dependency(str(file))
        text[0] = file.read_text(encoding="utf-8")
    if file.suffix == "":  # plain text
        text[0] = f"# {file.name.capitalize()}\n\n```text\n{text[0]}```\n"
    if shown.name == "index.md":
        text[0] += f"\n\n{navigation(text[0])}\n"
    text[0] = relinked(text[0], file.parent, shown.parent)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
