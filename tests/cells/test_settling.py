"""Rival claims: the lowest ticket wins, whatever the order of cells and of types."""

import itertools

import numpy as np
import pytest
from hand_made import empty_marrow, put

from mtor_abm.cells.population import MOVE, STAY
from mtor_abm.cells.settling import apply_moves, award, claim, clear_claims
from mtor_abm.numerics.chance import hashed

NO_TICKET = np.iinfo(np.uint64).max
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")


def settle(uids, targets, order, seed=1, step=4):
    """Uids that may go to their target, when cells stand in this order."""
    s = empty_marrow()
    home = [s.lattice.site(0, k) for k in range(len(uids))]
    put(s, "tumour", home)
    tissue = s.tissues["tumour"]
    n, cells = len(uids), tissue.cells
    cells.uid[:n] = [uids[k] for k in order]
    cells.target[:n] = [targets[k] for k in order]
    cells.intent[:n] = [MOVE if targets[k] >= 0 else STAY for k in order]
    claim(n, cells, s.world, seed, step)
    award(n, cells, s.world, seed, step)
    clear_claims(n, cells, s.world)
    assert (s.world.ticket == NO_TICKET).all()
    return set(cells.uid[:n][cells.intent[:n] == MOVE].tolist())


def test_the_lowest_ticket_wins_in_any_order():
    uids, site = (11, 22, 33), 50
    tickets = {uid: int(hashed(1, uid, 4, 2)) for uid in uids}
    winner = min(tickets, key=tickets.get)
    for order in itertools.permutations(range(3)):
        assert settle(uids, (site,) * 3, order) == {winner}


def test_cells_that_want_different_sites_all_go():
    assert settle((11, 22, 33), (50, 51, 52), (2, 0, 1)) == {11, 22, 33}
    assert settle((11, 22, 33), (50, -1, 52), (2, 0, 1)) == {11, 33}


def test_every_rival_wins_in_turn():
    wins = [settle((11, 22), (50, 50), (0, 1), step=step).pop() for step in range(200)]
    assert 70 < wins.count(11) < 130


def test_rivals_of_different_types_settle_too():
    winners = []
    for order in ((0, 1), (1, 0)):
        s = empty_marrow()
        names = ["tumour", "osteoclast_precursor"]
        put(s, names[0], s.lattice.site(3, 3), first_uid=11)
        put(s, names[1], s.lattice.site(5, 5), first_uid=22)
        target = s.lattice.site(4, 4)
        tissues = [s.tissues[names[k]] for k in order]
        for tissue in tissues:
            tissue.cells.intent[0], tissue.cells.target[0] = MOVE, target
        for phase in ("claim", "award", "clear"):
            for tissue in tissues:
                getattr(tissue, phase)(s)
        winners.append([s.tissues[name].cells.intent[0] == MOVE for name in names])
    assert winners[0] == winners[1]
    assert sum(winners[0]) == 1


def test_moves_carry_the_occupant_along():
    s = empty_marrow()
    start, goal = s.lattice.site(3, 3), s.lattice.site(3, 4)
    put(s, "tumour", [start, s.lattice.site(6, 6)])
    cells = s.tissues["tumour"].cells
    cells.intent[0], cells.target[0] = MOVE, goal
    apply_moves(2, cells, s.world, MOVE)
    assert (cells.site[0], cells.site[1]) == (goal, s.lattice.site(6, 6))
    assert (s.world.occupant[start], s.world.occupant[goal]) == (0, 1)
