"""The pages of docs/ that are made from the code: `python -m mtor_abm.dictionary [FOLDER]`.

`tables.md` explains every column a run, a study and a comparison write; `parameters.md` lists every
number of the model with unit, limits, confidence and source; `glossary.md` explains terms; `cli.md`
describes every command. A test compares the files in docs/ with what this module makes.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .analysis.effects import COLUMNS as COMPARISON_COLUMNS
from .catalogue import Entry, listing
from .cli import command_parser
from .drugs import DRUGS
from .events import CAUSE_MEANINGS, EVENT_COLUMNS, EVENTS
from .fields import FIELDS
from .glossary import TERMS
from .mtor import SIGNALS
from .observe import COLUMNS
from .readouts import EVENTS_PREFIX, STATISTICS
from .snapshots import CELL_COLUMNS, SITE_COLUMNS
from .targets.evaluate import COLUMNS as TARGET_COLUMNS

MADE = "Made from the code by `python -m mtor_abm.dictionary`; do not edit.\n"
FOLDER = Path("docs")

LAYOUT = """
A study is one folder, a run one folder within it:

```
outputs/<study>/study.json                    scenarios, seeds, outcome
outputs/<study>/summary.csv                   the readouts of all runs
outputs/<study>/comparison.csv                what `compare` found
outputs/<study>/damaged/                      runs that `run --resume` moved aside
outputs/<study>/gathered/                     what `gather` made: timeseries.csv, summary.csv and
                                              events.csv of all runs, scenario and seed before each
                                              row; effects.csv, with the columns of comparison.csv
outputs/<study>/exported/                     what `export` made of its runs
outputs/<study>/<scenario>__seed_0001/        one run
    scenario.toml                             every parameter, resolved: run it again with this file
    timeseries.csv  events.csv  summary.csv
    cells/day_014.00.csv  fields/day_014.00.csv
    manifest.json                             versions, seed, commit, wall time, sha256 and rows of
                                              every file, status; written last
```

