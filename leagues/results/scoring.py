"""From the returns of finished games to wins, draws and losses of one member against another.

The higher return wins and equal returns draw, whatever the game's utility is, also in general-sum and common-payoff
games. Seats that play together form a team. Its result is the mean return of its seats, and partners are never scored
against each other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from statistics import fmean
from typing import Any, get_args

from games.contract import Game
from leagues.records import Match, Result, Tally
from leagues.results.blocks import BlockScore, BlockScores

Finished = tuple[Sequence[str], Sequence[float]]
"""The members by seat and the returns by seat of a finished game that has no :class:`Match`."""

WIN, DRAW, LOSS = 0, 1, 2
WON, DREW, LOST = get_args(Result)


@cache
def _seats_of_teams(teams: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The seats of each team, in the order of the teams; ``teams`` has the team of each seat, ``0..t-1``."""
    seats = range(len(teams))
    return tuple(tuple(seat for seat in seats if teams[seat] == team) for team in range(max(teams) + 1))


def pair_results(
    seats: Sequence[str], returns: Sequence[float], fault: int | None = None, teams: Sequence[int] = ()
) -> Iterator[tuple[str, str, int]]:
    """The results of one game between the members of different teams, each pair of different members once.

    Args:
        seats: member at each seat.
        returns: return of each seat. The team with the higher mean wins, equal means draw.
        fault: the seat that crashed the game. Its member loses to the members of all other teams, and no other pair
            counts.
        teams: team of each seat, ``0..t-1``; empty where every seat plays for itself.

    Yields:
        ``(a, b, result)``: the result (:data:`WIN`, :data:`DRAW` or :data:`LOSS`) seen from ``a``.
    """
    for a, b, result, _, _ in pair_scores(seats, returns, fault, teams):
        yield a, b, result


def pair_scores(
    seats: Sequence[str], returns: Sequence[float], fault: int | None = None, teams: Sequence[int] = ()
) -> Iterator[tuple[str, str, int, float, float]]:
    """As :func:`pair_results`, and the returns of both sides: ``(a, b, result, ours, theirs)``."""
    sides, results = _sides(returns, teams)
    members = [tuple(dict.fromkeys(seats[seat] for seat in side)) for side in sides]
    faulty = fault if fault is None or len(sides) == len(seats) else teams[fault]
    if fault is not None and faulty is not None:
        members[faulty] = (seats[fault],)  # its partners are not at fault
    for i, ours in enumerate(members):
        for j in range(i + 1, len(members)):
            if faulty is None:
                result = WIN if results[i] > results[j] else DRAW if results[i] == results[j] else LOSS
            elif faulty in (i, j):
                result = WIN if faulty == j else LOSS
            else:
                continue
            for a in ours:
                for b in members[j]:
                    if a != b:
                        yield a, b, result, results[i], results[j]


def forfeited(game: Game, returns: Sequence[float], fault: int) -> tuple[float, ...]:
    """The returns that count when seat ``fault`` breaks off a match.

    In a graded game the seat at fault gets the lowest return that the game has, where that is known. In a zero-sum game
    the others share what it loses. In a general-sum game they get the highest return, where that is known, as they win
    where only winning counts: with the returns so far, which are often none, breaking off could be better than losing.
    Everybody else keeps the returns so far. In games that are not graded the returns stay as they are, because
    :func:`pair_results` makes the seat at fault lose.
    """
    if not game.graded or game.min_return is None:
        return tuple(returns)
    counted = list(returns)
    if game.utility == "zero_sum" and len(counted) > 1:
        counted = [-game.min_return / (len(counted) - 1)] * len(counted)
    elif game.utility == "general_sum" and game.max_return is not None:
        counted = [game.max_return] * len(counted)
    counted[fault] = game.min_return
    return tuple(counted)


def adjudicated(game: Game, returns: Sequence[float]) -> tuple[float, ...]:
    """The returns that count at the limit of a match: a draw, or in a graded game the returns so far."""
    return tuple(returns) if game.graded else (fmean(returns),) * len(returns)


def margin(ours: float, theirs: float, sides: int) -> float:
    """By how much one side was better than another in one game, in returns per game.

    It is ``(n - 1) / n`` of the difference of the two returns, with ``n`` the number of sides. In a zero-sum game
    against ``n - 1`` equal opponents this is the return itself.
    """
    return (sides - 1) / sides * (ours - theirs)


def winners(returns: Sequence[float], teams: Sequence[int] = ()) -> list[int]:
    """The seats of the teams with the highest mean return, all after a draw; `teams` as in :func:`pair_results`."""
    sides, results = _sides(returns, teams)
    best = max(results)
    return [seat for side, result in zip(sides, results, strict=True) if result == best for seat in side]


