"""The marrow before any cell is placed: trabecular bone, and the vessels that run between it."""

from mtor_abm.anatomy.bone import trabecular_bone
from mtor_abm.anatomy.vessels import (
    VesselNetwork,
    distance_to_vessel_um,
    perfused,
    vessel_network,
)

__all__ = [
    "VesselNetwork",
    "distance_to_vessel_um",
    "perfused",
    "trabecular_bone",
    "vessel_network",
]
