"""Checks of actions that every state and every table shares."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from games.contract import Action, ActionArray, BoolArray, FloatArray, Game
from games.errors import GameError, IllegalActionError


def check_joint_action(game: Game, seats: Sequence[int], actions: Sequence[Any]) -> None:
    """Check that the game still runs and that there is one action per acting seat.

    Raises:
        GameError: the game is over, ``actions`` is no sequence, or it has another length than ``seats``.
    """
    if not seats:
        raise GameError(f"this game of {game.spec!r} is over and takes no more actions; start a new one")
    try:
        given = len(actions)
    except TypeError:
        raise GameError(
            f"a joint action must be a sequence with one action per acting seat, but got {actions!r}; write "
            f"apply([{actions!r}])"
        ) from None
    if given != len(seats):
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
        f"seat {seat} of {game.spec!r} chose {action}, which is not a legal action now; choose a legal one"
    )


def discrete_action(game: Game, seat: int, action: Any, mask: npt.NDArray[Any]) -> int:
    """A discrete action as the number that is played and recorded.

    Args:
        game: the game.
        seat: the acting seat.
        action: what it chose.
        mask: ``(A,)``, true where an action is legal.

    Raises:
        IllegalActionError: the action is no whole number, or is outside the mask.
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
        IllegalActionError: the action is not D finite numbers inside ``game.action_bounds``.
    """
    assert game.action_bounds is not None, "discrete games have masks"
    low, high = game.action_bounds
    with np.errstate(over="ignore"):  # an overflow becomes infinite, and is refused below
        try:
            point = np.asarray(action, np.float32)
        except (TypeError, ValueError) as error:
            raise illegal_action(game, seat, action) from error
    if point.shape != low.shape or not ((low <= point) & (point <= high)).all():  # False for NaN too
        raise illegal_action(game, seat, action)
    return tuple(point.tolist())


def legal_rows(actions: ActionArray, masks: BoolArray, bounds: tuple[FloatArray, FloatArray] | None) -> BoolArray:
    """Which rows have a legal action, ``(B,)`` bool.

    Args:
        actions: ``(B,)`` int64, or ``(B, D)`` float32 if there are bounds.
        masks: ``(B, A)`` bool.
        bounds: lowest and highest continuous action; None if actions are discrete.
    """
    legal: BoolArray
    if bounds is None:
        legal = (actions >= 0) & (actions < masks.shape[1])
        legal &= masks[np.arange(len(actions)), np.where(legal, actions, 0)]
    else:
        low, high = bounds
        legal = np.all((low <= actions) & (actions <= high), axis=1)  # False for NaN too
    return legal
