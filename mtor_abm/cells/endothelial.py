"""Endothelium: stable sinusoids and arterioles, sprouting tips, stalks, anastomosis, regression.

States: `stable` (mature, TSP-1 positive), `sprout` (stalk), `tip`. A tip climbs VEGF and
leaves a stalk behind. A sprout that meets another vessel lets blood through and matures; one that
does not, regresses without VEGF. Tumour closes the sinusoids it walls in unless VEGF keeps them.
Vessels are a layer of their own: sprouts pass between cells.
"""

import numpy as np

from ..fields import ANGIOGENIC, CXCL12, VEGF
from ..marrow import (
    BONE,
    NO_VESSEL,
    OSTEOBLAST,
    SPROUT,
    STABLE,
    TIP,
    TUMOUR,
    WALL,
    World,
    any_vessel_within,
    steps_per_h,
    vessel_share_within,
)
from ..mtor import Reference, Signals
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel, rule, woven_rule
from ..numerics.response import happens, hill, takes_step
from ..parameters import Group, number, tuple_type
from .draws import (
    SPROUT_MATURES,
    SPROUT_REGRESSES,
    TIP_ADVANCES,
    VESSEL_COLLAPSES,
    VESSEL_SPROUTS,
    moved_on,
)
from .population import CAUSE, DIE, DIVIDE, MOVE, STAY, Cells, CellType
from .sensing import Receptors
from .settling import has_moved
from .tissue import Surroundings, Tissue, child_uids

ENDOTHELIAL = CellType(
    "endothelial", 9, ("stable", "sprout", "tip"), "endothelial cell: 10 um of vessel",
    own={
        "arteriole": ("own_a", "1 if the segment is an arteriole, an inlet of blood"),
        "length": ("own_b", "sites from the origin of its sprout"),
    },
)  # fmt: skip
STATE_STABLE, STATE_SPROUT, STATE_TIP = range(3)
NO_VEGF, CO_OPTED = CAUSE["no_vegf"], CAUSE["co_opted"]


# fmt: off
class EndothelialParameters(Group):
    """Numbers of the vessels."""

    one_whole = (("speed_on_s6k", "speed_on_mtorc2"),)

    spacing_um: float = number(
        80.0, "um", "distance between sinusoids 40-120 um, Nombela-Arrieta 2013", "recalled",
        low=30, high=400, what="spacing of the first network",
    )
    area_fraction: float = number(
        0.13, "1", "marrow 0.06-0.30", "recalled", low=0.01, high=0.5,
        what="share of marrow sites that are vessel at the start",
    )
    arteriole_share: float = number(
        0.05, "1", "few arterioles, near the endosteum", "assumed", low=0.001, high=0.5,
        what="share of vessel sites that are arterioles",
    )
    tip_rate_per_h: float = number(
        0.05, "1/h", "Dll4-Notch selection, 0.01-0.1", "assumed", low=0, high=1,
        what="tip selection per site at saturating VEGF",
    )
    tip_vegf_power: float = number(
        4.0, "1", "keeps a healthy marrow quiet", "assumed", low=1, high=8,
        what="steepness of tip selection in VEGF",
    )
    tip_spacing_um: float = number(
        40.0, "um", "lateral inhibition by Dll4-Notch", "assumed", low=0, high=40,
        what="least distance between tips",
    )
    crowded_share: float = number(
        0.25, "1", "tumour vessels seldom fill more than a fifth of a section", "assumed", low=0,
        high=1, what="share of vessel within the spacing of tips that ends sprouting there",
    )
    sprout_speed_um_per_h: float = number(
        5.0, "um/h", "corneal assay 0.1-0.3 mm/d", "recalled", low=0, high=50, what="speed of a tip"
    )
    vegf_half_nM: float = number(
        0.3, "nM", "about 10 ng/mL", "recalled", low=0.01, high=10, what="VEGF for half response"
    )
    speed_on_s6k: float = number(
        0.3, "1", "Guba 2002: rapamycin blocks tubes", "assumed", low=0, high=1,
        what="share of tip speed by S6K",
    )
    speed_on_mtorc2: float = number(
        0.3, "1", "Wang 2015: endothelial mTORC2", "assumed", low=0, high=1,
        what="share of tip speed by mTORC2",
    )
    maturation_rate_per_h: float = number(
        1 / 120, "1/h", "5 d to pericyte cover", "assumed", low=0, high=1,
        what="perfused sprout to stable vessel",
    )
    regression_rate_per_h: float = number(
        1 / 48, "1/h", "2 d, VEGFR block, Mancuso 2006", "recalled", low=0, high=1,
        what="loss of an immature site without VEGF",
    )
    other_weight: float = number(
        0.3, "1", "FGF, PDGF and TGF-alpha beside VEGF: what a VEGF block leaves", "assumed", low=0,
        high=1, what="weight of the other angiogenic factors",
    )
    collapse_rate_per_h: float = number(
        1 / 96, "1/h", "days: cancer cells compress vessels (Padera 2004), co-opted ones regress "
        "(Holash 1999)", "assumed", low=0, high=1,
        what="loss of a sinusoid walled in by tumour without VEGF",
    )
    survival_half_nM: float = number(
        0.1, "nM", "survival asks for less than sprouting does", "assumed", low=0.001, high=10,
        what="VEGF for half protection of a vessel within tumour",
    )
    survival_on_akt: float = number(
        1.0, "1", "VEGF keeps endothelium alive through PI3K and AKT (Gerber 1998)", "assumed",
        low=0, high=1, what="share of that protection that FOXO takes away",
    )
    foxo_death_rate_per_h: float = number(
        0.01, "1/h", "endothelial death rises with FOXO", "assumed", low=0, high=1,
        what="loss of an immature site with FOXO fully on",
    )
    anastomosis_length_sites: int = number(
        3, "1", "a sprout cannot join its own root at once", "assumed", low=1, high=50,
        what="shortest sprout that can join the first network",
    )
    cxcl12_nM_per_s: float = number(
        0.01, "nM/s", "less than CAR cells (Greenbaum 2013; Ding and Morrison 2013)", "assumed",
        low=0, high=10, what="CXCL12 made by one vessel site",
    )
    vegf_uptake_per_s: float = number(
        1e-3, "1/s", "receptor uptake, VEGFR1 and 2", "assumed", low=0, high=1,
        what="VEGF taken up by one vessel site",
    )
    vegf_base: float = number(
        0.5, "1", "flow and serum keep resting endothelium alive", "assumed", low=0, high=1,
        what="growth factor input without VEGF",
    )
    vegf_weight: float = number(
        0.6, "1", "VEGFR2 to PI3K", "assumed", low=0, high=1,
        what="weight of VEGF in growth factors",
    )
