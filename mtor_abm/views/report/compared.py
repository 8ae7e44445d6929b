"""What was compared: scenario differences as a table, drugs and doses as a timeline."""

from typing import Any

import numpy as np

from ...analysis.arms import flat
from ...catalogue import listing
from ...dosing import PlasmaCurve, Regimen
from ...drugs import DRUGS
from ...scenario import TEXTS
from ...schedule import Schedule
from ...study_text import counted
from ...switches import SWITCHES
from .charts import day_ticks
from .markup import STYLES, key, number, table, text, unit, value
from .material import ArmShown, Material

#: Points of a curve of drug in plasma, beside one at each dose.
POINTS = 500
#: Tables of a scenario that say when it is run and written, not what happens in it.
_ABOUT_THE_RUN = ("run.seeds", "output.")


def section(material: Material) -> str:
    """The whole section, without its heading."""
    return _arms(material) + _differences(material) + _timeline(material)


def differing_keys(material: Material) -> list[str]:
    """Keys of parameters that are not the same in all arms, in the order of the scenarios."""
    tables = [flat(arm.parameters) for arm in material.arms]
    keys = dict.fromkeys(key for table in tables for key in table)
    return [
        key
        for key in keys
        if key not in TEXTS
        and not key.startswith(_ABOUT_THE_RUN)
        and any(table.get(key) != tables[0].get(key) for table in tables)
    ]


def meanings() -> dict[str, tuple[str, str]]:
    """Key as the lists have it -> unit and meaning of every parameter and switch."""
    rows = {r["name"]: (str(r["unit"] or ""), str(r["meaning"])) for r in listing("parameters")}
    return rows | {f"switches.{name}": ("", d.question) for name, d in SWITCHES.items()}


