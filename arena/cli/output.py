"""How commands print: tables for people, plain unwrapped text in pipes, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from arena.view.text import plain, short_name
from arena.view.theme import NAME_STYLE

_PIPE_WIDTH = 100_000
"""Columns of a pipe: enough that no row is ever wrapped or cut."""

_GAP = 2
"""Blanks between two columns of a table."""

_LEAST_LAST = 10
"""Least width of a table's last column. On a screen too narrow for it, rows are wrapped."""

_BETWEEN = " · "
_LEAST_NAME = 6
"""What stands between the members of a match, and the least columns of each."""


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


@dataclass(frozen=True)
class SeatsCell:
    """A cell with the members of a match. Where it has too little room, the longest names are cut."""

    seats: Sequence[str]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        full = cell_len(self._text(options.max_width))
        return Measurement(full, full)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self._text(options.max_width), style=NAME_STYLE)

    def _text(self, width: int) -> str:
        lengths = [cell_len(plain(name)) for name in self.seats]
        room = width - len(_BETWEEN) * (len(self.seats) - 1)
        each = max(lengths)
        while each > _LEAST_NAME and sum(min(each, length) for length in lengths) > room:
            each -= 1
        return _BETWEEN.join(short_name(name, each) for name in self.seats)


def fits(rows: Table) -> bool:
    """Whether a table needs no more columns than the screen has."""
    out = console()
    return sum(_width(column, out) + _GAP for column in rows.columns) <= out.width


def print_table(renderable: RenderableType) -> None:
    """Print a table or several. A screen too narrow cuts the last column; a pipe gets no trailing blanks."""
    out = console()
    if isinstance(renderable, Table):
        # By itself, rich would narrow every column and drop some.
        *fixed, last = [_width(column, out) for column in renderable.columns]
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


def _width(column: Column, out: Console) -> int:
    """Columns of the screen that the cells of a column need."""
    return max(out.measure(cell).maximum for cell in (column.header, *column.cells))
