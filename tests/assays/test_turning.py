"""How straight a track is, by hand."""

import numpy as np
import pytest

from mtor_abm.assays.boyden import turning_cosine


def test_turning_cosine_by_hand():
    right, up, still = [10.0, 0.0], [0.0, 10.0], [0.0, 0.0]
    straight = np.array([[right], [still], [right], [right]])
    assert turning_cosine(straight) == 1.0
    assert turning_cosine(np.array([[right], [up], [right]])) == 0.0
    assert turning_cosine(np.array([[right], [[-10.0, 0.0]]])) == -1.0
    diagonal = np.array([[right], [[10.0, 10.0]]])
    assert turning_cosine(diagonal) == pytest.approx(2**-0.5)
    two_cells = np.concatenate([straight, np.array([[right], [up], [still], [still]])], axis=1)
    assert turning_cosine(two_cells) == pytest.approx(2 / 3)
    assert turning_cosine(np.array([[right], [still]])) == 0.0
