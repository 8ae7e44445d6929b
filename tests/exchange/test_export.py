"""A run written for other tools, read back by the tools' own libraries."""

import hashlib
import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtor_abm import cli
from mtor_abm.errors import UserError
from mtor_abm.exchange.export import FORMATS, export
from mtor_abm.exchange.physicell import physicell_table
from mtor_abm.exchange.recorded import CELL_CODES, EXPORT_FORMAT, MASK_COLOURS, MASKS, Grid
from mtor_abm.folder_lock import folder_lock
from mtor_abm.manifest import SEAL, sealed
from mtor_abm.mtor import SIGNALS
from mtor_abm.store import RunWriter, foreign_entries, run_name
from mtor_abm.views.report import palette

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
    """Six cells, one of them in blood; a vessel cell and a lining cell share sites with others."""
    table = {
        "cell_type": ["tumour", "osteoblast", "osteoclast", "endothelial", "osteoblast",
                      "circulating"],
        "state": ["dormant", "osteocyte", "mature", "sprout", "lining", "detached"],
        "uid": np.array([LARGE_UID, 2, 3, 4, 5, 6]),
        "parent_uid": np.array([1, 0, 0, 0, 0, 0]),
        "clone": np.array([1, 2, 3, 4, 5, 6]),
        "x_um": np.array([25.0, 5.0, 15.0, 25.0, 15.0, np.nan]),
        "y_um": np.array([15.0, 5.0, 25.0, 15.0, 25.0, np.nan]),
        "age_h": np.array([24.0 * day, 100.0, 50.0, 9.0, 9.0, 1.0]),
        "n_sites": np.array([1, 1, 4, 1, 1, 1]),
    }  # fmt: skip
    for i, signal in enumerate(SIGNALS):
        table[signal] = np.float32(0.01 * i + 0.1 * np.arange(6))
    return table


def write_run(
    study, cells_at=(1.0, 3.0), fields_at=(1.0, 3.0), status="complete", scenario="by_hand", seed=7
):
    folder = study / run_name(scenario, seed)
    identity = {"scenario_sha256": SCENARIO_SHA256, "seed": seed, "package_version": "9.8.7",
                "sources": "abcd"}  # fmt: skip
    with RunWriter(folder) as writer:
        writer.write_text("scenario.toml", 'name = "by_hand"  # <&>\n')
        writer.write_table("timeseries.csv", {"time_h": np.array([0.0, 6.0]), "bv_tv": [0.1, 0.2]})
        for day in cells_at:
            writer.write_table(f"cells/day_{day:06.2f}.csv", cells(day))
        for day in fields_at:
            writer.write_table(f"fields/day_{day:06.2f}.csv", sites(day))
        writer.finish({"status": status, "scenario": scenario, "seed": seed, "identity": identity,
                       "parameters": {"run": {}}})  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("study"))


