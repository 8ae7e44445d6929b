"""What a file says of its picture is taken from that picture, and never guessed in silence.

Each test draws bone whose measures are known, stores it in a way that readers of images are known
to stumble over, and asks for the same bone or for one line with a cure.
"""

# ruff: noqa: E402

import builtins
import os
import sys

import numpy as np
import pytest

pytest.importorskip("skimage", reason="needs the extra images")
tifffile = pytest.importorskip("tifffile", reason="needs the extra images")
from PIL import Image
from refusal import refused

from mtor_abm import cli
from mtor_abm.anatomy import read_section, section
from mtor_abm.exchange.cell_table import read_cells
from mtor_abm.exchange.geometry import Request, make_section
from mtor_abm.exchange.grey_threshold import otsu
from mtor_abm.exchange.images import read_grey
from mtor_abm.numerics.compiled import JIT_IS_OFF

pytestmark = pytest.mark.skipif(
    JIT_IS_OFF, reason="no rules here, and local thickness takes minutes as plain Python"
)

BONE = np.zeros((60, 80), dtype=bool)  # not symmetric: turned or mirrored it is another
BONE[:14] = BONE[:, :10] = BONE[40:48, 30:] = True
SHARE = BONE.mean()
GREY = np.where(BONE, 200, 60).astype(np.uint8)
NOISY = (GREY + np.random.default_rng(3).integers(-20, 21, GREY.shape)).astype(np.uint8)


def made(path, pixel_um=10.0, **request):
    return make_section(Request(path, path.with_suffix(".npz"), pixel_um, **request))


def is_the_bone(path, pixel_um=10.0, bone=BONE, **request):
    done = made(path, pixel_um, **request)
    assert np.array_equal(done.section.bone, bone[::-1].T)
    return done


def tiff(path, pixels, **how):
    tifffile.imwrite(path, pixels, **how)
    return path


def picture(path, pixels, **how):
    Image.fromarray(pixels).save(path, **how)
    return path


# Pages and scale


def two_sizes(path):
    """An overview of 40 um, then a scan of 10 um a pixel."""
    with tifffile.TiffWriter(path, ome=True) as out:
        for pixels, um in ((GREY[::4, ::4], 40.0), (GREY, 10.0)):
            out.write(pixels, photometric="minisblack", metadata={
                "axes": "YX", "PhysicalSizeX": um, "PhysicalSizeY": um,
                "PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"})  # fmt: skip
    return path


def test_pixel_size_of_an_ome_tiff_is_that_of_the_page(tmp_path):
    path = two_sizes(tmp_path / "a.ome.tif")
    assert [read_grey(path, page).pixel_um for page in (1, 2)] == [40.0, 10.0]
    is_the_bone(path, None, page=2)


def test_pixel_size_of_an_image_that_cannot_be_told_is_asked_for(tmp_path):
    path = two_sizes(tmp_path / "a.ome.tif")
    with tifffile.TiffFile(path) as tif:
        xml = tif.ome_metadata
    begin, end = xml.index("<Image"), xml.index("</Image>") + len("</Image>")
    third = xml[begin:end].replace("Image:0", "Image:9").replace('PhysicalSizeX="40', 'x="40')
    third = third[: third.index("<TiffData")] + third[third.rindex("</Pixels>") :]
    tifffile.tiffcomment(path, (xml[:begin] + third + xml[begin:]).encode())
    refused(lambda: made(path, None, page=2), "give --pixel-um", "several")


