"""How fast games are sampled: stock RLlib, ours, and the two limits of a lock-step sampler, game by game.

    python -m benchmarks sampling [--repeats 5] [--quick]

The unit is agent steps per second in one process. An agent step is one seat acting once; in turn-based games it is the
same as an env step. The sides are:

- *stock*: RLlib's ``MultiAgentEnvRunner`` over RLlib's own wrappers (:mod:`benchmarks.configs`), at its default of one
  env and at the best settings found, 64 envs and ``episodes_to_numpy=False``;
- *forward passes alone*: our module with the rows of one of our calls, without stepping a game or drawing an action;
- *stepping alone*: the bare engine, one game after the other, with random legal actions (:mod:`benchmarks.games`);
- *ours*: ``LeagueEnvRunner.sample_plan`` in self-play, with all columns filled and returned.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import ray
import torch
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner

from agents.policies.agent import module_batch
from arena.training.env_runner import LeagueEnvRunner
from arena.training.process import without_stderr
from benchmarks.configs import HIDDENS, RESIDUAL, our_config, self_play_plan, stock_config
from benchmarks.games import bare, random_legal
from benchmarks.measure import CannotRun, Measure, compare, rate
from games import make_game


@dataclass(frozen=True, slots=True)
class Case:
    """A game, the number of our tables, and the agent steps of finished games that we ask for per call."""

    spec: str
    tables: int
    steps: int


CASES = (
    Case("connect_four", 512, 16_384),
    Case("leduc_poker", 512, 16_384),
    Case("backgammon", 512, 16_384),
    Case("goofspiel", 512, 16_384),
    # A game takes hundreds of forward passes of this tower, so one finished game per call is enough.
    Case("go(board_size=9)", 64, 1),
    Case("pettingzoo:rps_v2", 512, 16_384),
    Case("pettingzoo:simple_spread_v3", 64, 4_096),
)


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare all games. A turn takes ``seconds``, or longer if one call does."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    print(f"networks: {HIDDENS} under policy and value; the residual tower for {', '.join(RESIDUAL)}")
    print(f"{repeats} turns of at least {seconds} s per side, torch threads: {torch.get_num_threads()}")
    compared = {case.spec: compare_game(case, repeats, seconds) for case in CASES}
    return {"hiddens": HIDDENS, "seconds": seconds, "cases": [asdict(case) for case in CASES], "games": compared}


def compare_game(case: Case, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare all sides on one game."""
    game = make_game(case.spec)
    seats = game.num_seats if game.dynamics == "simultaneous" else 1
    rows = case.tables * seats
    return compare(
        f"sampling {case.spec}, agent steps, one process",
        {
            "stock default (1 env)": stock(case.spec, seats, 1, best=False, seconds=seconds),
            "stock, 64 envs, episodes_to_numpy=False (its best on connect four)": stock(
                case.spec, seats, 64, best=True, seconds=seconds
            ),
            f"limit: forward passes alone ({rows} rows)": forward_alone(case, seconds=seconds),
            "limit: bare engine's stepping alone": stepping_alone(case.spec, seconds=seconds),
            f"ours ({case.tables} tables)": ours(case, seconds=seconds),
        },
        repeats=repeats,
    )


@contextmanager
def stock(spec: str, seats: int, envs: int, *, best: bool, seconds: float) -> Iterator[Measure]:
    """Measure ``MultiAgentEnvRunner.sample``; ``seats`` is the number of seats that act in an env step."""
    with without_stderr():  # OpenSpiel prints stock's illegal moves there, which is slow
        try:
            config = stock_config(spec, envs, best=best)
            config.validate()
            runner = MultiAgentEnvRunner(config=config)
            runner.sample(num_timesteps=max(200, 8 * envs))
        except Exception as error:  # any failure of RLlib on this game is a result
            raise CannotRun(one_line(error)) from error

    def work() -> int:
        return seats * sum(len(episode) for episode in runner.sample(num_timesteps=max(200, 16 * envs)))

    def measure() -> float:
        with without_stderr():
            return rate(work, seconds)

    yield measure
    runner.stop()


def one_line(error: BaseException) -> str:
    """The original exception and the line of code that raised it, as one line of text."""
    while error.__cause__ is not None:  # RLlib wraps exceptions of environments
        error = error.__cause__
    where = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())[:160]
    return f"{type(error).__name__}: {text} at {Path(where.filename).name}:{where.lineno}, {where.line}"


@contextmanager
def forward_alone(case: Case, *, seconds: float) -> Iterator[Measure]:
    """Measure our module alone, on the rows of positions two moves into the games."""
    config = our_config(case.spec, case.tables, self_play=True)
    config.validate()
    runner = LeagueEnvRunner(config=config)
    module = runner.module["main"]
    tables = runner.game.tables(case.tables)
    tables.reset(range(case.tables), range(case.tables))
    for _ in range(2):
        tables.observe()
        tables.step(random_legal(tables.masks[: tables.rows], np.random.default_rng(0)))
    rows = tables.observe()
    observations, masks, seats = tables.observations[:rows], tables.masks[:rows], tables.seats[:rows]

    def work() -> int:
        batch = module_batch(observations, masks, seats, runner.game.num_seats)
        with torch.no_grad():
            module._forward_exploration(batch)
        return rows

    work()
    yield lambda: rate(work, seconds)
    runner.stop()


@contextmanager
def stepping_alone(spec: str, *, seconds: float) -> Iterator[Measure]:
    """Measure the loop that a user of the bare library would write."""
    play = bare(spec)
    play()
    yield lambda: rate(play, seconds)


@contextmanager
def ours(case: Case, *, seconds: float) -> Iterator[Measure]:
    """Measure ``LeagueEnvRunner.sample_plan`` in self-play."""
    config = our_config(case.spec, case.tables, self_play=True)
    config.validate()
    runner = LeagueEnvRunner(config=config)
    plan = self_play_plan(runner.game, 4 * case.tables)

    def work() -> int:
        return runner.sample_plan(plan, case.steps).agent_steps

    work()
    yield lambda: rate(work, seconds)
    runner.stop()
