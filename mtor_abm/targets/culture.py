"""Targets measured in cell culture, read from the benches of `mtor_abm/assays`."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ..analysis.dose_response import fit_ic50
from ..assays import BENCHES
from ..scenario import Scenario
from .target import Point, Simulate, Source, Target

DOSES_NM = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # T29: 0.1-100 nM
SATURATING_NM = 100.0  # of rapamycin; the abstract of T59 gives no level [assumed]

_FORMATION = {"slice_mm": 12.0, "precursors": 1320}
_PITS = {"slice_mm": 4.0, "precursors": 0, "osteoclasts": 50, "hours": 48.0}
_MARROW = {"slice_mm": 6.4, "precursors": 880, "mesenchymal": 240, "preosteoblasts": 120}
_TUMOUR = _MARROW | {"tumour_cells": 100}
_OPG = _TUMOUR | {"opg_nM": 1.8}  # 100 ng/mL of 55 kDa, usual in culture [recalled]
_PLAIN = {"preosteoblasts": 0, "tgfb_nM": 0.0}
_STROMA = _PLAIN | {"mesenchymal": 40, "hours": 96.0}
_MATURE = _PLAIN | {"osteoblasts": 40, "hours": 48.0}
_CHAMBER = {"n_cells": 800}
_RAPTOR_KO = {"genes.osteoblast.RPTOR": 0.0}


@lru_cache(maxsize=4096)
def _measured(
    bench: str, seed: int, conditions: tuple[tuple[str, float], ...],
    changes: tuple[tuple[str, float], ...] = (),
) -> dict[str, float]:  # fmt: skip
    """Readouts of one culture; cultures that several points share are kept."""
    kind = BENCHES[bench]
    scenario = Scenario.from_tables()
    if changes:
        scenario = scenario.changed(dict(changes))
    return kind.measure(scenario, seed, kind.conditions(**dict(conditions)))


def _read(
    bench: str, readout: str, seed: int, conditions: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
) -> float:  # fmt: skip
    found = _measured(
        bench, seed, tuple(sorted(conditions.items())), tuple(sorted((changes or {}).items()))
    )
    return found[readout]


def _each_seed(value: Callable[[int], float]) -> Simulate:
    def simulate(s: Source) -> np.ndarray:
        return np.array([value(seed) for seed in s.seeds])

    return simulate


def _ic50(
    bench: str, readout: str, conditions: Mapping[str, Any], drug: str = "everolimus"
) -> Simulate:
    """Nominal drug that leaves half of the readout, nM, one a seed."""

    def value(seed: int) -> float:
        found = [
            _read(bench, readout, seed, {**conditions, f"{drug}_nM": dose}) for dose in DOSES_NM
        ]
        return fit_ic50(DOSES_NM, found).ic50

    return _each_seed(value)


def _ratio(
    bench: str, readout: str, control: Mapping[str, Any], treated: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
) -> Simulate:  # fmt: skip
    """Readout of the treated culture over that of the control, one a seed."""

    def value(seed: int) -> float:
        below = _read(bench, readout, seed, control)
        return _read(bench, readout, seed, treated, changes) / below if below else float("nan")

    return _each_seed(value)


_NO_ERROR = "no error is given: 10 % assumed"
_RAPAMYCIN = {"rapamycin_nM": SATURATING_NM}
CULTURE_TARGETS: tuple[Target, ...] = (
    Target(
        "T29",
        (
            Point("IC50 of everolimus on pits", "nM", _ic50("osteoclasts", "pit_area_um2", _PITS),
                  limits=(0.6, 4.0), note="published range"),
            Point("IC50 on osteoclast number", "nM",
                  _ic50("osteoclasts", "n_osteoclasts", _FORMATION), limits=(7.7, 10.5),
                  note="published range"),
            Point("IC50 on osteoblast differentiation", "nM",
                  _ic50("osteoblasts", "mineral_um2", {}), 13.5, 0.16, ratio=True,
                  note="no error is given: half the log width of the range on osteoclast number"),
        ),
        note="pits of mature osteoclasts in 2 d, number after 6 d from precursors, mineral after "
        "21 d; half of the control is left at the IC50",
    ),
    Target(
        "T33",
        (
            Point("osteoclasts with tumour, of those without", "1",
                  _ratio("coculture", "n_osteoclasts", _MARROW, _TUMOUR), 1.70, 0.086, ratio=True,
                  note="both errors together"),
            Point("osteoclasts with tumour and OPG, of those with tumour", "1",
                  _ratio("coculture", "n_osteoclasts", _TUMOUR, _OPG), 0.44, 0.080, ratio=True,
                  note="both errors together"),
        ),
        note="tumour cells among marrow cells on bone; OPG 1.8 nM, its level is not in the table",
    ),
    Target(
        "T58",
        (
            Point("late genes without raptor", "1",
                  _ratio("osteoblasts", "late", {}, {}, _RAPTOR_KO), limits=(0.0, 0.9),
                  note="down"),
            Point("early genes without raptor", "1",
                  _ratio("osteoblasts", "early", {"hours": 72.0}, {"hours": 72.0}, _RAPTOR_KO),
                  limits=(1.02, 1.5), note="slightly up: at most by half"),
            Point("mineral without raptor", "1",
                  _ratio("osteoblasts", "mineral_um2", {}, {}, _RAPTOR_KO), limits=(0.0, 0.9),
                  note="down"),
        ),
        note="early genes at 3 d, while all cells are preosteoblasts",
    ),
    Target(
        "T59",
        (
            Point("OPG of stroma under rapamycin", "1",
                  _ratio("osteoblasts", "opg_nM", _STROMA, _STROMA | _RAPAMYCIN), 0.56, 0.1,
                  ratio=True, note=_NO_ERROR),
            Point("OPG of mature osteoblasts under rapamycin", "1",
                  _ratio("osteoblasts", "opg_nM", _MATURE, _MATURE | _RAPAMYCIN), 2.2, 0.1,
                  ratio=True, note=_NO_ERROR),
            Point("RANKL of stroma under rapamycin", "1",
                  _ratio("osteoblasts", "rankl_nM", _STROMA, _STROMA | _RAPAMYCIN),
                  limits=(1.6, 3.1), note="published range, of three drugs"),
        ),
    ),
    Target(
        "T44",
        (
            Point("IC50 of rapamycin on migration", "nM",
                  _ic50("boyden", "migrated", _CHAMBER, "rapamycin"), 5.0, 0.1, ratio=True,
                  note=_NO_ERROR),
            Point("IC50 of Torin2 on migration", "nM",
                  _ic50("boyden", "migrated", _CHAMBER, "torin_2"), 6.0, 0.1, ratio=True,
                  note=_NO_ERROR),
        ),
        note="cells beyond the line of a Boyden chamber after a day",
    ),
    Target(
        "T68",
        (
            Point("half-life in blood", "h",
                  _each_seed(lambda seed: _read("suspension", "half_life_h", seed, {})),
                  limits=(1.0, 2.4), note="published range"),
        ),
        note="tumour cells in suspension, untreated",
    ),
)  # fmt: skip
