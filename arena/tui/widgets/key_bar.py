"""The footer: the keys that fit the focused widget."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.app import RenderResult
from textual.binding import Binding
from textual.widget import Widget

from arena.tui.keys import FOOTER
from arena.tui.look import look

_LAST = ("help", "quit")
"""Actions that are always there, at the end."""


class KeyBar(Widget):
    """At most :data:`arena.tui.keys.FOOTER` keys, those of the focused widget first. A click presses the key."""

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
        for active in self.screen.active_bindings.values():
            if active.binding.show and active.enabled:
                by_action.setdefault(active.binding.action, active.binding)
        last = [by_action.pop(action) for action in _LAST if action in by_action]
        return list(by_action.values())[: FOOTER - len(last)], last

    def _key(self, binding: Binding, colour: str) -> Text:
        meta = Style(meta={"@click": f"app.simulate_key('{binding.key}')"})
        text = Text().append(f" {self.app.get_key_display(binding)}", Style.parse(f"bold {colour}") + meta)
        return text.append(f" {binding.description} ", Style.parse(look().faint) + meta)
