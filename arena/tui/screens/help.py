"""The help screen: the keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

HELP = """\
↑ ↓        choose a row
tab        the next list, or the board
enter      on a member: list its matches, or all
           on a match: play it from the start
escape     list all matches and follow the newest

← →        one step back, one step on
home end   the first, the last position
space      play the match, or pause

j ?        what happened in training, this help
q          leave"""


class HelpScreen(ModalScreen[None]):
    """The keys, in a box over the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter,space", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            yield Static(HELP, markup=False)
        box.border_title = "Keys"
