"""The line in which the person types a filter of members."""

from __future__ import annotations

from textual.binding import Binding
from textual.widgets import Input


class FilterInput(Input):
    """Its screen has an action ``no_filter``, which removes the filter."""

    BINDINGS = [Binding("escape", "screen.no_filter", "no filter", show=False)]  # noqa: RUF012 - as Textual declares it
