"""What the loop is given: where games come from, who takes what happens in them, and their limits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from agents.contract import AgentError
from games.contract import FloatArray, IntArray
from leagues.records import Match, Pairing


class Source(Protocol):
    """Gives the pairings to play, and takes the finished matches. It may decide the next pairing from the results.

    Tournaments and sequential tests are sources; a plan is the source that :func:`planned` makes.
    """

    def next(self) -> Pairing | None:
        """The next pairing to start. None if there is none now: it is asked again after the next :meth:`tell`, and
        the playing ends when it gives None while no match runs."""

    def tell(self, match: Match) -> None:
        """Take a finished match. Matches come in the order in which they end."""


class Planned:
    """The source of a fixed list of pairings."""

    def __init__(self, pairings: Iterable[Pairing]) -> None:
        self._left: Iterator[Pairing] = iter(pairings)

    def next(self) -> Pairing | None:
        """The next pairing, None after the last."""
        return next(self._left, None)

    def tell(self, match: Match) -> None:
        """Nothing depends on the results."""


class Seating(NamedTuple):
    """Who plays at which seat in one game. A tuple, because thousands are made in a second.

    Attributes:
        players: for each seat the key of its agent.
        pairing: the planned match, with the seed of the game.
        weights: for each seat the weights hash of a snapshot, None for everyone else; for the record.
        keeps: for each seat whether its experience is kept; empty in matches.
        tag: the caller's name for the game.
        random_plies: steps that are drawn uniformly before the players sit down, after the pairing's opening.
    """

    players: tuple[str, ...]
    pairing: Pairing
    weights: tuple[str | None, ...]
    keeps: tuple[bool, ...] = ()
    tag: str = ""
    random_plies: int = 0


class Observer:
    """Takes what happens at the tables of a :class:`arena.play.rounds.Rounds`. By default it does nothing."""

    def began(self, tables: Sequence[int], seatings: Sequence[Seating]) -> None:
        """New games began."""

    def stepped(self, tables: IntArray, rewards: FloatArray) -> None:
        """All tables made a step.

        Args:
            tables: the table of each row that acted.
            rewards: ``(size, num_seats)`` what every seat earned.
        """

    def ended(self, tables: Sequence[int]) -> None:
        """Games are over, and their tables still hold them. New games begin at these tables next."""

    def enough(self) -> bool:
        """Whether the call shall end now and leave the running games as they are."""
        return False


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a match. None means that there is no such limit.

    Attributes:
        move_time: seconds that a seat has for each move.
        game_time: seconds that a seat has for all its moves in a game.
        max_plies: steps after which a match is adjudicated, see :func:`leagues.results.scoring.adjudicated`.

    Raises:
        AgentError: a limit is not above 0, or infinite.
    """

    move_time: float | None = None
    game_time: float | None = None
    max_plies: int | None = None

    def __post_init__(self) -> None:
        for name in ("move_time", "game_time", "max_plies"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise AgentError(f"`0 < {name} < inf` must hold, but got {name}={value}; leave out what has no limit")

    @property
    def timed(self) -> bool:
        """Whether any move must be timed."""
        return self.move_time is not None or self.game_time is not None


NO_LIMITS = Limits()
"""The limits of a match that has none."""


def in_order(pairings: Sequence[Pairing], matches: Iterable[Match]) -> list[Match]:
    """Matches in the order of their pairings."""
    places: dict[tuple[int, int, tuple[str, ...]], deque[int]] = {}
    for place, pairing in enumerate(pairings):
        places.setdefault((pairing.block, pairing.seed, pairing.seats), deque()).append(place)
    return sorted(matches, key=lambda match: places[match.block, match.seed, match.seats].popleft())