def meaning_of(name: str, known: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Unit and meaning of one key of a scenario."""
    parts = name.split(".")
    if parts[0] == "drugs" and len(parts) > 2:
        name = ".".join(["drugs", "DRUG", *parts[2:]])
    if parts[0] == "genes" and len(parts) == 3:
        return "1", f"gene dosage in {parts[1].replace('_', ' ')} cells, 1 is wild type"
    return known.get(name, ("", ""))


def regimens(arm: ArmShown) -> list[Regimen]:
    """The drugs that an arm gives, as the run gave them."""
    parameters = arm.parameters
    days = parameters.get("run", {}).get("days", 0.0)
    return [
        Schedule.model_validate(given).regimen(drug, days)
        for drug, given in parameters.get("drugs", {}).items()
    ]


def first_doses(material: Material) -> list[tuple[float, int]]:
    """(day, style) of the first dose of each arm that is given a drug."""
    return [
        (min(r.start_day for r in given), arm.style)
        for arm in material.arms
        if (given := regimens(arm))
    ]


def _arms(material: Material) -> str:
    rows = []
    for arm in material.arms:
        about = arm.parameters
        role = "control" if arm is material.control else "treated"
        words = [str(about.get(name, "")) for name in ("title", "description")]
        said = "<br>".join(f"{text(word)}" for word in words if word)
        expects = str(about.get("expects", ""))
        if expects:
            said += f'<br><span class="dim">Expected: {text(expects)}</span>'
        rows.append([key(arm.label, arm.style), role, said, _seeds(list(arm.arm.runs))])
    return table(["arm", "role", "scenario", "seeds"], rows, "arms", "arms")


def _seeds(seeds: list[int]) -> str:
    """Seeds in short: 1-20, or 1, 3, 7."""
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}–{seeds[-1]} ({len(seeds)})"
    return ", ".join(map(str, seeds))


def _differences(material: Material) -> str:
    keys = differing_keys(material)
    if len(material.arms) == 1:
        return ""
    if not keys:
        return "<p>The scenarios have the same parameters.</p>"
    known, tables = meanings(), [flat(arm.parameters) for arm in material.arms]
    rows = []
    for name in keys:
        units, meaning = meaning_of(name, known)
        cells = [
            value(table[name]) if name in table else '<span class="dim">absent</span>'
            for table in tables
        ]
        rows.append([f"<code>{text(name)}</code>", *cells, unit(units), text(meaning)])
    head = ["parameter", *(key(a.label, a.style) for a in material.arms), "unit", "meaning"]
    return (
        f"<h3>What differs</h3><p>{counted(len(keys), 'parameter')} of "
        f"{len(flat(material.control.parameters))}; all others are the same in every arm.</p>"
        + table(head, rows, "differences", "parameters that differ")
    )


def _timeline(material: Material) -> str:
    days = float(material.control.parameters.get("run", {}).get("days", material.days))
    lanes = "".join(_lanes(arm, days) for arm in material.arms)
    lanes += "".join(_inoculum(material, days))
    ticks = "".join(
        f'<line class="axis" x1="{_percent(day, days)}" x2="{_percent(day, days)}" y1="0" y2="5"/>'
        f'<text class="tick {_anchor(day, days)}" x="{_percent(day, days)}" y="18">'
        f"{number(day)}</text>"
        for day in day_ticks(days)
    )
    axis = (
        '<div class="lane"><span class="unit">time (d)</span><svg width="100%" height="22" '
        'aria-hidden="true"><line class="axis" x1="0" x2="100%" y1="0.5" y2="0.5"/>'
        f"{ticks}</svg></div>"
    )
    return (
        "<h3>Drugs and doses</h3><p>A stroke is a dose; the area is the free drug in plasma, "
        f'its own highest value at the top.</p><div class="timeline">{lanes}{axis}</div>'
    )


def _lanes(arm: ArmShown, days: float) -> str:
    given = regimens(arm)
    if not given:
        return (
            f'<div class="lane"><span>{key(arm.label, arm.style)}</span>'
            '<span class="dim">no drug</span></div>'
        )
    return "".join(_lane(arm, regimen, days) for regimen in given)


def _lane(arm: ArmShown, regimen: Regimen, days: float) -> str:
    hours = regimen.dose_times_h()
    style = arm.style % STYLES
    strokes = "".join(
        f'<line class="dose arm{style}" x1="{_percent(h / 24.0, days)}" '
        f'x2="{_percent(h / 24.0, days)}" y1="34" y2="46"/>'
        for h in hours
    )
    curve = PlasmaCurve(regimen)
    grid = np.union1d(np.linspace(0.0, 24.0 * days, POINTS), hours[hours <= 24.0 * days])
    levels = curve.free_nM(grid)
    peak = float(levels.max())
    area = said = ""
    if peak > 0.0:
        points = "L".join(
            f"{h / 0.24 / days:.2f} {32.0 - 30.0 * level / peak:.2f}"
            for h, level in zip(grid, levels, strict=True)
        )
        area = (
            '<svg x="0" y="0" width="100%" height="34" viewBox="0 0 100 34" '
            f'preserveAspectRatio="none"><path class="plasma arm{style}" '
            f'd="M0 32L{points}L100 32Z"/></svg>'
        )
        said = f"; free in plasma up to {number(peak)} nM"
    label = DRUGS[regimen.drug_key].label
    return (
        f'<div class="lane"><span>{key(arm.label, arm.style)}<br>'
        f'<b>{text(label)}</b><br><span class="dim">{text(_words(regimen))}{text(said)}</span>'
        f'</span><svg width="100%" height="48" role="img" '
        f'aria-label="{text(f"{label}: {_words(regimen)}")}">{area}'
        f'<line class="grid" x1="0" x2="100%" y1="46.5" y2="46.5"/>{strokes}</svg></div>'
    )


def _words(regimen: Regimen) -> str:
    """One line: dose, route, interval, from when to when."""
    dose = (
        f"{regimen.dose_mg_per_kg:g} mg/kg" if regimen.dose_mg_per_kg is not None
        else f"{regimen.dose_mg:g} mg"
    )  # fmt: skip
    hours = regimen.dose_times_h()
    first, last, n = hours[0] / 24.0, hours[-1] / 24.0, len(hours)
    when = f"day {first:g}" if n == 1 else f"day {first:g} to {last:g} every {regimen.every_h:g} h"
    return f"{dose} {regimen.route}, {when} ({counted(n, 'dose')})"


def _inoculum(material: Material, days: float) -> list[str]:
    given: dict[str, Any] = material.control.parameters.get("inoculum", {})
    if not given.get("cells"):
        return []
    day = float(given.get("day", 0.0))
    x = _percent(day, days)
    return [
        f'<div class="lane"><span>all arms<br><span class="dim">{given["cells"]} tumour cells '
        f"in {counted(int(given.get('clusters', 1)), 'cluster')}, day {day:g}</span></span>"
        f'<svg width="100%" height="24" aria-hidden="true"><line class="grid" x1="0" x2="100%" '
        f'y1="20.5" y2="20.5"/><circle class="inoculum" cx="{x}" cy="14" r="5"/></svg></div>'
    ]


def _percent(day: float, days: float) -> str:
    return f"{100.0 * day / days:.3f}%"


def _anchor(day: float, days: float) -> str:
    share = day / days
    return "start" if share < 0.02 else "end" if share > 0.98 else "mid"
