"""The IC50 of a dose-response curve: a logistic in the logarithm of the dose. Knows no model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import curve_fit

STEEPEST = 6.0  # Hill powers beyond this cannot be told apart on a dose axis of half decades


@dataclass(frozen=True)
class DoseResponse:
    """A fitted curve: bottom + (top - bottom) / (1 + (dose / ic50)^hill).

    Attributes:
        ic50: in the unit of the doses; NaN where the doses do not show one.
        hill: steepness, > 0. top, bottom: response without drug and far above the IC50.
    """

    ic50: float
    hill: float
    top: float
    bottom: float

    def at(self, dose: float) -> float:
        """Response at a dose >= 0."""
        if dose <= 0.0:
            return self.top
        return self.bottom + (self.top - self.bottom) / (1.0 + (dose / self.ic50) ** self.hill)


def fit_ic50(
    doses: Sequence[float], responses: Sequence[float], bottom: float | None = 0.0
) -> DoseResponse:
    """Fit a falling curve to responses at doses, the control (dose 0) among them.

    Args:
        doses: at least three above 0 and one or more 0, any order, one unit.
        responses: one for each dose (mean, or one of several replicates).
        bottom: response at full effect; 0, the convention of inhibition assays, makes the IC50 the
            dose that leaves half of the control. None fits it: half of the effect there is.

    Returns:
        the curve. Its IC50 is NaN if the fitted one lies outside the doses above 0: it is then not
        measured but extrapolated.

    Raises:
        ValueError: too few doses, no control, or lengths that differ.
    """
    dose, response = np.asarray(doses, dtype=float), np.asarray(responses, dtype=float)
    if dose.shape != response.shape:
        raise ValueError(f"{dose.size} doses but {response.size} responses")
    given = dose > 0.0
    if len(np.unique(dose[given])) < 3 or given.all():
        raise ValueError("an IC50 needs a control and three doses above 0")
    top = float(response[~given].mean())
    log_dose, share = np.log(dose[given]), response[given] / top
    lowest, highest = float(log_dose.min()), float(log_dose.max())
    start = [float(log_dose.mean()), 1.0]
    limits = ([lowest - 10.0, 0.1], [highest + 10.0, STEEPEST])

    def curve(x: np.ndarray, middle: float, hill: float, floor: float = 0.0) -> np.ndarray:
        return floor + (1.0 - floor) / (1.0 + np.exp(hill * (x - middle)))

    if bottom is None:
        start.append(max(0.0, float(share.min())))
        limits[0].append(0.0)
        limits[1].append(1.0)
        found, _ = curve_fit(curve, log_dose, share, start, bounds=limits, max_nfev=10_000)
        floor = float(found[2])
    else:
        floor = bottom / top

        def falling(x: np.ndarray, middle: float, hill: float) -> np.ndarray:
            return curve(x, middle, hill, floor)

        found, _ = curve_fit(falling, log_dose, share, start, bounds=limits, max_nfev=10_000)
    inside = lowest <= found[0] <= highest
    ic50 = float(np.exp(found[0])) if inside else float("nan")
    return DoseResponse(ic50, float(found[1]), top, floor * top)
