"""mtor_abm: an agent-based simulator of bone metastasis driven by mTOR signalling."""

import sys

if sys.version_info < (3, 12):  # noqa: UP036
    raise ImportError(
        "mtor_abm needs Python 3.12 or newer; this is %d.%d (%s)"  # noqa: UP031
        % (*sys.version_info[:2], sys.executable)
    )

from .version import VERSION as __version__  # noqa: N811

__all__ = ["__version__"]
