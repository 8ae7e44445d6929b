"""Numbers of two short runs of a tiny marrow, frozen so that no change of results goes unseen.

    python tests/baseline.py "why the results change"

runs both arms again, writes tests/baseline.json, and prints what moved. The reason is kept with the
numbers; CHANGELOG.md says by how much the default demonstration moved.
"""

import argparse
import json
from pathlib import Path

from mtor_abm.model import MarrowModel
from mtor_abm.observe import Observer
from mtor_abm.scenario import Scenario

FILE = Path(__file__).parent / "baseline.json"
MARROW = {
    "run": {"days": 3.0},
    "output": {"every_h": 24.0},
    "geometry": {"nx": 48, "ny": 48},
    "inoculum": {"cells": 24, "clusters": 2},
    "osteoclast": {"precursors_per_mm2": 1000.0, "commitment_rate_per_h": 0.1},
    "osteoblast": {"call_rate_per_h": 0.01},
    "tumour": {"vegf_nM_per_s": 0.01},
}
ARMS = {
    "control": {},
    "rapamycin": {"drugs": {"rapamycin": {"dose_mg_per_kg": 1.5, "route": "ip", "every_h": 24.0}}},
}
READOUTS = (
    "tumour_area_mm2", "n_tumour_dormant", "n_tumour_deaths", "bv_tv", "ctx_per_d", "p1np_per_d",
    "n_osteoclast", "n_osteoclast_precursor", "n_osteoblast", "n_mesenchymal", "n_adipocyte",
    "vessel_length_mm_per_mm2", "perfused_share", "mean_oxygen_mmHg", "mean_cxcl12_nM",
    "mean_rankl_nM", "mean_tgfb_nM", "mean_vegf_nM", "s6k_tumour", "p4ebp1_tumour",
    "akt_s473_osteoblast",
)  # fmt: skip


def measured(arm):
    """READOUTS of the last row of an arm, seed 1, to 6 digits."""
    model, observer = MarrowModel(Scenario.from_tables(MARROW | ARMS[arm]), seed=1), Observer()
    every = round(model.settings.output.every_h / model.settings.run.step_h)
    row = observer.row(model)
    for step in range(1, model.settings.run.n_steps + 1):
        model.step()
        if step % every == 0:
            row = observer.row(model)
    return {name: float(f"{row[name]:.6g}") for name in READOUTS}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("reason", help="why the results change, one sentence")
    reason = parser.parse_args().reason
    before = json.loads(FILE.read_text())["arms"] if FILE.exists() else {}
    arms = {arm: measured(arm) for arm in ARMS}
    for arm, numbers in arms.items():
        for name, value in numbers.items():
            was = before.get(arm, {}).get(name)
            if was != value:
                print(f"{arm:10} {name:26} {was} -> {value}")
    FILE.write_text(json.dumps({"reason": reason, "arms": arms}, indent=1) + "\n")


if __name__ == "__main__":
    main()
