"""The marrow at the start: amounts asked for, everything in its place, purposes independent."""

import numpy as np
import pytest
from invariants import check_all

from mtor_abm import observe
from mtor_abm.errors import UserError
from mtor_abm.histomorphometry import bone_perimeter_mm
from mtor_abm.marrow import BONE, MARROW
from mtor_abm.model import MarrowModel
from mtor_abm.scenario import Scenario

SMALL = {"geometry": {"nx": 64, "ny": 64}, "inoculum": {"cells": 25, "clusters": 4}}


def start(seed=1, **tables):
    return MarrowModel(Scenario.from_tables(SMALL | tables), seed=seed)


@pytest.fixture(scope="module")
def model():
    return start()


def sites(model, tissue):
    return model.tissues[tissue].population.column("site")


def test_a_new_marrow_is_consistent(model):
    check_all(model)


def test_bone_volume_and_cavities_are_as_asked_for(model):
    world, lattice = model.surroundings.world, model.surroundings.lattice
    asked = model.settings.groups["geometry"].bv_tv
    share = model.settings.groups["bone"].cavities_at_start
    bone = (lattice.interior(world.ground) == BONE).mean()
    assert bone == pytest.approx(asked, abs=2 / 4096)
    assert world.cavity.sum() == pytest.approx(asked * share * 4096, abs=2)
    assert (world.mineral[world.ground == BONE] == 1.0).all()
    assert not world.bone_pool.any(), "old cavities have leaked their store long ago"


def test_residents_are_where_they_belong(model):
    world = model.surroundings.world
    lineage = model.tissues["osteoblast"].population
    at, state = lineage.column("site"), lineage.column("state")
    names = np.array(lineage.kind.states)[state]
    assert (world.ground[at[names == "osteocyte"]] == BONE).all()
    assert (world.bone_faces[at[names == "lining"]] > 0).all()
    assert (world.cavity[at[names == "osteoblast"]] == 1).all()
    assert (world.cavity[at[names == "lining"]] == 0).all()
    surface = (world.ground == MARROW) & (world.bone_faces > 0) & (world.cavity == 0)
    surface &= world.vessel == 0
    covered = (names == "lining").sum() / surface.sum()
    assert covered == pytest.approx(model.settings.groups["osteoblast"].coverage, abs=0.1)
    for name in ("car", "mesenchymal"):
        for site in sites(model, name):
            assert (world.vessel[site + world.near] > 0).any(), f"{name} lies along vessels"


def test_as_many_cells_as_asked_for(model):
    area = model.surroundings.lattice.area_mm2
    stroma = model.settings.groups["stroma"]
    assert len(sites(model, "tumour")) == 25
    assert len(sites(model, "car")) == round(stroma.car_per_mm2 * area)
    assert len(sites(model, "mesenchymal")) == round(stroma.mesenchymal_per_mm2 * area)
    assert len(sites(model, "adipocyte")) == round(stroma.adipocyte_per_mm2 * area)
    assert len(sites(model, "circulating")) == 0


def test_tumour_cells_lie_in_clusters(model):
    x, y = model.surroundings.lattice.xy_um(sites(model, "tumour"))
    far = np.hypot(x[:, None] - x, y[:, None] - y)
    near = (far < 15.0).sum(axis=1) - 1
    assert (near > 0).mean() > 0.8
    single = start(inoculum={"cells": 12, "clusters": 12})
    assert len(sites(single, "tumour")) == 12


def test_another_tumour_leaves_the_rest_as_it_was(model):
    other = start(inoculum={"cells": 60, "clusters": 2})
    for name in ("ground", "cavity", "vessel", "mineral"):
        one, two = (getattr(m.surroundings.world, name) for m in (model, other))
        assert np.array_equal(one, two), name
    for name in ("osteoblast", "car", "mesenchymal", "adipocyte", "osteoclast_precursor"):
        assert np.array_equal(sites(model, name), sites(other, name)), name
    assert len(sites(other, "tumour")) == 60


def test_another_seed_is_another_marrow(model):
    other = start(seed=2)
    assert not np.array_equal(model.surroundings.world.ground, other.surroundings.world.ground)


def test_every_vessel_is_perfused_at_the_start(model):
    world = model.surroundings.world
    assert np.array_equal(world.perfused > 0, world.vessel > 0)
    arterioles = model.tissues["endothelial"].population.column("arteriole")
    assert arterioles.sum() >= 1


def test_a_cortex_lies_along_one_edge_and_is_measured_apart():
    geometry = {"nx": 90, "ny": 80, "cortex_um": 120.0}
    model = MarrowModel(Scenario.from_tables({"geometry": geometry}), 4)
    s = model.surroundings
    bone = s.lattice.interior(s.world.ground) == BONE
    whole = bone[:12].mean()
    assert 0.9 < whole <= 1.0, "whole but for cavities under repair at its inner face"
    assert bone[:10].all()
    seen = observe.row(model)
    assert seen["ct_th_um"] == pytest.approx(10.0 * bone[:12].sum() / 80)
    assert seen["bv_tv"] == pytest.approx(bone[12:].mean())
    assert seen["bv_tv"] == pytest.approx(0.139, abs=0.02)
    inner_face = 80 * 0.01 * np.pi / 4
    assert seen["b_pm_mm"] > bone_perimeter_mm(bone[12:], 10.0) + 0.5 * inner_face
    assert seen["n_strut_breaks"] == 0


def test_without_a_cortex_there_is_no_cortical_thickness():
    model = MarrowModel(Scenario.from_tables({"geometry": {"nx": 60, "ny": 60}}), 4)
    assert np.isnan(observe.row(model)["ct_th_um"])


def test_a_cortex_that_leaves_no_marrow_is_refused():
    with pytest.raises(UserError, match="at most 300 um"):
        geometry = {"nx": 60, "ny": 60, "cortex_um": 400.0}
        MarrowModel(Scenario.from_tables({"geometry": geometry}), 4)


def test_an_inoculum_on_a_later_day_finds_a_marrow_as_without_one():
    late = start(inoculum=SMALL["inoculum"] | {"day": 0.5})
    without = start(inoculum={"cells": 0})
    for _ in range(12):
        assert len(sites(late, "tumour")) == 0
        late.step()
        without.step()
    assert observe.row(late) == pytest.approx(observe.row(without), nan_ok=True, rel=0, abs=0)
    late.step()
    assert late.tissues["tumour"].population.n == 25
    check_all(late)
    assert late.tissues["tumour"].population.column("s6k").min() > 0.1


def test_an_inoculum_after_the_end_is_refused():
    with pytest.raises(UserError, match=r"\[inoculum\] day = 3 is not before the end"):
        start(inoculum=SMALL["inoculum"] | {"day": 3}, run={"days": 3})
