"""Osteoblast lineage after commitment: preosteoblast, osteoblast, lining cell, osteocyte.

Preosteoblasts cover cavities, mature, lay bone down until the cavity is filled, and end as lining
cells or as osteocytes in the bone they made. Osteocytes call for remodelling; lining cells near a
calling osteocyte, or under PTHrP, present RANKL. How fast is in `osteoblast_rules.py`.
"""

import numpy as np

from .. import bone, marrow
from ..fields import CXCL12, MCSF, OPG, PTHRP, RANKL, TGFB
from ..marrow import (
    MARROW,
    NO_VESSEL,
    NOBODY,
    OESTROGEN,
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
from ..numerics.response import happens
from .draws import (
    LINING_CELL_DIVIDES,
    OSTEOBLAST_CAVITY_SITE,
    OSTEOBLAST_DIES,
    OSTEOBLAST_SITE,
    OSTEOBLAST_SPREAD_SITE,
    OSTEOBLAST_SPREADS,
    OSTEOCYTE_CALLS,
    PREOSTEOBLAST_CAVITY_SITE,
    PREOSTEOBLAST_DIES,
    PREOSTEOBLAST_SITE,
)
from .osteoblast_rules import (
    EMBED,
    LINED,
    OSTEOBLAST,
    OSTEOBLAST_TYPE,
    OSTEOCYTE,
    PREOSTEOBLAST,
    OsteoblastParameters,
    OsteoblastRates,
    apposition_per_h,
    early_expression,
    late_expression,
    maturation_rate,
    opg_target,
    rankl_target,
    rise_without_oestrogen,
    spread_rate,
    stage_rankl,
)
from .population import CAUSE, DIE, DIVIDE, MOVE, STAY, Cells
from .sensing import Receptors
from .settling import apply_moves
from .tissue import Surroundings, Tissue

LIFESPAN, NO_BONE = CAUSE["lifespan"], CAUSE["no_bone"]


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
    if happens(uniform_from(luck, OSTEOCYTE_CALLS), p.call_rate_per_h, dt_h):
        cells.own_a[i] = p.call_time_h


@rule
def spread(i, cells, s6k, world, p, ref, luck, dt_h):
    """A cell of the surface divides onto an open cavity site beside it; True if it tries."""
    site = cells.site[i]
    rate = spread_rate(float(world.level[TGFB, site]), s6k, p, ref)
    if not happens(uniform_from(luck, OSTEOBLAST_SPREADS), rate, dt_h):
        return False
    there = nearest_open_cavity(site, uniform_from(luck, OSTEOBLAST_SPREAD_SITE), world)
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
    if happens(uniform_from(luck, LINING_CELL_DIVIDES), p.recover_rate_per_h, dt_h):
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
        cavity = uniform_from(luck, OSTEOBLAST_CAVITY_SITE)
        cells.target[i] = nearest_open_cavity(site, cavity, world)
        if cells.target[i] < 0:
            cells.target[i] = surface_beside(site, world)
        if cells.target[i] < 0:
            cells.target[i] = pick_free(site, uniform_from(luck, OSTEOBLAST_SITE), world)
        return
    oestrogen = float(world.serum[OESTROGEN])
    faster = rise_without_oestrogen(p.death_without_oestrogen, oestrogen)
    if happens(uniform_from(luck, OSTEOBLAST_DIES), faster / p.lifespan_h, dt_h):
        cells.intent[i] = DIE
        cells.cause[i] = LIFESPAN


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
    if happens(uniform_from(luck, PREOSTEOBLAST_DIES), p.preosteoblast_death_rate_per_h, dt_h):
        cells.intent[i] = DIE
        cells.cause[i] = NO_BONE
        return
    there = nearest_open_cavity(site, uniform_from(luck, PREOSTEOBLAST_CAVITY_SITE), world)
    if there < 0:
        there = climb_free(site, TGFB, world)
    if there < 0:
        there = pick_free(site, uniform_from(luck, PREOSTEOBLAST_SITE), world)
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
    oestrogen = float(world.serum[OESTROGEN])
    unrestrained = rise_without_oestrogen(p.rankl_without_oestrogen, oestrogen)
    for i in range(n):
        site = cells.site[i]
        state = cells.state[i]
        s6k = float(signals.s6k[i])
        pthrp = float(world.level[PTHRP, site])
        stage = stage_rankl(state, world.alarm[site] == 1, p) * unrestrained
        wanted = tnfsf11 * rankl_target(state, stage, pthrp, s6k, float(signals.mtorc2[i]), p, ref)
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
    genes_used = ("ITGB3", "TGFBR2", "TNFSF11", "TNFRSF11B")

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

    def programmes(self, s: Surroundings) -> np.ndarray:
        """Early (RUNX2, SP7, ALPL) and late (BGLAP, IBSP, COL1A1) programme, float64 (2,)."""
        return programmes(
            self.population.n, self.cells, self.population.signals, self.rates, s.reference
        )

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
def programmes(
    n: int, cells: Cells, signals: Signals, p: OsteoblastRates, ref: Reference
) -> np.ndarray:  # fmt: skip
    """Early and late programme, each the mean over preosteoblasts and osteoblasts, NaN if none."""
    early = late = 0.0
    count = 0
    for i in range(n):
        state = cells.state[i]
        if state in (PREOSTEOBLAST, OSTEOBLAST):
            s6k, mtorc2 = float(signals.s6k[i]), float(signals.mtorc2[i])
            early += early_expression(state, s6k, mtorc2, p, ref)
            late += late_expression(state, min(cells.own_a[i], 1.0), s6k, mtorc2, p, ref)
            count += 1
    if count == 0:
        return np.array([np.nan, np.nan])
    return np.array([early / count, late / count])


@making_kernel
def lonely(sites: np.ndarray, world: World, disc: np.ndarray, reach: int) -> np.ndarray:
    """True for each site that has no osteocyte on the disc around it."""
    out = np.empty(len(sites), dtype=np.bool_)
    for i in range(len(sites)):
        out[i] = not any_within(sites[i], disc, reach, OSTEOCYTE_CODE, world)
    return out
