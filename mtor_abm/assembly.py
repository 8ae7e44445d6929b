"""What a marrow and a culture dish have in common: how a scenario becomes tissues, and a release.

A whole run (model.py) and an assay (assays/dish.py) differ in what surrounds the cells; the cells,
their numbers and their rules are the same and are put together here.
"""

from collections.abc import Collection, Mapping
from typing import Any

from . import bone
from .cells import CELL_TYPES
from .cells.sensing import Exposure, Sensing, SensingParameters
from .cells.tissue import Surroundings
from .cells.tumour import TumourTissue
from .events import EventLog
from .fields import FIELDS, FieldState
from .marrow import blank_world
from .mtor import NetworkParameters, NetworkRates, reference
from .numerics.lattice import Lattice
from .parameters import kernel_values
from .primary import PrimaryParameters, Strip
from .scenario import CELLS, Scenario


def gather(
    scenario: Scenario,
    lattice: Lattice,
    fields: FieldState,
    exposure: Mapping[str, Exposure],
    seed: int,
    tissues: Collection[str] = CELLS,
) -> Surroundings:
    """Surroundings with the tissues of a scenario and no cell, no bone, no vessel.

    Args:
        scenario: after its switches.
        lattice, fields: where the cells will live.
        exposure: layers of drug action by tissue.
        seed: key of all chance.
        tissues: names of the cell types that are there, by default all.
    """
    network = kernel_values(NetworkRates, scenario.of(NetworkParameters))
    s = Surroundings(
        lattice=lattice,
        world=blank_world(lattice, fields),
        fields=fields,
        network=network,
        reference=reference(network),
        sensing=kernel_values(Sensing, scenario.of(SensingParameters)),
        seed=seed,
        dt_h=scenario.run.step_h,
        events=EventLog(lattice),
        exposure=exposure,
    )
    for kind in CELL_TYPES:
        name = kind.kind.name
        if name in tissues:
            numbers = scenario.of(kind.parameters)
            s.tissues[name] = kind(numbers, scenario.genes[name], network.susceptible)
    return s


def rim_of(scenario: Scenario, s: Surroundings) -> Strip:
    """The rim of a primary tumour whose cells are those of the tissue "tumour" of `s`."""
    tumour = s.tissues["tumour"]
    assert isinstance(tumour, TumourTissue)
    rows = [scenario.fields[field.key] for field in FIELDS]
    return Strip(scenario.of(PrimaryParameters), tumour, rows, s)  # type: ignore[arg-type]


def release(s: Surroundings, bone_rates: Any) -> None:
    """Sources and uptake of all fields for this step: vessels, decay, resorbed bone, then cells."""
    s.fields.clear()
    s.world.membrane_rankl[:] = 0.0
    bone.release_from_pool(s.world, bone_rates, s.dt_h)
    for tissue in s.tissues.values():
        tissue.release(s)
