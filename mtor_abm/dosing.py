"""Who is given how much of which drug when, and the concentrations that follow.

`Regimen` holds one drug on one schedule and refuses impossible ones; `PlasmaCurve` evaluates it at
any hours. Linear drugs are exact sums of exponentials, so curves of several regimens of one drug
may be added; for denosumab, whose loss saturates, give all doses in one regimen.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .drug_action import Antiresorptive
from .drug_kinetics import (
    DOSE_UNIT,
    NG_PER_ML_PER_MG_PER_L,
    SPECIES,
    Kinetics,
    Route,
    SaturableTwoCompartments,
)
from .drugs import BODY_MASS_KG, Drug, find_drug
from .numerics.pharmacokinetics import Modes, SaturableCourse, after_equal_doses

HOURS_PER_DAY = 24.0
NG_PER_MG = 1e6
NM_PER_NG_PER_ML = 1e3  # over molar mass in g/mol
MOST_DOSES = 100_000


def doses_within(start_day: float, stop_day: float, every_h: float) -> int:
    """Number of doses from a day on, 1 at least; a stop on a dose time excludes that dose."""
    span_h = (stop_day - start_day) * HOURS_PER_DAY
    return max(1, math.ceil(span_h / every_h - 1e-9))  # in spite of rounding


@dataclass(frozen=True)
class Regimen:
    """One drug on one schedule. Give `dose_mg_per_kg` or `dose_mg`, and `stop_day` or `n_doses`.

    drug_key: row of DRUGS. route: "ip", "po", "iv" or "sc", if the row has it for the species.
    species: "mouse" or "human". start_day: day of the first dose, >= 0. stop_day: no dose at or
    after it. every_h: hours between doses. body_mass_kg: None takes 0.025 (mouse) or 70 (human).
    Raises ValueError, one line, for anything impossible. A dose of 0 is allowed and gives nothing.
    """

    drug_key: str
    route: str
    species: str
    dose_mg_per_kg: float | None = None
    dose_mg: float | None = None
    start_day: float = 0.0
    stop_day: float | None = None
    n_doses: int | None = None
    every_h: float = 24.0
    body_mass_kg: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be given, saying the value, the limit and the cure."""
        drug = find_drug(self.drug_key)
        if self.species not in SPECIES:
            raise ValueError(f"species {self.species!r} is unknown; choose from mouse, human")
        if self.species not in drug.kinetics:
            raise ValueError(
                f"{drug.key} cannot be given to a {self.species}: {drug.why_not[self.species]}"
            )
        routes = drug.kinetics[self.species].routes
        if self.route not in routes:
            raise ValueError(
                f"{drug.key} has no route {self.route!r} in the {self.species}; "
                f"choose from {', '.join(routes)}"
            )
        if (self.dose_mg_per_kg is None) == (self.dose_mg is None):
            raise ValueError(f"{drug.key}: give either dose_mg_per_kg or dose_mg, one of the two")
        if (self.stop_day is None) == (self.n_doses is None):
            raise ValueError(f"{drug.key}: give either stop_day or n_doses, one of the two")
        _at_least("dose_mg_per_kg", self.dose_mg_per_kg, 0.0)
        _at_least("dose_mg", self.dose_mg, 0.0)
        _at_least("start_day", self.start_day, 0.0)
        _above("stop_day", self.stop_day, self.start_day, "start_day")
        _above("every_h", self.every_h, 0.0)
        _above("body_mass_kg", self.body_mass_kg, 0.0)
        _at_least("n_doses", self.n_doses, 1)
        if self.n_doses is not None and self.n_doses != int(self.n_doses):
            raise ValueError(f"n_doses is {self.n_doses}; it must be a whole number")
        if self.dose_count > MOST_DOSES:
            raise ValueError(
                f"{self.dose_count} doses of {drug.key} exceed {MOST_DOSES}; raise every_h"
            )

    @property
    def drug(self) -> Drug:
        """Row of DRUGS."""
        return find_drug(self.drug_key)

    @property
    def kinetics(self) -> Kinetics:
        """The drug in this species."""
        return self.drug.kinetics[self.species]

    @property
    def dose_count(self) -> int:
        """Number of doses."""
        if self.n_doses is not None:
            return int(self.n_doses)
        assert self.stop_day is not None
        return doses_within(self.start_day, self.stop_day, self.every_h)

    @property
    def mass_kg(self) -> float:
        """Body mass, kg."""
        return float(BODY_MASS_KG[self.species] if self.body_mass_kg is None else self.body_mass_kg)

    @property
    def one_dose_mg_per_kg(self) -> float:
        """One dose per body mass, mg/kg."""
        if self.dose_mg_per_kg is not None:
            return float(self.dose_mg_per_kg)
        assert self.dose_mg is not None
        return float(self.dose_mg) / self.mass_kg

    @property
    def one_dose_mg(self) -> float:
        """One dose, mg."""
        if self.dose_mg is not None:
            return float(self.dose_mg)
        assert self.dose_mg_per_kg is not None
        return float(self.dose_mg_per_kg) * self.mass_kg

    def dose_times_h(self) -> npt.NDArray[np.float64]:
        """Hours of all doses, shape (n_doses,), increasing."""
        start_h = float(self.start_day) * HOURS_PER_DAY
        return start_h + np.arange(self.dose_count, dtype=np.float64) * float(self.every_h)


