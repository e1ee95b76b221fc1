"""``arena match``: the options of the match runner, guests, and leagues that matches make."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Cli, rows
from small_league import GAME, played_league

from agents.basic import RandomAgent
from agents.contract import Turn
from arena.api import open_league
from games import Game
from games.contract import ActionArray


def test_every_reader_works_on_a_league_that_a_match_made(cli: Cli, tmp_path: Path) -> None:
    league = tmp_path / "arena"
    code, out, err = cli("match", GAME, "first", "mcts:5", "--games", 6, "--league", league)
    assert (code, err) == (0, "")
    assert out.endswith(f"recorded in {league}\n")
    assert [row["agent"] for row in rows(cli, "leaderboard", league)] == ["first", "mcts:5"]
    assert {row["role"] for row in rows(cli, "leaderboard", league)} == {"guest"}
    assert [row["games"] for row in rows(cli, "payoffs", league)] == [6, 6]
    assert len(rows(cli, "matches", league)) == 6
    assert rows(cli, "show", league, "mcts:5")["kind"] == "guest"
    assert "○ player_1 (mcts:5)" in cli("replay", league, 1, "--text")[1]
    for command in (("show", "--settings"), ("verify",), ("leaderboard",), ("payoffs",), ("matches",)):
        assert cli(command[0], league, *command[1:])[0] == 0, command


def test_a_league_without_a_learner_cannot_be_trained(cli: Cli, tmp_path: Path) -> None:
    cli("match", GAME, "first", "mcts:5", "--games", 2, "--league", tmp_path)
    code, out, err = cli("train", GAME, "--league", tmp_path, "--resume", "--minutes", "0.1")
    assert (code, out.count("\n") <= 1) == (2, True)
    assert "without a learner" in err
    assert err.count("\n") == 1


def test_members_and_guests_meet_in_a_trained_league(cli: Cli, tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    assert cli("match", GAME, "first", "mcts:5", "--games", 4, "--league", league)[0] == 0
    ranked = {row["agent"]: row["role"] for row in rows(cli, "leaderboard", league)}
    assert ranked["mcts:5"] == "guest"
    assert ranked["first"] == "baseline"
    assert cli("verify", league)[0] == 0


class Weak(RandomAgent):
    """Breaks the rules at its first move, raises at its second one if that is at seat 1."""

    def __init__(self, game: Game) -> None:
        super().__init__()

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        actions = super().act(turn, rng)
        actions[turn.seats == 0] = -1
        if (turn.seats == 1).any():
            raise RuntimeError("no")
        return actions


def test_faults_are_told_by_agent_seat_and_kind(cli: Cli, caplog: pytest.LogCaptureFixture) -> None:
    weak = f"py:{__name__}:Weak"
    result = rows(cli, "match", GAME, weak, "first", "--games", 6, "--tables", 1)
    assert result["faults"] == [
        {"agent": weak, "seat": 0, "ending": "illegal", "games": 3},
        {"agent": weak, "seat": 1, "ending": "crash", "games": 3},
    ]
    assert result["endings"] == {"illegal": 3, "crash": 3}
    assert (result["score"], result["losses"]) == (0.0, 6)
    out = cli("match", GAME, weak, "first", "--games", 6, "--tables", 1)[1]
    assert f"{weak} (seat 0) made an illegal move in 3 games" in out
    assert f"{weak} (seat 1) crashed in 3 games" in out
    assert caplog.records


def test_equal_games_are_counted(cli: Cli) -> None:
    result = rows(cli, "match", GAME, "first", "first", "--games", 20)
    assert (result["games"], result["distinct"]) == (20, 2)
    assert "only 2 of these 20 games are different" in cli("match", GAME, "first", "first", "--games", 20)[1]
    result = rows(cli, "match", GAME, "first", "first", "--games", 20, "--openings", "random:3")
    assert result["distinct"] > 10
    assert "different" not in cli("match", GAME, "first", "random", "--games", 2)[1]


def test_games_are_ended_at_a_limit_of_plies(cli: Cli) -> None:
    result = rows(cli, "match", GAME, "first", "random", "--games", 4, "--max-plies", 3)
    assert (result["draws"], result["endings"]) == (4, {"adjudicated": 4})
    out = cli("match", GAME, "first", "random", "--games", 4, "--max-plies", 3)[1]
    assert "4 games were adjudicated at the limit of plies" in out


class Interrupting(RandomAgent):
    """Presses Ctrl-C before its 20th move, once."""

    batched = False
    moves = 0

    def __init__(self, game: Game) -> None:
        super().__init__()

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        Interrupting.moves += 1
        if Interrupting.moves == 20:
            raise KeyboardInterrupt
        return super().act(turn, rng)


def test_an_interrupted_match_says_how_it_goes_on(cli: Cli, tmp_path: Path) -> None:
    call = ("match", GAME, f"py:{__name__}:Interrupting", "first", "--games", 20, "--league", tmp_path / "arena")
    code, out, err = cli(*call)
    assert (code, out) == (1, "")
    assert err.startswith("error: interrupted; the same call with --resume goes on")
    begun = len(rows(cli, "matches", tmp_path / "arena"))
    assert 0 < begun < 20
    assert rows(cli, *call, "--resume")["games"] == 20
    assert len(rows(cli, "matches", tmp_path / "arena")) == 20
    assert cli(*call, "--resume")[0] == 2


def test_a_person_s_games_are_recorded_apart(cli: Cli, tmp_path: Path) -> None:
    typed = "4\n8\n6\n7\n5\n3\n2\n1\n0\n"
    code, out, err = cli("play", GAME, "--against", "first", "--league", tmp_path / "arena", typed=typed)
    assert (code, err) == (0, "")
    assert f"recorded in {tmp_path / 'arena'} as match 1" in out
    (match,) = rows(cli, "matches", tmp_path / "arena")
    assert (match["kind"], match["agents"]) == ("human", ["human", "first"])
    assert {row["games"] for row in rows(cli, "leaderboard", tmp_path / "arena")} == {0}
    assert rows(cli, "payoffs", tmp_path / "arena") == []
    assert cli("verify", tmp_path / "arena")[0] == 0
    code, _, err = cli("match", GAME, "random", "human", "--games", 2, "--league", tmp_path / "arena", typed=typed * 2)
    assert (code, err) == (0, "")
    assert [match["kind"] for match in rows(cli, "matches", tmp_path / "arena")] == ["human"] * 3
    asked = {row["agent"]: row["games"] for row in rows(cli, "leaderboard", tmp_path / "arena", "--people")}
    assert asked == {"human": 3, "first": 1, "random": 2}
    with open_league(tmp_path / "arena") as opened:
        assert {row.agent: row.games for row in opened.leaderboard(people=True)} == asked
        assert opened.payoffs("human").get("human", "random").games == 2  # type: ignore[union-attr]
        assert not list(opened.payoffs())


def test_a_game_that_a_person_leaves_is_recorded_nowhere(cli: Cli, tmp_path: Path) -> None:
    code, out, _ = cli("play", GAME, "--against", "first", "--league", tmp_path / "arena", typed="4\nq\n")
    assert code == 0
    assert "this game does not count" in out
    assert not (tmp_path / "arena").exists()
    assert cli("match", GAME, "human", "first", "--league", tmp_path / "arena", typed="q\n")[0] == 1
    assert not (tmp_path / "arena").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--league", ""],
        ["--resume"],
        ["--resume", "--league", "{none}"],
        ["--openings", "nonsense", "--league", "{none}"],
        ["--openings", "random:0", "--league", "{none}"],
        ["--openings", "recorded:3", "--league", "{none}"],
        ["--move-time", "0", "--league", "{none}"],
        ["--game-time", "nan", "--league", "{none}"],
        ["--max-plies", "0", "--league", "{none}"],
        ["--workers", "-1", "--league", "{none}"],
        ["--workers", "1" * 20, "--league", "{none}"],
    ],
)
def test_a_wrong_option_is_one_line_and_nothing_is_written(cli: Cli, tmp_path: Path, options: list[str]) -> None:
    none = tmp_path / "none"
    code, out, err = cli("match", GAME, "random", "first", *[option.format(none=none) for option in options])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "unexpected" not in err
    assert not none.exists()


def test_names_from_a_league_are_escaped(cli: Cli, tmp_path: Path) -> None:
    other = played_league(tmp_path / "\x1b]0;owned\x07")
    code, out, err = cli("match", GAME, f"{other}:first", "random", "--games", 2)
    assert code == 0
    assert "\x1b" not in out + err


def test_json_has_the_unit_of_the_score(cli: Cli) -> None:
    assert json.loads(cli("match", GAME, "random", "first", "--games", 2, "--json")[1])["unit"] == "points per game"
