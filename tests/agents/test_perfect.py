"""The perfect agent never loses what is not lost, and varies its play."""

from __future__ import annotations

import numpy as np

from agents.conformance import check_agent
from agents.contract import Turn
from agents.perfect import PerfectAgent
from arena.play.matches import play_match
from games import make_game


def test_it_keeps_the_contract_of_agents() -> None:
    check_agent(PerfectAgent, make_game("tic_tac_toe"))


def test_tic_tac_toe_between_perfect_players_is_drawn() -> None:
    for opponent in ("perfect", "minimax:9"):
        result = play_match("tic_tac_toe", ["perfect", opponent], games=10, seed=3)
        assert (result.wins, result.losses) == (0, 0)


def test_minimax_draws_itself_at_tic_tac_toe() -> None:
    result = play_match("tic_tac_toe", ["minimax:9", "minimax:9"], games=4, seed=3)
    assert result.draws == 4


def test_it_never_loses_tic_tac_toe_to_a_search() -> None:
    result = play_match("tic_tac_toe", ["perfect", "mcts:50"], games=60, seed=1)
    assert result.losses == 0
    assert len({match.history for match in result.matches}) > 20  # equally good moves are drawn


def test_it_wins_connect_four_as_first_player_and_never_gives_a_game_away() -> None:
    result = play_match("connect_four", ["perfect", "mcts:50"], games=6, seed=1)
    assert all(match.returns[0] > 0 for match in result.matches if match.seats[0] == "perfect")
    assert result.score > 0.8


def test_optimal_actions_are_drawn_equally_often() -> None:
    game = make_game("tic_tac_toe")
    tables = game.tables(900)
    tables.reset(range(900), range(900))
    tables.observe()
    turn = Turn(tables.observations, tables.masks, tables.seats, tables.table, tables.state)
    counts = np.bincount(PerfectAgent(game).act(turn, np.random.default_rng(2)), minlength=9)
    assert counts.min() > 60
