"""Rating matches on demand: pairs are played where the leaderboard is least certain, until it is certain enough."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from agents.contract import AgentError
from agents.registry import asks_person, require_trust
from arena.play.contest import open_contest
from arena.play.openings import Openings, no_openings, openings_key
from arena.seeds import Purpose, stream
from games import Game, make_game
from leagues.ratings.leaderboard import ANCHOR, Standing, leaderboard
from leagues.ratings.outside import with_outside
from leagues.ratings.pairing import choose_evaluation_pairs, evaluation_pairings
from leagues.records import Match, Member, Pairing
from leagues.store import Reader, open_store

PAIRS = 16
"""Most pairs of a round for each process that plays."""
BLOCKS = 2
"""Blocks of a pair in a round."""
MOST_LOADED = 64
"""Members that are loaded at once. A larger league loads those of each round."""
_TABLES_OF_WORKERS = 16
"""Matches that a worker plays at once, so that a round gives work to all."""


@dataclass(frozen=True, slots=True)
class Rated:
    """What a call of :func:`rate_league` has done so far.

    Attributes:
        games: matches recorded.
        seconds: how long that took.
        standings: the leaderboard.
        width: mean width of the 95% intervals of its ratings, without the anchor's; None while a member has no games.
    """

    games: int
    seconds: float
    standings: tuple[Standing, ...]
    width: float | None


@dataclass(frozen=True, slots=True)
class Goals:
    """When rating matches end: when any goal is reached, see :func:`rate_league`. None is no goal.

    Raises:
        AgentError: there is no goal, or one is not above 0.
    """

    games: int | None = None
    minutes: float | None = None
    width: float | None = None

    def __post_init__(self) -> None:
        if self.games is None and self.minutes is None and self.width is None:
            raise AgentError("rating matches need a goal: a number of games, minutes, or a width of the intervals")
        for name in ("games", "minutes", "width"):
            goal = getattr(self, name)
            if goal is not None and not goal > 0:
                raise AgentError(f"`{name} > 0` must hold, but got {name}={goal}")

    def met(self, rated: Rated) -> bool:
        """Whether a goal is reached."""
        return (
            (self.games is not None and rated.games >= self.games)
            or (self.minutes is not None and rated.seconds >= 60 * self.minutes)
            or (self.width is not None and rated.width is not None and rated.width <= self.width)
        )


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
    """Play and record rating matches in a league, until a goal is reached.

    All frozen members take part, anchors and guests too, but no person. They play in rounds, whose pairs
    :func:`leagues.ratings.pairing.choose_evaluation_pairs` chooses from all results so far. A call that is stopped
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
    goals = Goals(games, minutes, width)
    with open_store(where).reader() as reader:
        game = make_game(reader.info().game, trust_code=trust_code)
        rounds = _Rounds(reader, game, goals, workers=max(1, workers), on_round=on_round)
        while not goals.met(rounds.rated):
            members = _players(reader)
            if len(members) < 2:
                raise AgentError(f"'{where}' has {len(members)} frozen members that can play; a rating match needs two")
            cast = rounds.cast(members)
            for member in cast:  # their names come from the league and not from the call
                require_trust(member.agent or "", trust_code=trust_code)
            with open_contest(
                game,
                [member.id for member in cast],
                command="rate",
                arguments={"openings": openings_key(openings)},
                league=where,
                module_classes=module_classes,
                trust_code=trust_code,
            ) as contest:
                rounds.begin(contest.event, cast, contest.openings(openings), once=len(cast) < len(members))
                at_once = tables or (_TABLES_OF_WORKERS if workers else None)
                contest.play(rounds, tables=at_once, workers=workers, on_match=rounds.kept)
        return rounds.rated


class _Rounds:
    """The source of rating matches: one round after another, each chosen when the one before is recorded."""

    def __init__(
        self, reader: Reader, game: Game, goals: Goals, *, workers: int, on_round: Callable[[Rated], None]
    ) -> None:
        self._reader, self._game, self._goals, self._workers, self._on_round = reader, game, goals, workers, on_round
        self._seed, self._began, self._games = reader.info().seed, time.monotonic(), 0
        self._queue: deque[Pairing] = deque()
        self._running = 0  # matches of the round that are given and not recorded
        self._cast: list[Member] = []
        self._event = self._block = 0
        self._openings: Openings = no_openings
        self._ahead: list[tuple[str, str]] = []  # the pairs of the next round, if they are chosen
        self._once = self._over = False
        self.rated = self._look()

    def cast(self, members: Sequence[Member]) -> list[Member]:
        """Who is loaded: everybody, or in a large league those of the next round."""
        if len(members) <= MOST_LOADED:
            return list(members)
        self._ahead = self._pairs(members, self._reader.next_event(), 0)
        named = {name for pair in self._ahead for name in pair}
        return [member for member in members if member.id in named]

    def begin(self, event: int, cast: Sequence[Member], openings: Openings, *, once: bool) -> None:
        """Begin an event of these members, which lasts until a goal is reached, or one round if ``once``."""
        self._event, self._block, self._cast, self._openings = event, 0, list(cast), openings
        self._once, self._over = once, False

    def next(self) -> Pairing | None:
        """The next pairing; none until the round is recorded, and after the last round."""
        if not self._queue and not self._running and not self._over:
            self._queue.extend(self._round())
        if not self._queue:
            return None
        self._running += 1
        return self._queue.popleft()

    def tell(self, match: Match) -> None:
        """A result counts when it is recorded."""

    def kept(self, match: Match) -> None:
        """Count a recorded match."""
        self._running -= 1
        self._games += 1
        if not self._running and not self._queue:
            self.rated = self._look()
            self._over = self._once or self._goals.met(self.rated)
            self._on_round(self.rated)

    def _round(self) -> list[Pairing]:
        """The pairings of the next round, in blocks that go on counting."""
        first = self._block
        rng = stream(self._seed, Purpose.RATING_MATCHES, self._event, first)
        pairs, self._ahead = self._ahead or self._pairs(self._cast, self._event, first), []
        sides = len(set(self._game.teams))
        left = len(pairs) * BLOCKS if self._goals.games is None else -(-(self._goals.games - self._games) // sides)
        pairs = (pairs * BLOCKS)[:left]
        self._block += len(pairs)
        return [
            pairing._replace(
                block=first + pairing.block, opening=self._openings(first + pairing.block - 1, pairing.seed)
            )
            for pairing in evaluation_pairings(pairs, teams=self._game.teams, event=self._event, rng=rng)
        ]

    def _pairs(self, members: Sequence[Member], event: int, block: int) -> list[tuple[str, str]]:
        rng = stream(self._seed, Purpose.RATING_PAIRS, event, block)
        count = self._workers * min(PAIRS, max(1, len(members) // 2))
        games = BLOCKS * len(set(self._game.teams))
        return choose_evaluation_pairs(members, self._reader.block_scores(), count, rng, games=games)

    def _look(self) -> Rated:
        scores = self._reader.block_scores()
        standings = tuple(with_outside(leaderboard(self._reader.members(), scores), scores, self._reader.measures()))
        shown = [each for each in standings if each.agent != ANCHOR]
        known = bool(shown) and all(each.games for each in shown)
        width = fmean(each.high - each.low for each in shown) if known else None
        return Rated(self._games, time.monotonic() - self._began, standings, width)


def _players(reader: Reader) -> list[Member]:
    """The frozen members, without persons."""
    return [member for member in reader.members() if member.frozen and not asks_person(member.agent or "")]
