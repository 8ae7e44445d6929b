"""Commands that make studies and look after them: run, branch, sweep, status, gather, runs.

What holds for the command line as a whole (cli.py) holds here: arguments in, calls out.
"""

import argparse
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from .errors import UserError

OK, FAILED = 0, 1
OUTPUTS = Path("outputs")


def add_to(command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]) -> None:
    """Add the commands to a parser.

    Args:
        command: name, function and help -> parser of a new command.
        as_json: adds --json to a command.
    """
    sub = command("run", _run, "run scenarios, each with every seed")
    sub.add_argument("scenarios", nargs="*", metavar="SCENARIO",
                     help="a name (see list), or a TOML file")  # fmt: skip
    sub.add_argument(
        "--from",
        dest="manifest",
        type=Path,
        metavar="MANIFEST",
        help="repeat the run of this manifest.json and compare its files",
    )
    sub.add_argument("--until-ci", metavar="READOUT=WIDTH",
                     help="add seeds until the 95 %% interval of the effect of each scenario, "
                     "against the first, on READOUT is +- WIDTH or less")  # fmt: skip
    sub.add_argument("--max-seeds", type=positive, default=100, metavar="N",
                     help="with --until-ci: at most N seeds (default: 100)")  # fmt: skip
    as_study(sub)
    as_shards(sub)
    as_json(sub)

    sub = command(
        "branch", _branch, "simulate a marrow once per seed, then treat it in several ways"
    )
    sub.add_argument("grown", metavar="FROM", help="scenario that all arms share until then")
    sub.add_argument("--at", required=True, metavar="TIME", help="when they part: 10d, or 240h")
    sub.add_argument("--arms", nargs="+", required=True, metavar="ARM",
                     help="scenarios whose drugs start at that time")  # fmt: skip
    as_study(sub)
    as_json(sub)

    sub = command("sweep", _sweep, "run a design: grid, Latin hypercube, Sobol or Morris")
    sub.add_argument("design", type=Path, metavar="FILE", help="e.g. docs/dose_sweep.toml")
    as_study(sub)
    as_shards(sub)
    as_json(sub)

    sub = command("status", _status, "show the progress of a study: done, running, failed, to do")
    sub.add_argument("study", type=Path, metavar="STUDY", help="its folder, e.g. outputs/demo")
    as_json(sub)

    sub = command("gather", _gather, "join the tables of all runs of a study into long tables")
    sub.add_argument("study", type=Path, metavar="STUDY", help="e.g. outputs/demo")
    sub.add_argument("--out", type=Path, metavar="DIR",
                     help="where the tables go (default: STUDY/gathered)")  # fmt: skip
    sub.add_argument("--control", metavar="ARM",
                     help="control of the effects (default: as the design or the study names "
                     "it)")  # fmt: skip
    sub.add_argument("--events", action="store_true", help="gather events.csv too")
    sub.add_argument("--parquet", action="store_true",
                     help="write each table as Parquet too (extra: parquet)")  # fmt: skip
    as_json(sub)

    sub = command("runs", _runs, "list the runs of all studies")
    sub.add_argument("--where", metavar="CONDITION",
                     help="e.g. \"scenario == 'rapamycin' and seed < 5\", or a parameter by its "
                     "key: drugs.rapamycin.dose_mg_per_kg > 1")  # fmt: skip
    sub.add_argument("--out", type=Path, default=OUTPUTS, metavar="DIR",
                     help="folder of all studies (default: outputs)")  # fmt: skip
    as_json(sub)


def as_study(sub: argparse.ArgumentParser) -> None:
    """Options of every command that runs a study."""
    sub.add_argument("--seeds", help="1-8, or 1,3,7, or 5 (default: the scenario's)")
    sub.add_argument("-S", "--set", action="append", default=[], metavar="key=value",
                     help="override a value, e.g. -S drugs.rapamycin.dose_mg_per_kg=3 "
                     "(in the arms that get the drug; in all, if none does)")  # fmt: skip
    sub.add_argument("--days", help="simulated days, short for -S run.days=DAYS")
    sub.add_argument("--jobs", type=positive, metavar="N", help="processes (default: all cores)")
    sub.add_argument("--scheduler", metavar="ADDRESS",
                     help="run on this Dask scheduler, tcp://host:8786 (extra: dask)")  # fmt: skip
    sub.add_argument("--out", type=Path, default=OUTPUTS, metavar="DIR",
                     help="folder of all studies (default: outputs)")  # fmt: skip
    sub.add_argument("--name", help="name of this study (default: from the scenarios)")
    sub.add_argument("--dry-run", action="store_true", help="show what would run; write nothing")
    sub.add_argument("--force", action="store_true", help="repeat complete runs too")
    sub.add_argument("--resume", action="store_true",
                     help="also repeat damaged runs (moved to STUDY/damaged first), and list "
                     "every interrupted run")  # fmt: skip
    sub.add_argument("--keep-going", action="store_true",
                     help="skip runs whose files cannot be used; exit with 1")  # fmt: skip
    loudness = sub.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="no progress")
    loudness.add_argument("-v", "--verbose", action="store_true", help="a line for every run")


