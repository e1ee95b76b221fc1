"""``LeagueEnvRunner``: RLlib's ``MultiAgentEnvRunner``, stepping many tables in lock-step."""

from __future__ import annotations

import gc
import secrets
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import ray
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import MultiRLModuleSpec, RLModule
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode

from agents.contract import Agent, Turn
from agents.memory import Memory, States
from agents.policies.agent import module_batch
from agents.policies.distributions import sample_actions, sample_points
from agents.policies.interface import SEAT
from agents.policies.states import StateLayout
from agents.registry import make_agent
from arena.exports.rllib import TablesEnv, spaces
from arena.play.live_table import LiveTable
from arena.play.matches import play_pairings
from arena.play.source import Seating
from arena.seeds import Purpose, stream
from arena.settings import TrainingSettings
from arena.training.acting import training_sampler
from arena.training.columns import Trajectories
from arena.training.episodes import RANDOM, mapped_seatings, to_episodes
from arena.training.opponent_cache import OpponentCache, agent_key, apart, planned_seatings, seating
from arena.training.planner import Plan, Played, by_anchor
from arena.training.runner_reports import (
    call_on_environment_created,
    call_on_episode_end,
    call_on_sample_end,
    has_callback,
    log_by_opponent,
    log_sampled,
)
from arena.training.sampler import Sampler
from arena.training.samples import Decision, Sampled, TrainingSample
from arena.training.sequences import with_states_of
from arena.training.team_critic import team_values, with_team
from arena.training.tracing import traced
from games import make_game
from games.contract import FloatArray, IntArray, Symmetry
from leagues.records import Match
from leagues.results.scoring import tallies
from leagues.store import open_store


