"""The marrow of one seed under each arm, day by day, packed for page.js.

A frame is one arm, seed and day. Its three blobs are base64 of zlib:

    ground  one byte a site, row 0 at y = 0: bit 0 bone, 1 cavity, 2-3 vessel (0 none, 1 stable,
            2 sprout, 3 tip), 4 perfused
    cells   columns one after the other, n cells each: x, y (site, 2 bytes: low, high), layer,
            sites covered, age (2 bytes: low, high; h), then one byte for each signal (0..255 is
            0..1)
    fields  one plane of bytes a field: 0..254 is its range from low to high, 255 lies above; each
            byte is the difference to its left neighbour, which packs better
"""

import base64
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from ...drugs import DRUGS
from ...fields import FIELDS
from ...store import Run, snapshot_name
from ...study_text import counted
from .markup import number, text
from .material import ArmShown, Material
from .palette import EDGED, GROUND, LAYERS, SCALE, SIGNALS
from .pathway import arm_select

#: Bytes of base64 that the maps of a page may take; more seeds are added while they fit.
MAP_BYTES = 8_000_000
MOST_SEEDS = 3
#: Share of sites below the upper end of a field's scale: sources are far above all else.
TOP = 0.995
ABOVE = 255
NOT_MAPPED = ("x_um", "y_um", "bone", "cavity", "vessel", "perfused")
_LAYER_OF = {(t, s): i for i, (_, t, states, _, _) in enumerate(LAYERS) for s in states}


@dataclass
class Frame:
    """One marrow at one day; `ground` and `fields` are None where no fields were written."""

    cells: np.ndarray
    n_cells: int
    in_blood: int
    ground: np.ndarray | None = None
    fields: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Packed:
    """Maps as page.js takes them.

    Attributes:
        about: days, seeds, arms, layers, fields with their ranges, palette.
        blobs: name of a blob -> base64.
        notes: what was left out, one sentence each.
    """

    about: dict[str, Any]
    blobs: dict[str, str]
    notes: list[str]

    @property
    def n_bytes(self) -> int:
        """Bytes of all blobs."""
        return sum(map(len, self.blobs.values()))


