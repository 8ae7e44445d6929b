"""The state of all fields: exchange, sources, and what is too little to be followed."""

import numpy as np

from mtor_abm.fields import FieldState, RanklField
from mtor_abm.numerics.lattice import Lattice


def test_a_level_that_decays_to_nothing_becomes_zero():
    """A drug long after its last dose must not underflow the solver."""
    lattice = Lattice(12, 12, 10.0)
    fields = FieldState(lattice, [RanklField()])
    fields.level[0] = lattice.inside() * np.float32(1e-3)
    fields.clear()
    for _ in range(60):
        fields.advance(3600.0)
    assert (fields.level == 0.0).all()
