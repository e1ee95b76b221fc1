"""Asynchronous PPO, or IMPACT (Luo et al. 2020, arXiv 1912.00167): its loss with a target policy, and its config."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from operator import index
from typing import Any, ClassVar

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.appo import APPO, APPOConfig
from ray.rllib.algorithms.appo.appo import (
    LEARNER_RESULTS_CURR_KL_COEFF_KEY,
    LEARNER_RESULTS_KL_KEY,
    LEARNER_RESULTS_MEAN_IS_KEY,
)
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import POLICY_LOSS_KEY
from ray.rllib.evaluation.postprocessing import Postprocessing
from torch import Tensor

from arena.training.algorithms.appo_settings import APPOSettings
from arena.training.algorithms.impala import LEARNED_WHEN_NEW, LeagueIMPALA, LeagueIMPALAConfig, LeagueVtraceLearner
from arena.training.algorithms.passes import policy_and_values, policy_outputs
from arena.training.algorithms.targets import Targets

TARGET_LOGP = "target_action_logp"
TARGET_INPUTS = "target_action_dist_inputs"
"""Columns: the log-probabilities of the actions under the target policy, and the inputs of its distributions."""


class LeagueAPPOTorchLearner(LeagueVtraceLearner):
    """The loss of APPO, with V-trace of a target policy: a copy of the network that moves after some batches."""

    def build(self) -> None:
        super().build()
        self._targets = Targets()
        self._batches: defaultdict[str, int] = defaultdict(int)  # module -> those since its target moved
        self._kl_coeffs: dict[str, float] = {}  # module -> adapted weight
        self._divergences: dict[str, list[Tensor]] = {}

    def completed(self, module_id: str, columns: dict[str, Any]) -> dict[str, Any]:
        network = self.module[module_id].unwrapped()
        target = self._targets.of(module_id, network)
        if self._batches[module_id] >= self.config.target_network_update_freq:
            self._targets.move(module_id, network, self.config.tau)
            self._batches[module_id] = 0
        self._batches[module_id] += 1
        _, values = policy_and_values(network, columns)
        inputs = policy_outputs(target, columns)
        log_probs = self.distribution(module_id, inputs).logp(columns[Columns.ACTIONS])
        kept = self.with_vtrace(columns, log_probs, values) | {TARGET_LOGP: log_probs}
        return kept | {TARGET_INPUTS: inputs} if self.config.use_kl_loss else kept

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        super().before_gradient_based_update(timesteps=timesteps)
        self._divergences = {}

    def after_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Adapt the weights of the KL divergence as RLlib does."""
        super().after_gradient_based_update(timesteps=timesteps)
        for module_id, divergences in self._divergences.items():
            divergence, coeff = float(torch.stack(divergences).mean()), self._kl_coeff(module_id)
            if module_id in self.failures:
                continue
            if divergence > 2.0 * self.config.kl_target:
                self._kl_coeffs[module_id] = 1.5 * coeff
            elif divergence < 0.5 * self.config.kl_target:
                self._kl_coeffs[module_id] = 0.5 * coeff

    def _kl_coeff(self, module_id: str) -> float:
        return self._kl_coeffs.get(module_id, self.config.kl_coeff)

    def forget(self, module_id: str) -> None:
        super().forget(module_id)
        self._targets.forget(module_id)
        self._batches.pop(module_id, None)
        self._kl_coeffs.pop(module_id, None)

    def league_state(self) -> dict[str, Any]:
        own = {"targets": self._targets.state(), "batches": dict(self._batches), "kl_coeffs": dict(self._kl_coeffs)}
        return super().league_state() | own

    def set_league_state(self, state: Mapping[str, Any]) -> None:
        super().set_league_state(state)
        self._targets.restore(state["targets"], self.networks)
        self._batches = defaultdict(int, {name: index(count) for name, count in state["batches"].items()})
        self._kl_coeffs = {name: float(value) for name, value in state["kl_coeffs"].items()}

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """RLlib's loss: PPO's clipped one, with the ratio of the newest policy to the target policy in place of that to
        the policy that acted, where the latter is not much more likely to act as it did than the target policy
        (Luo et al. 2020, equation 4)."""
        policy = self.distribution(module_id, fwd_out[Columns.ACTION_DIST_INPUTS])
        acted, gains = batch[Columns.ACTION_LOGP], batch[Postprocessing.ADVANTAGES]
        share = (acted - batch[TARGET_LOGP]).exp().clamp(max=config.target_worker_clipping)
        ratio = share * (policy.logp(batch[Columns.ACTIONS]) - acted).exp()
        clipped = ratio.clamp(1 - config.clip_param, 1 + config.clip_param)
        policy_loss = -torch.min(gains * ratio, gains * clipped).mean()
        logged = {POLICY_LOSS_KEY: policy_loss, LEARNER_RESULTS_MEAN_IS_KEY: share.mean()}
        loss = policy_loss + self.value_and_entropy_loss(module_id, config, batch, fwd_out, policy)
        if config.use_kl_loss:
            divergence = self.distribution(module_id, batch[TARGET_INPUTS]).kl(policy).mean()
            self._divergences.setdefault(module_id, []).append(divergence.detach())
            coeff = self._kl_coeff(module_id)
            logged |= {LEARNER_RESULTS_KL_KEY: divergence, LEARNER_RESULTS_CURR_KL_COEFF_KEY: torch.tensor(coeff)}
            loss = loss + coeff * divergence
        self.log(module_id, logged)
        return loss


class LeagueAPPO(LeagueIMPALA, APPO):
    """APPO trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (
        *LeagueIMPALA.LEARNING_METRICS,
        LEARNER_RESULTS_KL_KEY,
        LEARNER_RESULTS_MEAN_IS_KEY,
    )

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeagueAPPOConfig(algo_class=cls)


class LeagueAPPOConfig(LeagueIMPALAConfig, APPOConfig):
    """Configures :class:`LeagueAPPO`: RLlib's ``APPOConfig`` with ``.game()`` and ``.league()``.

    Runners and learners work as of :class:`LeagueIMPALAConfig`. ``target_network_update_freq`` counts the batches of a
    module, because a league has no circular buffer of batches.

    Example::

        config = LeagueAPPOConfig().game("connect_four").league("my-league").env_runners(num_env_runners=2)
        algorithm = config.build_algo()
        algorithm.train()
    """

    algorithm: ClassVar[str] = "appo"
    settings_class: ClassVar[type[APPOSettings]] = APPOSettings
    no_effect: ClassVar[Mapping[str, str]] = {
        **LeagueIMPALAConfig.no_effect,
        "use_gae": "advantages are those of V-trace",
        "use_critic": "advantages are those of V-trace, which needs a critic",
        "use_circular_buffer": LEARNED_WHEN_NEW,
        "circular_buffer_num_batches": LEARNED_WHEN_NEW,
        "circular_buffer_iterations_per_batch": LEARNED_WHEN_NEW,
        "simple_queue_size": LEARNED_WHEN_NEW,
        "target_update_frequency": "set .training(target_network_update_freq=...)",
    }
    own: ClassVar[frozenset[str]] = frozenset({"adam_epsilon"})

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeagueAPPO)

    def get_default_learner_class(self) -> type:
        return LeagueAPPOTorchLearner
