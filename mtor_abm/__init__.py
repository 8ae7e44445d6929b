"""mtor_abm: an agent-based simulator of bone metastasis driven by mTOR signalling.

    import mtor_abm as ma
    study = ma.run(["vehicle", "rapamycin"], seeds=4, days=14)
    ma.compare(study)             # a DataFrame of effects; study.plot(), study.report()

Nothing heavy is imported before one of these names is used. docs/python.md shows them all.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if sys.version_info < (3, 12):  # noqa: UP036
    raise ImportError(
        "mtor_abm needs Python 3.12 or newer; this is %d.%d (%s)"  # noqa: UP031
        % (*sys.version_info[:2], sys.executable)
    )

from .version import VERSION as __version__  # noqa: N811

if TYPE_CHECKING:
    from .api import compare, gallery, load, run, scenario, sweep
    from .errors import UserError
    from .model import MarrowModel
    from .scenario import Scenario
    from .study import Study

__all__ = [
    "MarrowModel", "Scenario", "Study", "UserError", "__version__", "compare", "gallery", "load",
    "run", "scenario", "sweep",
]  # fmt: skip

_MODULES = {
    "MarrowModel": "model", "Scenario": "scenario", "Study": "study", "UserError": "errors",
    "compare": "api", "gallery": "api", "load": "api", "run": "api", "scenario": "api",
    "sweep": "api",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__


class _Front(ModuleType):
    """This package. Its `scenario` is the function, whoever imports the module of that name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _MODULES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Front
