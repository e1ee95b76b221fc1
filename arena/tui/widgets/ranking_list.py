"""The rows of the leaderboard: as many columns as fit, and in the rest of the width a bar on a common axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from rich.cells import cell_len
from rich.text import Text

from arena.tui.look import look
from arena.tui.widgets.cells import fitted, interval_bar, joined, name_cell
from arena.tui.widgets.row_list import RowList
from arena.view.text import interval_text, measure_text, plain, rating_text, signed

if TYPE_CHECKING:  # it loads NumPy, which the first paint need not wait for
    from arena.tui.ranking import Ranked

MARK, ANCHOR = "▌", "◇"
_MARK_WIDTH = 1
_LEAST_BAR, _MOST_BAR = 10, 72
_AFTER_AXIS = 2
"""Blanks after the right end of the axis, which would read as a part of the next column's label otherwise."""
_LEAST_NAME = 10
_FORM = "▁▂▃▄▅▆▇"


_Name = Literal["rank", "change", "agent", "role", "rating", "interval", "bar", "games", "results", "form", "outside"]
_ORDER: tuple[_Name, ...] = get_args(_Name)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column.

    Attributes:
        name: which one it is.
        label: what stands above it.
        width: in columns of the terminal.
        right: whether it is aligned to the right.
    """

    name: _Name
    label: str
    width: int
    right: bool = False


class RankingList(RowList):
    """The leaderboard. The bar is there at every width: other columns leave before it does."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: dict[str, Ranked] = {}
        self._ranks: Mapping[str, int] = {}
        self._marked: tuple[str, ...] = ()
        self._best: str | None = None
        self._axis: tuple[float, float] | None = None
        self._columns: tuple[int, tuple[_Column, ...]] = (0, ())

    def show_ranking(
        self,
        rows: Sequence[Ranked],
        *,
        ranks: Mapping[str, int],
        marked: Sequence[str] = (),
        best: str | None = None,
        empty: str = "",
    ) -> None:
        """Show these rows in this order.

        Args:
            rows: the rows.
            ranks: earlier ranks, from which changes are counted.
            marked: IDs of marked members.
            best: ID of the best member.
            empty: what is said where there is no row.
        """
        before, self._rows = self._rows, {row.standing.agent: row for row in rows}
        if before != self._rows:  # another order needs no other columns
            self._columns = (0, ())
        self._ranks, self._marked, self._best = ranks, tuple(marked), best
        self._axis = _axis(rows)
        self.show_rows(list(self._rows), self._paint_row, self._paint_head if rows else None, empty=empty)

    def column_at(self, x: int) -> str | None:
        """Name of the column that a click at ``x`` means; None beside them."""
        width = self.scrollable_content_region.width
        right = _MARK_WIDTH
        for column in self._laid_out(width):
            right += column.width + _gap(width)
            if x < right:
                return column.name
        return None

    def _laid_out(self, width: int) -> tuple[_Column, ...]:
        if self._columns[0] != width:
            self._columns = width, _columns(list(self._rows.values()), width)
        return self._columns[1]

    def _paint_head(self, width: int) -> Text:
        colours, cells = look(), []
        for column in self._laid_out(width):
            label = self._axis_label(column.width) if column.name == "bar" else Text(column.label)
            cells.append(fitted(label, column.width, right=column.right))
        line = Text(" ").append_text(joined(cells, _gap(width)))
        line.stylize(colours.faint)
        return line

    def _paint_row(self, key: str, width: int) -> Text:
        row = self._rows[key]
        mark = Text(MARK if key in self._marked else " ", look().accent)
        cells = [fitted(self._cell(column, row), column.width, right=column.right) for column in self._laid_out(width)]
        return mark.append_text(joined(cells, _gap(width)))

    def _cell(self, column: _Column, row: Ranked) -> Text:
        colours, standing = look(), row.standing
        match column.name:
            case "rank":
                return Text("-" if row.rank is None else str(row.rank), colours.faint)
            case "change":
                return self._change(row)
            case "agent":
                style = "bold" if row.learner is not None else colours.secondary if not row.anchor else colours.faint
                name = Text(f"{ANCHOR} ", colours.faint) if row.anchor else Text()
                return name.append_text(name_cell(standing.agent, column.width - name.cell_len, style))
            case "role":
                return Text(plain(standing.role).replace("_", " "), _colour(row))
            case "rating":
                style = f"bold {colours.good}" if standing.agent == self._best else "bold"
                return Text(_rating(row), colours.faint if row.thin or not standing.games else style)
            case "interval":
                return Text(_interval(row), colours.faint)
            case "games":
                return Text(f"{standing.games:,}", "" if standing.games else colours.faint)
            case "results":
                return _results(row)
            case "form":
                return form_marks(row.form)
            case "outside":
                return _outside(row)
            case "bar":
                return self._bar(row, column.width)

    def _change(self, row: Ranked) -> Text:
        colours, before = look(), self._ranks.get(row.standing.agent)
        if row.rank is None:
            return Text()
        if before is None:
            return Text("new", colours.accent)
        if before == row.rank:
            return Text("·", colours.faint)
        return (
            Text(f"▲{before - row.rank}", colours.good)
            if before > row.rank
            else Text(f"▼{row.rank - before}", colours.bad)
        )

    def _axis_label(self, width: int) -> Text:
        if self._axis is None:
            return Text()
        unit = next(row.standing.unit for row in self._rows.values())
        left, right = (rating_text(end, unit) for end in self._axis)
        room = width - _AFTER_AXIS - len(left) - len(right)
        if room < 1:
            return Text()
        label = unit if len(unit) + 2 <= room else ""
        return Text(f"{left}{label:^{room}}{right}")

    def _bar(self, row: Ranked, width: int) -> Text:
        """The interval and the rating, if it has one, on the axis of all rows, with a line at 0, the anchor."""
        if self._axis is None:
            return Text()
        standing = row.standing
        reaches = standing.games and standing.low < standing.high
        low, high = (standing.low, standing.high) if reaches else (None, None)
        at = standing.rating if standing.games else None
        colour = look().faint if row.thin else look().good if standing.agent == self._best else _colour(row)
        return interval_bar(low, at, high, axis=self._axis, mark=0.0, width=width, colour=colour)


