"""The contract of an agent: it chooses actions at seats, for a batch of rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from agents.errors import AgentError as AgentError  # part of the contract
from agents.errors import SlowAgent as SlowAgent
from games.contract import ActionArray, BoolArray, FloatArray, IntArray, State

Probabilities = npt.NDArray[np.float64]
"""``(B, A)``: for each row the probability of every action, 0 where it is illegal; rows sum to one."""

Values = npt.NDArray[np.float64]
"""``(B,)``: for each row what its seat can expect to get from there on."""


class QuitGame(Exception):
    """The person at the table left the game."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The rows at which one agent acts now. All arrays have the same first dimension B.

    Attributes:
        observations: ``(B, *observation_shape)`` float32.
        masks: ``(B, num_actions)`` bool, at least one True in each row.
        seats: ``(B,)`` int64.
        tables: ``(B,)`` int64, the table of each row. Agents that keep something per game use it as the key.
        state: table -> its live state, for agents that search, print or ask a person. Read it or clone it only.
        action_bounds: lowest and highest continuous action, each ``(D,)`` float32; None for discrete actions.
        clock: ``(B,)`` float64, seconds that each row's seat has for this move; None where no time is limited.
    """

    observations: FloatArray
    masks: BoolArray
    seats: IntArray
    tables: IntArray
    state: Callable[[int], State]
    action_bounds: tuple[FloatArray, FloatArray] | None = None
    clock: npt.NDArray[np.float64] | None = None

    def part(self, rows: IntArray) -> Turn:
        """Some of the rows as a turn of their own."""
        of = {name: getattr(self, name)[rows] for name in ("observations", "masks", "seats", "tables")}
        return replace(self, **of, clock=None if self.clock is None else self.clock[rows])


class Agent(ABC):
    """Chooses actions for a batch of rows. One agent may sit at many tables, and at several seats of a table.

    Attributes:
        reads_state: whether it looks at ``Turn.state``. What sees no more than observations, masks and seats says
            False, so that equal rows need to be asked once only.
        batched: whether one call with many rows is quicker than many calls, as for networks. Matches with an agent that
            is not batched are played one block at a time.
        spec: the name by which a league records an agent that is given as an object, such as ``human``; None if no name
            makes the same agent again.
    """

    reads_state: bool = True
    batched: bool = True
    spec: str | None = None

    @property
    def keeps_games(self) -> bool:
        """Whether it keeps something of each game from move to move, so that no other process can go on with its games:
        it overrides :meth:`reset`."""
        return type(self).reset is not Agent.reset

    @abstractmethod
    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """One legal action per row.

        Args:
            turn: the rows. Its arrays are valid during this call only.
            rng: the agent's only source of randomness.

        Returns:
            ``(B,)`` int64, each legal in its row's mask; or ``(B, D)`` float32 within ``turn.action_bounds``.
        """

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """The probabilities from which :meth:`act` draws, for exact measures of play such as exploitability.

        Only an agent whose choice depends on nothing but the row can tell them: not on earlier calls, on other rows, or
        on a clock. By default an agent cannot.

        Args:
            turn: rows of any games; ``tables`` tells them apart and names no table that was reset.

        Returns:
            ``(B, A)`` float64; None if the agent has no such probabilities.
        """
        return None

    def values(self, turn: Turn) -> Values | None:
        """What each row's seat can expect to get from its position on, by the agent's own estimate.

        It is in the units of the game's rewards, as far as training discounts none of them. By default an agent has no
        such estimate.

        Args:
            turn: as of :meth:`probabilities`.

        Returns:
            ``(B,)`` float64; None if the agent does not estimate values.
        """
        return None

    def consider(self, turn: Turn) -> tuple[Values | None, Probabilities | None]:
        """What it thinks of games that it follows: values, and the probabilities from which :meth:`act` draws.

        An agent that remembers goes on from there, as in :meth:`act`. So it is asked once for each step of a seat, in
        their order, and its tables are reset before.

        Args:
            turn: as of :meth:`act`.

        Returns:
            As :meth:`values` and :meth:`probabilities`, by default those.
        """
        return self.values(turn), self.probabilities(turn)

    def reset(self, tables: Sequence[int]) -> None:  # noqa: B027 - optional to override
        """Forget what was kept for ``tables``: new games begin there. Stateless agents need not override this."""

    def close(self) -> None:  # noqa: B027 - optional to override
        """Release what the agent holds (a process, a file). Called once, after the last :meth:`act`."""
