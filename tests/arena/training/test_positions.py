"""What training games begin with: random steps that nobody learns from, and the first steps of recorded matches."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from sampling import make_sampler, replay_seat
from small_training import small

from arena.play.recording import league_info
from arena.play.source import Seating
from arena.settings import PositionSettings, Settings
from arena.training.positions import RecordedOpenings, first_steps
from arena.verify import match_problem
from games import make_game
from leagues.records import LeagueError, Match, Member, Pairing
from leagues.store import open_store

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

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


@pytest.mark.slow
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


def training_matches(algorithm):
    return [match for match in algorithm.session.writer.iter_matches() if match.kind == "training"]


@pytest.mark.parametrize(
    "game", ["tic_tac_toe", "leduc_poker", "goofspiel(num_cards=4,points_order=descending)", "pig(winscore=15)"]
)
def test_games_begin_with_the_first_steps_of_earlier_matches(game):
    algorithm = small(game, record_every=1, recorded_share=1.0, recorded_plies=3).build_algo()
    algorithm.train()
    first = training_matches(algorithm)
    assert {match.opening for match in first} == {0}  # there were no matches yet
    earlier = list(algorithm.session.writer.iter_matches())
    algorithm.train()
    later = [match for match in training_matches(algorithm)[len(first) :] if match.opening]
    made = make_game(game)
    beginnings = {
        (match.seed, plies): first_steps(made, match.seed, match.history, plies)
        for match in earlier
        for plies in (1, 2, 3)
    }
    assert {match.opening for match in later} >= {1, 2}
    for match in later:
        moves = tuple(move for move in match.history if move[0] >= 0)
        begun = beginnings[match.seed, match.opening]
        assert begun is not None
        assert moves[: len(begun)] == begun
        assert match.plies > match.opening
    algorithm.stop()


@pytest.mark.slow
def test_games_begin_with_the_first_steps_of_the_opponents_matches():
    algorithm = small(record_every=1, opponent_share=0.5, opponents={"uniform": 1.0}).build_algo()
    for _ in range(3):
        algorithm.train()
    matches = list(algorithm.session.writer.iter_matches())
    begun = [match for match in matches if match.opening]
    assert begun
    assert len(begun) < 0.6 * len(training_matches(algorithm))
    by_seed = {}
    for match in matches:
        by_seed.setdefault(match.seed, match)
    for match in begun:
        opponents = set(match.seats) - {"main"} or {"main"}
        assert opponents <= set(by_seed[match.seed].seats)
    algorithm.stop()


def test_matches_with_anchors_and_matches_that_broke_begin_no_game():
    game = make_game("tic_tac_toe")
    moves = ((0, 4), (1, 0), (0, 2), (1, 6), (0, 3))

    def match(seats, ending="truncated", **record):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return Match(seats, (None, None), 7, 1, 0, "training", moves, (0.0, 0.0), ending, 5, "ab", at, 0.0, **record)

    writer = open_store(None).create(league_info(game, Settings(), 3))
    members = {"main": Member("main", "learner", "main"), "first": Member("first", "baseline", "anchor", agent="first")}
    writer.add_members(list(members.values()))
    openings = RecordedOpenings(game, 3, members, writer, PositionSettings(recorded_share=1.0))
    planned = [Pairing(("main", "main"), 5, 1, 0, "training", "main")] * 20
    writer.record(matches=[match(("main", "first")), match(("main", "main"), "crash")])
    assert openings.given(planned, 1) == planned
    writer.record(matches=[match(("main", "main"))])
    begun = openings.given(planned, 2)
    assert {pairing.seed for pairing in begun} == {7}
    assert {pairing.opening for pairing in begun} == {moves[:plies] for plies in (1, 2, 3, 4)}
    assert openings.given(planned, 2) == begun
    assert openings.given(planned, 3) != begun


def test_steps_that_break_the_rules_or_end_the_game_are_no_opening():
    game = make_game("tic_tac_toe")
    won = ((0, 0), (1, 3), (0, 1), (1, 4), (0, 2))
    assert first_steps(game, 0, won, 4) == won[:4]
    assert first_steps(game, 0, won, 5) is None  # over
    assert first_steps(game, 0, ((0, 0), (1, 0)), 2) is None  # taken
    assert first_steps(game, 0, ((1, 0),), 1) is None  # the other seat
    assert first_steps(game, 0, won[:2], 3) is None  # too few
    leduc = make_game("leduc_poker")
    state = leduc.new_state(5)
    state.apply([1])
    assert first_steps(leduc, 5, state.history(), 1) == ((0, 1),)


def test_wrong_settings_are_refused_before_anything_is_stored(tmp_path):
    with pytest.raises(LeagueError, match="opponent_share=0"):
        small(recorded_share=0.7, opponent_share=0.6)
    with pytest.raises(LeagueError, match="cannot be replayed"):
        small("negotiation", tmp_path / "league", recorded_share=0.1).build_algo()
    assert not (tmp_path / "league").exists()
