"""The culture dish: a small lattice of the model's own cells in a medium that stays as it is.

All cell-culture benches are built on it. What a dish lacks is blood: no vessels bring oxygen or
drug, so the medium and the drugs in it are given as levels that hold. A field named in `diffusing`
starts at its level in the medium and then follows from what the cells make, take up and free from
bone, by the model's own solver.
"""

import zlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from .. import bone
from ..assembly import gather, release
from ..cells.tissue import Tissue, live
from ..delivery import add_action, blank_exposure
from ..drug_action import Antiresorptive, AromataseInactivator, half_effects_nM
from ..drugs import DRUGS
from ..errors import UserError
from ..fields import FIELDS, OXYGEN, FieldState
from ..marrow import BONE, LINING, MARROW, NO_VESSEL, OSTEOCYTE
from ..numerics.lattice import Lattice
from ..parameters import kernel_values
from ..scenario import CELLS, Scenario
from ..seeding import founder_uids
from ..switch_effects import after_switches
from ..validation import suggestion

CULTURE_OXYGEN_MMHG = 140.0  # medium under air with 5 % CO2 [recalled], unless `medium` says else
REST_HOURS = 24  # networks and secretion (6 h lag) come to rest in the medium before time 0
ROW = {field.key: row for row, field in enumerate(FIELDS)}


