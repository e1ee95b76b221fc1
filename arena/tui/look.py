"""The palette in use. Widgets ask for it whenever they make text, so that a change of theme reaches everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.theme import Theme

from arena.view.theme import DARK, PALETTES, Palette

_in_use = DARK


def look() -> Palette:
    """The palette of the theme in use."""
    return _in_use


def dress(app: App[Any], name: str, show_again: Callable[[], object]) -> None:
    """Give an app a theme for every palette.

    Args:
        app: the app, in its ``on_mount``.
        name: the palette that it begins with.
        show_again: called when the person has chosen another one.
    """

    def use(theme: Theme) -> None:
        global _in_use
        if theme.name in PALETTES and PALETTES[theme.name] is not _in_use:
            _in_use = PALETTES[theme.name]
            show_again()

    for theme in _themes():
        app.register_theme(theme)
    use(app.available_themes[name])
    app.theme = name
    app.theme_changed_signal.subscribe(app, use)


def _themes() -> list[Theme]:
    """Textual's theme for every palette, by the same name."""
    return [
        Theme(
            name=name,
            dark=each.dark,
            primary=each.accent,
            secondary=each.secondary,
            accent=each.accent,
            success=each.good,
            warning=each.warm,
            error=each.bad,
            foreground=each.foreground,
            background=each.background,
            surface=each.surface,
            panel=each.panel,
            variables={"faint": each.faint, "footer-key-foreground": each.accent},
        )
        for name, each in PALETTES.items()
    ]
