"""Pathway state by cell type as a table, and the mTOR network drawn with its activity."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...store import snapshot_name
from ..study_data import readout as readouts
from .markup import key, number, text
from .material import ArmShown, Material
from .palette import CELL_TYPES

#: Activities that the time series holds for every cell type: prefix of the column -> label.
SERIES = {"s6k": "S6K", "p4ebp1": "4E-BP1-P", "akt_s473": "AKT S473"}
NODE_WIDTH, NODE_HEIGHT, BAR = 98.0, 38.0, 26.0
LONG_NAME = 13  # characters; more would touch the frame
MOST_DAYS = 8  # of snapshots that the network can show
OPEN_ROWS = 16  # about so many rows of the table stand open
#: Exposures may exceed 1; all other signals are activities in 0..1.
UNBOUNDED = ("rapalog", "kinase1")

Means = Mapping[str, Mapping[str, float]]  # cell type -> signal -> mean


@cache
def network() -> dict[str, Any]:
    """Nodes and edges as laid out in network.json."""
    path = Path(__file__).with_name("network.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def by_cell_type(material: Material) -> str:
    """A table: cell types by activities, one line an arm; means over time, then over runs."""
    bodies = []
    for name, label in CELL_TYPES.items():
        readouts = [f"{prefix}_{name}_mean" for prefix in SERIES]
        lines = []
        for arm in material.arms:
            means = [_mean_readout(arm, readout) for readout in readouts]
            if all(math.isnan(m) for m in means):
                continue
            cells = "".join(
                _shaded(mean, _ratio(material, arm, readout))
                for mean, readout in zip(means, readouts, strict=True)
            )
            lines.append(f'<th scope="row">{key(arm.label, arm.style)}</th>{cells}')
        if lines:
            head = f'<th scope="rowgroup" rowspan="{len(lines)}">{text(label)}</th>'
            rows = "".join(
                f"<tr>{head if i == 0 else ''}{line}</tr>" for i, line in enumerate(lines)
            )
            bodies.append(f"<tbody>{rows}</tbody>")
    if not bodies:
        return "<p>These runs have no activities by cell type.</p>"
    names = "".join(f'<th scope="col" class="num">{label}</th>' for label in SERIES.values())
    head = (
        '<table class="state"><thead><tr><th scope="col">cell type</th><th scope="col">arm</th>'
        f"{names}</tr></thead>"
    )
    shown = max(1, OPEN_ROWS // len(material.arms))
    more = ""
    if len(bodies) > shown:
        rest = f"{head}{''.join(bodies[shown:])}</table>"
        more = f"<details><summary>The other cell types</summary>{rest}</details>"
    words = (
        "<p>Activities lie between 0 and 1: the mean over the cells of a type and over time, then "
        "over the runs of an arm; darker is higher. The number after × is the effect against the "
        "control, as under Effects, where its interval stands among all readouts.</p>"
    )
    return (
        f'<div class="beside">{words}<div>{head}{"".join(bodies[:shown])}</table>{more}</div></div>'
    )


def _ratio(material: Material, arm: ArmShown, readout: str) -> str:
    """The effect as `compare` gives it, if it is a ratio."""
    if material.comparison is None:
        return ""
    for row in material.comparison.rows:
        if (row["treated"], row["readout"], row["effect"]) == (arm.label, readout, "ratio"):
            return f"×\u00a0{row['estimate']:.3g}"
    return ""


def _mean_readout(arm: ArmShown, readout: str) -> float:
    values = readouts(arm.runs, readout)
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _shaded(mean: float, ratio: str) -> str:
    if math.isnan(mean):
        return '<td class="num dim">–</td>'
    share = min(1.0, max(0.0, mean))
    said = f'<span class="ratio">{ratio}</span>' if ratio else ""
    return f'<td class="num level" style="--share:{share:.2f}">{number(mean)}{said}</td>'


def days_with_cells(material: Material) -> list[float]:
    """Days of which every run of every arm has a table of cells; of many, a few evenly spaced."""
    common = [set(run.days_of("cells")) for arm in material.arms for run in arm.runs]
    days = sorted(set.intersection(*common)) if common else []
    if len(days) <= MOST_DAYS:
        return days
    chosen = np.unique(np.linspace(0, len(days) - 1, MOST_DAYS).round().astype(int))
    return [days[i] for i in chosen]


def days_of_treatment(material: Material, days: Sequence[float]) -> list[float]:
    """Those of the days by which every treated arm has begun, no later than the last dose acts.

    Without drugs (arms that differ in their genes) all days after the first.
    """
    span = material.treatment_d
    if span is None:
        return [day for day in days if day > 0.0]
    begun = [day for day in days if material.begun_d < day <= span[1]]
    return begun or [day for day in days if span[0] < day <= span[1]]


def means_of(arm: ArmShown, day: float) -> dict[str, dict[str, float]]:
    """Mean of every signal over the cells of a type, then over the runs, at one day."""
    signals = [node["signal"] for node in network()["nodes"] if "signal" in node]
    per_run = []
    for run in arm.runs:
        cells = run.table(snapshot_name("cells", day))
        per_run.append(cells.groupby("cell_type")[signals].mean())
    return {
        name: {
            signal: float(np.mean([t.loc[name, signal] for t in per_run if name in t.index]))
            for signal in signals
        }
        for name in CELL_TYPES
        if any(name in t.index for t in per_run)
    }


def mean_over(days: Sequence[Means]) -> dict[str, dict[str, float]]:
    """Mean over days of which each has the means of a cell type; days without it are left out."""
    out: dict[str, dict[str, float]] = {}
    for name in CELL_TYPES:
        found = [of[name] for of in days if name in of]
        if found:
            out[name] = {s: float(np.mean([of[s] for of in found])) for s in found[0]}
    return out


def series_means(material: Material, arm: ArmShown) -> dict[str, dict[str, float]]:
    """What the time series alone says of the network: three activities, mean under treatment."""
    first, last = material.treatment_d or (0.0, material.days)
    chosen = (material.times_d > first) & (material.times_d <= last)
    out: dict[str, dict[str, float]] = {}
    for name in CELL_TYPES:
        for prefix in SERIES:
            values = material.series(arm, f"{prefix}_{name}")
            if values is not None and np.isfinite(values[:, chosen]).any():
                out.setdefault(name, {})[prefix] = float(np.nanmean(values[:, chosen]))
    return out


def _times(
    material: Material,
) -> tuple[list[tuple[str, str]], dict[str, Sequence[Means]]]:
    """What can be chosen as time, (value, words), and for each arm the means at each of them."""
    days = days_with_cells(material)
    if not days:
        span = "the time under treatment" if material.treatment_d else "all times"
        words = f"mean over {span}, from the time series, which holds three activities"
        return [("mean", words)], {a.label: [series_means(material, a)] for a in material.arms}
    by_day: dict[str, list[Means]] = {
        arm.label: [means_of(arm, day) for day in days] for arm in material.arms
    }
    times = [(f"{day:g}", f"day {number(day)}") for day in days]
    treated = days_of_treatment(material, days)
    if not treated:
        return times[::-1], {label: of[::-1] for label, of in by_day.items()}
    under = "under treatment" if material.treatment_d else "after the start"
    told = ", ".join(number(day) for day in treated)
    first = ("mean", f"mean {under} (day{'s' * (len(treated) > 1)} {told})")
    chosen = [i for i, day in enumerate(days) if day in treated]
    return [first, *times], {
        label: [mean_over([of[i] for i in chosen]), *of] for label, of in by_day.items()
    }


def drawn(material: Material) -> tuple[str, dict[str, Any]]:
    """The network under two arms, and the means of every cell type, time and arm for the script."""
    times, means = _times(material)
    types = [name for name in CELL_TYPES if any(name in of[0] for of in means.values())]
    if not types:
        return "<p>These runs have no activities of the network.</p>", {}
    first = material.control
    second = next(iter(material.treated), first)
    shown = [first] if len(material.arms) == 1 else [first, second]
    control = {arm.label: material.control_of(arm).label for arm in material.arms}
    figures = "".join(
        f'<figure tabindex="0"><figcaption>{arm_select(material, f"network-{side}", arm)}'
        f"</figcaption>"
        + _drawing(arm, means[arm.label][0].get(types[0], {}),
                   means[control[arm.label]][0].get(types[0], {}))
        + "</figure>"
        for side, arm in zip(("left", "right"), shown, strict=False)
    )  # fmt: skip
    body = (
        "<p>The mean over the cells of a type, then over the runs, at the time that is chosen. "
        "The bar in a node is its activity (0 to 1) with the number beside it; "
        "▲ and ▼ give the change against the control of the arm. Arrows activate, bars inhibit; an "
        "edge is as strong as the node it comes from. Nodes without a bar are not stored. Drugs "
        "are in free concentration over half effect. Left out: REDD1 on autophagy, FOXO on VEGF "
        "(switch V2), and the slow capture of mTORC2 by a rapalog in susceptible cells (switch "
        "V6).</p>"
        f'<p class="controls">{_select("network-type", "Cell type", _named(types))}'
        f"{_select('network-time', 'Time', times)}</p>"
        f'<div class="grid networks">{figures}</div>'
    )
    if material.is_many:
        body = f"<details><summary>The network of any two arms</summary>{body}</details>"
    rounded = {
        label: [
            {t: {s: _rounded(v) for s, v in of.items()} for t, of in at.items()} for at in of_arm
        ]
        for label, of_arm in means.items()
    }
    return body, {"means": rounded, "control": control, "unbounded": UNBOUNDED}


def _named(types: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, CELL_TYPES[name]) for name in types]


def _select(name: str, label: str, options: Sequence[tuple[str, str]]) -> str:
    inner = "".join(f'<option value="{text(v)}">{text(words)}</option>' for v, words in options)
    return f'<label>{label} <select id="{name}">{inner}</select></label>'


def arm_select(material: Material, name: str, chosen: ArmShown) -> str:
    """A choice among all arms, by their titles."""
    inner = "".join(
        f'<option value="{text(arm.label)}"{" selected" if arm is chosen else ""}>'
        f"{text(arm.title)}</option>"
        for arm in material.arms
    )
    return f'<select id="{name}" aria-label="arm">{inner}</select>'


def _rounded(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def _drawing(arm: ArmShown, means: Mapping[str, float], control: Mapping[str, float]) -> str:
    """One network; page.js fills it in again when another cell type is chosen."""
    plan = network()
    nodes = {node["id"]: node for node in plan["nodes"]}
    width, height = plan["size"]
    edges = "".join(_edge(edge, nodes, means) for edge in plan["edges"])
    boxes = "".join(_node(node, means, control) for node in plan["nodes"])
    return (
        f'<svg class="network" viewBox="0 0 {width} {height}" role="img" '
        f'data-arm="{text(arm.label)}" aria-label="{text(f"mTOR network, {arm.label}")}">'
        f"{edges}{boxes}</svg>"
    )


def _node(node: Mapping[str, Any], means: Mapping[str, float], control: Mapping[str, float]) -> str:
    x, y = node["x"] - NODE_WIDTH / 2, node["y"] - NODE_HEIGHT / 2
    signal = node.get("signal")
    kind = f"node {node.get('kind', '')} {'' if signal else 'silent'}"
    name = "name long" if len(node["label"]) > LONG_NAME else "name"
    parts = [
        f'<g class="{kind.strip()}" data-signal="{signal or ""}" '
        f'transform="translate({x:g} {y:g})">'
        f'<rect class="box" width="{NODE_WIDTH:g}" height="{NODE_HEIGHT:g}" rx="6"/>'
        f'<text class="{name}" x="{NODE_WIDTH / 2:g}" y="{15 if signal else 23}">'
        f"{text(node['label'])}</text>"
    ]
    if signal:
        value = means.get(signal, math.nan)
        bar, said = node_texts(signal, value, control.get(signal, math.nan))
        parts.append(
            f'<rect class="trough" x="7" y="22" width="{BAR:g}" height="9" rx="2"/>'
            f'<rect class="fill" x="7" y="22" width="{bar:.1f}" height="9" rx="2"/>'
            f'<text class="activity" x="38" y="30.5">{said}</text>'
        )
    return "".join(parts) + "</g>"


def node_texts(signal: str, value: float, control: float) -> tuple[float, str]:
    """Length of a node's bar (0 to BAR) and its text: the value, and the change if it shows."""
    if math.isnan(value):
        return 0.0, "–"
    share = value / (1.0 + value) if signal in UNBOUNDED else value
    said = f"{value:.3g}" if signal in UNBOUNDED else f"{value:.2f}"
    change = value - control
    if math.isfinite(change) and abs(change) >= 0.005 and signal not in UNBOUNDED:
        said += f" {'▲' if change > 0 else '▼'}{abs(change):.2f}".replace("0.", ".")
    return BAR * min(1.0, max(0.0, share)), said


