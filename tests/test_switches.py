"""The table of disputes says what every value of every switch means, and every value can be run."""

import pytest

from mtor_abm.scenario import Scenario
from mtor_abm.switch_effects import EFFECTS, after_switches
from mtor_abm.switches import SWITCHES, Switches, default_of, values_of

CHOICES = [(name, value) for name in SWITCHES for value in values_of(name)]


def test_the_table_and_the_group_agree():
    assert list(SWITCHES) == list(Switches.model_fields)
    for name, dispute in SWITCHES.items():
        assert set(dispute.values) == set(values_of(name))
        assert default_of(name) in dispute.values
        meanings = [dispute.question, dispute.discriminating_run, *dispute.values.values()]
        assert all(meaning and "\n" not in meaning for meaning in meanings)


def test_effects_name_switches_and_values_that_exist():
    assert set(EFFECTS) <= set(CHOICES)


@pytest.mark.parametrize(("name", "value"), CHOICES)
def test_every_value_of_a_switch_gives_a_valid_scenario(name, value):
    scenario = Scenario.from_tables({"switches": {name: value}})
    changed = after_switches(scenario)
    expected = EFFECTS.get((name, value), {})
    flat = {f"{t}.{k}": v for t, g in changed.groups.items() for k, v in g.model_dump().items()}
    assert {key: flat[key] for key in expected} == expected
