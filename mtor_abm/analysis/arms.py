"""Arms: the runs of one scenario in one study, and whether two of them may be compared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError
from ..runner.study_folder import STUDY_FILE, find_runs, read_study
from ..scenario import TEXTS
from ..store import MANIFEST, RUN_NAME, Run, StoreError, ended_run, read_run
from ..validation import suggestion

# Tables of a scenario that set the lattice and what stands on it at hour 0, and single keys.
MUST_AGREE = (
    "geometry",
    "inoculum",
    "bone.cavities_at_start",
    "run.days",
    "run.step_h",
    "output.every_h",
)

# What two arms may differ in because it is the treatment; a scenario may name more keys in
# [compare] treatment.
TREATMENT = ("drugs", "genes")

# What says nothing of what happens in a run, or is looked at on its own.
BESIDE_THE_POINT = (*TEXTS, "compare", "output", "run.seeds", "geometry.file")

# Columns that no treatment may change before hour 0 is over.
SAME_AT_START = ("bv_tv", "tumour_area_mm2")

NAMED_IN_A_NOTE = 3


@dataclass(frozen=True)
class Arm:
    """Runs of one scenario.

    Attributes:
        name: of the scenario.
        study: folder that holds the runs.
        runs: seed -> run, by rising seed.
        declared: lists under [compare] of the scenario: its primary endpoints (`primary`) and
            keys that are its treatment (`treatment`).
    """

    name: str
    study: Path
    runs: dict[int, Run]
    declared: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """How a person writes this arm."""
        return str(self.study / self.name)

    @property
    def first(self) -> Run:
        """Any run of the arm, for what all of them share."""
        return next(iter(self.runs.values()))

    @property
    def parameters(self) -> dict[str, Any]:
        """The resolved scenario."""
        return dict(self.first.manifest["parameters"])

    def folders(self) -> set[Path]:
        """Absolute folders of the runs."""
        return {run.folder.resolve() for run in self.runs.values()}


def find_arms(place: str | Path) -> list[Arm]:
    """The arms that a place on the command line means.

    STUDY/SCENARIO is one arm, a run folder an arm of one run, and a folder of runs one arm for each
    scenario in it.

    Raises:
        UserError: nothing there; or a run there is half-written, damaged or failed.
    """
    path = Path(place)
    if path.is_dir():
        if (path / MANIFEST).exists() or RUN_NAME.fullmatch(path.name):
            folders = [path]
        else:
            folders = find_runs(path)
        if not folders:
            raise UserError(f"{path} has no runs; give STUDY/SCENARIO, a study or a run folder")
        return _arms(folders)
    if path.exists():
        raise UserError(f"{path} is a file; give STUDY/SCENARIO, a study or a run folder")
    if not path.parent.is_dir():
        raise UserError(f"{path} does not exist; give STUDY/SCENARIO, a study or a run folder")
    folders = find_runs(path.parent)
    chosen = [folder for folder in folders if scenario_of(folder) == path.name]
    if not folders:
        studies = sorted(place.parent.name for place in path.parent.glob(f"*/{STUDY_FILE}"))
        raise UserError(f"{path} does not exist; {suggestion(path.name, studies)}")
    if not chosen:
        have = ", ".join(dict.fromkeys(map(scenario_of, folders)))
        raise UserError(f"{path.parent} has no runs of {path.name!r}; it has {have}")
    return _arms(chosen)


def find_arm(place: str | Path) -> Arm:
    """The one arm that a place means.

    Raises:
        UserError: as `find_arms`, and if there are several.
    """
    arms = find_arms(place)
    if len(arms) > 1:
        names = ", ".join(arm.name for arm in arms)
        raise UserError(f"{place} holds {len(arms)} scenarios ({names}); give {arms[0].place}")
    return arms[0]


def complete_runs(study: Path) -> tuple[list[Run], list[str]]:
    """Complete runs of a study, in the order of its scenarios, and names of all its other runs.

    A study that has lost its study.json is still read, its scenarios in alphabetical order; which
    of them is the control is then for `groups.grouped` to ask.

    Raises:
        UserError: no study, none complete, or a damaged manifest.
    """
    has_record = (study / STUDY_FILE).exists() or not (study.is_dir() and find_runs(study))
    record = read_study(study) if has_record else {"scenarios": [], "runs": {}}
    order = {name: place for place, name in enumerate(record["scenarios"])}
    runs, others = [], set(record["runs"])
    for folder in find_runs(study):
        run = ended_run(folder)
        if run is None or run.status != "complete":
            others.add(folder.name)
        else:
            runs.append(run)
            others.discard(folder.name)
    if not runs:
        raise UserError(f"{study} has no complete run; run the study first")
    return sorted(runs, key=lambda run: order.get(run.scenario, len(order))), sorted(others)


def left_out_note(runs: Sequence[Run], others: Sequence[str]) -> str:
    """What is said of a study some of whose runs are not complete."""
    return (
        f"{len(runs)} of {len(runs) + len(others)} runs are complete; left out: "
        f"{in_short(others)}. Run the command of the study again to complete it."
    )


def in_short(names: Sequence[str]) -> str:
    """Names of runs for a note: the first few, and how many more."""
    more = len(names) - NAMED_IN_A_NOTE
    return ", ".join(names[:NAMED_IN_A_NOTE]) + (
        f" and {more} more run{'s' * (more > 1)}" if more > 0 else ""
    )


def scenario_of(folder: Path) -> str:
    """Scenario in the name of a run's folder."""
    match = RUN_NAME.fullmatch(folder.name)
    return match["scenario"] if match else folder.name


