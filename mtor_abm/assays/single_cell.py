"""The single cell: the mTOR network of one cell alone, its inputs held, and what its rules make of
it.

A seed stands for a cell: the assumed numbers of the network and the inputs vary from cell to cell,
keyed by the seed and alike in all arms.
"""

import math
import zlib
from typing import Any, Literal

import numpy as np
from pydantic import Field

from ..cells.circulating import CirculatingParameters, CirculatingRates, anoikis_rate
from ..cells.sensing import sense
from ..cells.tumour import TumourTissue
from ..cells.tumour_rules import (
    chemotactic_share,
    crawl_speed,
    division_rate,
    emt_change,
    persistent_share,
    pthrp_target,
)
from ..mtor import NetworkParameters, NetworkRates, advance_network, focal_adhesion, lip_share
from ..parameters import kernel_values, number
from ..scenario import Scenario
from ..switch_effects import after_switches
from .bench import Bench, Readout
from .dish import CULTURE_OXYGEN_MMHG, Dish
from .medium import DrugsInMedium, drugs_nM

Cell = Literal[
    "tumour", "osteoclast_precursor", "osteoclast", "osteoblast", "mesenchymal", "endothelial"
]
EMT_HOURS = 1000  # ten times the time constant of the slowest way there and back


# fmt: off
class CellConditions(DrugsInMedium):
    """What surrounds the cell. The untreated cell is that of docs/network.md, without CXCL12."""

    cell: Cell = Field(default="tumour", description="cell type: its genes and receptors")
    hours: float = number(
        48.0, "h", "fast nodes settle in an hour, assembly of mTORC2 in days", "assumed", low=1,
        high=2000, what="time in the medium with drug",
    )
    growth_factor: float = number(
        0.6, "1", "untreated value of the network's input GF", "assumed", low=0, high=1,
        what="growth factors of serum",
    )
    cxcl12_nM: float = number(
        0.0, "nM", "a culture without chemokine", "assumed", low=0, high=1e4, what="CXCL12"
    )
    cxcl12_slope_per_um: float = number(
        0.01, "1/um", "doubles over 100 um", "assumed", low=0, high=1,
        what="relative rise of CXCL12 along the cell, for its sense of direction",
    )
    tgfb_nM: float = number(
        0.0, "nM", "none added", "assumed", low=0, high=100, what="active TGF-beta"
    )
    igf1_nM: float = number(0.0, "nM", "none added", "assumed", low=0, high=1000, what="IGF-1")
    vegf_nM: float = number(0.0, "nM", "none added", "assumed", low=0, high=1000, what="VEGF")
    integrin: float = number(
        0.3, "1", "untreated value of the network's input IN", "assumed", low=0, high=1,
        what="contact of alphavbeta3 with matrix: 0 detached, 1 vitronectin",
    )
    oxygen_mmHg: float = number(
        CULTURE_OXYGEN_MMHG, "mmHg", "medium under air", "recalled", low=0, high=160, what="pO2"
    )
    amino_acids: float = number(
        1.0, "1", "rich medium", "assumed", low=0, high=1, what="amino acids, 1 is plenty"
    )
    energy: float = number(
        1.0, "1", "rich medium", "assumed", low=0, high=1, what="energy, 1 is plenty"
    )
    variation: float = number(
        0.2, "1", "cells of one line differ by 10-30 % in protein level", "assumed", low=0, high=1,
        what="log-normal spread of assumed network numbers and of inputs between cells",
    )
# fmt: on


INPUTS = ("growth_factor", "cxcl12_nM", "tgfb_nM", "igf1_nM", "vegf_nM", "integrin", "oxygen_mmHg",
          "amino_acids", "energy")  # fmt: skip

NODES = {
    "s6k": "S6K activity",
    "p4ebp1": "phosphorylated 4E-BP1",
    "akt_s473": "AKT phosphorylated at S473",
    "akt_t308": "AKT phosphorylated at T308",
    "mtorc1": "mTORC1 activity",
    "mtorc2": "mTORC2 activity",
    "mtorc2_integrity": "share of mTORC2 assembled",
    "foxo": "FOXO activity",
    "hif": "HIF activity",
    "autophagy": "autophagy",
    "vegf": "VEGF output",
}


def factor(seed: int, name: str, spread: float) -> float:
    """How this cell differs from the typical one in one number: log-normal, median 1."""
    key = np.random.SeedSequence([seed, zlib.crc32(name.encode())])
    return math.exp(spread * np.random.Generator(np.random.PCG64(key)).standard_normal())


def varied_network(settings: Scenario, seed: int, spread: float) -> Any:
    """Numbers of the network in the cell of this seed: assumed ones vary, others stay."""
    numbers = settings.of(NetworkParameters)
    values: dict[str, float] = {}
    for row in NetworkParameters.rows():
        value = float(getattr(numbers, row["key"]))
        if row["confidence"] == "assumed":
            value *= factor(seed, row["key"], spread)
            value = min(max(value, float(row["low"])), float(row["high"]))
        values[row["key"]] = value
    return NetworkRates(**{key: values[key] for key in NetworkRates._fields})


def varied_inputs(conditions: CellConditions, seed: int) -> dict[str, float]:
    """Inputs as this cell gets them, within the limits of each."""
    limits = {row["key"]: row["high"] for row in CellConditions.rows()}
    # a limit may be a whole number, and an int among floats would compile the kernels again
    return {
        name: float(
            min(getattr(conditions, name) * factor(seed, name, conditions.variation), limits[name])
        )
        for name in INPUTS
    }


