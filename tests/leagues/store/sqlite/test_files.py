"""A league in a folder: damage, locks, migrations, crashes, and many processes at once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from operator import methodcaller
from pathlib import Path

import pytest
from leaguekit import INFO, MAIN, RANDOM, match, progress, put_weights, snapshot

from leagues.records import Tally
from leagues.store import Reader, Store, StoreError, open_store
from leagues.store.sqlite import schema

Opened = Callable[[Store], Reader]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A league with two members and one match, closed."""
    path = tmp_path / "league"
    with open_store(path).create(INFO) as writer:
        writer.record(members=[MAIN, RANDOM], matches=[match()], progress=progress(1))
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def raw(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "league.db", isolation_level=None)) as connection:
        yield connection


def test_a_closed_league_is_one_file_and_reading_it_leaves_no_trace(folder: Path) -> None:
    before = files(folder)
    assert set(before) == {"league.db", "league.lock"}
    with open_store(folder).reader() as reader:
        assert reader.count_matches() == 1
        assert files(folder) == before
    assert files(folder) == before


def test_a_reader_follows_the_writer(folder: Path) -> None:
    with (
        open_store(folder).reader() as early,
        open_store(folder).writer() as writer,
        open_store(folder).reader() as late,
    ):
        for reader in (early, late):
            assert reader.count_matches() == 1
        writer.record(matches=[match()])
        for reader in (early, late):
            assert reader.count_matches() == 2
    with open_store(folder).reader() as reader:
        assert reader.count_matches() == 2


def test_a_reader_that_stays_does_not_keep_the_next_writer_out(folder: Path) -> None:
    with open_store(folder).reader() as reader:
        for count in (2, 3):
            with open_store(folder).writer() as writer:
                writer.record(matches=[match()])
            assert reader.count_matches() == count


def test_a_second_writer_is_told_who_writes(folder: Path) -> None:
    with open_store(folder).writer(), pytest.raises(StoreError, match=rf"process {os.getpid()} is writing"):
        open_store(folder).writer()
    open_store(folder).writer().close()


@pytest.mark.parametrize("opened", [methodcaller("reader"), methodcaller("writer")], ids=["reader", "writer"])
class TestBadFolders:
    def test_no_folder(self, opened: Opened, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="does not exist"):
            opened(open_store(tmp_path / "none"))
        assert not list(tmp_path.iterdir())

    def test_no_folder_but_a_file(self, opened: Opened, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match=r"a league is a folder, but .* is a file"):
            opened(open_store(tmp_path / "file"))

    def test_no_league(self, opened: Opened, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"has no league\.db"):
            opened(open_store(tmp_path))
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("content", [b"", b"not a database" * 99])
    def test_no_database(self, opened: Opened, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "league.db").write_bytes(content)
        with pytest.raises(StoreError, match="is not an SQLite database"):
            opened(open_store(tmp_path))
        assert files(tmp_path) == {"league.db": content}

    def test_somebody_elses_database(self, opened: Opened, tmp_path: Path) -> None:
        with raw(tmp_path) as connection:
            connection.execute("CREATE TABLE notes (text)")
        before = files(tmp_path)
        with pytest.raises(StoreError, match="made by another program"):
            opened(open_store(tmp_path))
        assert files(tmp_path) == before

    def test_a_torn_file(self, opened: Opened, folder: Path) -> None:
        path = folder / "league.db"
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(StoreError, match=r"cannot be used: .*malformed"):
            opened(open_store(folder))

    def test_a_newer_schema(self, opened: Opened, folder: Path) -> None:
        with raw(folder) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0999'")
        with pytest.raises(StoreError, match=rf"has schema 0999, .* up to {schema.REVISION}; update this program"):
            opened(open_store(folder))


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ("league SET settings = 'nonsense'", Reader.info),
        ("league SET created_at = 9223372036854775807", Reader.info),
        ("league SET agent_ids = '7'", Reader.info),
        ("members SET modules = '{' WHERE name = 'main'", Reader.members),
        ("progress SET at = 'noon'", Reader.progress),
        ("progress SET metrics = '['", Reader.history),
        ("resume SET league = ''", Reader.progress),
        ("tallies SET member = 99", Reader.tallies),
        ("block_scores SET wins = 'many'", Reader.block_scores),
    ],
)
def test_a_record_that_no_program_of_ours_wrote_is_a_store_error(
    folder: Path, change: str, read: Callable[[Reader], object]
) -> None:
    with open_store(folder).writer() as writer:
        writer.record(tallies=[Tally("main", "random", 1, 0, 0)], matches=[match(kind="evaluation")])
    with raw(folder) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        assert connection.execute(f"UPDATE {change}").rowcount == 1
    with open_store(folder).reader() as reader, pytest.raises(StoreError, match="cannot be read") as caught:
        getattr(reader, read.__name__)()
    assert "\n" not in str(caught.value)


def test_a_league_is_not_made_where_one_is(folder: Path) -> None:
    before = files(folder)
    with pytest.raises(StoreError, match="already holds a league; resume it"):
        open_store(folder).create(INFO)
    assert files(folder).keys() == before.keys()
    assert files(folder)["league.db"] == before["league.db"]


def test_a_creation_that_was_cut_short_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "league.db.part").write_bytes(b"half")
    with open_store(tmp_path).create(INFO) as writer:
        assert writer.info() == INFO


def test_a_writer_clears_away_what_a_killed_one_left(folder: Path) -> None:
    put_weights(open_store(folder), snapshot(1))
    (folder / "state").mkdir()
    left = [folder / place / f".{'ab' * 32}.safetensors.1234.part" for place in ("weights", "state")]

    def leave() -> None:
        for part in left:
            part.touch()

    leave()
    with open_store(folder).writer():
        assert not any(part.exists() for part in left)
        leave()  # as the one at work would
        with pytest.raises(StoreError, match="one writer"):
            open_store(folder).writer()
        with open_store(folder).reader():
            assert all(part.exists() for part in left)
    assert {path.suffix for path in (folder / "weights").iterdir()} == {".safetensors", ".part"}


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
        ):
            with pytest.raises(sqlite3.IntegrityError, match="immutable"):
                connection.execute(statement)
        connection.execute("UPDATE members SET step = 1 WHERE name = 'main'")


def read_as_stranger(folder: Path) -> str:
    """What a user without any right to write gets from counting the matches."""
    here, there = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            with open_store(folder).reader() as reader:
                answer = str(reader.count_matches())
        except BaseException as error:
            answer = repr(error)
        os.write(there, answer.encode())
        os._exit(0)
    os.close(there)
    with open(here) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    paths = [folder, *folder.iterdir()]
    parents = [
        path for path in folder.parents if path.stat().st_uid == os.geteuid() and path.stat().st_mode & 0o77 == 0
    ]
    modes = {path: path.stat().st_mode for path in (*paths, *parents)}
    for path in parents:
        path.chmod(0o755)
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield folder
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def test_a_folder_without_any_right_to_write_can_be_read(folder: Path, tmp_path: Path) -> None:
    with read_only(folder):
        assert read_as_stranger(folder) == "1"
    copy = tmp_path / "copy"
    with open_store(folder).writer() as writer:
        with read_only(folder):
            assert read_as_stranger(folder) == "1"
        writer.record(matches=[match()])
        with raw(folder) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy.mkdir()
        shutil.copy(folder / "league.db", copy)  # says "my log lies beside me", and it does not
    with read_only(copy):
        assert read_as_stranger(copy) == "2"


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
