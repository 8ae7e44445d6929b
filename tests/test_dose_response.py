"""IC50 of curves that are known."""

import numpy as np
import pytest

from mtor_abm.analysis.dose_response import fit_ic50

DOSES = [0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]


def response(dose, ic50, hill, top, bottom):
    return bottom + (top - bottom) / (1.0 + (dose / ic50) ** hill)


@pytest.mark.parametrize(("ic50", "hill", "top"), [(9.0, 1.0, 40.0), (0.5, 2.0, 3.0)])
def test_a_curve_gives_its_own_ic50(ic50, hill, top):
    found = fit_ic50(DOSES, [response(d, ic50, hill, top, 0.0) for d in DOSES])
    assert found.ic50 == pytest.approx(ic50, rel=1e-4)
    assert found.hill == pytest.approx(hill, rel=1e-3)
    assert (found.top, found.bottom) == (top, 0.0)
    assert found.at(ic50) == pytest.approx(top / 2) and found.at(0.0) == top


def test_a_plateau_is_fitted_only_if_asked_for():
    """A curve from 10 to 6 with its middle at 2: half of the effect is at 2, half of 10 nowhere."""
    responses = [response(d, 2.0, 1.0, 10.0, 6.0) for d in DOSES]
    free = fit_ic50(DOSES, responses, bottom=None)
    assert free.ic50 == pytest.approx(2.0, rel=1e-3)
    assert free.bottom == pytest.approx(6.0, rel=1e-3)
    assert np.isnan(fit_ic50(DOSES, responses).ic50)


def test_replicates_at_each_dose_count_alike():
    doses = DOSES * 2
    responses = [response(d, 5.0, 1.0, 1.0, 0.0) * f for f in (0.9, 1.1) for d in DOSES]
    assert fit_ic50(doses, responses).ic50 == pytest.approx(5.0, rel=1e-3)


@pytest.mark.parametrize(
    ("doses", "responses"),
    [([0.0, 1.0, 2.0], [1.0, 0.5, 0.2]), ([1.0, 2.0, 3.0], [1.0, 0.5, 0.2]), ([0.0, 1.0], [1.0])],
)
def test_too_little_to_fit_is_refused(doses, responses):
    with pytest.raises(ValueError, match="dose"):
        fit_ic50(doses, responses)
