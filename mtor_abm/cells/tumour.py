"""Tumour cells in the marrow: each decides, then moves, divides, dies and secretes.

The rules and numbers they go by are in `tumour_rules.py`.
"""

import numpy as np

from .. import marrow
from ..fields import ANGIOGENIC, CXCL12, OPG, OXYGEN, PTHRP, RANKL, TGFB, VEGF
from ..marrow import (
    NO_VESSEL,
    NOBODY,
    OESTROGEN,
    World,
    any_within,
    climb_free,
    is_free,
    look_around,
    pick_free,
    steps_per_h,
)
from ..mtor import Reference, Signals
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel, rule, woven_rule
from ..numerics.response import happens, takes_step
from .draws import (
    TUMOUR_CRAWL_SITE,
    TUMOUR_CRAWLS,
    TUMOUR_DAUGHTER_SITE,
    TUMOUR_DEATH,
    TUMOUR_DIVIDES,
    TUMOUR_FALLS_DORMANT,
    TUMOUR_FOLLOWS_CXCL12,
    TUMOUR_GOES_STRAIGHT_ON,
    TUMOUR_LETS_GO,
    TUMOUR_WAKES,
    moved_on,
)
from .population import CAUSE, DIE, DIVIDE, MOVE, STAY, Cells
from .sensing import Receptors
from .settling import apply_moves, has_moved
from .tissue import Surroundings, Tissue
from .tumour_rules import (
    CYCLING,
    DORMANT,
    MOBILISE,
    QUIESCENT,
    TUMOUR,
    TumourParameters,
    TumourRates,
    angiogenic_output,
    chemotactic_share,
    company,
    crawl_speed,
    cxcr4_growth,
    death_rate,
    division_rate,
    dormancy_entry_rate,
    dormancy_exit_rate,
    emt_change,
    er_activity,
    lone_death_rate,
    mobilisation_rate,
    oestrogen_drive,
    persistent_share,
    pthrp_target,
    tumour_opg,
)

HYPOXIC = 3.0  # a death below so many times the pO2 of half the hypoxic rate is logged as hypoxia
BASELINE, HYPOXIA = CAUSE["baseline"], CAUSE["hypoxia"]


@woven_rule
def pushed_site(site, direction, reach, code, world):
    """First free site along a row of tumour cells, up to `reach` sites away; -1 if none.

    A vessel is a tube that cells are shoved past, not a wall: the row goes on behind it.
    """
    there = site
    for _ in range(reach):
        there += world.near[direction]
        empty_vessel = (world.vessel[there] != NO_VESSEL) & (world.occupant[there] == NOBODY)
        if world.occupant[there] != code and not empty_vessel:
            return there if is_free(there, world) else -1
    return -1


@woven_rule
def can_push(site, reach, code, world):
    """True if a row of tumour cells in any direction ends in a free site within reach."""
    for direction in range(8):
        if pushed_site(site, direction, reach, code, world) >= 0:
            return True
    return False


@rule
def daughter_site(site, draw, reach, code, world):
    """Where a daughter can go: a free nearest site, else behind a row of pushed neighbours."""
    there = pick_free(site, draw, world)
    if there >= 0:
        return there
    first = int(draw * 8.0)
    for k in range(8):
        there = pushed_site(site, (first + k) % 8, reach, code, world)
        if there >= 0:
            return there
    return -1


