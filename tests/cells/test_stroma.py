"""Stroma: MSC divide where TGF-beta calls, mTORC2 draws the fate, secretion is constant."""

import numpy as np
import pytest
from hand_made import NEVER, SURE, UNTREATED, change_rates, empty_marrow, one_step, put, rates

from mtor_abm.cells.stroma import MesenchymalTissue, bone_fate, immature_output, stem_division_rate
from mtor_abm.fields import CXCL12, MCSF, OPG, RANKL, TGFB

R = UNTREATED
P = rates(
    MesenchymalTissue,
    division_rate_per_h=0.04,
    tgfb_half_nM=0.002,
    bone_fate_base=0.2,
    bone_fate_mtorc2=0.6,
)


def test_rules_by_hand():
    assert stem_division_rate(0.0, P) == 0.0
    assert stem_division_rate(0.002, P) == pytest.approx(0.02)
    assert bone_fate(0.0, P, R) == pytest.approx(0.2)
    assert bone_fate(R.mtorc2, P, R) == pytest.approx(0.8)
    assert bone_fate(10.0, P, R) == 1.0
    assert immature_output(R.s6k, 0.56, R) == 1.0
    assert immature_output(0.0, 0.56, R) == pytest.approx(0.56)
    assert immature_output(R.s6k / 2, 0.56, R) == pytest.approx(0.78)
    assert immature_output(2 * R.s6k, 0.56, R) == 1.0
    assert immature_output(R.s6k / 2, 3.0, R) == pytest.approx(2.0)


def calling(share_for_bone, n=1):
    """MSC that all divide at once, with this chance of a daughter for bone."""
    s = empty_marrow(40, 40)
    change_rates(
        s, "mesenchymal", division_rate_per_h=SURE, bone_fate_base=share_for_bone,
        bone_fate_mtorc2=0.0,
    )  # fmt: skip
    s.world.level[TGFB] = 1.0
    apart = [s.lattice.site(x, y) for x in range(1, 40, 3) for y in range(1, 40, 3)][:n]
    put(s, "mesenchymal", apart)
    return s


@pytest.mark.parametrize(("share", "heirs"), [(1.0, "osteoblast"), (0.0, "adipocyte")])
def test_the_daughter_goes_where_fate_says(share, heirs):
    s = calling(share)
    one_step(s, "mesenchymal")
    assert s.tissues["mesenchymal"].population.n == 1
    born = s.tissues[heirs].population
    assert born.n == 1
    mother = s.tissues["mesenchymal"].cells
    assert born.column("parent")[0] == mother.uid[0]
    assert born.column("site")[0] - mother.site[0] in set(s.world.near)
    assert s.world.occupant[born.column("site")[0]] == born.kind.code
    assert list(s.events.take()["cell_type"]) == [heirs]


def test_the_share_for_bone_is_the_chance_drawn():
    s = calling(0.3, n=169)
    for _ in range(5):
        one_step(s, "mesenchymal")
    bone = s.tissues["osteoblast"].population.n
    n = bone + s.tissues["adipocyte"].population.n
    assert n > 700
    assert bone / n == pytest.approx(0.3, abs=4 * (0.21 / n) ** 0.5)


def test_msc_rest_without_tgfb_or_room():
    s = calling(0.5)
    s.world.level[TGFB] = 0.0
    one_step(s, "mesenchymal")
    assert s.tissues["osteoblast"].population.n + s.tissues["adipocyte"].population.n == 0
    s = calling(0.5)
    put(s, "adipocyte", s.tissues["mesenchymal"].cells.site[0] + s.world.near)
    one_step(s, "mesenchymal")
    assert s.tissues["adipocyte"].population.n == 8


def test_secretion():
    s = empty_marrow()
    msc, car = s.lattice.site(2, 2), s.lattice.site(6, 6)
    put(s, "mesenchymal", msc)
    put(s, "car", car)
    for name in ("mesenchymal", "car"):
        s.tissues[name].release(s)
    p, world = s.tissues["car"].rates, s.world
    assert world.source[CXCL12, car] == pytest.approx(p.cxcl12_car_nM_per_s)
    assert world.source[MCSF, car] == world.source[MCSF, msc] == pytest.approx(p.mcsf_nM_per_s)
    assert world.source[OPG, msc] == pytest.approx(p.opg_nM_per_s)
    rankl = s.tissues["osteoblast"].rates.rankl_nM_per_s * p.rankl_share
    assert world.source[RANKL, msc] == pytest.approx(rankl)
    assert world.membrane_rankl[msc] == pytest.approx(p.rankl_share)
    assert world.source[CXCL12, msc] == pytest.approx(p.cxcl12_mesenchymal_nM_per_s)
    assert np.count_nonzero(world.source) == 6
    s.tissues["mesenchymal"].population.signals.s6k[0] = 0.0
    s.fields.source[:] = NEVER
    s.tissues["mesenchymal"].release(s)
    assert world.source[OPG, msc] == pytest.approx(p.opg_nM_per_s * p.opg_without_s6k)
    assert world.source[RANKL, msc] == pytest.approx(rankl * p.rankl_without_s6k)
    assert world.membrane_rankl[msc] == pytest.approx(p.rankl_share * p.rankl_without_s6k)
