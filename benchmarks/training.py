"""How fast PPO trains on connect four, end to end, and how fast the learner is alone.

    python -m benchmarks training [--repeats 5] [--quick]

End to end: agent steps *trained on* per second, of RLlib's stock PPO at its default (1 env) and at the best settings
found (32 envs, ``episodes_to_numpy=False``), Tianshou's PPO on PettingZoo, OpenSpiel's own PyTorch PPO, and ours,
rating matches and storage included: as a league trains by default and in self-play, which is what the others do. In
league play the moves of frozen opponents are played too, but nobody learns from them and none is counted. All sides
have layers of the same widths under policy and value, the same batch, minibatch, epochs and learning rate; stock's
default keeps its KL term.

The learner alone: rows trained on per second by ``LearnerGroup.update`` as ``LeaguePPO`` calls it, against a plain
PyTorch loop with the same network, rows, minibatches and loss (:mod:`benchmarks.bare_ppo`).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import ray
import torch
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME

from arena.training.algorithm import LeaguePPO, _train_batch
from arena.training.run import without_stderr
from benchmarks import bare_ppo, open_spiel_ppo
from benchmarks.configs import BATCH, SETTINGS, our_config, self_play_plan, stock_config
from benchmarks.measure import CannotRun, Measure, Side, compare, rate

GAME = "connect_four"
TABLES = 256
TIANSHOU_ENVS = 128
"""Stepped in one process. 16, 32 and 64 there, and 8, 32 and 64 processes of their own, were slower on 2 cores; 256 and
512 were no faster."""

OPEN_SPIEL_ENVS = 64
"""32 to 512 come within a fifth of it; 8 take twice as long."""

HERE = Path(__file__).parent
TIANSHOU_PYTHON = HERE.parent / ".venv-tianshou" / "bin" / "python"
INSTALL_TIANSHOU = (
    "not installed: `make bench` installs it into .venv-tianshou, for it needs an environment of its own; or "
    "pip install -r benchmarks/tianshou.txt elsewhere and name the Python there in ARENA_BENCH_TIANSHOU"
)


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Both comparisons; ``seconds`` for each turn, more where one iteration takes longer."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    print(", ".join(f"{name} {value}" for name, value in SETTINGS.items()))
    print(f"{repeats} turns of at least {seconds} s for each side, torch threads: {torch.get_num_threads()}")
    end_to_end = compare(
        f"PPO end to end on {GAME}, agent steps trained on, one process",
        {
            "stock default (1 env)": stock(1, best=False, seconds=seconds),
            "stock best (32 envs, episodes_to_numpy=False)": stock(32, best=True, seconds=seconds),
            f"Tianshou, PettingZoo's connect_four_v3 ({TIANSHOU_ENVS} envs)": tianshou(seconds=seconds),
            f"OpenSpiel's PyTorch PPO ({OPEN_SPIEL_ENVS} envs)": open_spiel(seconds=seconds),
            f"ours, default league ({TABLES} tables, frozen opponents too)": ours(self_play=False, seconds=seconds),
            f"ours, self-play ({TABLES} tables)": ours(self_play=True, seconds=seconds),
        },
        repeats=repeats,
    )
    learners = learner_alone(repeats=repeats, seconds=seconds)
    settings = SETTINGS | {"seconds": seconds, "tables": TABLES, "game": GAME}
    return {"settings": settings, "end_to_end": end_to_end, "learner_alone": learners}


@contextmanager
def trained(
    config: Any,
    steps_of: Callable[[Any], int],
    seconds: float,
    around: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Iterator[Measure]:
    """``Algorithm.train``, warmed up by one iteration; all of it within ``around()``."""
    with around():
        algorithm = config.build_algo()
        algorithm.train()

    def work() -> int:
        before = steps_of(algorithm)
        algorithm.train()
        return steps_of(algorithm) - before

    def measure() -> float:
        with around():
            return rate(work, seconds)

    yield measure
    algorithm.stop()


def stock(envs: int, *, best: bool, seconds: float) -> Side:
    """Stock PPO, which trains on all that it samples: in connect four, its env steps."""
    sampled = ("env_runners", "num_env_steps_sampled_lifetime")
    config = stock_config(GAME, envs, best=best)
    # OpenSpiel complains on stderr of stock's illegal moves, slowly.
    return trained(config, lambda algorithm: int(algorithm.metrics.peek(sampled)), seconds, without_stderr)


@contextmanager
def ours(*, self_play: bool, seconds: float) -> Iterator[Measure]:
    """Ours, stored in a folder as ``arena train`` stores it; the steps that its learners have been trained on."""
    with tempfile.TemporaryDirectory() as folder:
        config = our_config(GAME, TABLES, self_play=self_play, folder=f"{folder}/league")
        with trained(config, lambda algorithm: int(algorithm.keeper.progress.agent_steps), seconds) as measure:
            yield measure


@contextmanager
def open_spiel(*, seconds: float) -> Iterator[Measure]:
    """OpenSpiel's own PPO, in this process."""
    train = open_spiel_ppo.trainer(GAME, OPEN_SPIEL_ENVS, **SETTINGS)
    train()
    yield lambda: rate(train, seconds)


