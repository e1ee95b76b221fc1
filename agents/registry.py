"""Agents by name: ``random``, ``first``, ``mcts:200``, ``minimax:4``, ``human``, ``py:package.module:Factory``."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError
from agents.human import HumanAgent
from games.contract import Game
from games.specs import suggest


def make_agent(spec: str, game: Game, *, trust_code: bool = True) -> Agent:
    """The agent called ``spec``, ready to play ``game``.

    Args:
        spec: a name as in :data:`USAGES`.
        game: the game to play.
        trust_code: whether ``py:module:Factory`` may run its code. Pass False for a name that comes from a file.

    Raises:
        AgentError: no agent has this name, its argument is wrong, or it cannot play this game; or it names code that
            is not trusted, none of which has run then.
    """
    if names_code(spec) and not trust_code:
        raise AgentError(
            f"the stored agent {spec!r} runs code; if you trust its maker, pass trust_code=True, on the command line "
            "--trust-code"
        )
    kind, _, argument = spec.partition(":")
    if kind not in _MAKERS:
        raise AgentError(
            f"{spec!r} matches no kind of agent and no league's folder; use {', '.join(USAGES)}, DIR or DIR:MEMBER"
            f"{suggest(kind.lower(), _MAKERS)}"
        )
    return _MAKERS[kind](argument, game)


def is_agent_name(spec: str) -> bool:
    """Whether the part of ``spec`` before its colon is a kind of agent made here. Its argument may still be wrong."""
    return spec.partition(":")[0] in _MAKERS


def names_code(spec: str) -> bool:
    """Whether making this agent runs code that ``spec`` names."""
    return spec.partition(":")[0] in _RUN_CODE


def _plain(name: str, make: Callable[[], Agent]) -> Callable[[str, Game], Agent]:
    def made(argument: str, game: Game) -> Agent:
        if argument:
            raise AgentError(f"{name} takes no argument, but got {argument!r}; write {name}")
        return make()

    return made


def _number(name: str, argument: str, what: str, example: int) -> int:
    if not re.fullmatch("[0-9]{1,18}", argument):
        raise AgentError(f"{name} needs a whole number of {what}, but got {argument!r}; write {name}:{example}")
    return int(argument)


def _mcts(argument: str, game: Game) -> Agent:
    from agents.search import MCTSAgent  # loads OpenSpiel

    return MCTSAgent(game, _number("mcts", argument, "simulations", 200))


def _minimax(argument: str, game: Game) -> Agent:
    from agents.search import MinimaxAgent  # loads OpenSpiel

    return MinimaxAgent(game, _number("minimax", argument, "plies", 4))


def _human(argument: str, game: Game) -> Agent:
    if game.action_bounds is not None:
        raise AgentError(
            f"{game.spec!r} has continuous actions, which a person can enter in `arena play` only; let a policy play it"
        )
    return _plain("human", HumanAgent)(argument, game)


def _python(argument: str, game: Game) -> Agent:
    """Call ``Factory(game)`` of ``package.module:Factory``."""
    module_name, colon, name = argument.partition(":")
    if not (module_name and colon and name):
        raise AgentError(f"py needs a module and a factory, but got {argument!r}; write py:package.module:Factory")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise AgentError(f"py:{argument} cannot be imported: {error}") from error
    factory = getattr(module, name, None)
    if not callable(factory):
        raise AgentError(f"{module_name!r} has no factory {name!r}, a callable{suggest(name, dir(module))}")
    agent = factory(game)
    if not isinstance(agent, Agent):
        raise AgentError(f"py:{argument} must return an agents.contract.Agent, but returned {type(agent).__name__}")
    return agent


_MAKERS: dict[str, Callable[[str, Game], Agent]] = {
    "random": _plain("random", RandomAgent),
    "first": _plain("first", FirstLegalAgent),
    "mcts": _mcts,
    "minimax": _minimax,
    "human": _human,
    "py": _python,
}

_RUN_CODE = frozenset({"py"})

USAGES = ("random", "first", "mcts:SIMULATIONS", "minimax:PLIES", "human", "py:MODULE:FACTORY")
"""How to write each kind of agent, for help texts."""
