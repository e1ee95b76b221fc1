"""The payoffs screen: the heatmap, its cursor, its orders, and the pane about a pair."""

from __future__ import annotations

from pathlib import Path

import pytest
from inflated_league import SNAPSHOTS, inflated_league
from rich.style import Style
from small_league import HOSTILE, new_league, play, played_league
from tui_person import HUGE, SIZES, SLIM, WIDE, Person, watching

from arena.tui.look import look
from arena.tui.screens.matches import MatchesScreen
from arena.tui.screens.payoffs import PayoffsScreen, _heat
from arena.tui.widgets.heatmap import Heatmap
from arena.view.course.league import is_thin
from arena.view.theme import PALETTES
from leagues.ratings.outside import FEWEST_GAMES
from leagues.records import Member, Tally
from leagues.results.payoff_table import PayoffTable
from leagues.store import open_store


def heatmap(person: Person) -> Heatmap:
    return person.screen.query_one(Heatmap)


def go_to(shown: Heatmap, row: str, column: str) -> None:
    """Move the cursor to the cell of two members."""
    shown.move(shown.members.index(row), shown.members.index(column))


def sentences(person: Person) -> list[str]:
    """What the screen says from now on; notices are not drawn in tests."""
    said: list[str] = []
    person.screen.say = lambda sentence, **_: said.append(sentence)  # type: ignore[attr-defined]
    return said


async def open_payoffs(person: Person) -> Heatmap:
    await person.press("2")
    await person.see(lambda: isinstance(person.screen, PayoffsScreen) and bool(heatmap(person).members))
    return heatmap(person)


@pytest.fixture(scope="module")
def inflated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return inflated_league(tmp_path_factory.mktemp("league") / "inflated")


@pytest.mark.parametrize("size", SIZES)
async def test_at_every_size_there_are_names_scores_and_the_pair(size: tuple[int, int], tmp_path: Path) -> None:
    async with watching(played_league(tmp_path / "league"), size=size) as person:
        await open_payoffs(person)
        await person.press("right")
        await person.see(person.shows("3 members by rating", "random", "against", "in 4 games", "won", "drawn", "lost"))
        assert max(len(line) for line in person.text().splitlines()) == size[0]


def test_the_same_scores_have_few_games_as_in_pictures_and_reports() -> None:
    few, enough = FEWEST_GAMES - 1, FEWEST_GAMES
    tallies = [("main@1", "random", few, 0, 0, 0.0, 0.0, 0.0), ("main@1", "first", enough, 0, 0, 0.0, 0.0, 0.0)]
    table = PayoffTable([Tally(*each) for each in tallies])
    heat = _heat(table, (("main@1", "main"), ("random", "baseline"), ("first", "baseline")), (0, None, None))
    for opponent, column in (("random", 1), ("first", 2)):
        payoff = table.get("main@1", opponent)
        assert payoff is not None
        assert heat.thin[0, column] == is_thin(payoff) == (opponent == "random")


async def test_the_pane_tells_the_games_of_the_pair_by_seat_and_the_newest_matches(tmp_path: Path) -> None:
    league = tmp_path / "league"
    with new_league(league) as store:
        play(store, [("main@1", "random"), ("random", "main@1")] * 2)  # "main@1" and "first" are the same script
        play(store, [("main@1", "first"), ("first", "main@1")], block=2)
    async with watching(league) as person:
        shown = await open_payoffs(person)
        go_to(shown, "main@1", "first")
        # The script that takes the first move wins as the first seat.
        await person.see(person.shows("main@1 against first", "score 50%", "1 won  0 drawn  1 lost", "in 2 games"))
        await person.see(person.shows("as player_0  100%  1/0/0", "as player_1    0%  0/0/1", "#6 lost   seat 1"))
        await person.see(person.shows("main@1 against all, best first"))


