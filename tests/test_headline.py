"""Headline effects by hand; following a model; luck that changes nothing but luck."""

import math

import numpy as np
import pytest

from mtor_abm.analysis.headline import HEADLINES, Headline, arm, effects, follow, fresh_luck
from mtor_abm.model import MarrowModel
from mtor_abm.observe import COLUMNS

TINY = {
    "geometry.nx": 40, "geometry.ny": 40, "inoculum.cells": 8, "run.days": 0.5,
    "output.every_h": 6.0,
}  # fmt: skip


def test_effects_by_hand():
    ratio = Headline("a", "a", "1", "area", -1, floor=1e-4)
    difference = Headline("b", "b", "1/mm", "count", -1)
    assert ratio.effect({"area": 0.1999}, {"area": 0.0999}) == pytest.approx(math.log(0.5))
    assert ratio.effect({"area": 0.0999}, {"area": 0.0}) == pytest.approx(math.log(1e-3))
    assert difference.effect({"count": 3.0}, {"count": 1.0}) == -2.0


def test_every_headline_is_a_readout_of_both_arms():
    control = follow(MarrowModel(arm("vehicle", TINY), 3))
    treated = follow(MarrowModel(arm("rapamycin", {**TINY, "drugs.rapamycin.start_day": 0.0}), 3))
    found = effects(control, treated)
    assert set(found) == {h.key for h in HEADLINES}
    assert all(math.isfinite(value) for value in found.values())
    assert all(value == 0.0 for value in effects(control, control).values())


def test_following_is_stepping_and_looking():
    scenario = arm("vehicle", TINY)
    looked = []
    readouts = follow(MarrowModel(scenario, 3), before_step=lambda m: looked.append(m.n_steps_done))
    model = MarrowModel(scenario, 3)
    start = COLUMNS["bv_tv"].value
    from mtor_abm.observe import Look

    before = start(Look(model))
    for _ in range(12):
        model.step()
    after = start(Look(model))
    assert looked == list(range(12))
    assert readouts["bv_tv_final"] == after
    assert readouts["bv_tv_change_percent"] == pytest.approx(100.0 * (after - before) / before)
    assert readouts["tumour_area_mm2_final"] == pytest.approx(
        model.tissues["tumour"].population.n * 1e-4
    )


def test_luck_leaves_the_start_and_turns_the_course():
    scenario = arm("vehicle", TINY)
    models = [fresh_luck(MarrowModel(scenario, 3), key) for key in (0, 0, 1)]
    places = [m.tissues["tumour"].population.column("site").copy() for m in models]
    assert all(np.array_equal(places[0], other) for other in places)
    readouts = [follow(m) for m in models]
    known = [{k: v for k, v in r.items() if not math.isnan(v)} for r in readouts]
    assert known[0] == known[1]
    assert known[0] != known[2]
