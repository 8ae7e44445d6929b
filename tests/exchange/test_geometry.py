"""Images of bone become sections on the lattice: measures agree, faults are told in one line."""

# ruff: noqa: E402

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("skimage", reason="needs the extra images")
tifffile = pytest.importorskip("tifffile", reason="needs the extra images")
from PIL import Image
from refusal import refused

from mtor_abm import cli
from mtor_abm.anatomy import Section, read_section, section_bytes
from mtor_abm.cells import CELL_TYPES
from mtor_abm.errors import UserError
from mtor_abm.exchange.bone_mask import without_specks
from mtor_abm.exchange.cell_table import ELSEWHERE, Frame, placed, read_cells
from mtor_abm.exchange.geometry import Request, make_section
from mtor_abm.exchange.images import read_grey
from mtor_abm.exchange.vessel_mask import vessel_sites
from mtor_abm.histomorphometry import bone_measures
from mtor_abm.numerics.compiled import JIT_IS_OFF
from mtor_abm.seeding import PLACEABLE

EIGHT = np.ones((3, 3))
pytestmark = pytest.mark.skipif(
    JIT_IS_OFF, reason="no rules here, and local thickness takes minutes as plain Python"
)


def stripes(n, thick, period, axis=0):
    """(n, n) with bone of `thick` pixels every `period`, across columns (axis 0) or rows."""
    bone = np.arange(n) % period < thick
    return np.broadcast_to(bone if axis == 0 else bone[:, None], (n, n))


def picture(path, bone, low=0, high=255):
    Image.fromarray(np.where(bone, high, low).astype(np.uint8)).save(path)
    return path


def made(tmp_path, bone, pixel_um=10.0, **request):
    image = picture(tmp_path / "bone.png", bone)
    return make_section(Request(image, tmp_path / "m.npz", pixel_um, **request))


# The file of a section


@st.composite
def sections(draw):
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    bone = rng.random(shape) < 0.5
    vessel = ~bone & (rng.random(shape) < 0.3) if draw(st.booleans()) else None
    names = draw(st.lists(st.sampled_from(PLACEABLE), unique=True))
    dx = draw(st.floats(5.0, 25.0))
    places = {n: rng.random((int(rng.integers(1, 5)), 2)) * shape * dx for n in sorted(names)}
    return Section(dx, bone, vessel, places, {"from": "hypothesis", "seed": seed})


@given(sections())
def test_a_section_reads_back_as_it_was_and_equal_ones_have_equal_bytes(tmp_path_factory, section):
    path = tmp_path_factory.mktemp("s") / "s.npz"
    path.write_bytes(section_bytes(section))
    back = read_section(path)
    assert np.array_equal(back.bone, section.bone)
    assert (back.vessel is None) == (section.vessel is None)
    assert back.vessel is None or np.array_equal(back.vessel, section.vessel)
    assert back.cells.keys() == section.cells.keys()
    assert all(np.array_equal(back.cells[k], section.cells[k]) for k in section.cells)
    assert (back.dx_um, back.about) == (section.dx_um, section.about)
    assert section_bytes(back) == path.read_bytes()


WHOLE = section_bytes(Section(10.0, np.eye(30, dtype=bool), ~np.eye(30, dtype=bool)))


@settings(max_examples=150)
@given(st.integers(0, len(WHOLE)), st.binary(max_size=4), st.booleans())
def test_a_damaged_section_is_one_line_or_still_whole(tmp_path_factory, at, noise, cut):
    path = tmp_path_factory.mktemp("s") / "s.npz"
    path.write_bytes(WHOLE[:at] + noise + (b"" if cut else WHOLE[at + len(noise) :]))
    try:
        back = read_section(path)
    except UserError as fault:
        assert str(fault).isprintable() and ";" in str(fault)
    else:
        assert back.bone.shape == (30, 30)


def test_a_pickle_in_a_section_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    np.savez(tmp_path / "s.npz", format=np.array([Trap()], dtype=object))
    refused(lambda: read_section(tmp_path / "s.npz"), "not made by `geometry`")
    assert not (tmp_path / "sprung").exists()


# From image to lattice


