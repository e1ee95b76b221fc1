"""A league that an older version made: schema 0003, weights cards of format 1, settings that name Python paths."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import arena
from arena.cli.app import run
from arena.tui import LeagueApp
from arena.verify import verify
from leagues.store import open_store

pytestmark = pytest.mark.slow

OLD = Path(__file__).parents[1] / "data/league_0003"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the old league."""
    copy = tmp_path / "league"
    shutil.copytree(OLD, copy)
    return copy


def test_it_opens_with_all_that_it_held(folder: Path) -> None:
    with arena.open_league(folder) as league:
        assert league.game.spec == "tic_tac_toe"
        assert [member.id for member in league.members()] == [
            "main",
            "main_exploiter",
            "random",
            "main@1",
            "main_exploiter@1",
            "main@2",
        ]
        assert [standing.agent for standing in league.leaderboard()] == [
            "main_exploiter@1",
            "random",
            "main@1",
            "main@2",
        ]
        assert league.progress is not None
        assert (league.progress.iteration, league.progress.agent_steps) == (12, 12374)
        assert league.reader.count_matches("training") == 21
        assert league.reader.count_matches("evaluation") == 436
        payoff = league.payoffs().get("main_exploiter@1", "random")
        assert payoff is not None
        assert payoff.games > 0


def test_it_verifies_without_findings(folder: Path) -> None:
    checked = verify(folder)
    assert checked.findings == ()
    assert checked.matches == 457


def test_its_matches_replay(folder: Path) -> None:
    with arena.open_league(folder) as league:
        for number in (1, 457):
            match = league.match(number)
            states = league.replay(number)
            assert len(states) == match.plies + 1
            assert states[-1].returns() == match.returns


def test_its_snapshots_play(folder: Path) -> None:
    with arena.open_league(folder) as league:
        before = league.reader.count_matches()
    result = arena.play_match("tic_tac_toe", [str(folder), "random"], games=20, league=folder)
    assert result.agents == ("main_exploiter@1", "random")
    assert {match.ending for match in result.matches} == {"terminated"}
    assert np.isclose(result.score, (result.wins + result.draws / 2) / 20)
    with arena.open_league(folder) as league:
        assert league.reader.count_matches() == before + 20
    assert verify(folder).findings == ()


def test_its_training_resumes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(folder).reader() as reader:
        progress, members, matches = reader.progress(), reader.members(), list(reader.iter_matches())
    assert progress is not None
    steps = str(progress.env_steps + 1)
    code = run(["train", "tic_tac_toe", "--league", str(folder), "--resume", "--steps", steps])
    assert (code, capsys.readouterr().err) == (0, "")
    with open_store(folder).reader() as reader:
        resumed = reader.progress()
        assert resumed is not None
        assert resumed.iteration == progress.iteration + 1
        assert resumed.agent_steps > progress.agent_steps
        assert reader.members()[: len(members)] == members
        assert list(reader.iter_matches())[: len(matches)] == matches
    assert verify(folder).findings == ()


async def test_the_terminal_ui_shows_it(folder: Path) -> None:
    app = LeagueApp(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        text = ""
        for _ in range(1500):
            await pilot.pause(0.01)
            text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            if all(part in text for part in ("tic_tac_toe", "main_exploiter@1", "457 matches")):
                return
        raise AssertionError(f"the screen shows:\n{text}")
