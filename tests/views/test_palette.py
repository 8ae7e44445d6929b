"""Colours of the marrow stay apart for the colour-blind, and the chief ones in grey too.

Distances are CIE76 in CIELAB (D65): 2.3 can just be told apart side by side; a cell is a few pixels
wide and wants far more.
"""

from itertools import combinations

import numpy as np
import pytest

from mtor_abm import palette
from mtor_abm.views.report.palette import GROUND, LAYERS

#: Linear sRGB as a dichromat sees it: Machado, Oliveira and Fernandes (2009), severity 1.
VISIONS = {
    "normal": np.eye(3),
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ_OF_SRGB = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]
WHITE = np.sum(XYZ_OF_SRGB, axis=1)

SHOWN = GROUND | {label: colour for label, _, _, colour, shown in LAYERS if shown}
SWITCHED_ON = {label: colour for label, _, _, colour, shown in LAYERS if not shown}
OSTEOBLAST, OSTEOCLAST = palette.OSTEOBLAST[1], palette.OSTEOCLAST[1]
BESIDE_CLONES = GROUND | {"osteoblast": OSTEOBLAST, "osteoclast": OSTEOCLAST}
CLONES = {f"clone {i}": colour for i, colour in enumerate(palette.CLONE_COLOURS, start=1)} | {
    "other clones": palette.OTHER_CLONES
}
#: Least CIE76 of any two: of what a map shows at first; with a layer that is off at first; clones.
LEAST = {
    "normal": (17.0, 17.0, 30.0),
    "deuteranopia": (17.0, 10.0, 17.0),
    "protanopia": (17.0, 10.0, 15.0),
    "tritanopia": (10.0, 9.0, 9.0),
}
TUMOUR = ("tumour, cycling", "tumour, quiescent", "tumour, dormant")
APART_IN_GREY = (
    ("bone", "vessel"),
    ("vessel", "sprout"),
    ("vessel", "tumour, quiescent"),
    *(("sprout", state) for state in TUMOUR),
    *combinations((*TUMOUR, "osteoclast", "osteoblast"), 2),
)
LEAST_LIGHTNESS = 10.0  # of 100, black to white


def lab(colour, vision="normal"):
    """CIELAB of a colour "#rrggbb" as someone with this vision sees it."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISIONS[vision]) @ linear, 0.0, 1.0)
    share = np.array(XYZ_OF_SRGB) @ seen / WHITE
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


def too_near(colours, others, vision, least):
    """Pairs of names, one of each mapping, whose colours are nearer than `least`."""
    colours = {name: lab(colour, vision) for name, colour in (others | colours).items()}
    pairs = {frozenset((a, b)) for a in colours for b in others if a != b}
    near = {tuple(sorted(pair)): np.linalg.norm(np.subtract(*map(colours.get, pair)))
            for pair in pairs}  # fmt: skip
    return {pair: round(float(apart), 1) for pair, apart in near.items() if apart < least}


def test_lab_and_vision_are_the_published_ones():
    assert lab("#ffffff") == pytest.approx([100.0, 0.0, 0.0], abs=0.01)
    assert lab("#ff0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    for vision in VISIONS:  # greys are seen by all alike
        assert lab("#808080", vision) == pytest.approx(lab("#808080"), abs=0.1)
    red, green = (lab(colour, "deuteranopia") for colour in ("#c00000", "#007000"))
    assert abs(red[1] - green[1]) < 5.0 < 100.0 < abs(lab("#c00000")[1] - lab("#007000")[1])


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_colours_of_a_map_stay_apart(vision):
    shown, switched_on, clones = LEAST[vision]
    assert too_near(SHOWN, SHOWN, vision, shown) == {}
    assert too_near(SHOWN, SWITCHED_ON, vision, switched_on) == {}
    assert too_near(BESIDE_CLONES, CLONES, vision, clones) == {}


@pytest.mark.parametrize("pair", APART_IN_GREY, ids=" and ".join)
def test_the_chief_pairs_stay_apart_in_grey(pair):
    one, other = (lab(SHOWN[name])[0] for name in pair)
    assert abs(one - other) >= LEAST_LIGHTNESS, (one, other)


def test_pictures_and_report_have_one_palette():
    assert list(GROUND.values()) == list(palette.COLOURS.values())
    painted = {colour for _, colour in palette.CELL_COLOURS.values()} | {OSTEOCLAST}
    assert painted <= set(SHOWN.values())
    residents = {colour for _, colour in palette.RESIDENT_COLOURS.values()}
    assert painted | residents == {colour for _, _, _, colour, _ in LAYERS}
