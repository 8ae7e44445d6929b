"""What cells, ground and signals are called on the page, and how they are painted.

Colours are those of every picture of the marrow, and some for cells that others leave out.
"""

from ...palette import (
    BONE,
    CAR_CELL,
    CAVITY,
    COLOURS,
    COMMITTED,
    CYCLING,
    DORMANT,
    FAT_CELL,
    LINING,
    MARROW,
    MONOCYTE,
    MSC,
    OSTEOBLAST,
    OSTEOCLAST,
    OSTEOCYTE,
    QUIESCENT,
    SPROUT,
    VESSEL,
)

CELL_TYPES = {
    "tumour": "tumour cell",
    "osteoclast_precursor": "osteoclast precursor",
    "osteoclast": "osteoclast",
    "osteoblast": "osteoblast lineage cell",
    "mesenchymal": "mesenchymal stem cell",
    "adipocyte": "marrow fat cell",
    "car": "CXCL12-abundant reticular cell",
    "endothelial": "endothelial cell",
    "circulating": "circulating tumour cell",
}

GROUND = {
    "marrow": COLOURS[MARROW],
    "bone": COLOURS[BONE],
    "cavity": COLOURS[CAVITY],
    "vessel": COLOURS[VESSEL],
    "sprout": COLOURS[SPROUT],
}

#: Layers of the map that can be switched off: label, cell type, states, colour, shown at first.
#: The later is drawn over the earlier.
LAYERS: tuple[tuple[str, str, tuple[str, ...], str, bool], ...] = (
    ("fat cell", "adipocyte", ("resting",), FAT_CELL, True),
    ("reticular (CAR) cell", "car", ("resting",), CAR_CELL, False),
    ("stem cell (MSC)", "mesenchymal", ("resting",), MSC, False),
    ("osteocyte", "osteoblast", ("osteocyte",), OSTEOCYTE, False),
    ("lining cell", "osteoblast", ("lining",), LINING, False),
    ("monocyte", "osteoclast_precursor", ("monocyte",), MONOCYTE, False),
    ("committed precursor", "osteoclast_precursor", ("committed",), COMMITTED, True),
    ("tumour, cycling", "tumour", ("cycling",), CYCLING[1], True),
    ("tumour, quiescent", "tumour", ("quiescent",), QUIESCENT[1], True),
    ("tumour, dormant", "tumour", ("dormant",), DORMANT[1], True),
    ("osteoblast", "osteoblast", ("preosteoblast", "osteoblast"), OSTEOBLAST[1], True),
    ("osteoclast", "osteoclast", ("mononuclear", "mature"), OSTEOCLAST[1], True),
)

#: Layers whose colour is pale beside the marrow, so that they have a dark edge.
EDGED = ("tumour, quiescent",)

#: Activities that a cell on the map shows: column of the cell table -> label.
SIGNALS = {
    "s6k": "S6K",
    "p4ebp1": "4E-BP1-P",
    "akt_s473": "AKT S473",
    "akt_t308": "AKT T308",
    "mtorc1": "mTORC1",
    "mtorc2": "mTORC2",
    "foxo": "FOXO",
    "hif": "HIF",
    "vegf": "VEGF",
    "autophagy": "autophagy",
}

#: Viridis (van der Walt and Smith 2015) at 9 even steps: safe for the colour-blind, rising in
#: lightness.
SCALE = (
    "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30",
    "#fde725",
)  # fmt: skip