@kernel
def decide_tumour(
    n: int, cells: Cells, signals: Signals, world: World, p: TumourRates, ref: Reference,
    cxcr4_block: np.ndarray, disc: np.ndarray, disc_reach: int, tgfbr2: float, cxcl12_kd_nM: float,
    step_um: float, seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Each tumour cell reads its neighbourhood and writes what it means to do."""
    code = marrow.TUMOUR
    oestrogen = float(world.serum[OESTROGEN])
    for i in range(n):
        site = cells.site[i]
        luck = luck_of(seed, cells.uid[i], step)
        state = cells.state[i]
        cells.intent[i] = STAY
        cells.target[i] = -1
        oxygen = float(world.level[OXYGEN, site])
        tgfb = float(world.level[TGFB, site])
        s6k = float(signals.s6k[i])
        p4ebp1 = float(signals.p4ebp1[i])
        mtorc2 = float(signals.mtorc2[i])
        emt = float(cells.own_a[i])
        bound = tgfbr2 * tgfb / (tgfb + p.pthrp_tgfb_half_nM)
        emt_now = emt + dt_h * emt_change(emt, bound, s6k, mtorc2, p, ref)
        cells.own_a[i] = min(max(emt_now, 0.0), 1.0)

        n_touching, n_free, stable, tip = look_around(site, code, world)
        lethal = death_rate(oxygen, float(signals.foxo[i]), float(signals.autophagy[i]), p)
        alone = n_touching == 0 and not any_within(site, disc, disc_reach, code, world)
        if state != DORMANT:
            lethal += lone_death_rate(alone, p)
        if happens(uniform_from(luck, TUMOUR_DEATH), lethal, dt_h):
            cells.intent[i] = DIE
            hypoxic = oxygen < HYPOXIC * p.hypoxia_death_half_mmHg
            cells.cause[i] = HYPOXIA if hypoxic else BASELINE
            continue

        if state == DORMANT:
            leave = dormancy_exit_rate(stable, tip, p)
            if happens(uniform_from(luck, TUMOUR_WAKES), leave, dt_h):
                cells.next_state[i] = CYCLING
                continue
            let_go = mobilisation_rate(float(cxcr4_block[site]), stable, p)
            if let_go > 0.0 and happens(uniform_from(luck, TUMOUR_LETS_GO), let_go, dt_h):
                cells.intent[i] = MOBILISE
            continue
        enter = dormancy_entry_rate(stable, n_touching, p)
        if enter > 0.0 and happens(uniform_from(luck, TUMOUR_FALLS_DORMANT), enter, dt_h):
            cells.next_state[i] = DORMANT
            continue

        reach = int(p.push_reach_sites)
        cycles = oxygen > p.quiescence_oxygen_mmHg and (
            n_free > 0 or can_push(site, reach, code, world)
        )
        cells.next_state[i] = CYCLING if cycles else QUIESCENT
        if cycles:
            grow = division_rate(oxygen, float(signals.growth_factor[i]), p4ebp1, p, ref)
            grow *= oestrogen_drive(er_activity(oestrogen, s6k, p, ref), p)
            grow *= company(alone, p)
            grow *= cxcr4_growth(float(signals.cxcr4[i]), p)
            if happens(uniform_from(luck, TUMOUR_DIVIDES), grow, dt_h):
                cells.intent[i] = DIVIDE
                place = uniform_from(luck, TUMOUR_DAUGHTER_SITE)
                cells.target[i] = daughter_site(site, place, reach, code, world)
                continue
        if n_free > 0:
            crawl(
                i, cells, signals, n_touching, luck, 0, world, p, ref, cxcl12_kd_nM, step_um, dt_h
            )


@rule
def crawl(
    i, cells, signals, n_touching, luck, moves, world, p, ref, cxcl12_kd_nM, step_um, dt_h
):  # fmt: skip
    """The cell aims at its next site if its speed takes it further than the moves it has made."""
    s6k, mtorc2 = float(signals.s6k[i]), float(signals.mtorc2[i])
    integrin, emt = float(signals.integrin[i]), float(cells.own_a[i])
    speed = crawl_speed(s6k, mtorc2, integrin, n_touching, emt, p, ref)
    if takes_step(uniform_from(luck, TUMOUR_CRAWLS), steps_per_h(speed, step_um), dt_h, moves):
        cells.target[i] = crawl_target(
            cells.site[i], luck, int(cells.own_c[i]), float(signals.cxcr4[i]), s6k, mtorc2, world,
            p, ref, cxcl12_kd_nM,
        )  # fmt: skip
        if cells.target[i] >= 0:
            cells.intent[i] = MOVE


@kernel
def crawl_on(
    n: int, cells: Cells, signals: Signals, world: World, p: TumourRates, ref: Reference,
    cxcl12_kd_nM: float, step_um: float, seed: int, step: int, dt_h: float, moves: int,
) -> int:  # fmt: skip
    """Cells that have just moved may aim at a further site; returns how many do."""
    count = 0
    for i in range(n):
        if not has_moved(i, cells):
            continue
        n_touching, n_free, _, _ = look_around(cells.site[i], marrow.TUMOUR, world)
        if n_free > 0:
            luck = moved_on(luck_of(seed, cells.uid[i], step), moves)
            crawl(
                i, cells, signals, n_touching, luck, moves, world, p, ref, cxcl12_kd_nM, step_um,
                dt_h,
            )  # fmt: skip
            count += cells.intent[i] == MOVE
    return count


@rule
def crawl_target(site, luck, heading, cxcr4, s6k, mtorc2, world, p, ref, cxcl12_kd_nM):
    """A step up CXCL12 with the chemotactic share, else straight on, else anywhere free."""
    up = climb_free(site, CXCL12, world)
    if up >= 0:
        here = float(world.level[CXCL12, site])
        there = float(world.level[CXCL12, up])
        contrast = there / (there + cxcl12_kd_nM) - here / (here + cxcl12_kd_nM)
        share = chemotactic_share(cxcr4, contrast, s6k, mtorc2, p, ref)
        if uniform_from(luck, TUMOUR_FOLLOWS_CXCL12) < share:
            return up
    if heading > 0 and is_free(site + world.near[heading - 1], world):
        if uniform_from(luck, TUMOUR_GOES_STRAIGHT_ON) < persistent_share(mtorc2, p, ref):
            return site + world.near[heading - 1]
    return pick_free(site, uniform_from(luck, TUMOUR_CRAWL_SITE), world)


@kernel
def release_tumour(
    n: int, cells: Cells, signals: Signals, world: World, p: TumourRates, ref: Reference,
    pthlh: float, tgfbr2: float, ackr3: float, tnfsf11: float, tnfrsf11b: float, dt_h: float,
    lag_h: float,
) -> None:  # fmt: skip
    """Secretion of PTHrP, VEGF and its like, OPG, RANKL; uptake of oxygen and CXCL12; by row."""
    lag = 1.0 - np.exp(-dt_h / lag_h)
    for i in range(n):
        site = cells.site[i]
        tgfb = float(world.level[TGFB, site])
        bound = tgfbr2 * tgfb / (tgfb + p.pthrp_tgfb_half_nM)
        wanted = pthrp_target(bound, float(signals.p4ebp1[i]), p, ref)
        cells.own_b[i] += (wanted - cells.own_b[i]) * lag
        active = p.dormant_activity if cells.state[i] == DORMANT else 1.0
        world.source[PTHRP, site] += active * pthlh * p.pthrp_nM_per_s * cells.own_b[i]
        world.source[VEGF, site] += active * p.vegf_nM_per_s * signals.vegf[i]
        world.source[OPG, site] += active * tnfrsf11b * tumour_opg(float(signals.s6k[i]), p, ref)
        world.source[RANKL, site] += active * tnfsf11 * p.rankl_nM_per_s
        others = angiogenic_output(float(signals.hif[i]), p)
        world.source[ANGIOGENIC, site] += active * p.angiogenic_nM_per_s * others
        world.uptake[OXYGEN, site] += active * p.oxygen_use_per_s
        world.uptake[CXCL12, site] += ackr3 * p.cxcr7_uptake_per_s


class TumourTissue(Tissue):
    """Tumour cells in the marrow."""

    kind = TUMOUR
    parameters = TumourParameters
    rates_type = TumourRates
    genes_used = ("ITGB3", "CXCR4", "ACKR3", "PTHLH", "TGFBR2", "TNFSF11", "TNFRSF11B")

    def receptors(self) -> Receptors:
        """IGF-1, TGF-beta and CXCL12 reach the network of a tumour cell."""
        p = self.rates
        return Receptors(
            base=p.igf_base,
            igf1=p.igf1_weight,
            tgfb=p.tgfb_weight * self.genes.TGFBR2,
            cxcr4=self.genes.CXCR4,
        )

    def release(self, s: Surroundings) -> None:
        """PTHrP, VEGF; uptake of oxygen and CXCL12."""
        release_tumour(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, self.genes.PTHLH, self.genes.TGFBR2, self.genes.ACKR3, self.genes.TNFSF11,
            self.genes.TNFRSF11B, s.dt_h, s.network.secretion_time_h,
        )  # fmt: skip

    def decide(self, s: Surroundings) -> None:
        """Die, rest, sleep, wake, divide or crawl."""
        reach = s.lattice.reach(self.rates.company_um)
        decide_tumour(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.exposure[self.kind.name].cxcr4_block, s.lattice.disc(reach), reach,
            self.genes.TGFBR2, s.sensing.cxcl12_kd_nM, s.lattice.dx_um, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Move, divide, change state, bury."""
        before = self.population.column("state").copy()
        changed = self.take_up_states(s)
        after = self.population.column("state")
        s.events.add(s.time_h, "dormancy_in", self.population, changed[after[changed] == DORMANT])
        s.events.add(s.time_h, "dormancy_out", self.population, changed[before[changed] == DORMANT])
        self._move(s)
        mothers = self.dividing()
        emt = self.cells.own_a[mothers]
        pthrp = self.cells.own_b[mothers]
        self.divide(s, mothers, emt=emt, pthrp=pthrp)
        self._mobilise(s)
        self.bury(s)

    def go_on(self, s: Surroundings) -> None:
        """Fast cells, or slow ones in a long step, crawl over more than one site."""
        moves = 1
        while crawl_on(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.sensing.cxcl12_kd_nM, s.lattice.dx_um, s.seed, s.step, s.dt_h, moves,
        ):  # fmt: skip
            self.settle(s)
            self._move(s)
            moves += 1

    def _move(self, s: Surroundings) -> None:
        """Move the cells that won their site; they remember where they were heading."""
        moved = self.rows_that(MOVE)
        steps = self.cells.target[moved] - self.cells.site[moved]
        self.cells.own_c[moved] = 1 + np.argmax(s.world.near == steps[:, None], axis=1)
        apply_moves(self.population.n, self.cells, s.world, MOVE)

    def _mobilise(self, s: Surroundings) -> None:
        """Hand the cells that let go over to the blood, with their identity and network."""
        rows = self.rows_that(MOBILISE)
        if len(rows) == 0:
            return
        s.events.add(s.time_h, "mobilisation", self.population, rows)
        s.count("mobilised", len(rows))
        cells, blood = self.cells, s.tissues["circulating"].population
        new = blood.add(
            uid=cells.uid[rows],
            parent=cells.parent[rows],
            clone=cells.clone[rows],
            site=np.full(len(rows), -1),
            emt=cells.own_a[rows],
        )
        blood.copy_signals(new, rows, self.population)
        s.world.occupant[cells.site[rows]] = 0
        gone = np.zeros(self.population.n, dtype=bool)
        gone[rows] = True
        self.population.remove(gone)
