"""IMPALA (Espeholt et al. 2018, arXiv 1802.01561): its batch, its loss, and its config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.impala import IMPALA, IMPALAConfig
from ray.rllib.algorithms.ppo.ppo import LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import ENTROPY_KEY, POLICY_LOSS_KEY, VF_LOSS_KEY
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import SampleBatch
from ray.rllib.utils.torch_utils import explained_variance
from torch import Tensor

from arena.training.algorithm import LeagueAlgorithm
from arena.training.algorithms.entropy import fitting_entropy_coeff
from arena.training.algorithms.impala_settings import IMPALASettings
from arena.training.algorithms.passes import policy_and_values, values_of
from arena.training.algorithms.vtrace import vtrace
from arena.training.columns import Trajectories
from arena.training.config import LeagueAlgorithmConfig
from arena.training.learner import LeagueTorchLearner
from arena.training.sequences import as_columns, in_steps
from games.contract import Game
from leagues.setting_groups import short

ENDS = "trajectory_ends"
"""Column: whether a step is the last of its trajectory, ``(T,)`` bool."""

OWN = {"lambda_", "adam_epsilon"}
"""Settings that RLlib's IMPALA lacks."""


class LeagueVtraceLearner(LeagueTorchLearner):
    """What IMPALA and APPO share: V-trace over whole trajectories, once per update and before its minibatches are cut.

    RLlib computes it anew for each minibatch, of sequences that it cuts and pads to one length. Here trajectories stay
    whole, and the minibatches of an update share their targets; with one minibatch and one epoch there is no
    difference. A trajectory that is cut between two learners goes on there with the value of its next position under
    the weights that acted, and so does a game that was truncated.
    """

    def with_vtrace(self, columns: Mapping[str, Any], log_probs: Tensor, values: Tensor) -> dict[str, Any]:
        """The columns that a loss reads: value targets and advantages in place of what they are made of.

        Args:
            columns: of a module's whole batch.
            log_probs: ``(T,)``, of the actions under the policy that V-trace evaluates; of sequences ``(B, T)``.
            values: likewise, under the newest weights.
        """
        read = (columns[name] for name in (Columns.REWARDS, Columns.VALUES_BOOTSTRAPPED, ENDS))
        ratios = log_probs - columns[Columns.ACTION_LOGP]
        ratios, values, rewards, bootstraps, ends = in_steps(columns, (ratios, values, *read))
        found = vtrace(
            ratios,
            rewards,
            values,
            bootstraps,
            ends,
            gamma=self.config.gamma,
            lambda_=self.config.lambda_,
            clip_rho_threshold=self.config.vtrace_clip_rho_threshold,
            clip_pg_rho_threshold=self.config.vtrace_clip_pg_rho_threshold,
        )
        targets, gains = (as_columns(columns, column) for column in found)
        read_by_loss = (Columns.OBS, Columns.STATE_IN, Columns.LOSS_MASK, Columns.ACTIONS, Columns.ACTION_LOGP)
        kept = {name: columns[name] for name in read_by_loss if name in columns}
        return {**kept, Postprocessing.ADVANTAGES: gains, Postprocessing.VALUE_TARGETS: targets}

    def distribution(self, module_id: str, inputs: Tensor) -> Any:
        """The action distributions of some inputs, as an object of RLlib's."""
        return self.module[module_id].unwrapped().get_train_action_dist_cls().from_logits(inputs)

    def value_and_entropy_loss(
        self, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor], policy: Any
    ) -> Tensor:
        """The weighted squared error of the values, and the entropy bonus. Both are logged."""
        values = values_of(self.module[module_id].unwrapped(), batch, fwd_out)
        targets = batch[Postprocessing.VALUE_TARGETS]
        value_loss = 0.5 * (values - targets).square().mean()
        entropy = policy.entropy().mean()
        self.log(
            module_id,
            {
                VF_LOSS_KEY: value_loss,
                ENTROPY_KEY: entropy,
                LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY: explained_variance(targets, values.detach()),
            },
        )
        return config.vf_loss_coeff * value_loss - self.coefficient(module_id, "entropy_coeff") * entropy

    def log(self, module_id: str, values: Mapping[str, Tensor]) -> None:
        """Log the values of the newest minibatch."""
        self.metrics.log_dict({name: value.detach() for name, value in values.items()}, key=module_id, window=1)


class LeagueIMPALATorchLearner(LeagueVtraceLearner):
    """The loss of IMPALA, with V-trace of the newest policy."""

    def completed(self, module_id: str, columns: dict[str, Any]) -> dict[str, Any]:
        inputs, values = policy_and_values(self.module[module_id].unwrapped(), columns)
        log_probs = self.distribution(module_id, inputs).logp(columns[Columns.ACTIONS])
        return self.with_vtrace(columns, log_probs, values)

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Tensor]
    ) -> Tensor:
        """The loss of Espeholt et al. 2018, section 4.2, as a mean over the steps."""
        policy = self.distribution(module_id, fwd_out[Columns.ACTION_DIST_INPUTS])
        policy_loss = -(policy.logp(batch[Columns.ACTIONS]) * batch[Postprocessing.ADVANTAGES]).mean()
        self.log(module_id, {POLICY_LOSS_KEY: policy_loss})
        return policy_loss + self.value_and_entropy_loss(module_id, config, batch, fwd_out, policy)


