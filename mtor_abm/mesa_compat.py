"""The marrow as a Mesa model; the only file that knows Mesa's private names (Mesa 3.5)."""

import operator
import secrets
import warnings
from functools import partial
from typing import Any

import mesa
from mesa.time.events import Event

from .agent_sets import LiveCells
from .cell_agents import Cast
from .errors import UserError

DEFAULT_SEED = 1
LARGEST_SEED = 2**63 - 1  # kernels take the seed as int64


def chosen_seed(seed: Any, rng: Any = None) -> int:
    """The seed of a run from what a person or Mesa passed.

    Args:
        seed: whole number from 0 to 2**63 - 1, or None for a fresh one at every call.
        rng: Mesa's newer name for the seed; replaces the default.

    Raises:
        UserError: not such a number, or two different seeds.
    """
    if rng is not None:
        if seed not in (None, DEFAULT_SEED, rng):
            raise UserError(f"seed = {seed!r} and rng = {rng!r} mean the same; give one of them")
        seed = rng
    if seed is None:
        return secrets.randbelow(2**31)
    try:
        whole = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        whole = -1
    if not 0 <= whole <= LARGEST_SEED:
        raise UserError(f"seed = {seed!r} is not a whole number from 0 to 2**63 - 1; give one")
    return whole


class Census(mesa.DataCollector):
    """The collector a model has unless it is given another: seed and number of cells by type."""

    def __init__(self, model: "MesaModel") -> None:
        """Name the columns: `run_seed` and `n_<type>`."""
        counts = {f"n_{name}": partial(count_cells, name=name) for name in model.tissues}
        super().__init__(model_reporters={"run_seed": "run_seed", **counts})


def count_cells(model: "MesaModel", name: str) -> int:
    """Living cells of a type."""
    return model.tissues[name].population.n


class MesaModel(mesa.Model):
    """A mesa.Model whose agents are views of populations.

    Subclasses provide `surroundings`, with `tissues` (name -> object with `population`) and
    `lattice`, what a step does (`advance`) and when the last is done (`is_over`). The model
    collects a `Census` after every step unless `datacollector` is set; whoever sets it calls its
    `collect`, as in any Mesa model. Mesa's `random` and `rng` are there for reporters and shuffles;
    no rule draws from them.

    Attributes:
        run_seed: key of all chance, the fresh one if None was given.
    """

    surroundings: Any

    def __init__(self, *, seed: Any = DEFAULT_SEED, rng: Any = None) -> None:
        """Take a seed as `chosen_seed` does."""
        self.run_seed = chosen_seed(seed, rng)
        super().__init__(rng=self.run_seed)

    @property
    def tissues(self) -> Any:
        """Cells by type."""
        return self.surroundings.tissues

    @property
    def agents(self) -> LiveCells:
        """Every living cell, then the agents a person registered."""
        return LiveCells(self._casts(), self._all_agents, self.random)

    @property
    def agents_by_type(self) -> dict[type, LiveCells]:
        """Living cells by agent class, empty types included, then registered agents by theirs."""
        by_type = {c.agent_class: LiveCells([c], (), self.random) for c in self._casts()}
        return by_type | self._agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """Agent classes of all cell types, then those of registered agents."""
        return list(self.agents_by_type)

    @property
    def registered_agents(self) -> Any:
        """Mesa's own set: agents of classes that a person wrote."""
        return self._all_agents

    def _casts(self) -> list[Cast]:
        return [Cast(self, tissue.population) for tissue in self.tissues.values()]

    def step(self) -> None:
        """Advance by one step, collect, and stop at the end: `running` is then False.

        A step after the last does nothing and warns. (An error would end Mesa's own schedule.)
        """
        if self.is_over():
            warnings.warn(self.told_at_the_end(), UserWarning, stacklevel=2)
            self.running = False
            return
        self.advance()
        self.running = not self.is_over()
        if not hasattr(self, "datacollector"):
            self.datacollector: mesa.DataCollector = Census(self)
        if isinstance(self.datacollector, Census):
            self.datacollector.collect(self)

    def own_state(self) -> dict[str, Any]:
        """What a run depends on: every attribute but those of Mesa itself and the collector."""
        mesas = {*vars(mesa.Model(rng=0)), "datacollector"}
        return {name: value for name, value in vars(self).items() if name not in mesas}

    @classmethod
    def revived(cls, state: dict[str, Any]) -> "MesaModel":
        """A model that goes on from its `own_state`; Mesa's clock and random begin again."""
        model = cls.__new__(cls)
        MesaModel.__init__(model, seed=state["run_seed"])
        model.__dict__.update(state)
        return model

    def advance(self) -> None:
        """What happens in one step."""
        raise NotImplementedError

    def is_over(self) -> bool:
        """Whether the last step is done; a model without an end goes on."""
        return False

    def told_at_the_end(self) -> str:
        """What to say to who steps on after the last step."""
        return "the run is over"

    def __getstate__(self) -> dict[str, Any]:
        """Without the wrapped step, which is a method of this very object."""
        return {k: v for k, v in self.__dict__.items() if k not in ("step", "_user_step")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Wrap the step again and let pending events come before those scheduled from now on.

        Mesa breaks ties between events by a counter that starts again in every process.
        """
        self.__dict__.update(state)
        self.__dict__.update(_user_step=self.step, step=self._wrapped_step)
        for event in sorted(self._event_list._events):
            event.unique_id = next(Event._ids)
