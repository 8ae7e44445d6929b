"""The marrows of one or more runs, moment by moment and in step: from snapshots, or made again.

A run is a function of its scenario and its seed, so a run that holds too few snapshots is made
again in memory by the same sources; that it is the same run is seen from its time series.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ..analysis.arms import flat
from ..analysis.effects import TUMOUR_AREA
from ..errors import UserError
from ..model import MarrowModel
from ..provenance import identity
from ..runner.repeat import Recorded
from ..runner.repeat import recorded as manifest_of
from ..runner.study_folder import STUDY_FILE, find_runs, read_study
from ..snapshots import cells_table, fields_table
from ..store import SNAPSHOTS, Run, ended_run, read_run, snapshot_name
from .arm_titles import title_of
from .histology import recorded_days
from .painting import Snapshot

ENOUGH = 8  # snapshots that make a film
EVERY_H = 12.0  # between two frames of runs that are made again
HOURS_PER_DAY = 24.0
IN_STEP = ("geometry.nx", "geometry.ny", "geometry.dx_um", "run.days", "run.step_h")
Moment = tuple[float, list[Snapshot]]  # day, and the marrow of each run


def runs_in_step(folder: Path, with_arms: bool) -> list[Run]:
    """A run, or the runs of its seed in all arms of its study, in the order of the study.

    Raises:
        UserError: no complete run there, or arms that differ in size or length.
    """
    run = read_run(folder)
    if run.status != "complete":
        raise UserError(f"{folder} failed; give a complete run")
    if not with_arms:
        return [run]
    study = folder.absolute().parent
    others = [ended_run(other) for other in find_runs(study)]
    chosen = {
        r.scenario: r for r in others if r and r.status == "complete" and r.seed == run.seed
    }  # fmt: skip
    told = read_study(study)["scenarios"] if (study / STUDY_FILE).exists() else []
    names = dict.fromkeys([*(name for name in told if name in chosen), *chosen])
    runs = [chosen[name] for name in names]
    for other in runs[1:]:
        a, b = (flat(each.manifest["parameters"]) for each in (runs[0], other))
        for key in IN_STEP:
            if a.get(key) != b.get(key):
                raise UserError(
                    f"{runs[0].scenario} and {other.scenario} cannot go in step: {key} is "
                    f"{a.get(key)} and {b.get(key)}; leave out --arms"
                )
    return runs


def moments(
    runs: Sequence[Run], say: Callable[[str], None] = lambda line: None
) -> tuple[int, Iterator[Moment]]:
    """How many moments there are, and the moments by rising day.

    Args:
        runs: in step.
        say: told when runs are made again.

    Raises:
        UserError: too few snapshots, and runs that these sources do not make; or, on the way, a run
            made again that is not what was recorded.
    """
    days = sorted(set.intersection(*(set(recorded_days(run)) for run in runs)))
    if len(days) >= ENOUGH:
        return len(days), _read(runs, days)
    for run in runs:
        here = identity("", 0)
        if any(run.identity.get(key) != here[key] for key in ("package_version", "sources")):
            raise UserError(
                f"{run.folder} holds {len(days)} days of cells and fields, fewer than {ENOUGH}, "
                "and was made by other sources, so it cannot be made again here; run it with more "
                "days in -S output.cells_at_days=[0,1,2,...] and -S "
                "output.fields_at_days=[0,1,2,...]"
            )
    made = [manifest_of(run.folder) for run in runs]
    run_of = made[0].scenario.run
    every = max(1, round(EVERY_H / run_of.step_h))
    steps = sorted({*range(0, run_of.n_steps + 1, every), run_of.n_steps})
    n = len(runs)
    say(
        f"{n} run{'s' * (n != 1)} made again in memory: {len(days)} days of cells and fields are "
        f"stored, and a film takes {ENOUGH}"
    )
    return len(steps), _made_again(runs, made, steps)


def _read(runs: Sequence[Run], days: Sequence[float]) -> Iterator[Moment]:
    for day in days:
        tables = [[run.table(snapshot_name(kind, day)) for kind in SNAPSHOTS] for run in runs]
        yield (
            day,
            [
                Snapshot(title_of(run.manifest["parameters"], run.scenario), cells, sites)
                for run, (cells, sites) in zip(runs, tables, strict=True)
            ],
        )


def _made_again(
    runs: Sequence[Run], made: Sequence[Recorded], steps: Sequence[int]
) -> Iterator[Moment]:
    models = [MarrowModel(record.scenario, record.seed) for record in made]
    areas = [
        dict(zip(run.timeseries["time_h"], run.timeseries[TUMOUR_AREA], strict=True))
        if TUMOUR_AREA in run.timeseries.columns
        else {}
        for run in runs
    ]
    for step in steps:
        snapshots = []
        for run, model, area in zip(runs, models, areas, strict=True):
            while model.n_steps_done < step:
                model.step()
                model.take_events()
            snapshot = Snapshot(
                title_of(run.manifest["parameters"], run.scenario),
                cells_table(model), fields_table(model),
            )  # fmt: skip
            stored = area.get(model.time_h)
            if stored is not None and not np.isclose(snapshot.tumour_mm2, stored, rtol=1e-6):
                raise UserError(
                    f"{run.folder} made again has {snapshot.tumour_mm2:g} mm2 of tumour at hour "
                    f"{model.time_h:g}, not {stored:g}: other libraries or another machine; run it "
                    "here again (--force)"
                )
            snapshots.append(snapshot)
        yield models[0].time_h / HOURS_PER_DAY, snapshots
