"""Accuracy in solved games: known agents get the numbers that they must get, on positions that a seed repeats."""

from __future__ import annotations

import numpy as np
import pytest

from agents.contract import Agent, AgentError, Turn
from agents.search import MinimaxAgent
from agents.solvers import find_solver
from arena.play.accuracy import accuracy
from games import make_game
from games.contract import IntArray


def test_a_perfect_player_makes_optimal_moves_only() -> None:
    result = accuracy("tic_tac_toe", "perfect", positions=90)
    assert [total.origin for total in result.totals] == ["random", "own"]
    for total in result.totals:
        assert (total.optimal.value, total.mistakes.value) == (1, 0)
        assert total.optimal.positions > 30


def test_the_random_player_has_its_own_rate_which_is_what_the_literature_says() -> None:
    result = accuracy("connect_four", "random", positions=200, seed=1)
    for phase in result.phases:
        assert phase.optimal.value == pytest.approx(phase.optimal.random)
        assert phase.optimal.low <= phase.optimal.random <= phase.optimal.high  # type: ignore[operator]
    middle = [phase.mistakes for phase in result.phases if 8 <= phase.first_ply <= 15]
    random = sum(each.random * each.positions for each in middle) / sum(each.positions for each in middle)  # type: ignore[operator]
    assert random == pytest.approx(0.655, abs=0.08)  # 0.63 to 0.68 measured elsewhere


def test_phases_are_filled_evenly_and_no_position_counts_twice() -> None:
    result = accuracy("connect_four", "first", positions=80)
    for total in result.totals:
        parts = [phase.optimal.positions for phase in result.phases if phase.origin == total.origin]
        assert sum(parts) == total.optimal.positions <= 40
        assert max(parts) <= 10
    own = [phase for phase in result.phases if phase.origin == "own"]
    assert len(own) == 4  # a deterministic player still comes to many positions


class Asked(Agent):
    """Plays minimax and keeps the positions that it was asked in after its own games."""

    def __init__(self) -> None:
        self.inner = MinimaxAgent(make_game("tic_tac_toe"), 2)
        self.turns: list[list[tuple[tuple[int, object], ...]]] = []

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        self.turns.append([turn.state(table).history() for table in turn.tables.tolist()])
        return self.inner.act(turn, rng)


def test_the_same_seed_gives_the_same_positions_in_one_batched_call() -> None:
    first, second, other = Asked(), Asked(), Asked()
    one, two = accuracy("tic_tac_toe", first, positions=60), accuracy("tic_tac_toe", second, positions=60)
    assert first.turns[-1] == second.turns[-1]
    assert one == two
    counts = [each.optimal.positions for each in one.totals]
    assert len(first.turns[-1]) == sum(counts)
    assert len(set(first.turns[-1][: counts[0]])) == counts[0]  # no position twice in the random half
    accuracy("tic_tac_toe", other, positions=60, seed=1)
    assert other.turns[-1] != first.turns[-1]


def test_asking_and_telling_probabilities_agree() -> None:
    told, asked = (
        accuracy("tic_tac_toe", agent, positions=150, seed=2).totals[0].optimal for agent in ("minimax:2", Asked())
    )
    assert told.random == asked.random  # random games do not depend on the agent
    assert told.value == pytest.approx(asked.value, abs=0.1)


def test_mistakes_count_only_where_a_move_gives_value_away() -> None:
    result = accuracy("nim(is_misere=False,pile_sizes=1;2;3)", "random", positions=60)
    total = result.totals[0]
    assert 0 < total.mistakes.positions < total.optimal.positions  # a lost position has no mistakes


def test_pettingzoos_connect_four_is_judged_too() -> None:
    result = accuracy("pettingzoo:connect_four_v3", "random", positions=8)
    assert result.totals[0].optimal.positions == 4


class Illegal(Agent):
    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        return turn.masks.argmin(axis=1)


def test_illegal_answers_are_refused() -> None:
    find_solver(make_game("tic_tac_toe"))
    with pytest.raises(AgentError, match="broke off a game"):
        accuracy("tic_tac_toe", Illegal(), positions=30)


@pytest.mark.parametrize(
    ("game", "agent", "positions", "words"),
    [
        ("chess", "random", 10, "too many to solve"),
        ("kuhn_poker", "random", 10, "equilibrium"),
        ("tic_tac_toe", "nobody", 10, "matches no kind"),
        ("tic_tac_toe", "random", 0, "1 <= positions"),
        ("tic_tac_toe", "random", 10**9, "positions <= 100000"),
    ],
)
def test_wrong_calls_are_refused(game: str, agent: str, positions: int, words: str) -> None:
    with pytest.raises(AgentError, match=words):
        accuracy(game, agent, positions=positions)
