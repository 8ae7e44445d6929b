"""How a study tells that it is alive: on standard error, in the form that fits who reads it."""

import json
import sys
import time
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .single import RunResult

SECONDS_BETWEEN_LINES = 10.0
BAR_FORMAT = "{desc} {percentage:3.0f}%|{bar:24}| {elapsed}, {remaining} left{postfix}"


class Progress:
    """Says nothing; the base of those that do.

    `begin`, then any number of `advance`, `finished` and `say`, then `end`.
    """

    def begin(self, n_runs: int, n_skipped: int, jobs: int, what: str = "run") -> None:
        """Work starts: runs (or trunks) to do, complete already, processes."""

    def advance(self, fraction: float) -> None:
        """Fraction of all work done, in [0, 1]; called several times a second."""

    def finished(self, result: "RunResult", n_done: int, n_runs: int) -> None:
        """A run has ended."""

    def say(self, line: str) -> None:
        """Something the person should know."""

    def end(self) -> None:
        """The study has ended, one way or another."""


class Lines(Progress):
    """Plain lines, for logs: one a run if verbose, else every so often, and every failure."""

    def __init__(self, stream: IO[str], verbose: bool = False) -> None:
        """Write to `stream`; with `verbose` one line for every run."""
        self.stream = stream
        self.verbose = verbose
        self._last = time.monotonic()
        self._n = (0, 0)

    def begin(self, n_runs: int, n_skipped: int, jobs: int, what: str = "run") -> None:
        """Say what will be done."""
        self._n = (0, n_runs)
        self._last = time.monotonic()
        self.say(opening(n_runs, n_skipped, jobs, what))

    def advance(self, fraction: float) -> None:
        """Write a line if the last one is long ago."""
        if time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self.say(f"{fraction:.0%} done, {self._n[0]} of {self._n[1]} runs finished")

    def finished(self, result: "RunResult", n_done: int, n_runs: int) -> None:
        """Write a line on a failure, and on every run if verbose."""
        self._n = (n_done, n_runs)
        if result.warning:
            self.say(f"warning: {result.folder.name}: {result.warning}")
        if result.status == "failed":
            self.say(f"FAILED {result.folder.name}: {result.error}")
        elif self.verbose:
            self.say(f"{result.folder.name} done in {result.wall_s:.1f} s ({n_done}/{n_runs})")

    def say(self, line: str) -> None:
        """Write one line."""
        self._last = time.monotonic()
        print(line, file=self.stream, flush=True)


class Bar(Progress):
    """One live line on a terminal; other lines appear above it."""

    def __init__(self, stream: IO[str], verbose: bool = False) -> None:
        """Draw on `stream`; with `verbose` also one line for every run."""
        self.stream = stream
        self.verbose = verbose
        self._bar: Any = None
        self._what = "run"
        self._began = time.monotonic()

    def begin(self, n_runs: int, n_skipped: int, jobs: int, what: str = "run") -> None:
        """Draw the empty bar."""
        from tqdm import tqdm

        self._what = what
        self._began = time.monotonic()
        self.say(opening(n_runs, n_skipped, jobs, what))
        if n_runs:
            self._bar = tqdm(
                total=1.0, file=self.stream, bar_format=BAR_FORMAT, desc=f"0/{n_runs} {what}s",
                leave=False, smoothing=0.1, dynamic_ncols=True,
            )  # fmt: skip

    def advance(self, fraction: float) -> None:
        """Move the bar."""
        if self._bar is not None and fraction > self._bar.n:
            self._bar.update(fraction - self._bar.n)

    def finished(self, result: "RunResult", n_done: int, n_runs: int) -> None:
        """Count the run."""
        if self._bar is not None:
            self._bar.set_description_str(f"{n_done}/{n_runs} {self._what}s")
            hours = (time.monotonic() - self._began) / 3600.0
            self._bar.set_postfix_str(f"{n_done / hours:.3g} {self._what}s/h" if hours else "")
        if result.warning:
            self.say(f"warning: {result.folder.name}: {result.warning}")
        if result.status == "failed":
            self.say(f"FAILED {result.folder.name}: {result.error}")
        elif self.verbose:
            self.say(f"{result.folder.name} done in {result.wall_s:.1f} s")

    def say(self, line: str) -> None:
        """Write one line above the bar."""
        if self._bar is None:
            print(line, file=self.stream, flush=True)
        else:
            self._bar.write(line, file=self.stream)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class JsonLines(Progress):
    """One JSON object a line, for programs; `event` says what it tells."""

    def __init__(self, stream: IO[str]) -> None:
        """Write to `stream`."""
        self.stream = stream
        self._percent = 0

    def begin(self, n_runs: int, n_skipped: int, jobs: int, what: str = "run") -> None:
        """Event "begin"."""
        self._percent = 0
        self._write(event="begin", n_runs=n_runs, n_skipped=n_skipped, jobs=jobs, what=what)

    def advance(self, fraction: float) -> None:
        """Event "progress", once for every whole per cent."""
        percent = int(100.0 * fraction + 1e-9)
        if percent > self._percent:
            self._percent = percent
            self._write(event="progress", percent=percent)

    def finished(self, result: "RunResult", n_done: int, n_runs: int) -> None:
        """Event "run"."""
        self._write(event="run", n_done=n_done, n_runs=n_runs, **result.as_dict())

    def say(self, line: str) -> None:
        """Event "message"."""
        self._write(event="message", text=line)

    def end(self) -> None:
        """Event "end"."""
        self._write(event="end")

    def _write(self, **what: Any) -> None:
        print(json.dumps(what), file=self.stream, flush=True)


def opening(n_runs: int, n_skipped: int, jobs: int, what: str = "run") -> str:
    """The first line of a study."""
    runs = f"{n_runs} {what}{'s' * (n_runs != 1)} on {jobs} process{'es' * (jobs != 1)}"
    kept = f"; {n_skipped} complete already, kept" if n_skipped else ""
    return (runs if n_runs else "nothing to run") + kept


def choose(
    quiet: bool = False, verbose: bool = False, as_json: bool = False, stream: IO[str] | None = None
) -> Progress:
    """The form that fits: nothing, JSON lines, a live line on a terminal, or plain lines."""
    stream = sys.stderr if stream is None else stream
    if as_json:
        return JsonLines(stream)
    if quiet:
        return Progress()
    return Bar(stream, verbose) if stream.isatty() else Lines(stream, verbose)