def _gap(width: int) -> int:
    """Blanks between columns."""
    return 1 if width < 100 else 2


def form_marks(form: Sequence[float]) -> Text:
    """The newest blocks as bars, oldest first: the higher and the greener, the more was won."""
    colours, text = look(), Text(no_wrap=True)
    for score in form:
        colour = colours.good if score > 0.5 else colours.bad if score < 0.5 else colours.faint
        text.append(_FORM[round((len(_FORM) - 1) * score)], colour)
    return text


def _colour(row: Ranked) -> str:
    """The colour of a row: that of its learner's curves."""
    colours = look()
    if row.learner is not None:
        return colours.lines[row.learner % len(colours.lines)]
    return colours.faint


def _results(row: Ranked) -> Text:
    colours, standing = look(), row.standing
    if row.mean_return is not None:
        return Text(signed(round(row.mean_return, 3)), colours.good if row.mean_return > 0 else "")
    return Text.assemble(
        (f"{standing.wins:,}", colours.good),
        ("/", colours.faint),
        (f"{standing.draws:,}", colours.faint),
        ("/", colours.faint),
        (f"{standing.losses:,}", colours.bad),
    )


def _outside(row: Ranked) -> Text:
    colours, outside = look(), row.standing.outside
    if outside is None:
        return Text("-", colours.faint)
    if outside.against is None:
        return Text.assemble(f"{outside.value:.3g}", (f" {measure_text(outside.name)}", colours.faint))
    return Text.assemble(f"{outside.value:.2f}", (f" {plain(outside.against)}", colours.faint))


def _axis(rows: Sequence[Ranked]) -> tuple[float, float] | None:
    """The ends of the common axis: all ratings of members with games, and their intervals as far as these do not push
    the others together. None before there is a rating."""
    played = [row.standing for row in rows if row.standing.games]
    if not played:
        return None
    low, high = min(each.rating for each in played), max(each.rating for each in played)
    room = (high - low) / 2 or max(each.high - each.low for each in played)
    left = max(min(each.low for each in played), low - room)
    right = min(max(each.high for each in played), high + room)
    return (left, right) if left < right else (left - 1.0, right + 1.0)  # nothing but the anchor


def _columns(rows: Sequence[Ranked], width: int) -> tuple[_Column, ...]:
    """The columns that fit, in their order. The more useful ones are taken first; what is left is the bar's."""

    def widest(text: Callable[[Ranked], str], label: str = "") -> int:
        return max([cell_len(label), *(cell_len(text(row)) for row in rows)])

    gap = _gap(width)
    graded = any(row.mean_return is not None for row in rows)
    name = widest(lambda row: plain(row.standing.agent) + (" " * 2 if row.anchor else ""), "agent")
    outside = widest(lambda row: _outside(row).plain, "outside")
    results = "return" if graded else "won/drawn/lost" if width > 120 else "w/d/l"

    def right(name: _Name, label: str, text: Callable[[Ranked], str]) -> _Column:
        return _Column(name, label, widest(text, label), right=True)

    wanted = (
        _Column("rank", "", len(str(len(rows))), right=True),
        _Column("agent", "agent", min(name, max(_LEAST_NAME, width // 5))),
        right("rating", "rating", _rating),
        _Column("interval", "95%", widest(_interval, "no games")),
        _Column("change", "", 3 if len(rows) < 100 else 4),
        *([_Column("form", "form", 8)] if any(row.form for row in rows) else []),
        right("games", "games", lambda row: f"{row.standing.games:,}"),
        right("results", results, lambda row: _results(row).plain),
        *([_Column("outside", "outside", min(24, outside))] if any(row.standing.outside for row in rows) else []),
        _Column("role", "role", min(16, widest(lambda row: plain(row.standing.role), "role"))),
    )
    room = width - 1 - _LEAST_BAR
    taken: dict[_Name, _Column] = {}
    for column in wanted:
        if room >= column.width + gap:
            taken[column.name] = column
            room -= column.width + gap
    taken["bar"] = _Column("bar", "", min(_MOST_BAR, _LEAST_BAR + max(0, room)))
    return tuple(taken[name] for name in _ORDER if name in taken)


def _rating(row: Ranked) -> str:
    standing = row.standing
    return rating_text(standing.rating, standing.unit) if standing.games else "-"


def _interval(row: Ranked) -> str:
    standing = row.standing
    return interval_text(standing.low, standing.high, standing.unit) if standing.games else "no games"
