"""Published numbers the model was fitted to, and what the model gives for each.

`TARGETS` is the table of contents: a target is one row of evidence/calibration_targets.csv and one
entry here, which says what was measured and how the same is read from the model.
"""

from .culture import CULTURE_TARGETS
from .exposure import EXPOSURE_TARGETS
from .marrow import MARROW_TARGETS
from .network import NETWORK_TARGETS
from .target import Target

_ALL: tuple[Target, ...] = (
    *MARROW_TARGETS, *NETWORK_TARGETS, *EXPOSURE_TARGETS, *CULTURE_TARGETS,
)  # fmt: skip
TARGETS: dict[str, Target] = {target.id: target for target in sorted(_ALL, key=lambda t: t.id)}

__all__ = ["TARGETS", "Target"]
