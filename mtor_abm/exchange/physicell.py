"""The cells of a run under the names of PhysiCell's MultiCellDS cell table, as CSV.

The names are the labels that PhysiCell writes to its MultiCellDS output (`ID`, `position`,
`cell_type`, `current_phase`, ... in modules/PhysiCell_MultiCellDS.cpp), as pcdl, its own loader,
spells them in a data frame: `position_x`, `position_y`, `position_z`, `time`. Units are those of
PhysiCell, um and min. What this model does not have (volumes, motility vectors) is left out. Its
activities stand under their own names, as custom data do there.
"""

from pathlib import Path

import pandas as pd

from ..mtor import SIGNALS
from ..tidy_csv import csv_text
from .recorded import CELLS, Recorded, days_text

MIN_PER_DAY = 1440.0
MIN_PER_HOUR = 60.0


def physicell_table(cells: pd.DataFrame, day: float) -> pd.DataFrame:
    """Cells of one day (columns of docs/tables.md) as such a table, those in blood left out.

    Columns: time (min), ID, position_x, position_y, position_z (um), cell_type, current_phase (the
    state), dead (0: the dead are not in our tables), then what PhysiCell would call custom data:
    parent_ID, clone, age (min), n_sites, activities.
    """
    placed = cells[cells["x_um"].notna()]
    named = {
        "time": day * MIN_PER_DAY,
        "ID": placed["uid"],
        "position_x": placed["x_um"],
        "position_y": placed["y_um"],
        "position_z": 0.0,
        "cell_type": placed["cell_type"],
        "current_phase": placed["state"],
        "dead": 0,
        "parent_ID": placed["parent_uid"],
        "clone": placed["clone"],
        "age": placed["age_h"] * MIN_PER_HOUR,
        "n_sites": placed["n_sites"],
    }
    activities = {name: placed[name] for name in SIGNALS if name in placed.columns}
    return pd.DataFrame(named | activities, index=placed.index).reset_index(drop=True)


def write_physicell(recorded: Recorded, path: Path) -> list[str]:
    """The cells of all chosen days in one table; the last columns say which run made them.

    Returns:
        What is in it, a sentence each.

    Raises:
        UserError: no such days.
    """
    days = recorded.chosen(CELLS)
    table = pd.concat(
        [physicell_table(recorded.cells(day), day) for day in days], ignore_index=True
    )
    about = recorded.provenance()
    table["scenario"], table["seed"] = about["scenario"], about["seed"]
    table["mtor_abm_version"] = about["run_version"]
    table["scenario_sha256"] = about["scenario_sha256"]
    path.write_text(csv_text(table), encoding="utf-8", newline="\n")
    return [f"{len(table)} rows, {days_text(days)}; lengths in um, times in min"]
