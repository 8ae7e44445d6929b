"""The Morris screen on functions whose measures are known, its bounds, and its memory."""

import json

import numpy as np
import pytest

from mtor_abm.analysis.headline import HEADLINES, TREATED, arm, follow
from mtor_abm.analysis.sensitivity import factors as f
from mtor_abm.analysis.sensitivity import page, screen, screen_to, table
from mtor_abm.errors import UserError
from mtor_abm.fields import OxygenField
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.parameters import Group, number

pytest.importorskip("SALib")

KEYS = tuple(h.key for h in HEADLINES)


def factor(key, low=0.0, high=1.0, whole=False, confidence="assumed"):
    return f.Factor(key, 0.5 * (low + high), low, high, "1", whole, confidence, key)


TOY = [factor("a.x", 0, 1), factor("a.y", 10, 20), factor("a.z", -1, 1), *f.chance_factors(2)]


def linear(point, seeds, settings):
    """tumour_area = 2 x - 0.3 y + 5 (over ranges 1 and 10: 2 and -3); bv_tv = x z; rest luck."""
    _, given, luck = point
    x, y, z = given["a.x"], given["a.y"], given["a.z"]
    return dict(zip(KEYS, (2 * x - 0.3 * y + 5, x * z, 0.1 * luck, float(len(seeds))), strict=True))


def toy_screen(folder, trajectories=10, **how):
    said = []
    return screen.run_screen(
        folder, trajectories, (1, 2), factors=TOY, model=how.pop("model", linear),
        say=said.append, **how,
    )  # fmt: skip


def test_linear_function_gives_its_slopes(tmp_path):
    design, outcomes, idle = toy_screen(tmp_path)
    assert outcomes.shape == (10 * (5 + 1), 4) and not np.isnan(outcomes).any() and idle == []
    found = screen.analysed(design, outcomes[:, 0])
    assert found["mu"] == pytest.approx([2.0, -3.0, 0.0, 0.0, 0.0], abs=1e-9)
    assert found["mu_star"] == pytest.approx([2.0, 3.0, 0.0, 0.0, 0.0], abs=1e-9)
    assert found["sigma"] == pytest.approx([0.0] * 5, abs=1e-9)


def test_a_product_shows_as_spread(tmp_path):
    design, outcomes, _ = toy_screen(tmp_path)
    found = screen.analysed(design, outcomes[:, 1])
    # d(x z)/dx over its range is z, in -1..1; d/dz over its range 2 is 2 x, in 0..2.
    assert found["sigma"][0] > 0.3 and found["sigma"][2] > 0.3
    assert 0.0 < found["mu_star"][2] <= 2.0
    assert found["mu_star"][2] == pytest.approx(found["mu"][2])  # one sign
    assert found["mu_star"][1] == pytest.approx(0.0, abs=1e-9)


def test_each_step_changes_one_factor(tmp_path):
    design, _, _ = toy_screen(tmp_path)
    paths = design.points.reshape(10, 6, 5)
    changed = (np.abs(np.diff(paths, axis=1)) > 1e-12).sum(axis=2)
    assert (changed == 1).all()
    lows, highs = ([getattr(x, side) for x in TOY] for side in ("low", "high"))
    assert (design.points >= np.array(lows) - 1e-9).all()
    assert (design.points <= np.array(highs) + 1e-9).all()


def test_resume_does_only_what_is_missing(tmp_path):
    done = []

    def breaks(point, seeds, settings):
        if len(done) == 17:
            raise KeyboardInterrupt
        done.append(point[0])
        return linear(point, seeds, settings)

    with pytest.raises(KeyboardInterrupt):
        toy_screen(tmp_path, model=breaks)
    with (tmp_path / screen.EVALUATIONS_FILE).open("a") as file:
        file.write("59,0.1,0.")  # the process was killed while it wrote
    with pytest.raises(UserError, match="--resume"):
        toy_screen(tmp_path)
    again = []

    def counts(point, seeds, settings):
        again.append(point[0])
        return linear(point, seeds, settings)

    _, outcomes, _ = toy_screen(tmp_path, model=counts, resume=True)
    assert sorted(done + again) == list(range(60))
    assert np.array_equal(outcomes, toy_screen(tmp_path / "anew")[1])
    again.clear()
    toy_screen(tmp_path, model=counts, resume=True)
    assert again == []


def test_another_screen_is_refused(tmp_path):
    toy_screen(tmp_path)
    with pytest.raises(UserError, match="other numbers or another size"):
        toy_screen(tmp_path, trajectories=11, resume=True)


