"""Connect four is solved by BitBully, on the boards of OpenSpiel and PettingZoo."""

from __future__ import annotations

import sys

import pytest

from agents.errors import AgentError
from agents.registry import make_agent
from agents.solvers import find_solver
from agents.solvers.connect_four import ConnectFourSolver, is_connect_four
from agents.solvers.exhaustive import ExhaustiveSolver
from games import make_game

GAMES = ["connect_four", "pettingzoo:connect_four_v3"]


@pytest.mark.parametrize("spec", GAMES)
def test_the_first_move_is_won_in_the_middle_only(spec: str) -> None:
    game = make_game(spec)
    verdict = find_solver(game).solve(game.new_state(0))
    assert verdict.values == {0: -1, 1: -1, 2: 0, 3: 1, 4: 0, 5: -1, 6: -1}
    assert verdict.best == (3,)
    assert verdict.mistakes() == {0, 1, 2, 4, 5, 6}


@pytest.mark.parametrize("spec", GAMES)
def test_the_quickest_win_is_best(spec: str) -> None:
    game = make_game(spec)
    state = game.new_state(0)
    for column in [3, 0, 3, 0, 3, 6]:
        state.apply([column])
    verdict = find_solver(game).solve(state)
    assert verdict.best == (3,)
    state.apply([6])  # gives the win away: the other seat now blocks
    answer = find_solver(game).solve(state)
    assert 3 in answer.values
    assert answer.values[1] == -1.0
    assert 3 in answer.best


def test_other_boards_are_searched() -> None:
    assert not is_connect_four(make_game("connect_four(columns=3,rows=3)"))
    assert isinstance(find_solver(make_game("connect_four(columns=3,rows=3)")), ExhaustiveSolver)


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitbully", None)
    with pytest.raises(AgentError, match=r"self-play-arena\[solver\]") as caught:
        ConnectFourSolver()
    assert "\n" not in str(caught.value)
    find_solver.cache_clear()
    with pytest.raises(AgentError, match="not installed"):
        make_agent("perfect", make_game("connect_four"))
