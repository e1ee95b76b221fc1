"""``LeagueEnvRunner``: RLlib's ``MultiAgentEnvRunner``, stepping many tables in lock-step."""

from __future__ import annotations

import gc
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import ray
import torch
from ray.rllib.callbacks.utils import make_callback
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import MultiRLModuleSpec, RLModule
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.env_context import EnvContext
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode
from ray.rllib.utils import metrics as names

from agents.contract import Agent, Turn
from agents.policies.agent import build_policy, module_batch
from agents.policies.distributions import sample_actions, sample_points
from agents.policies.weights import parse
from agents.registry import make_agent
from arena.exports.rllib import TablesEnv, spaces
from arena.play.matches import play_pairings
from arena.seeds import Purpose, stream
from arena.training.callbacks import has_callback
from arena.training.columns import Trajectories
from arena.training.episodes import to_episodes
from arena.training.learner import needs_dist_inputs
from arena.training.planner import Plan
from arena.training.sampler import Decision, Sampled, Sampler, Seating
from games import make_game
from games.contract import FloatArray, IntArray
from leagues.records import Match, Member, Pairing, Tally
from leagues.results.scoring import tallies

CACHED_OPPONENTS = 32
"""Frozen opponents a runner keeps besides those at its tables."""

RANDOM = "agent:random"


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """What a runner brings home from one request.

    Attributes:
        trajectories: module ID -> finished trajectories of the seats that learn.
        tallies: results of all finished games, by pair of members.
        matches: the games recorded move by move.
        games, env_steps, agent_steps: finished games; steps played; seats' actions played.
        broken: games that broke a rule of their own, and count nowhere else.
        seconds: spent sampling.
    """

    trajectories: dict[str, Trajectories]
    tallies: tuple[Tally, ...]
    matches: tuple[Match, ...]
    games: int
    env_steps: int
    agent_steps: int
    broken: int
    seconds: float


@dataclass(slots=True)
class _Opponents:
    """Agents by key, the least recently used dropped first, never one that sits at a table."""

    agents: OrderedDict[str, Agent] = field(default_factory=OrderedDict)

    def keep(self, seated: set[str]) -> None:
        """Drop what exceeds the bound."""
        for key in list(self.agents):
            if len(self.agents) <= CACHED_OPPONENTS:
                break
            if key not in seated:
                self.agents.pop(key).close()


