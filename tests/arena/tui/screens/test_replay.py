"""The replay: one walks through a match, and sees what its agents thought."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from small_league import AGENTS, GAME, HOSTILE, NOW, new_league, play, played_league
from table_person import replaying
from textual.widgets import Static
from tui_person import SIZES, Person

from agents.basic import RandomAgent
from arena.play.analysis import Analysis, Choice, Opinion
from arena.play.matches import play_pairings
from arena.tui import LeagueApp
from arena.tui.screens.replay import Analysed, ReplayScreen
from arena.tui.widgets.board import Board
from arena.tui.widgets.moves import MoveList
from games import make_game
from leagues.records import Member, Pairing
from leagues.store import open_store
from leagues.store.contract import LeagueInfo


@pytest.fixture
def analyst() -> None:
    """The test waits for the process with torch."""


@pytest.fixture(autouse=True)
def _no_analyst(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Loading torch in another process takes seconds; only a test that is about it waits for it."""
    if "analyst" not in request.fixturenames:
        monkeypatch.setattr("arena.play.analyst.Analyst.match", lambda *_, **__: None)


def league_of(folder: Path, spec: str, matches: int = 1) -> Path:
    """A league with matches of random agents."""
    game = make_game(spec)
    names = tuple(f"r{seat}" for seat in range(game.num_seats))
    with open_store(folder).create(LeagueInfo(game.spec, game.agent_ids, 1, {}, {}, NOW)) as store:
        store.add_members([Member(name, "baseline", "baseline", agent="random") for name in names])
        pairings = [Pairing(names, seed, 1, seed, "evaluation") for seed in range(1, matches + 1)]
        store.record(matches=play_pairings(game, pairings, dict.fromkeys(names, RandomAgent())))
    return folder


def screen(person: Person) -> ReplayScreen:
    found = person.app.screen
    assert isinstance(found, ReplayScreen)
    return found


def ply(person: Person) -> int:
    return screen(person).ply


def board_rows(person: Person) -> list[int]:
    """Rows of the terminal in which the board stands."""
    board = person.app.screen.query_one(Board)
    return [board._top, len(board._lines)]


