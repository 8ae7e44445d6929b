"""MarrowModel: the order of one step, and nothing else."""

from typing import Any

import numpy as np

from . import bone, seeding
from .assembly import gather, release, rim_of
from .body import BodyParameters, PrimaryTumour
from .branching import refuse_another_past
from .cells import CELL_TYPES
from .cells.endothelial import EndothelialParameters
from .cells.tissue import Tissue, live
from .delivery import Pharmacy
from .errors import UserError
from .fields import FIELDS, FieldParameters, FieldState
from .histomorphometry import struts
from .marrow import BONE
from .mesa_compat import DEFAULT_SEED, MesaModel
from .mtor import Dosage
from .numerics.lattice import Lattice
from .parameters import kernel_values
from .perfusion import Perfusion
from .scenario import Scenario
from .scenario_files import load
from .switch_effects import after_switches

SETTLING_ROUNDS = 6  # implicit steps of a day that bring fields and networks to their start


class MarrowModel(MesaModel):
    """One marrow with one tumour under one scenario.

    Args:
        scenario: a validated Scenario, its name or path, or None for the defaults.
        seed: key of all chance; the same seed gives the same bytes, None takes a fresh one.
        rng: Mesa's newer name for the seed.
        changes: values to change, `**{"run.days": 2.0}`, as in `Scenario.changed`.

    Attributes:
        settings: the scenario after its switches (Mesa keeps `scenario` for itself).
        surroundings: lattice, layers, fields, tissues, event log.
        body: the primary tumour. pharmacy: the drugs.
        n_steps_done, time_h: progress.
    """

    pharmacy: Pharmacy

    def __init__(
        self,
        scenario: Scenario | str | None = None,
        seed: int | None = DEFAULT_SEED,
        rng: int | None = None,
        **changes: Any,
    ) -> None:
        """See the class."""
        super().__init__(seed=seed, rng=rng)
        if isinstance(scenario, str):
            scenario = load(scenario)
        scenario = scenario or Scenario.from_tables()
        self.settings = after_switches(scenario.changed(changes) if changes else scenario)
        self.n_steps_done = 0
        self._build()
        self._settle()

    @property
    def time_h(self) -> float:
        """Hours since the start."""
        return self.n_steps_done * self.settings.run.step_h

    @property
    def tissues(self) -> dict[str, Tissue]:
        """Cells by type."""
        return self.surroundings.tissues

    def take_events(self) -> dict[str, np.ndarray]:
        """Events since the last call, as equal-length columns."""
        return self.surroundings.events.take()

    def is_over(self) -> bool:
        """Whether `run.days` are done."""
        return self.n_steps_done >= self.settings.run.n_steps

    def told_at_the_end(self) -> str:
        """What to say to who steps on after the last step."""
        return (
            f"the run ended at day {self.time_h / 24.0:g} (run.days = {self.settings.run.days:g}), "
            "and doses are worked out no further; make the model with a larger run.days"
        )

    def advance(self) -> None:
        """Advance by `run.step_h`: dose, release, diffuse, signal, decide, settle, apply."""
        s = self.surroundings
        s.step = self.n_steps_done
        if self.inoculum.day > 0.0 and s.step == round(self.inoculum.day * 24.0 / s.dt_h):
            self._inject()
        self._dose()
        self._release()
        s.fields.advance(s.dt_h * 3600.0)
        self.pharmacy.act(s.world, s.step)
        s.formation_speed = self.pharmacy.formation_speed
        live(s)
        self.body.step(s)
        self.perfusion.replenish(s)
        self._refresh()
        self.n_steps_done += 1

    def go_on_under(self, scenario: Scenario) -> None:
        """Go on under a scenario that differs only in drugs which neither has given yet.

        Raises:
            UserError: it differs in something that has already acted.
        """
        settings = after_switches(scenario)
        refuse_another_past(self.settings, settings, self.time_h / 24.0)
        s, before = self.surroundings, self.pharmacy
        self.settings = settings
        self.pharmacy = self._pharmacy(s.lattice)
        kept = {row: row for row in range(len(FIELDS))}
        for key, row in before.rows.items():
            if key in self.pharmacy.rows:
                kept[row] = self.pharmacy.rows[key]
        s.fields = s.fields.with_rows(self._field_rows(), kept)
        s.world = s.world._replace(
            level=s.fields.level, source=s.fields.source, uptake=s.fields.uptake
        )
        s.exposure = self.pharmacy.exposure()
        self.running = not self.is_over()

    def _inject(self) -> None:
        """Tumour cells come into a marrow that has lived for a while."""
        s = self.surroundings
        seeding.place_tumour(s, self.inoculum, seeding.Draws(self.run_seed))
        for _ in range(SETTLING_ROUNDS):
            s.tissues["tumour"].signal(s)

    def _dose(self) -> None:
        s = self.surroundings
        self.pharmacy.exchange(s.fields, s.world.perfused, s.step)

    def _release(self) -> None:
        release(self.surroundings, self.bone_rates)

    def _refresh(self) -> None:
        """Bring what depends on bone and vessels up to date."""
        s = self.surroundings
        if s.bone_changed:
            s.fields.set_bone(s.world.ground == BONE)
        if s.vessels_changed:
            self.perfusion.update(s)
        s.bone_changed = s.vessels_changed = False

    def _build(self) -> None:
        scenario = self.settings
        geometry = scenario.of(seeding.GeometryParameters)
        lattice = Lattice(geometry.nx, geometry.ny, geometry.dx_um)
        self.pharmacy = self._pharmacy(lattice)
        fields = FieldState(lattice, self._field_rows())
        s = gather(scenario, lattice, fields, self.pharmacy.exposure(), self.run_seed)
        self.surroundings = s
        network = s.network
        tumour_genes = scenario.genes["tumour"]
        body = scenario.of(BodyParameters)
        self.body = PrimaryTumour(
            body,
            Dosage(tumour_genes.RPTOR, tumour_genes.RICTOR, tumour_genes.PTEN, network.susceptible),
            rim_of(scenario, s) if body.primary_cells > 0.0 else None,
        )
        bone_parameters = scenario.of(bone.BoneParameters)
        self.bone_rates = kernel_values(bone.BoneRates, bone_parameters)
        draws = seeding.Draws(self.run_seed)
        vessels = s.tissues["endothelial"]
        try:
            section = seeding.section_of(geometry)
            seeding.place_bone(s, geometry, bone_parameters, draws, section)
            endothelium = scenario.of(EndothelialParameters)
            seeding.place_vessels(s, endothelium, vessels, draws, section)
            if section is not None:
                seeding.place_seen(s, section)
        except ValueError as error:
            raise UserError(f"scenario '{scenario.name}', seed {self.run_seed}: {error}") from None
        seeding.place_residents(s, draws, section.cells if section is not None else ())
        self.inoculum = scenario.of(seeding.InoculumParameters)
        if self.inoculum.day == 0.0:
            seeding.place_tumour(s, self.inoculum, draws)
        self.perfusion = Perfusion(self._field_rows()[: len(FIELDS)])

    def _pharmacy(self, lattice: Lattice) -> Pharmacy:
        """The drugs of the scenario."""
        run = self.settings.run
        names = tuple(kind.kind.name for kind in CELL_TYPES)
        return Pharmacy(self.settings.drugs, lattice, run.days, run.step_h, names)

    def _field_rows(self) -> list[FieldParameters]:
        """Numbers of all fields, those of drugs last."""
        rows = [self.settings.fields[field.key] for field in FIELDS]
        return [*rows, *self.pharmacy.field_rows]  # type: ignore[list-item]

    def _settle(self) -> None:
        """Fields and networks at rest before the first step."""
        s = self.surroundings
        s.fields.set_bone(s.world.ground == BONE)
        self.perfusion.update(s)
        for _ in range(SETTLING_ROUNDS):
            for _ in range(SETTLING_ROUNDS):  # secretion lags by hours
                self._release()
            s.fields.advance(30 * 86400.0)
            for tissue in s.tissues.values():
                for _ in range(6):
                    tissue.signal(s)
        s.tally.clear()
        self.bone_sites_at_start = int((s.world.ground == BONE).sum())
        self.cortex_sites = seeding.cortex_sites(self.settings.of(seeding.GeometryParameters))
        trabecular = s.lattice.interior(s.world.ground)[self.cortex_sites :] == BONE
        self.struts_at_start = struts(trabecular)
