"""Cells as Mesa agents: made when somebody asks, never registered.

Cells live in columns (`cells/population.py`); a `CellAgent` is a uid with a hint of its row.
Looking never changes a run. Writing an attribute writes the column, for experiments in a notebook.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import mesa
import numpy as np

from .cells import CELL_TYPES
from .cells.population import Cells, CellType, Population
from .events import CAUSES
from .mtor import SIGNALS
from .validation import suggestion

if TYPE_CHECKING:
    from .mesa_compat import MesaModel

_DERIVED = ("unique_id", "pos", "xy_um", "cell_type", "alive")
FIXED = ("uid", "site", "model", *_DERIVED)


class CellAgent(mesa.Agent):
    """One cell as Mesa's agent.

    Every column of its population is an attribute that can be read and written: those of all cells
    (`state`, `cause`, `age_h`, `parent`, `clone`, `site`, ...), the signals of the mTOR network
    (`s6k`, `akt_s473`, ...) and the type's own (`emt` of a tumour cell). States and causes of death
    are names. `dir(agent)` lists them all. Two agents are equal if they see the same cell.

    Attributes:
        unique_id, uid: identity for life. cell_type: name of the type.
        alive: whether the cell is still in its population.
        pos: (ix, iy) on the lattice, from 0; None outside the marrow.
        xy_um: centre of its site, um; None outside the marrow.

    Raises:
        LookupError: an attribute is asked of a cell that has died.
        AttributeError: no such attribute, or identity or place is written.
    """

    __slots__ = ("_cast", "_row", "_seen", "_uid")
    kind: ClassVar[CellType]
    columns: ClassVar[tuple[str, ...]]

    def __new__(cls, uid: int) -> "CellAgent":
        """Blank agent: a set being unpickled needs its hash before the rest."""
        agent = object.__new__(cls)
        _put(agent, "_uid", uid)
        return agent

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Refused: the rules make cells, model.agents makes agents."""
        raise TypeError("cells are born by the rules; take their agents from model.agents")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with its CellType, so that any process can make the class again."""
        slots = {"_cast": self._cast, "_row": self._row, "_seen": self._seen}
        return _blank, (self.kind, self._uid), (None, slots)

    def __eq__(self, other: object) -> bool:
        """Whether both see the same cell of the same model."""
        if not isinstance(other, CellAgent):
            return NotImplemented
        return self._uid == other._uid and self._cast.population is other._cast.population

    def __hash__(self) -> int:
        """Hash of the uid."""
        return hash(self._uid)

    def __repr__(self) -> str:
        """Type and uid."""
        return f"<{type(self).__name__} {self._uid}{'' if self.alive else ' (dead)'}>"

    def __dir__(self) -> Iterable[str]:
        """Columns among the rest."""
        return sorted({*super().__dir__(), *self.columns})

    def __getattr__(self, name: str) -> Any:
        """Value in the column of this name."""
        if name not in self.columns:
            raise AttributeError(self._unknown(name))
        return self._cast.read(name, self._living_row())

    def __setattr__(self, name: str, value: Any) -> None:
        """Write the column of this name."""
        if name in CellAgent.__slots__:
            _put(self, name, value)
        elif name in FIXED:
            raise AttributeError(f"{name} of a cell cannot be written; only the rules change it")
        elif name in self.columns:
            self._cast.write(name, self._living_row(), value)
        else:
            raise AttributeError(self._unknown(name))

    @property
    def model(self) -> "MesaModel":
        """The model the cell lives in."""
        return self._cast.model

    @property
    def unique_id(self) -> int:
        """The uid, under Mesa's name."""
        return self._uid

    @property
    def uid(self) -> int:
        """Identity for life."""
        return self._uid

    @property
    def cell_type(self) -> str:
        """Name of the cell type."""
        return self.kind.name

    @property
    def alive(self) -> bool:
        """Whether the cell is still in its population."""
        return self._find() >= 0

    @property
    def pos(self) -> tuple[int, int] | None:
        """(ix, iy) on the lattice, None outside the marrow."""
        row = self._living_row()
        return self._cast.places("pos", slice(row, row + 1))[0]

    @property
    def xy_um(self) -> tuple[float, float] | None:
        """Centre of the site in um, None outside the marrow."""
        row = self._living_row()
        return self._cast.places("xy_um", slice(row, row + 1))[0]

    def remove(self) -> NoReturn:
        """Refused: the rules, which free the site and log the death, end a cell's life."""
        raise TypeError("cells die by the rules; they cannot be removed from outside")

    def _find(self) -> int:
        cast = self._cast
        if self._seen != cast.population.changes:
            _put(self, "_row", cast.row(self._uid))
            _put(self, "_seen", cast.population.changes)
        return self._row

    def _living_row(self) -> int:
        row = self._find()
        if row < 0:
            raise LookupError(f"{self.kind.name} cell {self._uid} has died; test `alive` first")
        return row

    def _unknown(self, name: str) -> str:
        if name.startswith("__"):
            return name  # protocols ask by such names and expect a plain no
        cure = suggestion(name, (*self.columns, *_DERIVED))
        return f"a {self.kind.name} cell has no '{name}'; {cure}"


_put = object.__setattr__
_agent_classes: dict[str, list[type[CellAgent]]] = defaultdict(list)


