"""Everything that has a name, made from the tables in the code: `run.py list` and `describe`.

An entry is a dict ready for JSON with `kind`, `name`, `meaning` and what else its kind has:
`value`, `unit`, `low`, `high`, `source`, `confidence`, `numbers` (a list of entries), `values`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from . import drugs
from .errors import UserError
from .fields import FIELDS
from .genes import Genes
from .observe import COLUMNS
from .parameters import Group
from .scenario import CELLS, FIXED_GROUPS, GROUPS, Scenario
from .scenario_files import find, load, scenario_names
from .schedule import Schedule
from .switches import SWITCHES, default_of
from .validation import suggestion

Entry = dict[str, Any]


def listing(kind: str) -> list[Entry]:
    """All entries of one kind, e.g. "drugs".

    Raises:
        UserError: no such kind.
    """
    if kind not in KINDS:
        raise UserError(f"cannot list '{kind}'; {suggestion(kind, KINDS)}")
    return KINDS[kind]()


def describe(name: str) -> list[Entry]:
    """Every entry that bears this name, fully or as the last part of a dotted key.

    Raises:
        UserError: nothing bears it, with the nearest names; or a scenario file has a fault.
    """
    wanted = name.lower()
    entries = [entry for kind in KINDS.values() for entry in kind()]
    exact = [e for e in entries if e["name"].lower() == wanted]
    found = exact or [e for e in entries if e["name"].lower().rpartition(".")[2] == wanted]
    if not found:
        names = [e["name"] for e in entries]
        short = [n.rpartition(".")[2] for n in names]
        cure = suggestion(name, dict.fromkeys([*names, *short]))
        raise UserError(f"nothing is called '{name[:80]}'; {cure}; see run.py list KIND")
    return [_with_differences(e) if e["kind"] == "scenario" else e for e in found]


def _scenarios() -> list[Entry]:
    return [_scenario(name) for name in scenario_names()]


def _scenario(name: str) -> Entry:
    file = str(find(name))
    try:
        scenario = load(name)
    except UserError as fault:  # one bad file must not hide the others
        return {
            "kind": "scenario",
            "name": name,
            "meaning": f"cannot be used: {fault}",
            "file": file,
        }
    return {
        "kind": "scenario",
        "name": name,
        "meaning": scenario.title,
        "description": scenario.description,
        "expects": scenario.expects,
        "file": file,
    }


def _with_differences(entry: Entry) -> Entry:
    """Add the values in which a scenario differs from the defaults."""
    mine = _flat(load(entry["name"]).resolved())
    default = _flat(Scenario.from_tables({}).resolved())
    texts = ("name", "title", "description", "expects")
    changed = {k: v for k, v in mine.items() if k not in texts and default.get(k) != v}
    return entry | {"differs_from_default": {k: v for k, v in changed.items() if v is not None}}


def _flat(tables: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tables.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{start}{key}.")
        else:
            flat[start + key] = list(value) if isinstance(value, tuple) else value
    return flat


def _parameter_rows(group: type[Group], table: str) -> list[Entry]:
    return [
        {
            "kind": "parameter",
            "name": f"{table}.{row['key']}",
            "meaning": row["what"],
            "value": list(row["default"]) if isinstance(row["default"], tuple) else row["default"],
            "unit": row["unit"],
            "low": row["low"],
            "high": row["high"],
            "source": row["source"],
            "confidence": row["confidence"],
        }
        for row in group.rows()
    ]


def _parameters() -> list[Entry]:
    groups = {table: kind for table, kind in FIXED_GROUPS.items() if table != "switches"} | GROUPS
    rows = [row for table, kind in groups.items() for row in _parameter_rows(kind, table)]
    rows += [r for f in FIELDS for r in _parameter_rows(f.parameters, f"fields.{f.key}")]
    return rows + _parameter_rows(Schedule, "drugs.DRUG")


def _drugs() -> list[Entry]:
    entries = []
    for drug in drugs.DRUGS.values():
        facts = drugs.describe(drug)
        entries.append({"kind": "drug", "name": drug.key, "meaning": drug.label, **facts})
    return entries


def _fields() -> list[Entry]:
    return [
        {
            "kind": "field",
            "name": field.key,
            "meaning": field.label,
            "unit": field.unit,
            "numbers": _parameter_rows(field.parameters, f"fields.{field.key}"),
        }
        for field in FIELDS
    ]


def _cells() -> list[Entry]:
    return [
        {
            "kind": "cell type",
            "name": cell,
            "meaning": f"genes in [genes.{cell}], share of a drug's action in [drugs.DRUG.cells]",
        }
        for cell in CELLS
    ]


def _genes() -> list[Entry]:
    return [row | {"kind": "gene"} for row in _parameter_rows(Genes, "genes.CELL")]


def _switches() -> list[Entry]:
    return [
        {
            "kind": "switch",
            "name": name,
            "meaning": dispute.question,
            "value": default_of(name),
            "values": dispute.values,
            "discriminating_run": dispute.discriminating_run,
        }
        for name, dispute in SWITCHES.items()
    ]


def _columns() -> list[Entry]:
    return [
        {"kind": "column", "name": column.name, "meaning": column.meaning, "unit": column.unit}
        for column in COLUMNS.values()
    ]


KINDS: dict[str, Callable[[], list[Entry]]] = {
    "scenarios": _scenarios,
    "drugs": _drugs,
    "fields": _fields,
    "cells": _cells,
    "genes": _genes,
    "switches": _switches,
    "columns": _columns,
    "parameters": _parameters,
}


def listing_text(entries: list[Entry]) -> str:
    """One line an entry: name, default if it has one, meaning."""
    width = max((len(entry["name"]) for entry in entries), default=0)
    return "\n".join(
        f"{entry['name']:<{width}}  {_amount(entry):<14} {entry['meaning']}".rstrip()
        if "value" in entry
        else f"{entry['name']:<{width}}  {entry['meaning']}".rstrip()
        for entry in entries
    )


def entry_text(entry: Entry) -> str:
    """One entry in full, a fact a line."""
    lines = [f"{entry['name']} ({entry['kind']})"]
    for key, value in entry.items():
        if key in ("name", "kind", "key", "label", "low", "high") or value in ("", None, {}, []):
            continue
        if key == "value":
            lines.append(_line("value", _amount(entry) + _limits(entry)))
        elif key == "unit" and "value" in entry:
            continue
        elif key == "numbers":
            lines.append("  numbers:")
            lines += [
                f"    {n['name']} = {_amount(n)} [{n['confidence']}: {n['source']}]" for n in value
            ]
        elif isinstance(value, Mapping):
            lines.append(f"  {key.replace('_', ' ')}:")
            lines += [f"    {name} = {_plain(v)}" for name, v in value.items()]
        else:
            lines.append(_line(key.replace("_", " "), _plain(value)))
    return "\n".join(lines)


def _line(label: str, text: str) -> str:
    return f"  {label:<13} {text}"


def _amount(entry: Entry) -> str:
    unit = entry.get("unit", "1")
    return _plain(entry["value"]) + ("" if unit in ("1", "") else f" {unit}")


def _limits(entry: Entry) -> str:
    low, high = entry.get("low"), entry.get("high")
    if low is None and high is None:
        return ""
    return f"   (limits {'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'})"


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, str):
        return " ".join(value.split())
    return "left out" if value is None else str(value)
