"""A strip of the rim of the primary tumour, sampled to know what the whole tumour sheds.

From bottom to top (along y): a vessel of the tumour, tumour cells, the basement membrane, stroma of
matrix with fibroblasts and macrophages, and the vessel by which cells leave. A cell reaches it only
through membrane and matrix that MMP-9 has opened. The strip has the lattice, the fields, the solver
and the phases of the marrow.
"""

import math
from typing import NamedTuple

import numpy as np

from ..cells.sensing import Exposure
from ..cells.tissue import Surroundings, Tissue, live
from ..cells.tumour import TumourTissue
from ..events import EventLog
from ..fields import (
    CXCL12,
    IGF1,
    OXYGEN,
    TGFB,
    VEGF,
    FieldParameters,
    FieldState,
    OxygenField,
)
from ..marrow import MARROW, SPROUT, WALL, blank_world
from ..numerics.lattice import Lattice
from ..parameters import kernel_values
from .cells import RimTissue, leave_by_vessel, stroma
from .matrix import MATRIX, MEMBRANE, MMP9, OPEN, VESSEL, Barrier, Mmp9Field, digest
from .numbers import PrimaryParameters, PrimaryRates

LIVE_FIELDS = (OXYGEN, CXCL12, VEGF, TGFB, IGF1, MMP9)
MEMORY_H = 24.0  # the rim is long: its rate of shedding is the mean of many such strips over a day
KEPT = 64  # leavers remembered, as models for the cells that the whole tumour sheds
_SEED_OF_STRIP = 0x5712  # so that the strip does not share its luck with the marrow


class Leaver(NamedTuple):
    """A cell as it left: activities in the order of SIGNALS, float32, and its EMT score."""

    signals: np.ndarray
    emt: float


