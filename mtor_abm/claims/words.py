"""What the command line prints about claims."""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..invocation import command
from ..switches import SWITCHES, default_of
from .experiment import SCENARIO, Experiment, experiments
from .review import Claim, chosen, claims
from .study import Disputes, Finding, Mutation
from .verdict import VERDICTS

STATEMENT_WIDTH = 46


def table(findings: Sequence[Finding]) -> str:
    """One line a claim: id, statement, effect, expected, verdict, seconds; then the sum."""
    rows = [("id", "statement", "effect [95 %]", "tested: expected", "verdict", "s")]
    for finding in findings:
        telling = finding.telling
        rows.append(
            (
                finding.claim.id,
                textwrap.shorten(finding.claim.statement, STATEMENT_WIDTH, placeholder=" ..."),
                telling[1].text() if telling else "",
                telling[0].sentence() if telling else textwrap.shorten(finding.reason, 60),
                finding.verdict,
                f"{finding.seconds:.1f}" if finding.contrasts else "",
            )
        )
    return aligned(rows) + "\n\n" + summary(findings)


def summary(findings: Sequence[Finding]) -> str:
    """Counts of verdicts, by section and in all."""
    sections = dict.fromkeys(f.claim.section for f in findings)
    rows = [("section", *VERDICTS)]
    for section in [*sections, "all"]:
        count = Counter[str](f.verdict for f in findings if section in (f.claim.section, "all"))
        rows.append((section, *(str(count[v]) if count[v] else "." for v in VERDICTS)))
    return aligned(rows)


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns of text, two spaces apart."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def turned(default: Sequence[Finding], variant: Sequence[Finding]) -> str:
    """The claims whose verdict a variant changes."""
    rows = [("id", "default", "effect", "variant", "effect")]
    for before, after in zip(default, variant, strict=True):
        if before.verdict != after.verdict:
            effects = [f.telling[1].text() if f.telling else "" for f in (before, after)]
            rows.append((before.claim.id, before.verdict, effects[0], after.verdict, effects[1]))
    held = [sum(f.verdict == "holds" for f in side) for side in (default, variant)]
    count = (
        f"{len(rows) - 1} of {len(default)} verdicts change; {held[0]} hold by default, {held[1]} "
    )
    return (aligned(rows) + "\n\n" if len(rows) > 1 else "") + count + "with the variant"


def sides_text(switch: str, found: Mapping[str, Sequence[Finding]]) -> str:
    """Each comparison under each side of a dispute, and what the sides say."""
    rows = [("id", "tested: expected", *(f"{switch} = {side}" for side in found))]
    for same in zip(*found.values(), strict=True):
        if not all(finding.contrasts for finding in same):
            rows.append((same[0].claim.id, same[0].reason, *("" for _ in found)))
            continue
        for i, (contrast, _, _) in enumerate(same[0].contrasts):
            cells = [f"{f.contrasts[i][1].text()} {f.contrasts[i][2]}" for f in same]
            rows.append((same[0].claim.id, contrast.sentence(), *cells))
    meanings = [f"{switch} = {side}: {SWITCHES[switch].values[side]}" for side in found]
    return "\n".join([aligned(rows), "", *meanings])


def mutations_text(mutations: Sequence[Mutation]) -> str:
    """Each claim with its mechanism on and off."""
    rows = [("id", "on", "effect", "off", "effect", "contrasts lost", "verdict")]
    for m in mutations:
        on, off = m.on.telling, m.off.telling if m.off else None
        rows.append(
            (
                m.on.claim.id, m.on.verdict, on[1].text() if on else "",
                m.off.verdict if m.off else "", off[1].text() if off else "",
                f"{m.n_lost} of {len(m.on.contrasts)}", m.verdict,
            )
        )  # fmt: skip
    count = Counter(m.verdict for m in mutations)
    return aligned(rows) + "\n\n" + ", ".join(f"{n} {verdict}" for verdict, n in count.items())


def disputes_text(disputes: Disputes) -> str:
    """The best hypothesis sets, the default, and how sure each side is."""
    default = {switch: default_of(switch) for switch in disputes.probability}
    best = disputes.sets[0]
    ties = [s for s in disputes.sets if s.held == best.held]
    mine = next(s for s in disputes.sets if s.choice == default)
    lines = [
        f"{best.n} claims bear on a dispute. Best: {best.held} hold "
        f"[{best.low:.0f}, {best.high:.0f}], reached by {len(ties)} of {len(disputes.sets)} sets; "
        f"the defaults: {mine.held} [{mine.low:.0f}, {mine.high:.0f}].",
        "",
    ]
    rows = [("dispute", "value", "held*", "best**", "share***", "meaning")]
    for row in disputes.rows():
        mark = f"{row['value']} (default)" if row["is_default"] else row["value"]
        meaning = textwrap.shorten(
            SWITCHES[row["switch"]].values[row["value"]], 60, placeholder=" ..."
        )
        rows.append((row["switch"], mark, held_text(row), str(row["held_best"]),
                     f"{row['share']:.2f}", meaning))  # fmt: skip
    lines += [
        aligned(rows), "",
        "*   claims that hold with this side and the defaults elsewhere, and 95 % interval",
        "**  most claims that hold under any set with this side",
        "*** of draws of the claims with replacement: a best set takes this side",
    ]  # fmt: skip
    return "\n".join(lines)


def held_text(row: Mapping[str, Any]) -> str:
    """Claims that hold, with their interval."""
    return f"{row['held']} [{float(row['low']):.0f}, {float(row['high']):.0f}]"


def claim_entry(claim: Claim, last: dict[str, Any] | None) -> dict[str, Any]:
    """Everything about a claim, ready for `run.py describe`."""
    experiment = experiments().get(claim.id)
    entry: dict[str, Any] = {
        "kind": "claim", "name": claim.id, "meaning": claim.statement, "claim kind": claim.kind,
        "source": claim.primary_source, "in the review": claim.review_reference,
        "mechanism": claim.model_element, "experiment": claim.virtual_experiment,
        "expectation": claim.expected,
    }  # fmt: skip
    if experiment is not None:
        entry |= _experiment_entry(experiment)
    entry["last result"] = last or f"none yet: {command('claims', claim.id)}"
    return entry


def _experiment_entry(experiment: Experiment) -> dict[str, Any]:
    return {
        "bench": experiment.bench,
        "common settings": dict(experiment.base) | (
            {SCENARIO: experiment.scenario} if experiment.scenario else {}
        ),
        "arms": {name: settings or "as it is" for name, settings in experiment.arms.items()},
        "drawn": {key: f"{a:g}..{b:g}" for key, (a, b) in experiment.draw.items()},
        "tested": [contrast.sentence() for contrast in experiment.contrasts],
        "replicates": f"{experiment.seeds.quick} quick, {experiment.seeds.full} full",
        "switched off by": dict(experiment.mechanism),
        "code": list(experiment.where),
        "disputes": list(experiment.switches),
        "note": experiment.note,
    }  # fmt: skip


def discriminating(switch: str) -> list[str]:
    """Claims whose experiments bear on a dispute."""
    return [claim for claim, e in experiments().items() if switch in e.switches]


def claims_listing() -> list[dict[str, Any]]:
    """One entry a claim, for `run.py list claims`."""
    return [
        {"kind": "claim", "name": c.id, "meaning": c.statement, "claim kind": c.kind}
        for c in chosen()
    ]


def known(name: str) -> bool:
    """Whether a claim has this id."""
    return name in claims()
