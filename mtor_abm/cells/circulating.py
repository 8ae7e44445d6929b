"""Circulating tumour cells: detached, they die of anoikis unless mTORC2 and autophagy hold them.

Each is an agent with its own network: no integrin contact, no CXCL12, few growth factors, drug at
the level of plasma. It lives on a store of energy that poor blood lets run down and that autophagy
fills up again. Those that pass marrow sinusoids may stop there by CXCR4 and CXCL12; they enter or
die.
"""

import numpy as np

from ..fields import CXCL12
from ..marrow import World, pick_free
from ..mtor import Signals, advance_network
from ..numerics.chance import luck_of, uniform_from
from ..numerics.compiled import kernel, rule
from ..numerics.response import happens
from ..parameters import Group, number, tuple_type
from .draws import (
    CIRCULATING_CAUSE,
    CIRCULATING_DEATH,
    CIRCULATING_DOOR,
    CIRCULATING_EXTRAVASATES,
    CIRCULATING_SITE,
    CIRCULATING_STOPS,
)
from .population import CAUSE, DIE, SPECIAL, STAY, Cells, CellType
from .sensing import Receptors, occupancy
from .tissue import Surroundings, Tissue, child_uids

ARRIVE = SPECIAL
ANOIKIS, STARVATION = CAUSE["anoikis"], CAUSE["starvation"]
EXTRAVASATION = CAUSE["extravasation"]

CIRCULATING = CellType(
    "circulating", 10, ("detached",), "circulating tumour cell",
    own={
        "missing_energy": ("own_a", "energy missing from its store, 0 full to 1 empty"),
        "emt": ("own_b", "EMT score with which it left the primary"),
    },
)  # fmt: skip


# fmt: off
class CirculatingParameters(Group):
    """Numbers of tumour cells in blood."""

    growth_factor: float = number(
        0.2, "1", "low in blood; input of the network's check table", "assumed", low=0, high=1,
        what="growth factor input in blood",
    )
    amino_acids: float = number(
        0.8, "1", "venous blood is poor in nutrients (the review)", "assumed", low=0, high=1,
        what="amino acids in blood, 1 is plenty",
    )
    energy: float = number(
        0.8, "1", "venous blood is poor in nutrients (the review)", "assumed", low=0, high=1,
        what="energy in blood, 1 is plenty",
    )
    anoikis_rate_per_h: float = number(
        0.58, "1/h", "target T68: half-life 1.7 h (1-2.4) in the detached state", "fitted",
        low=0, high=10, what="death rate with FOXO fully on and no autophagy",
    )
    autophagy_protection: float = number(
        0.5, "1", "share of death autophagy can prevent", "assumed", low=0, high=1,
        what="protection by full autophagy",
    )
    energy_use_per_h: float = number(
        0.5, "1/h", "ATP and glycogen last a cell for hours", "assumed", low=0, high=10,
        what="rate at which the energy store goes to what blood supplies",
    )
    autophagy_refill_per_h: float = number(
        0.5, "1/h", "as use, so that autophagy can carry a starved cell", "assumed", low=0, high=10,
        what="rate at which full autophagy fills the energy store",
    )
    starvation_rate_per_h: float = number(
        0.6, "1/h", "as anoikis", "assumed", low=0, high=10,
        what="death rate with an empty energy store",
    )
    starvation_half: float = number(
        0.3, "1", "as energy that halves AMPK", "assumed", low=0.01, high=1,
        what="energy store for half that death rate",
    )
    s473_on_erk: float = number(
        0.6, "1", "weight of the ERK arm in docs/network.md", "assumed", low=0, high=1,
        what="share of ERK that AKT S473 blocks through c-Raf",
    )
    erk_weight: float = number(
        1.0, "1", "switch V7: +1 (the review) or -1 (textbook); 0 leaves ERK out", "assumed",
        low=-1, high=1, what="how ERK changes anoikis",
    )
    capture_rate_per_h: float = number(
        0.05, "1/h", "share of the body's capillary passes through this piece of marrow", "assumed",
        low=0, high=10, what="rate at which a cell stops in this marrow at full CXCR4 signal",
    )
    capture_base: float = number(
        0.1, "1", "mechanical arrest without CXCR4", "assumed", low=0, high=1,
        what="share of capture without CXCR4",
    )
    capture_on_itgb3: float = number(
        0.5, "1", "sign: Felding-Habermann 2001 (alphavbeta3 arrests cells in flowing blood) "
        "[recalled]", "assumed", low=0, high=1, what="share of capture by integrin beta3",
    )
    extravasation: float = number(
        0.8, "1", "0.2-0.9, Luzzi 1998; Cameron 2000", "recalled", low=0, high=1,
        what="share of stopped cells that live through extravasation, AKT at work; the rest die",
    )
    extravasation_s473_half: float = number(
        0.1, "1", "below the 0.22 that a detached cell keeps", "assumed", low=0, high=1,
        what="AKT S473 at which half of the stopped cells survive extravasation; 0 for all",
    )
