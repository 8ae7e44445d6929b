"""Targets of the network alone: what rapamycin and kinase inhibitors leave in tumour lines."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..drug_action import half_effects_nM
from ..drugs import DRUGS
from ..mtor import Dosage, NetworkParameters, NetworkRates, advance_network, blank_signals
from ..parameters import kernel_values
from .target import Point, Simulate, Source, Target

N_LINES = 50  # "about 50 tumour lines"
LINE_SPREAD = 0.2  # log-normal spread of every number of the network between lines [assumed]
SUSCEPTIBLE_SHARE = 0.2  # of lines, in which a rapalog dissolves mTORC2 (AACR 2009 abstract 3711)
SEEN_CHANGE = 0.1  # least relative change that a blot shows [assumed]
RAPAMYCIN_NM = 20.0  # saturating: 40 half effects [assumed; the abstract gives no level]
KINASE_NM = 500.0  # above both IC50 by far [assumed; likewise]
KEPT_AS_IS = ("susceptible", "vegf_foxo", "secretion_time_h")
UNTREATED = {"growth_factor": 0.6, "cxcr4": 0.3, "integrin": 0.3, "oxygen": 1.0}


def drawn_line(rng: np.random.Generator) -> Any:
    """Network numbers of one tumour line: each a log-normal draw round its default."""
    defaults = NetworkParameters()
    limits = {row["key"]: (row["low"], row["high"]) for row in NetworkParameters.rows()}
    numbers: dict[str, float] = {}
    for key in NetworkParameters.model_fields:
        value = float(getattr(defaults, key))
        if key not in KEPT_AS_IS:
            low, high = limits[key]
            value = float(np.clip(value * np.exp(LINE_SPREAD * rng.standard_normal()), low, high))
        numbers[key] = value
    numbers["susceptible"] = float(rng.random() < SUSCEPTIBLE_SHARE)
    return kernel_values(NetworkRates, NetworkParameters(**numbers))


def course(p: Any, hours: int, **inputs: float) -> dict[str, np.ndarray]:
    """Activities of one cell each hour after its inputs change from untreated; index 0 before."""
    signals = blank_signals(1)
    for name, value in UNTREATED.items():
        getattr(signals, name)[0] = value
    dosage = Dosage(susceptible=p.susceptible)
    for _ in range(100):
        advance_network(1, signals, dosage, 1.0, 1.0, p, 1.0)
    rows = [{k: float(getattr(signals, k)[0]) for k in signals._fields}]
    for name, value in inputs.items():
        getattr(signals, name)[0] = value
    for _ in range(hours):
        advance_network(1, signals, dosage, 1.0, 1.0, p, 1.0)
        rows.append({k: float(getattr(signals, k)[0]) for k in signals._fields})
    return {k: np.array([row[k] for row in rows]) for k in rows[0]}


def units(drug: str, level_nM: float) -> dict[str, float]:
    """Inputs of the network under a constant free level of a drug."""
    return {name: level_nM / half for name, half in half_effects_nM(DRUGS[drug].action).items()}


def left_after_a_day(drug: str, level_nM: float, seed: int) -> Mapping[str, np.ndarray]:
    """Share of each activity left after 24 h, one a line."""
    rng = np.random.default_rng((seed, 47))
    rows = []
    for _ in range(N_LINES):
        line = course(drawn_line(rng), 24, **units(drug, level_nM))
        rows.append({k: v[-1] / v[0] for k, v in line.items() if v[0] > 0.0})
    return {k: np.array([row[k] for row in rows]) for k in ("s6k", "p4ebp1", "akt_s473")}


def _lines(
    drug: str, level_nM: float, reduce: Callable[[Mapping[str, np.ndarray]], float]
) -> Simulate:
    def simulate(s: Source) -> np.ndarray:
        return np.array([reduce(left_after_a_day(drug, level_nM, seed)) for seed in s.seeds])

    return simulate


def _median(signal: str) -> Callable[[Mapping[str, np.ndarray]], float]:
    return lambda left: float(np.median(left[signal]))


def _share_down(left: Mapping[str, np.ndarray]) -> float:
    return float((left["akt_s473"] < 1.0 - SEEN_CHANGE).mean())


def _share_up(left: Mapping[str, np.ndarray]) -> float:
    return float((left["akt_s473"] > 1.0 + SEEN_CHANGE).mean())


def _kinase(signal: str) -> Simulate:
    def simulate(s: Source) -> np.ndarray:
        out = []
        for seed in s.seeds:
            line = course(
                drawn_line(np.random.default_rng((seed, 48))), 24, **units("osi_027", KINASE_NM)
            )
            out.append(line[signal][-1] / line[signal][0])
        return np.array(out)

    return simulate


def _binomial(share: float) -> float:
    return float(np.sqrt(share * (1.0 - share) / N_LINES))


_GONE = (0.0, 0.1)
NETWORK_TARGETS = (
    Target(
        "T47",
        (
            Point("pS6 left, rapamycin", "1", _lines("rapamycin", RAPAMYCIN_NM, _median("s6k")),
                  limits=_GONE, note="gone: at most a tenth"),
            Point("p4E-BP1 left, rapamycin", "1",
                  _lines("rapamycin", RAPAMYCIN_NM, _median("p4ebp1")),
                  limits=(0.1, 0.9), note="partial: between a tenth and nine tenths"),
            Point("lines with S473 down, rapamycin", "1",
                  _lines("rapamycin", RAPAMYCIN_NM, _share_down), 0.2, _binomial(0.2),
                  note="binomial error of about 50 lines"),
            Point("lines with S473 up, rapamycin", "1",
                  _lines("rapamycin", RAPAMYCIN_NM, _share_up), 0.6, _binomial(0.6),
                  note="binomial error of about 50 lines"),
            Point("pS6 left, OXA-01", "1", _lines("oxa_01", KINASE_NM, _median("s6k")),
                  limits=_GONE, note="gone: at most a tenth"),
            Point("p4E-BP1 left, OXA-01", "1", _lines("oxa_01", KINASE_NM, _median("p4ebp1")),
                  limits=_GONE, note="gone: at most a tenth"),
            Point("lines with S473 down, OXA-01", "1", _lines("oxa_01", KINASE_NM, _share_down),
                  limits=(1.0, 1.0), note="in all lines"),
        ),
        note="lines are draws of the network's numbers, log-normal with 20% spread; a change "
        "counts from 10%; the susceptible share of lines is put in, not found",
    ),
    Target(
        "T48",
        (
            Point("S473 left after 24 h of OSI-027", "1", _kinase("akt_s473"), limits=(0.0, 0.3),
                  note="stays off"),
            Point("T308 after 24 h of OSI-027, of untreated", "1", _kinase("akt_t308"),
                  limits=(0.9, 10.0), note="returns within hours"),
        ),
        note="a direction; fast nodes are at rest within the hour, so the dip of T308 in the "
        "first hour is not in the model, only its return",
    ),
)  # fmt: skip
