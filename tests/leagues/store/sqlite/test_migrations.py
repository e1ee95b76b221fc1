"""Leagues of older schemas: what was there comes back, and ratings stay as they were."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import alembic.autogenerate
import numpy as np
import pytest
from alembic.migration import MigrationContext
from leaguekit import INFO, MAIN, RANDOM, frozen, match, progress, raw, unguarded
from sqlalchemy import Column, Integer, Table

from arena.verify import verify
from leagues.ratings.leaderboard import leaderboard
from leagues.records import JournalEntry, MatchFilter, Tally
from leagues.results.blocks import BlockScore
from leagues.results.payoff_table import PayoffTable
from leagues.results.scoring import block_scores, seat_results
from leagues.store import Reader, StoreError, open_store
from leagues.store.codec import pack_returns
from leagues.store.sqlite import database, migrations, schema, shape

DATA = Path(__file__).parents[3] / "data"
OLDER = ("0001", "0002", "0003")
NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)

SEED = 8_299_617_842_189_585
"""What a seed of 53 bits, and so the number of a block, looked like."""

BLOCKS = (2, 1, SEED, 7, SEED + 1, SEED - 1, SEED)
"""The blocks of an old league's evaluation matches, in the order they were played. The first two are counted, so is
``SEED + 1``: it followed a block that was numbered by its seed. The others are numbered by their seeds."""

NEW_BLOCKS = ((1, 2), (1, 1), (2, 1), (2, 2), (1, 3), (2, 3), (2, 1))
"""What :data:`BLOCKS` become: (event, block)."""


def old_scores(folder: Path) -> list[BlockScore]:
    """The block scores of a league up to schema 0003, all in one event."""
    with raw(folder) as connection:
        names = dict(connection.execute("SELECT id, name FROM members"))
        return [
            # Some of these numbers are too large for a block: the rest of them goes into the event.
            BlockScore(block >> 31, block % 2**31, names[member], names[opponent], *results)
            for block, member, opponent, *results in connection.execute("SELECT * FROM block_scores")
        ]


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))


def old_league(folder: Path, revision: str) -> Path:
    """A league as a program of this schema left it: a training match, an evaluation match for each of :data:`BLOCKS`,
    and a learner state."""
    folder.mkdir()
    engine = database.writing_engine(folder / "league.db")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        migrations.upgrade(connection, revision)
    engine.dispose()
    teams = {"teams": "[0, 1]"} if revision >= "0002" else {}
    with raw(folder) as connection:
        ids = json.dumps(INFO.agent_ids)
        insert(connection, "league", id=1, game="tic_tac_toe", agent_ids=ids, seed=7, settings="{}", versions="{}",
               created_at=0, **teams)  # fmt: skip
        for number, name in enumerate("abc", 1):
            insert(connection, "members", id=number, name=name, kind="baseline", role="baseline", modules="{}",
                   agent="random", step=0)  # fmt: skip
        insert(connection, "lineups", id=1, seats=b"\x02\x04")
        for member in (1, 2):
            insert(connection, "lineup_members", member=member, lineup=1)
        for number, block in enumerate((0, *BLOCKS), 1):
            seed = 5 if block in (0, 1, 2, SEED + 1) else block
            insert(connection, "matches", id=number, lineup=1, kind=int(number > 1), seed=seed, block=block,
                   iteration=1, ending=0, plies=4, started_at=0, duration=1, returns=b"\x01\xff", digest=b"12345678",
                   actions=bytes.fromhex("040160c6"))  # fmt: skip
        for block in set(BLOCKS):
            insert(connection, "block_scores", block=block, member=1, opponent=2, wins=BLOCKS.count(block), draws=0,
                   losses=0)  # fmt: skip
        insert(connection, "resume", id=1, state="ab" * 32, league="{}")
    return folder


def numbers(reader: Reader) -> list[tuple[int, int]]:
    return [(each.event, each.block) for each in reader.iter_matches()]


@pytest.mark.parametrize("revision", OLDER)
def test_blocks_of_an_older_schema_become_blocks_of_events(tmp_path: Path, revision: str) -> None:
    store = open_store(old_league(tmp_path / "league", revision))
    with store.writer() as writer:
        assert numbers(writer) == [(1, 0), *NEW_BLOCKS]
        assert writer.next_event() == 3
        assert {score[:2]: score[4:] for score in writer.block_scores()} == {
            new: (games := NEW_BLOCKS.count(new), 0, 0, games, -games) for new in NEW_BLOCKS
        }
        assert writer.info().teams == (0, 1)
        assert writer.match(2).history == ((0, 3), (1, 0), (0, 6), (1, 3))  # as moves were packed up to schema 0002
        assert writer.record(matches=[match(("a", "b"), event=3)]) == [9]
    assert store.check() == []
    with raw(tmp_path / "league") as connection:
        for statement in ("UPDATE matches SET seed = 1", "DELETE FROM matches"):
            with pytest.raises(sqlite3.IntegrityError, match="immutable"):
                connection.execute(statement)
        assert connection.execute("SELECT digest FROM states").fetchall() == [("ab" * 32,)]


@pytest.mark.parametrize("revision", OLDER)
def test_ratings_of_an_older_schema_stay_as_they_were(tmp_path: Path, revision: str) -> None:
    folder = old_league(tmp_path / "league", revision)
    before = leaderboard(frozen("a", "b", "c"), old_scores(folder))
    with open_store(folder).writer() as writer:
        assert leaderboard(frozen("a", "b", "c"), writer.block_scores()) == before


def test_an_empty_league_of_an_older_schema_begins_with_event_1(tmp_path: Path) -> None:
    folder = old_league(tmp_path / "league", "0003")
    with unguarded(folder) as connection:
        connection.execute("DELETE FROM matches")
    with open_store(folder).writer() as writer:
        assert writer.next_event() == 1


@pytest.fixture
def played(tmp_path: Path) -> Path:
    """A copy of a league that the program of schema 0003 trained, and recorded a match in."""
    return Path(shutil.copytree(DATA / "league_0003", tmp_path / "played"))


def test_a_league_that_was_trained_keeps_its_ratings_and_has_no_findings(played: Path) -> None:
    old = old_scores(played)
    with open_store(played).writer() as writer:
        members = writer.members()
        assert leaderboard(members, writer.block_scores()) == leaderboard(members, old)
        found = numbers(writer)
        assert {block for event, block in found if event == 2} == set(range(1, 7))
        assert writer.next_event() == 3
    assert verify(played).findings == ()


def test_a_graded_league_that_was_trained_gets_the_returns_of_its_matches(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DATA / "league_0004", tmp_path / "graded"))  # leduc_poker
    with raw(folder) as connection:
        old = connection.execute("SELECT event, block, wins, draws, losses FROM block_scores").fetchall()
    with open_store(folder).writer() as writer:
        scores = writer.block_scores()
        assert [(each.event, each.block, each.wins, each.draws, each.losses) for each in scores] == old
        assert list(scores) == block_scores(writer.iter_matches())
        assert np.abs(scores.returns).max() > 2
        assert writer.info().graded
        assert all(math.isnan(each.squares) for each in writer.tallies())
        assert not list(PayoffTable(writer.tallies(), graded=True))
        more = [Tally("main", "random", 1, 0, 0, 1.0, -1.0, 1.0), Tally("random", "main", 0, 0, 1, -1.0, 1.0, 1.0)]
        writer.record(tallies=more)
        assert all(math.isnan(each.squares) for each in writer.tallies())
    assert open_store(folder).check() == []
    assert verify(folder).findings == ()


def test_snapshots_of_an_older_schema_get_the_parents_that_are_known(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DATA / "league_0005", tmp_path / "league"))
    with open_store(folder).writer() as writer:
        parents = {member.id: member.parent for member in writer.members() if member.kind == "snapshot"}
        assert parents == {
            "main@1": None,
            "main@2": "main@1",
            "main@3": "main@2",
            "main_exploiter@1": None,
            "main_exploiter@2": None,  # an exploiter starts over
        }
        assert writer.journal() == []
        writer.record(journal=[JournalEntry("resume", NOW, 3, 10)])
        assert [entry.id for entry in writer.journal()] == [1]
    assert open_store(folder).check() == []
    assert verify(folder).findings == ()


def test_matches_of_an_older_schema_are_found_by_who_won(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DATA / "league_0006", tmp_path / "league"))
    with raw(folder) as connection:
        plies = connection.execute("SELECT id, event, plies FROM matches").fetchall()
    with open_store(folder).writer() as writer:
        teams = writer.info().teams
        for member in ("main@1", "random"):
            for result in ("won", "drew", "lost"):
                found = writer.matches(MatchFilter(kind="evaluation", result=(member, result)), limit=None)
                assert found == [
                    match
                    for match in writer.matches(member=member, kind="evaluation", limit=None)
                    if (member, result)
                    in zip(match.seats, seat_results(match.returns, match.fault, match.void, teams), strict=True)
                ]
                assert found or (member, result) == ("random", "drew")
        for event in {event for _, event, _ in plies}:
            ids = [match.id for match in writer.matches(event=event, limit=None)]
            assert ids == sorted((number for number, of, _ in plies if of == event), reverse=True)
        assert [match.id for match in writer.matches(MatchFilter(max_plies=5), limit=None)] == sorted(
            (number for number, _, length in plies if length <= 5), reverse=True
        )
        assert {len(each.runtime) for each in writer.history()} == {0}
        assert [entry.kind for entry in writer.journal()] == ["stop", "snapshot", "snapshot", "start"]
    assert open_store(folder).check() == []
    assert verify(folder).findings == ()


@pytest.mark.parametrize(("ending", "fault"), [(2, 0), (3, 1), (-1, None)])
def test_crashes_of_an_older_schema_keep_their_seat_at_fault(tmp_path: Path, ending: int, fault: int | None) -> None:
    folder = old_league(tmp_path / "league", "0003")
    with unguarded(folder) as connection:
        connection.execute("UPDATE matches SET ending = ? WHERE block = 7", (ending,))
    with open_store(folder).writer() as writer:
        (match,) = [each for each in writer.iter_matches() if (each.event, each.block) == (2, 2)]
        assert (match.ending, match.fault, match.opening) == ("crash", fault, 0)
        (score,) = [each for each in writer.block_scores() if each[:2] == (2, 2)]
        assert score.returns == (0 if fault is None else 1)


@pytest.mark.parametrize(
    ("game", "returns", "graded"),
    [
        ("kuhn_poker", (), True),
        ("tic_tac_toe", (), False),
        ("kuhn_poker(players=3)", (), True),
        ("no_package_of_ours:nothing", (), False),
        ("no_package_of_ours:nothing", ((0.5, 1.5), (2.5, 1.5)), False),
        ("no_package_of_ours:nothing", ((0.5, 1.5), (2.5, 3.5)), True),
        ("goofspiel(num_cards=4,points_order=descending,returns_type=win_loss)", (), False),
        ("goofspiel(num_cards=4,points_order=descending,returns_type=point_difference)", (), True),
    ],
)
def test_whether_an_older_league_is_graded_needs_none_of_its_code(
    tmp_path: Path, game: str, returns: tuple[tuple[float, float], ...], graded: bool
) -> None:
    folder = old_league(tmp_path / "league", "0003")
    with unguarded(folder) as connection:
        connection.execute("UPDATE league SET game = ?", (game,))
        connection.execute("DELETE FROM matches WHERE id > ?", (len(returns),))
        for number, each in enumerate(returns, 1):
            connection.execute("UPDATE matches SET returns = ? WHERE id = ?", (pack_returns(each), number))
    with open_store(folder).reader() as reader:
        assert reader.info().graded == graded


def test_the_migrations_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    engine = database.writing_engine(tmp_path / "new.db")
    with engine.begin() as connection:
        migrations.upgrade(connection)
        assert shape.revision(connection, "new.db") == schema.REVISION
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert alembic.autogenerate.compare_metadata(context, schema.metadata) == []
    engine.dispose()


@pytest.fixture
def migrate_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Adds a schema revision with a table ``later``, made by the statement that it is called with."""
    later = f"{int(schema.REVISION) + 1:04}"
    table = Table("later", schema.metadata, Column("x", Integer), info={"since": later})

    def add(statement: str) -> None:
        shutil.copytree(migrations.FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
        (tmp_path / "migrations" / "versions" / f"r{later}_later.py").write_text(
            f"from alembic import op\nrevision, down_revision = '{later}', '{schema.REVISION}'\n"
            f"def upgrade():\n    op.execute('{statement}')\n"
        )
        monkeypatch.setattr(migrations, "FOLDER", tmp_path / "migrations")
        monkeypatch.setattr(schema, "REVISION", later)

    yield add
    schema.metadata.remove(table)


def test_a_migration_that_fails_leaves_the_league_as_it_was(played: Path, migrate_later: Callable[[str], None]) -> None:
    before = (played / "league.db").read_bytes()
    migrate_later("CREATE TABLE events (x)")  # after those of 0004, in one transaction
    with pytest.raises(StoreError, match="events"):
        open_store(played).writer()
    assert (played / "league.db").read_bytes() == before


@pytest.mark.parametrize("opened_by", ["reader", "writer"])
def test_an_older_schema_is_brought_up_to_date_when_opened(
    tmp_path: Path, migrate_later: Callable[[str], None], opened_by: str
) -> None:
    folder = tmp_path / "league"
    with open_store(folder).create(INFO) as writer:
        writer.record(members=[MAIN, RANDOM], matches=[match()], progress=progress(1))
    migrate_later("CREATE TABLE later (x INTEGER)")
    getattr(open_store(folder), opened_by)().close()
    with open_store(folder).reader() as reader, raw(folder) as connection:
        assert reader.count_matches() == 1
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)


@pytest.mark.parametrize("revision", OLDER)
def test_an_older_league_that_somebody_writes_is_left_to_them(tmp_path: Path, revision: str) -> None:
    folder = old_league(tmp_path / "league", revision)
    before = (folder / "league.db").read_bytes()
    wrong = rf"has schema {revision}, .* cannot be brought up to date: .*writer"
    with database.WriterLock(folder), pytest.raises(StoreError, match=wrong) as caught:
        open_store(folder).reader()
    assert "\n" not in str(caught.value)
    assert (folder / "league.db").read_bytes() == before


@pytest.mark.parametrize(
    "change", ["matches SET returns = x'00'", "league SET teams = 'nonsense'", "league SET agent_ids = '7'"]
)
@pytest.mark.parametrize("league", ["league_0004", "league_0006"])
def test_an_altered_league_of_an_older_schema_is_a_store_error(tmp_path: Path, league: str, change: str) -> None:
    folder = Path(shutil.copytree(DATA / league, tmp_path / "league"))
    with unguarded(folder) as connection:
        connection.execute(f"UPDATE {change}")
    for act in (open_store(folder).reader, open_store(folder).writer):
        with pytest.raises(StoreError, match="cannot be read"):
            act()
