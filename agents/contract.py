"""The contract of an agent: whatever chooses actions at a seat, always asked for a batch of rows at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from games.contract import ActionArray, BoolArray, FloatArray, IntArray, State


class AgentError(Exception):
    """An agent cannot be made, cannot play this game, or broke a rule; the message says which and how to mend it."""


class QuitGame(Exception):
    """The person at the table left the game."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The rows at which one agent has to act now. All arrays have the same first dimension B.

    Attributes:
        observations: ``(B, *observation_shape)`` float32.
        masks: ``(B, num_actions)`` bool, at least one True in each row.
        seats: ``(B,)`` int64.
        tables: ``(B,)`` int64; the table a row belongs to, the key for whatever an agent keeps per game.
        state: the live state at a table, for agents that search, print or ask a person. Read or clone it only.
        action_bounds: lowest and highest continuous action, each ``(D,)`` float32; None where actions are discrete.
    """

    observations: FloatArray
    masks: BoolArray
    seats: IntArray
    tables: IntArray
    state: Callable[[int], State]
    action_bounds: tuple[FloatArray, FloatArray] | None = None


class Agent(ABC):
    """Chooses actions for a batch of rows. One agent may sit at many tables, and at several seats of one."""

    @abstractmethod
    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """One legal action per row.

        Args:
            turn: the rows; valid during this call only.
            rng: the only source of randomness an agent may use.

        Returns:
            ``(B,)`` int64, each in its row's mask; or ``(B, D)`` float32 inside ``turn.action_bounds``.
        """

    def reset(self, tables: Sequence[int]) -> None:  # noqa: B027 - optional to override
        """Forget whatever was kept for ``tables``: new games begin there. Stateless agents need not care."""

    def close(self) -> None:  # noqa: B027 - optional to override
        """Release what the agent holds (a process, a file). Called once, after its last act."""
