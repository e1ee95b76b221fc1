"""What a league costs as it grows: matchmaking, ratings, and the store. Prints one line a figure.

    OMP_NUM_THREADS=1 python -m benchmarks.league_scale [--repeats 3]

Wall seconds are medians, with the processor seconds behind them: on a busy machine the latter hold better. Members
have normal strengths (sigma 1.5 natural units, 260 Elo); blocks are of two games, between any two members.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from leagues.league import League, LeagueConfig
from leagues.ratings import leaderboard
from leagues.records import Match, Member, Pairing, Tally
from leagues.store import BlockScore, LeagueInfo, create_store, open_reader
from leagues.store.contract import WEIGHTS

SIZES = ((10, 2_000), (100, 20_000), (100, 60_000), (300, 20_000), (1_000, 20_000))
AGENT_IDS = ("player_0", "player_1")
MATCHES = 10_000
MAIN = Member("main", "learner", "main", modules=dict.fromkeys(AGENT_IDS, "main"))
RANDOM = Member("random", "baseline", "baseline", agent="random")
INFO = LeagueInfo("connect_four", AGENT_IDS, 0, {}, {}, datetime(2026, 1, 1, tzinfo=UTC))


def snapshots(n: int) -> list[Member]:
    """``main@1`` to ``main@n``."""
    return [
        Member(f"main@{k}", "snapshot", "main", k, MAIN.modules, f"{k:064x}", None, "main") for k in range(1, n + 1)
    ]


def matches_of(pairs: list[tuple[str, str]], weights: dict[str, str | None], rng: np.random.Generator) -> list[Match]:
    """Two connect-four games at random for each pair, as one evaluation block, with the seats rotated."""
    import pyspiel

    game = pyspiel.load_game("connect_four")
    found = []
    for block, pair in enumerate(pairs, 1):
        seed = int(rng.integers(2**63))
        for seats in (pair, pair[::-1]):
            state, moves = game.new_initial_state(), []
            while not state.is_terminal():
                moves.append((state.current_player(), int(rng.choice(state.legal_actions()))))
                state.apply_action(moves[-1][1])
            found.append(
                Match(
                    seats=seats,
                    weights=tuple(weights[name] for name in seats),
                    seed=seed,
                    block=block,
                    kind="evaluation",
                    history=tuple(moves),
                    returns=tuple(state.returns()),
                    ending="terminated",
                    plies=len(moves),
                    digest=rng.bytes(32).hex(),
                    started_at=datetime.now(UTC),
                    duration=0.01,
                    iteration=block // 50,
                )
            )
    return found


def blocks_of(members: list[Member], count: int, rng: np.random.Generator) -> list[BlockScore]:
    """Blocks of two games between any two members, by Davidson's model with v = 0.1."""
    strengths = rng.normal(0, 1.5, len(members))
    first = rng.integers(len(members), size=count)
    second = (first + rng.integers(1, len(members), size=count)) % len(members)
    swap = np.array([members[i].id > members[j].id for i, j in zip(first, second, strict=True)])
    i, j = np.where(swap, second, first), np.where(swap, first, second)
    d = strengths[i] - strengths[j]
    chances = np.stack([np.exp(d / 2), np.full(count, 0.2), np.exp(-d / 2)], axis=1)
    results = rng.multinomial(2, chances / chances.sum(1, keepdims=True))
    return [
        BlockScore(block, members[a].id, members[b].id, *result)
        for block, (a, b, result) in enumerate(zip(i.tolist(), j.tolist(), results.tolist(), strict=True), 1)
    ]


def report(title: str, call: Callable[[], object], repeats: int) -> None:
    """Print how long a call takes; the first one is not counted."""
    call()
    walls, processors = [], []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    print(
        f"{title:<64}{statistics.median(walls):9.4f} s  (processor {statistics.median(processors):.4f} s)", flush=True
    )


def store_blocks(folder: Path, members: list[Member], scores: list[BlockScore]) -> None:
    """A league whose evaluation blocks have these sums."""
    (folder / WEIGHTS).mkdir(parents=True)
    for member in members:
        (folder / WEIGHTS / f"{member.weights}.safetensors").touch()
    digest, now = "0" * 64, datetime.now(UTC)
    weights = {member.id: member.weights for member in members}
    with create_store(folder, INFO) as writer:
        writer.add_members([MAIN, *members])
        writer.record(
            matches=[
                Match(
                    (score.member, score.opponent),
                    (weights[score.member], weights[score.opponent]),
                    score.block,
                    score.block,
                    "evaluation",
                    (),
                    returns,
                    "terminated",
                    0,
                    digest,
                    now,
                    0.0,
                )
                for score in scores
                for count, returns in (
                    (score.wins, (1.0, -1.0)),
                    (score.draws, (0.0, 0.0)),
                    (score.losses, (-1.0, 1.0)),
                )
                for _ in range(count)
            ]
        )


def ask(members: int) -> Callable[[], list[Pairing]]:
    """256 pairings of a league in which the learner has met everybody."""
    everyone = [MAIN, RANDOM, *snapshots(members)]
    league = League(LeagueConfig(), everyone, num_seats=2, agent_ids=AGENT_IDS)
    rng = np.random.default_rng(0)
    league.tell([Tally("main", each.id, *rng.multinomial(30, [0.6, 0.1, 0.3]).tolist()) for each in everyone[1:]], {})
    return lambda: league.ask(256, rng)


def main() -> None:
    """Run and print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()}, OMP_NUM_THREADS={os.getenv('OMP_NUM_THREADS')}")
    for members in (10, 100, 1_000):
        report(f"ask(256), {members} members", ask(members), 10 * repeats)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        for members, count in SIZES:
            everyone = snapshots(members)
            scores = blocks_of(everyone, count, rng)
            folder = Path(temporary) / f"{members}-{count}"
            store_blocks(folder, everyone, scores)
            size = f"{members} members, {count} blocks"
            with open_reader(folder) as reader:
                report(f"load the block scores, {size}", reader.block_scores, repeats)
                report(f"leaderboard, {size}", lambda e=everyone, s=scores: leaderboard(e, s), repeats)  # type: ignore[misc]
        few = snapshots(40)
        folder = Path(temporary) / "matches"
        store_blocks(folder, few, [])
        database = folder / "league.db"
        empty = database.stat().st_size
        pairs = [(few[i].id, few[j].id) for i, j in (rng.choice(40, 2, replace=False) for _ in range(MATCHES // 2))]
        from leagues.store import open_writer

        recorded = matches_of(pairs, {member.id: member.weights for member in few}, rng)
        with open_writer(folder) as writer:
            for first in range(0, MATCHES, 100):
                writer.record(matches=recorded[first : first + 100])
        print(f"bytes per recorded connect-four match: {(database.stat().st_size - empty) / MATCHES:.1f}")
    print(f"load average {os.getloadavg()}")


if __name__ == "__main__":
    main()
