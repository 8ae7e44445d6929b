"""Files and folders for other tools: whole or not there, and nothing of others replaced."""

import contextlib
import json
import mmap
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import UserError
from ..folder_lock import folder_lock
from ..store import MANIFEST
from ..whole_file import PARTIAL, open_regular, storage_error, sync
from .recorded import PROVENANCE_FILE

ZARR_MARK = "zarr.json"
_OF_ZARR = re.compile(r"(.*/)?(zarr\.json|c(/\d+)+)")  # what Zarr calls its files


@contextlib.contextmanager
def whole(path: Path, mark: str, sign: str, *, force: bool) -> Iterator[Path]:
    """A place to write to that becomes `path` when the block ends without an error.

    What is unfinished lies in a folder beside `path`, locked as long as it is in use: where its
    process was killed, the next export to the same place removes it.

    Args:
        path: file or folder to be made.
        mark: empty for a file; of a folder, the file in it that says that it is an export.
        sign: text in the mark, or in the file, by which an export of ours is known.
        force: replace an older export, and nothing else.

    Raises:
        UserError: it exists, is something else, lies within a run, or the disk refuses.
    """
    _refuse(path, mark, sign, force)
    _remove_abandoned(path)
    stage = path.with_name(f".{path.name}.{secrets.randbits(64)}{PARTIAL}")
    place = stage / path.name
    try:
        stage.mkdir(parents=True)
        with folder_lock(stage) as lock:
            lock.take()
            if mark:
                place.mkdir()
            yield place
            _sync(place)
            if mark and path.exists():
                path.replace(stage / "older")  # which goes with the stage
            place.replace(path)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _refuse(path: Path, mark: str, sign: str, force: bool) -> None:
    run = next((place for place in path.absolute().parents if (place / MANIFEST).exists()), None)
    if run is not None:
        raise UserError(f"{path} lies within the run {run}, which holds only what the run wrote; "
                        "choose another --out")  # fmt: skip
    if not path.exists():
        return
    if path.is_dir() and not mark:
        raise UserError(f"{path} is a folder; give the path of the file to be made as --out")
    if not _is_export(path / mark, sign):
        raise UserError(f"{path} exists and was not written by export; choose another --out")
    if not force:
        raise UserError(f"{path} exists; give --force to replace it, or choose another --out")
    others = _not_ours(path, mark) if mark else []
    if others:
        raise UserError(
            f"{path} holds {others[0]}, which export did not write; move it elsewhere, or choose "
            "another --out"
        )


def _is_export(file: Path, sign: str) -> bool:
    """Whether a file has the sign in it, which may lie deep in a large one."""
    try:
        with open_regular(file) as opened:
            content = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
            with content:
                return content.find(sign.encode()) >= 0
    except (OSError, ValueError):  # ValueError: empty
        return False


def _not_ours(folder: Path, mark: str) -> list[str]:
    """Files and links in the folder of an older export that it did not write, sorted."""
    held = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    if mark == ZARR_MARK:
        return sorted(name for name in held if not _OF_ZARR.fullmatch(name))
    try:
        written = json.loads((folder / PROVENANCE_FILE).read_bytes()).get("files", [])
        return sorted(held - {*map(str, written), PROVENANCE_FILE})
    except (OSError, ValueError, AttributeError, TypeError):
        return sorted(held)


def _remove_abandoned(path: Path) -> None:
    """Remove what killed exports to this place left; one in use is locked, a new one empty."""
    name = re.compile(re.escape(f".{path.name}.") + r"\d+" + re.escape(PARTIAL))
    with contextlib.suppress(OSError):
        for stage in path.parent.iterdir():
            if name.fullmatch(stage.name) and stage.is_dir() and any(stage.iterdir()):
                with folder_lock(stage) as lock:
                    if lock.take():
                        shutil.rmtree(stage, ignore_errors=True)


def _sync(place: Path) -> None:
    """Have the disk keep what was written before it gets its name."""
    for path in [place, *place.rglob("*")] if place.is_dir() else [place]:
        sync(path)
