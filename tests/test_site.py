"""The documentation site: nothing is left out of it, and as built it says what the code says.

`MTOR_ABM_SITE` names the folder of a built site (`.ci/run` builds one); without it those tests are
skipped, and without a browser the one that measures pages. That every page is in the navigation and
every link and name leads somewhere is what the build itself refuses (`sphinx -W`, nitpicky).
"""

import argparse
import inspect
import os
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from views.browser import browser

from mtor_abm.cells import tumour_rules
from mtor_abm.cli import command_parser

ROOT = Path(__file__).resolve().parent.parent
SITE = os.environ.get("MTOR_ABM_SITE")
needs_site = pytest.mark.skipif(not SITE, reason="MTOR_ABM_SITE names no built site")


def test_every_module_is_on_one_page_of_the_api():
    package = ROOT / "mtor_abm"
    files = [p for p in package.rglob("*.py") if p.name != "__main__.py"]
    parts = [p.relative_to(ROOT).with_suffix("").parts for p in files]
    modules = {".".join(p[:-1] if p[-1] == "__init__" else p) for p in parts}
    listed = Counter()
    for page in (ROOT / "docs" / "api").glob("*.md"):
        for block in re.findall(r"```\{modules\}\n(.*?)```", page.read_text(), flags=re.DOTALL):
            listed.update(block.split())
    assert sorted(modules - listed.keys()) == []
    assert sorted(listed.keys() - modules) == []
    assert [name for name, times in listed.items() if times > 1] == []


def listed_on(index):
    """Files that a page lists as links."""
    return re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", index.read_text(), flags=re.MULTILINE)


def test_every_page_of_the_api_is_in_its_contents():
    folder = ROOT / "docs" / "api"
    assert set(listed_on(folder / "index.md")) == {p.name for p in folder.glob("*.md")} - {
        "index.md"
    }


def test_every_tutorial_is_in_the_list_of_tutorials():
    folder = ROOT / "docs" / "tutorials"
    assert sorted(listed_on(folder / "index.md")) == sorted(p.name for p in folder.glob("*.ipynb"))


def test_pages_can_be_read_unbuilt():
    """On a code host a directive is shown as it stands; only the pages of the API need the site."""
    pages = [p for p in (ROOT / "docs").rglob("*.md") if p.parent.name != "api"]
    assert len(pages) > 20
    assert [
        p.name for p in pages if re.search(r"^`{3,}\{|\{py:|\{ref\}", p.read_text(), re.M)
    ] == []


class Page(HTMLParser):
    """What a built page loads, the ids in it, and its text."""

    def __init__(self, file):
        super().__init__()
        self.loads, self.ids, self.words = [], set(), []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        if "src" in attributes:
            self.loads.append(attributes["src"])
        if tag == "link" and attributes.get("href"):
            self.loads.append(attributes["href"])

    def handle_data(self, data):
        self.words.append(data)

    def says(self, text):
        """Whether these words are on the page, however lines break and code is marked."""
        return bare(text) in bare("".join(self.words))


def bare(text):
    return re.sub(r"[\s`]", "", text)


@needs_site
def test_no_page_loads_anything_from_another_host():
    pages = sorted(Path(SITE).rglob("*.html"))
    assert len(pages) > 40
    loads = [(page.name, load) for page in pages for load in Page(page).loads]
    assert len(loads) > 10 * len(pages)
    assert [x for x in loads if re.match(r"(\w+:)?//", x[1])] == []
    styles = [
        p
        for p in Path(SITE).rglob("*.css")
        if re.search(r"(@import|url\()\W*https?:", p.read_text())
    ]
    assert styles == []


@needs_site
def test_rules_stand_there_with_arguments_and_docstring():
    page = Page(Path(SITE) / "api" / "cells.html")
    rules = inspect.getmembers(tumour_rules, inspect.isfunction)
    rules = [(n, f) for n, f in rules if f.__module__ == tumour_rules.__name__ and n[0] != "_"]
    assert len(rules) > 10
    for name, rule in rules:
        assert f"{tumour_rules.__name__}.{name}" in page.ids
        assert page.says(f"{name}{str(inspect.signature(rule)).removesuffix(')')}"), name
        assert page.says(rule.__doc__.split("\n")[0]), name


@needs_site
def test_parameters_stand_there_with_unit_limits_and_source():
    page = Page(Path(SITE) / "api" / "cells.html")
    for row in tumour_rules.TumourParameters.rows():
        numbers = (
            f"{row['key']}{row['default']:.6g}{row['unit']}{row['low']:.6g}to{row['high']:.6g}"
        )
        assert page.says(f"{numbers}{row['confidence']}{row['what']};{row['source']}")


@needs_site
def test_every_command_stands_there_with_every_option():
    page = Page(Path(SITE) / "cli.html")
    (commands,) = (
        a for a in command_parser()._actions if isinstance(a, argparse._SubParsersAction)
    )
    for name, command in commands.choices.items():
        assert name in page.ids
        assert page.says(command.description)
        for option in command._actions:
            if "--help" not in option.option_strings:
                names = option.option_strings or [option.metavar]
                assert all(page.says(name) for name in names)
                assert page.says((option.help or "").replace("%%", "%"))


MEASURE = """
const contents = document.querySelector(".toc-drawer:not(.no-toc)");
const text = document.querySelector("article").getBoundingClientRect();
const left = contents ? contents.getBoundingClientRect().left : Infinity;
return {
  tooWide: document.documentElement.scrollWidth - window.innerWidth,
  covered: left < window.innerWidth ? Math.max(0, text.right - left) : 0,
};
"""


@needs_site
def test_no_page_scrolls_sideways_or_lies_under_its_contents():
    """At the widths of a phone, of a window beside another, and of two usual screens, in px."""
    site, wrong = Path(SITE).resolve(), []
    with browser() as driver:
        for page in sorted(site.rglob("*.html")):
            driver.get(page.as_uri())
            for width in (390, 1100, 1280, 1440):
                driver.execute_cdp_cmd(
                    "Emulation.setDeviceMetricsOverride",
                    {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
                )
                assert driver.execute_script("return window.innerWidth") == width
                found = driver.execute_script(MEASURE)
                if found["tooWide"] > 0 or found["covered"] > 0:
                    wrong.append((page.relative_to(site).as_posix(), width, found))
    assert wrong == []
