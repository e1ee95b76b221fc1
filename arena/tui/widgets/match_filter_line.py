"""The line in which a filter of matches is written, with suggestions and what is wrong with it below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from arena.tui.keys import FILTER, bindings
from arena.tui.look import look
from arena.view.text import plain


class FilterLine(Vertical):
    """The filter. It is in sight while it is written, while it has words, and while something is wrong with it."""

    @dataclass
    class Changed(Message):
        """The person has changed the filter."""

        words: str

    @dataclass
    class Left(Message):
        """The person is done with it."""

    def __init__(self) -> None:
        super().__init__()
        self._suggestions: tuple[str, ...] = ()
        self._problem = ""

    def compose(self) -> ComposeResult:
        yield _Entry()
        hint = Static(id="matches-hint", markup=False)
        hint.auto_links = False  # words have colours of their own
        yield hint

    @property
    def words(self) -> str:
        """What is written."""
        return self.query_one(_Entry).value

    @property
    def writing(self) -> bool:
        """Whether the person is writing."""
        return self.query_one(_Entry).has_focus

    def put(self, words: str) -> None:
        """Write ``words``, which is no change by the person."""
        entry = self.query_one(_Entry)
        with entry.prevent(Input.Changed):
            entry.value = words
        entry.cursor_position = len(words)
        self._problem = ""
        self._show()

    def write(self) -> None:
        """Let the person write."""
        self.add_class("-shown")
        self.query_one(_Entry).focus()

    def suggest(self, suggestions: Sequence[str]) -> None:
        """Show what the last word may become."""
        self._suggestions = tuple(suggestions)
        self._show()

    def judge(self, problem: str) -> None:
        """Say what is wrong with the filter; nothing if empty."""
        self._problem = problem
        self._show()

    def _show(self) -> None:
        colours, hint = look(), Text()
        if self.writing:
            for number, word in enumerate(self._suggestions):
                style = Style.parse(colours.accent if number == 0 else colours.faint)
                hint.append(plain(word), style + Style(meta={"@click": f"screen.complete({number})"})).append("  ")
        if self._problem:
            hint.append("\n" if hint else "").append(plain(self._problem), colours.bad)
        line = self.query_one("#matches-hint", Static)
        if line.content != hint:
            line.update(hint)
        line.display = bool(hint)
        self.set_class(self.writing or bool(self.words or self._problem), "-shown")

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.Changed(message.value.strip()))

    def leave(self) -> None:
        """Go to the list."""
        self.post_message(self.Left())

    def complete(self, number: int = 0) -> None:
        """Put a suggestion in the place of the last word, by its number from the first."""
        if number < len(self._suggestions):
            entry = self.query_one(_Entry)
            entry.value = completed(entry.value, self._suggestions[number])
            entry.cursor_position = len(entry.value)

    def on_descendant_blur(self) -> None:
        self._show()


class _Entry(Input):
    """What is written, with the keys of the filter."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILTER)

    def __init__(self) -> None:
        super().__init__(placeholder="main@15 lost evaluation plies<20", compact=True, select_on_focus=False)

    @property
    def _filter(self) -> FilterLine:
        assert isinstance(self.parent, FilterLine)
        return self.parent

    def action_leave(self) -> None:
        """Go to the list."""
        self._filter.leave()

    def action_complete(self) -> None:
        """Complete the last word."""
        self._filter.complete()

    def action_clear(self) -> None:
        """Remove the filter and go to the list."""
        self.value = ""
        self._filter.leave()


def completed(words: str, suggestion: str) -> str:
    """``words`` with ``suggestion`` in the place of the last word; a space follows unless more of the word does."""
    kept = words[: len(words) - len(words.rstrip().rpartition(" ")[2])] if not words.endswith(" ") else words
    return kept + suggestion + ("" if suggestion[-1] in "<>=" else " ")
