"""Cells: a name that is too long keeps what tells snapshots apart."""

from __future__ import annotations

import pytest

from arena.tui.widgets.cells import name_cell


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("main@12", 12, "main@12"),
        ("main_exploiter@12", 12, "main_exp…@12"),
        ("main_exploiter", 8, "main_ex…"),
        ("main@1234567", 6, "main@…"),
    ],
)
def test_a_name_keeps_its_generation(name: str, width: int, shown: str) -> None:
    cell = name_cell(name, width)
    assert cell.plain == shown
    assert cell.cell_len <= width
