"""The way from experiments to verdicts, on a bench made for the purpose."""

import numpy as np
import pytest

from mtor_abm.assays import BENCHES, Bench, Readout
from mtor_abm.claims import desk, study, words
from mtor_abm.claims.experiment import Contrast, Experiment, Seeds
from mtor_abm.claims.readings import READINGS, Notebook
from mtor_abm.claims.review import chosen
from mtor_abm.errors import UserError
from mtor_abm.parameters import Group, number

CALLS = []


class Conditions(Group):
    dose: float = number(0.0, "1", "test", "assumed", low=0, high=100, what="dose")
    noise: float = number(0.0, "1", "test", "assumed", low=0, high=1e3, what="noise")
    fault: bool = False


def measure(scenario, seed, conditions):
    """Falls with the dose through one parameter, rises with switch V8."""
    CALLS.append(seed)
    if conditions.fault:
        raise ValueError("broken on purpose")
    slope = scenario.groups["tumour"].adhesion
    side = 1.0 if scenario.switches.V8 == "A" else -1.0
    spread = conditions.noise * np.sin(7.0 * seed + conditions.dose)
    return {"y": 100.0 + seed - side * slope * conditions.dose + spread}


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    CALLS.clear()
    bench = Bench("toy", "for tests", Conditions, {"y": Readout("1", "y")}, measure)
    monkeypatch.setitem(BENCHES, "toy", bench)
    monkeypatch.setattr("mtor_abm.claims.readings.ensure_compiled", lambda: 0.0)


def experiment(expect="down", **more):
    return Experiment(
        bench="toy",
        arms={"none": {}, "dose": {"assay.dose": 20.0}},
        contrasts=(Contrast(readout="y", control="none", treated="dose", expect=expect),),
        seeds=Seeds(quick=3, full=5),
        **more,
    )


def use(monkeypatch, **tests):
    found = {claim.replace("_", "-").replace("p", "."): e for claim, e in tests.items()}
    monkeypatch.setattr(study, "experiments", lambda: found)
    monkeypatch.setattr("mtor_abm.claims.words.experiments", lambda: found)
    return chosen(list(found))


def test_a_claim_is_measured_once_and_judged(monkeypatch, tmp_path):
    wanted = use(monkeypatch, S2_3=experiment(), S2_5=experiment("up"))
    notebook = Notebook(tmp_path)
    findings = study.run_claims(wanted, "quick", notebook, jobs=1)
    assert [f.verdict for f in findings] == ["holds", "opposite"]
    assert sorted(CALLS) == [1, 1, 2, 2, 3, 3]  # two claims, one set of measurements
    again = study.run_claims(wanted, "quick", Notebook(tmp_path), jobs=1)
    assert len(CALLS) == 6  # all was in the notebook
    assert [f.as_dict() | {"seconds": 0} for f in again] == [
        f.as_dict() | {"seconds": 0} for f in findings
    ]


def test_more_seeds_reuse_the_first_ones(monkeypatch, tmp_path):
    wanted = use(monkeypatch, S2_3=experiment())
    study.run_claims(wanted, "quick", Notebook(tmp_path), jobs=1)
    study.run_claims(wanted, "full", Notebook(tmp_path), jobs=1)
    assert sorted(CALLS) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_torn_last_line_of_the_notebook_costs_one_measurement(monkeypatch, tmp_path):
    wanted = use(monkeypatch, S2_3=experiment())
    study.run_claims(wanted, "quick", Notebook(tmp_path), jobs=1)
    path = tmp_path / READINGS
    path.write_text(path.read_text()[:-20])
    CALLS.clear()
    study.run_claims(wanted, "quick", Notebook(tmp_path), jobs=1)
    assert len(CALLS) == 1


def test_a_fault_is_reported_and_takes_no_other_claim_along(monkeypatch, tmp_path):
    broken = experiment().model_copy(update={"base": {"assay.fault": True}})
    wanted = use(monkeypatch, S2_3=broken, S2_5=experiment())
    findings = study.run_claims(wanted, "quick", Notebook(tmp_path), jobs=1)
    assert [f.verdict for f in findings] == ["not tested", "holds"]
    assert "broken on purpose" in findings[0].reason
    answer = desk.Answer("", [f.as_dict() for f in findings], [])
    assert answer.failed


def test_mutation_tells_specific_claims_from_others(monkeypatch, tmp_path):
    wanted = use(
        monkeypatch,
        S2_3=experiment(mechanism={"tumour.adhesion": 0.0}),
        S2_5=experiment(mechanism={"tumour.pthrp_gain": 0.0}),  # has nothing to do with it
        S2_6=experiment("up", mechanism={"tumour.adhesion": 0.0}),
        S2_7=experiment(),
    )
    verdicts = [m.verdict for m in study.mutate(wanted, "quick", Notebook(tmp_path), jobs=1)]
    assert verdicts == ["specific", "not specific", "does not hold", "no mechanism named"]


