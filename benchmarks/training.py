"""How fast PPO trains, end to end and game by game, and how fast the learner is alone.

    python -m benchmarks training [--repeats 5] [--quick]

End to end: agent steps *trained on* per second (one seat acting once; where all act at once, each is a step) in one
process, of

- RLlib's stock PPO at the best settings found, 32 envs and ``episodes_to_numpy=False``, over RLlib's own wrappers
  (:mod:`benchmarks.configs`); on connect four at its default, too, 1 env and a KL term. Elsewhere the default is left
  out, for an iteration of it takes a minute and more;
- Tianshou's PPO on PettingZoo's games (:mod:`benchmarks.tianshou_ppo`). Beside OpenSpiel's connect four it plays
  PettingZoo's, which is Python; ours plays that one, too, in a comparison of its own;
- OpenSpiel's PyTorch PPO on OpenSpiel's games (:mod:`benchmarks.open_spiel_ppo`);
- ours, rating matches and storage included, in self-play, which is what the others do; on connect four also as a
  league trains by default. There the moves of frozen opponents are played, too, but nobody learns from them and none is
  counted. It steps as many tables as it fits to the game by itself.

All sides of a game have layers of the same widths under policy and value, or the same residual tower, and the same
batch, minibatch, epochs and learning rate. Whoever cannot play a game is reported with the reason.

The learner alone: rows trained on per second by ``LearnerGroup.update`` as ``LeaguePPO`` calls it, against a plain
PyTorch loop with the same network, rows, minibatches and loss (:mod:`benchmarks.bare_ppo`), on one thread and on two.
Beside them stands what OpenSpiel's PPO does end to end: the bare loop is the limit of how much quicker one could be.
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

from arena.training.algorithm import LeaguePPO, _train_batch
from arena.training.config import fitting_tables
from arena.training.run import without_stderr
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
"""Stepped in one process. 16, 32 and 64 there, and 8, 32 and 64 processes of their own, were slower on 2 cores; 256 and
512 were no faster (connect four)."""

OPEN_SPIEL_ENVS = 64
"""32 to 512 come within a fifth of it on connect four; 8 take twice as long."""

THREADS = (1, 2)
"""Of torch, for the learner alone."""

HERE = Path(__file__).parent
TIANSHOU_PYTHON = HERE.parent / ".venv-tianshou" / "bin" / "python"
INSTALL_TIANSHOU = (
    "not installed: `make bench` installs it into .venv-tianshou, for it needs an environment of its own; or "
    "pip install -r benchmarks/tianshou.txt elsewhere and name the Python there in ARENA_BENCH_TIANSHOU"
)


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """All games, then the learner alone; ``seconds`` for each turn, more where one iteration takes longer."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    print(_listed(SETTINGS))
    for spec, changed in LESS_WORK.items():
        print(f"{spec}: {_listed(changed)}")
    print(f"{repeats} turns of at least {seconds} s for each side, torch threads: {torch.get_num_threads()}")
    games = {spec: compare_game(spec, repeats=repeats, seconds=seconds) for spec in GAMES}
    shared = SETTINGS | {"less_work": LESS_WORK, "seconds": seconds, "torch_threads": torch.get_num_threads()}
    return {"settings": shared, "games": games, "learner_alone": learner_alone(repeats=repeats, seconds=seconds)}


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def compare_game(spec: str, *, repeats: int, seconds: float) -> dict[str, Any]:
    """One game, all sides that know its library."""
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
        sides[f"ours, default league ({tables} tables, frozen opponents too)"] = ours(
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
    """``Algorithm.train`` within ``around()``."""

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
    """Stock PPO, which trains on all that it samples: where seats act at once, each of them in every env step."""
    game = make_game(spec)
    seats = game.num_seats if game.dynamics == "simultaneous" else 1
    sampled = ("env_runners", "num_env_steps_sampled_lifetime")
    with without_stderr():  # OpenSpiel complains there of stock's illegal moves, slowly
        try:
            config = stock_config(spec, envs, best=best)
            # A batch counts env steps unless told otherwise, which are as many steps of turns, but fewer of all seats.
            config.multi_agent(count_steps_by="env_steps" if seats == 1 else "agent_steps")
            algorithm = warmed_up(config)
        except Exception as error:  # whatever RLlib makes of this game is the finding
            raise CannotRun(one_line(error)) from error
    with trained(
        algorithm, lambda algorithm: seats * int(algorithm.metrics.peek(sampled)), seconds, without_stderr
    ) as measure:
        yield measure


@contextmanager
def ours(spec: str, *, self_play: bool, seconds: float) -> Iterator[Measure]:
    """Ours, stored in a folder as ``arena train`` stores it; the steps that its learners have been trained on."""
    with tempfile.TemporaryDirectory() as folder:
        algorithm = warmed_up(our_config(spec, None, self_play=self_play, folder=f"{folder}/league"))
        with trained(algorithm, lambda algorithm: int(algorithm.keeper.progress.agent_steps), seconds) as measure:
            yield measure


@contextmanager
def open_spiel(spec: str, *, seconds: float) -> Iterator[Measure]:
    """OpenSpiel's own PPO, in this process."""
    train = open_spiel_ppo.trainer(spec, OPEN_SPIEL_ENVS, **settings(spec))
    train()
    yield lambda: rate(train, seconds)


@contextmanager
def tianshou(spec: str, *, seconds: float) -> Iterator[Measure]:
    """Tianshou's PPO on a game of PettingZoo, in a process of another Python that idles between its turns."""
    python = os.environ.get("ARENA_BENCH_TIANSHOU", str(TIANSHOU_PYTHON))
    if not Path(python).exists():
        raise CannotRun(INSTALL_TIANSHOU)
    told = json.dumps(settings(spec) | {"envs": TIANSHOU_ENVS, "module": pettingzoo_module(spec).__name__})
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [python, "-W", "ignore", str(HERE / "tianshou_ppo.py"), told],
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
    """Our learner group against the bare loop on the rows of one iteration of ours, for each number of threads.

    Each comparison also says how many times as fast as OpenSpiel's PPO, which has its games to play as well, the bare
    loop is: ``bare_loop_over_open_spiel``.
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

    bare, theirs = "limit: bare PyTorch loop", "OpenSpiel's PyTorch PPO end to end, games played too"
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
        print(f"  the bare loop, a learner's limit, is {ratio:.2f} times OpenSpiel's PPO")
        compared[f"{threads} torch threads"] = result | {"bare_loop_over_open_spiel": ratio}
    torch.set_num_threads(before)
    algorithm.stop()
    return compared


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
