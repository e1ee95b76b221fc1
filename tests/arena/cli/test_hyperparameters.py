"""What a league stores of the hyper-parameters of its mains, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from command_line import Cli, rows

import arena
from arena.settings import Settings
from games import make_game
from leagues.errors import LeagueError
from leagues.records import Member
from leagues.store import LeagueInfo, Progress, open_store

GAME = make_game("tic_tac_toe")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
STATE = {
    "factors": {"main": {"lr": 1.0, "entropy_coeff": 1.0}, "main-2": {"lr": 0.5, "entropy_coeff": 2.0}},
    "steps": {"main": 0, "main-2": 10},
}


def league(folder: Path, population: Mapping[str, Any]) -> Path:
    """A league with two mains after one iteration."""
    settings = Settings().replaced(
        {
            "league.roles": {"main": 2},
            "population.hyperparam_mutations": {"lr": 3.0, "entropy_coeff": 3.0},
            "optimization.entropy_coeff": [[0, 0.1], [1, 0.01]],
        }
    )
    info = LeagueInfo(GAME.spec, GAME.agent_ids, 7, settings.to_dict(), {}, NOW)
    with open_store(folder).create(info) as writer:
        seats = {name: dict.fromkeys(GAME.agent_ids, name) for name in ("main", "main-2")}
        writer.add_members([Member(name, "learner", "main", modules=seats[name]) for name in seats])
        progress = Progress(1, 100, 100, 10, 1.0, 100.0, NOW)
        writer.record(progress=replace(progress, league={"population": population}))
    return folder


def test_the_values_of_a_main_are_its_settings_times_its_factors(cli: Cli, tmp_path: Path) -> None:
    folder = league(tmp_path / "league", STATE)
    with arena.open_league(folder) as opened:
        own = opened.hyperparameters("main-2")
        assert own["lr"] == pytest.approx(5e-4)
        assert own["entropy_coeff"] == [[0, 0.2], [1, 0.02]]
        assert opened.hyperparameters("main")["lr"] == pytest.approx(1e-3)
        assert opened.hyperparameters("random") == {}
    code, out, err = cli("show", folder, "main-2")
    assert (code, err) == (0, "")
    assert "0.0005" in out
    assert "[[0, 0.2], [1, 0.02]]" in out
    assert rows(cli, "show", folder, "main-2")["hyperparameters"] == own


def test_an_altered_population_is_one_line(cli: Cli, tmp_path: Path) -> None:
    folder = league(tmp_path / "league", {"factors": {"main": {"lr": "much"}}, "steps": {}})
    with arena.open_league(folder) as opened, pytest.raises(LeagueError, match="restore the league from a copy"):
        opened.hyperparameters("main")
    code, out, err = cli("show", folder, "main-2")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
