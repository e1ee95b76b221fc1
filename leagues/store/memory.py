"""A league in memory, for tests, notebooks and trainings that are not kept: plain Python, no database."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from operator import add
from typing import Any

import numpy as np

from leagues.records import (
    Event,
    JournalEntry,
    JournalKind,
    LiveResult,
    Match,
    MatchFilter,
    MatchKind,
    Measure,
    Member,
    Tally,
)
from leagues.results.blocks import BlockScores, Floats, Ints, merge
from leagues.results.scoring import block_scores, seat_results
from leagues.results.win_rates import summed
from leagues.store import codec, rules
from leagues.store.blobs import check_digest, digest_of
from leagues.store.contract import (
    FORGOTTEN,
    BlobStore,
    Heartbeat,
    LeagueInfo,
    Progress,
    Reader,
    RunningGame,
    Store,
    StoreError,
    Writer,
)
from leagues.store.owner import this_process


class MemoryBlobs(BlobStore):
    """Blobs in a dict."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        digest = digest_of(data)
        self._blobs[digest] = bytes(data)
        return digest

    def get(self, digest: str) -> bytes:
        if not self.has(digest):
            raise StoreError(f"blob {digest} is not in this store")
        return self._blobs[digest]

    def has(self, digest: str) -> bool:
        check_digest(digest)
        return digest in self._blobs

    def prune(self, keep: Collection[str]) -> None:
        self._blobs = {digest: data for digest, data in self._blobs.items() if digest in keep}


