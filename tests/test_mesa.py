"""Mesa's machinery on cells that live in columns.

Most tests run on a toy marrow of two types whose rules are plain NumPy. The twin of our agent sets
is Mesa's own `AgentSet`, given the same agents one by one.
"""

import copy
import math
import multiprocessing
import operator
import os
import pickle
import statistics
import subprocess
import sys
from random import Random
from types import SimpleNamespace

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesa.agentset import AbstractAgentSet, AgentSet
from mesa.batchrunner import batch_run
from mesa.time import Schedule

from mtor_abm.agent_sets import CellSet
from mtor_abm.cell_agents import TumourCell, agent_class
from mtor_abm.cells.population import CAUSE, CellType, Population
from mtor_abm.errors import UserError
from mtor_abm.mesa_compat import Census, MesaModel, chosen_seed
from mtor_abm.model import MarrowModel
from mtor_abm.numerics.lattice import Lattice
from mtor_abm.scenario import Scenario

GRASS = CellType("grass", 1, ("green", "dry"), "toy", own={"height": ("own_a", "cm")})
SHEEP = CellType(
    "black_sheep", 2, ("calm", "alarmed"), "toy",
    own={"wool": ("own_a", "kg"), "speed": ("own_b", "m/s")},
    extra={"lambs": (2, np.int64, -1)},
)  # fmt: skip
Grass, BlackSheep = agent_class(GRASS), agent_class(SHEEP)
LATTICE = Lattice(nx=6, ny=5, dx_um=10.0)


class ToyModel(MesaModel):
    """Each step every cell dies with chance 0.1 and divides with chance 0.2, keyed by the step."""

    def __init__(self, seed=1, rng=None, n=(40, 25)):
        super().__init__(seed=seed, rng=rng)
        self.surroundings = SimpleNamespace(
            lattice=LATTICE,
            tissues={k.name: SimpleNamespace(population=Population(k)) for k in (GRASS, SHEEP)},
        )
        luck = np.random.default_rng((self.run_seed, 0))
        for kind, count in zip((GRASS, SHEEP), n, strict=True):
            self.population(kind).add(
                uid=kind.code * 1000 + np.arange(count),
                site=LATTICE.site(luck.integers(6, size=count), luck.integers(5, size=count)),
                state=luck.integers(2, size=count),
                s6k=luck.random(count),
            )
        self.log = []

    def population(self, kind):
        return self.surroundings.tissues[kind.name].population

    def advance(self):
        for kind in (GRASS, SHEEP):
            population = self.population(kind)
            luck = np.random.default_rng((self.run_seed, self.steps, kind.code))
            population.column("age_h")[:] += 1.0
            mothers = np.flatnonzero(luck.random(population.n) < 0.2)
            population.add(
                uid=kind.code * 10**6 + self.steps * 1000 + mothers,
                parent=population.column("uid")[mothers],
                site=population.column("site")[mothers],
                s6k=luck.random(len(mothers)),
            )
            population.remove(luck.random(population.n) < 0.1)

    def note(self):
        self.log.append((self.time, self.steps))


def grass_and_sheep(model):
    return [tissue.population for tissue in model.tissues.values()]


def all_bytes(model):
    """Every column in use of every type, extras too."""
    return {
        name: [
            column[: p.n].tobytes() for column in (*p.cells, *p.signals, *p.extra.values())
        ]
        for name, p in ((name, tissue.population) for name, tissue in model.tissues.items())
    }  # fmt: skip


def uids(agents):
    return [agent.unique_id for agent in agents]


@pytest.fixture
def model():
    model = ToyModel()
    model.run_for(5)
    return model


# one agent


