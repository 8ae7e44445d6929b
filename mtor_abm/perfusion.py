"""Where blood flows, what it brings, and who comes with it.

A vessel site is perfused if it is connected through open vessels to an arteriole; a sprout is open
once it has met another vessel. Perfused sites
exchange oxygen, whatever other field a scenario lets cross vessels, and drugs (delivery.py);
precursors of osteoclasts come in through them.
"""

from collections.abc import Sequence

import numpy as np

from .anatomy import perfused
from .cells.osteoclast_rules import OsteoclastParameters
from .cells.tissue import Surroundings
from .fields import OXYGEN, FieldParameters, OxygenField
from .marrow import World, pick_free
from .numerics.chance import hashed, uniform
from .numerics.compiled import making_kernel

INFLUX_KEY = 11  # key of the luck of arriving precursors


class Perfusion:
    """Keeps the perfused layer, the exchange with blood and the influx of precursors.

    Args:
        rows: numbers of the fields, in the order of FIELDS. Each may exchange with blood at
            perfused vessel sites; only oxygen has a level of its own in arterioles.
    """

    def __init__(self, rows: Sequence[FieldParameters]) -> None:
        oxygen = rows[OXYGEN]
        assert isinstance(oxygen, OxygenField)
        self.oxygen = oxygen
        self.others = {
            row: p
            for row, p in enumerate(rows)
            if row != OXYGEN and p.vessel_permeability_per_s > 0.0
        }

    def update(self, s: Surroundings) -> None:
        """Recompute flow after vessels changed."""
        lattice, world = s.lattice, s.world
        vessels = s.tissues["endothelial"].population
        inlet = lattice.layer(np.float32)
        inlet[vessels.column("site")] = vessels.column("arteriole")
        through = (world.vessel > 0) & (world.root == 0)  # a blind sprout has no way out
        flows = perfused(lattice.interior(through), lattice.interior(inlet) > 0)
        world.perfused[:] = lattice.pad(flows.astype(np.uint8))
        permeability = world.perfused * np.float32(self.oxygen.vessel_permeability_per_s)
        arterial = np.float32(self.oxygen.arteriole_level)
        level = np.where(inlet > 0, arterial, np.float32(self.oxygen.vessel_level))
        s.doors = np.flatnonzero((world.perfused == 1) & (inlet == 0))  # sinusoids
        s.fields.set_exchange(OXYGEN, permeability, level)
        for row, p in self.others.items():
            permeability = world.perfused * np.float32(p.vessel_permeability_per_s)
            s.fields.set_exchange(row, permeability, np.float32(p.vessel_level))

    def replenish(self, s: Surroundings) -> None:
        """Blood brings osteoclast precursors at the rate at which a resting marrow loses them."""
        precursors = s.tissues["osteoclast_precursor"]
        p = precursors.numbers
        assert isinstance(p, OsteoclastParameters)
        per_h = p.precursors_per_mm2 * s.lattice.area_mm2 / p.precursor_lifetime_h
        sites, uids = influx(s.doors, s.world, per_h * s.dt_h, s.seed, s.step)
        if len(sites) == 0:
            return
        sites, first = np.unique(sites, return_index=True)
        precursors.population.add(uid=uids[first], site=sites)
        s.world.occupant[sites] = precursors.kind.code


@making_kernel
def influx(
    doors: np.ndarray, world: World, mean: float, seed: int, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sites and identities of the cells that come in this step: Poisson many, at random doors."""
    count = 0
    if len(doors) > 0:
        waited = -np.log(1.0 - uniform(seed, INFLUX_KEY, step, 0))
        while waited <= mean and count < 100000:
            count += 1
            waited -= np.log(1.0 - uniform(seed, INFLUX_KEY, step, count))
    sites = np.empty(count, dtype=np.int64)
    uids = np.empty(count, dtype=np.int64)
    entered = 0
    for i in range(count):
        door = doors[int(uniform(seed, INFLUX_KEY, step, 200000 + i) * len(doors))]
        site = pick_free(door, uniform(seed, INFLUX_KEY, step, 300000 + i), world)
        if site >= 0:
            sites[entered] = site
            uids[entered] = np.int64(hashed(seed, INFLUX_KEY, step, 400000 + i) >> np.uint64(11))
            entered += 1
    return sites[:entered], uids[:entered]
