"""Osteoblast lineage after commitment: preosteoblast, osteoblast, lining cell, osteocyte.

Preosteoblasts cover cavities, mature, lay bone down until the cavity is filled, and end as lining
cells or as osteocytes in the bone they made. Osteocytes call for remodelling; lining cells near a
calling osteocyte, or under PTHrP, present RANKL.
"""

import numpy as np

from .. import bone, marrow
from ..fields import CXCL12, MCSF, OPG, PTHRP, RANKL, TGFB
from ..marrow import (
    MARROW,
    NO_VESSEL,
    NOBODY,
    World,
    any_within,
    climb_free,
    is_free,
    pick_free,
    reaches,
)
from ..marrow import OSTEOCYTE as OSTEOCYTE_CODE
from ..mtor import Reference, Signals
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel, making_kernel, rule
from ..numerics.response import happens, hill2
from ..parameters import Group, number, tuple_type
from .population import CAUSE, DIE, DIVIDE, MOVE, SPECIAL, STAY, Cells, CellType
from .sensing import Receptors
from .settling import apply_moves
from .stroma import immature_opg
from .tissue import Surroundings, Tissue

EMBED = SPECIAL  # the site is full of bone: move on, or stay in it

OSTEOBLAST_TYPE = CellType(
    "osteoblast", marrow.OSTEOBLAST, ("preosteoblast", "osteoblast", "lining", "osteocyte"),
    "osteoblast lineage",
    own={
        "maturity": ("own_a", "preosteoblast: 0..1 of the way; osteocyte: hours of calling left"),
        "rankl": ("own_b", "RANKL presented, lagged, over that of an active lining cell"),
        "opg": ("own_c", "OPG output, lagged, over that of a mature osteoblast"),
    },
)  # fmt: skip
PREOSTEOBLAST, OSTEOBLAST, LINED, OSTEOCYTE = range(4)


