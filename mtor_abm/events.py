"""The log of what happened to single cells: division, death, dormancy, fusion, sprout, arrival."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .numerics.lattice import Lattice

if TYPE_CHECKING:
    from .cells.population import Population  # stands above this module: tissues log their events

#: Why a cell died or left, in the order of the codes in column `cause` of a population.
CAUSE_MEANINGS = {
    "": "alive, or no death",
    "baseline": "a tumour cell that died without a named stress",
    "hypoxia": "too little oxygen",
    "anoikis": "detached in blood",
    "lifespan": "end of its lifespan",
    "no_rankl": "an osteoclast without RANKL",
    "retraction": "a lining cell that gave way to an osteoclast",
    "no_bone": "a preosteoblast off bone, or an osteocyte in resorbed bone",
    "no_vegf": "an immature vessel site without VEGF or AKT",
    "fused": "a precursor that became part of an osteoclast",
    "embedded": "an osteoblast buried in bone without becoming an osteocyte",
    "starvation": "a cell in blood whose energy store ran out",
    "co_opted": "a vessel site closed and lost within tumour",
    "tgfb": "an osteoclast killed by TGF-beta",
    "left_marrow": "a precursor that left the marrow",
    "extravasation": "a tumour cell that stopped in a vessel and did not live through leaving it",
}
CAUSES = tuple(CAUSE_MEANINGS)

#: Columns of events.csv: name -> (unit, meaning).
EVENT_COLUMNS = {
    "time_h": ("h", "time since the start of the run"),
    "event": ("", "what happened, see EVENTS"),
    "cell_type": ("", "type of the cell it happened to"),
    "uid": ("", "identity of that cell"),
    "parent_uid": ("", "identity of its mother, 0 for founders"),
    "clone": ("", "identity of the founder of its lineage"),
    "x_um": ("um", "position, empty outside the marrow"),
    "y_um": ("um", "position, empty outside the marrow"),
    "cause": ("", "cause of a death, empty otherwise"),
}
EVENTS = {
    "arrival": "a circulating tumour cell enters the marrow",
    "shedding": "the primary tumour gives a cell to the blood",
    "mobilisation": "a dormant tumour cell went back into blood",
    "division": "a cell divided; the row is the daughter",
    "death": "a cell died or left, see cause",
    "dormancy_in": "a tumour cell became dormant",
    "dormancy_out": "a dormant tumour cell woke",
    "commitment": "an osteoclast precursor committed",
    "fusion": "a precursor joined an osteoclast or founded one",
    "sprout": "a stable vessel sent out a tip",
    "anastomosis": "a tip met another vessel",
    "maturation": "a cell reached its next stage",
}


class EventLog:
    """Events since they were last taken, kept as columns."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._parts: list[dict[str, Any]] = []

    def add(self, time_h: float, event: str, cells: "Population", rows: np.ndarray) -> None:
        """Log one event for each of the rows (indices) of a population, as they are now."""
        if len(rows) == 0:
            return
        site = cells.column("site")[rows]
        x_um, y_um = self._lattice.xy_um(site)
        nowhere = site < 0
        count = len(rows)
        causes = np.array(CAUSES, dtype=object)[cells.column("cause")[rows]]
        self._parts.append(
            {
                "time_h": np.full(count, time_h),
                "event": np.full(count, event, dtype=object),
                "cell_type": np.full(count, cells.kind.name, dtype=object),
                "uid": cells.column("uid")[rows].copy(),
                "parent_uid": cells.column("parent")[rows].copy(),
                "clone": cells.column("clone")[rows].copy(),
                "x_um": np.where(nowhere, np.nan, x_um),
                "y_um": np.where(nowhere, np.nan, y_um),
                "cause": causes if event == "death" else np.full(count, "", dtype=object),
            }
        )

    def take(self) -> dict[str, np.ndarray]:
        """All events since the last call as equal-length columns, and forget them."""
        parts, self._parts = self._parts, []
        if not parts:
            empty: dict[str, np.ndarray] = {name: np.empty(0) for name in EVENT_COLUMNS}
            return empty
        return {name: np.concatenate([part[name] for part in parts]) for name in EVENT_COLUMNS}
