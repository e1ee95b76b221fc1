"""``train()``: what is wrong before training is a LeagueError of one line, and nothing is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from small_league import GAME, played_league

from arena.settings import Settings
from arena.training.run import train
from leagues.records import LeagueError
from leagues.store.sqlite.database import DATABASE

SMALL = Settings().replaced(
    {
        "optimization.train_batch_size_per_learner": 256,
        "optimization.minibatch_size": 128,
        "optimization.num_epochs": 1,
        "evaluation.games_at_end": 0,
        "evaluation.seconds_at_end": 0,
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "league"
    assert not (tmp_path / "league").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trainin.tables": 4}, r"a change names group\.setting, but got 'trainin\.tables'; did you mean 'training'"),
        ({"algorithm": "ppo"}, r"a change names group\.setting, but got 'algorithm'"),
        ({"network.config": {"bogus": 1}}, "`model_config` has the settings network, .* but got 'bogus'"),
        ({"network.config": {"precision": "int4"}}, "`precision` must be one of"),
        ({"optimization.minibatch_size": 300}, "`minibatch_size <= train_batch_size_per_learner` must hold"),
        ({"optimization.use_kl_loss": True, "optimization.kl_coeff": -1}, "`kl_coeff >= 0` must hold"),
    ],
)
def test_a_wrong_setting_is_one_line(changes: dict[str, Any], message: str, folder: Path) -> None:
    with pytest.raises(LeagueError, match=message) as error:
        train(GAME, league=folder, settings=SMALL, changes=changes, steps=1)
    assert "\n" not in str(error.value)


def test_what_rllib_refuses_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(config: Any) -> None:
        raise ValueError("two\nlines")

    monkeypatch.setattr("arena.training.config.AlgorithmConfig.validate", refuse)
    with pytest.raises(LeagueError, match=r"^two lines$"):
        train(GAME, league=folder, settings=SMALL, steps=1)


@pytest.mark.parametrize("seed", [2**31, 2**62])
def test_a_stored_seed_that_is_no_seed_is_refused(seed: int, tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    with closing(sqlite3.connect(league / DATABASE)) as connection, connection:
        connection.execute(f"UPDATE league SET seed = {seed}")
    with pytest.raises(LeagueError, match=r"`0 <= seed < 2\*\*31` must hold"):
        train(GAME, league=league, resume=True, steps=1)


def test_a_file_of_settings_is_named_by_a_path_or_a_string(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[league]\nbeeten = 1\n")
    for path in (tmp_path / "settings.toml", str(tmp_path / "settings.toml")):
        with pytest.raises(LeagueError, match="no setting 'beeten'"):
            train(GAME, league=tmp_path / "league", settings=path, steps=1)


@pytest.mark.parametrize("limit", [{"steps": -1}, {"steps": "1000"}, {"minutes": 0}, {"minutes": float("nan")}])
def test_a_limit_is_above_zero(limit: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(LeagueError, match="> 0` must hold"):
        train(GAME, league=tmp_path / "league", **limit)
    assert not (tmp_path / "league").exists()


def test_a_run_has_one_limit_and_a_score_enough_games(tmp_path: Path) -> None:
    with pytest.raises(LeagueError, match="a run has one limit, but got minutes=1 and steps=10; drop one"):
        train(GAME, league=tmp_path / "league", minutes=1, steps=10)
    changes = {"league.enough_games": 10, "league.payoff_decay": 0.9}
    with pytest.raises(LeagueError, match=r"= 10 games, but got enough_games=10 with payoff_decay=0\.9; lower"):
        train(GAME, league=tmp_path / "league", steps=1, changes=changes)
    assert not (tmp_path / "league").exists()


def test_a_league_in_the_folder_is_trained_on_only_when_asked(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    with pytest.raises(LeagueError, match="already holds a league; train it on with resume=True"):
        train(GAME, league=league, steps=1)


@pytest.mark.parametrize("baseline", ["human", "league:best", "randm"])
def test_a_baseline_plays_by_itself(baseline: str, tmp_path: Path) -> None:
    settings = Settings().replaced({"league.baselines": ["random", baseline]})
    with pytest.raises(LeagueError, match=f"a baseline is an agent that plays by itself.*{baseline}"):
        train(GAME, league=tmp_path / "league", settings=settings, steps=1)
    assert not (tmp_path / "league").exists()