def test_a_binary_image_of_the_lattice_s_own_pixels_is_kept_to_the_site(tmp_path):
    bone = stripes(64, 6, 20) | stripes(64, 6, 32, axis=1)
    section = made(tmp_path, bone).section
    assert np.array_equal(section.bone, bone[::-1].T)
    assert section.dx_um == 10.0
    assert section.about["measured"]["lattice"] == section.about["measured"]["image"]


@pytest.mark.parametrize("pixel_um", [2.0, 4.0, 10.0, 20.0])
def test_plates_of_known_thickness_are_measured_right_at_any_pixel(tmp_path, pixel_um):
    """Plates of 80 um every 200 um: BV/TV 0.4, Tb.Th 80 um, Tb.Sp 120 um (half at either edge)."""
    per = round(200 / pixel_um)
    plates = np.roll(stripes(8 * per, round(80 / pixel_um), per), round(60 / pixel_um), axis=1)
    told = made(tmp_path, plates, pixel_um).section.about
    for which in ("image", "lattice"):
        seen = told["measured"][which]
        assert seen["bv_tv"] == pytest.approx(0.4, abs=0.004)
        assert seen["tb_th_local_um"] == pytest.approx(80.0, rel=0.03)
        assert seen["tb_sp_local_um"] == pytest.approx(120.0, rel=0.03)
    assert told["lattice"] == {"nx": 160, "ny": 160, "dx_um": 10.0}


def test_a_disc_keeps_its_area_and_place_from_fine_and_from_coarse_pixels(tmp_path):
    for pixel_um in (3.0, 16.0):
        n = round(960 / pixel_um)
        at = (np.arange(n) + 0.5) * pixel_um
        disc = np.hypot(at[:, None] - 300.0, at[None, :] - 500.0) < 200.0  # row is y, column is x
        section = made(tmp_path, disc, pixel_um).section
        assert section.bone.sum() * 100.0 == pytest.approx(np.pi * 200.0**2, rel=0.03)
        x, y = ((np.argwhere(section.bone) + 0.5) * 10.0).mean(axis=0)
        assert (x, y) == pytest.approx((500.0, 960.0 - 300.0), abs=4.0)


def test_half_full_sites_lose_and_gain_no_bone(tmp_path):
    rng = np.random.default_rng(5)
    blocks = np.repeat(np.repeat(rng.random((50, 50)) < 0.4, 5, 0), 5, 1)  # of 25 um at 5 um pixels
    told = made(tmp_path, blocks, 5.0, tolerance=9.0, despeckle_um2=0.0).section.about["measured"]
    assert told["lattice"]["bv_tv"] == pytest.approx(told["image"]["bv_tv"], rel=0.01)


def test_otsu_parts_two_greys_and_a_level_or_negative_does_as_told(tmp_path):
    rng = np.random.default_rng(1)
    bone = stripes(60, 10, 30)
    grey = np.where(bone, 170, 60) + rng.integers(-20, 21, bone.shape)
    Image.fromarray(grey.astype(np.uint8)).save(tmp_path / "g.png")
    Image.fromarray((255 - grey).astype(np.uint8)).save(tmp_path / "n.png")
    out = tmp_path / "m.npz"
    for request in (
        Request(tmp_path / "g.png", out, 10.0),
        Request(tmp_path / "g.png", out, 10.0, threshold=115.0),
        Request(tmp_path / "n.png", out, 10.0, invert=True),
        Request(tmp_path / "n.png", out, 10.0, invert=True, threshold=140.0),
    ):
        section = make_section(request).section
        assert np.array_equal(section.bone, bone[::-1].T)
    assert section.about["threshold"] == 140.0
    assert section.about["bone_is"] == "dark"


