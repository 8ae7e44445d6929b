"""From a table of a scenario file to a `Group`, or to one line with the fault and the cure.

A `Where` tells from which file, or from which option on the command line, a key came.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from .errors import UserError
from .invocation import command
from .own_drugs import VARIABLE as OWN_DRUGS
from .parameters import Group
from .toml_text import inline

KeyPath = tuple[str, ...]
Where = Callable[[KeyPath], str]


def validated[G: Group](kind: type[G], table: Any, path: KeyPath, where: Where) -> G:
    """Build the group from a table of plain values.

    Raises:
        UserError: unknown key, wrong type, value outside its limits, or a fault that the group's
            own validators find.
    """
    entries = as_table(table, path, where)
    refuse_unknown(entries, kind.model_fields, path, where, what="key")
    try:
        return kind.model_validate(entries)
    except ValidationError as fault:
        raise UserError(_explain(fault, kind, path, where)) from None


def as_table(value: Any, path: KeyPath, where: Where) -> dict[str, Any]:
    """Return the value if it is a table.

    Raises:
        UserError: it is a single value.
    """
    if isinstance(value, Mapping):
        return dict(value)
    name = ".".join(path)
    raise UserError(
        f"{where(path)}: {name} = {shown(value)} is {_kind(value)}, not a table; "
        f"write [{name}] on a line of its own and its keys below"
    )


def refuse_unknown(
    entries: Iterable[str],
    known: Iterable[str],
    path: KeyPath,
    where: Where,
    *,
    what: str,
    aliases: Mapping[str, str] | None = None,
) -> None:
    """Raise UserError for the first entry that is not known, with the nearest known names."""
    names = list(known)
    for entry in entries:
        if entry not in names:
            place = f"[{'.'.join(path)}] " if path else ""
            cure = suggestion(entry, names, aliases)
            if what == "drug":
                cure += f"; {OWN_DRUGS} names a file of your own drugs"
            raise UserError(f"{where((*path, entry))}: {place}unknown {what} '{entry}'; {cure}")


def suggestion(name: str, known: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """Cure for a name that is not known: its unit suffix, the nearest names, or all the names."""
    names = list(known)
    if aliases and name.upper() in aliases:
        return f"nearest: {aliases[name.upper()]}"
    with_unit = [n for n in names if name and n.lower().startswith(name.lower() + "_")]
    if with_unit:
        return f"add the unit: {' or '.join(with_unit)}"
    near = nearest(name, names)
    if near:
        return f"nearest: {', '.join(near)}"
    if not names:
        return "none is known"
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"known: {listed}"


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Known names most like the given one, best first; letter case does not matter."""
    by_lower = {n.lower(): n for n in known}
    near = difflib.get_close_matches(name.lower()[:200], by_lower, count, cutoff=0.55)
    return [by_lower[n] for n in near]


def shown(value: Any) -> str:
    """A value as the person wrote it, cut to 40 characters."""
    try:
        text = inline(value)
    except (TypeError, ValueError):  # a date, or an integer of over 4300 digits
        text = type(value).__name__
    return text if len(text) <= 40 else text[:37] + "..."


def _explain(fault: ValidationError, kind: type[Group], path: KeyPath, where: Where) -> str:
    """Turn the first fault that pydantic found into one line."""
    first = fault.errors(include_url=False)[0]
    loc = first["loc"]
    reason = str(first["ctx"]["error"]) if first["type"] == "value_error" else first["msg"]
    table = ".".join(path)
    if not loc:  # a rule over several keys
        return f"{where(path)}: [{table}] {reason}"
    key = str(loc[0])
    # below a key stand list positions, names in a table, or pydantic's names for the types it tried
    names_below = kind.model_fields[key].annotation is dict[str, float]
    below = [i for i in loc[1:] if isinstance(i, int) or names_below]
    label = key + "".join(f"[{i}]" if isinstance(i, int) else f".{i}" for i in below)
    start = f"{where((*path, key, *map(str, below)))}: [{table}] {label} = {shown(first['input'])} "
    if first["type"] == "value_error":
        return f"{start}cannot be used: {reason}"
    return start + _complaint(first, kind, key)


def _complaint(first: Any, kind: type[Group], key: str) -> str:
    row = next(row for row in kind.rows() if row["key"] == key)
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    low, high = row["low"], row["high"]
    limits = (
        f"{'' if low is None else format(low, 'g')}..{'' if high is None else format(high, 'g')}"
    )
    match first["type"]:
        case "greater_than_equal" | "less_than_equal":
            return f"lies outside {limits}{unit}; give a value within"
        case "float_type" | "int_type" | "float_parsing" | "int_parsing":
            number = "whole number" if first["type"].startswith("int") else "number"
            cure = f"a {number} in{unit}" if unit else f"a {number}"
            return f"is {_kind(first['input'])}, not a {number}; give {cure}"
        case "finite_number":
            return f"is not finite; give a value within {limits}{unit}"
        case "int_from_float":
            return "is not a whole number; give one without a fraction"
        case "bool_type" | "bool_parsing":
            return f"is {_kind(first['input'])}; give true or false"
        case "string_type":
            return f"is {_kind(first['input'])}, not text; put it in quotes"
        case "literal_error":
            values = _choices(kind.model_fields[key].annotation)
            return f"is not one of its values; give {' or '.join(values)}"
        case "tuple_type" | "list_type":
            return f"is {_kind(first['input'])}, not a list; write [{shown(first['input'])}]"
        case "dict_type":
            return f"is {_kind(first['input'])}, not a table; write {key}.NAME = VALUE"
        case _:
            return f"cannot be used: {first['msg']}; see {command('describe', key)}"


def _choices(annotation: Any) -> list[str]:
    """What a Literal, or a union with one, may hold, as a person writes it."""
    if annotation is float:
        return ["a number"]
    if annotation is NoneType:  # left out, so nothing to write
        return []
    if get_origin(annotation) is Literal:
        return [inline(value) for value in get_args(annotation)]
    return [choice for part in get_args(annotation) for choice in _choices(part)]


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, Mapping):
        return "a table"
    return "a date or time"
