"""The matches that a list shows: a page of them around a place in the league, however many there are.

A place is a match ID. IDs ascend, so they also say how far down in the league a match lies, and no list needs to be
counted or read from its start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from arena.tui.feed import Query, Source

if TYPE_CHECKING:
    from arena.view.replay import Frame
    from leagues.records import Match, MatchFilter
    from leagues.store.contract import LeagueInfo, Reader, RunningGame

AROUND = 120
"""Matches of a page before its place, and after it."""

MOST_SUGGESTED = 12
"""Most words suggested at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """Matches that follow each other in a list, newest first.

    Attributes:
        matches: the matches, without their moves.
        teams: the team of each seat.
        newest: ID of the newest match of the league; 0 without any.
        first: whether no newer match belongs to the list.
        last: whether no older match belongs to the list.
    """

    matches: tuple[Match, ...] = ()
    teams: tuple[int, ...] = ()
    newest: int = 0
    first: bool = True
    last: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A match with positions of it.

    Attributes:
        match: the match.
        info: what never changes in its league.
        frames: its last two positions, or all; empty where it cannot be played again.
        problem: why there are no positions.
        running: the game while it is being played; `match` is then as if it were broken off here. None once it is over.
    """

    match: Match
    info: LeagueInfo
    frames: tuple[Frame, ...] = ()
    problem: str = ""
    running: RunningGame | None = None


@dataclass(frozen=True)
class Listed(Query):
    """A page of the matches that fit ``words`` of the filter language: around the match ``at``, the newest for None."""

    words: str
    at: int | None

    def answer(self, source: Source) -> Page:
        where = _where(source, self.words)
        find = _finder(source, where)
        newest = _newest(source)
        known = _listed.get(source.reader)
        if known is not None and known[:2] == (where, self.at) and not known[2].first:
            return replace(known[2], newest=newest)  # what lies between other matches stays as it is
        page = self._page(find, newest, source.info.teams)
        _listed[source.reader] = where, self.at, page
        return page

    def _page(self, find: Find, newest: int, teams: tuple[int, ...]) -> Page:
        if self.at is None:
            newer: list[Match] = []
            first, end = True, None
        else:
            end = self.at + 1
            near = find(end, AROUND)
            reach = 0 if not near else (self.at - near[-1].id) * AROUND // len(near)  # IDs that as many older ones take
            newer, first = newer_matches(find, self.at, AROUND, newest, guess=reach * 5 // 4)
        older = find(end, 2 * AROUND + 1 - len(newer))
        last = len(older) < 2 * AROUND + 1 - len(newer)
        return Page((*newer, *older), teams, newest, first, last)


_listed: WeakKeyDictionary[Reader, tuple[MatchFilter | None, int | None, Page]] = WeakKeyDictionary()
"""The newest page of a reader: its filter, its place, and the page."""


@dataclass(frozen=True)
class Neighbours(Query):
    """IDs of the matches before and after one that fit ``words`` of the filter language: ``(earlier, later)``, None
    where there is none."""

    match: int
    words: str = ""

    def answer(self, source: Source) -> tuple[int | None, int | None]:
        find = _finder(source, _where(source, self.words))
        earlier = find(self.match, 1)
        later, _ = newer_matches(find, self.match, 1, _newest(source))
        return (earlier[0].id if earlier else None, later[-1].id if later else None)


@dataclass(frozen=True)
class Suggested(Query):
    """What the last word of ``words`` may become, the likeliest first: a tuple of words of the filter language."""

    live = False
    words: str

    def answer(self, source: Source) -> tuple[str, ...]:
        from arena.view.match_filter import CHOSEN, RESULTS, member_word
        from leagues.records import ENDINGS, MATCH_KINDS

        members = [member_word(member.id) for member in source.reader.members()]
        known = [*members, *CHOSEN, *RESULTS, *MATCH_KINDS, "plies<", "plies>", "event=", *ENDINGS]
        return suggestions(self.words, known)


@dataclass(frozen=True)
class Preview(Query):
    """A match as :class:`Opened`; ``whole``: with all positions."""

    live = False
    slow = True
    match: int
    whole: bool

    def answer(self, source: Source) -> Opened:
        return _open(source, self.match, whole=self.whole)


@dataclass(frozen=True)
class NextLive(Query):
    """The match that a table shows next, as :class:`Opened`, or None while there is none: the newest of those that fit
    ``words`` if it is newer than ``above``, otherwise the newest that is older than ``below``."""

    slow = True
    words: str
    above: int
    below: int | None

    def answer(self, source: Source) -> Opened | None:
        find = _finder(source, _where(source, self.words))
        found = find(None, 1)
        if not found or found[0].id <= self.above:
            found = find(self.below, 1)
        return _open(source, found[0].id, whole=True) if found else None


@dataclass(frozen=True)
class BeingPlayed(Query):
    """The game that is being played now, a :class:`leagues.store.RunningGame`, if ``words`` can mean it; None if there
    is none. Each ``look`` is a question of its own."""

    live = False
    words: str
    look: int

    def answer(self, source: Source) -> RunningGame | None:
        running = source.reader.running()
        return running if running is not None and _fits(running, _where(source, self.words)) else None


@dataclass(frozen=True)
class Followed(Query):
    """What a table shows that follows ``before`` and has found ``game`` now, as :class:`Opened`.

    If ``before`` is over and recorded, it is the finished match, whole; otherwise ``game``. None if there is neither.
    """

    live = False
    slow = True
    game: RunningGame | None
    before: RunningGame | None

    def answer(self, source: Source) -> Opened | None:
        if self.before is not None and not _same_game(self.game, self.before):
            recorded = _recorded(source, self.before)
            if recorded is not None:
                return _open(source, recorded, whole=True)
        return None if self.game is None else _open_running(source, self.game)


Find = Callable[[int | None, int], "list[Match]"]
"""``find(before, limit)``: matches of a list, as :meth:`leagues.store.contract.Reader.matches` pages them."""


def suggestions(words: str, known: Sequence[str]) -> tuple[str, ...]:
    """Those of the ``known`` words that begin with the last of ``words``, then those that have it inside."""
    last = "" if words.endswith(" ") else words.rpartition(" ")[2].lower()
    beginning = [word for word in known if word.lower().startswith(last)]
    inside = [word for word in known if last and last in word.lower()[1:] and word not in beginning]
    found = [word for word in (*beginning, *inside) if word.lower() != last]
    return tuple(found[:MOST_SUGGESTED])


def newer_matches(find: Find, after: int, count: int, newest: int, *, guess: int = 0) -> tuple[list[Match], bool]:
    """The matches of a list that come next above the ID ``after``, newest first, and whether these are all.

    They are at least ``count`` and fewer than twice as many, or all that there are. The store pages from the newest
    down, so the ID below which there are as many is searched for.

    Args:
        find: finds matches of the list.
        after: the ID.
        count: how many are wanted.
        newest: ID of the newest match of the league.
        guess: number of IDs above ``after`` among which there may be as many.
    """
    few, many, bounded = 0, newest - after, False  # IDs above `after` that hold too few, and enough
    span = max(count, guess)
    while many > 0:
        span = min(span, many)
        above = list(takewhile(lambda match: match.id > after, find(after + 1 + span, 2 * count)))
        if len(above) == 2 * count:  # some that are nearer to `after` may be missing
            many, bounded = span, True
        elif len(above) >= count or after + span >= newest:
            return above, after + span >= newest
        else:
            few = span
        span = (few + many) // 2 if bounded else 4 * span
    return [], True


def _where(source: Source, words: str) -> MatchFilter | None:
    """The filter that ``words`` mean in this league; None for all matches."""
    from arena.view.match_filter import filter_of

    return filter_of(source.reader, words, standings=source.standings) if words else None


def _finder(source: Source, where: MatchFilter | None) -> Find:
    return lambda before, limit: source.reader.matches(where, before=before, limit=limit)


def _newest(source: Source) -> int:
    found = source.reader.matches(limit=1)
    return found[0].id if found else 0


def _open(source: Source, match_id: int, *, whole: bool) -> Opened:
    from arena.view.replay import frames
    from games import GameError

    match, info = source.reader.match(match_id), source.info
    try:
        found: Sequence[Frame] = frames(
            source.reader, match_id, last=None if whole else 2, trust_code=source.trust_code
        )
    except GameError as error:
        return Opened(match, info, problem=str(error))
    return Opened(match, info, tuple(found))


def _fits(game: RunningGame, where: MatchFilter | None) -> bool:
    """Whether a filter means a game that is being played: nothing is known yet of its end, and it has no event."""
    if where is None:
        return True
    seated = {*where.members} <= {*game.seats} and where.kind in (None, game.kind)
    return seated and replace(where, members=(), kind=None) == type(where)()


def _same_game(one: RunningGame | None, other: RunningGame) -> bool:
    return one is not None and (one.seats, one.seed, one.started_at) == (other.seats, other.seed, other.started_at)


def _recorded(source: Source, game: RunningGame) -> int | None:
    """ID of the recorded match that a game has become; a store keeps milliseconds."""
    return next(
        (
            match.id
            for match in source.reader.matches(limit=AROUND)
            if (match.seats, match.seed) == (game.seats, game.seed)
            and abs((match.started_at - game.started_at).total_seconds()) < 0.001
        ),
        None,
    )


def _open_running(source: Source, game: RunningGame) -> Opened | None:
    """A game that is being played, with its last two positions. None if its moves break the rules, or cannot be made
    again here: anybody may have written them."""
    from arena.view.replay import positions
    from games import GameError, make_game
    from leagues.records import Match

    info = source.info
    match = Match(
        seats=game.seats,
        weights=(None,) * len(game.seats),
        seed=game.seed,
        event=0,
        block=0,
        kind=game.kind,
        history=game.history,
        returns=(0.0,) * len(game.seats),
        ending="adjudicated",
        plies=game.plies,
        digest="",
        started_at=game.started_at,
        duration=0.0,
    )
    try:
        found = positions(make_game(info.game, trust_code=source.trust_code), match, last=2)
    except GameError:
        return None
    return Opened(match, info, tuple(found), running=game) if found and found[-1].ply == game.plies else None
