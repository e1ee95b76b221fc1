"""The line in which a filter of matches is written."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from small_league import HOSTILES, hostile_league, new_league, play
from tui_person import Person, go_to_row, watching

from arena.tui.match_pages import Page
from arena.tui.screens.leaderboard import LeaderboardScreen
from arena.tui.screens.matches import MatchesScreen
from arena.tui.widgets.match_filter_line import FilterLine
from arena.tui.widgets.match_list import MatchList
from arena.view.text import plain
from leagues.records import Member


def page(person: Person) -> Page:
    return person.screen.query_one(MatchList).page if isinstance(person.screen, MatchesScreen) else Page()


def seats(person: Person) -> set[str]:
    """Whoever has a seat in each of the listed matches."""
    found = [set(match.seats) for match in page(person).matches]
    return set.intersection(*found) if found else set()


async def test_best_and_latest_are_members_there_too(league: Path) -> None:
    async with watching(league) as person:
        await person.see(person.shows("best main@1"))
        await person.press("3", "slash", *"best lost", "enter")
        await person.see(lambda: "main@1" in seats(person))
        assert person.screen.command() == ("matches", str(league), "best lost")  # type: ignore[attr-defined]
        await person.press("slash", *["backspace"] * 9, *"lat")
        await person.see(person.shows("latest"))  # is suggested
        await person.press("tab", "enter")
        await person.see(lambda: len(page(person).matches) == 8 and "main@1" in seats(person))


async def test_the_best_is_known_once_the_league_is_rated(league: Path, held_rating: threading.Event) -> None:
    async with watching(league) as person:
        await person.see(person.shows("Leaderboard rating ...", "13 matches"))
        await person.press("3", "slash", *"best")
        await person.see(person.shows("`best` is not known while the league is rated for the first time"))
        held_rating.set()
        await person.see(lambda: len(page(person).matches) == 8 and "main@1" in seats(person))
        assert "not known" not in person.text()


async def test_a_member_that_is_called_like_a_word_is_listed_by_its_key(tmp_path: Path) -> None:
    league = tmp_path / "league"
    with new_league(league) as store:
        store.add_members([Member("lost", "guest", "guest", agent="random")])
        (first,) = play(store, [("first", "random")])
        whole = store.match(first)
        store.record(matches=[replace(whole, seats=("lost", "random"), block=7)])
    async with watching(league) as person:
        await person.see(lambda: isinstance(person.screen, LeaderboardScreen) and "lost" in person.screen.ranking.keys)
        go_to_row(person.screen.ranking, "lost")  # type: ignore[attr-defined]
        await person.press("m")
        await person.see(lambda: len(page(person).matches) == 1 and "lost" in seats(person))
        assert person.screen.command() == ("matches", str(league), "member=lost")  # type: ignore[attr-defined]
        await person.press("slash")
        await person.see(lambda: person.screen.query_one(FilterLine).writing)
        await person.press("escape")
        await person.see(lambda: len(page(person).matches) == 2)


async def test_a_hostile_name_is_escaped_in_the_line_and_finds_its_member(tmp_path: Path) -> None:
    league = hostile_league(tmp_path / "league")
    async with watching(league) as person:
        for name in (HOSTILES[0], HOSTILES[3]):
            await person.see(lambda: person.app.view is not None)
            person.app.list_matches(name)
            await person.see(lambda: len(page(person).matches) == 2 and name in seats(person))  # noqa: B023 - at once
            await person.see(person.shows(plain(name)))
            await person.press("slash", "end", *"zz")
            await person.see(person.shows("is no member"))
            assert not {"\x1b", "\u202e"} & set(person.text())
            await person.press("escape")
            await person.see(lambda: len(page(person).matches) == 25)


async def test_a_wrong_word_leaves_the_list_and_says_what_is_wrong(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3", "slash", *"plies")
        await person.see(person.shows("'plies' says nothing alone; write plies<20"))
        assert len(page(person).matches) == 13
        assert person.screen.command() == ("matches", str(league))  # type: ignore[attr-defined]
        await person.press(*"<6")
        await person.see(lambda: "says nothing" not in person.text())
        await person.see(lambda: all(match.plies < 6 for match in page(person).matches))
