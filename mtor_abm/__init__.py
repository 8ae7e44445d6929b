"""mtor_abm: an agent-based simulator of bone metastasis driven by mTOR signalling."""

from .version import VERSION as __version__  # noqa: N811

__all__ = ["__version__"]
