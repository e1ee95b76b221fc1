"""Compute again what a league derives from its matches, and say how its tables differ.

A match is never edited, so it is the source: block scores and tallies are sums over matches, live results are parts of
tallies, and events are numbered up to the highest that a match has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from leagues.records import LiveResult, Match, MatchKind, Tally
from leagues.results import scoring
from leagues.results.blocks import BlockScore
from leagues.store.contract import Progress, Reader

PAGE = 1000
"""Matches fetched at once."""

SHOWN = 5
"""Most differences of a kind that are reported one by one."""

Found = tuple[str, str]
"""What is not as the matches say, such as ``block 3 of event 7``, and how it differs."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """The derived tables of a league at one moment, and the ID of its newest match then."""

    blocks: Sequence[BlockScore]
    tallies: list[Tally]
    live: list[LiveResult]
    events: list[int]
    next_event: int
    newest: int


def recount(reader: Reader) -> list[Found]:
    """Compare every derived table of a league with its matches, also while a training writes to it.

    - Block scores, with their returns, must be just the sums of the evaluation matches.
    - A tally must be at least the sum of the recorded training matches, since only some are recorded, and the two
      sides of a pair must say the same.
    - The live results of a pair must be at most its tally.
    - No match and no call has an event beyond the newest.
    - Progress grows: no count is lower than in the iteration before.
    """
    try:
        stored, teams = _stored(reader), reader.info().teams
        highest = max(stored.events, default=0)

        def matches(kind: MatchKind) -> Iterator[Match]:
            nonlocal highest
            for match in _matches(reader, kind, stored.newest):
                highest = max(highest, match.event)
                yield match

        blocks = scoring.block_scores(matches("evaluation"), teams)
        tallies = scoring.tallies(matches("training"), teams)
        found = [
            *_some("block scores", _wrong_blocks(stored.blocks, blocks)),
            *_some("tallies", _wrong_tallies(stored.tallies, tallies)),
            *_some("live results", _wrong_live(stored.live, stored.tallies)),
            *_some("progress", _wrong_progress(reader.history())),
        ]
    except Exception as error:  # a record that was altered can fail in any way
        return [("derived tables", f"they cannot be computed again: {type(error).__name__}: {error}")]
    if stored.next_event <= highest:
        found.append(("events", f"the newest is recorded as {stored.next_event - 1}, but there is {highest}"))
    return found


def _stored(reader: Reader) -> _Stored:
    while True:
        version = reader.version()
        newest = max((match.id for match in reader.matches(limit=1)), default=0)
        events = [event.number for event in reader.events()]
        stored = _Stored(
            reader.block_scores(), reader.tallies(), reader.live_results(), events, reader.next_event(), newest
        )
        if reader.version() == version:
            return stored


def _matches(reader: Reader, kind: MatchKind, newest: int) -> Iterator[Match]:
    """Every match of a kind up to ID ``newest`` without its moves, in bounded memory."""
    before = newest + 1
    while page := reader.matches(kind=kind, before=before, limit=PAGE):
        yield from page
        before = page[-1].id


def _some(what: str, found: Iterable[Found]) -> Iterator[Found]:
    """The first of the differences, and how many more there are."""
    everything = list(found)
    yield from everything[:SHOWN]
    if len(everything) > SHOWN:
        yield what, f"{len(everything) - SHOWN} more differ"


def _wrong_blocks(stored: Sequence[BlockScore], counted: Sequence[BlockScore]) -> Iterator[Found]:
    ours, theirs = ({score[:4]: score for score in scores} for scores in (stored, counted))
    for key in sorted(ours.keys() | theirs.keys()):
        mine, right = ours.get(key), theirs.get(key)
        if mine is None or right is None or not mine.agrees(right):
            event, block, member, opponent = key
            yield (
                f"block {block} of event {event}",
                f"{member} against {opponent}: {_results(mine)} stored, but {_results(right)} by the matches",
            )


def _wrong_tallies(stored: Sequence[Tally], counted: Sequence[Tally]) -> Iterator[Found]:
    by_pair = {(tally.member, tally.opponent): tally for tally in stored}
    recorded = {(tally.member, tally.opponent): tally for tally in counted}
    for pair in sorted(by_pair.keys() | recorded.keys() | {(b, a) for a, b in by_pair}):
        mine, other, least = by_pair.get(pair), by_pair.get(pair[::-1]), recorded.get(pair)
        subject = f"tally of {pair[0]} against {pair[1]}"
        if least is not None and (
            mine is None or any(a < b for a, b in zip(_counts(mine), _counts(least), strict=True))
        ):
            yield subject, f"{_results(mine)} stored, but already {_results(least)} by the recorded matches"
        elif pair[0] < pair[1] and (mine is None or other is None or _counts(mine) != _counts(other)[::-1]):
            yield subject, f"{_results(mine)} stored, but {_results(other)} from the other side"


def _wrong_live(live: Iterable[LiveResult], tallies: Iterable[Tally]) -> Iterator[Found]:
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for result in live:
        of_pair = sums[result.learner, result.opponent]
        of_pair[:] = (a + b for a, b in zip(of_pair, (result.wins, result.draws, result.losses), strict=True))
    most = {(tally.member, tally.opponent): tally for tally in tallies}
    for pair, counts in sorted(sums.items()):
        tally = most.get(pair)
        if tally is None or any(a > b for a, b in zip(counts, _counts(tally), strict=True)):
            text = "{} wins, {} draws, {} losses".format(*counts)
            yield (
                f"live results of {pair[0]} against {pair[1]}",
                f"{text} together, but the tally has {_results(tally)}",
            )


def _wrong_progress(history: Sequence[Progress]) -> Iterator[Found]:
    for before, after in pairwise(history):
        for name in ("iteration", "agent_steps", "env_steps", "games", "seconds"):
            if getattr(after, name) < getattr(before, name):
                yield (
                    f"iteration {after.iteration}",
                    f"{name} fell from {getattr(before, name)} to {getattr(after, name)}",
                )


def _counts(result: Tally) -> tuple[int, int, int]:
    return result.wins, result.draws, result.losses


def _results(result: BlockScore | Tally | None) -> str:
    if result is None:
        return "nothing"
    text = f"{result.wins} wins, {result.draws} draws, {result.losses} losses"
    return (
        text
        if not (result.returns or result.opponent_returns)
        else (f"{text}, returns {result.returns:g} and {result.opponent_returns:g}")
    )