@pytest.mark.parametrize(
    ("unit", "size", "um"),
    [("m", 1e-5, 10.0), ("in", 0.0005, 12.7), ("nm", 9000.0, 9.0), ("Å", 1e5, 10.0)],
)
def test_units_of_ome_are_lengths(tmp_path, unit, size, um):
    path = tiff(tmp_path / "a.ome.tif", GREY, ome=True, metadata={
        "axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size,
        "PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit})  # fmt: skip
    assert read_grey(path).pixel_um == pytest.approx(um)


def test_a_unit_that_is_no_length_is_named(tmp_path):
    path = tiff(tmp_path / "a.ome.tif", GREY, ome=True, metadata={
        "axes": "YX", "PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0,
        "PhysicalSizeXUnit": "pixel", "PhysicalSizeYUnit": "pixel"})  # fmt: skip
    refused(lambda: made(path, None), "its OME metadata gives it in pixel", "give --pixel-um")


@pytest.mark.parametrize("how", [
    {"imagej": True, "resolution": (0.1, 0.1), "metadata": {"unit": "um", "axes": "ZYX"}},
    {"shaped": True},
])  # fmt: skip
def test_each_picture_of_a_stack_in_one_page_can_be_had(tmp_path, how):
    path, options = tmp_path / "s.tif", dict(how)
    stack = np.stack([255 - GREY, GREY, GREY // 2])
    if options.pop("shaped", False):
        options = {"truncate": True, "photometric": "minisblack"}
        tifffile.imwrite(path, stack, **options)
    else:
        tifffile.imwrite(path, stack, truncate=True, **options)
    with tifffile.TiffFile(path) as tif:
        assert len(tif.pages) == 1, "as ImageJ writes large stacks"
    refused(lambda: made(path), "a stack of 3 pages", "--page 1 to 3")
    for page in (1, 2, 3):
        assert np.array_equal(read_grey(path, page).pixels, stack[page - 1])
    refused(lambda: made(path, page=4), "has 3 pages", "--page 1 to 3")
    if "imagej" in how:
        assert read_grey(path, 2).pixel_um == pytest.approx(10.0)


def test_pages_of_other_sizes_and_resolutions_are_those_of_the_file(tmp_path):
    path = tmp_path / "p.tif"
    with tifffile.TiffWriter(path) as out:
        for pixels, per_cm in ((GREY, 800), (GREY[:30], 500), (255 - GREY, 1000)):
            out.write(pixels, resolution=(per_cm, per_cm), resolutionunit="CENTIMETER",
                      photometric="minisblack", metadata=None)  # fmt: skip
    found = [read_grey(path, page) for page in (1, 2, 3)]
    assert [image.pixel_um for image in found] == pytest.approx([12.5, 20.0, 10.0])
    assert [image.pixels.shape[0] for image in found] == [60, 30, 60]
    assert np.array_equal(found[2].pixels, 255 - GREY)


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 600, 1200, 2032, 2400])
def test_the_resolution_of_a_print_is_no_scale(tmp_path, dpi):
    for name in ("a.png", "a.jpg"):
        path = picture(tmp_path / name, GREY, dpi=(dpi, dpi))
        refused(lambda path=path: made(path, None), f"{dpi} pixels per inch", "give --pixel-um")
    for resolution, unit in ((dpi, "INCH"), (dpi / 2.54, "CENTIMETER")):
        path = tiff(
            tmp_path / "a.tif", GREY, resolution=(resolution, resolution), resolutionunit=unit
        )
        if dpi == 2032:  # 12.5 um, and no printer's
            assert read_grey(path).pixel_um == pytest.approx(12.5, rel=1e-3)
        else:
            refused(lambda path=path: made(path, None), f"{dpi} pixels per inch", "--pixel-um")
    is_the_bone(path)  # which was asked for


def test_a_turned_picture_is_taken_as_stored_and_told(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for path, tag in (
        (picture(tmp_path / "a.png", GREY, exif=exif), 6),
        (tiff(tmp_path / "t.tif", GREY, extratags=[(274, 3, 1, 3, True)]), 3),
    ):
        (note,) = is_the_bone(path).notes
        assert f"orientation tag ({tag}) is not applied" in note and "--cells" in note
    assert is_the_bone(picture(tmp_path / "b.png", GREY)).notes == []


# What numbers mean


def palette(path, index, colours):
    if path.suffix == ".tif":
        table = np.zeros((3, 256), dtype=np.uint16)
        table[:, : len(colours)] = 257 * np.array(colours).T
        return tiff(path, index, photometric="palette", colormap=table)
    image = Image.fromarray(index, "P")
    image.putpalette([level for colour in colours for level in colour])
    image.save(path)
    return path


@pytest.mark.parametrize("kind", ["png", "tif", "gif"])
def test_a_palette_is_looked_up(tmp_path, kind):
    index = np.where(BONE, 0, 1).astype(np.uint8)  # bone is index 0, and white
    is_the_bone(palette(tmp_path / f"a.{kind}", index, [(255, 255, 255), (0, 0, 0)]))
    path = palette(tmp_path / f"b.{kind}", index, [(255, 0, 0), (0, 0, 255)])
    refused(lambda: made(path), "in colour; give --bone-label N")
    if kind != "gif":  # which may be stored with another order of its palette
        is_the_bone(path, bone_labels=(0,))


@pytest.mark.parametrize(
    ("begins", "kind"),
    [(b"\x89HDF\r\n\x1a\n", "HDF5"), (bytes(128) + b"DICM", "DICOM"),
     (b"CTDATA-HEADER_V1", "Scanco"), (bytes(344) + b"n+1", "NIfTI")],
)  # fmt: skip
def test_a_volume_of_a_scanner_is_no_damaged_image(tmp_path, begins, kind):
    path = tmp_path / "scan"
    path.write_bytes(begins + bytes(600))
    refused(lambda: made(path), f"is a file of {kind}", "save one section of it as TIFF")


def test_colours_of_print_are_refused(tmp_path):
    ink = np.zeros((*GREY.shape, 4), dtype=np.uint8)
    ink[..., 3] = 255 - GREY
    Image.fromarray(ink, "CMYK").save(tmp_path / "a.jpg")
    refused(lambda: made(tmp_path / "a.jpg"), "stored as CMYK", "save it as grey")
    path = tiff(tmp_path / "a.tif", ink, photometric="separated")
    refused(lambda: made(path), "stored as SEPARATED", "grey")


def test_pixels_that_the_file_declares_transparent_are_refused(tmp_path):
    n = np.count_nonzero(GREY == 60)
    path = picture(tmp_path / "a.png", GREY, transparency=60)
    refused(lambda: made(path), f"{n} pixels are transparent")
    is_the_bone(picture(tmp_path / "b.png", GREY, transparency=7))
    alpha = np.dstack([GREY, np.where(BONE, 255, 0).astype(np.uint8)])
    path = tiff(tmp_path / "c.tif", alpha, photometric="minisblack", extrasamples=["unassalpha"])
    refused(lambda: made(path), f"{n} pixels are transparent")
    path = tiff(tmp_path / "d.tif", alpha, photometric="minisblack", extrasamples=["unspecified"])
    refused(lambda: made(path), "has 2 channels")


LABELS = np.where(BONE, 1, 0).astype(np.uint8)
LABELS[20:24, 30:] = 2  # a vessel


@pytest.mark.parametrize(
    ("pixels", "bone_label"),
    [
        (LABELS, "1"),
        (np.where(BONE, 1, 2).astype(np.uint8), "1"),  # ilastik's 1 and 2
        (np.array([0, 127, 255], dtype=np.uint8)[LABELS], "127"),
        (LABELS.astype(np.uint16) + 40, "41"),
    ],
)
def test_labels_are_no_grey_levels(tmp_path, pixels, bone_label):
    for path in (picture(tmp_path / "a.png", pixels), tiff(tmp_path / "a.tif", pixels)):
        refused(lambda path=path: made(path), "look like labels", "--bone-label N")
        is_the_bone(path, bone_labels=(int(bone_label),))
        made(path, is_grey=True, tolerance=9.0)  # who says otherwise is believed
        refused(lambda path=path: made(path, bone_labels=(9,)), "has no label 9", bone_label)


def test_pieces_with_a_number_of_their_own_are_no_grey_levels(tmp_path):
    bone = np.zeros((200, 200), dtype=bool)
    for row in range(4, 196, 20):
        for column in range(4, 196, 20):
            bone[row : row + 12, column : column + 12] = True
    from scipy.ndimage import label

    path = tiff(tmp_path / "a.tif", label(bone)[0].astype(np.uint16))
    refused(lambda: made(path), "holds 101 numbers", "--threshold 0 if all but 0 are")
    is_the_bone(path, bone=bone, threshold=0.0)


def test_black_and_white_and_its_soft_edges_are_no_labels(tmp_path):
    is_the_bone(picture(tmp_path / "a.png", np.where(BONE, 255, 0).astype(np.uint8)))
    is_the_bone(picture(tmp_path / "b.png", np.where(BONE, 1, 0).astype(np.uint8)))
    fine = np.roll(np.kron(BONE, np.full((3, 3), 255.0)), 1, axis=(0, 1))
    soft = (fine[::2, ::2] + fine[1::2, ::2] + fine[::2, 1::2] + fine[1::2, 1::2]) / 4.0
    path = picture(tmp_path / "c.png", soft.astype(np.uint8))
    assert len(np.unique(soft)) > 2
    assert made(path, 20.0 / 3.0).section.bone.mean() == pytest.approx(SHARE, rel=0.02)


def test_bone_and_vessels_come_from_one_picture_of_labels(tmp_path):
    path = palette(tmp_path / "a.tif", LABELS, [(0, 0, 0), (255, 0, 0), (0, 0, 255)])
    done = is_the_bone(path, bone_labels=(1,), vessel_labels=(2,))
    vessel = done.section.vessel[::-1, ::-1].T
    assert 40 <= vessel.sum() <= 50 and not (done.section.vessel & done.section.bone).any()
    assert "labels of a.tif" in done.text()
    mask = picture(tmp_path / "v.png", LABELS)
    refused(lambda: made(path, bone_labels=(1,), vessels=mask), "--vessel-label")
    both = is_the_bone(path, bone_labels=(1,), vessels=mask, vessel_labels=(2,))
    assert np.array_equal(both.section.vessel, done.section.vessel)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--bone-label", "bone"], "--bone-label 'bone' is not a label"),
        (["--bone-label", "١"], "is not a label"),
        (["--bone-label", "1", "--threshold", "otsu"], "leave out --threshold"),
        (["--bone-label", "1", "--invert"], "leave out --threshold, --invert"),
        (["--threshold", "1_0"], "'1_0' is not a grey level"),
        (["--crop", "0,0,1_0,400"], "cannot be read"),
    ],
)
def test_labels_and_levels_are_plain_numbers_and_not_both(tmp_path, capsys, words, told):
    path = picture(tmp_path / "a.png", LABELS)
    out = str(tmp_path / "m.npz")
    assert cli.main(["geometry", str(path), "--pixel-um", "10", "--out", out, *words]) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1


# Compression


@pytest.mark.parametrize("how", [
    {"compression": "lzw"}, {"compression": "zstd"}, {"compression": "deflate"},
    {"compression": "lzw", "predictor": True}, {"compression": "jpeg"},
])  # fmt: skip
def test_compressed_tiffs_are_read(tmp_path, how):
    pytest.importorskip("imagecodecs", reason="writes and reads these")
    is_the_bone(tiff(tmp_path / "a.tif", NOISY, **how))


def test_faxes_are_read(tmp_path):
    for name, tag in (("group4", 4), ("group3", 3), ("tiff_ccitt", 2)):
        path = tmp_path / f"{name}.tif"
        Image.fromarray(BONE).save(path, compression=name)
        with tifffile.TiffFile(path) as tif:
            assert tif.pages[0].compression == tag
        is_the_bone(path)


def test_a_missing_decoder_is_no_damage(tmp_path, monkeypatch):
    pytest.importorskip("imagecodecs", reason="writes the file")
    path = tiff(tmp_path / "a.tif", NOISY, compression="lzw")
    plain = tiff(tmp_path / "b.tif", NOISY, compression="deflate")
    whole_import = builtins.__import__

    def without(name, *args, **how):
        if name.partition(".")[0] == "imagecodecs":
            raise ImportError(name)
        return whole_import(name, *args, **how)

    for module in [m for m in sys.modules if m.partition(".")[0] == "imagecodecs"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    monkeypatch.setattr(builtins, "__import__", without)
    refused(lambda: made(path), "compressed by LZW, needs imagecodecs", "pip install", "[images]")
    is_the_bone(plain)


# The threshold


@pytest.mark.parametrize("quality", [30, 75, 95])
def test_black_and_white_saved_as_jpeg_keeps_its_bone(tmp_path, quality):
    """Plates of 100 um every 300 um at 2 um pixels; BV/TV 1/3."""
    plates = np.broadcast_to(np.arange(600) % 150 < 50, (500, 600))
    plates = np.roll(plates, 23, axis=1)
    path = picture(tmp_path / "a.jpg", np.where(plates, 255, 0).astype(np.uint8), quality=quality)
    about = made(path, 2.0).section.about
    for seen in about["measured"].values():
        assert seen["bv_tv"] == pytest.approx(1 / 3, rel=0.02)
    assert 100.0 < about["threshold"] < 155.0


def test_otsu_is_half_way_between_its_classes():
    """Levels 0, 1 (n = 3, 1) and 9, 10 (n = 1, 3): means 0.25 and 9.75, half-way 5."""
    levels = np.array([[0, 0, 0, 1, 9, 10, 10, 10]], dtype=float)
    assert otsu(levels, True) == pytest.approx(5.0)
    assert otsu(levels / 10.0, False) == pytest.approx(0.5, abs=0.001)
    assert otsu(-levels, True) == pytest.approx(-5.0)


def test_otsu_agrees_with_scikit_image_where_levels_are_dense():
    rng = np.random.default_rng(5)
    grey = np.where(rng.random((300, 300)) < 0.3, 150, 90) + rng.normal(0, 25, (300, 300))
    from skimage.filters import threshold_otsu

    grey = np.rint(np.clip(grey, 0, 255))
    assert otsu(grey, True) == pytest.approx(threshold_otsu(grey), abs=1.5)


@pytest.mark.parametrize(
    ("value", "dtype", "n"),
    [(65535, np.uint16, 1), (-32768, np.int16, 4), (1e9, np.float32, 3)],
)
def test_hot_and_dead_pixels_set_no_threshold(tmp_path, value, dtype, n):
    grey = NOISY.astype(dtype)
    grey[30, 40 : 40 + n] = value
    done = is_the_bone(tiff(tmp_path / "a.tif", grey))
    (note,) = done.notes
    assert note.startswith(f"{n} pixel") and f"{value:g}" in note and "(40 to 220)" in note
    assert 110 < done.section.about["threshold"] < 150
    assert "grey levels 40 to 220" in done.text()


def padded(value, dtype, bone_values=NOISY):
    """The picture in a circle, as a tomograph sees it, with a value around."""
    rows, columns = np.mgrid[: BONE.shape[0], : BONE.shape[1]]
    out = np.hypot(rows - 29.5, columns - 39.5) > 39.0
    grey = bone_values.astype(dtype)
    grey[out] = value
    return grey, int(out.sum())


def test_padding_far_from_all_levels_is_not_bone_or_marrow(tmp_path):
    for value, dtype in ((-32768, np.int16), (65535, np.uint16)):
        grey, n = padded(value, dtype)
        path = tiff(tmp_path / "a.tif", grey)
        refused(lambda path=path, n=n: made(path), f"{n} pixels", "padding", "--crop")
        done = made(path, threshold=130.0, tolerance=9.0)
        assert any("count as measured" in note for note in done.notes)
        crop = (200.0, 100.0, 400.0, 400.0)
        assert np.array_equal(made(path, crop_um=crop).section.bone, BONE[10:50, 20:60][::-1].T)


def test_padding_within_the_levels_is_told(tmp_path):
    grey, n = padded(20, np.uint8)
    done = made(tiff(tmp_path / "a.tif", grey), tolerance=9.0)
    (note,) = done.notes
    assert f"{n} pixels" in note and "exactly 20" in note and "--crop" in note
    cut_out = np.where(BONE, NOISY, 0)  # bone alone kept its grey: the rest is marrow
    assert is_the_bone(picture(tmp_path / "b.png", cut_out)).notes == []


def test_one_tissue_is_told_with_threshold_and_range(tmp_path):
    grey = np.full((60, 60), 60, dtype=np.uint8)
    grey[4, 5:8] = grey[9, 5:8] = 200
    grey[20, 20] = 61
    path = picture(tmp_path / "a.png", grey)
    refused(lambda: made(path, threshold=100.0), "all of it is marrow at the threshold 100",
            "grey levels 60 to 200")  # fmt: skip


# Cells


def cells(tmp_path, *rows):
    path = tmp_path / "c.csv"
    path.write_text("x_um,y_um,type\n" + "".join(f"{row},tumour\n" for row in rows), "utf-8")
    return path


ISLAND = np.full((60, 80), 60, dtype=np.uint8)
ISLAND[10:50, 30:60] = 200


def test_the_four_edges_of_an_image_belong_to_it(tmp_path):
    table = cells(tmp_path, "0,300", "400,0", "305,600", "0,0")
    done = made(picture(tmp_path / "a.png", ISLAND), cells=table)
    assert done.section.about["cells_off_lattice"] == 0
    found = {tuple(place) for place in done.section.cells["tumour"].tolist()}
    assert found == {(0.0, 300.0), (400.0, 595.0), (305.0, 0.0), (0.0, 595.0)}
    wide = made(tmp_path / "a.png", cells=cells(tmp_path, "800,300", "800,350"))
    assert {tuple(p) for p in wide.section.cells["tumour"].tolist()} == {(795, 300), (795, 250)}


def test_the_output_says_from_where_cells_count(tmp_path):
    path = picture(tmp_path / "a.png", GREY)
    assert "upper left corner, y downwards" in made(path, cells=cells(tmp_path, "405,205")).text()
    assert "upper left" not in made(path).text()


def test_places_in_pixels_are_noticed(tmp_path):
    path = picture(tmp_path / "a.png", ISLAND)
    in_pixels = [f"{x},{y}" for x in (5, 25, 45) for y in (5, 25)]
    (note,) = made(path, cells=cells(tmp_path, *in_pixels)).notes
    assert "80 x 60 pixels" in note and "multiply them by 10" in note
    (row, *_) = in_pixels
    assert made(path, cells=cells(tmp_path, row)).notes[1:] == [], "one cell may lie anywhere"
    assert made(path, cells=cells(tmp_path, *in_pixels, "205,305")).notes[1:] == []


@pytest.mark.parametrize("text", ["4_00", "٤٠٠", "0x10", "1e999", "inf", "4 00", "４００"])
def test_a_place_is_a_plain_number(tmp_path, text):
    refused(lambda: read_cells(cells(tmp_path, f"{text},10")), "line 2: x_um", "is not a number")
    assert read_cells(cells(tmp_path, "+4.5e2,.5"))[0].x_um == 450.0


# Files that are none


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_and_devices_are_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    image = picture(tmp_path / "a.png", GREY)
    for path in (pipe, tmp_path.__class__("/dev/zero")):
        refused(lambda path=path: made_from(path, tmp_path), "a pipe or a device")
        refused(lambda path=path: read_section(path), "a pipe or a device")
        refused(lambda path=path: read_cells(path), "a pipe or a device")
        refused(lambda path=path: made(image, vessels=path), "a pipe or a device")
    out = tmp_path / "pipe.npz"
    os.mkfifo(out)
    refused(lambda: make_section(Request(image, out, 10.0)), "not written by geometry")


def made_from(path, tmp_path):
    return make_section(Request(path, tmp_path / "m.npz", 10.0))


def test_a_section_that_unpacks_to_gigabytes_is_refused_by_its_header(tmp_path, monkeypatch):
    path = tmp_path / "s.npz"
    np.savez_compressed(path, format=np.array(section.FORMAT), bone=np.zeros((3000, 3000), bool))
    monkeypatch.setattr(section, "LARGEST_UNPACKED_BYTES", 8_000_000)
    monkeypatch.setattr(np, "load", lambda *args, **how: pytest.fail("unpacked"))
    refused(lambda: read_section(path), "unpacks to more than 8 MB")
    monkeypatch.setattr(section, "LARGEST_FILE_BYTES", 100)
    refused(lambda: read_section(path), "at most 0 MB")