def _edge(edge: Mapping[str, Any], nodes: Mapping[str, Any], means: Mapping[str, float]) -> str:
    start, end = nodes[edge["from"]], nodes[edge["to"]]
    points = [(start["x"], start["y"]), *map(tuple, edge.get("via", [])), (end["x"], end["y"])]
    points[0] = _border(points[0], points[1], 0.0)
    points[-1] = _border(points[-1], points[-2], 5.0)
    path = _rounded_path(points)
    (ax, ay), (bx, by) = points[-2], points[-1]
    angle = math.degrees(math.atan2(by - ay, bx - ax))
    tip = "M0 0L-8 -4L-8 4Z" if edge["sign"] > 0 else "M0 -6L0 6L-2.5 6L-2.5 -6Z"
    strength = edge_strength(start.get("signal"), means)
    return (
        f'<g class="edge {"on" if edge["sign"] > 0 else "off"}" data-from="'
        f'{start.get("signal") or ""}" style="--strength:{strength:.2f}"><path d="{path}"/>'
        f'<path class="tip" d="{tip}" transform="translate({bx:.1f} {by:.1f}) '
        f'rotate({angle:.1f})"/></g>'
    )


def edge_strength(signal: str | None, means: Mapping[str, float]) -> float:
    """How strongly an edge is drawn, 0..1; in between where the node is not stored."""
    value = means.get(signal or "", math.nan)
    if math.isnan(value):
        return 0.45
    return min(1.0, value / (1.0 + value) if signal in UNBOUNDED else value)


def _border(
    centre: tuple[float, float], towards: tuple[float, float], gap: float
) -> tuple[float, float]:
    """Where the line from a node's centre leaves its box, `gap` further out."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    reach = max(abs(dx) / (NODE_WIDTH / 2), abs(dy) / (NODE_HEIGHT / 2), 1e-9)
    share = 1.0 / reach + gap / max(math.hypot(dx, dy), 1e-9)
    return centre[0] + dx * share, centre[1] + dy * share


def _rounded_path(points: Sequence[tuple[float, float]], radius: float = 14.0) -> str:
    """A line through the points, its corners rounded."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near, far = (_towards(corner, other, radius) for other in (before, after))
        parts.append(
            f"L{near[0]:.1f} {near[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} "
            f"{far[0]:.1f} {far[1]:.1f}"
        )
    return "".join(parts) + f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"


def _towards(
    a: tuple[float, float], b: tuple[float, float], distance: float
) -> tuple[float, float]:
    length = math.hypot(b[0] - a[0], b[1] - a[1])
    share = min(0.5, distance / length) if length else 0.0
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