def test_an_agent_shows_the_columns_of_its_cell_as_plain_values():
    model = ToyModel(n=(1, 1))
    sheep = model.population(SHEEP)
    sheep.column("site")[:] = LATTICE.site(3, 1)
    sheep.column("state")[:] = SHEEP.state("alarmed")
    sheep.column("cause")[:] = CAUSE["hypoxia"]
    sheep.column("wool")[:] = 2.5
    sheep.column("s6k")[:] = 0.25
    sheep.extra["lambs"][0] = (7, 9)
    (agent,) = model.agents.select(agent_type=BlackSheep)
    assert isinstance(agent, mesa.Agent) and type(agent).__name__ == "BlackSheepCell"
    assert (agent.unique_id, agent.uid, agent.clone, agent.parent) == (2000, 2000, 2000, 0)
    assert (agent.cell_type, agent.state, agent.cause) == ("black_sheep", "alarmed", "hypoxia")
    assert (agent.wool, agent.s6k, agent.age_h, agent.lambs) == (2.5, 0.25, 0.0, (7, 9))
    assert (agent.pos, agent.xy_um, agent.site) == ((3, 1), (35.0, 15.0), LATTICE.site(3, 1))
    assert agent.alive and agent.model is model
    assert [type(v) for v in (agent.s6k, agent.clone, agent.pos[0])] == [float, int, int]
    assert {"wool", "s6k", "pos", "state"} <= set(dir(agent))


def test_a_cell_outside_the_marrow_has_no_place():
    model = ToyModel(n=(1, 0))
    model.population(GRASS).column("site")[:] = -1
    (agent,) = model.agents
    assert agent.pos is None and agent.xy_um is None and model.agents.get("pos") == [None]


def test_writing_an_attribute_writes_the_column(model):
    agent = model.agents_by_type[BlackSheep][3]
    agent.s6k, agent.state, agent.speed = 0.125, "alarmed", 3
    sheep = model.population(SHEEP)
    row = int(np.flatnonzero(sheep.column("uid") == agent.uid)[0])
    assert row == 3 and sheep.column("s6k")[row] == 0.125 and sheep.column("own_b")[row] == 3.0
    assert sheep.column("state")[row] == 1 and agent.state == "alarmed"


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("site", 3, AttributeError, "only the rules"),
        ("pos", (0, 0), AttributeError, "only the rules"),
        ("unique_id", 3, AttributeError, "only the rules"),
        ("wol", 3, AttributeError, "nearest: wool"),
        ("height", 3, AttributeError, "black_sheep cell has no 'height'"),
        ("state", "calmer", ValueError, "nearest: calm"),
        ("state", 1, ValueError, "1 is not a state of black_sheep"),
        ("s6k", math.nan, ValueError, "not a finite number"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_changes(model, name, value, error, words):
    before = all_bytes(model)
    agent = model.agents_by_type[BlackSheep][0]
    with pytest.raises(error, match=words):
        setattr(agent, name, value)
    assert all_bytes(model) == before


def test_an_unknown_attribute_names_the_nearest(model):
    agent = model.agents[0]
    with pytest.raises(AttributeError, match=r"a grass cell has no 's6'; nearest: s6k"):
        _ = agent.s6
    assert getattr(agent, "wool", None) is None


def test_cells_are_neither_made_nor_removed_through_agents(model):
    with pytest.raises(TypeError, match="born by the rules"):
        Grass(model)
    with pytest.raises(TypeError, match="die by the rules"):
        model.agents[0].remove()


def test_a_dead_cell_says_so(model):
    agent = model.agents[0]
    population = model.population(GRASS)
    population.remove(population.column("uid") == agent.uid)
    assert not agent.alive and agent not in model.agents and "dead" in repr(agent)
    for name in ("s6k", "pos", "state"):
        with pytest.raises(LookupError, match=rf"grass cell {agent.uid} has died"):
            getattr(agent, name)


def test_agents_are_equal_by_cell(model):
    first, again = model.agents[0], model.agents[0]
    assert first is not again and first == again and hash(first) == hash(again)
    assert first != model.agents[1] and first != first.uid
    assert first != copy.deepcopy(model).agents[0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**32 - 1)), max_size=12))
def test_agents_find_their_row_again_whatever_dies_and_is_born(changes):
    model = ToyModel(n=(8, 0))
    population = model.population(GRASS)
    held = {agent: (agent.uid, agent.s6k) for agent in model.agents}
    lowest_uid = 1000  # later cells have lower uids, so rows are not in the order of uids
    for births, dice in changes:
        luck = np.random.default_rng(dice)
        new = lowest_uid - 1 - np.arange(births)
        lowest_uid -= births
        population.add(uid=new, site=0, s6k=luck.random(births))
        population.remove(luck.random(population.n) < 0.3)
        now = dict(
            zip(population.column("uid").tolist(), population.column("s6k").tolist(), strict=True)
        )
        for agent, (uid, s6k) in held.items():
            assert agent.alive == (uid in now)
            if agent.alive:
                assert agent.s6k == s6k == now[uid]
        held |= {agent: (agent.uid, agent.s6k) for agent in model.agents}


