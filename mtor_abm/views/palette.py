"""Colours of bone, vessels and cells, the same in every picture of the marrow.

They differ in lightness as well as in hue, for the colour-blind and for print in grey.
"""

# What is painted, the later over the earlier: label, colour.
MARROW, BONE, CAVITY = "marrow", "bone", "cavity under repair"
VESSEL, SPROUT = "vessel", "sprouting vessel"
COLOURS = {
    MARROW: "#fdf8f1",
    BONE: "#cdbf9f",
    CAVITY: "#efe3b4",
    VESSEL: "#ee9a94",
    SPROUT: "#b2182b",
}
OSTEOBLAST = ("osteoblast, young or at work", "#1b7837")
CYCLING = ("tumour, cycling", "#5e3c99")
QUIESCENT = ("tumour, quiescent", "#b9a9d8")
DORMANT = ("tumour, dormant", "#101010")
OSTEOCLAST = ("osteoclast", "#1f6fb4")
CELL_COLOURS: dict[tuple[str, tuple[str, ...]], tuple[str, str]] = {
    ("osteoblast", ("preosteoblast", "osteoblast")): OSTEOBLAST,
    ("tumour", ("cycling",)): CYCLING,
    ("tumour", ("quiescent",)): QUIESCENT,
    ("tumour", ("dormant",)): DORMANT,
}

# Clones, the largest first; all others in grey. None is near the blue of osteoclasts.
CLONE_COLOURS = ("#5e3c99", "#e66101", "#009e73", "#222222", "#cc79a7", "#f0e442", "#56b4e9")
OTHER_CLONES = "#a8a3b0"
