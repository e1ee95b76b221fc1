"""``arena matches``, ``replay`` and ``verify``, as a person and as a pipe see them."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import Cli, rows
from small_league import GAME, played_league


def test_matches_are_newest_first_and_can_be_narrowed(cli: Cli, league: Path) -> None:
    found = rows(cli, "matches", league)
    assert [row["match"] for row in found] == list(range(13, 0, -1))
    newest = found[0]
    assert {"match", "game", "agents", "returns", "ending", "plies", "kind", "seed", "started_at", "duration_s"} <= set(
        newest
    )
    assert (newest["agents"], newest["kind"], newest["seed"]) == (["main", "random"], "training", 9)
    assert newest["game"].startswith(GAME)

    assert len(rows(cli, "matches", league, "--kind", "training")) == 1
    assert len(rows(cli, "matches", league, "--limit", 2)) == 2
    assert all("first" in row["agents"] for row in rows(cli, "matches", league, "--member", "first"))

    code, out, _ = cli("matches", league, "--limit", 1)
    assert code == 0
    assert "main · random" in out


def test_a_replay_in_a_pipe_is_text_with_every_move(cli: Cli, league: Path) -> None:
    plies = rows(cli, "matches", league, "--limit", 1)[0]["plies"]
    code, out, _ = cli("replay", league, 13)
    assert code == 0
    assert out.count(") plays ") == plies
    assert "\x1b" not in out
    assert cli("replay", league, 13, "--text")[1] == out


def test_an_exported_replay_repeats_the_game(cli: Cli, league: Path) -> None:
    from games import make_game

    code, out, err = cli("replay", league, "best", "--export", "json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert {"match", "game", "seed", "agents", "actions", "returns", "ending", "versions"} <= set(record)
    *_, last = make_game(record["game"]).replay(record["seed"], [tuple(move) for move in record["actions"]])
    assert list(last.returns()) == record["returns"]


def test_verify_is_silent_about_a_sound_league_and_fails_on_a_damaged_one(cli: Cli, tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    found = rows(cli, "verify", league)
    assert (found["matches"], found["findings"]) == (13, [])
    assert cli("verify", league)[0] == 0

    (weights,) = (league / "weights").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes() + b"x")
    code, out, _ = cli("verify", league, "--json")
    assert code == 1
    assert [finding["subject"] for finding in json.loads(out)["findings"]] == ["main@1"]
    code, out, _ = cli("verify", league)
    assert code == 1
    assert "main@1" in out
    assert out.splitlines()[-1] == "1 finding"
