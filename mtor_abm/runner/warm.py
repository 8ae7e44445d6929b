"""What the compiling children do (see compilation.py): call every kernel once on a tiny marrow."""

import sys
import time
from typing import Any

import numpy as np

TINY_SITES = 32
TINY_HOURS = 6.0

# One drug of each kind of action, a tumour, and a primary tumour that sheds into the blood.
EVERYTHING: dict[str, Any] = {
    "run": {"days": TINY_HOURS / 24.0},
    "geometry": {"nx": TINY_SITES, "ny": TINY_SITES},
    "body": {"primary_cells": 1e9},
    "primary": {"length_sites": 8, "settle_days": TINY_HOURS / 24.0},
    "drugs": {
        "rapamycin": {"dose_mg_per_kg": 1.5, "route": "ip", "every_h": 24.0, "start_day": 0.0},
        "zoledronate": {"dose_mg_per_kg": 0.1, "route": "sc", "every_h": 168.0, "start_day": 0.0},
    },
}


def warm_up() -> float:
    """Run a tiny marrow with everything in it, as a self-test; return the seconds."""
    from .. import observe, snapshots

    started = time.perf_counter()
    model = _tiny_marrow()
    while model.time_h < TINY_HOURS:
        model.step()
    call_what_is_rare(model)
    observe.row(model)
    snapshots.cells_table(model)
    snapshots.fields_table(model)
    return time.perf_counter() - started


def compile_fields() -> None:
    """The kernels of the fields."""
    from ..fields import FIELDS, FieldState
    from ..numerics.lattice import Lattice

    rows = _scenario().fields
    fields = FieldState(Lattice(TINY_SITES, TINY_SITES, 10.0), [rows[f.key] for f in FIELDS])
    fields.clear()
    fields.source[:] = 1e-6
    fields.set_bone(np.zeros(fields.lattice.n_sites, dtype=bool))
    fields.advance(3600.0)


def compile_cells() -> None:
    """Every kernel but those of the fields, which stand still here."""
    from ..fields import FieldState

    setattr(FieldState, "advance", lambda self, dt_s, only=None: None)  # noqa: B010 (this process only)
    warm_up()


def call_what_is_rare(model: Any) -> None:
    """Call the kernels that a short run need not reach."""
    from ..body import picks, shed_uids
    from ..cells.osteoblast import lonely
    from ..cells.osteoclast import lifespans
    from ..cells.tissue import child_uids
    from ..histomorphometry import local_thickness_um

    s = model.surroundings
    none = np.empty(0, dtype=np.int64)
    lonely(none, s.world, s.lattice.disc(2.0), 2)
    lifespans(none, s.tissues["osteoclast"].rates, s.seed)
    child_uids(none, s.seed, s.step)
    shed_uids(1, s.seed, s.step)
    picks(1, 1, s.seed, s.step)
    local_thickness_um(np.eye(4, dtype=bool), 10.0)


def _scenario() -> Any:
    from ..scenario import Scenario

    return Scenario.from_tables(EVERYTHING, name="warm_up")


def _tiny_marrow() -> Any:
    from ..model import MarrowModel

    return MarrowModel(_scenario(), 1)


if __name__ == "__main__":
    {"fields": compile_fields, "cells": compile_cells}[sys.argv[1]]()
