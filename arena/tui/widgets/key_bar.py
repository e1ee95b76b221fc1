"""The footer: the keys that fit the focused widget."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.binding import Binding
from textual.widget import Widget

from arena.tui.keys import FOOTER, character_of
from arena.tui.look import look, pressing

_ARROWS = {"left": "←", "right": "→", "up": "↑", "down": "↓"}

_LAST = ("help", "quit")
"""Actions that are always there, at the end."""


class KeyBar(Widget):
    """At most :data:`arena.tui.keys.FOOTER` keys, those of the focused widget first. A click presses the key: where
    several are written, such as ``n N``, the one that is clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._only: tuple[str, ...] = ()
        self._typed: frozenset[str] = frozenset()

    def show_keys(self, only: Sequence[str] = (), *, typed: frozenset[str] = frozenset()) -> None:
        """Show the keys of these actions alone, in their order; without any, those that :mod:`arena.tui.keys` says.

        Args:
            only: the actions.
            typed: characters that are no keys now, because the screen takes them for text.
        """
        self._only, self._typed = tuple(only), typed
        self.refresh()

    def on_mount(self) -> None:
        self.auto_links = False  # keys have colours of their own
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> RenderResult:
        colours, line = look(), Text(no_wrap=True, end="")
        first, last = self._shown()
        room = self.size.width
        ends = [self._key(binding, colours.accent) for binding in last]
        room -= sum(each.cell_len for each in ends)
        for binding in first:
            text = self._key(binding, colours.accent)
            if text.cell_len > room:
                break
            line.append_text(text)
            room -= text.cell_len
        for each in ends:
            line.append_text(each)
        return line

    def _shown(self) -> tuple[list[Binding], list[Binding]]:
        """The keys of this moment, and those that are always there."""
        by_action: dict[str, Binding] = {}
        for key, active in self.screen.active_bindings.items():
            if (
                active.enabled
                and not self._is_text(key)
                and (active.binding.show or active.binding.action in self._only)
            ):
                by_action.setdefault(active.binding.action, active.binding)
        last = [by_action.pop(action) for action in _LAST if action in by_action]
        first = [by_action[action] for action in self._only if action in by_action] or list(by_action.values())
        return first[: FOOTER - len(last)], last

    def _is_text(self, key: str) -> bool:
        """Whether the key would be typed now."""
        character, focused = character_of(key), self.screen.focused
        consumed = focused is not None and focused.check_consume_key(key, character)
        return consumed or character in self._typed

    def _key(self, binding: Binding, colour: str) -> Text:
        text, bold = Text(), Style.parse(f"bold {colour}")
        written = self.app.get_key_display(binding).split()
        for name in written:
            key = binding.key if len(written) == 1 else self._called(name) or binding.key
            text.append(f" {name}", bold + pressing(key))
        return text.append(f" {binding.description} ", Style.parse(look().faint) + pressing(binding.key))

    def _called(self, name: str) -> str | None:
        """The active key that is written ``name``."""
        return next(
            (key for key in self.screen.active_bindings if name in (key, character_of(key), _ARROWS.get(key))), None
        )
