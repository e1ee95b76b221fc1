"""Experience as flat columns: whole trajectories, one after the other, and what learning needs of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from games.contract import ActionArray, BoolArray, FloatArray, Game, IntArray

Float = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trajectories:
    """The steps of one module's seats in finished games. A *trajectory* is one seat's steps in one game, in order.

    With T steps in all and E trajectories:

    Attributes:
        observations: ``(T, *observation_shape)`` float32.
        masks: ``(T, A)`` bool.
        seats: ``(T,)`` int64.
        actions: ``(T,)`` int64; or ``(T, D)`` float32 points as drawn, in the units of
        :mod:`agents.policies.distributions`.
        dist_inputs: float32, of the behaviour policy: masked logits ``(T, A)``, or means and log deviations
            ``(T, 2 D)``; ``(T, 0)`` where learning does not ask for them.
        log_probs: ``(T,)`` float32, of the actions taken under the behaviour policy.
        values: ``(T,)`` float32, the behaviour module's.
        rewards: ``(T,)`` float32: all the seat earned from this action up to its next one, or the end; with the first
            also what came before it, so that they sum to the seat's return.
        plies: ``(T,)`` int64, steps the game had had before this one.
        offsets: ``(E + 1,)`` int64; trajectory e is ``[offsets[e], offsets[e + 1])``, never empty.
        final_values: ``(E,)`` float32: 0 where the game terminated, the value of the last position where truncated.
        games: ``(E,)`` int64, a number for the game a trajectory belongs to, unique in its runner.
    """

    observations: FloatArray
    masks: BoolArray
    seats: IntArray
    actions: ActionArray
    dist_inputs: Float
    log_probs: Float
    values: Float
    rewards: Float
    plies: IntArray
    offsets: IntArray
    final_values: Float
    games: IntArray

    def __len__(self) -> int:
        return len(self.actions)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with its columns packed, for it travels between processes and machines."""
        return _unpickled, tuple(_pack(getattr(self, column.name)) for column in fields(self))


_Packed = tuple[npt.NDArray[Any], str, tuple[int, ...] | None]
"""What is kept of a column; its dtype; its shape where zeros and ones are kept as bits."""


def _pack(column: npt.NDArray[Any]) -> _Packed:
    """A column in fewer bytes, without loss: zeros and ones as bits, counts in as few bytes as they need."""
    dtype = column.dtype.str
    if column.dtype == np.int64 and column.min(initial=0) >= 0:
        return column.astype(np.min_scalar_type(column.max(initial=0))), dtype, None
    if column.size and _holds_bits(column[:1]) and _holds_bits(column):
        return np.packbits(column != 0), dtype, column.shape
    return column, dtype, None


def _holds_bits(column: npt.NDArray[Any]) -> bool:
    """Whether there is nothing but zeros and ones; a negative zero is neither."""
    if column.dtype == np.bool_:
        return True
    one = np.ones((), column.dtype).view(f"u{column.itemsize}")
    numbers = column.view(one.dtype)
    return bool(((numbers == 0) | (numbers == one)).all())


def _unpickled(*columns: _Packed) -> Trajectories:
    return Trajectories(*map(_unpack, columns))


def _unpack(packed: _Packed) -> npt.NDArray[Any]:
    kept, dtype, shape = packed
    if shape is not None:
        kept = np.unpackbits(kept, count=math.prod(shape)).reshape(shape)
    return kept.astype(dtype, copy=False)


STEP_COLUMNS = ("observations", "masks", "seats", "actions", "dist_inputs", "log_probs", "values", "rewards", "plies")


def concatenate(parts: list[Trajectories]) -> Trajectories:
    """Several runners' trajectories of one module as one; the game numbers are made unique again."""
    if len(parts) == 1:
        return parts[0]
    steps = {name: np.concatenate([getattr(part, name) for part in parts]) for name in STEP_COLUMNS}
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    bases = np.cumsum([0] + [int(part.games.max(initial=-1)) + 1 for part in parts[:-1]])
    return Trajectories(
        **steps,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        final_values=np.concatenate([part.final_values for part in parts]),
        games=np.concatenate([part.games + base for part, base in zip(parts, bases, strict=True)]),
    )


