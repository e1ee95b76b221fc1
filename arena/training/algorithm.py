"""``LeaguePPO``: PPO trained by a league, as a ``ray.rllib`` Algorithm."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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

from agents.networks import ACTION_MASK, OBSERVATION, SEAT
from agents.policy import policy_card, policy_tensors
from arena.training.config import LeaguePPOConfig
from arena.training.env_runner import TrainingSample
from arena.training.keeper import Keeper
from arena.training.learner import reset_modules
from arena.training.plan import Plan
from arena.training.trajectories import Trajectories, advantages, concatenate
from games import make_game
from leagues.records import Match, Member
from leagues.store import Progress

LEAGUE = "league"
FINAL_RATING_GAMES = 200
"""Evaluation games that every frozen member has at least had when a run is finished."""

SMOOTHED_ITERATIONS = 20
"""The rate that people see is that of the last so many iterations."""


class LeaguePPO(PPO):
    """PPO whose opponents are chosen by a league and whose past is kept by it.

    One iteration: the league's pairings go to the env runners as data; they return whole trajectories of the learning
    seats; advantages; one ``LearnerGroup.update``; snapshots that are due; rating matches between frozen members; and
    one transaction with all of it. A crash loses at most the iteration under way.

    Attributes:
        keeper: the league: members, ratings, database.
        time_left: seconds the run expects to go on, for those who watch; whoever runs the loop sets it.
    """

    @classmethod
    def get_default_config(cls) -> AlgorithmConfig:
        return LeaguePPOConfig(algo_class=cls)

    def setup(self, config: LeaguePPOConfig) -> None:
        super().setup(config)
        folder = self.config.league_folder
        self.game = make_game(self.config.game_spec)
        remote = self.env_runner_group.num_remote_workers() > 0 or self.eval_env_runner_group is not None
        self.keeper = Keeper(
            None if folder is None else Path(folder),
            self.game,
            self.config.league_settings,
            seed=self.config.seed if self.config.seed is not None else secrets.randbits(63),
            settings=self.config.settings(),
            learners={learner: self.config.modules_of(learner) for learner in self.config.learner_ids},
            share=ray.put if remote else lambda data: data,
        )
        self.time_left: Callable[[], float | None] = lambda: None
        self._rates: list[tuple[float, int]] = []
        self.module_specs = self.config.get_multi_rl_module_spec(
            spaces=self.env_runner_group.get_spaces(), inference_only=False
        ).rl_module_specs
        state = self.keeper.learner_state()
        if state is not None:
            self.learner_group.set_state({COMPONENT_LEARNER: state})
        # In full, values too: RLlib's own first broadcast leaves out what it thinks inference does not need.
        self._broadcast()

    def training_step(self) -> None:
        """One iteration, as the class says."""
        began = time.perf_counter()
        before = self.keeper.progress
        wanted = self.config.total_train_batch_size
        tables = self.config.num_envs_per_env_runner * max(1, self.config.num_env_runners)
        with self.metrics.log_time((names.TIMERS, names.ENV_RUNNER_SAMPLING_TIMER)):
            samples, matches = self._sample(
                self.keeper.training_plan(tables), self.keeper.rating_plan(self.config.rating_games), wanted
            )
        if not samples:
            return  # every runner failed; RLlib restarts them before the next iteration
        with self.metrics.log_time((names.TIMERS, names.LEARNER_UPDATE_TIMER)):
            trained = self._learn(samples)
        tallies = [tally for sample in samples for tally in sample.tallies]
        due = self.keeper.tell(
            tallies, {learner: self._steps_of(learner, trained) for learner in self.config.learner_ids}
        )
        agent_steps = before.agent_steps + sum(trained.values())
        state = self.learner_group.get_state(components=COMPONENT_LEARNER)[COMPONENT_LEARNER]
        snapshots = [self._snapshot(learner, state, agent_steps) for learner in due]
        if reset := [learner for learner in due if self.keeper.league.resets_after_snapshot(learner)]:
            self._reset(reset)
            state = self.learner_group.get_state(components=COMPONENT_LEARNER)[COMPONENT_LEARNER]
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
            state=state,
            tallies=tallies,
            matches=[*(match for sample in samples for match in sample.matches), *matches],
            members=snapshots,
        )
        for name in ("iteration", "agent_steps", "env_steps", "games"):
            self.metrics.log_value((LEAGUE, name), getattr(self.keeper.progress, name), window=1)
        self.metrics.log_value((LEAGUE, "members"), len(self.keeper.members), window=1)

    def finish(self) -> None:
        """Close a run: freeze learners that have come far enough, and rate whoever has hardly been rated.

        A learner is frozen if it has no snapshot yet, or has trained for ``snapshot_min_steps`` since its last.
        """
        keeper = self.keeper
        state = self.learner_group.get_state(components=COMPONENT_LEARNER)[COMPONENT_LEARNER]
        learners = keeper.worth_keeping() if keeper.progress.agent_steps else []
        members = [self._snapshot(learner, state, keeper.progress.agent_steps) for learner in learners]
        if members:
            keeper.commit(progress=keeper.progress, state=state, tallies=[], matches=[], members=members)
        while (plan := keeper.rating_plan(FINAL_RATING_GAMES, below=FINAL_RATING_GAMES)) is not None:
            if self.env_runner_group.num_remote_workers() == 0:
                matches = self.env_runner.play(plan)
            else:
                runner = self.env_runner_group.healthy_worker_ids()[:1]
                played = self.env_runner_group.foreach_env_runner(
                    "play", kwargs={"plan": plan}, remote_worker_ids=runner, local_env_runner=False
                )
                matches = [match for part in played for match in part]
            if not matches:
                return
            keeper.record(matches)

    def cleanup(self) -> None:
        super().cleanup()
        self.keeper.close()

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        state = super().get_state(components, not_components=not_components, **kwargs)
        if self._check_component(LEAGUE, components, not_components):
            state[LEAGUE] = self.keeper.checkpoint()
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        if LEAGUE in state:
            self.keeper.restore(state[LEAGUE])
        self._broadcast()

    def _sample(self, training: Plan, ratings: Plan | None, steps: int) -> tuple[list[TrainingSample], list[Match]]:
        """Training games from every runner, and rating matches from the evaluation runners, or else from the same."""
        finished: list[Match] = []
        evaluators = self.eval_env_runner_group
        if evaluators is not None and evaluators.num_healthy_remote_workers():
            finished = self._play_beside(ratings)
            ratings = None
        group = self.env_runner_group
        if group.num_remote_workers() == 0:
            results = [self.env_runner.work(training, steps, ratings)]
        else:
            runners = group.healthy_worker_ids()
            requests = [
                {"training": part, "steps": -(-steps // len(runners)), "ratings": rated}
                for part, rated in zip(
                    _deal(training, len(runners), by_block=False),
                    _deal(ratings, len(runners), by_block=True),
                    strict=True,
                )
            ]
            results = group.foreach_env_runner(
                "work",
                kwargs=requests,
                remote_worker_ids=runners,
                local_env_runner=False,
                timeout_seconds=self.config.sample_timeout_s,
            )
        self.metrics.aggregate([metrics for _, _, metrics in results], key=names.ENV_RUNNER_RESULTS)
        return [sample for sample, _, _ in results], finished + [match for _, played, _ in results for match in played]

    def _play_beside(self, ratings: Plan | None) -> list[Match]:
        """Rating matches that evaluation runners have finished since; new ones for those that are idle."""
        group = self.eval_env_runner_group
        ready = group.fetch_ready_async_reqs(tags="rating", timeout_seconds=0.0)
        if ratings is not None:
            runners = group.healthy_worker_ids()
            parts = [{"plan": part} for part in _deal(ratings, len(runners), by_block=True) if part is not None]
            group.foreach_env_runner_async("play", tag="rating", kwargs=parts, remote_worker_ids=runners[: len(parts)])
        return [match for _, matches in ready for match in matches]

    def _learn(self, samples: Sequence[TrainingSample]) -> dict[str, int]:
        """Update on the samples; returns the steps trained on, by module."""
        batches, rows = {}, {}
        for module in sorted({module for sample in samples for module in sample.trajectories}):
            trajectories = concatenate([s.trajectories[module] for s in samples if module in s.trajectories])
            # Remote learners walk in step, so each must get the same number of rows.
            rows[module] = len(trajectories) - len(trajectories) % max(1, self.config.num_learners)
            if rows[module]:
                batches[module] = _train_batch(trajectories, rows[module], self.game.num_seats, self.config)
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
        self.env_runner_group.sync_weights(from_worker_or_learner_group=self.learner_group, inference_only=False)

    def _snapshot(self, learner: str, state: Mapping[str, Any], step: int) -> Member:
        modules = set(self.keeper.members[learner].modules.values())
        states = {module: state[COMPONENT_RL_MODULE][module] for module in modules}
        specs = {module: self.module_specs[module] for module in modules}
        card = policy_card(self.game, specs, self.keeper.members[learner].modules)
        return self.keeper.snapshot(learner, policy_tensors(states), card, step)

    def _reset(self, learners: Sequence[str]) -> None:
        torch.manual_seed(self.keeper.seed + self.keeper.progress.iteration)
        fresh = {
            module: self.module_specs[module].build().get_state()
            for learner in learners
            for module in sorted(set(self.keeper.members[learner].modules.values()))
        }
        self.learner_group.foreach_learner(lambda learner: reset_modules(learner, fresh))

    def _steps_of(self, learner: str, trained: Mapping[str, int]) -> int:
        return sum(trained.get(module, 0) for module in set(self.keeper.members[learner].modules.values()))

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
            Columns.ACTION_DIST_INPUTS: trajectories.logits[:rows],
            Postprocessing.ADVANTAGES: standardised[:rows].astype(np.float32),
            Postprocessing.VALUE_TARGETS: targets[:rows],
        }
    )


def _deal(plan: Plan | None, parts: int, *, by_block: bool) -> list[Plan | None]:
    """A plan dealt out among runners; matches of one block stay together where that is asked for."""
    if plan is None:
        return [None] * parts
    hands: list[list[Any]] = [[] for _ in range(parts)]
    for index, pairing in enumerate(plan.pairings):
        hands[(pairing.block if by_block else index) % parts].append(pairing)
    dealt: list[Plan | None] = []
    for hand in hands:
        members = {member: plan.members[member] for pairing in hand for member in pairing.seats}
        files = {m.weights: plan.weights[m.weights] for m in members.values() if m.weights}
        dealt.append(replace(plan, pairings=tuple(hand), members=members, weights=files) if hand else None)
    return dealt
