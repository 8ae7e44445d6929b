"""Virtual experiments beside the marrow, each small and built from the same rules.

`BENCHES` is the table of contents: a new bench is one file and one line here.
"""

from .bench import Bench, Readout

_ALL: tuple[Bench, ...] = ()
BENCHES: dict[str, Bench] = {bench.key: bench for bench in _ALL}

__all__ = ["BENCHES", "Bench", "Readout"]
