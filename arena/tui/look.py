"""The palette in use. Widgets ask for it whenever they make text, so that a change of theme reaches everything."""

from __future__ import annotations

from textual.theme import Theme

from arena.view.theme import DARK, PALETTES, Palette

_in_use = DARK


def look() -> Palette:
    """The palette of the theme in use."""
    return _in_use


def use(name: str) -> None:
    """Use the palette called ``name`` from now on."""
    global _in_use
    _in_use = PALETTES[name]


def themes() -> list[Theme]:
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
