"""Which guessed numbers the headline effects rest on: a Morris screen (`run.py sensitivity`)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...tidy_csv import csv_text
from ...whole_file import write_file
from .page import page, table
from .screen import run_screen

TABLE, PAGE = "sensitivity.csv", "sensitivity.md"

__all__ = ["PAGE", "TABLE", "page", "run_screen", "screen_to", "table"]


def screen_to(
    folder: Path,
    trajectories: int,
    seeds: Sequence[int],
    *,
    docs: Path | None = None,
    **how: Any,
) -> list[Path]:
    """Run a screen and write sensitivity.csv and .md to `folder`, and to `docs` if given.

    Args:
        folder, trajectories, seeds, how: as in `run_screen`. docs: a second folder.

    Raises:
        UserError: as `run_screen`; StoreError: the disk refuses.
    """
    design, outcomes, idle = run_screen(folder, trajectories, seeds, **how)
    written = []
    for place in (folder, *([docs] if docs is not None else [])):
        place.mkdir(parents=True, exist_ok=True)
        for name, text in (
            (TABLE, csv_text(table(design, outcomes, idle))),
            (PAGE, page(design, outcomes, idle)),
        ):
            write_file(place / name, text)
            written.append(place / name)
    return written