class PlasmaCurve:
    """Concentrations of a regimen at any hours.

    Every method takes hours (a scalar or an array of any shape) and returns a float or an array of
    that shape: 0 before the first dose, right-continuous at each dose, never negative, exactly 0
    for a dose of 0. The value at an hour is the same bytes whichever hours are asked for with it.
    """

    def __init__(self, regimen: Regimen) -> None:
        """Prepare the modes of the drug in this species by this route."""
        self.regimen = regimen
        self._times_h = regimen.dose_times_h()
        kinetics = regimen.kinetics
        route = kinetics.routes[regimen.route]
        self._modes: Modes | None = None
        self._course: SaturableCourse | None = None
        self._metabolite_modes: Modes | None = None
        if isinstance(kinetics.disposition, SaturableTwoCompartments):
            if route.absorption_per_h is None:
                raise ValueError(f"{regimen.drug_key} needs an absorption rate by {regimen.route}")
            dose_ng = float(route.bioavailability) * regimen.one_dose_mg * NG_PER_MG
            body = kinetics.disposition.body(route.absorption_per_h)
            self._course = SaturableCourse(body, dose_ng, self._times_h, float(regimen.every_h))
        else:
            self._modes = _absorbed(kinetics.disposition.modes(), route)
            product = kinetics.metabolite
            if product is not None:
                self._metabolite_modes = self._modes.fed_into(
                    float(product.formation_per_h), float(product.loss_per_h)
                )

    def dose_times_h(self) -> npt.NDArray[np.float64]:
        """Hours of all doses, shape (n_doses,)."""
        return self._times_h.copy()

    def parent_ng_per_ml(self, t_h: npt.ArrayLike) -> Any:
        """Drug as given, ng/mL of the matrix it is measured in (free and bound)."""
        return _shaped(self._parent(_flat(t_h)), t_h)

    def metabolite_ng_per_ml(self, t_h: npt.ArrayLike) -> Any:
        """Active metabolite, ng/mL of the same matrix; 0 for a drug without one."""
        return _shaped(self._metabolite(_flat(t_h)), t_h)

    def total_ng_per_ml(self, t_h: npt.ArrayLike) -> Any:
        """Drug and active metabolite, ng/mL of the matrix (free and bound)."""
        hours = _flat(t_h)
        return _shaped(self._parent(hours) + self._metabolite(hours), t_h)

    def free_nM(self, t_h: npt.ArrayLike) -> Any:  # noqa: N802
        """Free drug and active metabolite in plasma, nM; what vessels hand on to the marrow."""
        hours = _flat(t_h)
        drug, kinetics = self.regimen.drug, self.regimen.kinetics
        free = self._parent(hours) / float(drug.molar_mass)
        if kinetics.metabolite is not None:
            free = free + self._metabolite(hours) / float(kinetics.metabolite.molar_mass)
        return _shaped(free * (NM_PER_NG_PER_ML * float(kinetics.free_fraction)), t_h)

    def bone_mg_per_kg(self, t_h: npt.ArrayLike) -> Any:
        """Dose resting on bone (mg/kg given, less slow loss); 0 for drugs that do not bind bone."""
        hours = _flat(t_h)
        action = self.regimen.drug.action
        if not isinstance(action, Antiresorptive):
            return _shaped(np.zeros_like(hours), t_h)
        resting = Modes((1.0,), (math.log(2.0) / float(action.bone_half_life_h),))
        return _shaped(self._summed(resting, self.regimen.one_dose_mg_per_kg, hours), t_h)

    def _summed(self, modes: Modes, dose: float, hours: npt.NDArray[np.float64]) -> Any:
        return after_equal_doses(modes, dose, self._times_h, float(self.regimen.every_h), hours)

    def _linear(self, modes: Modes, hours: npt.NDArray[np.float64]) -> Any:
        regimen = self.regimen
        in_mg = DOSE_UNIT[regimen.species] == "mg"
        dose = regimen.one_dose_mg if in_mg else regimen.one_dose_mg_per_kg
        return self._summed(modes, dose * NG_PER_ML_PER_MG_PER_L, hours)

    def _parent(self, hours: npt.NDArray[np.float64]) -> Any:
        if self._course is not None:
            return self._course.ng_per_ml(hours)
        assert self._modes is not None
        return self._linear(self._modes, hours)

    def _metabolite(self, hours: npt.NDArray[np.float64]) -> Any:
        if self._metabolite_modes is None:
            return np.zeros_like(hours)
        return self._linear(self._metabolite_modes, hours)


def plasma_table(curves: Mapping[str, PlasmaCurve], t_h: npt.ArrayLike) -> dict[str, Any]:
    """Columns `plasma_<name>_ng_per_ml` and `free_<name>_nM` of several curves at the hours t_h."""
    table = {}
    for name, curve in curves.items():
        table[f"plasma_{name}_ng_per_ml"] = curve.total_ng_per_ml(t_h)
        table[f"free_{name}_nM"] = curve.free_nM(t_h)
    return table


def _absorbed(modes: Modes, route: Route) -> Modes:
    share = float(route.bioavailability)
    if route.absorption_per_h is None:
        return Modes(tuple(share * amplitude for amplitude in modes.amplitudes), modes.rates_per_h)
    rate = float(route.absorption_per_h)
    return modes.fed_into(share * rate, rate)


def _flat(t_h: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.array(t_h, dtype=np.float64).ravel()


def _shaped(values: npt.NDArray[np.float64], t_h: npt.ArrayLike) -> Any:
    shape = np.shape(t_h)
    return values.reshape(shape) if shape else float(values[0])


def _at_least(name: str, value: float | None, limit: float) -> None:
    if value is not None and not (math.isfinite(value) and value >= limit):
        raise ValueError(f"{name} is {value:g}; it must be finite and at least {limit:g}")


def _above(name: str, value: float | None, limit: float, what: str = "") -> None:
    if value is not None and not (math.isfinite(value) and value > limit):
        bound = f"{what} ({limit:g})" if what else f"{limit:g}"
        raise ValueError(f"{name} is {value:g}; it must be finite and above {bound}")
