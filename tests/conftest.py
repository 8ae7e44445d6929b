"""Lets tests in sub-folders import what lies here; shortens runs when nothing is compiled."""

import pytest

from mtor_abm.compilation import ensure_compiled
from mtor_abm.numerics.compiled import JIT_IS_OFF


def pytest_sessionstart(session):
    """Compile in another process: freshly compiled and loaded kernels may round differently."""
    ensure_compiled()


def pytest_collection_modifyitems(items):
    """The file that takes longest comes first, so that no process is left alone with it."""
    items.sort(key=lambda item: item.path.name != "test_tutorials.py")


@pytest.fixture(scope="session")
def hours():
    """How long a small model runs: `hours(240, 12)` is 240 compiled and 12 as plain Python."""
    return lambda compiled, plain: plain if JIT_IS_OFF else compiled
