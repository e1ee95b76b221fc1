"""The tree of settings: what a league stores, what a file holds, and what older leagues stored."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from arena.settings import Settings, algorithm_settings, toml
from leagues.records import LeagueError

OLD = Path(__file__).parents[1] / "data" / "league_0003" / "league.db"
DOCS = Path(__file__).parents[2] / "docs"


def test_the_tree_survives_toml_and_json(tmp_path: Path) -> None:
    settings = Settings().replaced(
        {
            "league.roles": {"main": 1, "main_exploiter": 2},
            "training.tables": 32,
            "optimization.lr": 3e-4,
            "optimization.grad_clip": None,
            "network.config": {"fcnet_hiddens": [64, 64]},
            "resources.env_runners": 2,
            "resources.overlap": True,
        }
    )
    path = tmp_path / "settings.toml"
    path.write_text(toml(settings.to_dict()))
    assert Settings.load(path) == settings
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_a_file_names_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[optimization]\nlr = 0.5\n")
    assert Settings.load(path) == Settings().replaced({"optimization.lr": 0.5})


def test_a_league_of_version_0_keeps_the_values_that_were_constants() -> None:
    stored = json.loads(sqlite3.connect(OLD).execute("SELECT settings FROM league").fetchone()[0])
    settings = Settings.from_dict(stored)
    assert settings.league.roles == {"main": 1, "main_exploiter": 1}
    assert settings.league.opponents == {"pfsp": 0.25, "latest": 0.25, "uniform": 0.5}
    assert (settings.league.beaten, settings.league.snapshot_max_steps) == (0.98, 4000)
    assert (settings.evaluation.games_per_iteration, settings.evaluation.blocks_in_a_row) == (8, 8)
    assert (settings.training.tables, settings.training.record_every) == (16, 128)
    assert (settings.network.name, settings.network.config) == ("masked", {"fcnet_hiddens": [8]})
    assert settings.optimization.to_dict()["train_batch_size_per_learner"] == 1024


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[league]\nbeeten = 1", "no setting 'beeten'; did you mean 'beaten'"),
        ("[laegue]\nbeaten = 1", "no group of settings 'laegue'; did you mean 'league'"),
        ("league = 3", "'league' is a group of settings, but got 3"),
        ("version = 2", "settings of version 2 need a newer program"),
        ("algorithm = 'pop'", "no training algorithm 'pop'; did you mean 'ppo'"),
        ("[resources]\noverlap = true", "`overlap` needs sampling processes"),
        ("[optimization]\nlr = 0", "`lr > 0` must hold"),
        ("lr = = 3", "is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(LeagueError, match=message) as error:
        Settings.load(path)
    assert "settings.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeagueError, match="cannot be read: No such file"):
        Settings.load(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(LeagueError, match="not UTF-8"):
        Settings.load(tmp_path / "bytes.toml")


def test_an_algorithm_has_its_own_settings() -> None:
    other: Any = Settings().league
    with pytest.raises(LeagueError, match="'ppo' is set up by PPOSettings, but got LeagueSettings"):
        Settings(optimization=other)
    assert algorithm_settings("ppo")().to_dict()["gamma"] == 0.99


def test_the_document_is_made_from_the_declarations() -> None:
    spec = importlib.util.spec_from_file_location("make_settings", DOCS / "make_settings.py")
    assert spec is not None
    assert spec.loader is not None
    make_settings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_settings)
    assert (DOCS / "settings.md").read_text() == make_settings.text(), "run python docs/make_settings.py"


def test_training_takes_the_network_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from agents.contract import AgentError
    from agents.policies.network import NETWORKS, MaskedNetwork
    from arena import LeaguePPOConfig

    class Other(MaskedNetwork):
        """Another network with a name."""

    monkeypatch.setitem(NETWORKS, "other", Other)
    named = Settings().replaced({"network.name": "other", "network.config": {"fcnet_hiddens": [8]}})
    config = LeaguePPOConfig().game("kuhn_poker").apply(named)
    assert config.rl_module_spec.module_class is Other
    assert config.settings().network == named.network
    with pytest.raises(AgentError, match="'othr' is not registered"):
        LeaguePPOConfig().game("kuhn_poker").apply(named.replaced({"network.name": "othr"}))
