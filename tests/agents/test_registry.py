"""Agents by name."""

from __future__ import annotations

import pytest
from toygames import Nim

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError
from agents.human import HumanAgent
from agents.registry import make_agent
from agents.search import MCTSAgent, MinimaxAgent
from games import Game, make_game


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("random", RandomAgent),
        ("first", FirstLegalAgent),
        ("human", HumanAgent),
        ("mcts:20", MCTSAgent),
        ("minimax:2", MinimaxAgent),
        (f"py:{__name__}:build", RandomAgent),
    ],
)
def test_every_kind_is_made_by_its_name(spec: str, kind: type[Agent]) -> None:
    assert isinstance(make_agent(spec, make_game("tic_tac_toe")), kind)


def test_arguments_reach_the_agent() -> None:
    agent = make_agent("mcts:37", make_game("tic_tac_toe"))
    assert isinstance(agent, MCTSAgent)
    assert agent.simulations == 37


def build(game: Game) -> Agent:
    assert game.num_actions > 0
    return RandomAgent()


def build_nothing(game: Game) -> None:
    return None


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("randon", "did you mean 'random'"),
        ("MCTS:10", "did you mean 'mcts'"),
        ("minmax:3", "did you mean 'minimax'"),
        ("uic:./engine", "random, first, mcts:"),
        ("exec:./no-such-program", "cannot be started"),
        ("perfect:3", "perfect takes no argument"),
        ("py:agents.basic:FirstLegalAgent", "is called with the game, and raised TypeError"),
        ("equilibrium", "not an OpenSpiel game"),
        ("", "matches no kind of agent"),
        ("random:3", "random takes no argument"),
        ("mcts", "write mcts:200"),
        ("mcts:many", "'many'"),
        ("mcts:-5", "'-5'"),
        ("minimax:0", "got 0"),
        ("mcts:10", "OpenSpiel"),
        ("py:nothing", "py:package.module:Factory"),
        ("py:no.such.module:Factory", "no.such"),
        (f"py:{__name__}:builds", "did you mean 'build"),
        (f"py:{__name__}:build_nothing", "NoneType"),
    ],
)
def test_wrong_names_are_explained_in_one_line(spec: str, words: str) -> None:
    with pytest.raises(AgentError) as caught:
        make_agent(spec, Nim())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