def test_table_ranks_and_tells_luck(tmp_path):
    design, outcomes, _ = toy_screen(tmp_path)
    rows = table(design, outcomes, [factor("a.idle")])
    first = [rows["parameter"][i] for i in range(6)]
    assert first[:2] == ["a.y", "a.x"] and first[-1] == "a.idle"
    assert rows["effect"] == [key for key in KEYS for _ in range(6)]
    lucky = [i for i, key in enumerate(rows["parameter"]) if key.startswith("chance")]
    third = [i for i in lucky if rows["effect"][i] == KEYS[2]]
    assert np.mean([rows["over_chance"][i] for i in third]) == pytest.approx(1.0)
    text = page(design, outcomes, [factor("a.idle")])
    assert "| 1 | `a.y` | assumed | 10 to 20 1 | 3 |" in text
    assert "chance." not in text and "`a.idle`" in text


@pytest.mark.parametrize(
    ("default", "low", "high", "expected"),
    [
        (10.0, None, None, (7.0, 13.0)),
        (10.0, 8.0, 50.0, (8.0, 13.0)),
        (1.0, 0.0, 1.0, (0.7, 1.0)),
        (-2.0, -5.0, 5.0, (-2.6, -1.4)),
        (0.0, 0.0, 1.0, (0.0, 0.0)),
    ],
)
def test_bounds(default, low, high, expected):
    assert f.bounds(default, low, high) == pytest.approx(expected)


class Guesses(Group):
    half_nM: float = number(0.5, "nM", "a choice", "assumed", low=0, high=10, what="half")
    share: float = number(1.0, "1", "a choice", "assumed", low=0, high=1, what="share")
    most: int = number(10, "1", "memory", "recalled", low=1, high=100, what="most")
    life_h: float = number(24.0, "h", "a text", "found", low=1, high=100, what="life")
    rate_per_h: float = number(0.1, "1/h", "a target", "fitted", low=0, high=1, what="rate")
    idle: float = number(0.0, "1", "off", "assumed", low=0, high=1, what="off by default")
    works: bool = number(True, "1", "a choice", "assumed", what="no number")


def test_factors_are_the_guesses():
    keys = f.by_key(f.group_factors("toy", Guesses))
    assert list(keys) == ["toy.half_nM", "toy.share", "toy.most"]
    assert keys["toy.most"].whole and keys["toy.most"].value(9.4) == 9
    assert not keys["toy.half_nM"].whole
    assert keys["toy.share"].high == 1.0  # its stated limit
    oxygen = f.by_key(f.group_factors("fields.oxygen", OxygenField))
    assert "fields.oxygen.vessel_level" in oxygen
    found = f.by_key(f.all_factors(1.5))
    assert not any(key.startswith("geometry.nx") or key.startswith("run.") for key in found)
    assert all(x.low < x.high for x in found.values())
    assert found["drugs.rapamycin.dose_mg_per_kg"].high == pytest.approx(1.95)
    for side in ("low", "high"):  # accepted
        arm(TREATED, f.changes(list(found.values()), [getattr(x, side) for x in found.values()]))


def test_chance_is_told_apart_and_changes_no_number():
    lucky = f.chance_factors(2)
    keys = {f.luck(lucky, (a, b)) for a in range(4) for b in range(4)}
    assert keys == set(range(16)) and f.changes(lucky, (1.0, 2.0)) == {}


@pytest.mark.skipif(JIT_IS_OFF, reason="half days of a marrow take minutes in plain Python")
def test_idle_is_what_changes_no_readout():
    settings = {
        "geometry.nx": 40, "geometry.ny": 40, "run.days": 0.5, "output.every_h": 6.0,
        "drugs.rapamycin.start_day": 0.0,
    }  # fmt: skip
    base = follow(MarrowModel(arm(TREATED, settings), 1))
    found = f.by_key(f.all_factors(1.5))
    assert screen.is_idle(found["circulating.capture_base"], 1, settings, base)
    assert not screen.is_idle(found["fields.oxygen.diffusivity_um2_per_s"], 1, settings, base)


def test_pages_are_written_twice(tmp_path):
    where = tmp_path / "docs"
    written = screen_to(
        tmp_path / "run", 4, (1,), docs=where, factors=TOY, model=linear, say=lambda line: None
    )
    assert [path.name for path in written] == ["sensitivity.csv", "sensitivity.md"] * 2
    assert (where / "sensitivity.md").read_text().startswith("# Sensitivity")
    kept = json.loads((tmp_path / "run" / screen.DESIGN_FILE).read_text())
    assert kept["trajectories"] == 4 and len(kept["factors"]) == 5
