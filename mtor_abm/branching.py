"""What two runs have in common until a drug parts them.

A run up to some day depends on everything in its scenario but the drugs that come later. So runs
whose scenarios agree in all else share that part: it is simulated once, as a trunk, and each
continues from there with the bytes it would have had alone.
"""

from typing import Any

from .errors import UserError
from .scenario import TEXTS, Scenario

HOURS_PER_DAY = 24.0


def trunk_of(scenario: Scenario, day: float) -> Scenario:
    """The scenario without the drugs whose first dose is on this day or later."""
    tables = scenario.tables()
    tables["drugs"] = {
        drug: table for drug, table in tables["drugs"].items() if table.get("start_day", 0.0) < day
    }
    return Scenario.from_tables(tables, scenario.name, vocabulary=scenario.vocabulary)


def branch_of(grown: Scenario, arm: Scenario, day: float) -> Scenario:
    """What becomes of a marrow grown under one scenario when an arm's drugs start on this day.

    Args:
        grown: all that is not the arm's drugs.
        arm: its drugs are moved in time so that the first of them starts on `day`; all else in it
            must be as in `grown`, since it would have acted from the start.
        day: of the first dose.

    Raises:
        UserError: the arm differs in more than its drugs, gives a drug that `grown` gives
            otherwise, or the day does not lie within the run.
    """
    if not 0.0 < day < grown.run.days:
        raise UserError(
            f"day {day:g} is not within the run ({grown.run.days:g} d); give --at a day after 0 "
            "and before run.days"
        )
    what = _difference(grown.deciding(), arm.deciding(), ("drugs", "run", "output"))
    if what:
        raise UserError(
            f"arm '{arm.name}' differs from '{grown.name}' in {what}, which acts "
            "from the start, so that no growth is shared; run it with `run`"
        )
    tables = grown.tables()
    drugs = arm.tables()["drugs"]
    own = {d: t for d, t in drugs.items() if tables["drugs"].get(d) != t}
    for drug in own:
        if drug in tables["drugs"]:
            raise UserError(
                f"arm '{arm.name}' gives {drug} otherwise than '{grown.name}' does; leave it out "
                "of one of the two"
            )
    delay = day - min((table.get("start_day", 0.0) for table in own.values()), default=day)
    for table in own.values():
        table["start_day"] = table.get("start_day", 0.0) + delay
        if table.get("stop_day") is not None:
            table["stop_day"] += delay
    tables["drugs"] |= own
    tables |= {key: getattr(arm, key) for key in TEXTS}
    return Scenario.from_tables(tables, arm.name, vocabulary=grown.vocabulary)


def day_of(text: str) -> float:
    """Days from `10d`, `240h` or `10`.

    Raises:
        UserError: no such time.
    """
    number, unit = (text[:-1], text[-1]) if text[-1:] in ("d", "h") else (text, "d")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise UserError(f"'{text}' is not a valid time; use e.g. 10d or 240h")
    return value / HOURS_PER_DAY if unit == "h" else value


def refuse_another_past(now: Scenario, then: Scenario, day: float) -> None:
    """See that two scenarios agree on all that acts before this day.

    Raises:
        UserError: they do not; names the first table in which they differ.
    """
    mine, theirs = (trunk_of(scenario, day).deciding() for scenario in (now, then))
    what = _difference(mine, theirs)
    if what:
        raise UserError(
            f"'{then.name}' differs from '{now.name}' in {what}, which acts before day {day:g}; "
            "run it from the start"
        )


def _difference(
    mine: dict[str, Any], theirs: dict[str, Any], left_out: tuple[str, ...] = ()
) -> str:
    """First key in which what decides two scenarios differs, with both values; or ""."""
    compared = [table for table in mine if table not in left_out]
    table = next((table for table in compared if mine[table] != theirs[table]), None)
    if table is None:
        return ""
    path, a, b = [table], mine[table], theirs[table]
    while isinstance(a, dict) and isinstance(b, dict):
        key = next(k for k in (*a, *b) if a.get(k) != b.get(k))
        path.append(str(key))
        a, b = a.get(key), b.get(key)
    return f"{'.'.join(path)} ({b} for {a})"