# fmt: off
class OsteoblastParameters(Group):
    """Numbers of the osteoblast lineage."""

    coverage: float = number(
        0.85, "1", "68-95 % of bone edge, A(BM)2 source", "found", low=0, high=1,
        what="share of bone surface under lining cells at the start",
    )
    osteocytes_per_mm3: float = number(
        20000.0, "1/mm3", "14000-26000, GitHub source comment", "found", low=0, high=1e5,
        what="osteocyte density",
    )
    osteocyte_spacing_um: float = number(
        60.0, "um", "random close packing of discs of this diameter gives 20000/mm3 in 10 um",
        "computed", low=10, high=100, what="an osteoblast stays in its bone if none is this close",
    )
    recover_rate_per_h: float = number(
        0.05 / 24, "1/h", "bare bone is lined again in weeks", "assumed", low=0, high=0.2,
        what="rate at which a lining cell divides onto bare bone beside it",
    )
    division_rate_per_h: float = number(
        1 / 24, "1/h", "1/d, Moffitt HAL source", "found", low=0, high=0.2,
        what="highest rate at which the lineage spreads over a cavity",
    )
    division_base: float = number(
        0.6, "1", "reversal takes days (target T67), also long after TGF-beta is gone", "assumed",
        low=0, high=1, what="share of that rate without TGF-beta",
    )
    tgfb_half_nM: float = number(
        0.002, "nM", "as MSC", "assumed", low=1e-5, high=1, what="TGF-beta for half the rate"
    )
    maturation_time_h: float = number(
        7 * 24.0, "h", "7-20 d, low end for mouse; Moffitt 14 d", "found", low=1, high=2000,
        what="preosteoblast to osteoblast, untreated",
    )
    late_rate_on_mtorc2: float = number(
        0.5, "1", "Chen J 2015: rictor", "assumed", low=0, high=1,
        what="share of maturation by mTORC2",
    )
    late_rate_on_s6k: float = number(
        1.0, "1", "Chen and Long 2015: late genes need raptor (V1)", "assumed", low=-2, high=1,
        what="share of maturation and matrix that needs S6K",
    )
    early_gain: float = number(
        0.2, "1", "Chen and Long 2015: early genes slightly up without raptor", "found", low=-1,
        high=2, what="rise of early commitment without S6K (V1)",
    )
    preosteoblast_death_rate_per_h: float = number(
        0.333 / 24, "1/h", "Moffitt HAL source", "found", low=0, high=1, what="death off bone"
    )
    lifespan_h: float = number(
        15 * 24.0, "h", "12-20 d mouse, Weinstein and Jilka", "recalled", low=1, high=5000,
        what="mean life of an osteoblast",
    )
    apposition_um_per_day: float = number(
        1.4, "um/d", "mouse 1-2 um/d; Moffitt 10 um in 9 d is 1.1", "recalled", low=0, high=5,
        what="matrix laid down by an active osteoblast",
    )
    call_rate_per_h: float = number(
        8e-5, "1/h", "target T67: trabecular turnover 20-30 % a year", "fitted", low=0, high=1,
        what="rate at which an osteocyte calls for remodelling",
    )
    call_time_h: float = number(
        14 * 24.0, "h", "RANKL-on window, Moffitt HAL source", "found", low=1, high=1000,
        what="how long a call lasts",
    )
    call_reach_um: float = number(
        50.0, "um", "canaliculi; recruitment radius 40 um in Moffitt source", "assumed", low=0,
        high=60, what="how far a call reaches",
    )
    rankl_nM_per_s: float = number(
        0.034, "nM/s", "Moffitt HAL source 2.04e-9 M/min for an active lining cell", "found", low=0,
        high=10, what="soluble RANKL of an active lining cell",
    )
    rankl_lining: float = number(
        0.03, "1", "quiet surface", "assumed", low=0, high=2, what="RANKL of a resting lining cell"
    )
    rankl_called: float = number(
        1.0, "1", "definition", "assumed", low=0, high=2,
        what="RANKL of a lining cell that is called",
    )
    rankl_preosteoblast: float = number(
        0.15, "1", "stromal and immature cells present RANKL (Pivonka 2008 places it on OBp)",
        "assumed", low=0, high=2, what="RANKL of a preosteoblast",
    )
    rankl_osteoblast: float = number(
        0.03, "1", "mature cells present less (Pivonka 2008)", "assumed", low=0, high=2,
        what="RANKL of an osteoblast",
    )
    rankl_osteocyte: float = number(
        0.03, "1", "membrane form stays in bone", "assumed", low=0, high=2,
        what="RANKL of an osteocyte",
    )
    pthrp_gain: float = number(
        14.0, "1", "PTH raises RANKL several fold", "assumed", low=0, high=50,
        what="RANKL added at saturating PTHrP",
    )
    pthrp_half_nM: float = number(
        0.05, "nM", "PTH1R EC50 0.1-1 nM in culture, lower in tissue", "assumed", low=1e-4, high=10,
        what="PTHrP for half effect",
    )
    opg_loss_pthrp: float = number(
        0.5, "1", "PTH lowers OPG", "assumed", low=0, high=1,
        what="share of OPG lost at saturating PTHrP",
    )
    rankl_on_mtorc2: float = number(
        0.6, "1", "Sun 2016: Rictor in the lineage controls RANKL", "assumed", low=0, high=1,
        what="share of RANKL that needs mTORC2",
    )
    rankl_on_s6k: float = number(
        0.4, "1", "Okui 2010: temsirolimus lowers stromal RANKL", "assumed", low=-2, high=1,
        what="share of RANKL that needs S6K",
    )
    opg_nM_per_s: float = number(
        1e-4, "nM/s", "marrow mean near Kd 1 nM", "assumed", low=0, high=1,
        what="OPG of a mature osteoblast or lining cell",
    )
    opg_gain_without_s6k: float = number(
        1.2, "1", "target T59, Hofbauer 2001: OPG of mature cells +120 % under rapamycin", "found",
        low=-1, high=10, what="rise of OPG of mature cells without S6K",
    )
    opg_immature_without_s6k: float = number(
        0.56, "1", "target T59, Hofbauer 2001: OPG of immature cells -44 %", "found", low=0, high=5,
        what="OPG of immature cells without S6K, over untreated",
    )
    cxcl12_nM_per_s: float = number(
        0.005, "nM/s", "less than CAR cells and endothelium (Greenbaum 2013)", "assumed",
        low=0, high=10, what="CXCL12 made by one preosteoblast or osteoblast",
    )
    secretion_time_h: float = number(
        6.0, "h", "protein turnover", "assumed", low=0.1, high=48, what="lag of RANKL and OPG"
    )
