"""The frozen numbers still hold: a change of results is made on purpose, with its reason."""

import json

import baseline
import pytest

from mtor_abm.numerics.compiled import JIT_IS_OFF


@pytest.mark.skipif(JIT_IS_OFF, reason="three days of plain Python take minutes")
@pytest.mark.parametrize("arm", baseline.ARMS)
def test_a_tiny_marrow_gives_the_frozen_numbers(arm):
    """If this is meant: python tests/baseline.py "why", and a line in CHANGELOG.md."""
    frozen = json.loads(baseline.FILE.read_text())["arms"][arm]
    assert baseline.measured(arm) == pytest.approx(frozen, rel=1e-5)
