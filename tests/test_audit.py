"""The knobs of the audit: each does what it says and nothing else; the audit in short; its page."""

import json
from pathlib import Path
from types import SimpleNamespace

import invariants
import numpy as np
import pytest

from mtor_abm.analysis.headline import HEADLINES, SMALL, arm, follow
from mtor_abm.audit import ORDERS, MarrowUnderAudit, run
from mtor_abm.audit.__main__ import main
from mtor_abm.audit.knobs import move_marrow, new_places, rename_cells, scaled, shuffle_rows
from mtor_abm.model import MarrowModel

ROOT = Path(__file__).resolve().parent.parent
TINY = {
    "geometry.nx": 40, "geometry.ny": 40, "inoculum.cells": 8, "run.days": 0.5,
    "output.every_h": 6.0, "drugs.rapamycin.start_day": 0.0,
}  # fmt: skip


def knobs(**turned):
    still = {
        "update_order": None, "agent_order": "default", "agent_perm_seed": None,
        "rng_streams": "default", "grid_offset": (0.0, 0.0), "grid_rotation": 0, "dt_scale": 1.0,
        "pop_scale": 1.0,
    }  # fmt: skip
    return SimpleNamespace(**{**still, **turned})


# Osteoclasts within hours, so that what lies on several sites is there to be moved and shuffled.
EAGER = {
    **TINY, "run.days": 1.5, "osteoclast.commitment_rate_per_h": 1.0,
    "osteoclast.fusion_rate_per_h": 5.0, "osteoclast.signal_half": 0.01,
    "osteoclast.founding_distance_um": 0.0,
}  # fmt: skip


def marrow(settings=TINY, **turned):
    return MarrowUnderAudit(arm("vehicle", settings), 3, knobs(**turned))


def course(model, steps=12):
    """Cells by identity after some steps, and the fields."""
    for _ in range(steps):
        model.turn()
        model.step()
    cells = {
        (name, int(uid)): (int(site), int(state))
        for name, tissue in model.tissues.items()
        for uid, site, state in zip(
            tissue.population.column("uid"), tissue.population.column("site"),
            tissue.population.column("state"), strict=True,
        )
    }  # fmt: skip
    return cells, model.surroundings.fields.level.copy()


def test_no_knob_turned_is_the_usual_run():
    usual = MarrowModel(arm("vehicle", TINY), 3)
    readouts = follow(usual)
    audited = follow(marrow(), before_step=MarrowUnderAudit.turn)
    assert {k: v for k, v in readouts.items() if v == v} == {
        k: v for k, v in audited.items() if v == v
    }


def test_the_order_of_rows_changes_nothing():
    usual, shuffled = marrow(EAGER), marrow(EAGER)
    draws = np.random.default_rng(1)
    for _ in range(30):
        usual.step()
        shuffle_rows(shuffled.surroundings, draws)
        shuffled.step()
        invariants.check_sites(shuffled)
    assert usual.tissues["osteoclast"].population.n > 3
    a, b = course(usual, 0), course(shuffled, 0)
    assert a[0] == b[0]
    np.testing.assert_allclose(a[1], b[1], rtol=1e-4, atol=1e-12)  # sums in another order


def test_new_identities_keep_families_and_places():
    model = marrow()
    tumour = model.tissues["tumour"].population
    course(model)
    before = {name: tumour.column(name).copy() for name in ("uid", "parent", "clone", "site")}
    rename_cells(model.surroundings, 7)
    assert not np.intersect1d(before["uid"], tumour.column("uid")).size
    assert len(np.unique(tumour.column("uid"))) == tumour.n
    assert np.array_equal(before["site"], tumour.column("site"))
    assert np.array_equal(before["parent"] == 0, tumour.column("parent") == 0)
    for old, new in ((before["clone"], tumour.column("clone")),):
        assert np.array_equal(old[:, None] == old, new[:, None] == new)
    founders = before["parent"] == 0
    assert np.array_equal(tumour.column("clone")[founders], tumour.column("uid")[founders])


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_four_times_comes_home(turns):
    once = new_places(5, 5, (0, 0), turns)
    there = np.arange(49)
    for _ in range(4):
        there = once[there]
    assert np.array_equal(there, np.arange(49))
    assert not np.array_equal(once, np.arange(49))


def test_places_by_hand():
    # 2 x 3 sites in walls: rows of 5. (0, 0) lies at 6, (0, 2) at 8, (1, 0) at 11.
    moved = new_places(2, 3, (1, 1), 0)
    assert moved[6] == 12 and moved[8] == 11 and moved[11] == 7
    walls = [0, 1, 4, 5, 9, 10, 14, 15, 19]
    assert np.array_equal(moved[walls], walls)
    assert sorted(moved) == list(range(20))
    # After a quarter turn neighbours are neighbours, along the other axis.
    turned = new_places(4, 4, (0, 0), 1)
    assert abs(int(turned[7]) - int(turned[8])) == 6 and abs(int(turned[7]) - int(turned[13])) == 1
    with pytest.raises(ValueError, match="cannot be turned"):
        new_places(2, 3, (0, 0), 1)


