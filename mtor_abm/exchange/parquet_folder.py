"""All tables of a run as Parquet, for Arrow, DuckDB, polars, R (the extra `parquet`).

Names are those of the run's CSV files. A table of cells/ or fields/ has its day as the first
column, so that reading the whole folder `cells` gives one long table.
"""

from pathlib import Path

from ..analysis import parquet
from ..store import SNAPSHOTS, snapshot_name
from .recorded import Recorded, write_provenance


def write_parquet(recorded: Recorded, folder: Path) -> list[str]:
    """Convert every table of the run; of snapshots those of the days asked for.

    Returns:
        What is in it, a sentence each.

    Raises:
        UserError: pyarrow is missing, a table is damaged, or a day asked for is not there.
    """
    parquet.ensure_installed()
    run, about = recorded.run, recorded.provenance()
    days = recorded.chosen_of_each()
    snapshots = {snapshot_name(k, day): (k, day) for k in SNAPSHOTS for day in run.days_of(k)}
    n_tables = 0
    for name in sorted(run.manifest["files"]):
        if not name.endswith(".csv"):
            continue
        kind, day = snapshots.get(name, (None, None))
        if kind is not None and day not in days[kind]:
            continue
        target = folder / name.replace(".csv", ".parquet")
        target.parent.mkdir(exist_ok=True)
        run.content(name)  # compares the file with the manifest
        sha256 = str(run.manifest["files"][name]["sha256"])
        parquet.convert(
            run.folder / name, target, keys={} if day is None else {"day": day},
            about={key: str(value) for key, value in about.items()} | {"csv_sha256": sha256},
        )  # fmt: skip
        n_tables += 1
    write_provenance(folder, about)
    return [f"{n_tables} tables"]
