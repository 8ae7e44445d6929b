"""The table FIELDS: what diffuses through the marrow, how fast it spreads and how fast it is lost.

Each field is one row: a `FieldParameters` group with diffusivity, loss, boundary and exchange with
vessels. What cells secrete and take up stands with the cells. Concentrations are nM, oxygen is
mmHg. Drugs that are given get a field of their own after these rows (see `drugs.py`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import model_validator

from .errors import UserError
from .numerics.diffusion import DiffusionSolver, Medium
from .numerics.lattice import Lattice
from .parameters import Group, number


class FieldParameters(Group):
    """One row of FIELDS; subclasses give the numbers."""

    diffusivity_um2_per_s: float
    loss_per_s: float
    vessel_permeability_per_s: float = number(
        0.0,
        "1/s",
        "no exchange with blood",
        "assumed",
        low=0,
        high=100,
        what="exchange rate of a perfused vessel site with its marrow site",
    )
    vessel_level: float = number(
        0.0,
        "field unit",
        "no exchange with blood",
        "assumed",
        low=0,
        high=1e6,
        what="level in the blood of a sinusoid",
    )
    boundary: Literal["mirror"] | float = "mirror"

    @model_validator(mode="after")
    def _blood_needs_a_way_in(self) -> "FieldParameters":
        usual = type(self).model_fields["vessel_level"].default
        if self.vessel_permeability_per_s == 0.0 and self.vessel_level != usual:
            raise UserError(
                f"vessel_level = {self.vessel_level:g} has no effect, since "
                "vessel_permeability_per_s is 0; give that too, or leave vessel_level out"
            )
        return self


class OxygenField(FieldParameters):
    """Oxygen, mmHg; enters by vessels, is used by marrow and tumour."""

    diffusivity_um2_per_s: float = number(
        2000.0, "um2/s", "tissue 1.5-2.5e-5 cm2/s", "recalled", low=1, high=1e4, what="diffusivity"
    )
    loss_per_s: float = number(
        0.14,
        "1/s",
        "D / L^2 with L = 120 um (Krogh; Thomlinson)",
        "computed",
        low=0,
        high=10,
        what="use by haematopoietic marrow, first order",
    )
    vessel_permeability_per_s: float = number(
        4.0,
        "1/s",
        "set so that marrow lies within target T72 (Spencer 2014)",
        "fitted",
        low=0,
        high=100,
        what="exchange rate of a perfused vessel site",
    )
    vessel_level: float = number(
        22.0,
        "mmHg",
        "sinusoidal blood, below the 32 mmHg of Spencer 2014",
        "assumed",
        low=0,
        high=100,
        what="pO2 of sinusoidal blood",
    )
    arteriole_level: float = number(
        32.0,
        "mmHg",
        "Spencer 2014 abstract: marrow pO2 below 32 mmHg",
        "found",
        low=0,
        high=100,
        what="pO2 of arteriolar blood",
    )


class Cxcl12Field(FieldParameters):
    """CXCL12, nM; from CAR cells, endothelium and osteoblasts; scavenged by CXCR7 (ACKR3)."""

    diffusivity_um2_per_s: float = number(
        30.0,
        "um2/s",
        "below free 130 by heparan binding; analogue CXCL9 45",
        "recalled",
        low=1,
        high=200,
        what="effective diffusivity",
    )
    loss_per_s: float = number(
        0.003,
        "1/s",
        "analogue CXCL9 0.2/min (Moffitt T-cell model)",
        "recalled",
        low=1e-4,
        high=0.1,
        what="decay, DPP4 and matrix",
    )


class VegfField(FieldParameters):
    """VEGF165, nM; from tumour cells; draws sprouts."""

    diffusivity_um2_per_s: float = number(
        30.0,
        "um2/s",
        "TAF 29 um2/s, Anderson and Chaplain 1998",
        "recalled",
        low=1,
        high=200,
        what="diffusivity in tissue",
    )
    loss_per_s: float = number(
        2e-4,
        "1/s",
        "half-life about 1 h, Serini 2003 (64 min)",
        "recalled",
        low=1e-5,
        high=1e-2,
        what="loss",
    )


class AngiogenicField(FieldParameters):
    """FGF-2, PDGF and TGF-alpha as one, nM of VEGF of the same effect; from tumour cells."""

    diffusivity_um2_per_s: float = number(
        30.0, "um2/s", "as VEGF", "assumed", low=1, high=200, what="diffusivity in tissue"
    )
    loss_per_s: float = number(2e-4, "1/s", "as VEGF", "assumed", low=1e-5, high=1e-2, what="loss")


class RanklField(FieldParameters):
    """Soluble RANKL, nM, total (bound to OPG or a drug or free)."""

    diffusivity_um2_per_s: float = number(
        13.0,
        "um2/s",
        "Moffitt HAL bone model source, 780 um2/min",
        "found",
        low=1,
        high=200,
        what="diffusivity",
    )
    loss_per_s: float = number(
        0.35 / 60,
        "1/s",
        "Moffitt HAL bone model source, 0.35/min",
        "found",
        low=1e-4,
        high=0.1,
        what="loss",
    )


class OpgField(FieldParameters):
    """Osteoprotegerin, nM; the decoy of RANKL."""

    diffusivity_um2_per_s: float = number(
        40.0,
        "um2/s",
        "Stokes-Einstein for a 120 kDa dimer, halved for heparin binding",
        "assumed",
        low=1,
        high=200,
        what="diffusivity",
    )
    loss_per_s: float = number(
        0.35 / 86400,
        "1/s",
        "Lemaire 2004 kO 0.35/d; Pivonka 2008",
        "found",
        low=1e-7,
        high=0.01,
        what="loss",
    )


class TgfbField(FieldParameters):
    """Active TGF-beta, nM; stored in bone, released by resorption."""

    diffusivity_um2_per_s: float = number(
        13.0,
        "um2/s",
        "Moffitt HAL bone model source, 780 um2/min",
        "found",
        low=1,
        high=200,
        what="diffusivity",
    )
    loss_per_s: float = number(
        0.35 / 60,
        "1/s",
        "Moffitt HAL source 0.35/min; half-life 2 min as in plasma",
        "found",
        low=1e-4,
        high=0.1,
        what="loss",
    )


class Igf1Field(FieldParameters):
    """IGF-1 and IGF-2 released from bone, nM, as IGF-1; blood's part is in `igf_base`."""

    diffusivity_um2_per_s: float = number(
        80.0,
        "um2/s",
        "7.6 kDa, part bound to IGFBP",
        "assumed",
        low=1,
        high=200,
        what="diffusivity",
    )
    loss_per_s: float = number(
        3e-5,
        "1/s",
        "target T03; half-life 6 h, between free IGF (10-60 min) and IGF held by IGFBP (12-15 h)",
        "fitted",
        low=1e-5,
        high=0.01,
        what="loss",
    )


