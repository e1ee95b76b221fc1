"""The PPO learner: RLlib's loss and update, with minibatches that cover every row of every module exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
import tree
from ray.rllib.algorithms.ppo.ppo import (
    LEARNER_RESULTS_KL_KEY,
    LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY,
    LEARNER_RESULTS_VF_LOSS_UNCLIPPED_KEY,
)
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import ENTROPY_KEY, POLICY_LOSS_KEY, VF_LOSS_KEY, Learner
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import ALL_MODULES
from ray.rllib.utils.torch_utils import explained_variance
from torch import Tensor

from games.contract import Game

SKIPPED_UPDATES = "num_skipped_non_finite_updates"


class LeaguePPOTorchLearner(PPOTorchLearner):
    """``PPOTorchLearner`` with its own minibatches, a fused optimizer, and one check for finite gradients per step.

    RLlib's iterator gives every module ``minibatch_size`` rows per step and cycles the smaller batches, so a learner
    with half the data would be trained for twice the epochs. Here every epoch covers each row of each module once, in
    as many steps as the largest module needs; the other modules' minibatches are smaller.
    """

    def build(self) -> None:
        super().build()
        if self._torch_compile_forward_train:  # which RLlib 2.60 leaves out where modules stand in a `MultiRLModule`
            for network in (module.unwrapped() for module in self._module.values()):
                if isinstance(network, TorchRLModule):
                    network.compile(self._torch_compile_cfg)

    def _create_iterator_if_necessary(
        self,
        *,
        training_data: TrainingData,
        num_total_minibatches: int = 0,
        num_epochs: int = 1,
        minibatch_size: int | None = None,
        shuffle_batch_per_epoch: bool = False,
        **kwargs: Any,
    ) -> Any:
        if training_data.batch is None:
            return super()._create_iterator_if_necessary(
                training_data=training_data,
                num_total_minibatches=num_total_minibatches,
                num_epochs=num_epochs,
                minibatch_size=minibatch_size,
                shuffle_batch_per_epoch=shuffle_batch_per_epoch,
                **kwargs,
            )
        batch = self._make_batch_if_necessary(training_data=training_data)
        columns = {
            module: dict(module_batch)
            for module, module_batch in batch.policy_batches.items()
            if self.should_module_be_updated(module, batch)
        }
        return _minibatches(columns, batch.env_steps(), num_epochs, minibatch_size, shuffle_batch_per_epoch)

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """RLlib's loss (Schulman et al. 2017, equation 9), for discrete actions in fewer passes over the batch.

        The value is the one of the forward pass, where it gives one, and no distribution of the past is built. Where
        the batch brings what that is built from (:func:`needs_dist_inputs`), the loss is left to RLlib.
        """
        if Columns.ACTION_DIST_INPUTS in batch:
            return super().compute_loss_for_module(module_id=module_id, config=config, batch=batch, fwd_out=fwd_out)
        log_probs = torch.log_softmax(fwd_out[Columns.ACTION_DIST_INPUTS], 1)  # (B, A)
        log_probs = log_probs.clamp(min=torch.finfo(log_probs.dtype).min)  # a network may mask with -inf, and 0 * inf
        entropy = -(log_probs.exp() * log_probs).sum(1).mean()
        taken = log_probs.gather(1, batch[Columns.ACTIONS].long().unsqueeze(1)).squeeze(1)  # (B,)
        ratio = torch.exp(taken - batch[Columns.ACTION_LOGP])
        gains = batch[Postprocessing.ADVANTAGES]
        clipped = ratio.clamp(1 - config.clip_param, 1 + config.clip_param)
        policy_loss = -torch.min(gains * ratio, gains * clipped).mean()
        targets, values = batch[Postprocessing.VALUE_TARGETS], fwd_out.get(Columns.VF_PREDS)
        if values is None:
            module = self.module[module_id].unwrapped()
            values = module.compute_values(batch, embeddings=fwd_out.get(Columns.EMBEDDINGS))
        errors = (values - targets).square()
        value_loss = errors.clamp(max=config.vf_clip_param).mean()
        weight = self.entropy_coeff_schedulers_per_module[module_id].get_current_value()
        self.metrics.log_dict(
            {
                POLICY_LOSS_KEY: policy_loss.detach(),
                VF_LOSS_KEY: value_loss.detach(),
                LEARNER_RESULTS_VF_LOSS_UNCLIPPED_KEY: errors.detach().mean(),
                LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY: explained_variance(targets, values.detach()),
                ENTROPY_KEY: entropy.detach(),
                LEARNER_RESULTS_KL_KEY: torch.zeros((), device=ratio.device),
            },
            key=module_id,
            window=1,
        )
        return policy_loss + config.vf_loss_coeff * value_loss - weight * entropy

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam in one kernel instead of one per operation and parameter."""
        parameters = self.get_parameters(self._module[module_id])
        optimizer = torch.optim.Adam(parameters, fused=self._device.type in ("cpu", "cuda"))
        self.register_optimizer(
            module_id=module_id, optimizer=optimizer, params=parameters, lr_or_lr_schedule=config.lr
        )

    def apply_gradients(self, gradients_dict: Mapping[Any, Any]) -> None:
        """Step every optimizer; an update with a gradient that is not finite is skipped whole, and counted."""
        if self._grad_scalers is not None or self._lr_scheduler_classes is not None:
            super().apply_gradients(gradients_dict)
            return
        present = {key: gradient for key, gradient in gradients_dict.items() if gradient is not None}
        finite = bool(torch.isfinite(torch.nn.utils.get_total_norm(list(present.values()))))
        self.metrics.log_value((ALL_MODULES, SKIPPED_UPDATES), int(not finite), reduce="lifetime_sum")
        if not finite:
            return
        for key, gradient in present.items():
            self._params[key].grad = gradient
        for optimizer in self._optimizer_parameters:
            optimizer.step()


