"""The levels and masks of all chosen days of a run as two stacks of images, for OME formats."""

from dataclasses import dataclass

import numpy as np

from ..errors import UserError
from .recorded import CELLS, FIELD_TABLES, MASKS, Grid, Level, Recorded, levels_of, masks_of


@dataclass(frozen=True)
class Stack:
    """Images of one run over time.

    Attributes:
        days: time of each image, d. grid: sites and their size.
        levels: what each channel is. values: float32 (t, c, y, x), in the unit of the channel.
        masks: name -> uint8 (t, y, x); see MASKS.
        notes: what a reader should know, a sentence each.
    """

    days: tuple[float, ...]
    grid: Grid
    levels: list[Level]
    values: np.ndarray
    masks: dict[str, np.ndarray]
    notes: list[str]

    @property
    def step_d(self) -> float | None:
        """Days between images; None if there is one, or they are not evenly spaced."""
        steps = {round(step, 6) for step in np.diff(self.days)}
        return float(steps.pop()) if len(steps) == 1 else None

    @classmethod
    def of(cls, recorded: Recorded) -> "Stack":
        """Read the chosen days of a run.

        Raises:
            UserError: no fields of these days.
        """
        days = recorded.chosen(FIELD_TABLES)
        with_cells = set(days) <= set(recorded.held(CELLS))
        grid: Grid | None = None
        levels: list[Level] = []
        values, masks = [], []
        for day in days:
            sites = recorded.sites(day)
            if grid is None:
                grid, levels = Grid.of(sites), levels_of(sites)
            elif levels_of(sites) != levels:
                raise UserError(
                    f"{recorded.run.folder} has other fields on day {day:g} than on day "
                    f"{days[0]:g}, so they cannot be one stack; export one --day at a time"
                )
            values.append([grid.image(sites, sites[level.column], np.float32) for level in levels])
            masks.append(masks_of(grid, sites, recorded.cells(day) if with_cells else None))
        assert grid is not None  # `chosen` gives at least one day
        stacked = {name: np.stack([m[name] for m in masks]) for name in MASKS if name in masks[0]}
        notes = [] if with_cells else [
            "no mask of cell types: the run has no cells of any of these days "
            "(-S output.cells_at_days)"
        ]  # fmt: skip
        return cls(days, grid, levels, np.array(values, dtype=np.float32), stacked, notes)

    def text(self) -> str:
        """What the stack holds, for people."""
        return (
            f"{len(self.levels)} fields, {len(self.masks)} masks, {self.grid.nx} x {self.grid.ny} "
            f"sites of {self.grid.dx_um:g} um"
        )
