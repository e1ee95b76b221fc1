"""The learners of a training run, in this process or remote: updates, states, new weights, and sending weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ray
import tree
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core import COMPONENT_LEARNER, COMPONENT_RL_MODULE
from ray.rllib.core.learner.learner_group import LearnerGroup
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.env.env_runner_group import EnvRunnerGroup
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils import metrics as names
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from arena.training.columns import Trajectories, concatenate
from arena.training.learner import SHARE, copy_modules, reset_modules
from arena.training.modules import networks_of
from arena.training.samples import TrainingSample
from arena.training.sequences import Cut, sequences

FAILURES_IN_A_ROW = 5
"""Updates of a module that may fail one after the other before the run ends."""

MakeBatch = Callable[[Trajectories], SampleBatch]
"""Turns the trajectories of one module into the columns that the loss reads."""


class Learners:
    """Wraps RLlib's ``LearnerGroup``.

    Attributes:
        restored: module ID -> what went wrong in the newest update, after which the module has the weights and the
            optimizer from before it.
        shared: a reference to the newest weights, if they travel with requests.

    Args:
        group: the learners.
        runners: get their weights.
        make_batch: the algorithm's batch.
        config: epochs, minibatches, number of learners, and whether runners are asynchronous.
        metrics: gets the learners' metrics.
    """

    def __init__(
        self,
        group: LearnerGroup,
        runners: EnvRunnerGroup,
        make_batch: MakeBatch,
        config: AlgorithmConfig,
        metrics: MetricsLogger,
    ) -> None:
        self._group, self._runners, self._make_batch = group, runners, make_batch
        self._config, self._metrics = config, metrics
        self.shared: Any = None
        self.restored: dict[str, str] = {}
        self._in_a_row: dict[str, int] = {}

    def update(
        self, samples: Sequence[TrainingSample], env_steps: int, shuffle_seed: int, share: float = 0.0
    ) -> dict[str, int]:
        """Learn from samples.

        Args:
            samples: one per runner.
            env_steps: steps sampled over the league's life, these included.
            shuffle_seed: decides the order of the rows.
            share: part of the run that is over, for schedules.

        Returns:
            Module ID -> agent steps that it was trained on.

        Raises:
            RuntimeError: a module has had to be restored in :data:`FAILURES_IN_A_ROW` updates in a row.
        """
        batches, rows = {}, {}
        for module in sorted({module for sample in samples for module in sample.trajectories}):
            trajectories = concatenate([s.trajectories[module] for s in samples if module in s.trajectories])
            rows[module] = self._even(len(trajectories))
            columns = self._rows_to_learn(module, trajectories, shuffle_seed)
            if count := self._even(len(tree.flatten(columns)[0]) if columns else 0):
                batches[module] = SampleBatch(tree.map_structure(lambda column, count=count: column[:count], columns))
        if batches:
            results = self._group.update(
                training_data=TrainingData(batch=MultiAgentBatch(batches, sum(sample.env_steps for sample in samples))),
                timesteps={names.NUM_ENV_STEPS_SAMPLED_LIFETIME: env_steps, SHARE: share},
                num_epochs=self._config.num_epochs,
                minibatch_size=self._config.minibatch_size,
                shuffle_batch_per_epoch=self._config.shuffle_batch_per_epoch,
                shuffle_seed=shuffle_seed,
            )
            self._metrics.aggregate(results, key=names.LEARNER_RESULTS)
            self._restore_failed(batches)
        return rows

    def _even(self, rows: int) -> int:
        """Remote learners work in step, so each must get the same number of rows."""
        return rows - rows % max(1, self._config.num_learners)

    def _rows_to_learn(self, module: str, trajectories: Trajectories, seed: int) -> dict[str, Any]:
        """The columns that a module learns from in this update; empty for none.

        Args:
            module: its ID.
            trajectories: its newest experience.
            seed: of this iteration's minibatches.
        """
        columns = dict(self._make_batch(trajectories))
        if not trajectories.states.shape[1]:
            return columns
        return sequences(columns, trajectories, Cut.of(networks_of(self._config)[module][1]))

    def _restore_failed(self, modules: Iterable[str]) -> None:
        """Take modules whose update failed at any learner back to the weights and optimizers from before it."""
        self.restored = {}
        for failures in self._of_all(lambda learner: getattr(learner, "failures", {})):
            self.restored.update(failures)
        if failed := sorted(self.restored):
            self._of_all(lambda learner: learner.restore_good(failed))
        for module in modules:
            self._in_a_row[module] = self._in_a_row.get(module, 0) + 1 if module in self.restored else 0
            if self._in_a_row[module] >= FAILURES_IN_A_ROW:
                raise RuntimeError(
                    f"{FAILURES_IN_A_ROW} updates of {module!r} in a row failed, the last because "
                    f"{self.restored[module]}; its weights are those from before; lower lr or grad_clip, or check "
                    "that the game gives finite rewards and observations"
                )

    def _of_all(self, func: Callable[[Any], Any]) -> list[Any]:
        """What ``func`` gives for every learner."""
        results = list(self._group.foreach_learner(func))
        for result in results:
            if not result.ok:
                raise result.get()
        return [result.get() for result in results]

    def state(self) -> dict[str, Any]:
        """Weights and optimizers."""
        state: dict[str, Any] = self._group.get_state(components=COMPONENT_LEARNER)[COMPONENT_LEARNER]
        return state

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        self._group.set_state({COMPONENT_LEARNER: dict(state)})

    def experience(self) -> dict[str, Any]:
        """What learners keep of past iterations' experience, as plain values and arrays; none does by default."""
        return {}

    def restore_experience(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`experience` gave.

        Raises:
            LookupError, TypeError, ValueError, AttributeError: it cannot be read.
        """

    def reset(self, weights: Mapping[str, Mapping[str, Any]]) -> None:
        """Give modules new weights, and new optimizers.

        Args:
            weights: module ID -> state (parameter name -> array).
        """
        self._of_all(lambda learner: reset_modules(learner, weights))

    def copy(self, modules: Mapping[str, str]) -> None:
        """Give modules the weights and optimizers of others.

        Args:
            modules: module ID -> the module that it copies.
        """
        self._of_all(lambda learner: copy_modules(learner, modules))

    def scale(self, factors: Mapping[str, Mapping[str, float]]) -> None:
        """Give modules individual settings: those of the config, times factors.

        Args:
            factors: module ID -> setting -> factor.
        """
        self._of_all(lambda learner: learner.scale(factors))

    def broadcast(self) -> None:
        """Send the weights to the runners; remote ones use them once they have done what they were asked before."""
        remote = self._runners.num_remote_workers() > 0
        if not remote or self._config.asynchronous:
            weights = self._group.get_state(components=f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}")[COMPONENT_LEARNER]
            if remote:
                self.shared = ray.put(weights)
            else:
                self._runners.local_env_runner.set_state(weights)
            return
        # RLlib drops a broadcast while the one before is under way, so this waits for that one: runners took it before
        # they began with the games that they may be playing now.
        self._runners.sync_weights(from_worker_or_learner_group=self._group, inference_only=False, timeout_seconds=None)

    def metrics(self, modules: Sequence[str], wanted: Sequence[str]) -> dict[str, dict[str, float]]:
        """The newest finite metrics of learning.

        Args:
            modules: module IDs.
            wanted: names of metrics.

        Returns:
            Module ID -> name -> value.
        """
        result: dict[str, dict[str, float]] = {}
        for module in modules:
            # With None as the default, `peek` raises KeyError for a module that has not been trained yet.
            values = {
                name: float(self._metrics.peek((names.LEARNER_RESULTS, module, name), default=math.nan))
                for name in wanted
            }
            result[module] = {name: value for name, value in values.items() if math.isfinite(value)}
        return result