def packed(material: Material, most_bytes: int = MAP_BYTES) -> Packed | None:
    """Maps of as many seeds as fit, at least one; None if no seed has cells in all arms.

    Where one seed alone does not fit, every second day is left out until it does.
    """
    seeds = [seed for seed in material.seeds if _days_of(material, seed)]
    if not seeds or not all(_is_number(n) for n in _size(material)):
        return None
    days = _days_of(material, seeds[0])
    notes: list[str] = []
    read = _reader(material)
    out = _pack_seeds(material, read, seeds[:1], days)
    n_all = len(days)
    while out.n_bytes > most_bytes and len(days) > 2:
        days = sorted({days[0], *days[::2], days[-1]}) if len(days) > 3 else [days[0], days[-1]]
        out = _pack_seeds(material, read, seeds[:1], days)
    if len(days) < n_all:
        notes.append(f"{len(days)} of the {n_all} days that were written are shown.")
    others = [s for s in seeds[1:] if set(days) <= set(_days_of(material, s))]
    room = int(most_bytes // max(out.n_bytes, 1))
    shown = [seeds[0], *others[: min(room, MOST_SEEDS) - 1]]
    if len(shown) > 1:
        out = _pack_seeds(material, read, shown, days)
    if len(shown) < len(material.seeds):
        notes.append(f"{counted(len(shown), 'seed')} of {len(material.seeds)} shown.")
    out.notes = notes
    return out


def section(material: Material, maps: Packed | None) -> str:
    """The controls and canvases; page.js fills them."""
    if maps is None:
        return (
            "<p>These runs have no snapshots, so there is no map. Run the study with "
            "<code>-S output.cells_at_days=[0,7,14]</code> and "
            "<code>-S output.fields_at_days=[0,7,14]</code> (days of your choice) to see it."
            "</p>"
        )
    about = maps.about
    seeds = "".join(f'<option value="{s}">{s}</option>' for s in about["seeds"])
    fields = "".join(
        f'<option value="f{i}">{text(f["label"])} ({text(f["unit"])})</option>'
        for i, f in enumerate(about["fields"])
    )
    signals = "".join(
        f'<option value="s{i}">{text(s)}</option>' for i, s in enumerate(about["signals"])
    )
    boxes = "".join(
        f'<label><input type="checkbox" data-layer="{i}"{" checked" if layer["shown"] else ""}>'
        f'<i class="swatch{" round" if layer["big"] else ""}" '
        f'style="background:{layer["colour"]}"></i>{text(layer["label"])}</label>'
        for i, layer in enumerate(about["layers"])
    )
    ground = "".join(
        f'<span><i class="swatch" style="background:{colour}"></i>{text(name)}</span>'
        for name, colour in GROUND.items()
    )
    shown = [material.control, *material.treated, *material.arms[1:]][: min(2, len(about["arms"]))]
    panels = "".join(
        f'<figure class="panel"><figcaption>{_arm_choice(material, side, arm)}'
        f'<span class="told dim"></span></figcaption>'
        f'<canvas data-panel="{i}" tabindex="0" role="img" aria-label="marrow map; arrow keys '
        f'move the cross" aria-describedby="map-readout-{i}"></canvas>'
        f'<div class="site" id="map-readout-{i}" data-panel="{i}"></div></figure>'
        for i, (side, arm) in enumerate(zip(("left", "right"), shown, strict=False))
    )
    if len(shown) > 1:
        panels += _DIFFERENCE
    last = len(about["days"]) - 1
    seed_choice = f'<label>Seed <select id="map-seed">{seeds}</select></label>'
    field_group = f'<optgroup label="Field under the cells">{fields}</optgroup>' if fields else ""
    notes = " ".join(text(note) for note in maps.notes)
    return (
        "<p>Marrows of one seed are the same at day 0 but for what differs between the scenarios. "
        "Point at a site (or tap it, or move the cross with the arrow keys) to see what is there "
        f"in both. {notes}</p>"
        f'<p class="controls">{seed_choice}<label>Colour <select id="map-colour">'
        '<option value="">cell types</option>'
        f'{field_group}<optgroup label="Activity in the cells">{signals}</optgroup>'
        '</select></label><span id="map-scale" hidden></span></p>'
        '<div class="slider"><button type="button" id="map-play" aria-label="play">▶</button>'
        f'<input type="range" id="map-day" min="0" max="{last}" value="{last}" step="1" '
        'aria-label="day"><output id="map-day-shown" for="map-day">'
        f"day {number(about['days'][-1])}</output></div>"
        f'<fieldset class="layers"><legend>Cells</legend>{boxes}</fieldset>'
        f'<p class="ground"><b>Ground</b>{ground}</p>'
        f'<div class="panels">{panels}</div>'
        '<noscript><p class="warning">The map needs JavaScript.</p></noscript>'
    )


_DIFFERENCE = (
    '<figure class="panel apart"><figcaption><b>Difference</b><span class="dim">right minus left'
    '</span></figcaption><canvas class="difference" role="img" aria-label="difference of the two '
    'maps"></canvas><p class="scale" id="difference-scale"></p><p class="told dim"></p></figure>'
)


def _arm_choice(material: Material, side: str, chosen: ArmShown) -> str:
    """Any arm may stand on either side."""
    if len(material.arms) == 1:
        return f"<b>{text(chosen.title)}</b>"
    return arm_select(material, f"map-{side}", chosen)


def read_frame(run: Run, day: float, nx: int, ny: int, dx_um: float) -> Frame:
    """Cells and, if they were written, fields of one day."""
    cells = run.table(snapshot_name("cells", day))
    columns, n, in_blood = cell_columns(cells, dx_um)
    frame = Frame(columns, n, in_blood)
    name = snapshot_name("fields", day)
    if name in run.manifest["files"]:
        sites = run.table(name)
        x, y = (
            np.floor(sites[axis].to_numpy() / dx_um).astype(np.int64) for axis in ("x_um", "y_um")
        )
        place = y * nx + x
        frame.ground = np.zeros(nx * ny, dtype=np.uint8)
        for layer, shift in (("bone", 0), ("cavity", 1), ("vessel", 2), ("perfused", 4)):
            frame.ground[place] |= sites[layer].to_numpy(np.uint8) << shift
        for key in sites.columns:
            if key not in NOT_MAPPED:
                frame.fields[key] = np.zeros(nx * ny, dtype=np.float32)
                frame.fields[key][place] = sites[key].to_numpy(np.float32)
    return frame


def cell_columns(cells: Any, dx_um: float) -> tuple[np.ndarray, int, int]:
    """Cells on the map as bytes (see the head of this file), their number, and those in blood."""
    layer = np.array(
        [_LAYER_OF.get(pair, -1) for pair in zip(cells["cell_type"], cells["state"], strict=True)],
        dtype=np.int64,
    )
    away = cells["x_um"].isna().to_numpy()
    kept = np.flatnonzero((layer >= 0) & ~away)
    x, y = (
        np.floor(cells[axis].to_numpy()[kept] / dx_um).astype(np.int64) for axis in ("x_um", "y_um")
    )
    order = np.lexsort((x, y, layer[kept]))
    kept, x, y = kept[order], x[order], y[order]
    age = np.clip(cells["age_h"].to_numpy()[kept], 0, 65535).astype(np.int64)
    covered = np.clip(cells["n_sites"].to_numpy()[kept], 0, 255)
    parts = [x & 255, x >> 8, y & 255, y >> 8, layer[kept], covered, age & 255, age >> 8]
    for signal in SIGNALS:
        parts.append(np.rint(255.0 * np.clip(cells[signal].to_numpy()[kept], 0.0, 1.0)))
    columns = np.concatenate([np.asarray(part).astype(np.uint8) for part in parts])
    return columns, len(kept), int(away.sum())


def quantised(values: np.ndarray, low: float, high: float, nx: int) -> np.ndarray:
    """A field as bytes, each the difference to its left neighbour; shape as given, (ny * nx,)."""
    span = high - low
    share = (values - low) / span if span > 0.0 else np.zeros_like(values)
    level = np.where(share > 1.0, ABOVE, np.rint(np.clip(share, 0.0, 1.0) * (ABOVE - 1)))
    level = level.astype(np.uint8).reshape(-1, nx)
    return np.asarray(np.diff(level, axis=1, prepend=np.uint8(0)).ravel())


def _reader(material: Material) -> Callable[[int, int, float], Frame]:
    """A function (arm, seed, day) -> frame that reads each of them once."""
    nx, ny, dx = _sites(material)

    @cache
    def read(arm: int, seed: int, day: float) -> Frame:
        return read_frame(material.arms[arm].arm.runs[seed], day, nx, ny, dx)

    return read


def _pack_seeds(
    material: Material, read: Callable[[int, int, float], Frame], seeds: Sequence[int],
    days: Sequence[float],
) -> Packed:  # fmt: skip
    nx, ny, dx = _sites(material)
    frames = {
        (a, s, d): read(a, seed, day)
        for a in range(len(material.arms))
        for s, seed in enumerate(seeds)
        for d, day in enumerate(days)
    }
    ranges = dict(_ranges(list(frames.values())))
    blobs: dict[str, str] = {}
    index: dict[str, Any] = {}
    for (a, s, d), frame in frames.items():
        name = f"{a}-{s}-{d}"
        index[name] = {"n": frame.n_cells, "blood": frame.in_blood}
        blobs[f"cells-{name}"] = _blob(frame.cells)
        if frame.ground is None:
            continue
        blobs[f"ground-{name}"] = _blob(frame.ground)
        planes = [
            quantised(frame.fields.get(key, np.zeros(nx * ny)), low, high, nx)
            for key, (low, high, _) in ranges.items()
        ]
        if planes:
            blobs[f"fields-{name}"] = _blob(np.concatenate(planes))
    about = {
        "nx": nx, "ny": ny, "dx_um": dx, "days": list(days), "seeds": list(seeds),
        "arms": [{"label": arm.label, "style": arm.style} for arm in material.arms],
        "frames": index, "ground": GROUND, "scale": SCALE, "signals": list(SIGNALS.values()),
        "layers": [
            {"label": label, "colour": colour, "shown": shown, "big": kind == "osteoclast",
             "edge": label in EDGED}
            for label, kind, _, colour, shown in LAYERS
        ],
        "fields": [
            {**_named(key), "low": float(f"{low:.6g}"), "high": float(f"{high:.6g}"), "open": above}
            for key, (low, high, above) in ranges.items()
        ],
    }  # fmt: skip
    return Packed(about, blobs, [])


def _size(material: Material) -> list[Any]:
    """Sites across, sites up and their width as the scenario of the control has them."""
    return [material.control.table("geometry").get(name) for name in ("nx", "ny", "dx_um")]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value > 0


def _sites(material: Material) -> tuple[int, int, float]:
    nx, ny, dx = _size(material)
    return int(nx), int(ny), float(dx)


def _ranges(frames: Sequence[Frame]) -> Iterator[tuple[str, tuple[float, float, bool]]]:
    """Range of each field over all frames and arms, and whether there are values above it."""
    keys = dict.fromkeys(key for frame in frames for key in frame.fields)
    for key in keys:
        values = np.concatenate([f.fields[key] for f in frames if key in f.fields])
        low, high = min(0.0, float(values.min())), float(values.max())
        if high <= low:
            continue
        top = float(np.quantile(values, TOP))
        if 0.0 < top < high / 2.0:
            yield key, (low, top, True)
        else:
            yield key, (low, high, False)


def _named(column: str) -> dict[str, str]:
    """Label and unit of a column of the table of sites."""
    for f in FIELDS:
        if column == f"{f.key}_{f.unit}":
            return {"label": f.label, "unit": f.unit}
    key = column.removesuffix("_nM")
    return {"label": DRUGS[key].label if key in DRUGS else column, "unit": "nM"}


def _days_of(material: Material, seed: int) -> list[float]:
    """Days of which this seed has cells in every arm."""
    common = [set(arm.arm.runs[seed].days_of("cells")) for arm in material.arms]
    return sorted(set.intersection(*common))


def _blob(content: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(content.tobytes(), 9)).decode("ascii")
