"""Agents by name: ``random``, ``first``, ``mcts:200``, ``minimax:4``, ``equilibrium``, ``perfect``,
``human``, ``onnx:FILE``, ``weights:FILE``, ``exec:./program``, ``uci:./engine``, ``py:package.module:Factory``.

:data:`KINDS` is the one list of them. The command line makes its help from it, without NumPy, so what makes agents is
imported late.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.errors import AgentError

if TYPE_CHECKING:
    from agents.contract import Agent
    from games.contract import Game


GREEDY = "greedy:"
"""Before an agent's name: always its most likely action. :func:`arena.load_agent` makes such agents."""

MOST_BYTES = 1 << 30
"""The most bytes of a file that an agent is made of."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of agent.

    Attributes:
        usage: how to write it.
        make: makes an agent from what stands after the colon, and the game; also from the user's network classes if
            ``takes_networks``.
        runs_code: whether making it runs code that its name names.
        asks_person: whether a person chooses its actions.
        takes_networks: whether it may need a network class of the user's own.
    """

    usage: str
    make: Callable[..., Agent]
    runs_code: bool = False
    asks_person: bool = False
    takes_networks: bool = False


def make_agent(
    spec: str, game: Game, *, module_classes: Mapping[str, type[Any]] | None = None, trust_code: bool = True
) -> Agent:
    """The agent called ``spec``, ready to play ``game``.

    Args:
        spec: a name as in :data:`KINDS`.
        game: the game to play.
        module_classes: the user's own RLModule classes by ``package.module:Class``, for weights that need them.
        trust_code: whether the name may run code: a ``py:module:Factory``, or a program of ``exec:`` or ``uci:``. Pass
            False for a name that comes from a file.

    Raises:
        AgentError: no agent has this name, its argument is wrong, or it cannot play this game; or it names code that
            is not trusted, none of which has run then.
        WeightsError: a weights file is none, or its tensors do not fit its networks.
    """
    require_trust(spec, trust_code=trust_code)
    kind, _, argument = spec.partition(":")
    if kind not in KINDS:
        from games.specs import suggest

        raise AgentError(
            f"{spec!r} matches no kind of agent and no league's folder; use {usages()}, DIR or DIR:MEMBER, or "
            f"{GREEDY}AGENT{suggest(kind.lower(), KINDS)}"
        )
    found = KINDS[kind]
    return found.make(argument, game, module_classes) if found.takes_networks else found.make(argument, game)


def require_trust(spec: str, *, trust_code: bool) -> None:
    """Refuse an agent from a file that names code, unless its maker is trusted.

    Raises:
        AgentError: it names code, and ``trust_code`` is False.
    """
    if names_code(spec) and not trust_code:
        raise AgentError(
            f"the stored agent {spec!r} runs code; if you trust its maker, pass trust_code=True, on the command line "
            "--trust-code"
        )


def is_agent_name(spec: str) -> bool:
    """Whether the part of ``spec`` before its colon is a kind of agent made here. Its argument may still be wrong."""
    return spec.partition(":")[0] in KINDS


def names_code(spec: str) -> bool:
    """Whether making this agent runs code that ``spec`` names."""
    kind = KINDS.get(spec.removeprefix(GREEDY).partition(":")[0])
    return kind is not None and kind.runs_code


def asks_person(spec: str) -> bool:
    """Whether a person chooses the actions of this agent."""
    kind = KINDS.get(spec.removeprefix(GREEDY).partition(":")[0])
    return kind is not None and kind.asks_person


def usages(*, people: bool = True) -> str:
    """How to write each kind of agent, for messages; without ``people``, only those that play by themselves."""
    return ", ".join(kind.usage for kind in KINDS.values() if people or not kind.asks_person)


def _no_argument(name: str, argument: str) -> None:
    if argument:
        raise AgentError(f"{name} takes no argument, but got {argument!r}; write {name}")


def _random(argument: str, game: Game) -> Agent:
    from agents.basic import RandomAgent

    _no_argument("random", argument)
    return RandomAgent()


