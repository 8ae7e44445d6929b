"""Everything that has a name, made from the tables in the code: `run.py list` and `describe`.

An entry is a dict ready for JSON with `kind`, `name`, `meaning` and what else its kind has:
`value`, `unit`, `low`, `high`, `source`, `confidence`, `numbers` (a list of entries), `values`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from . import drugs
from .cells import CELL_TYPES
from .errors import UserError, one_line
from .fields import FIELDS
from .genes import GENE_ALIASES, Genes
from .glossary import Term, term, term_names
from .invocation import command
from .observe import COLUMNS
from .parameters import Group
from .readouts import STATISTICS
from .scenario import CELLS, FIXED_GROUPS, GROUPS, MODEL, Scenario
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

    The path of a scenario file stands for the scenario in it.

    Raises:
        UserError: nothing bears it, with the nearest names; or a file that cannot be used.
    """
    if name.endswith(".toml"):
        load(name)  # says what is wrong with it
        return [_with_differences(_scenario(name))]
    wanted = _as_listed(name).lower()
    entries = [entry for kind in KINDS.values() for entry in kind()]
    exact = [e for e in entries if e["name"].lower() == wanted]
    found = exact or [e for e in entries if _last_part(e["name"]).lower() == wanted]
    if name.upper() in GENE_ALIASES:
        symbol = f"genes.CELL.{GENE_ALIASES[name.upper()]}"
        found += [e for e in entries if e["name"] == symbol]
    if not found:
        found = _readout(name)
    meant = term(name)
    if meant is not None:
        found = [_term(meant, entries), *found]
    if not found:
        names = dict.fromkeys(n for e in entries for n in (e["name"], _last_part(e["name"])))
        near = suggestion(wanted, [*names, *term_names()])
        cure = f"{near}; or see" if not near.startswith("known") else "see"
        others = ", ".join(kind for kind in KINDS if kind != "parameters")
        raise UserError(
            f"no scenario, drug, parameter, column or term is named '{name[:80]}'; {cure} "
            f"{command('list', 'parameters')} (or {others})"
        )
    return [_with_differences(e) if e["kind"] == "scenario" else e for e in found]


def _term(meant: Term, entries: list[Entry]) -> Entry:
    """A term of the field, with what it is here: a line for each thing to look at."""
    by_name = {entry["name"]: entry for entry in reversed(entries)}
    return {
        "kind": "term",
        "name": meant.name,
        "meaning": meant.meaning,
        "also": list(meant.also),
        "see": {name: f"{by_name[name]['kind']}: {by_name[name]['meaning']}" for name in meant.see},
    }


def _readout(name: str) -> list[Entry]:
    """A readout of summary.csv: a column of the time series in one number."""
    for statistic, about in STATISTICS.items():
        column = COLUMNS.get(name.removesuffix(f"_{statistic}"))
        if column is not None and statistic in column.summary:
            return [
                {
                    "kind": "readout",
                    "name": name,
                    "meaning": f"{column.meaning}: {about.meaning}",
                    "unit": about.unit.format(column.unit).strip(),
                }
            ]
    return []


def _as_listed(name: str) -> str:
    """A key as a scenario file has it, in the form of the lists: genes.CELL.X, drugs.DRUG.X."""
    parts = name.split(".")
    if len(parts) == 3 and parts[0] in ("genes", "drugs"):
        parts[1] = {"genes": "CELL", "drugs": "DRUG"}[parts[0]]
    if parts[0] == "switches":
        parts = parts[1:]
    return ".".join(parts)


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]


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
            "meaning": f"cannot be used: {one_line(str(fault))}",
            "file": file,
        }
    return {
        "kind": "scenario",
        "name": scenario.name,
        "meaning": scenario.title,
        "description": scenario.description,
        "expects": scenario.expects,
        "file": file,
    }


def _with_differences(entry: Entry) -> Entry:
    """Add the values in which a scenario differs from the defaults."""
    mine = _flat(load(entry["file"]).resolved())
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


def parameter_rows(group: type[Group], table: str) -> list[Entry]:
    """One entry per number of a group that is set under [table]."""
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


def _groups() -> dict[str, type[Group]]:
    """Tables of a scenario file that hold parameters."""
    fixed = {table: kind for table, kind in FIXED_GROUPS.items() if table != "switches"}
    return fixed | GROUPS | {"drugs.DRUG": Schedule}


