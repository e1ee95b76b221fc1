"""The exceptions of ``games``. Each message is one line: the fact, the rule or the value, and what to do about it."""

from __future__ import annotations


class GameError(Exception):
    """A rule of a game, or of the contract of games, is broken."""


class UnknownGameError(GameError):
    """No game has this name, or the game cannot be played here."""


class UntrustedCodeError(GameError):
    """A stored spec names code to import, and the caller has not allowed that code to run."""


class IllegalActionError(GameError):
    """An action is outside the mask of legal actions, or outside the bounds of continuous actions."""


class BrokenGameError(GameError):
    """The game's own code broke the contract of games, and no player is at fault.

    Examples: a step raises, a reward is not finite, an acting seat has no legal action.
    """
