"""Our CSV tables as Parquet, block by block (needs pyarrow, the extra `parquet`)."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..extras import library
from ..whole_file import PARTIAL, storage_error

TEXTS = (
    "scenario", "readout", "unit", "event", "cell_type", "state", "cause", "control", "treated",
    "effect", "test", "family", "adjustment", "differs_in",
)  # fmt: skip
WHOLE_NUMBERS = ("seed", "uid", "parent_uid", "clone", "n_pairs", "n_sites")
BYTES_PER_BLOCK = 16 * 2**20


def ensure_installed() -> None:
    """See that pyarrow is there.

    Raises:
        UserError: it is not.
    """
    _pyarrow()


def convert(
    path: Path,
    target: Path | None = None,
    *,
    keys: Mapping[str, float] | None = None,
    about: Mapping[str, str] | None = None,
) -> Path:
    """Write a CSV of ours as Parquet; returns the new path.

    Types are declared by name, so that they do not depend on the first rows: texts, whole numbers
    of 64 bits, and float64 for all else. An empty cell is null.

    Args:
        path: the CSV. target: the new file; None puts it beside the CSV.
        keys: columns put before the others, each of one value.
        about: metadata of the file, beside its schema.

    Raises:
        UserError: pyarrow is missing, or the disk refuses.
    """
    arrow = _pyarrow()
    target = path.with_suffix(".parquet") if target is None else target
    partial = target.with_name(f".{target.name}.0{PARTIAL}")
    keys = keys or {}
    try:
        with path.open(encoding="utf-8") as file:
            names = file.readline().rstrip("\n").split(",")
        types = {name: _type(arrow, name) for name in names}
        reader = arrow.csv.open_csv(
            path,
            read_options=arrow.csv.ReadOptions(block_size=BYTES_PER_BLOCK),
            convert_options=arrow.csv.ConvertOptions(
                column_types=types, null_values=[""], strings_can_be_null=True
            ),
        )
        schema = arrow.schema(
            [*((key, arrow.float64()) for key in keys), *reader.schema], metadata=about or None
        )
        with reader, arrow.parquet.ParquetWriter(partial, schema) as writer:
            for batch in reader:
                columns = [
                    arrow.repeat(value, batch.num_rows).cast("float64") for value in keys.values()
                ]
                writer.write_batch(arrow.record_batch([*columns, *batch.columns], schema=schema))
        partial.replace(target)
    except OSError as error:
        raise storage_error(error, target) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _type(arrow: Any, name: str) -> Any:
    if name in TEXTS:
        return arrow.string()
    return arrow.int64() if name in WHOLE_NUMBERS else arrow.float64()


def _pyarrow() -> Any:
    arrow = library("pyarrow", "parquet", "Parquet")
    for part in ("csv", "parquet"):
        import_module(f"pyarrow.{part}")
    return arrow