class PthrpField(FieldParameters):
    """PTHrP, nM; from tumour cells."""

    diffusivity_um2_per_s: float = number(
        50.0, "um2/s", "4-16 kDa fragments", "assumed", low=1, high=200, what="diffusivity"
    )
    loss_per_s: float = number(
        1e-3,
        "1/s",
        "half-life 11.6 min, Lemaire 2004 kP 86/d",
        "found",
        low=1e-5,
        high=0.1,
        what="loss",
    )


class McsfField(FieldParameters):
    """M-CSF, nM; from stroma and the osteoblast lineage; kept up for osteoclast precursors."""

    diffusivity_um2_per_s: float = number(
        30.0, "um2/s", "60-90 kDa dimer", "assumed", low=1, high=200, what="diffusivity"
    )
    loss_per_s: float = number(
        1e-3,
        "1/s",
        "half-life about 10 min, receptor mediated",
        "recalled",
        low=1e-5,
        high=0.1,
        what="loss",
    )


class TnfField(FieldParameters):
    """TNF-alpha, nM of trimer; from inflamed monocytes only, so that healthy marrow has none."""

    diffusivity_um2_per_s: float = number(
        40.0, "um2/s", "51 kDa trimer", "assumed", low=1, high=200, what="diffusivity"
    )
    loss_per_s: float = number(
        8e-4, "1/s", "half-life 6-20 min", "recalled", low=1e-5, high=0.1, what="loss"
    )


@dataclass(frozen=True)
class Field:
    """A row of FIELDS: key in scenarios and columns, unit of its level, label, numbers."""

    key: str
    unit: str
    label: str
    parameters: type[FieldParameters]


