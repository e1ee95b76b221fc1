"""Soft actor-critic (Haarnoja et al. 2018, arXiv 1812.05905; for discrete actions Christodoulou 2019, arXiv
1910.07207): its loss and its config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.algorithms.sac.sac_learner import QF_LOSS_KEY, QF_MEAN_KEY, TD_ERROR_MEAN_KEY
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import ENTROPY_KEY, POLICY_LOSS_KEY
from ray.rllib.core.rl_module import RLModule, RLModuleSpec
from torch import Tensor, nn

from agents.policies.network import ACTION_MASK
from agents.policies.soft_actor_critic import LOG_ALPHA, QF_PREDS, SoftActorCritic, drawn, entropy
from arena.training.algorithms.off_policy import DISCOUNTS, OffPolicyAlgorithm, OffPolicyConfig, OffPolicyTorchLearner
from arena.training.algorithms.sac_settings import AUTO, SACSettings
from arena.training.replay import WEIGHTS

ALPHA_KEY = "alpha_value"

OF_THE_NETWORK = ("twin_q", "initial_alpha")
"""Settings that the network reads."""


class LeagueSACTorchLearner(OffPolicyTorchLearner):
    """The losses of critics, policy and alpha, each with an optimizer of its own."""

    def optimized(self, module_id: str) -> dict[str, list[nn.Parameter]]:
        network: SoftActorCritic = self.networks[module_id]
        return {
            "actor_lr": list(network.actor_parameters()),
            "critic_lr": list(network.critic_parameters()),
            "alpha_lr": [network.log_alpha],
        }

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """The sum of the three losses, none of which reaches the parameters of another (Haarnoja et al. 2018, equations
        5, 7 and 18).

        Entropies and, for discrete actions, all means over actions are exact, and not estimated from draws.
        """
        network: SoftActorCritic = self.networks[module_id]
        inputs, log_alpha = fwd_out[Columns.ACTION_DIST_INPUTS], fwd_out[LOG_ALPHA]
        alpha = log_alpha.detach().exp()
        with torch.no_grad():
            after = {Columns.OBS: batch[Columns.NEXT_OBS]}
            future = network.act(after)
            value = self._values(self._targets.of(module_id, network), after, future)
            value = value + alpha * entropy(future, continuous=network.continuous)
            goal = batch[Columns.REWARDS] + batch[DISCOUNTS] * value
        if network.continuous:
            said = fwd_out[QF_PREDS]  # (critics, B)
            with _frozen(network):
                expected = self._values(network, {Columns.OBS: batch[Columns.OBS]}, inputs)
        else:
            all_said = fwd_out[QF_PREDS]  # (critics, B, A)
            said = all_said[:, torch.arange(len(goal), device=goal.device), batch[Columns.ACTIONS].long()]
            expected = (inputs.softmax(1) * all_said.detach().amin(0)).sum(1)
        errors = said - goal
        self.learned(module_id, batch, errors.abs().mean(0))
        critic_loss = 0.5 * (batch[WEIGHTS] * errors.square()).mean(1).sum()
        spread = entropy(inputs, continuous=network.continuous)  # (B,)
        policy_loss = -(expected + alpha * spread).mean()
        missing = (spread.detach() - self._target_entropy(module_id, batch, network)).mean()
        self.metrics.log_dict(
            {
                QF_LOSS_KEY: critic_loss.detach(),
                QF_MEAN_KEY: said.detach().mean(),
                TD_ERROR_MEAN_KEY: errors.detach().abs().mean(),
                POLICY_LOSS_KEY: policy_loss.detach(),
                ENTROPY_KEY: spread.detach().mean(),
                ALPHA_KEY: alpha.mean(),
            },
            key=module_id,
            window=1,
        )
        return critic_loss + policy_loss + (log_alpha * missing).sum()

    @staticmethod
    def _values(network: SoftActorCritic, batch: dict[str, Any], inputs: Tensor) -> Tensor:
        """The mean of the lower critic over a policy's actions ``(B,)``; of one draw, if they are continuous."""
        if network.continuous:
            return network.q_values(batch, drawn(inputs)).amin(0)
        return (inputs.softmax(1) * network.q_values(batch).amin(0)).sum(1)

    def _target_entropy(self, module_id: str, batch: Mapping[str, Any], network: SoftActorCritic) -> Tensor:
        """The entropy ``(B,)`` that alpha is adapted to."""
        target = self.config.target_entropy
        if network.continuous:
            return torch.full_like(
                batch[Columns.REWARDS], -batch[Columns.ACTIONS].shape[1] if target == AUTO else target
            )
        uniform = batch[Columns.OBS][ACTION_MASK].sum(1).to(torch.float32).log()
        if target == AUTO:
            return min(1.0, self.coefficient(module_id, "target_entropy_share")) * uniform
        return uniform.clamp(max=target)


@contextmanager
def _frozen(network: SoftActorCritic) -> Iterator[None]:
    """Let gradients pass through the critics to their inputs, and not into their parameters."""
    parameters = list(network.critic_parameters())
    for each in parameters:
        each.requires_grad_(False)
    try:
        yield
    finally:
        for each in parameters:
            each.requires_grad_(True)


class LeagueSAC(OffPolicyAlgorithm):
    """SAC trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (
        POLICY_LOSS_KEY,
        QF_LOSS_KEY,
        QF_MEAN_KEY,
        TD_ERROR_MEAN_KEY,
        ENTROPY_KEY,
        ALPHA_KEY,
    )

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeagueSACConfig(algo_class=cls)


class LeagueSACConfig(OffPolicyConfig, SACConfig):
    """Configures :class:`LeagueSAC`: RLlib's ``SACConfig`` with ``.game()`` and ``.league()``, for discrete and for
    continuous actions.

    Example::

        config = LeagueSACConfig().game("mpe:simple_spread_v3(continuous_actions=True)")
        algorithm = config.build_algo()
        algorithm.train()
    """

    algorithm: ClassVar[str] = "sac"
    network_base: ClassVar[type[RLModule]] = SoftActorCritic
    settings_class: ClassVar[type[SACSettings]] = SACSettings
    own: ClassVar[frozenset[str]] = frozenset({"target_entropy_share", "adam_epsilon"})
    no_effect: ClassVar[Mapping[str, str]] = {
        "lr": "set .training(actor_lr=..., critic_lr=..., alpha_lr=...)",
        "q_model_config": 'set .rl_module(model_config={"fcnet_hiddens": [256, 256]})',
        "policy_model_config": 'set .rl_module(model_config={"fcnet_hiddens": [256, 256]})',
        "optimization": "set .training(actor_lr=..., critic_lr=..., alpha_lr=...)",
        "num_epochs": "each row is drawn from the replay anew; set .training(training_intensity=...)",
        "shuffle_batch_per_epoch": "rows are drawn from the replay at random",
        "_deterministic_loss": "actions are always drawn",
        "_use_beta_distribution": "continuous actions are Gaussian",
        "use_state_preprocessor": "RLlib no longer reads it",
        "worker_side_prioritization": "RLlib no longer reads it",
    }

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeagueSAC)

    def get_default_learner_class(self) -> type:
        return LeagueSACTorchLearner

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """A policy with critics; ``rl_module(model_config={...})`` has the settings of their trunks."""
        return RLModuleSpec(module_class=SoftActorCritic)

    @property
    def _model_config_auto_includes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in OF_THE_NETWORK}
