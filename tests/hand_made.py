"""A marrow made by hand: empty, walled in, every tissue at its defaults, nothing left to chance.

`SURE` and `NEVER` are rates that make an event of a step certain or impossible.
"""

import numpy as np

from mtor_abm import bone
from mtor_abm.cells import CELL_TYPES
from mtor_abm.cells.sensing import Exposure, Sensing, SensingParameters
from mtor_abm.cells.tissue import Surroundings
from mtor_abm.events import EventLog
from mtor_abm.fields import FIELDS, FieldState
from mtor_abm.marrow import BONE, LINING, MEAN_STEP, blank_world
from mtor_abm.mtor import NetworkParameters, NetworkRates, Reference, reference
from mtor_abm.numerics.lattice import Lattice
from mtor_abm.parameters import kernel_values
from mtor_abm.scenario import Scenario

SURE = 1e6  # 1/h
A_SITE_AN_HOUR = 10.0 * MEAN_STEP  # um/h on sites of 10 um: one step in an hour, for certain
NEVER = 0.0

DEFAULTS = Scenario.from_tables()
NETWORK = kernel_values(NetworkRates, DEFAULTS.of(NetworkParameters))
UNTREATED: Reference = reference(NETWORK)


def rates(kind, **changes):
    """Numbers of a tissue class at their defaults, as its rules take them."""
    return kernel_values(kind.rates_type, DEFAULTS.of(kind.parameters))._replace(**changes)


def empty_marrow(nx=9, ny=9, dx_um=10.0, seed=1):
    """Surroundings with every tissue and no cell, no bone, no vessel; all fields zero."""
    lattice = Lattice(nx, ny, dx_um)
    fields = FieldState(lattice, [DEFAULTS.fields[f.key] for f in FIELDS])
    s = Surroundings(
        lattice=lattice,
        world=blank_world(lattice, fields),
        fields=fields,
        network=NETWORK,
        reference=UNTREATED,
        sensing=kernel_values(Sensing, DEFAULTS.of(SensingParameters)),
        seed=seed,
        dt_h=1.0,
        events=EventLog(lattice),
    )
    for kind in CELL_TYPES:
        name = kind.kind.name
        s.tissues[name] = kind(DEFAULTS.of(kind.parameters), DEFAULTS.genes[name])
    nothing = lattice.layer(np.float32)
    s.exposure = {name: Exposure(*(nothing.copy() for _ in range(4))) for name in s.tissues}
    return s


def put(s, tissue, sites, state="", first_uid=None, **columns):
    """Place cells of a tissue at these sites, untreated signals; returns their rows."""
    home = s.tissues[tissue]
    sites = np.atleast_1d(np.asarray(sites, dtype=np.int64))
    start = home.kind.code * 1_000_000 if first_uid is None else first_uid
    if state:
        columns["state"] = home.kind.state(state)
    taken = home.population.n
    rows = home.population.add(uid=start + taken + np.arange(len(sites)), site=sites, **columns)
    signals = home.population.signals
    signals.s6k[rows] = UNTREATED.s6k
    signals.p4ebp1[rows] = UNTREATED.p4ebp1
    signals.mtorc2[rows] = UNTREATED.mtorc2
    signals.integrin[rows] = 0.3
    if tissue == "endothelial":
        s.world.vessel[sites] = home.population.column("state")[rows] + 1
    elif tissue == "osteoclast":
        home.population.extra["footprint"][rows, 0] = sites
        s.world.occupant[sites] = home.kind.code
    elif sites[0] >= 0 and state != "osteocyte":
        s.world.occupant[sites] = LINING if state == "lining" else home.kind.code
    return np.arange(rows.start, rows.stop)


def put_bone(s, sites):
    """Turn these sites into whole bone and recount faces."""
    sites = np.asarray(sites, dtype=np.int64)
    s.world.ground[sites] = BONE
    s.world.mineral[sites] = 1.0
    bone.count_bone_faces(s.world)


def change_rates(s, tissue, **changes):
    """Set numbers of one tissue, past the limits that scenarios have."""
    home = s.tissues[tissue]
    home.rates = home.rates._replace(**changes)


def one_step(s, *names):
    """Decide, settle, apply and go on for these tissues (all if none are named), as a step does."""
    tissues = [t for name, t in s.tissues.items() if not names or name in names]
    for tissue in tissues:
        tissue.begin()
        tissue.decide(s)
    for phase in ("claim", "award", "clear", "apply", "go_on"):
        for tissue in tissues:
            getattr(tissue, phase)(s)
    s.step += 1