# sets of agents: Mesa's own AgentSet is the twin


def test_the_agents_are_the_cells_type_by_type(model):
    expected = [u for p in grass_and_sheep(model) for u in p.column("uid").tolist()]
    assert isinstance(model.agents, AbstractAgentSet)
    assert uids(model.agents) == expected == uids(model.agents.to_list())
    assert len(model.agents) == len(expected) > 60 and len(set(model.agents)) == len(expected)
    assert model.agents[2].uid == expected[2] and uids(model.agents[-3:]) == expected[-3:]
    first = model.agents[0]
    assert first in model.agents and first not in model.agents_by_type[BlackSheep]
    assert "grass" not in model.agents
    assert len(model.registered_agents) == 0


ASKED = {
    "select by test": lambda a: uids(a.select(lambda x: x.s6k > 0.5)),
    "select number": lambda a: uids(a.select(at_most=7)),
    "select share": lambda a: uids(a.select(at_most=0.25)),
    "select all": lambda a: uids(a.select(at_most=1.0)),
    "select none": lambda a: uids(a.select(at_most=0)),
    "select type": lambda a: uids(a.select(agent_type=BlackSheep)),
    "select share of a type": lambda a: uids(
        a.select(lambda x: x.state == "dry", at_most=0.2, agent_type=Grass)
    ),
    "select an ancestor": lambda a: uids(a.select(agent_type=mesa.Agent, at_most=3)),
    "get": lambda a: a.get("s6k"),
    "get names": lambda a: a.get("state"),
    "get places": lambda a: a.get(["pos", "xy_um", "unique_id", "cell_type", "alive"]),
    "get by default": lambda a: a.get("lambs", handle_missing="default", default_value=0),
    "get several by default": lambda a: a.get(["wool", "s6k"], "default", -1),
    "agg": lambda a: a.agg("s6k", max),
    "agg several": lambda a: a.agg("age_h", [min, max, len, statistics.fmean]),
    "agg of names": lambda a: a.agg("state", sorted),
    "group": lambda a: {k: uids(v) for k, v in a.groupby("state")},
    "group counts": lambda a: a.groupby("cell_type").count(),
    "group by function": lambda a: a.groupby(lambda x: x.age_h > 2).agg("s6k", max),
    "group lists": lambda a: {k: uids(v) for k, v in a.groupby("state", result_type="list")},
    "group map": lambda a: a.groupby("state").map(lambda g: g.agg("s6k", min)),
    "sort": lambda a: uids(a.sort("s6k")),
    "sort up": lambda a: uids(a.sort("state", ascending=True)),
    "sort by function": lambda a: uids(a.sort(lambda x: -x.age_h)),
    "map function": lambda a: a.map(lambda x, by: x.s6k * by, by=2.0),
    "map method": lambda a: a.map("__hash__"),
    "shuffle": lambda a: uids(a.shuffle()),
    "shuffle twice": lambda a: [uids(a.shuffle()), uids(a.shuffle())],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["live", "chosen", "one type"])
@pytest.mark.parametrize("asked", ASKED)
def test_agent_sets_answer_as_those_of_mesa(model, asked, kind):
    ours = {
        "live": model.agents,
        "chosen": model.agents.copy(),
        "one type": model.agents_by_type[BlackSheep],
    }[kind]
    held = ours.to_list()  # Mesa's set holds only weak references
    twin = AgentSet(held, random=Random(5))
    ours.random = Random(5)
    assert ASKED[asked](ours) == ASKED[asked](twin)