@pytest.mark.parametrize(
    "turned", [{"grid_rotation": 90}, {"grid_offset": (0.5, 0.5)}, {"grid_offset": (0.25, 0.0)}]
)
def test_a_moved_marrow_is_whole_and_the_same(turned):
    usual, moved = marrow(), marrow(**turned)
    invariants.check_all(moved)
    assert moved.tissues["tumour"].population.n == usual.tissues["tumour"].population.n
    a, b = usual.surroundings.world, moved.surroundings.world
    assert (a.ground == 1).sum() == (b.ground == 1).sum()
    assert not np.array_equal(a.ground, b.ground)
    if "grid_rotation" in turned:  # no seam: as many faces between bone and marrow as before
        assert a.bone_faces[a.ground == 0].sum() == b.bone_faces[b.ground == 0].sum()
        assert a.perfused.sum() == b.perfused.sum()
        for name, tissue in usual.tissues.items():
            assert moved.tissues[name].population.n == tissue.population.n
    else:
        assert b.perfused[b.vessel > 0].all()  # vessels are whole
        shift = [round(share * 40) for share in turned["grid_offset"]]
        inner = [w.ground.reshape(42, 42)[1:-1, 1:-1] for w in (a, b)]
        assert np.array_equal(np.roll(inner[0], shift, axis=(0, 1)), inner[1])
    for _ in range(3):
        moved.step()
        invariants.check_all(moved)


def test_osteoclasts_move_with_all_their_sites():
    model = marrow(EAGER)
    for _ in range(30):
        model.step()
    assert model.tissues["osteoclast"].population.n > 3
    move_marrow(model.surroundings, new_places(40, 40, (20, 7), 1))
    invariants.check_sites(model)


def test_orders_of_tissues():
    names = list(marrow().tissues)
    turned = {}
    for order in ORDERS:
        model = marrow(update_order=order)
        model.turn()
        first = list(model.tissues)
        model.step()
        model.turn()
        turned[order] = first, list(model.tissues)
        assert sorted(first) == sorted(names)
    assert turned["by type"] == (names, names)
    assert turned["reversed"] == (names[::-1], names[::-1])
    assert turned["random"][0] != turned["random"][1]


def test_other_luck_starts_from_the_same_marrow():
    usual, other = marrow(), marrow(rng_streams="independent")
    assert np.array_equal(usual.surroundings.world.ground, other.surroundings.world.ground)
    assert course(usual, 0)[0] == course(other, 0)[0]
    assert course(usual)[0] != course(other)[0]


def test_scales():
    assert scaled(SMALL, 1.0, 1.0).items() <= SMALL.items()
    wide = scaled(SMALL, 0.5, 2.0)
    assert wide == {
        "geometry.ny": 144, "inoculum.cells": 120, "inoculum.clusters": 4, "run.step_h": 0.5,
    }  # fmt: skip


def test_outputs_are_what_the_audit_file_asks_for():
    yaml = pytest.importorskip("yaml")
    pytest.importorskip("abmfact")
    from abmfact.checks import CHECKS
    from abmfact.config import load_audit
    from abmfact.knobs import Knobs

    audit = load_audit(ROOT / "audit" / "audit.yaml")
    assert all(check.variants(audit.adapter.support) is not None for check in CHECKS)
    assert audit.adapter.support.update_order == ORDERS
    asked = yaml.safe_load((ROOT / "audit" / "audit.yaml").read_text())["claims"]
    given = run(TINY, 1, Knobs())
    for claim, headline in zip(asked, HEADLINES, strict=True):
        assert claim["metric"] == headline.key and headline.key in given
        assert claim["test"] == ("greater_than" if headline.sign > 0 else "less_than")
        assert claim["value"] == 0.0
    assert run(TINY, 1, Knobs()) == given


def test_the_audit_in_short_and_its_page(tmp_path):
    pytest.importorskip("abmfact")
    from abmfact.audit import run_audit
    from abmfact.config import load_audit

    audit = load_audit(ROOT / "audit" / "audit.yaml", {"seeds": 3, "determinism_reruns": 2})
    audit.params = TINY
    object.__setattr__(audit.budget, "checks", ("determinism", "rng_streams"))
    result = run_audit(audit)
    matrix = result.matrix()
    assert {row["determinism"] for row in matrix.values()} == {"ROBUST"}
    (tmp_path / "results.json").write_text(result.to_json())
    (tmp_path / "exceptions.md").write_text("Half a day is too short for any effect.\n")
    assert main([str(tmp_path / "results.json"), str(tmp_path / "audit.md")]) == 0
    text = (tmp_path / "audit.md").read_text()
    assert "| determinism | rng_streams |" in text
    assert text.endswith("Half a day is too short for any effect.\n")
    for headline in HEADLINES:
        assert headline.label in text
    odd = [v for v in result.verdicts if v["verdict"] != "ROBUST"]
    assert all(v["reason"] in text for v in odd)
    assert json.loads((tmp_path / "results.json").read_text())["audit"]["params"] == TINY


def test_a_page_needs_results(tmp_path, capsys):
    assert main([str(tmp_path / "none.json"), "x.md"]) == 2
    assert main([]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and all(line.startswith("error: ") for line in said)
