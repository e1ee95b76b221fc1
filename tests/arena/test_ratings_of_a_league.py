"""What a league says about ratings to a script and on the command line: rankings, differences, learners' courses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Cli
from small_league import played_league

import arena
from arena.cli.app import run
from leagues.records import LeagueError, LiveResult
from leagues.store import open_store


@pytest.fixture
def league(tmp_path: Path) -> Path:
    """A league whose learner loses to ``random`` at first and wins later."""
    folder = played_league(tmp_path / "ttt")
    live = [
        LiveResult(iteration, "main", opponent, iteration, 0, 20 - iteration)
        for iteration in range(1, 20)
        for opponent in ("random", "first")
    ]
    with open_store(folder).writer() as writer:
        for iteration in range(1, 20):
            writer.record(live=[each for each in live if each.iteration == iteration])
    return folder


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*args: object, typed: str = "") -> tuple[int, str, str]:
        code = run([str(arg) for arg in args])
        return code, *capsys.readouterr()

    return call


def test_the_course_of_a_learner_is_apart_from_the_leaderboard(league: Path, cli: Cli) -> None:
    with arena.open_league(league) as opened:
        board = opened.leaderboard()
        curve = opened.live_ratings("main")
        assert "main" not in {each.agent for each in board}
        assert [point.iteration for point in curve] == list(range(1, 20))
        assert curve[-1].rating > curve[0].rating + 300
        assert all(point.low < point.rating < point.high for point in curve)
        assert opened.live_ratings("main@1") == []
    shown = json.loads(cli("show", league, "main", "--json")[1])
    assert [point["iteration"] for point in shown["live"]] == list(range(1, 20))
    assert shown["rating"] is None
    out = cli("show", league, "main")[1]
    assert f"{curve[-1].rating:.0f} (" in out
    assert "after iteration 19" in out
    assert json.loads(cli("show", league, "main@1", "--json")[1])["live"] == []


def test_rankings_and_differences_of_a_script(league: Path) -> None:
    with arena.open_league(league) as opened:
        rows = opened.rank("nash").rows
        assert {row.agent for row in rows} == {"random", "first", "main@1"}
        assert sum(row.share or 0 for row in rows) == pytest.approx(1)
        board = {each.agent: each.rating for each in opened.leaderboard()}
        gap = opened.difference("main@1", "first")
        assert gap.difference == pytest.approx(board["main@1"] - board["first"])
        with pytest.raises(LeagueError, match="'main' has no rating"):
            opened.difference("main", "first")
        with pytest.raises(LeagueError, match="there is no ranking"):
            opened.rank("best")