def tool(name, **how):
    return pytest.importorskip(name, reason=f"{name} is not installed (test-everything)", **how)


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
    assert data.shape == (10, len(SIGNALS)) and list(data.var_names) == list(SIGNALS)
    assert data.X.dtype == np.float32
    np.testing.assert_allclose(data[data.obs["uid"] == 3, "akt_s473"].X, [[0.22], [0.22]])
    assert data.obsm["spatial"].tolist() == [[25, 15], [5, 5], [15, 25], [25, 15], [15, 25]] * 2
    states = ["dormant", "osteocyte", "mature", "sprout", "lining"]
    assert data.obs["state"].tolist() == states * 2
    assert data.obs["uid"].tolist() == [LARGE_UID, 2, 3, 4, 5] * 2
    assert data.obs["day"].tolist() == [1.0] * 5 + [3.0] * 5
    assert isinstance(data.obs["cell_type"].dtype, pd.CategoricalDtype)
    assert data.obs["sample"].cat.categories.tolist() == [
        "by_hand__seed_0007__day_001.00", "by_hand__seed_0007__day_003.00",
    ]  # fmt: skip
    assert data.obs["sample"].cat.codes.tolist() == [0] * 5 + [1] * 5
    assert data.obs_names.is_unique and (
        data.obs_names[0] == f"by_hand__seed_0007__day_001.00__{LARGE_UID}"
    )
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
    assert about["name"] == "fields"  # before each channel in napari, which hides long ones
    axes = [(axis["name"], axis.get("unit")) for axis in about["axes"]]
    assert axes == [("t", "day"), ("c", None), ("y", "micrometer"), ("x", "micrometer")]
    scale, translation = about["coordinateTransformations"][0]
    assert scale["scale"] == [2.0, 1.0, DX_UM, DX_UM]
    assert translation["translation"] == [1.0, 0.0, 5.0, 5.0]
    assert about["channel_names"] == ["oxygen (mmHg)", "rapamycin (sirolimus), free (nM)"]
    masks = {node.zarr.basename(): node for node in labels if node.data}
    assert set(masks) == set(WANTED_MASKS)
    for name, node in masks.items():
        is_the_mask(name, np.asarray(node.data[0]))
        scale, translation = node.metadata["coordinateTransformations"][0]
        assert (scale["scale"], translation["translation"]) == ([2, 10, 10], [1, 5, 5])
    bone = [level / 255 for level in bytes.fromhex(palette.GROUND["bone"][1:])]
    assert masks["bone"].metadata["color"][1] == pytest.approx([*bone, 1])
    assert masks["vessel"].metadata["properties"][3] == {"meaning": "tip"}


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
    colours = [channel.color.as_rgb_tuple(alpha=True) for channel in pixels.channels]
    assert colours == [(255, 255, 255, 1.0), (0, 255, 0, 1.0)]
    assert ome.images[1].pixels.channels[0].name == "bone: 1 bone, 2 cavity"
    notes = {m.k: m.value for m in ome.structured_annotations.map_annotations[0].value.ms}
    is_of_the_run(notes)
    assert json.loads(notes["days_d"]) == [1.0, 3.0]


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
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as tiff:
        pixels = ome_types.from_xml(tiff.ome_metadata).images[0].pixels
    assert pixels.time_increment is None
    assert [plane.delta_t for plane in pixels.planes][::2] == [1.0, 3.0, 4.0]


def test_the_same_run_gives_the_same_ome_tiff(run, tmp_path):
    tool("tifffile")
    for name in ("a.ome.tif", "b.ome.tif"):
        export(run, "ome-tiff", out=tmp_path / name)
    first, second = (tmp_path / name for name in ("a.ome.tif", "b.ome.tif"))
    assert first.read_bytes() == second.read_bytes()


def test_labels_have_the_colours_of_the_report():
    layers = {kind: {layer[3] for layer in palette.LAYERS if layer[1] == kind}
              for kind in CELL_CODES}  # fmt: skip
    assert set(MASK_COLOURS) == set(MASKS)
    for name, values in MASKS.items():
        assert set(MASK_COLOURS[name]) == set(values)
    for code, kind in MASKS["cell_type"].items():
        assert MASK_COLOURS["cell_type"][code] in layers[kind], kind
    ground = palette.GROUND
    assert MASK_COLOURS["bone"] == {1: ground["bone"], 2: ground["cavity"]}
    assert set(MASK_COLOURS["vessel"].values()) == {ground["vessel"], ground["sprout"]}


