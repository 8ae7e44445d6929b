"""Findings on which the literature disagrees, each a named choice and never a silent one.

`SWITCHES` is the one table of what each value means; `Switches` holds the choice of a scenario.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from .parameters import Group


class Switches(Group):
    """The side a scenario takes in each dispute. Numbering follows the evidence (V5 is none)."""

    V1: Literal["stage", "A", "B"] = "stage"
    V2: Literal["both", "A", "B"] = "both"
    V3: Literal["A", "B", "biphasic"] = "A"
    V3b: Literal["A", "B"] = "A"
    V4: Literal["weights", "A", "B"] = "weights"
    V6: Literal["cell_type", "A", "B"] = "cell_type"
    V7: Literal["A", "B"] = "A"
    V8: Literal["A", "B"] = "A"
    V9: Literal["stage", "A", "B"] = "stage"


@dataclass(frozen=True)
class Dispute:
    """One disputed finding: the question, what each value means, and the run that would tell."""

    question: str
    values: dict[str, str]
    discriminating_run: str


SWITCHES: dict[str, Dispute] = {
    "V1": Dispute(
        "osteoblasts under mTORC1 inhibition",
        {
            "stage": "early commitment x (1 + aE (1 - S6K)), late maturation x S6K "
            "(Chen and Long 2015)",
            "A": "blocks differentiation at every stage (Yeh 2013)",
            "B": "drives differentiation through BMP/Smad (Lee 2010)",
        },
        "no tumour, high dose, 12 weeks; in culture: mineral of preosteoblasts (claim S2-10) "
        "against markers of a culture that starts immature (S2-11)",
    ),
    "V2": Dispute(
        "tumour mTORC2 and vessels",
        {
            "both": "vegf_foxo = 0 with endothelial mTORC2 on: reconciles A and B",
            "A": "tumour mTORC2 raises VEGF through FOXO1 (vegf_foxo = 0.35); endothelium needs "
            "mTORC2 (Falcon 2011)",
            "B": "tumour rictor loss leaves vessels unchanged, vegf_foxo = 0 and no endothelial "
            "mTORC2 (Dillenburg-Pilla 2015)",
        },
        "rictor knock-out in the tumour (S1.4-9) against the same in the endothelium (S1.4-10): "
        "`run.py claims S1.4-9 S1.4-10 --sides V2`; VEGF of the tumour falls under A only, vessels "
        "under A and both",
    ),
    "V3": Dispute(
        "mTORC1 in osteoclasts",
        {
            "A": "promotes them (Glantschnig 2003; Smink 2009; Dai 2017)",
            "B": "restrains them (Hiraiwa 2019; Huynh and Wan 2018)",
            "biphasic": "promotes precursors, restrains mature osteoclasts",
        },
        "drug on precursors only (claim S2-3) against drug on mature cells only (S2-4)",
    ),
    "V3b": Dispute(
        "complexes behind the epithelial-mesenchymal transition",
        {
            "A": "mTORC1 and mTORC2 (w2 = 0.3)",
            "B": "mTORC2 mainly (w2 = 0; Lamouille 2012)",
        },
        "rapalog against dual inhibitor on the EMT score",
    ),
    "V4": Dispute(
        "what blocking CXCR4 does",
        {
            "weights": "extravasation, anchoring and growth each keep their own weight",
            "A": "less homing (Muller 2001)",
            "B": "same incidence, less burden (Richert 2009)",
        },
        "block before against block after seeding: arrivals and mobilised dormant cells (claim "
        "S1.3-5); arrivals alone (S1.3-1)",
    ),
    "V6": Dispute(
        "mTORC2 under chronic rapalog",
        {
            "cell_type": "kept or lost by the susceptibility of each cell type",
            "A": "kept in every cell type (susceptibility 0, most lines)",
            "B": "lost in every cell type (susceptibility 1, about 20% of lines)",
        },
        "rapamycin for days where mTORC2 alone drives the EMT score: "
        "`run.py claims S1.1-17 --sides V6`; the score does not fall under A (AKT rises) and falls "
        "under B, as under a dual inhibitor",
    ),
    "V7": Dispute(
        "AKT S473 and c-Raf/ERK",
        {
            "A": "blocking ERK protects (s_ERK = +1; the review)",
            "B": "ERK is pro-survival (s_ERK = -1; textbook)",
        },
        "half-life of circulating cells after AKT is switched off, with and without the link from "
        "S473 to ERK (claim S1.2-4)",
    ),
    "V8": Dispute(
        "complex that drives migration",
        {
            "A": "mTORC1 suffices, weights of S6K and mTORC2 0.5 and 0.3 (Dillenburg-Pilla 2015)",
            "B": "mTORC2, weights 0.1 and 0.7 (Li 2012)",
        },
        "rapalog against dual inhibitor on speed and migration (claim S1.3-11)",
    ),
    "V9": Dispute(
        "rapalog and OPG/RANKL",
        {
            "stage": "immature stroma as in B, mature osteoblasts as in A",
            "A": "OPG up, RANKL down, at every stage (Hartwich 2013; Mogi 2009; Okui 2010)",
            "B": "OPG down, RANKL up, at every stage as in immature stroma (Hofbauer 2001)",
        },
        "drug in marrow rich in MSC against marrow rich in osteoblasts; in culture: OPG of stem "
        "cells (claim S2-11) and of both stages (target T59)",
    ),
}


def default_of(switch: str) -> str:
    """Value a switch takes when a scenario says nothing."""
    return str(Switches.model_fields[switch].default)


def values_of(switch: str) -> tuple[str, ...]:
    """Values a switch may take."""
    return get_args(Switches.model_fields[switch].annotation)
