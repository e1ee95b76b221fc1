"""A monkey at the keyboard and the mouse: whatever it does, nothing fails."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from small_league import hostile_league, play
from textual.events import MouseMove, MouseScrollDown, MouseScrollUp
from tui_person import SIZES, Person, watching

from arena.tui import LeagueApp, keys
from arena.view.theme import PALETTES
from leagues.store import open_store

GROUPS = [each for each in vars(keys).values() if isinstance(each, keys.Group)]
KEYS = sorted({name for group in GROUPS for key in group.keys for name in key.keys.split(",")})
LETTERS = [*"main@1lostplies<20 []", "backspace", "enter", "tab", "shift+tab", "delete", "space", "ctrl+p"]

_WHEEL = (MouseScrollDown, MouseScrollUp, MouseMove)


async def _act(person: Person, dice: random.Random, league: Path) -> str:
    """Do something, and say what."""
    app = person.app
    width, height = app.size
    chance = dice.random()
    if chance < 0.55:
        key = dice.choice(KEYS)
        await person.press(key)
        return key
    if chance < 0.65:
        key = dice.choice(LETTERS)
        await person.press({" ": "space", "@": "at", "<": "less_than_sign"}.get(key, key))
        return key
    place = dice.randrange(width), dice.randrange(height)
    if chance < 0.80:
        await person.pilot.click(offset=place, times=dice.choice([1, 1, 1, 2]))
        return f"click {place}"
    if chance < 0.95:
        kind = dice.choice(_WHEEL)
        app.screen._forward_event(kind(None, *place, 0, 0, 0, False, False, False, *place))
        return f"{kind.__name__} {place}"
    if chance < 0.97:
        size = dice.choice(SIZES)
        await person.pilot.resize_terminal(*size)
        return f"resize {size}"
    if chance < 0.985:
        app.theme = dice.choice(list(PALETTES))
        return app.theme
    with open_store(league).writer() as store:  # no table that one opens here keeps a writer out
        play(store, [("random", "first")], block=store.next_event())
    return "a match"


async def _run(league: Path, seed: int, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stay(_: LeagueApp) -> None:
        """The monkey may not leave."""

    monkeypatch.setattr(LeagueApp, "action_quit", stay)
    dice, done = random.Random(seed), []
    size = dice.choice(SIZES)
    seen = set()
    async with watching(league, size=size) as person:
        await person.see(lambda: person.app.view is not None)
        for _ in range(steps):
            done.append(await _act(person, dice, league))
            await person.pilot.pause(0)
            seen.add(type(person.app.screen).__name__)
            if person.app._exception is not None:
                person.app._exception.add_note(f"seed {seed}, {size}, {len(done)} steps, ending in {done[-8:]}")
            if not person.app.is_running or person.app._exception is not None:
                break
        assert person.app.is_running, f"it ended by seed {seed}, {size}: {done[-8:]}"
        assert person.app.return_value is None
        await person.see(lambda: not person.app._waiting)  # every key had its effect
    assert len(done) == steps
    assert len(seen) > 3, seen  # it has been around


async def test_two_hundred_random_keys_and_clicks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _run(hostile_league(tmp_path / "league"), 7, 200, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_hundreds_more(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _run(hostile_league(tmp_path / "league"), seed, 400, monkeypatch)
