import tomllib

import pytest

from mtor_abm.claims import experiment as module
from mtor_abm.claims.experiment import experiments, read_experiments
from mtor_abm.claims.plan import checked, drawn, measurements
from mtor_abm.claims.review import chosen, claims
from mtor_abm.errors import UserError

GOOD = """
["S1.3-6"]
bench = "marrow"
arms.off = { "genes.tumour.CXCR4" = 0.0 }
arms.on = { "genes.tumour.CXCR4" = 2.0 }
draw = { "tumour.adhesion" = [0.5, 1.0] }
mechanism = { "signalling.w_cxcr4" = 0.0 }
seeds = { quick = 3, full = 4 }
[["S1.3-6".contrasts]]
readout = "tumour_area_mm2_final"
control = "off"
treated = "on"
expect = "up"
"""


@pytest.fixture
def experiment(tmp_path):
    return _read(tmp_path, GOOD)["S1.3-6"]


def _read(folder, text):
    path = folder / "x.toml"
    path.write_text(text)
    return read_experiments(path)


def test_the_review_has_its_89_claims_of_four_kinds():
    kinds = [claim.kind for claim in claims().values()]
    assert [kinds.count(k) for k in ("testable", "variant", "context", "doubtful")] == [
        68,
        14,
        6,
        1,
    ]


def test_claims_are_chosen_by_id_section_and_kind():
    assert [c.id for c in chosen(["S2-3", "S1.3-7"])] == ["S1.3-7", "S2-3"]  # order of the review
    assert {c.section for c in chosen(section="1.3")} == {"S1.3"}
    assert chosen(section="S1.3", kind="variant") == [
        c for c in claims().values() if c.section == "S1.3" and c.kind == "variant"
    ]


def test_every_shipped_experiment_can_be_planned():
    tests = experiments()
    checked(tests)
    for experiment in tests.values():
        plan = measurements(experiment, "quick", experiment.mechanism)
        assert {len(taken) for taken in plan.values()} == {experiment.seeds.quick}


def test_every_testable_and_variant_claim_has_an_experiment_that_names_its_mechanism():
    wanted = [claim.id for claim in chosen() if claim.needs_experiment]
    assert [c for c in wanted if c not in experiments()] == []
    assert [c for c in wanted if not experiments()[c].mechanism] == []
    assert [c for c in wanted if not experiments()[c].where] == []


def test_arms_share_seeds_and_draws_and_differ_in_their_settings(experiment):
    plan = measurements(experiment, "quick")
    assert [m.seed for m in plan["on"]] == [m.seed for m in plan["off"]] == [1, 2, 3]
    for on, off in zip(plan["on"], plan["off"], strict=True):
        a, b = on.scenario.resolved(), off.scenario.resolved()
        assert a["tumour"] == b["tumour"]
        assert (a["genes"]["tumour"]["CXCR4"], b["genes"]["tumour"]["CXCR4"]) == (2.0, 0.0)
    adhesions = {m.scenario.resolved()["tumour"]["adhesion"] for m in plan["on"]}
    assert len(adhesions) == 3 and all(0.5 <= a <= 1.0 for a in adhesions)


def test_drawn_values_depend_on_seed_and_key_only():
    assert drawn({"a": (0, 1)}, 7)["a"] == drawn({"b": (0, 1), "a": (0, 1)}, 7)["a"]
    assert drawn({"a": (0, 1)}, 7) != drawn({"a": (0, 1)}, 8)


def test_key_of_a_measurement_follows_what_decides_it(experiment):
    once = measurements(experiment, "quick")["on"]
    again = measurements(experiment, "quick")["on"]
    mutated = measurements(experiment, "quick", experiment.mechanism)["on"]
    assert [m.key for m in once] == [m.key for m in again]
    assert len({m.key for m in (*once, *mutated)}) == 6


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"S1.3-6"', '"S9-1"', ["S9-1", "no claim"]),
        ('bench = "marrow"', 'bench = "marow"', ["marow", "nearest: marrow"]),
        ('control = "off"', 'control = "of"', ["arm 'of'", "off"]),
        ("tumour_area_mm2_final", "tumour_area", ["tumour_area", "add the unit"]),
        ('expect = "up"', 'expect = "within"', ["within", "up or down or not up"]),
        ("seeds = { quick = 3, full = 4 }", "seeds = { quick = 1 }", ["quick = 1"]),
        ("mechanism =", "mechanisms =", ["unknown key 'mechanisms'", "mechanism"]),
        ('expect = "up"', 'expect = "up"\nsize = [2.0, 1.0]', ["runs backwards"]),
    ],
)
def test_faults_are_told_with_their_cure(tmp_path, old, new, words):
    with pytest.raises(UserError) as fault:
        _read(tmp_path, GOOD.replace(old, new))
    assert all(word in str(fault.value) for word in words), str(fault.value)
    assert "\n" not in str(fault.value)


def test_unknown_setting_is_told_when_planned(tmp_path):
    read = _read(tmp_path, GOOD.replace("genes.tumour.CXCR4", "genes.tumour.CXCR5"))
    with pytest.raises(UserError, match=r"S1\.3-6.*CXCR5"):
        checked(read)


def test_shipped_files_name_each_claim_once():
    seen = []
    for path in module.EXPERIMENTS.glob("*.toml"):
        seen += tomllib.loads(path.read_text())
    assert len(seen) == len(set(seen))
