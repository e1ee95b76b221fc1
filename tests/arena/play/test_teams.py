"""Matches and leagues of games that are played by partners."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.contract import AgentError
from arena.play.matches import play_match
from arena.verify import verify
from games import make_game
from leagues.records import Member
from leagues.store import LeagueInfo, open_store

SPEC = "tiny_bridge_4p"


def make_team_league(folder: Path, teams: tuple[int, ...]) -> Path:
    game = make_game(SPEC)
    info = LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, datetime(2026, 1, 2, tzinfo=UTC), teams)
    with open_store(folder).create(info) as writer:
        writer.add_members([Member(name, "baseline", "baseline", agent=name) for name in ("random", "first")])
    return folder


def test_an_agent_plays_all_seats_of_a_team_and_the_teams_rotate(tmp_path: Path) -> None:
    folder = make_team_league(tmp_path / "league", make_game(SPEC).teams)
    result = play_match(SPEC, ["random", "first"], games=20, seed=3, league=folder)
    assert result.games == 20
    assert [match.seats for match in result.matches] == [("random", "first") * 2, ("first", "random") * 2] * 10
    assert result.wins + result.draws + result.losses == 20  # a game counts once, not once for each two seats
    earned = [match.returns[match.seats.index("random")] for match in result.matches]
    assert result.wins == sum(value > 0 for value in earned)
    assert result.returns[0] == pytest.approx(sum(earned) / 20) == -result.returns[1]
    with open_store(folder).reader() as reader:
        scores = reader.block_scores()
    assert sum(score.losses for score in scores) == result.wins  # seen from "first"
    assert {score.wins + score.draws + score.losses for score in scores} == {2}
    assert verify(folder).findings == ()


def test_named_teams_decide_who_is_scored_against_whom() -> None:
    result = play_match("kuhn_poker(players=3,teams=011)", ["random", "first"], games=10, seed=1)
    assert [match.seats for match in result.matches[:2]] == [
        ("random", "first", "first"),
        ("first", "random", "random"),
    ]
    assert result.wins + result.draws + result.losses == 10
    for match in result.matches:
        pair = sum(match.returns[1:]) / 2
        assert (match.returns[0] > pair) == (match.returns[0] > 0)  # zero-sum


def test_a_match_needs_one_agent_for_each_team() -> None:
    with pytest.raises(AgentError, match=r"'bridge' has 2 teams \(0101\), but got 4 agents"):
        play_match("bridge", ["random"] * 4)


def test_a_league_that_is_older_than_its_teams_cannot_be_played_on(tmp_path: Path) -> None:
    folder = make_team_league(tmp_path / "league", (0, 1, 2, 3))
    with pytest.raises(AgentError, match=r"has teams \(0, 1, 2, 3\), but 'tiny_bridge_4p' now has \(0, 1, 0, 1\)"):
        play_match(SPEC, ["random", "first"], league=folder)