@pytest.mark.parametrize("function", [np.mean, np.sum, np.max, np.median, np.add.reduce])
def test_numpy_aggregates_work_on_the_column_and_agree(model, function, monkeypatch):
    expected = {
        name: function([getattr(agent, name) for agent in model.agents])
        for name in ("s6k", "age_h", "unique_id", "clone")
    }
    monkeypatch.setattr("mtor_abm.cell_agents.Cast.agents", None)  # no agent may be made
    for name, value in expected.items():
        assert model.agents.agg(name, function) == pytest.approx(value, rel=1e-12)
    assert model.agents.agg("s6k", [function, len])[1] == len(model.agents)


def test_numpy_aggregates_of_names_get_names(model):
    assert model.agents.agg("state", np.unique).tolist() == ["alarmed", "calm", "dry", "green"]


def test_columns_of_whole_populations_are_read_and_written_without_agents(model, monkeypatch):
    expected = [agent.s6k for agent in model.agents]
    monkeypatch.setattr("mtor_abm.cell_agents.Cast.agents", None)
    assert model.agents.get("s6k") == expected
    assert model.agents.set("s6k", 0.5) is not None
    model.agents_by_type[BlackSheep].set("state", "alarmed")
    assert model.agents.agg("s6k", [min, max]) == [0.5, 0.5]
    assert set(model.agents_by_type[BlackSheep].get("state")) == {"alarmed"}
    assert "alarmed" not in model.agents_by_type[Grass].get("state")


def test_a_missing_attribute_is_an_error_unless_a_default_is_asked(model):
    with pytest.raises(AttributeError, match="grass cell has no 'wool'"):
        model.agents.get("wool")
    with pytest.raises(AttributeError, match="only the rules"):
        model.agents.set("site", 3)
    with pytest.raises(ValueError, match="'error' or 'default'"):
        model.agents.get("s6k", handle_missing="skip")


def test_do_calls_each_agent_once(model):
    seen = []
    assert model.agents.do(seen.append) is not None
    chosen = model.agents.copy()
    assert chosen.shuffle_do(seen.append) is chosen and chosen.do("step") is chosen
    assert seen[: len(chosen)] == model.agents.to_list() != seen[len(chosen) :]
    assert sorted(uids(seen[len(chosen) :])) == sorted(uids(chosen))


def test_live_sets_follow_the_cells_and_chosen_sets_lose_the_dead(model):
    live, chosen = model.agents, model.agents.copy()
    before = set(uids(chosen))
    model.run_for(3)
    now = {u for p in grass_and_sheep(model) for u in p.column("uid").tolist()}
    assert set(uids(live)) == now and len(live) == len(now)
    assert set(uids(chosen)) == before & now and len(chosen) == len(before & now)
    assert before - now and now - before
    assert chosen.get("s6k") == [agent.s6k for agent in chosen]


def test_live_sets_refuse_changes_that_copies_take(model):
    agent = model.agents[0]
    for change in (
        lambda agents: agents.remove(agent),
        lambda agents: agents.discard(agent),
        lambda agents: agents.select(at_most=1, inplace=True),
        lambda agents: agents.sort("s6k", inplace=True),
        lambda agents: agents.shuffle(inplace=True),
    ):
        with pytest.raises(TypeError, match=r"change model\.agents\.copy\(\)"):
            change(model.agents)
        change(model.agents.copy())
    chosen, other = model.agents.copy(), model.agents.copy()
    chosen.remove(agent)
    assert agent not in chosen and agent in other and len(other) - len(chosen) == 1
    chosen.add(agent)
    assert chosen[-1] == agent
    assert chosen.select(at_most=2, inplace=True) is chosen and len(chosen) == 2
    assert len(copy.copy(other)) == len(other)
    with pytest.raises(KeyError):
        chosen.remove(other[-1])
    assert len(CellSet()) == 0 and CellSet().get("s6k") == []


def test_types(model):
    assert model.agent_types == [Grass, BlackSheep]
    by_type = model.agents_by_type
    assert {k: len(v) for k, v in by_type.items()} == {
        Grass: model.population(GRASS).n, BlackSheep: model.population(SHEEP).n
    }  # fmt: skip
    assert agent_class(copy.deepcopy(GRASS)) is Grass


class Shepherd(mesa.Agent):
    """An agent that a person adds."""

    def __init__(self, model, s6k=0.0):
        super().__init__(model)
        self.s6k = s6k

    def step(self):
        self.s6k += 1.0


