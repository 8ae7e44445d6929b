"""The demonstration: the same mice with vehicle and with rapamycin, compared."""

from dataclasses import replace
from pathlib import Path

from .analysis.arms import find_arm
from .analysis.compare import Comparison, compare_arms, written
from .errors import UserError
from .runner.batch import StudyResult, run_study
from .runner.progress import Progress
from .scenario_files import load_all

CONTROL, TREATED = "vehicle", "rapamycin"
SEEDS = (1, 2, 3, 4)  # few enough for a minute on two cores, enough for an interval
DAYS = 21  # of the 28 of the scenarios, for the same reason
STUDY = "demo"


def run_demo(
    out: Path, jobs: int | None, report: Progress
) -> tuple[StudyResult, Comparison | None]:
    """Run both arms with paired seeds and compare them; no comparison if a run failed.

    Raises:
        UserError: the scenario files or the folder cannot be used.
    """
    study = run_study(
        load_all([CONTROL, TREATED], [f"run.days={DAYS}"]),
        list(SEEDS),
        out / STUDY,
        jobs=jobs,
        report=report,
    )
    if study.failed:
        return study, None
    arms = [find_arm(study.folder / name) for name in (CONTROL, TREATED)]
    comparison = compare_arms(arms[0], arms[1:])
    try:
        return study, written(comparison, study.folder)
    except UserError as fault:  # the person's own comparison stands there; the answer is shown
        return study, replace(comparison, notes=[*comparison.notes, f"Not written: {fault}."])
