"""From a table of a scenario file to a `Group`, or to a line for each fault, with its cure.

A `Where` tells from which file, or from which option on the command line, a key came.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from .errors import MOST_FAULTS, Faults, UserError
from .invocation import command
from .own_drugs import VARIABLE as OWN_DRUGS
from .parameters import Group
from .synonyms import meant
from .toml_text import inline

KeyPath = tuple[str, ...]
Where = Callable[[KeyPath], str]
AT_THE_TOP = ("extends", "name", "title", "description", "expects")
"""Keys of a scenario file that stand above its first table."""
RESERVED_ON_WINDOWS = {
    "CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)),
}  # fmt: skip
LONGEST_NAME = 60  # characters of a name or key that are repeated in a message


def validated[G: Group](
    kind: type[G], table: Any, path: KeyPath, where: Where,
    choices: Mapping[str, Iterable[str]] | None = None, *, whole: bool = True,
) -> G:  # fmt: skip
    """Build the group from a table of plain values.

    Args:
        kind: what to build.
        table: as it stands in the file.
        path: of the table.
        where: from which file or option a key came.
        choices: values that are possible here, of keys that take one of several; left out: all.
        whole: False where part of the input could not be read; what its keys must be together is
            then not checked.

    Raises:
        UserError: a line for each unknown key, wrong type, value outside its limits, or fault that
            the group's own validators find.
    """
    entries = as_table(table, path, where)
    faults = Faults()
    with faults.noted():
        refuse_unknown(
            entries, kind.model_fields, path, where, what="key", not_supported=kind.not_supported
        )
    is_whole = whole and not faults
    known = {key: value for key, value in entries.items() if key in kind.model_fields}
    try:
        group = kind.model_validate(known)
    except ValidationError as fault:
        faults.note(*_explained(fault, kind, path, where, choices or {}, is_whole))
        faults.raise_any(where(path))
        raise UserError() from None  # what is missing may stand where the input was not readable
    faults.raise_any(where(path))
    return group


def as_table(value: Any, path: KeyPath, where: Where) -> dict[str, Any]:
    """Return the value if it is a table.

    Raises:
        UserError: it is a single value.
    """
    if isinstance(value, Mapping):
        return dict(value)
    name = ".".join(map(clipped, path))
    is_list = isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    cure = (
        f"write [{name}] with single brackets, and once"
        if is_list
        else f"write [{name}] on a line of its own and its keys below"
    )
    raise UserError(
        f"{where(path)}: {name} = {shown(value)} is {_kind(value)}, not a table; {cure}"
    )


def refuse_unknown(
    entries: Iterable[str],
    known: Iterable[str],
    path: KeyPath,
    where: Where,
    *,
    what: str,
    aliases: Mapping[str, str] | None = None,
    not_supported: Mapping[str, str] | None = None,
) -> None:
    """Raise UserError for the entries that are not known, with the nearest known names.

    Args:
        entries: names that were written.
        known: names that may be written.
        path: of the table they stand in.
        where: from which file or option a key came.
        what: they are, e.g. "drug".
        aliases: other names of the known, in capitals.
        not_supported: names of what people look for and is not there -> what to do instead.
    """
    names = list(known)
    unknown = [entry for entry in entries if entry not in names]
    place = f"[{'.'.join(map(clipped, path))}] " if path else ""
    lines = []
    for i, entry in enumerate(unknown):
        line = f"{where((*path, entry))}: {place}unknown {what} '{clipped(entry)}'"
        if i <= MOST_FAULTS:  # of more, nobody sees the cure
            line += f"; {_cure(entry, names, path, aliases, not_supported or {})}"
            if what == "drug":
                line += f"; {OWN_DRUGS} names a file of your own drugs"
        lines.append(line)
    if lines:
        raise UserError(*lines)


def _cure(
    entry: str, known: list[str], path: KeyPath, aliases: Mapping[str, str] | None,
    not_supported: Mapping[str, str],
) -> str:  # fmt: skip
    if path and entry in AT_THE_TOP:
        return f"{entry} must stand above the first table; move it to the top of the file"
    return not_supported.get(entry) or suggestion(entry, known, aliases)


def suggestion(name: str, known: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """Cure for a name that is not known: its unit suffix, the nearest names, or all the names."""
    names = list(known)
    if aliases and name.upper() in aliases:
        return f"nearest: {aliases[name.upper()]}"
    near = meant(name, names)
    if near:
        return f"nearest: {', '.join(near)}"
    with_unit = [n for n in names if name and n.lower().startswith(name.lower() + "_")]
    if with_unit:
        return f"add the unit: {_several(with_unit, ' or ')}"
    near = nearest(name, names)
    if near:
        return f"nearest: {', '.join(near)}"
    return f"known: {_several(names, ', ')}" if names else "none is known"


def _several(names: Sequence[str], between: str, most: int = 12, longest: int = 160) -> str:
    """Names joined; of many the first, so that the text stays short."""
    shown_names: list[str] = []
    for name in names[:most]:
        if shown_names and len(between.join([*shown_names, name])) > longest:
            break
        shown_names.append(clipped(name))
    left = len(names) - len(shown_names)
    return between.join(shown_names) + (f" and {left} more" if left else "")


def clipped(name: str, longest: int = LONGEST_NAME) -> str:
    """A name as written, cut if it is long."""
    return name if len(name) <= longest else name[: longest - 3] + "..."


def folder_name_fault(name: str, longest: int, not_first: str = "._-") -> str | None:
    """Why a name cannot be that of a folder on every system, and the cure; None if it can."""
    plain = all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    if not plain or not name or name[0] in not_first or len(name) > longest:
        return (
            f"cannot name a folder; give 1 to {longest} letters, digits, '_', '-' or '.', "
            "a letter or digit first"
        )
    if name.endswith("."):
        return "cannot name a folder on Windows; leave out the dot at the end"
    if name.partition(".")[0].upper() in RESERVED_ON_WINDOWS:
        return "is reserved by Windows and cannot name a folder there; choose another name"
    return None


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Known names most like the given one, best first; letter case does not matter."""
    by_lower = {n.lower(): n for n in known}
    near = difflib.get_close_matches(name.lower()[:200], by_lower, count, cutoff=0.55)
    return [by_lower[n] for n in near]


