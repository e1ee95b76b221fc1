"""Games that go on in another sampler: they are the same games, and a state that cannot be one is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from sampling import make_sampler, self_play, uniform

from agents.basic import RandomAgent
from agents.mixture import MixtureAgent
from agents.policies.weights import WeightsError
from arena.play.source import Seating
from arena.training import learner_state
from arena.training.sampler import Sampler
from arena.training.samples import Sampled
from arena.training.under_way import pairings_of
from games import make_game
from games.contract import Game

GAMES = ["connect_four", "leduc_poker", "goofspiel(num_cards=5)", "pettingzoo:tictactoe_v3", "backgammon"]


def stopped(game: Game, size: int = 9, random_plies: int = 0) -> tuple[Sampler, dict[str, Any]]:
    """A sampler in the middle of its games, and its state as it comes out of a file."""
    sampler = make_sampler(game, size, record_every=3)
    play(sampler, 1, random_plies)
    return sampler, learner_state.parse(learner_state.pack(sampler.state()))


def play(sampler: Sampler, seed: int, random_plies: int = 0) -> Sampled:
    """One call of a sampler whose randomness all comes from ``seed``."""
    rng = np.random.default_rng(seed)
    sampler.rng = sampler.opening_rng = rng
    sampler._decide = uniform(sampler.game, rng)
    seatings = (each._replace(random_plies=random_plies) for each in self_play(sampler.game, rng))
    return sampler.run(lambda: next(seatings), {}, modules=["main"], steps=40)


def go_on(sampler: Sampler, state: dict[str, Any], stateful: frozenset[str] = frozenset()) -> int:
    seats = sampler.game.num_seats
    seatings = [Seating(each.seats, each, (None,) * seats, (True,) * seats) for each in pairings_of(state["games"])]
    return sampler.go_on(state, seatings, ["main"], stateful)


@pytest.mark.parametrize("random_plies", [0, 4])
@pytest.mark.parametrize("spec", GAMES)
def test_games_go_on_as_if_nothing_had_happened(spec: str, random_plies: int) -> None:
    game = make_game(spec)
    sampler, state = stopped(game, random_plies=random_plies)
    other = make_sampler(game, 9, record_every=3)
    assert go_on(other, state) == 9
    for seed in (2, 3):
        ours, theirs = play(sampler, seed, random_plies), play(other, seed, random_plies)
        assert ours.numbers == theirs.numbers
        assert np.array_equal(ours.returns, theirs.returns)
        assert [match.history for match in ours.matches] == [match.history for match in theirs.matches]
        assert [match.opening for match in ours.matches] == [match.opening for match in theirs.matches]
        for column in fields(ours.trajectories["main"]):
            values = [getattr(each.trajectories["main"], column.name) for each in (ours, theirs)]
            assert np.array_equal(*values), column.name


def test_a_record_keeps_the_start_of_its_game() -> None:
    sampler, state = stopped(make_game("connect_four"))
    other = make_sampler(sampler.game, 9, record_every=1)
    go_on(other, state)
    starts = [game.started_at for game in sampler._rounds.broken_off()]
    assert [game.started_at for game in other._rounds.broken_off()] == starts


def test_games_that_cannot_go_on_begin_anew_and_keep_the_numbering() -> None:
    game = make_game("connect_four")
    sampler, state = stopped(game)
    for size, stateful, going in ((9, frozenset({"main"}), 0), (4, frozenset(), 4)):
        other = make_sampler(game, size)
        assert go_on(other, state, stateful) == going
        assert other._games.started == sampler._games.started
        assert len(other._experience) == sum(other._games.kept_steps[: other.size].sum(axis=1)[:going])
        play(other, 5)
    state["games"]["format"] += 1  # as a later version might write
    assert go_on(make_sampler(game, 9), state) == 0


def test_agents_that_keep_something_from_move_to_move_say_so() -> None:
    game = make_game("connect_four")
    assert not RandomAgent().keeps_games
    assert MixtureAgent(game, [RandomAgent()], [1.0]).keeps_games


def another_move(state: dict[str, Any]) -> None:
    state["games"]["actions"] = (state["games"]["actions"] + 1) % 7


def another_action(state: dict[str, Any]) -> None:
    state["steps"]["main"]["actions"] = np.full_like(state["steps"]["main"]["actions"], 77)


def another_ply(state: dict[str, Any]) -> None:
    state["steps"]["main"]["plies"] = state["steps"]["main"]["plies"] + np.uint8(50)


def more_plies(state: dict[str, Any]) -> None:
    state["games"]["plies"] = state["games"]["plies"] + 1


def endless(state: dict[str, Any]) -> None:
    state["games"]["plies"] = np.full(9, 2**60)


@pytest.mark.parametrize("alter", [another_move, another_action, another_ply, more_plies, endless])
def test_a_game_that_takes_another_course_is_dropped(alter: Callable[[dict[str, Any]], None]) -> None:
    game = make_game("connect_four")
    _, state = stopped(game)
    alter(state)
    other = make_sampler(game, 9)
    assert go_on(other, state) < 9
    play(other, 4)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("games", "seeds", np.zeros((2, 2), np.int64)),
        ("games", "pairing", np.full(9, 200, np.uint8)),
        ("games", "pairings", [("main",)]),
        ("games", "tables", np.zeros(9, np.uint8)),
        ("games", "moves", np.full(9, 100_000)),
        ("games", "players", "nobody"),
        ("games", "openings", np.zeros((3, 3), np.int64)),
        ("games", "started_at", np.full(9, 2**62)),
        ("games", "seconds", np.full(9, np.nan)),
        ("games", "seatings", {"random_plies": [-1] * 9}),
        ("games", "seatings", {"weights": [1] * 9}),
        ("running", "numbers", np.zeros(9, np.uint8)),
        ("running", "numbers", np.full(9, -1)),
        ("running", "started", "many"),
        ("running", "started", 2**63),
        ("steps", "main", {}),
        ("steps", "stranger", {}),
        ("steps", "main", None),
    ],
)
def test_what_cannot_be_a_state_is_refused_in_one_line(part: str, name: str, value: Any) -> None:
    game = make_game("connect_four")
    _, state = stopped(game)
    state[part][name] = value
    with pytest.raises(WeightsError, match=r"^the running games in the learner state cannot be read \(.*\); restore"):
        go_on(make_sampler(game, 9), state)
