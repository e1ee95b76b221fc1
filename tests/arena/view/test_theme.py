"""Colours have one home."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import arena
from arena.view import theme

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


def test_every_part_of_a_drawing_and_every_result_has_a_style() -> None:
    from typing import get_args

    from arena.view.outcome import SeatResult

    assert set(theme.SEATS) == set(get_args(SeatResult))
    assert set(theme.PARTS) == set(get_args(theme.Part))