def test_registered_agents_come_after_the_cells(model):
    n = len(model.agents)
    Shepherd.create_agents(model, 2, [5.0, 6.0])
    ann, bob = model.agents.to_list()[n:]
    assert len(model.agents) == n + 2 and ann in model.agents and (ann.s6k, bob.s6k) == (5.0, 6.0)
    assert model.agents.get("s6k")[n:] == [5.0, 6.0] and model.agents.agg("s6k", np.max) == 6.0
    assert model.agents.select(agent_type=Shepherd).to_list() == [ann, bob]
    assert model.agents.get("state", "default", "?")[n:] == ["?", "?"]
    assert model.agent_types == [Grass, BlackSheep, Shepherd]
    assert [len(agents) for agents in model.agents_by_type.values()] == [
        model.population(GRASS).n,
        model.population(SHEEP).n,
        2,
    ]
    chosen = model.agents.copy()
    chosen.do("step")
    assert (ann.s6k, bob.s6k) == (6.0, 7.0)
    model.agents.set("s6k", 0.5)
    assert set(model.agents.get("s6k")) == {0.5} and bob.s6k == 0.5
    bob.remove()
    assert bob not in model.agents and bob not in chosen
    assert len(chosen) == n + 1 == len(model.agents)


# collecting


def test_data_collector_with_all_kinds_of_reporters(model):
    collector = mesa.DataCollector(
        model_reporters={"n": lambda m: len(m.agents), "seed": "run_seed"},
        agent_reporters={"s6k": "s6k", "old": lambda a: a.age_h > 2, "at": "pos"},
        agenttype_reporters={BlackSheep: {"lambs": "lambs"}, Grass: {"kind": "cell_type"}},
    )
    expected = {}
    for _ in range(2):
        collector.collect(model)
        expected[model.time] = {a.uid: (a.s6k, a.age_h > 2, a.pos) for a in model.agents}
        n_sheep = model.population(SHEEP).n
        model.step()
    told = collector.get_model_vars_dataframe()
    assert told["n"].tolist() == [len(cells) for cells in expected.values()]
    assert told["seed"].tolist() == [1, 1]
    rows = collector.get_agent_vars_dataframe()
    assert {
        (step, uid): tuple(row) for (step, uid), row in zip(rows.index, rows.values, strict=True)
    } == {(step, uid): row for step, cells in expected.items() for uid, row in cells.items()}
    sheep = collector.get_agenttype_vars_dataframe(BlackSheep)
    assert len(sheep.loc[6.0]) == n_sheep and set(sheep["lambs"]) == {(-1, -1)}
    assert set(collector.get_agenttype_vars_dataframe(Grass)["kind"]) == {"grass"}


def test_a_census_is_kept_after_every_step_unless_another_collector_is_set():
    model = ToyModel(seed=3)
    counts = []
    for _ in range(4):
        model.step()
        counts.append([3, *(p.n for p in grass_and_sheep(model))])
    told = model.datacollector.get_model_vars_dataframe()
    assert told.columns.tolist() == ["run_seed", "n_grass", "n_black_sheep"]
    assert told.values.tolist() == counts
    mine = ToyModel()
    mine.datacollector = mesa.DataCollector({"n": lambda m: len(m.agents)})
    mine.step()
    assert mine.datacollector.model_vars == {"n": []}


@pytest.fixture
def start_method():
    """batch_run forces the start method of processes on the whole interpreter; put it back."""
    before = multiprocessing.get_start_method(allow_none=True)
    yield
    multiprocessing.set_start_method(before, force=True)


def test_batch_run_over_parameters_and_seeds(start_method):
    rows = batch_run(
        ToyModel, {"n": [(5, 0), (0, 7)]}, rng=[4, 5], max_steps=3,
        data_collection_period=1, display_progress=False,
    )  # fmt: skip
    assert len(rows) == 2 * 2 * 3
    for n in ((5, 0), (0, 7)):
        for seed in (4, 5):
            model = ToyModel(seed=seed, n=n)
            told = [r for r in rows if r["n"] == n and r["seed"] == seed]
            for step, row in enumerate(told, 1):
                model.step()
                assert (row["Step"], row["run_seed"]) == (step, seed)
                assert [row["n_grass"], row["n_black_sheep"]] == [
                    p.n for p in grass_and_sheep(model)
                ]


