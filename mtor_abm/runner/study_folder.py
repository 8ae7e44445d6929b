"""The folder of a study: its mark study.json, its runs, and what is gathered of them.

The runs themselves are written and read by `store`, which also shows where everything lies.
"""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..store import (
    MANIFEST,
    RUN_NAME,
    StoreError,
    ended_run,
    is_litter,
    parts_of_run_name,
)
from ..tidy_csv import csv_text
from ..whole_file import is_partial, json_text, read_regular, storage_error, write_file

STUDY_FORMAT = "mtor_abm study 1"
STUDY_FILE = "study.json"
SUMMARY = "summary.csv"
DAMAGED = "damaged"
UNTOLD: Mapping[str, Any] = {
    "status": "",
    "jobs": 1,
    "started": 0.0,
    "scenarios": [],
    "scenario_sha256": {},
    "compare": {},
}


def find_runs(study: Path) -> list[Path]:
    """Folders within a study that are named like runs, sorted by name."""
    try:
        return sorted(
            entry for entry in study.iterdir() if RUN_NAME.fullmatch(entry.name) and entry.is_dir()
        )
    except OSError as error:
        raise storage_error(error, study) from error


def check_study_folder(study: Path) -> None:
    """See that a study may be written to this folder.

    A folder with a run of ours in it is a study that has lost its study.json, which is written
    again.

    Raises:
        StoreError: it is a file, or it holds things and is not a study.
    """
    try:
        if not study.exists():
            return
        if not study.is_dir():
            raise StoreError(f"{study} is a file; choose another --out or --name")
        names = sorted(entry.name for entry in study.iterdir())
    except OSError as error:
        raise storage_error(error, study) from error
    if STUDY_FILE in names or any(
        RUN_NAME.fullmatch(name) and (study / name / MANIFEST).is_file() for name in names
    ):
        return
    foreign = [
        name
        for name in names
        if not (_is_run_name(name) or is_partial(name) or is_litter(name) or name == DAMAGED)
    ]
    if foreign:
        raise StoreError(
            f"{study} holds {foreign[0]!r} and is not a study of mtor_abm (no {STUDY_FILE}); "
            "choose another --out or --name"
        )


def read_study(study: Path) -> dict[str, Any]:
    """What study.json says; of `runs` those that are named like runs.

    Raises:
        StoreError: no study, or a study.json that is damaged or unreadable.
    """
    path = study / STUDY_FILE
    try:
        record = json.loads(read_regular(path).decode("utf-8"))
    except FileNotFoundError:
        exists = study.exists()
        why = f"is not a study of mtor_abm (no {STUDY_FILE})" if exists else "does not exist"
        raise StoreError(f"{study} {why}; give the folder of one, e.g. outputs/demo") from None
    except OSError as error:
        raise storage_error(error, path) from error
    except (ValueError, RecursionError):
        record = None
    if not _is_record(record):
        raise StoreError(
            f"{path} is damaged; repeat the command that made the study, which writes it again"
        )
    runs = {name: run for name, run in record["runs"].items() if RUN_NAME.fullmatch(name)}
    return {**UNTOLD, **record, "runs": runs}


def _is_record(record: Any) -> bool:
    """Whether it is of our form; what older versions did not write may lack."""
    if not isinstance(record, dict) or not isinstance(record.get("runs"), dict):
        return False
    kinds = {
        "scenarios": list, "jobs": int, "started": int | float, "scenario_sha256": dict,
        "compare": dict, "status": str,
    }  # fmt: skip
    told = {**UNTOLD, **record}
    return (
        all(isinstance(told[key], kind) for key, kind in kinds.items())
        and math.isfinite(told["started"])
        and all(isinstance(sha256, str) for sha256 in told["scenario_sha256"].values())
        and all(
            isinstance(name, str) and _is_run_name(f"{name}__seed_0001")
            for name in told["scenarios"]
        )
        and all(_is_entry(name, run) for name, run in record["runs"].items())
    )


def _is_run_name(name: str) -> bool:
    return RUN_NAME.fullmatch(name) is not None


def _is_entry(name: str, run: Any) -> bool:
    """Whether study.json may say this of a run; what is not named like one is not looked at."""
    if not _is_run_name(name):
        return True
    return (
        isinstance(run, dict)
        and (run.get("scenario"), run.get("seed")) == parts_of_run_name(name)
        and type(run["seed"]) is int
        and isinstance(run.get("status", ""), str)
        and isinstance(run.get("error", ""), str)
        and (run.get("n_steps") is None or (type(run["n_steps"]) is int and run["n_steps"] >= 0))
    )


def write_study(study: Path, content: Mapping[str, Any]) -> None:
    """Create the study folder if need be and write its mark."""
    check_study_folder(study)
    try:
        study.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, study) from error
    write_file(study / STUDY_FILE, json_text({"format": STUDY_FORMAT, **content}))


def move_aside(folder: Path) -> Path:
    """Move a damaged run to `damaged/<run>.N` of its study; return where it lies now.

    Raises:
        StoreError: the system refuses.
    """
    place = folder.parent / DAMAGED
    try:
        place.mkdir(exist_ok=True)
        n = 1
        while (place / f"{folder.name}.{n}").exists():
            n += 1
        return folder.rename(place / f"{folder.name}.{n}")
    except OSError as error:
        raise storage_error(error, folder) from error


def write_study_summary(study: Path, left_out: Callable[[str], None] | None = None) -> int:
    """Gather the summaries of all complete runs into summary.csv; return the number of runs.

    Args:
        study: folder of the study.
        left_out: told why of each run that cannot be read; without it such a run is an error.

    Raises:
        StoreError: a run cannot be read, or the disk refuses.
    """
    columns: dict[str, list[Any]] = {
        "scenario": [], "seed": [], "readout": [], "unit": [], "value": [],
    }  # fmt: skip
    n = 0
    for folder in find_runs(study):
        try:
            run = ended_run(folder)
            if run is None or run.status != "complete":
                continue
            summary = run.summary
        except StoreError as error:
            if left_out is None:
                raise
            left_out(f"left out of summary.csv: {error}")
            continue
        columns["scenario"] += [run.scenario] * len(summary)
        columns["seed"] += [run.seed] * len(summary)
        for name in ("readout", "unit", "value"):
            columns[name] += summary[name].tolist()
        n += 1
    write_file(study / SUMMARY, csv_text(columns))
    return n
