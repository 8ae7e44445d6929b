"""The whole model against published time courses, in order of magnitude, and headline directions.

Slow (hours of processor time at full length), so not part of the fast run:
`pytest tests/verification -o addopts=`. `VERIFICATION_DAYS` shortens every run, for a trial of the
mechanics; bands are then not held.
"""

import os

import numpy as np
import pytest

from mtor_abm import observe
from mtor_abm.model import MarrowModel
from mtor_abm.scenario_files import load

SHORT = os.environ.get("VERIFICATION_DAYS")
SEEDS = (1, 2, 3)
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning:mtor_abm")


def course(name, days, seed, every_d=1.0):
    """Rows of the time series of one run, by day."""
    days = min(days, float(SHORT)) if SHORT else days
    scenario = load(name).changed({"run.days": float(days)})
    model = MarrowModel(scenario, seed=seed)
    observer = observe.Observer()
    rows = [observer.row(model)]
    while model.time_h < days * 24.0:
        model.step()
        if model.time_h % (every_d * 24.0) < 1e-9:
            rows.append(observer.row(model))
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def means(name, days, *columns):
    """Mean course over SEEDS of each column, and the days."""
    runs = [course(name, days, seed) for seed in SEEDS]
    return runs[0]["time_d"], *(np.mean([r[c] for r in runs], axis=0) for c in columns)


def at(days, values, day):
    """Value on a day, or at the end of a shortened run."""
    return float(np.interp(day, days, values))


def hold(statement, message):
    """Bands hold at full length only."""
    if not SHORT:
        assert statement, message


def test_a_healthy_marrow_keeps_its_bone_for_a_year():
    """Drift of BV/TV below 2 % in 365 days, with turnover going on."""
    drifts = []
    for seed in SEEDS:
        run = course("healthy", 365, seed, every_d=5.0)
        drifts.append(run["bv_tv"][-1] / run["bv_tv"][0] - 1.0)
        turned = run["resorbed_um2_per_d"][1:].mean(), run["formed_um2_per_d"][1:].mean()
        print(f"seed {seed}: drift {drifts[-1]:+.4f}, resorbed and formed {turned} um2/d")
        hold(min(turned) > 0.0, "no remodelling")
    hold(abs(np.mean(drifts)) < 0.02, f"drifts {drifts}")


def test_bone_loss_under_an_osteolytic_tumour():
    """T13 (Johnson 2011): 0.76 of BV/TV on day 28; T16 (Bennett 2024): 0.55 on day 21."""
    days, bone = means("vehicle", 28, "bv_tv")
    left = at(days, bone, 28) / bone[0]
    print(f"BV/TV left on day 28: {left:.3f}; day 21: {at(days, bone, 21) / bone[0]:.3f}")
    hold(0.45 < left < 0.95, f"T13 0.76, T16 0.55 on day 21; the model has {left:.2f}")


def test_tumour_growth():
    """T20 (Marsilio 2025, source): 8, 21, 69 and 133 times the first size on days 4, 8, 17, 21."""
    days, area = means("vehicle", 21, "tumour_area_mm2")
    for day, published in ((8, 20.8), (17, 69.1), (21, 132.6)):
        grown = at(days, area, day) / area[0]
        print(f"day {day}: {grown:.1f} times, published {published}")
        hold(published / 10 < grown < published * 10, f"day {day}: {grown:.1f}")


@pytest.mark.parametrize(
    ("treated", "column", "direction"),
    [
        ("rapamycin", "tumour_area_mm2", -1),
        ("rapamycin", "bv_tv", +1),
        ("osi_027", "tumour_area_mm2", -1),
        ("tumour_raptor_ko", "tumour_area_mm2", -1),
        ("tumour_pten_loss", "tumour_area_mm2", +1),
        ("opg_fc", "bv_tv", +1),
        ("zoledronate", "bv_tv", +1),
    ],
)
def test_headline_directions(treated, column, direction):
    """Paired by seed: the sign of the mean change on day 28."""
    changes = [
        course(treated, 28, seed)[column][-1] - course("vehicle", 28, seed)[column][-1]
        for seed in SEEDS
    ]
    print(f"{treated} {column}: {changes}")
    hold(np.sign(np.mean(changes)) == direction, f"{treated}: {column} changed by {changes}")
