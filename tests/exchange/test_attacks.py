"""Attacks on what a person hands over: damaged images, tables, sections and manifests.

A fixed sample, drawn from seeds: each ends in one line with a cure or in a result that holds
together, never in a traceback and never in a wait.
"""

# ruff: noqa: E402

import io
import json
import zipfile

import numpy as np
import pytest

pytest.importorskip("skimage", reason="needs the extra images")
tifffile = pytest.importorskip("tifffile", reason="needs the extra images")
from PIL import Image
from test_export import write_run
from time_limit import in_time

from mtor_abm import cli
from mtor_abm.anatomy import Section, read_section, section_bytes
from mtor_abm.errors import UserError
from mtor_abm.exchange.export import export
from mtor_abm.manifest import SEAL, sealed
from mtor_abm.numerics.compiled import JIT_IS_OFF

needs_kernels = pytest.mark.skipif(JIT_IS_OFF, reason="local thickness is slow as plain Python")
PATIENCE_S = 30  # for one of them, of which each takes a few hundredths


BONE = np.zeros((48, 48), dtype=bool)
BONE[:, 6:14] = BONE[30:38] = True
GREY = np.where(BONE, 180, 60).astype(np.uint8)
NOISY = (GREY + np.random.default_rng(1).integers(-9, 10, GREY.shape)).astype(np.uint8)


def image_bytes(kind):
    out = io.BytesIO()
    if kind == "palette.png":
        image = Image.fromarray(np.where(BONE, 1, 0).astype(np.uint8), "P")
        image.putpalette([0, 0, 0, 255, 255, 255])
        image.save(out, "png", transparency=7)
    elif kind.endswith("png") or kind.endswith("jpg"):
        Image.fromarray(NOISY).save(out, kind[-3:].replace("jpg", "jpeg"), dpi=(300, 300))
    elif kind == "imagej.tif":
        tifffile.imwrite(out, np.stack([NOISY, GREY]), imagej=True, truncate=True,
                         resolution=(0.1, 0.1), metadata={"unit": "um", "axes": "ZYX"})  # fmt: skip
    elif kind == "ome.tif":
        about = {"axes": "ZYX", "PhysicalSizeX": 9.0, "PhysicalSizeY": 9.0}
        stack = np.stack([NOISY, GREY])
        tifffile.imwrite(out, stack, ome=True, photometric="minisblack", metadata=about)
    else:
        tifffile.imwrite(out, NOISY, compression="deflate", resolution=(1000, 1000),
                         resolutionunit="CENTIMETER")  # fmt: skip
    return out.getvalue()


IMAGES = ("grey.png", "palette.png", "photo.jpg", "plain.tif", "imagej.tif", "ome.tif")


def damaged(raw, rng, near=400):
    """The bytes with some changed, lost, doubled or cut, most of them in the header."""
    out = bytearray(raw)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(0, min(len(out), near) if rng.random() < 0.8 else len(out)))
        how = rng.integers(0, 5)
        if how == 0:
            out[at] = rng.choice([0, 1, 127, 128, 255])
        elif how == 1:
            out[at] ^= 1 << int(rng.integers(0, 8))
        elif how == 2:
            del out[at : at + int(rng.integers(1, 9))]
        elif how == 3:
            out[at:at] = out[at : at + int(rng.integers(1, 33))]
        else:
            out[at : at + 4] = rng.bytes(4)
        if not out:
            break
    return bytes(out[: int(rng.integers(0, len(out) + 1))] if rng.random() < 0.2 else out)


def call(capsys, *words):
    """Exit code and standard output of a command; sees that a refusal is one line."""
    with in_time(PATIENCE_S):
        code = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    assert code in (0, 2), said
    if code:
        assert said.err.startswith("error: ") and said.err.count("\n") == 1, said.err
        assert said.out == ""
        assert ";" in said.err, said.err
    return code, said.out


@needs_kernels
@pytest.mark.parametrize("kind", IMAGES)
def test_damaged_images_are_refused_in_one_line_or_make_a_section(tmp_path, capsys, kind):
    raw, path, out = image_bytes(kind), tmp_path / f"x.{kind}", tmp_path / "m.npz"
    ends = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        path.write_bytes(damaged(raw, rng))
        page = ["--page", rng.integers(1, 4)] if rng.random() < 0.5 else []
        code, _ = call(capsys, "geometry", path, "--pixel-um", "10", "--out", out, *page)
        ends.append(code)
        if code == 0:
            section = read_section(out)
            assert section.bone.any() and not section.bone.all()
            assert section.about["image"]["pixels"][0] < 4000
            out.unlink()
    assert 2 in ends


ODD = (
    "NaN", '"', "\0", "1e400", "٤", ",", "\r", "\n", "-1", "4_00", "tumor", "\ufeff", "=1+1",
    "0x10", "inf", "1,5", "'", ";", "osteoblast", "\x1b[2J", "9" * 400, "", " ", "1", "2", ".5",
    "\n\n", "\t",
)  # fmt: skip


