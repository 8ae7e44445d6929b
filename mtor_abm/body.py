"""Outside the marrow: the primary tumour that sheds cells into blood.

The primary grows as a well-mixed mass with the mTOR network of one typical tumour cell. What it
sheds is sampled from a strip of its rim (`primary/`) and scaled to its size; the cells become
agents in blood (`cells/circulating.py`). It starts empty, since most experiments inject cells into
bone.
"""

import numpy as np

from .cells.sensing import Exposure
from .cells.tissue import Surroundings
from .cells.tumour_rules import translated_growth
from .mtor import UNTREATED_INPUTS, Dosage, Signals, advance_network, blank_signals
from .numerics.chance import uniform
from .numerics.compiled import kernel, making_kernel
from .parameters import Group, number
from .primary import Strip


# fmt: off
class BodyParameters(Group):
    """The primary tumour and shedding."""

    primary_cells: float = number(
        0.0, "1", "most experiments start with cells in bone", "assumed", low=0, high=1e10,
        what="cells of the primary tumour at the start",
    )
    primary_growth_rate_per_h: float = number(
        0.2 / 24, "1/h", "doubling in 3.5 d", "assumed", low=0, high=0.1,
        what="growth of the primary, untreated",
    )
    primary_cells_max: float = number(
        1e9, "1", "1 cm3", "recalled", low=1, high=1e12,
        what="size at which the primary stops growing",
    )
    shedding_rate_per_h: float = number(
        2e-6, "1/h", "about 1e6 cells per gram and day (Butler and Gullino 1975: 3e6)", "recalled",
        low=0, high=1, what="share of primary cells shed, untreated",
    )
    circulating_share: float = number(
        0.01, "1", "only a share of shed cells is followed as agents", "assumed", low=0, high=1,
        what="share of shed cells that this piece of marrow can meet",
    )
    resection_day: float = number(
        1e6, "d", "never", "assumed", low=0, high=1e7, what="day on which the primary is removed"
    )
# fmt: on


PRIMARY_UID = 7  # key of the primary's luck; cells have uids from hashes or founders from 1e6 on


class PrimaryTumour:
    """The mass outside the marrow.

    Attributes:
        cells: number of cells, a float: it grows as a whole.
        signals: network of its typical cell, row 0.
        rim: the strip that tells what it sheds; None in a body without a primary.
    """

    def __init__(
        self, parameters: BodyParameters, dosage: Dosage, rim: Strip | None = None
    ) -> None:
        self.parameters = parameters
        self.rim = rim
        self.cells = parameters.primary_cells
        self.dosage = dosage
        self.signals: Signals = blank_signals(1)
        for name, value in UNTREATED_INPUTS.items():
            getattr(self.signals, name)[0] = value

    def step(self, s: Surroundings) -> None:
        """Grow, then shed whole cells into blood."""
        p = self.parameters
        if s.time_h >= p.resection_day * 24.0:
            self.cells = 0.0
        if self.cells <= 0.0:
            return
        blood = s.exposure["circulating"]
        self.signals.rapalog[0] = blood.rapalog[0]
        self.signals.kinase1[0] = blood.kinase1[0]
        self.signals.kinase2[0] = blood.kinase2[0]
        advance_network(1, self.signals, self.dosage, 1.0, 1.0, s.network, s.dt_h)
        tumour = s.tissues["tumour"].rates
        translated = translated_growth(float(self.signals.p4ebp1[0]), tumour, s.reference)
        room = max(0.0, 1.0 - self.cells / p.primary_cells_max)
        self.cells *= np.exp(p.primary_growth_rate_per_h * translated * room * s.dt_h)
        if self.rim is not None:
            self.rim.dose(Exposure(*(layer[0] for layer in blood)))
            self.rim.step()
            expected = self.cells * self.shedding_per_h(self.rim) * s.dt_h * p.circulating_share
            self._shed(s, self.rim, poisson(expected, s.seed, s.step))

    def shedding_per_h(self, rim: Strip) -> float:
        """Shedding follows what leaves the rim through breached membrane and matrix."""
        untreated = rim.parameters.untreated_shed_per_d_per_mm
        return self.parameters.shedding_rate_per_h * rim.shed_per_d_per_mm / untreated

    def _shed(self, s: Surroundings, rim: Strip, count: int) -> None:
        """Put cells into blood, each like one of the last that left the rim."""
        if count == 0 or not rim.leavers:
            return
        blood = s.tissues["circulating"].population
        uids = shed_uids(count, s.seed, s.step)
        models = [rim.leavers[k] for k in picks(count, len(rim.leavers), s.seed, s.step)]
        emt = np.array([model.emt for model in models], dtype=np.float32)
        new = blood.add(uid=uids, clone=uids, site=np.full(count, -1), emt=emt)
        for column, values in zip(
            blood.signals, np.array([model.signals for model in models]).T, strict=True
        ):
            column[new] = values
        s.events.add(s.time_h, "shedding", blood, np.arange(new.start, new.stop))
        s.count("shed", count)


@kernel
def poisson(mean: float, seed: int, step: int) -> int:
    """Poisson number keyed by seed and step: sum of exponential waits (mean below 1e4)."""
    count = 0
    waited = 0.0
    while True:
        waited -= np.log(1.0 - uniform(seed, PRIMARY_UID, step, 1000 + count))
        if waited > mean or count >= 100000:
            return count
        count += 1


@making_kernel
def shed_uids(count: int, seed: int, step: int) -> np.ndarray:
    """Identities of the cells shed in this step: 53 bits."""
    out = np.empty(count, dtype=np.int64)
    for i in range(count):
        out[i] = np.int64(uniform(seed, PRIMARY_UID, step, 500000 + i) * 9007199254740992.0)
    return out


@making_kernel
def picks(count: int, n: int, seed: int, step: int) -> np.ndarray:
    """Which of n cells each of the cells shed in this step is like, int64 (count,)."""
    out = np.empty(count, dtype=np.int64)
    for i in range(count):
        out[i] = int(uniform(seed, PRIMARY_UID, step, 700000 + i) * n)
    return out
