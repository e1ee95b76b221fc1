"""The tree of settings: what a league stores, what a file holds, and what older leagues stored."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from arena.settings import Settings, algorithm_settings
from arena.settings_files import toml
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
        ("lr = 0.1", r"lr is a setting of the group optimization; write it below \[optimization\]"),
        ("league = 3", "'league' is a group of settings, but got 3"),
        ("version = 3", "settings of version 3 need a newer program"),
        ("algorithm = 'pop'", "no training algorithm 'pop'; did you mean 'ppo'"),
        ("[resources]\noverlap = true", "`overlap` needs sampling processes"),
        ("[optimization]\nlr = 0", "`lr > 0` must hold"),
        ("lr = = 3", "is not TOML"),
        ("version = 0", "version 0 come from an old league, but these are incomplete"),
        ("version = -1", "version of settings is a number from 0 to 2, but got -1"),
        ("version = true", "version of settings is a number from 0 to 2, but got True"),
        ("[optimization]\nlr = inf", "`lr > 0` must hold, but got lr=inf"),
        (f"[optimization]\nlr = {10**400}", "`lr > 0` must hold, but got lr=inf"),
        (f"[optimization]\nlr = {'9' * 5000}", "is not TOML"),
        ("x = " + "[" * 5000, "is not TOML"),
        ("[optimization]\nlr = ['a']", r"lr must be a number or list of lists of numbers, but got \['a'\]"),
        ("[optimization]\nlr = [[5, 0.1], [9, 0.2]]", "a schedule of lr is pairs"),
        ("[optimization]\nlr = [[0, 0.1]]", "a schedule of lr is pairs"),
        ("[optimization]\nlr = [[0, 0.1], [0, 0.2]]", "a schedule of lr is pairs"),
        ("[optimization]\nentropy_coeff = [[0, 0.1], [9, -0.2]]", "a schedule of entropy_coeff is pairs"),
        ("[optimization]\nentropy_coeff = [[], [9, 0.2]]", "a schedule of entropy_coeff is pairs"),
        ("[optimization]\nminibatch_size = 9000", "`minibatch_size <= train_batch_size_per_learner` must hold"),
        ("[training]\ntables = 100000000000", "`1 <= tables <= 100000` must hold"),
        ("[league]\nbaselines = ['none']", "baselines must be a list"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(LeagueError, match=message) as error:
        Settings.load(path)
    assert "settings.toml" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "stored", [[], None, 3, {"tables": 1}, {"version": 0, "league": []}, {"version": 0, "league": {}, "network": 3}]
)
def test_stored_settings_that_were_tampered_with_are_one_line(stored: Any) -> None:
    with pytest.raises(LeagueError) as error:
        Settings.from_dict(stored)
    assert "\n" not in str(error.value)


def test_settings_of_version_1_lose_what_evaluation_pairs_no_longer_need() -> None:
    stored = Settings().to_dict()
    stored |= {"version": 1, "evaluation": {**stored["evaluation"], "rating_distance": 1.2, "baseline_share": 0.2}}
    assert Settings.from_dict(stored) == Settings()


def test_none_stands_anywhere_in_a_file(tmp_path: Path) -> None:
    settings = Settings().replaced({"network.config": {"x": [None, {"y": None}]}, "optimization.grad_clip": None})
    (tmp_path / "settings.toml").write_text(toml(settings.to_dict()))
    assert Settings.load(tmp_path / "settings.toml") == settings


@pytest.mark.parametrize("path", ["trainin.tables", "algorithm", "training", "training.tabels", ""])
def test_a_change_of_no_setting_is_refused(path: str) -> None:
    with pytest.raises(LeagueError, match=r"a change names group\.setting|there is no setting"):
        Settings().replaced({path: 4})


def test_a_schedule_is_kept() -> None:
    settings = Settings().replaced({"optimization.lr": [[0, 1e-3], [1_000_000, 0]]})
    assert settings.optimization.to_dict()["lr"] == [[0, 1e-3], [1_000_000, 0]]
    assert Settings.from_dict(settings.to_dict()) == settings


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
    from agents.policies.network import MaskedNetwork
    from agents.policies.networks import NETWORKS
    from arena import LeaguePPOConfig

    class Other(MaskedNetwork):
        """Another network with a name."""

    monkeypatch.setitem(NETWORKS, "other", Other)
    named = Settings().replaced({"network.name": "other", "network.config": {"fcnet_hiddens": [8]}})
    config = LeaguePPOConfig().game("kuhn_poker").apply(named)
    assert config.rl_module_spec.module_class is Other
    assert config.settings().network == named.network
    with pytest.raises(AgentError, match=r"no network 'othr'.*did you mean 'other'"):
        LeaguePPOConfig().game("kuhn_poker").apply(named.replaced({"network.name": "othr"}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"league.roles": {"main": 1}}, "a population has at least 2 main learners"),
        (
            {"population.hyperparam_mutations": {"gamma": 2.0}},
            "settings in effect that main learners can differ in, but got 'gamma'; there are lr,",
        ),
        ({"population.hyperparam_mutations": {"kl_coeff": 2.0}}, "but got 'kl_coeff'"),
        ({"population.hyperparam_mutations": {"entropy": 2.0}}, "did you mean 'entropy_coeff'"),
        ({"population.hyperparam_mutations": {"lr": 0.5}}, "`1 <= hyperparam_mutations <= 1000` must hold"),
    ],
)
def test_a_population_that_cannot_be_is_refused(changes: dict[str, Any], reason: str) -> None:
    sound = {"league.roles": {"main": 2}, "population.hyperparam_mutations": {"lr": 3.0}}
    Settings().replaced(sound).check()
    with pytest.raises(LeagueError, match=reason):
        Settings().replaced(sound | changes).check()


def test_games_that_a_score_never_rests_on_are_refused_except_in_a_league_that_has_them() -> None:
    for enough, decay in ((99.9, 0.99), (1e9, 1.0), (0, 0.01)):
        Settings().replaced({"league.enough_games": enough, "league.payoff_decay": decay}).check()
    never = Settings().replaced({"league.enough_games": 101})
    with pytest.raises(LeagueError, match="lower enough_games, or raise payoff_decay"):
        never.check()
    never.check(stored=True)
