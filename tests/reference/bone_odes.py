"""The models of Lemaire 2004 and Pivonka 2008 (package bone-models) under sustained perturbations.

The package prints while it works; here it is silent. A perturbation is one change of an input that
both models have; TGF-beta is scaled as each model computes it.
"""

import contextlib
import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from bone_models.models import Lemaire_Model, Pivonka_Model
from scipy.integrate import solve_ivp

CURVES = Path(__file__).parent / "reference_bone_models.csv"
INJECTIONS = ("OBp", "OBa", "OCa", "PTH", "OPG", "RANKL", "TGFb")
MODELS = ("Lemaire2004", "Pivonka2008")


@dataclass(frozen=True)
class Perturbation:
    """What is done to the models from day 0 on.

    Attributes:
        rankl: factor on the production of RANKL. pth: factor on the production of PTH.
        opg_pM_per_d: OPG given. tgfb: factor on the signal of TGF-beta.
        kept: factor on (OBp, OBa, OCa) once, at day 0.
    """

    rankl: float = 1.0
    pth: float = 1.0
    opg_pM_per_d: float = 0.0
    tgfb: float = 1.0
    kept: tuple[float, float, float] = field(default=(1.0, 1.0, 1.0))


class Lemaire(Lemaire_Model):
    """TGF-beta follows the osteoclasts, so scaling it scales those that it sees."""

    tgfb = 1.0

    def calculate_TGFb_activation_OBu(self, OCa, t):  # noqa: N802
        return super().calculate_TGFb_activation_OBu(self.tgfb * OCa, t)


class Pivonka(Pivonka_Model):
    tgfb = 1.0

    def calculate_TGFb_concentration(self, OCa, t):  # noqa: N802
        return self.tgfb * super().calculate_TGFb_concentration(OCa, t)


def folds(name, what, days):
    """Cells over their steady state: float64 (n_days, 3) for OBp, OBa, OCa."""
    case = SimpleNamespace(
        **{f"{x}_injection": 0.0 for x in INJECTIONS}, start_time=0.0, end_time=1e9
    )
    model = (Lemaire if name == "Lemaire2004" else Pivonka)(case)
    with contextlib.redirect_stdout(io.StringIO()):
        steady = np.asarray(model.calculate_steady_state())
    made = model.parameters.production_rate
    case.PTH_injection = (what.pth - 1.0) * made.intrinsic_PTH
    case.RANKL_injection = (what.rankl - 1.0) * made.intrinsic_RANKL
    case.OPG_injection = what.opg_pM_per_d
    model.tgfb = what.tgfb
    solved = solve_ivp(
        lambda t, x: model.bone_cell_population_model(x, t), (0.0, max(days)),
        steady * np.array(what.kept), t_eval=days, rtol=1e-8, atol=1e-12, method="LSODA",
    )  # fmt: skip
    return solved.y.T / steady


def curves():
    """The kept curves: (model, perturbation) -> {day: (OBp, OBa, OCa)} as folds."""
    found = {}
    with CURVES.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cells = tuple(float(row[f"{cell}_fold"]) for cell in ("OBp", "OBa", "OCa"))
            found.setdefault((row["model"], row["perturbation"]), {})[float(row["day"])] = cells
    return found