@lru_cache(4096)  # most games have few different returns
def seat_results(
    returns: tuple[float, ...], fault: int | None, void: bool, teams: tuple[int, ...] = ()
) -> tuple[Result | None, ...]:
    """The result of every seat of a match; None where it has none: see :class:`leagues.records.MatchFilter`.

    Args:
        returns: return of each seat.
        fault: the seat at fault.
        void: whether the game itself crashed.
        teams: as in :func:`pair_results`.
    """
    seats = range(len(returns))
    if void:
        return (None,) * len(seats)
    if fault is not None:
        of = teams or tuple(seats)
        beaten = of[fault]
        return tuple([LOST if seat == fault else None if of[seat] == beaten else WON for seat in seats])
    if len(seats) == 1:
        return (None,)
    won = winners(returns, teams)
    if len(won) == len(seats):
        return (DREW,) * len(seats)
    return tuple([WON if seat in won else LOST for seat in seats])


def _sides(returns: Sequence[float], teams: Sequence[int]) -> tuple[tuple[tuple[int, ...], ...], Sequence[float]]:
    """The seats of each team and its return."""
    if teams and max(teams) + 1 < len(returns):
        sides = _seats_of_teams(tuple(teams))
        return sides, [team_return(returns, side) for side in sides]
    return _seats_of_teams(tuple(range(len(returns)))), returns


def team_return(returns: Sequence[float], side: Sequence[int]) -> float:
    """The mean return of the seats of a team; without rounding when all seats have the same return."""
    first = returns[side[0]]
    return first if all(returns[seat] == first for seat in side) else fmean(returns[seat] for seat in side)


def tallies(games: Iterable[Match | Finished], teams: Sequence[int] = ()) -> list[Tally]:
    """The sums over many games for every ordered pair of members that met, sorted; both ``(a, b)`` and ``(b, a)``.

    Equal games are counted first and scored once, which takes about 1 us a game.

    Args:
        games: the games.
        teams: as in :func:`pair_results`.
    """
    distinct = Counter(
        (game.seats, game.returns, game.fault) if isinstance(game, Match) else (tuple(game[0]), tuple(game[1]), None)
        for game in games
        if not (isinstance(game, Match) and game.void)
    )
    sums: defaultdict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, 0, 0, 0.0, 0.0, 0.0])
    sides = 1
    for (seats, returns, fault), count in distinct.items():
        sides = max(teams, default=len(seats) - 1) + 1
        for a, b, result, ours, theirs in pair_scores(seats, returns, fault, teams):
            square = count * (ours - theirs) ** 2
            for pair, place, own, other in (((a, b), result, ours, theirs), ((b, a), LOSS - result, theirs, ours)):
                of_pair = sums[pair]
                of_pair[place] += count
                of_pair[3] += count * own
                of_pair[4] += count * other
                of_pair[5] += square
    scale = margin(1.0, 0.0, sides) ** 2
    for of_pair in sums.values():
        of_pair[5] *= scale
    return [Tally(a, b, *sums[a, b]) for a, b in sorted(sums)]


def block_scores(matches: Iterable[Match], teams: Sequence[int] = ()) -> list[BlockScore]:
    """The evaluation matches among ``matches``, summed by event, block and pair of members, sorted by these.

    The store keeps these sums; ``arena verify`` computes them again from all matches.

    Args:
        matches: the matches.
        teams: as in :func:`pair_results`.
    """
    sums: defaultdict[tuple[int, int, str, str], list[Any]] = defaultdict(lambda: [0, 0, 0, 0.0, 0.0])
    for match in matches:
        if match.kind == "evaluation" and not match.void:
            for a, b, result, ours, theirs in pair_scores(match.seats, match.returns, match.fault, teams):
                if a > b:
                    a, b, result, ours, theirs = b, a, LOSS - result, theirs, ours
                of_pair = sums[match.event, match.block, a, b]
                of_pair[result] += 1
                of_pair[3] += ours
                of_pair[4] += theirs
    return [BlockScore(*key, *sums[key]) for key in sorted(sums)]


def with_people(scores: BlockScores, matches: Iterable[Match], teams: Sequence[int] = ()) -> BlockScores:
    """Block scores and the results of matches with people, for ratings of people on demand.

    Args:
        scores: those of evaluation matches.
        matches: those of the kind ``human``.
        teams: as in :func:`pair_results`.
    """
    added = block_scores((replace(match, kind="evaluation") for match in matches if match.kind == "human"), teams)
    return BlockScores.of(sorted([*scores, *added]), sides=scores.sides)
