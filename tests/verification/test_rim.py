"""The untreated rim sheds its reference, so that an untreated primary sheds its rate."""

import numpy as np
import pytest

from mtor_abm.assembly import rim_of
from mtor_abm.model import MarrowModel


def test_untreated_rim_sheds_its_reference():
    """Measure it anew after a change of the tumour cell's numbers."""
    days, rates = 14, []
    for seed in (1, 2, 3, 4):
        model = MarrowModel(seed=seed, **{"geometry.nx": 32, "geometry.ny": 32})
        rim = rim_of(model.settings, model.surroundings)
        for _ in range(days * 24):
            rim.step()
        rates.append(rim.n_shed / days / rim.length_mm)
    wanted = rim.parameters.untreated_shed_per_d_per_mm
    assert np.mean(rates) == pytest.approx(wanted, rel=0.15)