def needs_dist_inputs(config: Any, game: Game) -> bool:
    """Whether learning asks for what actions were drawn from, beside their log-probabilities.

    It does where actions are continuous, where a module has a KL term or no critic, and with a learner of your own,
    whose loss may be any.
    """
    loss = config.learner_class.compute_loss_for_module
    modules = [config.get_config_for_module(module) for module in config.policies]
    return (
        game.action_bounds is not None
        or loss is not LeaguePPOTorchLearner.compute_loss_for_module
        or any(module.use_kl_loss or not module.use_critic for module in modules)
    )


def _minibatches(
    modules: Mapping[str, Mapping[str, Any]], env_steps: int, epochs: int, size: int | None, shuffle: bool
) -> Iterator[MultiAgentBatch]:
    rows = {module: len(tree.flatten(columns)[0]) for module, columns in modules.items()}
    count = max(1, round(max(rows.values()) / size)) if size else 1
    for _ in range(epochs):
        parts = {
            module: (torch.randperm(total) if shuffle else torch.arange(total)).tensor_split(count)
            for module, total in rows.items()
        }
        for step in range(count):
            yield MultiAgentBatch(
                {
                    module: SampleBatch(
                        tree.map_structure(
                            lambda column, part=parts[module][step]: column.index_select(0, part.to(column.device)),
                            dict(columns),
                        )
                    )
                    for module, columns in modules.items()
                    if len(parts[module][step])
                },
                env_steps,
            )


def reset_modules(learner: Learner, states: Mapping[str, Mapping[str, Any]]) -> None:
    """Give modules new weights and forget what their optimizers knew of the old ones.

    Args:
        learner: a learner of the group; every learner of it is given the same states.
        states: module ID -> state (parameter name -> array).
    """
    for module_id, state in states.items():
        learner.module[module_id].unwrapped().set_state(dict(state))
        for _, optimizer in learner.get_optimizers_for_module(module_id):
            optimizer.state.clear()
