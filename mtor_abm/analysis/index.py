"""All runs under a folder of studies: what they are, with which parameters they were made."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..store import RUN_NAME, ended_run, parts_of_run_name
from ..whole_file import StoreError, storage_error
from .arms import flat
from .condition import Condition

# name -> meaning; also what a condition may ask for, beside parameters by their dotted keys.
COLUMNS = {
    "study": "folder of the study, within the folder of all studies",
    "scenario": "name of the scenario",
    "seed": "seed of the run",
    "status": "complete, failed, half-written (interrupted, or still running) or unreadable",
    "days": "simulated days",
    "version": "of mtor_abm that made it",
    "finished": "date and time of its end",
    "wall_s": "seconds it took",
    "folder": "where it lies",
}


def index(outputs: Path, where: str | None = None) -> list[dict[str, Any]]:
    """One row for each run, sorted by study, scenario and seed; keys as in COLUMNS.

    Hidden folders, such as the trunks of `branch`, hold no studies.

    Args:
        outputs: folder of all studies.
        where: condition on COLUMNS and parameters (see `condition.Condition`); None takes all.

    Raises:
        UserError: no such folder, or a condition that cannot be read or asked.
    """
    if not outputs.is_dir():
        raise UserError(f"{outputs} is not a folder; give the folder of all studies with --out")
    condition = None if where is None else Condition.parse(where)
    known, rows = set(COLUMNS), []
    for folder in _run_folders(outputs):
        row, parameters = _row(folder, outputs)
        known.update(parameters)
        rows.append((row, parameters))
    if condition is not None:
        if condition.names - known:
            condition.refuse_unknown(known | _keys_of_scenarios())
        rows = [(row, of) for row, of in rows if condition.holds({**of, **row})]
    found = [row for row, _ in rows]
    return sorted(found, key=lambda row: (row["study"], row["scenario"], row["seed"]))


def index_text(rows: Sequence[dict[str, Any]]) -> str:
    """The same for a terminal: aligned columns, then the number of runs."""
    cells = [list(COLUMNS), *([_shown(row[name]) for name in COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    count = f"{len(rows)} run{'s' * (len(rows) != 1)}"
    return "\n".join([*(lines if rows else []), count])


def _run_folders(outputs: Path) -> Iterator[Path]:
    """Folders named like runs, at any depth; a run folder holds no others."""
    try:
        for place, folders, _ in os.walk(outputs, onerror=_refuse, followlinks=False):
            runs = [name for name in folders if RUN_NAME.fullmatch(name)]
            yield from (Path(place) / name for name in runs)
            folders[:] = [n for n in folders if n not in runs and not n.startswith(".")]
    except OSError as error:
        raise storage_error(error, outputs) from error


def _keys_of_scenarios() -> set[str]:
    """Keys that any run may have, whether or not one here does."""
    from ..drugs import DRUGS
    from ..scenario import Scenario
    from ..schedule import Schedule

    drugs = {f"drugs.{drug}.{key}" for drug in DRUGS for key in Schedule.model_fields}
    return drugs | set(flat(Scenario.from_tables({}, name="any").resolved()))


def _refuse(error: OSError) -> None:
    raise error


def _row(folder: Path, outputs: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the folder of a run says; its parameters by dotted key."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"study": folder.parent.relative_to(outputs).as_posix(), "folder": str(folder)}
    row["scenario"], row["seed"] = parts_of_run_name(folder.name)
    try:
        run = ended_run(folder)
    except StoreError:
        return row | {"status": "unreadable"}, {}
    if run is None:
        return row | {"status": "half-written"}, {}
    parameters = flat(run.manifest["parameters"])
    row |= {
        "scenario": run.scenario,
        "seed": run.seed,
        "status": run.status,
        "days": parameters.get("run.days"),
        "version": run.identity.get("package_version"),
        "finished": run.manifest.get("finished"),
        "wall_s": run.manifest.get("wall_s"),
    }
    return row, parameters


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
