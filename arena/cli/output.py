"""How commands print: tables for people, plain unwrapped text in pipes, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from arena.view.text import plain
from arena.view.theme import NAME_STYLE

_PIPE_WIDTH = 100_000
"""Columns of a pipe: enough that no row is ever wrapped or cut."""

_GAP = 2
"""Blanks between two columns of a table."""

_LEAST_LAST = 10
"""Least width of a table's last column. On a screen too narrow for it, rows are wrapped."""


def print_json(value: Any) -> None:
    """Print ``value`` as indented JSON, which escapes control characters itself."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_text(text: str) -> None:
    """Print a line of text that may hold names from outside: control characters are escaped."""
    print(plain(text, lines=True))


def is_screen() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def is_coloured() -> bool:
    """Whether stdout is a terminal with colours, and ``NO_COLOR`` is not set."""
    return is_screen() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def console(least: int = 0) -> Console:
    """A console on stdout that interprets no markup; in a pipe it neither colours nor wraps.

    Args:
        least: columns that it has at least. A screen with fewer wraps the lines.
    """
    if not is_screen():
        return Console(markup=False, highlight=False, width=_PIPE_WIDTH, color_system=None)
    found = Console(markup=False, highlight=False)
    return found if found.width >= least else Console(markup=False, highlight=False, width=least)


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table with ``columns``; those in ``right`` are aligned to the right."""
    screen = is_screen()
    made = Table(
        box=box.SIMPLE_HEAD if screen else None,
        pad_edge=False,
        padding=(0, 1, 0, 0) if screen else (0, 2, 0, 0),
        header_style=NAME_STYLE,
    )
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", no_wrap=True)
    return made


def cell(text: object, style: str = "") -> Text:
    """A cell of a table. Control characters are escaped, and markup is not interpreted."""
    return Text(plain(str(text)), style=style)


def print_table(renderable: RenderableType) -> None:
    """Print a table or several. A screen too narrow cuts the last column; a pipe gets no trailing blanks."""
    out = console()
    if isinstance(renderable, Table):
        # By itself, rich would narrow every column and drop some.
        *fixed, last = [max(out.measure(cell).maximum for cell in _cells(column)) for column in renderable.columns]
        for column, width in zip(renderable.columns, fixed, strict=False):
            column.width = width
        taken = sum(fixed) + _GAP * len(fixed) + 2
        renderable.columns[-1].width = min(last, max(_LEAST_LAST, out.width - taken))
        out = console(least=taken + _LEAST_LAST)
    if is_screen():
        out.print(renderable)
        return
    with out.capture() as capture:
        out.print(renderable)
    for line in capture.get().splitlines():
        print(line.rstrip())


def _cells(column: Column) -> Iterable[RenderableType]:
    return column.header, *column.cells
