"""Fifty kills of studies and their workers, and a dozen with tiny marrows: not a byte is lost."""

from kills import survive


def test_fifty_kills_lose_nothing(tmp_path):
    tally = survive(50, tmp_path)
    assert tally.kills >= 50 and tally.parents >= 10 and tally.workers >= 10
    assert len(tally.continued) >= 10


def test_a_dozen_kills_of_marrows_lose_nothing(tmp_path):
    tally = survive(12, tmp_path, marrow=True)
    assert tally.kills >= 12 and tally.continued
