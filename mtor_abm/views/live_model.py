"""The marrow of the live view: a MarrowModel whose drug may be changed while it runs."""

from dataclasses import dataclass, replace
from typing import Any

import mesa
import numpy as np
import pandas as pd

from ..dosing import HOURS_PER_DAY, PlasmaCurve, Regimen
from ..drug_kinetics import SaturableTwoCompartments
from ..drugs import DRUGS
from ..errors import UserError
from ..marrow import BONE
from ..mesa_compat import DEFAULT_SEED
from ..model import MarrowModel
from ..scenario import Scenario
from .painting import Snapshot
from .words import TITLES

DEFAULT_DRUG = "rapamycin"  # on offer, with dose 0, where a scenario gives none
#: Types of cells that a picture shows.
PAINTED = (
    "tumour", "osteoblast", "osteoclast", "osteoclast_precursor", "adipocyte", "car", "mesenchymal",
)  # fmt: skip
SERIES = {  # what the live view plots: column -> (title, unit, what stands along its axis)
    "tumour_area_mm2": (TITLES["tumour_area_mm2"], "mm²", "area (mm²)"),
    "bv_tv": (TITLES["bv_tv"], "", "BV/TV"),
    "s6k_tumour": (TITLES["s6k_tumour"], "", "of maximum"),
    "plasma_nM": ("free in plasma", "nM", "level (nM)"),
}


@dataclass
class Treatment:
    """What the sliders say.

    Attributes:
        drug: key of the drug. dose_mg_per_kg: of one dose. start_day: of the first dose.
        every_h: between doses; None: one dose only.
    """

    drug: str
    dose_mg_per_kg: float
    start_day: float
    every_h: float | None = HOURS_PER_DAY


def treatment_of(scenario: Scenario) -> Treatment:
    """The first drug of a scenario that can be changed on the way; else DEFAULT_DRUG, dose 0."""
    for key, schedule in scenario.drugs.items():
        if is_changeable(key, schedule.species):
            regimen = schedule.regimen(key, scenario.run.days)
            return Treatment(key, regimen.one_dose_mg_per_kg, schedule.start_day, schedule.every_h)
    return Treatment(DEFAULT_DRUG, 0.0, 0.0)


def is_changeable(key: str, species: str = "mouse") -> bool:
    """Whether doses of a drug add up, and it acts through its level in the marrow."""
    kinetics = DRUGS[key].kinetics.get(species)
    linear = kinetics is not None and not isinstance(
        kinetics.disposition, SaturableTwoCompartments
    )  # fmt: skip
    return linear and DRUGS[key].is_field


