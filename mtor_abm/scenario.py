"""A scenario: everything that decides a run except the seed, validated and frozen.

Where things are added: a parameter is a line in the `Group` beside its rule; a group of parameters
is a line in `GROUPS`. Files are read in scenario_files.py.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .anatomy import LEAST_SITES_APART, coarsest_site_um, least_area_fraction
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
from .errors import MOST_FAULTS, Faults, UserError
from .fields import FIELDS
from .genes import GENE_ALIASES, Genes
from .invocation import command
from .mtor import NetworkParameters
from .parameters import Group
from .primary import PrimaryParameters
from .run_settings import (
    CompareParameters,
    OutputParameters,
    RunParameters,
    falls_on_step,
    is_multiple,
    off_steps,
)
from .schedule import Schedule
from .seeding import GeometryParameters, InoculumParameters, section_of
from .switches import Switches
from .toml_text import inline, to_toml
from .validation import (
    AT_THE_TOP,
    KeyPath,
    Where,
    as_table,
    clipped,
    folder_name_fault,
    refuse_unknown,
    shown,
    suggestion,
    validated,
)

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
LONGEST_SCENARIO_NAME = 80
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
        faults: Sequence[str] = (),
    ) -> "Scenario":
        """Validate plain nested tables, as read from TOML; what they leave out takes its default.

        Args:
            tables: the content of a scenario file, without `extends`.
            name: used unless the tables hold a `name`.
            where: tells for an error from where a key came.
            vocabulary: groups, fields, drugs and cell types that may be named.
            faults: already found while reading; the tables are then incomplete, and only what
                stands in them is checked.

        Raises:
            UserError: all faults, a line each.
        """
        return _Reader(dict(tables or {}), where, vocabulary, faults).scenario(name)

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


class _Reader:
    """Builds a scenario from its tables, and notes every fault on the way."""

    def __init__(
        self, given: dict[str, Any], where: Where, words: Vocabulary, faults: Sequence[str]
    ) -> None:
        self.given = given
        self.where = where
        self.words = words
        self.is_whole = not faults
        self.faults = Faults(*faults)
        self.unreadable: set[str] = set()  # tables with a fault, e.g. "run", "drugs"

    def scenario(self, name: str) -> Scenario:
        """The scenario, if there is no fault.

        Raises:
            UserError: all faults, a line each.
        """
        words, given = self.words, self.given
        self.faults.check(_refuse_unknown_tables, given, self.where, words)
        for key in TEXTS:
            self.faults.check(_refuse_no_text, key, given.get(key, ""), self.where)
        name = given.get("name", name)
        if isinstance(name, str):
            self.faults.check(_refuse_no_folder, name, self.where)
        scenario = Scenario(
            name=name,
            title=given.get("title", ""),
            description=given.get("description", ""),
            expects=given.get("expects", ""),
            run=self._group(RunParameters, "run"),
            output=self._group(OutputParameters, "output"),
            compare=self._group(CompareParameters, "compare"),
            switches=self._group(Switches, "switches"),
            genes=self._genes(),
            drugs=self._drugs(),
            fields=self._fields(),
            groups={g: self._group(kind, g) for g, kind in words.groups.items()},
            vocabulary=words,
        )
        for tables, look in CONTRADICTIONS:
            if self.is_whole and not self.unreadable.intersection(tables):
                self.faults.check(look, scenario, self.where)
        self.faults.raise_any(self.where(()))
        return scenario

    def _entries(self, table: str, known: Collection[str], what: str) -> dict[str, Any]:
        """What a table of tables has under known names."""
        with self._reading(table):
            entries = as_table(self.given.get(table, {}), (table,), self.where)
            with self._reading(table):
                refuse_unknown(entries, known, (table,), self.where, what=what)
            return {name: entry for name, entry in entries.items() if name in known}
        return {}

    def _validated[G: Group](
        self, kind: type[G], entry: Any, path: KeyPath, **how: Any
    ) -> G | None:
        with self._reading(path[0]):
            return validated(kind, entry, path, self.where, whole=self.is_whole, **how)
        return None

    def _group[G: Group](self, kind: type[G], table: str) -> G:
        """The group, or its defaults in place of one with a fault."""
        return self._validated(kind, self.given.get(table, {}), (table,)) or kind()

    def _genes(self) -> dict[str, Genes]:
        genes = dict.fromkeys(self.words.cells, Genes())
        for cell, entry in self._entries("genes", self.words.cells, "cell type").items():
            path = ("genes", cell)
            with self._reading("genes"):
                dosages = as_table(entry, path, self.where)
                known = {gene: d for gene, d in dosages.items() if gene in Genes.model_fields}
                genes[cell] = self._validated(Genes, known, path) or Genes()
                refuse_unknown(
                    dosages, Genes.model_fields, path, self.where, what="gene",
                    aliases=GENE_ALIASES,
                )  # fmt: skip
        return genes

    def _drugs(self) -> dict[str, Schedule]:
        drugs = {}
        for drug, entry in sorted(self._entries("drugs", self.words.drugs, "drug").items()):
            routes = _routes(self.words.drugs[drug], entry)
            schedule = self._validated(Schedule, entry, ("drugs", drug), choices=routes)
            if schedule is not None:
                drugs[drug] = schedule
        return drugs

    def _fields(self) -> dict[str, Group]:
        entries = self._entries("fields", self.words.fields, "field")
        return {
            f: self._validated(kind, entries.get(f, {}), ("fields", f)) or kind()
            for f, kind in self.words.fields.items()
        }

    @contextmanager
    def _reading(self, table: str) -> Iterator[None]:
        """Note the faults of a block as those of a table."""
        try:
            yield
        except UserError as fault:
            self.faults.note(*fault.faults)
            self.unreadable.add(table)


def _routes(drug: Drug, entry: Any) -> dict[str, list[str]]:
    """Routes by which a drug may be given to the species of its schedule."""
    species = entry.get("species", "mouse") if isinstance(entry, Mapping) else None
    kinetics = drug.kinetics.get(species) if isinstance(species, str) else None
    return {} if kinetics is None else {"route": list(kinetics.routes)}


def _refuse_unknown_tables(given: dict[str, Any], where: Where, words: Vocabulary) -> None:
    known = (*words.tables(), *TEXTS)
    if "vary" in given or {"base", "kind"} <= given.keys():
        raise UserError(
            f"{where(('vary' if 'vary' in given else 'base',))}: this is a design, not a scenario; "
            f"run it with {command('sweep', where(()))}"
        )
    lines = []
    for i, key in enumerate(key for key in given if key not in known):
        what = "table" if isinstance(given[key], Mapping) else "key"
        line = f"{where((key,))}: unknown {what} '{clipped(key)}'"
        lines.append(f"{line}; {_home(key, words)}" if i <= MOST_FAULTS else line)
    if lines:
        raise UserError(*lines)


def _home(key: str, words: Vocabulary) -> str:
    """Where a key at the top belongs, or what may be meant."""
    kinds = {**FIXED_GROUPS, **words.groups}
    homes = [f"{table}.{key}" for table, kind in kinds.items() if key in kind.model_fields]
    if homes:
        return f"write {' or '.join(homes[:4])}"
    return suggestion(key, (*AT_THE_TOP, *words.tables()))


def _refuse_no_text(key: str, value: Any, where: Where) -> None:
    start = f"{where((key,))}: {key} = {shown(value)}"
    if not isinstance(value, str):
        raise UserError(f"{start} is not text; put it in quotes")
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes from the command line that are not UTF-8
        raise UserError(f"{start} is not UTF-8; retype it") from None


def _refuse_no_folder(name: str, where: Where) -> None:
    fault = folder_name_fault(name, LONGEST_SCENARIO_NAME)
    if fault:
        raise UserError(f"{where(('name',))}: name = {shown(name)} {fault}")


def _refuse_rows_off_steps(scenario: Scenario, where: Where) -> None:
    run, output = scenario.run, scenario.output
    start = f"{where(('output', 'every_h'))}: [output] every_h = {output.every_h}"
    if not is_multiple(output.every_h, run.step_h):
        steps = max(1, round(output.every_h / run.step_h))
        raise UserError(
            f"{start} is not a whole number of steps of run.step_h = {run.step_h}; "
            f"give {steps * run.step_h:g}"
        )
    if output.every_h > run.days * 24.0 + 1e-6:
        raise UserError(
            f"{start} is longer than the run (run.days = {run.days}); "
            f"give at most {run.days * 24:g}"
        )


def _refuse_days_outside(scenario: Scenario, where: Where) -> None:
    run, faults = scenario.run, Faults()
    for key in ("cells_at_days", "fields_at_days"):
        days = getattr(scenario.output, key)
        start = f"{where(('output', key))}: [output] {key} has day"
        for day in days:
            if not 0.0 <= day <= run.days:
                faults.note(f"{start} {day}, outside the run; give days within 0..{run.days:g}")
        twice = (day for day, n in Counter(days).items() if n > 1)
        for day in twice:
            faults.note(f"{start} {day} twice; give each day once")
        for day in days:
            if not falls_on_step(day, run.step_h):
                faults.note(f"{start} {day}, {off_steps(day, run.step_h)}")
    faults.raise_any(where(("output",)))


def _refuse_tumour_without_room(scenario: Scenario, where: Where) -> None:
    geometry, inoculum = (scenario.groups.get(g) for g in ("geometry", "inoculum"))
    if not isinstance(geometry, GeometryParameters) or not isinstance(inoculum, InoculumParameters):
        return
    sites = _marrow_sites(geometry)
    if inoculum.cells > sites:
        raise UserError(
            f"{where(('inoculum', 'cells'))}: [inoculum] cells = {inoculum.cells} are more than "
            f"the {sites} sites of marrow of {geometry.nx} x {geometry.ny}; give fewer cells, or a "
            "larger geometry.nx and ny"
        )


def _refuse_too_coarse_for_vessels(scenario: Scenario, where: Where) -> None:
    """Sites so wide that connected vessels would fill more than their share with any seed.

    What depends on the seed is refused when the vessels are drawn.
    """
    geometry, vessels = (scenario.groups.get(g) for g in ("geometry", "endothelium"))
    if not isinstance(geometry, GeometryParameters) or not isinstance(
        vessels, EndothelialParameters
    ):
        return
    dx_um, spacing_um, share = geometry.dx_um, vessels.spacing_um, vessels.area_fraction
    widest_um = spacing_um / LEAST_SITES_APART
    place = f"{where(('geometry', 'dx_um'))}: [geometry] dx_um = {dx_um:g}"
    if geometry.file is not None:
        return  # its vessels may be those of the image
    if dx_um > widest_um:
        raise UserError(
            f"{place} is too wide for vessels endothelium.spacing_um = {spacing_um:g} apart; give "
            f"dx_um of at most {widest_um:.3g}, or spacing_um of at least "
            f"{LEAST_SITES_APART * dx_um:g}"
        )
    least = least_area_fraction(dx_um, spacing_um)
    # Half a tenth for the allowance of `vessel_network`, and as much for other seeds.
    if 0.95 * least > 1.05 * share + spacing_um / dx_um / _marrow_sites(geometry):
        raise UserError(
            f"{place} is too wide: vessels that fill endothelium.area_fraction = {share:g} of the "
            f"marrow would not be connected (they need about {least:.2f}); give dx_um of at most "
            f"{coarsest_site_um(share / 1.05, spacing_um):.3g}, or area_fraction of at least "
            f"{1.15 * least:.2f}"
        )


def _marrow_sites(geometry: GeometryParameters) -> int:
    return round(geometry.nx * geometry.ny * (1.0 - (geometry.bv_tv or 0.0)))


def _refuse_late_tumour(scenario: Scenario, where: Where) -> None:
    inoculum: Any = scenario.groups.get("inoculum")
    days = scenario.run.days
    if inoculum is not None and not falls_on_step(inoculum.day, scenario.run.step_h):
        raise UserError(
            f"{where(('inoculum', 'day'))}: [inoculum] day = {inoculum.day:g}, "
            f"{off_steps(inoculum.day, scenario.run.step_h)}"
        )
    if inoculum is not None and inoculum.cells and inoculum.day >= days:
        raise UserError(
            f"{where(('inoculum', 'day'))}: [inoculum] day = {inoculum.day:g} is not before "
            f"the end of the run (run.days = {days:g}); inject sooner, run longer, or give "
            "inoculum.cells = 0"
        )


def _refuse_late_doses(scenario: Scenario, where: Where) -> None:
    faults, days = Faults(), scenario.run.days
    for drug, schedule in scenario.drugs.items():
        if schedule.start_day >= days:
            faults.note(
                f"{where(('drugs', drug, 'start_day'))}: [drugs.{drug}] start_day = "
                f"{schedule.start_day} is not before the end of the run (run.days = {days}), so no "
                "dose would be given; give an earlier start_day or a longer run"
            )
    faults.raise_any(where(("drugs",)))


def _refuse_impossible_drugs(scenario: Scenario, where: Where) -> None:
    faults = Faults()
    for key, schedule in scenario.drugs.items():
        drug, path = scenario.vocabulary.drugs[key], ("drugs", key, "cells")
        faults.check(_refuse_impossible_route, drug, schedule, where)
        with faults.noted():
            refuse_unknown(schedule.cells, scenario.vocabulary.cells, path, where, what="cell type")
        if schedule.cells and not isinstance(drug.action, NETWORK_ACTIONS):
            faults.note(
                f"{where(path)}: [drugs.{key}] cells has no effect: {key} acts on "
                "all cells alike, through blood, bone or a ligand; leave cells out"
            )
    faults.raise_any(where(("drugs",)))


def _refuse_no_treatment(scenario: Scenario, where: Where) -> None:
    """What [compare] names as the treatment must be keys or tables of a scenario."""
    tables = scenario.resolved()
    for key in scenario.compare.treatment:
        at: Any = tables
        for part in key.split("."):
            known = [name for name in at if name not in TEXTS] if isinstance(at, Mapping) else []
            if part not in known:
                raise UserError(
                    f"{where(('compare', 'treatment'))}: [compare] treatment has "
                    f"{shown(key)}, which is not a key of a scenario; {suggestion(part, known)}"
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
    felt, faults = scenario.vocabulary.genes_felt, Faults()
    for cell, genes in scenario.genes.items():
        for gene, dosage in genes.model_dump().items():
            if dosage == 1.0 or cell not in felt or gene in felt[cell]:
                continue
            users = [other for other in felt if gene in felt[other]]
            faults.note(
                f"{where(('genes', cell, gene))}: [genes.{cell}] {gene} = {dosage:g} has no "
                f"effect: {cell} cells do not use it; leave it out, or change it in "
                f"{' or '.join(users)}"
            )
    faults.raise_any(where(("genes",)))


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


CONTRADICTIONS: tuple[tuple[tuple[str, ...], Callable[[Scenario, Where], None]], ...] = (
    (("run", "output"), _refuse_rows_off_steps),
    (("run", "output"), _refuse_days_outside),
    (("run", "inoculum"), _refuse_late_tumour),
    (("geometry", "inoculum"), _refuse_tumour_without_room),
    (("geometry", "inoculum"), _refuse_two_tumours),
    (("geometry", "endothelium"), _refuse_too_coarse_for_vessels),
    (("genes",), _refuse_silent_genes),
    (("compare", "drugs"), _refuse_no_treatment),
    (("run",), _refuse_late_doses),
    ((), _refuse_impossible_drugs),
)
"""Values that are each possible but not together: the tables that must be readable, the check."""
