"""Osteoclast lineage: precursors commit, fuse on bone, resorb its front, and die.

An osteoclast covers up to FOOTPRINT sites of 10 um. Each part digs one neighbouring bone site; the
parts follow the front they make. RANKL acts by contact and as soluble form, both less OPG.
"""

import numpy as np

from .. import bone, marrow
from ..fields import MCSF, OPG, RANKL
from ..genes import Genes
from ..marrow import (
    BONE,
    OSTEOCLAST,
    World,
    climb_free,
    contact_rankl,
    nearest_within,
    pick_free,
    step_towards,
    takes_lining,
)
from ..mtor import Reference, Signals, lip_share
from ..numerics.chance import luck_of, standard_normal, uniform_from
from ..numerics.compiled import kernel, making_kernel, rule
from ..numerics.response import happens, hill2
from ..parameters import Group, number, tuple_type
from .population import CAUSE, DIE, MOVE, SPECIAL, STAY, Cells, CellType
from .sensing import Receptors
from .settling import apply_moves
from .tissue import Surroundings, Tissue, child_uids

FOOTPRINT = 5  # sites [found: Moffitt HAL source, 5 precursors; A(BM)2 3-5 sites]
FUSE, FOUND = SPECIAL, SPECIAL + 1  # what a committed precursor can do on bone
GROW = SPECIAL  # an osteoclast spreads to one more site

PRECURSOR = CellType(
    "osteoclast_precursor", marrow.PRECURSOR, ("monocyte", "committed"),
    "osteoclast precursor",
)  # fmt: skip
OSTEOCLAST_TYPE = CellType(
    "osteoclast", OSTEOCLAST, ("mononuclear", "mature"), "osteoclast",
    own={
        "nuclei": ("own_a", "precursors fused into the cell"),
        "lifespan_h": ("own_b", "age at which it would die untreated"),
        "part": ("own_c", "part of the footprint its intent is about"),
    },
    extra={"footprint": (FOOTPRINT, np.int64, -1), "dig": (FOOTPRINT, np.int64, -1)},
)  # fmt: skip
MONOCYTE, COMMITTED = range(2)
MONONUCLEAR, MATURE = range(2)