def shown(value: Any) -> str:
    """A value as the person wrote it, cut to 40 characters."""
    try:
        text = inline(value)
    except (TypeError, ValueError, RecursionError):  # a date, an integer of over 4300 digits
        text = type(value).__name__
    return text if len(text) <= 40 else text[:37] + "..."


def _explained(
    fault: ValidationError, kind: type[Group], path: KeyPath, where: Where,
    choices: Mapping[str, Iterable[str]], is_whole: bool,
) -> list[str]:  # fmt: skip
    """Turn what pydantic found into one line for each key or item of a list.

    Rules over several keys are left out of a table that is not whole: what they miss may be a key
    that was only misspelt.
    """
    lines: dict[str, str] = {}  # by key: a key that may be of two types is complained of twice
    for error in fault.errors(include_url=False)[: 4 * MOST_FAULTS]:
        if error["loc"] or is_whole:
            label, line = _explained_one(error, kind, path, where, choices)
            lines.setdefault(label, line)
    return list(lines.values())


def _explained_one(
    error: Any, kind: type[Group], path: KeyPath, where: Where,
    choices: Mapping[str, Iterable[str]],
) -> tuple[str, str]:  # fmt: skip
    """Label and line of one error."""
    loc = error["loc"]
    reason = str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]
    table = ".".join(map(clipped, path))
    if not loc:  # a rule over several keys
        return "", f"{where(path)}: [{table}] {reason}"
    key = str(loc[0])
    # below a key stand list positions, names in a table, or pydantic's names for the types it tried
    names_below = kind.model_fields[key].annotation is dict[str, float]
    below = [i for i in loc[1:] if isinstance(i, int) or names_below]
    label = key + "".join(f"[{i}]" if isinstance(i, int) else f".{clipped(i)}" for i in below)
    start = f"{where((*path, key, *map(str, below)))}: [{table}] {label} = {shown(error['input'])} "
    if error["type"] == "value_error":
        return label, f"{start}cannot be used: {reason}"
    return label, start + _complaint(error, kind, key, choices.get(key))


def _complaint(
    first: Any, kind: type[Group], key: str, choices: Iterable[str] | None = None
) -> str:
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
            cure = f"give a {number} in{unit}" if unit else f"give a {number}"
            if isinstance(first["input"], list):
                cure = kind.not_supported.get(f"{key}[]", cure)
            return f"is {_kind(first['input'])}, not a {number}; {cure}"
        case "finite_number":
            return f"is not finite; give a value within {limits}{unit}"
        case "int_from_float":
            return "is not a whole number; give one without a fraction"
        case "bool_type" | "bool_parsing":
            return f"is {_kind(first['input'])}; give true or false"
        case "string_type":
            return f"is {_kind(first['input'])}, not text; put it in quotes"
        case "literal_error":
            annotation = kind.model_fields[key].annotation
            possible = list(choices or literals(annotation))
            values = [inline(value) for value in meant(str(first["input"]), possible) or possible]
            values += ["a number"] * (float in get_args(annotation))
            return f"is not one of its values; give {' or '.join(values)}"
        case "tuple_type" | "list_type":
            return f"is {_kind(first['input'])}, not a list; write [{shown(first['input'])}]"
        case "dict_type":
            return f"is {_kind(first['input'])}, not a table; write {key}.NAME = VALUE"
        case _:
            return f"cannot be used: {first['msg']}; see {command('describe', key)}"


def literals(annotation: Any) -> list[Any]:
    """What a Literal, or a union with one, may hold."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [choice for part in get_args(annotation) for choice in literals(part)]


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
