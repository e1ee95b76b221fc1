"""What an env runner reports to RLlib: metrics under RLlib's names, and callbacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.callbacks.utils import make_callback
from ray.rllib.env.env_context import EnvContext
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode
from ray.rllib.utils import force_list
from ray.rllib.utils import metrics as names
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from arena.training.planner import EVALUATED, Plan
from arena.training.samples import Sampled
from games.contract import Game
from leagues.records import Tally
from leagues.results.scoring import tallies

LEAGUE = "league"
"""Where the metrics of a league stand, in a result and in those of a runner."""

STEP_CALLBACKS = ("on_episode_created", "on_episode_start", "on_episode_step")
OLD_CALLBACKS = ("on_sub_environment_created", "on_postprocess_trajectory", "on_create_policy", "on_learn_on_batch")


def log_sampled(metrics: MetricsLogger, game: Game, sampled: Sampled) -> None:
    """Log the counts, returns and lengths of what was sampled."""
    log: Any = metrics.log_value
    log(names.NUM_ENV_STEPS_SAMPLED, sampled.env_steps, reduce="sum")
    log(names.NUM_ENV_STEPS_SAMPLED_LIFETIME, sampled.env_steps, reduce="lifetime_sum", with_throughput=True)
    log(names.NUM_EPISODES, len(sampled.seats), reduce="sum")
    log(names.NUM_EPISODES_LIFETIME, len(sampled.seats), reduce="lifetime_sum")
    log(names.SAMPLE_TIMER, sampled.seconds)
    steps = dict.fromkeys(range(game.num_seats), 0)
    for module, trajectories in sampled.trajectories.items():
        log((names.NUM_MODULE_STEPS_SAMPLED, module), len(trajectories), reduce="sum")
        log((names.NUM_MODULE_STEPS_SAMPLED_LIFETIME, module), len(trajectories), reduce="lifetime_sum")
        for seat, count in zip(*np.unique(trajectories.seats, return_counts=True), strict=True):
            steps[int(seat)] += int(count)
    for seat, count in steps.items():
        agent_id = game.agent_ids[seat]
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
    for agent_id, mean in zip(game.agent_ids, sampled.returns.mean(axis=0).tolist(), strict=True):
        log((names.EPISODE_AGENT_RETURN_MEAN, agent_id), mean, window=1)


def log_by_opponent(metrics: MetricsLogger, game: Game, plan: Plan, sampled: Sampled) -> None:
    """Log sums of the learner's results against each opponent of a plan of
    :meth:`arena.training.planner.Planner.named`, also of those that it has not met in these games."""
    games = Counter(name for seats in sampled.seats for name in set(seats))
    finished = zip(sampled.seats, map(tuple, sampled.returns.tolist()), strict=True)
    found = {tally.opponent: tally for tally in tallies(finished, game.teams) if tally.member == EVALUATED}
    for name in plan.opponents:
        tally = found.get(name, Tally(EVALUATED, name, 0, 0, 0))
        sums = {"games": games[name], "wins": tally.wins, "draws": tally.draws, "losses": tally.losses}
        for key, value in (sums | {"return_sum": tally.returns}).items():
            metrics.log_value((LEAGUE, name, key), value, reduce="sum")


def has_callback(config: AlgorithmConfig, name: str) -> bool:
    """Whether a class or a function of the config defines this callback."""
    overridden = any(
        getattr(cls, name) is not getattr(RLlibCallback, name) for cls in force_list(config.callbacks_class)
    )
    return overridden or bool(force_list(getattr(config, f"callbacks_{name}", None)))


def refuse_callbacks(config: AlgorithmConfig) -> None:
    """Refuse the callbacks that nothing calls.

    Raises:
        ValueError: the config has one.
    """
    for name in STEP_CALLBACKS:
        if has_callback(config, name):
            raise ValueError(
                f"the callback `{name}` cannot be called from lock-step sampling; use `on_episode_end` or "
                "`on_sample_end`"
            )
    for name in OLD_CALLBACKS:
        if has_callback(config, name):
            raise ValueError(f"the callback `{name}` is of RLlib's old API stack; use `on_sample_end`")


def call_on_environment_created(runner: EnvRunner) -> None:
    """Call ``on_environment_created``."""
    context = EnvContext(
        runner.config.env_config, worker_index=runner.worker_index or 0, num_workers=runner.num_workers
    )
    _call(runner, "on_environment_created", env=runner.env, env_context=context)


def call_on_episode_end(runner: EnvRunner, episodes: Sequence[MultiAgentEpisode]) -> None:
    """Call ``on_episode_end`` for every episode."""
    for episode in episodes:
        _call(
            runner,
            "on_episode_end",
            episode=episode,
            prev_episode_chunks=[],
            env=runner.env,
            rl_module=runner.module,
            env_index=0,
        )


def call_on_sample_end(runner: EnvRunner, samples: Any) -> None:
    """Call ``on_sample_end``."""
    _call(runner, "on_sample_end", samples=samples)


def _call(runner: EnvRunner, name: str, **arguments: Any) -> None:
    make_callback(
        name,
        callbacks_objects=runner._callbacks,
        callbacks_functions=getattr(runner.config, f"callbacks_{name}"),
        kwargs={"env_runner": runner, "metrics_logger": runner.metrics, **arguments},
    )
