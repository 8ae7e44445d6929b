"""The page of the live view: Mesa's SolaraViz with a marrow, four curves and the doses.

Solara loads this module for each person who opens the page; `live.serve` starts it.
"""

import base64
import io
import json
import os
from typing import Any

import numpy as np
import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter
from PIL import Image

from ..analysis.doses import RHYTHMS, drug_words
from ..drugs import DRUGS
from ..palette import CYCLING
from ..scenario_files import load
from .axes import ends_of
from .histology import legend_pairs, scale_bar_um
from .live_model import SERIES, LiveMarrow, Treatment, snapshot_of, treatment_of
from .painting import paint

ASKED = "MTOR_ABM_VIEW"  # variable that says what to show
PIXELS_PER_SITE = 3
LOWEST_TOP_DOSE = 10.0  # mg/kg; the slider goes to four times the scenario's dose, at least to this
LARGEST_SEED_ON_SLIDER = 100
PAUSE_MS = 40  # between frames; with less, a slow browser falls behind and answers no key
INK, LINE = "#222222", CYCLING[1]


@solara.component
def Page() -> None:  # noqa: N802 - Solara looks for this name
    """All that a person sees."""
    asked = json.loads(os.environ.get(ASKED, '{"scenario": "vehicle"}'))
    scenario = solara.use_memo(
        lambda: load(asked["scenario"], asked.get("changes", ())), dependencies=[]
    )
    treatment = solara.use_memo(lambda: treatment_of(scenario), dependencies=[])
    seed = int(asked.get("seed", 1))
    model = solara.use_memo(lambda: LiveMarrow(scenario, treatment, seed), dependencies=[])
    solara.Style(_CSS)
    SolaraViz(
        model,
        components=[_marrow, _doses, _curves],
        play_interval=PAUSE_MS,
        model_params={
            "marrow": scenario,
            "treatment": treatment,
            "seed": {
                "type": "SliderInt", "label": "seed (from the next reset on)", "value": seed,
                "min": 1, "max": max(LARGEST_SEED_ON_SLIDER, seed), "step": 1,
            },
        },
        name=f"mtor_abm: {scenario.name}",
    )  # fmt: skip


def _marrow(model: LiveMarrow) -> Any:
    """The picture, its legend and its scale bar."""
    snapshot = snapshot_of(model)
    picture, colours = paint(snapshot, PIXELS_PER_SITE)
    width_um = picture.shape[1] / PIXELS_PER_SITE * snapshot.dx_um
    bar_um = scale_bar_um(width_um)
    source = data_url(picture, colours)
    said = f"day {model.day:.2f} of {model.settings.run.days:g}: {snapshot.measures()}"
    return solara.HTML(
        tag="div",
        classes=["marrow"],
        unsafe_innerHTML=f'<div id="now" data-step="{model.n_steps_done}">{said}</div>'
        f'<div class="view"><img id="marrow" alt="marrow, {said}" src="{source}">'
        f'<div class="bar" style="width:{100 * bar_um / width_um:.2f}%">{bar_um:g} µm</div></div>'
        f'<div class="key">{_KEY}</div>',
    )


def _doses(model: LiveMarrow) -> Any:
    """Sliders that act at once."""
    return Doses(model.treatment, model)


@solara.component
def Doses(treatment: Treatment, model: LiveMarrow) -> None:  # noqa: N802
    """Dose and first day of the drug; a change holds from this hour on."""
    update_counter.get()
    shown, show = solara.use_state((treatment.dose_mg_per_kg, treatment.start_day))
    highest = solara.use_memo(
        lambda: max(LOWEST_TOP_DOSE, 4.0 * treatment.dose_mg_per_kg), dependencies=[]
    )

    def change(dose: float, start_day: float) -> None:
        treatment.dose_mg_per_kg, treatment.start_day = float(dose), float(start_day)
        model.treat()
        show((treatment.dose_mg_per_kg, treatment.start_day))

    def change_interval(words: str) -> None:
        treatment.every_h = intervals_with(treatment.every_h or 24.0)[words]
        change(treatment.dose_mg_per_kg, treatment.start_day)

    last_day = round(model.settings.run.days)
    given = model.settings.drugs[treatment.drug]
    schedule = {
        "dose_mg_per_kg": shown[0], "route": given.route, "start_day": shown[1],
        "every_h": treatment.every_h,
    }  # fmt: skip
    words = drug_words(treatment.drug, schedule, model.settings.run.days)
    with solara.Card(
        words[0].upper() + words[1:], "A change holds from now on.", classes=["doses"]
    ):
        solara.SliderFloat(
            f"dose: {shown[0]:.1f} mg/kg", value=shown[0], min=0.0, max=highest, step=0.1,
            on_value=lambda dose: change(dose, treatment.start_day),
        )  # fmt: skip
        solara.SliderInt(
            f"first day: {shown[1]:g}", value=round(shown[1]), min=0, max=last_day,
            on_value=lambda day: change(treatment.dose_mg_per_kg, day),
        )  # fmt: skip
        if treatment.every_h is not None:
            intervals = intervals_with(treatment.every_h)
            now = next(words for words, hours in intervals.items() if hours == treatment.every_h)
            solara.Select("given", list(intervals), value=now, on_value=change_interval)


def intervals_with(every_h: float) -> dict[str, float]:
    """Times between doses that are on offer, in words, the present one among them; h."""
    words = {6.0: "four times a day", 24.0: "once a day"} | RHYTHMS
    words.setdefault(every_h, f"every {every_h:g} h")
    return {words[hours]: hours for hours in sorted(words)}


