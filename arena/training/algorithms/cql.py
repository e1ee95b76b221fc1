"""Conservative Q-learning (Kumar et al. 2020, arXiv 2006.04779) for discrete actions with masks: the loss of DQN on
recorded games, and a loss that keeps the values of actions low that nobody played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import SampleBatch
from torch import Tensor

from agents.policies.network import ACTION_MASK, mask_logits
from agents.policies.q_network import QF_PREDS
from arena.training.algorithms.cql_settings import CQLSettings
from arena.training.algorithms.dqn import LeagueDQN, LeagueDQNConfig, LeagueDQNTorchLearner
from arena.training.columns import Trajectories
from arena.training.learners import Learners
from arena.training.offline.algorithm import OfflineAlgorithm, OfflineConfig
from arena.training.replay import ROWS, WEIGHTS
from leagues.setting_groups import SettingsGroup

CQL_LOSS = "cql_loss"


class LeagueCQLTorchLearner(LeagueDQNTorchLearner):
    """The loss of Q-learning and the conservative one, CQL(H) of the paper (equation 4)."""

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """The soft maximum of the values of legal actions shall not be far above the value of the action played."""
        loss = super().compute_loss_for_module(module_id=module_id, config=config, batch=batch, fwd_out=fwd_out)
        q = fwd_out[QF_PREDS]  # (B, A)
        soft = torch.logsumexp(mask_logits(q / config.temperature, batch[Columns.OBS][ACTION_MASK]), 1)  # (B,)
        played = q.gather(1, batch[Columns.ACTIONS].long().unsqueeze(1)).squeeze(1)
        gap = (config.temperature * soft - played).mean()
        self.metrics.log_value((module_id, CQL_LOSS), gap.detach(), window=1)
        return loss + self.coefficient(module_id, "min_q_weight") * gap

    def after_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        super().after_gradient_based_update(timesteps=timesteps)
        self._errors = {}  # there are no priorities to make of them


class LeagueCQL(OfflineAlgorithm, LeagueDQN):
    """CQL trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (*LeagueDQN.LEARNING_METRICS, CQL_LOSS)

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeagueCQLConfig(algo_class=cls)

    def make_learners(self, *arguments: Any) -> Learners:
        """Learners without a replay: recorded games are one."""
        return Learners(*arguments)

    def make_batch(self, trajectories: Trajectories) -> SampleBatch:
        batch = super().make_batch(trajectories)
        rows = len(trajectories)
        return SampleBatch({**batch, WEIGHTS: np.ones(rows, np.float32), ROWS: np.arange(rows)})


_NO_REPLAY = "recorded games are the replay; set .offline_data(input_=...)"
_NO_PLAY = "no game is played for learning"


class LeagueCQLConfig(OfflineConfig, LeagueDQNConfig):
    """Configures :class:`LeagueCQL`, for discrete actions: RLlib's ``DQNConfig``, and of its ``CQLConfig``
    ``min_q_weight`` and ``temperature``. RLlib's own CQL is for continuous actions.

    Example::

        config = LeagueCQLConfig().game("connect_four").offline_data(input_="my-league")
        algorithm = config.build_algo()
        algorithm.train()
    """

    algorithm: ClassVar[str] = "cql"
    settings_class: ClassVar[type[SettingsGroup]] = CQLSettings
    own: ClassVar[frozenset[str]] = frozenset({"min_q_weight", "temperature"})
    no_effect: ClassVar[Mapping[str, str]] = {
        **{
            name: hint
            for name, hint in LeagueDQNConfig.no_effect.items()
            if name not in ("num_epochs", "shuffle_batch_per_epoch")
        },
        "replay_buffer_config": _NO_REPLAY,
        "store_buffer_in_checkpoints": _NO_REPLAY,
        "num_steps_sampled_before_learning_starts": _NO_REPLAY,
        "training_intensity": "set .training(train_batch_size_per_learner=..., num_epochs=...)",
        "epsilon": _NO_PLAY,
        "noisy": _NO_PLAY,
        "sigma0": _NO_PLAY,
        "num_atoms": "the conservative loss is for mean returns",
        "v_min": "there are no atoms",
        "v_max": "there are no atoms",
    }

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeagueCQL)
        self.epsilon = 0.0
        self.training_intensity = 1.0  # a row that is learned from is a step

    def get_default_learner_class(self) -> type:
        return LeagueCQLTorchLearner
