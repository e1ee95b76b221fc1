"""Verification finds what was altered for real: weights, records, sums, rows."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from leaguekit import raw, unguarded
from played_league import AGENTS, crash, make_league

from agents.basic import RandomAgent
from agents.policies import weights
from arena.play.matches import play_pairings, rotated_pairings
from arena.verify import match_problem, verify
from games import make_game
from leagues.records import Event, LiveResult, Measure, Member, Pairing
from leagues.store import Reader, StoreError, open_store
from leagues.store.codec import pack_moves
from leagues.store.sqlite.database import DATABASE
from leagues.store.sqlite.reader import SqlReader

MATCHES = 22
CONTINUOUS = pack_moves([(0, (0.5, 1.0)), (1, (0.5, 1.0))], 2)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_league(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy of a sound league, to alter."""
    return Path(shutil.copytree(sound, tmp_path / "league"))


def alter(folder: Path, *statements: str) -> None:
    """Change the database behind the store's back, its guards dropped for the moment."""
    with unguarded(folder) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0


def findings(folder: Path) -> list[tuple[str, str]]:
    return [(finding.subject, finding.problem) for finding in verify(folder).findings]


def test_a_sound_league_has_no_findings(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with open_store(folder).writer() as writer:
        writer.record(matches=[crash("tic_tac_toe", ("random", "main@1"))])
    reports: list[tuple[int, int]] = []
    result = verify(folder, progress=lambda done, total: reports.append((done, total)))
    assert result.findings == ()
    assert (result.matches, result.skipped, result.weights) == (MATCHES + 1, 0, 3)
    assert reports[-1] == (MATCHES + 1, MATCHES + 1)


def test_an_agent_that_fails_as_its_game_begins_need_not_be_the_first_to_act(tmp_path: Path) -> None:
    class Late(RandomAgent):
        def reset(self, tables: Sequence[int]) -> None:
            raise RuntimeError("not ready")

    game = make_game("tic_tac_toe")
    (match,) = play_pairings(
        game, [Pairing(("random", "late"), 1, 1, 1, "evaluation")], {"random": RandomAgent(), "late": Late()}
    )
    assert (match.ending, match.fault, match.plies) == ("crash", 1, 0)
    assert match_problem(game, match) is None


def test_a_league_without_matches_is_sound(tmp_path: Path) -> None:
    result = verify(make_league(tmp_path, played=False))
    assert (result.matches, result.weights, result.findings) == (0, 3, ())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(("change", "word"), [(flip, "altered"), (Path.unlink, "restore")])
def test_an_altered_or_missing_weights_file_is_found(folder: Path, change: Callable[[Path], None], word: str) -> None:
    with open_store(folder).reader() as reader:
        digest = reader.member("main@2").weights
    change(folder / "weights" / f"{digest}.safetensors")
    ((subject, problem),) = findings(folder)
    assert subject == "main@2"
    assert word in problem


def test_an_altered_learner_state_is_found(folder: Path) -> None:
    (path,) = (folder / "state").iterdir()
    flip(path)
    ((subject, problem),) = findings(folder)
    assert subject == "learner state"
    assert "altered" in problem


def moves(*squares: int) -> str:
    """An alteration of match 5, which main@2 won on squares 8, 7 and 6 against first on 0 and 1."""
    packed = pack_moves([(ply % 2, square) for ply, square in enumerate(squares)], 2)
    return f"UPDATE matches SET actions = x'{packed.hex()}' WHERE id = 5"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (moves(8, 0, 8), "rules"),
        (moves(8, 0, 7, 2, 6), "position"),
        (moves(8, 0, 7, 1), "not over"),
        ("UPDATE matches SET plies = plies + 1 WHERE id = 5", "plies"),
        ("UPDATE matches SET digest = x'0123456789abcdef' WHERE id = 5", "position"),
        ("UPDATE matches SET ending = 1 WHERE id = 5", "recorded as truncated"),
        ("UPDATE matches SET ending = 2, fault = 0 WHERE id = 5", "seat 0 is recorded as at fault"),
    ],
)
def test_an_altered_match_is_found(folder: Path, statement: str, words: str) -> None:
    alter(folder, statement)
    found = [problem for subject, problem in findings(folder) if subject == "match 5"]
    assert len(found) == 1
    assert words in found[0]


def test_altered_returns_are_found_in_the_match_and_in_the_sums(folder: Path) -> None:
    alter(folder, "UPDATE matches SET returns = x'ff01' WHERE id = 1")  # main@2 as seat 0 won it
    found = dict(findings(folder))
    assert "returns" in found["match 1"]
    assert any(subject.startswith("block ") for subject in found)


def test_a_record_that_no_longer_decodes_is_found(folder: Path) -> None:
    alter(folder, "UPDATE matches SET actions = x'0103' WHERE id = 5")  # a move that says whose it is, and nobody
    assert any("cannot be read" in problem for _, problem in findings(folder))


