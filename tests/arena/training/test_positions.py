"""What training games begin with: random steps that nobody learns from."""

from collections import Counter

import numpy as np
import pytest
from sampling import make_sampler, replay_seat
from small_training import small

from arena.play.source import Seating
from arena.verify import match_problem
from games import make_game
from leagues.records import Pairing

SPECS = ["tic_tac_toe", "leduc_poker", "goofspiel(num_cards=4,points_order=descending)", "toll_environment:Toll"]
SPECS += ["laser_tag(horizon=8)", "pettingzoo:rps_v2(max_cycles=4)"]


def random_starts(game, plies, rng):
    """Endless self-play whose games begin with ``plies`` random steps."""
    while True:
        pairing = Pairing(("main",) * game.num_seats, int(rng.integers(2**60)), 0, 0, "training", "main")
        seats = game.num_seats
        yield Seating(pairing.seats, pairing, (None,) * seats, (True,) * seats, random_plies=plies)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("plies", [1, 3])
def test_nobody_learns_from_random_steps_or_from_what_they_earned(spec, plies):
    game = make_game(spec)
    starts = random_starts(game, plies, np.random.default_rng(1))
    sampled = make_sampler(game, record_every=1).run(lambda: next(starts), {}, modules=["main"], steps=200)
    by_game = dict(zip(sampled.numbers, sampled.matches, strict=True))
    assert all(match.opening < match.plies and match_problem(game, match) is None for match in sampled.matches)
    assert {match.opening for match in sampled.matches} <= set(range(plies + 1))
    t = sampled.trajectories["main"]
    for index, number in enumerate(t.games.tolist()):
        match, rows = by_game[number], slice(t.offsets[index], t.offsets[index + 1])
        states = iter(game.replay(match.seed, match.history))
        for _ in range(match.opening + 1):
            before = next(states).returns()
        seat = int(t.seats[rows][0])
        np.testing.assert_allclose(t.rewards[rows].sum(), match.returns[seat] - before[seat], atol=1e-5)
        assert t.plies[rows].min() >= match.opening
        seen, chosen, _ = replay_seat(game, match, seat)
        kept = rows.stop - rows.start
        np.testing.assert_array_equal(t.actions[rows], chosen[len(chosen) - kept :])
        np.testing.assert_array_equal(t.observations[rows], seen[len(seen) - 1 - kept : len(seen) - 1])
    steps = Counter(t.games.repeat(np.diff(t.offsets)).tolist())
    for number, match in by_game.items():
        actions = sum(player >= 0 for player, _ in match.history)
        assert steps[number] == actions - match.opening * (game.num_seats if game.dynamics == "simultaneous" else 1)


def test_an_opening_that_ends_the_game_is_drawn_again_and_shorter():
    game = make_game("tic_tac_toe")
    starts = random_starts(game, 9, np.random.default_rng(1))  # no game goes on after nine moves
    sampled = make_sampler(game, record_every=1).run(lambda: next(starts), {}, modules=["main"], steps=300)
    assert {match.opening for match in sampled.matches} == set(range(9))
    assert sampled.numbers != list(range(len(sampled.numbers)))  # the games that were dropped had numbers


def test_random_steps_are_uniform():
    game = make_game("tic_tac_toe")
    starts = random_starts(game, 2, np.random.default_rng(1))
    sampled = make_sampler(game, size=64, record_every=1).run(lambda: next(starts), {}, modules=["main"], steps=6000)
    begun = Counter(tuple(action for _, action in match.history[:2]) for match in sampled.matches)
    assert len(begun) == 72  # every beginning of two moves
    expected = sum(begun.values()) / 72
    assert (
        sum((count - expected) ** 2 / expected for count in begun.values()) < 112
    )  # chi square, 71 degrees, p = 0.001


@pytest.mark.parametrize("game", ["tic_tac_toe", "goofspiel(num_cards=4,points_order=descending)"])
def test_a_league_draws_the_same_random_steps_again(game):
    def openings():
        algorithm = small(game, random_plies=3, record_every=1).build_algo()
        algorithm.train()
        matches = [match for match in algorithm.session.writer.iter_matches() if match.kind == "training"]
        algorithm.stop()
        return [(match.opening, match.history) for match in matches]

    once = openings()
    assert {opening for opening, _ in once} >= {0, 1, 2}
    assert once == openings()


def test_games_of_a_league_without_random_steps_begin_as_they_always_did():
    algorithm = small(record_every=1).build_algo()
    algorithm.train()
    assert {match.opening for match in algorithm.session.writer.iter_matches()} == {0}
    algorithm.stop()
