"""Lemaire 2004 and Pivonka 2008 as a reference; the whole comparison is docs/bone_models.md."""

import numpy as np
import pytest

pytest.importorskip("bone_models")

from bone_odes import MODELS, Perturbation, curves, folds
from table import CASES, Effect, _model_order, condensed, effects, reference, verdict
from well_mixed import ORDERS, SETTINGS, follow, thin_lineage

from mtor_abm.compilation import ensure_compiled
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.scenario_files import load

DAYS = (3.0, 28.0, 84.0)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", CASES)
def test_the_package_still_gives_the_kept_curves(model, case):
    kept = curves()[model, case]
    now = folds(model, CASES[case].ode, DAYS)
    assert now == pytest.approx(np.array([kept[day] for day in DAYS]), rel=2e-4, abs=2e-4)


@pytest.mark.parametrize("model", MODELS)
def test_nothing_done_nothing_moves(model):
    assert folds(model, Perturbation(), DAYS) == pytest.approx(np.ones((3, 3)), rel=1e-6)


def test_where_the_models_part():
    """Without the lineage osteoclasts fall in Lemaire (RANKL on OBa), rise in Pivonka (on OBp)."""
    fall, rise = (reference("OB_removal90", model, 60)["OCa"] for model in MODELS)
    assert fall < -0.1 and rise > 0.1
    others = [case for case in CASES if case != "OB_removal90"]
    for case in others:
        signs = {np.sign(reference(case, model, 60)["OCa"]) for model in MODELS}
        assert len(signs) == 1, case


def test_order_of_the_models():
    assert [_model_order(ORDERS["RANKL"], r, 60) for r in ("OCa", "OBp", "balance")] == [1, 1, -1]
    assert _model_order(ORDERS["TGF-beta"], "OCa", 60) == -1


def test_effects_by_hand():
    rows = [{"OBp": x, "OBa": 2.0, "OCa": 1.0 + x, "balance": 0.0} for x in (1.0, 2.0, 3.0)]
    base = [{"OBp": 0.0, "OBa": 2.0, "OCa": 1.0, "balance": 0.0}] * 3
    found = effects(rows, base)
    half = 4.302653 / np.sqrt(3.0)  # student t, 2 degrees of freedom, sd 1
    assert found["OBp"].mean == 2.0
    assert found["OBp"].low == pytest.approx(2.0 - half) and found["OBp"].sign == 0
    assert found["OBa"] == Effect(0.0, 0.0, 0.0, 2.0) and found["OBa"].sign == 0
    up = Effect(1.0, 0.5, 1.5)
    assert verdict(up, (0.2, 3.0)) == "agrees" and verdict(up, (-0.2, -3.0)) == "disagrees"
    assert verdict(up, (0.2, -3.0)) == "models disagree"
    spans = Effect(0.0, -0.5, 0.5, base=5.0)  # -10 % to +10 %
    assert verdict(spans, (0.2, 3.0)) == "not resolved"
    assert verdict(spans, (0.2, 3.0), as_share=True) == "no such effect in ours"
    assert verdict(spans, (0.05, 3.0), as_share=True) == "not resolved"
    assert verdict(spans, (-0.2, 3.0), as_share=True) == "not resolved"
    daily = {cell: np.arange(4.0) for cell in ("OBp", "OBa", "OCa")}
    daily["bv_tv"] = np.array([0.2, 0.3, 0.1, 0.4])
    assert condensed(daily, 0, 1, 2) == pytest.approx(
        {"OBp": 1.5, "OBa": 1.5, "OCa": 1.5, "balance": -50.0}
    )
    assert condensed(daily, 2, 0, 1)["balance"] == pytest.approx(300.0)


def test_thinning_leaves_the_share_and_free_sites():
    model = MarrowModel(load("healthy").changed({**SETTINGS, "run.days": 1.0}), 1)
    cells = model.tissues["osteoblast"].population
    osteocytes = int(cells.in_state("osteocyte").sum())
    before = cells.n - osteocytes
    thin_lineage(model, 0.1, seed=3)
    left = cells.n - int(cells.in_state("osteocyte").sum())
    assert int(cells.in_state("osteocyte").sum()) == osteocytes
    assert 0.03 * before < left < 0.2 * before
    held = model.surroundings.world.occupant[cells.column("site")]
    assert (held > 0).all()
    shown = np.isin(model.surroundings.world.occupant, np.unique(held)).sum()
    assert shown == cells.n  # those taken out hold no site any more


@pytest.mark.skipif(JIT_IS_OFF, reason="weeks of a marrow take minutes in plain Python")
def test_strong_perturbations_move_our_osteoclasts_as_both_models_say():
    ensure_compiled()
    days, seeds = 16, (1, 2)
    control = {seed: follow(None, seed, days)["OCa"][5:].mean() for seed in seeds}
    for case in ("RANKL_x0.1", "RANKL_x2", "PTH_inj"):
        expected = {np.sign(reference(case, model, days)["OCa"]) for model in MODELS}
        ours = {np.sign(follow(CASES[case], s, days)["OCa"][5:].mean() - control[s]) for s in seeds}
        assert ours == expected, case
