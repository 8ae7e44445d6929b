"""Stroma: CAR cells that make CXCL12, mesenchymal stem cells (MSC), adipocytes.

MSC lie along vessels. Where resorption has freed TGF-beta an MSC divides; mTORC2 through
beta-catenin decides whether the daughter enters the osteoblast lineage or becomes a fat cell.
"""

import numpy as np

from .. import marrow
from ..fields import CXCL12, MCSF, OPG, RANKL, TGFB
from ..marrow import World, pick_free
from ..mtor import Reference, Signals
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel, rule
from ..numerics.response import happens, hill2
from ..parameters import Group, number, tuple_type
from .draws import STEM_CELL_DAUGHTER_SITE, STEM_CELL_DIVIDES, STEM_CELL_FATE
from .population import DIVIDE, STAY, Cells, CellType
from .sensing import Receptors
from .tissue import Surroundings, Tissue, child_uids

MESENCHYMAL = CellType(
    "mesenchymal", marrow.MESENCHYMAL, ("resting",), "mesenchymal stem cell",
    own={"bone_fate": ("own_a", "1 if the next daughter enters the osteoblast lineage")},
)  # fmt: skip
ADIPOCYTE = CellType("adipocyte", marrow.ADIPOCYTE, ("resting",), "marrow fat cell")
CAR = CellType("car", marrow.CAR, ("resting",), "CXCL12-abundant reticular cell")


# fmt: off
class StromaParameters(Group):
    """Numbers of CAR cells, MSC and adipocytes."""

    one_whole = (("bone_fate_base", "bone_fate_mtorc2"),)

    car_per_mm2: float = number(
        180.0, "1/mm2", "perivascular network", "assumed", low=0, high=2000,
        what="density of CAR cells",
    )
    mesenchymal_per_mm2: float = number(
        60.0, "1/mm2", "rare perivascular stem cells", "assumed", low=0, high=1000,
        what="density of MSC at the start",
    )
    adipocyte_per_mm2: float = number(
        10.0, "1/mm2", "few in young mice", "assumed", low=0, high=1000,
        what="density of marrow fat cells at the start",
    )
    cxcl12_car_nM_per_s: float = number(
        0.3, "nM/s", "perivascular level near Kd, occupancy 0.3-0.5", "assumed", low=0, high=100,
        what="CXCL12 made by one CAR cell (MSC and CAR >> endothelium > osteoblasts)",
    )
    cxcl12_mesenchymal_nM_per_s: float = number(
        0.15, "nM/s", "nestin+ MSC express it highly (Mendez-Ferrer 2010); half a CAR cell",
        "assumed", low=0, high=100, what="CXCL12 made by one MSC",
    )
    mcsf_nM_per_s: float = number(
        0.01, "nM/s", "marrow mean near 0.2 nM", "assumed", low=0, high=10,
        what="M-CSF made by one stromal or osteoblast lineage cell",
    )
    division_rate_per_h: float = number(
        1 / 24, "1/h", "Moffitt HAL source, 1/d", "found", low=0, high=0.2,
        what="highest division rate of MSC",
    )
    tgfb_half_nM: float = number(
        0.002, "nM", "Hill 2 in TGF-beta as in the Moffitt source, half point assumed", "assumed",
        low=1e-5, high=1, what="TGF-beta for half the division rate",
    )
    bone_fate_base: float = number(
        0.2, "1", "Sen 2014 gives the sign", "assumed", low=0, high=1,
        what="share of daughters for bone without mTORC2",
    )
    bone_fate_mtorc2: float = number(
        0.6, "1", "Sen 2014: mTORC2 through beta-catenin stops adipogenesis", "assumed", low=0,
        high=1, what="share of daughters for bone that mTORC2 adds",
    )
    rankl_share: float = number(
        0.037, "1", "stromal RANKL, low without PTHrP", "assumed", low=0, high=2,
        what="RANKL of an MSC over that of an active lining cell",
    )
    opg_nM_per_s: float = number(
        1e-4, "nM/s", "marrow mean near 1 nM = Kd", "assumed", low=0, high=1,
        what="OPG made by one MSC",
    )
    opg_without_s6k: float = number(
        0.51, "1", "target T59: stromal OPG -44 % under rapamycin", "fitted", low=0,
        high=5, what="OPG of stromal cells without S6K, over that of the reference cell",
    )
    rankl_without_s6k: float = number(
        3.0, "1", "target T59: stromal RANKL +60 to +210 % under rapalogs, geometric middle 2.2",
        "fitted", low=0, high=10,
        what="RANKL of stromal cells without S6K, over that of the reference cell (V9)",
    )
# fmt: on


StromaRates = tuple_type("StromaRates", StromaParameters, __name__)


@rule
def stem_division_rate(tgfb_nM, p):
    """TGF-beta freed by resorption calls MSC to divide (Tang 2009)."""
    return p.division_rate_per_h * hill2(tgfb_nM, p.tgfb_half_nM)


@rule
def bone_fate(mtorc2, p, ref):
    """MTORC2 through beta-catenin favours bone over fat (Sen 2014)."""
    return min(1.0, p.bone_fate_base + p.bone_fate_mtorc2 * mtorc2 / ref.mtorc2)


