"""``arena rate``, and what it and other commands say about ratings."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from command_line import Cli

import arena


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league without a learner: three agents that draw nothing or little, and one that nobody has met."""
    folder = tmp_path_factory.mktemp("rate") / "ttt"
    arena.play_match("tic_tac_toe", ["random", "first"], games=2, league=folder)
    arena.play_match("tic_tac_toe", ["minimax:2", "minimax:3"], games=2, league=folder)
    return folder


def test_it_joins_the_groups_then_counts_games_to_the_end_of_a_block(cli: Cli, agents: Path) -> None:
    code, out, _ = cli("leaderboard", agents)
    assert code == 0
    assert "cannot be compared with the others" in out
    code, out, err = cli("rate", agents, "--games", 21)
    assert (code, err) == (0, "")
    assert "played 22 games" in out
    assert "cannot be compared" not in cli("leaderboard", agents)[1]
    rows = json.loads(cli("leaderboard", agents, "--json")[1])
    assert sum(row["games"] for row in rows) == 2 * (4 + 22)


def test_it_stops_at_a_width_and_prints_json(cli: Cli, agents: Path) -> None:
    code, out, _ = cli("rate", agents, "--width", 500, "--openings", "random:2", "--json")
    assert code == 0
    rows = [row for row in json.loads(out) if row["agent"] != "random"]
    assert sum(row["high"] - row["low"] for row in rows) / len(rows) <= 500
    assert cli("rate", agents, "--width", 500)[1].count("played 0 games") == 1


def test_the_step_to_the_one_above_has_an_interval(cli: Cli, agents: Path) -> None:
    rows = json.loads(cli("leaderboard", agents, "--json")[1])
    assert rows[0]["gap"] is None
    for above, row in pairwise(rows):
        assert row["gap"] == pytest.approx(row["rating"] - above["rating"])
        assert row["gap_low"] <= row["gap"] <= row["gap_high"]
    first, second = rows[0]["agent"], rows[1]["agent"]
    shown = json.loads(cli("show", agents, first, "--against", second, "--json")[1])["difference"]
    assert shown["difference"] == pytest.approx(-rows[1]["gap"])
    assert 0.5 <= shown["superior"] <= 1
    assert f"to {second}" in cli("show", agents, first, "--against", second)[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--minutes", "0"], "`minutes > 0` must hold"),
        (["--width", "-3"], "`width > 0` must hold"),
        (["--openings", "fast"], "openings are random:PLIES"),
        (["--games", "0"], "--games"),
    ],
)
def test_wrong_calls_record_nothing(cli: Cli, agents: Path, options: list[str], message: str) -> None:
    before = len(json.loads(cli("matches", agents, "--json")[1]))
    code, _, err = cli("rate", agents, *options)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
    assert len(json.loads(cli("matches", agents, "--json")[1])) == before


def test_there_must_be_two_members(cli: Cli, tmp_path: Path) -> None:
    assert cli("rate", tmp_path / "none")[0] == 2
