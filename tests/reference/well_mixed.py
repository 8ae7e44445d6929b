"""The marrow of this package in the well-mixed limit, under the perturbations of the two models.

Well mixed: no tumour; every signal but oxygen spreads at 200 um2/s, the upper limit of its number;
PTHrP hardly decays and is held at the wall, so that it fills the marrow evenly and stands for PTH.
Contact between cells, bone and vessels stay: the model has no limit without them.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bone_odes import Perturbation

from mtor_abm.cells.osteoblast import LINED, OSTEOBLAST, PREOSTEOBLAST
from mtor_abm.model import MarrowModel
from mtor_abm.scenario_files import load

BASAL_PTH_NM = 0.0029  # 250 pM/d over 86/d, Lemaire 2004
MIXED = ("cxcl12", "vegf", "rankl", "opg", "tgfb", "igf1", "pthrp", "mcsf")
SETTINGS: dict[str, Any] = {
    **{f"fields.{name}.diffusivity_um2_per_s": 200.0 for name in MIXED},
    "fields.pthrp.loss_per_s": 1e-5,
    "fields.pthrp.boundary": BASAL_PTH_NM,
    "geometry.nx": 80,
    "geometry.ny": 80,
    "output.every_h": 24.0,
}
# What TGF-beta does in the models: it kills osteoclasts, 0.7/d at most, and the osteoblast lineage
# grows by it alone. Well mixed it is thin, as nothing is near its source: the half points are at
# the lower limit of their number, about that of the models (5e-3 pM, Lemaire 2004).
WIRED: dict[str, Any] = {
    "osteoclast.tgfb_death_rate_per_h": 0.7 / 24.0,
    "osteoclast.tgfb_half_nM": 1e-5,
    "osteoblast.division_base": 0.0,
    "osteoblast.tgfb_half_nM": 1e-5,
    "stroma.tgfb_half_nM": 1e-5,
}
CELLS = ("OBp", "OBa", "OCa")
REMOVAL_DAY = 15  # by then the cavities of the start are filled and osteoclasts are at work


@dataclass(frozen=True)
class Case:
    """One perturbation, in the words of the models and of this one.

    Attributes:
        ode: for the models. changes: scenario keys that are multiplied. given: keys that are set.
        kept: share of the osteoblast lineage outside bone that is left at `REMOVAL_DAY`.
    """

    ode: Perturbation
    changes: dict[str, float] = field(default_factory=dict)
    given: dict[str, float] = field(default_factory=dict)
    kept: float = 1.0


def _rankl(factor: float) -> Case:
    keys = ("genes.osteoblast.TNFSF11", "genes.mesenchymal.TNFSF11")
    return Case(Perturbation(rankl=factor), given=dict.fromkeys(keys, factor))


def _pth(factor: float) -> Case:
    return Case(Perturbation(pth=factor), given={"fields.pthrp.boundary": factor * BASAL_PTH_NM})


def _tgfb(factor: float) -> Case:
    return Case(Perturbation(tgfb=factor), changes={"bone.tgfb_stored_nM": factor})


CASES = {
    "RANKL_x0.1": _rankl(0.1),
    "RANKL_x0.5": _rankl(0.5),
    "RANKL_x2": _rankl(2.0),
    "OPG_inj": Case(
        Perturbation(opg_pM_per_d=2e5),
        changes={"osteoblast.opg_nM_per_s": 10.0, "stroma.opg_nM_per_s": 10.0},
    ),
    "PTH_x2": _pth(2.0),
    "PTH_inj": _pth(5.0),
    "TGFb_x0.5": _tgfb(0.5),
    "TGFb_x0.1": _tgfb(0.1),
    "TGFb_off": _tgfb(0.0),
    "OB_removal90": Case(Perturbation(kept=(0.1, 0.1, 1.0)), kept=0.1),
}
ORDERS = {
    "RANKL": ("RANKL_x0.1", "RANKL_x0.5", "control", "RANKL_x2"),
    "PTH": ("control", "PTH_x2", "PTH_inj"),
    "TGF-beta": ("TGFb_x0.1", "TGFb_x0.5", "control"),  # off, the two models part
}


def follow(case: Case | None, seed: int, days: int, wired: bool = False) -> dict[str, np.ndarray]:
    """Daily numbers of one run: OBp, OBa, OCa (cells) and BV/TV, each float64 (days + 1,).

    Args:
        case: None for the control. wired: TGF-beta acts as in the models (`WIRED`).
    """
    settings = SETTINGS | (WIRED if wired else {})
    scenario = load("healthy").changed({**settings, "run.days": float(days)})
    if case is not None:
        tables = scenario.resolved()
        multiplied = {key: _value(tables, key) * by for key, by in case.changes.items()}
        scenario = scenario.changed({**multiplied, **case.given})
    model = MarrowModel(scenario, seed)
    rows = [_counts(model)]
    for step in range(1, days * 24 + 1):
        if case is not None and case.kept < 1.0 and step == REMOVAL_DAY * 24 + 1:
            thin_lineage(model, case.kept, seed)
        model.step()
        model.take_events()
        if step % 24 == 0:
            rows.append(_counts(model))
    columns = np.array(rows, dtype=np.float64).T
    return dict(zip((*CELLS, "bv_tv"), columns, strict=True))


def thin_lineage(model: MarrowModel, kept: float, seed: int) -> None:
    """Take out all but a share of preosteoblasts, osteoblasts and lining cells, by chance."""
    tissue = model.tissues["osteoblast"]
    cells = tissue.population
    outside = np.isin(cells.column("state"), (PREOSTEOBLAST, OSTEOBLAST, LINED))
    gone = outside & (np.random.default_rng(seed).random(cells.n) >= kept)
    model.surroundings.world.occupant[cells.column("site")[gone]] = 0
    cells.remove(gone)


def _counts(model: MarrowModel) -> tuple[float, ...]:
    state = model.tissues["osteoblast"].population.column("state")
    world = model.surroundings.world
    return (
        float((state == PREOSTEOBLAST).sum()),
        float((state == OSTEOBLAST).sum()),
        float(model.tissues["osteoclast"].population.n),
        float((world.ground == 1).sum()) / model.surroundings.lattice.inside().sum(),
    )


def default_of(key: str) -> float:
    """Number under this key in the healthy scenario."""
    return _value(load("healthy").resolved(), key)


def _value(tables: dict[str, Any], key: str) -> float:
    value: Any = tables
    for part in key.split("."):
        value = value[part]
    return float(value)
