"""Colours have one home."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

import arena
from arena.view import theme
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
    styles = (ROOT / "tui" / "arena.tcss").read_text()
    styles += (ROOT / "view" / "report" / "report.css").read_text()
    assert not re.search(r":[^;{]*(#[0-9a-f]{3,8}\b|\b(red|green|yellow|blue|white|black)\b)", styles)


def test_every_part_of_a_drawing_has_a_code() -> None:
    assert set(theme.PART_CODES) == set(get_args(Part))


@pytest.mark.parametrize("name", theme.PALETTES)
def test_text_is_readable_in_every_palette(name: str) -> None:
    """WCAG 2.1, success criterion 1.4.3: a contrast of 4.5 to 1, and 3 to 1 for what matters less."""
    palette = theme.PALETTES[name]
    for text in ("foreground", "accent", "good", "bad", "warm", "secondary", "first", "second"):
        assert contrast(getattr(palette, text), palette.background) >= 4.5, text
    assert contrast(palette.faint, palette.background) >= 3


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, by the formula of WCAG 2.1."""
    lighter, darker = sorted(map(luminance, (first, second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
