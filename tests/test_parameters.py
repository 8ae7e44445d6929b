"""Every number of the model has its unit, source, confidence and meaning; kernels get the same."""

import re

import pytest
from pydantic import ValidationError

from mtor_abm.errors import UserError
from mtor_abm.fields import FIELDS
from mtor_abm.parameters import Group, kernel_values, number, tuple_type
from mtor_abm.scenario import GROUPS, Scenario

CONFIDENCES = {"found", "computed", "recalled", "assumed", "fitted"}


class Pond(Group):
    depth_m: float = number(2.0, "m", "measured", "found", low=0, high=10, what="depth")
    n_frogs: int = number(3, "1", "counted", "found", low=0, high=99, what="frogs")
    name: str = "pond"


Water = tuple_type("Water", Pond, __name__)


def test_a_group_as_rows_and_as_a_tuple():
    depth, frogs, name = Pond.rows()
    assert depth == {
        "key": "depth_m", "default": 2.0, "unit": "m", "low": 0, "high": 10, "confidence": "found",
        "source": "measured", "what": "depth",
    }  # fmt: skip
    assert frogs["default"] == 3
    assert name["source"] == ""
    water = kernel_values(Water, Pond(depth_m=1.5))
    assert water == (1.5, 3.0)
    assert all(type(value) is float for value in water)
    assert Water._fields == ("depth_m", "n_frogs")


@pytest.mark.parametrize(
    "wrong",
    [{"depth_m": 11.0}, {"depth_m": -0.1}, {"depth_m": float("nan")}, {"depth_m": "2"},
     {"n_frogs": 2.5}, {"toads": 1}],
)  # fmt: skip
def test_a_group_refuses(wrong):
    with pytest.raises(ValidationError):
        Pond(**wrong)


SHARES = [(f"{table}.{keys[0]}", keys) for table, kind in GROUPS.items() for keys in kind.one_whole]


@pytest.mark.parametrize(("key", "keys"), SHARES, ids=[key for key, _ in SHARES])
def test_shares_of_one_whole_add_up_to_one_at_most(key, keys):
    table = key.partition(".")[0]
    Scenario.from_tables({table: dict.fromkeys(keys, 1.0 / len(keys))})
    with pytest.raises(UserError, match="above 1, though they are shares of one whole"):
        Scenario.from_tables({table: dict.fromkeys(keys, 1.01 / len(keys))})


def test_a_group_is_frozen():
    with pytest.raises(AttributeError, match="cannot be changed"):
        Pond().depth_m = 1.0


@pytest.mark.parametrize("table", [*GROUPS, *(f.key for f in FIELDS)])
def test_every_number_of_the_model_says_where_it_comes_from(table):
    group = GROUPS[table] if table in GROUPS else {f.key: f.parameters for f in FIELDS}[table]
    for row in group.rows():
        if not isinstance(row["default"], int | float) or isinstance(row["default"], bool):
            continue
        where = f"{table}.{row['key']}"
        assert row["unit"], where
        assert len(row["source"]) > 3, where
        assert row["confidence"] in CONFIDENCES, where
        assert row["what"], where
        assert row["low"] is not None, where
        assert row["low"] <= row["default"], where
        assert row["high"] is None or row["default"] <= row["high"], where


UNITS = {
    "um": "um", "h": "h", "per_h": "1/h", "per_s": "1/s", "nM": "nM", "mmHg": "mmHg",
    "per_mm2": "1/mm2", "per_mm3": "1/mm3", "nM_per_s": "nM/s", "um_per_day": "um/d",
    "um_per_h": "um/h", "um2_per_s": "um2/s",
}  # fmt: skip


@pytest.mark.parametrize("table", GROUPS)
def test_units_in_names_are_the_units_of_the_numbers(table):
    for row in GROUPS[table].rows():
        fitting = [s for s in UNITS if re.search(rf"_{s}$", row["key"])]
        if fitting and isinstance(row["default"], int | float):
            suffix = max(fitting, key=len)
            assert row["unit"] == UNITS[suffix], f"{table}.{row['key']}"
