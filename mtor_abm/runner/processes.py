"""Worker processes that run the package of their parent, wherever and however it was started."""

import contextlib
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from ..provenance import model_fingerprint
from ..sources import PACKAGE
from ..whole_file import StoreError

PRELOADED = ("mtor_abm.runner.single", "mtor_abm.model", "mtor_abm.observe")
LONGEST_SOCKET = 107  # bytes of the path of a socket; Linux takes 108 with the end, others 104
NAME_OF_SOCKET = len("/pymp-12345678/listener-12345678") + 4
SHORT_PLACES = ("/tmp", "/var/tmp", "/dev/shm")


def worker_context(preloaded: Sequence[str] = PRELOADED) -> Any:
    """How processes start: fresh, without threads, from a clean server where there is one.

    Args:
        preloaded: modules that the server imports once for all.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preloaded))
    with _our_package_first(), _short_temporary_folder():
        try:
            forkserver.ensure_running()
        except OSError:  # no sockets here
            return multiprocessing.get_context("spawn")
    return context


def refuse_other_package(package: str, sources: str) -> None:
    """See, within a worker, that it has the package of its parent.

    Args:
        package, sources: folder and fingerprint of the parent's.

    Raises:
        StoreError: it has not; its runs would not be what the parent says they are.
    """
    if (str(PACKAGE), model_fingerprint()) != (package, sources):
        raise StoreError(
            f"worker processes import mtor_abm from {PACKAGE}, not from {package}; start it from "
            "the folder of that package, or install it, or use --jobs 1"
        )


@contextlib.contextmanager
def _our_package_first() -> Iterator[None]:
    """Let the server find the package of this process: Python 3.13.0 does not hand over sys.path.

    Nor may the working folder come first, which may hold another checkout.
    """
    ours = str(PACKAGE.parent)
    path = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))
    with _environment(PYTHONPATH=path, PYTHONSAFEPATH="1"):
        yield


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _short_temporary_folder() -> Iterator[None]:
    """Keep the sockets of processes where their paths are short enough for the system."""
    before = tempfile.tempdir
    if len(os.fsencode(tempfile.gettempdir())) + NAME_OF_SOCKET > LONGEST_SOCKET:
        for place in SHORT_PLACES:
            if Path(place).is_dir() and os.access(place, os.W_OK):
                tempfile.tempdir = place
                break
        # multiprocessing keeps the folder that it makes now, and removes it at the end
        multiprocessing.util.get_temp_dir()
    try:
        yield
    finally:
        tempfile.tempdir = before