def test_a_mutation_that_only_spreads_the_effect_is_undecided(monkeypatch, tmp_path):
    noisy = experiment(mechanism={"assay.noise": 500.0})
    (found,) = study.mutate(use(monkeypatch, S2_3=noisy), "quick", Notebook(tmp_path), jobs=1)
    assert (found.off.verdict, found.n_lost, found.verdict) == ("inconclusive", 0, "undecided")


def test_foreign_files_in_the_folder_cost_one_line(monkeypatch, tmp_path):
    wanted = use(monkeypatch, S2_3=experiment())
    (tmp_path / READINGS).write_bytes(b'5\n{"key": 1}\n\xff\xfe\n')
    desk.ask(wanted, "quick", tmp_path, 1, lambda done, of: None)
    (tmp_path / desk.CLAIMS).write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="was not written by"):
        desk.ask(wanted, "quick", tmp_path, 1, lambda done, of: None)


def test_a_variant_turns_the_claim_it_bears_on(monkeypatch, tmp_path):
    wanted = use(monkeypatch, S2_3=experiment())
    answer = desk.ask(wanted, "quick", tmp_path, 1, lambda done, of: None, ["V8=B"])
    assert answer.rows[0]["verdict"] == "opposite"
    assert answer.rows[0]["default_verdict"] == "holds"
    assert "1 of 1 verdicts change" in answer.text


def test_an_arm_that_names_a_side_keeps_it_under_a_variant(monkeypatch, tmp_path):
    arms = {"none": {}, "dose": {"assay.dose": 20.0, "switches.V8": "A"}}
    kept = experiment().model_copy(update={"arms": arms})
    wanted = use(monkeypatch, S2_3=kept)
    answer = desk.ask(wanted, "quick", tmp_path, 1, lambda done, of: None, ["V8=B"])
    assert answer.rows[0]["verdict"] == answer.rows[0]["default_verdict"] == "holds"


def test_the_sides_of_a_dispute_stand_beside_each_other(monkeypatch, tmp_path):
    wanted = use(monkeypatch, S2_3=experiment(switches=("V8",)))
    how = ("quick", tmp_path, 1, lambda done, of: None)
    answer = desk.ask_sides(wanted, *how, "V8")
    assert [(r["value"], r["verdict"]) for r in answer.rows] == [("A", "holds"), ("B", "opposite")]
    assert "V8 = A" in answer.text and "mTORC2" in answer.text
    with pytest.raises(UserError, match="is not a switch"):
        desk.ask_sides(wanted, *how, "V5")
    with pytest.raises(UserError, match="none of these claims"):
        desk.ask_sides(chosen(["S0-1"]), *how, "V8")


def test_disputes_score_every_set_by_its_claims(monkeypatch, tmp_path):
    wanted = use(
        monkeypatch,
        S2_3=experiment(switches=("V8",)),
        S2_5=experiment("up", switches=("V8", "V7")),
        S2_6=experiment("up", switches=("V8",)),
        S2_7=experiment("down"),  # bears on no dispute
    )
    disputes = study.settle_disputes(wanted, "quick", Notebook(tmp_path), jobs=1)
    held = {tuple(sorted(s.choice.items())): s.held for s in disputes.sets}
    assert held[("V7", "A"), ("V8", "A")] == 1 and held[("V7", "B"), ("V8", "B")] == 2
    assert disputes.sets[0].choice["V8"] == "B" and disputes.sets[0].n == 3
    assert disputes.probability["V7"] == {"A": 1.0, "B": 1.0}  # they cannot tell
    assert 0.6 < disputes.probability["V8"]["B"] < 1.0
    told = {(r["switch"], r["value"]): r for r in disputes.rows()}
    assert [told["V8", side]["held"] for side in "AB"] == [1, 2]
    assert [told["V7", side]["held_best"] for side in "AB"] == [2, 2]
    assert told["V8", "A"]["is_default"] and told["V8", "A"]["n"] == 3
    text = words.disputes_text(disputes)
    assert "Best: 2 hold" in text and "the defaults: 1 " in text


def test_rows_of_other_claims_stay_in_the_table(monkeypatch, tmp_path):
    both = use(monkeypatch, S2_3=experiment(), S2_5=experiment("up"))
    quiet = (lambda done, of: None,)
    desk.ask(both, "quick", tmp_path, 1, *quiet)
    desk.ask(both[:1], "quick", tmp_path, 1, *quiet)
    assert [r["id"] for r in desk._read(tmp_path / desk.CLAIMS)] == ["S2-3", "S2-5"]
    entry = desk.describe(["claim", "S2-5"], tmp_path)[0]
    assert entry["last result"]["verdict"] == "opposite"


def test_a_doubtful_claim_is_measured_and_shown_but_gets_no_verdict(monkeypatch, tmp_path):
    wanted = use(monkeypatch, S3_9=experiment())
    (finding,) = study.run_claims(wanted, "quick", Notebook(tmp_path), jobs=1)
    assert finding.verdict == "not tested"
    assert finding.reason.startswith("doubtful: ")
    ((_, estimate, verdict),) = finding.contrasts
    assert verdict == "holds" and estimate.n == 3
    (mutation,) = study.mutate(wanted, "quick", Notebook(tmp_path), jobs=1)
    assert mutation.verdict == "does not hold"
