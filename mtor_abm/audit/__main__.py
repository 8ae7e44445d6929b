"""`python -m mtor_abm.audit RESULTS.json PAGE.md`: the page of an audit from its results."""

import json
import sys
from pathlib import Path

from ..errors import UserError
from ..whole_file import write_file
from .page import page

NOTES = "exceptions.md"  # beside results.json: what is to be said about exceptions


def main(arguments: list[str]) -> int:
    """Write the page; 2 after one line if that cannot be done."""
    try:
        if len(arguments) != 2:
            raise UserError("two files are needed: python -m mtor_abm.audit RESULTS.json PAGE.md")
        source, target = map(Path, arguments)
        try:
            results = json.loads(source.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise UserError(f"{source}: no results of an audit ({fault}); run abmfact") from None
        notes = source.parent / NOTES
        write_file(target, page(results, notes.read_text("utf-8") if notes.exists() else ""))
    except UserError as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 2
    print(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