def _first(argument: str, game: Game) -> Agent:
    from agents.basic import FirstLegalAgent

    _no_argument("first", argument)
    return FirstLegalAgent()


def _number(name: str, argument: str, what: str, example: int) -> int:
    if not re.fullmatch("[0-9]{1,18}", argument):
        raise AgentError(f"{name} needs a whole number of {what}, but got {argument!r}; write {name}:{example}")
    return int(argument)


def _mcts(argument: str, game: Game) -> Agent:
    from agents.search import MCTSAgent

    return MCTSAgent(game, _number("mcts", argument, "simulations", 200))


def _minimax(argument: str, game: Game) -> Agent:
    from agents.search import MinimaxAgent

    return MinimaxAgent(game, _number("minimax", argument, "plies", 4))


def _equilibrium(argument: str, game: Game) -> Agent:
    from agents.equilibrium import EquilibriumAgent

    _no_argument("equilibrium", argument)
    return EquilibriumAgent(game)


def _perfect(argument: str, game: Game) -> Agent:
    from agents.perfect import PerfectAgent

    _no_argument("perfect", argument)
    return PerfectAgent(game)


def _human(argument: str, game: Game) -> Agent:
    from agents.human import HumanAgent

    _no_argument("human", argument)
    if game.action_bounds is not None:
        raise AgentError(
            f"{game.spec!r} has continuous actions, which a person can enter in `arena play` only; let a policy play it"
        )
    return HumanAgent()


def _onnx(argument: str, game: Game) -> Agent:
    from agents.onnx import OnnxAgent

    return OnnxAgent(_content("onnx", argument), game)


def _weights(argument: str, game: Game, module_classes: Mapping[str, type[Any]] | None) -> Agent:
    from agents.frozen import frozen_agent

    return frozen_agent(_content("weights", argument), game, module_classes=module_classes)


def _content(name: str, argument: str) -> bytes:
    """The content of the file that an agent is made of."""
    path = Path(argument)
    try:
        if not path.is_file():
            raise AgentError(f"{name} needs a file, but there is no file {argument!r}; write {name}:FILE")
        if path.stat().st_size > MOST_BYTES:
            raise AgentError(f"{name} takes a file of at most {MOST_BYTES:,} bytes, but {argument!r} has more")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise AgentError(f"{argument!r} cannot be read: {error}; name another file") from error


def _python(argument: str, game: Game) -> Agent:
    """Call ``Factory(game)`` of ``package.module:Factory``."""
    from agents.contract import Agent
    from games.specs import suggest

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
    try:
        agent = factory(game)
    except AgentError:
        raise
    except Exception as error:
        raise AgentError(
            f"py:{argument} is called with the game, and raised {type(error).__name__}: {error}"
        ) from error
    if not isinstance(agent, Agent):
        raise AgentError(f"py:{argument} must return an agents.contract.Agent, but returned {type(agent).__name__}")
    return agent


def _program(argument: str, game: Game) -> Agent:
    from agents.programs.program import ProgramAgent

    return ProgramAgent(argument, game)


def _uci(argument: str, game: Game) -> Agent:
    from agents.programs.uci import UCIAgent

    return UCIAgent(argument, game)


KINDS: dict[str, Kind] = {
    "random": Kind("random", _random),
    "first": Kind("first", _first),
    "mcts": Kind("mcts:SIMULATIONS", _mcts),
    "minimax": Kind("minimax:PLIES", _minimax),
    "equilibrium": Kind("equilibrium", _equilibrium),
    "perfect": Kind("perfect", _perfect),
    "human": Kind("human", _human, asks_person=True),
    "onnx": Kind("onnx:FILE", _onnx),
    "weights": Kind("weights:FILE", _weights, takes_networks=True),
    "exec": Kind("exec:COMMAND", _program, runs_code=True),
    "uci": Kind("uci:COMMAND?nodes=N", _uci, runs_code=True),
    "py": Kind("py:MODULE:FACTORY", _python, runs_code=True),
}
"""All kinds of agents by name."""
