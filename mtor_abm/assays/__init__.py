"""Virtual experiments, each small and built from the same rules as the marrow.

`BENCHES` is the table of contents: a new bench is one file and one line here.
"""

from .bench import Bench, Readout
from .marrow_run import MARROW
from .single_cell import CELL

_ALL = (
    MARROW,
    CELL,
)  # fmt: skip
BENCHES: dict[str, Bench] = {bench.key: bench for bench in _ALL}

__all__ = ["BENCHES", "Bench", "Readout"]
