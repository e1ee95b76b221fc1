"""How fast PPO trains, end to end and game by game, and how fast the learner is alone.

    python -m benchmarks training [--repeats 5] [--quick]

End to end, the unit is agent steps *trained on* per second in one process. An agent step is one seat acting once; in
simultaneous games every seat's action is a step. The sides are:

- *stock*: RLlib's PPO over RLlib's own wrappers (:mod:`benchmarks.configs`) at the best settings found, 32 envs and
  ``episodes_to_numpy=False``. On connect four also at its default of 1 env and a KL term; in other games one iteration
  of the default takes a minute or more.
- *Tianshou*'s PPO on PettingZoo's games (:mod:`benchmarks.tianshou_ppo`). It also stands beside OpenSpiel's connect
  four, where it plays PettingZoo's, which is written in Python. A separate comparison has ours play PettingZoo's, too.
- *OpenSpiel*'s PyTorch PPO on OpenSpiel's games (:mod:`benchmarks.open_spiel_ppo`).
- *ours*, with evaluation matches and storage, in self-play like the others; on connect four also with a league's
  default opponents. There the moves of frozen opponents are played as well, but the learner does not train on them and
  they are not counted. The number of tables is the one that ``LeaguePPO`` chooses for the game.

All sides of a game have layers of the same widths under policy and value, or the same residual tower, and the same
batch, minibatch, epochs and learning rate. A side that cannot play a game is reported with the reason.

The learner alone: rows trained on per second by ``LearnerGroup.update`` as ``LeaguePPO`` calls it, against a plain
PyTorch loop with the same network, rows, minibatches and loss (:mod:`benchmarks.bare_ppo`), on one thread and on two.
OpenSpiel's PPO end to end is shown as well, because the bare loop limits how much faster than it training can be.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import ray
import torch
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME

from arena.training.algorithms.ppo import LeaguePPO
from arena.training.game_length import fitting_tables
from arena.training.process import without_stderr
from benchmarks import bare_ppo, open_spiel_ppo
from benchmarks.configs import BATCH, LESS_WORK, SETTINGS, our_config, self_play_plan, settings, stock_config
from benchmarks.games import pettingzoo_module
from benchmarks.measure import CannotRun, Measure, Side, compare, rate
from benchmarks.sampling import one_line
from games import make_game

CONNECT_FOUR, PETTINGZOOS_CONNECT_FOUR = "connect_four", "pettingzoo:connect_four_v3"
GAMES = (
    CONNECT_FOUR,
    PETTINGZOOS_CONNECT_FOUR,
    "leduc_poker",
    "backgammon",
    "goofspiel",
    "go(board_size=9)",
    "pettingzoo:rps_v2",
    "pettingzoo:simple_spread_v3",
)
STOCK_ENVS = 32
TIANSHOU_ENVS = 128
"""All in one process. On connect four and 2 cores, 16, 32 and 64 were slower, as were 8, 32 and 64 processes; 256 and
512 were no faster."""

OPEN_SPIEL_ENVS = 64
"""On connect four, 32 to 512 are within a fifth of this speed; 8 take twice as long."""

THREADS = (1, 2)
"""Torch threads, for the learner alone."""

HERE = Path(__file__).parent
TIANSHOU_PYTHON = HERE.parent / ".venv-tianshou" / "bin" / "python"
INSTALL_TIANSHOU = (
    "Tianshou is not installed; run `make bench`, or install benchmarks/tianshou.txt in a virtual environment and set "
    "ARENA_BENCH_TIANSHOU to its Python"
)


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare all games, then the learner alone. A turn takes ``seconds``, or longer if one iteration does."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    print(_listed(SETTINGS))
    for spec, changed in LESS_WORK.items():
        print(f"{spec}: {_listed(changed)}")
    print(f"{repeats} turns of at least {seconds} s per side, torch threads: {torch.get_num_threads()}")
    games = {spec: compare_game(spec, repeats=repeats, seconds=seconds) for spec in GAMES}
    shared = SETTINGS | {"less_work": LESS_WORK, "seconds": seconds, "torch_threads": torch.get_num_threads()}
    return {"settings": shared, "games": games, "learner_alone": learner_alone(repeats=repeats, seconds=seconds)}


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def compare_game(spec: str, *, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare all sides that support the library of one game."""
    tables = fitting_tables(make_game(spec), settings(spec)["batch"])
    pettingzoos, flagship = spec.startswith("pettingzoo:"), spec == CONNECT_FOUR
    sides: dict[str, Side] = {}
    if flagship:
        sides["stock default (1 env)"] = stock(spec, 1, best=False, seconds=seconds)
    sides[f"stock best ({STOCK_ENVS} envs, episodes_to_numpy=False)"] = stock(
        spec, STOCK_ENVS, best=True, seconds=seconds
    )
    if pettingzoos:
        sides[f"Tianshou ({TIANSHOU_ENVS} envs)"] = tianshou(spec, seconds=seconds)
    if flagship:
        theirs = PETTINGZOOS_CONNECT_FOUR
        sides[f"Tianshou, PettingZoo's connect_four_v3 ({TIANSHOU_ENVS} envs)"] = tianshou(theirs, seconds=seconds)
    if not pettingzoos:
        sides[f"OpenSpiel's PyTorch PPO ({OPEN_SPIEL_ENVS} envs)"] = open_spiel(spec, seconds=seconds)
    if flagship:
        sides[f"ours, default league ({tables} tables, with frozen opponents)"] = ours(
            spec, self_play=False, seconds=seconds
        )
    sides[f"ours, self-play ({tables} tables)"] = ours(spec, self_play=True, seconds=seconds)
    return compare(f"PPO end to end on {spec}, agent steps trained on, one process", sides, repeats=repeats)


