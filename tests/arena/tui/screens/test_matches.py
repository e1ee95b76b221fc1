"""The matches screen: a list of any length, its cursor, its preview, following and the live table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from small_league import HOSTILE, new_league, play, played_league
from tui_person import HUGE, NARROW, SIZES, SLIM, WALL, WIDE, Person, watching

from arena.tui.match_pages import AROUND
from arena.tui.screens.matches import MatchesScreen
from arena.tui.screens.replay import ReplayScreen
from arena.tui.widgets.match_list import MatchList
from arena.tui.widgets.match_preview import MatchPreview
from leagues.records import Match, Member
from leagues.store import open_store

MANY = 901


@pytest.fixture(scope="module")
def long_league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league with many matches."""
    folder = tmp_path_factory.mktemp("leagues") / "long"
    with new_league(folder) as store:
        play(store, [("random", "first")])
        first = store.match(1)
        store.record(matches=[replace(first, block=number) for number in range(2, MANY + 1)])
    return folder


def matches_of(person: Person) -> MatchList:
    return person.screen.query_one(MatchList)


def preview_of(person: Person) -> MatchPreview:
    return person.screen.query_one(MatchPreview)


def cursor(person: Person) -> int:
    match = matches_of(person).match
    return 0 if match is None else match.id


async def at(person: Person, match: int) -> None:
    """Wait until the cursor is on a match and the preview shows it."""
    await person.see(lambda: cursor(person) == match)
    if person.screen.size.width >= 80:
        await person.see(person.shows(f"Match {match}"))


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_fits_every_terminal(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.press("3")
        await person.see(person.shows("match 13 ─", "main@1", "random", "seat 0", "seat 1", "replay"))
        lines = person.text().splitlines()
        assert len(lines) == size[1]
        assert {cell_len(line) for line in lines} == {size[0]}
        if size != SLIM:
            await person.see(person.shows("Match 13"))
        if size in (WIDE, HUGE, WALL):
            assert "+1 -1" in person.text()
            assert "training" in person.text()


async def test_every_key_of_lists_moves_the_cursor(long_league: Path) -> None:
    async with watching(long_league) as person:
        await person.press("3")
        await at(person, MANY)
        await person.press("j", "down")
        await at(person, MANY - 2)
        await person.press("k")
        await at(person, MANY - 1)
        await person.press("pagedown")
        await at(person, MANY - 1 - matches_of(person).height)
        await person.press("pageup", "up")
        await at(person, MANY)
        for first, last in (("g", "G"), ("home", "end")):
            await person.press(last)
            await at(person, 1)
            assert "match 1 ─" in person.text()
            await person.press(first)
            await at(person, MANY)


async def test_the_whole_list_is_walked_page_by_page_without_a_gap(long_league: Path) -> None:
    async with watching(long_league, size=(60, 80)) as person:
        await person.press("3")
        await at(person, MANY)
        matches, seen = matches_of(person), set[int]()
        while cursor(person) > 1:
            top = matches.page.matches[matches._top : matches._top + matches.height]
            seen |= {match.id for match in top}
            before = cursor(person)
            await person.press("pagedown")
            await person.see(lambda before=before: cursor(person) < before)  # type: ignore[misc]
        seen |= {match.id for match in matches.page.matches[-matches.height :]}
        assert seen == {*range(1, MANY + 1)}
        while cursor(person) < MANY:
            before = cursor(person)
            await person.press("pageup")
            await person.see(lambda before=before: cursor(person) > before)  # type: ignore[misc]
            assert len(matches.page.matches) <= 3 * AROUND + 1


async def test_the_mouse_scrolls_chooses_and_goes_anywhere(long_league: Path) -> None:
    async with watching(long_league) as person:
        await person.press("3")
        await at(person, MANY)
        matches = matches_of(person)
        await person.pilot.click(matches, offset=(10, 6))
        await at(person, MANY - 4)
        matches.post_message(_wheel(matches))
        await person.see(lambda: matches._top == 3)
        assert cursor(person) == MANY - 4
        await person.pilot.click(matches, offset=(matches.outer_size.width - 2, 1 + matches.height // 2))
        await person.see(lambda: abs(cursor(person) - MANY / 2) < 50)
        await person.pilot.click(matches, offset=(matches.outer_size.width - 2, 1 + matches.height))
        await at(person, 1)


def _wheel(matches: MatchList) -> object:
    from textual.events import MouseScrollDown

    return MouseScrollDown(matches, 5, 5, 0, 1, 0, False, False, False)


async def test_the_cursor_stays_on_its_match_and_its_line_while_matches_come(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        play(store, [("random", "first")] * 100)
    async with watching(tmp_path / "league") as person:
        await person.press("3")
        await at(person, 100)
        await person.press("j", "j", "j")
        await at(person, 97)
        line = next(i for i, text in enumerate(person.text().splitlines()) if "│    97" in text)
        with open_store(tmp_path / "league").writer() as store:
            play(store, [("random", "first")] * 40, block=8)
        await person.see(lambda: matches_of(person).page.newest == 140)
        assert "match 97 ─" in person.text()
        assert "│    97" in person.text().splitlines()[line]
        await person.press("g")
        await at(person, 140)


async def test_following_stays_on_the_newest_until_one_moves(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.press("3", "j", "f")
        await person.see(person.shows("following"))
        await at(person, 13)
        with open_store(league).writer() as store:
            play(store, [("random", "first")] * 3, block=8)
        await at(person, 16)
        await person.press("j")
        await at(person, 15)
        assert "following" not in person.text()
        with open_store(league).writer() as store:
            play(store, [("random", "first")], block=9)
        await person.see(lambda: matches_of(person).page.newest == 17)
        await at(person, 15)


async def test_it_says_that_there_are_newer_matches_above(long_league: Path) -> None:
    async with watching(long_league) as person:
        await person.press("3")
        await at(person, MANY)
        assert "newer ones above" not in person.text()
        await person.press("G")
        await at(person, 1)
        await person.read("newer ones above")
        await person.press("g")
        await person.see(lambda: "newer ones above" not in person.text())


async def test_the_preview_goes_through_the_moves(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3")
        await at(person, 13)
        plies = matches_of(person).page.matches[0].plies
        await person.see(person.shows(f"{plies}/{plies}"))
        await person.press("left")
        await person.see(person.shows(f"{plies - 1}/{plies}"))
        await person.press("h", "h", "right")
        await person.see(person.shows(f"{plies - 2}/{plies}"))
        await person.press("j")  # the next match is at its end again
        await at(person, 12)
        plies = matches_of(person).page.matches[1].plies
        await person.see(person.shows(f"{plies}/{plies}"))


async def test_on_the_live_table_matches_are_played_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PACE", "HOLD"):
        monkeypatch.setattr(f"arena.tui.widgets.match_preview.{name}", 0.02)
    league = played_league(tmp_path / "league")
    played: list[int] = []
    plies: list[int] = []
    play_match, step = MatchPreview.play, MatchPreview.step
    monkeypatch.setattr(
        MatchPreview, "play", lambda self, each, ply: (played.append(each.match.id), play_match(self, each, ply))
    )
    monkeypatch.setattr(MatchPreview, "step", lambda self, by: (step(self, by), plies.append(self.ply)))
    async with watching(league) as person:
        await person.press("3")
        await at(person, 13)
        await person.press("L")
        await person.see(lambda: len(played) >= 3)
        length = matches_of(person).page.matches[0].plies
        assert plies[:length] == [*range(1, length + 1)], "every move is shown"
        with open_store(league).writer() as store:
            play(store, [("random", "first"), ("first", "random")], block=8)
        await person.see(lambda: 15 in played)
        before = played.index(15)
        assert played[:before] == [*range(13, 13 - before, -1)]
        await person.see(lambda: 1 in played)
        assert played[before + 1 :] == [*range(13 - before, 0, -1)]
        with open_store(league).writer() as store:  # the table has waited for it
            play(store, [("random", "first")], block=9)
        await person.see(person.shows("live · match 16, played"))
        await person.press("L")
        await person.see(person.shows("Match 13"))
        assert "live ·" not in person.text()


@pytest.mark.parametrize("size", [SLIM, NARROW])
async def test_on_a_small_terminal_the_live_table_takes_the_room_of_the_list(
    league: Path, size: tuple[int, int]
) -> None:
    async with watching(league, size=size) as person:
        await person.press("3")
        await person.see(person.shows("match 13 ─"))
        await person.press("L")
        await person.see(person.shows("live · match 13"))
        assert "seat 0" not in person.text()
        await person.press("escape")
        await person.see(person.shows("match 13 ─", "seat 0"))


async def test_agents_are_opened_from_the_list(league: Path) -> None:
    opened: list[str] = []
    async with watching(league) as person:
        person.app.open_agent = opened.append  # type: ignore[method-assign]
        person.app.open_match = lambda number, words: opened.append(f"{number} of {words!r}")  # type: ignore[method-assign]
        await person.press("3")
        await at(person, 13)
        await person.press("a", "A", "enter")
        await person.see(lambda: opened == ["main", "random", "13 of ''"])
        await person.pilot.click(matches_of(person), offset=(10, 4), times=2)
        await person.see(lambda: opened[3:] == ["11 of ''"])


async def test_names_are_shown_as_they_are_and_keep_the_columns_straight(tmp_path: Path) -> None:
    wide = "漢字" * 9 + "@12"
    with new_league(tmp_path / "league") as store:
        store.add_members([Member(name, "guest", "guest", agent="random") for name in (HOSTILE, wide)])
        (first,) = play(store, [("random", "first")])
        match = store.match(first)
        store.record(matches=[replace(match, seats=seats) for seats in ((HOSTILE, wide), (wide, HOSTILE))])
        store.record(matches=[replace(match, ending="timeout", fault=0)])
    for size in (NARROW, WIDE, WALL):
        async with watching(tmp_path / "league", size=size) as person:
            await person.press("3")
            await person.see(person.shows("match 4 ─", "@12", "[red]"))
            assert "\x1b]" not in person.text()
            assert {cell_len(line) for line in person.text().splitlines()} == {size[0]}
            if size != NARROW:
                assert "timeout" in person.text()


async def test_an_empty_league_says_so(tmp_path: Path) -> None:
    new_league(tmp_path / "league").close()
    async with watching(tmp_path / "league") as person:
        await person.press("3")
        await person.see(person.shows("no match is recorded yet"))
        await person.press("j", "G", "g", "enter", "f", "L", "left", "a", "escape", "escape")
        with open_store(tmp_path / "league").writer() as store:
            play(store, [("random", "first")])
        await person.press("3")
        await person.see(person.shows("match 1 ─", "Match 1"))


async def test_another_theme_paints_the_list_anew(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3", "j", "j")
        await at(person, 11)
        dark = _colours(person)
        person.app.theme = "light"
        await person.see(lambda: not (_colours(person) & dark - {""}))
        assert cursor(person) == 11


def _colours(person: Person) -> set[str]:
    """Colours of the words in the list."""
    matches = matches_of(person)
    strips = [matches.render_line(y) for y in range(matches.size.height)]
    return {
        str(segment.style.color.name) if segment.style and segment.style.color else ""
        for strip in strips
        for segment in strip
        if segment.text.strip()
    }


async def test_a_game_that_fails_in_the_preview_says_why(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        (first,) = play(store, [("random", "first")])
        match: Match = store.match(first)
        store.record(matches=[replace(match, history=((0, 0), (1, 0)), plies=2)])
    async with watching(tmp_path / "league", size=HUGE) as person:
        await person.press("3")
        await person.see(person.shows("match 2 ─", "Match 2"))
        await person.see(lambda: bool((opened := preview_of(person).opened) and opened.problem))
        await person.see(person.shows(preview_of(person).opened.problem[:20]))  # type: ignore[union-attr]
        assert isinstance(person.screen, MatchesScreen)


async def _type(person: Person, text: str) -> None:
    names = {" ": "space", "@": "at", "<": "less_than_sign", "=": "equals_sign", "'": "apostrophe"}
    await person.press(*(names.get(character, character) for character in text))


async def test_a_filter_is_written_with_suggestions_and_lists_what_fits(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3")
        await at(person, 13)
        await person.press("slash")
        await _type(person, "train")
        await person.see(person.shows("training  "))
        await person.press("tab")
        await person.see(person.shows("match 13 ─", "Matches that fit"))
        await person.see(lambda: len(matches_of(person).page.matches) == 1)
        await person.press("escape")
        await person.see(lambda: len(matches_of(person).page.matches) == 13)
        assert "that fit" not in person.text()
        await person.press("slash")
        await _type(person, "main@1 won plies<8")
        await person.press("enter")
        won = {each.id for each in _stored(league) if each.plies < 8 and _won(each, "main@1")}
        await person.see(lambda: {each.id for each in matches_of(person).page.matches} == won)
        await at(person, max(won))
        await person.press("G")
        await at(person, min(won))
        copied: list[str] = []
        person.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        await person.press("y")
        assert copied == [f"arena matches {league} 'main@1 won plies<8'"]
        await person.press("escape")
        await person.see(lambda: len(matches_of(person).page.matches) == 13)


def _stored(league: Path) -> list[Match]:
    with open_store(league).reader() as reader:
        return reader.matches()


def _won(match: Match, member: str) -> bool:
    return any(name == member and value > 0 for name, value in zip(match.seats, match.returns, strict=True))


async def test_a_filter_that_means_nothing_is_refused_below_it_and_the_list_stays(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3")
        await at(person, 13)
        await person.press("slash")
        await _type(person, "nobody")
        await person.see(person.shows("'nobody' is no member"))
        assert len(matches_of(person).page.matches) == 13
        await person.press("enter", "j")
        await at(person, 12)
        await person.press("slash", *["backspace"] * 6)
        await person.see(lambda: "no member" not in person.text())


async def test_a_filter_is_read_also_when_a_match_is_opened_meanwhile(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3")
        await at(person, 13)
        await person.press("slash", *"training")
        screen = person.screen
        assert isinstance(screen, MatchesScreen)
        screen._open_soon()  # as where an answer has moved the cursor
        await person.see(lambda: len(matches_of(person).page.matches) == 1)


async def test_the_replay_goes_on_where_the_page_of_the_list_ends(long_league: Path) -> None:
    async with watching(long_league) as person:
        await person.press("3", "slash", *"plies>0", "enter")
        await at(person, MANY)
        last = matches_of(person).page.matches[-1].id
        await person.press("enter")
        await person.see(person.shows(f"Match {MANY}"))
        replay = person.screen
        assert isinstance(replay, ReplayScreen)
        replay.match_id = last
        replay.ask()
        await person.press("n")
        await person.see(person.shows(f"Match {last - 1}"))
        await person.press("N")
        await person.see(person.shows(f"Match {last}"))


async def test_another_screen_lists_matches_and_escape_goes_back(league: Path) -> None:
    async with watching(league) as person:
        await person.see(person.shows("13 matches"))
        person.app.list_matches("first", kind="evaluation")
        await person.see(person.shows("first evaluation", "Matches that fit"))
        await person.see(lambda: all("first" in each.seats for each in matches_of(person).page.matches[:1]))
        await person.press("escape")
        await person.see(lambda: not isinstance(person.screen, MatchesScreen))
        await person.press("3")
        await at(person, 13)
        assert "that fit" not in person.text()


async def test_a_rare_match_among_many_is_found_from_both_ends(long_league: Path) -> None:
    with open_store(long_league).writer() as store:
        first = store.match(1)
        for _ in range(3):
            rare = replace(first, kind="human", block=0)
            store.record(matches=[rare, *[replace(first, block=9000 + number) for number in range(300)]])
    async with watching(long_league) as person:
        person.app.list_matches(kind="human")
        await at(person, MANY + 603)
        await person.press("G")
        await at(person, MANY + 1)
        await person.press("g")
        await at(person, MANY + 603)
        assert [each.id for each in matches_of(person).page.matches] == [MANY + 603, MANY + 302, MANY + 1]