def test_page_on_exports_names_every_value_of_every_mask():
    page = (Path(__file__).parent.parent.parent / "docs" / "exports.md").read_text(encoding="utf-8")
    for name, values in MASKS.items():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` | ")]
        for value, meaning in values.items():
            assert re.search(rf"\b{value} (where )?{meaning.partition(':')[0]}\b", line)


side = st.integers(1, 6)


@settings(max_examples=50)
@given(nx=side, ny=side, dx_um=st.sampled_from([2.5, 10.0, 13.7]), data=st.data())
def test_pixel_is_the_site_whatever_the_order_of_rows(nx, ny, dx_um, data):
    x, y = (part.ravel() for part in np.meshgrid(range(nx), range(ny)))
    order = data.draw(st.permutations(range(nx * ny)))
    table = pd.DataFrame({"x_um": (x + 0.5) * dx_um, "y_um": (y + 0.5) * dx_um}).iloc[order]
    grid = Grid.of(table)
    assert (grid.nx, grid.ny, grid.dx_um) == (nx, ny, dx_um)
    image = grid.image(table, 100 * x[order] + y[order] + 1, np.int64)
    row, column = np.mgrid[:ny, :nx]
    np.testing.assert_array_equal(image, 100 * column + row + 1)


# -------------------------------------------------------------------------------------------- VTK
def test_vtk_is_read_by_pyvista(run, tmp_path):
    pyvista = tool("pyvista")
    export(run, "vtk", out=tmp_path / "v")
    assert sorted(path.name for path in (tmp_path / "v").iterdir()) == [
        "cells.pvd", "cells_day_001.00.vtp", "cells_day_003.00.vtp", "fields.pvd",
        "fields_day_001.00.vti", "fields_day_003.00.vti", "provenance.json",
    ]  # fmt: skip
    image = pyvista.read(tmp_path / "v" / "fields_day_003.00.vti")
    assert image.bounds[:4] == (0.0, 40.0, 0.0, 30.0)
    centres = image.cell_centers().points
    for centre, oxygen in zip(centres, image.cell_data["oxygen_mmHg"], strict=True):
        assert oxygen == 300.0 + 10.0 * (centre[0] // DX_UM) + centre[1] // DX_UM
    bone = {tuple(centres[i][:2]): image.cell_data["bone"][i] for i in range(NX * NY)}
    assert {place: value for place, value in bone.items() if value} == {(5, 5): 1, (15, 5): 2}
    assert image.field_data["TimeValue"][0] == 3.0
    points = pyvista.read(tmp_path / "v" / "cells_day_003.00.vtp")
    assert points.n_points == points.n_verts == 5
    assert points.points.tolist()[:3] == [[25, 15, 0], [5, 5, 0], [15, 25, 0]]
    assert points.point_data["state"].tolist()[:3] == ["dormant", "osteocyte", "mature"]
    assert points.point_data["uid"].tolist() == [LARGE_UID, 2, 3, 4, 5]
    np.testing.assert_allclose(points.point_data["akt_s473"][:3], [0.02, 0.12, 0.22])
    for held in (image, points):
        is_of_the_run({name: held.field_data[name][0] for name in held.field_data})


@pytest.mark.parametrize("kind", ["fields", "cells"])
def test_paraviews_series_leads_to_each_day(run, tmp_path, kind):
    pyvista = tool("pyvista")
    export(run, "vtk", out=tmp_path / "v")
    series = pyvista.PVDReader(tmp_path / "v" / f"{kind}.pvd")
    assert series.time_values == [1.0, 3.0]
    for day in series.time_values:
        series.set_active_time_value(day)
        (read,) = series.read()
        assert read.field_data["TimeValue"][0] == day


def test_vtk_of_a_run_without_fields_has_its_cells(tmp_path):
    tool("pyvista")
    folder = write_run(tmp_path, fields_at=())
    done = export(folder, "vtk", out=tmp_path / "v")
    assert not list((tmp_path / "v").glob("*fields*"))
    assert any("no fields" in note and "output.fields_at_days" in note for note in done.notes)
    bare = write_run(tmp_path / "bare", cells_at=(), fields_at=())
    with pytest.raises(UserError, match=r"has no snapshots; .*output.cells_at_days"):
        export(bare, "vtk", out=tmp_path / "w")
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("to", ["vtk", "parquet"])
def test_day_of_either_kind_will_do_and_another_is_refused(to, tmp_path):
    tool({"vtk": "pyvista", "parquet": "pyarrow"}[to])
    folder = write_run(tmp_path, cells_at=(1.0, 3.0), fields_at=(1.0,))
    made = export(folder, to, days=[3.0]).path
    days = {path.stem[-6:] for path in made.rglob("*day_*")}
    assert days == {"003.00"}
    with pytest.raises(UserError, match=r"no snapshots of day 2, only of days 1, 3; run its"):
        export(folder, to, days=[1.0, 2.0])


def test_vtk_that_the_disk_refuses_is_one_line(run, tmp_path, monkeypatch):
    pyvista = tool("pyvista")
    monkeypatch.setattr(pyvista.PolyData, "save", lambda self, path: path.touch())
    with pytest.raises(UserError, match=r"cells_day_001.00.vtp could not be written"):
        export(run, "vtk", out=tmp_path / "v")
    assert listing(tmp_path) == []


# -------------------------------------------------------------------------------------- PhysiCell
def test_physicell_table_has_the_names_of_physicell(run, tmp_path):
    export(run, "physicell-csv", out=tmp_path / "p.csv")
    table = pd.read_csv(tmp_path / "p.csv")
    # Labels of PhysiCell's MultiCellDS output, vectors with the endings that pcdl 4.1.9 gives them.
    names = ["time", "ID", "position_x", "position_y", "position_z", "cell_type", "current_phase"]
    assert list(table.columns[: len(names)]) == names
    assert table["time"].tolist() == [1440.0] * 5 + [4320.0] * 5
    assert table["ID"].tolist() == [LARGE_UID, 2, 3, 4, 5] * 2
    assert table[["position_x", "position_y", "position_z"]].to_numpy()[:3].tolist() == [
        [25, 15, 0], [5, 5, 0], [15, 25, 0],
    ]  # fmt: skip
    assert table["cell_type"].tolist()[:3] == ["tumour", "osteoblast", "osteoclast"]
    assert table["age"].tolist()[:2] == [1440.0, 6000.0]
    assert table["scenario_sha256"].unique().tolist() == [SCENARIO_SHA256]
    assert table["mtor_abm_version"].unique().tolist() == ["9.8.7"]


place = st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99))


@given(places=st.lists(place, max_size=8), day=st.integers(0, 40_000).map(lambda n: n / 100))
def test_physicell_rows_are_the_cells_that_have_a_place(places, day):
    n = len(places)
    table = pd.DataFrame({key: np.resize(column, n) for key, column in cells(1.0).items()})
    table["uid"] = range(n)
    for axis, name in enumerate(("x_um", "y_um")):
        table[name] = [np.nan if p is None else 10.0 * p[axis] + 5.0 for p in places]
    out = physicell_table(table, day)
    kept = [i for i, p in enumerate(places) if p is not None]
    assert out["ID"].tolist() == kept
    assert out["position_x"].tolist() == [10.0 * places[i][0] + 5.0 for i in kept]
    assert out["position_y"].tolist() == [10.0 * places[i][1] + 5.0 for i in kept]
    np.testing.assert_allclose(out["time"], day * 24 * 60)
    assert out["age"].tolist() == [60.0 * table["age_h"][i] for i in kept]


# ---------------------------------------------------------------------------------------- Parquet
def test_parquet_holds_every_table_as_it_was(run, tmp_path):
    parquet = tool("pyarrow.parquet")
    export(run, "parquet", out=tmp_path / "q")
    for name in ("timeseries", "cells/day_001.00", "fields/day_003.00"):
        written = pd.read_csv(run / f"{name}.csv")
        read = pd.read_parquet(tmp_path / "q" / f"{name}.parquet")
        if "/" in name:
            assert read.pop("day").unique().tolist() == [float(name[-6:])]
        assert list(read.columns) == list(written.columns)
        pd.testing.assert_frame_equal(read, written, check_dtype=False, check_exact=True)
    everything = pd.read_parquet(tmp_path / "q" / "cells")
    assert everything["day"].tolist() == [1.0] * 6 + [3.0] * 6
    assert everything["uid"].tolist() == [LARGE_UID, 2, 3, 4, 5, 6] * 2
    assert everything["state"].tolist()[:2] == ["dormant", "osteocyte"]
    stored = parquet.read_schema(tmp_path / "q" / "timeseries.parquet").metadata
    is_of_the_run({key.decode(): value.decode() for key, value in stored.items()})


def test_parquet_of_a_run_is_never_begun_within_the_run(run, tmp_path, monkeypatch):
    parquet, begun = tool("pyarrow.parquet"), []
    writer = parquet.ParquetWriter

    def watched(place, *args, **how):
        begun.append(place)
        return writer(place, *args, **how)

    monkeypatch.setattr(parquet, "ParquetWriter", watched)
    export(run, "parquet", out=tmp_path / "q")
    assert begun and not [place for place in begun if run in place.parents]


# ------------------------------------------------------------------------------- places and errors
#: What each format needs beside the core.
LIBRARY = {"h5ad": "anndata", "ome-zarr": "ome_zarr", "ome-tiff": "tifffile", "vtk": "pyvista",
           "parquet": "pyarrow"}  # fmt: skip


@pytest.fixture(params=FORMATS)
def to(request):
    if request.param in LIBRARY:
        tool(LIBRARY[request.param])
    return request.param


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_one_day_of_a_run_lies_beside_its_study(to, tmp_path):
    folder = write_run(tmp_path)
    done = export(folder, to, days=[3.0])
    assert done.path == tmp_path / "exported" / f"{folder.name}_day_3{FORMATS[to].ending}"
    assert done.path.exists() and len(listing(tmp_path / "exported")) >= 1
    assert foreign_entries(folder) == []  # a run may be done again in its place
    assert list(tmp_path.rglob("*.partial")) == []


def test_older_export_is_replaced_by_force_alone(to, run, tmp_path):
    place = tmp_path / f"x{FORMATS[to].ending}"
    export(run, to, out=place)
    before = listing(tmp_path)
    with pytest.raises(UserError, match="exists; give --force"):
        export(run, to, out=place)
    export(run, to, out=place, force=True)
    assert listing(tmp_path) == before


def test_what_a_person_put_into_an_older_export_is_kept(to, run, tmp_path):
    place = tmp_path / f"x{FORMATS[to].ending}"
    export(run, to, out=place)
    if not place.is_dir():
        place.write_bytes(b"my,own\n1,2\n")
        with pytest.raises(UserError, match="was not written by export; choose another --out"):
            export(run, to, out=place, force=True)
        assert place.read_bytes() == b"my,own\n1,2\n"
        return
    for name in ("notes.txt", "cells/mine.parquet", "c/0/notes"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).touch()
        before = listing(tmp_path)
        with pytest.raises(UserError, match=f"holds {name}, which export did not write; move it"):
            export(run, to, out=place, force=True)
        assert listing(tmp_path) == before
        (place / name).unlink()
    export(run, to, out=place, force=True)


def test_what_a_killed_export_left_goes_with_the_next(to, run, tmp_path):
    place = tmp_path / f"x{FORMATS[to].ending}"
    left = tmp_path / f".{place.name}.12345.partial"
    in_use, others = left.with_name(f".{place.name}.678.partial"), tmp_path / ".y.12.partial"
    for folder in (left, in_use, others):
        folder.mkdir()
        (folder / "half").touch()
    with folder_lock(in_use) as lock:
        assert lock.take()
        export(run, to, out=place)
    assert not left.exists() and in_use.exists() and others.exists()


def test_a_manifest_of_a_stranger_leads_nowhere_else(tmp_path):
    tool("pyarrow")
    folder = write_run(tmp_path / "study")
    evil = tmp_path / "study" / "evil.csv"
    evil.write_bytes(b"uid\n1\n")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    entry = {"sha256": hashlib.sha256(evil.read_bytes()).hexdigest(), "bytes": 6, "rows": 1}
    for name in ("../evil.csv", str(evil), "cells/../../evil.csv", "cells\\..\\evil.csv"):
        manifest["files"][name] = entry
        told = json.dumps(sealed({k: v for k, v in manifest.items() if k != SEAL}))
        (folder / "manifest.json").write_text(told, encoding="utf-8")
        for to in ("parquet", "physicell-csv"):
            with pytest.raises(UserError, match="damaged"):
                export(folder, to, out=tmp_path / "out" / f"x{FORMATS[to].ending}")
        del manifest["files"][name]
    assert not (tmp_path / "out").exists()


def test_a_study_of_h5ad_files_can_be_joined(tmp_path):
    anndata = tool("anndata")

    parts = []
    for scenario, seed in (("control", 1), ("control", 2), ("treated", 1)):
        folder = write_run(tmp_path, scenario=scenario, seed=seed)
        parts.append(anndata.read_h5ad(export(folder, "h5ad").path))
    joined = anndata.concat(parts)
    assert joined.n_obs == 30 and joined.obs_names.is_unique
    assert joined.obs["sample"].nunique() == 6


@pytest.mark.parametrize("to", ["vtk", "physicell-csv", "parquet"])
def test_what_is_printed_can_be_typed_whatever_the_path(run, tmp_path, to):
    if to in LIBRARY:
        tool(LIBRARY[to])
    place = tmp_path / 'it\'s "mine" $HOME' / f"x{FORMATS[to].ending}"
    opens = export(run, to, out=place).text().splitlines()[-1].removeprefix("open it").strip()
    if to == "vtk":
        assert shlex.split(opens) == ["paraview", str(place / "fields.pvd")]
    else:
        assert len(eval(opens, {"pandas": pd})) > 0


def test_folder_of_others_is_never_replaced(to, run, tmp_path):
    place = tmp_path / f"mine{FORMATS[to].ending}"
    place.mkdir()
    (place / "thesis.tex").touch()
    with pytest.raises(UserError, match=r"is a folder|was not written by export"):
        export(run, to, out=place, force=True)
    assert listing(tmp_path) == [place.name, f"{place.name}/thesis.tex"]


def test_nothing_is_written_into_a_run(to, run):
    before = listing(run)
    with pytest.raises(UserError, match="lies within the run"):
        export(run, to, out=run / "cells" / f"x{FORMATS[to].ending}")
    assert listing(run) == before


def test_failure_leaves_nothing_and_keeps_the_older_one(to, run, tmp_path, monkeypatch):
    place = tmp_path / f"x{FORMATS[to].ending}"
    export(run, to, out=place)
    before = listing(tmp_path)
    monkeypatch.setattr("mtor_abm.exchange.recorded.Recorded.provenance", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(run, to, out=place, force=True)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("to", [to for to, of in FORMATS.items() if of.ending.startswith(".")])
def test_name_by_which_tools_would_not_know_the_format_is_refused(to, run, tmp_path):
    with pytest.raises(UserError) as refusal:
        export(run, to, out=tmp_path / "x")
    assert str(refusal.value).endswith(f"give {tmp_path / 'x'}{FORMATS[to].ending} as --out")
    assert listing(tmp_path) == []


@pytest.mark.parametrize("to", LIBRARY)
def test_missing_library_is_one_line_that_says_what_to_install(
    to, run, tmp_path, monkeypatch, capsys
):
    name = LIBRARY[to]
    for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    assert (
        cli.main(
            ["export", str(run), "--to", to, "--out", str(tmp_path / f"x{FORMATS[to].ending}")]
        )
        == 2
    )
    said = capsys.readouterr().err
    extra = {"ome-zarr": "ome", "ome-tiff": "ome"}.get(to, to)
    assert f"pip install -e '.[{extra}]'" in said and said.count("\n") == 1
    assert listing(tmp_path) == []


def test_run_without_snapshots_is_told_the_setting(tmp_path):
    folder = write_run(tmp_path, cells_at=(), fields_at=())
    with pytest.raises(UserError, match=r"no cells of any day.*-S output.cells_at_days=\["):
        export(folder, "h5ad")
    with pytest.raises(UserError, match=r"no fields of any day.*-S output.fields_at_days=\["):
        tool("tifffile")
        export(folder, "ome-tiff")
    tool("pyarrow")
    export(folder, "parquet")  # its other tables are there


def test_wrong_days_formats_and_runs_are_one_line(run, tmp_path, capsys):
    for words, message in (
        ([str(run), "--to", "h5ad", "--day", "2"], "no cells of day 2, only of days 1, 3; choose"),
        ([str(run), "--to", "xlsx"], "--to xlsx is not a format; choose one of h5ad, ome-zarr"),
        ([str(tmp_path / "absent"), "--to", "h5ad"], "does not exist; give the folder of a run"),
    ):
        assert cli.main(["export", *words]) == 2
        said = capsys.readouterr().err
        assert message in said and said.count("\n") == 1


def test_failed_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="that failed"):
        export(write_run(tmp_path, status="failed"), "physicell-csv")


def test_damaged_snapshot_is_refused(tmp_path):
    folder = write_run(tmp_path)
    (folder / "cells" / "day_003.00.csv").write_text("uid\n1\n")
    for to in ("physicell-csv", "parquet"):
        with pytest.raises(UserError, match="is not what the run wrote"):
            export(folder, to)
    assert listing(tmp_path / "exported") == []


def test_command_says_where_and_what(run, tmp_path, capsys):
    place = tmp_path / "p.csv"
    words = ["export", str(run), "--to", "physicell-csv", "--out", str(place)]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"physicell-csv {place}", " " * 14 + "10 rows, days 1, 3; lengths in um, times in min",
    ]  # fmt: skip
    assert cli.main([*words, "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(place)