# fmt: off
class OsteoclastParameters(Group):
    """Numbers of precursors and osteoclasts."""

    precursors_per_mm2: float = number(
        200.0, "1/mm2", "monocytes able to become osteoclasts", "assumed", low=0, high=5000,
        what="density of precursors that blood keeps up",
    )
    precursor_lifetime_h: float = number(
        240.0, "h", "10 d in marrow", "assumed", low=1, high=5000, what="mean stay of a precursor"
    )
    precursor_motility_um2_per_min: float = number(
        0.3, "um2/min", "Moffitt HAL source 0.1 x 3.0", "found", low=0, high=10,
        what="random motility",
    )
    precursor_bias: float = number(
        0.5, "1", "precursors gather where RANKL is", "assumed", low=0, high=1,
        what="share of steps up soluble RANKL",
    )
    commitment_rate_per_h: float = number(
        1.0 / 24, "1/h", "0.1-1 per day; Moffitt HAL source 1/4320 min; upper end by target T13",
        "fitted", low=0, high=1,
        what="highest rate of commitment and fusion",
    )
    fusion_rate_per_h: float = number(
        0.1, "1/h", "fusion in contact takes hours", "assumed", low=0, high=5,
        what="fusion with an osteoclast in contact",
    )
    rankl_half_nM: float = number(
        0.4, "nM", "10-20 ng/mL in culture", "recalled", low=0.001, high=10,
        what="free soluble RANKL for half its signal",
    )
    membrane_share: float = number(
        0.8, "1", "Asano 2019; Xiong 2018: soluble form not needed for normal bone", "recalled",
        low=0, high=1, what="share of the RANKL signal by contact",
    )
    signal_half: float = number(
        0.35, "1", "quiet bone lies well below, an active site above", "assumed", low=0.01, high=1,
        what="RANKL signal for half commitment (Hill 2)",
    )
    opg_kd_nM: float = number(
        1.0, "nM", "Lemaire 2004 k2/k1 = 1000 pM", "computed", low=1e-3, high=100,
        what="OPG that halves free RANKL",
    )
    mcsf_half_nM: float = number(
        0.05, "nM", "receptor EC50 near 0.1 nM", "assumed", low=0.001, high=10,
        what="M-CSF for half commitment",
    )
    commitment_without_s6k: float = number(
        0.3, "1", "Glantschnig 2003, Dai 2017 give the sign", "assumed", low=0, high=3,
        what="commitment left without S6K",
    )
    lip_weight: float = number(
        1.0, "1", "Smink 2009; 0 leaves LIP and MafB out (switch V3)", "assumed", low=0, high=1,
        what="share of commitment that follows LIP",
    )
    founding_distance_um: float = number(
        90.0, "um", "one osteoclast per pit; precursors gather round it", "assumed", low=0,
        high=100, what="precursors this close to an osteoclast go to it rather than found another",
    )
    nuclei_to_resorb: int = number(
        3, "1", "multinucleate cells resorb; 3-5", "found", low=1, high=20,
        what="nuclei needed to resorb",
    )
    nuclei_max: int = number(
        10, "1", "5-20 in vivo", "recalled", low=1, high=100, what="most nuclei of one osteoclast"
    )
    lifespan_h: float = number(
        14 * 24.0, "h", "14 d, Moffitt HAL source", "found", low=1, high=2000, what="mean lifespan"
    )
    lifespan_sd_h: float = number(
        2.3 * 24.0, "h", "SD 2.3 d, Moffitt HAL source", "found", low=0, high=500,
        what="spread of the lifespan",
    )
    starvation_rate_per_h: float = number(
        0.0289, "1/h", "half-life 24 h without RANKL or M-CSF", "recalled", low=0, high=1,
        what="death without RANKL",
    )
    survival_half: float = number(
        0.1, "1", "survival needs less RANKL than formation", "assumed", low=0.001, high=1,
        what="RANKL signal for half survival",
    )
    death_without_s6k: float = number(
        1.0, "1", "Glantschnig 2003: mTORC1/S6K inhibits apoptosis; size assumed (c = 1)",
        "assumed", low=-1, high=10, what="rise of death without S6K",
    )
    resorption_um_per_day: float = number(
        10.0, "um/d", "Moffitt 10; A(BM)2 7-14", "found", low=0, high=50, what="speed of the front"
    )
    resorption_base: float = number(
        0.3, "1", "unstimulated activity", "assumed", low=0, high=1, what="activity without RANKL"
    )
    resorption_on_s6k: float = number(
        0.6, "1", "target T29: everolimus IC50 on pits 0.6-4 nM, below that on number", "assumed",
        low=0, high=1, what="share of the activity that needs S6K",
    )
    bisphosphonate_lifespan: float = number(
        1.0, "1", "Moffitt HAL source: lifespan x 1/(1 + dose/0.1)", "found", low=0, high=100,
        what="loss of lifespan per bisphosphonate eaten",
    )
    bisphosphonate_slowing: float = number(
        1.0, "1", "Moffitt HAL source: resorption time x 2 at full dose", "found", low=0, high=10,
        what="slowing of resorption at a saturating dose",
    )
# fmt: on


OsteoclastRates = tuple_type("OsteoclastRates", OsteoclastParameters, __name__)


@rule
def rankl_signal(site, world, p):
    """RANKL not bound by OPG or a drug, by contact (most of it) and as soluble form, 0..1."""
    decoy = 1.0 + float(world.level[OPG, site]) / p.opg_kd_nM + float(world.rankl_trap[site])
    soluble = float(world.level[RANKL, site]) / decoy
    contact = min(1.0, float(contact_rankl(site, world)) * 2.0 / decoy)
    dissolved = soluble / (soluble + p.rankl_half_nM)
    return p.membrane_share * contact + (1.0 - p.membrane_share) * dissolved


