"""Libraries that the core does without; each belongs to an extra of pyproject.toml."""

from importlib import import_module
from typing import Any

from .errors import UserError
from .invocation import pip_install

PACKAGES = {"PIL": "pillow", "skimage": "scikit-image"}  # where the module has another name


def install(extra: str) -> str:
    """What a person types to get an extra."""
    return f"type: {pip_install(extra)}"


def package_of(module: str) -> str:
    """The name by which pip knows the package of a module."""
    top = module.partition(".")[0]
    return PACKAGES.get(top, top.replace("_", "-"))


def library(module: str, extra: str, what: str) -> Any:
    """Import a module that is not part of the core.

    Args:
        module: its dotted name. extra: that holds it. what: what needs it, for people.

    Raises:
        UserError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UserError(f"{what} needs {package_of(module)}; {install(extra)}") from None
