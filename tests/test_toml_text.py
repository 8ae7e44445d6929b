"""TOML written by us is read by the standard library as what was written."""

import datetime
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtor_abm.toml_text import inline, to_toml

text = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["\x7f", "\0", '"\\', "\n"]
)
plain = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | text
value = st.recursive(plain, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
table = st.recursive(
    st.dictionaries(text, value, max_size=3), lambda inner: st.dictionaries(text, inner, max_size=3)
)


def without_empty(tables):
    """An empty table leaves no trace in the file."""
    cleaned = {k: without_empty(v) if isinstance(v, dict) else v for k, v in tables.items()}
    return {k: v for k, v in cleaned.items() if v != {}}


@given(table)
def test_tables_read_back_equal(tables):
    assert tomllib.loads(to_toml(tables)) == without_empty(tables)


@given(value)
def test_single_values_read_back_with_their_type(given_value):
    again = tomllib.loads(f"x = {inline(given_value)}")["x"]
    assert again == given_value
    assert type(again) is type(given_value)


def test_by_hand():
    tables = {"b": {"d e": {"x": 1e-05}, "none": None, "t": (1, 2.0)}, "a": True, "s": 'q"\x7f'}
    assert to_toml(tables) == (
        'a = true\ns = "q\\"\\u007f"\n\n[b]\nt = [1, 2.0]\n\n[b."d e"]\nx = 1e-05\n'
    )
    assert inline({"a": {"b": [1]}}) == "{a = {b = [1]}}"


def test_what_toml_lacks_is_refused():
    with pytest.raises(TypeError, match="no TOML form for date"):
        inline(datetime.date(2020, 1, 1))
