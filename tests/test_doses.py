"""Treatments in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtor_abm.analysis.doses import drug_words, schedule_words, treatment_words
from mtor_abm.scenario_files import load
from mtor_abm.schedule import Schedule

DAILY = {"dose_mg_per_kg": 1.5, "route": "ip", "every_h": 24.0, "start_day": 3.0}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "1.5 mg/kg/d i.p. from day 3"),
        ({"stop_day": 10.0}, "1.5 mg/kg/d i.p. from day 3 until day 10"),
        ({"stop_day": 30.0}, "1.5 mg/kg/d i.p. from day 3"),
        ({"stop_day": 6.0}, "1.5 mg/kg i.p. on days 3, 4, 5"),
        ({"every_h": 48.0, "start_day": 7.0, "stop_day": 12.0}, "1.5 mg/kg i.p. on days 7, 9, 11"),
        ({"every_h": 56.0, "route": "sc"}, "1.5 mg/kg s.c. three times a week from day 3"),
        ({"every_h": 56.0, "start_day": 18.0}, "1.5 mg/kg i.p. three times a week from day 18"),
        ({"every_h": 168.0}, "1.5 mg/kg i.p. on days 3, 10, 17"),
        ({"every_h": 12.0, "route": "po"}, "1.5 mg/kg p.o. twice a day from day 3"),
        ({"every_h": 72.0, "start_day": 0.0}, "1.5 mg/kg i.p. every 3 days from day 0"),
        ({"every_h": 30.0}, "1.5 mg/kg i.p. every 30 h from day 3"),
        ({"every_h": None}, "1.5 mg/kg i.p. once, on day 3"),
        ({"stop_day": 3.5}, "1.5 mg/kg i.p. once, on day 3"),
        ({"dose_mg_per_kg": None, "dose_mg": 120.0}, "120 mg/d i.p. from day 3"),
        ({"start_day": 10.0 / 3.0}, "1.5 mg/kg/d i.p. from day 3.33"),
    ],
)
def test_schedules_in_words(changes, says):
    assert schedule_words(DAILY | changes, 21.0) == says


@given(
    every_h=st.none() | st.floats(1.0, 8784.0),
    start=st.floats(0.0, 20.0),
    length=st.none() | st.floats(0.01, 300.0),
    route=st.sampled_from(["ip", "po", "iv", "sc"]),
)
def test_any_schedule_has_words_and_counts_as_the_regimen_does(every_h, start, length, route):
    table = {"dose_mg": 2.0, "every_h": every_h, "start_day": start, "route": route}
    if length is not None:
        table["stop_day"] = start + length
    schedule = Schedule.model_validate(table)
    words = schedule_words(schedule.model_dump(), 21.0)
    assert words.startswith("2 mg") and "nan" not in words and "None" not in words
    n = schedule.regimen("rapamycin", 21.0).dose_count if route in ("ip", "po") else None
    if n is not None:
        assert ("once, on day" in words) == (n == 1)
        assert words.count(",") == (n - 1 if "on days" in words else n == 1)


def test_the_shipped_arms_in_words():
    control = load("vehicle").resolved()

    def said(name, against=control):
        return treatment_words(against, load(name).resolved())

    assert said("rapamycin") == "rapamycin 1.5 mg/kg/d i.p. from day 3"
    assert said("opg_fc") == "OPG-Fc 3 mg/kg s.c. three times a week from day 0"
    assert said("tumour_rictor_ko") == "RICTOR x 0 in circulating and tumour cells" or (
        said("tumour_rictor_ko") == "RICTOR x 0 in tumour and circulating cells"
    )
    assert said("vehicle") == ""
    both = said("bolero2_everolimus", load("bolero2_exemestane").resolved())
    assert both.startswith("everolimus 10 mg/d p.o.") and "exemestane" not in both


def test_a_drug_that_is_not_known_here_is_called_by_its_key():
    assert drug_words("newmtor", DAILY, 21.0) == "newmtor 1.5 mg/kg/d i.p. from day 3"
    before, after = {"drugs": {"newmtor": DAILY}}, {"drugs": {}, "run": {"days": 9.0}}
    assert treatment_words(before, after) == "no newmtor"