def test_specks_go_and_are_counted(tmp_path):
    bone = stripes(60, 10, 30).copy()
    bone[20, 20] = bone[40, 20] = bone[40, 21] = True  # two islands of 1 and 2 sites
    bone[30, 5] = False  # one hole
    told = made(tmp_path, bone).section
    assert told.about["dropped"] == {"islands": 2, "holes": 1}
    assert np.array_equal(told.bone, stripes(60, 10, 30)[::-1].T)
    kept = made(tmp_path, bone, despeckle_um2=0.0, tolerance=1.0).section
    assert np.array_equal(kept.bone, bone[::-1].T)


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 12.0))
def test_nothing_small_is_left_and_nothing_large_is_lost(seed, area):
    bone = np.random.default_rng(seed).random((20, 20)) < 0.5
    left = without_specks(bone, 1.0, area).bone
    from scipy.ndimage import label

    pieces = np.bincount(label(left, EIGHT)[0].ravel())[1:]
    assert (pieces >= area).all()
    before = label(bone, EIGHT)[0]
    large = np.bincount(before.ravel()) >= area
    large[0] = False
    assert left[large[before]].all()


def test_lost_struts_are_refused_and_the_dx_that_is_named_keeps_them(tmp_path):
    bone = stripes(1000, 24, 400) | stripes(1000, 8, 100, axis=1)  # rods of 8 um, at 1 um pixels
    with pytest.raises(UserError) as fault:
        made(tmp_path, bone, 1.0, dx_um=25.0)
    assert "sites of 25 um change the bone: BV/TV" in str(fault.value)
    assert not (tmp_path / "m.npz").exists()
    rods = np.roll(stripes(1000, 30, 100), 35, axis=1)
    with pytest.raises(UserError, match=r"--dx-um \S+ keeps it") as fault:
        made(tmp_path, rods, 1.0, dx_um=25.0)
    dx = float(str(fault.value).split("--dx-um ")[1].split()[0])
    assert made(tmp_path, rods, 1.0, dx_um=dx).section.dx_um == dx


def test_a_crop_is_the_part_that_was_asked_for(tmp_path):
    bone = stripes(100, 10, 50) | stripes(100, 14, 50, axis=1)
    section = made(tmp_path, bone, crop_um=(200.0, 100.0, 600.0, 500.0)).section
    assert np.array_equal(section.bone, bone[10:60, 20:80][::-1].T)
    for crop in ((-1.0, 0, 500, 500), (600.0, 0, 500, 500), (0, 0, 0, 500)):
        refused(lambda crop=crop: made(tmp_path, bone, crop_um=crop), "--crop", "leaves the image")


# Scale


def grey_tiff(path, **tags):
    tifffile.imwrite(path, np.where(stripes(60, 10, 30), 200, 30).astype(np.uint8), **tags)
    return path


def test_a_tiff_tells_its_scale(tmp_path):
    path = tmp_path / "t.tif"
    for tags in (
        {"resolution": (800.0, 800.0), "resolutionunit": "CENTIMETER"},
        {"resolution": (2032.0, 2032.0), "resolutionunit": "INCH"},
        {"resolution": (0.08, 0.08), "imagej": True, "metadata": {"unit": "micron"}},
        {"resolution": (0.08, 0.08), "imagej": True, "metadata": {"unit": "\\u00B5m"}},
        {"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 12.5, "PhysicalSizeY": 12.5,
                                   "PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"}},
        {"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 0.0125, "PhysicalSizeY": 0.0125,
                                   "PhysicalSizeXUnit": "mm", "PhysicalSizeYUnit": "mm"}},
    ):  # fmt: skip
        assert read_grey(grey_tiff(path, **tags)).pixel_um == pytest.approx(12.5, rel=1e-3), tags
    section = make_section(Request(path, tmp_path / "m.npz")).section
    assert section.about["pixel_um"] == pytest.approx(12.5, rel=1e-3)
    assert section.bone.shape == (75, 75)


def test_a_missing_or_absurd_scale_is_asked_for(tmp_path):
    plain = picture(tmp_path / "p.png", stripes(60, 10, 30))
    screen = tmp_path / "s.png"
    Image.open(plain).save(screen, dpi=(72, 72))
    unitless = grey_tiff(tmp_path / "u.tif", resolution=(1, 1), resolutionunit="NONE")
    for path, why in (
        (plain, "none in the file"),
        (screen, "72 pixels per inch are for prints"),
        (unitless, "none"),
    ):
        refused(lambda path=path: make_section(Request(path, tmp_path / "m.npz")),
                "give --pixel-um", why)  # fmt: skip
    oblong = grey_tiff(tmp_path / "o.tif", resolution=(800, 400), resolutionunit="CENTIMETER")
    refused(lambda: read_grey(oblong), "square")
    refused(lambda: make_section(Request(plain, tmp_path / "m.npz", 1000.0)), "not mm")


