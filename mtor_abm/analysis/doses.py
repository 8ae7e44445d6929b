"""Treatments in the words of a methods section: "rapamycin 1.5 mg/kg/d i.p. from day 3".

They are made from the parameters that a run keeps, so that a drug which this machine does not know
can still be named.
"""

from collections.abc import Mapping
from typing import Any

from ..dosing import doses_within
from ..drugs import DRUGS

ROUTES = {"ip": "i.p.", "po": "p.o.", "iv": "i.v.", "sc": "s.c."}
LISTED = 4  # so few doses are given by their days
DAY_H, WEEK_H = 24.0, 168.0
RHYTHMS = {
    6.0: "four times a day",
    8.0: "three times a day",
    12.0: "twice a day",
    42.0: "four times a week",
    48.0: "every other day",
    56.0: "three times a week",
    84.0: "twice a week",
    WEEK_H: "once a week",
}


def drug_words(drug: str, schedule: Mapping[str, Any], run_days: float) -> str:
    """Name of a drug and its schedule, e.g. "OPG-Fc 3 mg/kg s.c. three times a week from day 0".

    Args:
        drug: key of the drug; one that is unknown here is called by its key.
        schedule: the [drugs.NAME] table, as a scenario or a manifest has it.
        run_days: length of the run, d.
    """
    return f"{drug_name(drug)} {schedule_words(schedule, run_days)}"


def drug_name(drug: str) -> str:
    """What people call a drug: its label without the synonym in brackets, or else its key."""
    return DRUGS[drug].label.partition(" (")[0] if drug in DRUGS else drug


def schedule_words(schedule: Mapping[str, Any], run_days: float) -> str:
    """Dose, route, rhythm and days, e.g. "1.5 mg/kg/d i.p. from day 3"; arguments as above.

    Up to 4 doses whole days apart are given by their days ("on days 7, 9, 11"), more by their
    rhythm ("three times a week from day 7 until day 14").
    """
    dose = _dose(schedule)
    route = ROUTES.get(str(schedule.get("route") or "ip"), str(schedule.get("route")))
    start = float(schedule.get("start_day") or 0.0)
    every_h, stop = schedule.get("every_h"), schedule.get("stop_day")
    if every_h is None:
        return f"{dose} {route} once, on day {_day(start)}"
    end = run_days if stop is None else min(run_days, float(stop))
    n = doses_within(start, end, every_h)
    if n == 1:
        return f"{dose} {route} once, on day {_day(start)}"
    if n <= LISTED and every_h % DAY_H == 0.0:
        days = ", ".join(_day(start + i * every_h / DAY_H) for i in range(n))
        return f"{dose} {route} on days {days}"
    until = f" until day {_day(float(stop))}" if stop is not None and stop < run_days else ""
    rhythm = _rhythm(float(every_h))
    each_day = "/d" if rhythm == "" else ""
    return f"{dose}{each_day} {route}{rhythm and ' ' + rhythm} from day {_day(start)}{until}"


def treatment_words(control: Mapping[str, Any], treated: Mapping[str, Any]) -> str:
    """What an arm is given that its control is not: drugs, then gene dosages; "" if nothing.

    Args:
        control, treated: parameters of a run, as its manifest has them.
    """
    before, after = control.get("drugs") or {}, treated.get("drugs") or {}
    days = float((treated.get("run") or {}).get("days") or 0.0)
    said = [drug_words(drug, of, days) for drug, of in after.items() if before.get(drug) != of]
    said += [f"no {drug_name(drug)}" for drug in before if drug not in after]
    return " + ".join(said + _gene_words(control.get("genes") or {}, treated.get("genes") or {}))


def _gene_words(control: Mapping[str, Any], treated: Mapping[str, Any]) -> list[str]:
    """Gene dosages that differ: "RICTOR x 0 in circulating and tumour cells"."""
    cells: dict[tuple[str, float], list[str]] = {}
    for cell, genes in treated.items():
        for gene, dosage in genes.items():
            if (control.get(cell) or {}).get(gene, 1.0) != dosage:
                cells.setdefault((gene, dosage), []).append(cell.replace("_", " "))
    return [
        f"{gene} x {dosage:g} in {', '.join(where[:-1])}{' and ' * (len(where) > 1)}{where[-1]} "
        "cells"
        for (gene, dosage), where in cells.items()
    ]


def _dose(schedule: Mapping[str, Any]) -> str:
    per_kg = schedule.get("dose_mg_per_kg")
    return f"{schedule.get('dose_mg'):g} mg" if per_kg is None else f"{per_kg:g} mg/kg"


def _rhythm(every_h: float) -> str:
    """How often, in words; "" once a day, which is said with the dose."""
    if every_h == DAY_H:
        return ""
    if every_h in RHYTHMS:
        return RHYTHMS[every_h]
    for size, unit in ((WEEK_H, "weeks"), (DAY_H, "days")):
        if every_h % size == 0.0:
            return f"every {every_h / size:g} {unit}"
    return f"every {every_h:g} h"


def _day(day: float) -> str:
    return f"{round(day, 2):g}"
