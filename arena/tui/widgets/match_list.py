"""The match list: the newest matches."""

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
from arena.view.outcome import returns_text, seat_results
from arena.view.text import plain
from arena.view.theme import ACCENT, FAINT, SEATS
from leagues.records import Match

_SEATS_WIDTH = {"slim": 18, "narrow": 21, "wide": 34, "huge": 40}
_KEPT = 3
"""Columns that are shown even where they are cut: match, seats, returns."""
_SEPARATOR = " · "
_LEAST_NAME = 6
"""Columns that a member's name has at least."""


class MatchList(KeyedTable):
    """The newest matches; the keys are match IDs."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "replay")]

    def show_league(self, view: LeagueView, size: Size) -> None:
        """Show the matches of ``view``."""
        self.show(*_match_rows(view.matches, view.info.teams, size, self.scrollable_content_region.width))
        of = "" if view.only is None else f" of {plain(view.only)}"
        self.border_title = Text(f"Matches{of}")


def _match_rows(matches: Sequence[Match], teams: Sequence[int], size: Size, width: int) -> tuple[list[Text], list[Row]]:
    """Column labels and rows, in the order given. On a roomy screen, columns that do not fit ``width`` are left out."""
    labels = [right("match"), Text("seats")]
    # A narrow list has no room for the returns of many seats; the colours and the board show the outcome, too.
    with_returns = size in ROOMY or (size == "narrow" and all(len(match.seats) <= 2 for match in matches))
    if with_returns:
        labels.append(right("returns"))
    if size in ROOMY:
        labels += [right("plies"), Text("kind"), Text("started")]
    rows: list[Row] = []
    for match in matches:
        cells = [right(str(match.id), FAINT), _seats(match, teams, _SEATS_WIDTH[size])]
        if with_returns:
            cells.append(right(returns_text(match) if match.fault is None else match.ending))
        if size in ROOMY:
            cells.append(right(f"{match.plies:,}"))
            cells.append(Text(match.kind, style=ACCENT if match.kind == "evaluation" else FAINT))
            cells.append(Text(f"{match.started_at.astimezone():%H:%M:%S}", style=FAINT))
        rows.append((str(match.id), tuple(cells)))
    columns = list(zip(labels, *(cells for _, cells in rows), strict=True))
    ends = accumulate(max(cell.cell_len for cell in column) + 2 for column in columns)
    fit = max(_KEPT, sum(end <= width for end in ends))
    return labels[:fit], [(key, cells[:fit]) for key, cells in rows]


def _seats(match: Match, teams: Sequence[int], width: int) -> Text:
    """The members by seat, coloured by their results."""
    each = max(_LEAST_NAME, (width - len(_SEPARATOR) * (len(match.seats) - 1)) // len(match.seats))
    line = Text()
    for seat, (name, result) in enumerate(zip(match.seats, seat_results(match, teams), strict=True)):
        if seat:
            line.append(_SEPARATOR, FAINT)
        line.append(name_cell(name, each, SEATS[result]))
    return line
