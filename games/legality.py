"""What every state and table says about joint actions that break the rules."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from games.contract import Action, ActionArray, BoolArray, FloatArray, Game
from games.errors import GameError, IllegalActionError


def check_joint_action(game: Game, seats: Sequence[int], actions: Sequence[Any]) -> None:
    """Check that the game runs and that there is one action per acting seat.

    Raises:
        GameError: it does not, or there is not.
    """
    if not seats:
        raise GameError(f"actions need a running game, but this game of {game.spec!r} is over; start a new one")
    if len(actions) != len(seats):
        raise GameError(f"a step needs one action per acting seat, but seats {seats} act and got {list(actions)}")


def illegal_action(game: Game, seat: int, action: Action) -> IllegalActionError:
    """The error for an action outside its mask, or outside the bounds of continuous actions."""
    if game.action_bounds is not None:
        low, high = (bound.tolist() for bound in game.action_bounds)
        return IllegalActionError(
            f"an action must be {len(low)} numbers between {low} and {high}, but seat {seat} of {game.spec!r} chose "
            f"{action}; clip it to these bounds"
        )
    return IllegalActionError(
        f"an action must lie in its mask, but seat {seat} of {game.spec!r} chose {action}; choose where it is True"
    )


def discrete_action(game: Game, seat: int, action: Any, mask: npt.NDArray[Any]) -> int:
    """A discrete action as the number that is played and recorded.

    Args:
        game: the game.
        seat: who acts.
        action: what it chose.
        mask: ``(A,)``, true where an action is legal.

    Raises:
        IllegalActionError: it is no whole number, or lies outside the mask.
    """
    try:
        chosen = index(action)
    except TypeError as error:
        raise illegal_action(game, seat, action) from error
    if not (0 <= chosen < len(mask) and mask[chosen]):
        raise illegal_action(game, seat, action)
    return chosen


def continuous_action(game: Game, seat: int, action: Any) -> tuple[float, ...]:
    """A continuous action as the float32 numbers that are played and recorded.

    Raises:
        IllegalActionError: it is not D finite numbers inside ``game.action_bounds``.
    """
    assert game.action_bounds is not None, "discrete games have masks"
    low, high = game.action_bounds
    with np.errstate(over="ignore"):  # what overflows becomes infinite, and is refused
        try:
            point = np.asarray(action, np.float32)
        except (TypeError, ValueError) as error:
            raise illegal_action(game, seat, action) from error
    if point.shape != low.shape or not ((low <= point) & (point <= high)).all():  # NaN is not between
        raise illegal_action(game, seat, action)
    return tuple(point.tolist())


def legal_rows(actions: ActionArray, masks: BoolArray, bounds: tuple[FloatArray, FloatArray] | None) -> BoolArray:
    """Which rows have a legal action, ``(B,)`` bool.

    Args:
        actions: ``(B,)`` int64, or ``(B, D)`` float32 where there are bounds.
        masks: ``(B, A)`` bool.
        bounds: lowest and highest continuous action; None where actions are discrete.
    """
    legal: BoolArray
    if bounds is None:
        legal = (actions >= 0) & (actions < masks.shape[1])
        legal &= masks[np.arange(len(actions)), np.where(legal, actions, 0)]
    else:
        low, high = bounds
        legal = np.all((low <= actions) & (actions <= high), axis=1)  # NaN is not between
    return legal


def forfeited_return(game: Game, earned: float) -> float:
    """What a learner's return becomes that plays a masked-out action: the lowest that the game can give.

    Where that is unknown it loses 1 of what it has earned, as in PettingZoo's own games (``TerminateIllegalWrapper``).
    """
    return earned - 1.0 if game.min_return is None else game.min_return
