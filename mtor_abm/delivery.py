"""Drugs from dose to site: plasma course, exchange at vessels, units of action per cell type.

Each drug that is given has a field of its own. Its free level in plasma at every hour is worked out
before the run starts. Antiresorptives lie on bone instead; what lowers a hormone of blood acts on
all cells alike through `World.serum`.
"""

import numpy as np

from .cells.sensing import Exposure
from .dosing import PlasmaCurve
from .drug_action import (
    Action,
    Antiresorptive,
    AromataseInactivator,
    half_effects_nM,
    oestrogen_left,
)
from .drugs import DRUGS, Delivery
from .fields import FIELDS, FieldParameters, FieldState
from .marrow import BONE, OESTROGEN, World
from .numerics.lattice import Lattice
from .schedule import Schedule


class DrugField(FieldParameters):
    """Row of a drug in the table of fields; its numbers stand in DRUGS."""


def drug_field(delivery: Delivery, dx_um: float) -> DrugField:
    """Field row of a drug: a vessel site exchanges over two faces, so 2 P / dx."""
    return DrugField(
        diffusivity_um2_per_s=float(delivery.diffusivity_um2_per_s),
        loss_per_s=float(delivery.loss_per_s),
        vessel_permeability_per_s=2.0 * float(delivery.permeability_um_per_s) / dx_um,
    )


#: Unit of an action -> the layer of an Exposure that cells read it from. Traps of RANKL have a
#: layer of the world instead, since they act outside cells.
LAYER_OF_UNIT = {
    "rapalog": "rapalog",
    "kinase1": "kinase1",
    "kinase2": "kinase2",
    "cxcr4": "cxcr4_block",
}


def blank_exposure(lattice: Lattice) -> Exposure:
    """Layers without drug."""
    return Exposure(*(lattice.layer(np.float32) for _ in Exposure._fields))


def add_action(
    layers: Exposure, action: Action, free_nM: np.ndarray | np.float32, share: float
) -> None:
    """Add a drug's free level (flat or scalar) to the layers, in units of its half effect."""
    for name, half_nM in half_effects_nM(action).items():
        if name in LAYER_OF_UNIT:
            layer = getattr(layers, LAYER_OF_UNIT[name])
            layer += free_nM * np.float32(share / half_nM)


class Pharmacy:
    """The drugs of one scenario.

    Attributes:
        plasma_nM: free level in plasma by drug, float64 (n_steps + 1,), one value a step.
        rows: row of each drug that has a field, after the FIELDS.
        oestrogen: in serum over its level before treatment, float64 (n_steps + 1,).
    """

    def __init__(
        self, schedules: dict[str, Schedule], lattice: Lattice, days: float, step_h: float,
        tissues: tuple[str, ...],
    ) -> None:  # fmt: skip
        hours = np.arange(round(days * 24.0 / step_h) + 1) * step_h
        self.schedules = schedules
        self.lattice = lattice
        self.plasma_nM: dict[str, np.ndarray] = {}
        self.bone_units: dict[str, np.ndarray] = {}
        self.rows: dict[str, int] = {}
        self.field_rows: list[FieldParameters] = []
        self.oestrogen = np.ones(len(hours))
        for key, schedule in schedules.items():
            curve = PlasmaCurve(schedule.regimen(key, days))
            self.plasma_nM[key] = curve.free_nM(hours)
            drug = DRUGS[key]
            if isinstance(drug.action, Antiresorptive):
                half = float(drug.action.half_dose_mg_per_kg)
                self.bone_units[key] = curve.bone_mg_per_kg(hours) / half
            elif isinstance(drug.action, AromataseInactivator):
                self.oestrogen *= oestrogen_left(drug.action, self.plasma_nM[key], step_h)
            elif drug.delivery is not None:
                self.rows[key] = len(FIELDS) + len(self.field_rows)
                self.field_rows.append(drug_field(drug.delivery, lattice.dx_um))
        self._tissues = tissues
        self._exposure = self._layers()
        self.formation_speed = 1.0

    def _layers(self) -> dict[str, Exposure]:
        """One set of layers for all tissues that feel every drug alike; own sets for the others."""
        shared: dict[tuple[float, ...], Exposure] = {}
        out = {}
        for tissue in self._tissues:
            shares = tuple(s.action_in(tissue) for s in self.schedules.values())
            if tissue == "circulating":
                shares = (*shares, -1.0)  # blood: its own layers, filled from plasma
            if shares not in shared:
                shared[shares] = blank_exposure(self.lattice)
            out[tissue] = shared[shares]
        return out

    def exposure(self) -> dict[str, Exposure]:
        """Layers of drug action by tissue; the arrays are refilled each step."""
        return self._exposure

    def exchange(self, fields: FieldState, perfused: np.ndarray, step: int) -> None:
        """Set blood levels of the drug fields at perfused vessel sites for this step."""
        for key, row in self.rows.items():
            p = fields.rows[row]
            permeability = perfused * np.float32(p.vessel_permeability_per_s)
            fields.set_exchange(row, permeability, np.float32(self.plasma_nM[key][step]))

    def act(self, world: World, step: int) -> None:
        """Turn local levels into units of action, summed over drugs, for this step."""
        done: set[int] = set()
        world.rankl_trap[:] = 0.0
        for tissue, layers in self._exposure.items():
            if id(layers) in done:
                continue
            done.add(id(layers))
            for layer in layers:
                layer[:] = 0.0
            for key, row in self.rows.items():
                share = self.schedules[key].action_in(tissue)
                in_blood = tissue == "circulating"
                level = np.float32(self.plasma_nM[key][step]) if in_blood else world.level[row]
                add_action(layers, DRUGS[key].action, level, share)
        for key, row in self.rows.items():
            kd = half_effects_nM(DRUGS[key].action).get("trap")
            if kd:
                world.rankl_trap[:] += world.level[row] * np.float32(1.0 / kd)
        world.serum[OESTROGEN] = self.oestrogen[step]
        self._act_on_bone(world, step)

    def _act_on_bone(self, world: World, step: int) -> None:
        """Bisphosphonate lies on all bone alike; it also speeds formation (Moffitt HAL source).

        Several drugs share one site of action: each adds its own gain times its share bound.
        """
        if not self.bone_units:
            return
        units = sum(curve[step] for curve in self.bone_units.values())
        world.antiresorptive[:] = np.where(world.ground == BONE, np.float32(units), 0.0)
        self.formation_speed = 1.0
        for key, curve in self.bone_units.items():
            action = DRUGS[key].action
            assert isinstance(action, Antiresorptive)
            gain = float(action.formation_time_divisor) - 1.0
            self.formation_speed += gain * curve[step] / (1.0 + units)
