"""Agents whose moves somebody learns as they are made, such as the view of a person at the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from agents.contract import Agent, Turn
from arena.play.referee import checked
from games.contract import ActionArray, State
from games.legality import legal_rows


class Witness(Protocol):
    """Who learns the moves."""

    def before_move(self, state: State) -> None:
        """Called before each agent acts in ``state``."""

    def add_move(self, seat: int, move: str) -> None:
        """A seat has chosen the action that is called ``move``, in the step under way."""


class Observed(Agent):
    """An agent at one table whose moves ``witness`` learns."""

    def __init__(self, agent: Agent, witness: Witness) -> None:
        self._agent = agent
        self._witness = witness

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The agent's actions."""
        state = turn.state(int(turn.tables[0]))  # a person plays at one table only
        self._witness.before_move(state)
        answer = self._agent.act(turn, rng)
        actions = checked(answer, turn)
        if isinstance(actions, str):
            return answer  # which ends the game
        legal = legal_rows(actions, turn.masks, turn.action_bounds)
        for seat, action, fits in zip(turn.seats.tolist(), actions.tolist(), legal.tolist(), strict=True):
            if fits:  # an illegal action has no name, and ends the game
                move = tuple(action) if isinstance(action, list) else action
                self._witness.add_move(seat, state.action_name(seat, move))
        return answer

    def reset(self, tables: Sequence[int]) -> None:
        """Reset the agent."""
        self._agent.reset(tables)