@rule
def commitment_rate(signal, mcsf_nM, s6k, p4ebp1, p, ref):
    """RANKL and M-CSF commit precursors through mTORC1/S6K (Glantschnig 2003) and LIP (Smink 2009).

    LIP suppresses MafB, the inhibitor of the osteoclast programme, so the rate carries LIP's share.
    """
    lip = 1.0 - p.lip_weight + p.lip_weight * lip_share(p4ebp1) / lip_share(ref.p4ebp1)
    left = p.commitment_without_s6k
    grown = mcsf_nM / (mcsf_nM + p.mcsf_half_nM)
    return (
        p.commitment_rate_per_h * hill2(signal, p.signal_half) * grown * lip
        * (left + (1.0 - left) * s6k / ref.s6k)
    )  # fmt: skip


@rule
def starvation_rate(signal, s6k, p, ref):
    """Osteoclasts die within days without RANKL, sooner without mTORC1/S6K (Glantschnig 2003)."""
    unfed = 1.0 - hill2(signal, p.survival_half)
    return p.starvation_rate_per_h * unfed * without_s6k(s6k, p, ref)


@rule
def without_s6k(s6k, p, ref):
    """Death rises as S6K falls: 1 + c (1 - S~)."""
    return 1.0 + p.death_without_s6k * max(0.0, 1.0 - s6k / ref.s6k)


@rule
def resorption_per_h(signal, s6k, bound_drug, p, ref, step_um):
    """Sites of bone a part takes per hour: RANKL and S6K drive it, bisphosphonate slows it."""
    driven = p.resorption_base + (1.0 - p.resorption_base) * signal
    carried = 1.0 - p.resorption_on_s6k * max(0.0, 1.0 - s6k / ref.s6k)
    slowed = 1.0 + p.bisphosphonate_slowing * bound_drug / (1.0 + bound_drug)
    return p.resorption_um_per_day / 24.0 / step_um * driven * carried / slowed


