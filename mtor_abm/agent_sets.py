"""Sets of Mesa agents: `CellSet` is a choice of agents, `LiveCells` every cell of some types, now.

Mesa's own sets hold weak references, so agents made on demand would vanish from them; these hold
the agents, or only the populations.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, Literal, NoReturn

import numpy as np
from mesa.agentset import AbstractAgentSet, GroupBy

from .cell_agents import FIXED, Cast, CellAgent


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
            if attr_name in cast.agent_class.columns and attr_name not in FIXED:
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