def as_shards(sub: argparse.ArgumentParser) -> None:
    """Option of the commands whose runs can be done by an array of jobs."""
    sub.add_argument("--shard", metavar="3/20",
                     help="do only the third of 20 shares of the runs (other processes do the "
                     "others, with the same --out and --name)")  # fmt: skip


def _run(args: argparse.Namespace) -> int:
    from .scenario_files import load_all

    if args.manifest is not None:
        return _repeat(args)
    if not args.scenarios:
        raise UserError("the following arguments are required: SCENARIO, or --from MANIFEST")
    if args.until_ci is not None and args.shard is not None:
        raise UserError(
            "--until-ci looks at all runs before it goes on, and a shard does only some; "
            "leave out --shard, or use --scheduler"
        )
    scenarios = load_all(args.scenarios, _overrides(args))
    return _study(args, scenarios) if args.until_ci is None else _until(args, scenarios)


def _until(args: argparse.Namespace, scenarios: list[Any]) -> int:
    from .runner.until import Goal, first_seeds, run_until
    from .study_text import outcome

    goal = Goal.parse(args.until_ci)
    seeds, folder = _place(args, scenarios)
    if args.dry_run:  # the first look; how many more it takes, only the runs can tell
        return _planned(args, scenarios, first_seeds(scenarios, seeds, args.max_seeds))
    with _workers(args) as workers:
        ended = run_until(
            goal, scenarios, seeds, folder, max_seeds=args.max_seeds, **_manner(args), **workers
        )
    print_json(ended.as_dict()) if args.json else print(
        outcome(ended.study), ended.text(), sep="\n"
    )
    return FAILED if ended.study.failed else OK


def _branch(args: argparse.Namespace) -> int:
    from .branching import branch_of, day_of, trunk_of
    from .runner.plan import TRUNKS, Parting
    from .scenario_files import load, load_all

    day = day_of(args.at)
    grown = load(args.grown, _overrides(args))
    # an arm's own days mean nothing here: its drugs are moved, and the run is as long as `grown`
    shared = [change for change in args.set if not change.strip().startswith("run.days")]
    scenarios = [branch_of(grown, arm, day) for arm in load_all(args.arms, shared)]
    if args.dry_run and not args.json:
        print(f"each seed is simulated once, as {grown.name}, to day {day:g}; the drugs start then")
    return _study(args, scenarios, parting=Parting(day, _out(args) / TRUNKS, trunk_of))


def _sweep(args: argparse.Namespace) -> int:
    from .runner.sweep import sweep_of

    sweep = sweep_of(args.design, _overrides(args))
    if args.seeds is None:
        args.seeds = sweep.design.seeds
    if args.name is None:
        args.name = args.design.stem
    return _study(args, sweep.scenarios, notes=sweep.notes(), texts=sweep.texts)


def _repeat(args: argparse.Namespace) -> int:
    from .runner.progress import choose
    from .runner.repeat import recorded
    from .store import read_run
    from .study_text import repeated, repeated_row

    changing = {
        "SCENARIO": args.scenarios, "--seeds": args.seeds, "-S": args.set, "--days": args.days,
        "--shard": args.shard, "--until-ci": args.until_ci,
    }  # fmt: skip
    for option, given in changing.items():
        if given:
            raise UserError(f"--from runs what the manifest says; leave out {option}")
    before = recorded(args.manifest)
    args.name = args.name or before.study_name()
    args.seeds = str(before.seed)
    scenarios = [before.scenario]
    before.refuse_its_own_place(_place(args, scenarios)[1])
    if args.dry_run:
        return _study(args, scenarios)
    choose(args.quiet, args.verbose, args.json).say(before.opening())
    study = _run_study(args, scenarios)
    again = study.runs[0]
    if again.status == "failed":
        return _told(args, study)
    differing = before.differing(read_run(again.folder))
    if args.json:
        print_json(study.as_dict() | repeated_row(before, differing))
    else:
        print(repeated(before, again, differing))
    return FAILED if differing and not before.other_identity() else OK


def _status(args: argparse.Namespace) -> int:
    from .analysis.study_status import study_status
    from .study_text import status_text

    status = study_status(args.study)
    print_json(status.as_dict()) if args.json else print(status_text(status))
    return OK


