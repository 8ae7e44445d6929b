"""Lets tests in sub-folders import what lies here; shortens runs when nothing is compiled."""

import subprocess
import sys

import pytest

from mtor_abm.numerics.compiled import CACHE_FOLDER, JIT_IS_OFF

WARM_UP = "from mtor_abm.runner.warm import warm_up_if_cold; warm_up_if_cold(print)"


def pytest_sessionstart(session):
    """Compile in another process: freshly compiled and loaded kernels may round differently."""
    if CACHE_FOLDER is not None:
        subprocess.run([sys.executable, "-c", WARM_UP], check=False)


@pytest.fixture(scope="session")
def hours():
    """How long a small model runs: `hours(240, 12)` is 240 compiled and 12 as plain Python."""
    return lambda compiled, plain: plain if JIT_IS_OFF else compiled
