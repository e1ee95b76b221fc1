"""The feed: what it posts about a league."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_league import new_league, play, played_league
from textual.message import Message
from tui_person import watching

from arena.tui.feed import Feed, LeagueChanged, MatchOpened


async def test_a_league_that_goes_away_is_reported_and_may_come_back(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("Match 13"))
        league.rename(tmp_path / "elsewhere")
        await person.see(person.shows("The league is lost"))
        assert "Match 13" in person.text()
        (tmp_path / "elsewhere").rename(league)
        await person.see(person.shows("13 matches"))
        assert "lost" not in person.text()
        shutil.rmtree(league)
        with new_league(league):
            pass
        await person.see(person.shows("0 matches"))


async def test_a_league_that_does_not_exist_yet_is_waited_for(tmp_path: Path) -> None:
    league = tmp_path / "runs" / "league"
    async with watching(league) as person:
        await person.see(person.shows("Waiting for a league"))
        with new_league(league) as store:
            await person.see(person.shows("0 matches"))
            assert "Waiting" not in person.text()
            play(store, [("random", "first")])
        await person.see(person.shows("1 match", "Match 1"))


def posted(folder: Path, *requests: int) -> list[Message]:
    """What a feed posts until it has opened the last of the matches."""
    messages: list[Message] = []

    def post(message: Message) -> None:
        messages.append(message)
        if isinstance(message, MatchOpened):
            feed.stop()

    feed = Feed(folder, post)
    for match in requests:
        feed.open(match)
    feed.run()
    return messages


def test_of_several_matches_asked_for_at_once_the_last_is_opened(league: Path) -> None:
    feed_messages = posted(league, 1, 2, 3)
    (opened,) = [message.opened for message in feed_messages if isinstance(message, MatchOpened)]
    assert opened.match.id == 3
    assert not opened.problem
    assert len(opened.frames) == opened.match.plies + 1
    first = feed_messages[0]
    assert isinstance(first, LeagueChanged)
    assert (first.view.match_count, first.view.only) == (13, None)


@pytest.mark.parametrize(("member", "listed"), [("first", 8), (None, 13), ("nobody", 13)])
def test_the_matches_of_one_member_are_listed(league: Path, member: str | None, listed: int) -> None:
    views = []

    def post(message: Message) -> None:
        assert isinstance(message, LeagueChanged)
        views.append(message.view)
        feed.list_only(member)
        if len(views) > 2:
            feed.stop()

    feed = Feed(league, post)
    feed.run()
    assert len(views[0].matches) == 13
    assert len(views[-1].matches) == listed
    assert views[-1].only == (member if listed < 13 else None)
