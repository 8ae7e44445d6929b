"""The dish: medium that holds, drugs in units of their half effect, cells of the model at rest."""

import numpy as np
import pytest

from mtor_abm.assays.dish import Dish
from mtor_abm.cells.tumour_rules import TumourParameters
from mtor_abm.errors import UserError
from mtor_abm.fields import CXCL12, IGF1, OXYGEN, VEGF
from mtor_abm.marrow import BONE, LINING, OSTEOCYTE
from mtor_abm.model import MarrowModel
from mtor_abm.mtor import steady_state
from mtor_abm.scenario import Scenario

DEFAULTS = Scenario.from_tables()


def dish(**given):
    return Dish(DEFAULTS, 1, 12, 10, **given)


def test_medium_holds_while_cells_live():
    d = dish(medium={"cxcl12": 7.0, "oxygen": 30.0})
    d.place("tumour", d.free_sites(30))
    d.run(6)
    assert d.time_h == 6
    level = d.surroundings.world.level
    inside = d.lattice.inside()
    assert np.all(level[CXCL12][inside] == 7.0) and np.all(level[OXYGEN][inside] == 30.0)
    assert np.all(level[VEGF] == 0.0)  # tumour cells make it, but it was not named as diffusing


def test_a_diffusing_field_without_cells_decays_as_by_hand():
    """One implicit step of pure loss: c / (1 + k dt)."""
    d = dish(medium={"igf1": 2.0}, diffusing=("igf1",))
    d.step()
    left = 2.0 / (1.0 + DEFAULTS.fields["igf1"].loss_per_s * 3600.0)
    inside = d.lattice.inside()
    assert d.surroundings.world.level[IGF1][inside] == pytest.approx(left, rel=1e-4)


def test_what_cells_make_reaches_the_medium_only_if_named():
    d = dish(diffusing=("vegf",), medium={"oxygen": 30.0})
    d.place("tumour", d.free_sites(30))
    d.run(6)
    assert d.level("vegf").mean() > 0.0


def test_drugs_act_in_units_of_their_half_effect_and_by_cell_type():
    d = dish(
        drugs_nM={"rapamycin": 1.0, "everolimus": 2.0, "osi_027": 44.0, "opg_fc": 0.12},
        shares={"rapamycin": {"tumour": 0.0}},
    )
    s = d.surroundings
    assert np.all(s.exposure["tumour"].rapalog == pytest.approx(4.0))  # everolimus 2 / 0.5
    assert np.all(s.exposure["endothelial"].rapalog == pytest.approx(6.0))
    assert np.all(s.exposure["tumour"].kinase1 == pytest.approx(2.0))  # 44 / 22
    assert np.all(s.exposure["tumour"].kinase2 == pytest.approx(44.0 / 65.0))
    assert np.all(s.world.rankl_trap == pytest.approx(2.0))
    d.dose({})
    assert all(np.all(layer == 0.0) for layers in s.exposure.values() for layer in layers)


def test_cells_start_at_rest_and_feel_the_drug_after_a_step():
    d = dish(medium={"cxcl12": 4.0, "oxygen": 28.0}, drugs_nM={"rapamycin": 20.0})
    d.place("tumour", d.free_sites(5))
    signals = d.tissues["tumour"].population
    network = d.surroundings.network
    serum = DEFAULTS.of(TumourParameters).igf_base
    inputs = {"growth_factor": serum, "cxcr4": 0.5, "integrin": 0.3, "oxygen": 1.0}
    before = steady_state(network, **inputs)
    assert signals.column("s6k") == pytest.approx(before["s6k"], abs=1e-3)
    assert signals.column("vegf") == pytest.approx(before["vegf"], rel=0.05)
    d.run(6)
    after = steady_state(network, **inputs, rapalog=40.0)
    assert signals.column("s6k") == pytest.approx(after["s6k"], abs=1e-3)
    assert signals.column("mtorc2") == pytest.approx(after["mtorc2"], abs=1e-2)


def test_bone_lining_osteocytes_and_vessels_take_their_layers():
    mask = np.zeros((12, 10), dtype=bool)
    mask[:, :3] = True
    d = dish(bone_mask=mask)
    world, at = d.surroundings.world, d.lattice.site
    assert (world.ground == BONE).sum() == 36
    assert world.bone_faces[at(4, 3)] == 1 and world.bone_faces[at(4, 5)] == 0
    assert np.intersect1d(d.free_sites(500), np.flatnonzero(world.ground == BONE)).size == 0
    d.place("osteoblast", at(4, 3), state="lining")
    d.place("osteoblast", at(4, 1), state="osteocyte")
    d.place("endothelial", at(6, 6), state="tip")
    assert world.occupant[at(4, 3)] == LINING and world.occupant[at(4, 1)] == OSTEOCYTE
    assert world.vessel[at(6, 6)] == 3 and world.occupant[at(6, 6)] == 0


def test_same_seed_same_cells():
    def run(seed):
        d = Dish(DEFAULTS, seed, 12, 10, medium={"cxcl12": 4.0})
        d.place("tumour", d.free_sites(20))
        d.run(12)
        return d.tissues["tumour"].population.column("site").tolist()

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_a_dish_has_the_cells_of_a_marrow():
    """Same scenario, same numbers and dosages of every tissue."""
    settings = DEFAULTS.changed({"genes.tumour.PTEN": 0.0, "switches.V8": "B", "geometry.nx": 24,
                                 "geometry.ny": 24, "inoculum.cells": 1})  # fmt: skip
    marrow = MarrowModel(settings, 1)
    mine = Dish(settings, 1, 8, 8)
    for name, tissue in marrow.tissues.items():
        assert mine.tissues[name].rates == tissue.rates
        assert mine.tissues[name].dosage == tissue.dosage
    assert mine.surroundings.network == marrow.surroundings.network


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"medium": {"cxcl": 1.0}}, "cxcl12"),
        ({"medium": {"cxcl12": -1.0}}, "below 0"),
        ({"drugs_nM": {"rapamycin": -1.0}}, "below 0"),
        ({"drugs_nM": {"rapamicin": 1.0}}, "rapamycin"),
        ({"drugs_nM": {"zoledronate": 1.0}}, "acts in the body"),
        ({"drugs_nM": {"exemestane": 1.0}}, "acts in the body"),
        ({"tissues": ("tumor",)}, "tumour"),
        ({"diffusing": ("vegff",)}, "vegf"),
    ],
)
def test_errors_name_the_cure(given, says):
    with pytest.raises(UserError, match=says):
        dish(**given)
