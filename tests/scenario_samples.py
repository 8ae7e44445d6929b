"""A small vocabulary and a full scenario file for the tests of scenarios."""

from mtor_abm.drugs import DRUGS
from mtor_abm.parameters import Group, number
from mtor_abm.scenario import Vocabulary


class Tumour(Group):
    division_rate_per_h: float = number(
        0.029, "1/h", "test", "assumed", low=0.0, high=0.1, what="highest division rate"
    )
    death_rate_per_h: float = number(
        0.001, "1/h", "test", "assumed", low=0.0, high=1.0, what="death rate"
    )
    n_start: int = number(10, "1", "test", "assumed", low=0, high=1000, what="cells at the start")
    does_shed: bool = False


class Oxygen(Group):
    diffusivity_um2_per_s: float = number(
        2000.0, "um2/s", "test", "assumed", low=1.0, high=1e4, what="diffusivity"
    )


SMALL = Vocabulary({"tumour": Tumour}, {"oxygen": Oxygen}, DRUGS, ("tumour", "osteoclast"))

FULL = """\
title = "everything"
description = '''two
lines'''
expects = "less tumour"

[run]
days = 28.0
step_h = 1.0
seeds = "1-4"

[tumour]
division_rate_per_h = 0.02
death_rate_per_h = 0.002
n_start = 20
does_shed = true

[genes.tumour]
RPTOR = 0.0
CXCR4 = 0.5

[genes.osteoclast]
RICTOR = 1.5

[switches]
V1 = "A"
V3 = "biphasic"

[fields.oxygen]
diffusivity_um2_per_s = 1500.0

[drugs.rapamycin]
dose_mg_per_kg = 1.5
route = "ip"
every_h = 24.0
start_day = 3.0
stop_day = 20.0

[drugs.rapamycin.cells]
tumour = 1.0
osteoclast = 0.0

[drugs.zoledronate]
dose_mg = 4.0
species = "human"
route = "iv"

[output]
every_h = 12.0
cells_at_days = [7.0, 28.0]
fields_at_days = []
events = false
"""
