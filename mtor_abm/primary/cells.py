"""Cells of the rim: tumour cells by the rules of the marrow, with stroma that feeds them.

Tumour cells divide, crawl, change by EMT and die here as in the marrow; what this file adds is
what they secrete at the rim (MMP-9, TGF-beta, growth factors) and how they leave by a vessel.
Fibroblasts (CAF) and macrophages (TAM) are sources that stay where they are.
"""

import numpy as np

from ..cells.draws import RIM_CELL_LEAVES
from ..cells.population import Cells, CellType
from ..cells.sensing import Receptors
from ..cells.tissue import Surroundings, Tissue
from ..cells.tumour import TumourTissue
from ..cells.tumour_rules import TumourParameters, TumourRates, crawl_speed
from ..fields import CXCL12, IGF1, TGFB
from ..genes import Genes
from ..marrow import TUMOUR, World, look_around, steps_per_h
from ..mtor import Reference, Signals
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel
from ..numerics.response import probability
from ..parameters import kernel_values
from .matrix import MMP9, mmp9_output
from .numbers import PrimaryParameters, PrimaryRates

CAF = CellType("caf", 12, ("resting",), "cancer-associated fibroblast")
TAM = CellType("tam", 13, ("resting",), "tumour-associated macrophage")


@kernel
def release_rim(
    n: int, cells: Cells, signals: Signals, world: World, p: PrimaryRates, ref: Reference
) -> None:
    """MMP-9, TGF-beta (with the output of VEGF: HIF and 4E-BP1) and growth factors, by rows."""
    for i in range(n):
        site = cells.site[i]
        made = mmp9_output(float(signals.s6k[i]), float(signals.p4ebp1[i]), p, ref)
        world.source[MMP9, site] += p.mmp9_nM_per_s * made
        world.source[TGFB, site] += p.tumour_tgfb_nM_per_s * signals.vegf[i]
        world.source[IGF1, site] += p.tumour_growth_factor_nM_per_s


@kernel
def leave_by_vessel(
    n: int, cells: Cells, signals: Signals, beside: np.ndarray, world: World, p: PrimaryRates,
    t: TumourRates, ref: Reference, step_um: float, seed: int, step: int, dt_h: float,
    going: np.ndarray,
) -> float:  # fmt: skip
    """Cells beside the vessel crawl into it, held back by cadherins like in any other step.

    Args:
        beside: uint8 (n_sites,), 1 on sites beside the vessel.
        going: uint8 (n,), out: 1 for cells that leave.

    Returns:
        How many leave on average, given where they stand.
    """
    code = TUMOUR
    expected = 0.0
    for i in range(n):
        going[i] = 0
        site = cells.site[i]
        if beside[site] == 0:
            continue
        n_touching = look_around(site, code, world)[0]
        speed = crawl_speed(
            float(signals.s6k[i]), float(signals.mtorc2[i]), float(signals.integrin[i]),
            n_touching, float(cells.own_a[i]), t, ref,
        )  # fmt: skip
        chance = probability(steps_per_h(speed, step_um) * p.vessel_entry_share, dt_h)
        expected += chance
        luck = luck_of(seed, cells.uid[i], step)
        going[i] = uniform_from(luck, RIM_CELL_LEAVES) < chance
    return expected


class RimTissue(TumourTissue):
    """Tumour cells at the rim of the primary."""

    def __init__(
        self, numbers: TumourParameters, genes: Genes, susceptible: float, p: PrimaryParameters
    ) -> None:
        dosed = {"RPTOR": genes.RPTOR * p.raptor, "RICTOR": genes.RICTOR * p.rictor}
        super().__init__(numbers, genes.model_copy(update=dosed), susceptible)
        self.rim = kernel_values(PrimaryRates, p)

    def receptors(self) -> Receptors:
        """As in the marrow, but for the growth factors that are always there."""
        return super().receptors()._replace(base=self.rim.growth_factor_base)

    def release(self, s: Surroundings) -> None:
        """What tumour cells make and use anywhere, and what they secrete at the rim."""
        super().release(s)
        release_rim(
            self.population.n, self.cells, self.population.signals, s.world, self.rim, s.reference
        )


class StromaCells(Tissue):
    """A kind of stroma cell that secretes at a constant rate and stays."""

    signals_matter = False

    def __init__(self, kind: CellType, made: dict[int, float], numbers: PrimaryParameters) -> None:
        self.kind = kind  # type: ignore[misc]
        self.parameters, self.rates_type = PrimaryParameters, PrimaryRates  # type: ignore[misc]
        super().__init__(numbers, Genes())
        self.made = made  # row of a field -> nM/s

    def release(self, s: Surroundings) -> None:
        """Growth factors, TGF-beta and, from fibroblasts, CXCL12."""
        site = self.population.column("site")
        for row, rate in self.made.items():
            s.world.source[row, site] += np.float32(rate)  # one cell a site


def stroma(p: PrimaryParameters) -> tuple[StromaCells, StromaCells]:
    """Fibroblasts and macrophages with what they make."""
    caf = {
        IGF1: p.caf_growth_factor_nM_per_s,
        TGFB: p.caf_tgfb_nM_per_s,
        CXCL12: p.caf_cxcl12_nM_per_s,
    }
    tam = {IGF1: p.tam_growth_factor_nM_per_s, TGFB: p.tam_tgfb_nM_per_s}
    return StromaCells(CAF, caf, p), StromaCells(TAM, tam, p)
