"""Search agents find wins, depend only on the seed, and refuse games that they cannot search."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from agents.conformance import check_agent
from agents.contract import Agent, AgentError, Turn
from agents.search import MCTSAgent, MinimaxAgent
from games import Game, State, make_game


def position(game: Game, *actions: int) -> State:
    state = game.new_state(1)
    for action in actions:
        state.apply([action])
    return state


def choose(agent: Agent, game: Game, state: State, seed: int = 0, rows: int = 1) -> list[int]:
    """What the agent plays in ``rows`` copies of a position."""
    (seat,) = state.acting()
    observations = np.zeros((rows, *game.observation_shape), np.float32)
    masks = np.zeros((rows, game.num_actions), np.bool_)
    for row in range(rows):
        state.observe(seat, observations[row], masks[row])
    turn = Turn(observations, masks, np.full(rows, seat), np.arange(rows), lambda table: state)
    return agent.act(turn, np.random.default_rng(seed)).tolist()


TIC_TAC_TOE = "tic_tac_toe"
# x has 0 and 1, o has 3 and 4: whoever moves completes a row.
OPEN_ROWS = (0, 3, 1, 4)


@pytest.mark.parametrize("make", [lambda game: MCTSAgent(game, 300), lambda game: MinimaxAgent(game, 3)])
def test_takes_the_win_and_stops_the_loss(make: type[Agent]) -> None:
    game = make_game(TIC_TAC_TOE)
    agent = make(game)
    assert choose(agent, game, position(game, *OPEN_ROWS), rows=5) == [2] * 5
    # x threatens 2; o has nothing of its own and must go there.
    assert choose(agent, game, position(game, 0, 8, 1), rows=5) == [2] * 5


def test_minimax_takes_the_quickest_win_and_delays_a_sure_loss() -> None:
    game = make_game("connect_four")
    agent = MinimaxAgent(game, 5)
    # Three in column 3: the win in one is there although slower wins are too.
    assert choose(agent, game, position(game, 3, 0, 3, 0, 3, 6), rows=8) == [3] * 8
    # o is lost to a fork whatever it does, but not at once if it stops the row.
    game = make_game(TIC_TAC_TOE)
    assert choose(MinimaxAgent(game, 9), game, position(game, 0, 1, 4), rows=8) == [8] * 8


def test_minimax_draws_among_equally_good_moves_and_sees_no_further_than_its_depth() -> None:
    game = make_game(TIC_TAC_TOE)
    first_moves = choose(MinimaxAgent(game, 2), game, position(game), rows=200)
    assert set(first_moves) == set(range(9))


def test_two_perfect_players_draw() -> None:
    game = make_game(TIC_TAC_TOE)
    agent = MinimaxAgent(game, 9)
    state = position(game, 4, 0)
    while state.acting():
        state.apply(choose(agent, game, state))
    assert state.returns() == (0.0, 0.0)


@pytest.mark.parametrize("make", [lambda game: MCTSAgent(game, 20), lambda game: MinimaxAgent(game, 2)])
def test_search_keeps_the_contract(make: type[Agent]) -> None:
    check_agent(make, make_game(TIC_TAC_TOE), games=2)


def test_mcts_depends_on_the_seed_and_searches_chance_games() -> None:
    game = make_game("connect_four")
    agent = MCTSAgent(game, 10)
    opening = position(game)
    assert choose(agent, game, opening, 1, 20) == choose(agent, game, opening, 1, 20)
    assert choose(agent, game, opening, 1, 20) != choose(agent, game, opening, 2, 20)
    check_agent(lambda game: MCTSAgent(game, 3), make_game("pig(winscore=20)"), games=1)


def test_mcts_searches_games_written_in_python() -> None:
    # In a process of its own: the games that are registered stay, and a search in C++ would end it.
    code = """
        from tests.agents.test_search import OPEN_ROWS, MCTSAgent, check_agent, choose, make_game, position

        for spec in ("{}", "misere(game={}())", "start_at(game=misere(game={}()),history=4)"):
            game = make_game("open_spiel.python.games.tic_tac_toe:" + spec.format("python_tic_tac_toe"))
            check_agent(lambda game: MCTSAgent(game, 10), game, games=1)
        game = make_game("open_spiel.python.games.tic_tac_toe:python_tic_tac_toe")
        agent = MCTSAgent(game, 200)
        assert choose(agent, game, position(game, *OPEN_ROWS), rows=3) == [2] * 3
        assert choose(agent, game, position(game, 0, 8, 1), rows=3) == [2] * 3
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        ("mcts", "kuhn_poker", "hides"),
        ("mcts", "matching_pennies_3p", "simultaneous"),
        ("mcts", "pettingzoo:tictactoe_v3", "OpenSpiel"),
        ("mcts", "2048", "rewards"),
        ("minimax", "leduc_poker", "hides"),
        ("minimax", "backgammon", "without chance"),
        ("minimax", "chinese_checkers(players=3)", "two seats"),
        ("minimax", "pettingzoo:tictactoe_v3", "OpenSpiel"),
    ],
)
def test_games_that_cannot_be_searched_are_refused_in_one_line(kind: str, spec: str, words: str) -> None:
    game = make_game(spec)
    with pytest.raises(AgentError, match=words) as caught:
        MCTSAgent(game, 10) if kind == "mcts" else MinimaxAgent(game, 2)
    assert "\n" not in str(caught.value)
    assert game.spec in str(caught.value)


def test_amounts_below_one_are_refused() -> None:
    game = make_game(TIC_TAC_TOE)
    with pytest.raises(AgentError, match="got 0"):
        MCTSAgent(game, 0)
    with pytest.raises(AgentError, match="got 0"):
        MinimaxAgent(game, 0)


def test_minimax_tells_equal_probabilities_of_its_best_moves() -> None:
    game = make_game(TIC_TAC_TOE)
    state = position(game, *OPEN_ROWS, 8, 2)  # o has 2, 3 and 4: x must take 5 or 6, of which one loses to the other
    agent = MinimaxAgent(game, 9)
    (seat,) = state.acting()
    observation, mask = np.zeros((1, *game.observation_shape), np.float32), np.zeros((1, game.num_actions), np.bool_)
    state.observe(seat, observation[0], mask[0])
    told = agent.probabilities(Turn(observation, mask, np.array([seat]), np.array([0]), lambda table: state))
    drawn = choose(agent, game, state, rows=200)
    assert set(np.flatnonzero(told[0])) == set(drawn)
    assert told[0][told[0] > 0].tolist() == [1 / len(set(drawn))] * len(set(drawn))
    assert MCTSAgent(game, 2).probabilities(Turn(observation, mask, np.array([seat]), np.array([0]), position)) is None
