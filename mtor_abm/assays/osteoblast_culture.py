"""Osteoblast culture: stem cells, preosteoblasts or osteoblasts on a coated dish, over weeks.

The dish is seen from the side: a floor of matrix and, above it, room that counts as cavity, so that
osteoblasts mineralise it from below as they fill a cavity in the marrow.
"""

import math

import numpy as np

from ..cells.osteoblast import OsteoblastTissue
from ..parameters import number
from ..scenario import Scenario
from .bench import Bench, Readout
from .dish import Dish
from .medium import DrugsInMedium, drugs_nM

FLOOR_ROWS = 2  # sites of matrix
ROOM_ROWS = 12  # sites above it


# fmt: off
class OsteoblastCultureConditions(DrugsInMedium):
    """What is in the dish. The defaults take calvarial preosteoblasts to mineral."""

    hours: float = number(
        504.0, "h", "21 d, usual time to mineral", "recalled", low=1, high=5000,
        what="time in culture",
    )
    dish_mm: float = number(
        0.8, "mm", "a hundred cells in a second", "assumed", low=0.1, high=20,
        what="length of the dish",
    )
    preosteoblasts: int = number(
        40, "1", "half of the floor", "assumed", low=0, high=20000, what="at the start"
    )
    osteoblasts: int = number(
        0, "1", "the default starts from preosteoblasts", "assumed", low=0, high=20000,
        what="mature osteoblasts at the start",
    )
    mesenchymal: int = number(
        0, "1", "the default starts from preosteoblasts", "assumed", low=0, high=20000,
        what="mesenchymal stem cells at the start",
    )
    bmp: float = number(
        0.0, "1", "none added", "assumed", low=0, high=1, what="BMP in the medium, 1 saturates"
    )
    tgfb_nM: float = number(
        0.01, "nM", "serum; calls stem cells to divide", "assumed", low=0, high=100,
        what="active TGF-beta in the medium",
    )
    pthrp_nM: float = number(
        0.0, "nM", "none added", "assumed", low=0, high=1000, what="PTHrP in the medium"
    )
# fmt: on


def measure(
    scenario: Scenario, seed: int, conditions: OsteoblastCultureConditions
) -> dict[str, float]:
    """Culture the cells and read markers, mineral and medium.

    Returns:
        readout -> value; those of cells that are not there are NaN.
    """
    c = conditions
    dish = _plated(scenario, seed, c)
    s = dish.surroundings
    mineral = float(s.world.mineral.sum())
    dish.run(c.hours)
    lineage, fat = dish.tissues["osteoblast"], dish.tissues["adipocyte"].population.n
    assert isinstance(lineage, OsteoblastTissue)
    early, late = lineage.programmes(s)
    states = {name: int(lineage.population.in_state(name).sum()) for name in lineage.kind.states}
    opg, rankl = (float(dish.level(key).mean(dtype=np.float64)) for key in ("opg", "rankl"))
    return {
        "early": float(early),
        "late": float(late),
        "maturity": _maturity(lineage),
        "mineral_um2": (float(s.world.mineral.sum()) - mineral) * s.lattice.dx_um**2,
        "n_lineage": float(lineage.population.n),
        "n_mature": float(lineage.population.n - states["preosteoblast"]),
        "n_adipocytes": float(fat),
        "adipocyte_share": fat / (fat + lineage.population.n)
        if fat + lineage.population.n
        else math.nan,
        "opg_nM": opg,
        "rankl_nM": rankl,
        "rankl_per_opg": rankl / opg if opg > 0.0 else math.nan,
    }


def _maturity(lineage: OsteoblastTissue) -> float:
    """Mean way of the cells from preosteoblast (0) to osteoblast (1)."""
    if lineage.population.n == 0:
        return math.nan
    young = lineage.population.in_state("preosteoblast")
    way = np.where(young, np.minimum(lineage.population.column("maturity"), 1.0), 1.0)
    return float(way.mean(dtype=np.float64))


def _plated(scenario: Scenario, seed: int, c: OsteoblastCultureConditions) -> Dish:
    """The coated dish with its cells in the medium."""
    settings = scenario.changed({"osteoblast.bmp": c.bmp})
    dx_um: float = settings.groups["geometry"].dx_um  # type: ignore[attr-defined]
    nx = max(10, round(c.dish_mm * 1000.0 / dx_um))
    floor = np.zeros((nx, FLOOR_ROWS + ROOM_ROWS), dtype=bool)
    floor[:, :FLOOR_ROWS] = True
    dish = Dish(
        settings, seed, nx, floor.shape[1],
        medium={"tgfb": c.tgfb_nM, "pthrp": c.pthrp_nM}, drugs_nM=drugs_nM(c),
        diffusing=("opg", "rankl"), tissues=("osteoblast", "mesenchymal", "adipocyte"),
        bone_mask=floor,
    )  # fmt: skip
    world = dish.surroundings.world
    dish.lattice.interior(world.cavity)[:, FLOOR_ROWS:] = 1
    on_floor = dish.free_sites(floor.size)
    on_floor = on_floor[world.bone_faces[on_floor] > 0]
    key = np.random.SeedSequence([seed, c.preosteoblasts, c.osteoblasts])
    order = np.random.Generator(np.random.PCG64(key)).permutation(on_floor)
    taken = 0
    for state, count in (("preosteoblast", c.preosteoblasts), ("osteoblast", c.osteoblasts)):
        sites = np.sort(order[taken : taken + count])
        taken += len(sites)
        if len(sites):
            dish.place("osteoblast", sites, state=state)
    if c.mesenchymal:
        dish.place("mesenchymal", dish.free_sites(c.mesenchymal))
    return dish


OSTEOBLAST_CULTURE = Bench(
    key="osteoblasts",
    label="osteoblast culture with mineralisation",
    conditions=OsteoblastCultureConditions,
    readouts={
        "early": Readout("1", "RUNX2, SP7, ALPL per cell, over an untreated preosteoblast"),
        "late": Readout("1", "BGLAP, IBSP, COL1A1 per cell, over an untreated osteoblast"),
        "maturity": Readout("1", "mean way from preosteoblast (0) to osteoblast (1)"),
        "mineral_um2": Readout("um2", "matrix mineralised, in the section"),
        "n_lineage": Readout("1", "cells of the osteoblast lineage"),
        "n_mature": Readout("1", "those past the preosteoblast"),
        "n_adipocytes": Readout("1", "fat cells"),
        "adipocyte_share": Readout("1", "fat cells over fat and osteoblast lineage"),
        "opg_nM": Readout("nM", "OPG in the medium at the end"),
        "rankl_nM": Readout("nM", "RANKL in the medium at the end"),
        "rankl_per_opg": Readout("1", "RANKL over OPG in the medium"),
    },
    measure=measure,
)
