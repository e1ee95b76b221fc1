"""Several env runners, sampling while learning, and what a step costs on its way to the learner.

    python -m benchmarks runners [--repeats 5] [--quick]

- *sampling*: agent steps of finished games per second, from a runner in this process and from one and two
  ``LeagueEnvRunner`` actors. Each actor is asked for its next batch as soon as its last one arrives, or all are asked
  at once and waited for, as training does. Self-play, one torch thread per process.
- *training*: agent steps trained on per second by ``LeaguePPO.train()``, league and evaluation matches included: in one
  process, and with one and two remote runners, each without and with ``training(overlap=True)``.
- *uneven runners*: the same of PPO with overlap and of APPO, with two remote runners of which one takes
  :data:`SLOWER` times as long, as on a slower machine or in games that differ much in length. Both have the same batch,
  minibatch and epochs.
- *iteration*: where the driver spends the seconds of an iteration, with two runners, without and with overlap.
- *transport*: bytes of an agent step, the time to ship a ready sample from another process, and the time to play it;
  for one small and two large observations.
"""

from __future__ import annotations

import os
import pickle
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import ray
import torch

from arena.training.env_runner import LeagueEnvRunner
from arena.training.planner import Plan
from arena.training.samples import TrainingSample
from benchmarks.configs import BATCH, SETTINGS, our_config, self_play_plan
from benchmarks.measure import Measure, compare, rate
from games import make_game

