"""Tables keep their cursor when rows come and go."""

from __future__ import annotations

from rich.text import Text
from textual.app import App, ComposeResult

from arena.tui.widgets.keyed_table import KeyedTable


class Numbers(App[None]):
    """An app with one table."""

    def compose(self) -> ComposeResult:
        yield KeyedTable()

    def show(self, *numbers: int) -> KeyedTable:
        table = self.query_one(KeyedTable)
        table.show([Text("number"), Text("words")], [(str(n), (Text(str(n)), Text(f"row {n}"))) for n in numbers])
        return table


async def test_new_rows_come_in_without_moving_the_cursor() -> None:
    app = Numbers()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.show(*range(50, 0, -1))
        table.focus()
        await pilot.press(*["j"] * 20)
        assert table.key == "30"
        top = table.scroll_y
        app.show(*range(53, 0, -1))
        await pilot.pause()
        assert table.key == "30"
        assert table.scroll_y == top + 3
        assert table.keys[:4] == ("53", "52", "51", "50")


async def test_when_its_row_goes_the_cursor_stays_in_its_place() -> None:
    app = Numbers()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.show(1, 2, 3, 4)
        table.focus()
        await pilot.press("j", "j")
        app.show(1, 2, 4)
        await pilot.pause()
        assert table.key == "4"
        app.show(1)
        await pilot.pause()
        assert table.key == "1"


async def test_home_and_end_move_to_the_first_and_the_last_row() -> None:
    app = Numbers()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.show(*range(30))
        table.focus()
        for last, first in (("G", "g"), ("end", "home")):
            await pilot.press(last)
            assert table.key == "29"
            await pilot.press(first)
            assert table.key == "0"