# fmt: on


EndothelialRates = tuple_type("EndothelialRates", EndothelialParameters, __name__)


@rule
def tip_selection_rate(vegf_nM, p):
    """VEGF selects tips (Gerhardt 2003), steeply, so that stable vessels stay quiet at low VEGF."""
    return p.tip_rate_per_h * hill(vegf_nM, p.vegf_half_nM, p.tip_vegf_power)


@woven_rule
def has_room_for_tip(site, disc, reach, world, p):
    """Tips keep each other off by Dll4-Notch (Gerhardt 2003), and tissue full of vessels none.

    The second half is assumed: in the section nothing else ends the race of VEGF and vessels.
    """
    if any_vessel_within(site, disc, reach, TIP, world):
        return False
    return vessel_share_within(site, disc, reach, world) < p.crowded_share


@rule
def tip_speed(vegf_nM, s6k, mtorc2, p, ref):
    """VEGF drives the tip; S6K and mTORC2 carry it (Guba 2002; Wang 2015); um/h."""
    drive = 1.0 - p.speed_on_s6k - p.speed_on_mtorc2
    drive += p.speed_on_s6k * s6k / ref.s6k + p.speed_on_mtorc2 * mtorc2 / ref.mtorc2
    return p.sprout_speed_um_per_h * hill(vegf_nM, p.vegf_half_nM, 1.0) * drive


@woven_rule
def angiogenic_level(site, world, p):
    """VEGF and, with less weight, FGF, PDGF and TGF-alpha, as nM of VEGF (weights add to 1)."""
    others = float(world.level[ANGIOGENIC, site])
    return (1.0 - p.other_weight) * float(world.level[VEGF, site]) + p.other_weight * others


@rule
def collapse_rate(share_tumour, vegf_nM, foxo, p):
    """Tumour closes the vessels it walls in (Padera 2004) unless VEGF keeps them (Holash 1999).

    What keeps them goes through AKT, so FOXO takes it away.
    """
    kept = hill(vegf_nM, p.survival_half_nM, 1.0) * (1.0 - p.survival_on_akt * foxo)
    return p.collapse_rate_per_h * share_tumour * share_tumour * (1.0 - kept)


@woven_rule
def share_of_tumour(site, world):
    """Share of the 8 nearest sites that hold a tumour cell."""
    count = 0
    for k in range(8):
        count += world.occupant[site + world.near[k]] == TUMOUR
    return count / 8.0


@rule
def regression_rate(vegf_nM, foxo, p):
    """Immature vessels need VEGF (Mancuso 2006) and AKT; FOXO kills them."""
    starving = 1.0 - hill(vegf_nM, p.vegf_half_nM, 1.0)
    return p.regression_rate_per_h * starving + p.foxo_death_rate_per_h * foxo