# fmt: on


CirculatingRates = tuple_type("CirculatingRates", CirculatingParameters, __name__)


@rule
def anoikis_rate(foxo, autophagy, s473, growth_factor, p):
    """AKT S473 holds FOXO3a off and so delays anoikis; autophagy protects; ERK by switch V7."""
    erk = (1.0 - p.s473_on_erk * s473) * growth_factor
    rate = p.anoikis_rate_per_h * foxo * (1.0 - p.autophagy_protection * autophagy)
    return rate * max(0.0, 1.0 + p.erk_weight * erk)


@rule
def missing_energy_change(missing, supply, autophagy, p):
    """Poor blood runs the energy store down, autophagy fills it up (the review, S1.2-5); 1/h."""
    lost = p.energy_use_per_h * (1.0 - supply - missing)
    return lost - p.autophagy_refill_per_h * autophagy * missing


@rule
def starvation_rate(missing, p):
    """A cell whose store is nearly empty dies; steep (power 4), as AMPK in energy."""
    r = (1.0 - missing) / p.starvation_half
    r2 = r * r
    return p.starvation_rate_per_h / (1.0 + r2 * r2)


@rule
def capture_rate(cxcr4_signal, p):
    """CXCR4 on CXCL12 of the sinusoid stops circulating cells (Muller 2001; Taichman 2002)."""
    return p.capture_rate_per_h * (p.capture_base + (1.0 - p.capture_base) * cxcr4_signal)


@rule
def arrest_by_integrin(itgb3, p):
    """Integrin alphavbeta3 holds cells on the vessel wall in flow (Felding-Habermann 2001)."""
    return 1.0 - p.capture_on_itgb3 + p.capture_on_itgb3 * itgb3


@rule
def extravasating_share(s473, p):
    """Only cells with AKT S473 above a threshold live through extravasation (claim S1.2-2).

    Share of stopped cells that do; the others die. The threshold is soft: power 4, as of the other
    switches of the network.
    """
    s2 = s473 * s473
    half2 = p.extravasation_s473_half * p.extravasation_s473_half
    if half2 == 0.0:
        return p.extravasation
    return p.extravasation * s2 * s2 / (s2 * s2 + half2 * half2)