class LiveMarrow(MarrowModel):
    """A marrow whose doses follow a `Treatment`, from now on, whenever `treat` is called.

    Mesa's live view makes a new one, with the same arguments, when a person resets it. A model that
    nobody touches takes the steps of its scenario.

    Args:
        marrow: the scenario. seed: key of all chance. treatment: read now, and by `treat`.

    Raises:
        UserError: the drug of the treatment cannot be changed on the way.
    """

    def __init__(
        self, marrow: Scenario, treatment: Treatment, seed: int | None = DEFAULT_SEED
    ) -> None:
        """See the class."""
        if not is_changeable(treatment.drug):
            raise UserError(f"doses of {treatment.drug} do not add up; give another drug")
        self.treatment = treatment
        drug = treatment.drug
        given = marrow.drugs.get(drug)
        if given is None:
            marrow = marrow.changed(
                {f"drugs.{drug}.dose_mg_per_kg": 0.0, f"drugs.{drug}.every_h": 24.0,
                 f"drugs.{drug}.route": next(iter(DRUGS[drug].kinetics["mouse"].routes))}
            )  # fmt: skip
        super().__init__(marrow, seed=seed)
        self._courses = [self.settings.drugs[drug].regimen(drug, self.settings.run.days)]
        self.treat()
        self.datacollector = mesa.DataCollector(model_reporters=_REPORTERS)
        self.datacollector.collect(self)

    def step(self) -> None:
        """One step, until the days of the scenario are over."""
        super().step()
        self.take_events()
        self.datacollector.collect(self)
        self.running = self.n_steps_done < self.settings.run.n_steps

    @property
    def day(self) -> float:
        """Days since the start."""
        return self.time_h / HOURS_PER_DAY

    def treat(self) -> None:
        """Give the drug as the treatment says, from now on; what was given stays in the body.

        Doses fall on the times of the schedule, counted from its first day. Curves of several
        courses of a linear drug add up, so the plasma level stays exact.
        """
        now, end = self.day, self.settings.run.days
        dose, start = self.treatment.dose_mg_per_kg, self.treatment.start_day
        last = self._courses[-1]
        once = last.n_doses is not None
        every_h = last.every_h if once else self.treatment.every_h or last.every_h
        if (last.one_dose_mg_per_kg, last.start_day, last.every_h) == (dose, start, every_h):
            return
        kept = []
        for course in self._courses:
            if course.start_day < now:  # what was given stays
                stop = None if once else min(now, course.stop_day or now)
                kept.append(replace(course, stop_day=stop))
        every_d = every_h / HOURS_PER_DAY
        first = start + max(0.0, np.ceil((now - start) / every_d - 1e-9)) * every_d
        if first < end and not (once and start < now):
            stop = None if once else end
            kept.append(
                replace(
                    last, dose_mg_per_kg=dose, dose_mg=None, start_day=first, stop_day=stop,
                    every_h=every_h,
                )
            )  # fmt: skip
        self._courses = kept or [replace(last, dose_mg_per_kg=0.0, dose_mg=None)]
        self._fill_plasma(self._courses)

    def _fill_plasma(self, courses: list[Regimen]) -> None:
        plasma = self.pharmacy.plasma_nM[self.treatment.drug]
        at = self.n_steps_done
        hours = np.arange(at, len(plasma)) * self.settings.run.step_h
        plasma[at:] = sum(PlasmaCurve(course).free_nM(hours) for course in courses)


def snapshot_of(model: MarrowModel) -> Snapshot:
    """What a picture shows of a model now, by its agents (`agents_by_type`) and its layers."""
    parts = []
    for kind, cells in model.agents_by_type.items():
        name = getattr(getattr(kind, "kind", None), "name", "")
        if name not in PAINTED or not len(cells):
            continue
        places = np.array(cells.get("xy_um"), dtype=float).reshape(-1, 2)
        columns: dict[str, Any] = {
            "cell_type": name, "state": cells.get("state"), "clone": cells.get("clone"),
            "x_um": places[:, 0], "y_um": places[:, 1], "n_sites": 1,
        }  # fmt: skip
        if name == "osteoclast":
            columns["n_sites"] = (np.array(cells.get("footprint")) >= 0).sum(axis=1)
        parts.append(pd.DataFrame(columns))
    names = ["cell_type", "state", "clone", "x_um", "y_um", "n_sites"]
    cells_now = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    s = model.surroundings
    sites = np.flatnonzero(s.lattice.inside())
    x_um, y_um = s.lattice.xy_um(sites)
    layers = {
        "x_um": x_um, "y_um": y_um, "bone": (s.world.ground[sites] == BONE).astype(np.int64),
        "cavity": s.world.cavity[sites], "vessel": s.world.vessel[sites],
    }  # fmt: skip
    return Snapshot(f"day {model.time_h / HOURS_PER_DAY:.2f}", cells_now, pd.DataFrame(layers))


def _tumour_area_mm2(model: LiveMarrow) -> float:
    return model.tissues["tumour"].population.n * model.surroundings.lattice.site_area_mm2


def _bv_tv(model: LiveMarrow) -> float:
    ground = model.surroundings.lattice.interior(model.surroundings.world.ground)
    return float((ground[model.cortex_sites :] == BONE).mean())


def _s6k_tumour(model: LiveMarrow) -> float:
    values = model.tissues["tumour"].population.column("s6k")
    return float(values.mean(dtype=np.float64)) if len(values) else float("nan")


def _plasma_nm(model: LiveMarrow) -> float:
    curve = model.pharmacy.plasma_nM[model.treatment.drug]
    return float(curve[min(model.n_steps_done, len(curve) - 1)])


_REPORTERS = {
    "day": "day",
    "tumour_area_mm2": _tumour_area_mm2,
    "bv_tv": _bv_tv,
    "s6k_tumour": _s6k_tumour,
    "plasma_nM": _plasma_nm,
}
