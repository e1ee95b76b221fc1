"""Proximal policy optimization (Schulman et al. 2017, arXiv 1707.06347): its batch, its loss, and its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.ppo import PPO, PPOConfig
from ray.rllib.algorithms.ppo.ppo import (
    LEARNER_RESULTS_KL_KEY,
    LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY,
    LEARNER_RESULTS_VF_LOSS_UNCLIPPED_KEY,
)
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import ENTROPY_KEY, POLICY_LOSS_KEY, VF_LOSS_KEY
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import SampleBatch
from ray.rllib.utils.lambda_defaultdict import LambdaDefaultDict
from ray.rllib.utils.torch_utils import explained_variance
from torch import Tensor

from arena.training.algorithm import LeagueAlgorithm
from arena.training.algorithms.entropy import fitting_entropy_coeff
from arena.training.algorithms.magnet import Magnets, log_softmax
from arena.training.algorithms.passes import values_of
from arena.training.algorithms.ppo_settings import PPOSettings
from arena.training.columns import Trajectories, advantages
from arena.training.config import LeagueAlgorithmConfig
from arena.training.learner import LeagueTorchLearner
from arena.training.schedules import Schedule
from games.contract import Game
from leagues.errors import LeagueError

OWN = {"magnet_coeff", "magnet_rate", "adam_epsilon", "advantage_scale"}
"""Settings that RLlib's PPO lacks."""

MAGNET_LOG_PROBS = "magnet_log_probs"
"""Column of the magnet's log-probabilities, ``(B, A)``."""


class LeaguePPOTorchLearner(LeagueTorchLearner, PPOTorchLearner):
    """RLlib's PPO loss, computed in fewer passes over the batch for discrete actions, and regularised."""

    def build(self) -> None:
        super().build()
        self._magnets = Magnets()
        self.entropy_coeff_schedulers_per_module: dict[str, Schedule] = LambdaDefaultDict(
            lambda module_id: Schedule(self.config.get_config_for_module(module_id).entropy_coeff, self.clock)
        )

    def scale(self, factors: Mapping[str, Mapping[str, float]]) -> None:
        super().scale(factors)
        self.entropy_coeff_schedulers_per_module.clear()  # made anew with the new values

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Move the magnets, and tell RLlib's loss the weight of the KL divergence."""
        super().before_gradient_based_update(timesteps=timesteps)
        for module_id in self._module_optimizers:
            if self.config.use_kl_loss and self.config.kl_target is None:
                self.curr_kl_coeffs_per_module[module_id] = torch.tensor(self.coefficient(module_id, "kl_coeff"))
            if self.config.magnet_coeff:
                self._magnets.move(module_id, self.module[module_id].unwrapped(), self.config.magnet_rate)

    def completed(self, module_id: str, columns: dict[str, Any]) -> dict[str, Any]:
        if not self.config.magnet_coeff:
            return columns
        return {**columns, MAGNET_LOG_PROBS: self._magnets.log_probs(module_id, columns)}

    def forget(self, module_id: str) -> None:
        super().forget(module_id)
        self._magnets.forget(module_id)

    def league_state(self) -> dict[str, Any]:
        adapts = self.config.use_kl_loss and self.config.kl_target is not None
        coeffs = self.curr_kl_coeffs_per_module if adapts else {}  # a schedule gives all others anew
        adapted = {name: float(value) for name, value in coeffs.items()}
        return {**super().league_state(), "magnets": self._magnets.state(), "kl_coeffs": adapted}

    def set_league_state(self, state: Mapping[str, Any]) -> None:
        super().set_league_state(state)
        self._magnets.restore(state["magnets"], self.networks)
        for module_id, value in state["kl_coeffs"].items():
            self.curr_kl_coeffs_per_module[module_id].data.fill_(value)

    def _update_module_kl_coeff(self, *, module_id: str, config: Any, kl_loss: float) -> None:
        if config.kl_target is not None:
            super()._update_module_kl_coeff(module_id=module_id, config=config, kl_loss=kl_loss)

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """RLlib's loss (Schulman et al. 2017, equation 9), and the divergence to the magnet.

        It takes the value of the forward pass, if there is one, and builds no distribution of the past. With a fixed
        ``kl_coeff`` it adds an unbiased estimate of the divergence KL(policy, behaviour policy) from the actions taken:
        the mean of r log r - (r - 1) over their probability ratios r, each of which is at least 0 (arXiv 2502.08938,
        section 4). If the batch has the inputs of that distribution (:meth:`LeaguePPOConfig.needs_dist_inputs`), RLlib
        computes its loss.
        """
        if Columns.ACTION_DIST_INPUTS in batch:
            loss = super().compute_loss_for_module(module_id=module_id, config=config, batch=batch, fwd_out=fwd_out)
            if MAGNET_LOG_PROBS in batch:
                loss = loss + self._drawn(module_id, log_softmax(fwd_out[Columns.ACTION_DIST_INPUTS]), batch)
            return loss
        log_probs = log_softmax(fwd_out[Columns.ACTION_DIST_INPUTS])  # (B, A)
        probs = log_probs.exp()
        entropy = -(probs * log_probs).sum(1).mean()
        taken = log_probs.gather(1, batch[Columns.ACTIONS].long().unsqueeze(1)).squeeze(1)  # (B,)
        log_ratio = taken - batch[Columns.ACTION_LOGP]
        ratio = torch.exp(log_ratio)
        gains = batch[Postprocessing.ADVANTAGES]
        clipped = ratio.clamp(1 - config.clip_param, 1 + config.clip_param)
        policy_loss = -torch.min(gains * ratio, gains * clipped).mean()
        targets = batch[Postprocessing.VALUE_TARGETS]
        values = values_of(self.module[module_id].unwrapped(), batch, fwd_out)
        errors = (values - targets).square()
        value_loss = errors.clamp(max=config.vf_clip_param).mean()
        kl = (ratio * log_ratio - (ratio - 1)).mean()
        weight = self.entropy_coeff_schedulers_per_module[module_id].get_current_value()
        self.metrics.log_dict(
            {
                POLICY_LOSS_KEY: policy_loss.detach(),
                VF_LOSS_KEY: value_loss.detach(),
                LEARNER_RESULTS_VF_LOSS_UNCLIPPED_KEY: errors.detach().mean(),
                LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY: explained_variance(targets, values.detach()),
                ENTROPY_KEY: entropy.detach(),
                LEARNER_RESULTS_KL_KEY: kl.detach(),
            },
            key=module_id,
            window=1,
        )
        loss = policy_loss + config.vf_loss_coeff * value_loss - weight * entropy
        if config.use_kl_loss:
            loss = loss + self.coefficient(module_id, "kl_coeff") * kl
        return loss + self._drawn(module_id, log_probs, batch) if MAGNET_LOG_PROBS in batch else loss

    def _drawn(self, module_id: str, log_probs: Tensor, batch: Mapping[str, Any]) -> Tensor:
        """The weighted divergence KL(policy, magnet)."""
        drift = (log_probs.exp() * (log_probs - batch[MAGNET_LOG_PROBS])).sum(1).mean()
        return self.coefficient(module_id, "magnet_coeff") * drift