FIELDS = (
    Field("oxygen", "mmHg", "oxygen", OxygenField),
    Field("cxcl12", "nM", "CXCL12", Cxcl12Field),
    Field("vegf", "nM", "VEGF", VegfField),
    Field("rankl", "nM", "soluble RANKL", RanklField),
    Field("opg", "nM", "OPG", OpgField),
    Field("tgfb", "nM", "active TGF-beta", TgfbField),
    Field("igf1", "nM", "IGF-1", Igf1Field),
    Field("pthrp", "nM", "PTHrP", PthrpField),
    Field("mcsf", "nM", "M-CSF", McsfField),
    Field("tnf", "nM", "TNF-alpha", TnfField),
    Field("angiogenic", "nM", "other angiogenic factors, as VEGF", AngiogenicField),
)
# Rows of the concentration arrays, for kernels.
OXYGEN, CXCL12, VEGF, RANKL, OPG, TGFB, IGF1, PTHRP, MCSF, TNF, ANGIOGENIC = range(len(FIELDS))

# Levels (nM, mmHg) that stand for nothing: less than one molecule in the whole marrow. Squares of
# smaller ones would underflow in single precision.
NEGLIGIBLE = 1e-15
BONE_OPENNESS = 0.1  # diffusivity in bone over marrow [found: Moffitt HAL bone model source]


class FieldState:
    """Levels, sources and losses of all fields on one lattice.

    Attributes:
        level: float32 (n_fields, n_sites), concentrations (mmHg for oxygen), never negative.
        source: float32 (n_fields, n_sites), per second; cells add to it each step.
        uptake: float32 (n_fields, n_sites), 1/s; cells add to it each step.
    """

    def __init__(self, lattice: Lattice, rows: list[FieldParameters]) -> None:
        self.lattice = lattice
        self.rows = rows
        shape = (len(rows), lattice.n_sites)
        self.level = np.zeros(shape, dtype=np.float32)
        self.source = np.zeros(shape, dtype=np.float32)
        self.uptake = np.zeros(shape, dtype=np.float32)
        self._exchange_loss = np.zeros(shape, dtype=np.float32)
        self._exchange_source = np.zeros(shape, dtype=np.float32)
        self._openness = np.ones(lattice.padded, dtype=np.float32)
        self._medium = Medium(self._openness, lattice.dx_um)
        self._solver = DiffusionSolver(self._medium)

    def with_rows(self, rows: list[FieldParameters], kept: Mapping[int, int]) -> "FieldState":
        """The same fields at this moment among others that are empty.

        Args:
            rows: of the new state.
            kept: old row -> new row, for those that go on.
        """
        new = FieldState(self.lattice, rows)
        for old_row, row in kept.items():
            new.level[row] = self.level[old_row]
            new._exchange_loss[row] = self._exchange_loss[old_row]
            new._exchange_source[row] = self._exchange_source[old_row]
        new._openness[:] = self._openness
        new._medium.update(new._openness)
        return new

    def set_bone(self, is_bone: np.ndarray) -> None:
        """Hinder diffusion where the flat bool layer `is_bone` is set."""
        self._openness[:] = np.where(is_bone, BONE_OPENNESS, 1.0).reshape(self.lattice.padded)
        self._medium.update(self._openness)

    def set_exchange(
        self, row: int, permeability: np.ndarray, blood_level: np.ndarray | np.float32
    ) -> None:
        """Let vessels exchange: permeability (1/s, flat), level in blood (flat or scalar)."""
        self._exchange_loss[row] = permeability
        self._exchange_source[row] = permeability * blood_level

    def clear(self) -> None:
        """Start a step: sources and losses without cells."""
        np.copyto(self.source, self._exchange_source)
        np.copyto(self.uptake, self._exchange_loss)
        for row, parameters in enumerate(self.rows):
            self.uptake[row] += np.float32(parameters.loss_per_s)

    def advance(self, dt_s: float, only: Collection[int] | None = None) -> None:
        """Move every field, or only these rows, on by dt with the sources and losses now set."""
        padded = self.lattice.padded
        for row, p in enumerate(self.rows):
            if only is not None and row not in only:
                continue
            highest = max(self.level[row].max(), self.source[row].max() * dt_s)
            if p.boundary == "mirror" and highest < NEGLIGIBLE:
                self.level[row] = 0.0
                continue
            self._solver.advance(
                self.level[row].reshape(padded),
                p.diffusivity_um2_per_s,
                self.uptake[row].reshape(padded),
                self.source[row].reshape(padded),
                dt_s,
                None if p.boundary == "mirror" else p.boundary,
            )