def agent_class(kind: CellType) -> type[CellAgent]:
    """The agent class of a cell type, e.g. `TumourCell`; the same class at every call."""
    name = "".join(word.capitalize() for word in kind.name.split("_")) + "Cell"
    for known in _agent_classes[name]:
        if known.kind == kind:
            return known
    shared = [c for c in Cells._fields if not c.startswith("own_")]
    body = {
        "__slots__": (), "__module__": __name__, "__doc__": f"Agent of a cell: {kind.label}.",
        "kind": kind, "columns": (*shared, *SIGNALS, *kind.own, *kind.extra),
    }  # fmt: skip
    made: type[CellAgent] = type(name, (CellAgent,), body)
    _agent_classes[name].append(made)
    return made


def _blank(kind: CellType, uid: int) -> CellAgent:
    """Agent that knows only who it is; the rest of its state follows."""
    wanted = agent_class(kind)
    return wanted.__new__(wanted, uid)


def __getattr__(name: str) -> type[CellAgent]:
    """Agent classes by name: `from mtor_abm.cell_agents import TumourCell`."""
    for tissue in CELL_TYPES:
        agent_class(tissue.kind)
    if _agent_classes.get(name):
        return _agent_classes[name][-1]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Cast:
    """The population of one cell type as its agents see it.

    Attributes:
        model, population: where the cells live.
        agent_class: class of the agents.
    """

    def __init__(self, model: "MesaModel", population: Population) -> None:
        """See the class."""
        self.model = model
        self.population = population
        self.agent_class = agent_class(population.kind)
        states = population.kind.states
        self._names = {"state": states, "next_state": states, "cause": CAUSES}
        self._sorted: tuple[int, np.ndarray, np.ndarray] | None = None

    def agents(self) -> Iterator[CellAgent]:
        """An agent for every cell, in the order of rows."""
        kind, seen = self.agent_class, self.population.changes
        for row, uid in enumerate(self.population.column("uid").tolist()):
            agent = kind.__new__(kind, uid)
            _put(agent, "_cast", self)
            _put(agent, "_row", row)
            _put(agent, "_seen", seen)
            yield agent

    def row(self, uid: int) -> int:
        """Row of a cell now, -1 if it has died."""
        changes = self.population.changes
        if self._sorted is None or self._sorted[0] != changes:
            uids = self.population.column("uid")
            order = np.argsort(uids, kind="stable")
            self._sorted = (changes, uids[order], order)
        _, uids, order = self._sorted
        place = int(np.searchsorted(uids, uid))
        return int(order[place]) if place < len(uids) and uids[place] == uid else -1

    def column(self, name: str) -> np.ndarray:
        """Rows in use of a column; codes stay codes."""
        if name in self.population.extra:
            return self.population.extra[name][: self.population.n]
        return self.population.column(name)

    def read(self, name: str, row: int) -> Any:
        """One value of a column as a plain Python object."""
        value = self.column(name)[row].tolist()
        if name in self._names:
            return self._names[name][value]
        return tuple(value) if isinstance(value, list) else value

    def write(self, name: str, rows: int | slice, value: Any) -> None:
        """Write a value, or the name of a state or cause, into some rows.

        Raises:
            ValueError: no such name, or not a finite number.
        """
        names = self._names.get(name)
        if names is not None:
            if value not in names:
                cure = suggestion(str(value), names)
                kind = self.population.kind.name
                raise ValueError(f"{value!r} is not a {name} of {kind}; {cure}")
            value = names.index(value)
        elif not np.all(np.isfinite(value)):
            raise ValueError(f"{name} = {value!r} is not a finite number; give one")
        self.column(name)[rows] = value

    def numbers(self, name: str) -> np.ndarray | None:
        """A column in double precision or int64, None if `name` is not a column of numbers."""
        if name in self._names or name in self.population.extra:
            return None
        if name == "unique_id":
            name = "uid"
        if name not in self.agent_class.columns:
            return None
        column = self.column(name)
        return column.astype(np.float64 if column.dtype.kind == "f" else np.int64)

    def values(self, name: str) -> list[Any]:
        """What the agents give for an attribute, in the order of rows.

        Raises:
            AttributeError: these agents have no such attribute.
        """
        if name in ("pos", "xy_um"):
            return self.places(name)
        if name == "unique_id":
            name = "uid"
        if name not in self.agent_class.columns:
            return [getattr(agent, name) for agent in self.agents()]
        values = self.column(name).tolist()
        if name in self._names:
            names = self._names[name]
            return [names[code] for code in values]
        return list(map(tuple, values)) if name in self.population.extra else values

    def has(self, name: str) -> bool:
        """Whether the agents have this attribute."""
        return name in self.agent_class.columns or hasattr(self.agent_class, name)

    def places(self, name: str, rows: slice = slice(None)) -> list[tuple[Any, Any] | None]:
        """`pos` or `xy_um` of the cells in these rows."""
        sites = self.column("site")[rows]
        lattice = self.model.surroundings.lattice
        x, y = lattice.xy_um(sites)
        if name == "pos":
            x, y = (np.floor(along / lattice.dx_um).astype(int) for along in (x, y))
        pairs = zip(x.tolist(), y.tolist(), sites.tolist(), strict=True)
        return [(a, b) if site >= 0 else None for a, b, site in pairs]

    def __getstate__(self) -> dict[str, Any]:
        """Without the index of rows, which is made again on demand."""
        return self.__dict__ | {"_sorted": None}
