"""No parameter is dead: each is read by some rule, and each of a field changes that field."""

import ast
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import mtor_abm
from mtor_abm.fields import FIELDS
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.parameters import Group, number
from mtor_abm.scenario import FIXED_GROUPS, GROUPS, MODEL, Scenario
from mtor_abm.switch_effects import EFFECTS
from mtor_abm.switches import Switches

TINY = {
    "run": {"days": 1.0},
    "geometry": {"nx": 30, "ny": 30},
    "inoculum": {"cells": 24, "clusters": 2},
    "osteoclast": {"precursors_per_mm2": 2000.0},
}
HOURS = 4
BLOOD = {"vessel_level": 5.0, "vessel_permeability_per_s": 1.0}


def attributes_read(sources):
    """Names X of every `something.X` that is read in these texts."""
    return {
        node.attr
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }


def dead(groups, read):
    """`TABLE.KEY` of the parameters of groups that are not among the names read."""
    return [f"{t}.{key}" for t, group in groups.items() for key in group.model_fields.keys() - read]


def test_every_parameter_is_read_by_some_code():
    package = Path(mtor_abm.__file__).parent
    read = attributes_read(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    groups = {**FIXED_GROUPS, **GROUPS, **{f"fields.{k}": g for k, g in MODEL.fields.items()}}
    del groups["switches"]  # they change parameters by the table EFFECTS: see below
    assert sum(len(group.model_fields) for group in groups.values()) > 200
    assert dead(groups, read) == []


def test_a_dead_parameter_is_found():
    class Planted(Group):
        used_per_h: float = number(1.0, "1/h", "test", "assumed", what="test")
        idle_per_h: float = number(1.0, "1/h", "test", "assumed", what="test")

    read = attributes_read(["def rule(p): return p.used_per_h", "p.idle_per_h = 2"])
    assert dead({"planted": Planted}, read) == ["planted.idle_per_h"]


def test_every_switch_sets_numbers():
    assert {switch for switch, _ in EFFECTS} == set(Switches.model_fields)


def tiny(**fields):
    """A tiny marrow in which every field has a level, since blood brings it, and one is changed."""
    blood = {row.key: BLOOD for row in FIELDS if row.key != "oxygen"}
    changed = {key: blood.get(key, {}) | values for key, values in fields.items()}
    return Scenario.from_tables({**TINY, "fields": blood | changed})


def level_of(row, scenario):
    """Levels of a field after HOURS."""
    model = MarrowModel(scenario, seed=1)
    for _ in range(HOURS):
        model.step()
    return model.surroundings.world.level[row].copy()


@cache
def usual_levels(row):
    return level_of(row, tiny())


CASES = [
    (row, field.key, key)
    for row, field in enumerate(FIELDS)
    for key in field.parameters.model_fields
]


@pytest.mark.skipif(JIT_IS_OFF, reason="a hundred hours in plain Python take minutes")
@pytest.mark.parametrize(("row", "field", "key"), CASES)
def test_every_parameter_of_a_field_changes_it(row, field, key):
    now = getattr(tiny().fields[field], key)
    other = 3.0 if now == "mirror" else 1.5 * now
    usual, turned = usual_levels(row), level_of(row, tiny(**{field: {key: other}}))
    assert np.isfinite(usual).all() and usual.any()
    assert not np.allclose(usual, turned, rtol=1e-4), f"fields.{field}.{key} is dead"
