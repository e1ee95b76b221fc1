"""A league without a learner in the terminal UI."""

from __future__ import annotations

from pathlib import Path

from tui_person import watching

from arena.play.matches import play_match


async def test_a_league_without_a_learner_is_watched(tmp_path: Path) -> None:
    play_match("tic_tac_toe", ["first", "mcts:5"], games=6, league=tmp_path)
    async with watching(tmp_path) as person:
        await person.see(person.shows("2 members", "6 matches"))
