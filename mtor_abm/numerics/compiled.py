"""The one door to numba: flags, and a cache that never runs old rules.

Numba's own cache looks only at the file that holds a function. A rule edited in another module that
the function calls would silently run in its old form, and so would a change of flags. Here the
cache folder is named by a hash of every source that a kernel can reach, of the flags and of the
versions, so that after an edit of any of them all is compiled again.

Environment: `MTOR_ABM_CACHE` moves the cache, `MTOR_ABM_BOUNDSCHECK=1` compiles with bounds checks
(for hunting a bug; about twice slower), `NUMBA_DISABLE_JIT=1` runs every kernel as plain Python.
"""

import atexit
import errno
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.extending import register_jitable

from .. import sources

PACKAGE = sources.PACKAGE
BOUNDSCHECK = os.environ.get("MTOR_ABM_BOUNDSCHECK", "0") not in ("", "0")
JIT_IS_OFF = bool(numba.config.DISABLE_JIT)
KEEP_UNUSED_CACHES_DAYS = 14.0

# Reassociation lets sums be vectorised and contraction lets multiply-adds fuse; NaN and infinity
# keep their meaning, which `fastmath=True` would take away from every check.
REORDER = frozenset({"reassoc", "contract", "nsz", "arcp"})

# C-like division, no GIL; nobody calls kernels from C. Arrays belong to Python for as long as a
# call lasts, so compiled code need not count references to them (numba's `_nrt`): where a rule is
# not inlined, counting those of the 22 arrays of a `World` at each call costs more than the rule.
_STRICT: dict[str, Any] = {
    "error_model": "numpy",
    "nogil": True,
    "boundscheck": BOUNDSCHECK,
    "no_cfunc_wrapper": True,
    "_nrt": False,
}

# Without docstrings or asserts (python -O, -OO) numba takes a function for another.
_FLAGS = (sys.version, numba.__version__, np.__version__, BOUNDSCHECK, sys.flags.optimize)

if JIT_IS_OFF:
    np.seterr(over="ignore")  # the keyed hash wraps around 2**64 by intent


def source_fingerprint() -> str:
    """Hash of the sources, flags and versions that decide what compiled code does (16 hex)."""
    digest = hashlib.sha256()
    for path in sources.of_compiled_code(PACKAGE):
        digest.update(str(path.relative_to(PACKAGE)).encode())
        digest.update(path.read_bytes())
    digest.update(repr(_FLAGS).encode())
    return digest.hexdigest()[:16]


def place_fingerprint() -> str:
    """Hash (16 hex) of where the sources lie, their times and sizes.

    numba takes what it has compiled for a file only while all three are the same, so that the
    same sources in another checkout are compiled again.
    """
    digest = hashlib.sha256(str(PACKAGE).encode())
    for path in sources.of_compiled_code(PACKAGE):
        state = path.stat()
        digest.update(repr((str(path), state.st_mtime_ns, state.st_size)).encode())
    return digest.hexdigest()[:16]


def cache_root() -> Path:
    """Folder that holds one cache per version of the sources."""
    chosen = os.environ.get("MTOR_ABM_CACHE") or os.environ.get("XDG_CACHE_HOME")
    if os.environ.get("MTOR_ABM_CACHE"):
        return Path(str(chosen))
    try:
        return Path(chosen or Path.home() / ".cache") / "mtor_abm"
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir()) / f"mtor_abm-{getattr(os, 'getuid', int)()}"


def _open_cache() -> tuple[Path | None, str]:
    """Point numba at this version's folder; also why another had to be taken, in a few words.

    Where the usual place cannot be used, compiled code goes to a temporary folder: a process that
    compiled for itself would round some last bits differently. Children find it by the environment.
    """
    why = ""
    try:
        folder = _own_folder(cache_root())
        _forget_unused(folder.parent)
    except OSError as error:
        why = f"{cache_root()}: {error.strerror or error}"
        try:
            root = Path(tempfile.mkdtemp(prefix="mtor_abm-"))
            atexit.register(_remove, root, os.getpid())
            folder = _own_folder(root)
        except OSError:
            return None, why
        os.environ["MTOR_ABM_CACHE"] = str(root)
    numba.config.CACHE_DIR = str(folder)
    return folder, why


def _own_folder(root: Path) -> Path:
    """This version's folder, which nobody but its owner can write to: its code will be run.

    Raises:
        OSError: it cannot be made or written to, or it is not ours alone.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = root / f"{source_fingerprint()}-{_place()}"
    if hasattr(os, "getuid"):
        for place in (root, folder):
            if place.exists() and place.stat().st_uid != os.getuid():
                raise PermissionError(errno.EPERM, "it belongs to someone else")
            if place.exists() and place.stat().st_mode & 0o022:
                shutil.rmtree(folder, ignore_errors=True)  # others may have put code there
                root.chmod(0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    (folder / "used").touch()
    return folder


def _place() -> str:
    """Hash (8 hex) of where the sources lie and of the processor; each has code of its own."""
    import llvmlite.binding  # type: ignore[import-untyped]

    about = f"{PACKAGE} {llvmlite.binding.get_host_cpu_name()}"
    return hashlib.sha256(about.encode()).hexdigest()[:8]


def _forget_unused(root: Path) -> None:
    for other in root.iterdir():
        mark = other / "used"
        try:
            if (time.time() - mark.stat().st_mtime) / 86400.0 > KEEP_UNUSED_CACHES_DAYS:
                shutil.rmtree(other, ignore_errors=True)
        except OSError:
            continue


def _remove(root: Path, pid: int) -> None:
    if os.getpid() == pid:
        shutil.rmtree(root, ignore_errors=True)


CACHE_FOLDER, WHY_NOT_THE_USUAL_PLACE = (None, "") if JIT_IS_OFF else _open_cache()


def _cached(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    return numba.njit(cache=CACHE_FOLDER is not None, **options)(function)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop that makes no arrays: strict floating point, C-like division, no GIL."""
    return _cached(function, **_STRICT)


def making_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that returns arrays it has made, for which references must be counted."""
    return _cached(function, **(_STRICT | {"_nrt": True}))


def woven_rule(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a rule that must end up within its loop for the loop to use vector instructions."""
    return register_jitable(forceinline=True, **_STRICT)(function)


def rule(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let kernels compile a short scalar rule into the loop that calls it.

    Called from Python the rule stays the plain function it is, so no way in from Python is compiled
    for it, which would cost more than the rule itself.
    """
    return register_jitable(**_STRICT)(function)


def reordering_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a field kernel whose sums may be reordered for vector instructions (see REORDER)."""
    return _cached(function, fastmath=set(REORDER), **_STRICT)