async def test_keys_walk_through_the_match(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1", "the start")
        last = screen(person).last
        for keys, at in (
            (["right", "l"], 2),
            (["left"], 1),
            (["end"], last),
            (["up"], last - 5),
            (["k"], max(0, last - 10)),
            (["home"], 0),
            (["j"], 5),
            (["G"], last),
            (["right"], last),
            (["g", "h"], 0),
        ):
            await person.press(*keys)
            assert ply(person) == at
        await person.press("end")
        assert "won" in person.text() or "draw" in person.text()


async def test_it_plays_by_itself_faster_and_slower_and_stops_at_a_key(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1")
        await person.press("minus", "minus", "minus", "space")
        assert screen(person).playing
        await person.read("0.25 a second")
        await person.press("left")
        assert not screen(person).playing
        await person.press(*["plus"] * 6, "end", "space")
        await person.see(lambda: ply(person) == screen(person).last and not screen(person).playing)


async def test_a_click_on_a_move_and_on_the_timeline_goes_there(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1", "square")
        await person.pilot.click("#replay-moves", offset=(10, 2))
        assert ply(person) in (3, 4)
        width = person.app.screen.query_one("#replay-time").size.width
        await person.pilot.click("#replay-time", offset=(width - 1, 0))
        assert ply(person) == screen(person).last
        await person.pilot.mouse_down("#replay-time", offset=(width - 1, 0))
        await person.pilot.hover("#replay-time", offset=(8, 0))
        await person.pilot.mouse_up("#replay-time", offset=(8, 0))
        assert ply(person) == 0


async def test_the_neighbours_are_the_matches_before_and_after_or_those_of_a_list(league: Path) -> None:
    async with replaying(league, 5) as person:
        await person.read("Match 5")
        await person.press("n")
        await person.read("Match 6")
        await person.press("N")
        await person.read("Match 5")
        app = person.app
        app.pop_screen()
        app.push_screen(ReplayScreen(11, "random first"))
        await person.read("Match 11")
        for match in (6, 5):
            await person.press("n")
            await person.read(f"Match {match} ")
        await person.press("n")
        await person.read("there is no older match that fits the filter")
        assert not person.said()  # a notice would cover the timeline
        await person.press("right")
        assert "there is no older match" not in person.text()


async def test_a_match_without_neighbours_says_which_one_is_missing(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1")
        await person.press("N")
        await person.read("there is no older match")
        person.app.push_screen(ReplayScreen(13, ""))  # of the list of all, whose newest is on top
        await person.read("Match 13")
        await person.press("N")
        await person.read("there is no newer match")
        assert "filter" not in person.text()


async def test_an_answer_goes_with_the_next_key_whatever_that_does(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1", "square")
        await person.press("f")
        await person.read("this board has no sides")
        await person.press("a")
        await person.see(lambda: "no sides" not in person.text())
        await person.press("f")
        await person.read("this board has no sides")
        await person.press("v")
        await person.read("nothing is hidden in this game")
        assert "no sides" not in person.text()


async def test_the_last_match_gets_a_next_one_when_one_is_played(tmp_path: Path) -> None:
    folder = played_league(tmp_path / "league")
    async with replaying(folder, 13) as person:
        await person.read("Match 13")
        await person.press("n")
        await person.read("there is no newer match")
        with open_store(folder).writer() as store:
            play(store, [("random", "first")], block=8)

        async def later() -> bool:
            await person.press("n")
            return "Match 14" in person.text()

        for _ in range(300):
            if await later():
                break
            await person.pilot.pause(0.02)
        assert "Match 14" in person.text()


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_the_board_the_names_and_the_moves(league: Path, size: tuple[int, int]) -> None:
    async with replaying(league, 1, size) as person:
        await person.read("✕ ", "○ ", "square", "the start", "0/")
        await person.press("end")
        text = person.text()
        assert "won" in text or "draw" in text
        assert {*map(len, text.split("\n"))} == {size[0]}


@pytest.mark.parametrize("spec", ["connect_four", "chess", "othello", "backgammon"])
async def test_the_board_is_whole_at_80x24_and_does_not_jump_at_the_end(tmp_path: Path, spec: str) -> None:
    async with replaying(league_of(tmp_path / "league", spec), 1, (80, 24)) as person:
        await person.read("Match 1", "the start")
        board = person.app.screen.query_one(Board)
        assert len(board._lines) <= board.size.height
        assert max(line.cell_len for line in board._lines) <= board.size.width
        await person.press("end", "left")
        before = board_rows(person)
        await person.press("right")
        assert board_rows(person)[0] == before[0]


async def test_the_line_that_has_won_is_lit_at_the_end(tmp_path: Path) -> None:
    async with replaying(league_of(tmp_path / "league", "connect_four"), 1) as person:
        await person.read("Match 1", "the start")
        board = person.app.screen.query_one(Board)
        for key, lit in (("end", True), ("left", False)):
            await person.press(key)
            assert board._drawn is not None
            assert any(span.part == "winning" for span in board._drawn.spans) is lit


async def test_in_a_game_of_cards_one_chooses_whose_view_to_take(tmp_path: Path) -> None:
    async with replaying(league_of(tmp_path / "league", "kuhn_poker"), 1) as person:
        await person.read("everything is shown (v)", "player_1")
        cards = [line for line in person.text().split("\n") if "player_1 " in line]
        assert all("?" not in line for line in cards)
        await person.press("v")
        await person.read("as player_0 sees it", "player_1  │ ? │")
        await person.press("v")
        await person.read("as player_1 sees it", "player_0  │ ? │")
        await person.press("v")
        await person.see(lambda: "?" not in "".join(line for line in person.text().split("\n") if "player_" in line))


async def test_a_board_is_seen_from_the_other_side(tmp_path: Path) -> None:
    async with replaying(league_of(tmp_path / "league", "chess"), 1) as person:
        await person.read("a      b      c")
        await person.press("f")
        await person.read("h      g      f")


async def test_a_board_without_sides_says_so(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1")
        await person.press("f")
        await person.read("no sides")
        await person.press("right")
        await person.see(lambda: "no sides" not in person.text())


async def test_hostile_names_are_escaped_and_shown_as_they_are(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.add_members([Member(HOSTILE, "guest", "guest", agent="random")])
        (number,) = play(store, [(HOSTILE, "random")])
    async with replaying(tmp_path / "league", number) as person:
        await person.read("[red]evil[/red]\\x1b]0;owned\\x07")
        await person.press("end")


async def test_long_sentences_wrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a_name_that_is_far_longer_than_the_pane_which_shows_it"
    monkeypatch.setitem(AGENTS, name, RandomAgent())
    with new_league(tmp_path / "league") as store:
        store.add_members([Member(name, "guest", "guest", agent="first")])
        (number,) = play(store, [(name, "random")])
    async with replaying(tmp_path / "league", number, (80, 24)) as person:
        await person.read("Match")
        await person.press("end")
        said = person.app.screen.query_one("#replay-said", Static)
        shown = "".join(line.text.strip() for line in said.render_lines(said.region.reset_offset))
        assert "".join(str(said.content).split()) == "".join(shown.split())


async def test_enter_on_a_name_opens_the_agent(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1")
        await person.press("tab", "down", "enter")
        await person.see(lambda: not isinstance(person.app.screen, ReplayScreen))


async def test_a_theme_changes_the_colours_and_not_the_place(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("Match 1")
        await person.press("right", "right")
        person.app.theme = "light"
        await person.pilot.pause()
        assert ply(person) == 2
        assert "2/" in person.text()


def opinions(count: int) -> tuple[Opinion, ...]:
    best = (Choice(4, "square 4", 0.7), Choice(0, "square 0", 0.2))
    return tuple(Opinion(at, at % 2, (-1) ** at * at / 10, best, Choice(8, "square 8", 0.05)) for at in range(count))


async def test_the_analysis_shows_values_the_policy_and_the_chosen_move(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("asking the frozen weights")
        screen(person).post_message(Analysed(1, Analysis(opinions(4), {}, "")))
        await person.read("square 4  70%", "▸ square 8   5%", "others    25%", "value +0.00")
        await person.press("right")
        await person.read("value -0.10")
        await person.press("a")
        await person.see(lambda: "Policy" not in person.text())


async def test_a_move_and_its_probability_stand_apart_and_the_move_comes_first(tmp_path: Path) -> None:
    folder = league_of(tmp_path / "league", "connect_four")
    played = Choice(3, "column 3", 1.0)
    async with replaying(folder, 1, (200, 60)) as person:
        await person.read("asking the frozen weights")
        found = tuple(Opinion(at, at % 2, 0.0, (played,), played) for at in range(screen(person).last))
        screen(person).post_message(Analysed(1, Analysis(found, {}, "")))
        await person.see(lambda: re.search(r"column \d +100%", person.text()) is not None)
        assert not re.search(r"column \d100%", person.text())
        moves = person.app.screen.query_one(MoveList)
        assert moves._cell(moves._lines[0][0], 12).plain.startswith(" column")
        assert "%" not in moves._cell(moves._lines[0][0], 12).plain


async def test_the_analysis_says_what_is_absent_and_why(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("asking the frozen weights")
        screen(person).post_message(Analysed(1, Analysis((), {0: "random is no network", 1: "so is first"}, "")))
        await person.see(lambda: person.text().count("random is no network") == 1)
        screen(person).post_message(Analysed(1, Analysis(problem="the process ended with signal 9")))
        await person.read("the process ended with signal 9")


async def test_what_the_analysis_says_of_hostile_names_is_escaped(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("asking the frozen weights")
        for analysis in (Analysis((), dict.fromkeys((0, 1), f"no network: {HOSTILE}")), Analysis(problem=HOSTILE)):
            screen(person).post_message(Analysed(1, analysis))
            await person.read("[red]evil[/red]\\x1b]0;owned\\x07")
            assert "\x1b" not in person.text()


async def test_where_there_is_little_room_the_analysis_comes_when_it_is_asked_for(
    league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("arena.play.analyst.Analyst.match", lambda self, place, match, then, **_: asked.append(match))
    async with replaying(league, 1, (80, 24)) as person:
        await person.read("Match 1", "square")
        assert not asked
        await person.press("a")
        await person.read("Policy")
        assert asked == [1]


async def test_all_replays_share_an_analyst_and_ask_again_what_it_has_skipped(
    league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, int]] = []
    closed: list[object] = []
    monkeypatch.setattr(
        "arena.play.analyst.Analyst.match", lambda self, place, match, then, **_: asked.append((self, match))
    )
    monkeypatch.setattr("arena.play.analyst.Analyst.close", lambda self: closed.append(self))
    async with replaying(league, 1) as person:
        await person.read("Match 1", "square")
        person.app.open_match(2)
        await person.read("Match 2", "square")
        await person.press("escape")
        await person.read("Match 1", "square")
        await person.press("n")
        await person.read("Match 2", "square")
        assert not closed
    analyst = closed[0]
    assert dict.fromkeys(asked) == dict.fromkeys([(analyst, 1), (analyst, 2)])
    assert [match for _, match in asked].index(2) < len(asked) - 1 - [match for _, match in asked][::-1].index(1)


@pytest.mark.slow
@pytest.mark.usefixtures("analyst")
async def test_a_killed_analyst_is_said_and_asked_again(league: Path) -> None:
    async with replaying(league, 1) as person:
        await person.read("no network")
        number = person.app.analyst.process_id
        assert number is not None
        os.kill(number, signal.SIGKILL)
        await person.press("n")
        await person.read("signal 9")
        await person.press("a", "a")
        await person.read("no network")


async def test_a_match_that_cannot_be_replayed_says_why(tmp_path: Path) -> None:
    with open_store(tmp_path / "league").create(LeagueInfo("os:environ", ("a", "b"), 1, {}, {}, NOW)) as store:
        store.add_members([Member("random", "baseline", "baseline", agent="random")])
        pairing = Pairing(("random", "random"), 1, 1, 1, "evaluation")
        store.record(matches=play_pairings(make_game(GAME), [pairing], {"random": RandomAgent()}))
    async with replaying(tmp_path / "league", 1) as person:
        await person.read("trust")


def broken_league(folder: Path) -> Path:
    """A league of a game of its maker's own that fails when it is drawn."""
    game = make_game("toygames:Undrawn")
    with open_store(folder).create(LeagueInfo(game.spec, game.agent_ids, 1, {}, {}, NOW)) as store:
        store.add_members([Member("random", "baseline", "baseline", agent="random")])
        pairing = Pairing(("random", "random"), 1, 1, 1, "evaluation")
        store.record(matches=play_pairings(game, [pairing], {"random": RandomAgent()}))
    return folder


async def test_a_game_that_fails_is_said_and_one_goes_on(tmp_path: Path) -> None:
    app = LeagueApp(broken_league(tmp_path / "league"), 1, now=lambda: NOW, trust_code=True)
    async with app.run_test(size=(120, 40)) as pilot:
        person = Person(pilot)
        await person.read("The match cannot be replayed", "raises TypeError", "takes 1 positional")
        await person.press("right", "n")
        assert app.is_running


async def test_an_error_of_ours_ends_the_app_with_it(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("arena.tui.replayed.largest_of", broken)
    app = LeagueApp(league, 1, now=lambda: NOW)
    async with app.run_test() as pilot:
        await Person(pilot).see(lambda: not app.is_running)
    assert isinstance(app.return_value, ZeroDivisionError)