@pytest.mark.parametrize(
    "change",
    [
        "matches SET actions = x'0103'",
        f"matches SET actions = x'{CONTINUOUS[:-8].hex()}'",
        f"matches SET actions = x'{CONTINUOUS[:-4].hex()}'",
        f"matches SET actions = x'{CONTINUOUS[:5].hex()}'",
        "matches SET ending = 2, fault = 2",  # a third seat
        "matches SET ending = 5",  # a time-out of nobody
        "matches SET ending = 7",
        "matches SET ending = -1",
        "matches SET fault = 0",
        "matches SET kind = -1",
        "matches SET returns = x'000000'",
        "matches SET started_at = 9223372036854775807",
        "lineups SET seats = x'0000'",
        "lineups SET seats = x'7f7f'",
    ],
)
def test_a_match_that_no_longer_decodes_is_named_in_one_line(folder: Path, change: str) -> None:
    which = "5" if change.startswith("matches") else "(SELECT lineup FROM matches WHERE id = 5)"
    alter(folder, f"UPDATE {change} WHERE id = {which}")
    with open_store(folder).reader() as reader:
        for read in (lambda: reader.match(5), lambda: list(reader.iter_matches())):
            with pytest.raises(StoreError, match=r"match \d+ of .* cannot be read") as caught:
                read()
            assert "\n" not in str(caught.value)


def test_a_lineup_of_a_member_that_does_not_exist_is_found(folder: Path) -> None:
    alter(folder, "UPDATE lineups SET seats = x'7f7f' WHERE id = 1")
    assert any("cannot be read" in problem for _, problem in findings(folder))


def test_a_match_that_a_filter_would_not_find_is_found(folder: Path) -> None:
    alter(folder, "UPDATE matches SET results = 'dd' WHERE id = 5")
    assert findings(folder) == [("filters", "match 5 is not found by what it is")]


def test_altered_block_scores_are_found(folder: Path) -> None:
    alter(folder, "UPDATE block_scores SET wins = wins + 3")
    found = findings(folder)
    assert found
    assert all(subject.startswith("block") for subject, _ in found)


def test_a_deleted_match_is_found_by_the_sums(folder: Path) -> None:
    alter(folder, "DELETE FROM matches WHERE id = 1")
    assert any(subject.startswith("block") for subject, _ in findings(folder))


def test_a_row_that_refers_to_nothing_is_found(folder: Path) -> None:
    alter(folder, "INSERT INTO lineup_members VALUES (99, 1)")
    ((subject, problem),) = findings(folder)
    assert subject == "database"
    assert "lineup_members" in problem


def test_a_damaged_database_is_found(folder: Path) -> None:
    path = folder / DATABASE
    with closing(sqlite3.connect(path)) as connection:
        ((size,),) = connection.execute("PRAGMA page_size")
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'matches'")
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(data)
    result = verify(folder)
    assert {finding.subject for finding in result.findings} == {"database"}
    assert result.matches == 0


def test_a_sample_is_drawn_by_its_seed(folder: Path) -> None:
    alter(folder, "UPDATE matches SET plies = plies + 1")

    def played_again(sample: int, seed: int) -> list[str]:
        result = verify(folder, sample=sample, seed=seed)
        assert result.matches == min(sample, MATCHES)
        return [finding.subject for finding in result.findings if finding.subject.startswith("match ")]

    assert len(played_again(3, 0)) == 3
    assert played_again(3, 0) == played_again(3, 0) != played_again(3, 1)
    assert {match for seed in range(20) for match in played_again(5, seed)} == {f"match {n}" for n in range(1, 23)}
    assert len(played_again(1000, 0)) == MATCHES


@pytest.mark.parametrize(("sample", "seed"), [(0, 0), (-1, 0), (3, -1), (3, 2**64)])
def test_a_sample_has_matches_and_a_seed(folder: Path, sample: int, seed: int) -> None:
    with pytest.raises(StoreError, match="`sample >= 1` and `0 <= seed"):
        verify(folder, sample=sample, seed=seed)


def a_row(folder: Path, table: str) -> str:
    """A condition on one row of a table that has rows: its last one."""
    with raw(folder) as connection:
        columns = [name for _, name, _, _, _, key in connection.execute(f"PRAGMA table_info({table})") if key]
        found = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    assert found
    return " AND ".join(f"{column} = {value!r}" for column, value in zip(columns, found[-1], strict=True))


TABLES = [
    "league",
    "members",
    "lineups",
    "lineup_members",
    "matches",
    "tallies",
    "block_scores",
    "progress",
    "events",
    "calls",
    "live_results",
    "measures",
]


