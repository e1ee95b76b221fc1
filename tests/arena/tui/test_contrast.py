"""Everything that is written on a screen is readable in every theme."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import Color
from rich.segment import Segment
from textual.widgets import Input
from tui_person import WIDE, Person, watching

from arena.play.opponent import Seating
from arena.tui.layout import NUMBERED
from arena.tui.play_app import PlayApp
from arena.view.colours import contrast
from arena.view.theme import PALETTES

LEAST = {"dark": 4.5, "light": 4.5, "contrast": 7.0}
"""WCAG 2.1, success criteria 1.4.3 and, for the theme that is there for it, 1.4.6."""


@pytest.mark.parametrize("theme", PALETTES)
async def test_every_word_on_every_screen_stands_out_from_what_is_behind_it(league: Path, theme: str) -> None:
    async with watching(league, size=WIDE, theme=theme) as person:
        await person.see(person.shows("13 matches", "best main@1"))
        for number, title in enumerate(NUMBERED, 1):
            await person.press(str(number))
            await person.see(person.shows(title, "13 matches"))
            await person.pilot.pause()
            assert unreadable(person, theme) == {}, title
        for number in (1, 2, 3):
            await person.press(str(number), "slash")
            await person.see(lambda: isinstance(person.app.focused, Input))
            assert unreadable(person, theme) == {}, f"filter {number}"
            await person.press("escape")
        for key, seen, box in (("question_mark", "Everywhere", "#help"), ("ctrl+p", "screen of key", "#--container")):
            await person.press(key)
            await person.see(person.shows(seen))
            assert unreadable(person, theme, box) == {}, key
            await person.press("escape")
        person.app.open_match(1)
        await person.see(person.shows("Moves"))
        for keys in (["right"] * 2, ["end"]):
            await person.press(*keys)
            await person.pilot.pause()
            assert unreadable(person, theme) == {}, keys


@pytest.mark.parametrize("theme", PALETTES)
async def test_so_does_every_word_at_the_table(theme: str) -> None:
    app = PlayApp(Seating("connect_four", "first"), seed=5, theme=theme)
    async with app.run_test(size=WIDE) as pilot:
        person = Person(pilot)
        await person.see(person.shows("Your move.", "type a move"))
        assert unreadable(person, theme) == {}


def unreadable(person: Person, theme: str, box: str = "") -> dict[str, float]:
    """Words in front of a background that is too much like them, with the contrast; ``box``: only in this widget,
    because what lies behind it is dimmed."""
    room = person.screen.query_one(box).region if box else person.screen.region
    found = {}
    for strip in person.screen._compositor.render_strips()[room.y : room.bottom]:
        for segment in strip.crop(room.x, room.right):
            if any(character.isalnum() for character in segment.text) and segment.style is not None:
                ratio = contrast(*colours(segment))
                if ratio < LEAST[theme]:
                    found[f"{segment.text.strip()} {segment.style}"] = round(ratio, 2)
    return found


def colours(segment: Segment) -> tuple[str, str]:
    style = segment.style
    assert style is not None
    text, behind = (
        (each or Color.default()).get_truecolor(foreground=front).hex
        for each, front in ((style.color, True), (style.bgcolor, False))
    )
    return (behind, text) if style.reverse else (text, behind)
