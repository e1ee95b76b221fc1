"""Agents whose moves somebody learns as they are made, such as the view of a person at the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from agents.contract import Agent, QuitGame, Turn
from arena.play.referee import checked
from games.contract import Action, ActionArray, State
from games.legality import legal_rows


class Witness(Protocol):
    """Who learns the moves."""

    def before_move(self, state: State) -> None:
        """Called before each agent acts in ``state``."""

    def add_move(self, state: State, seat: int, action: Action) -> None:
        """A seat has chosen a legal action in ``state``, for the step under way."""


class TableFailed(QuitGame):
    """The games end because of an ``error`` that is no agent's."""

    def __init__(self, error: Exception) -> None:
        super().__init__("the table fails")
        self.error = error


@contextmanager
def nobodys_fault() -> Iterator[None]:
    """What fails in here, while an agent is asked, ends all games, and not one match at the cost of a seat.

    Raises:
        TableFailed: in place of any error.
    """
    try:
        yield
    except QuitGame:
        raise
    except Exception as error:
        raise TableFailed(error) from error


class Observed(Agent):
    """An agent at one table whose moves ``witness`` learns. What fails there is not the agent's fault."""

    def __init__(self, agent: Agent, witness: Witness) -> None:
        self._agent = agent
        self._witness = witness

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The agent's actions."""
        state = turn.state(int(turn.tables[0]))  # a person plays at one table only
        with nobodys_fault():
            self._witness.before_move(state)
        answer = self._agent.act(turn, rng)
        actions = checked(answer, turn)
        if isinstance(actions, str):
            return answer  # which ends the game
        legal = legal_rows(actions, turn.masks, turn.action_bounds)
        with nobodys_fault():
            for seat, action, fits in zip(turn.seats.tolist(), actions.tolist(), legal.tolist(), strict=True):
                if fits:  # an illegal action has no name, and ends the game
                    move = tuple(action) if isinstance(action, list) else action
                    self._witness.add_move(state, seat, move)
        return answer

    def reset(self, tables: Sequence[int]) -> None:
        """Reset the agent."""
        self._agent.reset(tables)
