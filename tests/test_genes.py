"""Genes: each cell type says which it uses; a dosage that would change nothing is refused."""

import inspect
import re

import pytest

from mtor_abm.catalogue import describe
from mtor_abm.cells import CELL_TYPES
from mtor_abm.cells.tissue import NETWORK_GENES, Tissue
from mtor_abm.errors import UserError
from mtor_abm.genes import Genes
from mtor_abm.scenario import Scenario


def asked_for(cls):
    """Genes that the methods written in this class read."""
    return set(re.findall(r"genes\.([A-Z][A-Z0-9]+)\b", inspect.getsource(cls)))


@pytest.mark.parametrize("cls", CELL_TYPES, ids=lambda cls: cls.kind.name)
def test_a_tissue_names_exactly_the_genes_its_code_reads(cls):
    read = asked_for(cls)
    if cls.signal is Tissue.signal and cls.signals_matter:
        read.add("ITGB3")  # Tissue.signal
    assert set(cls.genes_used) == read
    assert set(cls.genes_used) <= set(Genes.model_fields)


def test_the_base_of_all_tissues_reads_the_network_and_its_contact():
    assert asked_for(Tissue) == {*NETWORK_GENES, "ITGB3"}


def test_every_gene_is_used_somewhere():
    used = set().union(*(cls.genes_felt() for cls in CELL_TYPES))
    assert used == set(Genes.model_fields)


@pytest.mark.parametrize(("cell", "gene"), [("car", "RPTOR"), ("osteoclast", "CXCR4")])
def test_a_dosage_without_effect_is_refused(cell, gene):
    with pytest.raises(UserError, match=rf"\[genes.{cell}\] {gene} = 0 has no effect.*tumour"):
        Scenario.from_tables({"genes": {cell: {gene: 0.0}}})


def test_wild_type_may_be_written_anywhere():
    assert Scenario.from_tables({"genes": {"car": {"RPTOR": 1.0}}}).genes["car"].RPTOR == 1.0


def test_describe_tells_who_uses_a_gene():
    (gene,) = describe("CEBPB")
    assert gene["used_by"] == ["osteoclast_precursor"]
    cell = next(e for e in describe("car") if e["kind"] == "cell type")
    assert cell["genes"] == []
