"""The Boyden chamber: tumour cells crawl from an upper to a lower chamber up a CXCL12 gradient.

CXCL12 rises linearly along x, from nothing at the far wall of the upper chamber to its full level
at the far wall of the lower one. Cells start in a band of the upper chamber; those beyond the line
at the end have migrated. Founders only are followed, so that division does not count as migration.
"""

import math

import numpy as np

from ..parameters import number
from ..scenario import Scenario
from .bench import Bench, Readout
from .dish import CULTURE_OXYGEN_MMHG, Dish
from .medium import DrugsInMedium, drugs_nM

LENGTH = 60  # sites along the gradient
WIDTH = 240  # sites across
BAND = slice(10, 20)  # columns in which cells start


# fmt: off
class BoydenConditions(DrugsInMedium):
    """Chemokine, cells and time."""

    cxcl12_nM: float = number(
        10.0, "nM", "migration assays use 50-200 ng/mL of 8 kDa CXCL12", "recalled", low=0,
        high=1e5, what="CXCL12 at the far wall of the lower chamber",
    )
    hours: float = number(
        24.0, "h", "transwell assays run 4-48 h", "assumed", low=1, high=240, what="duration"
    )
    n_cells: int = number(
        200, "1", "a twelfth of the band, so that cells seldom touch", "assumed", low=1, high=2400,
        what="cells in the upper chamber",
    )
    line_um: float = number(
        40.0, "um", "some cell lengths; a filter is 10 um thick", "assumed", low=10, high=350,
        what="distance from the band to the line that a migrated cell has passed",
    )
    oxygen_mmHg: float = number(
        CULTURE_OXYGEN_MMHG, "mmHg", "medium under air", "recalled", low=0, high=160, what="pO2"
    )
    free_share: float = number(
        0.11, "1", "target T44: IC50 of migration 5 nM (rapamycin) and 6 nM (Torin2)", "fitted",
        low=0.001, high=1,
        what="free over nominal drug in the medium, where serum and plastic bind the rest",
    )
# fmt: on


def measure(scenario: Scenario, seed: int, conditions: BoydenConditions) -> dict[str, float]:
    """Let cells crawl for `hours` and read their tracks.

    Returns:
        readout -> value.
    """
    free = {key: level * conditions.free_share for key, level in drugs_nM(conditions).items()}
    dish = Dish(
        scenario, seed, LENGTH, WIDTH, {"oxygen": conditions.oxygen_mmHg}, free,
        tissues=("tumour", "circulating"),
    )  # fmt: skip
    x = (np.arange(LENGTH, dtype=np.float32) + 0.5) / LENGTH
    dish.level("cxcl12")[:] = np.float32(conditions.cxcl12_nM) * x[:, None]
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 7])))
    band = np.array([dish.lattice.site(ix, iy) for ix in range(BAND.start, BAND.stop)
                     for iy in range(WIDTH)])  # fmt: skip
    dish.place("tumour", np.sort(rng.choice(band, conditions.n_cells, replace=False)), emt=0.3)
    tracks = _follow(dish, conditions.hours)
    return _read(dish, tracks, conditions)


def _follow(dish: Dish, hours: float) -> np.ndarray:
    """Places of the founders after each step, um, float64 (n_steps + 1, n_cells, 2); NaN if dead.

    Cells do not leave their sites in this assay but by crawling.
    """
    population = dish.tissues["tumour"].population
    founders = np.sort(population.column("uid").copy())
    places = []
    for step in range(round(hours / dish.surroundings.dt_h) + 1):
        if step:
            dish.step()
        uid = population.column("uid")
        rank = np.minimum(np.searchsorted(founders, uid), len(founders) - 1)
        mine = founders[rank] == uid
        here = np.full((len(founders), 2), np.nan)
        here[rank[mine]] = np.column_stack(dish.lattice.xy_um(population.column("site")[mine]))
        places.append(here)
    return np.array(places)


def _read(dish: Dish, tracks: np.ndarray, conditions: BoydenConditions) -> dict[str, float]:
    """Readouts of the founders that live to the end."""
    alive = ~np.isnan(tracks[-1, :, 0])
    dx_um = dish.lattice.dx_um
    edge_um = BAND.stop * dx_um
    signals = dish.tissues["tumour"].population
    found = {
        name: float(signals.column(name).mean(dtype=np.float64)) if signals.n else math.nan
        for name in ("s6k", "p4ebp1", "mtorc2")
    }
    if not alive.any():
        return dict.fromkeys(READOUTS, math.nan) | found
    tracks = tracks[:, alive]
    steps = np.diff(tracks, axis=0)
    path_um = np.sqrt((steps**2).sum(axis=2)).sum(axis=0)
    net = tracks[-1] - tracks[0]
    net_um = np.sqrt((net**2).sum(axis=1))
    moved = path_um > 0.0
    walked_um = float(path_um.sum())
    beyond_um = np.maximum(tracks[-1, :, 0] - edge_um, 0.0)
    deepest = np.sort(beyond_um)[-max(1, len(beyond_um) // 10) :]
    return found | {
        "migrated": float((beyond_um > conditions.line_um).sum()),
        "migrated_share": float((beyond_um > conditions.line_um).mean()),
        "speed_um_per_h": walked_um / len(path_um) / conditions.hours,
        "displacement_um": float(net[:, 0].mean()),
        "chemotactic_index": float(net[:, 0].sum()) / walked_um if walked_um else 0.0,
        "persistence": float((net_um[moved] / path_um[moved]).mean()) if moved.any() else 0.0,
        "turning_cosine": turning_cosine(steps),
        "invasion_depth_um": float(deepest.mean()),
    }


def turning_cosine(steps: np.ndarray) -> float:
    """Mean cosine of the angle from a step to the next one; pauses are left out.

    Unlike net way over track it does not depend on how many steps a cell makes, and so not on its
    speed.

    Args:
        steps: float64 (n_steps, n_cells, 2), zero where a cell paused.

    Returns:
        -1..1; 0 without two steps of any cell.
    """
    total, count = 0.0, 0
    for cell in range(steps.shape[1]):
        made = steps[:, cell][(steps[:, cell] != 0.0).any(axis=1)]
        ways = made / np.sqrt((made**2).sum(axis=1))[:, None]
        total += float((ways[1:] * ways[:-1]).sum())
        count += max(len(ways) - 1, 0)
    return total / count if count else 0.0


READOUTS = {
    "migrated": Readout("1", "cells beyond the line"),
    "migrated_share": Readout("1", "share of living founders beyond the line"),
    "speed_um_per_h": Readout("um/h", "length of the track over time, mean"),
    "displacement_um": Readout("um", "way up the gradient, mean"),
    "chemotactic_index": Readout("1", "way up the gradient over length of the track"),
    "persistence": Readout("1", "net way over length of the track, mean"),
    "turning_cosine": Readout("1", "cosine of the angle from a step to the next, mean"),
    "invasion_depth_um": Readout("um", "way beyond the band, mean of the deepest tenth"),
    "s6k": Readout("1", "S6K activity, mean"),
    "p4ebp1": Readout("1", "phosphorylated 4E-BP1, mean"),
    "mtorc2": Readout("1", "mTORC2 activity, mean"),
}

BOYDEN = Bench(
    key="boyden",
    label="Boyden chamber: tumour cells crawl up CXCL12",
    conditions=BoydenConditions,
    readouts=READOUTS,
    measure=measure,
)
