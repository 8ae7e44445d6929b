"""A finished study as tables: what `run`, `load` and `sweep` of the Python interface return."""

import functools
import math
from pathlib import Path
from typing import Any

import pandas as pd

from .analysis.arms import complete_runs
from .errors import UserError
from .runner.study_folder import read_study
from .store import Run, snapshot_name

LONGEST_LINE = 100


class Study:
    """A study on disk: its tables as DataFrames, each row with scenario and seed.

    Tables are read when they are first asked for, and hold the runs that are complete.

    Attributes:
        folder: where it lies. result: how the call that ran it ended; None after `load`.
    """

    def __init__(self, folder: str | Path, result: Any = None) -> None:
        """Name a study; its files are read when they are asked for."""
        self.folder = Path(folder)
        self.result = result

    @functools.cached_property
    def _record(self) -> dict[str, Any]:
        return read_study(self.folder)

    @property
    def name(self) -> str:
        """Name of the study's folder."""
        return self.folder.resolve().name

    @property
    def scenarios(self) -> list[str]:
        """Names of its scenarios in their order; in a study without design the control first."""
        return list(self._record["scenarios"])

    @property
    def seeds(self) -> list[int]:
        """Seeds of its runs, rising."""
        return sorted({run["seed"] for run in self._record["runs"].values()})

    @functools.cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run: scenario, seed, status ("complete", "failed" ...), folder."""
        order = {name: place for place, name in enumerate(self.scenarios)}
        rows = [
            {
                "scenario": run["scenario"], "seed": run["seed"],
                "status": run.get("status", ""), "folder": self.folder / name,
            }
            for name, run in self._record["runs"].items()
        ]  # fmt: skip
        rows.sort(key=lambda row: (order.get(row["scenario"], len(order)), row["seed"]))
        return pd.DataFrame(rows, columns=["scenario", "seed", "status", "folder"])

    @functools.cached_property
    def timeseries(self) -> pd.DataFrame:
        """The time series of all runs: scenario, seed, time_h, time_d, then every column.

        `mtor-abm list columns` says what a column means and in which unit.
        """
        return self._joined("timeseries.csv")

    @functools.cached_property
    def summary(self) -> pd.DataFrame:
        """One row per run: scenario, seed, then every readout; units in `.attrs["units"]`."""
        long = self._joined("summary.csv")
        readouts = list(dict.fromkeys(long["readout"]))
        order = list(dict.fromkeys(zip(long["scenario"], long["seed"], strict=True)))
        wide = long.pivot(index=["scenario", "seed"], columns="readout", values="value")
        wide = wide.reindex(index=pd.MultiIndex.from_tuples(order, names=["scenario", "seed"]))
        wide = wide[readouts].reset_index().rename_axis(columns=None)
        wide.attrs["units"] = dict(zip(long["readout"], long["unit"].fillna(""), strict=True))
        return wide

    @functools.cached_property
    def events(self) -> pd.DataFrame:
        """Divisions, deaths, arrivals ...: scenario, seed, then the columns of events.csv.

        Raises:
            UserError: no run recorded events.
        """
        return self._joined("events.csv", 'changes={"output.events": True}')

    def cells(self, day: float | None = None) -> pd.DataFrame:
        """Every cell at one day, or at all days that were recorded: scenario, seed, day, ...

        Raises:
            UserError: no run recorded cells on this day; the message names those that did.
        """
        return self._snapshots("cells", day)

    def fields(self, day: float | None = None) -> pd.DataFrame:
        """Concentrations, bone and vessels of every site, as `cells`."""
        return self._snapshots("fields", day)

    def plot(self, what: str = "time_courses", control: str | None = None) -> Any:
        """One figure of `mtor-abm figures`, as a Matplotlib figure (extra: figures).

        Args:
            what: time_courses, effects, doses, fates, pathway or marrow.
            control: scenario of the control; None takes that of the study.

        Raises:
            UserError: no such figure, or nothing to draw it from; Matplotlib is missing.
        """
        from .views.figures import one_figure

        return one_figure(self.folder, what, control)

    def report(self, out: str | Path | None = None, control: str | None = None) -> Path:
        """Write the study as one page of HTML, and return its path.

        Args:
            out: the file; None takes report.html in the study.
            control: scenario of the control; None takes that of the study.
        """
        from .views.report import write_report

        return write_report([self.folder], control, None if out is None else Path(out)).path

    def __repr__(self) -> str:
        """Three lines: where, what, and what to ask for."""
        counts = self.runs["status"].value_counts()
        runs = ", ".join(f"{n} {status}" for status, n in counts.items()) or "none"
        seeds = _as_ranges(self.seeds)
        lines = [
            f"Study {self.folder}: runs {runs}",
            _cut(f"  scenarios {', '.join(self.scenarios)}; seeds {seeds}"),
            "  .timeseries .summary .events .cells(day) .runs .plot() .report()",
        ]
        return "\n".join(lines)

    @functools.cached_property
    def _complete(self) -> list[Run]:
        return complete_runs(self.folder)[0]

    def _joined(self, name: str, cure: str = "") -> pd.DataFrame:
        runs = [run for run in self._complete if name in run.manifest["files"]]
        if not runs:
            raise UserError(f"no run of {self.folder} has {name}; run it with {cure}")
        return pd.concat([_marked(run, run.table(name)) for run in runs], ignore_index=True)

    def _snapshots(self, kind: str, day: float | None) -> pd.DataFrame:
        recorded = {run.folder: run.days_of(kind) for run in self._complete}
        there = sorted({d for days in recorded.values() for d in days})
        wanted = [d for d in there if day is None or math.isclose(d, day, abs_tol=0.005)]
        if not wanted:
            have = ", ".join(f"{d:g}" for d in there) or "none"
            asked = "" if day is None else f" on day {day:g}"
            raise UserError(
                f"no run of {self.folder} recorded {kind}{asked}; recorded days: {have}. Run it "
                f'with changes={{"output.{kind}_at_days": [{day or 7:g}]}}'
            )
        tables = []
        for run in self._complete:
            for d in (d for d in wanted if d in recorded[run.folder]):
                tables.append(_marked(run, run.table(snapshot_name(kind, d)), day=d))
        return pd.concat(tables, ignore_index=True)


def _marked(run: Run, table: pd.DataFrame, **more: float) -> pd.DataFrame:
    """A table of a run with its scenario and seed (and more) as the first columns."""
    marks = pd.DataFrame({"scenario": run.scenario, "seed": run.seed, **more}, index=table.index)
    return pd.concat([marks, table], axis=1)


def _as_ranges(seeds: list[int]) -> str:
    """1, 2, 3, 7 as "1-3, 7"."""
    parts: list[list[int]] = []
    for seed in seeds:
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    named = [f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts]
    return _cut(", ".join(named), 60)


def _cut(text: str, most: int = LONGEST_LINE) -> str:
    return text if len(text) <= most else text[: most - 4] + " ..."
