"""Translates Gymnasium spaces: observations to rows of float32, actions to numbers or to bounded vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import gymnasium as gym
import numpy as np

from games.contract import BoolArray, FloatArray
from games.errors import GameError
from games.foreign import BrokenRule

MAX_ACTIONS = 4096
"""Most combinations of a composite action. A network has an output for each, and most of them would never be used."""

_ACTION_MASK = "action_mask"


@dataclass(frozen=True)
class Sight:
    """How one seat's observations become rows.

    Attributes:
        shape: shape of a row.
        key: the observation's key in a dict that also holds its mask; None if the observation is no such dict.
        write: writes an observation into a float32 row of ``shape``. It raises BrokenRule if the observation does not
            fit its space; the bounds of a Box are not checked.
    """

    shape: tuple[int, ...]
    key: str | None
    write: Callable[[Any, FloatArray], None]


def sight(space: gym.Space[Any]) -> Sight:
    """How observations of a space become rows.

    A Box keeps its shape, a Discrete becomes one-hot, and Gymnasium flattens all other spaces. In a Dict with an
    ``action_mask`` the observation is the only other entry, or all other entries together.

    Raises:
        GameError: the space has no fixed size.
    """
    key = None
    if isinstance(space, gym.spaces.Dict) and (_ACTION_MASK in space.spaces or list(space) == ["observation"]):
        others = {name: inner for name, inner in space.items() if name != _ACTION_MASK}
        if len(others) == 1:
            ((key, space),) = others.items()
        else:
            space = gym.spaces.Dict(others)
    if isinstance(space, gym.spaces.Box):
        return Sight(space.shape or (1,), key, _array_writer(space.shape))
    if isinstance(space, gym.spaces.Discrete):
        return Sight((int(space.n),), key, _one_hot_writer(space))
    if not space.is_np_flattenable:
        raise GameError(
            f"observations must have a fixed size, but {space} has none; use a Box, or a space that flattens to one"
        )
    return Sight((gym.spaces.flatdim(space),), key, _flat_writer(space))


def _array_writer(shape: tuple[int, ...]) -> Callable[[Any, FloatArray], None]:
    def write(seen: Any, row: FloatArray) -> None:
        array = np.asarray(seen)
        kind = array.dtype.kind
        if array.shape != shape or kind not in "fuib":
            raise BrokenRule(
                f"an observation must be numbers of shape {shape}, as its space says, but is {array.dtype} of "
                f"{array.shape}"
            )
        if kind != "f":
            row[...] = array
            return
        with np.errstate(over="ignore"):  # an overflow becomes infinite, and is refused below
            row[...] = array
        if not np.isfinite(row).all():
            raise BrokenRule(f"an observation must be finite, but has {array[~np.isfinite(row)].flat[0]}")

    return write


def _one_hot_writer(space: gym.spaces.Discrete[Any]) -> Callable[[Any, FloatArray], None]:
    size, start = int(space.n), int(space.start)

    def write(seen: Any, row: FloatArray) -> None:
        at = int(seen) - start
        if not 0 <= at < size:
            raise BrokenRule(f"an observation must lie in its space, {space}, but is {seen}")
        row[...] = 0.0
        row[at] = 1.0

    return write


def _flat_writer(space: gym.Space[Any]) -> Callable[[Any, FloatArray], None]:
    write_flat = _array_writer((gym.spaces.flatdim(space),))

    def write(seen: Any, row: FloatArray) -> None:
        try:
            flat = gym.spaces.flatten(space, seen)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise BrokenRule(f"an observation must lie in its space, {space}, but is {_short(seen)}") from error
        write_flat(flat, row)

    return write


@dataclass(frozen=True)
class Choices:
    """The actions of one seat.

    Attributes:
        size: how many numbered actions there are; 1 if actions are continuous.
        bounds: lowest and highest continuous action, each ``(D,)`` float32; None if actions are numbered.
        decode: turns a number, or a tuple of D floats, into the environment's action.
        parts: number of values of each component of a composite action; empty for other actions.
    """

    size: int
    bounds: tuple[FloatArray, FloatArray] | None
    decode: Callable[[Any], Any]
    parts: tuple[int, ...] = ()


def choices(space: gym.Space[Any]) -> Choices:
    """How actions of a space are chosen.

    Discrete actions are numbered from 0. Composite actions (MultiDiscrete, MultiBinary) are numbered by mixed radix,
    the last component fastest. A Box of floats with finite bounds is continuous.

    Raises:
        GameError: the space is another one, has more than :data:`MAX_ACTIONS` combinations, or is unbounded.
    """
    match space:
        case gym.spaces.Discrete():
            start = int(space.start)
            return Choices(int(space.n), None, start.__add__ if start else int)
        case gym.spaces.MultiDiscrete():
            return _composite(space, space.nvec, space.start)
        case gym.spaces.MultiBinary():
            return _composite(space, np.full(space.shape, 2), np.zeros(space.shape, np.int8))
        case gym.spaces.Box() if space.dtype is not None and space.dtype.kind == "f":
            return _continuous(space)
    raise GameError(f"actions must be Discrete, MultiDiscrete, MultiBinary or a Box of floats, but are {space}")


def _composite(space: gym.Space[Any], counts: Any, start: Any) -> Choices:
    radices = tuple(counts.ravel().tolist())
    size = math.prod(radices)
    if size > MAX_ACTIONS:
        raise GameError(
            f"composite actions may have at most {MAX_ACTIONS} combinations, but {space} has {size}; use fewer "
            "components, or let the seat choose them one after another"
        )

    def decode(action: int) -> Any:
        return np.array(np.unravel_index(action, radices)).astype(space.dtype).reshape(start.shape) + start

    return Choices(size, None, decode, radices)


def _continuous(space: gym.spaces.Box) -> Choices:
    if not space.is_bounded():
        raise GameError(f"continuous actions must have finite bounds, but are {space}; set low and high")
    low, high = (np.array(bound, np.float32).ravel() for bound in (space.low, space.high))
    if not np.isfinite([low, high]).all():
        raise GameError(f"continuous actions must have bounds that fit float32, but are {space}")
    size, exact = len(low), space.dtype == np.float32

    def decode(action: tuple[float, ...]) -> Any:
        point = np.array(action[:size], space.dtype).reshape(space.shape)
        # Rounding to float32 may have moved a bound outwards.
        return point if exact else np.clip(point, space.low, space.high)

    return Choices(1, (low, high), decode)


def read_mask(given: Any, own: Choices, mask: BoolArray) -> None:
    """Write an environment's mask of a seat into a row. A longer row is False beyond the seat's own actions.

    Args:
        given: one entry per action of the seat. For a composite action it may be a sequence of one mask per component.
        own: the seat's actions.
        mask: ``(at least own.size,)`` bool, overwritten.

    Raises:
        BrokenRule: the mask has another size, or entries other than 0 and 1.
    """
    mask[own.size :] = False
    if own.parts and isinstance(given, tuple | list) and len(given) == len(own.parts) != own.size:
        given = reduce(np.multiply.outer, [np.asarray(part) for part in given]).ravel()
    array = np.asarray(given)
    if array.shape != (own.size,):
        raise BrokenRule(
            f"an action mask must have one entry for each of {own.size} actions, but has shape {array.shape}"
        )
    legal = array == 1
    if not (legal | (array == 0)).all():
        raise BrokenRule(
            f"an action mask must have entries 0 and 1, but has {_short(array[~legal & (array != 0)].tolist()[0])}"
        )
    mask[: own.size] = legal


def _short(seen: Any) -> str:
    text = " ".join(repr(seen).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
