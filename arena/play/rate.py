"""Rating matches on demand: pairs are played where the leaderboard is least certain, until it is certain enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from agents.contract import AgentError
from agents.registry import KINDS
from arena.play.contest import open_contest
from arena.play.openings import openings_key
from arena.play.source import Planned
from arena.seeds import Purpose, stream
from games import Game, make_game
from leagues.ratings.leaderboard import ANCHOR, Standing, leaderboard
from leagues.ratings.pairing import choose_evaluation_pairs, evaluation_pairings
from leagues.records import Member
from leagues.store import Reader, open_store

PAIRS = 16
"""Most pairs of a round. A round is an event of its own, so that the ratings of each decide the next pairs."""
BLOCKS = 2
"""Blocks of a pair in a round."""


@dataclass(frozen=True, slots=True)
class Rated:
    """What a call of :func:`rate_league` has done so far.

    Attributes:
        games: matches played.
        seconds: how long that took.
        standings: the leaderboard.
        width: mean width of the 95% intervals of its ratings, without the anchor's; None while a member has no games.
    """

    games: int
    seconds: float
    standings: tuple[Standing, ...]
    width: float | None


def rate_league(
    where: str | Path,
    *,
    games: int | None = None,
    minutes: float | None = None,
    width: float | None = None,
    openings: str | None = None,
    workers: int = 0,
    tables: int | None = None,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
    on_round: Callable[[Rated], None] = lambda rated: None,
) -> Rated:
    """Play and record rating matches in a league, until one of the goals is reached.

    All frozen members take part, anchors and guests too, but no person. Pairs are chosen by
    :func:`leagues.ratings.pairing.choose_evaluation_pairs`. Rounds are recorded one by one, so a call that is stopped
    loses the round under way, and another call goes on where the ratings stand.

    Args:
        where: the league's folder.
        games: stop after this many games; the last block is played to its end.
        minutes: stop after this many minutes; the round under way is played to its end.
        width: stop when the 95% intervals are this wide on average, in the unit of the ratings.
        openings: first moves that are given, as :func:`arena.play.openings.make_openings` reads them.
        workers: processes that play; 0 plays in this process.
        tables: matches played at once, as in :meth:`arena.play.contest.Contest.play`.
        module_classes, trust_code: as in :func:`arena.load_agent`.
        on_round: called after every round.

    Raises:
        AgentError: no goal is given, a goal is not above 0, the league has fewer than two members that can play, or a
            member cannot be loaded.
        GameError: the league's game cannot be made.
        StoreError: the league cannot be read or written.
    """
    goals = {"games": games, "minutes": minutes, "width": width}
    if all(goal is None for goal in goals.values()):
        raise AgentError("rating matches need a goal: a number of games, minutes, or a width of the intervals")
    for name, goal in goals.items():
        if goal is not None and not goal > 0:
            raise AgentError(f"`{name} > 0` must hold, but got {name}={goal}")
    began, played = time.monotonic(), 0
    with open_store(where).reader() as reader:
        info = reader.info()
        game = make_game(info.game, trust_code=trust_code)
        while True:
            members = _players(reader)
            rated = _rated(reader, played, time.monotonic() - began)
            if played:
                on_round(rated)
            if (
                (games is not None and played >= games)
                or (minutes is not None and rated.seconds >= 60 * minutes)
                or (width is not None and rated.width is not None and rated.width <= width)
            ):
                return rated
            if len(members) < 2:
                raise AgentError(f"'{where}' has {len(members)} frozen members that can play; a rating match needs two")
            sides, turns = len(set(game.teams)), max(1, workers)
            left = None if games is None else -(-(games - played) // sides)  # blocks
            pairs = min(PAIRS * turns, max(1, len(members) // 2) * turns, left or PAIRS * turns)
            blocks = BLOCKS if left is None else max(1, min(BLOCKS, left // pairs))
            rng = stream(info.seed, Purpose.RATING_MATCHES, reader.next_event())
            chosen = choose_evaluation_pairs(members, reader.block_scores(), pairs, rng, games=sides * blocks)
            played += _play(
                where,
                game,
                chosen * blocks,
                openings=openings,
                workers=workers,
                tables=tables,
                code={"module_classes": module_classes, "trust_code": trust_code},
                seed=info.seed,
            )


def _players(reader: Reader) -> list[Member]:
    """The frozen members, without persons."""

    def person(member: Member) -> bool:
        kind = KINDS.get((member.agent or "").partition(":")[0])
        return kind is not None and kind.asks_person

    return [member for member in reader.members() if member.frozen and not person(member)]


def _rated(reader: Reader, played: int, seconds: float) -> Rated:
    standings = tuple(leaderboard(reader.members(), reader.block_scores()))
    shown = [each for each in standings if each.agent != ANCHOR]
    known = bool(shown) and all(each.games for each in shown)
    return Rated(played, seconds, standings, fmean(each.high - each.low for each in shown) if known else None)


def _play(
    where: str | Path,
    game: Game,
    pairs: Sequence[tuple[str, str]],
    *,
    openings: str | None,
    workers: int,
    tables: int | None,
    code: Mapping[str, Any],
    seed: int,
) -> int:
    """Play one block for each of ``pairs``; returns the number of matches."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    arguments = {"pairs": [list(pair) for pair in pairs], "openings": openings_key(openings)}
    with open_contest(game, names, command="rate", arguments=arguments, league=where, **code) as contest:
        rng = stream(seed, Purpose.RATING_MATCHES, contest.event)
        pairings = evaluation_pairings(pairs, teams=game.teams, event=contest.event, rng=rng)
        given = contest.openings(openings)
        opened = [each._replace(opening=given(each.block - 1, each.seed)) for each in pairings]
        contest.play(Planned(opened), tables=tables, workers=workers)
    return len(opened)
