"""A network for each module: learners, and the seats of a learner, may have networks of different kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.rllib.core.rl_module import MultiRLModule, MultiRLModuleSpec, RLModuleSpec
from small_training import module_state, small

from agents.policies import weights
from arena import LeaguePPO, LeaguePPOConfig
from arena.settings import Settings
from arena.settings_files import toml
from arena.training.modules import networks_of
from leagues.errors import LeagueError

ROLES = {"main": 1, "main_exploiter": 1}
SMALL, SMALLER = {"fcnet_hiddens": [16, 16]}, {"fcnet_hiddens": [8]}
GRU = {"network": "gru", "lstm_cell_size": 8, "fcnet_hiddens": [8]}


def networks(**model_configs: dict[str, Any]) -> MultiRLModuleSpec:
    return MultiRLModuleSpec(
        rl_module_specs={module: RLModuleSpec(model_config=config) for module, config in model_configs.items()}
    )


@pytest.mark.slow
def test_learners_with_different_networks_train_meet_and_go_on(build: Any, tmp_path: Path) -> None:
    def config() -> LeaguePPOConfig:
        made: LeaguePPOConfig = small("kuhn_poker", tmp_path / "league", roles=ROLES)
        return made.rl_module(rl_module_spec=networks(main=SMALL, main_exploiter=GRU))

    algorithm = build(config())
    while not {"main@1", "main_exploiter@1"} <= algorithm.session.members.keys():
        algorithm.train()
    algorithm.train()
    cards = {}
    for name in ("main", "main_exploiter"):
        member = algorithm.session.members[f"{name}@1"]
        _, card = weights.parse(algorithm.session.store.weights.get(member.weights))
        cards[name] = card["modules"][name]["model_config"]
    assert cards == {"main": SMALL, "main_exploiter": GRU}
    checkpoint = algorithm.save_to_path(tmp_path / "checkpoint")
    state = module_state(algorithm)
    algorithm.stop()

    resumed = build(config())
    assert resumed.session.progress.iteration == algorithm.session.progress.iteration
    for module, values in module_state(resumed).items():
        for name, value in values.items():
            np.testing.assert_array_equal(value, state[module][name])
    resumed.train()
    stored = Settings.from_dict(resumed.session.writer.info().settings)
    resumed.stop()
    applied = LeaguePPOConfig().game("kuhn_poker").apply(stored, stored=True).league(tmp_path / "league")
    assert networks_of(applied) == networks_of(config())
    again = build(applied)
    again.train()
    again.stop()
    restored = LeaguePPO.from_checkpoint(checkpoint)
    try:
        assert networks_of(restored.config) == networks_of(config())
    finally:
        restored.stop()


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["dqn", "sac"])
def test_each_seat_may_have_a_network_of_its_own(build: Any, algorithm: str) -> None:
    config = small("kuhn_poker", algorithm=algorithm, module_per_seat=True)
    config.rl_module(rl_module_spec=networks(**{"main.player_1": SMALLER}), model_config=SMALL)
    made = build(config)
    while "main@1" not in made.session.members:
        made.train()
    widths = {
        name: {value.shape[0] for key, value in state.items() if key.endswith("weight")}
        for name, state in module_state(made).items()
    }
    assert 16 in widths["main.player_0"]
    assert 16 not in widths["main.player_1"]


def test_networks_survive_a_file(tmp_path: Path) -> None:
    config = small("kuhn_poker", roles=ROLES).rl_module(rl_module_spec=networks(main_exploiter=GRU))
    config.rl_module(model_config=SMALL)
    settings = config.settings()
    assert settings.network.config == SMALL
    assert settings.network.modules == {"main_exploiter": {"name": "masked", "config": SMALL | GRU}}
    file = tmp_path / "settings.toml"
    file.write_text(toml(settings.to_dict()))
    assert Settings.load(file) == settings


def test_a_file_gives_a_module_its_network() -> None:
    group = {"config": SMALL, "modules": {"main_exploiter": {"config": SMALLER}}}
    settings = Settings.from_dict({"league": {"roles": ROLES}, "network": group})
    config = LeaguePPOConfig().game("kuhn_poker").apply(settings)
    assert {module: network[1] for module, network in networks_of(config).items()} == {
        "main": SMALL,
        "main_exploiter": SMALLER,
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (networks(exploiter=SMALL), "for the module 'exploiter', but the league has main, main-2"),
        (networks(main={"fcnet_hidden": [8]}), "`model_config` has the settings .* but got 'fcnet_hidden'"),
        (networks(**{name: {"network": "transformer"} for name in ("main", "main-2")}), "`network` must be one of"),
        (networks(main=SMALLER), "a population copy each other's weights"),
        (
            MultiRLModuleSpec(
                multi_rl_module_class=type("Shared", (MultiRLModule,), {}), rl_module_specs={"main": RLModuleSpec()}
            ),
            "multi_rl_module_class",
        ),
    ],
)
def test_networks_that_a_league_cannot_have_are_refused(tmp_path: Path, spec: Any, message: str) -> None:
    population = {"roles": {"main": 2}, "hyperparam_mutations": {"lr": 3.0}}
    config = small("kuhn_poker", tmp_path / "league", **population).rl_module(rl_module_spec=spec)
    with pytest.raises((LeagueError, ValueError), match=message) as raised:
        config.build_algo()
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "league").exists()


def test_a_network_of_a_module_is_a_name_and_its_settings() -> None:
    with pytest.raises(LeagueError, match=r"write \[network.modules.main\] and these two"):
        Settings.from_dict({"network": {"modules": {"main": {"fcnet_hiddens": [8]}}}})


def test_stored_networks_of_modules_import_no_code_either() -> None:
    settings = Settings.from_dict({"network": {"modules": {"main": {"name": "evil:Network"}}}})
    with pytest.raises(LeagueError, match=r"never import code, but these name \['evil:Network'\]"):
        LeaguePPOConfig().game("kuhn_poker").apply(settings)
