"""Tube formation: endothelium alone in VEGF.

Islands of endothelium send out tips, which climb VEGF, leave stalks behind and join what they meet.
The medium above the gel keeps VEGF nearly uniform; what the cells take up makes the small
differences that lead a tip away from its island. No blood flows, so nothing matures.
"""

import numpy as np

from ..fields import VEGF
from ..marrow import TIP
from ..parameters import number
from ..scenario import Scenario
from .bench import Bench, Readout
from .dish import CULTURE_OXYGEN_MMHG, Dish
from .medium import DrugsInMedium, drugs_nM

SIDE = 60  # sites
RESUPPLY_PER_S = (
    1e-3  # exchange with the medium above; as fast as uptake, so that VEGF holds [assumed]
)
LOSS_IN_MEDIUM_PER_S = 1e-5  # no matrix and no other cells that would bind VEGF [assumed]


# fmt: off
class TubeConditions(DrugsInMedium):
    """VEGF, cells and time."""

    vegf_nM: float = number(
        1.0, "nM", "tube assays use 10-50 ng/mL of 40 kDa VEGF", "recalled", low=0, high=100,
        what="VEGF in the medium",
    )
    islands: int = number(
        36, "1", "100 a mm2, about 100 um apart", "assumed", low=1, high=900,
        what="endothelial cells at the start, spread evenly",
    )
    hours: float = number(
        24.0, "h", "tube assays run 6-24 h", "recalled", low=1, high=240, what="duration"
    )
    oxygen_mmHg: float = number(
        CULTURE_OXYGEN_MMHG, "mmHg", "medium under air", "recalled", low=0, high=160, what="pO2"
    )
# fmt: on


def measure(scenario: Scenario, seed: int, conditions: TubeConditions) -> dict[str, float]:
    """Let islands of endothelium sprout for `hours`.

    Returns:
        readout -> value.
    """
    settings = scenario.changed({"fields.vegf.loss_per_s": LOSS_IN_MEDIUM_PER_S})
    medium = {"oxygen": conditions.oxygen_mmHg, "vegf": conditions.vegf_nM}
    dish = Dish(
        settings, seed, SIDE, SIDE, medium, drugs_nM(conditions), ("vegf",), ("endothelial",)
    )
    s = dish.surroundings
    above = dish.lattice.inside() * np.float32(RESUPPLY_PER_S)
    s.fields.set_exchange(VEGF, above, np.float32(conditions.vegf_nM))
    _place_islands(dish, conditions.islands)
    joined = 0
    for _ in range(round(conditions.hours / s.dt_h)):
        dish.step()
        joined += int((s.events.take()["event"] == "anastomosis").sum())
    cells = dish.tissues["endothelial"].population
    mm_per_site = dish.lattice.dx_um * 1e-3
    grown = int((s.world.vessel > 0).sum()) - conditions.islands
    return {
        "network_length_mm_per_mm2": grown * mm_per_site / dish.lattice.area_mm2,
        "tips": float((s.world.vessel == TIP).sum()),
        "joins": float(joined),
        "s6k": float(cells.column("s6k").mean(dtype=np.float64)),
        "mtorc2": float(cells.column("mtorc2").mean(dtype=np.float64)),
        "vegf_nM": float(dish.level("vegf").mean(dtype=np.float64)),
    }


def _place_islands(dish: Dish, count: int) -> None:
    """One island in a random place of each cell of a square grid, or of as many as there are."""
    rows = int(np.ceil(np.sqrt(count)))
    step = SIDE // rows
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([dish.surroundings.seed, 9])))
    shift = rng.random((count, 2))
    sites = [
        dish.lattice.site(
            int((k // rows + shift[k, 0]) * step), int((k % rows + shift[k, 1]) * step)
        )
        for k in range(count)
    ]
    dish.place("endothelial", np.sort(np.array(sites)))


TUBE = Bench(
    key="tube",
    label="tube formation: endothelium alone in VEGF",
    conditions=TubeConditions,
    readouts={
        "network_length_mm_per_mm2": Readout("mm/mm2", "length of tubes grown"),
        "tips": Readout("1", "tips at the end"),
        "joins": Readout("1", "tips that met another tube"),
        "s6k": Readout("1", "S6K activity of the endothelium, mean"),
        "mtorc2": Readout("1", "mTORC2 activity of the endothelium, mean"),
        "vegf_nM": Readout("nM", "VEGF, mean"),
    },
    measure=measure,
)