@needs_kernels
def test_damaged_tables_are_refused_in_one_line_or_place_every_row(tmp_path, capsys):
    image, path = tmp_path / "x.png", tmp_path / "c.csv"
    image.write_bytes(image_bytes("grey.png"))
    places = [(205, 45), (305, 105), (405.5, 205), (255, 405), (15, 15), (455, 455)]
    rows = [f"{x},{y},tumour" for x, y in places]
    whole = "\n".join(["x_um,y_um,type", *rows]) + "\n"
    ends = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        text = whole
        for _ in range(int(rng.integers(1, 3))):
            at = int(rng.integers(0, len(text) + 1))
            text = text[:at] + str(rng.choice(ODD)) + text[at + int(rng.integers(0, 4)) :]
        path.write_bytes(text.encode("utf-16" if seed % 20 == 19 else "utf-8"))
        code, said = call(capsys, "geometry", image, "--pixel-um", "10", "--cells", path, "--out",
                          tmp_path / "m.npz", "--snap-um", "30", "--json")  # fmt: skip
        ends.append(code)
        if code == 0:
            told = json.loads(said)
            written = [line for line in text.splitlines()[1:] if line.strip()]
            assert sum(told["cells"].values()) + told["cells_off_lattice"] == len(written), text
    assert {0, 2} == set(ends)


def npz(**arrays):
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


WHOLE = section_bytes(
    Section(10.0, BONE, ~BONE, {"tumour": np.array([[205.0, 45.0]])}, {"made_by": "a test"})
)
with np.load(io.BytesIO(WHOLE)) as _arrays:
    PARTS = {name: _arrays[name] for name in _arrays.files}


def header_that_lies(shape):
    """An .npz whose bone claims a shape that it does not have."""
    raw = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        raw, {"descr": "|b1", "fortran_order": False, "shape": shape}
    )
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, raw.getvalue() if name == "bone.npy" else old.read(name))
    return out.getvalue()


SECTIONS = {
    "nothing": b"",
    "a zip of nothing": b"PK\5\6" + bytes(18),
    "text": b"bone",
    "no bone": npz(**{k: v for k, v in PARTS.items() if k != "bone"}),
    "no format": npz(**{k: v for k, v in PARTS.items() if k != "format"}),
    "bone of numbers": npz(**PARTS | {"bone": BONE.astype(float)}),
    "bone in 3 dimensions": npz(**PARTS | {"bone": BONE[None]}),
    "bone of no site": npz(**PARTS | {"bone": np.zeros((0, 5), bool)}),
    "vessels of another size": npz(**PARTS | {"vessel": BONE[:9]}),
    "vessels in bone": npz(**PARTS | {"vessel": BONE}),
    "sites of no size": npz(**PARTS | {"dx_um": np.array(0.0)}),
    "sites of size NaN": npz(**PARTS | {"dx_um": np.array(np.nan)}),
    "sites of a word": npz(**PARTS | {"dx_um": np.array("ten")}),
    "two sizes of site": npz(**PARTS | {"dx_um": np.array([10.0, 10.0])}),
    "a cell nowhere": npz(**PARTS | {"cell_xy_um": np.array([[np.nan, 1.0]])}),
    "a cell outside": npz(**PARTS | {"cell_xy_um": np.array([[480.0, 1.0]])}),
    "a cell in 3 dimensions": npz(**PARTS | {"cell_xy_um": np.ones((1, 3))}),
    "more types than cells": npz(**PARTS | {"cell_type": np.array(["tumour", "car"])}),
    "types of numbers": npz(**PARTS | {"cell_type": np.array([1])}),
    "about that is no JSON": npz(**PARTS | {"about": np.array("{")}),
    "about nested deeply": npz(**PARTS | {"about": np.array("[" * 100_000)}),
    "a header of terabytes": header_that_lies((10**6, 10**7)),
    "a header of negative sites": header_that_lies((-5, 48)),
    "a header of more than there is": header_that_lies((48, 480)),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_odd_sections_are_refused_in_one_line(tmp_path, name):
    path = tmp_path / "s.npz"
    path.write_bytes(SECTIONS[name])
    with in_time(PATIENCE_S), pytest.raises(UserError) as fault:
        read_section(path)
    assert str(fault.value).isprintable() and "; make it again" in str(fault.value)


def test_damaged_sections_are_refused_in_one_line_or_whole(tmp_path):
    path = tmp_path / "s.npz"
    for seed in range(200):
        path.write_bytes(damaged(WHOLE, np.random.default_rng(seed), near=len(WHOLE)))
        try:
            with in_time(PATIENCE_S):
                section = read_section(path)
        except UserError as fault:
            assert str(fault).isprintable() and ";" in str(fault)
        else:
            assert section.bone.dtype == bool and section.bone.ndim == 2


@pytest.mark.parametrize("value", [None, [], {}, "x", -1, 1e308, True, "../../x", {"a": [1]}])
def test_odd_manifests_are_refused_in_one_line_or_exported(tmp_path, value):
    folder = write_run(tmp_path / "study")
    place = folder / "manifest.json"
    whole = json.loads(place.read_text(encoding="utf-8"))
    del whole[SEAL]
    entry = next(name for name in whole["files"] if name.startswith("cells/"))
    odd = [whole | {key: value} for key in whole]
    odd += [whole | {"identity": whole["identity"] | {k: value}} for k in whole["identity"]]
    odd += [whole | {"files": whole["files"] | {entry: value}}]
    for key in whole["files"][entry]:
        files = whole["files"] | {entry: whole["files"][entry] | {key: value}}
        odd.append(whole | {"files": files})
    for manifest in odd:
        place.write_text(json.dumps(sealed(manifest)), encoding="utf-8")
        try:
            with in_time(PATIENCE_S):
                export(folder, "physicell-csv", out=tmp_path / "x.csv", force=True)
        except UserError as fault:
            assert str(fault).isprintable() and ";" in str(fault)
    assert {path.name for path in tmp_path.iterdir()} <= {"study", "x.csv"}
