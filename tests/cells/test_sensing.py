"""What a cell feels: binding, independent growth factors, contact, drugs."""

import numpy as np
import pytest
from hand_made import empty_marrow, put, put_bone

from mtor_abm.cells.sensing import Receptors, growth_factor_input, occupancy, sense
from mtor_abm.fields import CXCL12, IGF1, MCSF, OXYGEN, TGFB, VEGF


def felt(s, receptors, sites):
    """Input columns of tumour cells at these sites with these receptors."""
    rows = put(s, "tumour", sites)
    population = s.tissues["tumour"].population
    sense(
        population.n, population.cells.site, population.signals, s.world, s.exposure["tumour"],
        receptors, s.sensing,
    )  # fmt: skip
    return {name: population.column(name)[rows] for name in population.signals._fields}


def test_binding():
    assert occupancy(4.0, 4.0) == 0.5
    assert occupancy(0.0, 4.0) == 0.0
    assert occupancy(12.0, 4.0) == 0.75


def test_growth_factors_add_as_independent_chances():
    s = empty_marrow()
    site, world, p = s.lattice.site(4, 4), s.world, s.sensing
    receptors = Receptors(base=0.2, igf1=0.5, tgfb=0.4, vegf=0.6, mcsf=0.8, rankl=1.0)
    assert growth_factor_input(site, world, receptors, p) == pytest.approx(0.2)
    world.level[IGF1, site] = p.igf1_half_nM
    assert growth_factor_input(site, world, receptors, p) == pytest.approx(1 - 0.8 * 0.75)
    world.level[TGFB, site] = p.tgfb_half_nM
    world.level[VEGF, site] = p.vegf_half_nM
    world.level[MCSF, site] = p.mcsf_half_nM
    world.membrane_rankl[site + 1] = 0.5
    unmet = 0.8 * 0.75 * 0.8 * 0.7 * 0.6 * 0.5
    assert growth_factor_input(site, world, receptors, p) == pytest.approx(1 - unmet, rel=1e-6)
    world.membrane_rankl[site + 1] = 5.0  # more than saturates, as genes and drugs can make it
    assert growth_factor_input(site, world, receptors, p) == 1.0


def test_contact_oxygen_and_cxcr4():
    s = empty_marrow()
    free, at_bone = s.lattice.site(2, 2), s.lattice.site(6, 5)
    put_bone(s, [s.lattice.site(6, 6)])
    p = s.sensing
    s.world.level[OXYGEN, free] = p.oxygen_reference_mmHg / 2
    s.world.level[OXYGEN, at_bone] = 500.0
    s.world.level[CXCL12] = p.cxcl12_kd_nM
    s.exposure["tumour"].cxcr4_block[at_bone] = 3.0
    got = felt(s, Receptors(base=0.6, cxcr4=0.8, integrin=0.5), [free, at_bone])
    assert got["integrin"] == pytest.approx([0.5 * p.matrix_contact, 0.5])
    assert got["oxygen"] == pytest.approx([0.5, 1.0])
    assert got["cxcr4"] == pytest.approx([0.4, 0.1])
    assert got["growth_factor"] == pytest.approx([0.6, 0.6])


def test_drugs_are_felt_where_they_are():
    s = empty_marrow()
    here, there = s.lattice.site(2, 2), s.lattice.site(6, 6)
    for name, level in (("rapalog", 2.0), ("kinase1", 3.0), ("kinase2", 4.0)):
        getattr(s.exposure["tumour"], name)[here] = level
    got = felt(s, Receptors(base=0.6), [here, there])
    assert got["rapalog"].tolist() == [2.0, 0.0]
    assert got["kinase1"].tolist() == [3.0, 0.0]
    assert got["kinase2"].tolist() == [4.0, 0.0]
    assert np.all(got["mtorc2_integrity"] == 1.0), "sensing writes inputs only"