class LeaguePPO(LeagueAlgorithm, PPO):
    """PPO trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (
        POLICY_LOSS_KEY,
        VF_LOSS_KEY,
        ENTROPY_KEY,
        LEARNER_RESULTS_KL_KEY,
        LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY,
    )

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeaguePPOConfig(algo_class=cls)

    def make_batch(self, trajectories: Trajectories) -> SampleBatch:
        """The columns of PPO. Advantages are standardised unless ``advantage_scale`` is ``"none"``."""
        gained, targets = advantages(trajectories, gamma=self.config.gamma, lambda_=self.config.lambda_)
        if self.config.advantage_scale == "batch":
            gained = (gained - gained.mean()) / max(1e-4, float(gained.std()))
        batch = {
            Columns.OBS: self.observations(trajectories),
            Columns.ACTIONS: trajectories.actions,
            Columns.ACTION_LOGP: trajectories.log_probs,
            Postprocessing.ADVANTAGES: gained.astype(np.float32),
            Postprocessing.VALUE_TARGETS: targets,
        }
        if self.config.needs_dist_inputs(self.game):  # runners may keep them for callbacks
            batch[Columns.ACTION_DIST_INPUTS] = trajectories.dist_inputs
        return SampleBatch(batch)


class LeaguePPOConfig(LeagueAlgorithmConfig, PPOConfig):
    """Configures :class:`LeaguePPO`: RLlib's ``PPOConfig`` with ``.game()`` and ``.league()``.

    Example::

        config = LeaguePPOConfig().game("connect_four").league("my-league", roles={"main": 1, "main_exploiter": 1})
        algorithm = config.build_algo()
        algorithm.train()
    """

    algorithm: ClassVar[str] = "ppo"
    settings_class: ClassVar[type[PPOSettings]] = PPOSettings
    no_effect: ClassVar[Mapping[str, str]] = {
        "use_gae": "advantages are always generalised; set .training(lambda_=1.0) for plain returns",
        "lr_schedule": "set .training(lr=[[0, 1e-3], [1_000_000, 1e-4]]) for a schedule",
        "entropy_coeff_schedule": "set .training(entropy_coeff=[[0, 0.05], [1_000_000, 0.01]]) for a schedule",
        "sgd_minibatch_size": "set .training(minibatch_size=...)",
        "vf_share_layers": 'set .rl_module(model_config={"vf_share_layers": False}) for a value with its own trunk',
    }
    entropy_coeff: Any  # RLlib leaves it untyped

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeaguePPO)

    def training(self, **settings: Any) -> Self:
        """Set up training with RLlib's settings of PPO and with those that are ours, all in docs/settings.md."""
        for name in OWN & settings.keys():
            setattr(self, name, settings.pop(name))
        super().training(**settings)
        return self

    def get_default_learner_class(self) -> type:
        return LeaguePPOTorchLearner

    def needs_dist_inputs(self, game: Game) -> bool:
        """Whether the loss reads the inputs of the distributions that actions were drawn from.

        It does for continuous actions, with a KL term whose weight is adapted, without a critic, and with a learner of
        your own, whose loss is not known.
        """
        loss = self.learner_class.compute_loss_for_module
        known = loss is LeaguePPOTorchLearner.compute_loss_for_module
        adapted = self.use_kl_loss and self.kl_target is not None
        return game.action_bounds is not None or not known or adapted or not self.use_critic

    def fit_to_game(self, game: Game) -> None:
        """The entropy bonus depends on the game, see :func:`fitting_entropy_coeff`."""
        super().fit_to_game(game)
        if game.action_bounds is not None and self.magnet_coeff:
            raise LeagueError(
                f"a magnet needs discrete actions, but {game.spec!r} has continuous ones; set magnet_coeff to 0"
            )
        if self.entropy_coeff is None:
            self.entropy_coeff = fitting_entropy_coeff(game)
