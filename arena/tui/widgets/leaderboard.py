"""The leaderboard: the members by rating."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from arena.tui.feed import LeagueView
from arena.tui.layout import ROOMY, Size
from arena.tui.widgets.cells import name_cell, right
from arena.tui.widgets.keyed_table import KeyedTable, Row
from arena.view.text import interval_bar, interval_text, outside_text, rating_text
from arena.view.theme import ACCENT, BAD, FAINT, GOOD, WARM
from leagues.ratings.leaderboard import Standing

_NAME_WIDTH = {"slim": 11, "narrow": 12, "wide": 20, "huge": 24}
_KEPT = 3
"""Columns that are shown even where they are cut: rank, agent, rating."""
_BAR_WIDTHS = range(8, 33)
"""Possible widths of the bars that show intervals. With less room there are no bars."""


class Leaderboard(KeyedTable):
    """The members by rating; the keys are member IDs."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "its matches")]

    def on_mount(self) -> None:
        self.border_title = "Leaderboard"

    def show_league(self, view: LeagueView, size: Size) -> None:
        """Show the members of ``view``."""
        self.border_title = f"Leaderboard ({view.standings[0].unit})" if view.standings else "Leaderboard"
        self.show(*_leaderboard_rows(view, size, self.scrollable_content_region.width))


def _leaderboard_rows(view: LeagueView, size: Size, width: int) -> tuple[list[Text], list[Row]]:
    """Column labels and rows: members with a rating best first, then the others, newest first.

    What is left of ``width`` columns holds bars that show the intervals.
    """
    labels = [right("#"), Text("agent"), right("rating")]
    if size != "slim":
        labels += [Text("95%"), right("games")]
    outside = size in ROOMY and any(each.outside is not None for each in view.standings)
    if outside:
        labels.append(Text("outside"))
    if size in ROOMY:
        labels += [right("W"), right("D"), right("L")]
    rows: list[Row] = []
    for rank, each in enumerate(view.standings, 1):
        if not each.games:
            rows.append((each.agent, _unrated(each.agent, "no games yet", FAINT, size, len(labels))))
            continue
        cells = [
            right(str(rank), FAINT),
            name_cell(each.agent, _NAME_WIDTH[size], f"bold {ACCENT}" if rank == 1 else ""),
            right(rating_text(each.rating, each.unit), "bold"),
            Text(interval_text(each.low, each.high, each.unit, dash="…"), style=FAINT),
            right(f"{each.games:,}"),
            *[Text(outside_text(each.outside), style=WARM)] * outside,
            right(f"{each.wins:,}", GOOD),
            right(f"{each.draws:,}", FAINT),
            right(f"{each.losses:,}", BAD),
        ]
        rows.append((each.agent, tuple(cells[: len(labels)])))
    listed = {each.agent for each in view.standings}
    for member in reversed(view.members):
        if member.id not in listed:
            why, style = ("rating ...", FAINT) if member.frozen else ("learning", WARM)
            rows.append((member.id, _unrated(member.id, why, style, size, len(labels))))
    columns = list(zip(labels, *(cells for _, cells in rows), strict=True))
    ends = accumulate(max(cell.cell_len for cell in column) + 2 for column in columns)
    fit = max(_KEPT, sum(end <= width for end in ends))
    labels, columns = labels[:fit], columns[:fit]
    rows = [(key, cells[:fit]) for key, cells in rows]
    left_over = width - sum(max(cell.cell_len for cell in column) + 2 for column in columns) - 2
    if left_over >= _BAR_WIDTHS.start:
        room = min(left_over, _BAR_WIDTHS.stop - 1)
        bars = _bars([each for each in view.standings if each.games], room)
        labels.append(Text(" " * room))
        rows = [(key, (*cells, bars.get(key, Text("")))) for key, cells in rows]
    return labels, rows


def _unrated(name: str, why: str, style: str, size: Size, columns: int) -> tuple[Text, ...]:
    """A row without a rating. Says why in the column of the interval, or on a slim screen in that of the rating."""
    cells = [right("·", FAINT), name_cell(name, _NAME_WIDTH[size])]
    cells += [right(why.removesuffix(" yet"), style)] if size == "slim" else [Text(""), Text(why, style=style)]
    return (*cells, *[Text("")] * (columns - len(cells)))


def _bars(standings: Sequence[Standing], width: int) -> dict[str, Text]:
    left = min((each.low for each in standings), default=0.0)
    right_end = max((each.high for each in standings), default=0.0)
    return {
        each.agent: Text(
            interval_bar(each.low, each.rating, each.high, left=left, right=right_end, width=width), style=ACCENT
        )
        for each in standings
    }