class LeagueIMPALA(LeagueAlgorithm, IMPALA):
    """IMPALA trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (
        POLICY_LOSS_KEY,
        VF_LOSS_KEY,
        ENTROPY_KEY,
        LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY,
    )

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeagueIMPALAConfig(algo_class=cls)

    def make_batch(self, trajectories: Trajectories) -> SampleBatch:
        """The columns that V-trace reads, for each step."""
        last = trajectories.offsets[1:] - 1
        ends = np.zeros(len(trajectories), np.bool_)
        ends[last] = True
        bootstraps = np.roll(trajectories.values, -1)
        bootstraps[last] = trajectories.final_values
        return SampleBatch(
            {
                Columns.OBS: self.observations(trajectories),
                Columns.ACTIONS: trajectories.actions,
                Columns.ACTION_LOGP: trajectories.log_probs,
                Columns.REWARDS: trajectories.rewards,
                Columns.VALUES_BOOTSTRAPPED: bootstraps,
                ENDS: ends,
            }
        )


_AGGREGATION = "a league joins samples in the driver and learns from them there or in its learners"
_ONE_OPTIMIZER = (
    'policy and value have one optimizer; set .rl_module(model_config={"vf_share_layers": False}) for a value with its '
    "own trunk"
)
_ADAM = "the optimizer is Adam; set .training(lr=..., adam_epsilon=...)"
_NO_QUEUE = (
    "the learners take a batch as soon as it is full, so none waits; set "
    ".env_runners(max_requests_in_flight_per_env_runner=...) for how far runners play ahead"
)
LEARNED_WHEN_NEW = (
    "a league learns from a batch when it is new; set .training(num_epochs=...) to learn more often from it"
)


class LeagueIMPALAConfig(LeagueAlgorithmConfig, IMPALAConfig):
    """Configures :class:`LeagueIMPALA`: RLlib's ``IMPALAConfig`` with ``.game()`` and ``.league()``.

    With remote env runners, sampling and learning do not wait for each other: each runner has
    ``max_requests_in_flight_per_env_runner`` requests, 2 by default. Without any, an iteration samples and then learns.

    Example::

        config = LeagueIMPALAConfig().game("connect_four").league("my-league").env_runners(num_env_runners=2)
        algorithm = config.build_algo()
        algorithm.train()
    """

    algorithm: ClassVar[str] = "impala"
    settings_class: ClassVar[type[IMPALASettings]] = IMPALASettings
    no_effect: ClassVar[Mapping[str, str]] = {
        "vtrace": "V-trace is always on",
        "lr_schedule": "set .training(lr=[[0, 1e-3], [1_000_000, 1e-4]]) for a schedule",
        "entropy_coeff_schedule": "set .training(entropy_coeff=[[0, 0.05], [1_000_000, 0.01]]) for a schedule",
        "broadcast_interval": "each request carries the newest weights",
        "learner_queue_size": _NO_QUEUE,
        "learner_queue_timeout": _NO_QUEUE,
        "num_gpu_loader_threads": "a learner loads its part of the batch at once",
        "timeout_s_sampler_manager": "an iteration waits until a batch is full",
        "timeout_s_aggregator_manager": _AGGREGATION,
        "num_aggregation_workers": _AGGREGATION,
        "max_requests_in_flight_per_aggregator_worker": _AGGREGATION,
        "num_multi_gpu_tower_stacks": "set .learners(num_learners=..., num_gpus_per_learner=1) for several GPUs",
        "minibatch_buffer_size": LEARNED_WHEN_NEW,
        "replay_proportion": LEARNED_WHEN_NEW,
        "replay_buffer_num_slots": LEARNED_WHEN_NEW,
        "opt_type": _ADAM,
        "decay": _ADAM,
        "momentum": _ADAM,
        "epsilon": _ADAM,
        "_separate_vf_optimizer": _ONE_OPTIMIZER,
        "_lr_vf": _ONE_OPTIMIZER,
        "_env_runners_only": "a league learns from what it plays",
        "_skip_learners": "a league learns from what it plays",
    }
    own: ClassVar[frozenset[str]] = frozenset(OWN)
    entropy_coeff: Any  # RLlib leaves it untyped

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeagueIMPALA)
        self.max_requests_in_flight_per_env_runner = 2
        # What RLlib's IMPALA sets for its own kind of sampling and learning.
        self.num_learners = 0
        self.min_time_s_per_iteration = None
        self.use_env_runner_state_server = False
        self.rollout_fragment_length = 1  # RLlib demands minibatches of whole fragments

    def training(self, **settings: Any) -> Self:
        """Set up training with RLlib's settings and with those that are ours, all in docs/settings.md."""
        for name in self.own & settings.keys():
            setattr(self, name, settings.pop(name))
        super().training(**settings)
        return self

    def validate(self) -> None:
        if self.max_requests_in_flight_per_env_runner < 1:
            raise ValueError(
                "`max_requests_in_flight_per_env_runner >= 1` must hold, but got "
                f"{short(self.max_requests_in_flight_per_env_runner)}"
            )
        super().validate()

    def get_default_learner_class(self) -> type:
        return LeagueIMPALATorchLearner

    def needs_dist_inputs(self, game: Game) -> bool:
        """No: log-probabilities of the actions are enough for V-trace."""
        return False

    def fit_to_game(self, game: Game) -> None:
        """The entropy bonus depends on the game, see :func:`fitting_entropy_coeff`."""
        super().fit_to_game(game)
        if self.entropy_coeff is None:
            self.entropy_coeff = fitting_entropy_coeff(game)
