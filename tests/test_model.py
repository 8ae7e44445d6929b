"""Whole models on a small marrow: what must hold after every step, under every drug and gene."""

import mesa
import numpy as np
import pytest
from invariants import Ledger, check_all

from mtor_abm.errors import UserError
from mtor_abm.fields import CXCL12, MCSF, OXYGEN, RANKL, VEGF
from mtor_abm.marrow import BONE
from mtor_abm.model import MarrowModel
from mtor_abm.scenario import MODEL, Scenario

TINY = {"geometry": {"nx": 32, "ny": 32}, "inoculum": {"cells": 20, "clusters": 3}}
BUSY = {  # everything happens within days
    "osteoblast": {
        "call_rate_per_h": 0.01, "maturation_time_h": 24.0, "apposition_um_per_day": 5.0,
        "division_rate_per_h": 0.2, "recover_rate_per_h": 0.05, "lifespan_h": 200.0,
    },
    "osteoclast": {
        "precursors_per_mm2": 2000.0, "precursor_lifetime_h": 60.0, "commitment_rate_per_h": 0.3,
        "fusion_rate_per_h": 1.0, "resorption_um_per_day": 40.0, "signal_half": 0.05,
        "precursor_motility_um2_per_min": 3.0, "lifespan_h": 100.0,
    },
    "tumour": {"vegf_nM_per_s": 0.02, "division_rate_per_h": 0.06, "pthrp_nM_per_s": 0.01},
    "endothelium": {"regression_rate_per_h": 0.2},
    "body": {"primary_cells": 1e8, "resection_day": 4.0},
    "circulating": {"capture_rate_per_h": 3.0},
}  # fmt: skip
DRUGS = {
    "rapamycin": {"dose_mg_per_kg": 5.0, "route": "ip", "every_h": 24.0},
    "everolimus": {"dose_mg_per_kg": 5.0, "route": "po", "every_h": 24.0},
    "temsirolimus": {"dose_mg_per_kg": 5.0, "route": "ip", "every_h": 24.0},
    "osi_027": {"dose_mg_per_kg": 50.0, "route": "po", "every_h": 24.0},
    "oxa_01": {"dose_mg_per_kg": 50.0, "route": "po", "every_h": 24.0},
    "amd3100": {"dose_mg_per_kg": 5.0, "route": "sc", "every_h": 12.0},
    "opg_fc": {"dose_mg_per_kg": 3.0, "route": "sc", "every_h": 56.0},
    "zoledronate": {"dose_mg_per_kg": 0.1, "route": "sc", "every_h": 168.0},
}
CASES = {
    "no tumour": {"inoculum": {"cells": 0}},
    "no drug": {},
    "every drug": {"drugs": DRUGS},
    "raptor knock-out": {"genes": {"tumour": {"RPTOR": 0.0}, "circulating": {"RPTOR": 0.0}}},
    "all genes doubled": {
        "genes": {
            cell: dict.fromkeys(genes, 2.0) for cell, genes in MODEL.genes_felt.items() if genes
        }
    },
    "step of 3 h": {"run": {"step_h": 3.0}},
}


def scenario(*tables, days=12.0):
    """TINY, then these tables over it."""
    merged = {"run": {"days": days}}
    for table in (TINY, *tables):
        for key, values in table.items():
            merged[key] = {**merged.get(key, {}), **values}
    return Scenario.from_tables(merged)


@pytest.mark.parametrize("case", CASES)
def test_invariants_and_balances_hold_after_every_step(case, hours):
    model = MarrowModel(scenario(BUSY, CASES[case]), seed=5)
    check_all(model)
    ledger = Ledger(model)
    for _ in range(hours(240, 4) // (3 if "3 h" in case else 1)):
        ledger.check()
        check_all(model)


def test_no_vessel_ends_in_bone(hours):
    if hours(1, 0) == 0:
        pytest.skip("needs ten days of simulated time")
    model = MarrowModel(scenario(BUSY), seed=5)
    for _ in range(240):
        model.step()
        world = model.surroundings.world
        assert not world.vessel[world.ground == BONE].any()


def test_the_busy_marrow_is_busy(hours):
    """The case above means something only if all of this happens in it."""
    if hours(1, 0) == 0:
        pytest.skip("needs ten days of simulated time")
    model = MarrowModel(scenario(BUSY), seed=5)
    for _ in range(240):
        model.step()
    log = model.take_events()
    seen = {f"{e} {t}" for e, t in zip(log["event"], log["cell_type"], strict=True)}
    assert seen >= {
        "division tumour", "death tumour", "arrival tumour", "death circulating",
        "shedding circulating", "commitment osteoclast_precursor", "fusion osteoclast_precursor",
        "death osteoclast", "division osteoblast", "death osteoblast", "maturation osteoblast",
        "sprout endothelial", "anastomosis endothelial",
    }  # fmt: skip
    tally = model.surroundings.tally
    assert tally["resorbed_sites"] > 20
    assert tally["formed_sites"] > 5


def test_a_run_stops_at_its_end_and_says_so():
    model = MarrowModel(scenario({"output": {"every_h": 1.0}}, days=0.125), seed=1)
    for _ in range(3):
        assert model.running
        model.step()
    assert not model.running
    for go_on in (model.step, lambda: model.run_for(2)):
        with pytest.warns(UserWarning, match=r"ended at day 0.125 .*larger run.days"):
            go_on()
    assert model.n_steps_done == 3
    model = MarrowModel(scenario({"output": {"every_h": 1.0}}, days=0.125), seed=1)
    model.run_model()
    assert model.n_steps_done == 3


def test_mesa_s_batch_run_ends_with_the_run():
    short = scenario({"output": {"every_h": 1.0}}, days=0.125)
    rows = mesa.batch_run(
        MarrowModel, {"scenario": [short]}, rng=[1], max_steps=50, data_collection_period=-1,
        display_progress=False,
    )  # fmt: skip
    assert {row["Step"] for row in rows} == {3}


def test_a_tumour_that_finds_no_room_is_refused():
    with pytest.raises(UserError, match=r"cells = 1000 are more than the 8.. sites of marrow"):
        scenario({"inoculum": {"cells": 1000}})
    with pytest.raises(UserError, match=r"inoculum.cells = 700, but this marrow has room for \d+;"):
        MarrowModel(scenario({"inoculum": {"cells": 700}}), seed=1)


def test_time_and_steps():
    model = MarrowModel(scenario({"run": {"step_h": 0.5}}), seed=1)
    for _ in range(4):
        model.step()
    assert (model.n_steps_done, model.time_h) == (4, 2.0)


@pytest.mark.parametrize("row", [OXYGEN, CXCL12, VEGF, MCSF, RANKL])
def test_a_model_starts_at_rest(row, hours):
    """Fields change by little in the first hours: the model has brought them to rest."""
    model = MarrowModel(scenario({"inoculum": {"cells": 0}}), seed=1)
    before = model.surroundings.fields.level[row].copy()
    for _ in range(hours(6, 3)):
        model.step()
    after = model.surroundings.fields.level[row]
    assert float(np.abs(after - before).mean()) < 0.05 * float(before.mean()) + 1e-9
