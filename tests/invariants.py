"""What must hold in a model after every step, whatever the scenario."""

import numpy as np

from mtor_abm import marrow
from mtor_abm.bone import count_bone_faces
from mtor_abm.marrow import BONE, MARROW, WALL

# layers of states a cell in the marrow shows in the occupant layer
LINED, OSTEOCYTE = 2, 3


def expected_occupants(model):
    """The occupant layer rebuilt from the populations; fails where two cells hold one site."""
    s = model.surroundings
    layer = np.zeros(s.lattice.n_sites, dtype=np.uint8)
    for name, tissue in s.tissues.items():
        cells = tissue.population
        if name in ("endothelial", "circulating"):
            continue
        if name == "osteoclast":
            sites = cells.extra["footprint"][: cells.n]
            sites = sites[sites >= 0]
            codes = np.full(len(sites), cells.kind.code)
        else:
            sites = cells.column("site")
            codes = np.full(cells.n, cells.kind.code)
            if name == "osteoblast":
                codes[cells.column("state") == LINED] = marrow.LINING
                codes[cells.column("state") == OSTEOCYTE] = marrow.OSTEOCYTE
        assert len(np.unique(sites)) == len(sites), f"two {name} on one site"
        assert not layer[sites].any(), f"{name} shares a site with another type"
        layer[sites] = codes
    return layer


def check_sites(model):
    """Every occupied site has one owner, in the right ground; the layer of vessels agrees."""
    s = model.surroundings
    world = s.world
    occupants = expected_occupants(model)
    wrong = np.flatnonzero(occupants != world.occupant)
    assert len(wrong) == 0, [(int(i), int(occupants[i]), int(world.occupant[i])) for i in wrong[:5]]
    assert set(world.ground[occupants == marrow.OSTEOCYTE]) <= {BONE}
    in_marrow = (occupants > 0) & (occupants != marrow.OSTEOCYTE)
    assert set(world.ground[in_marrow]) <= {MARROW}, "a cell stands in bone or in the wall"
    assert not world.occupant[world.ground == WALL].any()

    vessels = s.tissues["endothelial"].population
    layer = np.zeros(s.lattice.n_sites, dtype=np.uint8)
    assert len(np.unique(vessels.column("site"))) == vessels.n
    layer[vessels.column("site")] = vessels.column("state") + 1
    assert np.array_equal(layer, world.vessel)
    assert not world.vessel[world.ground == WALL].any()
    assert not (world.perfused.astype(bool) & (world.vessel == 0)).any()


def check_bone(model):
    """Faces agree with a recount, mineral lies in 0..1, cavities are marrow."""
    world = model.surroundings.world
    kept = world.bone_faces.copy()
    count_bone_faces(world)
    inside = model.surroundings.lattice.inside()
    assert np.array_equal(kept[inside], world.bone_faces[inside])
    world.bone_faces[:] = kept
    assert not kept[world.ground == WALL].any(), "the wall has no bone faces"
    assert world.mineral.min() >= 0.0
    assert world.mineral.max() <= 1.0
    assert not world.mineral[world.ground == WALL].any()
    assert set(world.ground[world.cavity == 1]) <= {MARROW}
    assert (world.mineral[world.ground == BONE] > 0.0).all(), "bone without mineral is marrow"
    laid = (world.ground == MARROW) & (world.mineral > 0.0)
    assert world.cavity[laid].all(), "mineral lies in bone or in a cavity only"
    assert world.bone_pool.min() >= 0.0


def check_cells(model):
    """Identities are unique, numbers finite, activities in 0..1, states known, claims withdrawn."""
    world = model.surroundings.world
    assert world.ticket.min() == np.iinfo(np.uint64).max
    uids = []
    for tissue in model.surroundings.tissues.values():
        cells = tissue.population
        uids.append(cells.column("uid"))
        assert cells.column("state").max(initial=0) < len(cells.kind.states)
        for name in cells.signals._fields:
            values = cells.column(name)
            assert np.isfinite(values).all(), (cells.kind.name, name)
            assert values.min(initial=0.0) >= 0.0, (cells.kind.name, name)
            if name not in ("rapalog", "kinase1", "kinase2"):
                assert values.max(initial=0.0) <= 1.0 + 1e-6, (cells.kind.name, name)
        for name in ("own_a", "own_b", "own_c", "age_h"):
            assert np.isfinite(cells.column(name)).all(), (cells.kind.name, name)
    uids = np.concatenate(uids)
    assert len(np.unique(uids)) == len(uids)
    assert uids.min() > 0
    assert uids.max() < 2**53, "identities survive a double"


def check_fields(model):
    """Levels, sources and losses are finite and never negative."""
    fields = model.surroundings.fields
    for array in (fields.level, fields.source, fields.uptake):
        assert np.isfinite(array).all()
        assert array.min() >= 0.0


def check_all(model):
    """Every check; the message of a failure says the step."""
    for check in (check_sites, check_bone, check_cells, check_fields):
        try:
            check(model)
        except AssertionError as broken:
            raise AssertionError(f"after step {model.n_steps_done}: {broken}") from broken


class Ledger:
    """Balances a model step by step: cells by their events, bone by its tallies and minerals."""

    def __init__(self, model):
        self.model = model
        self.uids = self._uids()
        self.mineral = self._mineral()

    def _uids(self):
        tissues = self.model.surroundings.tissues
        return {name: set(t.population.column("uid").tolist()) for name, t in tissues.items()}

    def _mineral(self):
        world = self.model.surroundings.world
        in_bone = world.ground == BONE
        return int(in_bone.sum()), float(world.mineral[~in_bone].sum(dtype=np.float64))

    def check(self):
        """Step once; everything that came or went must be in the log and in the tallies."""
        model = self.model
        before = dict(model.surroundings.tally)
        model.step()
        self.tally = {k: v - before.get(k, 0.0) for k, v in model.surroundings.tally.items()}
        log = model.take_events()
        now = self._uids()
        for name in now:
            mine = log["cell_type"] == name
            died = set(log["uid"][mine & (log["event"] == "death")].tolist())
            born = set(log["uid"][mine & np.isin(log["event"], BIRTHS)].tolist())
            moved = set(log["uid"][log["event"] == "mobilisation"].tolist())
            if name == "tumour":
                died |= moved
            elif name == "circulating":
                born |= moved
            came, went = now[name] - self.uids[name], self.uids[name] - now[name]
            arrived = model.surroundings.tissues["tumour"].population.column("parent")
            left = set(arrived.tolist()) if name == "circulating" else set()
            assert went - left == died - (died & came) - left, f"{name} went without a word"
            assert born <= came | died, f"{name} was born but is not there"
            if name in LOGGED_BIRTHS:
                assert came == born, f"{name} came from nowhere"
        self.uids = now
        self._check_mineral()

    def _check_mineral(self):
        tally = self.tally
        bone_sites, laid = self._mineral()
        formed, resorbed = tally.get("formed_sites", 0), tally.get("resorbed_sites", 0)
        assert bone_sites - self.mineral[0] == formed - resorbed
        kept = self.mineral[1] + tally.get("laid_sites", 0.0) - formed
        assert abs(laid - kept) < 1e-4, "mineral laid down is in cavities or became bone"
        self.mineral = bone_sites, laid


BIRTHS = ("division", "arrival", "sprout", "shedding")
LOGGED_BIRTHS = ("tumour", "osteoblast", "adipocyte", "circulating", "car", "mesenchymal")
