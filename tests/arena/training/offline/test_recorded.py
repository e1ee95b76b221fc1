"""Recorded matches as episodes: what they hold is what the matches show, step by step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recorded_league import recorded_league

from arena import export_episodes
from arena.play.source import Limits
from arena.training.columns import Trajectories, concatenate
from arena.training.offline import recorded
from arena.training.offline.parquet import read_episodes
from arena.training.offline.recorded import RecordedMatches
from games import make_game
from leagues.records import LeagueError, MatchFilter
from leagues.store import open_store


def episodes(folder: Path, of: tuple[str, ...] = ()) -> Trajectories:
    with open_store(folder).reader() as reader:
        found = RecordedMatches(reader, make_game(reader.info().game), MatchFilter(), of)
        return concatenate([part.trajectories for part in found])


@pytest.mark.parametrize(
    "spec", ["tic_tac_toe", "kuhn_poker", "goofspiel(players=2,num_cards=4,points_order=descending)"]
)
def test_each_step_is_that_of_the_match(tmp_path: Path, spec: str) -> None:
    game = make_game(spec)
    steps = episodes(recorded_league(tmp_path / "league", spec, "random", "first", games=6))
    with open_store(tmp_path / "league").reader() as reader:
        matches = [reader.match(match.id) for match in reader.matches()][::-1]
    at = 0
    for match in matches:
        for seat in range(game.num_seats):
            moves = [action for player, action in match.history if player == seat]
            if not moves:
                continue
            rows = slice(int(steps.offsets[at]), int(steps.offsets[at + 1]))
            np.testing.assert_array_equal(steps.actions[rows], moves)
            assert set(steps.seats[rows].tolist()) == {seat}
            assert steps.rewards[rows].sum() == pytest.approx(match.returns[seat])
            seen = [state.clone() for state in game.replay(match.seed, match.history)]
            for row, ply in zip(range(rows.start, rows.stop), steps.plies[rows].tolist(), strict=True):
                observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, bool)
                seen[ply].observe(seat, observation, mask)
                np.testing.assert_array_equal(steps.observations[row], observation)
                np.testing.assert_array_equal(steps.masks[row], mask)
            at += 1
    assert at == len(steps.games)
    assert not steps.truncated.any()


def test_continuous_actions_are_those_of_the_match(tmp_path: Path) -> None:
    spec = "pettingzoo:simple_spread_v3(N=2,continuous_actions=true,max_cycles=5)"
    league = recorded_league(tmp_path / "league", spec, "random", "random", games=2)
    export_episodes(league, tmp_path / "files")
    game = make_game(spec)
    for steps in (episodes(league), read_episodes([tmp_path / "files"], game)):
        assert np.abs(steps.actions).max() <= 1 + 1e-6, "in units"
        assert steps.truncated.all()
        assert steps.final_observations.shape == (len(steps.games), *game.observation_shape)


def test_steps_of_an_opening_are_left_out(tmp_path: Path) -> None:
    league = recorded_league(tmp_path / "league", "tic_tac_toe", "random", "random", games=4, openings="random:3")
    with open_store(league).reader() as reader:
        assert {match.opening for match in reader.matches()} == {3}
    assert episodes(league).plies.min() == 3


def test_an_adjudicated_match_is_truncated(tmp_path: Path) -> None:
    league = recorded_league(
        tmp_path / "league", "connect_four", "first", "random", games=2, limits=Limits(max_plies=5)
    )
    steps = episodes(league)
    assert steps.truncated.all()
    assert not steps.rewards.any()
    assert steps.final_masks.any(axis=1).all()


def test_members_and_matches_are_chosen(tmp_path: Path) -> None:
    league = recorded_league(tmp_path / "league", "tic_tac_toe", "random", "first", games=10)
    everyone, own = episodes(league), episodes(league, of=("first",))
    assert len(everyone.games) == 20
    assert len(own.games) == 10
    first_legal = own.masks.argmax(axis=1)
    np.testing.assert_array_equal(own.actions, first_legal)
    won = export_episodes(league, tmp_path / "won", where="first won", of=["first"])
    with open_store(league).reader() as reader:
        assert won.matches == len(reader.matches(MatchFilter(result=("first", "won"))))
    read = read_episodes([tmp_path / "won"], make_game("tic_tac_toe"))
    assert (np.add.reduceat(read.rewards, read.offsets[:-1]) == 1).all()


def test_files_hold_the_same_and_no_episode_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    league = recorded_league(tmp_path / "league", "kuhn_poker", "random", "first", games=30)
    monkeypatch.setattr(recorded, "ROWS_PER_FILE", 8)
    monkeypatch.setattr(recorded, "AT_ONCE", 7)
    written = export_episodes(league, tmp_path / "files")
    files = sorted((tmp_path / "files").iterdir())
    assert len(files) == written.files > 5
    game, steps = make_game("kuhn_poker"), episodes(league)
    parts = [read_episodes([file], game) for file in files]
    assert all(len(part) <= 8 for part in parts)
    assert sum(len(part.games) for part in parts) == written.episodes == len(steps.games)
    for name in ("observations", "masks", "actions", "seats", "rewards", "plies", "offsets"):
        np.testing.assert_array_equal(getattr(read_episodes([tmp_path / "files"], game), name), getattr(steps, name))
    assert written.steps == len(steps)


def test_a_match_with_a_fault_is_left_out(tmp_path: Path) -> None:
    league = recorded_league(tmp_path / "league", "tic_tac_toe", "random", "random", games=4)
    store = open_store(league)
    with store.writer() as writer:
        match = replace(writer.match(1), ending="illegal", fault=0, event=2, block=1)
        writer.record(matches=[match])
    assert export_episodes(league, tmp_path / "files").left_out == 1


def test_wrong_calls_say_why(tmp_path: Path) -> None:
    league = recorded_league(tmp_path / "league", "tic_tac_toe", "random", "random", games=2)
    with pytest.raises(LeagueError, match="new or empty folder"):
        export_episodes(league, league)
    with pytest.raises(LeagueError, match="no recorded match gives a step"):
        export_episodes(league, tmp_path / "none", where="human")
    with pytest.raises(LeagueError, match="nobody"):
        export_episodes(league, tmp_path / "none", of=["nobody"])
    assert not (tmp_path / "none").exists()
