"""``play_match``: scores, blocks, agents."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from played_league import Centre, Resigner

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError, Turn
from arena.play.matches import play_match
from arena.verify import match_problem
from games import make_game
from games.contract import IntArray


def test_a_stronger_agent_scores_more_and_the_interval_holds_the_score() -> None:
    result = play_match("tic_tac_toe", ["minimax:4", "random"], games=60, seed=1)
    assert result.agents == ("minimax:4", "random")
    assert result.games == len(result.matches) == 60
    assert result.wins + result.draws + result.losses == 60
    assert result.score == (result.wins + result.draws / 2) / 60
    assert 0.6 < result.low < result.score < result.high <= 1
    reverse = play_match("tic_tac_toe", ["random", "minimax:4"], games=60, seed=1)
    assert reverse.high < 0.4


def test_the_score_of_an_even_match_has_one_half_in_its_interval() -> None:
    results = [play_match("connect_four", ["random", "random"], games=200, seed=seed) for seed in range(20)]
    assert results[0].agents == ("random", "random#2")
    assert sum(result.low < 0.5 < result.high for result in results) >= 16  # 19 of 20 on average
    widest = max(result.high - result.low for result in results)
    assert widest < 0.16
    fewer = play_match("connect_four", ["random", "random"], games=40)
    assert fewer.high - fewer.low > widest


def test_one_sided_results_keep_an_interval_of_some_width() -> None:
    result = play_match("tic_tac_toe", [FirstLegalAgent(), Loser()], games=20)
    assert (result.score, result.high) == (1.0, 1.0)
    assert 0.6 < result.low < 0.9


class Loser(Agent):
    """Returns an illegal action, so it loses every game by a crash."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return np.full(len(turn.seats), -1, np.int64)


def test_a_crash_counts_as_a_loss(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    result = play_match("tic_tac_toe", [Resigner(), "first"], games=10)
    assert (result.wins, result.draws, result.losses) == (0, 0, 10)


def test_games_come_in_blocks_of_one_seed_with_the_seats_rotated() -> None:
    result = play_match("kuhn_poker(players=3)", ["random", "first", Centre()], games=10)
    assert result.games == 12
    assert result.wins + result.draws + result.losses == 24
    blocks = [result.matches[start : start + 3] for start in range(0, 12, 3)]
    assert len({block[0].seed for block in blocks}) == 4
    for block in blocks:
        assert len({match.seed for match in block}) == 1
        assert {match.seats[0] for match in block} == {"random", "first", "Centre"}
        deals = {tuple(move for move in match.history if move[0] == -1) for match in block}
        assert len(deals) == 1  # the same cards for all
    assert [match.seats.index("random") for match in result.matches] == [0, 1, 2] * 4


def test_a_graded_game_is_scored_by_what_it_pays() -> None:
    result = play_match("leduc_poker", ["random", "first"], games=300, seed=2)
    assert result.unit == "returns per game"
    assert result.score == pytest.approx(result.returns[0])  # the margin of a zero-sum game of two seats
    assert result.low < result.score < result.high
    blocks = np.array([match.returns[match.seats.index("random")] for match in result.matches]).reshape(-1, 2).mean(1)
    reach = 1.976 * blocks.std(ddof=1) / len(blocks) ** 0.5  # Student's t with 149 degrees of freedom
    assert (result.low, result.high) == pytest.approx((blocks.mean() - reach, blocks.mean() + reach), abs=1e-3)
    assert play_match("tic_tac_toe", ["random", "first"], games=2).unit == "points per game"


def test_fewer_hands_won_can_be_a_higher_score() -> None:
    result = play_match("leduc_poker", [Folder(), Raiser()], games=400, seed=1)
    assert result.wins < result.losses
    assert result.low > 0
    reverse = play_match("leduc_poker", [Raiser(), Folder()], games=400, seed=1)
    assert (reverse.score, reverse.low) == pytest.approx((-result.score, -result.high))


class Folder(Agent):
    """Bets its king, calls with its queen, and folds its jack; so it loses little and often."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        fold, call, bet = range(3)
        actions = []
        for row, table in enumerate(turn.tables.tolist()):
            card = int(turn.state(table).history()[int(turn.seats[row])][1]) // 2
            wanted = [bet, call] if card == 2 else [call] if card == 1 else [fold, call]
            actions.append(next(action for action in wanted if turn.masks[row, action]))
        return np.array(actions, np.int64)


class Raiser(Agent):
    """Bets whatever it holds."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return np.where(turn.masks[:, 2], 2, 1).astype(np.int64)


def test_equal_calls_give_equal_results_and_another_seed_others() -> None:
    once, again, other = (play_match("connect_four", ["random", "mcts:3"], games=8, seed=seed) for seed in (5, 5, 6))
    assert [match.history for match in once.matches] == [match.history for match in again.matches]
    assert [match.history for match in once.matches] != [match.history for match in other.matches]


@pytest.mark.parametrize(
    ("game", "agents", "games", "words"),
    [
        ("tic_tac_toe", ["random"], 10, "name one agent for each"),
        ("tic_tac_toe", ["random"] * 3, 10, "got 3 agents"),
        ("2048", ["random"], 10, "1 seats"),
        ("tic_tac_toe", ["random", "first"], 0, "games=0"),
        ("tic_tac_toe", ["random", "frist"], 10, "did you mean 'first'"),
        ("kuhn_poker", ["random", "mcts:10"], 10, "hides"),
    ],
)
def test_wrong_calls_are_explained_in_one_line(game: str, agents: list[str], games: int, words: str) -> None:
    with pytest.raises(AgentError) as caught:
        play_match(game, agents, games=games)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_agents_made_by_name_are_closed_and_given_ones_stay_open() -> None:
    given = Closing(make_game("tic_tac_toe"))
    play_match("tic_tac_toe", [given, f"py:{__name__}:Closing"], games=2)
    assert Closing.closed == 1
    assert not given.done


class Closing(RandomAgent):
    closed = 0

    def __init__(self, game: object) -> None:
        self.done = False

    def close(self) -> None:
        self.done = True
        Closing.closed += 1


@pytest.mark.parametrize("game", ["pettingzoo:tictactoe_v3", "pettingzoo:rps_v2"])
def test_pettingzoo_games_are_played_too(game: str) -> None:
    result = play_match(game, ["random", "first"], games=6)
    assert {match.ending for match in result.matches} <= {"terminated", "truncated"}
    assert all(match.plies > 0 for match in result.matches)
    assert [match_problem(make_game(game), match) for match in result.matches] == [None] * 6
