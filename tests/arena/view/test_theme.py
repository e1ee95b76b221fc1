"""Colours have one home."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from rich.color import Color, ColorSystem

import arena
from arena.tui.nearest import nearest
from arena.view import theme
from arena.view.colours import contrast, luminance
from games.drawing.spans import Part

ROOT = Path(arena.__file__).parent
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}|\x1b\[[\d;]*m|(bold |dim )?(red|green|yellow|blue|magenta|cyan|dim)", re.IGNORECASE
)


def test_no_other_file_names_a_colour() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for path in ROOT.rglob("*.py")
        if path != Path(theme.__file__)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and COLOUR.fullmatch(node.value)
    ]
    assert found == []
    styles = "".join(path.read_text() for path in (ROOT / "tui").glob("*.tcss"))
    styles += (ROOT / "view" / "report" / "report.css").read_text()
    assert not re.search(r":[^;{]*(#[0-9a-f]{3,8}\b|\b(red|green|yellow|blue|white|black)\b)", styles)


def test_every_part_of_a_drawing_has_a_code() -> None:
    assert set(theme.PART_CODES) == set(get_args(Part))


LEAST = {"dark": 4.5, "light": 4.5, "contrast": 7.0}
"""WCAG 2.1: criterion 1.4.3 asks for a contrast of 4.5 to 1, and 1.4.6 for 7 to 1."""

TEXTS = ("foreground", "accent", "good", "bad", "warm", "secondary", "faint", "first", "second")


@pytest.mark.parametrize("name", theme.PALETTES)
def test_text_is_readable_in_every_palette(name: str) -> None:
    palette = theme.PALETTES[name]
    behind = [palette.background, palette.surface, palette.panel, palette.raised, palette.lit, palette.square]
    ratios = {(text, back): contrast(getattr(palette, text), back) for text in TEXTS for back in behind}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < LEAST[name]} == {}
    assert contrast(palette.background, palette.accent) >= LEAST[name]  # the cursor
    assert contrast(palette.frame, palette.background) >= (3 if name == "contrast" else 2)


@pytest.mark.parametrize("colours", ["truecolor", "256", "standard", None])
@pytest.mark.parametrize("name", theme.PALETTES)
def test_text_is_readable_on_every_colour_of_a_scale(name: str, colours: str | None) -> None:
    palette = theme.palette_for(name, colours)
    for part in (number / 32 for number in range(-32, 33)):
        for thin in (False, True):
            back = palette.scale(part, thin=thin)
            assert contrast(palette.ink(back, thin=thin), back) >= LEAST[name], (part, thin)


@pytest.mark.parametrize("name", theme.PALETTES)
@pytest.mark.parametrize("colours", ["truecolor", "256"])
def test_more_looks_like_more_on_both_sides_of_a_scale(name: str, colours: str) -> None:
    """From the middle to each end, colours go one way from that of the background, and are never the same again."""
    palette = theme.palette_for(name, colours)
    parts = [number / 32 for number in range(33)]
    for sign in (-1, 1):
        shown = list(dict.fromkeys(_in_256(palette.scale(sign * part)) for part in parts))
        light = [luminance(colour) for colour in shown]
        if colours == "256":
            assert len(shown) == 5
            assert light == sorted(light, reverse=not palette.dark)
            assert {palette.scale(sign * part) for part in parts} == set(shown)  # the terminal has exactly these
        red = [int(colour[1:3], 16) - int(colour[3:5], 16) for colour in shown[1:]]
        assert all(each * sign <= 0 for each in red)  # reddish below the middle, greenish above


def _in_256(colour: str) -> str:
    shown = nearest(Color.parse(colour))
    assert shown is not None
    return shown.get_truecolor().hex


@pytest.mark.parametrize("name", theme.PALETTES)
@pytest.mark.parametrize("shown", [str, _in_256], ids=["truecolor", "256"])
def test_squares_differ_and_what_has_changed_stands_out_from_both(name: str, shown: Callable[[str], str]) -> None:
    palette = theme.PALETTES[name]
    background, square, raised = map(shown, (palette.background, palette.square, palette.raised))
    assert len({background, square, raised}) == 3
    assert shown(palette.lit) not in (background, square)
    assert contrast(square, background) < contrast(raised, background)


def test_where_there_are_few_colours_all_cells_look_alike() -> None:
    for name in theme.PALETTES:
        for colours in ("standard", None):
            palette = theme.palette_for(name, colours)
            assert not palette.scaled
            assert {palette.scale(part) for part in (-1, -0.3, 0, 1)} == {palette.background}


def test_what_16_colours_tell_apart() -> None:
    palette = theme.palette_for("dark", "standard")
    texts = ("foreground", "accent", "good", "bad", "warm", "faint")
    shown = {Color.parse(getattr(palette, text)).downgrade(ColorSystem.STANDARD).number for text in texts}
    assert len(shown) == len(texts)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the grey that just fails
