"""The agent's page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from played_league import make_league
from rich.cells import cell_len
from small_league import hostile_league, new_league, play, played_league, progress
from tui_person import HUGE, NARROW, SIZES, SLIM, Person, go_to_row, watching

from arena.tui.profile import Profile
from arena.tui.screens.agent import AgentScreen
from arena.tui.screens.matches import MatchesScreen
from arena.tui.screens.replay import ReplayScreen
from arena.tui.widgets.chart import Chart
from arena.tui.widgets.row_list import RowList
from arena.view.run_state import RunState
from leagues.records import JournalEntry
from leagues.store import open_store


def screen(person: Person) -> AgentScreen:
    found = person.screen
    assert isinstance(found, AgentScreen)
    return found


def profile(person: Person) -> Profile | None:
    return screen(person).profile if isinstance(person.screen, AgentScreen) else None


def rows(person: Person, part: str) -> RowList:
    return person.screen.query_one(f"#agent-{part}", RowList)


async def shown(person: Person, member: str) -> None:
    def there() -> bool:
        found = profile(person)
        return found is not None and found.member.id == member and found.rank is not None

    await person.see(there)


async def test_without_a_choice_it_is_the_best_member(league: Path) -> None:
    async with watching(league) as person:
        await person.press("6")
        await shown(person, "main@1")
        await person.see(person.shows("main snapshot, generation 1 of main", "rank", "after 8,000 steps of the league"))
        assert screen(person).command() == ("show", str(league), "main@1")


@pytest.mark.parametrize("size", SIZES)
async def test_the_essential_is_there_at_every_size(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.press("6")
        await shown(person, "main@1")
        await person.see(person.shows("main@1", "rank", "Opponents", "random", "first", "Newest matches"))
        assert all(cell_len(line) == size[0] for line in person.text().splitlines())


async def test_opponents_rivals_and_matches_open_what_they_are_about(league: Path) -> None:
    async with watching(league) as person:
        await person.press("6")
        await shown(person, "main@1")
        assert set(rows(person, "opponents").keys) == {"first", "random"}
        assert set(rows(person, "rivals").keys) == {"first", "random"}
        go_to_row(rows(person, "opponents"), "first")
        await person.press("enter")
        await shown(person, "first")
        rows(person, "rivals").focus()
        go_to_row(rows(person, "rivals"), "main@1")
        await person.press("enter")
        await shown(person, "main@1")
        rows(person, "matches").focus()
        newest = rows(person, "matches").keys
        assert newest[0] == "10"
        await person.press("j", "enter")
        await person.see(lambda: isinstance(person.screen, ReplayScreen))
        await person.press("escape")
        await person.see(lambda: isinstance(person.screen, AgentScreen))
        assert rows(person, "matches").key == newest[1]


async def test_brackets_walk_through_the_generations_and_end_at_the_learner(tmp_path: Path) -> None:
    league = make_league(tmp_path)
    async with watching(league) as person:
        await person.see(person.shows("best"))
        person.app.open_agent("main@1")
        await shown(person, "main@1")
        await person.press("right_square_bracket")
        await shown(person, "main@2")
        await person.press("right_square_bracket")
        await person.see(person.shows("none: a learner still changes", "Opponents in training"))
        await person.press("left_square_bracket", "left_square_bracket")
        await shown(person, "main@1")
        chart = person.screen.query_one("#agent-curve", Chart)
        (series,) = chart.plot.series
        assert (series.name, series.starred) == ("main", 0)


async def test_first_moves_have_the_names_of_the_game(league: Path) -> None:
    async with watching(league, size=HUGE) as person:
        await person.press("6")
        await shown(person, "main@1")
        await person.see(person.shows("First moves in its newest 8 matches", "square 0", "100%"))


async def test_lineage_reason_and_copies_are_told(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    with open_store(league).writer() as store:
        snapshot = store.member("main@1")
        store.add_members([replace(snapshot, id="main@2", generation=2, parent="main@1", step=9000)])
        at = store.info().created_at
        store.record(
            journal=[
                JournalEntry("snapshot", at, 3, 9000, "main@2", {"reason": "win_rate"}),
                JournalEntry("copied", at, 3, 9000, "main", {"source": "main-2"}),
            ]
        )
    async with watching(league) as person:
        await person.see(person.shows("best"))
        person.app.open_agent("main@2")
        await person.see(
            person.shows("after 9,000 steps of the league, by its scores", "from      main@1", "took over main-2")
        )
        await person.see(person.shows("no evaluation match yet", "│ no evaluation match yet"))


async def test_its_keys_play_mark_and_list(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[str] = []
    monkeypatch.setattr("arena.tui.app.LeagueApp.open_play", lambda _, member: played.append(member))
    async with watching(league) as person:
        await person.press("6")
        await shown(person, "main@1")
        await person.press("space")
        assert person.app.marked == ("main@1",)
        await person.see(person.shows("marked"))
        await person.press("P")
        assert played == ["main@1"]
        await person.press("m")
        await person.see(lambda: isinstance(person.screen, MatchesScreen))


async def test_an_empty_league_is_shown_by_its_first_member(tmp_path: Path) -> None:
    with new_league(tmp_path / "league"):
        pass
    async with watching(tmp_path / "league") as person:
        await person.press("6")
        await person.see(person.shows("main learner", "no training game yet", "no match of it is recorded yet"))
        await person.see(person.shows("no recorded match without a given opening yet"))


async def test_a_learner_in_self_play_has_games_a_way_by_steps_and_no_result_against_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arena.tui.app.LeagueApp.run_state", lambda _: RunState("training", "training 0:08"))
    with new_league(tmp_path / "league") as store:
        play(store, [("main", "main"), ("main", "random")], kind="training")
        store.record(progress=replace(progress(), league={"steps": {"main": 9_000}}))
    async with watching(tmp_path / "league") as person:
        await person.see(lambda: person.app.view is not None)
        person.app.open_agent("main")
        await person.see(person.shows("900 training games, all self-play", "no rivals: a learner still changes"))
        await person.see(person.shows("@2 next: 9k of 400k steps, only steps count"))
        matches = rows(person, "matches")
        await person.see(lambda: len(matches.keys) == 2)
        against = [matches.render_line(line).text.split() for line in (1, 2)]
        assert against[0][1] in ("won", "drew", "lost")
        assert against[0][2] == "random"
        assert against[1][1] == "itself"
        monkeypatch.setattr("arena.tui.app.LeagueApp.run_state", lambda _: RunState("finished", "finished"))
        await person.see(lambda: "@2 next" not in person.text())  # nobody is on the way to it any more
        assert "main learner" in person.text()


async def test_a_role_of_the_same_name_as_the_kind_is_said_once(league: Path) -> None:
    async with watching(league) as person:
        await person.see(lambda: person.app.view is not None)
        person.app.open_agent("random")
        await shown(person, "random")
        assert re.search("kind +baseline +│", person.text())


async def test_its_numbers_follow_the_league_and_the_cursor_stays(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.press("6")
        await shown(person, "main@1")
        rows(person, "matches").focus()
        await person.press("j")
        key = rows(person, "matches").key
        with open_store(league).writer() as store:
            play(store, [("main@1", "first"), ("first", "main@1")], block=9)
        await person.see(lambda: rows(person, "matches").keys[0] == "15")
        assert rows(person, "matches").key == key


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names_neither_break_lines_nor_colour_them(tmp_path: Path, size: tuple[int, int]) -> None:
    league = hostile_league(tmp_path / "league")
    with open_store(league).reader() as reader:
        names = [member.id for member in reader.members()]
    async with watching(league, size=size) as person:
        await person.see(person.shows("tic_tac_toe"))
        for name in names:
            person.app.open_agent(name)
            await person.see(lambda name=name: (found := profile(person)) is not None and found.member.id == name)
            text = person.text()
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert all(cell_len(line) == size[0] for line in text.splitlines())


@pytest.mark.parametrize("size", [SLIM, NARROW])
async def test_in_a_narrow_terminal_the_card_has_fewer_words_and_cuts_none(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.press("6")
        await shown(person, "main@1")
        await person.see(person.shows("snapshot 1 of main", "rank", " in "))
        left = [line[: size[0] // 2] for line in person.text().split("\n")[2:5]]
        assert not any("…" in line for line in left)