def _gather(args: argparse.Namespace) -> int:
    from .analysis.gather import gather

    gathered = gather(
        args.study, args.out, events=args.events, parquet=args.parquet, control=args.control
    )
    print_result(gathered, args.json)
    return OK if gathered.is_whole else FAILED


def _runs(args: argparse.Namespace) -> int:
    from .analysis.index import index, index_text

    rows = index(args.out, args.where)
    print_json(rows) if args.json else print(index_text(rows))
    return OK


def _overrides(args: argparse.Namespace) -> list[str]:
    return [*args.set, *([f"run.days={args.days}"] if args.days is not None else [])]


def _study(
    args: argparse.Namespace, scenarios: list[Any], notes: dict[str, str] | None = None, **how: Any
) -> int:
    """Run a study and say how it ended, or what it would do.

    `notes` on scenarios are for the plan; `how`, its parting or texts, is for `run_study`.
    """
    if args.dry_run:
        return _planned(args, scenarios, _place(args, scenarios)[0], notes)
    if notes is None:  # a design has too many
        _say_doses(args, scenarios)
    table = next(iter(how.get("texts", ())), None)
    return _told(args, _run_study(args, scenarios, **how), table)


def _say_doses(args: argparse.Namespace, scenarios: list[Any]) -> None:
    """What is given, in words, before the runs begin."""
    from .runner.progress import choose
    from .study_text import doses_text

    report = choose(args.quiet, args.verbose, args.json)
    for scenario in scenarios:
        doses = doses_text(scenario)
        if doses:
            report.say(f"{scenario.name}: {doses}")


def _planned(
    args: argparse.Namespace, scenarios: list[Any], seeds: list[int] | None,
    notes: dict[str, str] | None = None,
) -> int:  # fmt: skip
    from .runner.plan import plan_study
    from .study_text import plan_rows, plan_text

    folder = _place(args, scenarios)[1]
    planned = plan_study(
        scenarios, seeds, folder, args.force, _shard(args), args.resume, args.keep_going,
        elsewhere=args.scheduler is not None,
    )  # fmt: skip
    print_json(plan_rows(planned)) if args.json else print(
        plan_text(planned, folder, notes, args.jobs)
    )
    return OK


def _run_study(args: argparse.Namespace, scenarios: list[Any], **how: Any) -> Any:
    from .api import run

    with _workers(args) as workers:
        return run(
            scenarios, args.seeds, out=_out(args), name=args.name, shard=_shard(args),
            **_manner(args), **workers, **how,
        ).result  # fmt: skip


def _told(args: argparse.Namespace, study: Any, table: str | None = None) -> int:
    from .study_text import outcome

    print_json(study.as_dict()) if args.json else print(outcome(study, table))
    return FAILED if study.failed else OK


def _place(args: argparse.Namespace, scenarios: list[Any]) -> tuple[list[int] | None, Path]:
    """Seeds, or None for those of each scenario, and the folder of the study."""
    from .run_settings import parse_seeds
    from .study_text import study_name

    seeds = None if args.seeds is None else parse_seeds(args.seeds)
    return seeds, _out(args) / study_name(scenarios, args.name)


def _manner(args: argparse.Namespace) -> dict[str, Any]:
    """Options of every command that runs a study, as `run_study` takes them."""
    from .runner.progress import choose

    return {
        "force": args.force, "resume": args.resume, "keep_going": args.keep_going,
        "report": choose(args.quiet, args.verbose, args.json),
    }  # fmt: skip


def _shard(args: argparse.Namespace) -> Any:
    from .runner.shard import parse_shard

    text = getattr(args, "shard", None)  # a branch has none
    return None if text is None else parse_shard(text)


def _out(args: argparse.Namespace) -> Path:
    """Folder of all studies; workers of a cluster start in folders of their own."""
    out: Path = args.out
    return out if args.scheduler is None else out.absolute()


@contextlib.contextmanager
def _workers(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Who does the runs, as `run_study` takes it: processes of this machine, or a cluster."""
    if args.scheduler is None:
        yield {"jobs": args.jobs}
        return
    from .runner.cluster import cluster

    if args.jobs is not None:
        raise UserError("--jobs has no effect with --scheduler: the cluster has its own workers")
    with cluster(args.scheduler) as found:
        yield {"jobs": found.n_slots, "executor": found}


def positive(text: str) -> int:
    """A count from the command line."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) == int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


class Result(Protocol):
    """What a command has to tell."""

    def as_dict(self) -> dict[str, Any]:
        """For machines."""

    def text(self) -> str:
        """For the terminal."""


def print_result(result: Result, as_json: bool) -> None:
    """A result on standard output."""
    print_json(result.as_dict()) if as_json else print(result.text())


def print_json(value: Any) -> None:
    """Results for machines, on standard output."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))
