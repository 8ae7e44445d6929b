"""Keyed randomness: the published hash, no trace of the order of draws, the right distributions."""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mtor_abm import cells
from mtor_abm.cells import draws
from mtor_abm.numerics import chance
from mtor_abm.numerics.chance import child_uid, hashed, mix, standard_normal, uniform
from mtor_abm.numerics.compiled import kernel
from mtor_abm.primary import cells as rim_cells

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
    drawn = np.empty(20000)
    fill_uniform(drawn, *keys)
    return drawn


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
    for drawn in (uniforms(1, 5, 10), uniforms(1, 6, 10), uniforms(2, 5, 10)):
        assert drawn.min() >= 0.0 and drawn.max() < 1.0
        assert stats.kstest(drawn, "uniform").pvalue > 1e-3
    pairs = np.corrcoef([uniforms(1, step, event) for step in (0, 1) for event in (10, 11)])
    assert np.abs(pairs - np.eye(4)).max() < 4 / 20000**0.5


def test_normal_is_normal():
    drawn = np.empty(20000)
    fill_normal(drawn, 3)
    assert stats.kstest(drawn, "norm").pvalue > 1e-3


def test_identities_of_daughters_fit_a_double_and_differ():
    uids = {int(child_uid(1, mother, step)) for mother in range(1, 60) for step in range(60)}
    assert len(uids) == 59 * 60
    assert max(uids) < 2**53
    assert all(int(float(uid)) == uid for uid in uids)


CELL_FILES = sorted(Path(cells.__file__).parent.glob("*.py"))
DRAWS = {name: value for name, value in vars(draws).items() if name.isupper()}


def test_every_event_of_a_cell_has_a_number_of_its_own():
    numbers = [value for name, value in DRAWS.items() if not name.startswith("_")]
    assert len(set(numbers)) == len(numbers)
    assert chance.CHILD not in numbers
    assert max(numbers) < draws._FURTHER_MOVE, "further moves have keys above all events"


def drawn_names():
    """Per file: the names of the events that are drawn for, once for each place."""
    found = {}
    for path in [*CELL_FILES, Path(rim_cells.__file__)]:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                if call.func.id in ("uniform_from", "uniform", "standard_normal", "hashed"):
                    found.setdefault(path.name, []).append(ast.unparse(call.args[-1]))
    return found


def test_each_draw_names_its_event_and_each_event_is_drawn_in_one_place():
    """Claims are looked at twice, when a ticket is drawn and when it is compared."""
    found = drawn_names()
    assert found["settling.py"] == ["CLAIM", "CLAIM"]
    names = [name for path, of_file in found.items() if path != "settling.py" for name in of_file]
    assert set(names) == set(DRAWS) - {"CLAIM", "_FURTHER_MOVE"}, "a literal, or a name unused"
    assert len(set(names)) == len(names), "one event, two places"
