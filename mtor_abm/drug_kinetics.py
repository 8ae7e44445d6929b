"""How a drug moves through one species: compartments, routes, an active metabolite.

Doses are counted in mg/kg for a mouse (volumes in L/kg, clearances in L/h/kg) and in mg for a
human (L, L/h), so that amplitudes are mg/L per dose unit in either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .numerics.pharmacokinetics import Modes, SaturableBody, one_compartment, two_compartments
from .sourced import Sourced, sourced_numbers

Species = Literal["mouse", "human"]
SPECIES: tuple[Species, ...] = ("mouse", "human")
DOSE_UNIT: Mapping[str, str] = {"mouse": "mg/kg", "human": "mg"}
NG_PER_ML_PER_MG_PER_L = 1000.0


@dataclass(frozen=True)
class OneCompartment:
    """Clearance and volume."""

    clearance: Sourced
    volume: Sourced

    def modes(self) -> Modes:
        """Modes of an intravenous unit dose, mg/L per dose unit."""
        return one_compartment(self.clearance, self.volume)


@dataclass(frozen=True)
class TwoCompartments:
    """Clearance from a central volume that exchanges with a peripheral one."""

    clearance: Sourced
    central_volume: Sourced
    exchange: Sourced
    peripheral_volume: Sourced

    def modes(self) -> Modes:
        """Modes of an intravenous unit dose, mg/L per dose unit."""
        return two_compartments(
            self.clearance, self.central_volume, self.exchange, self.peripheral_volume
        )


@dataclass(frozen=True)
class Biexponential:
    """A published curve: concentration at time 0 per unit dose, and rate, of two phases."""

    fast_amplitude: Sourced
    fast_per_h: Sourced
    slow_amplitude: Sourced
    slow_per_h: Sourced

    def modes(self) -> Modes:
        """Modes of an intravenous unit dose, mg/L per dose unit."""
        amplitudes = (float(self.fast_amplitude), float(self.slow_amplitude))
        return Modes(amplitudes, (float(self.fast_per_h), float(self.slow_per_h)))


@dataclass(frozen=True)
class SaturableTwoCompartments:
    """Two compartments with linear and Michaelis-Menten loss (an antibody eaten by its target)."""

    clearance_ml_per_h: Sourced
    central_ml: Sourced
    exchange_ml_per_h: Sourced
    peripheral_ml: Sourced
    max_loss_ng_per_h: Sourced
    half_loss_ng_per_ml: Sourced

    def body(self, absorption_per_h: float) -> SaturableBody:
        """Integrable form with a depot."""
        numbers = {name: float(number) for name, number in sourced_numbers(self)}
        return SaturableBody(absorption_per_h=float(absorption_per_h), **numbers)


Disposition = OneCompartment | TwoCompartments | Biexponential | SaturableTwoCompartments


@dataclass(frozen=True)
class Route:
    """Absorption rate (None: all at once) and bioavailability."""

    absorption_per_h: Sourced | None
    bioavailability: Sourced


@dataclass(frozen=True)
class Metabolite:
    """Active product of the drug: d(product)/dt = formation x drug - loss x product, by mass."""

    label: str
    molar_mass: Sourced
    formation_per_h: Sourced
    loss_per_h: Sourced


@dataclass(frozen=True)
class Kinetics:
    """The drug in one species. `matrix` is what concentrations are measured in."""

    matrix: Literal["whole blood", "plasma", "serum"]
    free_fraction: Sourced  # free in plasma over total in the matrix
    disposition: Disposition
    routes: Mapping[str, Route]
    metabolite: Metabolite | None = None