Tables are CSV in UTF-8 with a header line, a comma between values and a point in numbers. A value
that is not defined is an empty cell. Units stand in the names; `unit` "1" is a pure number.
Identities (`uid`) have at most 53 bits, so that R and Excel keep them whole.
"""

MARKS = """
How sure we are of a number: **found** (a stored text, table or source code shows it), **computed**
from found numbers, **recalled** from the literature by memory, **fitted** to a calibration target
that the source names, **assumed** (a modelling choice). The limits are what a scenario may set.
A scenario file sets a number as `key = value` under `[table]`, the command line as
`-S table.key=value`.
"""


def tables_page() -> str:
    """The data dictionary, as Markdown."""
    parts = ["# The tables", MADE, LAYOUT]
    parts += ["## timeseries.csv", "One row every `output.every_h` hours, from hour 0 on."]
    parts.append(
        table(
            ("column", "unit", "meaning", "readouts in summary.csv"),
            (
                (f"`{c.name}`", c.unit, c.meaning, ", ".join(f"`{s}`" for s in c.summary))
                for c in COLUMNS.values()
            ),
        )
    )
    parts += ["## summary.csv", _SUMMARY]
    parts.append(
        table(
            ("statistic", "unit", "meaning", "in compare"),
            (
                (f"`{name}`", s.unit.format("column's"), s.meaning, "yes" if s.compared else "no")
                for name, s in STATISTICS.items()
            ),
        )
    )
    parts += ["## events.csv", "One row for each thing that happened to a cell."]
    parts.append(_named(EVENT_COLUMNS))
    parts.append(table(("event", "meaning"), ((f"`{k}`", v) for k, v in EVENTS.items())))
    causes = {k: v for k, v in CAUSE_MEANINGS.items() if k}
    parts.append(table(("cause of death", "meaning"), ((f"`{k}`", v) for k, v in causes.items())))
    parts += ["## cells/day_DDD.DD.csv", _CELLS]
    parts.append(_named({**CELL_COLUMNS, **{k: ("1", v) for k, v in SIGNALS.items()}}))
    parts += ["## fields/day_DDD.DD.csv", _FIELDS]
    levels = {f"{f.key}_{f.unit}": (f.unit, f.label) for f in FIELDS}
    drugs = {f"{d.key}_nM": ("nM", f"{d.label}, free") for d in DRUGS.values() if d.is_field}
    parts.append(_named({**SITE_COLUMNS, **levels, **drugs}))
    parts += ["## comparison.csv", "One row for each treated arm and readout."]
    parts.append(_named(COMPARISON_COLUMNS))
    parts += ["## targets.csv", "Written by `run.py targets`: one row for each point of a target."]
    parts.append(_named(TARGET_COLUMNS))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


_SUMMARY = f"""
Columns `readout`, `unit`, `value`; that of a study has `scenario` and `seed` before them. A readout
is `<column>_<statistic>`, for the statistics listed above beside each column, or
`{EVENTS_PREFIX}<event>_<cell type>`, the number of such events.
"""

_CELLS = "One row for each cell, at the days of `output.cells_at_days`."

_FIELDS = """
One row for each site, at the days of `output.fields_at_days`. A drug has a column where the
scenario gives it.
"""


def parameters_page() -> str:
    """Every number of the model, as Markdown."""
    parts = ["# The parameters", MADE, MARKS]
    for group in listing("tables"):
        parts += [f"## [{group['name']}]", group["meaning"], numbers_table(group["numbers"])]
    parts += ["## [genes.CELL]", _cells(), numbers_table(listing("genes"))]
    for field in listing("fields"):
        meaning = f"{field['meaning']}, in {field['unit']}."
        parts += [f"## [fields.{field['name']}]", meaning, numbers_table(field["numbers"])]
    parts += ["## Switches", "Findings on which the literature disagrees; set under `[switches]`."]
    for switch in listing("switches"):
        parts.append(_switch(switch))
    parts += ["## Drugs", _DRUGS]
    for drug in listing("drugs"):
        parts += _drug(drug)
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


_DRUGS = """
Rows of `DRUGS` (`mtor_abm/drugs.py`). They are not set by a scenario; a scenario gives the dose and
the schedule, see [drugs.DRUG] above. Amounts count in mg/kg in a mouse and in mg in a human.
"""


def _cells() -> str:
    names = ", ".join(f"`{cell['name']}`" for cell in listing("cells"))
    return f"Gene dosage of one cell type; CELL is one of {names}."


def _switch(switch: Entry) -> str:
    rows = ((f"`{value}`", meaning) for value, meaning in switch["values"].items())
    return "\n\n".join(
        (
            f"### {switch['name']}: {switch['meaning']}",
            f"Default `{switch['value']}`. What would tell: {switch['discriminating_run']}.",
            table(("value", "meaning"), rows),
        )
    )


def _drug(drug: Entry) -> list[str]:
    routes = "; ".join(f"{species}: {', '.join(ways)}" for species, ways in drug["routes"].items())
    facts = f"Acts as {drug['action']}. Routes: {routes}."
    facts += "".join(f" Not in the {species}: {why}." for species, why in drug["not_in"].items())
    return [f"### {drug['name']}: {drug['meaning']}", facts, _drug_numbers(drug["numbers"])]


def _drug_numbers(rows: Iterable[Entry]) -> str:
    return table(
        ("number", "value", "unit", "confidence", "source"),
        (
            (f"`{r['name']}`", _plain(r["value"]), r["unit"], r["confidence"], r["source"])
            for r in rows
        ),
    )


def numbers_table(rows: Iterable[Entry]) -> str:
    """A Markdown table of parameters, from their entries of the catalogue."""
    return table(
        ("key", "value", "unit", "limits", "confidence", "meaning and source"),
        (
            (
                f"`{row['name'].rpartition('.')[2]}`",
                _plain(row["value"]),
                row["unit"],
                _limits(row),
                row["confidence"],
                "; ".join(text for text in (row["meaning"], row["source"]) if text),
            )
            for row in rows
        ),
    )


def _limits(row: Mapping[str, Any]) -> str:
    low, high = row.get("low"), row.get("high")
    if low is None and high is None:
        return ""
    return f"{_plain(low)} to {_plain(high)}" if high is not None else f"{_plain(low)} or more"


def _plain(value: Any) -> str:
    if value is None:
        return "left out"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | dict):
        return "none" if not value else str(value)
    return str(value)


def _named(columns: Mapping[str, tuple[str, str]]) -> str:
    rows = ((f"`{name}`", unit, meaning) for name, (unit, meaning) in columns.items())
    return table(("column", "unit", "meaning"), rows)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar within a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


WORDS = {
    "arm": "all runs of one scenario in a study; an arm is treated, or the control of others",
    "claim": "a statement of the review as a virtual experiment that can fail (`run.py claims`)",
    "pair": "two runs with the same seed, one of each arm; they share the marrow and all random "
    "numbers, so that they differ by the treatment alone",
    "primary endpoint": "a readout that was chosen before the study was run",
    "readout": "one number of a run in summary.csv: a column and a statistic, such as "
    "`bv_tv_final`",
    "run": "one scenario simulated with one seed; a folder with its tables and manifest.json",
    "scenario": "a TOML file with everything that determines a run but the seed",
    "seed": "a number that determines every random draw of a run; a replicate of chance, not an "
    "animal",
    "study": "a folder of runs that belong together",
    "switch": "a finding on which published experiments disagree, with a side to choose",
    "target": "a published number that the model was fitted to (`run.py targets`)",
}


def glossary_page() -> str:
    """Terms of the field and words of this program, as Markdown."""
    terms = ((t.name, t.meaning, ", ".join(f"`{name}`" for name in t.see)) for t in TERMS)
    return (
        "\n\n".join(
            (
                "# Glossary",
                MADE.strip("\n"),
                "`run.py describe TERM` says the same, and knows more spellings.",
                "## Words of this program",
                table(("word", "meaning"), WORDS.items()),
                "## Terms of the field",
                "Bone is named after ASBMR (Dempster 2013), genes after HGNC.",
                table(("term", "meaning", "found as"), terms),
            )
        )
        + "\n"
    )


CALLED = """
`run.py COMMAND` in a clone, `mtor-abm COMMAND` once installed, and `python -m mtor_abm COMMAND` are
the same. Without a command the demonstration runs: vehicle against rapamycin. Results go to
standard output, progress and errors to standard error. Exit codes: 0 success, 1 a run failed,
2 invalid input, 130 interrupted.
"""


def commands_page() -> str:
    """Every command with its arguments and options, as Markdown."""
    parser = command_parser("run.py")
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    parts = ["# Command line", MADE, CALLED]
    for name, sub in commands.choices.items():
        sub.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=96)
        usage = sub.format_usage().removeprefix("usage: ").strip()
        parts += [f"## {name}", sub.description or "", f"```text\n{usage}\n```"]
        parts.append("\n".join(_arguments(sub)))
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        value = "" if action.nargs == 0 else action.metavar or action.dest
        names = [f"{name} {value}".strip() for name in action.option_strings] or [str(value)]
        if "--help" not in action.option_strings:
            told = (action.help or "") % (vars(action) | {"prog": parser.prog})
            yield f"- {', '.join(f'`{name}`' for name in names)}: {' '.join(told.split())}"


PAGES = {
    "tables.md": tables_page,
    "parameters.md": parameters_page,
    "glossary.md": glossary_page,
    "cli.md": commands_page,
}


def write_pages(folder: Path) -> list[Path]:
    """Write every page into the folder; returns their paths."""
    paths = [folder / name for name in PAGES]
    for path, make in zip(paths, PAGES.values(), strict=True):
        path.write_text(make(), encoding="utf-8")
    return paths


if __name__ == "__main__":
    for written in write_pages(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(written)
