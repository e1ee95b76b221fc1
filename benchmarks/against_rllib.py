"""Speed against stock RLlib on connect_four, all in one run on one machine, printed as ratios.

    python -m benchmarks.against_rllib [--repeats 3] [--quick]

Sampling and end-to-end PPO, each: stock RLlib at its default, stock at the best settings found, and ours. The sides
take turns (A-B-C-A-B-C), each is warmed up first, and medians with their spread are printed. Every side plays
connect_four with a network of the same trunk (256x256, shared by policy and value) and trains with the same minibatch,
epochs, learning rate and loss terms (stock's default keeps its KL term). Training counts the *agent steps trained on*:
stock trains on all it samples; ours does in self-play, and in league play it also plays frozen opponents' moves, which
nobody learns from and which are not counted. Stock plays OpenSpiel through RLlib's own ``OpenSpielEnv``, which has no
action masks and replaces an illegal move by a random one; ours computes masks and never moves illegally.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from arena.training.run import prepare_process, without_stderr

HIDDENS, MINIBATCH, EPOCHS, BATCH = [256, 256], 1024, 4, 8192
RESULTS = Path(__file__).parent / "results"


def stock_config(envs: int, *, best: bool) -> Any:
    """Stock PPO on ``OpenSpielEnv``; ``best`` sets ``episodes_to_numpy=False``, which is what matters most."""
    import pyspiel
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
    from ray.rllib.env.wrappers.open_spiel import OpenSpielEnv
    from ray.tune.registry import register_env

    register_env("open_spiel_connect_four", lambda _: OpenSpielEnv(pyspiel.load_game("connect_four")))
    config = (
        PPOConfig()
        .environment("open_spiel_connect_four")
        .env_runners(num_env_runners=0, num_envs_per_env_runner=envs)
        .multi_agent(policies={"main"}, policy_mapping_fn=lambda agent_id, episode, **kwargs: "main")
        .rl_module(
            model_config=DefaultModelConfig(fcnet_hiddens=HIDDENS, fcnet_activation="relu", vf_share_layers=True)
        )
        .training(train_batch_size_per_learner=BATCH, minibatch_size=MINIBATCH, num_epochs=EPOCHS, lr=5e-4)
        .debugging(seed=0, log_level="ERROR")
    )
    if best:
        config.env_runners(episodes_to_numpy=False).training(use_kl_loss=False)
    return config


def our_config(tables: int, *, self_play: bool) -> Any:
    """Ours: in self-play alone as stock does, or as a league trains by default. Rating and storage are included."""
    from arena import LeaguePPOConfig

    mix = {"pfsp": 0.0, "uniform": 0.0, "latest": 1.0} if self_play else {}
    return (
        LeaguePPOConfig()
        .game("connect_four")
        .league(None, **mix)
        .env_runners(num_env_runners=0, num_envs_per_env_runner=tables)
        .rl_module(model_config={"network": "mlp", "fcnet_hiddens": HIDDENS, "fcnet_activation": "relu"})
        .training(train_batch_size_per_learner=BATCH, minibatch_size=MINIBATCH, num_epochs=EPOCHS, lr=5e-4)
        .debugging(seed=0, log_level="ERROR")
    )


@contextmanager
def stock_sampling(envs: int, *, best: bool, seconds: float) -> Iterator[Callable[[], float]]:
    """Env steps per second of ``MultiAgentEnvRunner.sample``."""
    from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner

    config = stock_config(envs, best=best)
    config.validate()
    runner = MultiAgentEnvRunner(config=config)

    def measure() -> float:
        steps, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            steps += sum(len(episode) for episode in runner.sample(num_timesteps=max(200, 16 * envs)))
        return steps / (time.perf_counter() - began)

    runner.sample(num_timesteps=max(200, 8 * envs))
    yield measure
    runner.stop()


@contextmanager
def our_sampling(tables: int, *, seconds: float) -> Iterator[Callable[[], float]]:
    """Env steps per second of ``LeagueEnvRunner.sample_plan`` in self-play, all columns filled and handed out."""
    from arena.training.env_runner import LeagueEnvRunner
    from arena.training.plan import Plan
    from leagues.records import Member, Pairing

    config = our_config(tables, self_play=True)
    config.validate()
    runner = LeagueEnvRunner(config=config)
    main = Member("main", "learner", "main", modules=dict.fromkeys(runner.game.agent_ids, "main"))
    pairings = tuple(Pairing(("main", "main"), seed, 0, "training", "main") for seed in range(4 * tables))
    plan = Plan(pairings, {"main": main}, {}, 1, 0)

    def measure() -> float:
        steps, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            steps += runner.sample_plan(plan, 2 * BATCH).env_steps
        return steps / (time.perf_counter() - began)

    runner.sample_plan(plan, BATCH)
    yield measure
    runner.stop()


@contextmanager
def training(config: Any, steps_of: Callable[[Any], int], *, seconds: float) -> Iterator[Callable[[], float]]:
    """Trained agent steps per second of ``Algorithm.train``, sampling, learning, league and storage included."""
    algorithm = config.build_algo()

    def measure() -> float:
        before, began = steps_of(algorithm), time.perf_counter()
        while time.perf_counter() - began < seconds:
            algorithm.train()
        return (steps_of(algorithm) - before) / (time.perf_counter() - began)

    algorithm.train()
    yield measure
    algorithm.stop()


def stock_steps(algorithm: Any) -> int:
    """Agent steps a stock algorithm has sampled and trained on: in connect four, its env steps."""
    return int(algorithm.metrics.peek(("env_runners", "num_env_steps_sampled_lifetime")))


def our_steps(algorithm: Any) -> int:
    """Agent steps a league's learners have been trained on."""
    return int(algorithm.keeper.progress.agent_steps)


