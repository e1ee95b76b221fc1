"""How commands print: tables for people, unwrapped plain text for pipes, JSON for programs."""

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
"""Wide enough that no row is ever wrapped or cut when nobody's screen limits it."""


_GAP = 2
"""Blanks between two columns."""

_LEAST = 10
"""Width below which the last column of a table is not cut; a screen narrower than that wraps the rows."""


def print_json(value: Any) -> None:
    """Print ``value`` as indented JSON; control characters are escaped by JSON itself."""
    print(json.dumps(value, indent=2, allow_nan=False))


def is_screen() -> bool:
    """Whether stdout is a person's terminal."""
    return sys.stdout.isatty()


def is_coloured() -> bool:
    """Whether stdout takes ANSI colours: a terminal that is no dumb one, of a person who has not set ``NO_COLOR``."""
    return is_screen() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def console() -> Console:
    """A console on stdout that interprets no markup, and in a pipe neither colours nor wraps."""
    if is_screen():
        return Console(markup=False, highlight=False)
    return Console(markup=False, highlight=False, width=_PIPE_WIDTH, color_system=None)


def show(renderable: RenderableType) -> None:
    """Print a table; in a pipe without trailing blanks, on a narrow screen cutting the last column first."""
    out = console()
    if isinstance(renderable, Table):
        # Left to itself, rich would narrow every column, and drop some.
        *fixed, last = [max(out.measure(cell).maximum for cell in _cells(column)) for column in renderable.columns]
        for column, width in zip(renderable.columns, fixed, strict=False):
            column.width = width
        taken = sum(fixed) + _GAP * len(fixed) + 2
        renderable.columns[-1].width = min(last, max(_LEAST, out.width - taken))
        out.width = max(out.width, taken + _LEAST)
    if is_screen():
        out.print(renderable)
        return
    with out.capture() as capture:
        out.print(renderable)
    for line in capture.get().splitlines():
        print(line.rstrip())


def _cells(column: Column) -> Iterable[RenderableType]:
    return column.header, *column.cells


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table with ``columns``, those in ``right`` aligned to the right."""
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
    """One cell of untrusted text: escaped, and never read as markup."""
    return Text(plain(str(text)), style=style)