# fmt: on


OsteoblastRates = tuple_type("OsteoblastRates", OsteoblastParameters, __name__)


@rule
def maturation_rate(s6k, mtorc2, p, ref):
    """The late programme needs mTORC1 (Chen and Long 2015) and mTORC2 (Chen J 2015); 1/h."""
    carried = 1.0 - p.late_rate_on_mtorc2 + p.late_rate_on_mtorc2 * mtorc2 / ref.mtorc2
    by_s6k = 1.0 - p.late_rate_on_s6k + p.late_rate_on_s6k * s6k / ref.s6k
    return by_s6k * carried / p.maturation_time_h


@rule
def spread_rate(tgfb_nM, s6k, p, ref):
    """TGF-beta calls the lineage onto the reversal surface; early genes rise without S6K (V1)."""
    called = p.division_base + (1.0 - p.division_base) * hill2(tgfb_nM, p.tgfb_half_nM)
    return p.division_rate_per_h * called * (1.0 + p.early_gain * max(0.0, 1.0 - s6k / ref.s6k))


@rule
def apposition_per_h(s6k, mtorc2, p, ref, step_um):
    """Matrix of an active osteoblast, sites per hour; needs S6K and mTORC2 like maturation."""
    carried = 1.0 - p.late_rate_on_mtorc2 + p.late_rate_on_mtorc2 * mtorc2 / ref.mtorc2
    by_s6k = 1.0 - p.late_rate_on_s6k + p.late_rate_on_s6k * s6k / ref.s6k
    return p.apposition_um_per_day / 24.0 / step_um * by_s6k * carried


@rule
def stage_rankl(state, called, p):
    """RANKL by stage, over that of an active lining cell."""
    if state == PREOSTEOBLAST:
        return p.rankl_preosteoblast
    if state == OSTEOBLAST:
        return p.rankl_osteoblast
    if state == OSTEOCYTE:
        return p.rankl_osteocyte
    return p.rankl_called if called else p.rankl_lining


@rule
def rankl_target(stage, pthrp_nM, s6k, mtorc2, p, ref):
    """PTHrP raises RANKL; mTORC2 (Sun 2016) and mTORC1/S6K (Okui 2010) carry it."""
    driven = 1.0 + p.pthrp_gain * pthrp_nM / (pthrp_nM + p.pthrp_half_nM)
    by_mtorc2 = 1.0 - p.rankl_on_mtorc2 + p.rankl_on_mtorc2 * mtorc2 / ref.mtorc2
    by_s6k = 1.0 - p.rankl_on_s6k + p.rankl_on_s6k * min(s6k / ref.s6k, 1.5)
    return min(1.5, stage * driven * by_mtorc2 * by_s6k)


@rule
def opg_target(state, pthrp_nM, s6k, p, ref):
    """Rapalogs raise OPG of mature cells and lower that of immature ones (Hofbauer 2001; V9)."""
    lowered = 1.0 - p.opg_loss_pthrp * pthrp_nM / (pthrp_nM + p.pthrp_half_nM)
    if state == PREOSTEOBLAST:
        return lowered * 0.5 * immature_opg(s6k, p.opg_immature_without_s6k, ref)
    return lowered * (1.0 + p.opg_gain_without_s6k * max(0.0, 1.0 - s6k / ref.s6k))


@rule
def open_cavity(site, world):
    """A cavity site at bone that no cell covers and no vessel crosses."""
    return (
        world.cavity[site] == 1
        and world.ground[site] == MARROW
        and world.bone_faces[site] > 0
        and world.occupant[site] == NOBODY
        and world.vessel[site] == NO_VESSEL
    )


@rule
def nearest_open_cavity(site, draw, world):
    """One of the open cavity sites among the 8 nearest, each equally likely; -1 if none."""
    count = 0
    for offset in world.near:
        if open_cavity(site + offset, world):
            count += 1
    if count == 0:
        return -1
    wanted = int(draw * count)
    for offset in world.near:
        if open_cavity(site + offset, world):
            if wanted == 0:
                return site + offset
            wanted -= 1
    return -1


