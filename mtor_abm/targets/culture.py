"""Targets measured in cell culture, read from the benches of `mtor_abm/assays`."""

from .target import Target

CULTURE_TARGETS: tuple[Target, ...] = ()
