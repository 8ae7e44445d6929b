"""Scenario files: finding, reading, inheriting (`extends`) and overriding (`-S key=value`).

Faults are `UserError`s; each line names the file or the option it came from.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import Faults, UserError
from .invocation import command
from .run_settings import RunParameters, step_warning
from .scenario import MODEL, Scenario, Vocabulary
from .shipped import scenarios_folder
from .validation import KeyPath, nearest, shown

LARGEST_FILE_BYTES = 1_000_000
LONGEST_CHAIN = 20
MOST_DOTS = 20  # of a key; tomllib takes long for thousands
_PART = r"""[\w"'-]++"""
_LONG_KEY = re.compile(rf"""(?<![\w"'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_DOTS},}}""")


def load(
    name_or_path: str | Path | Scenario,
    overrides: Sequence[str] = (),
    vocabulary: Vocabulary = MODEL,
) -> Scenario:
    """Read one scenario with everything it inherits, then apply `key=value` overrides in order.

    Args:
        name_or_path: a name in ./scenarios, else of a shipped one, or the path of a TOML file; or
            a scenario that was read already.
        overrides: texts such as "run.days=2" or "genes.tumour.RPTOR=0".
        vocabulary: groups, fields, drugs and cell types that may be named.

    Raises:
        UserError: see the module.
    """
    if isinstance(name_or_path, Scenario):
        return _overridden(name_or_path, overrides)
    path = find(name_or_path)
    faults = Faults()
    merged = _with_ancestors(path, faults)
    if not faults and all(isinstance(at_end, Mapping) for at_end in _leaves(merged.tables)):
        raise UserError(
            f"{path}: sets nothing, and would run {RunParameters().days:g} days of the defaults; "
            'write e.g. extends = "vehicle", or the first values that you want to set'
        )
    on_top = []
    for override in overrides:
        with faults.noted():
            on_top.append((_override(override), f"-S {override[:80]}"))
    if any(_geometry_file(tables) for tables, _ in on_top):
        merged.forget_geometry()
    for tables, origin in on_top:
        merged.take(tables, origin, replacing=False)
    return Scenario.from_tables(
        merged.tables, _name_from(path), merged.where, vocabulary, faults.lines
    )


def _with_ancestors(path: Path, faults: Faults) -> "_Merged":
    """The tables of a file over those that it inherits."""
    merged = _Merged(str(path))
    for ancestor, tables in reversed(_chain(path, faults)):
        _find_geometry(tables, ancestor.parent)
        merged.take(tables, str(ancestor))
        if ancestor != path:
            merged.forget_texts()
    return merged


def _overridden(scenario: Scenario, overrides: Sequence[str]) -> Scenario:
    """A scenario with `key=value` overrides, in order."""
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals:
            _override(text)  # says what is wrong with it
        scenario = scenario.changed({key.strip(): _toml_value(value.strip())})
    return scenario


def load_all(
    names: Sequence[str | Path | Scenario],
    overrides: Sequence[str] = (),
    vocabulary: Vocabulary = MODEL,
) -> list[Scenario]:
    """Read several scenarios whose names must differ, since each names a folder of results.

    An override of a drug holds for the scenarios that give this drug, so that a control next to
    them stays a control; if none gives it, it holds for all.

    Raises:
        UserError: as `load`, or two scenarios share a name.
    """
    faults = Faults()
    given: list[tuple[str | Path | Scenario, set[str]]] = []
    for name in names:
        with faults.noted():
            given.append((name, _drugs_given(name)))
    drugs = {drug for _, mine in given for drug in mine}

    def holds(override: str, mine: set[str]) -> bool:
        drug = _overridden_drug(override)
        return drug not in drugs or drug in mine

    loaded: list[Scenario] = []
    taken: dict[str, str] = {}
    for given_as, mine in given:
        with faults.noted():
            scenario = load(given_as, [o for o in overrides if holds(o, mine)], vocabulary)
            name = scenario.name if isinstance(given_as, Scenario) else str(given_as)
            if scenario.name in taken:
                raise UserError(
                    f"{name}: scenario name '{scenario.name}' is taken by {taken[scenario.name]}; "
                    'name each scenario once, or give the file its own name = "..."'
                )
            taken[scenario.name] = name
            loaded.append(scenario)
    faults.raise_any("these scenarios")
    return loaded


def _drugs_given(given: str | Path | Scenario) -> set[str]:
    """Drugs that a scenario gives as its file is written."""
    if isinstance(given, Scenario):
        return set(given.drugs)
    drugs = _with_ancestors(find(given), Faults()).tables.get("drugs")
    return set(drugs) if isinstance(drugs, Mapping) else set()


def _overridden_drug(override: str) -> str | None:
    parts = [part.strip() for part in override.partition("=")[0].split(".")]
    return parts[1] if parts[0] == "drugs" and len(parts) > 1 else None


def checked(name_or_path: str | Path, look: Callable[[Scenario], None]) -> dict[str, Any]:
    """Whether a scenario can be used: {"file", "valid", "error", "errors", "warnings"}, for JSON.

    `error` has all faults as one text, `errors` one by one; `warnings` do not make it invalid.

    Args:
        name_or_path: what the person wrote.
        look: raises UserError for what cannot be seen from the scenario alone.
    """
    file = {"file": str(name_or_path)}
    try:
        scenario = load(name_or_path)
        look(scenario)
    except UserError as fault:
        faults = list(fault.faults)
        return file | {"valid": False, "error": str(fault), "errors": faults, "warnings": []}
    warning = step_warning(scenario.run.step_h)
    warnings = [warning] if warning else []
    return file | {"valid": True, "error": None, "errors": [], "warnings": warnings}


def folders() -> list[Path]:
    """Folders in which a scenario's name is looked up: ./scenarios, then those that we ship."""
    candidates = [Path("scenarios"), scenarios_folder()]
    present = [folder for folder in candidates if folder.is_dir()]
    if len(present) == 2 and present[0].resolve() == present[1].resolve():
        return present[:1]
    return present


def scenario_names() -> list[str]:
    """Names that can be given in place of a path, sorted."""
    return sorted({path.stem for folder in folders() for path in folder.glob("*.toml")})


def find(name_or_path: str | Path, beside: Path | None = None) -> Path:
    """Path of the file that a name or a path means.

    Args:
        name_or_path: what the person wrote.
        beside: folder of the file that says `extends`, searched first.

    Raises:
        UserError: nothing of this name, with the nearest names.
    """
    text = str(name_or_path)
    is_name = not any(c in text for c in '/\\"\0') and not text.endswith(".toml")
    places = [beside] if beside else []
    if is_name and text:
        candidates = [folder / f"{text}.toml" for folder in (*places, *folders())]
        candidates.append(Path(text))
    else:
        candidates = [folder / text for folder in (*places, Path())]
    for candidate in candidates:
        try:
            if candidate.is_file():
                return candidate
        except (OSError, ValueError):  # a name too long, or with a null character
            continue
    raise UserError(_not_found(text, candidates[-1]))


def _not_found(text: str, candidate: Path) -> str:
    try:
        if text and candidate.is_dir():
            return f"{text}: is a folder; give a scenario file, e.g. {text.rstrip('/')}/NAME.toml"
        if text and candidate.exists():
            return f"{text}: is not a regular file; give a TOML file"
    except (OSError, ValueError):
        pass
    names = scenario_names()
    near = nearest(Path(text).stem if text else "", names)
    cure = f"nearest: {', '.join(near)}" if near else f"see {command('list')} for the shipped ones"
    if text.endswith(".toml"):
        return f"{text[-200:]}: no such file, seen from {Path.cwd()}; or give a name ({cure})"
    return (
        f"unknown scenario '{text[:80]}'; {cure}; or put it into ./scenarios, or give the path of "
        "a TOML file"
    )


def read_tables(path: Path) -> dict[str, Any]:
    """Content of one TOML file.

    Raises:
        UserError: unreadable, too large, not UTF-8, or not TOML (with the line number).
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise UserError(f"{path}: larger than 1 MB, so not a scenario; check the path")
        raw = path.read_bytes()
    except OSError as fault:
        reason = fault.strerror or "cannot be read"
        raise UserError(f"{path}: {reason}; check the path and its permissions") from None
    try:
        # an editor on Windows may put a byte-order mark first
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise UserError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from None
    if _LONG_KEY.search(text):
        raise UserError(
            f"{path}: a key of more than {MOST_DOTS} parts; a scenario has three levels"
        )
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise UserError(f"{path}: not valid TOML: {fault}; correct that line") from None
    except RecursionError:
        raise UserError(f"{path}: nested too deeply; a scenario has three levels") from None
    except ValueError as fault:  # an integer of over 4300 digits, a date that is none
        raise UserError(f"{path}: not valid TOML: {fault}; correct the value") from None
    if not _is_flat(tables):
        raise UserError(f"{path}: nested too deeply; a scenario has three levels")
    return tables


def _is_flat(tables: Mapping[str, Any]) -> bool:
    """Whether tables and lists are nested so little that a scenario or design may be meant."""
    level: list[Any] = [tables]
    for _ in range(MOST_DOTS + 2):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
            if isinstance(inner, Mapping | list)
        ]
    return not level


def _chain(path: Path, faults: Faults) -> list[tuple[Path, dict[str, Any]]]:
    """The file and its ancestors, child first, each with its tables without `extends`.

    An ancestor that cannot be read ends the chain and is noted.

    Raises:
        UserError: the file itself cannot be read.
    """
    tables = read_tables(path)
    chain = [(path, tables)]
    with faults.noted():
        while "extends" in chain[-1][1]:
            chain.append(_parent(chain))
    for _, tables in chain:
        tables.pop("extends", None)
    return chain


def _parent(chain: Sequence[tuple[Path, dict[str, Any]]]) -> tuple[Path, dict[str, Any]]:
    """The file that the last of a chain extends."""
    first, (path, tables) = chain[0][0], chain[-1]
    parent = tables["extends"]
    start = f"{path}: extends = {shown(parent)}"
    if not isinstance(parent, str):
        raise UserError(f'{start} is not text; write extends = "NAME"')
    try:
        found = find(parent, path.parent)
    except UserError as fault:
        raise UserError(f"{start}: {fault}") from None
    if found.resolve() in [seen.resolve() for seen, _ in chain]:
        names = " -> ".join(p.name for p, _ in chain) + f" -> {found.name}"
        raise UserError(f"{first}: extends runs in a circle: {names}; remove one extends")
    if len(chain) == LONGEST_CHAIN:
        raise UserError(f"{first}: extends more than {LONGEST_CHAIN} files; shorten it")
    return found, read_tables(found)


def _geometry_file(tables: Mapping[str, Any]) -> str | None:
    """What tables say of geometry.file, if it is a text."""
    geometry = tables.get("geometry")
    name = geometry.get("file") if isinstance(geometry, Mapping) else None
    return name if isinstance(name, str) else None


def _find_geometry(tables: dict[str, Any], folder: Path) -> None:
    """A file named in a scenario file lies beside it, or else where we are."""
    name = _geometry_file(tables)
    if name is not None and "\0" not in name and (folder / name).is_file():
        tables["geometry"] = dict(tables["geometry"]) | {"file": str(folder / name)}


class _Merged:
    """Tables laid over one another, with the origin of every key."""

    def __init__(self, label: str) -> None:
        self.tables: dict[str, Any] = {}
        self._label = label
        self._origins: dict[KeyPath, str] = {}

    def take(self, tables: Mapping[str, Any], origin: str, replacing: bool = True) -> None:
        """Lay tables over; one that starts from a file replaces all said before of geometry."""
        if replacing and _geometry_file(tables):
            self.forget_geometry()
        _lay_over(self.tables, tables)
        self._origins.update(dict.fromkeys(_paths(tables), origin))

    def forget_geometry(self) -> None:
        """A section of real bone is another lattice and other bone."""
        self.tables.pop("geometry", None)

    def forget_texts(self) -> None:
        """What a parent is called and says about itself does not hold for its child."""
        for key in ("name", "title", "description", "expects"):
            self.tables.pop(key, None)

    def where(self, path: KeyPath) -> str:
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                return self._origins[path[:length]]
        return self._label


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = _copied(value)


def _copied(value: Any) -> Any:
    return {k: _copied(v) for k, v in value.items()} if isinstance(value, Mapping) else value


def _paths(tables: Mapping[str, Any], start: KeyPath = ()) -> Iterable[KeyPath]:
    for key, value in tables.items():
        yield (*start, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*start, key))


def _leaves(tables: Mapping[str, Any]) -> Iterable[Any]:
    """Values and empty tables."""
    for value in tables.values():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value)
        else:
            yield value


def _override(text: str) -> dict[str, Any]:
    """`a.b=1` as nested tables. The value is TOML; anything else is taken as text."""
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts) or len(parts) > 10:
        raise UserError(f"-S {text[:80]}: not of the form key=value; write e.g. -S run.days=14")
    if parts == ["extends"]:
        raise UserError(f"-S extends: can only be given in a file; run {value.strip()[:80]} itself")
    nested: Any = _toml_value(value.strip())
    for part in reversed(parts):
        nested = {part: nested}
    return dict(nested)


def _toml_value(text: str) -> Any:
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if list(table) == ["value"] else text


def _name_from(path: Path) -> str:
    """A name that can be a folder's, from a file's."""
    stem = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in path.stem)
    return stem.strip("._-")[:80] or "unnamed"
