"""How many different games stand behind a number of games: agents that draw nothing repeat each other's games."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from leagues.records import Match


@dataclass(frozen=True, slots=True)
class Repeats:
    """Matches of the same members in the same seats.

    Attributes:
        seats: the member at each seat.
        games: number of matches.
        effective: effective number of different games: ``1 / sum p^2``, with ``p`` the share of each different game
            (the inverse of Simpson's index: Simpson 1949, Nature 163; Hill 1973, Ecology 54). It is 1 where all games
            are the same, and ``games`` where no two are.
    """

    seats: tuple[str, ...]
    games: int
    effective: float


def repeats(matches: Iterable[Match]) -> list[Repeats]:
    """The effective number of different games for every seating, sorted by the seats.

    Two matches are the same game if they end in the same position after as many steps. In games of few positions many
    are, whoever plays.

    Args:
        matches: their moves are not needed, so they may come from :meth:`leagues.store.contract.Reader.matches`.
    """
    seen: defaultdict[tuple[str, ...], Counter[tuple[str, int]]] = defaultdict(Counter)
    for match in matches:
        if not match.void:
            seen[match.seats][match.digest[:16], match.plies] += 1
    return [
        Repeats(seats, games.total(), games.total() ** 2 / sum(count * count for count in games.values()))
        for seats, games in sorted(seen.items())
    ]


def effective_games(matches: Iterable[Match], member: str) -> float:
    """The effective number of different games that a member played: the sum over all seatings with it."""
    return sum(each.effective for each in repeats(matches) if member in each.seats)
