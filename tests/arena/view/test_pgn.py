"""Chess matches as PGN: what is written reads back as the same game."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyspiel
import pytest
from played_league import make_league

from agents.basic import RandomAgent
from arena.cli.app import run
from arena.play.matches import play_pairings
from arena.view.pgn import replay_pgn
from games import GameError, make_game
from games.drawing import boards
from leagues.records import Match, Member, Pairing
from leagues.store import LeagueInfo, Writer, open_store

NAMES = ("random", 'the "quoted" \\ one')


def chess_league(folder: Path) -> Writer:
    game = make_game("chess")
    store = open_store(folder).create(
        LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, datetime(2026, 1, 2, tzinfo=UTC))
    )
    store.add_members([Member(name, "baseline", "baseline", agent="random") for name in NAMES])
    return store


def play(seeds: Sequence[int]) -> list[Match]:
    pairings = [Pairing(NAMES, seed, 1, seed, "evaluation") for seed in seeds]
    return play_pairings(make_game("chess"), pairings, {name: RandomAgent() for name in NAMES})


def read_back(pgn: str) -> tuple[dict[str, str], str, str]:
    """Tags, the position after the moves, and the result that stands behind them."""
    header, moves = pgn.rstrip("\n").split("\n\n")
    tags = dict(re.fullmatch(r'\[(\w+) "(.*)"\]', line).groups() for line in header.splitlines())  # type: ignore[union-attr]
    *words, result = moves.split()
    state = pyspiel.load_game("chess").new_initial_state()
    for ply, word in enumerate(word for word in words if not re.fullmatch(r"\d+\.", word)):
        assert state.current_player() == (ply + 1) % 2  # white begins, at seat 1
        state.apply_action(state.string_to_action(word))
    return tags, str(state), result


def test_the_moves_read_back_to_the_same_position(tmp_path: Path) -> None:
    with chess_league(tmp_path / "league") as store:
        matches = play(range(8))
        numbers = store.record(matches=matches)
        results = set()
        for number, match in zip(numbers, matches, strict=True):
            pgn = replay_pgn(store, number)
            tags, position, result = read_back(pgn)
            *_, last = make_game("chess").replay(match.seed, match.history)
            assert boards.chess(position) == last.draw()
            assert list(tags) == ["Event", "Site", "Date", "Round", "White", "Black", "Result"]
            assert (tags["White"], tags["Black"]) == ('the \\"quoted\\" \\\\ one', "random")
            assert re.fullmatch(r"\d{4}\.\d\d\.\d\d", tags["Date"])
            assert tags["Result"] == result
            assert result == {1.0: "0-1", 0.0: "1/2-1/2", -1.0: "1-0"}[match.returns[0]]
            assert max(map(len, pgn.splitlines())) < 80
            results.add(result)
        assert len(results) > 1


def test_a_seat_at_fault_has_lost(tmp_path: Path) -> None:
    (whole,) = play([1])
    with chess_league(tmp_path / "league") as store:
        halves = [replace(whole, history=whole.history[:5], ending="crash", fault=seat) for seat in (0, 1)]
        for number, expected in zip(store.record(matches=halves), ("1-0", "0-1"), strict=True):
            tags, _, result = read_back(replay_pgn(store, number))
            assert (tags["Result"], result, tags["Termination"]) == (expected, expected, "abandoned")


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with chess_league(tmp_path / "league") as store:
        (number,) = store.record(matches=play([2]))
        expected = replay_pgn(store, number)
    assert run(["replay", str(tmp_path / "league"), str(number), "--export", "pgn"]) == 0
    assert capsys.readouterr().out == expected


def test_other_games_are_refused_in_one_line(tmp_path: Path) -> None:
    with open_store(make_league(tmp_path / "league")).reader() as reader, pytest.raises(GameError) as caught:
        replay_pgn(reader, 1)
    assert "'tic_tac_toe'" in str(caught.value)
    assert "\n" not in str(caught.value)