GAME, TABLES = "connect_four", 256
SLOWER = 8
TRANSPORT = {"connect_four": 256, "backgammon": 256, "go(board_size=9)": 16}
"""Game -> number of tables."""


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Run all comparisons; a turn takes ``seconds``."""
    ray.init(num_cpus=8, include_dashboard=False, log_to_driver=False, configure_logging=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _run(repeats, seconds)
    finally:
        torch.set_num_threads(threads)


def _run(repeats: int, seconds: float) -> dict[str, Any]:
    print(f"{GAME}, {SETTINGS}, {TABLES} tables per runner, one torch thread per process, {os.cpu_count()} cores")
    return {
        "settings": SETTINGS,
        "tables": TABLES,
        "sampling": compare(
            f"sampling {GAME}, agent steps",
            {
                "in this process": sampling_here(seconds),
                "one runner": sampling_there(1, seconds),
                "two runners": sampling_there(2, seconds),
            },
            repeats=repeats,
        ),
        "sampling_in_step": compare(
            f"sampling {GAME}, agent steps, waiting for all runners",
            {
                "one runner": sampling_there(1, seconds, in_step=True),
                "two runners": sampling_there(2, seconds, in_step=True),
            },
            repeats=repeats,
        ),
        "training": compare(
            f"training {GAME}, agent steps trained on",
            {
                "in this process": training(0, seconds),
                "one runner": training(1, seconds),
                "one runner, overlap": training(1, seconds, overlap=True),
                "two runners": training(2, seconds),
                "two runners, overlap": training(2, seconds, overlap=True),
            },
            repeats=repeats,
        ),
        "uneven_runners": compare(
            f"training {GAME}, agent steps trained on, two runners, one {SLOWER} times slower",
            {
                "PPO": training(2, seconds, slower=SLOWER),
                "PPO, overlap": training(2, seconds, overlap=True, slower=SLOWER),
                "APPO": training(2, seconds, algorithm="appo", slower=SLOWER),
            },
            repeats=repeats,
        ),
        "iteration": {
            "two runners": iteration(seconds, overlap=False),
            "two runners, overlap": iteration(seconds, overlap=True),
        },
        "transport": {spec: transport(spec, tables, repeats) for spec, tables in TRANSPORT.items()},
    }


def self_play(spec: str, tables: int) -> tuple[Any, Plan]:
    """A config for runners without an algorithm, and a plan with one game per table, as training sends it."""
    config = our_config(spec, tables, self_play=True)
    config.validate()
    return config, self_play_plan(make_game(spec), tables)


@contextmanager
def sampling_here(seconds: float) -> Iterator[Measure]:
    """Measure a runner in this process."""
    config, plan = self_play(GAME, TABLES)
    runner = LeagueEnvRunner(config=config)

    def work() -> int:
        return steps_of(runner.work(plan, BATCH)[0])

    work()
    yield lambda: rate(work, seconds)
    runner.stop()


@contextmanager
def sampling_there(count: int, seconds: float, *, in_step: bool = False) -> Iterator[Measure]:
    """Measure remote runners. Each gets its next request when its last batch arrives; ``in_step``, when all arrive."""
    config, plan = self_play(GAME, TABLES)
    actor = ray.remote(num_cpus=1)(LeagueEnvRunner)
    runners = [actor.remote(config=config, worker_index=index) for index in range(1, count + 1)]

    def measure() -> float:
        steps, began = 0, time.perf_counter()
        asked = {runner.work.remote(plan, BATCH): runner for runner in runners}
        while asked:
            (ready, *_), _ = ray.wait(list(asked))
            runner = asked.pop(ready)
            steps += steps_of(ray.get(ready)[0])
            if time.perf_counter() - began < seconds:
                asked[runner.work.remote(plan, BATCH)] = runner
        return steps / (time.perf_counter() - began)

    def work() -> int:
        return sum(steps_of(sample) for sample, _ in ray.get([runner.work.remote(plan, BATCH) for runner in runners]))

    work()
    yield (lambda: rate(work, seconds)) if in_step else measure
    for runner in runners:
        ray.kill(runner)


def steps_of(sample: TrainingSample) -> int:
    """Agent steps of the finished games in a sample."""
    return sum(len(trajectories) for trajectories in sample.trajectories.values())


def built(runners: int, *, overlap: bool, algorithm: str = "ppo", slower: int = 1) -> Any:
    """An algorithm in self-play after two iterations, so that every process is warm."""
    config = our_config(GAME, TABLES, self_play=True, algorithm=algorithm)
    config.env_runners(num_env_runners=runners).training(overlap=overlap)
    made = config.build_algo()
    if slower > 1:
        made.env_runner_group.foreach_env_runner(partial(slow_down, factor=slower), local_env_runner=False)
    for _ in range(2):
        made.train()
    return made


def slow_down(runner: LeagueEnvRunner, factor: int) -> None:
    """Let the first runner take longer for its training games. It sleeps, so the others have its core meanwhile."""
    if runner.worker_index != 1:
        return
    play = runner.sample_plan

    def slowed(plan: Plan, steps: int) -> TrainingSample:
        began = time.perf_counter()
        sample = play(plan, steps)
        time.sleep((factor - 1) * (time.perf_counter() - began))
        return sample

    runner.sample_plan = slowed


@contextmanager
def training(
    runners: int, seconds: float, *, overlap: bool = False, algorithm: str = "ppo", slower: int = 1
) -> Iterator[Measure]:
    """Measure ``train()``; one of the runners takes ``slower`` times as long."""
    made = built(runners, overlap=overlap, algorithm=algorithm, slower=slower)

    def work() -> int:
        before = made.session.progress.agent_steps
        made.train()
        return int(made.session.progress.agent_steps - before)

    yield lambda: rate(work, seconds)
    made.stop()


def iteration(seconds: float, *, overlap: bool) -> dict[str, float]:
    """Seconds that the driver spends per iteration on waiting for games, learning, broadcasting, storing, and the rest
    (planning, results, metrics)."""
    algorithm = built(2, overlap=overlap)
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **keywords: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*arguments, **keywords)
            finally:
                spent[name] += time.perf_counter() - began

        return wrapper

    algorithm.requests.sample = timed("waiting for games", algorithm.requests.sample)
    algorithm.learners.update = timed("learning", algorithm.learners.update)
    algorithm.learners.broadcast = timed("broadcasting", algorithm.learners.broadcast)
    algorithm.session.commit = timed("storing", algorithm.session.commit)
    iterations, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        algorithm.train()
        iterations += 1
    algorithm.stop()
    parts = {name: value / iterations for name, value in spent.items()}
    parts["the rest"] = passed / iterations - sum(parts.values())
    shares = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in parts.items())
    print(f"\nan iteration of {BATCH} steps, two runners{', overlap' if overlap else ''}: {shares}", flush=True)
    return parts


@ray.remote(num_cpus=0)
class Holder:
    """Holds a sample in another process and ships it at every call, as a runner does."""

    def __init__(self, sample: TrainingSample) -> None:
        self.sample = sample

    def get(self) -> TrainingSample:
        return self.sample


def transport(spec: str, tables: int, repeats: int) -> dict[str, float]:
    """Bytes of an agent step, and the microseconds to ship it and to play it."""
    config, plan = self_play(spec, tables)
    runner = LeagueEnvRunner(config=config)
    runner.sample_plan(plan, 1)
    began = time.perf_counter()
    sample = runner.sample_plan(plan, BATCH)
    steps, played = steps_of(sample), time.perf_counter() - began
    holder = Holder.remote(sample)
    ray.get(holder.get.remote())
    began = time.perf_counter()
    for _ in range(4 * repeats):
        ray.get(holder.get.remote())
    shipped = (time.perf_counter() - began) / (4 * repeats)
    ray.kill(holder)
    runner.stop()
    size = len(pickle.dumps(sample, protocol=5))
    figures = {"bytes": size / steps, "shipping_us": 1e6 * shipped / steps, "playing_us": 1e6 * played / steps}
    print(
        f"\nan agent step of {spec}: {figures['bytes']:,.0f} bytes, {figures['shipping_us']:.2f} us to ship, "
        f"{figures['playing_us']:.2f} us to play",
        flush=True,
    )
    return figures
