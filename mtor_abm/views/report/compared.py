"""What was compared: scenario differences as a table, drugs and doses as a timeline."""

import numpy as np

from ...analysis.arms import flat
from ...analysis.doses import drug_name, schedule_words
from ...catalogue import listing
from ...dosing import PlasmaCurve
from ...drugs import DRUGS
from ...scenario import TEXTS
from ...study_text import counted
from ...switches import SWITCHES
from ..doses import Doses
from .charts import day_ticks
from .markup import STYLES, key, number, table, text, unit, value
from .material import ArmShown, Material

#: Points of a curve of drug in plasma, besides one at each dose.
POINTS = 500
#: Tables of a scenario that say when it is run and written, not what happens in it.
_ABOUT_THE_RUN = ("run.seeds", "output.")
#: So many parameters that differ stand open.
MOST_OPEN = 6


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


def _arms(material: Material) -> str:
    rows = []
    for arm in material.arms:
        about = arm.parameters
        role = "treated" if arm.control else "control"
        if len(material.controls) > 1 and arm.control:
            role = f"against {text(arm.control)}"
        said = text(about.get("description") or "")
        expects = str(about.get("expects") or "")
        if expects:
            said += f' <span class="dim">Expected: {text(expects)}</span>'
        name = key(arm.title, arm.style)
        if arm.label != arm.title:
            name += f' <span class="dim"><code>{text(arm.label)}</code></span>'
        rows.append([name, role, said, _seeds(list(arm.arm.runs))])
    said = table(["arm", "role", "about", "seeds"], rows, "arms", "arms")
    return _folded(f"All {len(rows)} arms", said) if material.is_many else said


def _folded(summary: str, body: str) -> str:
    return f"<details><summary>{text(summary)}</summary>{body}</details>"


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
    names = (text(a.label) if material.is_many else key(a.label, a.style) for a in material.arms)
    body = table(
        ["parameter", *names, "unit", "meaning"], rows, "differences", "parameters that differ"
    )
    n, of = counted(len(keys), "parameter"), len(flat(material.control.parameters))
    if len(keys) > MOST_OPEN or material.is_many:
        return _folded(f"What differs: {n} of {of}", body)
    return f"<h3>What differs</h3><p>{n} of {of}; all others are the same in every arm.</p>{body}"


def _timeline(material: Material) -> str:
    """Lanes of doses: those of one drug together, on one scale, above an axis of days."""
    days = float(material.days)
    by_drug: dict[str, list[tuple[ArmShown, Doses]]] = {}
    for arm in material.arms:
        for given in arm.doses:
            by_drug.setdefault(given.drug, []).append((arm, given))
    parts = []
    for drug, lanes in by_drug.items():
        curves = [_plasma(drug, given, days) for _, given in lanes]
        top = max((float(c[1].max()) for c in curves if c is not None), default=0.0)
        parts.append(f'<p class="drug"><b>{text(drug_name(drug))}</b>{_scale_words(top)}</p>')
        parts += [
            _lane(material, arm, given, curve, top, days)
            for (arm, given), curve in zip(lanes, curves, strict=True)
        ]
        parts.append(_axis(days))
    none = [arm.title for arm in material.arms if not arm.doses]
    if none and by_drug:
        parts.append(f'<p class="dim">No drug: {text(", ".join(none))}.</p>')
    parts += _inoculum(material, days)
    if not parts:
        return ""
    body = (
        "<p>Vertical marks are doses; the area is the free drug in plasma, on one scale for all "
        f'arms of a drug.</p><div class="timeline">{"".join(parts)}</div>'
    )
    if material.is_many:
        return _folded("Drugs and doses", body)
    return f"<h3>Drugs and doses</h3>{body}"


def _scale_words(top: float) -> str:
    if top <= 0.0:
        return ' <span class="dim">concentrations are not known here</span>'
    return f' <span class="dim">top of the scale: {number(top)} nM free in plasma</span>'


def _axis(days: float) -> str:
    ticks = "".join(
        f'<line class="axis" x1="{_percent(day, days)}" x2="{_percent(day, days)}" y1="0" y2="5"/>'
        f'<text class="tick {_anchor(day, days)}" x="{_percent(day, days)}" y="18">'
        f"{number(day)}</text>"
        for day in day_ticks(days)
    )
    return (
        '<div class="lane"><span class="unit">time (d)</span><svg width="100%" height="22" '
        'aria-hidden="true"><line class="axis" x1="0" x2="100%" y1="0.5" y2="0.5"/>'
        f"{ticks}</svg></div>"
    )


def _plasma(drug: str, given: Doses, days: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Hours and free concentrations, nM; None of a drug that is not known here."""
    if drug not in DRUGS:
        return None
    try:
        regimen = given.schedule.regimen(drug, days)
        hours = regimen.dose_times_h()
        grid = np.union1d(np.linspace(0.0, 24.0 * days, POINTS), hours[hours <= 24.0 * days])
        return grid, np.asarray(PlasmaCurve(regimen).free_nM(grid), dtype=float)
    except ValueError:  # the drug of that name here has no such route or species
        return None


def _lane(
    material: Material, arm: ArmShown, given: Doses,
    curve: tuple[np.ndarray, np.ndarray] | None, top: float, days: float,
) -> str:  # fmt: skip
    style = arm.style % STYLES
    strokes = "".join(
        f'<line class="dose arm{style}" x1="{_percent(day, days)}" '
        f'x2="{_percent(day, days)}" y1="34" y2="46"/>'
        for day in given.days
    )
    area = ""
    if curve is not None and top > 0.0:
        points = "L".join(
            f"{h / 0.24 / days:.2f} {32.0 - 30.0 * level / top:.2f}"
            for h, level in zip(*curve, strict=True)
        )
        area = (
            '<svg x="0" y="0" width="100%" height="34" viewBox="0 0 100 34" '
            f'preserveAspectRatio="none"><path class="plasma arm{style}" '
            f'd="M0 32L{points}L100 32Z"/></svg>'
        )
    words = schedule_words(given.schedule.model_dump(), days)
    words += f" ({counted(len(given.days), 'dose')})"
    name = key(arm.label, arm.style)
    return (
        f'<div class="lane"><span>{name}<br><span class="dim">{text(words)}</span></span>'
        f'<svg width="100%" height="48" role="img" aria-label="{text(f"{arm.title}: {words}")}">'
        f'{area}<line class="grid" x1="0" x2="100%" y1="46.5" y2="46.5"/>{strokes}</svg></div>'
    )


def _inoculum(material: Material, days: float) -> list[str]:
    given = material.control.table("inoculum")
    day, clusters = given.get("day", 0.0), given.get("clusters", 1)
    if not given.get("cells") or not isinstance(day, int | float):
        return []
    x = _percent(day, days)
    return [
        f'<div class="lane"><span>all arms<br><span class="dim">{text(given["cells"])} tumour '
        f"cells in {text(clusters)} cluster{'s' * (clusters != 1)}, day {day:g}</span></span>"
        f'<svg width="100%" height="24" aria-hidden="true"><line class="grid" x1="0" x2="100%" '
        f'y1="20.5" y2="20.5"/><circle class="inoculum" cx="{x}" cy="14" r="5"/></svg></div>'
    ]


def _percent(day: float, days: float) -> str:
    return f"{100.0 * day / days:.3f}%"


def _anchor(day: float, days: float) -> str:
    share = day / days
    return "start" if share < 0.02 else "end" if share > 0.98 else "mid"
