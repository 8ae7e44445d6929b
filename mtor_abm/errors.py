"""What is said to the person at the keyboard when something given cannot be used."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONGEST_LINE = 600
"""Characters of a message; of a longer one the middle is left out."""
MOST_FAULTS = 20
"""Faults listed at once; the rest are counted."""


class UserError(ValueError):
    """Faults that the person can cure, each in one line that names the place, value and cure.

    The command line prints them without a traceback and exits with 2. Whatever was put into a
    message, it stays one printable line: a file name or a value may contain a line break. It is a
    ValueError so that a parameter group's own validators may raise it.
    """

    def __init__(self, *faults: str) -> None:
        """Keep each message as one printable line that can be read at a glance."""
        super().__init__(*(shortened(one_line(fault)) for fault in faults))

    @property
    def faults(self) -> tuple[str, ...]:
        """One line for each fault."""
        return self.args

    def __str__(self) -> str:
        """All lines."""
        return "\n".join(self.faults)


class Faults:
    """Gathers the faults of one input, so that all are told at once.

    `with faults.noted(): check(x)` notes what `check` raises and goes on after the block.
    """

    def __init__(self, *lines: str) -> None:
        """Begin with faults that are known already."""
        self._lines = dict.fromkeys(lines)  # in order, each once

    def __bool__(self) -> bool:
        """Whether there was any."""
        return bool(self._lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """All that was noted, in order, each once."""
        return tuple(self._lines)

    def note(self, *lines: str) -> None:
        """Add faults found elsewhere."""
        self._lines |= dict.fromkeys(lines)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note a UserError of the block instead of raising it."""
        try:
            yield
        except UserError as fault:
            self.note(*fault.faults)

    def check(self, look: Callable[..., None], *given: object) -> None:
        """Note what `look(*given)` raises."""
        with self.noted():
            look(*given)

    def raise_any(self, where: str) -> None:
        """Raise all that were noted as one UserError.

        Args:
            where: the input that has them, for the line that counts those beyond MOST_FAULTS.

        Raises:
            UserError: at least one was noted.
        """
        lines = list(self.lines)
        left = len(lines) - MOST_FAULTS
        if left > 1:  # a last line for a single one would be as long as that one
            rest = f"{where}: {left} more errors are not listed; correct the ones above first"
            lines = [*lines[:MOST_FAULTS], rest]
        if lines:
            raise UserError(*lines)


def one_line(text: str) -> str:
    """The text with runs of white space as one space and unprintable characters escaped."""
    joined = " ".join(text.split())
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in joined
    )


def shortened(line: str) -> str:
    """The line without its middle if it is long: place and value come first, the cure last."""
    if len(line) <= LONGEST_LINE:
        return line
    tail = LONGEST_LINE // 2
    return f"{line[: LONGEST_LINE - tail - 5]} ... {line[-tail:]}"
