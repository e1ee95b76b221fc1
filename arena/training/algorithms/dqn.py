"""Deep Q-learning (Mnih et al. 2015) with the parts of Rainbow (Hessel et al. 2018, arXiv 1710.02298): its loss and
its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.dqn.dqn_learner import (
    QF_LOSS_KEY,
    QF_MAX_KEY,
    QF_MEAN_KEY,
    QF_MIN_KEY,
    TD_ERROR_MEAN_KEY,
)
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule, RLModuleSpec
from torch import Tensor
from torch.nn import functional

from agents.policies.network import ACTION_MASK, mask_logits
from agents.policies.q_network import QF_LOGITS, QF_PREDS, QNetwork
from arena.training.algorithms.dqn_settings import DQNSettings
from arena.training.algorithms.off_policy import DISCOUNTS, OffPolicyAlgorithm, OffPolicyConfig, OffPolicyTorchLearner
from arena.training.replay import WEIGHTS
from games.contract import Game
from leagues.errors import LeagueError
from leagues.setting_groups import SettingsGroup

EPSILON = ((0, 1.0), (100_000, 0.05))
"""Exploration without noisy layers, by env steps."""

UNKNOWN_RETURNS = (-10.0, 10.0)
"""Range of the atoms where the returns of a game are not known; that of RLlib."""

OF_THE_NETWORK = ("dueling", "num_atoms", "v_min", "v_max", "noisy", "sigma0")
"""Settings that the network reads."""


class LeagueDQNTorchLearner(OffPolicyTorchLearner):
    """The loss of Q-learning. The best next action is the best legal one."""

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Set how much the modules explore."""
        super().before_gradient_based_update(timesteps=timesteps)
        for module_id, network in self.networks.items():
            network.epsilon.fill_(min(1.0, self.coefficient(module_id, "epsilon")))

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """The weighted loss of the errors against the targets: Huber or squared, or with several atoms the cross
        entropy (Bellemare et al. 2017, arXiv 1707.06887, algorithm 1)."""
        network: QNetwork = self.networks[module_id]
        rows = torch.arange(len(batch[Columns.ACTIONS]), device=batch[Columns.REWARDS].device)
        actions = batch[Columns.ACTIONS].long()
        q, logits = fwd_out[QF_PREDS], fwd_out.get(QF_LOGITS)
        chosen = q[rows, actions]  # (B,)
        with torch.no_grad():
            after = {Columns.OBS: batch[Columns.NEXT_OBS]}
            target_q, target_logits = self._targets.of(module_id, network).q_values(after, noisy=True)
            judge = network.q_values(after, noisy=True)[0] if config.double_q else target_q
            best = mask_logits(judge, batch[Columns.NEXT_OBS][ACTION_MASK]).argmax(1)  # (B,)
            goal = batch[Columns.REWARDS] + batch[DISCOUNTS] * target_q[rows, best]
        if logits is None or target_logits is None:
            errors = (chosen - goal).abs()
            loss_of = functional.huber_loss if config.td_error_loss_fn == "huber" else functional.mse_loss
            losses = loss_of(chosen, goal, reduction="none")
        else:
            goals = _projected(target_logits[rows, best].softmax(1), batch, network.returns)  # (B, num_atoms)
            errors = losses = -(goals * logits[rows, actions].log_softmax(1)).sum(1)
        self.learned(module_id, batch, errors)
        loss = (batch[WEIGHTS] * losses).mean()
        values = chosen.detach()
        self.metrics.log_dict(
            {
                QF_LOSS_KEY: loss.detach(),
                QF_MEAN_KEY: values.mean(),
                QF_MAX_KEY: values.max(),
                QF_MIN_KEY: values.min(),
                TD_ERROR_MEAN_KEY: (values - goal).abs().mean(),
            },
            key=module_id,
            window=1,
        )
        return loss


def _projected(odds: Tensor, batch: Mapping[str, Any], returns: Tensor) -> Tensor:
    """The distribution of the targets on the atoms.

    Each atom's probability ``(B, N)`` goes to the two atoms next to ``reward + discount * return``, more of it to the
    nearer one.
    """
    low, high = float(returns[0]), float(returns[-1])
    goals = (batch[Columns.REWARDS].unsqueeze(1) + batch[DISCOUNTS].unsqueeze(1) * returns).clamp(low, high)  # (B, N)
    distances = (goals.unsqueeze(2) - returns).abs() * ((len(returns) - 1) / (high - low))  # (B, N, N), in atoms
    return (odds.unsqueeze(2) * (1 - distances).clamp(min=0)).sum(1)


class LeagueDQN(OffPolicyAlgorithm):
    """DQN trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (QF_LOSS_KEY, QF_MEAN_KEY, QF_MAX_KEY, QF_MIN_KEY, TD_ERROR_MEAN_KEY)

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeagueDQNConfig(algo_class=cls)


class LeagueDQNConfig(OffPolicyConfig, DQNConfig):
    """Configures :class:`LeagueDQN`: RLlib's ``DQNConfig`` with ``.game()`` and ``.league()``.

    An iteration plays ``train_batch_size_per_learner`` agent steps, and learns from ``training_intensity`` rows of the
    replay for each, ``minibatch_size`` at a time.

    Example::

        config = LeagueDQNConfig().game("connect_four").training(num_atoms=51, noisy=True)
        algorithm = config.build_algo()
        algorithm.train()
    """

    algorithm: ClassVar[str] = "dqn"
    network_base: ClassVar[type[RLModule]] = QNetwork
    settings_class: ClassVar[type[SettingsGroup]] = DQNSettings
    own: ClassVar[frozenset[str]] = frozenset()
    no_effect: ClassVar[Mapping[str, str]] = {
        "hiddens": 'set .rl_module(model_config={"fcnet_hiddens": [256, 256]})',
        "num_epochs": "each row is drawn from the replay anew; set .training(training_intensity=...)",
        "shuffle_batch_per_epoch": "rows are drawn from the replay at random",
        "lr_schedule": "set .training(lr=[[0, 1e-3], [1_000_000, 1e-4]]) for a schedule",
        "before_learn_on_batch": "override make_batch() of the algorithm",
        "burn_in_len": "DQN learns from single steps, so its network keeps no state",
        "categorical_distribution_temperature": "a Q network acts epsilon-greedily; set .training(epsilon=...)",
    }
    epsilon: Any  # RLlib leaves these untyped
    v_min: Any
    v_max: Any

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeagueDQN)

    def get_default_learner_class(self) -> type:
        return LeagueDQNTorchLearner

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """A network of action values; ``rl_module(model_config={...})`` has the settings of its trunk."""
        return RLModuleSpec(module_class=QNetwork)

    @property
    def _model_config_auto_includes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in OF_THE_NETWORK}

    def fit_to_game(self, game: Game) -> None:
        """Exploration, and the range of the atoms."""
        super().fit_to_game(game)
        if game.action_bounds is not None:
            raise LeagueError(
                f"DQN needs discrete actions, but {game.spec!r} has continuous ones; use the algorithm 'sac' or 'ppo'"
            )
        if self.epsilon is None:
            self.epsilon = 0.0 if self.noisy else EPSILON
        low, high = (
            unknown if known is None else known
            for known, unknown in zip((game.min_return, game.max_return), UNKNOWN_RETURNS, strict=True)
        )
        self.v_min = float(low) if self.v_min is None else self.v_min
        self.v_max = float(high) if self.v_max is None else self.v_max