def _arms(folders: Sequence[Path]) -> list[Arm]:
    runs = []
    for folder in folders:
        run = read_run(folder)
        if run.status != "complete":
            cause = run.manifest.get("error", run.status)
            raise UserError(f"{folder} failed ({cause}); run it again or leave it out")
        runs.append(run)
    return arms_of(runs)


def arms_of(all_runs: Sequence[Run]) -> list[Arm]:
    """Complete runs of one study as arms, in the order in which their scenarios come.

    Raises:
        UserError: runs of one scenario were made with other parameters, version or sources.
    """
    runs: dict[str, dict[int, Run]] = {}
    for run in all_runs:
        runs.setdefault(run.scenario, {})[run.seed] = run
    study = all_runs[0].folder.parent
    said = _said_of_compare(study)
    arms = []
    for name, of in runs.items():
        given = next(iter(of.values())).manifest["parameters"].get("compare")
        declared = _lists(given if said is None else said.get(name))
        arms.append(Arm(name, study, dict(sorted(of.items())), declared))
    for arm in arms:
        for run in arm.runs.values():
            for key in ("scenario_sha256", "package_version", "sources"):
                if run.identity.get(key) != arm.first.identity.get(key):
                    raise UserError(
                        f"{run.folder} and {arm.first.folder.name} differ in {key}, so they "
                        "cannot be pooled into one arm; run the study again with --force"
                    )
    return arms


def _said_of_compare(study: Path) -> Mapping[str, Any] | None:
    """What study.json says of [compare], by scenario; None without a study.json.

    It is written with every call, so endpoints can be changed without running anything again; what
    the runs themselves say is what held when they were made.
    """
    try:
        return dict(read_study(study)["compare"])
    except StoreError:
        return None


def _lists(declared: Any) -> dict[str, list[str]]:
    """Lists of names, by key; anything else in a file that a person edited is not ours."""
    entries = declared.items() if isinstance(declared, Mapping) else ()
    return {
        key: [str(name) for name in names]
        for key, names in entries
        if isinstance(names, list | tuple)
    }


def shared_seeds(control: Arm, treated: Arm) -> list[int]:
    """Seeds that both arms have.

    Raises:
        UserError: there are none.
    """
    shared = [seed for seed in control.runs if seed in treated.runs]
    if not shared:
        raise UserError(
            f"{control.place} has seeds {_listed(control.runs)} and {treated.place} has "
            f"{_listed(treated.runs)}: none in common to pair; run both with the same --seeds"
        )
    return shared


def pairs(control: Arm, treated: Arm) -> tuple[list[Run], list[Run]]:
    """Runs of the seeds that both arms have, control and treated in one order.

    Raises:
        UserError: there are none.
    """
    seeds = shared_seeds(control, treated)
    return [control.runs[seed] for seed in seeds], [treated.runs[seed] for seed in seeds]


