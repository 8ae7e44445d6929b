"""The scenarios of a design: one for each point, and for each a control.

A control differs from its point as `control` differs from `base`: it takes the point's values, but
for those of drugs that it does not give. So a sweep of a dose has one control, and a sweep of a
number of the marrow has one for each point. Points that are equal are one scenario.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..invocation import command
from ..scenario import TEXTS, Scenario, with_values
from ..scenario_files import load_all, read_tables
from ..tidy_csv import csv_text
from ..toml_text import inline, to_toml
from .design import Design, read_design

TABLE, FILE = "design.csv", "design.toml"  # in the folder of the study
FORBIDDEN = (*TEXTS, "run.seeds")


@dataclass(frozen=True)
class Sweep:
    """A design and its scenarios.

    Attributes:
        design: as its file says.
        scenarios: to be run, each once; the control of a point stands before it.
        rows: of design.csv, one per point: point, name, control (if any), then each value.
        texts: design.csv and design.toml, by name.
    """

    design: Design
    scenarios: list[Scenario]
    rows: list[dict[str, Any]]
    texts: dict[str, str]

    def notes(self) -> dict[str, str]:
        """What each scenario takes, by its name."""
        return {scenario.name: scenario.title for scenario in self.scenarios}


def sweep_of(path: Path, overrides: Sequence[str] = ()) -> Sweep:
    """Read a design and make its scenarios.

    Args:
        path: of the design file. overrides: `key=value`, as in `load_all`.

    Raises:
        UserError: a fault of the design, of a scenario, or of a point, e.g. a value outside its
            limits.
    """
    tables = read_tables(path)
    design = read_design(tables, str(path))
    for override in overrides:
        key = override.partition("=")[0].strip()
        if key in design.vary:
            raise UserError(f"-S {override[:80]}: {path} varies this key; leave one of them out")
    names = [design.base, *([design.control] if design.control else [])]
    base, *controls = load_all(names, overrides)
    makers = [_Maker(base, path), *(_Maker(control, path) for control in controls)]
    whole = [key for key in design.vary if isinstance(_now(base, key, path), int)]
    points = design.points([key for key in whole if not isinstance(_now(base, key, path), bool)])
    width = max(4, len(str(len(points))))
    scenarios: dict[str, Scenario] = {}
    rows = []
    for number, values in enumerate(points, start=1):
        made = [maker.scenario(values, f"p{number:0{width}d}") for maker in makers]
        scenarios |= {scenario.name: scenario for scenario in reversed(made)}
        names = [scenario.name for scenario in made]
        rows.append(
            {"point": number, **dict(zip(("name", "control"), names, strict=False)), **values}
        )
    columns = {key: [_text(row[key]) for row in rows] for key in rows[0]}
    texts = {TABLE: csv_text(columns), FILE: to_toml(tables)}
    return Sweep(design, list(scenarios.values()), rows, texts)


class _Maker:
    """Makes the scenarios of one arm, equal ones once."""

    def __init__(self, arm: Scenario, path: Path) -> None:
        self.arm = arm
        self.path = path
        self._made: dict[str, Scenario] = {}

    def scenario(self, values: Mapping[str, Any], suffix: str) -> Scenario:
        """The arm at one point; it keeps its own name if no value of the point is for it."""
        mine = {key: value for key, value in values.items() if self._takes(key)}
        key = json.dumps(mine, default=str)
        if key not in self._made:
            self._made[key] = self._make(mine, suffix) if mine else self.arm
        return self._made[key]

    def _takes(self, key: str) -> bool:
        """A drug's numbers are for the arms that give it; `sweep_of` saw that the base does."""
        first, *rest = key.split(".")
        return first != "drugs" or rest[0] in self.arm.drugs

    def _make(self, values: Mapping[str, Any], suffix: str) -> Scenario:
        tables = self.arm.tables()
        tables["name"] = f"{self.arm.name}_{suffix}"
        tables["title"] = ", ".join(f"{key} = {_text(value)}" for key, value in values.items())
        with_values(tables, values)
        label = f"{self.path}: point {suffix[1:]}"
        return Scenario.from_tables(tables, self.arm.name, lambda path: label, self.arm.vocabulary)


def _now(base: Scenario, key: str, path: Path) -> Any:
    """What a key is in the base; None where it is left out.

    Raises:
        UserError: it cannot be varied.
    """
    place = f"{path}: [vary] {key[:80]}"
    if key in FORBIDDEN:
        raise UserError(
            f"{place} does not affect a run; leave it out, seeds are a key of their own"
        )
    first, *rest = key.split(".")
    if first == "drugs" and (len(rest) < 2 or rest[0] not in base.drugs):
        given = ", ".join(base.drugs) or "none"
        raise UserError(
            f"{place}: '{base.name}' does not give this drug (it gives: {given}); choose a base "
            "that gives it, and write drugs.NAME.KEY"
        )
    value: Any = base.resolved()
    for part in key.split("."):
        if not isinstance(value, dict):
            raise UserError(
                f"{place}: no number or switch of this name; see {command('list', 'parameters')}"
            )
        value = value.get(part)
        if value is None:
            return None  # left out, or unknown: the scenario's own check tells
    if isinstance(value, dict):
        raise UserError(
            f"{place} is a table; write one of its keys, e.g. {key}.{next(iter(value))}"
        )
    return value


def _text(value: Any) -> Any:
    """A value for a table: lists and switches as a scenario file has them, numbers as they are."""
    return inline(value) if isinstance(value, list) else value
