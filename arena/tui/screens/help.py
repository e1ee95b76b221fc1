"""The help: the keys of the screen below."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from arena.tui.keys import HELP, Group, bindings, described
from arena.tui.look import look

_AROUND = 10
"""Columns of the box beside the keys and their lines: border, padding, blanks and a scroll bar."""


class HelpScreen(ModalScreen[None]):
    """The keys, in a box over the screen below.

    Args:
        groups: the keys of that screen, then those of the app.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(HELP)

    def __init__(self, groups: Sequence[Group]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            yield Static(markup=False)
        box.border_title = "Keys"

    def on_click(self, event: events.Click) -> None:
        """Close at a click beside the box."""
        if not self.query_one("#help").region.contains(event.screen_x, event.screen_y):
            self.dismiss()

    def on_resize(self) -> None:
        """Fit the lines to the terminal."""
        self.query_one("#help Static", Static).update(self._text())
        self.call_after_refresh(self._say_what_helps)

    def _say_what_helps(self) -> None:
        box = self.query_one("#help")
        box.border_subtitle = f"{'↓ ↑ scroll, ' if box.max_scroll_y else ''}esc closes"

    def action_move(self, by: int) -> None:
        """Scroll."""
        self.query_one("#help").scroll_relative(y=by, animate=False)

    def _text(self) -> Text:
        described_groups = described(self._groups)
        width = max(len(keys) for _, lines in described_groups for keys, _ in lines)
        room = max(20, self.app.size.width - width - _AROUND)
        text = Text()
        for title, lines in described_groups:
            text.append(f"\n{title}\n" if text else f"{title}\n", f"bold {look().accent}")
            for keys, help_line in lines:
                text.append(f"  {keys:<{width}}  ", look().warm)
                text.append(f"\n{' ' * (width + 4)}".join(wrap(help_line, room)) + "\n")
        text.rstrip()
        return text
