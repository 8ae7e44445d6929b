"""False alarms of the two families, counted over many comparisons whose truth is known.

Readouts of one comparison share a part of their noise, as those of one tumour do. With 4 pairs and
4 primary endpoints out of 44 readouts.
"""

import numpy as np
import pytest

from mtor_abm.analysis.endpoints import adjust
from mtor_abm.analysis.statistics import paired_effect

N_COMPARISONS, N_PAIRS, N_PRIMARY, N_OTHERS = 600, 4, 4, 40
SHARED = 0.5  # of the variance of a readout's noise
PRIMARY = [f"primary_{i}" for i in range(N_PRIMARY)]


def compared(rng, ratios):
    """Rows of one comparison in which readout i truly changes by the factor ratios[i]."""
    common = rng.standard_normal((N_PAIRS, 1))
    own = rng.standard_normal((N_PAIRS, len(ratios)))
    gain = 0.2 * (np.sqrt(SHARED) * common + np.sqrt(1.0 - SHARED) * own) + np.log(ratios)
    control = rng.lognormal(size=gain.shape)
    rows = []
    for i in range(len(ratios)):
        effect = paired_effect(control[:, i], control[:, i] * np.exp(gain[:, i]))
        name = PRIMARY[i] if i < N_PRIMARY else f"other_{i}"
        rows.append(
            {"readout": name, "p": effect.p, "covers": effect.low <= ratios[i] <= effect.high}
        )
    adjust(rows, PRIMARY)
    return rows


def test_alarms_under_the_null_are_as_many_as_claimed():
    """Any primary: at most 5 % (Holm). Any other: at most 5 %, where BH is a family-wise error.

    3 standard deviations of 600 comparisons are 2.7 %; intervals miss in 5 %.
    """
    rng = np.random.default_rng(12)
    alarms, missed = {"primary": 0, "other": 0}, 0
    for _ in range(N_COMPARISONS):
        rows = compared(rng, np.ones(N_PRIMARY + N_OTHERS))
        for family in alarms:
            alarms[family] += any(
                row["p_adjusted"] < 0.05 for row in rows if row["family"] == family
            )
        missed += sum(not row["covers"] for row in rows)
    assert alarms["primary"] / N_COMPARISONS < 0.077
    assert alarms["other"] / N_COMPARISONS < 0.077
    share = missed / N_COMPARISONS / (N_PRIMARY + N_OTHERS)
    assert share == pytest.approx(0.05, abs=0.015)


def test_of_what_is_called_different_5_per_cent_or_fewer_are_false():
    """Half of the others truly change, by 8 standard deviations of a pair's noise."""
    rng = np.random.default_rng(13)
    n_true = N_OTHERS // 2
    ratios = np.ones(N_PRIMARY + N_OTHERS)
    ratios[-n_true:] = np.exp(1.6)
    shares, found = [], []
    for _ in range(N_COMPARISONS // 2):
        others = [row for row in compared(rng, ratios) if row["family"] == "other"]
        called = [i for i, row in enumerate(others) if row["p_adjusted"] < 0.05]
        false = sum(i < N_OTHERS - n_true for i in called)
        shares.append(false / max(1, len(called)))
        found.append(len(called) - false)
    assert np.mean(shares) < 0.05
    assert np.mean(found) > 0.9 * n_true
