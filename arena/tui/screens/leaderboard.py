"""The leaderboard: how good every member is, what keeps the learners, and how ratings and outside measures went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from arena.tui.feed import Query, Source
from arena.tui.keys import CHART, CHOOSE, LEADERBOARD, MEMBER_FILTER, PAGES, TABLE, Group, bindings
from arena.tui.look import look
from arena.tui.ranking import Leaderboard, Ranked
from arena.tui.screens.base import LeagueScreen
from arena.tui.ways import Ways, under_way, ways_of
from arena.tui.widgets.chart import Chart
from arena.tui.widgets.filter_input import FilterInput, fits
from arena.tui.widgets.learner_list import LearnerList
from arena.tui.widgets.plot import Plot, plot_of
from arena.tui.widgets.ranking_list import RankingList
from arena.tui.widgets.row_list import RowList
from arena.view.text import RATING, counted, plain
from arena.view.theme import WARNED

Order = Literal["rating", "outside", "games", "age", "name"]
ORDERS: tuple[Order, ...] = get_args(Order)

_BY_COLUMN: Mapping[str, Order] = {
    **dict.fromkeys(("rank", "rating", "interval", "bar"), "rating"),
    "agent": "name",
    "games": "games",
    "outside": "outside",
}
"""The order that a click on the head of a column gives."""

NO_RATING = "no snapshot is rated yet: the first ratings come when there is one and it has played"
NO_OUTSIDE = "nothing is measured from outside yet: enough games against anchors come after the first snapshot"

_FRAME = 3
"""Lines of the header and the footer."""
_LEAST_CHART = 8


@dataclass(frozen=True)
class Ranking(Query):
    """What follows from the results: a :class:`Leaderboard`."""

    def answer(self, source: Source) -> Leaderboard:
        return source.derived.board


@dataclass(frozen=True)
class Learners(Query):
    """The learners: :class:`Ways`."""

    def answer(self, source: Source) -> Ways:
        return ways_of(source)


class LeaderboardScreen(LeagueScreen):
    """The list of members; below or beside it the learners, the warnings and two charts."""

    NAME = "Leaderboard"
    GROUPS: ClassVar[tuple[Group, ...]] = (LEADERBOARD, CHOOSE, TABLE, PAGES, CHART, MEMBER_FILTER)
    BINDINGS: ClassVar[list[BindingType]] = bindings(LEADERBOARD)

    def __init__(self) -> None:
        super().__init__()
        self._order: Order = "rating"
        self._turned = False
        self._words: tuple[str, ...] = ()
        self._trains = False  # whether the learners are shown on their way
        self._ranks: dict[str, int] = {}  # as they were when the person opened the league
        self._ranked: datetime | None = None  # when that league was made; None before there are ranks

    def body(self) -> ComposeResult:
        with Container(id="board"):
            with Container(id="board-main"):
                yield RankingList(id="board-list")
                yield FilterInput(id="board-filter", behind="board-list")
                yield LearnerList(id="board-learners")
                with VerticalScroll(id="board-notes"):
                    yield Static(markup=False)
            with Container(id="board-charts"):
                yield Chart(id="board-ratings", classes="pane")
                yield Chart(id="board-outside", classes="pane")

    def on_mount(self) -> None:
        self.set_focus(self.ranking)

    @property
    def ranking(self) -> RankingList:
        """The members."""
        return self.query_one(RankingList)

    @property
    def board(self) -> Leaderboard:
        """The newest answer."""
        return self.answer(Ranking()) or Leaderboard()

    @property
    def learners(self) -> Ways:
        """The newest answer."""
        return self.answer(Learners()) or Ways()

    def queries(self) -> Sequence[Query]:
        return Ranking(), Learners()

    def command(self) -> Sequence[str]:
        return "leaderboard", str(self.arena.folder)

    # Showing

    def show(self, query: Query, value: Any) -> None:
        board = self.board
        self._lay_out(board)
        if isinstance(query, Learners):
            self._show_learners()
            self._show_list(board)  # its title counts the learners
            return
        league = None if self.view is None else self.view.info.created_at
        if board.rated and league != self._ranked:
            self._ranked, self._ranks = league, _ranks(board)
        self._show_list(board)
        self._show_notes(board)
        self._show_charts(board)

    def _show_learners(self) -> None:
        self._trains = under_way(self.arena.run_state())
        self.query_one(LearnerList).show_ways(self.learners.ways, self.learners.problem, trains=self._trains)

    def show_status(self) -> None:
        super().show_status()
        if self._alive and self._trains != under_way(self.arena.run_state()):  # a run may end without another answer
            self._show_learners()

    def _show_list(self, board: Leaderboard) -> None:
        rows = self._shown(board)
        empty = RATING if not board.rated else "no member fits the filter" if board.rows else "no member yet"
        self.ranking.show_ranking(rows, ranks=self._ranks, marked=self.arena.marked, best=board.best, empty=empty)
        title = Text("Leaderboard ").append(counted(len(board.rows), "member") if board.rated else RATING, "not bold")
        if board.rated and self.learners.ways:  # the header counts them too
            title.append(f" and {counted(len(self.learners.ways), 'learner')}", "not bold")
        if self._words:
            title.append(f", {len(rows):,} shown", "not bold")
        if self.arena.marked:
            title.append(f", {len(self.arena.marked)} marked", "not bold")
        self.ranking.border_title = title
        order = f"by {self._order}{' ↑' if self._turned else ''}"
        dim = "dim: few games" * any(row.thin for row in rows)
        plainly = self._order == "rating" and not self._turned
        self.ranking.border_subtitle = "   ".join(filter(None, [dim] if plainly else [order, dim]))

    def _shown(self, board: Leaderboard) -> list[Ranked]:
        """The rows that fit the filter, in the person's order."""
        rows = [row for row in board.rows if fits(self._words, row.standing.agent, row.standing.role)]
        if self._order == "outside":
            rows.sort(key=_by_outside)
        elif self._order == "games":
            rows.sort(key=lambda row: -row.standing.games)
        elif self._order == "age":
            rows.sort(key=lambda row: -row.joined)
        elif self._order == "name":
            rows.sort(key=lambda row: (row.learner_id or row.standing.agent, row.standing.generation or 0))
        return rows[::-1] if self._turned else rows

    def _show_notes(self, board: Leaderboard) -> None:
        text = Text()
        for note in board.notes:
            text.append("\n" if text else "").append(f"{WARNED} ", f"bold {look().warm}").append(f"{plain(note.text)}.")
        notes = self.query_one("#board-notes", VerticalScroll)
        notes.display = bool(text)
        notes.query_one(Static).update(text)

    def _show_charts(self, board: Leaderboard) -> None:
        marked = [row for row in map(board.row, self.arena.marked) if row is not None]
        only = {row.learner_id for row in marked if row.learner_id}
        first, second = self.query_one("#board-ratings", Chart), self.query_one("#board-outside", Chart)
        ratings, outside = board.ratings, board.outside
        for chart, course, title, empty in (
            (first, ratings, "Ratings over training", NO_RATING),
            (second, outside, "Outside measure", NO_OUTSIDE),
        ):
            chart.show(Plot(empty=empty if board.rated else RATING) if course is None else plot_of(course, only=only))
            chart.border_title = Text(title if course is None else course.title)
            chart.border_subtitle = Text("" if course is None else course.axis)

    def _lay_out(self, board: Leaderboard) -> None:
        """Give the list the lines that it needs, and the charts what is left, below it or beside it."""
        width, height = self.app.size.width, self.app.size.height - _FRAME
        needed = 3 + max(1, len(self._shown(board)))
        ways = self.learners
        learners = min(len(ways.ways), max(1, height // 6))
        wanted = sum(-(-(cell_len(note.text) + 12) // max(1, width - 4)) for note in board.notes)  # lines break early
        notes = min(wanted, max(3, height // 3))
        beside = width >= 150 and needed > height // 2
        charts = self.query_one("#board-charts")
        self.query_one("#board").set_class(beside, "-beside")
        rest = height - learners - notes
        least = _LEAST_CHART if width < 110 or height < 30 else max(_LEAST_CHART, height * 2 // 5)
        lines = rest if beside else max(rest - needed, least)
        charts.display = beside or (height >= 20 and rest - lines >= min(6, needed))
        charts.styles.height = "1fr" if beside else lines
        # A league without anchors and measures gives the room to its ratings.
        measured = board.outside is not None or board.ratings is None
        self.query_one("#board-outside").display = measured and (beside or width >= 110)
        self.query_one(LearnerList).styles.height = learners
        self.query_one(LearnerList).display = bool(ways.ways or ways.problem)
        scroll = self.query_one("#board-notes", VerticalScroll)
        scroll.styles.max_height = max(3, height // 3)
        scroll.can_focus = wanted > notes  # by tab, to read on

    # Keys and mouse

    def action_sort(self, by: int) -> None:
        """Another order: the next one, or with -1 the one before."""
        self._order = ORDERS[(ORDERS.index(self._order) + by) % len(ORDERS)]
        self._show_list(self.board)

    @on(RowList.HeadClicked)
    def _sort_by_column(self, message: RowList.HeadClicked) -> None:
        """Order by the column that was clicked; the other way round if the rows have that order already."""
        order = _BY_COLUMN.get(self.ranking.column_at(message.x) or "")
        if order is not None:
            self._turned = order == self._order and not self._turned
            self._order = order
            self._show_list(self.board)

    def action_mark(self) -> None:
        """Mark the member under the cursor, or remove its mark."""
        if self.ranking.key is not None:
            self.arena.mark(self.ranking.key)
            self._show_list(self.board)
            self._show_charts(self.board)

    def action_matches(self) -> None:
        """List the matches of the member under the cursor."""
        if self.ranking.key is not None:
            self.arena.list_matches(self.ranking.key)

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        self.arena.open_agent(message.key)

    @on(LearnerList.Chosen)
    def _learner_chosen(self, message: LearnerList.Chosen) -> None:
        self.arena.open_agent(message.learner)

    def step_back(self) -> bool:
        """Show all members again."""
        return self.query_one(FilterInput).remove_filter()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterInput).open()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._words = self.query_one(FilterInput).words
        self._show_list(self.board)


def _ranks(board: Leaderboard) -> dict[str, int]:
    return {row.standing.agent: row.rank for row in board.rows if row.rank is not None}


def _by_outside(row: Ranked) -> tuple[bool, str, float]:
    """The best first, by what was measured: a small NashConv is good, a large score or return is."""
    outside = row.standing.outside
    if outside is None:
        return True, "", 0.0
    return False, outside.against or outside.name, outside.value if outside.name == "nash_conv" else -outside.value
