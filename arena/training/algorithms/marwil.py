"""Learning from recorded games: MARWIL (Wang et al. 2018, "Exponentially Weighted Imitation Learning for Batched
Historical Data"), and behaviour cloning, which is MARWIL with beta 0."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.bc import BC, BCConfig
from ray.rllib.algorithms.marwil import MARWIL, MARWILConfig
from ray.rllib.algorithms.marwil.marwil_learner import (
    LEARNER_RESULTS_MOVING_AVG_SQD_ADV_NORM_KEY,
    LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY,
)
from ray.rllib.algorithms.marwil.torch.marwil_torch_learner import MARWILTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import POLICY_LOSS_KEY, VF_LOSS_KEY
from ray.rllib.policy.sample_batch import SampleBatch
from torch import Tensor

from arena.training.algorithms.marwil_settings import BCSettings, MARWILSettings
from arena.training.columns import Trajectories, advantages
from arena.training.learner import LeagueTorchLearner
from arena.training.offline.algorithm import OfflineAlgorithm, OfflineConfig
from games.contract import Game
from leagues.errors import LeagueError


class LeagueMARWILTorchLearner(LeagueTorchLearner, MARWILTorchLearner):
    """RLlib's loss of MARWIL. Its moving averages are kept, and go back with the weights after a failed update."""

    def build(self) -> None:
        super().build()
        self._good_norms: dict[str, Tensor] = {}

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        super().before_gradient_based_update(timesteps=timesteps)
        norms = self.moving_avg_sqd_adv_norms_per_module
        self._good_norms = {module_id: norms[module_id] for module_id in self._module_optimizers}

    def restore_good(self, modules: Collection[str]) -> None:
        super().restore_good(modules)
        for module_id in modules:
            self.moving_avg_sqd_adv_norms_per_module[module_id] = self._good_norms[module_id]

    def forget(self, module_id: str) -> None:
        super().forget(module_id)
        self.moving_avg_sqd_adv_norms_per_module.pop(module_id, None)

    def league_state(self) -> dict[str, Any]:
        norms = {name: float(norm) for name, norm in self.moving_avg_sqd_adv_norms_per_module.items()}
        return {**super().league_state(), "sqd_adv_norms": norms}

    def set_league_state(self, state: Mapping[str, Any]) -> None:
        super().set_league_state(state)
        for module_id, norm in state["sqd_adv_norms"].items():
            self.moving_avg_sqd_adv_norms_per_module[module_id] = torch.tensor(float(norm), device=self._device)


class LeagueMARWIL(OfflineAlgorithm, MARWIL):
    """MARWIL trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (
        POLICY_LOSS_KEY,
        VF_LOSS_KEY,
        LEARNER_RESULTS_VF_EXPLAINED_VAR_KEY,
        LEARNER_RESULTS_MOVING_AVG_SQD_ADV_NORM_KEY,
    )

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeagueMARWILConfig(algo_class=cls)

    def make_batch(self, trajectories: Trajectories) -> SampleBatch:
        """What was seen and done, and with a beta the return from there. A truncated game counts what was earned."""
        batch = {Columns.OBS: self.observations(trajectories), Columns.ACTIONS: trajectories.actions}
        if self.config.beta:
            without = replace(trajectories, values=np.zeros(len(trajectories), np.float32))
            _, batch[Columns.VALUE_TARGETS] = advantages(without, gamma=self.config.gamma, lambda_=1.0)
        return SampleBatch(batch)


_WHOLE_GAMES = "the return of a step is what its seat earns from there to the end of the game"


class LeagueMARWILConfig(OfflineConfig, MARWILConfig):
    """Configures :class:`LeagueMARWIL`: RLlib's ``MARWILConfig`` with ``.game()`` and ``.league()``.

    Example::

        config = LeagueMARWILConfig().game("connect_four").offline_data(input_="my-league")
        algorithm = config.build_algo()
        algorithm.train()
    """

    algorithm: ClassVar[str] = "marwil"
    settings_class: ClassVar[type[BCSettings]] = MARWILSettings
    own: ClassVar[frozenset[str]] = frozenset({"adam_epsilon"})
    no_effect: ClassVar[Mapping[str, str]] = {
        "lambda_": _WHOLE_GAMES,
        "burnin_len": "recorded steps have no states of a network",
        "_set_off_policy_estimation_methods": "evaluation matches say how well learners play",
    }

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeagueMARWIL)

    def get_default_learner_class(self) -> type:
        return LeagueMARWILTorchLearner

    def fit_to_game(self, game: Game) -> None:
        super().fit_to_game(game)
        if self.bc_logstd_coeff and game.action_bounds is None:
            raise LeagueError(
                f"the discrete actions of {game.spec!r} have no standard deviations; set bc_logstd_coeff to 0"
            )


class LeagueBC(LeagueMARWIL, BC):
    """Behaviour cloning trained by a league."""

    LEARNING_METRICS: ClassVar[tuple[str, ...]] = (POLICY_LOSS_KEY,)

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeagueBCConfig(algo_class=cls)


class LeagueBCConfig(LeagueMARWILConfig, BCConfig):
    """Configures :class:`LeagueBC`: RLlib's ``BCConfig`` with ``.game()`` and ``.league()``."""

    algorithm: ClassVar[str] = "bc"
    settings_class: ClassVar[type[BCSettings]] = BCSettings
    no_effect: ClassVar[Mapping[str, str]] = {
        **LeagueMARWILConfig.no_effect,
        **dict.fromkeys(
            ("beta", "vf_coeff", "moving_average_sqd_adv_norm_start", "moving_average_sqd_adv_norm_update_rate"),
            "BC imitates all moves alike; take LeagueMARWILConfig",
        ),
        "gamma": "BC reads no rewards",
    }

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class=algo_class or LeagueBC)
