"""Cells: a name that is too long keeps what tells snapshots apart."""

from __future__ import annotations

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import Static

from arena.tui.widgets.cells import interval_bar, name_cell, strip_of


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("main@12", 12, "main@12"),
        ("main_exploiter@12", 12, "main_exp…@12"),
        ("main_exploiter", 8, "main_ex…"),
        ("main@1234567", 6, "main@…"),
    ],
)
def test_a_name_keeps_its_generation(name: str, width: int, shown: str) -> None:
    cell = name_cell(name, width)
    assert cell.plain == shown
    assert cell.cell_len <= width


@pytest.mark.parametrize(
    ("low", "at", "high", "drawn"),
    [
        (0.25, 0.5, 0.75, "  ━━●━━  "),
        (0.75, 0.875, 1.0, "    │ ━●━"),
        (None, 0.0, None, "●   │    "),  # an interval that nobody knows
        (-5.0, -3.0, 0.25, "●━━ │    "),  # what lies outside of the axis
        (0.0, None, 0.25, "━━━ │    "),
    ],
)
def test_an_interval_stands_on_its_axis(low: float | None, at: float | None, high: float | None, drawn: str) -> None:
    assert interval_bar(low, at, high, axis=(0.0, 1.0), mark=0.5, width=9, colour="red").plain == drawn


class Line(App[None]):
    """An app with a widget whose lines are made."""

    def compose(self) -> ComposeResult:
        yield Static()


async def test_a_line_without_room_ends_with_an_ellipsis() -> None:
    async with (app := Line()).run_test():
        widget = app.query_one(Static)
        assert strip_of(widget, Text("won against main@1"), 10).text == "won again…"
        assert strip_of(widget, Text("won"), 5).text == "won  "
