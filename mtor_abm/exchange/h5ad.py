"""A run's cells as AnnData (.h5ad), for scanpy and squidpy (needs anndata, the extra `h5ad`)."""

import json
from pathlib import Path

import pandas as pd

from ..extras import library
from ..mtor import SIGNALS
from ..snapshots import CELL_COLUMNS
from ..store import run_name, snapshot_name
from .recorded import CELLS, Recorded, days_text


def write_h5ad(recorded: Recorded, path: Path) -> list[str]:
    """All cells of the chosen days that have a place in the marrow, one below the other.

    X (float32): activities of the mTOR network; obs: cell_type, state, identities, age, day, and
    `sample`, one category for each snapshot (squidpy's `library_key`); obsm["spatial"]: x, y in um;
    uns["mtor_abm"]: provenance. A cell that lives on several days has a row for each.

    Returns:
        What is in it, a sentence each.

    Raises:
        UserError: no such days, or anndata is missing.
    """
    days = recorded.chosen(CELLS)
    anndata = library("anndata", "h5ad", "h5ad")
    tables = [recorded.cells(day) for day in days]
    cells = pd.concat(
        [table.assign(day=day) for table, day in zip(tables, days, strict=True)], ignore_index=True
    )
    placed = cells[cells["x_um"].notna()].reset_index(drop=True)
    signals = [name for name in SIGNALS if name in placed.columns]
    obs = placed[[name for name in (*CELL_COLUMNS, "day") if name in placed.columns]]
    obs = obs.drop(columns=["x_um", "y_um"])
    for name in ("cell_type", "state"):
        obs[name] = pd.Categorical(obs[name])
    run = run_name(recorded.run.scenario, recorded.run.seed)
    samples = [f"{run}__{Path(snapshot_name(CELLS, day)).stem}" for day in days]
    obs["sample"] = pd.Categorical(
        obs["day"].map(dict(zip(days, samples, strict=True))), categories=samples
    )
    # unique in a study too, so that `anndata.concat` may join its runs
    obs.index = obs["sample"].astype(str) + "__" + obs["uid"].astype(str)
    obs.index.name = None  # a name that is a column's too could not be written
    units = {name: unit for name, (unit, _) in CELL_COLUMNS.items() if name in obs.columns and unit}
    data = anndata.AnnData(
        X=placed[signals].to_numpy(dtype="float32"),
        obs=obs,
        var=pd.DataFrame({"meaning": [SIGNALS[s] for s in signals], "unit": "1"}, index=signals),
        obsm={"spatial": placed[["x_um", "y_um"]].to_numpy(dtype="float64")},
        uns={
            "mtor_abm": recorded.provenance()
            | {"tables_sha256": json.dumps(recorded.tables_sha256(
                [snapshot_name(CELLS, day) for day in days]))},
            "units": units | {"spatial": "um", "day": "d"},
        },
    )  # fmt: skip
    data.write_h5ad(path, compression="gzip")
    notes = [f"{data.n_obs} cells x {data.n_vars} activities, {days_text(days)}"]
    if len(placed) < len(cells):
        notes.append(f"{len(cells) - len(placed)} cells in blood have no place and are left out")
    return notes
