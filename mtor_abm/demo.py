"""The demonstration: the same mice with vehicle and with rapamycin, compared."""

from pathlib import Path

from .analysis.compare import Comparison, compare
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
    return study, compare(study.folder / CONTROL, [study.folder / TREATED])
