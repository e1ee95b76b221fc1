"""Every kind of game trains by the same path, and its scores mean what docs/league.md says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from small_training import module_state, small

import arena
from games import make_game
from leagues.results.scoring import DRAW, LOSS, WIN, pair_scores

pytestmark = pytest.mark.slow

Build = Callable[[Any], Any]

THREE = "kuhn_poker(players=3)"
PARTNERS = "kuhn_poker(players=4,teams=0101)"
PAIR = {"player_0": "pair", "player_1": "pair", "player_2": "alone"}
HUNT = "pettingzoo:simple_adversary_v3(max_cycles=3)"
ROLES = {"adversary_0": "adversary", "agent_0": "good", "agent_1": "good"}


@pytest.mark.parametrize(
    ("game", "settings", "modules"),
    [
        pytest.param(THREE, {}, {"main"}, id="free-for-all"),
        pytest.param(THREE, {"modules": PAIR}, {"main.pair", "main.alone"}, id="a mapping"),
        pytest.param(PARTNERS, {}, {"main"}, id="teams with one policy"),
        pytest.param(
            PARTNERS,
            {"modules": {f"player_{seat}": f"{['north', 'east', 'south', 'west'][seat]}" for seat in range(4)}},
            {"main.north", "main.east", "main.south", "main.west"},
            id="teams with independent policies",
        ),
        pytest.param(HUNT, {"modules": ROLES}, {"main.adversary", "main.good"}, id="asymmetric seats"),
        pytest.param("matrix_pd", {}, {"main"}, id="general-sum"),
        pytest.param("matrix_coordination", {}, {"main"}, id="cooperative"),
        pytest.param("neutral(game=kuhn_poker(players=3),player_1=random)", {}, {"main"}, id="a neutral player"),
    ],
)
def test_it_trains(build: Build, game: str, settings: dict[str, Any], modules: set[str]) -> None:
    algorithm = build(small(game, exploitability_every=0, **settings))
    session, made = algorithm.session, make_game(game)
    before = module_state(algorithm)
    while not session.writer.block_scores().games().get("main@1"):
        algorithm.train()
    after = module_state(algorithm)
    assert set(after) == modules
    for module in modules:
        assert not np.array_equal(before[module]["policy.weight"], after[module]["policy.weight"]), module
    assert session.members["main@1"].modules.keys() == set(made.agent_ids)
    partners = [(a, b) for a, b in combinations(range(made.num_seats), 2) if made.teams[a] == made.teams[b]]
    for match in session.writer.matches(kind="evaluation", limit=None):
        assert len(match.seats) == made.num_seats
        assert all(match.seats[a] == match.seats[b] for a, b in partners), "a member plays all seats of its team"
        for *_, result, ours, theirs in pair_scores(match.seats, match.returns, None, made.teams):
            assert result == (WIN if ours > theirs else DRAW if ours == theirs else LOSS)
    assert {each.unit for each in session.standings()} == {"returns per game"}


def test_in_a_game_of_common_payoff_what_counts_is_the_return_in_self_play(build: Build, tmp_path: Path) -> None:
    config = small("matrix_coordination", tmp_path / "league", return_every=2, opponents={"latest": 1.0})
    algorithm = build(config.training(lr=5e-3))
    for _ in range(12):
        algorithm.train()
    algorithm.finish()
    with arena.open_league(tmp_path / "league") as league:
        measures = [each for each in league.measures("self_play_return") if each.member == "main"]
        board = {each.agent: each for each in league.leaderboard()}
        newest = max((name for name in board if name.startswith("main@")), key=lambda name: int(name[5:]))
    assert [each.iteration for each in measures][:2] == [1, 3]
    assert measures[-1].value > max(0.9, measures[0].value), "both seats have agreed on a convention"
    assert (board[newest].rating, board[newest].draws) == (0, board[newest].games), "no side is better than another"
    assert board[newest].outside.name == "self_play_return"
    assert board[newest].outside.value > 0.9


def test_the_return_in_self_play_is_the_mean_over_all_seats() -> None:
    from agents.basic import FirstLegalAgent, RandomAgent
    from arena.seeds import Purpose, stream
    from arena.training.measures import fitting_return_interval, self_play_return

    rng = stream(1, Purpose.SELF_PLAY_RETURN, 1, 0)
    dilemma = make_game("matrix_pd")
    assert self_play_return(dilemma, FirstLegalAgent(), rng) == 5, "both cooperate"
    assert self_play_return(dilemma, RandomAgent(), rng) == pytest.approx(fmean((5, 5, 5, 1)), abs=0.6)
    assert self_play_return(make_game("kuhn_poker"), RandomAgent(), rng) == 0
    assert fitting_return_interval(make_game("tiny_hanabi")) == 10
    assert fitting_return_interval(dilemma) == 0
