"""Matches between frozen policies on connect four: moves per second in one process.

Two networks of the default size (256x256) play each other in seat-rotated blocks, as in evaluation matches. Every match
is made into its record (history, returns, digest). The limit is the forward passes and action draws alone, with the
rows per call of a match between two networks: half of the tables.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from agents.policies.agent import PolicyAgent
from agents.policies.network import MaskedNetwork, build_network
from arena.play.matches import play_pairings, rotated_pairings
from benchmarks.measure import Measure, compare
from games import make_game

GAME, TABLES, GAMES = "connect_four", (64, 256, 512, 1024), 4000


def policy(seed: int) -> PolicyAgent:
    """A frozen policy with freshly initialised weights."""
    import torch

    torch.manual_seed(seed)
    game = make_game(GAME)
    module = build_network(MaskedNetwork, game, {"network": "mlp", "fcnet_hiddens": [256, 256]})
    return PolicyAgent(game, dict.fromkeys(range(game.num_seats), module))


@contextmanager
def matches(tables: int) -> Iterator[Measure]:
    """Measure moves per second of whole matches."""
    game, agents = make_game(GAME), {"first": policy(1), "second": policy(2)}
    seeds = iter(range(10**9))

    def play(games: int) -> int:
        pairings = rotated_pairings(list(agents), games=games, seed=next(seeds))
        return sum(match.plies for match in play_pairings(game, pairings, agents, tables=tables))

    def measure() -> float:
        began = time.perf_counter()
        return play(GAMES) / (time.perf_counter() - began)

    play(GAMES // 4)
    yield measure


@contextmanager
def forwards(rows: int, seconds: float) -> Iterator[Measure]:
    """Measure moves per second of one policy that answers ``rows`` opening positions per call, nothing else."""
    from agents.contract import Turn

    game, agent, rng = make_game(GAME), policy(1), np.random.default_rng(0)
    tables = game.tables(rows)
    tables.reset(range(rows), range(rows))
    tables.observe()
    turn = Turn(tables.observations, tables.masks, tables.seats, tables.table, tables.state)

    def measure() -> float:
        moves, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            moves += len(agent.act(turn, rng))
        return moves / (time.perf_counter() - began)

    agent.act(turn, rng)
    yield measure


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Compare moves per second with different numbers of tables and with forward passes alone.

    Args:
        repeats: turns of each side.
        seconds: length of a turn of the limit; a turn of ours plays a fixed number of games.
    """
    print(f"{GAME}, two frozen policies of 256x256, {GAMES} games per turn, every match made into its record")
    sides = {
        f"limit: forward passes and action draws alone, {TABLES[-1] // 2} rows a call": forwards(
            TABLES[-1] // 2, seconds
        )
    }
    sides |= {f"ours ({tables} tables)": matches(tables) for tables in TABLES}
    return {"moves": compare("matches between frozen policies, moves per second", sides, repeats=repeats)}
