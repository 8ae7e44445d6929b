"""Virtual experiments, each small and built from the same rules as the marrow.

`BENCHES` is the table of contents: a new bench is one file and one line here.
"""

from .bench import Bench, Readout
from .boyden import BOYDEN
from .cascade import CASCADE
from .coculture import COCULTURE
from .loop_gain import LOOP_GAIN
from .marrow_run import MARROW
from .osteoblast_culture import OSTEOBLAST_CULTURE
from .osteoclast_culture import OSTEOCLAST_CULTURE
from .primary import PRIMARY
from .single_arrivals import SINGLE_ARRIVALS
from .single_cell import CELL
from .suspension import SUSPENSION
from .tube import TUBE

_ALL = (
    MARROW,
    CELL,
    SUSPENSION,
    BOYDEN,
    TUBE,
    OSTEOCLAST_CULTURE,
    OSTEOBLAST_CULTURE,
    COCULTURE,
    PRIMARY,
    CASCADE,
    SINGLE_ARRIVALS,
    LOOP_GAIN,
)  # fmt: skip
BENCHES: dict[str, Bench] = {bench.key: bench for bench in _ALL}

__all__ = ["BENCHES", "Bench", "Readout"]
