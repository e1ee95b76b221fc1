"""What the apps share: a theme for every palette, in the colours that the terminal has."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App
from textual.filter import LineFilter
from textual.theme import Theme

from arena.tui.layout import HEIGHTS, SIZES
from arena.tui.look import look, wear
from arena.tui.nearest import Nearest
from arena.tui.screens.base import ArenaScreen
from arena.view.theme import DARK, PALETTES, Palette, palette_for


class DressedApp(App[Exception]):
    """An app that has a theme for every palette.

    Args:
        theme: name of the palette that it begins with, of :data:`arena.view.theme.PALETTES`.
    """

    CSS_PATH = "arena.tcss"
    TITLE = "arena"
    HORIZONTAL_BREAKPOINTS = [(width, f"-{name}") for width, name in SIZES]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(height, f"-{name}") for height, name in HEIGHTS]  # noqa: RUF012

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._first_theme = theme
        self._nearest = [Nearest()] if self.console.color_system == "256" else []

    def dress(self) -> None:
        """Make the themes, and use the first. To be called before there is a screen."""
        for name in PALETTES:
            self.register_theme(_theme(name, self._palette(name)))
        self._use(self.available_themes[self._first_theme])
        self.theme = self._first_theme
        self.theme_changed_signal.subscribe(self, self._use)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return _variables(DARK)  # until there is a theme; only their names count

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._nearest]

    def _palette(self, name: str) -> Palette:
        return palette_for(name, None if self.no_color else self.console.color_system)

    def _use(self, theme: Theme) -> None:
        if theme.name in PALETTES and self._palette(theme.name) is not look():
            wear(self._palette(theme.name))
            for screen in self.screen_stack:
                if isinstance(screen, ArenaScreen):
                    screen.show_again()


def _theme(name: str, palette: Palette) -> Theme:
    """Textual's theme of a palette."""
    return Theme(
        name=name,
        dark=palette.dark,
        primary=palette.accent,
        secondary=palette.secondary,
        accent=palette.accent,
        success=palette.good,
        warning=palette.warm,
        error=palette.bad,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        variables=_variables(palette),
    )


def _variables(palette: Palette) -> dict[str, str]:
    """The variables of ``arena.tcss`` that Textual does not have."""
    return {"faint": palette.faint, "frame": palette.frame}
