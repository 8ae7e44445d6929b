"""A share of a study, for arrays of jobs: every n-th run of the plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UserError

MOST_SHARDS = 100_000


@dataclass(frozen=True)
class Shard:
    """The runs number, number + count, number + 2 count, ... of a plan, counted from 1.

    Attributes:
        number: which share, 1..count.
        count: into how many the plan is divided.
    """

    number: int
    count: int

    def of[T](self, plan: Sequence[T]) -> list[T]:
        """Its runs, in the order of the plan; empty if there are more shards than runs."""
        return list(plan[self.number - 1 :: self.count])


def parse_shard(text: str) -> Shard:
    """Read "3/20".

    Raises:
        UserError: no such share.
    """
    number, _, count = (part.strip() for part in text.partition("/"))
    if not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in (number, count)):
        raise UserError(f"--shard '{text[:40]}' cannot be read; write 3/20 for the third of 20")
    shard = Shard(int(number), int(count))
    if not 1 <= shard.count <= MOST_SHARDS:
        raise UserError(f"--shard '{text}' divides by {count}; give 1 to {MOST_SHARDS} shards")
    if not 1 <= shard.number <= shard.count:
        raise UserError(
            f"--shard '{text}' is not one of {count}; give 1/{count} to {count}/{count}"
        )
    return shard
