"""The training: a tile with a chart for each thing that the league has curves of, read at the same step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from arena.tui.feed import Query, Source
from arena.tui.keys import CHART, TILES, TRAINING, Group, bindings
from arena.tui.look import look
from arena.tui.screens.base import LeagueScreen
from arena.tui.widgets.chart import Chart
from arena.tui.widgets.plot import Mark, plot_of
from arena.view.course.curves import Chart as Curves
from arena.view.course.curves import smoothed, thinned
from arena.view.course.training import Training, training
from arena.view.text import LOADING, plain

WINDOWS = (1.0, 0.5, 0.1, 0.02)
"""Newest parts of the iterations that can be shown."""

WEIGHTS = (0.0, 0.7, 0.95)
"""Weights of what was before when curves are smoothed."""

_TILE = 38, 9
"""Least columns and lines of a tile; of a short terminal, fewer lines."""

MOST_POINTS = 200
"""Most points of a curve. A tile as wide as the terminal shows about as many."""

_SHORT_TILE = 6

_MOST_COLUMNS = 4

NOT_ABOVE_0 = "no point is above 0, so a logarithmic axis has none; o: a linear one"


@dataclass(frozen=True)
class Course(Query):
    """The course of training: :class:`arena.view.course.training.Training`, or None before the first iteration.

    Attributes:
        part: the newest part of the iterations.
        weight: of what was before, for smoothing; 0 for none.
    """

    part: float = 1.0
    weight: float = 0.0

    def answer(self, source: Source) -> Training | None:
        found = training(source.reader, part=self.part, payoffs=source.derived.payoffs, most=MOST_POINTS)
        if found is None:
            return None
        return replace(found, charts=tuple(smoothed(chart, self.weight) for chart in found.charts))


class Tile(Chart):
    """A chart with a title, which the person can enlarge."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(TILES)
    KEEPS_CURSOR = True  # all tiles read the same step, also when the person goes on to another one

    def on_mount(self) -> None:
        self.add_class("pane")

    async def on_click(self, event: events.Click) -> None:
        """Do what enter does at the second of two clicks."""
        if event.chain == 2:
            await self.run_action("screen.enlarge")

    def show_curves(self, curves: Curves, course: Training, *, log: bool, width: int) -> None:
        """Show curves of the course in about ``width`` columns."""
        self.border_title, self.border_subtitle = Text(curves.title), Text(curves.unit)
        plot = plot_of(thinned(curves, width))
        self.show(
            replace(
                plot,
                marks=tuple(Mark(each.step, each.member, each.place) for each in course.snapshots),
                log=log,
                empty=NOT_ABOVE_0 if log else plot.empty,
                x_name="steps",
                x_range=course.steps if course.steps[0] < course.steps[1] else None,
                y_least=0.0 if curves.from_zero and not log else None,
            )
        )


