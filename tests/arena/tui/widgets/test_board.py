"""The board steps through a match and plays it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_person import watching


async def test_a_match_is_stepped_through_with_keys(league: Path) -> None:
    async with watching(league, 13) as person:
        board = person.screen.board
        await person.see(lambda: board.opened is not None)
        last = board.last
        assert (board.ply, last) != (last, 0)
        assert "the start" in person.board_text("move")
        await person.press("right", "right")
        assert board.ply == 2
        assert ": square " in person.board_text("move")
        await person.press("left")
        assert board.ply == 1
        await person.press("end", "right")
        assert board.ply == last
        assert f"{last}/{last}" in person.board_text("move")
        await person.press("home", "left")
        assert board.ply == 0
        # The keys are the board's wherever the focus is.
        await person.press("tab", "right")
        assert board.ply == 1


async def test_space_plays_to_the_end(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.widgets.board.PACE", 0.01)
    async with watching(league, 13) as person:
        board = person.screen.board
        await person.see(lambda: board.opened is not None)
        await person.press("space")
        await person.see(lambda: board.ply == board.last)
        assert not board.playing


async def test_space_again_or_a_step_pauses(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.widgets.board.PACE", 1000.0)
    async with watching(league, 13) as person:
        board = person.screen.board
        await person.see(lambda: board.opened is not None)
        for pause in ("space", "right"):
            await person.press("space")
            assert board.playing
            await person.press(pause)
            assert not board.playing
        await person.press("end", "space")
        assert (board.ply, board.playing) == (0, True)
