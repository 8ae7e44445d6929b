"""Targets read from whole marrows: bone loss, growth, drugs on bone, turnover, oxygen.

Runs are shared: the untreated tumour serves T03, T04, T13, T16 and T20.
"""

import math
from collections.abc import Callable

import numpy as np

from .target import Arm, Point, Simulate, Source, Target

AREA, BONE, OSTEOCLASTS = "tumour_area_mm2", "bv_tv", "n_osteoclast"
CANON_DAYS = 25.0
DAYS_PER_YEAR = 365.0

#: Arms by name; a name says what is in it.
ARMS: dict[str, Arm] = {
    "target_vehicle": Arm("vehicle", {}),
    "target_opg_fc_from_day_7": Arm(
        "opg_fc", {"drugs.opg_fc.start_day": 7.0, "run.days": CANON_DAYS}
    ),
    "target_opg_fc_from_day_0": Arm("opg_fc", {"run.days": CANON_DAYS}),
    "target_opg_fc_low_from_day_0": Arm(
        "opg_fc", {"drugs.opg_fc.dose_mg_per_kg": 0.3, "run.days": CANON_DAYS}
    ),
    "target_no_tumour": Arm("vehicle", {"inoculum.cells": 0, "output.fields_at_days": (28.0,)}),
    "target_zoledronate_no_tumour": Arm("zoledronate", {"inoculum.cells": 0}),
    "target_healthy_year": Arm("healthy", {}, quick={"run.days": 120.0}),
}


def _relative_percent(arm: str, column: str, day: float) -> Simulate:
    def simulate(s: Source) -> np.ndarray:
        return 100.0 * s.course(arm).relative(column, day)

    return simulate


def _bone_left(day: float, value: float, error: float, note: str) -> Point:
    return Point(
        f"BV/TV on day {day:g}, of day 0", "%",
        _relative_percent("target_vehicle", BONE, day),
        value, error, note=note,
    )  # fmt: skip


def _size(day: float, value: float, error: float) -> Point:
    def simulate(s: Source) -> np.ndarray:
        return s.course("target_vehicle").relative(AREA, day)

    return Point(f"tumour on day {day:g}, of day 0", "1", simulate, value, error, note="SD")


def _area_ratio(s: Source) -> np.ndarray:
    treated = s.course("target_opg_fc_from_day_7").at(AREA, CANON_DAYS)
    return treated / s.course("target_vehicle").at(AREA, CANON_DAYS)


def _osteoclast_ratio(arm: str) -> Point:
    def simulate(s: Source) -> np.ndarray:
        treated = s.course(arm).at(OSTEOCLASTS, CANON_DAYS)
        control = s.course("target_vehicle").at(OSTEOCLASTS, CANON_DAYS)
        return np.divide(treated, control, out=np.full_like(treated, np.nan), where=control > 0.0)

    dose = "0.3" if "low" in arm else "3"
    return Point(
        f"osteoclasts at {dose} mg/kg, of control", "1", simulate, limits=(0.0, 0.1),
        note="one-sided: below a tenth",
    )  # fmt: skip


def _zoledronate_gain(s: Source) -> np.ndarray:
    treated = s.course("target_zoledronate_no_tumour").relative(BONE, 28.0)
    return treated / s.course("target_no_tumour").relative(BONE, 28.0)


def _turnover_percent_per_year(s: Source) -> np.ndarray:
    """Bone formed in a year over the bone that is there (ctx is per bone at the start)."""
    year = s.course("target_healthy_year")
    return 100.0 * DAYS_PER_YEAR * year.columns["ctx_per_d"][:, 1:].mean(axis=1)


def _resorption_weeks(s: Source) -> np.ndarray:
    """Mean life of an osteoclast by Little's law: how many there are over how many die."""
    year = s.course("target_healthy_year")
    number = year.columns[OSTEOCLASTS].mean(axis=1)
    deaths = year.events["death_osteoclast"]
    days = number * year.time_d[-1] / np.where(deaths > 0, deaths, np.nan)
    return days / 7.0


