"""Agents by name: ``random``, ``first``, ``mcts:200``, ``minimax:4``, ``human``, ``py:package.module:Factory``."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError
from agents.human import HumanAgent
from games.contract import Game


def make_agent(spec: str, game: Game, *, trust_code: bool = True) -> Agent:
    """The agent called ``spec``, ready to play ``game``.

    Args:
        spec: one of :data:`USAGES`.
        game: the game to play.
        trust_code: whether ``spec`` may name code to run. Whoever writes ``py:module:Factory`` wants that; a name out
            of somebody's file must be made with False.

    Raises:
        AgentError: no agent has this name, its argument is wrong, or it cannot play this game; or it names code,
            which is not trusted: none of it has run then.
    """
    if names_code(spec) and not trust_code:
        raise AgentError(
            f"a stored agent must not run code unasked, but {spec!r} imports a module and calls it; if you trust who "
            "made it, say so by trust_code=True, on the command line by --trust-code"
        )
    kind, _, argument = spec.partition(":")
    if kind not in _MAKERS:
        raise AgentError(f"{_unknown(spec, kind)}; the kinds are {', '.join(USAGES)}, and FOLDER:MEMBER of a league")
    return _MAKERS[kind](argument, game)


def is_agent_name(spec: str) -> bool:
    """Whether the part of ``spec`` before a colon is the name of a kind made here (its argument may still be wrong)."""
    return spec.partition(":")[0] in _MAKERS


def names_code(spec: str) -> bool:
    """Whether making this agent runs code that the spec names."""
    return spec.partition(":")[0] in _RUN_CODE


def _unknown(spec: str, kind: str) -> str:
    near = difflib.get_close_matches(kind.lower(), _MAKERS, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"an agent must be of a known kind, but got {spec!r}{hint}"


def _plain(name: str, make: Callable[[], Agent]) -> Callable[[str, Game], Agent]:
    def made(argument: str, game: Game) -> Agent:
        if argument:
            raise AgentError(f"{name} takes no argument, but got {argument!r}; write {name}")
        return make()

    return made


def _number(name: str, argument: str, what: str, example: int) -> int:
    if not argument.isdecimal():
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
            f"a person chooses among numbered moves, but the actions of {game.spec!r} are continuous; let a policy play"
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
        raise AgentError(f"py needs a module Python can import, but {module_name!r} gave: {error}") from error
    factory = getattr(module, name, None)
    if not callable(factory):
        near = difflib.get_close_matches(name, dir(module), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AgentError(f"py needs a factory Factory(game) -> Agent, but {module_name!r} has no {name!r}{hint}")
    agent = factory(game)
    if not isinstance(agent, Agent):
        raise AgentError(f"a factory must give an agents.contract.Agent, but py:{argument} gave {type(agent).__name__}")
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
"""How each kind of agent is written, for help texts."""
