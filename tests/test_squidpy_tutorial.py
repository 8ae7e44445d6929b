"""The tutorial on squidpy runs from its first cell to its last, and shows what it says."""

import json
from pathlib import Path

import pytest

TUTORIAL = (
    Path(__file__).resolve().parent.parent / "docs" / "tutorials" / "spatial_with_squidpy.ipynb"
)
WHY = "not installed: pip install -e '.[tutorials]' (too heavy for the extra test)"


@pytest.fixture(scope="module")
def scores():
    """Runs the notebook; pair of cell types -> day -> z-score of its last table."""
    for name in ("squidpy", "ipykernel"):
        pytest.importorskip(name, reason=f"{name} is {WHY}")
    nbclient = pytest.importorskip("nbclient", reason=f"nbclient is {WHY}")
    import nbformat

    notebook = nbformat.read(TUTORIAL, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("print(by_day.T.to_json())"))
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    return json.loads(notebook.cells[-1].outputs[0].text)


def test_tumour_cells_lie_beside_each_other_and_away_from_the_rest(scores):
    assert all(z > 5 for z in scores["tumour - tumour"].values())
    for other in ("osteoblast", "endothelial"):
        of_days = scores[f"tumour - {other}"]
        assert of_days["day 14"] < of_days["day 7"] < of_days["day 1"] < 2


def test_anatomy_shows_from_the_first_day_on(scores):
    for pair in ("endothelial - endothelial", "osteoblast - osteoblast", "endothelial - car"):
        assert all(z > 3 for z in scores[pair].values()), pair


def test_osteoclasts_lie_where_the_osteoblast_lineage_is(scores):
    assert scores["osteoblast - osteoclast"]["day 14"] > 1
