"""Experience as flat columns: whole trajectories, one after the other, and the advantages computed from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from games.contract import ActionArray, BoolArray, FloatArray, IntArray

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
        dist_inputs: float32, of the behaviour policy: masked logits ``(T, A)``, or means and logarithms of deviations
            ``(T, 2 D)``; ``(T, 0)`` if the algorithm does not need them.
        log_probs: ``(T,)`` float32, of the actions taken under the behaviour policy.
        values: ``(T,)`` float32, of the behaviour module.
        rewards: ``(T,)`` float32: what the seat earned from this action up to its next one, or up to the end. The
            first also has what came before it, so that they sum to the seat's return without what it earned in an
            opening.
        plies: ``(T,)`` int64, steps that the game had before this one.
        offsets: ``(E + 1,)`` int64; trajectory e is ``[offsets[e], offsets[e + 1])`` and never empty.
        final_values: ``(E,)`` float32: 0 if the game terminated, the value of the last position if it was truncated.
        games: ``(E,)`` int64, number of the game that a trajectory belongs to, unique in its runner.
        truncated: ``(E,)`` bool, whether the game was truncated for this seat. F of them were, in order:
        final_observations: ``(F, *observation_shape)`` float32, what the seat saw in the last position.
        final_masks: ``(F, A)`` bool, what it could have done there; all true if it was not its turn.
        states: ``(C, S)`` float32, of a network that remembers: its state before each sequence that does not begin a
            trajectory, in order (:mod:`arena.training.sequences`). S is 0 for others.
        team_observations: ``(T, num_seats, *observation_shape)`` float32, what each seat of the team saw newest, if the
            value reads it (:mod:`arena.training.team_critic`); empty for others.
        team_seats: ``(T, num_seats)`` bool, whose observations are there; the others are 0. Empty for others.
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
    truncated: BoolArray
    final_observations: FloatArray
    final_masks: BoolArray
    states: Float = field(default_factory=lambda: np.empty((0, 0), np.float32))
    team_observations: Float = field(default_factory=lambda: np.empty((0, 0), np.float32))
    team_seats: BoolArray = field(default_factory=lambda: np.empty((0, 0), np.bool_))

    def __len__(self) -> int:
        return len(self.actions)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with packed columns, because trajectories travel between processes and machines."""
        return _unpickled, tuple(_pack(getattr(self, column.name)) for column in fields(self))


_Packed = tuple[npt.NDArray[Any], str, tuple[int, ...] | None]
"""The packed column, its dtype, and its shape if it holds zeros and ones packed as bits."""


def _pack(column: npt.NDArray[Any]) -> _Packed:
    """A column in fewer bytes, without loss: zeros and ones as bits, counts in the smallest type that holds them."""
    dtype = column.dtype.str
    if column.dtype == np.int64 and column.min(initial=0) >= 0:
        return column.astype(np.min_scalar_type(column.max(initial=0))), dtype, None
    if column.size and holds_bits(column[:1]) and holds_bits(column):
        return np.packbits(column != 0), dtype, column.shape
    return column, dtype, None


def holds_bits(column: npt.NDArray[Any]) -> bool:
    """Whether a column holds zeros and ones only. A negative zero is neither."""
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

END_COLUMNS = ("final_values", "truncated", "final_observations", "final_masks", "states")

TEAM_COLUMNS = ("team_observations", "team_seats")


def concatenate(parts: list[Trajectories]) -> Trajectories:
    """The trajectories of one module from several runners as one; game numbers stay unique."""
    if len(parts) == 1:
        return parts[0]
    names = STEP_COLUMNS + END_COLUMNS + TEAM_COLUMNS
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    bases = np.cumsum([0] + [int(part.games.max(initial=-1)) + 1 for part in parts[:-1]])
    return Trajectories(
        **joined,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        games=np.concatenate([part.games + base for part, base in zip(parts, bases, strict=True)]),
    )


def chosen(trajectories: Trajectories, which: IntArray) -> Trajectories:
    """Some trajectories in the order of their numbers ``which``, without states and what teams saw."""
    starts, lengths = trajectories.offsets[which], np.diff(trajectories.offsets)[which]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
    truncated = trajectories.truncated[which]
    finals = (np.cumsum(trajectories.truncated) - 1)[which[truncated]]
    return Trajectories(
        **{name: getattr(trajectories, name)[rows] for name in STEP_COLUMNS},
        offsets=offsets,
        final_values=trajectories.final_values[which],
        games=trajectories.games[which],
        truncated=truncated,
        final_observations=trajectories.final_observations[finals],
        final_masks=trajectories.final_masks[finals],
    )


def advantages(trajectories: Trajectories, *, gamma: float, lambda_: float) -> tuple[Float, Float]:
    """Generalised advantage estimates and value targets (Schulman et al. 2016, equations 11, 12 and 16).

    All trajectories are processed at once, backwards from their ends, one time step per round.

    Args:
        trajectories: the experience.
        gamma: discount per step *of the seat*: an opponent's move in between is not a step.
        lambda_: exponential weight; 1 gives the return minus the value.

    Returns:
        Advantages ``(T,)`` and value targets ``(T,)``, float32.
    """
    starts, stops = trajectories.offsets[:-1], trajectories.offsets[1:]
    by_length = np.argsort(starts - stops, kind="stable")  # longest first, so that the live ones are a prefix
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


def bootstrapped(trajectories: Trajectories, *, n_step: int, gamma: float) -> tuple[Float, Float, IntArray]:
    """Returns over a seat's next steps, and from where what comes after them is to be estimated.

    Args:
        trajectories: the experience.
        n_step: steps of the seat that a return has; fewer before the end of its game.
        gamma: discount per step of the seat.

    Returns:
        Discounted returns ``(T,)``; the discount ``(T,)`` of what comes after them, 0 where the game terminated; and
        where that is, ``(T,)`` int64: a row of the observations, or T + f for the final observation f.
    """
    lengths = np.diff(trajectories.offsets)
    rows, stops = np.arange(len(trajectories)), trajectories.offsets[1:].repeat(lengths)
    steps = np.minimum(n_step, stops - rows)
    returns = np.zeros(len(rows), np.float32)
    for ahead in range(int(steps.max(initial=0))):
        live = np.flatnonzero(steps > ahead)
        returns[live] += gamma**ahead * trajectories.rewards[live + ahead]
    goes_on = rows + n_step < stops
    cut = trajectories.truncated.repeat(lengths) & ~goes_on
    finals = (len(rows) + np.cumsum(trajectories.truncated) - 1).repeat(lengths)
    discounts = np.where(goes_on | cut, gamma**steps, 0.0).astype(np.float32)
    return returns, discounts, np.where(goes_on, rows + n_step, np.where(cut, finals, rows))
