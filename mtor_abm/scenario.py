"""A scenario: everything that decides a run except the seed, validated and frozen.

Where things are added: a parameter is a line in the `Group` beside its rule; a group of parameters
is a line in `GROUPS`. Files are read in scenario_files.py.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .body import BodyParameters
from .bone import BoneParameters
from .cells import CELL_TYPES
from .cells.circulating import CirculatingParameters
from .cells.endothelial import EndothelialParameters
from .cells.osteoblast_rules import OsteoblastParameters
from .cells.osteoclast_rules import OsteoclastParameters
from .cells.sensing import SensingParameters
from .cells.stroma import StromaParameters
from .cells.tumour_rules import TumourParameters
from .drug_action import NETWORK_ACTIONS
from .drugs import DRUGS, Drug
from .errors import UserError
from .fields import FIELDS
from .genes import GENE_ALIASES, Genes
from .mtor import NetworkParameters
from .parameters import Group
from .primary import PrimaryParameters
from .run_settings import CompareParameters, OutputParameters, RunParameters, is_multiple
from .schedule import Schedule
from .seeding import GeometryParameters, InoculumParameters, section_of
from .switches import Switches
from .toml_text import inline, to_toml
from .validation import Where, as_table, refuse_unknown, shown, suggestion, validated

GROUPS: dict[str, type[Group]] = {
    "geometry": GeometryParameters,
    "bone": BoneParameters,
    "inoculum": InoculumParameters,
    "signalling": NetworkParameters,
    "sensing": SensingParameters,
    "tumour": TumourParameters,
    "osteoclast": OsteoclastParameters,
    "osteoblast": OsteoblastParameters,
    "stroma": StromaParameters,
    "endothelium": EndothelialParameters,
    "circulating": CirculatingParameters,
    "body": BodyParameters,
    "primary": PrimaryParameters,
}
"""Parameter groups by the name of their table in a scenario file."""

CELLS: tuple[str, ...] = tuple(cell.kind.name for cell in CELL_TYPES)
"""Cell types by the name used in [genes.CELL] and [drugs.DRUG.cells]."""


@dataclass(frozen=True)
class Vocabulary:
    """What a scenario may speak of."""

    groups: Mapping[str, type[Group]]
    fields: Mapping[str, type[Group]]
    drugs: Mapping[str, Drug]
    cells: tuple[str, ...]
    genes_felt: Mapping[str, frozenset[str]] = field(default_factory=dict)  # left out: all

    def tables(self) -> tuple[str, ...]:
        """Names of the tables at the top of a scenario file."""
        return (*FIXED_GROUPS, "genes", "drugs", "fields", *self.groups)


FIXED_GROUPS: dict[str, type[Group]] = {
    "run": RunParameters,
    "output": OutputParameters,
    "compare": CompareParameters,
    "switches": Switches,
}
GEOMETRY_FILE = ("file", "file_sha256")
TEXTS = ("name", "title", "description", "expects")
MODEL = Vocabulary(
    GROUPS,
    {row.key: row.parameters for row in FIELDS},
    DRUGS,
    CELLS,
    {kind.kind.name: kind.genes_felt() for kind in CELL_TYPES},
)


@dataclass(frozen=True, repr=False)
class Scenario:
    """Every parameter of a run except its seed. Build it with `from_tables` or from a file."""

    name: str
    title: str
    description: str
    expects: str
    run: RunParameters
    output: OutputParameters
    compare: CompareParameters
    switches: Switches
    genes: dict[str, Genes]
    drugs: dict[str, Schedule]
    fields: dict[str, Group]
    groups: dict[str, Group]
    vocabulary: Vocabulary = field(default=MODEL, repr=False, compare=False)

    @classmethod
    def from_tables(
        cls,
        tables: Mapping[str, Any] | None = None,
        name: str = "unnamed",
        where: Where = lambda path: "scenario",
        vocabulary: Vocabulary = MODEL,
    ) -> "Scenario":
        """Validate plain nested tables, as read from TOML; what they leave out takes its default.

        Args:
            tables: the content of a scenario file, without `extends`.
            name: used unless the tables hold a `name`.
            where: tells for an error from where a key came.
            vocabulary: groups, fields, drugs and cell types that may be named.

        Raises:
            UserError: the first fault found.
        """
        given = dict(tables or {})
        _refuse_unknown_tables(given, where, vocabulary)
        for key in TEXTS:
            _refuse_no_text(key, given.get(key, ""), where)
        words = vocabulary

        def named(table: str, known: Collection[str], what: str) -> dict[str, Any]:
            entries = as_table(given.get(table, {}), (table,), where)
            refuse_unknown(entries, known, (table,), where, what=what)
            return entries

        def group[G: Group](kind: type[G], table: str) -> G:
            return validated(kind, given.get(table, {}), (table,), where)

        genes = named("genes", words.cells, "cell type")
        for cell in genes:
            refuse_unknown(
                as_table(genes[cell], ("genes", cell), where), Genes.model_fields,
                ("genes", cell), where, what="gene", aliases=GENE_ALIASES,
            )  # fmt: skip
        fields = named("fields", words.fields, "field")
        scenario = cls(
            name=_checked_name(given.get("name", name), where),
            title=given.get("title", ""),
            description=given.get("description", ""),
            expects=given.get("expects", ""),
            run=group(RunParameters, "run"),
            output=group(OutputParameters, "output"),
            compare=group(CompareParameters, "compare"),
            switches=group(Switches, "switches"),
            genes={c: validated(Genes, genes.get(c, {}), ("genes", c), where) for c in words.cells},
            drugs={
                drug: validated(Schedule, table, ("drugs", drug), where)
                for drug, table in sorted(named("drugs", words.drugs, "drug").items())
            },
            fields={
                f: validated(kind, fields.get(f, {}), ("fields", f), where)
                for f, kind in words.fields.items()
            },
            groups={g: group(kind, g) for g, kind in words.groups.items()},
            vocabulary=vocabulary,
        )
        _refuse_contradictions(scenario, where)
        return scenario

    def of[G: Group](self, kind: type[G]) -> G:
        """The parameter group of this class, e.g. `scenario.of(TumourParameters)`.

        Raises:
            KeyError: no table of scenario files has this class.
        """
        for group in self.groups.values():
            if type(group) is kind:
                return group
        raise KeyError(f"{kind.__name__} is not in scenario.GROUPS")

    def changed(self, changes: Mapping[str, Any]) -> "Scenario":
        """The same scenario with some values changed: `{"run.days": 2.0, "title": "short"}`.

        Raises:
            UserError: as `from_tables`.
        """
        tables = with_values(self.tables(), changes)
        return Scenario.from_tables(tables, self.name, vocabulary=self.vocabulary)

    def __repr__(self) -> str:
        """Three lines: what it is, its size, and what to ask for."""
        drugs = ", ".join(self.drugs) or "none"
        about = f"{self.run.days:g} days, seeds {self.run.seeds}; drugs: {drugs}"
        head = f"Scenario {self.name}" + (f": {self.title}" if self.title else "")
        asked = '.changed({"run.days": 14}) .resolved() .to_toml()'
        return "\n".join([head[:100], f"  {about[:98]}", f"  {asked}"])

    def resolved(self) -> dict[str, Any]:
        """Every value, defaults included, as plain nested dictionaries."""
        dump = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "expects": self.expects,
            "run": self.run.model_dump(),
            "output": self.output.model_dump(),
            "switches": self.switches.model_dump(),
        }
        if self.compare.given():
            dump["compare"] = self.compare.given()
        for table in ("genes", "drugs", "fields"):
            dump[table] = {k: v.model_dump() for k, v in getattr(self, table).items()}
        return dump | {name: group.model_dump() for name, group in self.groups.items()}

    def tables(self) -> dict[str, Any]:
        """As a file would hold it: `resolved` without the keys that are left out."""
        return _without_none(self.resolved())

    def to_toml(self) -> str:
        """The resolved scenario as text that reads back to an equal one."""
        return to_toml(self.resolved())

    def deciding(self) -> dict[str, Any]:
        """`resolved` without what cannot change a result: texts, seeds, how it is compared, and
        where a file lies.

        What is in the file decides, by its sha256.
        """
        beside = (*TEXTS, "compare")
        tables = {key: value for key, value in self.resolved().items() if key not in beside}
        tables["run"] = {k: v for k, v in tables["run"].items() if k != "seeds"}
        if "geometry" in tables:
            left_out = ("file",) if tables["geometry"].get("file_sha256") else GEOMETRY_FILE
            tables["geometry"] = {k: v for k, v in tables["geometry"].items() if k not in left_out}
        return tables

    def identity_hash(self) -> str:
        """SHA-256 (hex) of `deciding`."""
        tables = self.deciding()
        return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def with_values(tables: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set values in nested tables by their dotted keys, and return the tables."""
    if changes.get("geometry.file") is not None:
        tables["geometry"] = {}  # another file is another lattice and other bone
    for key, value in changes.items():
        *parents, last = key.split(".")
        table: Any = tables
        for parent in parents:
            table = table.setdefault(parent, {})
        table[last] = value
    return tables


