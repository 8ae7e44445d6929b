"""A number of a table that remembers its unit, its source and how sure we are of it."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from .parameters import Confidence


class Sourced(float):
    """A float with `unit`, `source` and `confidence`; arithmetic gives plain floats."""

    unit: str
    source: str
    confidence: Confidence

    def __new__(cls, value: float, unit: str, source: str, confidence: Confidence) -> "Sourced":
        """Build from the value, its unit, its source and the confidence in it."""
        self = super().__new__(cls, value)
        self.unit, self.source, self.confidence = unit, source, confidence
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Let copies and pickles keep the source."""
        return float(self), self.unit, self.source, self.confidence


def sourced(value: float, unit: str, source: str, confidence: Confidence) -> Sourced:
    """Write one number of a table: value, unit, source, confidence (see parameters.Confidence)."""
    return Sourced(value, unit, source, confidence)


def sourced_numbers(row: Any, path: str = "") -> Iterator[tuple[str, Sourced]]:
    """Yield (dotted name, number) for every sourced number inside a dataclass or mapping."""
    if isinstance(row, Sourced):
        yield path, row
        return
    members: list[tuple[str, Any]] = []
    if is_dataclass(row):
        members = [(field.name, getattr(row, field.name)) for field in fields(row)]
    elif isinstance(row, Mapping):
        members = list(row.items())
    elif isinstance(row, tuple):
        members = [(str(place), member) for place, member in enumerate(row)]
    for name, member in members:
        yield from sourced_numbers(member, f"{path}.{name}" if path else name)
