"""Tournaments that are played, told, taken up and recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.contract import AgentError
from arena.play.tournaments import Tournament, play_tournament
from leagues.records import LeagueError
from leagues.store import open_store

FIELD = ["minimax:3", "first", "random", "mcts:10", "random"]


@pytest.mark.parametrize(("format", "meetings"), [("round-robin", 10), ("gauntlet", 4), ("swiss", 6), ("knockout", 4)])
def test_a_tournament_ranks_everybody_by_whole_blocks(format: str, meetings: int) -> None:
    result = play_tournament("tic_tac_toe", FIELD, format=format, games=3, seed=5)
    assert result.agents == ("minimax:3", "first", "random", "mcts:10", "random#2")
    assert {standing.total.agent for standing in result.standings} == set(result.agents)
    assert len(result.meetings) == meetings
    assert [standing.rank for standing in result.standings] == sorted(standing.rank for standing in result.standings)
    blocks = Counter(match.block for match in result.matches)
    assert set(blocks.values()) == {2}, "seats rotate in every block"
    if format != "knockout":  # where even meetings go on
        assert len(result.matches) == 4 * meetings
    for meeting in result.meetings:
        payoff = result.payoffs.get(*meeting.agents)
        assert payoff is not None
        assert payoff.games >= meeting.games


@pytest.mark.parametrize("format", ["round-robin", "swiss", "knockout"])
def test_equal_calls_give_equal_tournaments(format: str) -> None:
    def played(seed: int) -> Sequence[tuple[object, ...]]:
        result = play_tournament("tic_tac_toe", FIELD, format=format, games=2, seed=seed, openings="random:2")
        return [(match.seats, match.seed, match.history) for match in result.matches]

    assert played(1) == played(1) != played(2)


@pytest.mark.slow
def test_the_strong_win_a_knockout_and_the_standings_tell_their_merits() -> None:
    result = play_tournament("tic_tac_toe", ["first", "minimax:9", "random"], format="knockout", games=8)
    best = result.standings[0]
    assert (best.total.agent, best.rank, best.merits) == ("minimax:9", 1, {"rounds": 2})
    swiss = play_tournament("tic_tac_toe", ["first", "minimax:9", "random"], format="swiss", games=8)
    assert list(swiss.standings[0].merits) == ["points", "buchholz"]
    assert swiss.standings[0].total.agent == "minimax:9"


def test_a_graded_game_ranks_by_returns() -> None:
    result = play_tournament("leduc_poker", ["first", "random", "equilibrium"], games=200)
    assert result.unit == "returns per game"
    assert result.standings[0].total.agent == "equilibrium"
    total = sum(standing.total.score * standing.total.games for standing in result.standings)  # type: ignore[operator]
    assert total == pytest.approx(0, abs=1e-6), "what one wins the others lose"


def test_in_games_of_three_seats_combinations_meet_with_rotated_seats() -> None:
    result = play_tournament("kuhn_poker(players=3)", ["first", "random", "random", "first"], games=6)
    assert len(result.meetings) == 4
    seats = Counter((name, seat) for match in result.matches for seat, name in enumerate(match.seats))
    assert set(seats.values()) == {6}
    assert all(standing.total.games == 18 for standing in result.standings)


@pytest.mark.parametrize("format", ["round-robin", "swiss", "knockout"])
def test_an_interrupted_tournament_goes_on_and_plays_no_block_twice(format: str, tmp_path: Path) -> None:
    call = {"format": format, "games": 4, "seed": 3, "tables": 2}
    field = [*FIELD[:-1], "mcts:3"]
    whole = play_tournament("tic_tac_toe", field, league=tmp_path / "whole", **call)

    class Killed(BaseException):
        pass

    def kill(so_far: Tournament) -> None:
        if so_far.played >= 11:
            raise Killed

    folder = tmp_path / "killed"
    with pytest.raises(Killed):
        play_tournament("tic_tac_toe", field, league=folder, on_progress=kill, **call)
    with open_store(folder).reader() as reader:
        before = len(list(reader.iter_matches()))
    assert 0 < before < len(whole.matches)
    taken_up = play_tournament("tic_tac_toe", field, league=folder, resume=True, **call)
    assert [(m.seats, m.seed, m.history) for m in taken_up.matches] == [
        (m.seats, m.seed, m.history) for m in whole.matches
    ]
    assert taken_up.standings == whole.standings
    with open_store(folder).reader() as reader:
        recorded = list(reader.iter_matches())
        (event,) = reader.events()
    assert len(recorded) == len(whole.matches)
    assert (event.command, event.finished) == ("tournament", True)
    with pytest.raises(AgentError):
        play_tournament("tic_tac_toe", field, league=folder, resume=True, **call)


def test_a_league_records_each_member_once(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="'random' takes part twice"):
        play_tournament("tic_tac_toe", FIELD, league=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_progress_is_told_after_every_game() -> None:
    seen: list[tuple[int, int, int]] = []

    def note(so_far: Tournament) -> None:
        seen.append((so_far.played, so_far.games, so_far.round))

    play_tournament("tic_tac_toe", ["random", "first", "random"], format="swiss", games=2, on_progress=note)
    assert len(seen) == 1 + 4
    assert (seen[0][0], seen[-1][0]) == (0, 4)
    assert {games for _, games, _ in seen} == {4}
    assert [round for _, _, round in seen][-1] == 2


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [({"format": "ladder"}, "no format"), ({"games": 0}, "games >= 1"), ({"rounds": 1}, "only swiss")],
)
def test_a_wrong_call_writes_nothing(arguments: dict[str, object], rule: str, tmp_path: Path) -> None:
    with pytest.raises((LeagueError, AgentError), match=rule):
        play_tournament("tic_tac_toe", ["random", "first"], league=tmp_path / "new", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()
