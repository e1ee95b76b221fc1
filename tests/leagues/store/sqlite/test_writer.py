"""Writing ``league.db``: transactions, crashes, many processes at once, and the size of a match."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from leaguekit import INFO, MAIN, RANDOM, match, put_weights, raw, snapshot

from leagues.store import StoreError, open_store


def test_a_snapshot_needs_its_weights_on_disk(folder: Path) -> None:
    with open_store(folder).writer() as writer:
        with pytest.raises(StoreError, match=r"weights of 'main@1', \w+, are not in the store"):
            writer.add_members([snapshot(1)])
        put_weights(open_store(folder), snapshot(1))
        writer.add_members([snapshot(1)])


def test_what_happened_cannot_be_rewritten(folder: Path) -> None:
    with raw(folder) as connection:
        for statement in (
            "UPDATE matches SET returns = x'0000'",
            "DELETE FROM matches",
            "INSERT OR REPLACE INTO matches SELECT * FROM matches",
            "UPDATE members SET agent = 'mcts' WHERE name = 'random'",
            "DELETE FROM members WHERE name = 'random'",
            "INSERT OR REPLACE INTO members SELECT * FROM members WHERE name = 'random'",
            "UPDATE journal SET writer = 'nobody'",
            "DELETE FROM journal",
            "INSERT OR REPLACE INTO journal SELECT * FROM journal",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="immutable"):
                connection.execute(statement)
        connection.execute("UPDATE members SET step = 1 WHERE name = 'main'")


WRITER = """
import sys
from operator import methodcaller
from pathlib import Path
from leaguekit import match, progress, snapshot, put_weights
from leagues.records import Tally
from leagues.store import open_store
folder, last, matches = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
writer = open_store(folder).writer()
done = writer.progress().iteration
while done < last:
    done += 1
    if done % 40 == 0:
        writer.close()
        writer = open_store(folder).writer()
    put_weights(open_store(folder), snapshot(done))
    writer.record(
        matches=[match(iteration=done, kind="evaluation", block=done)] * matches,
        tallies=[Tally("main", "random", matches, 0, 0)],
        members=[snapshot(done)],
        progress=progress(done, league={"done": done}),
    )
    print(done, flush=True)
writer.close()
"""


READER = """
import sys
from operator import methodcaller
from pathlib import Path
from leagues.store import open_store
folder, last, matches = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
done, seen = 0, None
with open_store(folder).reader() as reader:
    while done < last:
        if reader.version() == seen:
            continue
        seen = reader.version()
        before = reader.progress().iteration
        count = reader.count_matches()
        done = reader.progress().iteration
        assert 1 + matches * (before - 1) <= count <= 1 + matches * (done - 1)
        assert len(reader.matches(member="main", limit=10)) == min(10, count) or count < 10
        reader.block_scores(), reader.tallies(), reader.members()
"""


def run(script: str, folder: Path, last: int, matches: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3] / "support"), *sys.path])}
    command = [sys.executable, "-c", script, str(folder), str(last), str(matches)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )


def test_readers_and_a_writer_work_at_once(folder: Path) -> None:
    processes = [run(READER, folder, 120, 20), run(READER, folder, 120, 20), run(WRITER, folder, 120, 20)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")
    with open_store(folder).reader() as reader:
        assert reader.count_matches() == 1 + 20 * 119


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_iterations_only(folder: Path) -> None:
    rng = random.Random(1)
    matches = 30
    for _ in range(4):
        process = run(WRITER, folder, 10**6, matches)
        assert process.stdout is not None
        for _ in range(rng.randrange(1, 60)):
            printed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with open_store(folder).reader() as reader:
            newest = reader.progress()
            assert newest is not None
            done = newest.iteration
            assert done >= printed
            assert newest.league == {"done": done}
            assert [p.iteration for p in reader.history()] == list(range(1, done + 1))
            assert reader.count_matches() == 1 + matches * (done - 1)
            assert [m.id for m in reader.members()[2:]] == [f"main@{n}" for n in range(2, done + 1)]
            assert sum(score.games for score in reader.tallies()) == matches * (done - 1)
            assert sum(score.wins for score in reader.block_scores()) == matches * (done - 1)
        with raw(folder) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        open_store(folder).writer().close()


def test_a_connect_four_match_takes_less_than_100_bytes(tmp_path: Path) -> None:
    import pyspiel

    rng = random.Random(1)
    game = pyspiel.load_game("connect_four")

    def played() -> tuple[tuple[tuple[int, int], ...], tuple[float, float]]:
        state = game.new_initial_state()
        moves = []
        while not state.is_terminal():
            moves.append((state.current_player(), rng.choice(state.legal_actions())))
            state.apply_action(moves[-1][1])
        return tuple(moves), tuple(state.returns())

    snapshots = [snapshot(n) for n in range(1, 41)]
    put_weights(open_store(tmp_path), *snapshots)
    with open_store(tmp_path).create(INFO) as writer:
        writer.add_members([MAIN, RANDOM, *snapshots])
    empty = (tmp_path / "league.db").stat().st_size
    with open_store(tmp_path).writer() as writer:
        for iteration in range(1, 101):
            batch = []
            for number in range(100):
                moves, returns = played()
                evaluation = number >= 50
                if not evaluation or number % 2 == 0:
                    players = rng.sample(snapshots, 2) if evaluation else [MAIN, rng.choice(snapshots)]
                    seed = rng.getrandbits(63)
                seats = players if number % 2 else players[::-1]
                batch.append(
                    match(
                        [member.id for member in seats],
                        returns,
                        weights=tuple(member.weights for member in seats),
                        seed=seed,
                        block=iteration * 25 + number // 2 if evaluation else 0,
                        kind="evaluation" if evaluation else "training",
                        history=moves,
                        plies=len(moves),
                        iteration=iteration,
                        digest=f"{rng.getrandbits(256):064x}",
                    )
                )
            writer.record(matches=batch)
    size = ((tmp_path / "league.db").stat().st_size - empty) / 10_000
    print(f"{size:.1f} bytes per match")
    assert size < 100
