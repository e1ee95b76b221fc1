"""The training screen: tiles for what the league has, read at one step."""

from __future__ import annotations

from pathlib import Path

import pytest
from learned_league import learn
from small_league import new_league, played_league
from tui_person import HUGE, SIZES, SLIM, WIDE, Person, watching

from arena.tui.screens.training import WINDOWS, Tile, TrainingScreen
from arena.view.theme import PALETTES
from leagues.records import Measure
from leagues.store import open_store


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league of 40 iterations."""
    folder = tmp_path_factory.mktemp("league") / "trained"
    with new_league(folder) as store:
        learn(store, range(1, 41))
    return folder


async def open_training(person: Person) -> TrainingScreen:
    await person.press("4")
    await person.see(lambda: isinstance(person.screen, TrainingScreen) and bool(tiles(person)))
    await person.see(person.shows("steps"))
    assert isinstance(person.screen, TrainingScreen)
    return person.screen


def tiles(person: Person) -> list[Tile]:
    return list(person.screen.query(Tile))


def titles(person: Person) -> list[str]:
    return [str(tile.border_title) for tile in tiles(person)]


@pytest.mark.parametrize("size", SIZES)
async def test_at_every_size_tiles_fill_the_room(size: tuple[int, int], trained: Path) -> None:
    async with watching(trained, size=size) as person:
        await open_training(person)
        assert titles(person) == [
            "Training games against frozen members",
            "Training games of main",
            "Entropy",
            "Value loss",
            "Speed",
            "Plies per game",
            "Seconds by stage",
            "Memory",
            "CPU",
        ]
        await person.see(person.shows("1 to 40", "Training games of main", "Entropy" if size != SLIM else "main"))
        columns = min(4, (size[0] - 1) // 38)
        tops = {tile.region.y for tile in tiles(person)}
        assert len(tops) == -(-9 // columns)
        right = max(tile.region.right for tile in tiles(person))
        assert size[0] - 2 <= right <= size[0]


async def test_keys_choose_a_tile_and_enlarge_it(trained: Path) -> None:
    async with watching(trained) as person:
        screen = await open_training(person)
        there = tiles(person)
        assert screen.focused is there[0]
        for key, at in [("j", 3), ("k", 0), ("end", 8), ("g", 0), ("tab", 1), ("down", 4)]:
            await person.press(key)
            assert screen.focused is there[at], key
        await person.press("enter")
        await person.see(lambda: there[4].size.height > 25 and not there[0].display)
        await person.press("j")
        await person.see(lambda: there[5].display and not there[4].display)
        await person.press("escape")
        await person.see(lambda: all(tile.display for tile in there))
        assert person.screen is screen
        await person.press("enter", "enter")
        await person.see(lambda: all(tile.display for tile in there))
        await person.press("escape")
        await person.see(lambda: person.screen is not screen)


async def test_all_tiles_are_read_at_the_same_step(trained: Path) -> None:
    async with watching(trained, size=HUGE) as person:
        await open_training(person)
        await person.press("left", "left")
        there = tiles(person)
        await person.see(lambda: there[0].cursor is not None and len({tile.cursor for tile in there}) == 1)
        assert person.text().count("k steps") == len(there)
        await person.press("j")
        assert there[-1].cursor == there[0].cursor is not None  # it stays when one goes on
        await person.press("n")
        await person.see(lambda: {tile.cursor for tile in there} == {None})
        await person.pilot.hover(there[3], (20, 4))
        await person.see(lambda: there[0].cursor is not None and len({tile.cursor for tile in there}) == 1)


async def test_windows_smoothing_and_log_scale(trained: Path) -> None:
    async with watching(trained) as person:
        await open_training(person)
        await person.press("w", "w")
        await person.see(person.shows("37 to 40", "the newest 10%"))
        await person.press(*["w"] * (len(WINDOWS) - 2))
        await person.see(person.shows("1 to 40", "all iterations", "not smoothed", "linear"))
        await person.press("e", "o")
        await person.see(person.shows("smoothed 0.7", "log"))
        assert all(tile.plot.log for tile in tiles(person))


async def test_a_logarithmic_scale_says_what_it_cannot_show_and_escape_shrinks_first(tmp_path: Path) -> None:
    league = tmp_path / "league"
    with new_league(league) as store:
        measures = [Measure("mean_return", "main", k, 100 * k, float(k - 3)) for k in range(1, 7)]
        lost = [Measure("nash_conv", "main", k, 100 * k, -1.0) for k in range(1, 7)]
        store.record(measures=[*measures, *lost])
        learn(store, range(1, 7))
    async with watching(league, size=HUGE) as person:
        await open_training(person)
        await person.press("o")
        await person.see(person.shows("3 ≤ 0 left out"))
        (never,) = [tile for tile in tiles(person) if "NashConv" in str(tile.border_title)]
        await person.see(lambda: "no point is above 0" in " ".join(_text(never).split()))
        await person.press("o")
        await person.see(lambda: "left out" not in person.text() and "no point is above" not in person.text())
        await person.press("enter")
        await person.see(lambda: sum(tile.display for tile in tiles(person)) == 1)
        await person.press("escape")
        await person.see(lambda: all(tile.display for tile in tiles(person)))
        assert person.screen.NAME == "Training"
        await person.press("escape")
        assert person.screen.NAME == "Leaderboard"


def _text(tile: Tile) -> str:
    return "\n".join(tile.render_line(y).text for y in range(tile.size.height))


async def test_tiles_come_with_what_the_league_learns(tmp_path: Path) -> None:
    league = tmp_path / "league"
    new_league(league).close()
    async with watching(league, size=WIDE) as person:
        await person.press("4")
        await person.see(person.shows("no iteration yet"))
        await person.press("j", "enter", "e", "o", "left", "G", "escape")
        assert person.screen.NAME == "Leaderboard"  # nothing was enlarged
        await person.press("4")
        with open_store(league).writer() as store:
            learn(store, range(1, 3))
        await person.see(person.shows("1 to 2", "Entropy", "Seconds by stage"))
        there = tiles(person)
        await person.press("j")
        focused = person.screen.focused
        with open_store(league).writer() as store:
            learn(store, range(3, 6))
        await person.see(person.shows("1 to 5"))
        assert tiles(person) == there
        assert person.screen.focused is focused


@pytest.mark.parametrize("theme", PALETTES)
async def test_a_change_of_theme_reaches_the_curves(theme: str, trained: Path) -> None:
    async with watching(trained, theme=theme) as person:
        await open_training(person)
        assert PALETTES[theme].lines[0] in _colours(tiles(person)[0])
        person.app.theme = next(name for name in PALETTES if name != theme)
        await person.see(lambda: PALETTES[person.app.theme].lines[0] in _colours(tiles(person)[0]))


def _colours(tile: Tile) -> set[str]:
    return {
        segment.style.color.get_truecolor().hex
        for y in range(tile.size.height)
        for segment in tile.render_line(y)
        if segment.style is not None and segment.style.color is not None
    }


async def test_it_offers_the_command_that_draws_the_same(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        screen = await open_training(person)
        assert screen.command() == ("plot", str(league), "-o", "training.png")
