"""What a wrong, late or missing answer of an agent does: the fault policies of matches and of training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from agents.basic import first_legal
from agents.contract import Agent, QuitGame, Turn
from agents.errors import SlowAgent
from arena.play.source import Limits
from games.contract import ActionArray, Game
from games.legality import legal_rows
from leagues.records import MatchEnding

log = logging.getLogger(__name__)


class Fault(NamedTuple):
    """The seat that ended its match, how it did that, and why, for the log."""

    seat: int
    ending: MatchEnding
    reason: str = ""


class FaultPolicy(Protocol):
    """Stands between the loop and the agents."""

    def reset(self, name: str, agent: Agent, tables: Sequence[int]) -> Mapping[int, MatchEnding]:
        """Let an agent begin new games at ``tables``. Returns the tables at which it failed."""

    def act(
        self, name: str, agent: Agent, turn: Turn, rng: np.random.Generator
    ) -> tuple[ActionArray, Mapping[int, Fault]]:
        """An action for every row of the turn, and the rows at which the agent is at fault."""


class Trusting:
    """The policy of training: what an agent raises ends the call, and no time is measured.

    The loop's step refuses illegal actions.
    """

    def reset(self, name: str, agent: Agent, tables: Sequence[int]) -> Mapping[int, MatchEnding]:
        """Let the agent begin new games."""
        agent.reset(tables)
        return {}

    def act(
        self, name: str, agent: Agent, turn: Turn, rng: np.random.Generator
    ) -> tuple[ActionArray, Mapping[int, Fault]]:
        """The agent's answer, unchecked."""
        return agent.act(turn, rng), {}


class Referee:
    """The policy of matches: whatever an agent does wrong ends only its own match.

    When the answer to a whole batch fails, the agent is asked for each row alone, so that one bad row does not end the
    matches of the others. With limits of time every row is asked alone, because only then the time of each seat is
    known; the clock of a seat runs only while its agent is in :meth:`Agent.act` for that seat.

    Args:
        game: the game.
        size: number of tables.
        limits: time for a move and for a game.
    """

    def __init__(self, game: Game, size: int, limits: Limits) -> None:
        self._limits, self._timed = limits, limits.timed
        self._used = np.zeros((size, game.num_seats))  # seconds of each seat in its game

    def reset(self, name: str, agent: Agent, tables: Sequence[int]) -> Mapping[int, MatchEnding]:
        """Let the agent begin new games, with fresh clocks. Its time for this is not limited."""
        if self._timed:
            self._used[tables] = 0.0
        try:
            agent.reset(tables)
        except QuitGame:
            raise
        except Exception as error:
            if len(tables) > 1:
                return {table: fault for each in tables for table, fault in self.reset(name, agent, [each]).items()}
            ending, reason = _raised(error)
            log.warning("%s lost a match before its first move: %s", name, reason)
            return {tables[0]: ending}
        return {}

    def act(
        self, name: str, agent: Agent, turn: Turn, rng: np.random.Generator
    ) -> tuple[ActionArray, Mapping[int, Fault]]:
        """Legal actions for all rows (the first legal one where the agent is at fault), and the faults by row."""
        if self._timed:
            actions, faults = _row_by_row(turn, lambda row: self._ask_timed(agent, row, rng))
        else:
            actions, faults = _ask(agent, turn, rng)
        for fault in faults.values():
            log.warning("%s at seat %d %s: %s", name, fault.seat, _VERBS[fault.ending], fault.reason)
        return actions, faults

    def _ask_timed(self, agent: Agent, turn: Turn, rng: np.random.Generator) -> tuple[ActionArray, dict[int, Fault]]:
        """As :func:`_ask` for one row, with its clock running."""
        at = int(turn.tables[0]), int(turn.seats[0])
        left = self._left(*at)
        began = time.perf_counter()
        actions, faults = _ask(agent, replace(turn, clock=np.array([left])), rng)
        taken = time.perf_counter() - began
        self._used[at] += taken
        if taken > left and (not faults or faults[0].ending == "illegal"):
            fault = Fault(at[1], "timeout", f"it answered after {taken:.3g} s, but had {max(left, 0.0):.3g} s")
            return first_legal(turn), {0: fault}
        return actions, faults

    def _left(self, table: int, seat: int) -> float:
        """Seconds that the seat has for its move."""
        left = np.inf if self._limits.move_time is None else self._limits.move_time
        if self._limits.game_time is not None:
            left = min(left, self._limits.game_time - float(self._used[table, seat]))
        return left


_VERBS: Mapping[MatchEnding, str] = {
    "crash": "crashed its match",
    "illegal": "broke the rules",
    "timeout": "lost on time",
    "stall": "stalled",
}


def _ask(agent: Agent, turn: Turn, rng: np.random.Generator) -> tuple[ActionArray, dict[int, Fault]]:
    """The agent's actions, one per row, and the rows at which it failed; those get the first legal action."""
    answer = _answer(agent, turn, rng)
    if isinstance(answer, tuple):
        if len(turn.seats) > 1:
            return _row_by_row(turn, lambda row: _ask(agent, row, rng))
        return first_legal(turn), {0: Fault(int(turn.seats[0]), *answer)}
    legal = legal_rows(answer, turn.masks, turn.action_bounds)
    if legal.all():
        return answer, {}
    actions = first_legal(turn)
    actions[legal] = answer[legal]
    return actions, {
        row: Fault(int(turn.seats[row]), "illegal", f"action {answer[row]} is not legal")
        for row in np.flatnonzero(~legal).tolist()
    }


def _row_by_row(
    turn: Turn, ask: Callable[[Turn], tuple[ActionArray, Mapping[int, Fault]]]
) -> tuple[ActionArray, dict[int, Fault]]:
    """What :func:`_ask` gives, from every row as a separate turn."""
    actions = first_legal(turn)
    faults: dict[int, Fault] = {}
    for row in range(len(turn.seats)):
        actions[row : row + 1], failed = ask(turn.part(np.array([row])))
        for fault in failed.values():
            faults[row] = fault
    return actions, faults


def _answer(agent: Agent, turn: Turn, rng: np.random.Generator) -> ActionArray | tuple[MatchEnding, str]:
    """The agent's actions, or what is wrong with its answer."""
    try:
        given = agent.act(turn, rng)
    except QuitGame:
        raise
    except Exception as error:
        log.debug("an agent raised", exc_info=True)
        return _raised(error)
    try:
        answer = checked(given, turn)
    except Exception as error:  # an answer can be any object, whose conversion can raise anything
        return "illegal", f"its answer is no array of actions: {type(error).__name__}: {error}"
    return ("illegal", answer) if isinstance(answer, str) else answer


def _raised(error: Exception) -> tuple[MatchEnding, str]:
    """The ending of a match in which an agent raised ``error``, and the reason."""
    if isinstance(error, SlowAgent):
        return "stall" if error.stalled else "timeout", str(error)
    return "crash", f"it raised {type(error).__name__}: {error}"


def checked(given: ActionArray, turn: Turn) -> ActionArray | str:
    """An agent's answer if its shape and dtype are right, else what is wrong with it. Legality is not checked."""
    answer = np.asarray(given)
    shape: tuple[int, ...] = turn.seats.shape
    dtype, kinds, numbers = "int64", "iu", "whole numbers"
    if turn.action_bounds is not None:
        shape += turn.action_bounds[0].shape
        dtype, kinds, numbers = "float32", "f", "floats"
    if answer.shape != shape or answer.dtype.kind not in kinds:
        return f"it must return {numbers} of shape {shape}, but returned {answer.dtype} of shape {answer.shape}"
    return answer.astype(dtype, copy=False)
