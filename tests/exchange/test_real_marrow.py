"""A marrow that starts from a section of real bone: what it holds, and what names it."""

import json
import os
import shutil

import numpy as np
import pytest
from invariants import check_all
from refusal import refused

from mtor_abm import cli, observe
from mtor_abm.analysis.arms import differing_parameters
from mtor_abm.anatomy import Section, section_bytes
from mtor_abm.branching import branch_of, refuse_another_past
from mtor_abm.histomorphometry import bone_measures
from mtor_abm.marrow import BONE
from mtor_abm.model import MarrowModel
from mtor_abm.scenario import Scenario
from mtor_abm.scenario_files import load
from mtor_abm.seeding import section_of

NX, NY = 64, 48
BONE_MASK = np.zeros((NX, NY), dtype=bool)
BONE_MASK[10:16, :] = BONE_MASK[40:48, 20:] = BONE_MASK[16:30, 30:35] = True
VESSEL = np.zeros((NX, NY), dtype=bool)
VESSEL[22, :28] = VESSEL[55, :] = True
CELLS = {
    "tumour": np.array([[305.0, 105.0], [315.0, 105.0], [555.0, 15.0]]),  # the last on a vessel
    "car": np.array([[25.0, 25.0]]),
}
DRAWN_VESSELS = {"spacing_um": 80.0, "area_fraction": 0.16}


def put(folder, name="marrow.npz", bone=BONE_MASK, vessel=VESSEL, cells=(), dx_um=10.0):
    path = folder / name
    path.write_bytes(section_bytes(Section(dx_um, bone, vessel, dict(cells), {"name": name})))
    return path


def scenario(path, **tables):
    geometry = {"file": str(path)} | tables.pop("geometry", {})
    return Scenario.from_tables({"geometry": geometry, "inoculum": {"cells": 0}} | tables)


# What the marrow holds


def test_bone_is_that_of_the_image_and_cavities_are_in_its_marrow(tmp_path):
    model = MarrowModel(scenario(put(tmp_path), bone={"cavities_at_start": 0.1}), seed=3)
    check_all(model)
    s = model.surroundings
    assert np.array_equal(s.lattice.interior(s.world.ground) == BONE, BONE_MASK)
    assert s.world.cavity.sum() == round(0.1 * BONE_MASK.sum())
    assert (s.world.bone_faces[s.world.cavity == 1] > 0).all()
    seen, plate = observe.row(model), bone_measures(BONE_MASK, 10.0)
    assert seen["bv_tv"] == plate.bv_tv
    assert seen["tb_th_um"] == pytest.approx(plate.tb_th_um)
    states = model.tissues["osteoblast"].population.in_state("osteoblast")
    assert states.sum() == s.world.cavity.sum()


def test_vessels_are_those_of_the_image_and_blood_flows_in_all_of_them(tmp_path):
    model = MarrowModel(scenario(put(tmp_path)), seed=3)
    s = model.surroundings
    vessels = s.lattice.interior(s.world.vessel) > 0
    assert np.array_equal(vessels, VESSEL)
    assert np.array_equal(s.lattice.interior(s.world.perfused) > 0, VESSEL)
    inlets = model.tissues["endothelial"].population.column("arteriole")
    assert 2 <= inlets.sum() < 0.5 * VESSEL.sum()
    dry = MarrowModel(scenario(put(tmp_path, vessel=np.zeros_like(VESSEL))), seed=3)
    assert dry.tissues["endothelial"].population.n == 0


def test_without_a_mask_vessels_are_drawn_around_the_bone_for_each_seed(tmp_path):
    path = put(tmp_path, vessel=None)
    one, two = (MarrowModel(scenario(path, endothelium=DRAWN_VESSELS), seed) for seed in (1, 2))
    layers = [m.surroundings.lattice.interior(m.surroundings.world.vessel) > 0 for m in (one, two)]
    assert all(layer.any() and not (layer & BONE_MASK).any() for layer in layers)
    assert not np.array_equal(*layers)
    for model in (one, two):
        s = model.surroundings
        assert np.array_equal(s.lattice.interior(s.world.ground) == BONE, BONE_MASK)


def test_cells_stand_where_they_were_seen_and_no_others_of_their_type(tmp_path):
    model = MarrowModel(scenario(put(tmp_path, cells=CELLS)), seed=3)
    check_all(model)
    s = model.surroundings
    x, y = s.lattice.xy_um(model.tissues["tumour"].population.column("site"))
    places = sorted(zip(x.tolist(), y.tolist(), strict=True))
    assert places[:2] == [(305.0, 105.0), (315.0, 105.0)]
    assert np.hypot(places[2][0] - 555.0, places[2][1] - 15.0) == 10.0, "beside the vessel"
    assert model.tissues["tumour"].population.column("emt").tolist() == pytest.approx([0.3] * 3)
    x, y = s.lattice.xy_um(model.tissues["car"].population.column("site"))
    assert (x.tolist(), y.tolist()) == ([25.0], [25.0])
    assert model.tissues["mesenchymal"].population.n > 0, "types not in the table are drawn"


def test_a_real_marrow_lives_by_the_rules(tmp_path, hours):
    model = MarrowModel(scenario(put(tmp_path, cells=CELLS)), seed=3)
    for _ in range(hours(72, 3)):
        model.step()
    check_all(model)


# What names it


