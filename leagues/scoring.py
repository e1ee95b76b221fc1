"""From the returns of finished games to wins, draws and losses of one member against another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from leagues.records import Match, Tally
from leagues.store.contract import BlockScore

Game = tuple[Sequence[str], Sequence[float]]
"""The members by seat and the returns by seat of a finished game, when there is no :class:`Match` of it."""

WIN, DRAW, LOSS = 0, 1, 2


def pair_results(
    seats: Sequence[str], returns: Sequence[float], fault: int | None = None
) -> Iterator[tuple[str, str, int]]:
    """What one game says about each pair of seats of different members, each pair once.

    Args:
        seats: member at each seat.
        returns: return of each seat; the higher one wins, equal ones draw.
        fault: the seat that crashed the game: it loses to every other, and the others' pairs count nothing.

    Yields:
        ``(a, b, result)``: the result (:data:`WIN`, :data:`DRAW` or :data:`LOSS`) seen from ``a``.
    """
    for i, a in enumerate(seats):
        for j in range(i + 1, len(seats)):
            if a == seats[j]:
                continue
            if fault is None:
                yield a, seats[j], WIN if returns[i] > returns[j] else DRAW if returns[i] == returns[j] else LOSS
            elif fault in (i, j):
                yield a, seats[j], WIN if fault == j else LOSS


def tallies(games: Iterable[Match | Game]) -> list[Tally]:
    """The sums over many games for every ordered pair of members that met: ``(a, b)`` and ``(b, a)`` both, sorted.

    Equal games are counted first and looked at once, which is what makes this quick (about 1 us a game).
    """
    distinct = Counter(
        (game.seats, game.returns, game.fault) if isinstance(game, Match) else (tuple(game[0]), tuple(game[1]), None)
        for game in games
    )
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (seats, returns, fault), count in distinct.items():
        for a, b, result in pair_results(seats, returns, fault):
            sums[a, b][result] += count
            sums[b, a][LOSS - result] += count
    return [Tally(a, b, *sums[a, b]) for a, b in sorted(sums)]


def block_scores(matches: Iterable[Match]) -> list[BlockScore]:
    """The evaluation matches among ``matches``, summed by block and pair of members, sorted by both.

    The store keeps these sums; over all its matches this function gives the same ones again.
    """
    sums: defaultdict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for match in matches:
        if match.kind == "evaluation":
            for a, b, result in pair_results(match.seats, match.returns, match.fault):
                if a < b:
                    sums[match.block, a, b][result] += 1
                else:
                    sums[match.block, b, a][LOSS - result] += 1
    return [BlockScore(*key, *sums[key]) for key in sorted(sums)]