@kernel
def decide_circulating(
    n: int, cells: Cells, signals: Signals, world: World, doors: np.ndarray, cxcr4: float,
    itgb3: float, cxcr4_block: np.ndarray, cxcl12_kd_nM: float, p: CirculatingRates, seed: int,
    step: int, dt_h: float,
) -> None:  # fmt: skip
    """Each circulating cell dies, stops at a perfused vessel site (a door), or goes round again.

    One that stops enters the marrow or dies there; where the marrow has no room it goes on.

    Args:
        doors: int64 (n_doors,), perfused vessel sites.
        cxcr4, itgb3: dosage of CXCR4 and of integrin beta3.
        cxcr4_block: antagonist at each site, float32 (n_sites,).
    """
    for i in range(n):
        luck = luck_of(seed, cells.uid[i], step)
        cells.intent[i] = STAY
        cells.target[i] = -1
        autophagy = float(signals.autophagy[i])
        missing = float(cells.own_a[i])
        change = missing_energy_change(missing, p.energy, autophagy, p)
        missing = min(max(missing + change * dt_h, 0.0), 1.0)
        cells.own_a[i] = missing
        s473 = float(signals.akt_s473[i])
        anoikis = anoikis_rate(
            float(signals.foxo[i]), autophagy, s473, float(signals.growth_factor[i]), p
        )
        starving = starvation_rate(missing, p)
        if happens(uniform_from(luck, CIRCULATING_DEATH), anoikis + starving, dt_h):
            cells.intent[i] = DIE
            hungry = uniform_from(luck, CIRCULATING_CAUSE) * (anoikis + starving) < starving
            cells.cause[i] = STARVATION if hungry else ANOIKIS
            continue
        if len(doors) == 0:
            continue
        door = doors[int(uniform_from(luck, CIRCULATING_DOOR) * len(doors))]
        bound = occupancy(float(world.level[CXCL12, door]), cxcl12_kd_nM)
        felt = min(1.0, cxcr4 * bound / (1.0 + float(cxcr4_block[door])))
        stopping = capture_rate(felt, p) * arrest_by_integrin(itgb3, p)
        if not happens(uniform_from(luck, CIRCULATING_STOPS), stopping, dt_h):
            continue
        if uniform_from(luck, CIRCULATING_EXTRAVASATES) >= extravasating_share(s473, p):
            cells.intent[i] = DIE
            cells.cause[i] = EXTRAVASATION
            continue
        cells.target[i] = pick_free(door, uniform_from(luck, CIRCULATING_SITE), world)
        if cells.target[i] >= 0:
            cells.intent[i] = ARRIVE


class CirculatingTissue(Tissue):
    """Tumour cells in blood."""

    kind = CIRCULATING
    parameters = CirculatingParameters
    rates_type = CirculatingRates
    genes_used = ("CXCR4", "ITGB3")

    def receptors(self) -> Receptors:
        """No contact and no chemokine in blood."""
        return Receptors(base=self.rates.growth_factor, integrin=0.0)

    def signal(self, s: Surroundings) -> None:
        """Network in suspension, with drug at its plasma level."""
        n, signals = self.population.n, self.population.signals
        if n == 0:
            return
        blood = s.exposure[self.kind.name]
        signals.growth_factor[:n] = self.rates.growth_factor
        signals.cxcr4[:n] = 0.0
        signals.integrin[:n] = 0.0
        signals.oxygen[:n] = 1.0
        signals.rapalog[:n] = blood.rapalog[0]
        signals.kinase1[:n] = blood.kinase1[0]
        signals.kinase2[:n] = blood.kinase2[0]
        advance_network(
            n, signals, self.dosage, self.rates.amino_acids, self.rates.energy, s.network, s.dt_h
        )

    def decide(self, s: Surroundings) -> None:
        """Die, stop at the marrow, or go on."""
        blood = s.exposure[self.kind.name]
        decide_circulating(
            self.population.n, self.cells, self.population.signals, s.world, s.doors,
            self.genes.CXCR4, self.genes.ITGB3, blood.cxcr4_block, s.sensing.cxcl12_kd_nM,
            self.rates, s.seed, s.step, s.dt_h,
        )  # fmt: skip

    def apply(self, s: Surroundings) -> None:
        """Enter the marrow or leave the blood."""
        self.take_up_states(s)
        rows = self.rows_that(ARRIVE)
        if len(rows):
            guests = s.tissues["tumour"].population
            new = guests.add(
                uid=child_uids(self.cells.uid[rows], s.seed, s.step),
                parent=self.cells.uid[rows],
                clone=self.cells.clone[rows],
                site=self.cells.target[rows],
                emt=self.cells.own_b[rows],
            )
            guests.copy_signals(new, rows, self.population)
            s.world.occupant[self.cells.target[rows]] = guests.kind.code
            s.events.add(s.time_h, "arrival", guests, np.arange(new.start, new.stop))
            s.count("arrivals", len(rows))
        dead = self.rows_that(DIE)
        s.events.add(s.time_h, "death", self.population, dead)
        s.count("deaths_circulating", len(dead))
        gone = np.zeros(self.population.n, dtype=bool)
        gone[rows] = True
        gone[dead] = True
        self.population.remove(gone)
