"""The Python interface: `import mtor_abm as ma`. The command line calls the same functions."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .analysis.arms import complete_runs
from .analysis.compare import comparison_of
from .errors import UserError
from .run_settings import parse_seeds
from .runner import batch
from .runner.progress import Progress, choose
from .runner.sweep import Sweep, sweep_of
from .scenario import Scenario
from .scenario_files import load as load_scenario
from .scenario_files import load_all
from .shipped import copy_gallery
from .study import Study
from .study_text import study_name
from .toml_text import inline

Which = str | Path | Scenario
Seeds = int | str | Iterable[int] | None


def run(
    scenarios: Which | Sequence[Which],
    seeds: Seeds = 4,
    *,
    days: float | None = None,
    changes: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    out: str | Path = "outputs",
    name: str | None = None,
    quiet: bool = False,
    **how: Any,
) -> Study:
    """Run scenarios, each with every seed; complete runs of an earlier call are kept.

        study = ma.run(["vehicle", "rapamycin"], seeds=4, days=14)

    Args:
        scenarios: names, TOML files or `ma.scenario(...)`; the first is the control.
        seeds: how many (4 is seeds 1 to 4), or a list, or "1-4,9"; None: as each scenario says.
        days: length of every run.
        changes: values by key, e.g. {"geometry.nx": 100}; of a drug only where it is given.
        jobs: processes; None is one per core.
        out: folder of all studies.
        name: of this study; None makes one of the scenarios' names.
        quiet: show no progress.
        how: further options of `mtor_abm.runner.batch.run_study`, e.g. force=True.

    Returns:
        The study. A run that failed is in `study.runs` and left out of the tables.

    Raises:
        UserError: a scenario, seed, value or folder that cannot be used, in one line.
    """
    chosen = load_all(_as_list(scenarios), overrides(changes, days))
    folder = Path(out) / study_name(chosen, name)
    result = batch.run_study(
        chosen, seed_list(seeds), folder, jobs=jobs, report=_progress(quiet, how), **how
    )
    return Study(result.folder, result)


def sweep(
    design: str | Path | Sweep,
    seeds: Seeds = None,
    *,
    changes: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    out: str | Path = "outputs",
    name: str | None = None,
    quiet: bool = False,
    **how: Any,
) -> Study:
    """Run a design: grid, Latin hypercube, Sobol or Morris (docs/studies.md).

        study = ma.sweep("dose_sweep.toml")

    Args:
        design: its TOML file.
        seeds: as in `run`; None takes those of the design.
        changes, jobs, out, quiet, how: as in `run`.
        name: of the study; None takes that of the file.

    Raises:
        UserError: as `run`, and a design that cannot be used.
    """
    if not isinstance(design, Sweep):
        name = Path(design).stem if name is None else name
        design = sweep_of(Path(design), overrides(changes))
    return run(
        design.scenarios, design.design.seeds if seeds is None else seeds, jobs=jobs, out=out,
        name=name, quiet=quiet, texts=design.texts, **how,
    )  # fmt: skip


def gallery(out: str | Path = "outputs") -> Study:
    """Copy the finished study that comes with the program, and open it: nothing has to be run.

    Args:
        out: folder of all studies; a copy that is there already is kept.

    Raises:
        UserError: it cannot be written there.
    """
    return Study(copy_gallery(out))


def load(study: str | Path) -> Study:
    """Open a study that was run before, e.g. `ma.load("outputs/demo")`.

    Args:
        study: its folder.

    Raises:
        UserError: there is no study in it.
    """
    opened = Study(study)
    complete_runs(opened.folder)
    return opened


def compare(
    study: Study | str | Path,
    control: str | None = None,
    primary: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Effects of every arm against its control, paired by seed.

        effects = ma.compare(study, control="vehicle")
        print(effects.attrs["text"])

    Args:
        study: the study, or its folder.
        control: scenario of the control; None takes that of the study or of its design.
        primary: endpoints that were chosen beforehand; None takes those of the scenario, or
            tumour area, bone volume, resorption and vessel length.

    Returns:
        One row per arm and readout, columns as in comparison.csv; what `mtor-abm compare` prints
        in `.attrs["text"]`, its notes in `.attrs["notes"]`.

    Raises:
        UserError: no such arm, nothing to compare, or arms that are not comparable.
    """
    folder = study.folder if isinstance(study, Study) else Path(study)
    asked = [primary] if isinstance(primary, str) else list(primary or ())
    found = comparison_of(folder, control, primary=asked)
    table: pd.DataFrame = found.table
    table.attrs |= {"text": found.text(), "notes": found.notes}
    return table


def scenario(name: str | Path) -> Scenario:
    """Read a scenario, e.g. `ma.scenario("vehicle").changed({"run.days": 14})`.

    Args:
        name: in ./scenarios or of a shipped scenario (`mtor-abm list`), or a TOML file.

    Raises:
        UserError: there is none, or it cannot be used.
    """
    return load_scenario(name)


def _as_list(scenarios: Which | Sequence[Which]) -> list[Which]:
    """One scenario or several, as a list.

    Raises:
        UserError: none, or something else.
    """
    several: Any = [scenarios] if isinstance(scenarios, str | Path | Scenario) else scenarios
    try:
        found = list(several)
    except TypeError:
        found = []
    if not found or not all(isinstance(one, str | Path | Scenario) for one in found):
        raise UserError(
            f"scenarios = {scenarios!r} are not scenarios; give a name, a TOML file, "
            'ma.scenario("vehicle"), or a list of these'
        )
    return found


def seed_list(seeds: Seeds) -> list[int] | None:
    """Seeds as a list: 4 is 1, 2, 3, 4; "1-4,9" as on the command line; None stays None.

    Raises:
        UserError: not such a number, text or list.
    """
    if seeds is None:
        return None
    if isinstance(seeds, str):
        return parse_seeds(seeds)
    if isinstance(seeds, Iterable):
        return parse_seeds(",".join(str(seed) for seed in seeds))
    try:
        n = 0 if isinstance(seeds, bool) else operator.index(seeds)
    except TypeError:
        n = 0
    if n < 1:
        raise UserError(f"seeds = {seeds!r} must be a number of runs from 1, a list, or '1-4'")
    return parse_seeds(f"1-{n}")


def overrides(changes: Mapping[str, Any] | None, days: float | None = None) -> list[str]:
    """Changes as the command line writes them: `key=value` with a TOML value.

    Raises:
        UserError: a value that has no form in TOML.
    """
    whole = dict(changes or {}) | ({} if days is None else {"run.days": days})
    texts = []
    for key, value in whole.items():
        plain = value.tolist() if hasattr(value, "tolist") else value  # numpy
        try:
            texts.append(f"{key}={inline(plain)}")
        except TypeError:
            raise UserError(
                f"{key} = {value!r} is a {type(value).__name__}; give a number, a text, true or "
                "false, or a list of these"
            ) from None
    return texts


def _progress(quiet: bool, how: dict[str, Any]) -> Progress:
    """What tells of the progress: as asked for in `how`, or by `quiet`."""
    report = how.pop("report", None)
    return choose(quiet) if report is None else report
