"""Idioms that this project once had and that a reader of English stumbles over stay out.

Looked at: every text of the program that a person may read (string literals that are not
docstrings, and the docstrings that --help and the site show) and the pages of docs/.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IDIOMS = (
    r"is no ((count|time);|ordinary file|whole number|column of|plain folder)",
    r"is of no file", r"\bgot there\b", r"turn them round", r"which side wins",
    r"is it its mechanism", r"names no (switch|arm|control|half width)", r"says nothing of a run",
    r"\bnothing is called\b", r"cannot be had", r"\b(was|been) put down\b", r"process .* was lost",
    r"\b(run|runs|makes|writes|starts|made|written) (it |them )?anew\b",
    r"of which none\b", r"hold the model against",
)  # fmt: skip
IDIOM = re.compile("|".join(IDIOMS))


def messages(path):
    """Line and text of the string literals of a module that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):  # an f-string as it reads, with ... for its values
            parts = [p.value if isinstance(p, ast.Constant) else "..." for p in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                yield node.lineno, node.value


def found(lines):
    return [f"{line}: {text.strip()[:120]}" for line, text in lines if IDIOM.search(text)]


def test_no_message_of_the_program_has_one():
    files = sorted((ROOT / "mtor_abm").rglob("*.py"))
    assert len(files) > 150
    assert {str(f.relative_to(ROOT)): bad for f in files if (bad := found(messages(f)))} == {}


def test_no_page_of_the_documents_has_one():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/api").glob("*.md")]
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
     "them round", "run anew with --force", "--sides V99 names no switch"],
)  # fmt: skip
def test_the_worst_are_recognised(text):
    assert IDIOM.search(text)


@pytest.mark.parametrize(
    "text",
    ["there is no such file", "is no longer what it was", "there is no time left", "a renewal",
     "the program writes it again"],
)  # fmt: skip
def test_usual_english_is_left_alone(text):
    assert not IDIOM.search(text)
