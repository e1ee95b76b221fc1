"""REINFORCE with a baseline (Williams 1992): a second training algorithm, beside those of the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import SampleBatch
from torch import Tensor

from arena.training.algorithm import LeagueAlgorithm
from arena.training.algorithms import register_algorithm
from arena.training.columns import Trajectories, advantages
from arena.training.config import LeagueAlgorithmConfig
from arena.training.learner import LeagueTorchLearner
from games.contract import Game
from leagues.setting_groups import SettingsGroup, setting

RETURNS = "returns"


@dataclass(frozen=True)
class ReinforceSettings(SettingsGroup):
    gamma: float = setting(1.0, "Discount per step of a seat.", low=0, high=1)
    lr: float = setting(3e-3, "Learning rate of Adam.", above=0)
    train_batch_size_per_learner: int = setting(2048, "Agent steps of an iteration.", low=1)
    minibatch_size: int | None = setting(None, "Steps of one gradient step.", low=1, none="the whole batch")
    baseline_coeff: float = setting(0.5, "Weight of the baseline's squared error.", low=0)


class ReinforceLearner(LeagueTorchLearner):
    """Gradient steps on ``-log pi(a | s) (G - b(s))``, and on the squared error of the baseline b."""

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        log_probs = torch.log_softmax(fwd_out[Columns.ACTION_DIST_INPUTS], 1)  # (B, A)
        taken = log_probs[torch.arange(len(log_probs)), batch[Columns.ACTIONS].long()]  # (B,)
        errors = batch[RETURNS] - fwd_out[Columns.VF_PREDS]
        loss = -(taken * errors.detach()).mean()
        self.metrics.log_value((module_id, "policy_loss"), loss.item(), window=1)
        return loss + config.baseline_coeff * errors.square().mean()


class Reinforce(LeagueAlgorithm):
    """REINFORCE in a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = ("policy_loss",)

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return ReinforceConfig(algo_class=cls)

    def make_batch(self, trajectories: Trajectories) -> SampleBatch:
        """With lambda 1 the value targets are the returns."""
        _, returns = advantages(trajectories, gamma=self.config.gamma, lambda_=1.0)
        observations = self.observations(trajectories)
        return SampleBatch({Columns.OBS: observations, Columns.ACTIONS: trajectories.actions, RETURNS: returns})


class ReinforceConfig(LeagueAlgorithmConfig):
    algorithm: ClassVar[str] = "reinforce"
    settings_class: ClassVar[type[SettingsGroup]] = ReinforceSettings

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or Reinforce)

    def get_default_learner_class(self) -> type:
        return ReinforceLearner

    def needs_dist_inputs(self, game: Game) -> bool:
        return False


register_algorithm("reinforce", config="reinforce:ReinforceConfig", settings="reinforce:ReinforceSettings")
