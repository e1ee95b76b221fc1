"""Schulze's vote and soft Condorcet optimization: known values, and OpenSpiel's own answers."""

from __future__ import annotations

import numpy as np
from margins import RPS, chain, with_copy
from open_spiel.python.voting import base, soft_condorcet_optimization
from open_spiel.python.voting.schulze import SchulzeVoting

from leagues.ratings.rank.voting import schulze, soft_condorcet

WIKIPEDIA = {"acbed": 5, "adecb": 5, "bedac": 8, "cabed": 3, "caebd": 7, "cbade": 2, "dceba": 7, "ebadc": 8}
"""The election of 45 voters with which Schulze (2011, section 3.1) explains his method: E, A, C, B, D."""


def election(votes: dict[str, int]) -> np.ndarray:
    profile = base.PreferenceProfile(alternatives=list("abcde"))
    for vote, weight in votes.items():
        profile.add_vote(list(vote), weight)
    return profile.margin_matrix() / sum(votes.values())


def test_schulzes_own_example() -> None:
    beats = schulze(election(WIKIPEDIA))
    assert [name for _, name in sorted(zip(-beats, "abcde", strict=True))] == list("eacbd")
    profile = base.PreferenceProfile(alternatives=list("abcde"))
    for vote, weight in WIKIPEDIA.items():
        profile.add_vote(list(vote), weight)
    assert SchulzeVoting().run_election(profile).ranking == list("eacbd")


def test_a_member_that_wins_every_pair_is_first_and_a_circle_is_even() -> None:
    assert list(schulze(chain(5))) == [0, 1, 2, 3, 4]
    assert list(schulze(RPS)) == [0, 0, 0]
    copied = schulze(with_copy(chain(5), of=2))
    assert copied[2] == copied[-1]
    assert list(np.argsort(copied[:5])) == [0, 1, 2, 3, 4]


def test_soft_condorcet_orders_a_chain_and_leaves_a_circle_even() -> None:
    assert list(np.argsort(soft_condorcet(chain(6)))) == [0, 1, 2, 3, 4, 5]
    assert np.allclose(soft_condorcet(RPS), 50)
    assert np.allclose(soft_condorcet(np.zeros((3, 3))), 50)


def test_soft_condorcet_gives_the_order_of_open_spiels_optimizer() -> None:
    votes = {"abcde": 4, "bacde": 2, "abced": 2, "acbde": 1}
    profile = base.PreferenceProfile(alternatives=list("abcde"))
    for vote, weight in votes.items():
        profile.add_vote(list(vote), weight)
    theirs = soft_condorcet_optimization.SoftCondorcetOptimizer(profile, rating_upper_bound=100.0)
    _, order = theirs.run_solver(2_000, learning_rate=1.0)
    ours = soft_condorcet(election(votes))
    assert [name for _, name in sorted(zip(-ours, "abcde", strict=True))] == order == list("abcde")
