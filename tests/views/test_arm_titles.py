"""Arms are called by what they are given, and no two by one name."""

from types import SimpleNamespace

from mtor_abm.views.arm_titles import arm_titles, title_of

RUN = {"days": 21.0}


def arm(name, title, drugs=None, **more):
    parameters = {"title": title, "run": RUN, "drugs": drugs or {}, **more}
    return SimpleNamespace(name=name, first=SimpleNamespace(manifest={"parameters": parameters}))


def rapamycin(dose):
    return {"rapamycin": {"dose_mg_per_kg": dose, "route": "ip", "every_h": 24.0, "start_day": 3.0}}


def test_a_title_stands_unless_another_dose_was_given():
    title = "Rapamycin 1.5 mg/kg/d i.p. from day 3"
    arms = [
        arm("vehicle", "Vehicle: osteolytic tumour, no drug"),
        arm("rapamycin", title, rapamycin(1.5)),
        arm("more", title, rapamycin(4.0)),
    ]
    assert list(arm_titles(arms).values()) == [
        "Vehicle", title, "Rapamycin 4 mg/kg/d i.p. from day 3",
    ]  # fmt: skip


def test_points_of_a_sweep_are_told_apart_by_what_differs():
    arms = [arm(f"p{i}", "", rapamycin(1.5), tumour={"rate": i}) for i in (1, 2)]
    assert arm_titles(arms) == {
        "p1": "Rapamycin 1.5 mg/kg/d i.p. from day 3, tumour.rate = 1",
        "p2": "Rapamycin 1.5 mg/kg/d i.p. from day 3, tumour.rate = 2",
    }
    controls = [arm(f"c{i}", f"tumour.rate = {i}", tumour={"rate": i}) for i in (1, 2)]
    assert list(arm_titles(controls).values()) == [f"No drug, tumour.rate = {i}" for i in (1, 2)]


def test_what_differs_in_nothing_that_is_told_keeps_its_name():
    alike = [arm("a", "Same"), arm("b", "Same")]
    assert arm_titles(alike) == {"a": "Same (a)", "b": "Same (b)"}


def test_a_scenario_without_title_has_its_name():
    assert title_of({}, "mine") == "mine"
    assert title_of({"title": "", "drugs": None}, "mine") == "mine"
