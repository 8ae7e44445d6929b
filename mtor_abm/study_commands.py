"""Commands that make studies and look after them: run, branch, runs, gather.

What holds for the command line as a whole (cli.py) holds here: arguments in, calls out.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

OK, FAILED = 0, 1
OUTPUTS = Path("outputs")


def add_to(command: Callable[..., argparse.ArgumentParser], as_json: Callable[..., None]) -> None:
    """Add the commands to a parser.

    Args:
        command: name, function and help -> parser of a new command.
        as_json: adds --json to a command.
    """
    sub = command("run", _run, "run scenarios, each with every seed")
    sub.add_argument("scenarios", nargs="+", metavar="SCENARIO",
                     help="name under scenarios/, or a TOML file")  # fmt: skip
    sub.add_argument("--until-ci", metavar="READOUT=WIDTH",
                     help="add paired seeds until the 95 %% interval of the effect on this readout "
                     "of each scenario, against the first, is +- WIDTH or less")  # fmt: skip
    sub.add_argument("--max-seeds", type=positive, default=100, metavar="N",
                     help="with --until-ci: seeds after which to stop (default: 100)")  # fmt: skip
    as_study(sub)
    as_json(sub)

    sub = command("branch", _branch, "grow a marrow once per seed, then treat it in many ways")
    sub.add_argument("grown", metavar="FROM", help="scenario that all arms share until then")
    sub.add_argument("--at", required=True, metavar="TIME", help="when they part: 10d, or 240h")
    sub.add_argument("--arms", nargs="+", required=True, metavar="ARM",
                     help="scenarios whose drugs start at that time")  # fmt: skip
    as_study(sub)
    as_json(sub)

    sub = command("runs", _runs, "list the runs of all studies")
    sub.add_argument("--where", metavar="CONDITION",
                     help="e.g. \"scenario == 'rapamycin' and seed < 5\", or a parameter by its "
                     "key: drugs.rapamycin.dose_mg_per_kg > 1")  # fmt: skip
    sub.add_argument("--out", type=Path, default=OUTPUTS, metavar="DIR",
                     help="folder of all studies (default: outputs)")  # fmt: skip
    as_json(sub)

    sub = command("gather", _gather, "gather the tables of all runs of a study as long tables")
    sub.add_argument("study", type=Path, metavar="STUDY", help="e.g. outputs/demo")
    sub.add_argument("--out", type=Path, metavar="DIR",
                     help="where the tables go (default: STUDY/gathered)")  # fmt: skip
    sub.add_argument("--events", action="store_true", help="gather events.csv too")
    sub.add_argument("--parquet", action="store_true",
                     help="write each table as Parquet too (extra: parquet)")  # fmt: skip
    as_json(sub)


def as_study(sub: argparse.ArgumentParser) -> None:
    """Options of every command that runs a study."""
    sub.add_argument("--seeds", help="1-8, or 1,3,7, or 5 (default: the scenario's)")
    sub.add_argument("-S", "--set", action="append", default=[], metavar="key=value",
                     help="override a value, e.g. -S drugs.rapamycin.dose_mg_per_kg=3; a "
                     "drug's values change where it is given (everywhere, if "
                     "nowhere)")  # fmt: skip
    sub.add_argument("--days", help="simulated days, short for -S run.days=DAYS")
    sub.add_argument("--jobs", type=positive, metavar="N", help="processes (default: all cores)")
    sub.add_argument("--out", type=Path, default=OUTPUTS, metavar="DIR",
                     help="folder of all studies (default: outputs)")  # fmt: skip
    sub.add_argument("--name", help="name of this study (default: from the scenarios)")
    sub.add_argument("--dry-run", action="store_true", help="say what would run, write nothing")
    sub.add_argument("--force", action="store_true", help="run anew what is complete")
    loudness = sub.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="no progress")
    loudness.add_argument("-v", "--verbose", action="store_true", help="a line for every run")


def _run(args: argparse.Namespace) -> int:
    from .scenario_files import load_all

    scenarios = load_all(args.scenarios, _overrides(args))
    return _study(args, scenarios, None) if args.until_ci is None else _until(args, scenarios)


def _until(args: argparse.Namespace, scenarios: list[Any]) -> int:
    from .run_settings import parse_seeds
    from .runner.progress import choose
    from .runner.until import Goal, first_seeds, run_until
    from .study_text import outcome, study_name

    goal = Goal.parse(args.until_ci)
    seeds = None if args.seeds is None else parse_seeds(args.seeds)
    if args.dry_run:  # the first look; how many more it takes, only the runs can tell
        return _plan(args, scenarios, first_seeds(scenarios, seeds, args.max_seeds))
    ended = run_until(
        goal, scenarios, seeds, args.out / study_name(scenarios, args.name),
        max_seeds=args.max_seeds, jobs=args.jobs, force=args.force,
        report=choose(args.quiet, args.verbose, args.json),
    )  # fmt: skip
    print_json(ended.as_dict()) if args.json else print(
        outcome(ended.study), ended.text(), sep="\n"
    )
    return FAILED if ended.study.failed else OK


def _branch(args: argparse.Namespace) -> int:
    from .branching import branch_of, day_of, trunk_of
    from .runner.batch import TRUNKS, Parting
    from .scenario_files import load_all

    day = day_of(args.at)
    names = list(dict.fromkeys([args.grown, *args.arms]))
    by_name = dict(zip(names, load_all(names, _overrides(args)), strict=True))
    grown = by_name[args.grown]
    scenarios = [branch_of(grown, by_name[arm], day) for arm in args.arms]
    return _study(args, scenarios, Parting(day, args.out / TRUNKS, trunk_of))


def _plan(args: argparse.Namespace, scenarios: list[Any], seeds: list[int] | None) -> int:
    from .runner.batch import plan_study
    from .study_text import plan_rows, plan_text, study_name

    folder = args.out / study_name(scenarios, args.name)
    planned = plan_study(scenarios, seeds, folder, args.force)
    print_json(plan_rows(planned)) if args.json else print(plan_text(planned, folder))
    return OK


def _runs(args: argparse.Namespace) -> int:
    from .analysis.index import index, index_text

    rows = index(args.out, args.where)
    print_json(rows) if args.json else print(index_text(rows))
    return OK


def _gather(args: argparse.Namespace) -> int:
    from .analysis.gather import gather

    gathered = gather(args.study, args.out, events=args.events, parquet=args.parquet)
    print_json(gathered.as_dict()) if args.json else print(gathered.text())
    return OK


def _overrides(args: argparse.Namespace) -> list[str]:
    return [*args.set, *([f"run.days={args.days}"] if args.days is not None else [])]


def _study(args: argparse.Namespace, scenarios: list[Any], parting: Any) -> int:
    from .run_settings import parse_seeds
    from .runner.batch import run_study
    from .runner.progress import choose
    from .study_text import outcome, study_name

    seeds = None if args.seeds is None else parse_seeds(args.seeds)
    if args.dry_run:
        return _plan(args, scenarios, seeds)
    folder = args.out / study_name(scenarios, args.name)
    report = choose(args.quiet, args.verbose, args.json)
    study = run_study(
        scenarios, seeds, folder, jobs=args.jobs, force=args.force, report=report, parting=parting
    )
    print_json(study.as_dict()) if args.json else print(outcome(study))
    return FAILED if study.failed else OK


def positive(text: str) -> int:
    """A count from the command line."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) == int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give 1 or more")
    return int(text)


def print_json(value: Any) -> None:
    """Results for machines, on standard output."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))
