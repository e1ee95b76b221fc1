"""What algorithms with a replay share: their batch, target networks, and errors that become priorities."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.policy.sample_batch import SampleBatch
from torch import Tensor

from arena.training.algorithm import LeagueAlgorithm
from arena.training.algorithms.off_policy_settings import OffPolicySettings
from arena.training.algorithms.targets import Targets
from arena.training.columns import Trajectories, bootstrapped
from arena.training.config import LeagueAlgorithmConfig
from arena.training.learner import LeagueTorchLearner
from arena.training.learners import Learners
from arena.training.replay import ROWS
from arena.training.replay_learners import ReplayLearners
from arena.training.step_buffer import StepBuffer
from games.contract import Game

DISCOUNTS = "discounts"
"""Column of the discount of the next observation's value; 0 where the game terminated before it."""


class OffPolicyTorchLearner(LeagueTorchLearner):
    """Keeps target networks, and the error of every row that it learned from."""

    def build(self) -> None:
        super().build()
        self._targets = Targets()
        self._steps_since: dict[str, float] = {}  # agent steps since a target moved
        self._good_targets: dict[str, Mapping[str, Any]] = {}
        self._errors: dict[str, list[tuple[Tensor, Tensor]]] = {}
        self._learned: dict[str, int] = {}  # rows of each module in the gradient step under way

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        super().before_gradient_based_update(timesteps=timesteps)
        targets = {module_id: self._targets.of(module_id, each) for module_id, each in self.networks.items()}
        self._good_targets = {
            module_id: {name: value.clone() for name, value in target.state_dict().items()}
            for module_id, target in targets.items()
        }

    def restore_good(self, modules: Collection[str]) -> None:
        super().restore_good(modules)
        for module_id in modules:
            self._targets.of(module_id, self.networks[module_id]).load_state_dict(self._good_targets[module_id])

    def learned(self, module_id: str, batch: Mapping[str, Any], errors: Tensor) -> None:
        """Note the errors ``(B,)`` of the rows of a minibatch; every loss calls it once."""
        self._errors.setdefault(module_id, []).append((batch[ROWS], errors.detach()))
        self._learned[module_id] = len(errors)

    def take_errors(self) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
        """Module ID -> rows of the replay and errors on them, since the last call."""
        taken, self._errors = self._errors, {}
        result = {}
        for module_id, pairs in taken.items():
            rows, errors = (torch.cat(column).cpu().numpy() for column in zip(*pairs, strict=True))
            result[module_id] = rows, errors
        return result

    def apply_gradients(self, gradients_dict: Mapping[Any, Any]) -> None:
        """Step the optimizers; then move the targets that are due.

        A gradient step on B rows stands for ``B / training_intensity`` steps of its module.
        """
        super().apply_gradients(gradients_dict)
        config, networks = self.config, self.networks
        for module_id, rows in self._learned.items():
            learners = max(1, config.num_learners)
            since = self._steps_since.get(module_id, 0.0) + learners * rows / config.training_intensity
            if since >= config.target_network_update_freq:
                self._targets.move(module_id, networks[module_id], config.tau)
                since = 0.0
            self._steps_since[module_id] = since
        self._learned = {}

    def forget(self, module_id: str) -> None:
        super().forget(module_id)
        self._targets.forget(module_id)
        self._steps_since.pop(module_id, None)

    def league_state(self) -> dict[str, Any]:
        own = {"targets": self._targets.state(), "steps_since": dict(self._steps_since)}
        return {**super().league_state(), **own}

    def set_league_state(self, state: Mapping[str, Any]) -> None:
        super().set_league_state(state)
        self._targets.restore(state["targets"], self.networks)
        self._steps_since = {name: float(steps) for name, steps in state["steps_since"].items()}


class OffPolicyAlgorithm(LeagueAlgorithm):
    """An algorithm whose modules learn from replays."""

    def make_learners(self, *arguments: Any) -> Learners:
        nothing, _ = StepBuffer(self.game, 0).take(np.empty(0, np.int64), np.empty(0, np.float32))
        return ReplayLearners(*arguments, modules=list(self.module_specs), like=dict(self.make_batch(nothing)))

    def _create_local_replay_buffer_if_necessary(self, config: Any) -> None:
        """RLlib's replay would stay empty: modules have their own."""

    def make_batch(self, trajectories: Trajectories) -> SampleBatch:
        """What a replay keeps of each step: what was seen and done, and the target over ``n_step`` steps."""
        config = self.config
        returns, discounts, following = bootstrapped(trajectories, n_step=config.n_step, gamma=config.gamma)
        ends = np.flatnonzero(trajectories.truncated)
        seen = (trajectories.observations, trajectories.masks, trajectories.seats)
        last_seats = trajectories.seats[trajectories.offsets[:-1]][ends]
        last = (trajectories.final_observations, trajectories.final_masks, last_seats)
        observations, masks, seats = (np.concatenate([seen[i], last[i]])[following] for i in range(3))
        return SampleBatch(
            {
                Columns.OBS: self.observations(trajectories),
                Columns.ACTIONS: trajectories.actions,
                Columns.REWARDS: returns,
                DISCOUNTS: discounts,
                Columns.NEXT_OBS: self.seen(observations, masks, seats),
            }
        )


class OffPolicyConfig(LeagueAlgorithmConfig):
    """Configures an :class:`OffPolicyAlgorithm`."""

    learns_sequences: ClassVar[bool] = False
    own: ClassVar[frozenset[str]]
    """Settings that RLlib's config of the algorithm lacks."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class)
        # RLlib would repeat iterations until so much time or so many steps have passed.
        self.min_time_s_per_iteration = self.min_sample_timesteps_per_iteration = None

    def training(self, **settings: Any) -> Self:
        """Set up training with RLlib's settings of the algorithm and with those that are ours, all in
        docs/settings.md."""
        for name in self.own & settings.keys():
            setattr(self, name, settings.pop(name))
        super().training(**settings)
        return self

    @property
    def replay_settings(self) -> dict[str, Any]:
        """Arguments of each module's :class:`arena.training.replay.Replay`."""
        return OffPolicySettings.replay(self.replay_buffer_config)

    def needs_dist_inputs(self, game: Game) -> bool:
        """No: the batch has no behaviour policy."""
        return False
