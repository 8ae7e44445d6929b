"""Cells as Mesa agents: made when somebody asks, never registered.

Cells live in columns (`cells/population.py`). A `CellAgent` is a uid with a hint of its row; a
`CellSet` is a choice of agents; `LiveCells` is every cell of some types, now. Looking never changes
a run. Writing an attribute writes the column: that is for experiments in a notebook.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn

import mesa
import numpy as np
from mesa.agentset import AbstractAgentSet, GroupBy

from .cells import CELL_TYPES
from .cells.population import CAUSES, Cells, CellType, Population
from .mtor import SIGNALS
from .validation import suggestion

if TYPE_CHECKING:
    from .mesa_compat import MesaModel

_DERIVED = ("unique_id", "pos", "xy_um", "cell_type", "alive")
_FIXED = ("uid", "site", "model", *_DERIVED)


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
        elif name in _FIXED:
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
        return self._cast.values("pos", slice(row, row + 1))[0]

    @property
    def xy_um(self) -> tuple[float, float] | None:
        """Centre of the site in um, None outside the marrow."""
        row = self._living_row()
        return self._cast.values("xy_um", slice(row, row + 1))[0]

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
                raise ValueError(f"{value!r} is no {name} of {self.population.kind.name}; {cure}")
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

    def values(self, name: str, rows: slice = slice(None)) -> list[Any]:
        """What agents in these rows give for an attribute.

        Raises:
            AttributeError: these agents have no such attribute.
        """
        if name in ("pos", "xy_um"):
            return self._places(self.column("site")[rows], name)
        if name == "unique_id":
            name = "uid"
        if name not in self.agent_class.columns:
            return [getattr(agent, name) for agent in itertools.islice(self.agents(), *_ends(rows))]
        values = self.column(name)[rows].tolist()
        if name in self._names:
            names = self._names[name]
            return [names[code] for code in values]
        return list(map(tuple, values)) if name in self.population.extra else values

    def has(self, name: str) -> bool:
        """Whether the agents have this attribute."""
        return name in self.agent_class.columns or hasattr(self.agent_class, name)

    def _places(self, sites: np.ndarray, name: str) -> list[Any]:
        lattice = self.model.surroundings.lattice
        x, y = lattice.xy_um(sites)
        if name == "pos":
            x, y = (np.floor(along / lattice.dx_um).astype(int) for along in (x, y))
        pairs = zip(x.tolist(), y.tolist(), sites.tolist(), strict=True)
        return [(a, b) if site >= 0 else None for a, b, site in pairs]

    def __getstate__(self) -> dict[str, Any]:
        """Without the index of rows, which is made again on demand."""
        return self.__dict__ | {"_sorted": None}


def _ends(rows: slice) -> tuple[int | None, int | None]:
    return rows.start, rows.stop


def _lives(agent: Any) -> bool:
    """Whether an agent, a cell or one that a person registered, is still in its model."""
    if isinstance(agent, CellAgent):
        return agent.alive
    return agent in agent.model.registered_agents


class CellSet(AbstractAgentSet):
    """Chosen agents in their order. Those that die drop out, as from Mesa's own agent sets.

    Args:
        agents: cells, or agents that a person registered.
        random: order of `shuffle`; that of the first agent's model by default.
    """

    def __init__(self, agents: Iterable[Any] = (), random: Random | None = None) -> None:
        """See the class."""
        self._agents: dict[Any, None] = dict.fromkeys(agents)
        if random is None:
            first = next(iter(self._agents), None)
            random = first.model.random if first is not None else Random(0)
        self.random = random

    def __iter__(self) -> Iterator[Any]:
        """The living, in order."""
        return (agent for agent in list(self._agents) if _lives(agent))

    def __len__(self) -> int:
        """Number of the living."""
        return sum(1 for _ in self)

    def __contains__(self, agent: object) -> bool:
        """Whether the agent is chosen and lives."""
        return agent in self._agents and _lives(agent)

    def __getitem__(self, item: int | slice) -> Any:
        """Agent, or list of agents, by position."""
        return self.to_list()[item]

    def __copy__(self) -> "CellSet":
        """A set of its own with the same agents."""
        return CellSet(self, self.random)

    def __getstate__(self) -> dict[str, Any]:
        """Agents as a list; Mesa's random for `shuffle`."""
        return {"agents": list(self._agents), "random": self.random}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild from `__getstate__`."""
        self._agents = dict.fromkeys(state["agents"])
        self.random = state["random"]

    def copy(self) -> "CellSet":
        """A set of its own with the same agents; later births do not enter it."""
        return self.__copy__()

    def to_list(self) -> list[Any]:
        """The living, in order."""
        return list(self)

    def add(self, agent: Any) -> None:
        """Choose an agent."""
        self._agents[agent] = None

    def discard(self, agent: Any) -> None:
        """Drop an agent if it is there."""
        self._agents.pop(agent, None)

    def remove(self, agent: Any) -> None:
        """Drop an agent; KeyError if it is not there."""
        del self._agents[agent]

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: float = math.inf,
        inplace: bool = False,
        agent_type: type | None = None,
    ) -> "CellSet":
        """Choose by a test, by number (int) or share (float up to 1) and by type, as Mesa does."""
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(self) * at_most)
        chosen = self._of_type(agent_type)
        if filter_func is not None:
            chosen = filter(filter_func, chosen)
        if at_most != math.inf:
            chosen = itertools.islice(chosen, math.ceil(at_most))
        return self._update(chosen) if inplace else CellSet(chosen, self.random)

    def get(
        self,
        attr_names: Any,
        handle_missing: Literal["error", "default"] = "error",
        default_value: Any = None,
    ) -> list[Any]:
        """Value of an attribute for each agent, or a list of values if given a list of names."""
        if handle_missing not in ("error", "default"):
            raise ValueError(f"handle_missing = {handle_missing!r}; give 'error' or 'default'")
        missing = (default_value,) if handle_missing == "default" else ()
        if isinstance(attr_names, str):
            return self._values(attr_names, *missing)
        columns = [self._values(name, *missing) for name in attr_names]
        return [list(values) for values in zip(*columns, strict=True)]

    def groupby(
        self, by: Callable[[Any], Any] | str, result_type: Literal["agentset", "list"] = "agentset"
    ) -> GroupBy:
        """Groups by attribute or by what a function says of each agent, as sets or lists."""
        agents = self.to_list()
        keys = [by(agent) for agent in agents] if callable(by) else self._values(by)
        groups: dict[Any, Any] = defaultdict(list)
        for key, agent in zip(keys, agents, strict=True):
            groups[key].append(agent)
        if result_type == "agentset":
            groups = {key: CellSet(members, self.random) for key, members in groups.items()}
        return GroupBy(groups)

    def shuffle(self, inplace: bool = False) -> "CellSet":
        """The agents in random order, drawn from Mesa's `random`; no rule uses that."""
        agents = self.to_list()
        self.random.shuffle(agents)
        return self._update(agents) if inplace else CellSet(agents, self.random)

    def sort(
        self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False
    ) -> "CellSet":
        """The agents by attribute or function, greatest first unless `ascending`."""
        agents = self.to_list()
        keys = [key(agent) for agent in agents] if callable(key) else self._values(key)
        order = sorted(range(len(agents)), key=keys.__getitem__, reverse=not ascending)
        chosen = [agents[i] for i in order]
        return self._update(chosen) if inplace else CellSet(chosen, self.random)

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> "CellSet":
        """Call a method or function on each agent."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> "CellSet":
        """Call a method or function on each agent in random order."""
        self.shuffle().map(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """What a method or function returns for each agent."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    def _of_type(self, wanted: type | None) -> Iterator[Any]:
        return iter(self) if wanted is None else (a for a in self if isinstance(a, wanted))

    def _values(self, name: str, *missing: Any) -> list[Any]:
        return [getattr(agent, name, *missing) for agent in self]

    def _update(self, agents: Iterable[Any]) -> "CellSet":
        self._agents = dict.fromkeys(agents)
        return self


