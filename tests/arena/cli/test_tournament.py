"""``arena tournament``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Cli

GAME = "tic_tac_toe"


def test_a_tournament_as_json(cli: Cli) -> None:
    call = ("tournament", GAME, "random", "first", "minimax:2", "--games", 6, "--json")
    code, out, err = cli(*call)
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert result["agents"] == ["random", "first", "minimax:2"]
    first = next(row for row in result["standings"] if row["agent"] == "random")
    for name in ("score", "low", "high", "games"):
        assert result[name] == first[name], "the numbers of the first agent"
    assert result["games"] == 12
    assert [row["rank"] for row in result["standings"]] == [1, 2, 3]
    assert len(result["crosstable"]) == 6
    assert {row["games"] for row in result["crosstable"]} == {6}
    assert [(row["round"], row["games"]) for row in result["meetings"]] == [(1, 6), (2, 6), (3, 6)]
    assert json.loads(cli(*call)[1]) == result


def test_a_tournament_for_people(cli: Cli) -> None:
    code, out, err = cli("tournament", GAME, "random", "first", "minimax:2", "--games", 2, "--format", "swiss")
    assert (code, err) == (0, "")
    assert "0 of 4 games" in out
    assert "points  buchholz" in out
    assert "head to head" in out
    assert "round 2: " in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("random", "first", "--format", "ladder"), "no format"),
        (("random",), "of agents 1"),
        (("random", "nobody"), "nobody"),
        (("random", "first", "--rounds", 2), "only swiss"),
        (("random", "first", "--games", 0), "--games"),
    ],
)
def test_a_wrong_call_is_one_line_and_writes_nothing(
    cli: Cli, arguments: tuple[object, ...], message: str, tmp_path: Path
) -> None:
    code, out, err = cli("tournament", GAME, *arguments, "--league", tmp_path / "new")
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_recorded_tournament_is_in_the_league(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    code, out, _ = cli("tournament", GAME, "random", "first", "minimax:2", "--games", 2, "--league", folder)
    assert code == 0
    assert f"recorded in {folder}" in out
    board = json.loads(cli("leaderboard", folder, "--json")[1])
    assert {row["agent"]: row["games"] for row in board} == {"random": 4, "first": 4, "minimax:2": 4}