class LeagueEnvRunner(MultiAgentEnvRunner):
    """Steps its tables in lock-step: one forward pass per module and step, sampled with the mask.

    It works in three ways: :meth:`sample_plan` plays a league's training games (flat columns), :meth:`play` its
    evaluation matches, and :meth:`sample` is what any RLlib algorithm calls (episodes; ``policy_mapping_fn`` decides
    every seat). So ``PPOConfig().env_runners(env_runner_cls=LeagueEnvRunner)`` trains too, with
    ``env_config={"game": spec}``.

    Attributes:
        game: the game.
        opponents: the frozen opponents that are loaded.
        sampler: the tables of the training games; None before the first.
        live: shows a game to those who watch the league; a remote runner, which needs no league folder, shows none.
    """

    env: TablesEnv | None
    sampler: Sampler | None

    def __init__(self, *, config: AlgorithmConfig, **arguments: Any) -> None:
        """An env runner as RLlib makes it; a league's config need not be validated."""
        validated = getattr(config, "validated", None)
        super().__init__(config=config if validated is None else validated(), **arguments)

    def make_env(self) -> None:
        """Set up the tables of ``env_config["game"]``; running games are abandoned."""
        self.game = make_game(self.config.env_config["game"])
        self.num_envs = self.config.num_envs_per_env_runner
        self.env = TablesEnv(self.game, self.num_envs)
        folder = None if self.worker_index else getattr(self.config, "league_folder", None)
        self.live = LiveTable(open_store(folder), self.game)
        seed = secrets.randbits(31) if self.config.seed is None else self.config.seed
        self._episode_rng = stream(seed, Purpose.EPISODES, self.worker_index or 0, int(self.config.in_evaluation))
        self.rng = self._episode_rng
        self._wants_episodes = has_callback(self.config, "on_episode_end")
        self.sampler = None
        self._episode_sampler: Sampler | None = None
        self._explore = True
        self._named: Plan | None = None
        self._decided = 0  # rows that the live modules have decided
        call_on_environment_created(self)

    def make_module(self) -> None:
        """Build the live modules in full: the learner needs their values, too."""
        spec: MultiRLModuleSpec = self.config.get_multi_rl_module_spec(spaces=self.get_spaces(), inference_only=False)
        self.module = spec.build()
        for module in self.module.values():
            if isinstance(module, torch.nn.Module):
                module.to(self._device).eval()
        if self.env is not None:  # the driver's runner has none when there are remote ones
            classes = {module_spec.module_class for module_spec in spec.rl_module_specs.values()}
            by_name = {f"{cls.__module__}:{cls.__qualname__}": cls for cls in classes}
            self.opponents = OpponentCache(self.game, self._device, by_name)
            layouts = {module_id: StateLayout.of(module) for module_id, module in self.module.items()}
            self._layouts = {module_id: layout for module_id, layout in layouts.items() if layout is not None}
            self._team_values = team_values(dict(self.module.items()), self.game, self._device)
        if self.worker_index:  # Freeze library objects so the collector skips them. Nothing else runs here.
            gc.collect()
            gc.freeze()

    def get_spaces(self) -> dict[str, Any]:
        """Spaces by module ID, and those of the env (RLlib's keys)."""
        if self.env is None:
            return dict(self.spaces)
        observation_spaces, action_spaces = spaces(self.game)
        first = self.game.agent_ids[0]
        by_module = dict.fromkeys(self.config.policies, (observation_spaces[first], action_spaces[first]))
        both = (self.env.observation_space, self.env.action_space)
        return {INPUT_ENV_SPACES: both, INPUT_ENV_SINGLE_SPACES: both, **by_module}

    def running_games(self) -> dict[str, Any] | None:
        """The running training games, for :meth:`go_on` in another process; None if there are no tables yet."""
        return None if self.sampler is None else self.sampler.state(self.opponents.memories)

    def go_on(self, plan: Plan, games: Mapping[str, Any]) -> int:
        """Go on with the training games of another process.

        Args:
            plan: their pairings, in their order, and all members in them.
            games: what :meth:`running_games` gave there.

        Returns:
            The number of games that go on. The others begin anew.

        Raises:
            WeightsError: the games cannot be read.
        """
        self.sampler = self._make_training_sampler()
        self.opponents.load(plan, ())
        seatings = [seating(self.game, pairing, plan.members) for pairing in plan.pairings]
        memories = self.opponents.memories
        stateful = {key for key, agent in self.opponents.agents.items() if agent.keeps_games} - memories.keys()
        return self.sampler.go_on(games, seatings, list(self.module.keys()), stateful, memories)

    def sample_plan(self, plan: Plan, steps: int) -> TrainingSample:
        """Play a training plan until ``steps`` agent steps of the learning seats are in finished games."""
        if self.sampler is None:
            self.sampler = self._make_training_sampler()
        # A stream for each plan and runner, so that no restart and no resumption repeats old games.
        keys = plan.key, self.worker_index or 0
        self.rng = self.sampler.rng = stream(plan.seed, Purpose.SAMPLING, *keys)
        self.sampler.opening_rng = stream(plan.seed, Purpose.RANDOM_PLIES, *keys)
        self.sampler.abandon_games_of(plan.reset_modules)
        self.opponents.load(plan, self.sampler.seated)
        self._explore = True
        seatings = planned_seatings(
            self.game,
            plan,
            self.rng,
            random_plies=self.config.position_settings.random_plies,
            opening_rng=self.sampler.opening_rng,
        )
        sampled = self.sampler.run(
            lambda: next(seatings),
            self.opponents.agents,
            modules=list(self.module.keys()),
            steps=steps,
            iteration=plan.iteration,
            final_observations=self._wants_episodes,
            watch=self.live.look,
        )
        sampled.trajectories = with_team(sampled.trajectories, self.game.teams, self._team_values)
        self._log(sampled)
        if self._wants_episodes:
            call_on_episode_end(self, to_episodes(self.game, sampled, self.config.policy_mapping_fn))
        call_on_sample_end(self, sampled.trajectories)
        returns = map(tuple, sampled.returns.tolist())
        return TrainingSample(
            trajectories={name: self._with_states(name, steps) for name, steps in sampled.trajectories.items()},
            tallies=tuple(tallies(zip(sampled.seats, returns, strict=True), self.game.teams)),
            matches=tuple(sampled.matches),
            games=len(sampled.seats),
            env_steps=sampled.env_steps,
            agent_steps=sampled.agent_steps,
            broken=sampled.broken,
            seconds=sampled.seconds,
            runner=self.worker_index or 0,
            plies=sum(sampled.plies),
            running=self.running_games() if self.worker_index else None,
            key=plan.key,
            traced=traced(self.game, sampled) if self.config.training_settings.trace is not None else (),
        )

    def work(self, plan: Plan, steps: int, weights: Mapping[str, Any] | None = None) -> tuple[TrainingSample, Any]:
        """The training games of one plan (:meth:`sample_plan`), and the metrics since the last.

        Args:
            plan, steps: as of :meth:`sample_plan`.
            weights: state of the live modules to play with; None for those that the runner has.
        """
        if weights is not None:
            self.set_state(weights)
        return self.sample_plan(plan, steps), self.get_metrics()

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take weights and counters."""
        self._weights_seq_no = 0  # RLlib ignores weights older than the runner's, but a checkpoint may have them
        super().set_state(state)

    def play(self, plan: Plan) -> Played:
        """Play every pairing of an evaluation plan once, to its end, between frozen members.

        Games with anchors are played by themselves, so that their time is known and no other game depends on them.
        """
        self.opponents.load(plan, self.sampler.seated if self.sampler is not None else ())
        members = plan.members.values()
        agents = {member.id: apart(self.opponents.agents[agent_key(member, plan.kind)]) for member in members}
        weights = {member.id: member.weights for member in members}
        matches: list[Match] = []
        times: dict[str, tuple[int, float]] = {}
        settings: dict[str, Any] = {"tables": self.num_envs, "iteration": plan.iteration, "watch": self.live.look}
        for anchor, pairings in by_anchor(plan).items():
            began = time.perf_counter()
            matches += play_pairings(self.game, pairings, agents, weights=weights, **settings)
            times[anchor] = (len(pairings), time.perf_counter() - began)
        return Played(tuple(matches), times)

    def meet(self, plan: Plan) -> None:
        """From now on, :meth:`sample` plays the games of a plan of :meth:`arena.training.planner.Planner.named`."""
        self._named = plan

    def call(self, method: str, **arguments: Any) -> Any:
        """A method's result, or its error as a value: RLlib takes a raised one for a dead runner, and restarts it."""
        try:
            return getattr(self, method)(**arguments)
        except Exception as error:
            error.add_note(f"In the env runner:\n{traceback.format_exc()}")  # a pickled error loses its traceback
            return error

    def sample(
        self,
        *,
        num_timesteps: int | None = None,
        num_episodes: int | None = None,
        explore: bool | None = None,
        random_actions: bool = False,
        force_reset: bool = False,
    ) -> list[MultiAgentEpisode]:
        """Sample as RLlib calls it: ``policy_mapping_fn``, or the plan of :meth:`meet`, says who sits where.

        Unlike RLlib's own runner it returns finished games only. ``num_episodes`` counts games *started*, and all of
        them are played to their end, so short games are not favoured.
        """
        if self.env is None:
            raise ValueError(f"{self} has no env, so it cannot sample; call sample() on a runner that has one")
        self._pull_weights()
        self.rng = self._episode_rng
        self._explore = bool(self.config.explore if explore is None else explore)
        # Not the league's tables: an evaluation on this runner must not disturb the games it trains on.
        self._episode_sampler = self._episode_sampler or self._make_sampler(keep_dist_inputs=True)
        if force_reset or num_episodes is not None or self._named is not None:
            self._episode_sampler.clear()
        if num_timesteps is None:
            num_timesteps = self.num_envs * self.config.get_rollout_fragment_length(self.worker_index)
        if self._named is not None:
            sampled = self._sample_named(self._named, num_timesteps, num_episodes)
        else:
            mapping = self.config.policy_mapping_fn
            seatings = mapped_seatings(self.game, mapping, self.rng, random_actions=random_actions)
            games = seatings if num_episodes is None else islice(seatings, num_episodes)
            steps = num_timesteps if num_episodes is None else None
            sampled = self._run(lambda: next(games, None), {RANDOM: make_agent("random", self.game)}, steps)
        sampled.trajectories = with_team(sampled.trajectories, self.game.teams, self._team_values)
        self._log(sampled)
        episodes = to_episodes(self.game, sampled, self.config.policy_mapping_fn)
        if self._wants_episodes:
            call_on_episode_end(self, episodes)
        call_on_sample_end(self, episodes)
        return episodes

    def _sample_named(self, plan: Plan, steps: float, count: int | None) -> Sampled:
        """``count`` games of a plan against opponents by name, or games until the learner has made so many ``steps``.
        All that start are played to their end."""
        self.opponents.load(plan, self.sampler.seated if self.sampler is not None else ())
        frozen = {agent_key(member, plan.kind) for member in plan.members.values() if member.frozen}
        before = self._decided
        # Several runners of an evaluation begin at different places, so that together they play the plan in turn.
        first = ((self.worker_index or 1) - 1) * (count or 1) % len(plan.pairings)
        games = islice(planned_seatings(self.game, plan, self.rng), first, None if count is None else first + count)
        sampled = self._run(
            lambda: next(games, None) if count is not None or self._decided - before < steps else None,
            {key: apart(self.opponents.agents[key]) for key in frozen},
            None,
        )
        log_by_opponent(self.metrics, self.game, plan, sampled)
        return sampled

    def _pull_weights(self) -> None:
        """Take newer weights, if there are any, from the server that RLlib's own IMPALA and APPO put them on."""
        if self._env_runner_state_server is None:
            return
        try:
            newer = ray.get(self._env_runner_state_server.pull_if_newer.remote(self._weights_seq_no))
        except ray.exceptions.RayError:  # Ray restarts the server; until then the runner goes on with what it has
            return
        if newer is not None:
            self.set_state(newer)

    def get_metrics(self) -> Any:
        """Metrics since the last call, reduced as RLlib expects."""
        return self.metrics.reduce()

    def assert_healthy(self) -> None:
        """Raises AssertionError unless tables and modules are there."""
        assert self.env is not None
        assert self.module is not None

    def stop(self) -> None:
        """Release the opponents."""
        if self.env is not None:
            self.live.close()
            self.opponents.close()

    def _make_training_sampler(self) -> Sampler:
        traces = self.config.training_settings.trace is not None
        keep = self._wants_episodes or traces or self.config.needs_dist_inputs(self.game)
        symmetries = self.game.symmetries if self.config.position_settings.symmetries else ()
        kind = training_sampler(self.game, lambda module_id: self.module[module_id])
        return self._make_sampler(kind, keep_dist_inputs=keep, symmetries=symmetries)

    def _make_sampler(
        self, kind: Callable[..., Sampler] = Sampler, *, keep_dist_inputs: bool, symmetries: Sequence[Symmetry] = ()
    ) -> Sampler:
        return kind(
            self.game,
            self.num_envs,
            decide=self._decide,
            value=self._value,
            rng=self.rng,
            settings=getattr(self.config, "training_settings", TrainingSettings()),  # RLlib's configs have none
            symmetries=symmetries,
            keep_dist_inputs=keep_dist_inputs,
            memories={
                module_id: Memory([layout.initial] * self.game.num_seats) for module_id, layout in self._layouts.items()
            },
        )

    def _run(
        self, next_seating: Callable[[], Seating | None], agents: Mapping[str, Agent], steps: int | None
    ) -> Sampled:
        """Play on the tables of :meth:`sample`."""
        assert self._episode_sampler is not None
        self._episode_sampler.rng = self.rng
        return self._episode_sampler.run(
            next_seating, agents, modules=list(self.module.keys()), steps=steps, final_observations=True
        )

    def _decide(self, module_id: str, turn: Turn, states: States | None = None) -> Decision:
        module: RLModule = self.module[module_id]
        self._decided += len(turn.seats)
        batch = module_batch(turn.observations, turn.masks, turn.seats, self.game.num_seats, self._device)
        layout = self._layouts.get(module_id)
        if layout is not None:
            assert states is not None
            batch = layout.one_step(batch, torch.from_numpy(states).to(self._device))
        # The public `forward_*` walk all submodules twice per call to switch modes; these never train.
        with torch.no_grad():
            output = module._forward_exploration(batch) if self._explore else module._forward_inference(batch)
        inputs = output[Columns.ACTION_DIST_INPUTS].detach()
        values = output[Columns.VF_PREDS] if Columns.VF_PREDS in output else self._compute_values(module_id, batch)
        after = None
        if layout is not None:
            inputs, values = inputs.squeeze(1), values.squeeze(1)
            after = layout.packed(output[Columns.STATE_OUT]).cpu().numpy()
        sample = sample_actions if self.game.action_bounds is None else sample_points
        shown = inputs.cpu().numpy()
        actions, log_probs = sample(shown, self.rng if self._explore else None)
        return Decision(actions, shown, log_probs, values.detach().cpu().numpy(), after)

    def _value(
        self, module_id: str, observations: FloatArray, seats: IntArray, states: States
    ) -> npt.NDArray[np.float32]:
        masks = np.ones((len(observations), self.game.num_actions), np.bool_)
        batch = module_batch(observations, masks, seats, self.game.num_seats, self._device)
        layout = self._layouts.get(module_id)
        if layout is not None:
            batch = layout.one_step(batch, torch.from_numpy(states).to(self._device))
        return self._compute_values(module_id, batch).flatten().cpu().numpy()

    def _compute_values(self, module_id: str, batch: dict[str, Any]) -> torch.Tensor:
        if module_id in self._team_values:  # they are known when the games are over
            return torch.zeros(len(batch[Columns.OBS][SEAT]))
        with torch.no_grad():
            return self.module[module_id].compute_values(batch)

    def _with_states(self, module_id: str, trajectories: Trajectories) -> Trajectories:
        """Trajectories with the states before their sequences, if the module remembers."""
        layout = self._layouts.get(module_id)
        if layout is None:
            return trajectories
        return with_states_of(self.module[module_id], layout, trajectories, self.game.num_seats, self._device)

    def _log(self, sampled: Sampled) -> None:
        log_sampled(self.metrics, self.game, sampled)
        self.num_env_steps_sampled_lifetime += sampled.env_steps
