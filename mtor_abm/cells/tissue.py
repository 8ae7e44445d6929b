"""A tissue: the cells of one type, with their numbers, and the phases of a step they take part in.

`Surroundings` is what every tissue shares in a step. Each cell file ends with its tissue, which
only calls the loops of that file in the right phase.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..events import EventLog
from ..fields import FieldState
from ..genes import Genes
from ..marrow import World
from ..mtor import Dosage, Reference, advance_network
from ..numerics.chance import child_uid
from ..numerics.compiled import making_kernel
from ..numerics.lattice import Lattice
from ..parameters import Group, kernel_values
from .population import DIE, DIVIDE, Cells, CellType, Population
from .sensing import Exposure, Receptors, Sensing, sense
from .settling import award, claim, clear_claims

if TYPE_CHECKING:
    from collections.abc import Mapping


NETWORK_GENES = ("RPTOR", "RICTOR", "PTEN")  # genes of the mTOR network


@dataclass
class Surroundings:
    """What the tissues of one model share.

    Attributes:
        lattice, world, fields: the marrow.
        network, reference, sensing: numbers of the mTOR network and of receptors.
        seed, step, dt_h: key of randomness and the step.
        exposure: drug at each site, by tissue name.
        events: the log.
        tissues: all tissues by name.
        doors: perfused sites of sinusoids, where cells leave the blood, int64.
        tally: counts since the start of the run, by name.
    """

    lattice: Lattice
    world: World
    fields: FieldState
    network: Any
    reference: Reference
    sensing: Sensing
    seed: int
    dt_h: float
    events: EventLog
    step: int = 0
    exposure: "Mapping[str, Exposure]" = field(default_factory=dict)
    tissues: "dict[str, Tissue]" = field(default_factory=dict)
    tally: dict[str, float] = field(default_factory=dict)
    formation_speed: float = 1.0
    doors: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    bone_changed: bool = False
    vessels_changed: bool = False

    @property
    def time_h(self) -> float:
        """Time at the end of the current step, h."""
        return (self.step + 1) * self.dt_h

    def count(self, name: str, amount: float) -> None:
        """Add to a tally."""
        self.tally[name] = self.tally.get(name, 0.0) + amount


@making_kernel
def child_uids(mothers: np.ndarray, seed: int, step: int) -> np.ndarray:
    """Identities of the daughters of these mothers in this step."""
    out = np.empty(len(mothers), dtype=np.int64)
    for i in range(len(mothers)):
        out[i] = child_uid(seed, mothers[i], step)
    return out


class Tissue:
    """Cells of one type; subclasses say what happens in each phase.

    Class attributes:
        kind: the CellType. in_marrow: False for cells that circulate.
        parameters: Group of its numbers; rates_type: their tuple type for kernels.
        signals_matter: False for cells without an mTOR network.
        genes_used: genes its own methods ask for, beside those of the network.
    """

    kind: ClassVar[CellType]
    parameters: ClassVar[type[Group]]
    rates_type: ClassVar[Any]
    in_marrow: ClassVar[bool] = True
    signals_matter: ClassVar[bool] = True
    genes_used: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def genes_felt(cls) -> frozenset[str]:
        """Genes whose dosage changes what cells of this type do."""
        network = NETWORK_GENES if cls.signals_matter else ()
        return frozenset((*network, *cls.genes_used))

    def __init__(self, parameters: Group, genes: Genes, susceptible: float = 0.0) -> None:
        self.population = Population(self.kind)
        self.numbers = parameters
        self.rates = kernel_values(self.rates_type, parameters)
        self.genes = genes
        self.dosage = Dosage(genes.RPTOR, genes.RICTOR, genes.PTEN, susceptible)

    def receptors(self) -> Receptors:
        """What the cells listen to."""
        return Receptors(base=0.6)

    @property
    def cells(self) -> Cells:
        """Columns of identity and decision."""
        return self.population.cells

    def release(self, s: Surroundings) -> None:
        """Add sources and uptake to the fields, mark surfaces."""

    def signal(self, s: Surroundings) -> None:
        """Bring the mTOR network of every cell to this hour."""
        if not self.signals_matter or self.population.n == 0:
            return
        signals = self.population.signals
        exposure = s.exposure[self.kind.name]
        receptors = self.receptors()._replace(integrin=self.genes.ITGB3)
        sense(self.population.n, self.cells.site, signals, s.world, exposure, receptors, s.sensing)
        advance_network(self.population.n, signals, self.dosage, 1.0, 1.0, s.network, s.dt_h)

    def begin(self) -> None:
        """Forget the intents of the last step."""
        n = self.population.n
        self.cells.next_state[:n] = self.cells.state[:n]
        self.cells.intent[:n] = 0
        self.cells.target[:n] = -1

    def decide(self, s: Surroundings) -> None:
        """Read the world, write intents."""

    def claim(self, s: Surroundings) -> None:
        """Put tickets on the sites the cells want."""
        if self.in_marrow:
            claim(self.population.n, self.cells, s.world, s.seed, s.step)

    def award(self, s: Surroundings) -> None:
        """Drop the intents that lost their site."""
        if self.in_marrow:
            award(self.population.n, self.cells, s.world, s.seed, s.step)

    def clear(self, s: Surroundings) -> None:
        """Take the tickets off again."""
        if self.in_marrow:
            clear_claims(self.population.n, self.cells, s.world)

    def apply(self, s: Surroundings) -> None:
        """Write what was decided into the world."""

    def go_on(self, s: Surroundings) -> None:
        """Move further within the step, where a speed is more than a site a step."""

    def settle(self, s: Surroundings) -> None:
        """Settle rival claims among the cells of this type alone."""
        self.claim(s)
        self.award(s)
        self.clear(s)

    # pieces that several tissues use in `apply`

    def rows_that(self, intent: int) -> np.ndarray:
        """Rows of the cells with this intent."""
        return np.flatnonzero(self.population.column("intent") == intent)

    def take_up_states(self, s: Surroundings) -> np.ndarray:
        """Let decided states hold from now on; returns the rows that changed."""
        n = self.population.n
        changed = np.flatnonzero(self.cells.next_state[:n] != self.cells.state[:n])
        self.cells.state[:n] = self.cells.next_state[:n]
        self.cells.age_h[:n] += np.float32(s.dt_h)
        return changed

    def bury(self, s: Surroundings) -> None:
        """Free the sites of cells that decided to die, log and remove them."""
        dead = self.population.column("intent") == DIE
        if not dead.any():
            return
        rows = np.flatnonzero(dead)
        s.events.add(s.time_h, "death", self.population, rows)
        s.count(f"deaths_{self.kind.name}", len(rows))
        s.world.occupant[self.cells.site[rows]] = 0
        self.population.remove(dead)

    def divide(self, s: Surroundings, rows: np.ndarray, **columns: Any) -> slice | None:
        """Place a daughter of each row at its target; log divisions; returns the new rows."""
        if len(rows) == 0:
            return None
        sites = self.cells.target[rows]
        new = self.population.add(
            uid=child_uids(self.cells.uid[rows], s.seed, s.step),
            parent=self.cells.uid[rows],
            clone=self.cells.clone[rows],
            site=sites,
            **columns,
        )
        self.population.copy_signals(new, rows, self.population)
        s.world.occupant[sites] = self.kind.code
        s.events.add(s.time_h, "division", self.population, np.arange(new.start, new.stop))
        return new

    def dividing(self) -> np.ndarray:
        """Rows of cells that divide this step."""
        return self.rows_that(DIVIDE)


def live(s: Surroundings) -> None:
    """One step of all cells: signal, decide, settle rival claims, apply, go on.

    `decide` only reads what other cells see, so the result does not depend on the order of cells.
    """
    tissues = list(s.tissues.values())
    for tissue in tissues:
        tissue.signal(s)
    for tissue in tissues:
        tissue.begin()
        tissue.decide(s)
    for tissue in tissues:
        tissue.claim(s)
    for tissue in tissues:
        tissue.award(s)
    for tissue in tissues:
        tissue.clear(s)
    for tissue in tissues:
        tissue.apply(s)
    for tissue in tissues:
        tissue.go_on(s)
