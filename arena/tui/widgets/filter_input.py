"""The line in which the person types a filter of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from arena.tui.keys import MEMBER_FILTER, bindings


class FilterInput(Input):
    """Words of names and roles. The line is there while the person types, and as long as it has a word.

    Args:
        id: of the widget.
        behind: ID of the widget that has the focus otherwise.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(MEMBER_FILTER)

    def __init__(self, *, id: str, behind: str) -> None:
        super().__init__(id=id, placeholder="words of names and roles", compact=True)
        self._behind = behind

    def on_mount(self) -> None:
        self.display = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words, in small letters."""
        return tuple(self.value.lower().split())

    def open(self) -> None:
        """Let the person type."""
        self.display = True
        self.focus()

    def remove_filter(self) -> bool:
        """Remove the filter; return whether there was one."""
        there = bool(self.words)
        self.value = ""
        self.display = False
        return there

    def action_no_filter(self) -> None:
        """Remove the filter, and go back to what it is about."""
        self.remove_filter()
        self.action_leave()

    def action_leave(self) -> None:
        """Go to what it is about."""
        self.screen.query_one(f"#{self._behind}", Widget).focus()

    def on_blur(self) -> None:
        self.display = bool(self.words)


def fits(words: Sequence[str], name: str, role: str) -> bool:
    """Whether a member's name or role has one of ``words``; without words every member fits."""
    return not words or any(word in name.lower() or word in role for word in words)