def test_batch_run_without_seeds_takes_fresh_ones_and_tells_them(start_method):
    rows = batch_run(ToyModel, {}, rng=[None] * 3, max_steps=1, display_progress=False)
    assert len({row["run_seed"] for row in rows}) == 3


# seeds


@pytest.mark.parametrize(
    ("seed", "rng", "expected"),
    [(1, None, 1), (7, None, 7), (np.int64(7), None, 7), (0, None, 0), (1, 9, 9), (None, 9, 9),
     (9, 9, 9), (2**63 - 1, None, 2**63 - 1)],
)  # fmt: skip
def test_seeds(seed, rng, expected):
    assert chosen_seed(seed, rng) == expected and type(chosen_seed(seed, rng)) is int


@pytest.mark.parametrize(
    ("seed", "rng"), [(-1, None), (2**63, None), (1.5, None), ("1", None), (True, None), (3, 4),
                      (1, np.random.default_rng(1)), (None, [1, 2])],
)  # fmt: skip
def test_seeds_that_are_refused(seed, rng):
    with pytest.raises(UserError, match="seed = "):
        chosen_seed(seed, rng)


# time, events and copies


def test_steps_time_and_scheduled_events(model):
    assert (model.steps, model.time) == (5, 5.0)
    model.schedule_event(model.note, at=7)
    model.schedule_event(model.note, after=4)
    model.schedule_recurring(model.note, Schedule(interval=3.0, start=6.0, count=2))
    model.run_for(1)
    model.step()
    assert model.log == [(6.0, 6), (7.0, 7)]
    model.run_until(20)
    assert model.log == [(6.0, 6), (7.0, 7), (9.0, 9), (9.0, 9)]
    assert (model.steps, model.time) == (20, 20.0)


COPIES = {"pickle": lambda m: pickle.loads(pickle.dumps(m)), "deepcopy": copy.deepcopy}


@pytest.mark.parametrize("way", COPIES)
def test_copies_go_on_as_the_original_does(model, way):
    model.schedule_event(model.note, at=8)
    model.tagged = model.agents.select(lambda a: a.s6k > 0.5)
    other = COPIES[way](model)
    assert other.steps == 5 and uids(other.tagged) == uids(model.tagged)
    assert all(a.model is other and a in other.agents for a in other.tagged)
    model.run_for(6)
    frozen = all_bytes(other)
    other.schedule_event(other.note, at=8)
    for _ in range(6):
        other.step()
    assert frozen != all_bytes(other) == all_bytes(model)
    assert model.log == [(8.0, 8)] and other.log == [(8.0, 8)] * 2
    assert uids(other.tagged) == uids(model.tagged) and (other.steps, other.time) == (11, 11.0)
    assert other.random.random() == model.random.random()


def test_events_pending_in_a_copy_come_before_later_ones(monkeypatch):
    data = pickle.dumps(ToyLog.filled())
    monkeypatch.setattr("mesa.time.events.Event._ids", iter(range(1000)))  # as in a new process
    other = pickle.loads(data)
    other.schedule_event(other.third, at=2)
    other.run_for(3)
    assert other.log == ["first", "second", "third"]


class ToyLog(ToyModel):
    """Notes the order of events."""

    @classmethod
    def filled(cls):
        model = cls()
        model.schedule_event(model.first, at=2)
        model.schedule_event(model.second, at=2)
        return model

    def first(self):
        self.log.append("first")

    def second(self):
        self.log.append("second")

    def third(self):
        self.log.append("third")


def test_agents_and_sets_pickle_with_their_model(model):
    agent, chosen = pickle.loads(pickle.dumps((model.agents[4], model.agents.copy())))
    assert type(agent) is Grass and agent in chosen and agent.s6k == model.agents[4].s6k
    assert uids(chosen) == uids(model.agents)
    live = pickle.loads(pickle.dumps(model.agents))
    live.casts[0].model.step()
    model.step()
    assert uids(live) == uids(model.agents)


# the marrow itself