async def test_a_member_has_the_colour_of_its_learners_curves(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        play(store, [("first", "main@1"), ("random", "main@1")])
    async with watching(tmp_path / "league") as person:
        shown = await open_payoffs(person)
        segments = [segment for y in range(shown.size.height) for segment in shown.render_line(y)]
        colours = {
            name: {each.style.color for each in segments if each.text.strip() == name and each.style}
            for name in shown.members
        }
        learner, other = (Style.parse(colour).color for colour in (look().lines[0], look().secondary))
        assert learner in colours["main@1"]
        assert {name for name, found in colours.items() if other in found} == {"first", "random"}


async def test_enter_lists_the_matches_of_the_pair(inflated: Path) -> None:
    async with watching(inflated) as person:
        shown = await open_payoffs(person)
        go_to(shown, "main@2", "main@1")
        asked: list[tuple[str, ...]] = []
        person.app.list_matches = lambda *members, kind: asked.append((*members, kind))  # type: ignore[method-assign]
        said = sentences(person)
        await person.press("enter")
        assert asked == [("main@2", "main@1", "evaluation")]
        go_to(shown, "main@2", "main@2")
        await person.press("enter")
        assert said == ["a member does not play against itself"]
        assert len(asked) == 1
        assert not isinstance(person.screen, MatchesScreen)


async def test_keys_move_the_cursor_and_stop_at_the_edges(inflated: Path) -> None:
    async with watching(inflated) as person:
        shown = await open_payoffs(person)
        names = shown.members
        last = len(names) - 1
        for keys, row, column in [
            (["home", "j", "j", "down", "k"], 2, 0),
            (["l", "right", "h"], 2, 1),
            (["G"], last, 1),
            (["j"], last, 1),
            (["end"], last, last),
            (["l"], last, last),
            (["g"], 0, last),
            (["home"], 0, 0),
            (["up", "left"], 0, 0),
            (["pagedown"], last, 0),
            (["pageup"], 0, 0),
            (["ctrl+end"], last, 0),
            (["ctrl+home"], 0, 0),
        ]:
            await person.press(*keys)
            assert shown.cell == (names[row], names[column])


async def test_the_cursor_begins_where_two_members_have_met(inflated: Path, tmp_path: Path) -> None:
    async with watching(inflated) as person:
        shown = await open_payoffs(person)
        assert shown.cell == shown.members[:2]
        await person.see(person.shows(f"{shown.members[0]} against {shown.members[1]}", "score"))
    with new_league(tmp_path / "league") as store:
        store.add_members([Member("strong", "guest", "guest", agent="first")])
        play(store, [("first", "random"), ("random", "first")] * 2)
        play(store, [("main@1", "first"), ("first", "main@1")], block=2)
    async with watching(tmp_path / "league") as person:
        shown = await open_payoffs(person)
        first = shown.cell
        assert first is not None
        assert set(first) != {"main@1", "random"}  # these have not met
        assert first[0] != first[1]
        await person.press("slash", *"nobody")
        await person.see(lambda: shown.cell is None)
        await person.press("escape")
        await person.see(lambda: shown.cell == first)


async def test_a_small_screen_scrolls_with_the_cursor_and_names_and_heads_stay(inflated: Path) -> None:
    async with watching(inflated, size=SLIM) as person:
        shown = await open_payoffs(person)
        await person.press("plus", "plus", "plus", "G", "end")
        await person.see(lambda: shown.scroll_x > 0 and shown.scroll_y > 0)
        names = shown.members
        await person.see(person.shows(names[-1], f"{names[-1]} against {names[-1]}"))
        lines = [shown.render_line(y).text for y in range(shown.size.height)]
        assert any(line.startswith(f"{len(names)}  {names[-1]}") for line in lines)
        assert names[-1] in lines[0]
        await person.press("0")
        await person.see(lambda: shown.scroll_x == 0)


async def test_orders_by_rating_age_and_cycle_and_groups_of_roles(inflated: Path) -> None:
    async with watching(inflated) as person:
        shown = await open_payoffs(person)
        by_age = ("mcts:25", *(f"main@{n}" for n in range(1, SNAPSHOTS + 1)))
        await person.press("s")
        await person.see(lambda: shown.members == by_age)
        await person.see(person.shows("9 members by age"))
        await person.press("s")
        await person.see(person.shows("by cycle"))
        assert sorted(shown.members) == sorted(by_age)
        await person.press("S", "S")
        await person.see(person.shows("by rating"))
        await person.press("r")
        await person.see(person.shows("by rating, by role"))
        at = shown.members.index("mcts:25")
        assert at in (0, len(by_age) - 1)


async def test_only_the_marked_members_and_those_that_fit_the_filter(inflated: Path) -> None:
    async with watching(inflated) as person:
        shown = await open_payoffs(person)
        said = sentences(person)
        await person.press("x")
        assert said == ["no member is marked; space marks the row's member"]
        go_to(shown, "main@3", "main@1")
        await person.press("space")
        go_to(shown, "main@5", "main@1")
        await person.press("space", "x")
        await person.see(lambda: set(shown.members) == {"main@3", "main@5"})
        assert person.app.marked == ("main@3", "main@5")
        assert "◆" in person.text()
        await person.press("x", "slash", *"mcts @7", "enter")
        await person.see(lambda: set(shown.members) == {"mcts:25", "main@7"})
        await person.press("slash", "escape")
        await person.see(lambda: len(shown.members) == SNAPSHOTS + 1)
        assert person.screen.focused is shown
        await person.press("slash", *"nobody", "enter")
        await person.see(person.shows("no member fits the filter"))


async def test_the_mouse_selects_and_hovers(inflated: Path) -> None:
    async with watching(inflated) as person:
        shown = await open_payoffs(person)
        names, first = shown.members, shown.cell
        x, y = shown._margin + shown._width + 1, shown._stacked + 2 * shown._height
        await person.pilot.hover(Heatmap, (x + 1, y + 1))  # the border is one more
        await person.see(lambda: shown.cell == (names[2], names[1]))
        await person.pilot.hover("#payoffs-pair", (2, 2))
        await person.see(lambda: shown.cell == first)
        await person.pilot.click(Heatmap, (x + 1, y + 1))
        await person.pilot.hover("#payoffs-pair", (2, 2))
        await person.see(lambda: shown.cell == (names[2], names[1]))


async def test_the_cursor_stays_on_its_pair_while_the_league_grows(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league, size=HUGE) as person:
        shown = await open_payoffs(person)
        go_to(shown, "main@1", "random")
        await person.see(person.shows("in 4 games"))
        with open_store(league).writer() as store:
            store.add_members([Member(HOSTILE, "guest", "guest", agent="random")])
            play(store, [(HOSTILE, "random"), (HOSTILE, "main@1")] * 2, block=20)
            play(store, [("main@1", "random"), ("random", "main@1")], block=21)
        await person.see(lambda: len(shown.members) == 4)
        assert shown.cell == ("main@1", "random")
        await person.see(person.shows("in 6 games", r"\x1b"))
        assert "\x1b" not in person.text()
        go_to(shown, HOSTILE, "random")
        await person.see(person.shows(r"[red]evil[/red]\x1b]0;owned\x07 against random"))


@pytest.mark.parametrize("theme", PALETTES)
async def test_cells_have_the_colours_of_the_theme(theme: str, inflated: Path) -> None:
    async with watching(inflated, theme=theme) as person:
        shown = await open_payoffs(person)
        backgrounds = {
            segment.style.bgcolor.triplet.hex
            for y in range(shown.size.height)
            for segment in shown.render_line(y)
            if segment.style is not None and segment.style.bgcolor is not None and segment.style.bgcolor.triplet
        }
        palette = PALETTES[theme]
        assert palette.background in backgrounds
        assert len(backgrounds) > 3
        person.app.theme = next(name for name in PALETTES if name != theme)
        await person.see(lambda: PALETTES[person.app.theme].background == _corner(shown))


def _corner(shown: Heatmap) -> str:
    style = next(iter(shown.render_line(shown.size.height - 1))).style
    assert style is not None
    assert style.bgcolor is not None
    return style.bgcolor.get_truecolor().hex


async def test_without_evaluation_matches_it_says_so_and_offers_the_command(tmp_path: Path) -> None:
    league = tmp_path / "league"
    new_league(league).close()
    async with watching(league, size=WIDE) as person:
        await person.press("2")
        await person.see(person.shows("no evaluation match yet"))
        await person.press("j", "enter", "space", "s", "r", "plus", "pagedown", "G", "end", "S", "0", "minus")
        said = sentences(person)
        await person.press("y")
        assert said == [f"copied: arena payoffs {league}"]