def warmed_up(config: Any) -> Any:
    """The algorithm after its first iteration."""
    algorithm = config.build_algo()
    algorithm.train()
    return algorithm


@contextmanager
def trained(
    algorithm: Any,
    steps_of: Callable[[Any], int],
    seconds: float,
    around: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Iterator[Measure]:
    """Measure ``Algorithm.train``; each turn runs inside ``around()``."""

    def work() -> int:
        before = steps_of(algorithm)
        algorithm.train()
        return steps_of(algorithm) - before

    def measure() -> float:
        with around():
            return rate(work, seconds)

    yield measure
    algorithm.stop()


@contextmanager
def stock(spec: str, envs: int, *, best: bool, seconds: float) -> Iterator[Measure]:
    """Measure stock PPO. It trains on all that it samples; in simultaneous games every env step has all seats."""
    game = make_game(spec)
    seats = game.num_seats if game.dynamics == "simultaneous" else 1
    sampled = ("env_runners", "num_env_steps_sampled_lifetime")
    with without_stderr():  # OpenSpiel prints stock's illegal moves there, which is slow
        try:
            config = stock_config(spec, envs, best=best)
            # RLlib counts a batch in env steps by default. They equal agent steps only in turn-based games.
            config.multi_agent(count_steps_by="env_steps" if seats == 1 else "agent_steps")
            algorithm = warmed_up(config)
        except Exception as error:  # any failure of RLlib on this game is a result
            raise CannotRun(one_line(error)) from error
    with trained(
        algorithm, lambda algorithm: seats * int(algorithm.metrics.peek(sampled)), seconds, without_stderr
    ) as measure:
        yield measure


@contextmanager
def ours(spec: str, *, self_play: bool, seconds: float) -> Iterator[Measure]:
    """Measure the steps that our learners train on, with the league stored in a folder as ``arena train`` does."""
    with tempfile.TemporaryDirectory() as folder:
        algorithm = warmed_up(our_config(spec, None, self_play=self_play, folder=f"{folder}/league"))
        with trained(algorithm, lambda algorithm: int(algorithm.session.progress.agent_steps), seconds) as measure:
            yield measure


@contextmanager
def open_spiel(spec: str, *, seconds: float) -> Iterator[Measure]:
    """Measure OpenSpiel's own PPO, in this process."""
    train = open_spiel_ppo.trainer(spec, OPEN_SPIEL_ENVS, **settings(spec))
    train()
    yield lambda: rate(train, seconds)


@contextmanager
def tianshou(spec: str, *, seconds: float) -> Iterator[Measure]:
    """Measure Tianshou's PPO on a PettingZoo game, in a process of another Python that idles between its turns."""
    python = os.environ.get("ARENA_BENCH_TIANSHOU", str(TIANSHOU_PYTHON))
    if not Path(python).exists():
        raise CannotRun(INSTALL_TIANSHOU)
    arguments = json.dumps(settings(spec) | {"envs": TIANSHOU_ENVS, "module": pettingzoo_module(spec).__name__})
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [python, "-W", "ignore", str(HERE / "tianshou_ppo.py"), arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
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
            errors.seek(0)
            raise CannotRun(
                f"{python} ended with exit code {process.returncode}: {errors.read().strip().splitlines()[-1:]}"
            )

        def measure() -> float:
            print(seconds, file=questions, flush=True)
            return float(answers.readline())

        yield measure
        questions.close()


def learner_alone(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare our learner group with the bare loop on the rows of one iteration, for each number of threads.

    ``bare_loop_over_open_spiel`` in each report is the speed of the bare loop over that of OpenSpiel's PPO, which also
    plays its games.
    """
    algorithm = our_config(CONNECT_FOUR, None, self_play=True).build_algo()
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

    bare, theirs = "limit: bare PyTorch loop", "OpenSpiel's PyTorch PPO end to end, games included"
    compared: dict[str, Any] = {}
    before = torch.get_num_threads()
    for threads in THREADS:
        torch.set_num_threads(threads)
        result = compare(
            f"the learner alone on {CONNECT_FOUR}, rows trained on, batches of {rows} rows, torch threads: {threads}",
            {
                theirs: open_spiel(CONNECT_FOUR, seconds=seconds),
                bare: side(update),
                "ours, LearnerGroup.update": side(lambda batch: group_update(algorithm, batch)),
            },
            repeats=repeats,
        )
        ratio = result["sides"][bare]["median"] / result["sides"][theirs]["median"]
        print(f"  the bare loop, the limit of any learner, is {ratio:.2f} times OpenSpiel's PPO")
        compared[f"{threads} torch threads"] = result | {"bare_loop_over_open_spiel": ratio}
    torch.set_num_threads(before)
    algorithm.stop()
    return compared


def training_batch(algorithm: LeaguePPO, steps: int) -> SampleBatch:
    """At least ``steps`` steps of self-play as the batch that the learners get, advantages included."""
    plan = self_play_plan(algorithm.game, 4 * algorithm.config.num_envs_per_env_runner)
    trajectories = algorithm.env_runner.sample_plan(plan, steps).trajectories["main"]
    return algorithm.make_batch(trajectories)


def group_update(algorithm: LeaguePPO, batch: SampleBatch) -> None:
    """The update of one iteration, as ``LeaguePPO`` calls it."""
    config = algorithm.config
    algorithm.learner_group.update(
        training_data=TrainingData(batch=MultiAgentBatch({"main": SampleBatch(batch)}, len(batch))),
        timesteps={NUM_ENV_STEPS_SAMPLED_LIFETIME: len(batch)},
        num_epochs=config.num_epochs,
        minibatch_size=config.minibatch_size,
        shuffle_batch_per_epoch=config.shuffle_batch_per_epoch,
    )
