"""The marrow before any cell is placed: trabecular bone, and the vessels that run between it."""

from mtor_abm.anatomy.bone import trabecular_bone
from mtor_abm.anatomy.section import Section, read_section, section_bytes
from mtor_abm.anatomy.vessels import (
    LEAST_SITES_APART,
    VesselNetwork,
    coarsest_site_um,
    distance_to_vessel_um,
    least_area_fraction,
    perfused,
    vessel_network,
    vessels_as_seen,
)

__all__ = [
    "LEAST_SITES_APART",
    "Section",
    "VesselNetwork",
    "coarsest_site_um",
    "distance_to_vessel_um",
    "least_area_fraction",
    "perfused",
    "read_section",
    "section_bytes",
    "trabecular_bone",
    "vessel_network",
    "vessels_as_seen",
]