class LeagueEnvRunner(MultiAgentEnvRunner):
    """Steps its tables in lock-step: one forward per module and step, sampled with the mask.

    It works in three ways: :meth:`sample_plan` for ``LeaguePPO`` (flat columns), :meth:`play` for rating matches, and
    :meth:`sample` as any RLlib algorithm calls it (episodes; every seat by ``policy_mapping_fn``), so that
    ``PPOConfig().env_runners(env_runner_cls=LeagueEnvRunner)`` trains too, with ``env_config={"game": spec}``.
    """

    env: TablesEnv | None

    def make_env(self) -> None:
        """Set up the tables of ``env_config["game"]``; running games are abandoned."""
        self.game = make_game(self.config.env_config["game"])
        self.num_envs = self.config.num_envs_per_env_runner
        self.env = TablesEnv(self.game, self.num_envs)
        seed = secrets.randbits(31) if self.config.seed is None else self.config.seed
        self.rng = self._episode_rng = stream(
            seed, Purpose.EPISODES, self.worker_index or 0, int(self.config.in_evaluation)
        )
        self._wants_episodes = has_callback(self.config, "on_episode_end")
        keep = self._wants_episodes or needs_dist_inputs(self.config, self.game)
        self.sampler = self._make_sampler(keep_dist_inputs=keep)
        self._stock_sampler: Sampler | None = None
        self._opponents = _Opponents()
        self._explore = True
        make_callback(
            "on_environment_created",
            callbacks_objects=self._callbacks,
            callbacks_functions=self.config.callbacks_on_environment_created,
            kwargs={
                "env_runner": self,
                "metrics_logger": self.metrics,
                "env": self.env,
                "env_context": EnvContext(
                    self.config.env_config, worker_index=self.worker_index or 0, num_workers=self.num_workers
                ),
            },
        )

    def make_module(self) -> None:
        """Build the live modules in full: their values are wanted here, so that the learner need not ask again."""
        spec: MultiRLModuleSpec = self.config.get_multi_rl_module_spec(spaces=self.get_spaces(), inference_only=False)
        self.module = spec.build()
        for module in self.module.values():
            if isinstance(module, torch.nn.Module):
                module.to(self._device).eval()
        self.module_classes = {
            f"{cls.__module__}:{cls.__qualname__}": cls
            for cls in (module_spec.module_class for module_spec in spec.rl_module_specs.values())
        }
        if self.worker_index:  # this process is ours alone: spare it walks over all that the libraries made
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

    def sample_plan(self, plan: Plan, steps: int) -> TrainingSample:
        """Play the plan until ``steps`` agent steps of learning seats are in finished games.

        Args:
            plan: the league's pairings.
            steps: agent steps, over all learners.
        """
        self._reseed(plan)
        self.sampler.start_over(plan.fresh)
        self._opponents.keep(self.sampler.seated)
        self._load_opponents(plan)
        self._explore = True
        seatings = self._seatings(plan)
        sampled = self.sampler.run(
            lambda: next(seatings),
            self._opponents.agents,
            modules=list(self.module.keys()),
            steps=steps,
            iteration=plan.iteration,
            final_observations=self._wants_episodes,
        )
        self._log(sampled)
        if self._wants_episodes:
            self._call_on_episode_end(to_episodes(self.game, sampled, self.config.policy_mapping_fn))
        self._call_on_sample_end(sampled.trajectories)
        return TrainingSample(
            trajectories=sampled.trajectories,
            tallies=tuple(
                tallies(zip(sampled.seats, map(tuple, sampled.returns.tolist()), strict=True), self.game.teams)
            ),
            matches=tuple(sampled.matches),
            games=len(sampled.seats),
            env_steps=sampled.env_steps,
            agent_steps=sampled.agent_steps,
            broken=sampled.broken,
            seconds=sampled.seconds,
        )

    def work(self, plan: Plan, steps: int) -> tuple[TrainingSample, Any]:
        """One iteration's training games (:meth:`sample_plan`), and the metrics since the last."""
        return self.sample_plan(plan, steps), self.get_metrics()

    def call(self, method: str, **arguments: Any) -> Any:
        """A method's result, or its error as a value: RLlib takes a raised one for a dead runner, and restarts it."""
        try:
            return getattr(self, method)(**arguments)
        except Exception as error:
            return error

    def play(self, plan: Plan) -> list[Match]:
        """Play every pairing of the plan once, to its end, between frozen members."""
        self._opponents.keep(self.sampler.seated)
        self._load_opponents(plan, rating=True)
        return play_pairings(
            self.game,
            list(plan.pairings),
            {member.id: self._opponents.agents[_key(member, rating=True)] for member in plan.members.values()},
            weights={member.id: member.weights for member in plan.members.values()},
            tables=self.num_envs,
            iteration=plan.iteration,
        )

    def sample(
        self,
        *,
        num_timesteps: int | None = None,
        num_episodes: int | None = None,
        explore: bool | None = None,
        random_actions: bool = False,
        force_reset: bool = False,
    ) -> list[MultiAgentEpisode]:
        """Sample as RLlib calls it: every seat played by the module that ``policy_mapping_fn`` names for it.

        Unlike RLlib's own runner it returns finished games only. ``num_episodes`` counts games *started*, and all of
        them are played out, so that short games are not favoured.
        """
        if self.env is None:
            raise ValueError(f"{self} has no env, so it cannot sample; it runs on the workers with an env only")
        self.rng = self._episode_rng
        self._explore = bool(self.config.explore if explore is None else explore)
        seatings = self._stock_seatings(random_actions)
        # Not the league's tables: an evaluation on this runner must not disturb the games it trains on.
        self._stock_sampler = self._stock_sampler or self._make_sampler(keep_dist_inputs=True)
        if force_reset or num_episodes is not None:
            self._stock_sampler.clear()
        if num_episodes is not None:
            limited = iter([next(seatings) for _ in range(num_episodes)])
            sampled = self._run(lambda: next(limited, None), None)
        else:
            if num_timesteps is None:
                num_timesteps = self.num_envs * self.config.get_rollout_fragment_length(self.worker_index)
            sampled = self._run(lambda: next(seatings), num_timesteps)
        self._log(sampled)
        episodes = to_episodes(self.game, sampled, self.config.policy_mapping_fn)
        if self._wants_episodes:
            self._call_on_episode_end(episodes)
        self._call_on_sample_end(episodes)
        return episodes

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
            for agent in self._opponents.agents.values():
                agent.close()

    def _make_sampler(self, *, keep_dist_inputs: bool) -> Sampler:
        return Sampler(
            self.game,
            self.num_envs,
            decide=self._decide,
            value=self._value,
            rng=self.rng,
            keep_dist_inputs=keep_dist_inputs,
        )

    def _reseed(self, plan: Plan) -> None:
        """Draw this request's chances from what names it, so that no restart and no resumption repeats old ones."""
        self.rng = self.sampler.rng = stream(plan.seed, Purpose.SAMPLING, plan.iteration, self.worker_index or 0)

    def _run(self, next_seating: Any, steps: int | None) -> Sampled:
        assert self._stock_sampler is not None
        self._stock_sampler.rng = self.rng
        return self._stock_sampler.run(
            next_seating,
            {RANDOM: make_agent("random", self.game)},
            modules=list(self.module.keys()),
            steps=steps,
            final_observations=True,
        )

    def _seatings(self, plan: Plan) -> Iterator[Seating]:
        seeds = [pairing.seed for pairing in plan.pairings]
        seatings: dict[tuple[tuple[str, ...], str | None], Seating] = {}  # of the few that meet: games are many
        while True:
            for pairing, seed in zip(plan.pairings, seeds, strict=True):
                like = seatings.get((pairing.seats, pairing.learner))
                if like is None:
                    like = seatings[pairing.seats, pairing.learner] = self._seating(pairing, plan.members)
                yield Seating(like.players, like.keeps, pairing._replace(seed=seed), like.weights)
            seeds = self.rng.integers(2**63, size=len(seeds)).tolist()

    def _seating(self, pairing: Pairing, members: Mapping[str, Member]) -> Seating:
        seated = [members[member] for member in pairing.seats]
        return Seating(
            players=tuple(
                member.modules[agent_id] if member.kind == "learner" else _key(member)
                for agent_id, member in zip(self.game.agent_ids, seated, strict=True)
            ),
            keeps=tuple(member == pairing.learner for member in pairing.seats),
            pairing=pairing,
            weights=tuple(member.weights for member in seated),
        )

    def _stock_seatings(self, random_actions: bool) -> Iterator[Seating]:
        nobody = (None,) * self.game.num_seats
        while True:
            # Mapped anew for every game, as RLlib does for every episode.
            episode = MultiAgentEpisode()
            modules = tuple(self.config.policy_mapping_fn(agent_id, episode) for agent_id in self.game.agent_ids)
            players = (RANDOM,) * len(modules) if random_actions else modules
            pairing = Pairing(seats=modules, seed=int(self.rng.integers(2**63)), event=0, block=0, kind="training")
            yield Seating(players, (not random_actions,) * len(modules), pairing, nobody, episode.id_)

    def _load_opponents(self, plan: Plan, *, rating: bool = False) -> None:
        for member in plan.members.values():
            if member.kind == "learner":
                continue
            key = _key(member, rating=rating)
            if key in self._opponents.agents:
                self._opponents.agents.move_to_end(key)
            elif member.kind == "baseline":
                self._opponents.agents[key] = make_agent(member.agent or member.id, self.game)
            else:
                data = plan.weights[str(member.weights)]
                tensors, card = parse(ray.get(data) if isinstance(data, ray.ObjectRef) else data)
                self._opponents.agents[key] = build_policy(
                    tensors, card, self.game, module_classes=self.module_classes, device=self._device
                )

    def _decide(self, module_id: str, turn: Turn) -> Decision:
        module: RLModule = self.module[module_id]
        batch = module_batch(turn.observations, turn.masks, turn.seats, self.game.num_seats, self._device)
        # Past the public `forward_*`, which walk all submodules twice a call to switch modes: these never train.
        with torch.no_grad():
            output = module._forward_exploration(batch) if self._explore else module._forward_inference(batch)
        inputs = output[Columns.ACTION_DIST_INPUTS].detach().cpu().numpy()
        values = output[Columns.VF_PREDS] if Columns.VF_PREDS in output else self._compute_values(module, batch)
        sample = sample_actions if self.game.action_bounds is None else sample_points
        actions, log_probs = sample(inputs, self.rng if self._explore else None)
        return Decision(actions, inputs, log_probs, values.detach().cpu().numpy())

    def _value(self, module_id: str, observations: FloatArray, seats: IntArray) -> npt.NDArray[np.float32]:
        masks = np.ones((len(observations), self.game.num_actions), np.bool_)
        batch = module_batch(observations, masks, seats, self.game.num_seats, self._device)
        return self._compute_values(self.module[module_id], batch).cpu().numpy()

    @staticmethod
    def _compute_values(module: RLModule, batch: dict[str, Any]) -> torch.Tensor:
        with torch.no_grad():
            return module.compute_values(batch)

    def _log(self, sampled: Sampled) -> None:
        log = self.metrics.log_value
        log(names.NUM_ENV_STEPS_SAMPLED, sampled.env_steps, reduce="sum")
        log(names.NUM_ENV_STEPS_SAMPLED_LIFETIME, sampled.env_steps, reduce="lifetime_sum", with_throughput=True)
        log(names.NUM_EPISODES, len(sampled.seats), reduce="sum")
        log(names.NUM_EPISODES_LIFETIME, len(sampled.seats), reduce="lifetime_sum")
        log(names.SAMPLE_TIMER, sampled.seconds)
        self.num_env_steps_sampled_lifetime += sampled.env_steps
        steps = dict.fromkeys(range(self.game.num_seats), 0)
        for module, trajectories in sampled.trajectories.items():
            log((names.NUM_MODULE_STEPS_SAMPLED, module), len(trajectories), reduce="sum")
            log((names.NUM_MODULE_STEPS_SAMPLED_LIFETIME, module), len(trajectories), reduce="lifetime_sum")
            for seat, count in zip(*np.unique(trajectories.seats, return_counts=True), strict=True):
                steps[int(seat)] += int(count)
        for seat, count in steps.items():
            agent_id = self.game.agent_ids[seat]
            log((names.NUM_AGENT_STEPS_SAMPLED, agent_id), count, reduce="sum")
            log((names.NUM_AGENT_STEPS_SAMPLED_LIFETIME, agent_id), count, reduce="lifetime_sum")
        if not sampled.seats:
            return
        returns, plies = sampled.returns.sum(axis=1), np.array(sampled.plies)
        log(names.EPISODE_LEN_MEAN, float(plies.mean()), window=1)
        log(names.EPISODE_LEN_MIN, int(plies.min()), reduce="min", window=1)
        log(names.EPISODE_LEN_MAX, int(plies.max()), reduce="max", window=1)
        log(names.EPISODE_RETURN_MEAN, float(returns.mean()), window=1)
        log(names.EPISODE_RETURN_MIN, float(returns.min()), reduce="min", window=1)
        log(names.EPISODE_RETURN_MAX, float(returns.max()), reduce="max", window=1)
        for agent_id, mean in zip(self.game.agent_ids, sampled.returns.mean(axis=0).tolist(), strict=True):
            log((names.EPISODE_AGENT_RETURN_MEAN, agent_id), mean, window=1)

    def _call_on_episode_end(self, episodes: Sequence[MultiAgentEpisode]) -> None:
        for episode in episodes:
            make_callback(
                "on_episode_end",
                callbacks_objects=self._callbacks,
                callbacks_functions=self.config.callbacks_on_episode_end,
                kwargs={
                    "episode": episode,
                    "prev_episode_chunks": [],
                    "env_runner": self,
                    "metrics_logger": self.metrics,
                    "env": self.env,
                    "rl_module": self.module,
                    "env_index": 0,
                },
            )

    def _call_on_sample_end(self, samples: Any) -> None:
        make_callback(
            "on_sample_end",
            callbacks_objects=self._callbacks,
            callbacks_functions=self.config.callbacks_on_sample_end,
            kwargs={"env_runner": self, "metrics_logger": self.metrics, "samples": samples},
        )


def _key(member: Member, *, rating: bool = False) -> str:
    """What names an agent in a runner: content, not membership, so that equal weights are loaded once.

    An agent may keep something for each of its tables, so those that play rating matches are others than those at the
    training tables. Policies keep nothing and are shared.
    """
    if member.weights:
        return f"weights:{member.weights}"
    return f"{'rating' if rating else 'agent'}:{member.agent or member.id}"
