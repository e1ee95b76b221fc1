"""The learner: RLlib's update, with minibatches that cover every row of every module exactly once per epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
import tree
from ray.rllib.core.learner.learner import Learner
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import ALL_MODULES

SKIPPED_UPDATES = "num_skipped_non_finite_updates"


class LeagueTorchLearner(TorchLearner):
    """``TorchLearner`` with its own minibatches, a fused optimizer, and one check for finite gradients per step.

    RLlib gives every module ``minibatch_size`` rows per step and repeats the smaller batches, so a module with half
    the data would be trained for twice the epochs. Here every epoch covers each row of each module once, in as many
    steps as the largest module needs; the minibatches of the others are smaller.

    An algorithm adds ``compute_loss_for_module``.
    """

    def build(self) -> None:
        super().build()
        if self._torch_compile_forward_train:  # RLlib 2.60 does not compile what is in a `MultiRLModule`
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
        shuffle_seed: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """RLlib's iterator, with our minibatches; ``shuffle_seed=None`` shuffles with torch's global generator."""
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
        generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
        return _minibatches(columns, batch.env_steps(), num_epochs, minibatch_size, shuffle_batch_per_epoch, generator)

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam in one kernel instead of one per operation and parameter."""
        parameters = self.get_parameters(self._module[module_id])
        optimizer = torch.optim.Adam(parameters, fused=self._device.type in ("cpu", "cuda"))
        self.register_optimizer(
            module_id=module_id, optimizer=optimizer, params=parameters, lr_or_lr_schedule=config.lr
        )

    def apply_gradients(self, gradients_dict: Mapping[Any, Any]) -> None:
        """Step every optimizer. An update with a gradient that is not finite is skipped as a whole, and counted."""
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


def _minibatches(
    modules: Mapping[str, Mapping[str, Any]],
    env_steps: int,
    epochs: int,
    size: int | None,
    shuffle: bool,
    generator: torch.Generator | None = None,
) -> Iterator[MultiAgentBatch]:
    rows = {module: len(tree.flatten(columns)[0]) for module, columns in modules.items()}
    count = max(1, round(max(rows.values()) / size)) if size else 1
    for _ in range(epochs):
        parts = {
            module: (torch.randperm(total, generator=generator) if shuffle else torch.arange(total)).tensor_split(count)
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
    """Give modules new weights, and empty their optimizers.

    Args:
        learner: a learner of the group; all of them get the same states.
        states: module ID -> state (parameter name -> array).
    """
    for module_id, state in states.items():
        learner.module[module_id].unwrapped().set_state(dict(state))
        for _, optimizer in learner.get_optimizers_for_module(module_id):
            optimizer.state.clear()
