"""Asking for a library that is not installed says which package and which extra."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from mtor_abm import extras
from mtor_abm.errors import UserError

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("module", "package"),
    [("PIL.Image", "pillow"), ("skimage.filters", "scikit-image"), ("ome_zarr.writer", "ome-zarr")],
)
def test_package_is_named_as_pip_knows_it(monkeypatch, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError) as refusal:
        extras.library(module, "images", "an image")
    assert str(refusal.value) == f"an image needs {package}; {extras.install('images')}"


def test_library_that_is_there_is_given():
    assert extras.library("json.decoder", "core", "it").JSONDecoder is not None


def test_every_extra_that_the_code_names_exists():
    defined = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = set()
    for path in (ROOT / "mtor_abm").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"\blibrary\(\s*[^,()]+,\s*\"(\w+)\"", source))
        named |= set(re.findall(r"\binstall\([\"'](\w+)[\"']\)", source))
    assert len(named) > 7
    assert named <= set(defined["optional-dependencies"])
