"""The learner: RLlib's update, with minibatches that cover every row of every module exactly once per epoch."""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
import tree
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import DEFAULT_OPTIMIZER, Learner
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils import metrics as names
from ray.rllib.utils.metrics import ALL_MODULES
from torch import Tensor

from agents.policies.states import StateLayout
from arena.training.schedules import Clock, Schedule
from arena.training.sequences import BEGINS, in_steps, steps_of, with_state_in
from leagues.population import scaled

SKIPPED_UPDATES = "num_skipped_non_finite_updates"

SHARE = "share_of_run"
"""Where an update finds the share of the run that is over, among RLlib's ``timesteps``."""

LEAGUE_STATE = "league"
"""Where a learner's state keeps what RLlib's does not know."""

EXPLODED = 1000.0
"""A loss explodes when its magnitude passes this many times the usual one."""

USUAL = 0.1
"""Weight of the newest iteration in the usual magnitude of a loss."""


class LeagueTorchLearner(TorchLearner):
    """``TorchLearner`` with its own minibatches, a fused optimizer, schedules over the run, and a guard.

    RLlib gives every module ``minibatch_size`` rows per step and repeats the smaller batches, so a module with half
    the data would be trained for twice the epochs. Here every epoch covers each row of each module once, in as many
    steps as the largest module needs; the minibatches of the others are smaller.

    The guard: a step with a gradient that is not finite is skipped for its module, and counted. After the update,
    :attr:`failures` names the modules that went wrong, and :meth:`restore_good` takes their weights and optimizers back
    to what they were before it.

    An algorithm adds ``compute_loss_for_module``.

    Attributes:
        clock: how far the league's training is.
        failures: module ID -> what went wrong in the newest update.
    """

    def build(self) -> None:
        self.clock = Clock()
        self.failures: dict[str, str] = {}
        self._lr_settings: dict[torch.optim.Optimizer, str] = {}
        self._usual: dict[str, float] = {}  # mean magnitude of the losses of good updates
        self._losses: dict[str, list[Tensor]] = {}
        self._skipped: set[str] = set()
        self._good: dict[str, tuple[Mapping[str, Any], list[dict[str, Any]]]] = {}
        super().build()
        if self._torch_compile_forward_train:  # RLlib 2.60 does not compile what is in a `MultiRLModule`
            for network in (module.unwrapped() for module in self._module.values()):
                if isinstance(network, TorchRLModule):
                    network.compile(self._torch_compile_cfg)

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Set the clock and the learning rates, and copy what a failed update goes back to."""
        super().before_gradient_based_update(timesteps=timesteps)
        self.clock.env_steps = timesteps.get(names.NUM_ENV_STEPS_SAMPLED_LIFETIME, self.clock.env_steps)
        self.clock.share = max(self.clock.share, timesteps.get(SHARE, 0.0))
        for optimizer, schedule in self._optimizer_lr_schedules.items():
            self._set_optimizer_lr(optimizer, lr=schedule.get_current_value())
        self._losses, self._skipped = {}, set()
        self._good = {module_id: self._copied(module_id) for module_id in self._module_optimizers}

    def after_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        super().after_gradient_based_update(timesteps=timesteps)
        self.failures = {}
        magnitudes = {module_id: float(torch.stack(losses).abs().max()) for module_id, losses in self._losses.items()}
        for module_id, magnitude in magnitudes.items():
            if reason := self._failure(module_id, magnitude, self._usual.get(module_id)):
                self.failures[module_id] = reason
        for module_id in list(self.failures):
            for other in self._sharing(module_id):
                self.failures.setdefault(other, f"the update of {module_id!r}, which has the same encoder, failed")
        for module_id, magnitude in magnitudes.items():  # in this order: it is that of the stored state
            if module_id not in self.failures:
                usual = self._usual.get(module_id)
                self._usual[module_id] = magnitude if usual is None else usual + USUAL * (magnitude - usual)

    def _sharing(self, module_id: str) -> list[str]:
        """The other modules that have some of a module's parameters."""
        own = set(map(id, self.networks[module_id].parameters()))
        return [
            other
            for other, network in self.networks.items()
            if other != module_id and not own.isdisjoint(map(id, network.parameters()))
        ]

    def _failure(self, module_id: str, magnitude: float, usual: float | None) -> str | None:
        if module_id in self._skipped or not math.isfinite(magnitude):
            return "a loss or a gradient is not finite"
        if usual is not None and magnitude > EXPLODED * max(1.0, usual):
            return f"the loss exploded: {magnitude:.3g}, where {usual:.3g} is usual"
        parameters = [parameter.detach() for parameter in self._module[module_id].unwrapped().parameters()]
        if not math.isfinite(float(torch.nn.utils.get_total_norm(parameters))):
            return "a weight is not finite"
        return None

    def _copied(self, module_id: str) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
        weights = {name: value.clone() for name, value in self._module[module_id].unwrapped().state_dict().items()}
        return weights, [copy.deepcopy(each.state_dict()) for _, each in self.get_optimizers_for_module(module_id)]

    def restore_good(self, modules: Collection[str]) -> None:
        """Give modules the weights and the optimizers that they had before the newest update."""
        for module_id in modules:
            weights, optimizers = self._good[module_id]
            self._module[module_id].unwrapped().load_state_dict(weights)
            for (_, optimizer), state in zip(self.get_optimizers_for_module(module_id), optimizers, strict=True):
                optimizer.load_state_dict(state)

    def compute_losses(self, *, fwd_out: dict[str, Any], batch: dict[str, Any]) -> dict[str, Any]:
        fwd_out, batch = dict(fwd_out), dict(batch)
        for module_id in fwd_out:
            if Columns.STATE_IN in batch[module_id]:
                fwd_out[module_id], batch[module_id] = self._in_steps(module_id, fwd_out[module_id], batch[module_id])
        losses: dict[str, Any] = super().compute_losses(fwd_out=fwd_out, batch=batch)
        for module_id, loss in losses.items():
            self._losses.setdefault(module_id, []).append(loss.detach())
        return losses

    def _in_steps(
        self, module_id: str, output: Mapping[str, Any], columns: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Output and columns of sequences as those of the steps to learn from, so that losses know of no padding."""
        network = self.networks[module_id]
        output = {name: value for name, value in output.items() if name != Columns.STATE_OUT}
        if Columns.VF_PREDS not in output and isinstance(network, ValueFunctionAPI):
            output[Columns.VF_PREDS] = network.compute_values(columns, embeddings=output.get(Columns.EMBEDDINGS))
        steps = {name: each for name, each in columns.items() if name not in (Columns.STATE_IN, Columns.LOSS_MASK)}
        return in_steps(columns, output), in_steps(columns, steps)

    def coefficient(self, module_id: str, name: str) -> float:
        """The value of a setting for a module now: of its schedule, times its factor."""
        return Schedule(getattr(self.config.get_config_for_module(module_id), name), self.clock).get_current_value()

    def scale(self, factors: Mapping[str, Mapping[str, float]]) -> None:
        """Give modules individual settings: those of the config, times factors.

        The values become RLlib's overrides per module, which the loss reads as its ``config``.

        Args:
            factors: module ID -> setting -> factor. It replaces that of an earlier call.
        """
        for module_id, own in factors.items():
            values = {name: scaled(getattr(self.config, name), factor) for name, factor in own.items()}
            self.config.algorithm_config_overrides_per_module[module_id] = values
            self.config._per_module_overrides.pop(module_id, None)  # RLlib keeps what it made of older ones
            for _, optimizer in self.get_optimizers_for_module(module_id):
                if (setting := self._lr_settings[optimizer]) in values:
                    self._optimizer_lr_schedules[optimizer] = Schedule(values[setting], self.clock)

    @property
    def networks(self) -> dict[str, TorchRLModule]:
        """The modules' networks by ID, without what RLlib wraps around them."""
        return {module_id: module.unwrapped() for module_id, module in self.module.items()}

    def forget(self, module_id: str) -> None:
        """Drop what is known of a module's past, because it starts over. Algorithms drop what they added."""
        self._usual.pop(module_id, None)

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state(components, not_components=not_components, **kwargs)
        if self._check_component(LEAGUE_STATE, components, not_components):
            state[LEAGUE_STATE] = self.league_state()
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        self._weights_seq_no = 0  # RLlib ignores weights older than its own, but a checkpoint may have them
        super().set_state(state)
        if LEAGUE_STATE in state:  # leagues of earlier versions have none
            self.set_league_state(state[LEAGUE_STATE])

    def league_state(self) -> dict[str, Any]:
        """What RLlib's state lacks: arrays and plain values. Algorithms add theirs."""
        return {"share": self.clock.share, "usual": dict(self._usual)}

    def set_league_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`league_state` gave.

        Raises:
            LookupError, TypeError, ValueError, AttributeError: it cannot be read.
        """
        share = float(state["share"])
        if not 0 <= share <= 1:
            raise ValueError(f"the share of the run is 0 to 1, but got {share}")
        self.clock.share = share
        self._usual = {name: float(loss) for name, loss in state["usual"].items()}

    def completed(self, module_id: str, columns: dict[str, Any]) -> dict[str, Any]:
        """The columns of a module's whole batch before it is cut into minibatches. An algorithm may add some."""
        return columns

    def _with_state_in(self, module_id: str, columns: dict[str, Any]) -> dict[str, Any]:
        return with_state_in(columns, StateLayout(self.networks[module_id])) if BEGINS in columns else columns

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
        steps = {module: steps_of(each) for module, each in columns.items()}
        columns = {
            module: self.completed(module, self._with_state_in(module, each)) for module, each in columns.items()
        }
        generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
        return _minibatches(
            columns, batch.env_steps(), num_epochs, minibatch_size, shuffle_batch_per_epoch, generator, steps
        )

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam in one kernel instead of one per operation and parameter.

        Parameters that an earlier module has too stay with its optimizer, so that each is trained once.
        """
        for setting, all_parameters in self.optimized(module_id).items():
            parameters = [each for each in all_parameters if self.get_param_ref(each) not in self._params]
            schedule = Schedule(getattr(config, setting), self.clock)
            optimizer = torch.optim.Adam(
                parameters, eps=getattr(config, "adam_epsilon", 1e-8), fused=self._device.type in ("cpu", "cuda")
            )
            self.register_optimizer(
                module_id=module_id,
                optimizer_name=DEFAULT_OPTIMIZER if setting == "lr" else setting,
                optimizer=optimizer,
                params=parameters,
                lr_or_lr_schedule=schedule.get_current_value(),
            )
            self._optimizer_lr_schedules[optimizer] = schedule
            self._lr_settings[optimizer] = setting

    def optimized(self, module_id: str) -> dict[str, list[torch.nn.Parameter]]:
        """The parameters of each optimizer of a module, by the setting that is its learning rate."""
        return {"lr": self.get_parameters(self._module[module_id])}

    def apply_gradients(self, gradients_dict: Mapping[Any, Any]) -> None:
        """Step every optimizer whose gradients are finite. The steps of others are skipped and counted."""
        if self._grad_scalers is not None or self._lr_scheduler_classes is not None:
            super().apply_gradients(gradients_dict)
            return
        stepping, norms = [], []
        for module_id, optimizer in self._optimizers():
            gradients = {
                key: gradients_dict[key]
                for key in self._optimizer_parameters[optimizer]
                if gradients_dict.get(key) is not None
            }
            if gradients:
                stepping.append((module_id, optimizer, gradients))
                norms.append(torch.nn.utils.get_total_norm(list(gradients.values())))
        finite = torch.isfinite(torch.stack(norms)).tolist()
        self.metrics.log_value((ALL_MODULES, SKIPPED_UPDATES), finite.count(False), reduce="lifetime_sum")
        for (module_id, optimizer, gradients), sound in zip(stepping, finite, strict=True):
            if not sound:
                self._skipped.add(module_id)
                continue
            for key, gradient in gradients.items():
                self._params[key].grad = gradient
            optimizer.step()

    def _optimizers(self) -> Iterator[tuple[str, torch.optim.Optimizer]]:
        for module_id in self._module_optimizers:
            for _, optimizer in self.get_optimizers_for_module(module_id):
                yield module_id, optimizer


def _minibatches(
    modules: Mapping[str, Mapping[str, Any]],
    env_steps: int,
    epochs: int,
    size: int | None,
    shuffle: bool,
    generator: torch.Generator | None = None,
    steps: Mapping[str, float] | None = None,
) -> Iterator[MultiAgentBatch]:
    """Minibatches of some ``size`` steps of the largest module; ``steps`` of each module, if its rows are sequences."""
    rows = {module: len(tree.flatten(columns)[0]) for module, columns in modules.items()}
    count = max(1, round(max((steps or rows).values()) / size)) if size else 1
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


def copy_modules(learner: LeagueTorchLearner, modules: Mapping[str, str]) -> None:
    """Give modules the weights and optimizers of others.

    Args:
        learner: a learner of the group; all of them copy the same modules.
        modules: module ID -> the module that it copies.
    """
    for module_id, source in modules.items():
        learner.module[module_id].unwrapped().load_state_dict(learner.module[source].unwrapped().state_dict())
        pairs = zip(
            learner.get_optimizers_for_module(module_id), learner.get_optimizers_for_module(source), strict=True
        )
        for (_, optimizer), (_, other) in pairs:
            optimizer.load_state_dict(copy.deepcopy(other.state_dict()))
        learner.forget(module_id)


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
        if isinstance(learner, LeagueTorchLearner):
            learner.forget(module_id)
