"""Code of other people: what it may raise, and the rules that what it returns must keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from games.errors import BrokenGameError, GameError

FOREIGN_ERRORS = (Exception, SystemExit)
"""Whatever foreign code may raise. ``sys.exit()`` is included, because it must not end our process; Ctrl-C is not."""

_MOST = float(np.finfo(np.float32).max)


class BrokenRule(Exception):
    """Foreign code broke a rule. The message gives the rule and the value; the catcher adds the game and the place."""


def describe_error(error: BaseException) -> str:
    """Type and message of an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def describe_failure(error: BaseException) -> str:
    """One line about a failure of foreign code: the rule that it broke, or what it raised."""
    return str(error) if isinstance(error, BrokenRule) else f"its code raises {describe_error(error)}"


@contextmanager
def foreign_game(spec: str, where: str) -> Iterator[None]:
    """Only calls of a game belong in here: whatever they raise is the game's fault.

    Args:
        spec: of the game.
        where: what it does, such as ``when drawn``.

    Raises:
        BrokenGameError: in place of an error that is no :class:`GameError`.
    """
    try:
        yield
    except GameError:
        raise
    except FOREIGN_ERRORS as error:
        raise BrokenGameError(f"{spec!r} breaks the contract {where}: {describe_failure(error)}") from error


def check_rewards(rewards: Sequence[float], agent_ids: Sequence[str]) -> None:
    """Check that rewards are finite and fit into float32.

    Raises:
        BrokenRule: a reward does not.
    """
    if not all(abs(reward) <= _MOST for reward in rewards):  # False for NaN too
        raise BrokenRule(
            f"rewards must be finite numbers that fit float32, but are {dict(zip(agent_ids, rewards, strict=True))}"
        )
