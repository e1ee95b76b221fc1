"""Heatmaps: scores that fit their cells, and drawing that costs only what is visible."""

from __future__ import annotations

import numpy as np
import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from arena.tui.look import wear
from arena.tui.widgets.heat import Heat, levels, score_text, tenth
from arena.tui.widgets.heatmap import Heatmap
from arena.view.colours import shade
from arena.view.theme import DARK, palette_for
from leagues.results.payoff_table import PayoffMatrix


@pytest.mark.parametrize(
    ("score", "width", "graded", "text"),
    [
        (0.631, 3, False, " 63"),
        (1.0, 3, False, "100"),
        (0.0, 4, False, " 0  "),
        (0.631, 7, False, "  63%  "),
        (0.314, 3, True, "+.3"),
        (-0.314, 5, True, "-.31 "),
        (-1.26, 4, True, " -1 "),
        (-1.26, 7, True, " -1.26 "),
        (0.001, 5, True, "  0  "),
        (12345.0, 4, True, "+…  "),
    ],
)
def test_scores_fit_their_cells(score: float, width: int, graded: bool, text: str) -> None:
    assert score_text(score, width, graded=graded) == text


def test_levels_and_shades_reach_both_ends() -> None:
    assert levels(np.array([-2.0, -1.0, 0.0, np.nan, 0.5, 9.0])).tolist() == [-32, -32, 0, 0, 16, 32]
    assert [shade("#000000", "#ff8040", part) for part in (0, 0.5, 1)] == ["#000000", "#804020", "#ff8040"]


def random_heat(n: int) -> Heat:
    score = np.random.default_rng(0).random((n, n), np.float32)
    score = np.triu(score, 1) + np.tril(1 - score.T, -1)
    np.fill_diagonal(score, np.nan)
    results = np.full((n, n, 3), 4, np.int32)
    matrix = PayoffMatrix(tuple(f"main@{k}" for k in range(n)), results, score, score, score, False)
    return Heat(matrix, levels(2 * score - 1), score > 2, ("main",) * n, (0,) * n, tuple(range(n)), 0.5)


class Heatmaps(App[None]):
    """An app with one heatmap."""

    def compose(self) -> ComposeResult:
        yield Heatmap()


async def test_a_thousand_members_draw_their_visible_cells_alone() -> None:
    app = Heatmaps()
    async with app.run_test(size=(100, 30)) as pilot:
        shown = app.query_one(Heatmap)
        shown.show(random_heat(1000), Text(), ())
        await pilot.press("G", "end", "k")
        await pilot.pause()
        assert shown.cell == ("main@998", "main@999")
        line = shown.render_line(shown.size.height - 2)
        assert line.text.startswith(" 999  main@998")
        assert line.cell_length == shown.size.width
        assert len(list(line)) < 60
        drawn = len(shown._lines)
        assert 0 < drawn < 200


async def test_small_cells_stack_the_figures_of_their_columns() -> None:
    app = Heatmaps()
    async with app.run_test(size=(100, 30)) as pilot:
        shown = app.query_one(Heatmap)
        shown.show(random_heat(60), Text(), ())
        await pilot.pause()
        heads = [shown.render_line(y).text[shown._margin :] for y in (0, 1)]
        assert heads[0].strip().startswith("1111111111222")
        assert heads[1].startswith("1234567890123")


async def test_the_heads_have_no_more_lines_than_the_columns_in_sight_need() -> None:
    app = Heatmaps()
    async with app.run_test(size=(100, 30)) as pilot:
        shown = app.query_one(Heatmap)
        shown.show(random_heat(1000), Text(), ())
        await pilot.pause()
        assert shown.render_line(0).text.split()[:3] == ["row", "vs", "column"]
        assert shown.render_line(1).text.startswith("   1  main@0")
        await pilot.press("end", "G")
        await pilot.pause()
        assert shown.render_line(3).text.startswith("row vs column")
        assert shown.render_line(shown.size.height - 1).text.startswith("1000  main@999")


@pytest.mark.parametrize("colours", ["256", "standard", None])
async def test_without_colours_a_figure_tells_the_tenth(colours: str | None) -> None:
    wear(palette_for("dark", colours))
    app = Heatmaps()
    async with app.run_test(size=(78, 30)) as pilot:
        shown = app.query_one(Heatmap)
        heat = random_heat(60)
        shown.show(heat, Text(), ())
        await pilot.pause()
        (row,) = [shown.render_line(y) for y in range(shown.size.height) if shown.render_line(y).text.startswith(" 2 ")]
        cells = row.text[shown._margin :]
        behind = {segment.style.bgcolor for segment in list(row)[3:] if segment.style is not None}
        if colours == "256":
            assert not cells.strip()
            assert len(behind) > 5
        else:
            assert [int(each) for each in cells[2:60]] == [tenth(level) for level in heat.level[1, 2:60].tolist()]
    wear(DARK)
