"""Gene dosage of a cell type: 1 wild type, 0 knock-out, 2 doubled expression."""

from typing import Any

from .parameters import Group, number


def _dosage(common_name: str, what: str) -> Any:
    return number(
        1.0, "1", "1 is wild type by definition", "computed", low=0.0, high=2.0,
        what=f"dosage of {common_name}: {what}",
    )  # fmt: skip


class Genes(Group):
    """Dosage of each gene in one cell type, by HGNC symbol. A symbol says all; no unit suffix."""

    RPTOR: float = _dosage("raptor", "mTORC1")
    RICTOR: float = _dosage("rictor", "mTORC2")
    PTEN: float = _dosage("PTEN", "brake on PI3K")
    CXCR4: float = _dosage("CXCR4", "receptor that follows CXCL12")
    ACKR3: float = _dosage("CXCR7", "scavenger of CXCL12")
    ITGB3: float = _dosage("integrin beta3", "contact with vitronectin")
    PTHLH: float = _dosage("PTHrP", "tumour signal to osteoblasts")
    TGFBR2: float = _dosage("TGF-beta receptor 2", "response to TGF-beta")
    CEBPB: float = _dosage("C/EBP-beta", "source of LIP, brake on MafB")
    TNFSF11: float = _dosage("RANKL", "signal that makes osteoclasts")
    TNFRSF11B: float = _dosage("OPG", "decoy of RANKL")


GENE_ALIASES = {
    "RAPTOR": "RPTOR",
    "CXCR7": "ACKR3",
    "RDC1": "ACKR3",
    "PTHRP": "PTHLH",
    "INTEGRIN_BETA3": "ITGB3",
    "LIP": "CEBPB",
    "RANKL": "TNFSF11",
    "OPG": "TNFRSF11B",
}
"""Names people type for a symbol; used to suggest the symbol, never accepted in its place."""
