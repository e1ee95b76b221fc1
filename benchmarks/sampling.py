"""How fast experience is made: stock RLlib, ours, and the two limits of a lock-step sampler, game by game.

    python -m benchmarks sampling [--repeats 5] [--quick]

Agent steps (one seat acting once; where seats take turns, the same as env steps) per second in one process, of

- stock RLlib's ``MultiAgentEnvRunner`` at its default, one env, and at the best settings found, 64 envs and
  ``episodes_to_numpy=False``, over RLlib's own wrappers (:mod:`benchmarks.configs`);
- the network's forward passes alone: our module, the rows of one of our calls, nothing stepped and no action drawn;
- the engine's stepping alone: one game after the other, a random legal action (:mod:`benchmarks.games`);
- ours: ``LeagueEnvRunner.sample_plan`` in self-play, all columns filled and handed out.
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
from arena.training.run import without_stderr
from benchmarks.configs import HIDDENS, RESIDUAL, our_config, self_play_plan, stock_config
from benchmarks.games import bare, random_legal
from benchmarks.measure import CannotRun, Measure, compare, rate
from games import make_game


@dataclass(frozen=True, slots=True)
class Case:
    """A game, our tables, and the agent steps of finished games that one call asks us for."""

    spec: str
    tables: int
    steps: int


CASES = (
    Case("connect_four", 512, 16_384),
    Case("leduc_poker", 512, 16_384),
    Case("backgammon", 512, 16_384),
    Case("goofspiel", 512, 16_384),
    # A game lasts hundreds of steps of this tower, so one that ends is enough for a call.
    Case("go(board_size=9)", 64, 1),
    Case("pettingzoo:rps_v2", 512, 16_384),
    Case("pettingzoo:simple_spread_v3", 64, 4_096),
)


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """All games; ``seconds`` for each turn, more where one call takes longer."""
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    print(f"networks: {HIDDENS} under policy and value; the residual tower for {', '.join(RESIDUAL)}")
    print(f"{repeats} turns of at least {seconds} s for each side, torch threads: {torch.get_num_threads()}")
    compared = {case.spec: compare_game(case, repeats, seconds) for case in CASES}
    return {"hiddens": HIDDENS, "seconds": seconds, "cases": [asdict(case) for case in CASES], "games": compared}


def compare_game(case: Case, repeats: int, seconds: float) -> dict[str, Any]:
    """One game, all sides."""
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
    """``MultiAgentEnvRunner.sample``; ``seats`` act in every env step."""
    with without_stderr():  # OpenSpiel complains there of stock's illegal moves, slowly
        try:
            config = stock_config(spec, envs, best=best)
            config.validate()
            runner = MultiAgentEnvRunner(config=config)
            runner.sample(num_timesteps=max(200, 8 * envs))
        except Exception as error:  # whatever RLlib makes of this game is the finding
            raise CannotRun(one_line(error)) from error

    def work() -> int:
        return seats * sum(len(episode) for episode in runner.sample(num_timesteps=max(200, 16 * envs)))

    def measure() -> float:
        with without_stderr():
            return rate(work, seconds)

    yield measure
    runner.stop()


def one_line(error: BaseException) -> str:
    """What was raised first, and the line of code that raised it."""
    while error.__cause__ is not None:  # RLlib wraps what an environment raises
        error = error.__cause__
    where = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split())[:160]
    return f"{type(error).__name__}: {said} at {Path(where.filename).name}:{where.lineno}, {where.line}"


@contextmanager
def forward_alone(case: Case, *, seconds: float) -> Iterator[Measure]:
    """The module that ours asks, called with the rows of a position a few moves into the games."""
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
    """The loop that a user of the bare library would write."""
    play = bare(spec)
    play()
    yield lambda: rate(play, seconds)


@contextmanager
def ours(case: Case, *, seconds: float) -> Iterator[Measure]:
    """``LeagueEnvRunner.sample_plan`` in self-play."""
    config = our_config(case.spec, case.tables, self_play=True)
    config.validate()
    runner = LeagueEnvRunner(config=config)
    plan = self_play_plan(runner.game, 4 * case.tables)

    def work() -> int:
        return runner.sample_plan(plan, case.steps).agent_steps

    work()
    yield lambda: rate(work, seconds)
    runner.stop()