@pytest.mark.parametrize("table", TABLES)
def test_one_deleted_row_is_found_in_any_table(folder: Path, table: str) -> None:
    with open_store(folder).writer() as writer:
        tally = next(each for each in writer.tallies() if each.member == "main")
        writer.record(
            event=Event(99, "match", {}, finished=True),
            live=[LiveResult(2, tally.member, tally.opponent, tally.wins, tally.draws, tally.losses)],
            measures=[Measure("nash_conv", "main@1", 2, 2000, 0.5)],
        )
    assert findings(folder) == []
    alter(folder, f"DELETE FROM {table} WHERE {a_row(folder, table)}")
    try:
        found = findings(folder)
    except StoreError as error:  # nothing can be read of a league without its own row
        found = [(table, str(error))]
    assert found
    assert all("\n" not in problem for _, problem in found)
    assert len(set(found)) == len(found)


def test_a_deleted_match_is_named(folder: Path) -> None:
    alter(folder, "DELETE FROM matches WHERE id = 4")
    found = findings(folder)
    assert ("match 4", "it is missing: matches are numbered without gaps") in found
    assert ("table matches", "1 of its rows is missing") in found
    assert any(subject.startswith("block ") for subject, _ in found)
    assert dict(findings_of_sample(folder))["match 4"].startswith("the league has no match 4")


def findings_of_sample(folder: Path) -> list[tuple[str, str]]:
    return [(each.subject, each.problem) for each in verify(folder, sample=20).findings]


@pytest.mark.parametrize(
    ("statement", "subject"),
    [
        ("UPDATE tallies SET wins = 0, draws = 0, losses = 0", "tally of main against main@1"),
        ("UPDATE tallies SET wins = wins + 1 WHERE member = 3", "tally of main against main@1"),
        ("UPDATE matches SET event = 5 WHERE id = 1", "events"),
        ("INSERT INTO progress SELECT 9, 9, 1, env_steps, games, seconds, rate, remaining, metrics, at, runtime "
         "FROM progress", "iteration 9"),
        ("INSERT INTO live_results VALUES (2, 3, 4, 500, 0, 0, 0, 0)", "live results of main against main@1"),
        ("UPDATE block_scores SET returns = returns + 1 WHERE block = 1", "block 1 of event 0"),
    ],
)  # fmt: skip
def test_what_matches_do_not_say_is_found(folder: Path, statement: str, subject: str) -> None:
    alter(folder, statement)
    assert subject in dict(findings(folder))


def test_missing_weights_are_not_counted_as_checked(folder: Path) -> None:
    with open_store(folder).reader() as reader:
        digest = reader.member("main@2").weights
    (folder / "weights" / f"{digest}.safetensors").unlink()
    assert verify(folder).weights == 2


def test_the_weights_of_guests_are_checked_and_shared_ones_once(folder: Path) -> None:
    with open_store(folder).writer() as writer:
        shared = writer.member("main@1").weights
        own = open_store(folder).weights.put(weights.pack({"w": np.full(3, 7, np.float32)}, {}))
        seats = dict.fromkeys(writer.info().agent_ids, "main")
        writer.add_members(
            [
                Member("GUEST:one", "guest", "guest", modules=seats, weights=own, origin="GUEST"),
                Member("GUEST:two", "guest", "guest", modules=seats, weights=shared, origin="GUEST"),
            ]
        )
    assert verify(folder).weights == 4
    flip(folder / "weights" / f"{own}.safetensors")
    ((subject, problem),) = findings(folder)
    assert subject == "GUEST:one"
    assert "altered" in problem


def test_a_folder_without_a_league_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"league\.db"):
        verify(tmp_path)


@pytest.mark.parametrize("change", ["wins = -1", "opponent = opponent + 99"])
def test_block_scores_that_no_league_can_have_are_a_finding(folder: Path, change: str) -> None:
    alter(
        folder,
        f"UPDATE block_scores SET {change} WHERE (event, block) = (SELECT event, block FROM block_scores LIMIT 1)",
    )
    found = findings(folder)
    assert found
    assert all("\n" not in problem for _, problem in found)


def test_a_league_that_is_written_meanwhile_is_no_finding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two reads a training records matches and puts a new learner state in the place of the old one."""
    writes = 0

    def train() -> None:
        nonlocal writes, newest
        writes += 1
        state = open_store(folder).states.put(weights.pack({"w": np.full(3, writes, np.float32)}, {}))
        pairings = rotated_pairings(("first", "random"), games=2, seed=100 + writes)
        matches = play_pairings(make_game("tic_tac_toe"), pairings, AGENTS)
        (folder / "state" / f"{newest.state}.safetensors").unlink()
        newest = replace(newest, iteration=newest.iteration + 1, state=state)
        writer.record(matches=matches, progress=newest)

    def interrupted(method: Callable[[Reader], Any]) -> Callable[[Reader], Any]:
        def call(reader: Reader) -> Any:
            answer = method(reader)
            if writes < 4:
                train()
            return answer

        return call

    with open_store(folder).writer() as writer:
        before = writer.progress()
        assert before is not None
        newest = before
        for name in ("progress", "block_scores"):
            monkeypatch.setattr(SqlReader, name, interrupted(getattr(SqlReader, name)))
        assert findings(folder) == []
    assert writes == 4
