"""The feed: what it posts about a league, and when."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from small_league import new_league, play, played_league, progress
from textual.message import Message
from tui_person import watching

from arena.tui.feed import Answered, Feed, FeedFailed, HeartbeatSeen, LeagueChanged, LeagueLost, Query, Source
from arena.tui.pace import Pace
from arena.tui.ways import ways_of
from leagues.errors import LeagueError
from leagues.store import open_store


@dataclass(frozen=True)
class Count(Query):
    """The number of matches of a member."""

    member: str

    def answer(self, source: Source) -> int:
        return len(source.reader.matches(member=self.member))


@dataclass(frozen=True)
class Once(Query):
    """The game, which never changes."""

    live: ClassVar[bool] = False

    def answer(self, source: Source) -> str:
        return source.reader.info().game


def posted(
    folder: Path,
    *queries: Query,
    then: Callable[[Feed, Message], bool],
    pace: Pace | None = None,
    messages: list[Message] | None = None,
) -> list[Message]:
    """What a feed posts until ``then`` says that it was enough, added to ``messages``."""
    messages = [] if messages is None else messages

    def post(message: Message) -> None:
        messages.append(message)
        if isinstance(message, FeedFailed) or then(feed, message):
            feed.stop()

    feed = Feed(folder, post, pace=pace)
    feed.ask(queries)
    feed.run()
    return messages


def answers(messages: list[Message]) -> list[object]:
    return [message.value for message in messages if isinstance(message, Answered)]


def test_a_query_is_answered_and_answered_again_when_the_league_changes(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")

    def more(feed: Feed, message: Message) -> bool:
        if isinstance(message, Answered) and message.value == 8:
            with open_store(league).writer() as store:
                play(store, [("random", "first")], block=8)
        return isinstance(message, Answered) and message.value == 9

    messages = posted(league, Count("first"), Once(), then=more)
    assert answers(messages).count("tic_tac_toe") == 1
    counts = [value for value in answers(messages) if value != "tic_tac_toe"]
    assert set(counts) == {8, 9}
    first = next(message.view for message in messages if isinstance(message, LeagueChanged))
    assert (first.matches, first.members, first.learners) == (13, 4, 1)


def test_a_query_without_an_answer_says_why(league: Path) -> None:
    messages = posted(league, Count("nobody"), then=lambda _, message: isinstance(message, Answered))
    (answered,) = [message for message in messages if isinstance(message, Answered)]
    assert "nobody" in answered.problem
    assert answered.value is None


def test_only_what_is_asked_for_last_is_answered(league: Path) -> None:
    feed_queries = [Count("first"), Count("random"), Count("main@1")]
    messages: list[Message] = []

    def post(message: Message) -> None:
        messages.append(message)
        if isinstance(message, LeagueChanged) and message.view.best is not None:
            feed.stop()

    feed = Feed(league, post)
    for query in feed_queries:
        feed.ask([query])
    feed.run()
    assert {message.query for message in messages if isinstance(message, Answered)} == {feed_queries[-1]}


def test_the_best_member_is_known_once_the_league_is_rated(league: Path) -> None:
    messages = posted(
        league, then=lambda _, message: isinstance(message, LeagueChanged) and message.view.best is not None
    )
    views = [message.view for message in messages if isinstance(message, LeagueChanged)]
    assert views[0].best is None
    assert views[-1].best is not None
    assert views[-1].best.agent == "main@1"


def test_a_folder_that_holds_something_else_ends_the_feed(tmp_path: Path) -> None:
    (tmp_path / "league.db").write_bytes(b"no database")
    messages = posted(tmp_path, then=lambda *_: False)
    (failed,) = messages
    assert isinstance(failed, FeedFailed)
    assert isinstance(failed.error, LeagueError)


def test_without_a_league_the_feed_waits_for_one(tmp_path: Path) -> None:
    league = tmp_path / "league"

    def come(feed: Feed, message: Message) -> bool:
        if isinstance(message, LeagueLost) and not league.exists():
            played_league(league)
        return isinstance(message, LeagueChanged)

    messages = posted(league, then=come)
    assert isinstance(messages[0], LeagueLost)
    assert messages[0].absent
    (changed,) = [message for message in messages if isinstance(message, LeagueChanged)]
    assert changed.view.matches == 13


def test_a_league_that_arrives_by_copy_is_waited_for(tmp_path: Path) -> None:
    league, copy = played_league(tmp_path / "league"), tmp_path / "copy"

    def arrive(feed: Feed, message: Message) -> bool:
        if isinstance(message, LeagueLost) and not copy.exists():
            copy.mkdir()
            (copy / "league.db").write_bytes((league / "league.db").read_bytes()[:1000])
        elif isinstance(message, LeagueLost) and not message.absent:
            shutil.copytree(league, copy, dirs_exist_ok=True)
        return isinstance(message, LeagueChanged)

    messages = posted(copy, then=arrive)
    assert [message.absent for message in messages if isinstance(message, LeagueLost)] == [True, False]
    assert not any(isinstance(message, FeedFailed) for message in messages)


async def test_a_league_that_goes_away_is_reported_and_may_come_back(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("13 matches"))
        league.rename(tmp_path / "elsewhere")
        await person.see(person.shows("The league is gone"))
        (tmp_path / "elsewhere").rename(league)
        await person.see(person.shows("13 matches"))
        assert "gone" not in person.text()
        shutil.rmtree(league)
        with new_league(league):
            pass
        await person.see(person.shows("0 matches"))


async def test_a_league_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    league = tmp_path / "league"
    async with watching(league) as person:
        await person.see(person.shows("Waiting for a league"))
        played_league(league)
        await person.see(person.shows("13 matches", "iteration 3"))
        with open_store(league).writer() as store:
            store.record(progress=progress(iteration=4))
        await person.see(person.shows("iteration 4"))


def rated(messages: list[Message]) -> list[object]:
    """The best snapshots of the views, once the league is rated."""
    return [each.view.best for each in messages if isinstance(each, LeagueChanged) and each.view.best is not None]


def test_many_matches_are_rated_by_another_process_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    league = played_league(tmp_path / "league")
    here = posted(league, then=lambda feed, message: bool(rated([message])))
    monkeypatch.setattr("arena.tui.rating.MANY_MATCHES", 0)
    there = posted(league, then=lambda feed, message: bool(rated([message])))
    assert rated(here)
    assert rated(there) == rated(here)


def test_a_rating_process_that_dies_is_said_and_started_again_after_a_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    league = played_league(tmp_path / "league")
    monkeypatch.setattr("arena.tui.rating.MANY_MATCHES", 0)
    monkeypatch.setattr("arena.tui.derived.MODULE", "no.such.module")

    def then(feed: Feed, message: Message) -> bool:
        if isinstance(message, LeagueLost):
            monkeypatch.setattr("arena.tui.derived.MODULE", "arena.tui.derived")
        return bool(rated([message]))

    messages = posted(league, then=then)
    (lost,) = [each for each in messages if isinstance(each, LeagueLost)]
    assert "ended with exit code 1" in lost.reason
    assert not lost.absent
    assert rated(messages)


def test_what_a_screen_asks_is_answered_before_the_league_is_rated(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    messages = posted(league, Count("first"), then=lambda feed, message: bool(rated([message])))
    kinds = [type(message) for message in messages]
    assert kinds.index(Answered) < next(at for at, each in enumerate(messages) if rated([each]))


def test_while_it_is_paused_the_header_goes_on_and_the_answers_stay(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    marks: list[int] = []  # the messages before it was paused, and before it went on

    def then(feed: Feed, message: Message) -> bool:
        if rated([message]) and not marks:
            feed.pause(True)
            feed.ask([Count("first"), Once()])
        elif isinstance(message, Answered) and message.value == "tic_tac_toe":
            marks.append(len(messages))
            with open_store(league).writer() as store:
                play(store, [("random", "first")], block=8)
        elif len(marks) == 1 and isinstance(message, HeartbeatSeen):
            marks.append(len(messages))
            feed.pause(False)
        return isinstance(message, Answered) and message.value == 9

    messages: list[Message] = []
    posted(league, Count("first"), then=then, messages=messages)
    meanwhile = messages[slice(*marks)]
    (changed,) = [message for message in meanwhile if isinstance(message, LeagueChanged)]
    assert changed.view.matches == 14
    assert changed.view.heartbeat is not None
    assert not any(isinstance(message, Answered) for message in meanwhile)


def test_the_progress_is_read_once_for_each_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    league = played_league(tmp_path / "league")
    store = open_store(league)
    with store.reader() as reader, store.writer() as writer:
        source, reads, read = Source(reader, False), [], reader.progress
        monkeypatch.setattr(reader, "progress", lambda: reads.append(1) or read())
        assert source.view(()).progress == progress(3)
        assert not ways_of(source).problem
        assert len(reads) == 1
        writer.record(progress=progress(4))
        assert source.progress() == progress(4)


@dataclass(frozen=True)
class Slow(Query):
    """Answered once the event is set that other queries set."""

    live: ClassVar[bool] = False
    slow: ClassVar[bool] = True
    number: int

    def answer(self, source: Source) -> str:
        if self.number == 0:
            assert _go_on.wait(60)
        return f"{self.number}: {len(source.reader.matches())} of {source.derived.board.rated}"


_go_on = threading.Event()


def test_a_slow_query_holds_up_no_other_and_is_not_answered_for_nothing(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    _go_on.clear()

    def then(feed: Feed, message: Message) -> bool:
        if rated([message]) and not feed._wanted.queries:
            feed.ask([Slow(0), Slow(1), Once()])
        elif isinstance(message, Answered) and message.value == "tic_tac_toe":
            feed.ask([Slow(2), Count("first")])
        elif isinstance(message, Answered) and message.value == 8:
            _go_on.set()
        return isinstance(message, Answered) and message.query == Slow(2)

    messages = posted(league, then=then)
    assert answers(messages) == ["tic_tac_toe", 8, "0: 13 of True", "2: 13 of True"]


def test_an_error_in_a_slow_query_ends_the_feed_with_it(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Slow, "answer", broken)
    (failed,) = [each for each in posted(league, Slow(1), then=lambda *_: False) if isinstance(each, FeedFailed)]
    assert isinstance(failed.error, ZeroDivisionError)


class Held(Pace):
    """Lets no other update begin until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.held = True

    def wait(self) -> float:
        return 1.0 if self.held else 0.0


def test_a_change_waits_for_the_pace_and_what_a_person_asks_does_not(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    others = [Count("main"), Count("main@1"), Count("random")]
    pace, asked, ready = Held(), list(others), []

    def then(feed: Feed, message: Message) -> bool:
        ready.extend(rated([message]))
        if not (ready and isinstance(message, Answered)):
            return False  # until the league is rated, nothing waits
        if len(asked) == len(others):
            with open_store(league).writer() as store:
                play(store, [("random", "first")], block=8)
        if asked:
            feed.ask([Count("first"), asked.pop(0)])
        else:
            pace.held = False
        return (message.query, message.value) == (Count("first"), 9)

    messages = posted(league, Count("first"), then=then, pace=pace)
    found = [(each.query, each.value) for each in messages if isinstance(each, Answered)]
    first = found.index((Count("first"), 9))
    assert [query for query, _ in found[:first] if query in others] == others
    assert {value for query, value in found[:first] if query == Count("first")} == {8}


def test_the_first_ratings_do_not_wait_for_the_pace(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    assert rated(posted(league, then=lambda _, message: bool(rated([message])), pace=Held()))
