"""A fixed sample of claims, one bench each, as a person asks for them: they must go on holding, and
stop holding without their mechanism. All claims are in docs/claims.md."""

import json

import pytest

from mtor_abm import cli
from mtor_abm.numerics import compiled

SAMPLE = {
    "S1.2-1": "suspension",
    "S1.2-8": "cell",
    "S1.3-7": "boyden",
    "S1.4-13": "tube",
    "S2-5": "osteoclasts",
    "S2-14": "osteoblasts",
}


@pytest.mark.skipif(compiled.JIT_IS_OFF, reason="takes minutes in plain Python")
def test_the_sample_holds_and_is_specific(capsys, tmp_path):
    assert cli.main(["claims", *SAMPLE, "--mutate", "--json", "--out", str(tmp_path)]) == 0
    rows = json.loads(capsys.readouterr().out)
    found = {row["id"]: (row["on"], row["verdict"]) for row in rows}
    assert found == dict.fromkeys(SAMPLE, ("holds", "specific"))


@pytest.mark.skipif(compiled.JIT_IS_OFF, reason="takes minutes in plain Python")
def test_jobs_do_not_change_a_verdict(capsys, tmp_path):
    told = []
    for jobs in ("1", "2"):
        out = tmp_path / jobs
        assert cli.main(["claims", "S2-5", "--json", "--jobs", jobs, "--out", str(out)]) == 0
        (row,) = json.loads(capsys.readouterr().out)
        told.append(row | {"seconds": None})
    assert told[0] == told[1]
