"""Idioms that this project once had and that a reader of English stumbles over stay out.

Read here: every string literal of the package (messages, --help, names of columns), the docstrings
of modules and of public classes, methods and functions, and the pages README.md, docs/*.md,
docs/api and docs/decisions. Not read: comments, docstrings of private functions, notebooks, the
changelog, docs/claims.md, TOML files, and the page's HTML, CSS and JavaScript. Only the idioms
below are recognised; that a text reads well is for a reader to say.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IDIOMS = (
    r"(?<!there )\bis no (count|time|file|ordinary)\b", r"is no (whole number|column of)",
    r"is no plain folder",
    r"\bis of no\b", r"\bgot there\b", r"turn them round", r"which side wins", r"\banew\b",
    r"is it its mechanism", r"names no (switch|arm|control|half width)", r"says nothing of a run",
    r"\bnothing is called\b", r"cannot be had", r"\bput down\b", r"\bwas lost\b",
    r"\b(run|runs|study|checkpoint|process)\b[^.;]*\b(takes?|taken) up\b", r"of a killed",
    r"of which none\b", r"hold the model against", r"grown once", r"beside the control",
    r"none but\b", r"as many (are shown )?as fit", r"which is no\b", r"\bx luck\b",
    r"run that goes on from", r"a stroke is a dose",
)  # fmt: skip
IDIOM = re.compile("|".join(IDIOMS), re.IGNORECASE)


DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def is_private(node):
    name = getattr(node, "name", "")
    return name.startswith("_") and not name.endswith("__")


def texts(path):
    """Line and text of the string literals of a module, but for docstrings of what is private."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unread = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, DOCUMENTED) and is_private(node) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):  # an f-string as it reads, with ... for its values
            parts = [p.value if isinstance(p, ast.Constant) else "..." for p in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in unread:
                yield node.lineno, " ".join(node.value.split())


def found(lines):
    return [f"{line}: {text.strip()[:120]}" for line, text in lines if IDIOM.search(text)]


def test_no_message_or_public_docstring_has_one():
    files = sorted((ROOT / "mtor_abm").rglob("*.py"))
    assert len(files) > 150
    assert {str(f.relative_to(ROOT)): bad for f in files if (bad := found(texts(f)))} == {}


def test_no_page_of_the_documents_has_one():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    bad = {
        page.name: hits
        for page in pages
        if page.name not in ("changelog.md", "claims.md")
        and (hits := found(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)))
    }
    assert bad == {}


@pytest.mark.parametrize(
    "text",
    ["'0' is no count; give 1 or more", "4 and 3 of 4 got there", "low is not below high; turn "
     "them round", "run anew with --force", "--sides V99 names no switch", "the run was put down",
     "a study that is taken up again", "A stroke is a dose", "DRUGS holds 3, which is no Drug"],
)  # fmt: skip
def test_the_worst_are_recognised(text):
    assert IDIOM.search(text)


@pytest.mark.parametrize(
    "text",
    ["there is no such file", "is no longer what it was", "there is no time left", "a renewal",
     "VEGF taken up by one vessel site", "there is no file here", "what the cells take up",
     "the program writes it again"],
)  # fmt: skip
def test_usual_english_is_left_alone(text):
    assert not IDIOM.search(text)