@contextmanager
def tianshou(*, seconds: float) -> Iterator[Measure]:
    """Tianshou's PPO, in a process of another Python that idles between its turns."""
    python = os.environ.get("ARENA_BENCH_TIANSHOU", str(TIANSHOU_PYTHON))
    if not Path(python).exists():
        raise CannotRun(INSTALL_TIANSHOU)
    settings = json.dumps(SETTINGS | {"envs": TIANSHOU_ENVS})
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [python, "-W", "ignore", str(HERE / "tianshou_ppo.py"), settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            bufsize=1,
            env=os.environ | {"PYGAME_HIDE_SUPPORT_PROMPT": "1"},
        ) as process,
    ):
        questions, answers = process.stdin, process.stdout
        assert questions is not None
        assert answers is not None
        if answers.readline() != "ready\n":
            process.wait()
            said.seek(0)
            raise CannotRun(f"{python} left with code {process.returncode}: {said.read().strip().splitlines()[-1:]}")

        def measure() -> float:
            print(seconds, file=questions, flush=True)
            return float(answers.readline())

        yield measure
        questions.close()


def learner_alone(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Our learner group against the bare loop, on the rows of one iteration of ours."""
    algorithm = our_config(GAME, TABLES, self_play=True).build_algo()
    batch = training_batch(algorithm, BATCH)
    rows = len(batch)
    update = bare_ppo.updater(algorithm.module_specs["main"].build(), algorithm.config)

    @contextmanager
    def side(work: Callable[[SampleBatch], None]) -> Iterator[Measure]:
        def worked() -> int:
            work(batch)
            return rows

        worked()
        yield lambda: rate(worked, seconds)

    result = compare(
        f"the learner alone, rows trained on, batches of {rows} rows",
        {
            "limit: bare PyTorch loop": side(update),
            "ours, LearnerGroup.update": side(lambda batch: group_update(algorithm, batch)),
        },
        repeats=repeats,
    )
    algorithm.stop()
    return result


def training_batch(algorithm: LeaguePPO, steps: int) -> SampleBatch:
    """At least so many steps of self-play as the columns that the learners are given, advantages included."""
    plan = self_play_plan(algorithm.game, 4 * algorithm.config.num_envs_per_env_runner)
    trajectories = algorithm.env_runner.sample_plan(plan, steps).trajectories["main"]
    return _train_batch(trajectories, len(trajectories), algorithm.game.num_seats, algorithm.config)


def group_update(algorithm: LeaguePPO, batch: SampleBatch) -> None:
    """The update of an iteration, as ``LeaguePPO`` asks for it."""
    config = algorithm.config
    algorithm.learner_group.update(
        training_data=TrainingData(batch=MultiAgentBatch({"main": SampleBatch(batch)}, len(batch))),
        timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: len(batch)},
        num_epochs=config.num_epochs,
        minibatch_size=config.minibatch_size,
        shuffle_batch_per_epoch=config.shuffle_batch_per_epoch,
    )
