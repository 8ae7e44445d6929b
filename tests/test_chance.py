"""Keyed randomness: the published hash, no trace of the order of draws, the right distributions."""

import numpy as np
import pytest
from scipy import stats

from mtor_abm.numerics.chance import child_uid, hashed, mix, standard_normal, uniform
from mtor_abm.numerics.compiled import kernel

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


@kernel
def fill_uniform(out, seed, step, event):
    for uid in range(len(out)):
        out[uid] = uniform(seed, uid, step, event)


@kernel
def fill_normal(out, seed):
    for uid in range(len(out)):
        out[uid] = standard_normal(seed, uid, 0, 7)


def uniforms(*keys):
    draws = np.empty(20000)
    fill_uniform(draws, *keys)
    return draws


def splitmix64(state):
    """Steele, Lea and Flood 2014 in Python's own integers: the value after state."""
    full = 2**64 - 1
    z = (state + 0x9E3779B97F4A7C15) & full
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & full
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & full
    return z ^ (z >> 31)


@pytest.mark.parametrize("value", [0, 1, 12345, 2**63 - 1, 2**64 - 1])
def test_mix_is_splitmix64(value):
    assert int(mix(np.uint64(value))) == splitmix64(value)


def test_first_output_of_the_published_generator():
    assert splitmix64(0) == 0xE220A8397B1DCDAF
    assert int(mix(np.uint64(0))) == 0xE220A8397B1DCDAF


def test_the_hash_is_a_chain_and_every_key_counts():
    keys = (3, 2**53 - 1, 700, 42)
    z = splitmix64(keys[0])
    for key in keys[1:]:
        z = splitmix64(z ^ key)
    assert int(hashed(*keys)) == z
    assert uniform(*keys) == (z >> 11) / 2**53
    for k in range(4):
        other = list(keys)
        other[k] -= 1
        assert hashed(*other) != hashed(*keys)


def test_uniform_is_uniform_over_cells_steps_and_events():
    for draws in (uniforms(1, 5, 10), uniforms(1, 6, 10), uniforms(2, 5, 10)):
        assert draws.min() >= 0.0 and draws.max() < 1.0
        assert stats.kstest(draws, "uniform").pvalue > 1e-3
    pairs = np.corrcoef([uniforms(1, step, event) for step in (0, 1) for event in (10, 11)])
    assert np.abs(pairs - np.eye(4)).max() < 4 / 20000**0.5


def test_normal_is_normal():
    draws = np.empty(20000)
    fill_normal(draws, 3)
    assert stats.kstest(draws, "norm").pvalue > 1e-3


def test_identities_of_daughters_fit_a_double_and_differ():
    uids = {int(child_uid(1, mother, step)) for mother in range(1, 60) for step in range(60)}
    assert len(uids) == 59 * 60
    assert max(uids) < 2**53
    assert all(int(float(uid)) == uid for uid in uids)
