"""What an audit turns, and the marrow that lets it be turned.

- update order: tissues take their turns in every phase in the usual order, in the reverse of it, or
  in a fresh random order each step;
- agent order: cells get other identities, and the rows of every tissue are shuffled at each step;
- random streams: the same marrow at its start, other luck from then on;
- grid: before the first step the whole marrow is turned by 90 degrees; or its bone is moved round
  within the walls, and vessels and cells are placed into it as into any bone;
- time step: `run.step_h` is halved;
- population: the section is made larger along y, with as many tumour cells and clusters per area.

A marrow has walls and is not a torus. Moved, what lay at one wall lies at the other, and trabeculae
are cut where the old walls meet (the seam): bone there shows more surface.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from .. import seeding
from ..analysis.headline import CONTROL, HEADLINES, SMALL, TREATED, arm, effects, follow
from ..bone import count_bone_faces
from ..cells.endothelial import EndothelialParameters
from ..cells.tissue import Surroundings, child_uids
from ..compilation import ensure_compiled
from ..marrow import BONE, NO_VESSEL, NOBODY
from ..model import MarrowModel
from ..scenario import Scenario

ORDERS = ("by type", "reversed", "random")
OTHER_LUCK = 0xA0D17  # added to the key of luck


class Knobs(Protocol):
    """What abmfact hands over (its class of this name)."""

    update_order: str | None
    agent_order: str
    agent_perm_seed: int | None
    rng_streams: str
    grid_offset: tuple[float, float]
    grid_rotation: int
    dt_scale: float
    pop_scale: float


def run(params: Mapping[str, Any], seed: int, knobs: Knobs) -> dict[str, float]:
    """Vehicle and rapamycin in the small marrow under these knobs.

    Args:
        params: changes of the small marrow (`headline.SMALL`), by scenario key.
        seed: of both arms.
        knobs: settings of the implementation.

    Returns:
        The headline effects by key, and the readout behind each in either arm
        (`tumour_area_vehicle`).

    Raises:
        UserError: a parameter or a knob does not exist.
    """
    ensure_compiled()  # who compiles may round differently from who loads
    settings = {**SMALL, **params}
    settings |= scaled(settings, knobs.dt_scale, knobs.pop_scale)
    readouts = {}
    for name in (CONTROL, TREATED):
        model = MarrowUnderAudit(arm(name, settings), seed, knobs)
        readouts[name] = follow(model, before_step=MarrowUnderAudit.turn)
    found = effects(readouts[CONTROL], readouts[TREATED])
    for headline in HEADLINES:
        for name in (CONTROL, TREATED):
            found[f"{headline.key}_{name}"] = readouts[name][headline.readout]
    return found


def scaled(settings: Mapping[str, Any], dt_scale: float, pop_scale: float) -> dict[str, Any]:
    """Changes that scale the time step and the area; density and shape of all else are kept."""
    step_h = Scenario.from_tables().run.step_h
    counts = ("geometry.ny", "inoculum.cells", "inoculum.clusters")
    changes: dict[str, Any] = {key: round(settings[key] * pop_scale) for key in counts}
    if dt_scale != 1.0:
        changes["run.step_h"] = settings.get("run.step_h", step_h) * dt_scale
    return changes


class MarrowUnderAudit(MarrowModel):
    """The marrow of every run, with the knobs of an audit turned."""

    def __init__(self, scenario: Scenario, seed: int, knobs: Knobs) -> None:
        self.knobs = knobs
        super().__init__(scenario, seed)
        if knobs.rng_streams == "independent":
            self.surroundings.seed = (self.surroundings.seed + OTHER_LUCK) % 2**53
        if knobs.agent_order == "shuffled":
            rename_cells(self.surroundings, knobs.agent_perm_seed or 0)

    def _build(self) -> None:
        super()._build()
        s = self.surroundings
        nx, ny = s.lattice.nx, s.lattice.ny
        share_x, share_y = self.knobs.grid_offset
        shift = (round(share_x * nx), round(share_y * ny))
        if any(shift):
            self._move_bone(new_places(nx, ny, shift, 0))
        if self.knobs.grid_rotation:
            move_marrow(s, new_places(nx, ny, (0, 0), self.knobs.grid_rotation // 90))

    def _move_bone(self, goes_to: np.ndarray) -> None:
        """Move the bone, then place everything else again: vessels cut in two would wither."""
        s, scenario = self.surroundings, self.settings
        for tissue in s.tissues.values():
            tissue.population.remove(np.ones(tissue.population.n, dtype=bool))
        s.world.occupant[:] = NOBODY
        s.world.vessel[:] = NO_VESSEL
        s.world.mineral[:] = s.world.ground == BONE  # cavities are again filled in part
        move_marrow(s, goes_to)
        draws = seeding.Draws(self.run_seed)
        vessels = s.tissues["endothelial"]
        seeding.place_vessels(s, scenario.of(EndothelialParameters), vessels, draws)
        seeding.place_residents(s, draws)
        seeding.place_tumour(s, scenario.of(seeding.InoculumParameters), draws)

    def turn(self) -> None:
        """Before a step: bring tissues and cells into the order of this step."""
        order, s = self.knobs.update_order, self.surroundings
        names = list(s.tissues)
        if order == "reversed" and self.n_steps_done == 0:
            names.reverse()
        elif order == "random":
            names = [
                str(name)
                for name in _draws(self.run_seed, self.n_steps_done).permutation(sorted(names))
            ]
        s.tissues = {name: s.tissues[name] for name in names}
        if self.knobs.agent_order == "shuffled":
            shuffle_rows(s, _draws(self.knobs.agent_perm_seed or 0, self.n_steps_done))


def _draws(seed: int, step: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, step])))


def shuffle_rows(s: Surroundings, draws: np.random.Generator) -> None:
    """Put the rows of every tissue into another order."""
    for tissue in s.tissues.values():
        cells = tissue.population
        order = draws.permutation(cells.n)
        for column in (*cells.cells, *cells.signals, *cells.extra.values()):
            column[: cells.n] = column[: cells.n][order]
        cells.changes += 1


def rename_cells(s: Surroundings, key: int) -> None:
    """Give every cell another identity, and with it other luck; families stay together."""
    for tissue in s.tissues.values():
        for name in ("uid", "parent", "clone"):
            column = tissue.population.column(name)
            known = column != 0
            column[known] = child_uids(column[known], key, 0)


def new_places(nx: int, ny: int, shift: tuple[int, int], quarter_turns: int) -> np.ndarray:
    """Where each site of the padded lattice goes, int64 ((nx + 2) * (ny + 2),); walls stay.

    Raises:
        ValueError: a quarter turn of a section that is not square.
    """
    if quarter_turns % 2 and nx != ny:
        raise ValueError(f"a section of {nx} x {ny} sites cannot be turned by 90 degrees")
    sites = np.arange((nx + 2) * (ny + 2)).reshape(nx + 2, ny + 2)
    inner = np.roll(sites[1:-1, 1:-1], shift, axis=(0, 1))
    came_from = sites.copy()
    came_from[1:-1, 1:-1] = np.rot90(inner, quarter_turns)
    goes_to = np.empty(sites.size, dtype=np.int64)
    goes_to[came_from.ravel()] = sites.ravel()
    return goes_to


def move_marrow(s: Surroundings, goes_to: np.ndarray) -> None:
    """Move everything that lies on the lattice, cells included."""
    for layer in s.world:
        if layer.shape[-1] == goes_to.size:
            moved = np.empty_like(layer)
            moved[..., goes_to] = layer
            layer[...] = moved
    for tissue in s.tissues.values():
        cells = tissue.population
        for places in (cells.cells.site, cells.cells.target, *cells.extra.values()):
            rows = places[: cells.n]
            rows[...] = np.where(rows >= 0, goes_to[np.maximum(rows, 0)], rows)
    count_bone_faces(s.world)
