"""Mean course of a scenario under several settings, side by side, for fitting by eye.

    python benchmarks/course.py vehicle --days 7,14,21,28 --seeds 1-2 \
        --arm default --arm no_vegf:tumour.vegf_nM_per_s=0

Each --arm is NAME or NAME:key=value,key=value. Prints one table an arm: a row a day.
"""

import argparse
import time

import numpy as np

from mtor_abm import observe
from mtor_abm.compilation import ensure_compiled
from mtor_abm.model import MarrowModel
from mtor_abm.run_settings import parse_seeds
from mtor_abm.scenario_files import load

COLUMNS = (
    "tumour_area_mm2", "bv_tv", "lesion_radius_um", "n_lesions", "hypoxic_share", "anoxic_area_mm2",
    "mean_vegf_nM", "vessel_length_mm_per_mm2", "perfused_share",
    "tumour_vessels_mm_per_mm2", "n_endothelial_tip", "n_tumour_dormant", "n_osteoclast",
    "s6k_tumour",
)  # fmt: skip


def arm_of(text):
    name, _, settings = text.partition(":")
    return name, [s for s in settings.split(",") if s]


def course(scenario, seed, days):
    """Rows of the columns on these days, and the seconds."""
    started = time.perf_counter()
    model = MarrowModel(scenario.changed({"run.days": float(max(days))}), seed=seed)
    observer = observe.Observer()
    rows, first = [], observer.row(model)
    for day in days:
        while model.time_h < day * 24.0:
            model.step()
        rows.append(observer.row(model))
    relative = {"tumour_area_mm2": first["tumour_area_mm2"], "bv_tv": first["bv_tv"]}
    for row in rows:
        for name, start in relative.items():
            row[name] = row[name] / start if start else float("nan")
    return rows, time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scenario")
    parser.add_argument("--days", default="7,14,21,28")
    parser.add_argument("--seeds", default="1-2")
    parser.add_argument("--arm", action="append", default=[], help="NAME or NAME:key=value,...")
    parser.add_argument("-S", "--set", action="append", default=[], help="for all arms")
    args = parser.parse_args()
    ensure_compiled()
    days = [float(d) for d in args.days.split(",")]
    for name, settings in map(arm_of, args.arm or ["default"]):
        scenario = load(args.scenario, [*args.set, *settings])
        runs = [course(scenario, seed, days) for seed in parse_seeds(args.seeds)]
        print(f"{name}: {' '.join(settings)} ({np.mean([s for _, s in runs]):.1f} s a run)")
        print(
            "   day "
            + " ".join(f"{c.partition('_')[0][:4]}_{c.split('_')[-2][:5]:<5}" for c in COLUMNS)
        )
        for k, day in enumerate(days):
            means = [np.mean([run[k][c] for run, _ in runs]) for c in COLUMNS]
            print(f"{day:6g} " + " ".join(f"{m:10.4g}" for m in means), flush=True)


if __name__ == "__main__":
    main()
