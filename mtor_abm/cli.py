"""The command line: arguments in, calls out, and no logic of its own.

Nothing heavy is imported before a command needs it, so that --help answers at once. Results go to
standard output, progress and faults to standard error. Exit codes: 0 ok, 1 a run failed, 2 usage or
invalid input, 130 interrupted.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import exchange_commands, invocation, study_commands, view_commands
from .errors import UserError, one_line, shortened
from .streams import Watched, patient_streams
from .study_commands import FAILED, OK, OUTPUTS, positive, print_json
from .version import VERSION

INVALID, INTERRUPTED = 2, 130
CLAIMS_OUT = OUTPUTS / "claims"


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2 after one line."""
        self.exit(INVALID, f"{self.prog}: {shortened(one_line(message))}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (argparse itself exits on --help and misuse)."""
    with patient_streams() as output:
        return _run_command(arguments, output)


def _run_command(arguments: Sequence[str] | None, output: Watched) -> int:
    args = command_parser().parse_args(arguments)
    try:
        code: int = args.command(args)
        sys.stdout.flush()
        return code
    except UserError as fault:
        for line in fault.faults:
            _say(f"error: {line}")
        return INVALID
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except OSError as fault:
        if fault is not output.fault:
            _say(f"error: {_of_the_system(fault)}")
            return INVALID
        # Results are printed when all is done, so a reader, e.g. `head`, that has seen enough has
        # cost nothing.
        if isinstance(fault, BrokenPipeError):
            return OK
        _say(f"error: the output could not be written: {fault.strerror}; send it to another place")
        return INVALID


def _of_the_system(fault: OSError) -> str:
    """A fault that no part of the program has put into words, with the file it concerns."""
    if fault.filename is not None:
        from .whole_file import storage_error

        return str(storage_error(fault, Path(os.fsdecode(fault.filename))))
    if isinstance(fault, FileNotFoundError) and not _has_working_folder():
        return "the working folder no longer exists; change to one that does"
    if fault.errno == errno.EMFILE:
        return "too many open files; raise the limit (ulimit -n) or use fewer --jobs"
    return f"the system refused: {one_line(str(fault.strerror or fault or type(fault).__name__))}"


def _has_working_folder() -> bool:
    try:
        return Path.cwd().is_dir()
    except OSError:
        return False


def command_parser(program: str | None = None) -> Parser:
    """The parser of all commands, which are called by the name `program` (default: as started)."""
    parser = Parser(
        prog=invocation.command() if program is None else program,
        description="Agent-based simulator of bone metastasis driven by mTOR signalling. "
        "Without a command: the demonstration, vehicle against rapamycin.",
    )
    parser.add_argument("--version", action="version", version=f"mtor_abm {VERSION}")
    parser.set_defaults(command=_demo, out=OUTPUTS, jobs=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)

    def command(name: str, call: Any, what: str) -> Parser:
        sub = commands.add_parser(
            name, help=what, description=f"{what[0].upper()}{what[1:].removesuffix(' ...')}."
        )
        sub.set_defaults(command=call)
        return sub

    def as_json(sub: Parser) -> None:
        sub.add_argument("--json", action="store_true", help="machine-readable results")

    sub = command("list", _list, "list scenarios, or drugs, fields, cells, switches, columns ...")
    sub.add_argument("kind", nargs="?", default="scenarios", metavar="KIND",
                     help="scenarios (default), drugs, fields, cells, genes, switches, columns, "
                     "tables, parameters, claims")  # fmt: skip
    as_json(sub)

    sub = command("describe", _describe, "explain a scenario, drug, parameter, column ...")
    sub.add_argument("name", nargs="+", metavar="NAME",
                     help="e.g. rapamycin, a.toml, V3, bv_tv, tumour.KEY, S1.3-8; a kind may stand "
                     "before it: claim S1.3-8, switch V3")  # fmt: skip
    sub.add_argument("--out", type=Path, default=CLAIMS_OUT, metavar="DIR",
                     help="folder of the last `claims` (default: outputs/claims)")  # fmt: skip
    as_json(sub)

    sub = command("validate", _validate, "check scenario files without running them")
    sub.add_argument("files", nargs="+", metavar="FILE", help="name of a scenario, or a TOML file")
    as_json(sub)

    sub = command("new", _new, "write a commented scenario to start from")
    sub.add_argument("name", metavar="NAME", help="of the scenario, e.g. my_scenario; the file is "
                     "NAME.toml, and none is ever overwritten")  # fmt: skip

    sub = command("gallery", _gallery, "copy a finished study, to look at without running anything")
    sub.add_argument("--out", type=Path, default=OUTPUTS, metavar="DIR",
                     help="folder of all studies (default: outputs)")  # fmt: skip

    study_commands.add_to(command, as_json)
    exchange_commands.add_to(command, as_json)
    view_commands.add_to(command, as_json)

    sub = command("compare", _compare, "compare treated arms with their control, paired by seed")
    sub.add_argument("places", nargs="+", metavar="STUDY | CONTROL TREATED",
                     help="a study, e.g. outputs/demo: every arm with the control that the study "
                     "names; or a control and treated arms, e.g. outputs/demo/vehicle "
                     "outputs/demo/rapamycin")  # fmt: skip
    sub.add_argument("--control", metavar="ARM",
                     help="of a study: its control (default: as its design names it, or its first "
                     "scenario)")  # fmt: skip
    sub.add_argument("--primary", action="append", default=[], metavar="READOUT[,READOUT]",
                     help="primary endpoints (default: as the scenario says, or tumour area, bone "
                     "volume, resorption and vessel length)")  # fmt: skip
    sub.add_argument("--threshold", type=float, metavar="MM2",
                     help="tumour area whose time is compared (default: half the control's mean at "
                     "the end)")  # fmt: skip
    sub.add_argument("--despite-differences", action="store_true",
                     help="compare arms that differ in more than the treatment, and say in "
                     "what")  # fmt: skip
    sub.add_argument("--all", action="store_true", help="print every readout")
    sub.add_argument("--out", type=Path, metavar="DIR", help="where comparison.csv goes")
    sub.add_argument("--force", action="store_true",
                     help="replace a comparison.csv of other arms")  # fmt: skip
    as_json(sub)

    sub = command("claims", _claims, "test the claims of the review, each by a virtual experiment")
    sub.add_argument("ids", nargs="*", metavar="CLAIM", help="e.g. S1.3-7 (default: all)")
    sub.add_argument("--section", help="claims of one section, e.g. 1.3")
    sub.add_argument("--kind", help="testable, variant, context or doubtful")
    effort = sub.add_mutually_exclusive_group()
    effort.add_argument("--quick", dest="mode", action="store_const", const="quick",
                        help="small marrow, few seeds (default)")  # fmt: skip
    effort.add_argument("--full", dest="mode", action="store_const", const="full",
                        help="more seeds; also a figure per claim and docs/claims.md")  # fmt: skip
    question = sub.add_mutually_exclusive_group()
    question.add_argument("--mutate", action="store_true",
                          help="switch mechanisms off: claims must stop holding")  # fmt: skip
    question.add_argument("--variant", action="append", default=[], metavar="V8=B",
                          help="take this side of a dispute and show which verdicts "
                          "change")  # fmt: skip
    question.add_argument("--sides", metavar="V8",
                          help="what each side of a dispute gives, comparison by comparison "
                          "(without ids: the claims that bear on it)")  # fmt: skip
    question.add_argument("--disputes", action="store_true",
                          help="show which sides agree with most claims")  # fmt: skip
    sub.add_argument("--jobs", type=positive, metavar="N", help="processes (default: all cores)")
    sub.add_argument("--out", type=Path, default=CLAIMS_OUT, metavar="DIR",
                     help="folder of results and readings (default: outputs/claims)")  # fmt: skip
    sub.add_argument("-q", "--quiet", action="store_true", help="no progress")
    sub.set_defaults(mode="quick")
    as_json(sub)

    sub = command("targets", _targets, "compare the model with its calibration targets")
    sub.add_argument("targets", nargs="*", metavar="TARGET", help="e.g. T13 T20 (default: all)")
    sub.add_argument("--jobs", type=positive, metavar="N", help="processes (default: all cores)")
    sub.add_argument("--out", type=Path, default=OUTPUTS, metavar="DIR",
                     help="folder of all studies (default: outputs)")  # fmt: skip
    effort = sub.add_mutually_exclusive_group()
    effort.add_argument("--quick", dest="effort", action="store_const", const="quick",
                        default="usual",
                        help="3 seeds and a third of the healthy year")  # fmt: skip
    effort.add_argument("--full", dest="effort", action="store_const", const="full",
                        help="12 seeds (default: 4)")  # fmt: skip
    as_json(sub)
    sub = command(
        "sensitivity",
        _sensitivity,
        "find which assumed parameters drive the headline effects (Morris screen)",
    )
    sub.add_argument("--trajectories", type=positive, default=6, metavar="N",
                     help="paths of the Morris design, 2 or more (default: 6)")  # fmt: skip
    sub.add_argument("--seeds", default="1-2", help="of each evaluation (default: 1-2)")
    sub.add_argument("--jobs", type=positive, default=1, metavar="N", help="processes (default: 1)")
    sub.add_argument("--out", type=Path, default=OUTPUTS / "sensitivity", metavar="DIR",
                     help="keeps the evaluations (default: outputs/sensitivity)")  # fmt: skip
    sub.add_argument("--docs", type=Path, metavar="DIR", help="write the table and page there too")
    sub.add_argument("--resume", action="store_true", help="continue with the evaluations in --out")

    sub = command("doctor", _doctor, "show versions, cores and cache, and run a short self-test")
    as_json(sub)
    return parser


def _demo(args: argparse.Namespace) -> int:
    from .demo import run_demo
    from .runner.progress import choose
    from .study_text import outcome

    study, comparison = run_demo(args.out, args.jobs, choose())
    if comparison is not None:
        print(comparison.text())
    print(outcome(study))
    if comparison is not None and comparison.path is not None:
        print(f"comparison   {comparison.path}")
    return FAILED if study.failed else OK


def _list(args: argparse.Namespace) -> int:
    from .catalogue import listing, listing_text
    from .claims.words import claims_listing

    rows = claims_listing() if args.kind == "claims" else listing(args.kind)
    print_json(rows) if args.json else print(listing_text(rows))
    return OK


def _describe(args: argparse.Namespace) -> int:
    from .catalogue import entry_text
    from .claims.desk import describe

    entries = describe(args.name, args.out)
    print_json(entries) if args.json else print("\n\n".join(map(entry_text, entries)))
    return OK


def _validate(args: argparse.Namespace) -> int:
    from .runner.plan import refuse_unknown_columns
    from .scenario_files import checked, load
    from .study_text import doses_text

    verdicts = [checked(file, refuse_unknown_columns) for file in args.files]
    if args.json:
        print_json(verdicts)
    for verdict in verdicts:
        for line in verdict["errors"]:
            _say(f"error: {line}")
        for line in verdict["warnings"]:
            _say(f"warning: {verdict['file']}: {line}")
        if verdict["valid"] and not args.json:
            doses = doses_text(load(verdict["file"]))
            print(f"{verdict['file']}: valid" + (f"; {doses}" if doses else ""))
    return OK if all(verdict["valid"] for verdict in verdicts) else INVALID


def _new(args: argparse.Namespace) -> int:
    from .shipped import write_scenario

    path = write_scenario(args.name)
    print(f"scenario     {path}")
    print(f"check        {invocation.command('validate', path)}")
    print(f"run          {invocation.command('run', 'vehicle', path, '--seeds', '1-4')}")
    return OK


def _gallery(args: argparse.Namespace) -> int:
    from .shipped import copy_gallery

    study = copy_gallery(args.out)
    print(f"study        {study}")
    print(f"compare      {invocation.command('compare', study)}")
    print(f"report       {invocation.command('report', study)}")
    return OK


def _compare(args: argparse.Namespace) -> int:
    from .analysis.compare import compare, compare_study

    first, *treated = args.places
    how: dict[str, Any] = {
        "primary": [name.strip() for given in args.primary for name in given.split(",")],
        "threshold_mm2": args.threshold, "despite_differences": args.despite_differences,
        "force": args.force,
    }  # fmt: skip
    if not treated:
        comparison = compare_study(first, args.control, args.out, **how)
    elif args.control is None:
        comparison = compare(first, treated, args.out, **how)
    else:
        raise UserError(
            "--control names the control of one study; without it the first arm is the control"
        )
    if args.json:
        print_json(comparison.as_dict())
    else:
        print(comparison.text(args.all))
        print(f"comparison   {comparison.path}")
    return OK


def _claims(args: argparse.Namespace) -> int:
    from .claims.desk import ask, ask_disputes, ask_mutations, ask_sides, progress
    from .claims.review import chosen

    wanted = chosen(args.ids, args.section, args.kind)
    report = progress(args.quiet or args.json)
    if args.mutate:
        answer = ask_mutations(wanted, args.mode, args.out, args.jobs, report)
    elif args.sides:
        answer = ask_sides(wanted, args.mode, args.out, args.jobs, report, args.sides)
    elif args.disputes:
        answer = ask_disputes(wanted, args.mode, args.out, args.jobs, report)
    else:
        answer = ask(wanted, args.mode, args.out, args.jobs, report, args.variant)
    print_json(answer.rows) if args.json else print(answer.text)
    for file in answer.files:
        _say(f"written: {file}")
    return FAILED if answer.failed else OK


def _targets(args: argparse.Namespace) -> int:
    from .runner.progress import choose
    from .targets.evaluate import FILE_NAME, STUDY, as_rows, judge_targets
    from .targets.text import targets_text

    report = choose(as_json=args.json)
    judged = judge_targets(args.targets, args.out, args.effort, args.jobs, report)
    if args.json:
        print_json([row for target in judged for row in as_rows(target)])
    else:
        print(targets_text(judged))
        print(f"table        {args.out / STUDY / FILE_NAME}")
    return OK


def _sensitivity(args: argparse.Namespace) -> int:
    from .analysis.sensitivity import screen_to
    from .run_settings import parse_seeds

    if args.trajectories < 2:
        raise UserError(f"--trajectories {args.trajectories} gives no spread; give 2 or more")
    written = screen_to(
        args.out, args.trajectories, parse_seeds(args.seeds), jobs=args.jobs, resume=args.resume,
        docs=args.docs, say=_say,
    )  # fmt: skip
    for path in written:
        print(path)
    return OK


def _doctor(args: argparse.Namespace) -> int:
    from .doctor import as_text, examine

    report = examine(_say)
    print_json(report) if args.json else print(as_text(report))
    return OK if report["self_test"] == "ok" else FAILED


def _say(line: str) -> None:
    print(line, file=sys.stderr)