SMALL = {
    "geometry": {"nx": 40, "ny": 40},
    "inoculum": {"cells": 12, "clusters": 2},
    "drugs": {"rapamycin": {"dose_mg_per_kg": 1.5, "route": "ip", "every_h": 24.0}},
}


def marrow_bytes(model):
    """Cells, layers, fields and events."""
    world = [layer.tobytes() for layer in model.surroundings.world]
    events = model.take_events()
    return all_bytes(model), world, {name: column.tolist() for name, column in events.items()}


@pytest.fixture(scope="module")
def marrow():
    model = MarrowModel(Scenario.from_tables(SMALL), seed=3)
    model.run_for(2)
    return model


@pytest.fixture(scope="module")
def undisturbed(marrow):
    model = MarrowModel(Scenario.from_tables(SMALL), seed=3)
    for _ in range(4):
        model.step()
    return marrow_bytes(model)


@pytest.mark.parametrize("way", COPIES)
def test_a_copied_marrow_goes_on_byte_by_byte(marrow, undisturbed, way):
    model = COPIES[way](marrow)
    assert all_bytes(model) == all_bytes(marrow) != undisturbed[0]
    model.run_for(2)
    assert marrow_bytes(model) == undisturbed
    assert marrow.steps == 2


def test_a_marrow_and_its_chosen_agents_open_in_another_process(marrow, tmp_path):
    model = copy.deepcopy(marrow)
    model.tagged = model.agents.select(agent_type=TumourCell)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps((TumourCell, model)))
    code = (
        "import pickle, sys, pathlib\n"
        "kind, model = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "assert all(type(agent) is kind for agent in model.tagged)\n"
        "print(model.tagged.get('s6k'), model.steps)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model.pickle")],
        capture_output=True, text=True, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == f"{model.tagged.get('s6k')} 2\n" and len(model.tagged) > 0


def test_looking_and_luck_of_mesa_change_nothing(marrow, undisturbed):
    model = copy.deepcopy(marrow)
    model.random.seed(99)
    model.rng.random(7)
    collector = mesa.DataCollector(agent_reporters={"s6k": "s6k", "at": "xy_um"})
    held = model.agents.shuffle()
    for _ in range(2):
        model.step()
        collector.collect(model)
        model.agents.shuffle_do(operator.attrgetter("state"))
        held.get(["age_h", "alive", "pos"])
    assert marrow_bytes(model) == undisturbed
    assert len(collector.get_agent_vars_dataframe().loc[4.0]) == len(model.agents)


def test_the_marrow_answers_mesa(marrow):
    counts = {name: tissue.population.n for name, tissue in marrow.tissues.items()}
    assert (marrow.steps, marrow.n_steps_done, marrow.time, marrow.time_h) == (2, 2, 2.0, 2.0)
    assert len(marrow.agents) == sum(counts.values())
    told = marrow.agents.groupby("cell_type").count()
    assert told == {name: n for name, n in counts.items() if n}
    tumour = marrow.agents_by_type[TumourCell]
    assert len(tumour) == counts["tumour"] > 0
    world = marrow.surroundings.world
    occupied = marrow.surroundings.lattice.interior(world.occupant)
    assert {int(occupied[agent.pos]) for agent in tumour} == {marrow.tissues["tumour"].kind.code}
    assert tumour.agg("s6k", np.mean) == pytest.approx(statistics.fmean(tumour.get("s6k")))
    assert isinstance(marrow.datacollector, Census)


def test_batch_run_of_the_marrow(start_method):
    rows = batch_run(
        MarrowModel,
        {"scenario": Scenario.from_tables(SMALL), "inoculum.cells": [0, 12]},
        rng=[2],
        max_steps=1,
        display_progress=False,
    )
    assert [row["inoculum.cells"] for row in rows] == [0, 12]
    assert rows[0]["n_tumour"] == 0 < rows[1]["n_tumour"]
    assert [row["run_seed"] for row in rows] == [2, 2]


def test_the_marrow_takes_names_and_refuses_unknown_changes():
    with pytest.raises(UserError, match="sed"):
        MarrowModel(sed=3)
    with pytest.raises(UserError, match="no_such_scenario"):
        MarrowModel("no_such_scenario")