@dataclass(eq=False)
class _League:
    """All that a league holds but its blobs."""

    info: LeagueInfo
    members: dict[str, Member] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    """Without their moves; the ID is one more than the place."""
    moves: list[bytes] = field(default_factory=list)
    tallies: dict[tuple[str, str], tuple[Any, ...]] = field(default_factory=dict)
    scores: dict[tuple[int, int], dict[tuple[str, str], tuple[Any, ...]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """(event, block) -> pair -> results and returns."""
    rows: tuple[Ints, Floats] = field(default_factory=lambda: (np.zeros((0, 7), np.int64), np.zeros((0, 2))))
    """The scores as :attr:`BlockScores.rows` and :attr:`BlockScores.returns`, but for those of :attr:`changed`."""
    changed: set[tuple[int, int]] = field(default_factory=set)
    history: list[Progress] = field(default_factory=list)
    resume: tuple[str | None, str] = None, "{}"
    """State and league of the newest progress, the league as JSON."""
    newest_event: int = 0
    events: dict[int, Event] = field(default_factory=dict)
    live: dict[tuple[int, str, str], LiveResult] = field(default_factory=dict)
    measures: dict[tuple[str, str, int], Measure] = field(default_factory=dict)
    journal: list[JournalEntry] = field(default_factory=list)
    """Their ID is one more than the place."""
    version: int = 0
    has_writer: bool = False
    heartbeat: Heartbeat | None = None
    """Of the newest writer, when it was opened or closed."""
    running: RunningGame | None = None
    shown: float = 0.0
    """When, by the monotonic clock."""

    def beat(self) -> None:
        """Give a sign of life."""
        self.heartbeat = Heartbeat(datetime.now(UTC), this_process())


class MemoryReader(Reader):
    """A reader of a league in this process."""

    def __init__(self, league: _League) -> None:
        self._league = league

    def info(self) -> LeagueInfo:
        return self._league.info

    def version(self) -> int:
        return self._league.version

    def members(self) -> list[Member]:
        return list(self._league.members.values())

    def member(self, member_id: str) -> Member:
        return rules.find(member_id, self._league.members)

    def progress(self) -> Progress | None:
        if not self._league.history:
            return None
        state, league = self._league.resume
        return replace(self._league.history[-1], state=state, league=json.loads(league))

    def history(self, *, since: int = 0, every: int = 1) -> list[Progress]:
        return [each for each in self._league.history if each.iteration > since and each.iteration % every == 0]

    def find_matches(self, where: MatchFilter, *, before: int | None, limit: int | None) -> list[Match]:
        for member in where.seated:
            self.member(member)
        count = len(self._league.matches)
        found: list[Match] = []
        for place in range(count if before is None else min(max(before - 1, 0), count), 0, -1):
            match = self._league.matches[place - 1]
            if limit is not None and len(found) >= limit:
                break
            if _meant(where, match, self._league.info.teams):
                found.append(match)
        return found

    def match(self, match_id: int) -> Match:
        if not 0 < match_id <= len(self._league.matches):
            raise rules.missing_match(match_id, len(self._league.matches))
        match = self._league.matches[match_id - 1]
        return replace(match, history=codec.unpack_moves(self._league.moves[match_id - 1], len(match.seats)))

    def iter_matches(self) -> Iterator[Match]:
        for match in self._league.matches:
            yield self.match(match.id)

    def count_matches(self, kind: MatchKind | None = None) -> int:
        return sum(kind in (None, match.kind) for match in self._league.matches)

    def seeds_met(self, members: Collection[str]) -> set[int]:
        asked = {self.member(member).id for member in members}
        return {
            match.seed
            for match in self._league.matches
            if match.kind == "evaluation" and len(asked.intersection(match.seats)) > 1
        }

    def tallies(self) -> list[Tally]:
        return [Tally(*pair, *results) for pair, results in self._league.tallies.items()]

    def block_scores(self) -> BlockScores:
        league = self._league
        if league.changed:
            place = {name: k for k, name in enumerate(league.members)}
            new = [
                (*block, place[a], place[b], *results)
                for block in league.changed
                for (a, b), results in league.scores[block].items()
            ]
            rows, returns = np.array([row[:7] for row in new], np.int64), np.array([row[7:] for row in new])
            league.rows, league.changed = merge(league.rows, (rows, returns)), set()
        return BlockScores(tuple(league.members), *league.rows, league.info.graded_sides)

    def next_event(self) -> int:
        return self._league.newest_event + 1

    def events(self) -> list[Event]:
        return [self._league.events[number] for number in sorted(self._league.events)]

    def live_results(self, *, since: int = 0, every: int = 1) -> list[LiveResult]:
        found = [result for result in self._league.live.values() if result.iteration > since]
        return summed(found, lambda result: (result.iteration - 1) // every)

    def measures(self, name: str | None = None) -> list[Measure]:
        found = [measure for measure in self._league.measures.values() if name in (None, measure.name)]
        return sorted(found, key=lambda measure: measure.iteration)

    def journal(
        self,
        *,
        kind: JournalKind | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int | None = 100,
    ) -> list[JournalEntry]:
        if subject is not None:
            self.member(subject)
        found = [
            entry
            for entry in reversed(self._league.journal)
            if kind in (None, entry.kind) and subject in (None, entry.subject) and (before is None or entry.id < before)
        ]
        return found if limit is None else found[: max(limit, 0)]

    def heartbeat(self) -> Heartbeat | None:
        if self._league.has_writer:
            self._league.beat()
        return self._league.heartbeat

    def running(self) -> RunningGame | None:
        return self._league.running if time.monotonic() - self._league.shown <= FORGOTTEN else None

    def close(self) -> None:
        """Nothing to release."""


class MemoryWriter(MemoryReader, Writer):
    """The one writer of a league in this process."""

    def __init__(self, league: _League, weights: BlobStore) -> None:
        super().__init__(league)
        self._weights = weights
        league.has_writer = True
        league.beat()

    def add_members(self, members: Sequence[Member]) -> None:
        self.record(members=members)

    def record(
        self,
        *,
        matches: Sequence[Match] = (),
        tallies: Sequence[Tally] = (),
        members: Sequence[Member] = (),
        progress: Progress | None = None,
        earlier: Sequence[Progress] = (),
        event: Event | None = None,
        live: Sequence[LiveResult] = (),
        measures: Sequence[Measure] = (),
        journal: Sequence[JournalEntry] = (),
    ) -> list[int]:
        league = self._league
        # All that can fail comes first; nothing is stored before it.
        rules.check_members(members, league.members, self._weights)
        everybody = league.members | {member.id: replace(member, modules=dict(member.modules)) for member in members}
        weights_of = {name: member.weights for name, member in everybody.items()}
        first = len(league.matches) + 1
        stored, moves = [], []
        for match_id, match in enumerate(matches, first):
            rules.check_match(match, len(league.info.agent_ids), weights_of)
            moves.append(rules.pack_history(match))
            stored.append(_stored(match, match_id))
        rules.check_tallies(tallies, everybody)
        rules.check_live(live, everybody)
        rules.check_measures(measures, everybody)
        happened = rules.checked_journal(journal, everybody)
        called = None if event is None else rules.checked_event(event, league.events.get(event.number))
        bare = None if progress is None else _stored_progress(progress)
        resume = None if progress is None else (progress.state, json.dumps(dict(progress.league)))

        league.members = everybody
        league.matches += stored
        league.moves += moves
        league.newest_event = max([league.newest_event, *(match.event for match in stored)])
        if called is not None:
            league.events[called.number] = called
            league.newest_event = max(league.newest_event, called.number)
        league.live |= {(result.iteration, result.learner, result.opponent): result for result in live}
        league.journal += [replace(entry, id=n) for n, entry in enumerate(happened, len(league.journal) + 1)]
        league.measures |= {(each.name, each.member, each.iteration): each for each in measures}
        for tally in tallies:
            _add(league.tallies, (tally.member, tally.opponent), astuple(tally)[2:])
        for score in block_scores(stored, league.info.teams):
            _add(league.scores[score[:2]], score[2:4], score[4:])
            league.changed.add(score[:2])
        for each in [_stored_progress(each) for each in earlier] + ([] if bare is None else [bare]):
            league.history = [other for other in league.history if other.iteration != each.iteration] + [each]
        if resume is not None:
            league.resume = resume
        league.version += 1
        return list(range(first, first + len(stored)))

    def close(self) -> None:
        if self._league.has_writer:
            self._league.beat()
        self._league.has_writer = False


class MemoryStore(Store):
    """A league that lives as long as this object."""

    def __init__(self) -> None:
        self.name = "memory:"
        self.weights = MemoryBlobs()
        self.states = MemoryBlobs()
        self._league: _League | None = None

    def exists(self) -> bool:
        return self._league is not None

    def identity(self) -> Hashable | None:
        return self._league

    def check(self) -> list[str]:
        self._existing()
        return []

    def create(self, info: LeagueInfo) -> Writer:
        if self._league is not None:
            raise StoreError(f"{self.name!r} already holds a league; go on with it, or open another store")
        plain = json.loads(json.dumps(dict(info.settings)))
        self._league = _League(replace(info, settings=plain, versions=dict(info.versions)))
        return self.writer()

    def reader(self) -> Reader:
        return MemoryReader(self._existing())

    def writer(self) -> Writer:
        league = self._existing()
        if league.has_writer:
            raise StoreError(f"{self.name!r} has a writer, and a league has one writer at a time; close that one first")
        return MemoryWriter(league, self.weights)

    def show(self, game: RunningGame | None) -> None:
        if self._league is not None:
            self._league.running, self._league.shown = game, time.monotonic()

    def _existing(self) -> _League:
        if self._league is None:
            raise StoreError(f"{self.name!r} holds no league; create one first")
        return self._league


def _add(sums: dict[Any, tuple[Any, ...]], key: Hashable, results: tuple[Any, ...]) -> None:
    old = sums.get(key)
    sums[key] = results if old is None else tuple(map(add, old, results))


def _stored(match: Match, match_id: int) -> Match:
    """The match without its moves, as a store gives it back."""
    at = match.started_at.astimezone(UTC)
    return replace(
        match,
        id=match_id,
        history=(),
        returns=tuple(map(float, match.returns)),
        digest=rules.pack_digest(match).hex(),
        started_at=at - timedelta(microseconds=at.microsecond % 1000),
        duration=round(match.duration * 1000) / 1000,
    )


def _stored_progress(progress: Progress) -> Progress:
    metrics = {module: dict(values) for module, values in progress.metrics.items()}
    return replace(progress, state=None, league={}, metrics=metrics, runtime=dict(progress.runtime))


def _meant(where: MatchFilter, match: Match, teams: tuple[int, ...]) -> bool:
    """Whether a filter means a match."""
    if where.result is not None:
        member, wanted = where.result
        results = seat_results(match.returns, match.fault, match.void, teams)
        if (member, wanted) not in zip(match.seats, results, strict=True):
            return False
    return (
        {*where.members} <= {*match.seats}
        and where.kind in (None, match.kind)
        and where.event in (None, match.event)
        and where.ending in (None, match.ending)
        and (where.min_plies is None or match.plies >= where.min_plies)
        and (where.max_plies is None or match.plies <= where.max_plies)
    )
