"""Keyed randomness: a draw depends only on who asks, when, and for what.

`uniform(seed, uid, step, event)` is a hash, not a stream. No draw depends on the number of threads,
on other cells, or on how many draws came before. Two runs that differ in a drug therefore share
their luck cell by cell (common random numbers), and a drug without effect changes nothing.

The hash is the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) applied in a chain.
"""

import numpy as np

from .compiled import rule

CHILD = 1  # number of the event; those of cells stand in cells/draws.py
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S27 = np.uint64(27)
_S30 = np.uint64(30)
_S31 = np.uint64(31)
_S11 = np.uint64(11)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@rule
def mix(value):
    """SplitMix64 finaliser: uint64 -> uint64, each output bit depends on each input bit."""
    z = np.uint64(value) + _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX_A
    z = (z ^ (z >> _S27)) * _MIX_B
    return z ^ (z >> _S31)


@rule
def luck_of(seed, uid, step):
    """What chance holds for one cell in one step, uint64: the key that all its events share."""
    z = mix(np.uint64(seed))
    z = mix(z ^ np.uint64(uid))
    return mix(z ^ np.uint64(step))


@rule
def uniform_from(luck, event):
    """Uniform float in [0, 1) for one event of a cell whose `luck_of` is known."""
    return np.float64(mix(luck ^ np.uint64(event)) >> _S11) * _TO_UNIT


@rule
def hashed(seed, uid, step, event):
    """64 random bits keyed by four integers."""
    return mix(luck_of(seed, uid, step) ^ np.uint64(event))


@rule
def uniform(seed, uid, step, event):
    """Uniform float in [0, 1) keyed by four integers."""
    return uniform_from(luck_of(seed, uid, step), event)


@rule
def child_uid(seed, parent_uid, step):
    """Identity of a daughter cell: 53 bits, so that it survives a double in R or Excel.

    Two of a million cells collide with probability 5.5e-5; then they share luck, nothing worse.
    """
    return np.int64(hashed(seed, parent_uid, step, CHILD) >> _S11)


@rule
def standard_normal(seed, uid, step, event):
    """One normal deviate (Box and Muller 1958) keyed by four integers."""
    u = 1.0 - uniform(seed, uid, step, event)  # in (0, 1]
    v = uniform(seed, uid, step, np.uint64(event) ^ np.uint64(0x5555555555555555))
    return np.sqrt(-2.0 * np.log(u)) * np.cos(2.0 * np.pi * v)
