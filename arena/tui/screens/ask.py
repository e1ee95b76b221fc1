"""A question before something is lost."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from arena.tui.keys import ASK, bindings
from arena.tui.look import look, pressing


class AskScreen(ModalScreen[bool]):
    """A question in a box over the screen below. Its result is whether the person agrees.

    Args:
        question: the question.
        again: the key that has led to it; pressed again it means yes.

    Attributes:
        question: the argument.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ASK)

    def __init__(self, question: str, again: str) -> None:
        super().__init__()
        self.question, self._again = question, again

    def compose(self) -> ComposeResult:
        box = Static(self._text(), id="ask", markup=False)
        box.auto_links = False  # keys have colours of their own
        yield box

    def on_mount(self) -> None:
        self._bindings.bind(self._again, "dismiss(True)", "yes")

    def on_click(self, event: events.Click) -> None:
        """A click beside the box means no."""
        if not self.query_one("#ask").region.contains(event.screen_x, event.screen_y):
            self.dismiss(False)

    def _text(self) -> Text:
        colours = look()
        text = Text(f"{self.question}\n", colours.foreground)
        for key, more in zip(ASK.keys, (f" {self._again}", ""), strict=True):
            press = pressing(key.keys.split(",")[0])
            text.append(f"  {key.written}{more} ", Style.parse(f"bold {colours.accent}") + press)
            text.append(f"{key.label} ", Style.parse(colours.faint) + press)
        return text
