"""Files and folders for other tools: whole or not there, and nothing of others replaced."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import UserError
from ..store import MANIFEST
from ..whole_file import PARTIAL, storage_error
from .recorded import EXPORT_FORMAT


@contextlib.contextmanager
def whole(path: Path, mark: str, *, force: bool) -> Iterator[Path]:
    """A place to write to that becomes `path` when the block ends without an error.

    Args:
        path: file or folder to be made. mark: empty for a file; of a folder, the file in it that
        says that it is an export, so that --force removes no other folder. force: replace it.

    Raises:
        UserError: it exists, is something else, lies within a run, or the disk refuses.
    """
    _refuse(path, mark, force)
    partial = path.with_name(f".{path.name}.{secrets.randbits(32)}{PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if mark:
            partial.mkdir()
        yield partial
        if mark and path.exists():
            shutil.rmtree(path)
        partial.replace(path)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        _remove(partial)


def _refuse(path: Path, mark: str, force: bool) -> None:
    run = next((place for place in path.absolute().parents if (place / MANIFEST).exists()), None)
    if run is not None:
        raise UserError(f"{path} lies within the run {run}, which holds only what the run wrote; "
                        "choose another --out")  # fmt: skip
    if not path.exists():
        return
    if path.is_dir() and not mark:
        raise UserError(f"{path} is a folder; give the path of the file to be made as --out")
    if mark and not _is_export(path, mark):
        raise UserError(f"{path} exists and is no such export; choose another --out")
    if not force:
        raise UserError(f"{path} exists; give --force to replace it, or choose another --out")


def _is_export(folder: Path, mark: str) -> bool:
    try:
        return EXPORT_FORMAT in (folder / mark).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _remove(partial: Path) -> None:
    with contextlib.suppress(OSError):
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)