def refuse_incomparable(control: Arm, treated: Arm, despite_differences: bool = False) -> None:
    """See that a difference between two arms can be attributed to the treatment.

    Args:
        control, treated: the arms.
        despite_differences: let them differ in parameters that are no treatment, as long as their
            runs still start from the same marrows and have the same times.

    Raises:
        UserError: the first thing in which they may not differ but do.
    """

    def refuse(what: str, a: Any, b: Any, cure: str) -> None:
        raise UserError(
            f"{control.place} and {treated.place} are not comparable: {what} is {a} and {b}; {cure}"
        )

    if control.folders() & treated.folders():
        raise UserError(f"{treated.place} is given twice; give each arm once")
    for key, what in (("package_version", "the version of mtor_abm"), ("sources", "its sources")):
        a, b = (arm.first.identity.get(key) for arm in (control, treated))
        if a != b:
            refuse(what, a, b, "run both again with one version (--force)")
    for key, a, b in differing_parameters(control.first, treated.first):
        refuse(key, a, b, "run both with the same value")
    a_columns, b_columns = (list(arm.first.timeseries.columns) for arm in (control, treated))
    if a_columns != b_columns:
        odd = sorted(set(a_columns) ^ set(b_columns))
        refuse(
            f"the set of output columns ({', '.join(odd[:3]) or 'in another order'})",
            len(a_columns), len(b_columns), "run both with the same output settings",
        )  # fmt: skip
    for seed in shared_seeds(control, treated):
        a_start, b_start = (arm.runs[seed].timeseries.iloc[0] for arm in (control, treated))
        for column in SAME_AT_START:
            if column in a_start and not np.array_equal(
                a_start[column], b_start[column], equal_nan=True
            ):
                refuse(
                    f"{column} at the start of seed {seed}",
                    a_start[column], b_start[column], "start both from the same marrow",
                )  # fmt: skip
    found = [] if despite_differences else other_differences(control, treated)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        refuse(
            f"{found[0][0]}{more}", *found[0][1:],
            "this is not part of a treatment (drugs, genes, keys named in [compare] treatment); "
            "compare arms that agree in it, or add --despite-differences",
        )  # fmt: skip


def other_differences(control: Arm, treated: Arm) -> list[tuple[str, Any, Any]]:
    """Parameters in which two arms differ and which are no treatment: key, control, treated."""
    treatment = (
        *TREATMENT,
        *control.declared.get("treatment", ()),
        *treated.declared.get("treatment", ()),
    )
    left, right = flat(control.parameters), flat(treated.parameters)
    return [
        (key, left.get(key, "absent"), right.get(key, "absent"))
        for key in dict.fromkeys((*left, *right))
        if left.get(key) != right.get(key)
        and not any(_is_under(key, place) for place in (*treatment, *BESIDE_THE_POINT))
    ]


def _is_under(key: str, place: str) -> bool:
    """Whether a dotted key is a place, or lies in the table of this name."""
    return key == place or key.startswith(place + ".")


def differing_parameters(a: Run, b: Run) -> Iterator[tuple[str, Any, Any]]:
    """Keys under MUST_AGREE with unequal values, and the values."""
    left, right = flat(a.manifest["parameters"]), flat(b.manifest["parameters"])
    for key in sorted(set(left) | set(right)):
        governed = any(_is_under(key, place) for place in MUST_AGREE)
        # Of a file of geometry its sha256 counts, not where it lies.
        if governed and key != "geometry.file" and left.get(key) != right.get(key):
            yield key, left.get(key, "absent"), right.get(key, "absent")


def flat(tables: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one: {"run": {"days": 1}} -> {"run.days": 1}."""
    out: dict[str, Any] = {}
    for key, value in tables.items():
        if isinstance(value, dict):
            out.update(flat(value, f"{prefix}{key}."))
        else:
            out[prefix + key] = value
    return out


def _listed(seeds: Any) -> str:
    seeds = list(seeds)
    return ", ".join(map(str, seeds[:6])) + (", ..." if len(seeds) > 6 else "")
