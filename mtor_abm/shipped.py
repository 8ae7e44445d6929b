"""What travels with the program: scenarios, a scenario to start from, a finished study.

A clone has its scenarios at the top, where people edit them; a wheel has them inside the package.
"""

import shutil
from pathlib import Path

from .errors import UserError
from .invocation import PACKAGE, clone_folder

TEMPLATE = PACKAGE / "templates" / "scenario.toml"
GALLERY = PACKAGE / "gallery"


def scenarios_folder() -> Path:
    """The folder of the scenarios that come with the program."""
    clone = clone_folder()
    return PACKAGE / "scenarios" if clone is None else clone / "scenarios"


def write_scenario(name: str | Path) -> Path:
    """Write a commented scenario to start from; return its path.

    Args:
        name: of the scenario, or the path of the file; `.toml` may be left out.

    Raises:
        UserError: there is such a file, or it cannot be written. Nothing is ever overwritten.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = path.with_name(f"{path.name}.toml") if path.name else path
    if path.stem in ("", ".toml"):
        raise UserError(f"'{name}' cannot name a scenario; give e.g. my_scenario")
    text = TEMPLATE.read_text(encoding="utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path} exists and is left as it is; choose another name") from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or "not a file name"
        raise UserError(f"{path} cannot be written: {reason}; choose another place") from None
    return path


def copy_gallery(out: str | Path) -> Path:
    """Copy the finished study that comes with the program into a folder; return where it lies.

    A copy that is there already is kept as it is.

    Args:
        out: folder of all studies.

    Raises:
        UserError: it cannot be written.
    """
    target = Path(out) / GALLERY.name
    if target.exists():
        return target
    try:
        shutil.copytree(GALLERY, target)
    except OSError as fault:
        reason = fault.strerror or "the disk refuses"
        raise UserError(f"{target} cannot be written: {reason}; give another --out") from None
    return target
