"""The contracts of a game: ``Game``, ``State``, and ``Tables`` (many states in lock-step).

A *seat* is a position in the game, ``0..n-1``. Its *agent ID* is the game's own name for it. A *step* applies one
joint action: one seat's action in a turn-based game, the actions of all acting seats in a simultaneous one. A state
resolves chance itself, from its own seeded generator; chance is never a seat.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from games.errors import BrokenGameError, GameError
from games.foreign import foreign_game

if TYPE_CHECKING:
    import gymnasium as gym

Dynamics = Literal["turn_based", "simultaneous"]
Ending = Literal["terminated", "truncated"]
Utility = Literal["zero_sum", "constant_sum", "common_payoff", "general_sum"]
Action = int | tuple[float, ...]
"""What a seat chooses: a number, or the components of a continuous action, each exactly a float32."""

Move = tuple[int, Action]
"""One entry of a history: ``(seat, action)``, or ``(CHANCE, outcome)``."""

CHANCE = -1
"""The player that stands for chance in a history."""

FloatArray = npt.NDArray[np.float32]
PictureArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
ActionArray = npt.NDArray[Any]
"""One action per row: int64 ``(rows,)``, or float32 ``(rows, D)`` where actions are continuous."""


@dataclass(frozen=True, eq=False, slots=True)
class Symmetry:
    """Another way to see a game, in which its rules are the same, such as a mirror.

    Attributes:
        cells: ``(N,)`` int64; seen this way, number ``i`` of a flat observation is the game's number ``cells[i]``.
        actions: ``(A,)`` int64; seen this way, action ``a`` is the game's action ``actions[a]``.
    """

    cells: IntArray
    actions: IntArray


class State(ABC):
    """One position of one running game. Pure (no I/O), seeded, copyable."""

    @abstractmethod
    def acting(self) -> tuple[int, ...]:
        """The seats that act now, ascending: one, several, or none when the game is over."""

    @abstractmethod
    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        """Write what ``seat`` sees into the caller's rows. Works for any seat at any time, also after the end.

        Args:
            seat: the observing seat.
            observation: float32 array of ``game.observation_shape``, overwritten.
            mask: bool array ``(game.num_actions,)``, overwritten; all False when the seat does not act now.
        """

    @abstractmethod
    def apply(self, actions: Sequence[Any]) -> tuple[float, ...]:
        """Apply the joint action and resolve any chance that follows.

        Args:
            actions: one :data:`Action` per acting seat, in the order of :meth:`acting`. Discrete actions are numbers;
                continuous ones are sequences of D finite floats inside ``game.action_bounds``.

        Returns:
            The rewards of *this step* for every seat, rewards of chance included. They are not the returns so far.

        Raises:
            IllegalActionError: an action is not legal for its seat. The state is unchanged.
            BrokenGameError: the game's own code fails in this step. The state is back at the position before it.
            GameError: the game is over, or ``actions`` does not have one action per acting seat.
        """

    @abstractmethod
    def ending(self) -> Ending | None:
        """``"terminated"`` if the rules ended the game, ``"truncated"`` if an outer limit did, None while it runs."""

    def seat_endings(self) -> tuple[Ending | None, ...]:
        """How the game ended for every seat, as :meth:`ending`; None for seats that still play.

        Seats may end one by one: the rules end some while the others play on, or reach a limit later. The game is over
        once all seats have ended, and ``"terminated"`` if every seat is. By default all seats end together, with the
        ending of the game.
        """
        return (self.ending(),) * len(self.returns())

    @abstractmethod
    def returns(self) -> tuple[float, ...]:
        """The sum of the rewards so far, for every seat."""

    @abstractmethod
    def history(self) -> tuple[Move, ...]:
        """Every ``(player, action)`` so far in order, with chance as :data:`CHANCE`.

        A simultaneous step lists its acting seats in ascending order.
        """

    @abstractmethod
    def draw(self, seat: int | None = None) -> str:
        """The position as plain text for a person, without a trailing newline.

        Args:
            seat: show only what this seat may know; None shows everything (for replays and spectators).
        """

    def picture(self) -> PictureArray | None:
        """The whole position as a picture, ``(height, width, 3)`` uint8 RGB; None if the game has no pictures.

        The picture hides nothing, so it is for replays and spectators.
        """
        return None

    @abstractmethod
    def action_name(self, seat: int, action: Any) -> str:
        """The name of ``action`` in this position, as people who play the game write it."""

    def action_route(self, seat: int, action: Any) -> str:
        """The name of ``action`` with the cells from and to which a piece moves, such as ``g1f3``.

        By default it is the name. A game in which names leave out where a piece comes from (``Nf3``) overrides it, so
        that a person can show the move on the board.
        """
        return self.action_name(seat, action)

    @abstractmethod
    def digest(self) -> str:
        """Hex SHA-256 of the position. Equal positions with equal histories have equal digests on every machine."""

    @abstractmethod
    def clone(self) -> State:
        """An independent copy, generator included: the same actions lead both to the same future."""


class Game(ABC):
    """The rules with fixed parameters. Immutable, picklable, cheap to share.

    Attributes:
        spec: the canonical spec; ``make_game(game.spec)`` gives an equal game.
        agent_ids: the game's own name for each seat.
        dynamics: whether one seat or all seats act in a step.
        utility: how the returns of the seats relate.
        perfect_information: whether every seat sees the whole position; search agents need this.
        observation_shape: shape of one observation, float32, the same for every seat.
        num_actions: size of the discrete action space. If seats have different numbers of actions, it is the largest,
            and masks tell the seats apart. It is 1 if actions are continuous; masks then only say that a seat acts.
        action_bounds: lowest and highest continuous action, each ``(D,)`` float32 and finite; None if discrete.
        pictorial: whether :meth:`State.picture` shows a person more than :meth:`State.draw`.
        max_plies: no game has more steps than this; None when unknown.
        min_return: no seat's return is lower than this; None when unknown.
        max_return: no seat's return is higher than this; None when unknown.
        replayable: whether ``new_state(seed, chance)`` repeats a recorded game exactly.
    """

    spec: str
    agent_ids: tuple[str, ...]
    dynamics: Dynamics
    utility: Utility
    perfect_information: bool
    observation_shape: tuple[int, ...]
    num_actions: int
    action_bounds: tuple[FloatArray, FloatArray] | None = None
    pictorial: bool = False
    max_plies: int | None
    min_return: float | None = None
    max_return: float | None = None
    replayable: bool

    @property
    def num_seats(self) -> int:
        """Number of seats."""
        return len(self.agent_ids)

    @property
    def teams(self) -> tuple[int, ...]:
        """The team of each seat, ``0..t-1``. By default every seat is a separate team."""
        return tuple(range(self.num_seats))

    @property
    def graded(self) -> bool:
        """Whether the size of a return matters, not only whether it is a win, a draw or a loss.

        A graded game has more than three different utilities, such as poker, goofspiel by points, or any general-sum
        game. Its scores are returns; in other games a score is 1, 1/2 or 0. By default zero-sum and constant-sum games
        are not graded.
        """
        return self.utility not in ("zero_sum", "constant_sum")

    @property
    def symmetries(self) -> tuple[Symmetry, ...]:
        """The ways in which the game looks different and has the same rules for every seat, without the usual one.

        A sequence of actions seen through a symmetry is a game of equal returns, and each of its positions is the
        position of the original seen through the symmetry. By default none is known.
        """
        return ()

    @property
    def public_moves(self) -> bool:
        """Whether every seat may know each action once the step is made, so that actions can be announced.

        The default is True only for games of perfect information. A game that hides only chance (cards, dice) may
        override it with True. A game whose actions can stay hidden (dark chess, sealed bids) must not.
        """
        return self.perfect_information

    @abstractmethod
    def new_state(self, seed: int, chance: Sequence[int] = ()) -> State:
        """A new game.

        Args:
            seed: seeds the state's own generator; equal seeds and actions give equal games.
            chance: outcomes to use, in order, before the generator's own. A replay passes the recorded ones.
        """

    @abstractmethod
    def tables(self, size: int) -> Tables:
        """``size`` tables of this game in lock-step, all idle until :meth:`Tables.reset`."""

    def observation_space(self, seat: int) -> gym.spaces.Box:
        """The space of the observations of ``seat``: float32 of ``observation_shape``."""
        import gymnasium as gym  # takes 0.4 s to import, which readers of leagues need not wait for

        return gym.spaces.Box(-np.inf, np.inf, self.observation_shape, np.float32)

    def action_space(self, seat: int) -> gym.Space[Any]:
        """The space of the actions of ``seat``: ``Discrete(num_actions)``, or the ``Box`` of ``action_bounds``."""
        import gymnasium as gym

        if self.action_bounds is not None:
            return gym.spaces.Box(*self.action_bounds, dtype=np.float32)
        return gym.spaces.Discrete(self.num_actions)

    def empty_actions(self, rows: int) -> ActionArray:
        """An uninitialized array for one action per row: int64 ``(rows,)``, or float32 ``(rows, D)`` if continuous."""
        if self.action_bounds is not None:
            return np.empty((rows, *self.action_bounds[0].shape), np.float32)
        return np.empty(rows, np.int64)

    def replay(self, seed: int, history: Sequence[Move]) -> Iterator[State]:
        """Yield the position before the first step and after every step of a recorded game.

        Every yielded state is the same object; clone it to keep a position.

        Raises:
            GameError: the game is not replayable, or the history does not fit its rules.
            BrokenGameError: the game's own code fails.
        """
        if not self.replayable:
            raise GameError(f"{self.spec!r} cannot be replayed: no seed repeats its games")
        outcomes = [action for player, action in history if player == CHANCE and isinstance(action, int)]
        with foreign_game(self.spec, "in its reset"):
            state = self.new_state(seed, outcomes)
        moves = [move for move in history if move[0] != CHANCE]
        yield state
        at = 0
        while at < len(moves):
            with foreign_game(self.spec, "in a step"):
                seats = state.acting()
                step = moves[at : at + len(seats)]
                if not seats or tuple(player for player, _ in step) != seats:
                    raise GameError(
                        f"the history does not fit {self.spec!r}: at move {at} seats {seats} act, not {step}"
                    )
                state.apply([action for _, action in step])
            at += len(seats)
            yield state
        if state.history() != tuple(history):
            raise GameError(f"a replay must repeat the history, but {self.spec!r} recorded another one")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Game) and other.spec == self.spec

    def __hash__(self) -> int:
        return hash(self.spec)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec!r})"


class Tables(ABC):
    """``size`` states of one game, stepped in lock-step over preallocated arrays.

    A round is :meth:`observe` (fills one row per acting seat of every live table), then :meth:`step` with one action
    per row, then :meth:`reset` of the tables that ended. A table that is not reset is idle: it has no rows.

    Attributes:
        observations: ``(size * num_seats, *observation_shape)`` float32, or ``(size, ...)`` in a turn-based game; rows
            from ``rows`` on are stale.
        masks: ``(same, num_actions)`` bool.
        seats: ``(same,)`` int64, the seat of each row.
        table: ``(same,)`` int64, the table of each row. Tables ascend, and seats ascend within a table.
        rows: number of live rows after the last :meth:`observe`.
        rewards: ``(size, num_seats)`` float32, the rewards of the last step; zero for idle tables. The first step adds
            the rewards of the reset.
        broken: for each table whose game broke the contract since its reset, the error. The table ends with the step
            that broke it, or with the next step if it broke in its reset or when it was observed. The position before
            stays readable.
    """

    game: Game
    size: int
    observations: FloatArray
    masks: BoolArray
    seats: IntArray
    table: IntArray
    rows: int
    rewards: FloatArray
    broken: dict[int, BrokenGameError]

    @abstractmethod
    def reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        """Start a new game at each of ``tables``, seeded by its entry of ``seeds``; running games are dropped."""

    @abstractmethod
    def observe(self) -> int:
        """Fill the rows of all live tables and return their number."""

    @abstractmethod
    def step(self, actions: ActionArray) -> list[int]:
        """Apply one action per row to the live tables.

        Args:
            actions: ``(rows,)`` int64, or ``(rows, D)`` float32 if continuous, in the order of the rows.

        Returns:
            The tables that ended with this step, ascending. Their final position stays readable until their reset. A
            game that chance ends in its reset has no rows, and ends with the next step of any table.

        Raises:
            IllegalActionError: an action is outside its row's mask, or outside the bounds. No table has moved.
        """

    @abstractmethod
    def state(self, table: int) -> State:
        """The state at ``table``, to read or clone; never apply actions to it.

        Raises:
            GameError: the table was never reset, or its game broke in its reset.
        """

    def seat_endings(self, table: int) -> tuple[Ending | None, ...]:
        """:meth:`State.seat_endings` of the state at ``table``."""
        return self.state(table).seat_endings()
