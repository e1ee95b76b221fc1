"""What is said of a learner on its way to its next snapshot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_league import GAME, NOW
from textual.app import App, ComposeResult
from tui_person import watching

from arena.tui.widgets.learner_list import LearnerList, steps_text, way_text
from games import make_game
from leagues.next_snapshot import NextSnapshot
from leagues.records import Member
from leagues.store import LeagueInfo, open_store

BY_SCORE = NextSnapshot(
    "main", "main", 4, 30_000, 50_000, 100_000, None, "main@3", 0.61, 41.0, 0.7, 20.0, beaten=2, counted=3
)
BY_STEPS = NextSnapshot("main", "main", 4, 30_000, 100_000, 100_000)
AT_END = NextSnapshot("response", "best_response", 1, 30_000, 0, 0)


@pytest.mark.parametrize(
    ("way", "steps", "text"),
    [
        (BY_SCORE, "30k of 50k steps at least", "scores 0.61, needs 0.70, against main@3; beats 2 of 3"),
        (
            replace(BY_SCORE, steps=60_000, games=7.0),
            "60k of 100k steps",
            "has met main@3 in 7 of 20 games",
        ),
        (replace(BY_SCORE, gate="main@3"), "30k of 50k steps at least", "then a test against main@3"),
        (replace(BY_SCORE, gate="main@3", steps=60_000), "60k of 100k steps", "next: a test against main@3"),
        (BY_STEPS, "30k of 100k steps", "only steps count"),
        (
            replace(BY_STEPS, seconds_left=75.0),
            "30k of 100k steps",
            "only steps count, or in 1m 15s of training",
        ),
        (AT_END, "30k steps", "frozen when the run ends"),
    ],
)
def test_what_really_makes_the_next_snapshot_is_said(way: NextSnapshot, steps: str, text: str) -> None:
    assert ("".join(steps_text(way)), way_text(way)) == (steps, text)


def test_there_is_a_brief_way_to_say_it() -> None:
    assert "".join(steps_text(BY_SCORE, brief=True)) == "30k/50k"
    assert way_text(BY_SCORE, brief=True) == "0.61 of 0.70 against main@3"


async def test_a_name_of_wide_characters_is_whole(tmp_path: Path) -> None:
    game = make_game(GAME)
    modules = dict.fromkeys(game.agent_ids, "m")
    with open_store(tmp_path / "league").create(LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, NOW)) as store:
        store.add_members([Member("主力", "learner", "main", modules=modules)])
    async with watching(tmp_path / "league") as person:
        await person.see(person.shows("● 主力 → @1"))


class Learners(App[None]):
    """An app with a list of learners."""

    def compose(self) -> ComposeResult:
        yield LearnerList()


async def test_a_bar_has_a_full_and_an_empty_part_and_an_ended_run_has_no_way() -> None:
    async with (app := Learners()).run_test(size=(120, 3)) as pilot:
        shown = app.query_one(LearnerList)
        shown.show_ways([replace(BY_SCORE, steps=25_000)])
        await pilot.pause()
        assert "━" * 8 + "─" * 8 in str(shown.render())
        assert "against main@3" in str(shown.render())
        shown.show_ways([BY_SCORE], trains=False)
        assert "no training is under way" in str(shown.render())
        assert "against main@3" not in str(shown.render())