class LiveCells(CellSet):
    """Every cell of some types at the moment of asking, then the agents a person registered.

    `len`, `get`, `agg` and `set` of a column work on the column. The set follows births and deaths
    and cannot be changed itself; `copy()` and `select()` give sets that can.
    """

    def __init__(self, casts: list[Cast], registered: Iterable[Any], random: Random) -> None:
        """Casts of the types, registered agents, and what `shuffle` draws from."""
        self.casts = casts
        self.registered = registered
        self.random = random

    def __iter__(self) -> Iterator[Any]:
        """All agents, type by type, in the order of rows."""
        return itertools.chain(*(cast.agents() for cast in self.casts), list(self.registered))

    def __len__(self) -> int:
        """Number of living agents."""
        return sum(cast.population.n for cast in self.casts) + len(list(self.registered))

    def __contains__(self, agent: object) -> bool:
        """Whether the agent lives in one of these populations."""
        if not isinstance(agent, CellAgent):
            return agent in self.registered
        return agent.alive and any(agent._cast.population is c.population for c in self.casts)

    def __getstate__(self) -> dict[str, Any]:
        """What it was made of."""
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild from `__getstate__`."""
        self.__dict__.update(state)

    def agg(
        self, attribute: str, func: Callable[[Any], Any] | Iterable[Callable[[Any], Any]]
    ) -> Any:
        """What a function, or each of several, makes of the values; NumPy's get an array."""
        if not callable(func):
            return [self.agg(attribute, each) for each in func]
        if isinstance(func, np.ufunc) or getattr(func, "__module__", None) == "numpy":
            columns = [cast.numbers(attribute) for cast in self.casts if cast.population.n]
            numbers = [column for column in columns if column is not None]
            if numbers and len(numbers) == len(columns) and not list(self.registered):
                return func(np.concatenate(numbers))
        return func(self.get(attribute))

    def set(self, attr_name: str, value: Any) -> "LiveCells":
        """Give every agent this value of an attribute."""
        for cast in self.casts:
            if attr_name in cast.agent_class.columns and attr_name not in _FIXED:
                cast.write(attr_name, slice(None), value)
            else:
                for agent in cast.agents():
                    setattr(agent, attr_name, value)
        for agent in self.registered:
            setattr(agent, attr_name, value)
        return self

    def add(self, agent: Any) -> NoReturn:
        """Refused."""
        self._refuse()

    discard = remove = add

    def _update(self, agents: Iterable[Any]) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError(
            "the agents of a model follow its cells; change model.agents.copy() instead"
        )

    def _of_type(self, wanted: type | None) -> Iterator[Any]:
        if wanted is None:
            return iter(self)
        casts = [cast for cast in self.casts if issubclass(cast.agent_class, wanted)]
        others = [agent for agent in self.registered if isinstance(agent, wanted)]
        return iter(LiveCells(casts, others, self.random))

    def _values(self, name: str, *missing: Any) -> list[Any]:
        values: list[Any] = []
        for cast in self.casts:
            if missing and not cast.has(name):
                values += [*missing] * cast.population.n
            else:
                values += cast.values(name)
        return values + [getattr(agent, name, *missing) for agent in self.registered]
