"""The marrow as it is painted: every site its colour, every panel its scale and legend."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mtor_abm.errors import UserError
from mtor_abm.palette import (
    BONE,
    CAR_CELL,
    CELL_COLOURS,
    CLONE_COLOURS,
    COLOURS,
    COMMITTED,
    FAT_CELL,
    LINING,
    MARROW,
    MONOCYTE,
    MSC,
    OSTEOCLAST,
    OSTEOCYTE,
    OTHER_CLONES,
    SPROUT,
    VESSEL,
)
from mtor_abm.views import histology, painting
from mtor_abm.views.painting import BONE_EDGE, NUCLEUS, VESSEL_LUMEN, Snapshot

pytest.importorskip("matplotlib")

# 3 x 2 sites of 10 um: bone, vessel, tip in the lower row; marrow, dormant tumour cell, cavity with
# an osteoblast in the upper one.
SITES = pd.DataFrame(
    {
        "x_um": [5.0, 15.0, 25.0, 5.0, 15.0, 25.0],
        "y_um": [5.0, 5.0, 5.0, 15.0, 15.0, 15.0],
        "bone": [1, 0, 0, 0, 0, 0],
        "cavity": [0, 0, 0, 0, 0, 1],
        "vessel": [0, 1, 3, 0, 0, 0],
    }
)
CELLS = pd.DataFrame(
    {
        "cell_type": ["tumour", "osteoblast", "osteoblast", "osteoclast", "circulating"],
        "state": ["dormant", "osteoblast", "osteocyte", "mature", "detached"],
        "x_um": [15.0, 25.0, 5.0, 5.0, np.nan],
        "y_um": [15.0, 15.0, 5.0, 15.0, np.nan],
        "clone": [7, 0, 0, 0, 7],
        "n_sites": [1, 1, 1, 1, 1],
    }
)
SNAPSHOT = Snapshot("by hand", CELLS, SITES)


def test_each_site_bears_the_colour_of_what_is_there():
    dormant = CELL_COLOURS["tumour", ("dormant",)][1]
    at_work = CELL_COLOURS["osteoblast", ("preosteoblast", "osteoblast")][1]
    wanted = [
        [COLOURS[BONE], COLOURS[VESSEL], COLOURS[SPROUT]],
        [COLOURS[MARROW], dormant, at_work],
    ]
    picture = painting.painted(SNAPSHOT)
    assert picture.shape == (2, 3, 3)
    for y, row in enumerate(wanted):
        for x, colour in enumerate(row):
            assert "#" + bytes(picture[y, x].tolist()).hex() == colour


def test_caption_gives_area_and_bone():
    assert SNAPSHOT.dx_um == 10.0
    assert SNAPSHOT.caption() == "by hand\ntumour 0.0001 mm², BV/TV 0.167"
    dated = replace(SNAPSHOT, when=histology.when_of(21.0, 3))
    assert dated.caption() == "by hand\nday 21, seed 3: tumour 0.0001 mm², BV/TV 0.167"
    for n, said in ((214, "0.0214"), (7797, "0.78"), (0, "0")):
        cells = CELLS[CELLS["cell_type"] == "tumour"].sample(n, replace=True, random_state=1)
        assert f"tumour {said} mm²" in Snapshot("", cells, SITES).measures()


def test_picture_is_written(tmp_path):
    histology.draw([SNAPSHOT, SNAPSHOT], tmp_path / "marrow.png")
    header = (tmp_path / "marrow.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    width, height = (int.from_bytes(header[i : i + 4], "big") for i in (16, 20))
    assert width > height > 300  # two panels side by side


def has(picture, colour):
    return (picture == np.array(painting.rgb(colour))).all(axis=-1)


def block(nx, ny, bone=(), cavity=(), vessel=(), cells=()):
    """A marrow of nx x ny sites of 10 um; a place is (column, row)."""
    places = [(x, y) for y in range(ny) for x in range(nx)]
    sites = pd.DataFrame(
        {
            "x_um": [10.0 * x + 5.0 for x, _ in places],
            "y_um": [10.0 * y + 5.0 for _, y in places],
            "bone": [int(p in bone) for p in places],
            "cavity": [int(p in cavity) for p in places],
            "vessel": [int(p in vessel) for p in places],
        }
    )
    rows = [
        (kind, state, clone, n, 10.0 * x + 5.0, 10.0 * y + 5.0)
        for kind, state, (x, y), clone, n in cells
    ]
    names = ["cell_type", "state", "clone", "n_sites", "x_um", "y_um"]
    return Snapshot("block", pd.DataFrame(rows, columns=names), sites)


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(3, 6))
def test_smooth_outlines_keep_the_area_of_bone(data, pixels):
    low, high = sorted(data.draw(st.lists(st.integers(1, 10), min_size=2, max_size=2, unique=True)))
    bone = {(x, y) for x in range(low, high + 2) for y in range(3, 9)}
    picture = painting.painted(block(13, 13, bone=bone), pixels)
    painted = (has(picture, COLOURS[BONE]) | has(picture, BONE_EDGE)).sum() / pixels**2
    assert painted == pytest.approx(len(bone), abs=4 * 0.4)  # each corner is rounded off
    assert picture.shape == (13 * pixels, 13 * pixels, 3)


def test_a_vessel_is_a_whole_tube_with_a_width():
    for pixels in (3, 5, 6):
        picture = painting.painted(block(9, 9, vessel={(x, 4) for x in range(9)}), pixels)
        lumen, wall = has(picture, VESSEL_LUMEN), has(picture, COLOURS[VESSEL])
        inner = slice(pixels, -pixels)
        assert lumen[:, inner].any(axis=0).all()  # open from end to end
        wide = (lumen | wall)[:, inner].sum(axis=0) / pixels
        assert (wide > 1.0).all() and (wide < 1.8).all()
        assert (wall[:, inner].sum(axis=0) >= 2).all()  # a wall on either side


def test_a_sprout_joins_the_vessel_that_it_grew_from():
    vessel = np.zeros((9, 9), dtype=int)
    vessel[2, :] = 1
    vessel[3, 3], vessel[4, 4], vessel[5, 5] = 2, 2, 3  # at 45 degrees
    node, edges = painting.vessel_lines(vessel)
    rows, columns = np.nonzero(vessel)
    pairs = {frozenset(map(tuple, np.argwhere(vessel)[pair].tolist())) for pair in edges}
    assert {frozenset({(3, 3), (4, 4)}), frozenset({(4, 4), (5, 5)})} <= pairs
    assert frozenset({(2, 3), (3, 3)}) in pairs  # not loose
    assert frozenset({(2, 2), (3, 3)}) not in pairs  # one way is enough
    centres = np.stack([columns, rows], axis=1) + 0.5
    assert np.abs(node - centres).max() <= painting.FARTHEST
    np.testing.assert_allclose(node[-1], [5.5, 5.5])  # a tip stays where the model has it
    sites = {(x, y) for y, x in np.argwhere(vessel)}
    snapshot = block(9, 9, vessel=sites)
    snapshot.sites["vessel"] = vessel.ravel()
    red = has(painting.painted(snapshot, 6), COLOURS[SPROUT])
    assert ndimage.label(red, np.ones((3, 3)))[1] == 1


def test_corners_of_vessels_are_rounded():
    vessel = np.zeros((9, 9), dtype=int)
    vessel[2, :5] = vessel[2:7, 4] = 1
    node, _ = painting.vessel_lines(vessel)
    corner = node[4]
    assert corner[0] < 4.5 and corner[1] > 2.5  # cut on the inside


@pytest.mark.parametrize(
    ("kind", "state", "colour"),
    [
        ("adipocyte", "resting", FAT_CELL),
        ("car", "resting", CAR_CELL),
        ("mesenchymal", "resting", MSC),
        ("osteoclast_precursor", "monocyte", MONOCYTE),
        ("osteoclast_precursor", "committed", COMMITTED),
        ("osteoblast", "lining", LINING),
    ],
)
def test_the_marrow_is_not_empty(kind, state, colour):
    picture = painting.painted(block(7, 7, cells=[(kind, state, (3, 3), 0, 1)]), 6)
    rows, columns = np.nonzero(has(picture, colour))
    assert rows.mean() == columns.mean() == 3.5 * 6 - 0.5
    assert (np.ptp(rows) > 6) == (kind == "adipocyte")  # the others lie within their site
    assert colour in dict(map(reversed, histology.legend_pairs()))


def test_an_osteoclast_rests_on_bone_and_has_nuclei_if_mature():
    bone = {(x, y) for x in range(11) for y in range(4)}
    for state, n_nuclei in (("mature", True), ("mononuclear", False)):
        cell = ("osteoclast", state, (5, 4), 0, 6)
        picture = painting.painted(block(11, 11, bone=bone, cells=[cell]), 6)
        seen = has(picture, OSTEOCLAST[1])
        rows, columns = np.nonzero(seen | has(picture, NUCLEUS))
        assert rows.min() >= 4 * 6 - 1  # nothing of it within bone
        assert rows.min() <= 4 * 6 + 1  # and no gap
        assert abs(columns.mean() - (5.5 * 6 - 0.5)) < 0.6
        assert has(picture, NUCLEUS).any() == n_nuclei


def test_osteocytes_lie_in_bone():
    bone = {(x, y) for x in range(5) for y in range(5)}
    cells = [("osteoblast", "osteocyte", (2, 3), 0, 1)]
    rows, columns = np.nonzero(has(painting.painted(block(5, 5, bone, cells=cells), 5), OSTEOCYTE))
    assert rows.size and (rows // 5 == 3).all() and (columns // 5 == 2).all()


def test_clones_have_one_colour_in_all_panels_the_largest_first():
    def tumour(*clones):
        return [("tumour", "cycling", (i, 0), clone, 1) for i, clone in enumerate(clones)]

    left = block(12, 2, cells=tumour(5, 5, 9))
    right = block(12, 2, cells=tumour(9, 9, 3, 5, 1, 2, 4, 6))
    colours = painting.largest_clones([left, right])
    assert list(colours) == [5, 9, 1, 2, 3, 4] and tuple(colours.values()) == CLONE_COLOURS
    for snapshot in (left, right):
        picture = painting.painted(snapshot, 1, colours)
        for i, clone in enumerate(snapshot.cells["clone"]):
            assert has(picture, colours.get(clone, OTHER_CLONES))[0, i]
    assert not has(painting.painted(left, 1), CLONE_COLOURS[1]).any()


@pytest.mark.parametrize(("width_um", "bar_um"), [(2000, 500), (800, 200), (410, 100), (30, 5)])
def test_scale_bar_is_round_and_short(width_um, bar_um):
    assert histology.scale_bar_um(width_um) == bar_um


def test_every_panel_has_its_scale_and_the_figure_a_legend():
    figure = histology.figure_of([SNAPSHOT, SNAPSHOT], note="by hand")
    assert len(figure.axes) == 2
    for panel in figure.axes:
        (bar,) = panel.lines
        (text,) = panel.texts
        assert text.get_text() == "5 µm" and np.ptp(bar.get_xdata()) == pytest.approx(5.0)
        figure.draw_without_rendering()
        for part in (bar, text):  # below the picture, so that it covers nothing
            assert part.get_window_extent().y1 <= panel.bbox.y0
        assert panel.get_xlim() == (0.0, 30.0) and panel.get_ylim() == (0.0, 20.0)
        assert "BV/TV 0.167" in panel.get_title()
    (legend,) = figure.legends
    named = [text.get_text() for text in legend.get_texts()]
    assert named == [label for label, _ in histology.legend_pairs()]
    assert "osteocyte" in named and named[0] == histology.GROUND_SAYS
    assert {label for label, _ in CELL_COLOURS.values()} < set(named)
    assert legend.get_title().get_text() == "by hand"


def test_file_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        histology.draw([SNAPSHOT], tmp_path / "absent" / "marrow.png")
    with pytest.raises(UserError, match="cannot be written"):
        histology.draw([SNAPSHOT], tmp_path / "marrow.xyz")


def test_day_outside_the_run_is_refused(capsys, tmp_path):
    picture = str(tmp_path / "marrow.png")
    assert histology.main([picture, "--scenario", "vehicle", "--day", "1000"]) == 2
    assert "--day 1000 lies outside" in capsys.readouterr().err
    assert not (tmp_path / "marrow.png").exists()


@pytest.mark.parametrize("shape", [(24, 24), (400, 24), (24, 400)])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_pictures_stay_within_a_screen_or_two(shape, n):
    figure = histology.figure_of([block(*shape)] * n, rows=histology.rows_of(n))
    wide, high = figure.get_size_inches() * histology.DPI
    assert high <= 2400 and wide <= 3300


def test_a_very_large_marrow_gets_fewer_pixels_a_site():
    sites = pd.DataFrame({"x_um": [5.0, 39995.0], "y_um": [5.0, 5.0]})
    assert histology.pixels_for(Snapshot("", CELLS, sites)) == 1
