"""Directions and orders that Lemaire 2004 and Pivonka 2008 share, in a marrow near its mixed limit.

The whole comparison, with the cases in which ours differs, is docs/bone_models.md.
"""

import sys
from pathlib import Path

import pytest

pytest.importorskip("bone_models")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "reference"))

from table import all_runs, compared, order_of, reference, verdict
from well_mixed import ORDERS

SEEDS, DAYS = 4, 40
CASES = ("RANKL_x0.1", "RANKL_x0.5", "RANKL_x2", "OPG_inj", "PTH_x2", "PTH_inj")


@pytest.fixture(scope="module")
def runs():
    return all_runs(CASES, SEEDS, DAYS)


@pytest.mark.parametrize("case", CASES)
def test_osteoclasts_go_where_both_models_send_them(runs, case):
    effect = compared(runs, [case], SEEDS, DAYS)[case]["OCa"]
    models = [reference(case, model, DAYS)["OCa"] for model in ("Lemaire2004", "Pivonka2008")]
    assert verdict(effect, models) == "agrees"


@pytest.mark.parametrize("series", ["RANKL", "PTH"])
@pytest.mark.parametrize("readout", ["OCa", "OBp", "OBa"])
def test_cells_stand_in_the_order_of_the_models(runs, series, readout):
    means = order_of(runs, readout, ORDERS[series], SEEDS, DAYS)
    assert means == sorted(means) and means[0] < means[-1]
