"""A trained best response bounds exploitability from below, and is kept with its games."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from network_league import network_league

import arena
from agents.contract import AgentError
from arena.training import best_response as module
from arena.training.best_response import LowerBound, _bound, best_response
from games import make_game
from leagues.errors import LeagueError

KUHN = make_game("kuhn_poker")


def trained(agent: str, monkeypatch: pytest.MonkeyPatch, league: Path | None = None, iterations: int = 8) -> LowerBound:
    """A response of a few iterations, however fast the machine is."""
    monkeypatch.setattr(module, "MOST_BLOCKS", 1000)
    monkeypatch.setattr(module, "LEAST_BLOCKS", 1000)
    done: list[int] = []
    return best_response(
        KUHN,
        agent,
        minutes=1000,
        league=league,
        seed=3,
        on_progress=lambda progress: done.append(progress.iteration),
        should_stop=lambda: len(done) >= iterations,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_the_bound_on_random_play_is_below_its_exploitability_and_near_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bound = trained("random", monkeypatch, tmp_path / "kept")
    exact = 11 / 12
    assert 0.5 * exact < bound.nash_conv <= exact
    assert bound.nash_conv == bound.low < bound.gain < bound.high
    assert bound.gain == pytest.approx(sum(seat.gain for seat in bound.seats))
    assert bound.exploitability == pytest.approx(bound.nash_conv / 2)
    assert bound.games == 3 * 1000

    assert bound.guest == "best_response:random"
    with arena.open_league(tmp_path / "kept") as league:
        members = {member.id: member for member in league.members()}
        assert {member.kind for member in members.values()} == {"guest"}
        assert members[bound.guest].origin is not None
        assert members[bound.guest].origin.startswith("best response to random")
        assert league.reader.count_matches("evaluation") == bound.games
        assert len(league.replay(1)) > 1
        (event,) = league.reader.events()
        assert (event.command, event.finished) == ("best_response", True)


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_a_mixture_is_responded_to_and_its_members_are_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    exact = arena.exploitability(KUHN, f"{folder}:average").nash_conv
    bound = trained(f"{folder}:average", monkeypatch, folder)
    assert bound.nash_conv <= exact
    assert bound.high > 0.3 * exact
    with arena.open_league(folder) as league:
        met = {name for match in league.matches(limit=None) for name in match.seats}
    assert met == {"main@1", "main@2", "best_response:average"}


def test_the_bound_is_the_sum_of_the_gains_over_blocks() -> None:
    # Two blocks of two seats: rows are the response at seat 0, at seat 1, and the agent alone.
    returns = np.array([[[2, -2], [-1, 1], [1, -1]], [[4, -4], [-3, 3], [1, -1]]], np.float64)
    bound = _bound(KUHN, "random", returns, 10, None)
    assert [seat.value for seat in bound.seats] == [1, -1]
    assert [seat.best_response for seat in bound.seats] == [3, 2]
    assert [seat.gain for seat in bound.seats] == [2, 3]
    assert bound.gain == 5
    assert bound.nash_conv == max(0, bound.low)
    assert bound.low < 5 < bound.high
    assert bound.games == 6


def test_no_gain_bounds_nothing() -> None:
    returns = np.array([[[-1, 1], [1, -1], [0, 0]]] * 3, np.float64)
    bound = _bound(KUHN, "random", returns, 10, None)
    assert (bound.nash_conv, bound.exploitability) == (0, 0)
    assert (bound.gain, bound.seats[0].gain) == (-2, -1)


@pytest.mark.parametrize(
    ("game", "agent", "minutes", "error", "reason"),
    [
        ("kuhn_poker", "human", 1, AgentError, "is a person"),
        ("kuhn_poker", "nobody", 1, AgentError, "matches no kind of agent"),
        ("kuhn_poker", "mcts:5", 1, AgentError, "hides information"),
        ("kuhn_poker", "random", 0, LeagueError, "minutes > 0"),
        ("kuhn_poker", "random", float("nan"), LeagueError, "minutes > 0"),
        ("kuhn_poker(players=4,teams=0101)", "random", 1, LeagueError, "has teams"),
    ],
)
def test_a_wrong_call_writes_nothing(
    game: str, agent: str, minutes: float, error: type[Exception], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=reason):
        best_response(game, agent, minutes=minutes, league=tmp_path / "league")
    assert not list(tmp_path.iterdir())


def test_a_league_of_another_game_is_found_before_anything_is_trained(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "leduc_poker")
    with pytest.raises(AgentError, match="leduc_poker"):
        best_response(KUHN, "random", minutes=1, league=folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(LeagueError, match="is a file"):
        best_response(KUHN, "random", minutes=1, league=tmp_path / "file")


def test_gone_weights_are_found_before_anything_is_trained(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    for file in (folder / "weights").iterdir():
        file.unlink()
    with pytest.raises(LeagueError, match="restore it from a copy"):
        best_response(KUHN, f"{folder}:main@1", minutes=1)
