"""A run written for other tools, read back by the tools' own libraries."""

import json
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtor_abm import cli
from mtor_abm.errors import UserError
from mtor_abm.exchange.export import FORMATS, export
from mtor_abm.exchange.physicell import physicell_table
from mtor_abm.exchange.recorded import CELL_CODES, EXPORT_FORMAT, Grid
from mtor_abm.mtor import SIGNALS
from mtor_abm.store import RunWriter, foreign_entries

NX, NY, DX_UM = 4, 3, 10.0
LARGE_UID = 2**53 - 1
SCENARIO_SHA256 = "5f47" * 16


def sites(day):
    """4 x 3 sites: bone at (0, 0), a cavity at (1, 0), a tip at (3, 2); oxygen says where it is."""
    x, y = np.divmod(np.arange(NX * NY), NY)
    table = {
        "x_um": (x + 0.5) * DX_UM,
        "y_um": (y + 0.5) * DX_UM,
        "bone": ((x == 0) & (y == 0)).astype(int),
        "cavity": ((x == 1) & (y == 0)).astype(int),
        "vessel": np.where((x == 3) & (y == 2), 3, 0),
        "perfused": np.zeros(NX * NY, dtype=int),
        "oxygen_mmHg": np.float32(100.0 * day + 10.0 * x + y),
        "rapamycin_nM": np.float32(0.5 * x),
    }
    return table


def cells(day):
    """A tumour cell, an osteocyte, an osteoclast of 4 sites, and a cell in blood."""
    table = {
        "cell_type": np.array(["tumour", "osteoblast", "osteoclast", "circulating"], dtype=object),
        "state": np.array(["dormant", "osteocyte", "mature", "detached"], dtype=object),
        "uid": np.array([LARGE_UID, 2, 3, 4]),
        "parent_uid": np.array([1, 0, 0, 0]),
        "clone": np.array([1, 2, 3, 4]),
        "x_um": np.array([25.0, 5.0, 15.0, np.nan]),
        "y_um": np.array([15.0, 5.0, 25.0, np.nan]),
        "age_h": np.array([24.0 * day, 100.0, 50.0, 1.0]),
        "n_sites": np.array([1, 1, 4, 1]),
    }
    for i, signal in enumerate(SIGNALS):
        table[signal] = np.float32(0.01 * i + 0.1 * np.arange(4))
    return table


def write_run(study, cells_at=(1.0, 3.0), fields_at=(1.0, 3.0), status="complete"):
    folder = study / "by_hand__seed_0007"
    identity = {"scenario_sha256": SCENARIO_SHA256, "seed": 7, "package_version": "9.8.7",
                "sources": "abcd"}  # fmt: skip
    with RunWriter(folder) as writer:
        writer.write_text("scenario.toml", 'name = "by_hand"  # <&>\n')
        writer.write_table("timeseries.csv", {"time_h": np.array([0.0, 6.0]), "bv_tv": [0.1, 0.2]})
        for day in cells_at:
            writer.write_table(f"cells/day_{day:06.2f}.csv", cells(day))
        for day in fields_at:
            writer.write_table(f"fields/day_{day:06.2f}.csv", sites(day))
        writer.finish({"status": status, "scenario": "by_hand", "seed": 7, "identity": identity,
                       "parameters": {}})  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("study"))


def tool(name, **how):
    return pytest.importorskip(name, reason=f"{name} is not installed (extra: test)", **how)


def is_of_the_run(about):
    """Whether provenance names the run."""
    assert about["format"] == EXPORT_FORMAT
    assert (about["scenario"], int(about["seed"])) == ("by_hand", 7)
    assert (about["scenario_sha256"], about["run_version"]) == (SCENARIO_SHA256, "9.8.7")
    assert about["scenario_toml"] == 'name = "by_hand"  # <&>\n'


