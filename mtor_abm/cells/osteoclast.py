"""Osteoclast lineage: precursors commit, fuse on bone, resorb its front, and die.

An osteoclast covers up to FOOTPRINT sites of 10 um. Each part digs one neighbouring bone site; the
parts follow the front they make. How fast is in `osteoclast_rules.py`.
"""

import numpy as np

from .. import bone
from ..fields import MCSF, RANKL, TGFB, TNF
from ..genes import Genes
from ..marrow import (
    BONE,
    MEAN_SQUARE_STEP,
    OESTROGEN,
    OSTEOCLAST,
    TUMOUR,
    World,
    climb_free,
    nearest_within,
    pick_free,
    step_towards,
    takes_lining,
    touches,
)
from ..mtor import Reference, Signals
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel, making_kernel, rule
from ..numerics.response import happens, takes_step
from ..parameters import Group
from .draws import (
    OSTEOCLAST_DIES_OF_TGFB,
    OSTEOCLAST_STARVES,
    PRECURSOR_COMMITS,
    PRECURSOR_FOLLOWS_RANKL,
    PRECURSOR_FOUNDS,
    PRECURSOR_FUSES,
    PRECURSOR_LEAVES,
    PRECURSOR_WALK_SITE,
    PRECURSOR_WALKS,
    moved_on,
)
from .osteoclast_rules import (
    COMMITTED,
    FOUND,
    FUSE,
    GROW,
    MATURE,
    MONOCYTE,
    MONONUCLEAR,
    OSTEOCLAST_TYPE,
    PRECURSOR,
    OsteoclastParameters,
    OsteoclastRates,
    ageing,
    best_signal,
    commitment_rate,
    drawn_lifespan,
    rankl_signal,
    resorption_per_h,
    starvation_rate,
    tgfb_death_rate,
)
from .population import CAUSE, DIE, MOVE, STAY, Cells
from .sensing import Receptors
from .settling import apply_moves, has_moved
from .tissue import Surroundings, Tissue, child_uids

LEFT_MARROW, LIFESPAN = CAUSE["left_marrow"], CAUSE["lifespan"]
NO_RANKL, KILLED_BY_TGFB = CAUSE["no_rankl"], CAUSE["tgfb"]


@rule
def front_site(site, world):
    """Bone face to dig: one already begun, else the most exposed, so that pits widen first."""
    best = -1.0
    chosen = -1
    for offset in world.faces:
        there = site + offset
        if world.ground[there] != BONE:
            continue
        score = 4.0 - world.bone_faces[there] + 4.0 * (1.0 - world.mineral[there])
        if score > best:
            best = score
            chosen = there
    return chosen


@rule
def free_front(footprint, world):
    """A site at bone beside any part of the cell, free or under a lining cell; -1 if none."""
    for part in range(footprint.shape[0]):
        site = footprint[part]
        if site < 0:
            continue
        for offset in world.near:
            if takes_lining(site + offset, world):
                return site + offset
    return -1


@kernel
def release_tnf(n: int, cells: Cells, world: World, p: OsteoclastRates) -> None:
    """Monocytes that touch a tumour cell turn inflammatory and make TNF-alpha [assumed]."""
    for i in range(n):
        if cells.state[i] == MONOCYTE and touches(cells.site[i], TUMOUR, world):
            world.source[TNF, cells.site[i]] += p.tnf_nM_per_s


