"""The claims of the review, as the evidence table gives them."""

import csv
from dataclasses import dataclass
from functools import cache

from ..errors import UserError
from ..evidence import FOLDER
from ..validation import suggestion

KINDS = ("testable", "variant", "context", "doubtful")


@dataclass(frozen=True)
class Claim:
    """One mechanistic statement of the review.

    Attributes:
        id: e.g. "S1.3-7". section: e.g. "S1.3". statement: in the review's sense, in English.
        actors, sign: who acts on whom, and how.
        review_reference, primary_source: number in the review's list, and the work it rests on.
        model_element, virtual_experiment, expected: how it is to be represented and tested.
        kind: one of KINDS.
    """

    id: str
    section: str
    statement: str
    actors: str
    sign: str
    review_reference: str
    primary_source: str
    model_element: str
    virtual_experiment: str
    expected: str
    kind: str

    @property
    def needs_experiment(self) -> bool:
        """Whether the claim can be tested: context and doubtful ones are only reported."""
        return self.kind in ("testable", "variant")


@cache
def claims() -> dict[str, Claim]:
    """All claims by id, in the order of the review."""
    with (FOLDER / "claims.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: Claim(**row) for row in csv.DictReader(file)}


def chosen(
    ids: list[str] | None = None, section: str | None = None, kind: str | None = None
) -> list[Claim]:
    """Claims by id, section ("1.3" or "S1.3") and kind, in the order of the review.

    Raises:
        UserError: an id, section or kind that no claim has, or no claim that has all of them.
    """
    known = claims()
    ids = [name.upper() for name in ids or ()]
    for wanted in ids:
        if wanted not in known:
            raise UserError(f"no claim is called '{wanted[:40]}'; {suggestion(wanted, known)}")
    if section is not None:
        section = section if section.startswith("S") else f"S{section}"
        sections = dict.fromkeys(claim.section for claim in known.values())
        if section not in sections:
            raise UserError(f"--section {section[:40]} has no claims; known: {', '.join(sections)}")
    if kind is not None and kind not in KINDS:
        raise UserError(f"--kind {kind[:40]} is not one; known: {', '.join(KINDS)}")
    found = [
        claim
        for claim in known.values()
        if (not ids or claim.id in ids)
        and section in (None, claim.section)
        and kind in (None, claim.kind)
    ]
    if not found:
        raise UserError("no claim is all of that; leave out an id, --section or --kind")
    return found
