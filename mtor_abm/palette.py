"""Colours of bone, vessels, cells and arms, the same in every picture and in its exports.

Any two of them stay apart under simulated deuteranopia, protanopia and, less, tritanopia. In grey,
these do: bone and vessel, vessel and sprout, vessel and quiescent tumour, sprout and tumour, the
three states of tumour, and osteoclast, osteoblast and tumour. tests/views/test_palette.py says by
how much.
"""

# What is painted, the later over the earlier: label, colour.
MARROW, BONE, CAVITY = "marrow", "bone", "cavity under repair"
VESSEL, SPROUT = "vessel", "sprouting vessel"
COLOURS = {
    MARROW: "#fdf8f1",
    BONE: "#d9c8a2",
    CAVITY: "#fbeaa8",
    VESSEL: "#cf6267",
    SPROUT: "#a81420",
}
OSTEOBLAST = ("osteoblast, young or at work", "#4fb0a4")
CYCLING = ("tumour, cycling", "#43246e")
QUIESCENT = ("tumour, quiescent", "#c1b7ef")
DORMANT = ("tumour, dormant", "#101010")
OSTEOCLAST = ("osteoclast", "#1f68bd")
MONOCYTE, MSC, FAT_CELL, CAR_CELL = "#c2e4fd", "#b68134", "#f4ca52", "#a59782"
COMMITTED, LINING, OSTEOCYTE = "#3c93b1", "#a1d7cb", "#514d46"
CELL_COLOURS: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {
    ("osteoblast", ("preosteoblast", "osteoblast")): OSTEOBLAST,
    ("tumour", ("cycling",)): CYCLING,
    ("tumour", ("quiescent",)): QUIESCENT,
    ("tumour", ("dormant",)): DORMANT,
}

#: Cells that make up the marrow and the bone; in pictures they are drawn small, behind the others.
RESIDENT_COLOURS: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {
    ("adipocyte", ("resting",)): ("fat cell", FAT_CELL),
    ("car", ("resting",)): ("reticular (CAR) cell", CAR_CELL),
    ("mesenchymal", ("resting",)): ("stem cell (MSC)", MSC),
    ("osteoclast_precursor", ("monocyte",)): ("monocyte", MONOCYTE),
    ("osteoclast_precursor", ("committed",)): ("committed osteoclast precursor", COMMITTED),
    ("osteoblast", ("lining",)): ("bone lining cell", LINING),
    ("osteoblast", ("osteocyte",)): ("osteocyte", OSTEOCYTE),
}

# Clones, the largest first; all others in grey. More than six would not stay apart.
CLONE_COLOURS = ("#43246e", "#d68712", "#91baf7", "#111111", "#dcee3a", "#7a1547")
OTHER_CLONES = "#6f6c77"

# Arms, the control first; those of a light page in views/report/page.css. After Okabe and Ito 2008.
ARM_COLOURS = (
    "#4f5b67", "#0072b2", "#d55e00", "#009e73", "#b8578f", "#b07d00", "#2f9fd0", "#7a4fb0",
)  # fmt: skip