class TrainingScreen(LeagueScreen):
    """The tiles."""

    NAME = "Training"
    GROUPS: ClassVar[tuple[Group, ...]] = (TRAINING, TILES, CHART)
    BINDINGS: ClassVar[list[BindingType]] = bindings(TRAINING)

    def __init__(self) -> None:
        super().__init__()
        self._part = WINDOWS[0]
        self._weight = WEIGHTS[0]
        self._log = False
        self._tiles: dict[str, Tile] = {}
        self._large: Tile | None = None
        self._columns, self._free, self._tile_width = 1, 0, _TILE[0]  # of the grid: columns, free places, columns

    def body(self) -> ComposeResult:
        yield Static(LOADING, id="training-about", markup=False)
        yield VerticalScroll(id="training-tiles", can_focus=False)

    def queries(self) -> Sequence[Query]:
        return (self._query(),)

    def _query(self) -> Course:
        return Course(self._part, self._weight)

    def command(self) -> Sequence[str]:
        return "plot", str(self.arena.folder), "-o", "training.png"

    def show(self, query: Query, value: Training | None) -> None:
        charts = {} if value is None else {chart.title: chart for chart in value.charts}
        self.query_one("#training-about", Static).update(self._about(value), layout=False)
        self._place_tiles(tuple(charts))
        for title, chart in charts.items():
            assert value is not None
            tile = self._tiles[title]
            tile.show_curves(chart, value, log=self._log, width=self._tile_width * self._span(tile))

    def _about(self, course: Training | None) -> Text:
        """What the tiles show, in a line."""
        colours = look()
        if course is None:
            return Text("no iteration yet; the first curves come with it", colours.faint)
        window = "all iterations" if self._part == 1 else f"the newest {100 * self._part:.0f}%"
        line = Text.assemble((f"{course.first:,} to {course.last:,}", "bold"), f" {window}")
        if course.every > 1:
            line.append(f", one in {course.every}", colours.faint)
        line.append(f"   {'smoothed ' + str(self._weight) if self._weight else 'not smoothed'}", colours.faint)
        line.append(f"   {'log' if self._log else 'linear'}", colours.faint)
        if course.snapshots:
            line.append("   ┻ ", colours.secondary).append("snapshots, the newest ", colours.faint)
            line.append(plain(course.snapshots[-1].member))
        return line

    def _place_tiles(self, titles: Sequence[str]) -> None:
        """Make and remove tiles, and fit them to the room."""
        box = self.query_one("#training-tiles", VerticalScroll)
        if tuple(self._tiles) != tuple(titles):
            for title in [each for each in self._tiles if each not in titles]:
                gone = self._tiles.pop(title)
                if gone is self._large:
                    self._large = None
                gone.remove()
            kept, self._tiles = self._tiles, {}
            for at, title in enumerate(titles):
                tile = self._tiles[title] = kept.get(title) or Tile()
                if title not in kept:
                    box.mount(tile, before=at if at < len(box.children) else None)
            if not isinstance(self.focused, Tile) and self._tiles:
                next(iter(self._tiles.values())).focus()
        self._fit()

    def _fit(self) -> None:
        """Fit the tiles to the room. The first one also has what would be left free."""
        box, app = self.query_one("#training-tiles", VerticalScroll), self.app
        width, height = box.size.width or app.size.width, box.size.height or app.size.height - 4
        shown = 1 if self._large is not None else max(1, len(self._tiles))
        self._columns = max(1, min(_MOST_COLUMNS, width // _TILE[0], shown))
        self._free = -shown % self._columns
        self._tile_width = width // self._columns - 8  # without border, padding and labels
        rows = -(-shown // self._columns)
        box.styles.grid_size_columns = self._columns
        box.styles.grid_rows = f"{max(_TILE[1] if height >= 2 * _TILE[1] else _SHORT_TILE, height // rows)}"
        for tile in self._tiles.values():
            tile.display = self._large in (None, tile)
            tile.styles.column_span = self._span(tile)

    def _span(self, tile: Tile) -> int:
        """Columns of the grid that a tile has."""
        first = self._large is None and tile is next(iter(self._tiles.values()))
        return 1 + self._free if first else 1

    # Reading values

    @on(Chart.Read)
    def _read(self, message: Chart.Read) -> None:
        for tile in self._tiles.values():
            tile.read(message.x)

    # Keys

    def step_back(self) -> bool:
        """Show all tiles again."""
        enlarged = self._large is not None
        if enlarged:
            self._enlarge(None)
        return enlarged

    def action_window(self) -> None:
        """Show another part of the iterations."""
        self._part = WINDOWS[(WINDOWS.index(self._part) + 1) % len(WINDOWS)]
        self.ask()

    def action_smooth(self) -> None:
        """Smooth more, or not at all."""
        self._weight = WEIGHTS[(WEIGHTS.index(self._weight) + 1) % len(WEIGHTS)]
        self.ask()

    def action_log(self) -> None:
        """Change between a linear and a logarithmic axis."""
        self._log = not self._log
        self.show_again()

    def action_enlarge(self) -> None:
        """Give the tile in focus all the room, or show all again."""
        tile = self.focused
        self._enlarge(tile if self._large is None and isinstance(tile, Tile) else None)

    def _enlarge(self, tile: Tile | None) -> None:
        self._large = tile
        self.show_again()
        self.call_after_refresh(self._reveal)

    def _reveal(self) -> None:
        if isinstance(self.focused, Tile):
            self.focused.scroll_visible(animate=False)

    def action_go_tile(self, down: int, across: int) -> None:
        """Go to another tile."""
        tiles = list(self._tiles.values())
        if not tiles:
            return
        here = tiles.index(self.focused) if isinstance(self.focused, Tile) else 0
        if self._large is not None:
            to = here + down + across
        else:  # the first tile has the free places
            place = (here + self._free if here else 0) + down * self._columns + across
            to = place - self._free
        to = min(max(0, to), len(tiles) - 1)
        if self._large is not None:
            self._enlarge(tiles[to])
        tiles[to].focus()
