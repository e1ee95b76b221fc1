"""The settings that all sides share, and the configs of RLlib's stock PPO and of ours.

Stock plays through RLlib's own wrappers:

- OpenSpiel's games through ``OpenSpielEnv``. It has no action masks, replaces an illegal move by a random one, and
  shows the observation tensor.
- PettingZoo's simultaneous games through ``ParallelPettingZooEnv``, and its turn-based games through ``PettingZooEnv``.
  There the mask is part of the observation, and an illegal move ends the game.

Stock uses RLlib's default network with the same trunk. Where ours is a residual tower, stock gets the same module, fed
with the flat observation. Ours computes masks and never makes an illegal move.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModuleSpec
from torch import Tensor

from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, MaskedNetwork, module_observation_space
from arena.training.algorithms import algorithm_config
from arena.training.config import LeagueAlgorithmConfig
from arena.training.planner import Plan
from benchmarks.games import pettingzoo_module
from games import Game, make_game
from leagues.records import Member, Pairing

HIDDENS, BATCH, MINIBATCH, EPOCHS, LR = [256, 256], 8192, 1024, 4, 5e-4
SETTINGS: dict[str, Any] = {"hiddens": HIDDENS, "batch": BATCH, "minibatch": MINIBATCH, "epochs": EPOCHS, "lr": LR}

LESS_WORK = {"go(board_size=9)": {"batch": 2048, "minibatch": 512, "epochs": 1}}
"""Smaller settings, for all sides, in games whose network takes over a minute to train on a whole batch."""

RESIDUAL = ("go(board_size=9)",)
"""Games that all sides play with the residual tower of :mod:`agents.policies.network`."""


class FlatNetwork(MaskedNetwork):
    """Our network on the flat observation of ``OpenSpielEnv``, with every action allowed and no seat marked."""

    def setup(self) -> None:
        self.observation_space = module_observation_space(make_game(self.model_config["game"]), 0)
        super().setup()

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        return super()._forward(self._as_ours(batch), **kwargs)

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        return super().compute_values(self._as_ours(batch), embeddings)

    def _as_ours(self, batch: dict[str, Any]) -> dict[str, Any]:
        flat = batch[Columns.OBS]
        space = self.observation_space
        seen = {
            OBSERVATION: flat.reshape(len(flat), *space[OBSERVATION].shape),
            ACTION_MASK: torch.ones(len(flat), *space[ACTION_MASK].shape),
            SEAT: torch.zeros(len(flat), *space[SEAT].shape),
        }
        return {Columns.OBS: seen}


def settings(spec: str) -> dict[str, Any]:
    """The settings that all sides train a game with; keys as in :data:`SETTINGS`."""
    return SETTINGS | LESS_WORK.get(spec, {})


def _training(spec: str) -> dict[str, Any]:
    """The same settings under RLlib's names."""
    shared = settings(spec)
    return {
        "train_batch_size_per_learner": shared["batch"],
        "minibatch_size": shared["minibatch"],
        "num_epochs": shared["epochs"],
        "lr": shared["lr"],
    }


def stock_config(spec: str, envs: int, *, best: bool) -> Any:
    """Stock PPO on a game. ``best`` sets ``episodes_to_numpy=False``, the setting that matters most."""
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
    from ray.tune.registry import register_env

    register_env(f"stock:{spec}", lambda _: stock_env(spec))
    config = (
        PPOConfig()
        .environment(f"stock:{spec}")
        .env_runners(num_env_runners=0, num_envs_per_env_runner=envs)
        .multi_agent(policies={"main"}, policy_mapping_fn=lambda agent_id, episode, **kwargs: "main")
        .rl_module(
            model_config=DefaultModelConfig(fcnet_hiddens=HIDDENS, fcnet_activation="relu", vf_share_layers=True)
        )
        .training(**_training(spec))
        .debugging(seed=0, log_level="ERROR")
    )
    if spec in RESIDUAL:
        config.rl_module(rl_module_spec=RLModuleSpec(module_class=FlatNetwork, model_config={"game": spec}))
    # These observations are a number, or a board with its mask; no default network accepts them.
    if spec in ("pettingzoo:rps_v2", "pettingzoo:connect_four_v3"):
        from ray.rllib.connectors.env_to_module import FlattenObservations

        config.env_runners(env_to_module_connector=lambda env, spaces, device: FlattenObservations(multi_agent=True))
    if best:
        config.env_runners(episodes_to_numpy=False).training(use_kl_loss=False)
    return config


def stock_env(spec: str) -> Any:
    """A game in RLlib's own environment wrapper."""
    if not spec.startswith("pettingzoo:"):
        import pyspiel
        from ray.rllib.env.wrappers.open_spiel import OpenSpielEnv

        return OpenSpielEnv(pyspiel.load_game(spec))
    from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv, PettingZooEnv

    module = pettingzoo_module(spec)
    if hasattr(module, "parallel_env"):
        return ParallelPettingZooEnv(module.parallel_env())
    logging.getLogger("pettingzoo.utils.env_logger").setLevel(logging.ERROR)  # it logs every illegal move of stock
    return PettingZooEnv(module.env())


def our_config(
    spec: str, tables: int | None, *, self_play: bool, folder: str | None = None, algorithm: str = "ppo"
) -> LeagueAlgorithmConfig:
    """Our config, with evaluation matches: in self-play only, as stock trains, or with a league's default opponents.

    Args:
        spec: the game.
        tables: tables stepped in lock-step; None fits their number to the game.
        self_play: play against the latest weights only.
        folder: the league's folder; None keeps the league in memory.
        algorithm: name of the training algorithm.
    """
    mix: dict[str, Any] = {"opponents": {"latest": 1.0}} if self_play else {}
    config: LeagueAlgorithmConfig = (
        algorithm_config(algorithm)()
        .game(spec)
        .league(folder, **mix)
        .env_runners(num_env_runners=0)
        .rl_module(model_config={"fcnet_hiddens": HIDDENS, "fcnet_activation": "relu"})
        .training(**_training(spec))
        .debugging(seed=0, log_level="ERROR")
    )
    if tables is not None:
        config.env_runners(num_envs_per_env_runner=tables)
    return config


def self_play_plan(game: Game, pairings: int) -> Plan:
    """A plan for ``LeagueEnvRunner.sample_plan``: ``pairings`` games in which one learner has every seat."""
    main = Member("main", "learner", "main", modules=dict.fromkeys(game.agent_ids, "main"))
    seats = (main.id,) * game.num_seats
    games = tuple(Pairing(seats, seed, 0, 0, "training", main.id) for seed in range(pairings))
    return Plan("training", games, {main.id: main}, {}, 1, 0)
