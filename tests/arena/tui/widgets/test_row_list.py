"""Row lists: only what is in sight is painted, and the cursor stays on its key."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from arena.tui.widgets.row_list import RowList


class Rows(App[None]):
    """An app with one list."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[str] = []
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield RowList()

    def show(self, keys: Iterable[object]) -> RowList:
        rows = self.query_one(RowList)
        rows.show_rows([str(key) for key in keys], self.paint, lambda width: Text("head"), empty="nothing here yet")
        return rows

    def paint(self, key: str, width: int) -> Text:
        self.painted.append(key)
        return Text(f"row {key}")

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        self.chosen.append(message.key)

    def lines(self) -> list[str]:
        rows = self.query_one(RowList)
        return [rows.render_line(y).text.rstrip() for y in range(rows.size.height)]


async def test_of_many_rows_only_those_in_sight_are_painted() -> None:
    app = Rows()
    async with app.run_test(size=(40, 12)) as pilot:
        app.show(range(100_000))
        await pilot.pause()
        assert 0 < len(set(app.painted)) < 30
        app.query_one(RowList).focus()
        await pilot.press("G")
        assert app.lines()[-1] == "row 99999"
        assert app.lines()[0] == "head"


async def test_the_cursor_moves_by_every_key_and_stays_in_sight() -> None:
    app = Rows()
    async with app.run_test(size=(40, 12)) as pilot:
        rows = app.show(range(50))
        rows.focus()
        await pilot.press("j", "down", "k")
        assert rows.key == "1"
        await pilot.press("end")
        assert rows.key == "49"
        await pilot.press("home", "pagedown")
        assert rows.key == str(rows._room)
        assert f"row {rows.key}" in app.lines()
        await pilot.press("ctrl+d")
        assert rows.key == str(2 * rows._room)
        await pilot.press("ctrl+u")
        assert rows.key == str(rows._room)
        await pilot.press("pageup", "enter")
        assert app.chosen == ["0"]


async def test_when_rows_come_above_it_the_cursor_stays_on_its_key_and_its_line() -> None:
    app = Rows()
    async with app.run_test(size=(40, 12)) as pilot:
        rows = app.show(range(10, 60))
        rows.focus()
        await pilot.press(*["j"] * 20)
        line = app.lines().index("row 30")
        app.show(range(60))
        await pilot.pause()
        assert rows.key == "30"
        assert app.lines().index("row 30") == line
        app.show(range(5))
        await pilot.pause()
        assert rows.key == "4"


async def test_a_click_goes_to_a_row_and_another_one_chooses_it() -> None:
    app = Rows()
    async with app.run_test(size=(40, 12)) as pilot:
        rows = app.show(range(50))
        await pilot.pause()
        await pilot.click(RowList, offset=(5, 3))
        assert (rows.key, app.chosen) == ("2", [])
        await pilot.click(RowList, offset=(5, 3))
        assert app.chosen == ["2"]


@pytest.mark.parametrize("width", [8, 40])
async def test_without_rows_it_says_what_is_missing(width: int) -> None:
    app = Rows()
    async with app.run_test(size=(width, 12)) as pilot:
        rows = app.show([])
        await pilot.pause()
        assert " ".join(" ".join(app.lines()).split()) == "head nothing here yet"
        rows.focus()
        await pilot.press("j", "G", "enter")
        assert rows.key is None