def _curves(model: LiveMarrow) -> Any:
    """What has been so far."""
    so_far = model.datacollector.model_vars
    label = DRUGS[model.treatment.drug].label
    charts = [
        chart(
            f"{label}, {title}" if name == "plasma_nM" else title, unit, axis,
            so_far["day"], so_far[name], model.settings.run.days,
        )
        for name, (title, unit, axis) in SERIES.items()
    ]  # fmt: skip
    return solara.HTML(tag="div", classes=["curves"], unsafe_innerHTML="".join(charts))


def chart(
    title: str, unit: str, axis: str, days: list[float], values: list[float], end: float
) -> str:
    """A curve with its axes, as SVG.

    Args:
        title, unit: what it shows, with the last value. axis: what stands along its y axis.
        days, values: as many of each. end: last day of the axis.
    """
    known = np.isfinite(values)
    x, y = np.asarray(days, dtype=float)[known], np.asarray(values, dtype=float)[known]
    bottom, top = ends_of(float(y.min()), float(y.max())) if y.size else (0.0, 1.0)
    if top <= bottom:
        bottom, top = 0.0, 1.0
    left, right, low, high = 58.0, 292.0, 96.0, 22.0

    def up(value: float) -> float:
        return low - (low - high) * (value - bottom) / (top - bottom)

    points = " ".join(
        f"{left + (right - left) * a / end:.1f},{up(b):.1f}" for a, b in zip(x, y, strict=True)
    )
    ticks = "".join(
        f'<path d="M{left - 3} {up(at):.1f}h3" class="axis"/>'
        f'<text x="{left - 5}" y="{up(at) + 3:.1f}" class="end">{at:.3g}</text>'
        for at in (bottom, 0.5 * (bottom + top), top)
    )
    now = f"{y[-1]:.3g}" if y.size else "-"
    return (
        f'<svg viewBox="0 0 300 122" role="img" aria-label="{title}: {now} {unit}">'
        f'<text x="4" y="12">{title}{f" ({unit})" if unit else ""}: {now}</text>'
        f'<text class="mid" transform="translate(10 {(low + high) / 2}) rotate(-90)">{axis}</text>'
        f'<path d="M{left} {high}V{low}H{right}" class="axis"/>{ticks}'
        f'<text x="{left}" y="{low + 12}">0</text>'
        f'<text x="{(left + right) / 2}" y="{low + 22}" class="mid">time (d)</text>'
        f'<text x="{right}" y="{low + 12}" class="end">{end:g}</text>'
        f'<polyline points="{points}"/></svg>'
    )


def data_url(picture: np.ndarray, colours: np.ndarray) -> str:
    """A picture in numbers of colours, row 0 below, as the text that a browser shows."""
    image = Image.fromarray(picture[::-1])
    image.putpalette(colours.tobytes())
    content = io.BytesIO()
    image.save(content, format="png", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


_KEY = "".join(
    f'<span><i style="background:{colour}"></i>{label}</span>' for label, colour in legend_pairs()
)
_CSS = f"""
.v-tabs {{ display: none; }}
.vue-grid-layout {{ display: grid; grid-template-columns: 11fr 10fr; gap: 12px;
                    grid-template-rows: auto 1fr; height: auto !important; }}
.vue-grid-item {{ position: static !important; transform: none !important; width: auto !important;
                  height: auto !important; }}
.vue-grid-item:first-child {{ grid-row: 1 / 3; }}
.vue-resizable-handle {{ display: none; }}
@media (max-width: 900px) {{ .vue-grid-layout {{ display: block; }} }}
/* Mesa's words for its sliders, in their order; threads are not for this model. */
.v-navigation-drawer .v-input--checkbox {{ display: none; }}
.v-navigation-drawer .v-input__slider:has(~ .v-input--checkbox) label {{ font-size: 0; }}
.v-navigation-drawer .v-input__slider:has(~ .v-input--checkbox) label::after {{ font-size: 14px; }}
.v-navigation-drawer .v-input__slider:has(+ .v-input__slider) label::after {{
  content: "pause between pictures (ms)"; }}
.v-navigation-drawer .v-input__slider:has(+ .v-input--checkbox) label::after {{
  content: "steps between pictures"; }}
.marrow, .curves {{ color: {INK}; background: white; padding: 8px; }}
.marrow .view {{ max-width: 760px; }}
.marrow img {{ width: 100%; box-sizing: border-box; display: block; border: 1px solid #888; }}
.marrow .bar {{ border-top: 4px solid {INK}; text-align: center; margin: 6px 0; }}
.marrow .key span {{ display: inline-block; margin-right: 12px; font-size: 13px; }}
.marrow .key i {{ display: inline-block; width: 12px; height: 12px; margin-right: 4px;
                  border: 1px solid #777; }}
#now {{ font-size: 16px; margin-bottom: 4px; }}
.curves svg {{ width: 100%; max-width: 340px; display: block; }}
.curves text {{ font: 10px sans-serif; fill: {INK}; }}
.curves .end {{ text-anchor: end; }}
.curves .mid {{ text-anchor: middle; font-size: 9px; }}
.curves .axis {{ fill: none; stroke: #888; }}
.curves polyline {{ fill: none; stroke: {LINE}; stroke-width: 1.5; }}
"""
