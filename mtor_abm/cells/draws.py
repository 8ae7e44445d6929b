"""What chance is asked for: the number of each event that a cell draws for in a step.

A draw is keyed by (seed, cell, step, event), so two events with one number would share their luck.
Each event has one number here and is drawn in one place (tests/test_chance.py); a cell that goes on
moving within a step draws for its further moves from `moved_on`.
"""

import numpy as np

from ..numerics.chance import mix
from ..numerics.compiled import rule

# every cell; CHILD, the identity of a daughter, is 1 (numerics/chance.py)
CLAIM = 2

# tumour cells
TUMOUR_DEATH = 10
TUMOUR_WAKES = 11
TUMOUR_FALLS_DORMANT = 12
TUMOUR_DAUGHTER_SITE = 13
TUMOUR_DIVIDES = 14
TUMOUR_CRAWLS = 15
TUMOUR_FOLLOWS_CXCL12 = 16
TUMOUR_CRAWL_SITE = 17
TUMOUR_GOES_STRAIGHT_ON = 18
RIM_CELL_LEAVES = 19
TUMOUR_LETS_GO = 23

# stroma
STEM_CELL_DIVIDES = 20
STEM_CELL_DAUGHTER_SITE = 21
STEM_CELL_FATE = 22

# endothelium
VESSEL_SPROUTS = 30
SPROUT_MATURES = 31
SPROUT_REGRESSES = 32
TIP_ADVANCES = 33
VESSEL_COLLAPSES = 34

# osteoclast lineage
OSTEOCLAST_LIFESPAN = 40
PRECURSOR_LEAVES = 41
PRECURSOR_COMMITS = 42
PRECURSOR_FUSES = 43
PRECURSOR_FOUNDS = 44
PRECURSOR_WALKS = 45
PRECURSOR_FOLLOWS_RANKL = 46
PRECURSOR_WALK_SITE = 47
OSTEOCLAST_STARVES = 48
OSTEOCLAST_DIES_OF_TGFB = 49

# osteoblast lineage
OSTEOCYTE_CALLS = 50
OSTEOBLAST_SPREAD_SITE = 51
OSTEOBLAST_SPREADS = 52
OSTEOBLAST_CAVITY_SITE = 53
OSTEOBLAST_SITE = 54
OSTEOBLAST_DIES = 55
PREOSTEOBLAST_DIES = 56
PREOSTEOBLAST_SITE = 57
PREOSTEOBLAST_CAVITY_SITE = 58
LINING_CELL_DIVIDES = 59

# tumour cells in blood
CIRCULATING_DEATH = 60
CIRCULATING_DOOR = 61
CIRCULATING_STOPS = 62
CIRCULATING_SITE = 63
CIRCULATING_CAUSE = 64
CIRCULATING_EXTRAVASATES = 65

_FURTHER_MOVE = 100  # and up: keys of the further moves of a cell within one step


@rule
def moved_on(luck, move):
    """Luck of a cell for a further move (1, 2, ...) in one step, from its `luck_of`; uint64."""
    return mix(luck ^ np.uint64(_FURTHER_MOVE + move))