@rule
def drawn_lifespan(seed, uid, p):
    """Lifespan of an osteoclast: normal, cut at half and twice the mean (Moffitt HAL source)."""
    life = p.lifespan_h + p.lifespan_sd_h * standard_normal(seed, uid, 0, 40)
    return min(max(life, 0.5 * p.lifespan_h), 2.0 * p.lifespan_h)


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
def decide_precursors(
    n: int, cells: Cells, signals: Signals, world: World, p: OsteoclastRates, ref: Reference,
    disc: np.ndarray, reach: int, step_um: float, seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Precursors wander, commit under RANKL and M-CSF, then fuse with or found an osteoclast."""
    walk = 4.0 * p.precursor_motility_um2_per_min * 60.0 / (step_um * step_um)
    for i in range(n):
        site = cells.site[i]
        luck = luck_of(seed, cells.uid[i], step)
        cells.intent[i] = STAY
        cells.target[i] = -1
        if happens(uniform_from(luck, 41), 1.0 / p.precursor_lifetime_h, dt_h):
            cells.intent[i] = DIE
            cells.cause[i] = 1
            continue
        if cells.state[i] == MONOCYTE:
            signal = rankl_signal(site, world, p)
            mcsf = float(world.level[MCSF, site])
            rate = commitment_rate(
                signal, mcsf, float(signals.s6k[i]), float(signals.p4ebp1[i]), p, ref
            )
            if happens(uniform_from(luck, 42), rate, dt_h):
                cells.next_state[i] = COMMITTED
                continue
        else:
            partner = -1
            ground = -1
            for offset in world.near:
                there = site + offset
                if world.occupant[there] == OSTEOCLAST:
                    partner = there
                if takes_lining(there, world):
                    ground = there
            if partner >= 0:
                if happens(uniform_from(luck, 43), p.fusion_rate_per_h, dt_h):
                    cells.intent[i] = FUSE
                    cells.target[i] = partner
                continue
            beacon = nearest_within(site, disc, reach, OSTEOCLAST, world)
            if beacon == 0 and ground >= 0:
                if happens(uniform_from(luck, 44), p.fusion_rate_per_h, dt_h):
                    cells.intent[i] = FOUND
                    cells.target[i] = ground
                continue
            if beacon != 0 and happens(uniform_from(luck, 45), walk, dt_h):
                cells.target[i] = step_towards(site, beacon, reach, world)
                if cells.target[i] >= 0:
                    cells.intent[i] = MOVE
                    continue
        if happens(uniform_from(luck, 45), walk, dt_h):
            up = -1
            if uniform_from(luck, 46) < p.precursor_bias:
                up = climb_free(site, RANKL, world)
            if up < 0:
                up = pick_free(site, uniform_from(luck, 47), world)
            cells.target[i] = up
            if up >= 0:
                cells.intent[i] = MOVE


@kernel
def decide_osteoclasts(
    n: int, cells: Cells, footprint: np.ndarray, dig: np.ndarray, signals: Signals, world: World,
    p: OsteoclastRates, ref: Reference, seed: int, step: int, dt_h: float,
) -> None:  # fmt: skip
    """Osteoclasts choose what to dig, follow the front, spread, or die."""
    for i in range(n):
        luck = luck_of(seed, cells.uid[i], step)
        cells.intent[i] = STAY
        cells.target[i] = -1
        cells.next_state[i] = MATURE if cells.own_a[i] >= p.nuclei_to_resorb else MONONUCLEAR
        s6k = float(signals.s6k[i])
        signal = best_signal(footprint[i], world, p)
        if cells.age_h[i] * without_s6k(s6k, p, ref) > cells.own_b[i]:
            cells.intent[i] = DIE
            cells.cause[i] = 4
            continue
        if happens(uniform_from(luck, 48), starvation_rate(signal, s6k, p, ref), dt_h):
            cells.intent[i] = DIE
            cells.cause[i] = 5
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


@rule
def best_signal(parts, world, p):
    """RANKL signal of a multinucleate cell: the strongest over its parts."""
    best = 0.0
    for part in range(parts.shape[0]):
        if parts[part] >= 0:
            best = max(best, rankl_signal(parts[part], world, p))
    return best


@kernel
def resorb(
    n: int, cells: Cells, footprint: np.ndarray, dig: np.ndarray, signals: Signals, world: World,
    p: OsteoclastRates, ref: Reference, step_um: float, dt_h: float,
) -> float:  # fmt: skip
    """Take mineral from sites being dug; their bisphosphonate shortens life. Returns sites."""
    taken = 0.0
    for i in range(n):
        if cells.intent[i] == DIE:
            continue
        signal = best_signal(footprint[i], world, p)
        for part in range(footprint.shape[1]):
            front = dig[i, part]
            if front < 0:
                continue
            drug = float(world.antiresorptive[front])
            rate = resorption_per_h(signal, float(signals.s6k[i]), drug, p, ref, step_um)
            amount = min(rate * dt_h, float(world.mineral[front]))
            world.mineral[front] -= amount
            taken += amount
            cells.age_h[i] += p.bisphosphonate_lifespan * drug * dt_h / footprint.shape[1]
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

    def __init__(self, parameters: Group, genes: Genes, susceptible: float = 0.0) -> None:
        """C/EBP-beta is the source of LIP: its dosage scales commitment as far as LIP matters."""
        super().__init__(parameters, genes, susceptible)
        share = 1.0 - self.rates.lip_weight * (1.0 - genes.CEBPB)
        self.rates = self.rates._replace(
            commitment_rate_per_h=self.rates.commitment_rate_per_h * share
        )

    def receptors(self) -> Receptors:
        """M-CSF and RANKL."""
        return Receptors(base=0.3, mcsf=0.5, rankl=0.3)

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


class OsteoclastTissue(Tissue):
    """Osteoclasts, each over several sites."""

    kind = OSTEOCLAST_TYPE
    parameters = OsteoclastParameters
    rates_type = OsteoclastRates

    def receptors(self) -> Receptors:
        """M-CSF and RANKL."""
        return Receptors(base=0.3, mcsf=0.5, rankl=0.3)

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
            lifespan_h=lifespans(uids, self.rates, s.seed),
        )  # fmt: skip
        self.population.copy_signals(new, rows, precursors.population)
        self.population.extra["footprint"][new, 0] = sites
        s.world.occupant[sites] = OSTEOCLAST