def _without_none(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Copy without the keys that are left out, as a file would be."""
    return {
        key: _without_none(value) if isinstance(value, Mapping) else value
        for key, value in tables.items()
        if value is not None
    }


def _refuse_unknown_tables(given: dict[str, Any], where: Where, words: Vocabulary) -> None:
    known = (*words.tables(), *TEXTS)
    for key in given:
        if key in known:
            continue
        kinds = {**FIXED_GROUPS, **words.groups}
        homes = [f"{table}.{key}" for table, kind in kinds.items() if key in kind.model_fields]
        cure = f"write {' or '.join(homes)}" if homes else suggestion(key, known)
        what = "table" if isinstance(given[key], Mapping) else "key"
        raise UserError(f"{where((key,))}: unknown {what} '{key}'; {cure}")


def _refuse_no_text(key: str, value: Any, where: Where) -> None:
    start = f"{where((key,))}: {key} = {shown(value)}"
    if not isinstance(value, str):
        raise UserError(f"{start} is not text; put it in quotes")
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes from the command line that are no UTF-8
        raise UserError(f"{start} is not UTF-8; retype it") from None


def _checked_name(name: str, where: Where) -> str:
    allowed = all(c.isascii() and (c.isalnum() or c in "._-") for c in name)
    if not allowed or not name or name[0] in "._-" or len(name) > 80:
        raise UserError(
            f"{where(('name',))}: name = {shown(name)} cannot name a folder; give 1 to 80 letters, "
            "digits, '_', '-' or '.', a letter or digit first"
        )
    return name


def _refuse_contradictions(scenario: Scenario, where: Where) -> None:
    """Raise UserError for values that are each possible but not together."""
    run, output = scenario.run, scenario.output
    every = (("output", "every_h"), f"[output] every_h = {output.every_h}")
    if not is_multiple(output.every_h, run.step_h):
        steps = max(1, round(output.every_h / run.step_h))
        raise UserError(
            f"{where(every[0])}: {every[1]} is no whole number of steps of run.step_h = "
            f"{run.step_h}; give {steps * run.step_h:g}"
        )
    if output.every_h > run.days * 24.0 + 1e-6:
        raise UserError(
            f"{where(every[0])}: {every[1]} is longer than the run (run.days = {run.days}); "
            f"give at most {run.days * 24:g}"
        )
    for key in ("cells_at_days", "fields_at_days"):
        days = getattr(output, key)
        for day in days:
            start = f"{where(('output', key))}: [output] {key} has day {day}"
            if not 0.0 <= day <= run.days:
                raise UserError(f"{start}, outside the run; give days within 0..{run.days:g}")
            if days.count(day) > 1:
                raise UserError(f"{start} twice; give each day once")
    inoculum: Any = scenario.groups.get("inoculum")
    if inoculum is not None and inoculum.cells and inoculum.day >= run.days:
        raise UserError(
            f"{where(('inoculum', 'day'))}: [inoculum] day = {inoculum.day:g} is not before "
            f"the end of the run (run.days = {run.days:g}); inject sooner, run longer, or give "
            "inoculum.cells = 0"
        )
    _refuse_no_treatment(scenario, where)
    _refuse_two_tumours(scenario, where)
    _refuse_silent_genes(scenario, where)
    for drug, schedule in scenario.drugs.items():
        path = ("drugs", drug)
        if schedule.start_day >= run.days:
            raise UserError(
                f"{where((*path, 'start_day'))}: [drugs.{drug}] start_day = {schedule.start_day} "
                f"is not before the end of the run (run.days = {run.days}), so no dose would be "
                "given; give an earlier start_day or a longer run"
            )
        _refuse_impossible_route(scenario.vocabulary.drugs[drug], schedule, where)
        refuse_unknown(
            schedule.cells, scenario.vocabulary.cells, (*path, "cells"), where, what="cell type"
        )
        action = scenario.vocabulary.drugs[drug].action
        if schedule.cells and not isinstance(action, NETWORK_ACTIONS):
            raise UserError(
                f"{where((*path, 'cells'))}: [drugs.{drug}] cells has no effect: {drug} acts on "
                "all cells alike, through blood, bone or a ligand; leave cells out"
            )


def _refuse_no_treatment(scenario: Scenario, where: Where) -> None:
    """What [compare] names as the treatment must be keys or tables of a scenario."""
    tables = scenario.resolved()
    for key in scenario.compare.treatment:
        at: Any = tables
        for part in key.split("."):
            known = list(at) if isinstance(at, Mapping) else []
            if part not in known or part in TEXTS:
                raise UserError(
                    f"{where(('compare', 'treatment'))}: [compare] treatment has "
                    f"{shown(key)}, which is no key of a scenario; {suggestion(part, known)}"
                )
            at = at[part]


def _refuse_two_tumours(scenario: Scenario, where: Where) -> None:
    """Tumour cells that a section shows, and injected ones, would be counted as one tumour."""
    geometry, inoculum = (scenario.groups.get(g) for g in ("geometry", "inoculum"))
    if not isinstance(geometry, GeometryParameters) or not isinstance(inoculum, InoculumParameters):
        return
    section = section_of(geometry)
    if section is not None and len(section.cells.get("tumour", ())) and inoculum.cells:
        raise UserError(
            f"{where(('inoculum', 'cells'))}: [inoculum] cells = {inoculum.cells} would join the "
            f"{len(section.cells['tumour'])} tumour cells of {geometry.file}; give "
            "inoculum.cells = 0"
        )


def _refuse_silent_genes(scenario: Scenario, where: Where) -> None:
    """A dosage that changes nothing would look like a finding."""
    felt = scenario.vocabulary.genes_felt
    for cell, genes in scenario.genes.items():
        for gene, dosage in genes.model_dump().items():
            if dosage == 1.0 or cell not in felt or gene in felt[cell]:
                continue
            users = [other for other in felt if gene in felt[other]]
            raise UserError(
                f"{where(('genes', cell, gene))}: [genes.{cell}] {gene} = {dosage:g} has no "
                f"effect: {cell} cells do not use it; leave it out, or change it in "
                f"{' or '.join(users)}"
            )


def _refuse_impossible_route(drug: Drug, schedule: Schedule, where: Where) -> None:
    place = f"[drugs.{drug.key}]"
    kinetics = drug.kinetics.get(schedule.species)
    if kinetics is None:
        reason = drug.why_not.get(schedule.species, "its pharmacokinetics are not known")
        raise UserError(
            f'{where(("drugs", drug.key, "species"))}: {place} species = "{schedule.species}" '
            f"cannot be used: {reason}; give {' or '.join(map(inline, drug.kinetics))}"
        )
    if schedule.route not in kinetics.routes:
        raise UserError(
            f'{where(("drugs", drug.key, "route"))}: {place} route = "{schedule.route}" is not '
            f"known for the {schedule.species}; give {' or '.join(map(inline, kinetics.routes))}"
        )