# ------------------------------------------------------------------------------------------- h5ad
def test_h5ad_is_read_by_anndata(run, tmp_path):
    anndata = tool("anndata")
    done = export(run, "h5ad", out=tmp_path / "a.h5ad")
    data = anndata.read_h5ad(tmp_path / "a.h5ad")
    assert data.shape == (6, len(SIGNALS)) and list(data.var_names) == list(SIGNALS)
    assert data.X.dtype == np.float32
    np.testing.assert_allclose(data[data.obs["uid"] == 3, "akt_s473"].X, [[0.22], [0.22]])
    assert data.obsm["spatial"].tolist() == [[25, 15], [5, 5], [15, 25]] * 2
    assert data.obs["state"].tolist() == ["dormant", "osteocyte", "mature"] * 2
    assert data.obs["uid"].tolist() == [LARGE_UID, 2, 3] * 2
    assert data.obs["day"].tolist() == [1.0] * 3 + [3.0] * 3
    assert isinstance(data.obs["cell_type"].dtype, pd.CategoricalDtype)
    assert data.obs["sample"].cat.categories.tolist() == [
        "by_hand__seed_0007__day_001.00", "by_hand__seed_0007__day_003.00",
    ]  # fmt: skip
    assert data.obs["sample"].cat.codes.tolist() == [0] * 3 + [1] * 3
    assert data.obs_names.is_unique and data.obs_names[0] == f"{LARGE_UID}_day_1"
    assert data.var.loc["s6k", "meaning"] == SIGNALS["s6k"]
    assert data.uns["units"]["spatial"] == "um"
    is_of_the_run(data.uns["mtor_abm"])
    assert set(json.loads(data.uns["mtor_abm"]["tables_sha256"])) == {
        "cells/day_001.00.csv", "cells/day_003.00.csv",
    }  # fmt: skip
    assert "2 cells in blood have no place and are left out" in done.text()


# -------------------------------------------------------------------------------------------- OME
def is_the_stack(values):
    """Whether (t, c, y, x) holds what `sites` wrote on days 1 and 3."""
    y, x = np.mgrid[:NY, :NX]
    for t, day in enumerate((1.0, 3.0)):
        np.testing.assert_array_equal(values[t, 0], 100.0 * day + 10.0 * x + y)
        np.testing.assert_array_equal(values[t, 1], 0.5 * x)


WANTED_MASKS = {
    "bone": {(0, 0): 1, (0, 1): 2},
    "vessel": {(2, 3): 3},
    "perfused": {},
    "cell_type": {
        (1, 2): CELL_CODES["tumour"], (0, 0): CELL_CODES["osteoblast"],
        (2, 1): CELL_CODES["osteoclast"],
    },
}  # fmt: skip


def is_the_mask(name, mask):
    wanted = np.zeros((NY, NX))
    for place, value in WANTED_MASKS[name].items():
        wanted[place] = value
    for image in mask:
        np.testing.assert_array_equal(image, wanted)


def test_ome_zarr_is_read_by_ome_zarr(run, tmp_path):
    reader = tool("ome_zarr.reader")
    from ome_zarr.io import parse_url

    export(run, "ome-zarr", out=tmp_path / "a.ome.zarr")
    image, *labels = list(reader.Reader(parse_url(tmp_path / "a.ome.zarr"))())
    is_the_stack(np.asarray(image.data[0]))
    about = image.metadata
    axes = [(axis["name"], axis.get("unit")) for axis in about["axes"]]
    assert axes == [("t", "day"), ("c", None), ("y", "micrometer"), ("x", "micrometer")]
    scale, translation = about["coordinateTransformations"][0]
    assert scale["scale"] == [2.0, 1.0, DX_UM, DX_UM]
    assert translation["translation"] == [1.0, 0.0, 5.0, 5.0]
    assert about["channel_names"] == ["oxygen (mmHg)", "rapamycin (sirolimus), free (nM)"]
    masks = {
        node.zarr.basename(): node for label in labels for node in [label] if node.data
    }
    assert set(masks) == set(WANTED_MASKS)
    for name, node in masks.items():
        is_the_mask(name, np.asarray(node.data[0]))
        scale, translation = node.metadata["coordinateTransformations"][0]
        assert (scale["scale"], translation["translation"]) == ([2, 10, 10], [1, 5, 5])
    properties = masks["vessel"].metadata["metadata"]["vessel"]["properties"] \
        if "metadata" in masks["vessel"].metadata else masks["vessel"].metadata["properties"]
    assert properties