def compare(title: str, sides: dict[str, Any], repeats: int) -> dict[str, Any]:
    """Let the sides take turns; print and return medians, spreads and the ratios of the last to the others."""
    with ExitStack() as stack, without_stderr():  # OpenSpiel complains there of stock's illegal moves, slowly
        measures = {name: stack.enter_context(side) for name, side in sides.items()}
        figures: dict[str, list[float]] = {name: [] for name in measures}
        for _ in range(repeats):
            for name, measure in measures.items():
                figures[name].append(measure())
    ours = list(figures)[-1]
    print(f"\n{title}")
    rows = {}
    for name, values in figures.items():
        median = statistics.median(values)
        ratio = statistics.median(figures[ours]) / median
        rows[name] = {"median": median, "low": min(values), "high": max(values), "ours_over_this": ratio}
        against = "" if name == ours else f"   ours is {ratio:6.1f} times this"
        print(f"  {name:<58}{median:>10,.0f}/s  [{min(values):,.0f} .. {max(values):,.0f}]{against}", flush=True)
    return rows


def main() -> None:
    """Run everything and write the figures beside this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="short turns, for a look; not for reporting")
    arguments = parser.parse_args()
    seconds = 2.0 if arguments.quick else 8.0
    prepare_process()
    import ray
    import torch

    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    machine = {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch_threads": torch.get_num_threads(),
        **{name: version(name) for name in ("ray", "torch", "numpy", "open_spiel")},
    }
    print("machine:", machine)
    print(f"network {HIDDENS} shared by policy and value, batch {BATCH}, minibatch {MINIBATCH}, {EPOCHS} epochs")
    sampling = compare(
        "sampling, env steps per second, one process",
        {
            "stock default (1 env)": stock_sampling(1, best=False, seconds=seconds),
            "stock best (64 envs, episodes_to_numpy=False)": stock_sampling(64, best=True, seconds=seconds),
            "ours (512 tables)": our_sampling(512, seconds=seconds),
        },
        arguments.repeats,
    )
    trained = compare(
        "end-to-end PPO, agent steps trained on per second, one process",
        {
            "stock default (1 env)": training(stock_config(1, best=False), stock_steps, seconds=seconds),
            "stock best (32 envs, episodes_to_numpy=False)": training(
                stock_config(32, best=True), stock_steps, seconds=seconds
            ),
            "ours, default league (256 tables, with frozen opponents)": training(
                our_config(256, self_play=False), our_steps, seconds=seconds
            ),
            "ours, self-play (256 tables)": training(our_config(256, self_play=True), our_steps, seconds=seconds),
        },
        arguments.repeats,
    )
    RESULTS.mkdir(exist_ok=True)
    report = {"machine": machine, "sampling": sampling, "training": trained, "seconds_per_turn": seconds}
    (RESULTS / "against_rllib.json").write_text(json.dumps(report, indent=2) + "\n")
    ray.shutdown()


if __name__ == "__main__":
    main()
