"""A section of real bone on the lattice, as `geometry` makes it from an image: one .npz.

It holds arrays of numbers and texts, no pickle, so that a file from a stranger is safe to read, and
equal content gives equal bytes, so that its sha256 names it.
"""

import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtor_abm.errors import UserError
from mtor_abm.given_file import read_given

FORMAT = "mtor_abm section 1"
LARGEST_FILE_BYTES = 200_000_000
LARGEST_UNPACKED_BYTES = 400_000_000  # two masks of 4000 x 4000 sites take 32 MB
CURE = "make it again with the command `geometry`"

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Section:
    """Bone, vessels and cells of one section; the origin is the lower left corner.

    Attributes:
        dx_um: size of a site, um.
        bone: (nx, ny), True in mineralised bone.
        vessel: (nx, ny), True on vessels, never in bone; None if the image told nothing of them.
        cells: type -> (n, 2), x and y of each cell, um.
        about: where it comes from: image, sha256 of it, size of its pixels, threshold, measures.
        sha256: of the file it was read from; empty before it was written.
    """

    dx_um: float
    bone: Mask
    vessel: Mask | None = None
    cells: Mapping[str, Floats] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""


def section_bytes(section: Section) -> bytes:
    """The file of a section; equal sections give equal bytes."""
    names = [name for name, places in section.cells.items() for _ in places]
    places = np.concatenate([np.empty((0, 2)), *section.cells.values()])
    arrays: dict[str, Any] = {
        "format": np.array(FORMAT),
        "dx_um": np.array(section.dx_um, dtype=np.float64),
        "bone": section.bone,
        "cell_type": np.array(names, dtype=np.str_),
        "cell_xy_um": places,
        "about": np.array(json.dumps(section.about, ensure_ascii=True)),
    }
    if section.vessel is not None:
        arrays["vessel"] = section.vessel
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def read_section(path: Path) -> Section:
    """Read the file of a section.

    Raises:
        UserError: absent, unreadable, damaged, or not made by `geometry`.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; put it back, or {CURE}")
    content = read_given(path, LARGEST_FILE_BYTES)
    try:
        if _unpacked_bytes(content) > LARGEST_UNPACKED_BYTES:
            raise UserError(
                f"{path}: unpacks to more than {LARGEST_UNPACKED_BYTES // 10**6} MB, so it is not "
                f"a section; {CURE}"
            )
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            if str(arrays["format"]) != FORMAT:
                raise UserError(f"{path}: of another version of mtor_abm; {CURE}")
            section = _section(arrays, hashlib.sha256(content).hexdigest())
    except UserError:
        raise
    except (
        ValueError, TypeError, KeyError, EOFError, OSError, IndexError, AttributeError,
        NotImplementedError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
    ):  # fmt: skip
        raise UserError(f"{path}: damaged, or not made by `geometry`; {CURE}") from None
    return section


def _unpacked_bytes(content: bytes) -> int:
    """What the arrays of an .npz will take, by their headers, before any of them is unpacked."""
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    n_bytes = 0
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for name in packed.namelist():
            with packed.open(name) as array:
                shape, _, dtype = read_header[np.lib.format.read_magic(array)](array)
                n_bytes += math.prod(shape) * dtype.itemsize
    return n_bytes


def _section(arrays: Mapping[str, Any], sha256: str) -> Section:
    """What the arrays of a file say; ValueError if they do not fit together."""
    bone, dx_um = arrays["bone"], float(arrays["dx_um"])
    vessel = arrays.get("vessel")
    names, places = arrays["cell_type"], arrays["cell_xy_um"]
    masks = [bone] if vessel is None else [bone, vessel]
    if any(mask.dtype != np.bool_ or mask.ndim != 2 or mask.size == 0 for mask in masks):
        raise ValueError("no mask")
    if vessel is not None and (vessel.shape != bone.shape or (vessel & bone).any()):
        raise ValueError("vessels do not fit the bone")
    if names.shape != (len(places),) or names.dtype.kind != "U" or places.shape[1:] != (2,):
        raise ValueError("no table of cells")
    size = np.array(bone.shape) * dx_um
    if not (np.isfinite(dx_um) and dx_um > 0.0 and ((places >= 0) & (places < size)).all()):
        raise ValueError("no place")
    cells = {str(name): places[names == name] for name in np.unique(names)}
    return Section(dx_um, bone, vessel, cells, json.loads(str(arrays["about"])), sha256)