def _tables() -> list[Entry]:
    return [
        {
            "kind": "table",
            "name": table,
            "meaning": (kind.__doc__ or "").partition("\n")[0],
            "numbers": parameter_rows(kind, table),
        }
        for table, kind in _groups().items()
    ]


def _parameters() -> list[Entry]:
    rows = [row for table, kind in _groups().items() for row in parameter_rows(kind, table)]
    return rows + [r for f in FIELDS for r in parameter_rows(f.parameters, f"fields.{f.key}")]


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
            "numbers": parameter_rows(field.parameters, f"fields.{field.key}"),
        }
        for field in FIELDS
    ]


def _cells() -> list[Entry]:
    return [
        {
            "kind": "cell type",
            "name": cell,
            "meaning": tissue.kind.label,
            "states": list(tissue.kind.states),
            "parameters": [f"[{table}]" for table in GROUPS if GROUPS[table] is tissue.parameters],
            "genes": sorted(MODEL.genes_felt[cell]),
            "set_in": [f"[genes.{cell}] (gene dosage)", f"drugs.DRUG.cells.{cell} (share of the "
                       "drug's action)"],
            "columns": [column for column in COLUMNS if _is_about(column, cell)],
        }
        for cell, tissue in zip(CELLS, CELL_TYPES, strict=True)
    ]  # fmt: skip


def _is_about(column: str, cell: str) -> bool:
    """Whether a column is of this cell type: `n_CELL`, `n_CELL_STATE` or `SIGNAL_CELL`."""
    counted = column.removeprefix("n_")
    if counted == column:
        return column.endswith(f"_{cell}")
    others = [other for other in CELLS if other.startswith(f"{cell}_")]
    is_others = any(counted.startswith(other) for other in others)
    return counted == cell or (counted.startswith(f"{cell}_") and not is_others)


def _genes() -> list[Entry]:
    rows = parameter_rows(Genes, "genes.CELL")
    return [row | {"kind": "gene", "used_by": _users(_last_part(row["name"]))} for row in rows]


def _users(gene: str) -> list[str]:
    """Cell types that change with the dosage of a gene; a scenario refuses it in the others."""
    return [cell for cell, felt in MODEL.genes_felt.items() if gene in felt]


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
    "tables": _tables,
    "parameters": _parameters,
}


def listing_text(entries: list[Entry]) -> str:
    """One line an entry: name, default or unit if it has one, meaning."""
    rows = [(e["name"], _amount(e), e["meaning"]) for e in entries]
    widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
    return "\n".join(
        f"{name:<{widths[0]}}  {amount:<{widths[1]}}{'  ' * bool(widths[1])}{meaning}".rstrip()
        for name, amount, meaning in rows
    )


def entry_text(entry: Entry) -> str:
    """One entry in full, a fact a line."""
    lines = [f"{entry['name']} ({entry['kind']})"]
    for key, value in entry.items():
        if key in ("name", "kind", "key", "label", "low", "high") or value in ("", None, {}, []):
            continue
        if key == "value":
            lines.append(_line("value", _amount(entry) + _limits(entry)))
        elif key == "unit":
            if entry.get("value") is None and value != "1":
                lines.append(_line("unit", value))
        elif key == "numbers":
            lines.append("  numbers:")
            lines += [f"    {n['name']} = {_amount(n)}{_origin(n)}" for n in value]
        elif isinstance(value, Mapping):
            lines.append(f"  {key.replace('_', ' ')}:")
            lines += [f"    {name} = {_plain(v)}" for name, v in value.items()]
        else:
            lines.append(_line(key.replace("_", " "), _plain(value)))
    return "\n".join(lines)


def _line(label: str, text: str) -> str:
    return f"  {label:<13} {text}"


def _amount(entry: Entry) -> str:
    unit = "" if entry.get("unit", "1") == "1" else entry["unit"]
    if "value" not in entry or entry["value"] is None:
        return unit
    return f"{_plain(entry['value'])} {unit}".strip()


def _origin(entry: Entry) -> str:
    return f" [{entry['confidence']}: {entry['source']}]" if entry["confidence"] else ""


def _limits(entry: Entry) -> str:
    low, high = entry.get("low"), entry.get("high")
    if low is None and high is None:
        return ""
    return f"   (limits {'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'})"


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} = {_plain(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, str):
        return " ".join(value.split())
    return "left out" if value is None else str(value)