@kernel
def decide_precursors(
    n: int, cells: Cells, signals: Signals, world: World, p: OsteoclastRates, ref: Reference,
    disc: np.ndarray, reach: int, step_um: float, seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Precursors wander, commit under RANKL and M-CSF, then fuse with or found an osteoclast."""
    walk = walk_steps_per_h(p.precursor_motility_um2_per_min, step_um)
    for i in range(n):
        site = cells.site[i]
        luck = luck_of(seed, cells.uid[i], step)
        cells.intent[i] = STAY
        cells.target[i] = -1
        if happens(uniform_from(luck, PRECURSOR_LEAVES), 1.0 / p.precursor_lifetime_h, dt_h):
            cells.intent[i] = DIE
            cells.cause[i] = LEFT_MARROW
            continue
        beacon = 0
        if cells.state[i] == MONOCYTE:
            signal = rankl_signal(site, world, p)
            mcsf = float(world.level[MCSF, site])
            tnf = float(world.level[TNF, site])
            rate = commitment_rate(
                signal, mcsf, tnf, float(signals.s6k[i]), float(signals.p4ebp1[i]), p, ref
            )
            if happens(uniform_from(luck, PRECURSOR_COMMITS), rate, dt_h):
                cells.next_state[i] = COMMITTED
                continue
        else:
            partner, ground = places_on_bone(site, world)
            if partner >= 0:
                if happens(uniform_from(luck, PRECURSOR_FUSES), p.fusion_rate_per_h, dt_h):
                    cells.intent[i] = FUSE
                    cells.target[i] = partner
                continue
            beacon = nearest_within(site, disc, reach, OSTEOCLAST, world)
            if beacon == 0 and ground >= 0:
                if happens(uniform_from(luck, PRECURSOR_FOUNDS), p.fusion_rate_per_h, dt_h):
                    cells.intent[i] = FOUND
                    cells.target[i] = ground
                continue
        wander(i, cells, beacon, reach, luck, walk * dt_h, 0, world, p)


@rule
def walk_steps_per_h(motility_um2_per_min, step_um):
    """Steps to a nearest site in an hour that make up a motility D: mean square path 4 D t."""
    return 4.0 * motility_um2_per_min * 60.0 / (MEAN_SQUARE_STEP * step_um * step_um)


@rule
def places_on_bone(site, world):
    """Sites beside a committed precursor: an osteoclast to join, bone to settle on; -1 if none."""
    partner = -1
    ground = -1
    for offset in world.near:
        there = site + offset
        if world.occupant[there] == OSTEOCLAST:
            partner = there
        if takes_lining(there, world):
            ground = there
    return partner, ground


@rule
def wander(i, cells, beacon, reach, luck, steps, moves, world, p):
    """A precursor that has not yet made its steps goes on: to an osteoclast, up RANKL, anywhere."""
    if not takes_step(uniform_from(luck, PRECURSOR_WALKS), steps, 1.0, moves):
        return
    site = cells.site[i]
    there = -1
    if beacon != 0:
        there = step_towards(site, beacon, reach, world)
    if there < 0 and uniform_from(luck, PRECURSOR_FOLLOWS_RANKL) < p.precursor_bias:
        there = climb_free(site, RANKL, world)
    if there < 0:
        there = pick_free(site, uniform_from(luck, PRECURSOR_WALK_SITE), world)
    cells.target[i] = there
    if there >= 0:
        cells.intent[i] = MOVE


@kernel
def wander_on(
    n: int, cells: Cells, world: World, p: OsteoclastRates, disc: np.ndarray, reach: int,
    step_um: float, seed: int, step: int, dt_h: float, moves: int,
) -> int:  # fmt: skip
    """Precursors that have just moved may aim at a further site; returns how many do."""
    steps = walk_steps_per_h(p.precursor_motility_um2_per_min, step_um) * dt_h
    count = 0
    for i in range(n):
        if not has_moved(i, cells):
            continue
        beacon = 0
        if cells.state[i] == COMMITTED:
            partner, ground = places_on_bone(cells.site[i], world)
            beacon = nearest_within(cells.site[i], disc, reach, OSTEOCLAST, world)
            if partner >= 0 or (beacon == 0 and ground >= 0):
                continue  # it has come to where it can fuse or settle
        luck = moved_on(luck_of(seed, cells.uid[i], step), moves)
        wander(i, cells, beacon, reach, luck, steps, moves, world, p)
        count += cells.intent[i] == MOVE
    return count


@kernel
def decide_osteoclasts(
    n: int, cells: Cells, footprint: np.ndarray, dig: np.ndarray, signals: Signals, world: World,
    p: OsteoclastRates, ref: Reference, seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Osteoclasts choose what to dig, follow the front, spread, or die."""
    oestrogen = float(world.serum[OESTROGEN])
    for i in range(n):
        luck = luck_of(seed, cells.uid[i], step)
        cells.intent[i] = STAY
        cells.target[i] = -1
        cells.next_state[i] = MATURE if cells.own_a[i] >= p.nuclei_to_resorb else MONONUCLEAR
        s6k = float(signals.s6k[i])
        signal = best_signal(footprint[i], world, p)
        if cells.own_b[i] < 0.0:
            cells.intent[i] = DIE
            cells.cause[i] = LIFESPAN
            continue
        cells.own_b[i] -= dt_h * ageing(oestrogen, s6k, p, ref)
        tnf = float(world.level[TNF, cells.site[i]])
        if happens(
            uniform_from(luck, OSTEOCLAST_STARVES), starvation_rate(signal, tnf, s6k, p, ref), dt_h
        ):
            cells.intent[i] = DIE
            cells.cause[i] = NO_RANKL
            continue
        tgfb = float(world.level[TGFB, cells.site[i]])
        if happens(uniform_from(luck, OSTEOCLAST_DIES_OF_TGFB), tgfb_death_rate(tgfb, p), dt_h):
            cells.intent[i] = DIE
            cells.cause[i] = KILLED_BY_TGFB
            continue
        n_parts = 0
        idle = -1
        empty = -1
        for part in range(footprint.shape[1]):
            dig[i, part] = -1
            if footprint[i, part] < 0:
                empty = part
                continue
            n_parts += 1
            front = front_site(footprint[i, part], world)
            if front < 0:
                idle = part
            elif cells.own_a[i] >= p.nuclei_to_resorb:
                dig[i, part] = front
        if idle >= 0:
            cells.target[i] = free_front(footprint[i], world)
            cells.own_c[i] = idle
            if cells.target[i] >= 0:
                cells.intent[i] = MOVE
        elif empty >= 0 and n_parts < min(cells.own_a[i], footprint.shape[1]):
            cells.target[i] = free_front(footprint[i], world)
            cells.own_c[i] = empty
            if cells.target[i] >= 0:
                cells.intent[i] = GROW


@kernel
def resorb(
    n: int, cells: Cells, footprint: np.ndarray, dig: np.ndarray, signals: Signals, world: World,
    p: OsteoclastRates, ref: Reference, step_um: float, dt_h: float,
) -> float:  # fmt: skip
    """Take mineral from sites being dug; their bisphosphonate shortens life. Returns sites."""
    taken = 0.0
    oestrogen = float(world.serum[OESTROGEN])
    for i in range(n):
        if cells.intent[i] == DIE:
            continue
        signal = best_signal(footprint[i], world, p)
        s6k = float(signals.s6k[i])
        pace = ageing(oestrogen, s6k, p, ref)
        for part in range(footprint.shape[1]):
            front = dig[i, part]
            if front < 0:
                continue
            drug = float(world.antiresorptive[front])
            rate = resorption_per_h(signal, s6k, drug, p, ref, step_um)
            amount = min(rate * dt_h, float(world.mineral[front]))
            world.mineral[front] -= amount
            taken += amount
            faster = p.bisphosphonate_lifespan * drug / footprint.shape[1]
            cells.own_b[i] -= dt_h * pace * faster
    return taken


@making_kernel
def lifespans(uids: np.ndarray, p: OsteoclastRates, seed: int) -> np.ndarray:
    """Lifespan (h) of each of these osteoclasts."""
    out = np.empty(len(uids), dtype=np.float32)
    for i in range(len(uids)):
        out[i] = drawn_lifespan(seed, uids[i], p)
    return out


class PrecursorTissue(Tissue):
    """Osteoclast precursors; blood keeps their number up."""

    kind = PRECURSOR
    parameters = OsteoclastParameters
    rates_type = OsteoclastRates
    genes_used = ("ITGB3", "CEBPB")

    def __init__(self, parameters: Group, genes: Genes, susceptible: float = 0.0) -> None:
        """C/EBP-beta is the source of LAP, and LAP of MafB: without the gene there is no brake."""
        super().__init__(parameters, genes, susceptible)
        self.rates = self.rates._replace(
            lip_knock_in=1.0 - genes.CEBPB * (1.0 - self.rates.lip_knock_in)
        )

    def receptors(self) -> Receptors:
        """M-CSF, RANKL and TNF-alpha."""
        return Receptors(base=0.3, mcsf=0.5, rankl=0.3, tnf=0.3)

    def release(self, s: Surroundings) -> None:
        """TNF-alpha where tumour cells are touched."""
        release_tnf(self.population.n, self.cells, s.world, self.rates)

    def decide(self, s: Surroundings) -> None:
        """Wander, commit, fuse, found."""
        reach = s.lattice.reach(self.rates.founding_distance_um)
        decide_precursors(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.lattice.disc(reach), reach, s.lattice.dx_um, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Move; join or found osteoclasts; leave."""
        changed = self.take_up_states(s)
        s.events.add(s.time_h, "commitment", self.population, changed)
        apply_moves(self.population.n, self.cells, s.world, MOVE)
        osteoclasts = s.tissues["osteoclast"]
        assert isinstance(osteoclasts, OsteoclastTissue)
        joining, founding = self.rows_that(FUSE), self.rows_that(FOUND)
        osteoclasts.take_nuclei(s, self.cells.target[joining])
        osteoclasts.found(s, self, founding)
        for rows in (joining, founding):
            s.events.add(s.time_h, "fusion", self.population, rows)
            self.cells.intent[rows] = DIE
            self.cells.cause[rows] = CAUSE["fused"]
        self.bury(s)

    def go_on(self, s: Surroundings) -> None:
        """Motile cells, or slow ones in a long step, walk over more than one site."""
        reach = s.lattice.reach(self.rates.founding_distance_um)
        disc, moves = s.lattice.disc(reach), 1
        while wander_on(
            self.population.n, self.cells, s.world, self.rates, disc, reach, s.lattice.dx_um,
            s.seed, s.step, s.dt_h, moves,
        ):  # fmt: skip
            self.settle(s)
            apply_moves(self.population.n, self.cells, s.world, MOVE)
            moves += 1


class OsteoclastTissue(Tissue):
    """Osteoclasts, each over several sites."""

    kind = OSTEOCLAST_TYPE
    parameters = OsteoclastParameters
    rates_type = OsteoclastRates
    genes_used = ("ITGB3",)

    def receptors(self) -> Receptors:
        """M-CSF, RANKL and TNF-alpha."""
        return Receptors(base=0.3, mcsf=0.5, rankl=0.3, tnf=0.3)

    def decide(self, s: Surroundings) -> None:
        """Choose what to dig, follow, spread, die."""
        extra = self.population.extra
        decide_osteoclasts(
            self.population.n, self.cells, extra["footprint"], extra["dig"],
            self.population.signals, s.world, self.rates, s.reference, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Resorb, follow the front, spread, die."""
        extra = self.population.extra
        self.take_up_states(s)
        resorb(
            self.population.n, self.cells, extra["footprint"], extra["dig"],
            self.population.signals, s.world, self.rates, s.reference, s.lattice.dx_um, s.dt_h,
        )  # fmt: skip
        dug = np.unique(extra["dig"][: self.population.n])
        dug = dug[dug >= 0]
        gone = dug[(s.world.mineral[dug] <= 1e-6) & (s.world.ground[dug] == BONE)]
        if len(gone):
            bone.resorbed(s.world, gone)
            s.count("resorbed_sites", len(gone))
            s.bone_changed = True
        for intent in (MOVE, GROW):
            rows = self.rows_that(intent)
            parts = self.cells.own_c[rows].astype(np.int64)
            left = extra["footprint"][rows, parts]
            s.world.occupant[left[left >= 0]] = 0
            extra["footprint"][rows, parts] = self.cells.target[rows]
            s.world.occupant[self.cells.target[rows]] = OSTEOCLAST
        n = self.population.n
        self.cells.site[:n] = extra["footprint"][:n].max(axis=1)
        dying = extra["footprint"][self.rows_that(DIE)]
        s.world.occupant[dying[dying >= 0]] = 0
        self.bury(s)

    def take_nuclei(self, s: Surroundings, sites: np.ndarray) -> None:
        """Each of these sites, part of an osteoclast, took in a precursor."""
        footprint = self.population.extra["footprint"][: self.population.n]
        for site in sites:
            owner = np.flatnonzero((footprint == site).any(axis=1))
            most = self.rates.nuclei_max
            self.cells.own_a[owner] = np.minimum(self.cells.own_a[owner] + 1.0, most)

    def found(self, s: Surroundings, precursors: Tissue, rows: np.ndarray) -> None:
        """Committed precursors settle on bone as mononuclear osteoclasts."""
        if len(rows) == 0:
            return
        mothers = precursors.cells
        uids = child_uids(mothers.uid[rows], s.seed, s.step)
        sites = mothers.target[rows]
        new = self.population.add(
            uid=uids, parent=mothers.uid[rows], clone=mothers.clone[rows], site=sites, nuclei=1.0,
            life_left_h=lifespans(uids, self.rates, s.seed),
        )  # fmt: skip
        self.population.copy_signals(new, rows, precursors.population)
        self.population.extra["footprint"][new, 0] = sites
        s.world.occupant[sites] = OSTEOCLAST
