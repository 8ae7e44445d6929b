"""Osteoclast, osteoblast and co-culture: what must be there, what must not, and the same twice."""

import numpy as np
import pytest

from mtor_abm.assays import BENCHES
from mtor_abm.scenario import Scenario

DEFAULTS = Scenario.from_tables()


def culture(key, seed=1, changes=None, **conditions):
    bench = BENCHES[key]
    scenario = DEFAULTS.changed(changes) if changes else DEFAULTS
    found = bench.measure(scenario, seed, bench.conditions(**conditions))
    assert set(found) == set(bench.readouts)
    return found


SMALL_SLICE = {"slice_mm": 0.6, "precursors": 70}


def test_osteoclasts_form_and_dig_with_rankl_and_mcsf_only():
    found = culture("osteoclasts", **SMALL_SLICE)
    assert found["n_osteoclasts"] >= 1 and found["pit_area_um2"] > 0.0
    assert found["nuclei"] <= found["fused"] <= 70  # the dead took theirs with them
    for missing in ({"rankl_nM": 0.0}, {"mcsf_nM": 0.0}, {"opg_nM": 1e3}):
        none = culture("osteoclasts", **SMALL_SLICE, **missing)
        assert none["fused"] == none["n_trap"] == none["pit_area_um2"] == 0.0
        assert np.isnan(none["surviving_share"])


def test_pits_are_the_bone_that_is_gone():
    """One cell of five nuclei on one part of the slice takes what the rule says in a day."""
    settings = {"osteoclast.starvation_rate_per_h": 0.0, "osteoclast.resorption_base": 1.0}
    found = culture(
        "osteoclasts", changes=settings, slice_mm=0.1, precursors=0, osteoclasts=1, hours=12.0
    )
    rate = DEFAULTS.groups["osteoclast"].resorption_um_per_day / 24.0
    assert found["mean_survival_h"] == 12.0 and found["surviving_share"] == 1.0
    grown = sum(min(hour, 5) for hour in range(12))  # a part more each hour, up to five
    assert 0.0 < found["pit_area_um2"] <= rate * 10.0 * (grown + 12)


def test_a_drug_reaches_only_the_cells_it_is_meant_for():
    mature = {"slice_mm": 0.6, "precursors": 20, "osteoclasts": 4, "hours": 24.0}
    spared = culture("osteoclasts", **mature, rapamycin_nM=100.0, on_osteoclasts=0.0)
    hit = culture("osteoclasts", **mature, rapamycin_nM=100.0, on_precursors=0.0)
    assert spared["s6k"] < 0.1 < spared["s6k_osteoclast"]
    assert hit["s6k_osteoclast"] < 0.1 < hit["s6k"]


def test_mafb_is_what_is_not_lip_and_gone_in_the_knock_in():
    short = {**SMALL_SLICE, "hours": 12.0}
    wild = culture("osteoclasts", **short)
    assert wild["mafb"] == pytest.approx(1.0 - wild["lip"])
    assert culture("osteoclasts", changes={"osteoclast.lip_knock_in": 1.0}, **short)["mafb"] == 0.0


YOUNG = {"dish_mm": 0.3, "preosteoblasts": 15}


def test_preosteoblasts_mature_before_they_mineralise():
    three_days = culture("osteoblasts", **YOUNG, hours=72.0)
    assert three_days["mineral_um2"] == 0.0 and three_days["n_mature"] == 0.0
    assert 0.3 < three_days["maturity"] < 0.6  # 72 of about 163 h
    assert three_days["late"] < three_days["early"]
    fortnight = culture("osteoblasts", **YOUNG, hours=336.0)
    assert fortnight["mineral_um2"] > 0.0 and fortnight["late"] > 0.9 > fortnight["early"]
    assert fortnight["adipocyte_share"] == 0.0


def test_stem_cells_need_tgfb_to_make_bone_or_fat():
    stem = {"dish_mm": 0.3, "preosteoblasts": 0, "mesenchymal": 10, "hours": 72.0}
    still = culture("osteoblasts", **stem, tgfb_nM=0.0)
    assert still["n_lineage"] == still["n_adipocytes"] == 0.0
    assert np.isnan(still["adipocyte_share"]) and still["opg_nM"] > 0.0
    fat_only = {"stroma.bone_fate_base": 0.0, "stroma.bone_fate_mtorc2": 0.0}
    assert culture("osteoblasts", changes=fat_only, **stem)["adipocyte_share"] == 1.0


MARROW = {"slice_mm": 0.4, "precursors": 50, "mesenchymal": 15, "preosteoblasts": 10}


def test_tumour_cells_bring_pthrp_and_tnf_and_their_medium_only_pthrp():
    plain = culture("coculture", **MARROW, hours=48.0)
    assert plain["pthrp_nM"] == plain["tnf_nM"] == plain["n_tumour"] == 0.0
    with_cells = culture("coculture", **MARROW, hours=36.0, tumour_cells=20)
    assert with_cells["n_tumour"] >= 20
    assert with_cells["pthrp_nM"] > 0.0 and with_cells["tnf_nM"] > 0.0
    medium = culture("coculture", **MARROW, hours=36.0, conditioned_share=1.0)
    half = culture("coculture", **MARROW, hours=36.0, conditioned_share=0.5)
    assert medium["n_tumour"] == medium["tnf_nM"] == 0.0
    assert medium["pthrp_nM"] == pytest.approx(2.0 * half["pthrp_nM"], rel=1e-5)
    assert medium["rankl_presented"] > plain["rankl_presented"]


def test_fresh_medium_brings_opg_back():
    """OPG is lost at 0.35 per day: 36 h leave 0.59 of it; one hour after the change 0.99."""
    kept = {**MARROW, "opg_nM": 10.0, "mesenchymal": 0, "preosteoblasts": 0}
    assert culture("coculture", **kept, hours=36.0)["opg_nM"] == pytest.approx(5.9, rel=0.01)
    assert culture("coculture", **kept, hours=49.0)["opg_nM"] == pytest.approx(9.86, rel=0.005)


@pytest.mark.parametrize(
    ("key", "conditions"),
    [("osteoclasts", {**SMALL_SLICE, "hours": 48.0}), ("osteoblasts", {**YOUNG, "hours": 48.0}),
     ("coculture", {**MARROW, "tumour_cells": 10, "hours": 24.0})],
)  # fmt: skip
def test_same_seed_same_culture(key, conditions):
    once, again = (culture(key, seed=4, **conditions) for _ in range(2))
    assert np.array_equal(list(once.values()), list(again.values()), equal_nan=True)