def test_the_file_sets_the_lattice_and_takes_the_place_of_drawn_bone(tmp_path):
    found = scenario(put(tmp_path, dx_um=12.5))
    geometry = found.groups["geometry"]
    assert (geometry.nx, geometry.ny, geometry.dx_um) == (NX, NY, 12.5)
    assert geometry.bv_tv is geometry.tb_th_um is None
    assert np.array_equal(section_of(geometry).bone, BONE_MASK)
    text = tmp_path / "again.toml"
    text.write_text(found.to_toml(), encoding="utf-8")
    assert load(text).identity_hash() == found.identity_hash()


def test_what_decides_is_the_content_and_not_the_place(tmp_path):
    here, there = put(tmp_path), tmp_path / "moved.npz"
    shutil.copy(here, there)
    one, two = scenario(here), scenario(there)
    assert one.identity_hash() == two.identity_hash()
    one_site_more = BONE_MASK.copy()
    one_site_more[0, 0] = True
    other = scenario(put(tmp_path, "other.npz", one_site_more))
    assert other.identity_hash() != one.identity_hash()
    refuse_another_past(one, two, 1.0)
    refused(lambda: refuse_another_past(one, other, 1.0), "geometry.file_sha256")
    assert branch_of(one, two, 2.0).identity_hash() == one.identity_hash()

    class Run:
        def __init__(self, scenario):
            self.manifest = {"parameters": scenario.resolved()}

    assert [row[0] for row in differing_parameters(Run(one), Run(two))] == []
    assert [row[0] for row in differing_parameters(Run(one), Run(other))] == [
        "geometry.file_sha256"
    ]


def test_a_scenario_without_a_file_is_named_as_before_there_were_files():
    assert not {"file", "file_sha256"} & load("rapamycin").deciding()["geometry"].keys()


def test_an_edited_moved_or_damaged_file_is_one_line(tmp_path):
    path = put(tmp_path)
    found = scenario(path)
    text = tmp_path / "was.toml"
    text.write_text(found.to_toml(), encoding="utf-8")
    model_before = MarrowModel(found, seed=1)
    put(tmp_path, vessel=None)
    refused(
        lambda: load(text), "was.toml", "has changed", found.groups["geometry"].file_sha256[:16]
    )
    refused(lambda: MarrowModel(found, seed=1), "put the old file back")
    path.unlink()
    refused(lambda: load(text), "marrow.npz", "no such file")
    path.write_bytes(b"PK")
    refused(lambda: load(text), "damaged")
    assert model_before.surroundings.lattice.nx == NX


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"geometry": {"nx": 80}}, "nx = 80 conflicts with"),
        ({"geometry": {"dx_um": 5.0}}, "which has 10.0; leave out dx_um"),
        ({"geometry": {"bv_tv": 0.2}}, "brings its own bone; leave out bv_tv"),
        ({"geometry": {"cortex_um": 100.0}}, "brings its own bone; leave out cortex_um"),
        ({"inoculum": {"cells": 36}}, "36 would join the 3 tumour cells"),
    ],
)
def test_what_contradicts_the_file_is_refused(tmp_path, tables, words):
    path = put(tmp_path, cells=CELLS)
    refused(lambda: scenario(path, **tables), words)


def test_a_sha_without_a_file_and_bone_without_numbers_are_refused():
    refused(
        lambda: Scenario.from_tables({"geometry": {"file_sha256": "ab"}}), "is set but file is not"
    )
    refused(lambda: Scenario.from_tables({"geometry": {"bv_tv": None}}), "bv_tv is left empty")


def test_a_file_replaces_what_parents_and_bases_say_of_bone(tmp_path):
    path, other = put(tmp_path), put(tmp_path, "other.npz", ~BONE_MASK, None)
    child = tmp_path / "mine.toml"
    child.write_text(
        'extends = "intratibial_breast_vehicle"\n[geometry]\nfile = "marrow.npz"\n', "utf-8"
    )
    for found in (
        load(child),  # the file lies beside the scenario, not where we are
        load("er_positive_human", [f"geometry.file={path}"]),
        load("er_positive_human").changed({"geometry.file": str(path)}),
        scenario(other).changed({"geometry.file": str(path)}),
    ):
        geometry = found.groups["geometry"]
        assert (geometry.file, geometry.nx, geometry.cortex_um) == (str(path), NX, 0.0)
    refused(lambda: load("vehicle", ["geometry.nx=99", f"geometry.file={path}"]), "nx = 99")


def test_a_study_on_real_bone_is_kept_repeated_and_refused_when_the_file_changes(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    put(tmp_path)
    days = "0.25" if os.environ.get("NUMBA_DISABLE_JIT") == "1" else "1"
    words = ["run", "vehicle", "--seeds", "1", "--days", days, "--jobs", "1", "-q",
             "-S", "geometry.file=marrow.npz", "--name", "real"]  # fmt: skip
    assert cli.main(words) == 0
    assert cli.main([*words, "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :])["runs"][0]["status"] == "skipped"
    manifest = "outputs/real/vehicle__seed_0001/manifest.json"
    assert cli.main(["run", "--from", manifest, "--jobs", "1", "-q"]) == 0
    assert "all 4 files are those of" in capsys.readouterr().out
    put(tmp_path, vessel=None)
    assert cli.main(["run", "--from", manifest, "--jobs", "1", "-q"]) == 2
    assert "has changed" in capsys.readouterr().err
    assert cli.main(words) == 2
    assert "other parameters" in capsys.readouterr().err