class Strip:
    """The rim of the primary tumour.

    Args:
        p: its numbers.
        tumour: tumour tissue of the marrow, for numbers and genes.
        rows: row of FIELDS each.
        around: the marrow's surroundings, for network, receptors, step and seed.

    Attributes:
        surroundings: lattice, layers, fields, tissues of the strip. barrier: matrix and membrane.
        n_shed: cells that left since the start of the run.
        shed_per_h: cells that leave the strip per hour, mean of the last day.
        leavers: the last cells that left, newest last.
    """

    def __init__(
        self, p: PrimaryParameters, tumour: TumourTissue, rows: list[FieldParameters],
        around: Surroundings,
    ) -> None:  # fmt: skip
        """See the class."""
        self.parameters = p
        self.rates = kernel_values(PrimaryRates, p)
        mmp9 = Mmp9Field(
            diffusivity_um2_per_s=p.mmp9_diffusivity_um2_per_s, loss_per_s=p.mmp9_loss_per_s
        )
        height = p.tumour_sites + p.stroma_sites + 3  # and membrane and two vessels
        lattice = Lattice(p.length_sites, height, around.lattice.dx_um)
        fields = FieldState(lattice, [*rows, mmp9])
        self.surroundings = s = Surroundings(
            lattice=lattice,
            world=blank_world(lattice, fields)._replace(serum=around.world.serum),
            fields=fields,
            network=around.network,
            reference=around.reference,
            sensing=around.sensing,
            seed=(around.seed ^ _SEED_OF_STRIP) & 0x7FFFFFFF,
            dt_h=around.dt_h,
            events=EventLog(lattice),
        )
        self.rim = RimTissue(tumour.numbers, tumour.genes, tumour.dosage.susceptible, p)  # type: ignore[arg-type]
        tissues: tuple[Tissue, ...] = (self.rim, *stroma(p))
        s.tissues = {tissue.kind.name: tissue for tissue in tissues}
        self.drug = Exposure(*(lattice.layer(np.float32) for _ in Exposure._fields))
        s.exposure = {"tumour": self.drug}
        self.n_shed = 0
        self.shed_per_h = 0.0
        self.leavers: list[Leaver] = []
        self._lay_out()
        self._bring_blood(rows[OXYGEN])  # type: ignore[arg-type]
        self._settle()

    @property
    def length_mm(self) -> float:
        """Rim in the strip."""
        return self.parameters.length_sites * self.surroundings.lattice.dx_um * 1e-3

    @property
    def shed_per_d_per_mm(self) -> float:
        """Cells shed per day and millimetre of rim, mean of the last day."""
        return self.shed_per_h * 24.0 / self.length_mm

    def dose(self, drug: Exposure) -> None:
        """Let all cells of the strip feel these units of drug action (scalars or layers)."""
        for mine, units in zip(self.drug, drug, strict=True):
            mine[:] = units

    def breached_share(self) -> float:
        """Share of the membrane that lets cells through."""
        at = self.barrier.kind == MEMBRANE
        return float((self.surroundings.world.ground[at] == MARROW).mean())

    def left_of(self, kind: int) -> float:
        """Mean share left of MATRIX or MEMBRANE, 0..1."""
        return float(self.barrier.left[self.barrier.kind == kind].mean())

    def step(self) -> int:
        """Advance by a step; returns how many cells left into blood."""
        s = self.surroundings
        s.fields.clear()
        for tissue in s.tissues.values():
            tissue.release(s)
        s.fields.advance(s.dt_h * 3600.0, LIVE_FIELDS)
        digest(self.barrier, s.world, self.rates, s.dt_h)
        live(s)
        count = self._let_go()
        s.events.take()
        s.step += 1
        return count

    def _let_go(self) -> int:
        s, cells = self.surroundings, self.rim.population
        going = np.zeros(cells.n, dtype=np.uint8)
        expected = leave_by_vessel(
            cells.n, cells.cells, cells.signals, self._beside, s.world, self.rates, self.rim.rates,
            s.reference, s.lattice.dx_um, s.seed, s.step, s.dt_h, going,
        )  # fmt: skip
        self.shed_per_h += (expected / s.dt_h - self.shed_per_h) * -math.expm1(-s.dt_h / MEMORY_H)
        rows = np.flatnonzero(going)
        for row in rows:
            signals = np.array([column[row] for column in cells.signals])
            self.leavers.append(Leaver(signals, float(cells.cells.own_a[row])))
        del self.leavers[:-KEPT]
        s.world.occupant[cells.cells.site[rows]] = 0
        cells.remove(going.astype(bool))
        self.n_shed += len(rows)
        return len(rows)

    def _lay_out(self) -> None:
        s, p = self.surroundings, self.parameters
        lattice, world = s.lattice, s.world
        kind = np.zeros((lattice.nx, lattice.ny), dtype=np.uint8)
        kind[:, [0, -1]] = VESSEL
        kind[:, p.tumour_sites + 1] = MEMBRANE
        kind[:, p.tumour_sites + 2 : -1] = MATRIX
        flat = lattice.pad(kind)
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([s.seed, 1])))
        uneven = np.exp(p.barrier_spread * rng.standard_normal(lattice.n_sites))
        whole = np.where(
            flat == MEMBRANE, p.membrane_thickness_um / p.membrane_passable_um, p.matrix_density
        )
        self.barrier = Barrier(
            kind=flat,
            left=(flat != OPEN).astype(np.float32),
            strength=(whole * uneven).astype(np.float32),
        )
        beside = np.zeros((lattice.nx, lattice.ny), dtype=np.uint8)
        beside[:, -2] = 1
        self._beside = lattice.pad(beside)
        world.ground[flat == VESSEL] = WALL
        inside = lattice.inside()
        tumour = np.flatnonzero(inside & (flat == OPEN))
        self._add(self.rim, tumour, emt=0.3, pthrp=1.0)
        ground = np.flatnonzero(flat == MATRIX)
        drawn = rng.random(len(ground))
        caf, tam = s.tissues["caf"], s.tissues["tam"]
        self._add(caf, ground[drawn < p.caf_share])
        self._add(tam, ground[(drawn >= p.caf_share) & (drawn < p.caf_share + p.tam_share)])

    def _add(self, tissue: Tissue, sites: np.ndarray, **columns: float) -> None:
        uids = (tissue.kind.code * 100_000_000 + sites).astype(np.int64)
        tissue.population.add(uid=uids, site=sites, **columns)
        self.surroundings.world.occupant[sites] = tissue.kind.code

    def _bring_blood(self, oxygen: OxygenField) -> None:
        """Both vessels bring oxygen; they are young, so without the TSP-1 that makes dormant."""
        s = self.surroundings
        vessel = self.barrier.kind == VESSEL
        s.world.vessel[vessel] = SPROUT
        permeability = vessel * np.float32(oxygen.vessel_permeability_per_s)
        s.fields.set_exchange(OXYGEN, permeability, np.float32(self.parameters.vessel_oxygen_mmHg))

    def _settle(self) -> None:
        s = self.surroundings
        for _ in range(round(self.parameters.settle_days * 24.0 / s.dt_h)):
            self.step()
        s.step = 0
        s.tally.clear()
        self.n_shed = 0
