import re

import pytest

from mtor_abm.claims.experiment import Contrast, Experiment
from mtor_abm.claims.living_review import page
from mtor_abm.claims.review import chosen
from mtor_abm.claims.study import Finding
from mtor_abm.claims.verdict import VERDICTS, Estimate


def finding(claim, verdict="holds"):
    contrast = Contrast(readout="y", control="none", treated="dose", expect="down")
    found = Estimate("ratio", 0.5, 0.4, 0.6, 5, 1.0, 0.05)
    return Finding(claim, verdict, ((contrast, found, verdict),), 1.0, 5)


@pytest.fixture
def findings(monkeypatch):
    known = {
        claim.id: Experiment.model_construct(
            bench="marrow", arms={"none": {}, "dose": {"assay.dose": 2.0}},
            mechanism={"tumour.adhesion": 0.0}, where=("a.py: b",), note="a note",
            contrasts=(), scenario="", base={}, draw={}, switches=(),
        )
        for claim in chosen() if claim.needs_experiment
    }  # fmt: skip
    monkeypatch.setattr("mtor_abm.claims.living_review.experiments", lambda: known)
    return [
        finding(c) if c.needs_experiment else Finding(c, "not tested", reason="context")
        for c in chosen()
    ]


def test_the_page_has_every_claim_once_with_its_verdict(findings):
    text = page(findings, "full", "9.9", {}, [])
    headings = re.findall(r"^### (\S+): (.+)$", text, re.MULTILINE)
    assert [h[0] for h in headings] == [c.id for c in chosen()]
    assert sum(h[1] == "holds" for h in headings) == 82
    assert "mtor_abm 9.9, full mode" in text
    assert text.count("x 0.5 [0.4, 0.6]") == 82


def test_the_table_of_verdicts_adds_up(findings):
    rows = re.findall(r"^\| (S\S+|all) \| (.+) \|$", page(findings, "full", "1", {}, []), re.M)
    counts = {name: [int(n) for n in cells.split(" | ")] for name, cells in rows}
    total = counts.pop("all")
    assert sum(total) == 89
    assert [sum(column) for column in zip(*counts.values(), strict=True)] == total
    assert total[list(VERDICTS).index("not tested")] == 7


def test_claims_that_hold_without_their_mechanism_are_named(findings):
    mutations = {"S2-3": "specific", "S2-5": "not specific", "S2-6": "does not hold"}
    text = page(findings, "full", "1", mutations, [])
    assert "Of the 3 claims that hold, 1 lose a contrast without their mechanism; " in text
    assert "1 hold without it too, so that their experiment does not test it (S2-5); " in text
    assert "0 stop holding, but only by a wider interval; 1 do not hold in the quick" in text
    assert "there was nothing to lose (S2-6)." in text


def test_disputes_are_shown_if_known(findings):
    row = {"switch": "V8", "value": "B", "n": "9", "held": "5", "low": "3.0",
           "high": "7.0", "held_best": "6", "share": "0.25", "mode": "quick"}  # fmt: skip
    text = page(findings, "full", "1", {}, [row])
    assert "the 9 claims that bear on a dispute (quick mode): 6 hold under the best" in text
    assert "| V8 | B | 5 [3, 7] | 6 | 0.25 |" in text