# What cannot be used


def test_images_that_cannot_be_used_are_one_line(tmp_path):
    def saved(name, array, mode=None):
        Image.fromarray(np.asarray(array, dtype=np.uint8), mode).save(tmp_path / name)
        return tmp_path / name

    colours = np.zeros((60, 60, 3))
    colours[:30, :, 0] = 255
    clear = np.full((60, 60, 4), 255)
    clear[:5, :5, 3] = 0
    holes = np.ones((60, 60), dtype=np.float32)
    holes[3, 4:7] = np.nan
    tifffile.imwrite(tmp_path / "nan.tif", holes)
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 60, 60), dtype=np.uint8),
                     photometric="minisblack")  # fmt: skip
    (tmp_path / "text.png").write_text("no image")
    whole = picture(tmp_path / "w.png", stripes(60, 10, 30)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:80])
    for path, words in (
        (saved("c.png", colours), "in colour"),
        (saved("a.png", clear), "25 pixels are transparent"),
        (tmp_path / "nan.tif", "3 pixels have no value"),
        (tmp_path / "stack.tif", "--page 1 to 3"),
        (tmp_path / "text.png", "is not an image that can be read"),
        (tmp_path / "cut.png", "damaged image"),
        (tmp_path / "absent.png", "No such file"),
        (tmp_path, "Is a directory"),
    ):
        refused(lambda path=path: read_grey(path), str(path), words)
    assert read_grey(tmp_path / "stack.tif", 2).pixels.shape == (60, 60)
    grey_as_rgb = saved("rgb.png", np.repeat(np.eye(60)[..., None], 3, axis=2) * 255)
    assert np.array_equal(read_grey(grey_as_rgb).pixels, np.eye(60) * 255)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_damaged_image_is_read_or_refused_in_one_line(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("i")
    kind = data.draw(st.sampled_from(["png", "tif"]))
    path = folder / f"x.{kind}"
    if kind == "png":
        picture(path, stripes(30, 5, 10))
    else:
        grey_tiff(path, resolution=(800.0, 800.0), resolutionunit="CENTIMETER")
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, min(len(raw), 400) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(
        raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    )
    try:
        read_grey(path)
    except UserError as fault:
        assert str(fault).isprintable() and ";" in str(fault)


def test_requests_that_make_no_marrow_are_one_line(tmp_path):
    bone = stripes(60, 10, 30)
    refused(lambda: made(tmp_path, np.ones((60, 60))), "all pixels are 255")
    refused(lambda: made(tmp_path, bone, threshold=255.0), "separates nothing", "0 to 255")
    refused(lambda: made(tmp_path, bone, 100.0, dx_um=1.0), "--dx-um 1 lies outside 5..25")
    refused(lambda: made(tmp_path, bone, 1.0), "6 x 6 sites of 10 um", "24 to 4000")
    refused(lambda: made(tmp_path, stripes(1000, 10, 30), 100.0), "--crop")
    speck = np.zeros((60, 60), dtype=bool)
    speck[5, 5] = True
    refused(lambda: made(tmp_path, speck), "all of it is marrow")
    refused(lambda: made(tmp_path, ~speck), "all of it is bone", "--invert")
    image = picture(tmp_path / "bone.png", bone)
    refused(lambda: make_section(Request(image, image, 10.0)), "--out", ".npz")
    other = tmp_path / "other.npz"
    np.savez(other, x=np.arange(3))
    refused(lambda: make_section(Request(image, other, 10.0)), "not written by geometry")
    assert np.load(other)["x"].sum() == 3


# Vessels


def test_a_wide_vessel_becomes_its_centre_line(tmp_path):
    bone = np.zeros((60, 60), dtype=bool)
    bone[:, :8] = True
    vessel = np.zeros((60, 60), dtype=bool)
    vessel[:, 29:34] = True  # 50 um wide, its middle is column 31
    image = picture(tmp_path / "v.png", vessel)
    section = made(tmp_path, bone, vessels=image).section
    across, along = np.nonzero(section.vessel)
    assert set(across) <= {30, 31, 32} and len(across) <= 62
    assert along.min() <= 2 and along.max() >= 57
    assert section.about["vessels"]["networks"] == 1


@given(st.integers(0, 2**32 - 1), st.sampled_from([2.0, 5.0, 10.0, 25.0]))
@settings(max_examples=40, deadline=None)
def test_a_winding_vessel_stays_in_one_piece_out_of_bone(seed, pixel_um):
    from scipy.ndimage import label

    rng = np.random.default_rng(seed)
    n = round(600 / pixel_um)
    row = np.clip(n // 2 + np.cumsum(rng.integers(-1, 2, n)), 1, n - 2)
    seen = np.zeros((n, n), dtype=bool)
    for column in range(n):
        low, high = sorted((row[column], row[max(column - 1, 0)]))
        seen[low : high + 1, column] = True
    bone = np.zeros((60, 60), dtype=bool)
    bone[0] = True
    vessels = vessel_sites("v", seen, pixel_um, 10.0, bone)
    assert label(vessels.sites, EIGHT)[1] == vessels.n_pieces == 1
    assert not (vessels.sites & bone).any()
    full = label(vessels.sites, np.ones((3, 3)))[0] > 0
    squares = full[1:, 1:] & full[:-1, 1:] & full[1:, :-1] & full[:-1, :-1]
    assert squares.sum() == 0, "one site wide"


def test_vessels_that_do_not_fit_are_refused(tmp_path):
    bone = stripes(60, 10, 30)
    inside = picture(tmp_path / "i.png", stripes(60, 4, 30))
    refused(lambda: made(tmp_path, bone, vessels=inside), "lie in bone")
    small = picture(tmp_path / "s.png", stripes(50, 4, 30))
    refused(lambda: made(tmp_path, bone, vessels=small), "50 x 50 pixels", "60 x 60")


# Cells


def table(tmp_path, text):
    path = tmp_path / "cells.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_stand_where_the_table_says_from_the_upper_left(tmp_path):
    bone = np.zeros((60, 80), dtype=bool)
    bone[:20, :30] = True  # upper left
    cells = table(
        tmp_path, "type,area,x_um,y_um\ntumour,9,405,15\ncar,9,15,595\n\ntumour,9,5,205\n"
    )
    told = made(tmp_path, bone, cells=cells).section
    assert told.bone[:30, 40:].all() and told.bone.sum() == 600
    assert told.cells["tumour"].tolist() == [[405.0, 585.0], [5.0, 395.0]]
    assert told.cells["car"].tolist() == [[15.0, 5.0]]
    cut = made(tmp_path, bone, cells=cells, crop_um=(200.0, 0.0, 600.0, 600.0)).section
    assert cut.cells["tumour"].tolist() == [[205.0, 585.0]]
    assert cut.about["cells_off_lattice"] == 2


def test_cells_without_a_free_site_are_counted_refused_or_moved(tmp_path):
    bone = np.zeros((60, 60), dtype=bool)
    bone[:, :20] = True
    cells = table(tmp_path, "x_um,y_um,type\n195,105,tumour\n50,105,tumour\n405,5,car\n406,6,car\n")
    refused(lambda: made(tmp_path, bone, cells=cells),
            "2 of 4 cells lie in bone and 1", "line 2", "--snap-um 15")  # fmt: skip
    refused(lambda: made(tmp_path, bone, cells=cells, snap_um=15.0),
            "1 of 4 cells find no free site within 15 um", "line 3")  # fmt: skip
    told = made(tmp_path, bone, cells=cells, snap_um=400.0).section
    assert told.about["cells_moved"] == 3
    at = np.concatenate(list(told.cells.values()))
    sites = {tuple(site) for site in (at // 10).astype(int).tolist()}
    assert len(sites) == 4 and all(not told.bone[site] for site in sites)
    assert [205.0, 495.0] in told.cells["tumour"].tolist(), "the nearest site beyond the bone"


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 600)), max_size=30), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_placed_cells_are_free_distinct_and_near(tmp_path_factory, places, seed):
    path = table(
        tmp_path_factory.mktemp("c"),
        "x_um,y_um,type\n" + "".join(f"{x!r},{y!r},tumour\n" for x, y in places),
    )
    bone = np.random.default_rng(seed).random((60, 60)) < 0.3
    frame = Frame(600.0, 600.0, 0.0, 0.0, 60, 60, 10.0)
    got = placed(path, read_cells(path), frame, bone, None, snap_um=200.0)
    at = got.cells.get("tumour", np.empty((0, 2)))
    sites = (at // 10.0).astype(int)
    assert len(at) + got.n_outside == len(places)
    assert len(np.unique(sites, axis=0)) == len(sites)
    assert not bone[tuple(sites.T)].any()
    wanted = np.array([(x, 600.0 - y) for x, y in places]).reshape(-1, 2)
    for place in at:
        assert np.hypot(*(wanted - place).T).min() <= 200.0


def test_tables_that_cannot_be_used_are_one_line(tmp_path):
    for text, words in (
        ("x,y,type\n1,2,tumour\n", "name x_um once"),
        ("x_um,y_um,type\n1,,tumour\n", "line 2: y_um = '' is not a number"),
        ("x_um,y_um,type\n1,nan,tumour\n", "is not a number"),
        ("x_um,y_um,type\n1,2,tumor\n", "nearest: tumour"),
        ("x_um,y_um,type\n1,2,osteoclast\n", "place osteoclast_precursor"),
        ("x_um,y_um,type\n1,2\n", "line 2 has 2 values for 3 columns"),
        ("", "has nothing"),
    ):
        refused(lambda text=text: read_cells(table(tmp_path, text)), words)
    bone = stripes(60, 10, 30)
    far = table(tmp_path, "x_um,y_um,type\n150,100,tumour\n6500,100,tumour\n")
    refused(lambda: made(tmp_path, bone, cells=far), "1 of 2 cells lie outside", "line 3")


def test_every_cell_type_of_the_model_can_be_placed_or_is_explained():
    assert {*ELSEWHERE, *PLACEABLE} == {kind.kind.name for kind in CELL_TYPES}


# The command


def test_the_command_prints_what_it_measured_and_what_to_type(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bone = stripes(60, 10, 30)
    picture(tmp_path / "bone.png", bone)
    assert cli.main(["geometry", "bone.png", "--pixel-um", "10"]) == 0
    said = capsys.readouterr().out
    assert " run vehicle -S geometry.file=marrow.npz" in said
    assert f"{bone.mean():9.4f}{bone.mean():9.4f}" in said
    assert cli.main(["geometry", "bone.png", "--pixel-um", "10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    plate = bone_measures(bone, 10.0)
    assert told["measured"]["lattice"]["tb_th_um"] == pytest.approx(plate.tb_th_um)
    assert told["image"]["file"] == "bone.png" and len(told["image"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give --pixel-um"),
        (["--pixel-um", "10", "--threshold", "high"], "'high' is not a grey level"),
        (["--pixel-um", "10", "--crop", "1,2,3"], "give LEFT,TOP,WIDTH,HEIGHT"),
        (["--pixel-um", "10", "--smooth-um", "-1"], "--smooth-um -1 is not 0 or more"),
        (["--pixel-um", "nan"], "lies outside"),
    ],
)
def test_a_wrong_call_is_one_line_and_2(tmp_path, capsys, arguments, words):
    image = picture(tmp_path / "bone.png", stripes(60, 10, 30))
    out = ["--out", str(tmp_path / "m.npz")]
    assert cli.main(["geometry", str(image), *out, *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and words in said.err


def test_without_the_extra_one_line_says_what_to_install(tmp_path, monkeypatch):
    import sys

    image = picture(tmp_path / "bone.png", stripes(60, 10, 30))
    monkeypatch.setitem(sys.modules, "tifffile", None)
    refused(lambda: make_section(Request(image, tmp_path / "m.npz", 10.0)), "pip install", "images")
