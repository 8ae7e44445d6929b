"""`describe` knows the terms of the field, and every term leads to something."""

import json

import pytest

from mtor_abm import cli
from mtor_abm.catalogue import describe
from mtor_abm.glossary import TERMS, term


def test_every_term_leads_to_what_describe_knows_and_no_name_means_two_terms():
    assert len(TERMS) >= 40
    seen = {}
    for each in TERMS:
        (entry, *_) = describe(each.name)
        assert (entry["kind"], entry["name"]) == ("term", each.name)
        assert list(entry["see"]) == list(each.see) and each.see  # each was found by its name
        for name in {name.lower() for name in (each.name, *each.also)}:
            assert term(name) is each, name
            assert seen.setdefault(name, each.name) == each.name


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("CTX", "ctx_per_d"), ("BV/TV", "bv_tv"), ("bvtv", "bv_tv"), ("mTOR", "signalling"),
        ("mtor", "genes.CELL.RICTOR"), ("s6k", "s6k_osteoblast"), ("N.Oc", "n_osteoclast"),
        ("TRAP", "n_oc_per_b_pm_per_mm"), ("RANKL", "mean_rankl_nM"), ("P1NP", "p1np_per_d"),
        ("SDF-1", "cxcl12"), ("tumor volume", "tumour_area_mm2"), ("CD31", "perfused_share"),
    ],
)  # fmt: skip
def test_what_people_ask_for_is_found(typed, found, capsys):
    assert cli.main(["describe", typed, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert any(found in entry.get("see", {}) or entry["name"] == found for entry in entries)


def test_a_cell_type_tells_its_states_parameters_genes_and_columns(capsys):
    assert cli.main(["describe", "osteoclast"]) == 0
    text = capsys.readouterr().out
    for part in (
        "osteoclast (cell type)", "states        mononuclear, mature", "parameters    [osteoclast]",
        "n_osteoclast_mature", "s6k_osteoclast", "osteoclast (table)", "RPTOR",
    ):  # fmt: skip
        assert part in text, part
    assert "n_osteoclast_precursor" not in text.partition("(table)")[0]


def test_a_name_near_a_term_is_no_dead_end(capsys):
    assert cli.main(["describe", "osteoprotegrin"]) == 2
    assert "nearest: osteoprotegerin" in capsys.readouterr().err
