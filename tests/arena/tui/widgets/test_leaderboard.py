"""The leaderboard: members without a rating."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_league import new_league, play
from tui_person import SLIM, WIDE, watching


@pytest.mark.parametrize("size", [SLIM, WIDE])
async def test_a_member_without_evaluation_matches_shows_no_rating(tmp_path: Path, size: tuple[int, int]) -> None:
    with new_league(tmp_path / "league") as store:
        play(store, [("random", "first")])
        async with watching(tmp_path / "league", size=size) as person:
            await person.see(person.shows("no games"))
            (line,) = [line for line in person.text().splitlines() if "main@1" in line]
            assert not any(letter.isdigit() for letter in line.split("│")[1].replace("main@1", ""))
