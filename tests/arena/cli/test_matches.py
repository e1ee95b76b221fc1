"""``arena matches``, ``replay`` and ``verify``, as a person and as a pipe see them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import Cli, rows
from small_league import AGENTS, GAME, new_league, play, played_league

from arena.play.matches import play_pairings
from games import make_game
from leagues.records import ENDINGS, MATCH_KINDS, Member, Pairing


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


def test_a_narrow_screen_keeps_the_names_of_opponents_readable(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = ("main_exploiter-2@11", "main_exploiter-2@12")
    with new_league(tmp_path / "league") as store:
        first = store.member("main@1")
        own = {"role": "main_exploiter", "learner": "main_exploiter-2"}
        store.add_members([Member("main_exploiter-2", "learner", "main_exploiter", modules=first.modules)])
        store.add_members([replace(first, id=name, generation=int(name[-2:]), **own) for name in long])
        monkeypatch.setattr("small_league.AGENTS", {**AGENTS, **dict.fromkeys(long, AGENTS["random"])})
        play(store, [long])
        monkeypatch.setattr("arena.cli.output.is_screen", lambda: True)
        monkeypatch.setenv("COLUMNS", "80")
        out = cli("matches", tmp_path / "league")[1]
        assert " · ".join(long) in out
        assert "terminated" not in out
        monkeypatch.setenv("COLUMNS", "60")
        assert "main…-2@11 · main…-2@12" in cli("matches", tmp_path / "league")[1]
        pairing = Pairing(("main@1", "random"), 5, 1, 5, "evaluation", None)
        (match,) = play_pairings(make_game(GAME), [pairing], AGENTS)
        store.record(matches=[replace(match, ending="truncated")])
    monkeypatch.setenv("COLUMNS", "80")
    out = cli("matches", tmp_path / "league")[1]
    assert "truncated" in out
    assert "main_exp…-2@11 · main_exp…-2@12" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_matches_are_found_by_the_words_of_a_filter(cli: Cli, league: Path) -> None:
    found = rows(cli, "matches", league, "first", "lost", "evaluation", "plies<9")
    assert found
    for row in found:
        assert (row["kind"], row["plies"] < 9) == ("evaluation", True)
        assert row["returns"][row["agents"].index("first")] == -1
    assert rows(cli, "matches", league, "first lost evaluation plies<9") == found
    assert rows(cli, "matches", league, "lost", "--kind", "evaluation", "plies<9", "first") == found
    both = rows(cli, "matches", league, "main@1", "--member", "first")
    assert {*both[0]["agents"]} == {"main@1", "first"}

    assert rows(cli, "matches", league, "best") == rows(cli, "matches", league, "--member", "best")
    assert {row["agents"].count("main@1") for row in rows(cli, "matches", league, "latest", "won")} == {1}

    code, _, err = cli("matches", league, "frist")
    assert (code, err) == (2, "error: 'frist' is no member and no word of a filter; did you mean 'first'?\n")
    assert cli("matches", league, "training", "--kind", "human")[0] == 2
    _, out, _ = cli("matches", "--help")
    assert {"won", "drew", "lost", *MATCH_KINDS, *ENDINGS} <= {*re.findall(r"\w+", out)}


def test_a_member_whose_name_is_a_word_of_the_filter_can_be_named(cli: Cli, tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.add_members([Member(name, "guest", "guest", agent="random") for name in ("lost", "my bot")])
        (whole,) = (store.match(number) for number in play(store, [("first", "random")]))
        store.record(matches=[replace(whole, seats=seats) for seats in (("lost", "first"), ("my bot", "random"))])
    for words in (["member=lost"], ["first member=lost"], ["--member", "lost"], ["member=lost", "won"]):
        assert [row["agents"] for row in rows(cli, "matches", tmp_path / "league", *words)] == [["lost", "first"]]
    for words in (["my bot"], ["member=my bot"], ["--member", "my bot"], ["member='my bot'"]):
        assert [row["agents"] for row in rows(cli, "matches", tmp_path / "league", *words)] == [["my bot", "random"]]
    code, _, err = cli("matches", tmp_path / "league", "lost")
    assert (code, "member=lost means the member" in err) == (2, True)


def test_one_list_of_matches_follows_another(cli: Cli, league: Path) -> None:
    _, out, _ = cli("matches", league, "--limit", 5)
    assert out.splitlines()[-1] == "older ones: --before 9"
    assert [row["match"] for row in rows(cli, "matches", league, "--before", 9)] == list(range(8, 0, -1))
    _, out, _ = cli("matches", league, "--before", 3)
    assert "--before" not in out


def test_a_replay_in_a_pipe_is_text_with_every_move(cli: Cli, league: Path) -> None:
    plies = rows(cli, "matches", league, "--limit", 1)[0]["plies"]
    code, out, _ = cli("replay", league, 13)
    assert code == 0
    assert out.count(") plays ") == plies
    assert "\x1b" not in out
    assert cli("replay", league, 13, "--text")[1] == out


def test_an_exported_replay_repeats_the_game(cli: Cli, league: Path) -> None:
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
