"""Oestrogen: an aromatase inhibitor lowers it in serum; tumour and bone cells feel the loss."""

import numpy as np
import pytest
from hand_made import NEVER, SURE, UNTREATED, change_rates, empty_marrow, put, put_bone, rates

from mtor_abm.cells.osteoblast import OsteoblastTissue, release_osteoblasts
from mtor_abm.cells.osteoblast_rules import LINED, rise_without_oestrogen
from mtor_abm.cells.osteoclast import OsteoclastTissue
from mtor_abm.cells.osteoclast_rules import ageing
from mtor_abm.cells.tumour import TumourTissue
from mtor_abm.cells.tumour_rules import er_activity, oestrogen_drive
from mtor_abm.delivery import Pharmacy
from mtor_abm.errors import UserError
from mtor_abm.fields import OXYGEN
from mtor_abm.marrow import OESTROGEN
from mtor_abm.numerics.lattice import Lattice
from mtor_abm.scenario import Scenario
from mtor_abm.schedule import Schedule

EXEMESTANE = {"dose_mg": 25.0, "route": "po", "species": "human", "every_h": 24.0}


def test_exemestane_lowers_oestrogen_of_the_serum_and_nothing_else():
    s = empty_marrow(12, 12)
    schedule = Schedule(**EXEMESTANE, start_day=2.0)
    pharmacy = Pharmacy({"exemestane": schedule}, s.lattice, 30.0, 1.0, ("tumour",))
    assert pharmacy.rows == {} and pharmacy.field_rows == []
    for step, low, high in ((0, 1.0, 1.0), (48, 1.0, 1.0), (29 * 24, 0.05, 0.15)):
        pharmacy.act(s.world, step)
        assert low <= s.world.serum[OESTROGEN] <= high
    felt = pharmacy.exposure()["tumour"]
    assert not any(layer.any() for layer in felt)
    assert s.world.serum.shape == (1,)


def test_without_the_drug_oestrogen_stays_exactly_as_it_was():
    pharmacy = Pharmacy({}, Lattice(12, 12, 10.0), 3.0, 1.0, ("tumour",))
    assert np.array_equal(pharmacy.oestrogen, np.ones(73))


def test_the_dependent_share_of_division_goes_with_oestrogen():
    p = rates(TumourTissue, oestrogen_dependence=0.8)
    assert oestrogen_drive(1.0, p) == 1.0
    assert oestrogen_drive(0.0, p) == pytest.approx(0.2)
    assert oestrogen_drive(0.5, p) == pytest.approx(0.6)
    assert oestrogen_drive(0.0, rates(TumourTissue)) == 1.0, "the default line is ER-negative"


def test_s6k_keeps_the_receptor_of_resistant_cells_active_without_oestrogen():
    p = rates(TumourTissue, er_on_s6k=0.8)
    whole = UNTREATED.s6k
    assert er_activity(1.0, 0.0, p, UNTREATED) == 1.0
    assert er_activity(0.0, whole, p, UNTREATED) == pytest.approx(0.8)
    assert er_activity(0.0, whole / 2, p, UNTREATED) == pytest.approx(0.4)
    assert er_activity(0.1, 0.0, p, UNTREATED) == pytest.approx(0.1), "everolimus ends resistance"
    assert er_activity(0.1, 3.0 * whole, p, UNTREATED) == pytest.approx(0.1 + 0.9 * 0.8)
    sensitive = p._replace(er_on_s6k=0.0)
    assert er_activity(0.1, whole, sensitive, UNTREATED) == pytest.approx(0.1)


@pytest.mark.parametrize(("dependence", "divides"), [(0.0, True), (1.0, False)])
def test_only_a_dependent_tumour_cell_stops_dividing_without_oestrogen(dependence, divides):
    s = empty_marrow()
    put(s, "tumour", s.lattice.site(4, 4))
    s.world.level[OXYGEN] = 1e3
    s.world.serum[OESTROGEN] = 0.0
    change_rates(
        s, "tumour", division_rate_per_h=SURE, oestrogen_dependence=dependence,
        death_rate_per_h=NEVER, foxo_death_rate_per_h=NEVER, crawl_speed_um_per_h=NEVER,
    )  # fmt: skip
    tumour = s.tissues["tumour"]
    tumour.begin()
    tumour.decide(s)
    assert (len(tumour.dividing()) == 1) is divides


def test_osteoclasts_live_longer_without_oestrogen():
    p = rates(OsteoclastTissue, lifespan_without_oestrogen=1.5)
    assert ageing(1.0, UNTREATED.s6k, p, UNTREATED) == 1.0
    assert ageing(0.0, UNTREATED.s6k, p, UNTREATED) == pytest.approx(1.0 / 1.5)
    # the loss of S6K still shortens it: by 1 + c
    shortened = ageing(0.0, 0.0, p, UNTREATED)
    assert shortened == pytest.approx((1.0 + p.death_without_s6k) / 1.5)


def test_rises_without_oestrogen_by_hand():
    assert rise_without_oestrogen(0.4, 1.0) == 1.0
    assert rise_without_oestrogen(0.4, 0.0) == pytest.approx(1.4)
    assert rise_without_oestrogen(0.4, 0.75) == pytest.approx(1.1)


def presented(oestrogen):
    """RANKL that a lining cell is on its way to present."""
    s = empty_marrow()
    site = s.lattice.site(4, 4)
    put_bone(s, [s.lattice.site(4, 3)])
    put(s, "osteoblast", site, state="lining")
    s.world.serum[OESTROGEN] = oestrogen
    cells = s.tissues["osteoblast"]
    assert cells.cells.state[0] == LINED
    release_osteoblasts(
        1, cells.cells, cells.population.signals, s.world, rates(OsteoblastTissue), UNTREATED,
        0.0, 1.0, 1.0, 1.0,
    )  # fmt: skip
    return float(cells.cells.own_b[0])


def test_rankl_of_the_lineage_rises_without_oestrogen():
    rise = rates(OsteoblastTissue).rankl_without_oestrogen
    assert presented(0.0) == pytest.approx((1.0 + rise) * presented(1.0), rel=1e-5)


def test_an_action_in_blood_cannot_be_limited_to_some_cells():
    tables = {
        "run": {"days": 2.0},
        "drugs": {"exemestane": EXEMESTANE | {"cells": {"tumour": 0.0}}},
    }
    with pytest.raises(UserError, match=r"drugs.exemestane.*cells.*acts on all cells alike"):
        Scenario.from_tables(tables)
