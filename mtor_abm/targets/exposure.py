"""The clinical exposure: how far everolimus inhibits mTORC1 in blood cells of patients."""

import numpy as np

from ..dosing import PlasmaCurve, Regimen
from ..mtor import NetworkParameters, NetworkRates, steady_state
from ..parameters import kernel_values
from .network import units
from .target import Point, Source, Target

STEADY_DAY = 28
# Between patients the trough spreads from 9.0 to 22.8 ng/mL between quartiles (SWOG S0931): with
# quartiles at 0.674 deviations, ln(22.8 / 9.0) / (2 x 0.674).
EXPOSURE_SPREAD = 0.69


def greatest_inhibition(seed: int) -> float:
    """Largest loss of S6K activity over one dosing interval in one patient, 0..1."""
    rng = np.random.default_rng((seed, 49))
    exposure = float(np.exp(EXPOSURE_SPREAD * rng.standard_normal()))
    regimen = Regimen("everolimus", "po", "human", dose_mg=10.0, stop_day=STEADY_DAY + 1.0)
    hours = STEADY_DAY * 24.0 + np.arange(25)
    peak_nM = exposure * float(np.max(PlasmaCurve(regimen).free_nM(hours)))
    p = kernel_values(NetworkRates, NetworkParameters())
    untreated = steady_state(p)["s6k"]
    treated = steady_state(p, rapalog=units("everolimus", peak_nM)["rapalog"])["s6k"]
    return 1.0 - treated / untreated


def _mean_of_patients(s: Source) -> np.ndarray:
    return 100.0 * np.array(
        [np.mean([greatest_inhibition(1000 * seed + k) for k in range(19)]) for seed in s.seeds]
    )


EXPOSURE_TARGETS = (
    Target(
        "T49",
        (
            Point("greatest inhibition in blood cells, 10 mg/d", "%", _mean_of_patients, 56.0, None,
                  note="no error is given; z over the simulated spread of means of 19 patients"),
        ),
        note="S6K of a cell with untreated inputs at the peak of free drug; "
        "exposure varies between patients as troughs do in SWOG S0931",
    ),
)  # fmt: skip
