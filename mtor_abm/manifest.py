"""manifest.json: what one run is, sealed, so that a change of a single digit is seen.

The seal is a hash of all that the manifest says. A run of an older version has none and is read as
it is; everything else about it is checked all the same.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .whole_file import StoreError, read_regular

RUN_FORMAT = "mtor_abm run 2"
OLDER_FORMAT = "mtor_abm run 1"  # without a seal
SEAL = "manifest_sha256"
MANIFEST = "manifest.json"
SCENARIO_FILE = "scenario.toml"
LOG_FILE = "run.log"
CHECKPOINT = "checkpoint.bin"
RUN_FILES = frozenset(
    {MANIFEST, SCENARIO_FILE, "timeseries.csv", "events.csv", "summary.csv", LOG_FILE, CHECKPOINT}
)
SNAPSHOTS = ("cells", "fields")
SCENARIO_NAME = r"[A-Za-z0-9][A-Za-z0-9_.+-]*"
RUN_NAME = re.compile(rf"(?P<scenario>{SCENARIO_NAME})__seed_(?P<seed>\d{{4,}})")
SNAPSHOT_NAME = re.compile(r"day_\d{3,}\.\d\d(\d{4})?\.csv")  # as `snapshot_name` writes it
#: Of the parameters of a run: tables, tables of tables, and the numbers of a drug's table.
TABLES = ("run", "output", "geometry", "inoculum", "body")
TABLES_OF_TABLES = ("drugs", "genes")
DOSE_NUMBERS = ("dose_mg_per_kg", "dose_mg", "body_mass_kg", "every_h", "start_day", "stop_day")
SHA256 = re.compile(r"[0-9a-f]{64}")

_CURE = "run the study again with --resume, which moves this run aside and does it again"


def snapshot_name(kind: str, day: float) -> str:
    """Name of a snapshot within its run, e.g. cells/day_014.00.csv."""
    return f"{kind}/day_{day_label(day)}.csv"


def day_label(day: float) -> str:
    """A day as file names have it: 014.00; with more digits where two are not exact (000.291667).

    Days that are whole steps of a run (`run.step_h` is at least 0.05 h) never share a label.
    """
    if abs(round(day, 2) - day) < 5e-7:
        return f"{day:06.2f}"
    return f"{day:010.6f}"


class DamagedRunError(StoreError):
    """A run of ours that is no longer what was written; doing it again cures it."""

    @property
    def what(self) -> str:
        """The message without its cure."""
        return str(self).removesuffix(f"; {_CURE}")


def damaged(what: str) -> DamagedRunError:
    """The error for a damaged run, with its cure."""
    return DamagedRunError(f"{what}; {_CURE}")


def sealed(about: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest holds: its format, what it says, and the seal."""
    content = {**about, "format": RUN_FORMAT}
    return {"format": RUN_FORMAT, **content, SEAL: _seal(content)}


def read_manifest(path: Path) -> dict[str, Any]:
    """Read one manifest, wherever it lies.

    Raises:
        DamagedRunError: it is damaged.
        StoreError: it is absent or of another format.
    """
    try:
        manifest = json.loads(read_regular(path).decode("utf-8"))
    except FileNotFoundError as error:
        raise StoreError(f"{path} does not exist; give the manifest of a run") from error
    except OSError as error:
        raise damaged(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise damaged(f"{path} is damaged (not UTF-8)") from error
    except (ValueError, RecursionError) as error:
        raise damaged(f"{path} is damaged (not JSON)") from error
    stated = manifest.get("format") if isinstance(manifest, dict) else None
    if stated is None:
        raise damaged(f"{path} is damaged (no format {RUN_FORMAT!r})")
    if stated not in (RUN_FORMAT, OLDER_FORMAT):
        raise StoreError(
            f"{path} has format {str(stated)[:40]!r}, this version reads {RUN_FORMAT!r}; "
            "read it with the version that wrote it, or run it again"
        )
    odd = [key for key, is_right in _KEYS.items() if not is_right(manifest.get(key))]
    if odd:
        raise damaged(f"{path} is damaged ({', '.join(odd)}: missing or not as a run writes it)")
    if manifest["identity"]["seed"] != manifest["seed"]:
        raise damaged(f"{path} is damaged (seed {manifest['seed']} with the identity of another)")
    if stated == RUN_FORMAT or SEAL in manifest:
        if manifest.get(SEAL) != _seal(manifest):
            raise damaged(f"{path} is damaged (it was changed after the run wrote it)")
    return manifest


def refuse_other_place(folder: Path, manifest: Mapping[str, Any]) -> None:
    """See that a run folder has the name of its run, unless it is not named like a run at all.

    Raises:
        DamagedRunError: it was copied or renamed, and would count as another run.
    """
    named = RUN_NAME.fullmatch(folder.absolute().name)
    holds = manifest["scenario"], manifest["seed"]
    if named and (named["scenario"], int(named["seed"])) != holds:
        raise damaged(
            f"{folder} holds the run {holds[0]}__seed_{holds[1]:04d}: it was copied or renamed"
        )


def _seal(content: Mapping[str, Any]) -> str:
    told = {key: value for key, value in content.items() if key != SEAL}
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and value >= 0


def _is_identity(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("scenario_sha256"), str)


def _are_parameters(value: Any) -> bool:
    """Whether tables are tables and doses are numbers, which all readers of a run rely on."""
    if not isinstance(value, dict) or not isinstance(value.get("run"), dict):
        return False
    if not all(isinstance(value.get(name, {}), dict) for name in (*TABLES, *TABLES_OF_TABLES)):
        return False
    inner = [table for name in TABLES_OF_TABLES for table in value.get(name, {}).values()]
    if not all(isinstance(table, dict) for table in inner):
        return False
    doses = [drug.get(key) for drug in value.get("drugs", {}).values() for key in DOSE_NUMBERS]
    return all(map(_is_missing_or(_is_number), [value["run"].get("days"), *doses]))


def _is_file(name: str, entry: Any) -> bool:
    """Whether a run writes files of this name, and its entry is whole."""
    kind, _, inner = name.partition("/")
    is_ours = name in RUN_FILES or (
        kind in SNAPSHOTS and SNAPSHOT_NAME.fullmatch(inner) is not None
    )
    return (
        is_ours
        and isinstance(entry, dict)
        and isinstance(entry.get("sha256"), str)
        and SHA256.fullmatch(entry["sha256"]) is not None
        and _is_count(entry.get("bytes"))
        and _is_count(entry.get("rows", 0))
    )


def _are_files(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_file(*item) for item in value.items())


def _is_missing_or(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_right(value)


_KEYS: Mapping[str, Callable[[Any], bool]] = {
    "scenario": lambda v: isinstance(v, str) and re.fullmatch(SCENARIO_NAME, v) is not None,
    "seed": _is_count,
    "status": lambda v: v in ("complete", "failed"),
    "identity": _is_identity,
    "parameters": _are_parameters,
    "files": _are_files,
    "n_steps": _is_missing_or(_is_count),
    "begun_at_step": _is_missing_or(_is_count),
    "wall_s": _is_missing_or(_is_number),
    "error": _is_missing_or(lambda v: isinstance(v, str)),
    "finished": _is_missing_or(lambda v: isinstance(v, str)),
    "versions": _is_missing_or(lambda v: isinstance(v, dict)),
    "tables": _is_missing_or(lambda v: isinstance(v, dict)),
}
