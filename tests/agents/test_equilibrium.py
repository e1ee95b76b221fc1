"""The equilibrium agent plays what CFR+ finds, and refuses games that are too large or of another kind."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest
from toygames import Nim

from agents import equilibrium as solver
from agents.conformance import check_agent
from agents.contract import AgentError, Turn
from agents.equilibrium import TARGET, EquilibriumAgent, equilibrium
from agents.registry import make_agent
from arena.play.exploitability import exploitability
from arena.play.matches import play_match
from games import make_game


@pytest.mark.parametrize(("spec", "span"), [("kuhn_poker", 4), ("kuhn_poker(players=3)", 6), ("leduc_poker", 26)])
@pytest.mark.slow
def test_the_stated_distance_from_an_equilibrium_is_reached(spec: str, span: int) -> None:
    game = make_game(spec)
    agent = EquilibriumAgent(game)
    measured = pyspiel.nash_conv(pyspiel.load_game(spec), pyspiel.TabularPolicy(agent.solution.policy))
    assert measured == pytest.approx(agent.solution.nash_conv)
    assert measured <= TARGET * span
    assert equilibrium(game) is agent.solution  # computed once


def test_kuhn_poker_has_its_known_value_and_known_rules() -> None:
    agent = EquilibriumAgent(make_game("kuhn_poker"))
    policy = pyspiel.TabularPolicy(agent.solution.policy)
    values = pyspiel.expected_returns(pyspiel.load_game("kuhn_poker").new_initial_state(), policy, -1, True)
    assert values[0] == pytest.approx(-1 / 18, abs=0.002)
    chance = {state: dict(actions) for state, actions in agent.solution.policy.items()}
    assert chance["2b"][1] > 0.99  # the king calls
    assert chance["0b"][0] > 0.99  # the jack folds
    assert chance["2"][1] == pytest.approx(3 * chance["0"][1], abs=0.05)  # bets with king and jack 3 to 1


def test_actions_are_drawn_with_their_probabilities() -> None:
    game = make_game("kuhn_poker")
    agent = EquilibriumAgent(game)
    tables = game.tables(4000)
    tables.reset(range(4000), range(4000))
    rows = tables.observe()
    turn = Turn(tables.observations[:rows], tables.masks[:rows], tables.seats[:rows], tables.table[:rows], tables.state)
    bets = agent.act(turn, np.random.default_rng(1))
    for card in range(3):
        dealt = [tables.state(table).history()[0][1] == card for table in range(4000)]
        wanted = dict(agent.solution.policy[str(card)])[1]
        assert bets[np.array(dealt)].mean() == pytest.approx(wanted, abs=0.05)


def test_it_keeps_the_contract_of_agents() -> None:
    check_agent(EquilibriumAgent, make_game("leduc_poker"))


def test_it_beats_a_random_player_of_leduc() -> None:
    assert play_match("leduc_poker", ["equilibrium", "random"], games=400, seed=1).returns[0] > 0.2


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("leduc_poker(players=3)", "more than 300,000 histories"),
        ("universal_poker", "more than 300,000 histories"),
        ("connect_four", "more than 300,000 histories"),
        ("matrix_rps", "turn-based"),
        ("pettingzoo:rps_v2", "not an OpenSpiel game"),
    ],
)
def test_other_games_are_refused_in_one_line(spec: str, words: str) -> None:
    with pytest.raises(AgentError, match=words) as caught:
        make_agent("equilibrium", make_game(spec))
    assert "\n" not in str(caught.value)


def test_a_game_of_ones_own_is_refused() -> None:
    with pytest.raises(AgentError, match="not an OpenSpiel game"):
        make_agent("equilibrium", Nim())


def test_a_result_that_is_far_from_an_equilibrium_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TARGET", "FAR", "WORK"):
        monkeypatch.setattr(solver, name, 0)
    equilibrium.cache_clear()
    with pytest.raises(AgentError, match="NashConv is still"):
        equilibrium(make_game("kuhn_poker"))


def test_probabilities_are_those_of_the_solution() -> None:
    measured = exploitability("kuhn_poker", "equilibrium")
    assert measured.nash_conv == pytest.approx(equilibrium(make_game("kuhn_poker")).nash_conv)
