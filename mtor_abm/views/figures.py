"""`run.py figures STUDY`: every picture of a study, each as PNG and SVG."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..analysis.arms import Arm
from ..errors import UserError
from ..store import SNAPSHOTS, snapshot_name
from ..validation import suggestion
from ..whole_file import storage_error
from . import histology
from .canvas import MOST_ARMS, matplotlib, refuse_foreign, save, styled
from .charts import FIGURES, OPTIONAL
from .painting import Snapshot
from .study_data import StudyData, study_data

FOLDER = "figures"
KINDS = (".png", ".svg")
MAPS = "marrow"


@dataclass(frozen=True)
class Drawn:
    """What was drawn.

    Attributes:
        paths: the files, in the order of drawing.
        arms: names of the arms, the control first.
        counted: how many arms, runs and pairs there are, in words.
        notes: what is not drawn, and why; one sentence each.
    """

    paths: list[Path]
    arms: list[str]
    counted: str
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**self.__dict__, "paths": [str(path) for path in self.paths]}

    def text(self) -> str:
        """For the terminal."""
        return "\n".join([self.counted, *(f"  {path}" for path in self.paths), *self.notes])


def draw_figures(study: Path, control: str | None = None, out: Path | None = None) -> Drawn:
    """Draw all figures of a study.

    Args:
        study: its folder.
        control: scenario of the control arm; None takes the control that the study names for each.
        out: folder of the pictures; None takes `figures` within the study.

    Raises:
        UserError: no study, no complete run, no such arm, a damaged file, matplotlib is missing,
            or a folder that refuses.
    """
    matplotlib()
    data = study_data(study, control)
    out = study / FOLDER if out is None else out
    names = {name: tuple(out / f"{name}{kind}" for kind in KINDS) for name in (*FIGURES, MAPS)}
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, out) from error
    for path in (path for paths in names.values() for path in paths):
        refuse_foreign(path)  # before anything is drawn
    drawn, notes = [], list(data.notes)
    for name, make in FIGURES.items():
        with styled():
            figure = make(data)
        if figure is None and name in OPTIONAL:
            continue
        if figure is None:
            notes.append(f"No {name}: the runs hold nothing to draw it from.")
        else:
            drawn += [save(figure, path) for path in names[name]]
    try:
        figure = marrow_maps(data)
        drawn += [save(figure, path, histology.DPI) for path in names[MAPS]]
    except UserError as fault:
        notes.append(f"No {MAPS}: {fault}.")
    return Drawn(drawn, data.names, data.counted(), notes)


def one_figure(study: Path, what: str, control: str | None = None) -> Any:
    """One figure of a study, as a Matplotlib figure that is not written anywhere.

    Args:
        study, control: as in `draw_figures`.
        what: a name of FIGURES, or "marrow".

    Raises:
        UserError: as `draw_figures`; no such figure; nothing to draw it from.
    """
    if what not in (*FIGURES, MAPS):
        raise UserError(f"no figure is called '{what[:80]}'; {suggestion(what, [*FIGURES, MAPS])}")
    matplotlib()
    data = study_data(study, control)
    with styled():
        figure = marrow_maps(data) if what == MAPS else FIGURES[what](data)
    if figure is None:
        raise UserError(f"no {what}: the runs of {study} hold nothing to draw it from")
    return figure


def marrow_maps(data: StudyData) -> Any:
    """The marrow of one seed under every arm, on the last day of which all hold a snapshot.

    Of more than MOST_ARMS arms the first are shown, each control with its arms after it.

    Raises:
        UserError: there is no such seed or day.
    """
    arms = data.arms[:MOST_ARMS]
    seed, day = _seed_and_day(arms)
    snapshots = []
    for arm in arms:
        run = arm.runs[seed]
        cells, sites = (run.table(snapshot_name(kind, day)) for kind in SNAPSHOTS)
        snapshots.append(Snapshot(data.titles[arm.name], cells, sites))
    n, n_all = len(snapshots), len(data.arms)
    note = f"Day {day:g}, seed {seed}: one of the runs of each arm ({data.counted()})"
    note += f"; the first {n} arms are shown" if n < n_all else ""
    return histology.figure_of(snapshots, rows=histology.rows_of(n), note=note)


def _seed_and_day(arms: list[Arm]) -> tuple[int, float]:
    for seed in sorted(set.intersection(*(set(arm.runs) for arm in arms))):
        days = set.intersection(*(set(histology.recorded_days(arm.runs[seed])) for arm in arms))
        if days:
            return seed, max(days)
    raise UserError(
        "no seed has snapshots of one day in all arms; run the study with "
        "-S output.cells_at_days=[DAY] and -S output.fields_at_days=[DAY]"
    )
