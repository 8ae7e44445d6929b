import numpy as np
import pandas as pd
import pytest

from mtor_abm.analysis import figures
from mtor_abm.analysis.figures import BONE, CELL_COLOURS, COLOURS, MARROW, SPROUT, VESSEL, Snapshot
from mtor_abm.errors import UserError

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
    picture = figures.painted(SNAPSHOT)
    assert picture.shape == (2, 3, 3)
    for y, row in enumerate(wanted):
        for x, colour in enumerate(row):
            assert "#" + bytes(np.rint(picture[y, x] * 255).astype(int).tolist()).hex() == colour


def test_caption_gives_area_and_bone():
    assert SNAPSHOT.dx_um == 10.0
    assert SNAPSHOT.caption() == "by hand\ntumour 0.00 mm$^2$, BV/TV 0.167"


def test_picture_is_written(tmp_path):
    figures.draw([SNAPSHOT, SNAPSHOT], tmp_path / "marrow.png")
    header = (tmp_path / "marrow.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    width, height = (int.from_bytes(header[i : i + 4], "big") for i in (16, 20))
    assert width > height > 300  # two panels side by side


def test_file_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        figures.draw([SNAPSHOT], tmp_path / "absent" / "marrow.png")
    with pytest.raises(UserError, match="cannot be written"):
        figures.draw([SNAPSHOT], tmp_path / "marrow.xyz")


def test_day_outside_the_run_is_refused(capsys, tmp_path):
    picture = str(tmp_path / "marrow.png")
    assert figures.main([picture, "--scenario", "vehicle", "--day", "1000"]) == 2
    assert "--day 1000 lies outside" in capsys.readouterr().err
    assert not (tmp_path / "marrow.png").exists()
