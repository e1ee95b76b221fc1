"""What every state and table says about joint actions that break the rules."""

from __future__ import annotations

from collections.abc import Sequence

from games.contract import Game, GameError, IllegalActionError


def check_joint_action(game: Game, seats: Sequence[int], actions: Sequence[int]) -> None:
    """Check that the game runs and that there is one action per acting seat.

    Raises:
        GameError: it does not, or there is not.
    """
    if not seats:
        raise GameError(f"actions need a running game, but this game of {game.spec!r} is over; start a new one")
    if len(actions) != len(seats):
        raise GameError(f"a step needs one action per acting seat, but seats {seats} act and got {list(actions)}")


def illegal_action(game: Game, seat: int, action: int) -> IllegalActionError:
    """The error for an action outside its mask."""
    return IllegalActionError(
        f"an action must lie in its mask, but seat {seat} of {game.spec!r} chose {int(action)}; choose where it is True"
    )
