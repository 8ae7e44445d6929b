"""What a study would do: which runs are to be done, kept, done again or left to others."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import MOST_FAULTS, Faults, UserError
from ..invocation import command
from ..provenance import identity
from ..readouts import EVENTS_PREFIX, TIME_TO, compared_readouts
from ..store import (
    MANIFEST,
    DamagedRunError,
    StoreError,
    ended_run,
    foreign_entries,
    parts_of_run_name,
    read_run,
    run_name,
)
from ..validation import clipped, suggestion
from .estimate import refuse_too_large
from .pool import ELSEWHERE, PlannedRun
from .shard import Shard
from .single import Engine, MarrowEngine, Trunk
from .study_folder import check_study_folder, find_runs

TRUNKS = ".trunks"  # folder beside the studies
MADE_WITH = {
    "scenario_sha256": "other parameters",
    "seed": "another seed",
    "package_version": "another version of mtor_abm",
    "sources": "other sources of mtor_abm",
}


class OtherRunError(StoreError):
    """A complete run stands where one of another identity is wanted."""


@dataclass(frozen=True)
class Parting:
    """When the runs of one seed part, and where what they share is kept.

    Attributes:
        day: up to which they are one run, as far as their scenarios allow.
        store: folder of all trunks, by the hash of what determines them.
        trunk_of: scenario and day -> scenario of the trunk.
    """

    day: float
    store: Path
    trunk_of: Callable[[Any, float], Any]

    def plan(self, waiting: Sequence[PlannedRun]) -> tuple[list[PlannedRun], list[PlannedRun]]:
        """Trunks to grow, each once, and the runs that start from them."""
        trunks: dict[Path, PlannedRun] = {}
        runs = []
        shared = {run.scenario.name: run.scenario for run in waiting}
        shared = {name: self.trunk_of(s, self.day) for name, s in shared.items()}
        hashes = {name: s.identity_hash() for name, s in shared.items()}
        for run in waiting:
            scenario = shared[run.scenario.name]
            step = round(self.day * 24.0 / scenario.run.step_h)
            about = identity(hashes[scenario.name], run.seed) | {"step": step}
            digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
            trunk = Trunk(self.store / run_name(digest[:16], run.seed), about)
            runs.append(replace(run, trunk=trunk))
            trunks[trunk.folder] = replace(
                run, scenario=scenario, folder=trunk.folder, action="run", trunk=trunk, until=step
            )
        return list(trunks.values()), runs


def plan_study(
    scenarios: Sequence[Any],
    seeds: Sequence[int] | None,
    out: Path,
    force: bool = False,
    shard: Shard | None = None,
    resume: bool = False,
    keep_going: bool = False,
    engine: type[Engine] = MarrowEngine,
    elsewhere: bool = False,
) -> list[PlannedRun]:
    """What a study would do; writes nothing.

    The plan of a shard is whole; runs of other shards have the action "elsewhere".

    Args:
        scenarios: validated scenarios with different names.
        seeds: one run each per scenario; None takes those of the scenario.
        out: folder of the study.
        force: run again even what is complete.
        shard: the share of the plan that this process does; None for all.
        resume: do damaged runs again, rather than refuse the study.
        keep_going: leave out runs whose folder cannot be used, rather than refuse the study.
        engine: says which columns there are.
        elsewhere: the runs are done on other machines, whose memory is not known here.

    Raises:
        StoreError: the folder is foreign, a complete run in it is of another identity, or damaged.
        UserError: force with a shard, a column that is not known, a lattice that cannot fit into
            the memory of this machine.
    """
    if force and shard is not None:
        raise UserError(
            "--force with --shard would remove runs that other shards count on; "
            "choose another --name, or delete the folder first"
        )
    for scenario in scenarios:
        refuse_unknown_columns(scenario, engine)
    if not elsewhere:
        refuse_too_large(scenarios)
    check_study_folder(out)
    names = [scenario.name for scenario in scenarios]
    for name in names:
        if names.count(name) > 1:
            raise StoreError(
                f"scenario {name!r} is given {names.count(name)} times; give each name once"
            )
    wanted = [
        PlannedRun(
            scenario, seed, out / run_name(scenario.name, seed), ELSEWHERE, keep_going=keep_going
        )
        for scenario in scenarios
        for seed in dict.fromkeys(scenario.run.seed_list() if seeds is None else seeds)
    ]
    mine = {run.folder for run in (wanted if shard is None else shard.of(wanted))}
    hashes = {scenario.name: scenario.identity_hash() for scenario in scenarios}

    def decided(run: PlannedRun) -> PlannedRun:
        if run.folder not in mine:
            return run
        about = identity(hashes[run.scenario.name], run.seed)
        action, fault = _action(run.folder, about, force, resume, keep_going)
        return replace(run, action=action, fault=fault)

    planned = [decided(run) for run in wanted]
    for folder in find_runs(out) if out.is_dir() else []:
        arm = parts_of_run_name(folder.name)[0]
        if arm in hashes and folder not in mine:
            _refuse_mixed_arm(arm, hashes[arm], folder, resume or keep_going)
    return planned


def refuse_unknown_columns(scenario: Any, engine: type[Engine] = MarrowEngine) -> None:
    """Columns and primary endpoints that a scenario asks for must be ones that the model has.

    Raises:
        UserError: one is not.
    """
    known, faults = engine.columns(), Faults()
    endpoints = [*compared_readouts(known), *(f"{TIME_TO}{column}" for column in known)]
    start = f"scenario '{scenario.name}':"
    for name in scenario.compare.primary[:MOST_FAULTS]:
        if name not in endpoints and not name.startswith(EVENTS_PREFIX):
            faults.note(
                f"{start} [compare] primary has '{clipped(name)}', which is not a "
                f"readout that is compared; {suggestion(name, endpoints)}"
            )
    unknown = [column for column in scenario.output.columns if column not in known]
    for column in unknown[:MOST_FAULTS]:
        faults.note(
            f"{start} [output] columns has '{clipped(column)}', which is not a "
            f"column of timeseries.csv; {suggestion(column, known)}"
        )
    if unknown[MOST_FAULTS:]:
        names = f"{start} [output] columns has {len(unknown)} unknown names"
        faults.note(f"{names}; see {command('list', 'columns')}")
    faults.raise_any(start)


def _refuse_mixed_arm(arm: str, wanted: str, folder: Path, lenient: bool) -> None:
    """Another seed of an arm must have been made with the same parameters."""
    run = ended_run(folder, lenient)
    if run is None or run.status != "complete" or run.identity.get("scenario_sha256") == wanted:
        return
    raise OtherRunError(
        f"{folder} was made with other parameters of '{arm}', and one arm must not mix two; "
        "choose another --name, or delete that folder"
    )


def _action(
    folder: Path, wanted: dict[str, Any], force: bool, resume: bool, keep_going: bool
) -> tuple[str, str | None]:
    """Whether to run, to keep what lies there, or to do it again; and why again."""
    try:
        is_whole = folder.is_dir() and os.path.lexists(folder / MANIFEST)
        run = read_run(folder) if is_whole and not force else None
        if run is None or run.status != "complete":
            _refuse_foreign(folder)
            return "run", None
        differing = [key for key, value in wanted.items() if run.identity.get(key) != value]
        if not differing:
            run.verify()
            return "skip", None
    except DamagedRunError as error:
        if resume:
            return "redo", error.what
        if keep_going:
            return "refused", str(error)
        raise
    except StoreError as error:
        if keep_going:
            return "refused", str(error)
        raise
    raise OtherRunError(
        f"{folder} is complete but was made with {MADE_WITH[differing[0]]}; "
        "choose another --name or --out, or re-run it with --force"
    )


def _refuse_foreign(folder: Path) -> None:
    if folder.is_symlink():
        raise StoreError(
            f"{folder} is a link, and a run is written to a folder of its own; remove the link"
        )
    if not folder.is_dir():
        if folder.exists():
            raise StoreError(f"{folder} is a file; move it or choose another --out or --name")
        return
    foreign = foreign_entries(folder)
    if foreign:
        raise StoreError(
            f"{folder} holds {foreign[0]!r}, which no run of mtor_abm writes; "
            "move it or choose another --out or --name"
        )