def test_ome_zarr_follows_the_specification(run, tmp_path):
    models = tool("ome_zarr_models")
    zarr = tool("zarr")
    export(run, "ome-zarr", out=tmp_path / "a.ome.zarr")
    group = zarr.open_group(tmp_path / "a.ome.zarr", mode="r")
    checked = models.open_ome_zarr(group)  # raises if it does not
    assert type(checked).__module__.startswith("ome_zarr_models.v05")
    assert set(checked.labels.attributes.ome.labels) == set(WANTED_MASKS)
    is_of_the_run(group.attrs["mtor_abm"])
    assert group.attrs["mtor_abm"]["days_d"] == [1.0, 3.0]


def test_ome_tiff_is_read_by_tifffile_and_ome_types(run, tmp_path):
    tifffile, ome_types = tool("tifffile"), tool("ome_types")
    export(run, "ome-tiff", out=tmp_path / "a.ome.tif")
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tiff:
        assert tiff.is_ome
        fields, masks = tiff.series
        assert (fields.axes, masks.axes) == ("TCYX", "TCYX")
        is_the_stack(fields.asarray())
        for i, name in enumerate(WANTED_MASKS):
            is_the_mask(name, masks.asarray()[:, i])
    ome = ome_types.from_tiff(tmp_path / "a.ome.tif", validate=False)
    pixels = ome.images[0].pixels
    assert (pixels.physical_size_x, pixels.physical_size_x_unit.value) == (10.0, "µm")
    assert (pixels.physical_size_y, pixels.time_increment) == (10.0, 2.0)
    assert pixels.time_increment_unit.value == "d"
    assert [plane.delta_t for plane in pixels.planes] == [1.0, 1.0, 3.0, 3.0]
    assert [channel.name for channel in pixels.channels] == [
        "oxygen (mmHg)", "rapamycin (sirolimus), free (nM)",
    ]  # fmt: skip
    assert ome.images[1].pixels.channels[0].name == "bone: 1 bone, 2 cavity"
    notes = ome.structured_annotations.map_annotations[0].value.root \
        if hasattr(ome.structured_annotations, "map_annotations") else None
    is_of_the_run(dict(notes))


def test_uneven_days_are_numbered_and_told(tmp_path):
    zarr, tifffile, ome_types = tool("zarr"), tool("tifffile"), tool("ome_types")
    tool("ome_zarr")
    folder = write_run(tmp_path, cells_at=(1.0,), fields_at=(1.0, 3.0, 4.0))
    done = export(folder, "ome-zarr", out=tmp_path / "a.ome.zarr")
    assert any("no mask of cell types" in note for note in done.notes)
    group = zarr.open_group(tmp_path / "a.ome.zarr", mode="r")
    (scales,) = group.attrs["ome"]["multiscales"]
    assert scales["axes"][0] == {"name": "t", "type": "time"}
    assert scales["datasets"][0]["coordinateTransformations"][0]["scale"][0] == 1.0
    assert group.attrs["mtor_abm"]["days_d"] == [1.0, 3.0, 4.0]
    export(folder, "ome-tiff", out=tmp_path / "a.ome.tif")
    pixels = ome_types.from_xml(tifffile.TiffFile(tmp_path / "a.ome.tif").ome_metadata).images[0].pixels
    assert pixels.time_increment is None
    assert [plane.delta_t for plane in pixels.planes][::2] == [1.0, 3.0, 4.0]