class Dish:
    """Cells of the model in a medium.

    Args:
        settings: scenario; its switches are applied, its drugs and geometry are not used.
        seed: key of all chance.
        nx, ny: sites of `settings.geometry.dx_um`.
        medium: level by field key in the unit of that field; what is left out is 0, but oxygen is
            that of a culture under air (CULTURE_OXYGEN_MMHG).
        drugs_nM: free level by drug, constant.
        diffusing: fields that the cells change.
        tissues: cell types that may be in the dish; types whose rules name another type (MSC the
            osteoblast, circulating cells the tumour) need that one too.
        bone_mask: bool (nx, ny), where a slice of bone lies.
        shares: share 0..1 of a drug's action by drug and cell type, 1 where left out.

    Attributes:
        settings: the scenario after its switches.
        surroundings: lattice, layers, fields, tissues, event log, as in a whole run.
        lattice: nx x ny sites. n_steps_done: steps since time 0.

    Raises:
        UserError: unknown field, drug or cell type, a level below 0, or a drug without action here.
    """

    def __init__(
        self,
        settings: Scenario,
        seed: int,
        nx: int,
        ny: int,
        medium: Mapping[str, float] | None = None,
        drugs_nM: Mapping[str, float] | None = None,
        diffusing: Collection[str] = (),
        tissues: Collection[str] = CELLS,
        bone_mask: np.ndarray | None = None,
        shares: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        """See the class."""
        _refuse_unknown(tissues, CELLS, "cell type")
        _refuse_unknown(diffusing, ROW, "field")
        self.settings = after_switches(settings)
        dx_um: float = self.settings.groups["geometry"].dx_um  # type: ignore[attr-defined]
        self.lattice = Lattice(nx, ny, dx_um)
        rows: list[Any] = [self.settings.fields[field.key] for field in FIELDS]
        self.surroundings = gather(
            self.settings,
            self.lattice,
            FieldState(self.lattice, rows),
            {name: blank_exposure(self.lattice) for name in tissues},
            seed,
            tissues,
        )
        self.n_steps_done = 0
        self._diffusing = tuple(ROW[key] for key in diffusing)
        self._bone_rates = kernel_values(bone.BoneRates, self.settings.of(bone.BoneParameters))
        self._fill({FIELDS[OXYGEN].key: CULTURE_OXYGEN_MMHG} | dict(medium or {}))
        if bone_mask is not None:
            self._lay_bone(bone_mask)
        self.dose(drugs_nM or {}, shares)

    @property
    def time_h(self) -> float:
        """Hours since the start."""
        return self.n_steps_done * self.surroundings.dt_h

    @property
    def tissues(self) -> dict[str, Tissue]:
        """Cells by type."""
        return self.surroundings.tissues

    def level(self, key: str) -> np.ndarray:
        """A field as a view, float32 (nx, ny); writing to it sets what the medium holds there."""
        _refuse_unknown([key], ROW, "field")
        return self.lattice.interior(self.surroundings.world.level[ROW[key]])

    def dose(
        self,
        drugs_nM: Mapping[str, float],
        shares: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        """Change the medium for one with these drugs, from the next step on.

        Raises:
            UserError: unknown drug, a level below 0, or a drug without action here.
        """
        _refuse_unknown(drugs_nM, DRUGS, "drug")
        s = self.surroundings
        for layers in s.exposure.values():
            for layer in layers:
                layer[:] = 0.0
        s.world.rankl_trap[:] = 0.0
        for key, free_nM in drugs_nM.items():
            action = DRUGS[key].action
            if not free_nM >= 0.0:
                raise UserError(f"{key} = {free_nM} nM is below 0; give a level of 0 or more")
            if isinstance(action, Antiresorptive | AromataseInactivator):
                raise UserError(f"{key} acts in the body, not from the medium; leave it out")
            for name, layers in s.exposure.items():
                share = (shares or {}).get(key, {}).get(name, 1.0)
                add_action(layers, action, np.float32(free_nM), share)
            trap_kd_nM = half_effects_nM(action).get("trap")
            if trap_kd_nM:
                s.world.rankl_trap[:] += np.float32(free_nM / trap_kd_nM)

    def free_sites(self, count: int, purpose: str = "cells") -> np.ndarray:
        """Sites without bone, cell or vessel, drawn without replacement by seed and purpose.

        Returns:
            Flat sites, int64 (count,), rising; fewer if there is no more room.
        """
        world = self.surroundings.world
        free = (world.ground == MARROW) & (world.occupant == 0) & (world.vessel == NO_VESSEL)
        room = np.flatnonzero(free)
        key = [self.surroundings.seed, zlib.crc32(purpose.encode())]
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        return np.sort(rng.choice(room, min(count, len(room)), replace=False))

    def place(self, name: str, sites: np.ndarray, state: str = "", **columns: Any) -> slice:
        """Put cells of a type on flat sites, their networks at rest in the medium without drug.

        Args:
            name: cell type. For "circulating", which has no place, only the number of sites counts.
            sites: flat sites, int64; each free (`free_sites`), or bone for osteocytes.
            state: name of a state of this type; left out, its first.
            columns: other columns (`Population.add`), scalars or one value a cell.

        Returns:
            The rows of the new cells.
        """
        s = self.surroundings
        tissue = s.tissues[name]
        population, code = tissue.population, tissue.kind.code
        sites = np.atleast_1d(np.asarray(sites, dtype=np.int64))
        if state:
            columns["state"] = tissue.kind.state(state)
        if tissue.in_marrow:
            uids = founder_uids(code, sites)
        else:
            uids = founder_uids(code, population.n + np.arange(len(sites)))
            sites = np.full(len(sites), -1)
        rows = population.add(uid=uids, site=sites, **columns)
        if name == "endothelial":
            s.world.vessel[sites] = population.column("state")[rows] + 1
        elif tissue.in_marrow:
            flat = {"lining": LINING, "osteocyte": OSTEOCYTE}
            s.world.occupant[sites] = flat.get(state, code)
        if "footprint" in population.extra:
            population.extra["footprint"][rows, 0] = sites
        self._rest(name)
        return rows

    def step(self) -> None:
        """Advance by `run.step_h`: release, diffuse, then what cells do in a step of a run."""
        s = self.surroundings
        s.step = self.n_steps_done
        release(s, self._bone_rates)
        if self._diffusing:
            s.fields.advance(s.dt_h * 3600.0, self._diffusing)
        live(s)
        if s.bone_changed:
            s.fields.set_bone(s.world.ground == BONE)
            s.bone_changed = False
        self.n_steps_done += 1

    def run(self, hours: float) -> None:
        """Advance by whole steps to the one nearest to `hours` from now."""
        for _ in range(round(hours / self.surroundings.dt_h)):
            self.step()

    def _fill(self, medium: Mapping[str, float]) -> None:
        _refuse_unknown(medium, ROW, "field")
        level = self.surroundings.world.level
        for key, amount in medium.items():
            if not amount >= 0.0:
                raise UserError(f"medium has {key} = {amount}, below 0; give a level of 0 or more")
            level[ROW[key]] = np.where(self.lattice.inside(), np.float32(amount), 0.0)

    def _lay_bone(self, mask: np.ndarray) -> None:
        world = self.surroundings.world
        self.lattice.interior(world.ground)[mask] = BONE
        world.mineral[world.ground == BONE] = 1.0
        bone.count_bone_faces(world)
        self.surroundings.fields.set_bone(world.ground == BONE)

    def _rest(self, name: str) -> None:
        """Networks of this type at rest before any drug."""
        s = self.surroundings
        with_drug = s.exposure
        s.exposure = {name: blank_exposure(self.lattice)}
        for _ in range(round(REST_HOURS / s.dt_h)):
            s.tissues[name].signal(s)
        s.exposure = with_drug


def _refuse_unknown(given: Collection[str], known: Collection[str], what: str) -> None:
    for key in given:
        if key not in known:
            raise UserError(f"unknown {what} '{key}'; {suggestion(key, tuple(known))}")
