"""How a scenario gives a drug: how much, by which route, how often, from when to when, to whom.

A `Schedule` is one [drugs.NAME] table; `dosing.Regimen` is what becomes of it for one run.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from .dosing import Regimen
from .parameters import Group


def _scheduled(
    unit: str, what: str, *, default: float | None = None, low: float = 0.0, high: float = 3660.0
) -> Any:
    """Declare one number of a schedule; its source is always the scenario itself."""
    extra: dict[str, Any] = {"unit": unit, "source": "set by the scenario", "confidence": "assumed"}
    return Field(default=default, ge=low, le=high, description=what, json_schema_extra=extra)


_EVENLY = (
    "lists of days are not supported yet; give evenly spaced doses with start_day, every_h and "
    "stop_day (every_h = 56 is three a week)"
)
_ON_AND_OFF = (
    "days on and days off are not supported yet; give evenly spaced doses with start_day, every_h "
    "and stop_day, or one block of days with start_day and stop_day"
)
_LOADING = "loading doses are not supported yet; one drug has one dose and one interval"
_ON_CONDITION = "dosing that depends on the tumour is not supported yet; give stop_day"


class Schedule(Group):
    """One drug's schedule in one scenario. Give `dose_mg_per_kg` or `dose_mg`."""

    not_supported: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("at_days", "at_day", "days", "dose_days", "on_days", "at_h", "start_day[]",
             "stop_day[]", "every_h[]"),
            _EVENLY,
        ),
        **dict.fromkeys(
            ("days_on", "days_off", "on_off", "off_days", "cycle_d", "cycle_days", "cycles",
             "weekdays", "holiday", "holidays"),
            _ON_AND_OFF,
        ),
        **dict.fromkeys(
            ("loading_dose", "loading_dose_mg_per_kg", "loading_dose_mg", "n_loading_doses",
             "maintenance_dose", "dose_mg_per_kg[]", "dose_mg[]"),
            _LOADING,
        ),
        **dict.fromkeys(("stop_when", "start_when", "until", "when"), _ON_CONDITION),
    }  # fmt: skip

    dose_mg_per_kg: float | None = _scheduled(
        "mg/kg", "one dose per kilogram of body mass", high=1000.0
    )
    dose_mg: float | None = _scheduled("mg", "one dose to a whole body", high=1e4)
    body_mass_kg: float | None = _scheduled(
        "kg", "body mass; left out: 0.025 for a mouse, 70 for a human", low=0.01, high=300.0
    )
    species: Literal["mouse", "human"] = Field(
        default="mouse", description="body whose pharmacokinetics hold"
    )
    route: Literal["ip", "po", "iv", "sc"] = Field(
        default="ip", description="intraperitoneal, by mouth, intravenous or subcutaneous"
    )
    every_h: float | None = _scheduled(
        "h", "time between doses; left out: a single dose at start_day", low=1.0, high=8784.0
    )
    start_day: float = _scheduled("d", "day of the first dose", default=0.0)
    stop_day: float | None = _scheduled(
        "d", "no dose at or after this day; left out: dosing lasts as long as the run"
    )
    cells: dict[str, float] = Field(
        default={}, description="share of the action per cell type, 0..1; left out: 1"
    )

    @model_validator(mode="after")
    def _one_dose_and_an_interval(self) -> "Schedule":
        if self.dose_mg_per_kg is not None and self.dose_mg is not None:
            raise ValueError("dose_mg and dose_mg_per_kg are both given; keep one")
        if self.dose_mg_per_kg is None and self.dose_mg is None:
            raise ValueError("no dose is given; add dose_mg_per_kg or dose_mg")
        if self.stop_day is not None and self.stop_day <= self.start_day:
            raise ValueError(
                f"stop_day {self.stop_day:g} is not after start_day {self.start_day:g}; "
                "give a later stop_day"
            )
        for cell, share in self.cells.items():
            if not 0.0 <= share <= 1.0:
                raise ValueError(
                    f"cells.{cell} = {share:g} lies outside 0..1; give the share of the drug's "
                    "action in that cell type (0 none, 1 full)"
                )
        return self

    def regimen(self, drug_key: str, run_days: float) -> Regimen:
        """Doses of one run, none at or after its end.

        Raises:
            ValueError: the drug has no such route or species, or the first dose is past the end.
        """
        end = run_days if self.stop_day is None else min(run_days, self.stop_day)
        once = self.every_h is None
        return Regimen(
            drug_key=drug_key,
            route=self.route,
            species=self.species,
            dose_mg_per_kg=self.dose_mg_per_kg,
            dose_mg=self.dose_mg,
            start_day=self.start_day,
            stop_day=None if once else end,
            n_doses=1 if once else None,
            every_h=24.0 if self.every_h is None else self.every_h,
            body_mass_kg=self.body_mass_kg,
        )

    def action_in(self, cell: str) -> float:
        """Share of the drug's action, 0..1, in this cell type; 1 where the scenario is silent."""
        return self.cells.get(cell, 1.0)
