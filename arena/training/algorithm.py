"""``LeaguePPO``: PPO trained by a league, as a ``ray.rllib`` Algorithm."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import ray
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.ppo import PPO
from ray.rllib.core import COMPONENT_LEARNER, COMPONENT_RL_MODULE
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils import metrics as names

from agents.policies.agent import policy_card, policy_tensors
from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT
from arena.seeds import Purpose, number
from arena.training.columns import Trajectories, advantages, concatenate
from arena.training.config import LeaguePPOConfig
from arena.training.env_runner import TrainingSample
from arena.training.learner import reset_modules
from arena.training.runners import Requests
from arena.training.session import Keeper
from arena.training.snapshots import Averages, take_in
from games import make_game
from leagues.records import Match, Member
from leagues.store import Progress

LEAGUE = "league"
AVERAGES = "averages"
PATIENCE = 30
"""Iterations without any living env runner, a second each, before a run gives up."""

FINAL_RATING_SECONDS = 20.0
FINAL_RATING_GAMES = 200
"""Evaluation games that every frozen member has at least had when a run is finished."""

SMOOTHED_ITERATIONS = 20
"""The rate that people see is that of the last so many iterations."""


class LeaguePPO(PPO):
    """PPO whose opponents are chosen by a league and whose past is kept by it.

    One iteration: the league's pairings go to the env runners as data; they return whole trajectories of the learning
    seats; advantages; one ``LearnerGroup.update``; snapshots that are due; rating matches between frozen members, which
    remote runners play while the learners learn; and one transaction with all of it. A crash loses at most the
    iteration under way.

    With ``training(overlap=True)`` the runners begin with the next iteration's games before the learners learn from
    this one's, so that every step is of weights one update older. Its log-probabilities and values are those of the
    weights that acted, so the ratio of PPO stays the right one. A learner that starts over leaves the games under way
    to nobody; a checkpoint does not keep them.

    Attributes:
        keeper: the league: members, ratings, database.
        requests: what the env runners are asked for.
        averages: the weights that snapshots are made of, see :mod:`arena.training.snapshots`.
        time_left: seconds the run expects to go on, for those who watch; whoever runs the loop sets it.
    """

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeaguePPOConfig(algo_class=cls)

    def setup(self, config: LeaguePPOConfig) -> None:
        """Open the league, then build runners and learners around it.

        Raises:
            StoreError: the folder holds a league of another game, other learners or another network, or a newer one.
            AgentError: a baseline cannot play the game.
            WeightsError: the league's learner state is missing or was altered.
        """
        folder = config.league_folder
        self.game = make_game(str(config.game_spec))
        self.keeper = Keeper(
            None if folder is None else Path(folder),
            self.game,
            config.league_settings,
            seed=config.seed,
            settings=config.settings(),
            learners=config.learning_members(),
            share=ray.put if config.num_env_runners or config.evaluation_num_env_runners else lambda data: data,
        )
        try:
            state = self.keeper.learner_state()
            super().setup(config)
            self.time_left: Callable[[], float | None] = lambda: None
            self._rates: list[tuple[float, int]] = []
            self._iterations_without_runners = 0
            self.requests = Requests(
                self.keeper,
                self.env_runner_group,
                self.eval_env_runner_group,
                steps=self.config.total_train_batch_size,
                tables=self.config.num_envs_per_env_runner,
                rating_games=self.config.rating_games,
                overlap=self.config.overlap,
            )
            self.module_specs = self.config.get_multi_rl_module_spec(
                spaces=self.env_runner_group.get_spaces(), inference_only=False
            ).rl_module_specs
            self.averages: Averages = {}
            if state is not None:
                self._take_up(state)
            # In full, values too: RLlib's own first broadcast leaves out what it thinks inference does not need.
            self._broadcast()
        except BaseException:
            self.keeper.close()
            raise

    def training_step(self) -> None:
        """One iteration, as the class says."""
        began = time.perf_counter()
        before = self.keeper.progress
        with self.metrics.log_time((names.TIMERS, names.ENV_RUNNER_SAMPLING_TIMER)):
            results, matches = self.requests.sample()
        self.metrics.aggregate([metrics for _, metrics in results], key=names.ENV_RUNNER_RESULTS)
        samples = [sample for sample, _ in results]
        if not samples:
            self._without_runners(matches)
            return
        self._iterations_without_runners = 0
        with self.metrics.log_time((names.TIMERS, names.LEARNER_UPDATE_TIMER)):
            trained = self._learn(samples)
        tallies = [tally for sample in samples for tally in sample.tallies]
        learners = [member for member in self.keeper.members.values() if member.kind == "learner"]
        due = self.keeper.tell(
            tallies,
            {member.id: sum(trained.get(module, 0) for module in set(member.modules.values())) for member in learners},
        )
        agent_steps = before.agent_steps + sum(trained.values())
        state = self._learner_state()
        self.averages = take_in(self.averages, state[COMPONENT_RL_MODULE])
        snapshots = [self._snapshot(learner, agent_steps) for learner in due]
        if reset := [learner for learner in due if self.keeper.league.after_snapshot(learner) == "reset"]:
            self._reset(reset)
            state = self._learner_state()
        with self.metrics.log_time((names.TIMERS, names.SYNCH_WORKER_WEIGHTS_TIMER)):
            self._broadcast()
        env_steps = sum(sample.env_steps for sample in samples)
        spent = time.perf_counter() - began
        self._rates = [*self._rates, (spent, env_steps)][-SMOOTHED_ITERATIONS:]
        self.keeper.commit(
            progress=Progress(
                iteration=before.iteration + 1,
                agent_steps=agent_steps,
                env_steps=before.env_steps + env_steps,
                games=before.games + sum(sample.games for sample in samples),
                seconds=before.seconds + spent,
                rate=sum(steps for _, steps in self._rates) / sum(seconds for seconds, _ in self._rates),
                remaining=self.time_left(),
                metrics=self._learning_metrics(),
                at=datetime.now(UTC),
            ),
            state=state | {AVERAGES: self.averages},
            tallies=tallies,
            matches=[*(match for sample in samples for match in sample.matches), *matches],
            members=snapshots,
        )
        for name in ("iteration", "agent_steps", "env_steps", "games"):
            self.metrics.log_value((LEAGUE, name), getattr(self.keeper.progress, name), window=1)
        self.metrics.log_value(
            (LEAGUE, "broken_games"), sum(sample.broken for sample in samples), reduce="lifetime_sum"
        )
        self.metrics.log_value((LEAGUE, "members"), len(self.keeper.members), window=1)

    def finish(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Close a run: freeze learners that have come far enough, and rate whoever has hardly been rated.

        A learner is frozen if it has no snapshot yet, or has trained for ``snapshot_min_steps`` since its last. Rating
        goes on, an iteration's rating games at a time, until every frozen member has had
        :data:`FINAL_RATING_GAMES`, for about :data:`FINAL_RATING_SECONDS` at most, and once only when asked to stop.

        Args:
            should_stop: asked after every round of rating matches.
        """
        keeper = self.keeper
        if keeper.progress.agent_steps:
            members = [self._snapshot(name, keeper.progress.agent_steps) for name in keeper.worth_keeping()]
            if members:
                state = self._learner_state() | {AVERAGES: self.averages}
                keeper.commit(progress=keeper.progress, state=state, tallies=[], matches=[], members=members)
        keeper.record(self.requests.rated(timeout=0.0 if should_stop() else FINAL_RATING_SECONDS))
        deadline = time.monotonic() + FINAL_RATING_SECONDS
        games = max(2, self.config.rating_games)
        while (plan := keeper.rating_plan(games, below=FINAL_RATING_GAMES)) is not None:
            matches = self.requests.play(plan)
            keeper.record(matches)
            if not matches or should_stop() or time.monotonic() > deadline:
                return

    def cleanup(self) -> None:
        super().cleanup()
        self.keeper.close()

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        state = super().get_state(components, not_components=not_components, **kwargs)
        if self._check_component(LEAGUE, components, not_components):
            state[LEAGUE] = self.keeper.checkpoint()
            state[AVERAGES] = self.averages
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore a checkpoint. A league in memory comes back with it; a league in a folder goes on from its folder,
        with the learner's state of its newest iteration, for a folder cannot be at two times at once."""
        self.requests.abandon()
        if LEAGUE in state:
            self.keeper.restore(state[LEAGUE])
        super().set_state(state)
        newest = self.keeper.learner_state()
        if newest is not None:
            self._take_up(newest)
        else:
            self.averages = state.get(AVERAGES) or take_in({}, self._learner_state()[COMPONENT_RL_MODULE])
        self._broadcast()

    def _without_runners(self, matches: Sequence[Match]) -> None:
        """No runner is alive: RLlib restarts them before the next iteration, which may take some."""
        self.keeper.record(matches)
        self._iterations_without_runners += 1
        if self._iterations_without_runners >= PATIENCE:
            raise RuntimeError(
                f"env runners must come back within {PATIENCE} iterations, but none of {self.config.num_env_runners} "
                "did; look into Ray's logs for why they die, then go on with the league as it is stored"
            )
        time.sleep(1.0)

    def _learn(self, samples: Sequence[TrainingSample]) -> dict[str, int]:
        """Update on the samples; returns the steps trained on, by module."""
        batches, rows = {}, {}
        for module in sorted({module for sample in samples for module in sample.trajectories}):
            trajectories = concatenate([s.trajectories[module] for s in samples if module in s.trajectories])
            # Remote learners walk in step, so each must get the same number of rows.
            rows[module] = len(trajectories) - len(trajectories) % max(1, self.config.num_learners)
            if rows[module]:
                batches[module] = _train_batch(trajectories, rows[module], self.game.num_seats, self.config)
        if not batches:
            return rows
        env_steps = sum(sample.env_steps for sample in samples)
        results = self.learner_group.update(
            training_data=TrainingData(batch=MultiAgentBatch(batches, env_steps)),
            timesteps={
                names.NUM_ENV_STEPS_SAMPLED_LIFETIME: self.keeper.progress.env_steps + env_steps,
            },
            num_epochs=self.config.num_epochs,
            minibatch_size=self.config.minibatch_size,
            shuffle_batch_per_epoch=self.config.shuffle_batch_per_epoch,
        )
        self.metrics.aggregate(results, key=names.LEARNER_RESULTS)
        return rows

    def _broadcast(self) -> None:
        """Give the weights to the runners; remote ones take them up once they have done what they were asked before."""
        group = self.env_runner_group
        if group.num_remote_workers() == 0:
            weights = f"{COMPONENT_LEARNER}/{COMPONENT_RL_MODULE}"
            group.local_env_runner.set_state(self.learner_group.get_state(components=weights)[COMPONENT_LEARNER])
            return
        # RLlib drops a broadcast while the one before is under way, so that one is waited for: runners took it up
        # before they began with the games that they may be playing now.
        group.sync_weights(from_worker_or_learner_group=self.learner_group, inference_only=False, timeout_seconds=None)

    def _learner_state(self) -> dict[str, Any]:
        return self.learner_group.get_state(components=COMPONENT_LEARNER)[COMPONENT_LEARNER]

    def _take_up(self, stored: Mapping[str, Any]) -> None:
        """Go on from a stored learner state; one from before there were averages starts them."""
        state = {name: value for name, value in stored.items() if name != AVERAGES}
        self.learner_group.set_state({COMPONENT_LEARNER: state})
        self.averages = stored.get(AVERAGES) or take_in({}, state[COMPONENT_RL_MODULE])

    def _snapshot(self, learner: str, step: int) -> Member:
        modules = set(self.keeper.members[learner].modules.values())
        states = {module: self.averages[module]["weights"] for module in modules}
        specs = {module: self.module_specs[module] for module in modules}
        card = policy_card(self.game, specs, self.keeper.members[learner].modules)
        return self.keeper.snapshot(learner, policy_tensors(states), card, step)

    def _reset(self, learners: Sequence[str]) -> None:
        torch.manual_seed(number(self.keeper.seed, Purpose.MODULE_RESET, self.keeper.progress.iteration))
        modules = {learner: set(self.keeper.members[learner].modules.values()) for learner in learners}
        fresh = {
            module: self.module_specs[module].build().get_state()
            for learner in learners
            for module in sorted(modules[learner])
        }
        for result in self.learner_group.foreach_learner(lambda learner: reset_modules(learner, fresh)):
            if not result.ok:
                raise result.get()
        self.averages = {module: average for module, average in self.averages.items() if module not in fresh}
        self.keeper.started_over(learners)
        self.requests.void(modules)

    def _learning_metrics(self) -> dict[str, dict[str, float]]:
        wanted = ("policy_loss", "vf_loss", "entropy", "vf_explained_var")
        result: dict[str, dict[str, float]] = {}
        for module in self.module_specs:
            values = {}
            for name in wanted:
                value = self.metrics.peek((names.LEARNER_RESULTS, module, name), default=None)
                if value is not None and np.isfinite(float(value)):
                    values[name] = float(value)
            result[module] = values
        return result


def _train_batch(trajectories: Trajectories, rows: int, num_seats: int, config: LeaguePPOConfig) -> SampleBatch:
    """The first ``rows`` steps as the columns a PPO learner wants, advantages standardised."""
    gained, targets = advantages(trajectories, gamma=config.gamma, lambda_=config.lambda_)
    standardised = (gained - gained.mean()) / max(1e-4, float(gained.std()))
    return SampleBatch(
        {
            Columns.OBS: {
                OBSERVATION: trajectories.observations[:rows],
                ACTION_MASK: trajectories.masks[:rows],
                SEAT: np.eye(num_seats, dtype=np.float32)[trajectories.seats[:rows]],
            },
            Columns.ACTIONS: trajectories.actions[:rows],
            Columns.ACTION_LOGP: trajectories.log_probs[:rows],
            **({Columns.ACTION_DIST_INPUTS: trajectories.dist_inputs[:rows]} if trajectories.dist_inputs.size else {}),
            Postprocessing.ADVANTAGES: standardised[:rows].astype(np.float32),
            Postprocessing.VALUE_TARGETS: targets[:rows],
        }
    )