@rule
def surface_beside(site, world):
    """A free marrow site at bone among the 8 nearest; -1 if none."""
    for offset in world.near:
        there = site + offset
        if is_free(there, world) and world.bone_faces[there] > 0:
            return there
    return -1


@kernel
def decide_osteoblasts(
    n: int, cells: Cells, signals: Signals, world: World, p: OsteoblastRates, ref: Reference,
    seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Each cell of the lineage does what its stage does."""
    for i in range(n):
        cells.intent[i] = STAY
        cells.target[i] = -1
        state = cells.state[i]
        luck = luck_of(seed, cells.uid[i], step)
        s6k = float(signals.s6k[i])
        mtorc2 = float(signals.mtorc2[i])
        if state == OSTEOCYTE:
            decide_osteocyte(i, cells, p, luck, dt_h)
        elif state == LINED:
            decide_lining(i, cells, s6k, world, p, ref, luck, dt_h)
        elif state == OSTEOBLAST:
            decide_osteoblast(i, cells, world, p, luck, dt_h)
        else:
            decide_preosteoblast(i, cells, s6k, mtorc2, world, p, ref, luck, dt_h)


@rule
def decide_osteocyte(i, cells, p, luck, dt_h):
    """Now and then an osteocyte calls for remodelling (microdamage; Cardoso 2009) for a while."""
    cells.own_a[i] = max(0.0, cells.own_a[i] - dt_h)
    if happens(uniform_from(luck, 50), p.call_rate_per_h, dt_h):
        cells.own_a[i] = p.call_time_h


@rule
def spread(i, cells, s6k, world, p, ref, luck, dt_h):
    """A cell of the surface divides onto an open cavity site beside it; True if it tries."""
    site = cells.site[i]
    rate = spread_rate(float(world.level[TGFB, site]), s6k, p, ref)
    if not happens(uniform_from(luck, 52), rate, dt_h):
        return False
    there = nearest_open_cavity(site, uniform_from(luck, 51), world)
    if there < 0:
        return False
    cells.intent[i] = DIVIDE
    cells.target[i] = there
    return True


@rule
def decide_lining(i, cells, s6k, world, p, ref, luck, dt_h):
    """Lining cells cover bone, feed cells onto cavities (Matic 2016), and wake if bone is lost."""
    if world.bone_faces[cells.site[i]] == 0 or world.cavity[cells.site[i]] == 1:
        cells.next_state[i] = PREOSTEOBLAST
        cells.own_a[i] = 0.5  # assumed: a woken lining cell has half the way to go
        return
    if not spread(i, cells, s6k, world, p, ref, luck, dt_h):
        line_bare_bone(i, cells, world, p, luck, dt_h)


@rule
def line_bare_bone(i, cells, world, p, luck, dt_h):
    """Lining cells cover most of quiet bone (68-95 %, A(BM)2 source), so they fill its gaps."""
    if happens(uniform_from(luck, 59), p.recover_rate_per_h, dt_h):
        cells.target[i] = surface_beside(cells.site[i], world)
        if cells.target[i] >= 0:
            cells.intent[i] = DIVIDE


@rule
def decide_osteoblast(i, cells, world, p, luck, dt_h):
    """An osteoblast works while its site is a cavity; then it moves on, is embedded, or lines."""
    site = cells.site[i]
    if world.bone_faces[site] == 0:
        cells.next_state[i] = PREOSTEOBLAST
        return
    if world.cavity[site] == 0:
        cells.next_state[i] = LINED
        return
    if world.mineral[site] >= 1.0:
        cells.intent[i] = EMBED
        cells.target[i] = nearest_open_cavity(site, uniform_from(luck, 53), world)
        if cells.target[i] < 0:
            cells.target[i] = surface_beside(site, world)
        if cells.target[i] < 0:
            cells.target[i] = pick_free(site, uniform_from(luck, 54), world)
        return
    if happens(uniform_from(luck, 55), 1.0 / p.lifespan_h, dt_h):
        cells.intent[i] = DIE
        cells.cause[i] = 4


@rule
def decide_preosteoblast(i, cells, s6k, mtorc2, world, p, ref, luck, dt_h):
    """Preosteoblasts seek a cavity, spread over it, mature on it, and die off bone."""
    site = cells.site[i]
    cells.own_a[i] += dt_h * maturation_rate(s6k, mtorc2, p, ref)
    if world.bone_faces[site] > 0:
        if cells.own_a[i] >= 1.0 or world.cavity[site] == 0:
            cells.next_state[i] = OSTEOBLAST
            return
        spread(i, cells, s6k, world, p, ref, luck, dt_h)
        return
    if happens(uniform_from(luck, 56), p.preosteoblast_death_rate_per_h, dt_h):
        cells.intent[i] = DIE
        cells.cause[i] = 7
        return
    there = nearest_open_cavity(site, uniform_from(luck, 51), world)
    if there < 0:
        there = climb_free(site, TGFB, world)
    if there < 0:
        there = pick_free(site, uniform_from(luck, 57), world)
    cells.target[i] = there
    if there >= 0:
        cells.intent[i] = MOVE


@kernel
def form(
    n: int, cells: Cells, signals: Signals, world: World, p: OsteoblastRates, ref: Reference,
    step_um: float, dt_h: float, speed: float,
) -> float:  # fmt: skip
    """Osteoblasts at work add mineral to their site; returns the sites' worth laid down."""
    laid = 0.0
    for i in range(n):
        site = cells.site[i]
        if cells.state[i] != OSTEOBLAST or world.cavity[site] == 0 or world.bone_faces[site] == 0:
            continue
        rate = apposition_per_h(float(signals.s6k[i]), float(signals.mtorc2[i]), p, ref, step_um)
        amount = min(rate * dt_h * speed, 1.0 - float(world.mineral[site]))
        world.mineral[site] += amount
        laid += amount
    return laid


@kernel
def call_out(
    n: int, cells: Cells, world: World, disc: np.ndarray, reach: int
) -> None:  # fmt: skip
    """Mark the surroundings of calling osteocytes."""
    for i in range(n):
        if cells.state[i] == OSTEOCYTE and cells.own_a[i] > 0.0:
            for offset in disc:
                if reaches(cells.site[i], offset, reach, world):
                    world.alarm[cells.site[i] + offset] = 1


@kernel
def release_osteoblasts(
    n: int, cells: Cells, signals: Signals, world: World, p: OsteoblastRates, ref: Reference,
    mcsf_nM_per_s: float, tnfsf11: float, tnfrsf11b: float, dt_h: float,
) -> None:  # fmt: skip
    """RANKL on the surface and in solution, OPG, M-CSF, by stage, PTHrP and both mTOR complexes."""
    lag = 1.0 - np.exp(-dt_h / p.secretion_time_h)
    for i in range(n):
        site = cells.site[i]
        state = cells.state[i]
        s6k = float(signals.s6k[i])
        pthrp = float(world.level[PTHRP, site])
        stage = stage_rankl(state, world.alarm[site] == 1, p)
        wanted = tnfsf11 * rankl_target(stage, pthrp, s6k, float(signals.mtorc2[i]), p, ref)
        cells.own_b[i] += (wanted - cells.own_b[i]) * lag
        world.source[RANKL, site] += p.rankl_nM_per_s * cells.own_b[i]
        if state == OSTEOCYTE:
            continue
        opg = tnfrsf11b * opg_target(state, pthrp, s6k, p, ref)
        cells.own_c[i] += (opg - cells.own_c[i]) * lag
        world.source[OPG, site] += p.opg_nM_per_s * cells.own_c[i]
        world.source[MCSF, site] += mcsf_nM_per_s
        if state != LINED:
            world.source[CXCL12, site] += p.cxcl12_nM_per_s
        world.membrane_rankl[site] = max(world.membrane_rankl[site], cells.own_b[i])


class OsteoblastTissue(Tissue):
    """The osteoblast lineage."""

    kind = OSTEOBLAST_TYPE
    parameters = OsteoblastParameters
    rates_type = OsteoblastRates

    def receptors(self) -> Receptors:
        """IGF-1 and TGF-beta."""
        return Receptors(base=0.55, igf1=0.3, tgfb=0.2 * self.genes.TGFBR2)

    def release(self, s: Surroundings) -> None:
        """RANKL, OPG, M-CSF; osteocytes call."""
        reach = s.lattice.reach(self.rates.call_reach_um)
        s.world.alarm[:] = 0
        call_out(self.population.n, self.cells, s.world, s.lattice.disc(reach), reach)
        release_osteoblasts(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.tissues["mesenchymal"].rates.mcsf_nM_per_s, self.genes.TNFSF11,
            self.genes.TNFRSF11B, s.dt_h,
        )  # fmt: skip

    def decide(self, s: Surroundings) -> None:
        """Seek, spread, mature, form, rest."""
        decide_osteoblasts(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Lay bone down, move, divide, change stage, bury."""
        cells, world, n = self.cells, s.world, self.population.n
        self._give_way(s)
        laid = form(
            n, cells, self.population.signals, world, self.rates, s.reference, s.lattice.dx_um,
            s.dt_h, s.formation_speed,
        )  # fmt: skip
        s.count("laid_sites", laid)
        changed = self.take_up_states(s)
        s.events.add(s.time_h, "maturation", self.population, changed)
        matured = changed[(cells.state[changed] == OSTEOBLAST)]
        cells.own_a[matured] = 0.0
        apply_moves(n, cells, world, MOVE)
        self._embed(s)
        mothers = self.dividing()
        quiet = world.cavity[cells.target[mothers]] == 0
        self.divide(s, mothers, state=np.where(quiet, LINED, PREOSTEOBLAST))
        cells, n = self.cells, self.population.n
        on_marrow = cells.state[:n] != OSTEOCYTE
        flat = cells.state[:n] == LINED
        world.occupant[cells.site[:n][on_marrow]] = marrow.OSTEOBLAST
        world.occupant[cells.site[:n][flat]] = marrow.LINING
        self._bury_buried(s)

    def _give_way(self, s: Surroundings) -> None:
        """Lining cells under an osteoclast lift off; osteocytes in resorbed bone are lost."""
        cells, n = self.cells, self.population.n
        site, state = cells.site[:n], cells.state[:n]
        lifted = (state == LINED) & (s.world.occupant[site] == marrow.OSTEOCLAST)
        freed = (state == OSTEOCYTE) & (s.world.ground[site] == MARROW)
        for rows, cause in ((lifted, "retraction"), (freed, "no_bone")):
            cells.intent[:n][rows] = DIE
            cells.cause[:n][rows] = CAUSE[cause]

    def _embed(self, s: Surroundings) -> None:
        """Sites that are full become bone; their cells move on, or stay in it as osteocytes."""
        full = self.rows_that(EMBED)
        if len(full) == 0:
            return
        cells = self.cells
        sites = cells.site[full].copy()
        reach = s.lattice.reach(self.rates.osteocyte_spacing_um)
        stays_alive = lonely(sites, s.world, s.lattice.disc(reach), reach)
        goes = ~stays_alive & (cells.target[full] >= 0)
        lost = ~stays_alive & ~goes
        cells.site[full[goes]] = cells.target[full[goes]]
        s.world.occupant[sites] = NOBODY
        s.world.occupant[sites[stays_alive]] = marrow.OSTEOCYTE
        bone.formed(s.world, sites)
        s.count("formed_sites", len(sites))
        s.bone_changed = True
        cells.state[full[stays_alive]] = OSTEOCYTE
        cells.own_a[full[stays_alive]] = 0.0
        cells.intent[full[lost]] = DIE
        cells.cause[full[lost]] = CAUSE["embedded"]

    def _bury_buried(self, s: Surroundings) -> None:
        """Remove the dead; those in bone or under an osteoclast hold no site to free."""
        dead = self.population.column("intent") == DIE
        if not dead.any():
            return
        rows = np.flatnonzero(dead)
        s.events.add(s.time_h, "death", self.population, rows)
        causes = self.cells.cause[rows]
        holds = causes != CAUSE["retraction"]
        s.world.occupant[self.cells.site[rows[holds]]] = NOBODY
        lifted = causes == CAUSE["retraction"]
        s.world.occupant[self.cells.site[rows[lifted]]] = marrow.OSTEOCLAST
        self.population.remove(dead)


@making_kernel
def lonely(sites: np.ndarray, world: World, disc: np.ndarray, reach: int) -> np.ndarray:
    """True for each site that has no osteocyte on the disc around it."""
    out = np.empty(len(sites), dtype=np.bool_)
    for i in range(len(sites)):
        out[i] = not any_within(sites[i], disc, reach, OSTEOCYTE_CODE, world)
    return out
