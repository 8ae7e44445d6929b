"""A toy in place of the marrow: a tumour that grows by keyed luck, small enough to know by hand.

Area after n steps is 0.1 mm2 * exp(sum of (growth_per_step * drug + noise * luck(seed, step))).
Luck depends on seed and step alone, so arms with equal seeds share it.
"""

import hashlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from mtor_abm.run_settings import CompareParameters

START_AREA_MM2 = 0.1
SUMMARY = ("final", "auc", "growth_per_d", "doubling_d")
LARGE_UID = 2**53 - 1_000_000  # as many digits as the uids of the marrow


@dataclass(frozen=True)
class ToyRun:
    days: float = 2.0
    step_h: float = 1.0
    seeds: str = "1-2"

    def seed_list(self):
        return [1, 2]


@dataclass(frozen=True)
class ToyOutput:
    every_h: float = 6.0
    cells_at_days: tuple[float, ...] = (1.0,)
    fields_at_days: tuple[float, ...] = ()
    events: tuple[str, ...] = ("division",)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToyScenario:
    name: str = "vehicle"
    run: ToyRun = field(default_factory=ToyRun)
    output: ToyOutput = field(default_factory=ToyOutput)
    growth_per_step: float = 0.02
    noise: float = 0.01
    drug: float = 1.0
    drug_from_step: int = 0
    nx: int = 20
    start_area_mm2: float = START_AREA_MM2
    fault: str = ""  # "crash", "die", "die once", "full disk", "slow"
    notes: str = ""  # folder where a faulty run leaves its mark
    compare: CompareParameters = field(
        default_factory=lambda: CompareParameters(treatment=("toy.drug",))
    )

    def resolved(self):
        return {
            "compare": self.compare.given(),
            "run": {"days": self.run.days, "step_h": self.run.step_h},
            "output": asdict(self.output),
            "geometry": {"nx": self.nx},
            "toy": {"growth_per_step": self.growth_per_step, "drug": self.drug},
        }

    def to_toml(self):
        return f'name = "{self.name}"\n[toy]\ndrug = {self.drug}\n'

    def identity_hash(self):
        beside = ("name", "fault", "notes", "compare")
        told = {k: v for k, v in asdict(self).items() if k not in beside}
        told["run"] = {"days": self.run.days, "step_h": self.run.step_h}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def but(self, **changes):
        return replace(self, **changes)


@dataclass(frozen=True)
class ToyColumn:
    name: str
    unit: str
    meaning: str
    summary: tuple[str, ...] = ()


class ToyModel:
    def __init__(self, scenario, seed):
        self.scenario = scenario
        self.seed = seed
        self.n_steps_done = 0
        self.log_area = np.log(scenario.start_area_mm2) if scenario.start_area_mm2 else -np.inf
        self.events = []

    @property
    def time_h(self):
        return self.n_steps_done * self.scenario.run.step_h

    @property
    def area_mm2(self):
        return float(np.exp(self.log_area))

    def step(self):
        self._meet_fault()
        s = self.scenario
        luck = np.random.default_rng((self.seed, self.n_steps_done)).standard_normal()
        drug = s.drug if self.n_steps_done >= s.drug_from_step else 1.0
        self.log_area += s.growth_per_step * drug + s.noise * luck
        self.n_steps_done += 1
        if luck > 0.0:
            self.events.append((self.time_h, "division", "tumour", LARGE_UID + self.n_steps_done))

    def take_events(self):
        events, self.events = self.events, []
        names = ("time_h", "event", "cell_type", "uid")
        if not events:  # the types of empty columns mean nothing, as in the marrow
            return {name: np.empty(0) for name in names}
        types = (float, object, object, np.int64)
        columns = zip(*events, strict=True)
        return {n: np.array(c, dtype=t) for n, c, t in zip(names, columns, types, strict=True)}

    def _meet_fault(self):
        fault = self.scenario.fault
        if not fault or self.n_steps_done != 10:
            if fault == "slow":
                time.sleep(0.01)
            return
        if fault == "crash":
            raise ZeroDivisionError("planted")
        if fault == "full disk":
            import errno

            from mtor_abm.whole_file import storage_error

            raise storage_error(OSError(errno.ENOSPC, "No space left on device"), Path("somewhere"))
        if fault.startswith("die"):
            mark = Path(self.scenario.notes) / f"died_{self.scenario.name}_{self.seed}"
            if fault == "die" or not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)


class ToyEngine:
    @staticmethod
    def create(scenario, seed):
        return ToyModel(scenario, seed)

    @staticmethod
    def columns():
        return {
            "time_h": ToyColumn("time_h", "h", "time"),
            "tumour_area_mm2": ToyColumn("tumour_area_mm2", "mm2", "area of the tumour", SUMMARY),
            "bv_tv": ToyColumn("bv_tv", "1", "bone volume", ("mean",)),
            "n_cells": ToyColumn("n_cells", "1", "cells", ("max",)),
        }

    @staticmethod
    def row(model):
        return {
            "time_h": model.time_h,
            "tumour_area_mm2": model.area_mm2,
            "bv_tv": 0.139,
            "n_cells": model.n_steps_done,
        }

    @staticmethod
    def cells_table(model):
        return {"uid": np.arange(3), "x_um": np.array([0.5, np.nan, 1 / 3])}

    @staticmethod
    def fields_table(model):
        return {"oxygen_mmHg": np.float32([0.1, 40.0])}

    @staticmethod
    def go_on_under(model, scenario):
        model.scenario = scenario


def toy_trunk(scenario, day):
    """What arms of the toy have in common before their drug."""
    if scenario.drug_from_step >= day * 24:
        return scenario.but(drug=1.0, drug_from_step=0)
    return scenario