@rule
def next_tip_site(site, world, p):
    """Most VEGF (or its like) among the nearest sites without vessel, bone or bone to be."""
    best = 0.0
    chosen = -1
    for offset in world.near:
        there = site + offset
        if world.ground[there] == WALL or world.ground[there] == BONE:
            continue
        if world.cavity[there] == 1 or world.occupant[there] == OSTEOBLAST:
            continue
        level = angiogenic_level(there, world, p)
        if world.vessel[there] == NO_VESSEL and level > best:
            best = level
            chosen = there
    return chosen


@rule
def meets_vessel(site, root, length, p, world):
    """True beside a vessel of another origin, or of the first network once the sprout is long."""
    for offset in world.near:
        there = site + offset
        if world.vessel[there] == NO_VESSEL or world.root[there] == root:
            continue
        if world.root[there] != 0 or length >= p.anastomosis_length_sites:
            return True
    return False


@kernel
def decide_endothelial(
    n: int, cells: Cells, signals: Signals, world: World, p: EndothelialRates, ref: Reference,
    disc: np.ndarray, reach: int, step_um: float, seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Vessel sites decide to sprout, advance, join, mature or regress."""
    for i in range(n):
        site = cells.site[i]
        luck = luck_of(seed, cells.uid[i], step)
        state = cells.state[i]
        cells.intent[i] = STAY
        cells.target[i] = -1
        vegf = angiogenic_level(site, world, p)
        if state == STATE_STABLE:
            share = share_of_tumour(site, world)
            if share > 0.0 and cells.own_a[i] == 0.0:  # arterioles have a wall of muscle
                lost = collapse_rate(share, vegf, float(signals.foxo[i]), p)
                if happens(uniform_from(luck, VESSEL_COLLAPSES), lost, dt_h):
                    cells.intent[i] = DIE
                    cells.cause[i] = CO_OPTED
                    continue
            rate = tip_selection_rate(vegf, p)
            if rate > 1e-9 and happens(uniform_from(luck, VESSEL_SPROUTS), rate, dt_h):
                if has_room_for_tip(site, disc, reach, world, p):
                    cells.target[i] = next_tip_site(site, world, p)
                    if cells.target[i] >= 0:
                        cells.intent[i] = DIVIDE
            continue
        lost = regression_rate(vegf, float(signals.foxo[i]), p)
        flows = world.perfused[site] == 1
        if state == STATE_SPROUT and flows:
            if happens(uniform_from(luck, SPROUT_MATURES), p.maturation_rate_per_h, dt_h):
                cells.next_state[i] = STATE_STABLE
            continue
        if happens(uniform_from(luck, SPROUT_REGRESSES), lost, dt_h):
            cells.intent[i] = DIE
            cells.cause[i] = NO_VEGF
            continue
        if state == STATE_TIP:
            if meets_vessel(site, world.root[site], cells.own_b[i], p, world):
                cells.next_state[i] = STATE_SPROUT
                continue
            advance(i, cells, signals, vegf, luck, 0, world, p, ref, step_um, dt_h)


@rule
def advance(i, cells, signals, vegf, luck, moves, world, p, ref, step_um, dt_h):
    """The tip aims at its next site if its speed takes it further than the moves it has made."""
    speed = tip_speed(vegf, float(signals.s6k[i]), float(signals.mtorc2[i]), p, ref)
    if takes_step(uniform_from(luck, TIP_ADVANCES), steps_per_h(speed, step_um), dt_h, moves):
        cells.target[i] = next_tip_site(cells.site[i], world, p)
        if cells.target[i] >= 0:
            cells.intent[i] = DIVIDE


@kernel
def advance_on(
    n: int, cells: Cells, signals: Signals, world: World, p: EndothelialRates, ref: Reference,
    step_um: float, seed: int, step: int, dt_h: float, moves: int,
) -> int:  # fmt: skip
    """Tips that have just advanced may aim at a further site; returns how many do."""
    count = 0
    for i in range(n):
        moved = has_moved(i, cells)
        site = cells.site[i]
        if not moved or meets_vessel(site, world.root[site], cells.own_b[i], p, world):
            continue
        vegf = angiogenic_level(site, world, p)
        luck = moved_on(luck_of(seed, cells.uid[i], step), moves)
        advance(i, cells, signals, vegf, luck, moves, world, p, ref, step_um, dt_h)
        count += cells.intent[i] == DIVIDE
    return count


@kernel
def uptake_endothelial(n: int, cells: Cells, world: World, p: EndothelialRates) -> None:
    """Vessel sites take up VEGF and make a little CXCL12."""
    for i in range(n):
        world.uptake[VEGF, cells.site[i]] += p.vegf_uptake_per_s
        world.source[CXCL12, cells.site[i]] += p.cxcl12_nM_per_s


LAYER_OF_STATE = np.array([STABLE, SPROUT, TIP], dtype=np.uint8)


class EndothelialTissue(Tissue):
    """The vessels."""

    kind = ENDOTHELIAL
    parameters = EndothelialParameters
    rates_type = EndothelialRates
    genes_used = ("ITGB3",)

    def receptors(self) -> Receptors:
        """VEGF."""
        return Receptors(base=self.rates.vegf_base, vegf=self.rates.vegf_weight)

    def release(self, s: Surroundings) -> None:
        """CXCL12; uptake of VEGF."""
        uptake_endothelial(self.population.n, self.cells, s.world, self.rates)

    def decide(self, s: Surroundings) -> None:
        """Sprout, advance, join, mature, regress."""
        reach = s.lattice.reach(self.rates.tip_spacing_um)
        decide_endothelial(
            self.population.n, self.cells, self.population.signals, s.world, self.rates,
            s.reference, s.lattice.disc(reach), reach, s.lattice.dx_um, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Extend sprouts, change states, remove what regressed."""
        cells, population = self.cells, self.population
        was = population.column("state").copy()
        changed = self.take_up_states(s)
        joined = changed[was[changed] == STATE_TIP]
        s.events.add(s.time_h, "anastomosis", population, joined)
        self._open(s, joined)
        matured = changed[cells.state[changed] == STATE_STABLE]
        s.events.add(s.time_h, "maturation", population, matured)
        s.world.root[cells.site[matured]] = 0
        mothers = self.dividing()
        if len(mothers):
            self._extend(s, mothers, was)
        self._draw(s)
        cells = self.cells  # extending may have moved the columns
        dead = population.column("intent") == DIE
        if dead.any():
            rows = np.flatnonzero(dead)
            s.events.add(s.time_h, "death", population, rows)
            s.world.vessel[cells.site[rows]] = NO_VESSEL
            s.world.root[cells.site[rows]] = 0
            population.remove(dead)
        s.vessels_changed |= bool(len(changed) or len(mothers) or dead.any())

    def go_on(self, s: Surroundings) -> None:
        """Fast tips, or slow ones in a long step, advance over more than one site."""
        population, moves = self.population, 1
        while advance_on(
            population.n, self.cells, population.signals, s.world, self.rates, s.reference,
            s.lattice.dx_um, s.seed, s.step, s.dt_h, moves,
        ):  # fmt: skip
            self.settle(s)
            self._extend(s, self.dividing(), population.column("state").copy())
            self._draw(s)
            moves += 1

    def _draw(self, s: Surroundings) -> None:
        """Bring the layer of vessels to the states of the cells."""
        cells, n = self.cells, self.population.n
        s.world.vessel[cells.site[:n]] = LAYER_OF_STATE[cells.state[:n]]

    def _open(self, s: Surroundings, joined: np.ndarray) -> None:
        """A sprout that has met another vessel has a way in and a way out: it joins the network.

        So does a sprout that it met, since that one hangs on the network too.
        """
        if len(joined) == 0:
            return
        world = s.world
        around = self.cells.site[joined][:, None] + np.append(world.near, 0)
        opened = np.unique(world.root[around])
        sites = self.population.column("site")
        world.root[sites[np.isin(world.root[sites], opened[opened != 0])]] = 0

    def _extend(self, s: Surroundings, mothers: np.ndarray, was: np.ndarray) -> None:
        """Put a new tip at each target; a tip that moved leaves a stalk and may go on."""
        cells = self.cells
        sites = cells.target[mothers]
        new = self.population.add(
            uid=child_uids(cells.uid[mothers], s.seed, s.step),
            parent=cells.uid[mothers],
            clone=cells.clone[mothers],
            site=sites,
            state=STATE_TIP,
            length=cells.own_b[mothers] + 1.0,
            intent=np.where(was[mothers] == STATE_STABLE, STAY, MOVE),
        )
        cells = self.cells  # adding may have moved the columns
        self.population.copy_signals(new, mothers, self.population)
        begins = was[mothers] == STATE_STABLE
        fresh = np.arange(new.start, new.stop)
        cells.own_b[fresh[begins]] = 1.0
        s.world.root[sites] = np.where(begins, cells.uid[fresh], s.world.root[cells.site[mothers]])
        cells.state[mothers[~begins]] = STATE_SPROUT
        s.events.add(s.time_h, "sprout", self.population, fresh[begins])
