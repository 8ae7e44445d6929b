"""Fields and masks as OME-Zarr and OME-TIFF, for napari, Fiji, QuPath (the extra `ome`).

Pixels are sites, their size in um; channels are fields, named with their units; time is in days.
Row 0 is the lowest y, so that pixel index x size + half a size is the place in our tables; viewers
that put row 0 on top show the marrow upside down.
"""

import json
import uuid
from pathlib import Path
from typing import Any

from ..extras import library
from ..store import snapshot_name
from .recorded import FIELD_TABLES, MASK_COLOURS, MASKS, Recorded, days_text
from .stack import Stack

# Colours of channels in viewers, in turn.
_COLOURS = ("FFFFFF", "00FF00", "FF0000", "00FFFF", "FF00FF", "FFFF00", "0080FF", "FF8000")


def write_ome_zarr(recorded: Recorded, path: Path) -> list[str]:
    """OME-Zarr 0.5 into the folder `path`: the fields as one image (t, c, y, x), masks as labels.

    Returns:
        What is in it, a sentence each.

    Raises:
        UserError: no such days, or ome-zarr is missing.
    """
    recorded.chosen(FIELD_TABLES)  # says what the run lacks before what the machine lacks
    writer = library("ome_zarr.writer", "ome", "ome-zarr")
    zarr = library("zarr", "ome", "ome-zarr")
    stack = Stack.of(recorded)
    dx_um, step_d = stack.grid.dx_um, stack.step_d
    # The format knows evenly spaced times only: others are numbered, their days in the attributes.
    scale = {"t": 1.0 if step_d is None else step_d, "c": 1.0, "y": dx_um, "x": dx_um}
    first = {
        "t": 0.0 if step_d is None else stack.days[0],
        "c": 0.0,
        "y": dx_um / 2,
        "x": dx_um / 2,
    }
    units = {"y": "micrometer", "x": "micrometer"} | ({} if step_d is None else {"t": "day"})
    group = zarr.open_group(path, mode="w", zarr_format=3)
    # A short name: napari puts it before that of each channel.
    writer.write_image(
        stack.values, group, axes=["t", "c", "y", "x"], name="fields", scale=scale,
        axes_units=units, scale_factors=[],
    )  # fmt: skip
    _amend(group, first, omero={"channels": _channels(stack), "rdefs": {"model": "color"}})
    of_masks = {axis: scale[axis] for axis in "tyx"}
    for name, mask in stack.masks.items():
        meanings = [{"label-value": v, "meaning": text} for v, text in MASKS[name].items()]
        colours = [{"label-value": v, "rgba": [*bytes.fromhex(colour[1:]), 255]}
                   for v, colour in MASK_COLOURS[name].items()]  # fmt: skip
        about_label = {
            "colors": colours, "properties": meanings, "source": {"image": "../../"}
        }  # fmt: skip
        writer.write_labels(
            mask, group, name=name, axes=["t", "y", "x"], scale=of_masks, axes_units=units,
            scale_factors=[], label_metadata=about_label,
        )  # fmt: skip
        _amend(group[f"labels/{name}"], first)
    labels = group["labels"]  # whose version the writer leaves out, though 0.5 asks for it
    labels.attrs["ome"] = {"version": "0.5"} | dict(labels.attrs["ome"])
    group.attrs["mtor_abm"] = _provenance(recorded, stack)
    return [f"{stack.text()}, {days_text(stack.days)}", *stack.notes]


def write_ome_tiff(recorded: Recorded, path: Path) -> list[str]:
    """One OME-TIFF: image 0 the fields, float32 (t, c, y, x); image 1 the masks, uint8.

    Returns:
        What is in it, a sentence each.

    Raises:
        UserError: no such days, or tifffile is missing.
    """
    recorded.chosen(FIELD_TABLES)
    tifffile = library("tifffile", "ome", "ome-tiff")
    stack = Stack.of(recorded)
    about = {k: v if isinstance(v, str) else json.dumps(v)
             for k, v in _provenance(recorded, stack).items()}  # fmt: skip
    # The same run gives the same bytes: the identity comes from what it holds.
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(about, sort_keys=True)))
    shared: dict[str, Any] = {
        "axes": "TCYX",
        "UUID": identity,
        "PhysicalSizeX": stack.grid.dx_um, "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": stack.grid.dx_um, "PhysicalSizeYUnit": "µm",
    }  # fmt: skip
    if stack.step_d is not None:
        shared |= {"TimeIncrement": stack.step_d, "TimeIncrementUnit": "d"}
    masks = [
        f"{name}: "
        + ", ".join(f"{value} {text.partition(':')[0]}" for value, text in MASKS[name].items())
        for name in stack.masks
    ]
    images = (
        ("fields", stack.values, [level.title for level in stack.levels]),
        ("masks", _as_channels(stack.masks), masks),
    )
    with tifffile.TiffWriter(path, ome=True) as tiff:
        for name, pixels, channels in images:
            times = [day for day in stack.days for _ in channels]
            tiff.write(
                pixels, photometric="minisblack", compression="zlib",
                metadata=shared | {
                    "Name": name,
                    "Channel": {"Name": channels, "Color": _whole_colours(len(channels))},
                    "Plane": {"DeltaT": times, "DeltaTUnit": ["d"] * len(times)},
                    "MapAnnotation": {"Namespace": "mtor_abm", **about},
                },
            )  # fmt: skip
    return [f"{stack.text()}, {days_text(stack.days)}", *stack.notes]


def _amend(group: Any, first: dict[str, float], **more: Any) -> None:
    """Say when the first image was and where its first pixel is, which the writer cannot."""
    about = dict(group.attrs["ome"])
    (scales,) = about["multiscales"]
    translation = {
        "type": "translation", "translation": [first[axis["name"]] for axis in scales["axes"]]
    }  # fmt: skip
    for level in scales["datasets"]:
        kept = [t for t in level["coordinateTransformations"] if t["type"] == "scale"]
        level["coordinateTransformations"] = [*kept, translation]
    group.attrs["ome"] = about | more


def _channels(stack: Stack) -> list[dict[str, Any]]:
    """The channels as viewers want them: name, colour, range of values shown."""
    channels = []
    for i, level in enumerate(stack.levels):
        low, high = float(stack.values[:, i].min()), float(stack.values[:, i].max())
        shown = {"min": low, "max": high, "start": low, "end": high if high > low else low + 1.0}
        channels.append(
            {"label": level.title, "color": _COLOURS[i % len(_COLOURS)], "window": shown,
             "active": i == 0}
        )  # fmt: skip
    return channels


def _whole_colours(n: int) -> list[int]:
    """Colours of n channels as OME-XML has them, signed RGBA; napari shows black without."""
    rgba = [int(_COLOURS[i % len(_COLOURS)] + "FF", 16) for i in range(n)]
    return [c - 2**32 if c >= 2**31 else c for c in rgba]


def _as_channels(masks: dict[str, Any]) -> Any:
    import numpy as np

    return np.stack(list(masks.values()), axis=1)


def _provenance(recorded: Recorded, stack: Stack) -> dict[str, Any]:
    names = [snapshot_name(FIELD_TABLES, day) for day in stack.days]
    return recorded.provenance() | {
        "days_d": list(stack.days), "tables_sha256": recorded.tables_sha256(names)
    }  # fmt: skip
