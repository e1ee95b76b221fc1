"""Charts: curves where their values are, labels that fit, and a cursor that reads."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

from arena.tui.look import _writes_dots, wear
from arena.tui.widgets.canvas import BRAILLE, Canvas
from arena.tui.widgets.chart import Chart
from arena.tui.widgets.chart_drawing import draw
from arena.tui.widgets.plot import Level, Mark, Plot, Series
from arena.tui.widgets.scale import Scale, short_number, span
from arena.view.theme import DARK, palette_for

SNAPSHOTS = Series("main", (1e5, 3e5, 8e5), (-120.0, 80.0, 310.0), (-180.0, 0.0, 250.0), (-60.0, 160.0, 380.0))
PLOT = Plot((SNAPSHOTS,), (Mark(1e5, "main@1"), Mark(3e5, "main@2"), Mark(8e5, "main@3")), (Level(210.0, "mcts:200"),))


class Charts(App[None]):
    """An app with one chart."""

    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self.plot = plot
        self.read: list[float | None] = []

    def compose(self) -> ComposeResult:
        chart = Chart()
        chart.styles.height = "100%"
        chart.show(self.plot)
        yield chart

    def on_chart_read(self, message: Chart.Read) -> None:
        self.read.append(message.x)

    @property
    def chart(self) -> Chart:
        return self.query_one(Chart)

    def text(self) -> list[str]:
        return [self.chart.render_line(y).text for y in range(self.chart.size.height)]


def dots(canvas: Canvas) -> list[str]:
    """The dots of a canvas as lines of text."""
    order = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
    return [
        "".join(
            "#" if canvas.bits[y // 4 * canvas.width + x // 2] & order[y % 4][x % 2] else "."
            for x in range(2 * canvas.width)
        )
        for y in range(4 * canvas.height)
    ]


def test_a_line_covers_every_column_between_its_points() -> None:
    canvas = Canvas(4, 2)
    canvas.curve([0, 7], [0, 7], 3)
    assert dots(canvas) == ["".join("#" if x == y else "." for x in range(8)) for y in range(8)]
    assert set(canvas.owner) == {-1, 3}


def test_a_steep_line_has_no_holes() -> None:
    canvas = Canvas(2, 5)
    canvas.curve([0, 1, 2, 3], [0, 19, 0, 19], 0)
    assert all("#" in line for line in dots(canvas))


def test_what_is_no_number_breaks_a_line_and_what_lies_outside_is_cut() -> None:
    canvas = Canvas(4, 1)
    canvas.curve([0, 1, 4, 6, 7], [1, 1, math.nan, 1, 1], 0)
    assert dots(canvas)[1] == "##....##"
    canvas = Canvas(4, 1)
    canvas.curve([-50, 50], [2, 2], 0)
    canvas.curve([0, 7], [-30, -30], 0)
    assert dots(canvas) == ["........", "........", "########", "........"]


def test_a_band_tints_what_lies_between_its_lines() -> None:
    canvas = Canvas(3, 4)
    canvas.band([0, 5], [4, 4], [11, 11], 2)
    assert canvas.tint == [-1] * 3 + [2] * 6 + [-1] * 3


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (0, 1_000_000, False, [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]),
        (-120, 310, False, [-100, 0, 100, 200, 300]),
        (0.02, 5, True, [0.1, 1]),
        (0.3, 0.4, True, [0.3, 0.32, 0.34, 0.36, 0.38, 0.4]),
    ],
)
def test_ticks_are_few_round_numbers(low: float, high: float, log: bool, ticks: list[float]) -> None:
    assert Scale(low, high, 100, log).ticks(6 if not log or low > 0.1 else 4) == pytest.approx(ticks)


@pytest.mark.parametrize("log", [False, True])
def test_a_scale_turns_values_into_places_and_back(log: bool) -> None:
    scale = Scale(1, 1000, 31, log)
    place = scale.place()
    assert (place(1), place(1000)) == pytest.approx((0, 30))
    assert scale.value(place(10)) == pytest.approx(10)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0341, "0.0341"), (999.9, "1k"), (250_000, "250k"), (1.5e6, "1.5M"), (-12.5, "-12.5"), (1e-5, "1e-5")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


@pytest.mark.parametrize("size", [(10, 3), (30, 6), (80, 12), (200, 50)])
async def test_every_line_is_as_wide_as_the_chart(size: tuple[int, int]) -> None:
    hostile = Series("大[red]\x1b]0;x", (1.0, 2.0, 3.0), (1.0, math.nan, 2.0), colour=1)
    app = Charts(Plot((SNAPSHOTS, hostile), PLOT.marks, PLOT.levels))
    async with app.run_test(size=size):
        lines = app.text()
        assert len(lines) == size[1]
        assert all(app.chart.render_line(y).cell_length == size[0] for y in range(size[1]))
        assert "\x1b" not in "".join(lines)


async def test_labels_levels_marks_and_points_are_where_they_belong() -> None:
    app = Charts(PLOT)
    async with app.run_test(size=(80, 16)):
        lines = app.text()
        assert lines[0].startswith("● main 310")
        assert lines[-1].split() == ["200k", "400k", "600k", "agent", "steps"]
        assert lines[-2].count("┻") == 3
        plot = lines[1:-2]
        points = [(row, line.index("●")) for row, line in enumerate(plot) if "●" in line]
        assert len(points) == 3
        assert sorted(points, reverse=True) == sorted(points, key=lambda point: point[1])  # it rises
        (level,) = [line for line in plot if "mcts:200" in line]
        assert level.rstrip().endswith("mcts:200")
        assert any(character > chr(BRAILLE) for line in plot for character in line)


async def test_the_cursor_reads_by_key_and_by_mouse() -> None:
    app = Charts(PLOT)
    async with app.run_test(size=(80, 16)) as pilot:
        app.chart.focus()
        await pilot.press("left", "left")
        assert app.chart.cursor == 3e5
        assert app.text()[0].startswith("300k agent steps main@2  ● main 80 (0 to 160)")
        await pilot.press("l")
        assert app.chart.cursor == 8e5
        await pilot.hover(Chart, offset=(10, 5))
        assert app.chart.cursor is not None
        assert app.text()[0].startswith("1")
        await pilot.press("n")
        assert app.read[:3] == [8e5, 3e5, 8e5]
        assert app.read[-1] is None


async def test_a_logarithmic_axis_says_how_many_points_it_leaves_out() -> None:
    series = Series("loss", (0.0, 1.0, 2.0, 3.0, 4.0), (0.0, 0.01, 10.0, -1.0, math.nan))
    app = Charts(Plot((series,), log=True))
    async with app.run_test(size=(40, 12)) as pilot:
        assert "10" in "".join(line[:6] for line in app.text())
        assert app.text()[0].split() == ["●", "loss", "2", "≤", "0", "left", "out"]
        app.chart.show(replace(app.chart.plot, series=(series, replace(series, name="another one")), log=True))
        await pilot.pause()
        assert app.text()[0].rstrip().endswith("4 ≤ 0 left out")
        app.chart.show(Plot((series,)))
        await pilot.pause()
        assert "left out" not in app.text()[0]


async def test_before_it_has_a_plot_it_says_that_it_loads() -> None:
    app = Charts(Plot())
    async with app.run_test(size=(30, 5)):
        assert " ".join(app.text()).split() == ["loading", "..."]


async def test_without_a_point_it_says_what_is_missing() -> None:
    app = Charts(Plot(empty="no evaluation match yet"))
    async with app.run_test(size=(16, 5)) as pilot:
        assert " ".join(" ".join(app.text()).split()) == "no evaluation match yet"
        app.chart.show(PLOT)
        await pilot.pause()
        assert "main" in app.text()[0]


async def test_intervals_do_not_push_the_curves_together() -> None:
    wide = Series("main", (0.0, 1.0, 2.0), (0.0, 50.0, 100.0), (-9000.0, 40.0, 90.0), (9000.0, 60.0, 110.0))
    app = Charts(Plot((wide,)))
    async with app.run_test(size=(60, 20)):
        assert not any("k" in line[:6] for line in app.text()[1:-2])


async def test_the_narrowest_interval_is_whole_also_where_the_points_hardly_differ() -> None:
    series = Series("main", (0.0, 1.0), (0.0, 1.0), (-99.0, -9000.0), (101.0, 9000.0))
    async with (app := Charts(Plot((series,)))).run_test(size=(60, 20)):
        labels = [line[:6].strip(" ┈") for line in app.text()]
        assert "100" in labels
        assert not any("k" in label for label in labels)


@pytest.mark.parametrize("lacks", ["colours", "dots"])
async def test_without_colours_or_without_dots_every_curve_has_points_of_its_own(
    lacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    xs = tuple(float(x) for x in range(100))
    curves = [
        Series(name, xs, (height,) * 100, colour=at) for at, (name, height) in enumerate([("a", 0.0), ("b", 9.0)])
    ]
    monkeypatch.setattr("arena.tui.look._writes_dots", lambda: lacks != "dots")
    try:
        wear(palette_for("dark", None if lacks == "colours" else "truecolor"))
        async with (app := Charts(Plot(tuple(curves)))).run_test(size=(60, 12)):
            text = app.text()
            assert "● a 0" in text[0]
            assert "○ b 9" in text[0]
            assert sum(line.count("●") for line in text[1:]) > 5
            assert sum(line.count("○") for line in text[1:]) > 5
    finally:
        wear(DARK)


@pytest.mark.parametrize(
    ("values", "least", "labels"),
    [
        ((4.9, 1.2), 0.0, {0: "4.9", 2: "0"}),
        ((-0.55, -0.21), None, {0: "-0.21", 1: "-0.4", 2: "-0.55"}),
        ((0.026, -0.015), None, {0: "0.026", 1: "0", 2: "-0.015"}),
        ((4.0, 1.2), 0.0, {1: "2", 2: "0"}),  # round numbers enough
    ],
)
def test_a_low_chart_says_where_its_axis_ends(
    values: tuple[float, float], least: float | None, labels: dict[int, str]
) -> None:
    drawn = draw(Plot((Series("main", (0.0, 1.0), values),), y_least=least), 34, 6)
    assert drawn is not None
    assert drawn.rows == labels


async def test_a_slim_chart_has_two_steps_at_least_beside_their_name() -> None:
    plot = Plot((Series("main", (0.0, 550e3), (1.0, 2.0)),), x_name="steps")
    async with (app := Charts(plot)).run_test(size=(34, 7)):
        assert app.text()[-1].split() == ["0", "200k", "400k", "steps"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_whether_the_terminal_has_dots_depends_on_its_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stderr__", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert _writes_dots.__wrapped__() == (encoding == "utf-8")


@pytest.mark.parametrize("log", [False, True])
def test_numbers_that_differ_by_rounding_alone_are_moved_apart(log: bool) -> None:
    ends = span([24.999999999999993, 25.0], log=log)
    assert ends is not None
    assert ends[1] - ends[0] > 1


async def test_the_name_of_a_level_stands_where_no_point_is() -> None:
    series = Series("main", (0.0, 100.0), (30.0, 0.0))
    async with (app := Charts(Plot((series,), levels=(Level(0.0, "random"),)))).run_test(size=(60, 12)):
        (line,) = [line for line in app.text() if "random" in line]
        assert line.rstrip().endswith("●")