@rule
def immature_output(s6k, left, ref):
    """Under mTORC1 block immature stroma makes less OPG and more RANKL (Hofbauer 2001; V9)."""
    return 1.0 - (1.0 - left) * (1.0 - min(s6k / ref.s6k, 1.0))


@kernel
def decide_mesenchymal(
    n: int, cells: Cells, signals: Signals, world: World, p: StromaRates, ref: Reference,
    seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """MSC divide where TGF-beta calls; the fate of the daughter is drawn with the division."""
    for i in range(n):
        site = cells.site[i]
        luck = luck_of(seed, cells.uid[i], step)
        cells.intent[i] = STAY
        cells.target[i] = -1
        rate = stem_division_rate(float(world.level[TGFB, site]), p)
        if happens(uniform_from(luck, STEM_CELL_DIVIDES), rate, dt_h):
            cells.target[i] = pick_free(site, uniform_from(luck, STEM_CELL_DAUGHTER_SITE), world)
            if cells.target[i] >= 0:
                cells.intent[i] = DIVIDE
                wanted = bone_fate(float(signals.mtorc2[i]), p, ref)
                cells.own_a[i] = 1.0 if uniform_from(luck, STEM_CELL_FATE) < wanted else 0.0


@kernel
def release_constant(n: int, site: np.ndarray, world: World, row: int, rate_per_s: float) -> None:
    """Each cell adds a constant source to one field."""
    for i in range(n):
        world.source[row, site[i]] += rate_per_s


@kernel
def release_mesenchymal(
    n: int, cells: Cells, signals: Signals, world: World, p: StromaRates, ref: Reference,
    rankl_nM_per_s: float, tnfsf11: float, tnfrsf11b: float,
) -> None:  # fmt: skip
    """MSC make CXCL12, M-CSF, OPG and a little RANKL."""
    for i in range(n):
        site = cells.site[i]
        s6k = float(signals.s6k[i])
        world.source[MCSF, site] += p.mcsf_nM_per_s
        world.source[CXCL12, site] += p.cxcl12_mesenchymal_nM_per_s
        opg = immature_output(s6k, p.opg_without_s6k, ref)
        world.source[OPG, site] += tnfrsf11b * p.opg_nM_per_s * opg
        rankl = tnfsf11 * p.rankl_share * immature_output(s6k, p.rankl_without_s6k, ref)
        world.source[RANKL, site] += rankl_nM_per_s * rankl
        world.membrane_rankl[site] = max(world.membrane_rankl[site], rankl)


class MesenchymalTissue(Tissue):
    """Mesenchymal stem cells."""

    kind = MESENCHYMAL
    parameters = StromaParameters
    rates_type = StromaRates
    genes_used = ("ITGB3", "TGFBR2", "TNFSF11", "TNFRSF11B")

    def receptors(self) -> Receptors:
        """TGF-beta and IGF-1."""
        return Receptors(base=0.55, igf1=0.3, tgfb=0.3 * self.genes.TGFBR2)

    def release(self, s: Surroundings) -> None:
        """CXCL12, M-CSF, OPG, a little RANKL."""
        release_mesenchymal(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.tissues["osteoblast"].rates.rankl_nM_per_s, self.genes.TNFSF11,
            self.genes.TNFRSF11B,
        )  # fmt: skip

    def decide(self, s: Surroundings) -> None:
        """Divide where TGF-beta calls."""
        decide_mesenchymal(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Give each daughter to the osteoblast lineage or to fat."""
        self.take_up_states(s)
        mothers = self.dividing()
        if len(mothers) == 0:
            return
        for_bone = self.cells.own_a[mothers] > 0.5
        for name, rows in (("osteoblast", mothers[for_bone]), ("adipocyte", mothers[~for_bone])):
            if len(rows) == 0:
                continue
            heirs = s.tissues[name].population
            new = heirs.add(
                uid=child_uids(self.cells.uid[rows], s.seed, s.step),
                parent=self.cells.uid[rows],
                clone=self.cells.clone[rows],
                site=self.cells.target[rows],
            )
            heirs.copy_signals(new, rows, self.population)
            s.world.occupant[self.cells.target[rows]] = heirs.kind.code
            s.events.add(s.time_h, "division", heirs, np.arange(new.start, new.stop))


class CarTissue(Tissue):
    """CAR cells: the main source of CXCL12."""

    kind = CAR
    parameters = StromaParameters
    rates_type = StromaRates
    signals_matter = False

    def release(self, s: Surroundings) -> None:
        """CXCL12 and M-CSF."""
        n, site = self.population.n, self.cells.site
        release_constant(n, site, s.world, CXCL12, self.rates.cxcl12_car_nM_per_s)
        release_constant(n, site, s.world, MCSF, self.rates.mcsf_nM_per_s)

    def apply(self, s: Surroundings) -> None:
        """Grow older."""
        self.take_up_states(s)


class AdipocyteTissue(Tissue):
    """Fat cells: they fill their site."""

    kind = ADIPOCYTE
    parameters = StromaParameters
    rates_type = StromaRates
    signals_matter = False

    def apply(self, s: Surroundings) -> None:
        """Grow older."""
        self.take_up_states(s)