def _formation_months(s: Source) -> np.ndarray:
    """Mean time a resorbed site waits until it is bone again, by Little's law."""
    year = s.course("target_healthy_year")
    open_um2 = 1e6 * year.columns["cavity_area_mm2"].mean(axis=1)
    days = open_um2 / year.columns["formed_um2_per_d"][:, 1:].mean(axis=1)
    return days / (DAYS_PER_YEAR / 12.0)


def _drift_percent(s: Source) -> np.ndarray:
    year = s.course("target_healthy_year")
    return 100.0 * (year.relative(BONE, float(year.time_d[-1])) - 1.0)


def _oxygen(reduce: Callable[[np.ndarray], float]) -> Simulate:
    def simulate(s: Source) -> np.ndarray:
        sites = s.course("target_no_tumour").sites
        out = []
        for oxygen, bone, vessel in zip(
            sites["oxygen_mmHg"], sites["bone"], sites["vessel"], strict=True
        ):
            out.append(reduce(oxygen[(bone == 0) & (vessel == 0)]))
        return np.array(out)

    return simulate


_T13 = "+-18.7 (SE or SD not said)"
MARROW_TARGETS = (
    Target(
        "T03",
        (Point("tumour at 3 mg/kg on day 25, of control", "1", _area_ratio, 0.33,
               math.log(1.1 / 0.096) / (2.0 * 1.96), ratio=True,
               note="of ln ratio, from the 95% interval 0.096-1.1"),),
        ("target_vehicle", "target_opg_fc_from_day_7"),
        "luminescence of the animal against area of tumour in the marrow",
    ),
    Target(
        "T04",
        (_osteoclast_ratio("target_opg_fc_low_from_day_0"),
         _osteoclast_ratio("target_opg_fc_from_day_0")),
        ("target_vehicle", "target_opg_fc_from_day_0", "target_opg_fc_low_from_day_0"),
        "number of osteoclasts against a score",
    ),
    Target(
        "T13",
        (_bone_left(7, 103.0, 18.7, _T13), _bone_left(14, 96.0, 18.7, _T13),
         _bone_left(21, 86.6, 18.7, _T13), _bone_left(28, 75.9, 18.7, _T13)),
        ("target_vehicle",),
    ),
    Target(
        "T15",
        (Point("BV/TV on day 28, of no drug", "1", _zoledronate_gain, 1.27,
               math.log(1.8 / 0.88) / (2.0 * 1.96), ratio=True,
               note="of ln ratio, from the 95% interval 0.88-1.8"),),
        ("target_no_tumour", "target_zoledronate_no_tumour"),
    ),
    Target(
        "T16",
        (_bone_left(14, 81.5, 13.1, "SE"), _bone_left(21, 55.4, 17.2, "SE")),
        ("target_vehicle",),
        "an aggressive data set, T13 is another; one tumour of the model stands for both",
    ),
    Target(
        "T20",
        (_size(4, 8.06, 4.14), _size(8, 20.8, 14.2), _size(17, 69.1, 41.5), _size(21, 132.6, 62.5)),
        ("target_vehicle",),
    ),
    Target(
        "T67",
        (Point("turnover", "%/year", _turnover_percent_per_year, limits=(20.0, 30.0),
               note="human trabecular bone"),
         Point("resorption", "weeks", _resorption_weeks, limits=(2.0, 4.0), note="human"),
         Point("formation", "months", _formation_months, limits=(3.0, 4.0), note="human"),
         Point("drift of BV/TV in a healthy year", "%", _drift_percent, limits=(-2.0, 2.0),
               note="homeostasis: demanded of the model, not published")),
        ("target_healthy_year",),
        "published for people; the model's bone is a mouse's with human cycle times",
    ),
    Target(
        "T72",
        (Point("mean extravascular pO2", "mmHg",
               _oxygen(lambda v: float(v.mean())), limits=(9.9, 32.0),
               note="below 32, lowest regions 9.9"),
         Point("lowest hundredth of sites", "mmHg",
               _oxygen(lambda v: float(np.quantile(v, 0.01))), limits=(5.0, 15.0),
               note="low 9.9; range 5-15 of parameters.csv, pO2_min")),
        ("target_no_tumour",),
    ),
)  # fmt: skip
