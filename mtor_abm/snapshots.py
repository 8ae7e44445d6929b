"""Tables of all cells and of all sites of a model at one moment. Observing only reads."""

from typing import Any

import numpy as np
import pandas as pd

from .fields import FIELDS
from .marrow import BONE, SPROUT, STABLE, TIP
from .mtor import SIGNALS

#: Columns of cells/day_*.csv beside the SIGNALS: name -> (unit, meaning).
CELL_COLUMNS = {
    "cell_type": ("", "type"),
    "state": ("", "state"),
    "uid": ("", "identity for life"),
    "parent_uid": ("", "identity of the mother, 0 for founders"),
    "clone": ("", "identity of the founder of the lineage"),
    "x_um": ("um", "position, empty outside the marrow"),
    "y_um": ("um", "position, empty outside the marrow"),
    "age_h": ("h", "age"),
    "n_sites": ("1", "sites it covers"),
}


def cells_table(model: Any) -> pd.DataFrame:
    """One row per cell of every type: identity, place, state and the activities of its network."""
    s = model.surroundings
    parts = []
    for name, tissue in s.tissues.items():
        cells = tissue.population
        site = cells.column("site")
        x_um, y_um = s.lattice.xy_um(site)
        covered = np.ones(cells.n, dtype=np.int64)
        if "footprint" in cells.extra:
            covered = (cells.extra["footprint"][: cells.n] >= 0).sum(axis=1)
        columns: dict[str, Any] = {
            "cell_type": np.full(cells.n, name, dtype=object),
            "state": np.array(cells.kind.states, dtype=object)[cells.column("state")],
            "uid": cells.column("uid"),
            "parent_uid": cells.column("parent"),
            "clone": cells.column("clone"),
            "x_um": np.where(site < 0, np.nan, x_um),
            "y_um": np.where(site < 0, np.nan, y_um),
            "age_h": cells.column("age_h"),
            "n_sites": covered,
        }
        columns |= {signal: cells.column(signal) for signal in SIGNALS}
        parts.append(pd.DataFrame(columns))
    return pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)


#: Columns of fields/day_*.csv beside the fields and drugs: name -> (unit, meaning).
SITE_COLUMNS = {
    "x_um": ("um", "centre of the site"),
    "y_um": ("um", "centre of the site"),
    "bone": ("1", "1 in bone"),
    "cavity": ("1", "1 where bone was resorbed and not yet formed again"),
    "vessel": ("1", "0 none, 1 stable, 2 sprout, 3 tip"),
    "perfused": ("1", "1 where blood flows"),
}


def fields_table(model: Any) -> pd.DataFrame:
    """One row per site: ground, vessels and the level of every field and drug."""
    s = model.surroundings
    world, lattice = s.world, s.lattice
    sites = np.flatnonzero(lattice.inside())
    x_um, y_um = lattice.xy_um(sites)
    columns: dict[str, Any] = {
        "x_um": x_um,
        "y_um": y_um,
        "bone": (world.ground[sites] == BONE).astype(np.int64),
        "cavity": world.cavity[sites].astype(np.int64),
        "vessel": world.vessel[sites].astype(np.int64),
        "perfused": world.perfused[sites].astype(np.int64),
    }
    for index, field in enumerate(FIELDS):
        columns[f"{field.key}_{field.unit}"] = world.level[index][sites]
    for key, index in model.pharmacy.rows.items():
        if not model.pharmacy.plasma_nM[key].any():
            continue  # a dose of zero leaves every table as it is without the drug
        columns[f"{key}_nM"] = world.level[index][sites]
    return pd.DataFrame(columns)


assert (STABLE, SPROUT, TIP) == (1, 2, 3)  # the meaning given in SITE_COLUMNS