def measure(scenario: Scenario, seed: int, conditions: CellConditions) -> dict[str, float]:
    """Bring one cell to rest without drug, then keep it in the medium for `hours`.

    Returns:
        readout -> value; those of tumour cells are NaN in other types.
    """
    settings = after_switches(scenario)
    inputs = varied_inputs(conditions, seed)
    network = varied_network(settings, seed, conditions.variation)
    medium = {key: inputs[f"{key}_nM"] for key in ("cxcl12", "tgfb", "igf1", "vegf")}
    medium["oxygen"] = inputs["oxygen_mmHg"]
    name = conditions.cell
    dish = Dish(settings, seed, 8, 8, medium, {}, tissues=(name,))
    s, tissue = dish.surroundings, dish.tissues[name]
    dish.place(name, dish.free_sites(1))
    signals = tissue.population.signals
    receptors = tissue.receptors()._replace(
        base=inputs["growth_factor"], integrin=tissue.genes.ITGB3
    )
    sensing: Any = s.sensing
    sensing = sensing._replace(matrix_contact=inputs["integrin"])
    for drugs, hours in (({}, 48.0), (drugs_nM(conditions), conditions.hours)):
        dish.dose(drugs)
        sense(1, tissue.cells.site, signals, s.world, s.exposure[name], receptors, sensing)
        for _ in range(round(hours / s.dt_h)):
            advance_network(
                1, signals, tissue.dosage, inputs["amino_acids"], inputs["energy"], network, s.dt_h
            )
    found = {node: float(getattr(signals, node)[0]) for node in NODES}
    found["lip"] = float(lip_share(found["p4ebp1"]))
    return found | _outputs(tissue, dish, signals, inputs, conditions)


def _outputs(
    tissue: Any, dish: Dish, signals: Any, inputs: dict[str, float], conditions: CellConditions
) -> dict[str, float]:
    """What the rules of a tumour cell make of its network."""
    if not isinstance(tissue, TumourTissue):
        return dict.fromkeys(OUTPUTS, math.nan)
    s, p, ref = dish.surroundings, tissue.rates, dish.surroundings.reference
    s6k, mtorc2 = float(signals.s6k[0]), float(signals.mtorc2[0])
    p4ebp1, growth_factor = float(signals.p4ebp1[0]), float(signals.growth_factor[0])
    sensing: Any = s.sensing
    level, kd_nM = inputs["cxcl12_nM"], sensing.cxcl12_kd_nM
    ahead = level * (1.0 + conditions.cxcl12_slope_per_um * dish.lattice.dx_um)
    contrast = ahead / (ahead + kd_nM) - level / (level + kd_nM)
    tgfb = inputs["tgfb_nM"]
    bound = tissue.genes.TGFBR2 * tgfb / (tgfb + p.pthrp_tgfb_half_nM)
    emt = 0.0
    for _ in range(EMT_HOURS):
        emt += emt_change(emt, bound, s6k, mtorc2, p, ref)
    contact = float(signals.integrin[0])
    speed = crawl_speed(s6k, mtorc2, contact, 0, emt, p, ref)
    share = chemotactic_share(float(signals.cxcr4[0]), contrast, s6k, mtorc2, p, ref)
    blood = kernel_values(CirculatingRates, dish.settings.of(CirculatingParameters))
    detached = anoikis_rate(
        float(signals.foxo[0]), float(signals.autophagy[0]), float(signals.akt_s473[0]),
        growth_factor, blood,
    )  # fmt: skip
    return {
        "speed_um_per_h": speed,
        "chemotactic_share": share,
        "directed_speed_um_per_h": speed * share,
        "focal_adhesion": focal_adhesion(contact, s6k, ref.s6k),
        "persistent_share": persistent_share(mtorc2, p, ref),
        "emt": emt,
        "division_per_h": division_rate(inputs["oxygen_mmHg"], growth_factor, p4ebp1, p, ref),
        "anoikis_per_h": detached,
        "pthrp": pthrp_target(bound, p4ebp1, p, ref),
    }


OUTPUTS = {
    "speed_um_per_h": Readout("um/h", "crawling speed of a cell without neighbours"),
    "chemotactic_share": Readout("1", "share of its steps up CXCL12"),
    "directed_speed_um_per_h": Readout("um/h", "speed times chemotactic share"),
    "focal_adhesion": Readout("1", "focal adhesion: contact x S6K over the untreated cell's"),
    "persistent_share": Readout("1", "share of its steps that go straight on"),
    "emt": Readout("1", "EMT score at rest, epithelial 0, mesenchymal 1"),
    "division_per_h": Readout("1/h", "division rate"),
    "anoikis_per_h": Readout("1/h", "death rate it would have in blood with this network"),
    "pthrp": Readout("1", "PTHrP it aims at, over its basal value"),
}

CELL = Bench(
    key="cell",
    label="a single cell: its mTOR network alone",
    conditions=CellConditions,
    readouts={name: Readout("1", meaning) for name, meaning in NODES.items()}
    | {"lip": Readout("1", "LIP share of C/EBP-beta")}
    | OUTPUTS,
    measure=measure,
)
