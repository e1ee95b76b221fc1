"""GPUs, half precision and ``torch.compile``, each compared with one CPU process at float32.

    python -m benchmarks accelerators [--repeats 5] [--quick]

- *learning*: rows trained on per second by ``LearnerGroup.update`` as ``LeaguePPO`` calls it, one epoch over rows of
  self-play, with go's residual tower and with connect four's MLP. With one GPU the learner is in this process; with two
  there are two Ray learners. Each learner gets the same number of rows and its own minibatch, as usual in RLlib, so two
  learners make steps over twice the rows.
- *sampling*: agent steps per second of one ``LeagueEnvRunner`` actor that plays go with the tower, on one CPU thread
  and with its networks on a GPU (``env_runners(num_gpus_per_env_runner=...)``); more tables give a GPU more rows.

A side that needs more GPUs than the machine has is reported as "cannot run". Compiling is part of the warm-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import ray
import torch
from ray.rllib.policy.sample_batch import SampleBatch
from torch._dynamo.exc import TorchDynamoException

from arena.training.env_runner import LeagueEnvRunner
from benchmarks.configs import our_config
from benchmarks.measure import CannotRun, Measure, compare, rate
from benchmarks.runners import self_play
from benchmarks.training import group_update, training_batch

CPU = "CPU, float32"
TOWER = "go(board_size=9)"
TABLES, MORE_TABLES = 64, 256
GPU_SHARE = 0.2
"""Share of a GPU per runner: the runners of all sides must fit on one GPU."""


@dataclass(frozen=True, slots=True)
class Learning:
    """What a learner gets: the game, rows and minibatch size of one update, and the tables that sample the rows."""

    spec: str
    rows: int
    minibatch: int
    tables: int


@dataclass(frozen=True, slots=True)
class Where:
    """How a learner runs: number of GPUs (0 is the CPU), precision, compiled or eager."""

    gpus: int = 0
    precision: str = "float32"
    compiled: bool = False


LEARNING = {
    Learning(TOWER, 1024, 256, 16): {
        CPU: Where(),
        "CPU, torch.compile": Where(compiled=True),
        "one GPU, float32": Where(1),
        "one GPU, bfloat16": Where(1, "bfloat16"),
        "one GPU, torch.compile": Where(1, compiled=True),
        "one GPU, bfloat16, torch.compile": Where(1, "bfloat16", compiled=True),
        "two GPUs, float32": Where(2),
        "two GPUs, bfloat16": Where(2, "bfloat16"),
    },
    Learning("connect_four", 8192, 1024, 256): {
        CPU: Where(),
        "CPU, bfloat16": Where(precision="bfloat16"),
        "CPU, torch.compile": Where(compiled=True),
        "one GPU, float32": Where(1),
        "one GPU, torch.compile": Where(1, compiled=True),
    },
}


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Run all comparisons. A turn takes ``seconds``, or longer if one update or one game does."""
    ray.init(num_cpus=8, include_dashboard=False, log_to_driver=False, configure_logging=False)
    threads = torch.get_num_threads()
    print(f"{repeats} turns of at least {seconds} s per side, torch threads: {threads} learning, 1 sampling")
    return {
        "seconds": seconds,
        "learning": [
            {"given": asdict(given), **learning(given, sides, repeats=repeats, seconds=seconds)}
            for given, sides in LEARNING.items()
        ],
        "sampling": sampling(repeats=repeats, seconds=seconds),
    }


def learning(given: Learning, sides: dict[str, Where], *, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare the learner of one network on all sides."""
    algorithm = configured(given, Where()).build_algo()
    batch = training_batch(algorithm, max(1, *(where.gpus for where in sides.values())) * given.rows)
    algorithm.stop()
    return compare(
        f"learning {given.spec}, rows trained on, {given.rows} rows and minibatches of {given.minibatch} per learner",
        {name: learner(given, where, batch, seconds) for name, where in sides.items()},
        repeats=repeats,
        base=CPU,
    )


def configured(given: Learning, where: Where) -> Any:
    """Config of a learner. A single GPU is used in this process, where RLlib takes the first."""
    return (
        our_config(given.spec, given.tables, self_play=True)
        .training(train_batch_size_per_learner=given.rows, minibatch_size=given.minibatch, num_epochs=1)
        .rl_module(model_config={"precision": where.precision})
        .learners(num_learners=where.gpus if where.gpus > 1 else 0, num_gpus_per_learner=min(1, where.gpus))
        .framework(torch_compile_learner=where.compiled)
    )


@contextmanager
def learner(given: Learning, where: Where, batch: SampleBatch, seconds: float) -> Iterator[Measure]:
    """Measure updates on the first rows of a batch, ``given.rows`` for each learner."""
    check_gpus(where.gpus)
    algorithm = configured(given, where).build_algo()
    rows = batch[: max(1, where.gpus) * given.rows]

    def work() -> int:
        group_update(algorithm, rows)
        return len(rows)

    try:
        work()
    except TorchDynamoException as error:  # no compiler is installed, or the GPU is too old
        algorithm.stop()
        raise CannotRun(f"torch.compile: {str(error).strip().splitlines()[0]}") from error
    work()
    yield lambda: rate(work, seconds)
    algorithm.stop()


def sampling(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare one runner with the tower on the CPU and on a GPU."""
    return compare(
        f"sampling {TOWER}, agent steps, one runner",
        {
            CPU: runner(seconds),
            "GPU, float32": runner(seconds, gpus=GPU_SHARE),
            "GPU, bfloat16": runner(seconds, gpus=GPU_SHARE, precision="bfloat16"),
            f"GPU, float32, {MORE_TABLES} tables": runner(seconds, gpus=GPU_SHARE, tables=MORE_TABLES),
            f"GPU, bfloat16, {MORE_TABLES} tables": runner(
                seconds, gpus=GPU_SHARE, precision="bfloat16", tables=MORE_TABLES
            ),
        },
        repeats=repeats,
        base=CPU,
    )


@contextmanager
def runner(seconds: float, *, gpus: float = 0.0, precision: str = "float32", tables: int = TABLES) -> Iterator[Measure]:
    """Measure all steps that a runner plays. It is remote, because RLlib gives a runner in this process no GPU.

    Each call asks for one finished game, which takes hundreds of forward passes of this tower.
    """
    check_gpus(1 if gpus else 0)
    config, plan = self_play(TOWER, tables)
    config.rl_module(model_config={"precision": precision}).env_runners(num_gpus_per_env_runner=gpus)
    actor = ray.remote(num_cpus=1, num_gpus=gpus)(LeagueEnvRunner).remote(config=config, worker_index=1)

    def work() -> int:
        sample, _ = ray.get(actor.work.remote(plan, 1))
        return int(sample.agent_steps)

    work()
    yield lambda: rate(work, seconds)
    ray.kill(actor)


def check_gpus(needed: int) -> None:
    """Refuse a side that needs more GPUs than the machine has.

    Raises:
        CannotRun: there are fewer than ``needed`` GPUs.
    """
    if (here := torch.cuda.device_count()) < needed:
        raise CannotRun(f"needs {needed} GPU{'s'[: needed - 1]}, but torch.cuda.device_count() is {here}")
