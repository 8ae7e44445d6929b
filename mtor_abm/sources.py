"""Which files of the package decide what: a run, compiled code, a reading of a claim.

One list, from which the others are made. A new module that reads results, starts runs or only words
belongs into it; a module that is not there counts as one that decides what a run holds.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

# Parts that read results, start runs or word messages, and cannot change what a run holds.
BESIDE_THE_MODEL = (
    "__init__.py", "__main__.py", "analysis", "api.py", "assays", "audit", "catalogue.py", "claims",
    "cli.py", "demo.py", "dictionary.py", "doctor.py", "evidence", "exchange",
    "exchange_commands.py", "extras.py", "folder_lock.py", "glossary.py",
    "invocation.py", "palette.py", "runner",
    "shipped.py", "streams.py", "study.py", "study_commands.py", "study_text.py", "synonyms.py",
    "targets",
    "view_commands.py", "views",
)  # fmt: skip
WITH_THE_MODEL = (  # though their folder is not
    "runner/single.py", "runner/checkpoint.py", "runner/frozen.py",
)  # fmt: skip

# What has no kernels (a test holds this), so that its edits need no compiling.
WITHOUT_KERNELS = (
    *BESIDE_THE_MODEL, "compilation.py", "errors.py", "manifest.py", "own_drugs.py",
    "provenance.py", "sources.py", "store.py", "tidy_csv.py", "version.py", "whole_file.py",
)  # fmt: skip
SAYS_WHAT_IS_COMPILED = "runner/warm.py"

# What changes no reading of a claim: the benches of `assays` do.
BESIDE_A_READING = tuple(part for part in BESIDE_THE_MODEL if part != "assays")


def of_a_run(package: Path = PACKAGE) -> Iterator[Path]:
    """Files that decide what a run holds, sorted."""
    return _files(package, BESIDE_THE_MODEL, WITH_THE_MODEL)


def of_compiled_code(package: Path = PACKAGE) -> Iterator[Path]:
    """Files that decide what compiled code does and which there is, sorted."""
    return _files(package, WITHOUT_KERNELS, (SAYS_WHAT_IS_COMPILED,))


def of_a_reading(package: Path = PACKAGE) -> Iterator[Path]:
    """Files that decide what a bench measures, sorted."""
    return _files(package, BESIDE_A_READING, ())


def decides_a_run(module: str) -> bool:
    """Whether a module, by its full name, is of this package and decides what a run holds."""
    return module in _modules_of_a_run()


@functools.cache
def _modules_of_a_run() -> frozenset[str]:
    places = (path.relative_to(PACKAGE.parent).with_suffix("") for path in of_a_run())
    return frozenset(".".join(place.parts).removesuffix(".__init__") for place in places)


def _files(package: Path, without: tuple[str, ...], and_yet: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        if place.parts[0] not in without or place.as_posix() in and_yet:
            yield path
