"""From a question on the command line to files and an answer."""

import csv
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from .. import catalogue
from ..errors import UserError
from ..invocation import command
from ..switches import SWITCHES, values_of
from ..tidy_csv import csv_text
from ..validation import suggestion
from ..version import VERSION
from ..whole_file import write_file
from . import living_review, pictures, study, words
from .experiment import experiments
from .plan import Mode, measurements
from .readings import Notebook
from .review import Claim, chosen

CLAIMS, MUTATIONS, DISPUTES = "claims.csv", "mutations.csv", "disputes.csv"
OURS = {  # columns that tell our tables from others of the same name
    CLAIMS: {"id", "verdict", "effect", "low", "high", "n_seeds", "mode", "version"},
    MUTATIONS: {"id", "verdict"},
    DISPUTES: {"switch", "value", "held_best", "share"},
}
PAGE = Path("docs") / "claims.md"
SECONDS_BETWEEN_LINES = 1.0


class Answer:
    """Words for people, rows for machines, files written."""

    def __init__(self, text: str, rows: list[dict[str, Any]], files: Sequence[Path]) -> None:
        self.text = text
        self.rows = rows
        self.files = list(files)

    @property
    def failed(self) -> bool:
        """Whether a measurement failed (a claim that does not hold is not a failure)."""
        return any(str(row.get("reason", "")).startswith(study.FAULT) for row in self.rows)


def progress(quiet: bool = False) -> study.Report:
    """A line on standard error that is written over; nothing if that is not a terminal."""
    began = time.monotonic()
    last = [0.0]

    def report(done: int, of: int) -> None:
        now = time.monotonic()
        if (
            quiet
            or not sys.stderr.isatty()
            or (done < of and now - last[0] < SECONDS_BETWEEN_LINES)
        ):
            return
        last[0] = now
        left = (now - began) * (of - done) / done if done else float("nan")
        ending = "\n" if done == of else ""
        print(f"\r{done} of {of} measurements, {left:5.0f} s left ", end=ending, file=sys.stderr)

    return report


def ask(
    wanted: Sequence[Claim], mode: Mode, out: Path, jobs: int | None, report: study.Report,
    variant: Sequence[str] = (),
) -> Answer:  # fmt: skip
    """Test claims; with a variant, also say which of them turn."""
    sides = study.parse_variant(variant)  # first: a wrong switch must not cost the base run
    notebook = Notebook(out)
    findings = study.run_claims(wanted, mode, notebook, jobs, report)
    if sides:
        turned = study.run_claims(wanted, mode, notebook, jobs, report, sides)
        rows = [
            {**after.as_dict(), "variant": " ".join(variant), "default_verdict": before.verdict}
            for before, after in zip(findings, turned, strict=True)
        ]
        return Answer(words.table(turned) + "\n\n" + words.turned(findings, turned), rows, [])
    rows = [finding.as_dict() for finding in findings]
    files = [_write_merged(out / CLAIMS, [{**r, "mode": mode, "version": VERSION} for r in rows])]
    if mode == "full":
        files += _illustrated(findings, notebook, out)
        if len(findings) == len(chosen()):
            files.append(write_page(findings, mode, out))
    return Answer(words.table(findings), rows, files)


def ask_mutations(
    wanted: Sequence[Claim], mode: Mode, out: Path, jobs: int | None, report: study.Report
) -> Answer:
    """Test claims with their mechanisms on and off."""
    mutations = study.mutate(wanted, mode, Notebook(out), jobs, report)
    rows = [
        {
            "id": m.on.claim.id, "on": m.on.verdict, "off": m.off.verdict if m.off else "",
            "n_lost": m.n_lost, "n_contrasts": len(m.on.contrasts),
            "verdict": m.verdict, "mode": mode, "version": VERSION,
        }
        for m in mutations
    ]  # fmt: skip
    return Answer(words.mutations_text(mutations), rows, [_write(out / MUTATIONS, rows)])