def advantages(trajectories: Trajectories, *, gamma: float, lambda_: float) -> tuple[Float, Float]:
    """Generalised advantage estimates and value targets (Schulman et al. 2016, equations 11, 12 and 16).

    All trajectories are walked backwards at once, one time step from their ends per round.

    Args:
        gamma: discount per step *of the seat* (an opponent's move between is no step).
        lambda_: the exponential weight.

    Returns:
        Advantages ``(T,)`` and value targets ``(T,)``, float32.
    """
    starts, stops = trajectories.offsets[:-1], trajectories.offsets[1:]
    by_length = np.argsort(starts - stops, kind="stable")  # longest first: the live ones are always a prefix
    starts, stops = starts[by_length], stops[by_length]
    values, rewards = trajectories.values, trajectories.rewards
    result = np.empty(len(trajectories), np.float32)
    next_value = trajectories.final_values[by_length].astype(np.float32)
    advantage = np.zeros(len(starts), np.float32)
    lengths = stops - starts
    for back in range(1, int(lengths.max(initial=0)) + 1):
        live = int(np.searchsorted(-lengths, -back, side="right"))
        at = stops[:live] - back
        advantage = advantage[:live]
        delta = rewards[at] + gamma * next_value[:live] - values[at]
        advantage = delta + gamma * lambda_ * advantage
        result[at] = advantage
        next_value = values[at]
    return result, result + values


class StepBuffer:
    """Collects the steps of one module while games run, and hands out those whose games have finished.

    A trajectory's number is ``game * num_seats + seat``. A step's place in the buffer is its row; rows are appended in
    time order and compacted when handed out.

    Args:
        game: the game.
        inputs: how many of the distributions' inputs are kept of each step.
    """

    def __init__(self, game: Game, inputs: int) -> None:
        self._rows = 0
        self._num_seats = game.num_seats
        self._columns: dict[str, npt.NDArray[Any]] = {
            "observations": np.empty((0, *game.observation_shape), np.float32),
            "masks": np.empty((0, game.num_actions), np.bool_),
            "seats": np.empty(0, np.int64),
            "actions": game.empty_actions(0),
            "dist_inputs": np.empty((0, inputs), np.float32),
            "log_probs": np.empty(0, np.float32),
            "values": np.empty(0, np.float32),
            "rewards": np.empty(0, np.float32),
            "plies": np.empty(0, np.int64),
            "trajectory": np.empty(0, np.int64),
        }

    def __len__(self) -> int:
        return self._rows

    def append(self, **steps: npt.NDArray[Any]) -> IntArray:
        """Add one step per row; rewards start at zero. Returns the rows' places, ``(B,)`` int64."""
        count = len(steps["actions"])
        start, stop = self._rows, self._rows + count
        if stop > len(self._columns["actions"]):
            self._grow(stop)
        for name, values in steps.items():
            self._columns[name][start:stop] = values
        self._columns["rewards"][start:stop] = 0.0
        self._rows = stop
        return np.arange(start, stop)

    def add_rewards(self, rows: IntArray, rewards: Float) -> None:
        """Add to the rewards of distinct rows."""
        self._columns["rewards"][rows] += rewards

    def take(self, finished: IntArray, final_values: Float) -> tuple[Trajectories, IntArray]:
        """Hand out the steps of finished trajectories and keep the rest.

        Args:
            finished: sorted numbers of the trajectories that are over.
            final_values: the value each of them ended with, in the same order.

        Returns:
            The trajectories, in the order of their numbers, and the new place of each old row (-1 for those handed
            out), so that the caller can move its references.
        """
        numbers = self._columns["trajectory"][: self._rows]
        over = np.isin(numbers, finished)
        rows = np.flatnonzero(over)
        rows = rows[np.argsort(numbers[rows], kind="stable")]
        present, starts = np.unique(numbers[rows], return_index=True)
        steps = {name: self._columns[name][rows] for name in STEP_COLUMNS}
        trajectories = Trajectories(
            **steps,
            offsets=np.append(starts, len(rows)).astype(np.int64),
            final_values=final_values[np.searchsorted(finished, present)],
            games=present // self._num_seats,
        )
        kept = np.flatnonzero(~over)
        moved = np.full(self._rows, -1, np.int64)
        moved[kept] = np.arange(len(kept))
        for column in self._columns.values():
            column[: len(kept)] = column[kept]
        self._rows = len(kept)
        return trajectories, moved

    def _grow(self, needed: int) -> None:
        capacity = max(needed, 2 * len(self._columns["actions"]), 1024)
        for name, column in self._columns.items():
            larger = np.empty((capacity, *column.shape[1:]), column.dtype)
            larger[: self._rows] = column[: self._rows]
            self._columns[name] = larger
