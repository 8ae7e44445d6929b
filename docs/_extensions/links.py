"""Links that work on GitHub work on the site too: those to a file beside docs/ go to its page."""

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
LINK = re.compile(r"(\]\()([^)#:\s]+)(?=[)#])")


def relinked(text: str, written_in: Path, shown_in: Path) -> str:
    """The text of a file in folder `written_in` with links that work from a page in `shown_in`."""

    def target(link: re.Match[str]) -> str:
        file = (written_in / link[2]).resolve()
        if not file.exists():
            return link[0]
        return link[1] + Path(os.path.relpath(PAGES.get(file, file), shown_in)).as_posix()

    return LINK.sub(target, text)


def _page(app: Sphinx, page: str, text: list[str]) -> None:
    folder = app.env.doc2path(page).parent
    text[0] = relinked(text[0], folder, folder)


def _included(app: Sphinx, file: Path, page: str, text: list[str]) -> None:
    text[0] = relinked(text[0], (app.srcdir / file).resolve().parent, DOCS)  # MyST gives no folder


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _page)
    app.connect("include-read", _included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
