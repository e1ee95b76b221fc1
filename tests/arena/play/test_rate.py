"""Rating matches: rounds that are recorded, goals, and large leagues whose members are loaded as they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from program_kit import processes, program

import arena
from agents.contract import AgentError
from arena.play import rate
from arena.play.rate import Rated, rate_league
from leagues.store import open_store


@pytest.fixture
def league(tmp_path: Path) -> Path:
    folder = tmp_path / "ttt"
    for pair in (["random", "first"], ["minimax:1", "minimax:2"], ["random", "minimax:3"]):
        arena.play_match("tic_tac_toe", pair, games=2, league=folder)
    return folder


def test_rounds_are_recorded_in_one_event_and_narrow_the_intervals(league: Path) -> None:
    seen: list[Rated] = []
    rated = rate_league(league, games=60, on_round=seen.append)
    assert rated == seen[-1]
    assert [each.games for each in seen] == [8, 16, 24, 32, 40, 48, 56, 60]  # two pairs of two blocks in a round
    assert rated.width is not None
    assert seen[0].width is None or rated.width < seen[0].width
    with open_store(league).reader() as reader:
        (event,) = [event for event in reader.events() if event.command == "rate"]
        matches = reader.matches(event=event.number, limit=None)
        assert event.finished
    assert len(matches) == 60
    assert {match.kind for match in matches} == {"evaluation"}
    assert sorted({match.block for match in matches}) == list(range(1, 31))
    assert len({match.seed for match in matches}) == 30


def test_equal_leagues_play_equal_matches(tmp_path: Path) -> None:
    played = []
    for name in ("a", "b"):
        arena.play_match("tic_tac_toe", ["random", "minimax:2"], games=2, league=tmp_path / name)
        rate_league(tmp_path / name, games=12)
        with open_store(tmp_path / name).reader() as reader:
            played.append([(match.seats, match.seed, match.digest) for match in reader.matches(limit=None)])
    assert played[0] == played[1]


def test_a_large_league_loads_the_members_of_each_round(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MOST_LOADED", 3)
    assert rate_league(league, games=20).games == 20
    with open_store(league).reader() as reader:
        events = [event for event in reader.events() if event.command == "rate"]
        assert len(events) == 3
        assert all(event.finished and len(event.arguments["agents"]) <= 4 for event in events)


def test_goals_are_checked_and_met_goals_play_nothing(league: Path) -> None:
    with pytest.raises(AgentError, match="need a goal"):
        rate_league(league)
    with pytest.raises(AgentError, match="`width > 0` must hold"):
        rate_league(league, width=0)
    rate_league(league, games=40)
    assert rate_league(league, width=5_000).games == 0


def test_a_program_that_a_league_names_needs_trust(tmp_path: Path) -> None:
    command = f"exec:{program(tmp_path, 'good')}"
    league = tmp_path / "league"
    arena.play_match("tic_tac_toe", [command, "random"], games=2, league=league)
    started = len(processes(tmp_path))
    with pytest.raises(AgentError, match="--trust-code"):
        rate_league(league, games=2)
    assert len(processes(tmp_path)) == started  # nothing has run
    assert rate_league(league, games=2, trust_code=True).games == 2