def ask_sides(
    wanted: Sequence[Claim], mode: Mode, out: Path, jobs: int | None, report: study.Report,
    switch: str,
) -> Answer:  # fmt: skip
    """Every comparison of claims under each side of a dispute.

    Args:
        wanted: claims; of all of them, those whose experiments name the switch.
        switch: "V8".

    Raises:
        UserError: no such switch, or no experiment among these claims.
    """
    if switch not in SWITCHES:
        raise UserError(
            f"--sides {switch[:40]} is not a switch; write e.g. V8; {suggestion(switch, SWITCHES)}"
        )
    tests = experiments()
    if len(wanted) == len(chosen()):
        wanted = [claim for claim in wanted if claim.id in words.discriminating(switch)]
    tested = [claim for claim in wanted if claim.id in tests]
    if not tested:
        raise UserError(f"none of these claims has an experiment; see {command('list', 'claims')}")
    notebook = Notebook(out)
    found = {
        side: study.run_claims(tested, mode, notebook, jobs, report, {switch: side})
        for side in values_of(switch)
    }
    rows = [
        {
            "id": finding.claim.id, "switch": switch, "value": side, "tested": contrast.sentence(),
            "scale": effect.scale, "effect": effect.value, "low": effect.low, "high": effect.high,
            "verdict": verdict, "reason": finding.reason,
        }
        for side, findings in found.items()
        for finding in findings
        for contrast, effect, verdict in finding.contrasts
    ]  # fmt: skip
    return Answer(words.sides_text(switch, found), rows, [])


def ask_disputes(
    wanted: Sequence[Claim], mode: Mode, out: Path, jobs: int | None, report: study.Report
) -> Answer:
    """Score every hypothesis set."""
    disputes = study.settle_disputes(wanted, mode, Notebook(out), jobs, report)
    if not disputes.findings:
        raise UserError("none of these claims bears on a dispute; leave out the ids")
    rows = [row | {"mode": mode, "version": VERSION} for row in disputes.rows()]
    return Answer(words.disputes_text(disputes), rows, [_write(out / DISPUTES, rows)])


def write_page(findings: Sequence[study.Finding], mode: Mode, out: Path) -> Path:
    """Write the living review: in docs/ of a checkout, else beside the table."""
    page = PAGE if PAGE.parent.is_dir() else out / PAGE.name
    mutations = {row["id"]: row["verdict"] for row in _read(out / MUTATIONS)}
    text = living_review.page(findings, mode, VERSION, mutations, _read(out / DISPUTES))
    write_file(page, text)
    return page


def describe(names: Sequence[str], out: Path) -> list[dict[str, Any]]:
    """Everything that bears a name: a claim with its last result, or what `catalogue` knows.

    Args:
        names: the name, or a kind and the name: ("claim", "S1.3-8"), ("switch", "V3").
        out: folder of the last `run.py claims`.

    Raises:
        UserError: no such thing, or more words than a kind and a name.
    """
    *kinds, name = names
    if len(kinds) > 1:
        raise UserError(f"describe takes a name, or a kind and a name; got {len(names)} words")
    kind = kinds[0].lower().rstrip("s") if kinds else ""
    if kind == "claim" or words.known(name):
        return [_claim_entry(name, out)]
    entries = [entry for entry in catalogue.describe(name) if not kind or entry["kind"] == kind]
    if not entries:
        raise UserError(
            f"no {kind[:20]} is named '{name[:40]}'; leave out the kind to see what it is"
        )
    for entry in entries:
        if entry["kind"] == "switch":
            entry["claims that bear on it"] = words.discriminating(entry["name"])
    return entries


def _claim_entry(claim: str, out: Path) -> dict[str, Any]:
    (found,) = chosen([claim])
    last = next((row for row in _read(out / CLAIMS) if row["id"] == claim), None)
    wanted = ("verdict", "effect", "low", "high", "n_seeds", "mode", "version")
    return words.claim_entry(found, last and {key: last[key] for key in wanted})


def _illustrated(findings: Sequence[study.Finding], notebook: Notebook, out: Path) -> list[Path]:
    tests = experiments()

    def arms_of(finding: study.Finding) -> pictures.Replicates:
        plan = measurements(tests[finding.claim.id], "full")
        return {arm: [notebook.readings[m.key].readouts for m in ms] for arm, ms in plan.items()}

    try:
        drawn = pictures.draw_all(findings, arms_of, out / "figures")
    except ImportError:
        print("no figures: matplotlib is missing; pip install 'mtor_abm[figures]'", file=sys.stderr)
        return []
    return drawn[:1]


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, csv_text(pd.DataFrame(list(rows))))
    return path


def _write_merged(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Rows of the claims just tested; those of other claims stay as they were."""
    fresh = {row["id"]: row for row in rows}
    kept = {row["id"]: row for row in _read(path) if row["id"] not in fresh}
    order = {claim.id: k for k, claim in enumerate(chosen())}
    known = [row for row in [*kept.values(), *rows] if row["id"] in order]
    return _write(path, sorted(known, key=lambda row: order[row["id"]]))


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UserError(f"{path} cannot be read as a table; move it aside") from None
    first = set(rows[0]) if rows else set()
    if rows and not OURS[path.name] <= first:
        raise UserError(f"{path} was not written by `claims`; give another --out")
    return rows
